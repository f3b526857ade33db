// Asking the collector. The session's cookie goes along by itself.

import { parse } from "./json.js";

/** Why there is no answer, in words for whoever looks at the page. */
export class Failure extends Error {
  constructor(message, { status = 0, field = null, logIds = [], moreLogIds = 0 } = {}) {
    super(message);
    this.status = status;
    this.field = field;
    /** Of several events that are meant, some. */
    this.logIds = logIds;
    this.moreLogIds = moreLogIds;
  }

  get isLoggedOut() {
    return this.status === 401;
  }
}

/** The text of the answer to `GET path`. */
export async function read(path, signal) {
  const response = await send(path, { signal });
  return response.text();
}

/** The answer to `GET path`, as JSON. */
export async function ask(path, signal) {
  return parsed(await read(path, signal));
}

function parsed(text) {
  try {
    return parse(text);
  } catch {
    throw new Failure("The response is not from the collector. Something in front of it may have answered instead.");
  }
}

/** Asks for a report, without waiting until it is done. */
export async function order(report) {
  const headers = { "content-type": "application/json", prefer: "respond-async" };
  const response = await send("v1/reports/generate", { method: "POST", headers, body: JSON.stringify(report) });
  return response.json();
}

/** What the session is good for; null when there is none. */
export async function who() {
  try {
    return await ask("session");
  } catch (failure) {
    if (failure.isLoggedOut) return null;
    throw failure;
  }
}

export async function logIn(key) {
  const response = await send("session", { method: "POST", body: new URLSearchParams({ key }) });
  return response.json();
}

export async function logOut() {
  await send("session", { method: "DELETE" });
}

async function send(path, options) {
  let response;
  try {
    response = await fetch(path, { ...options, credentials: "same-origin", cache: "no-store" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Failure("The collector does not answer. Check that it is running and that you are connected.");
  }
  if (response.ok) return response;
  const { status } = response;
  const error = await response.json().then((body) => body.error, () => null);
  const message = error?.message ?? `The collector answered with status ${status}.`;
  throw new Failure(message, {
    status, field: error?.field ?? null, logIds: error?.log_ids ?? [], moreLogIds: error?.more_log_ids ?? 0,
  });
}
