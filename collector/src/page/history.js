// The access history: who looked at what is recorded, and who changed what may be seen.

import { ask } from "./api.js";
import { button, byId, element, tell } from "./dom.js";
import { said } from "./facts.js";
import { number, time, writeZone } from "./format.js";
import { written } from "./json.js";
import { ACTIONS } from "./words.js";

const form = byId("history-filters");
const fields = [...form.elements].filter((field) => field.name !== "");
const error = byId("history-error");
const message = byId("history-message");
const place = byId("history");
const more = byId("more-history");

let loading = new AbortController();
let next = null;

export const title = "Access history";

export function prepare(go, fail) {
  byId("h-action").append(...Object.entries(ACTIONS).map(([value, label]) => element("option", { value }, label)));
  form.addEventListener("submit", (submitted) => {
    submitted.preventDefault();
    const given = fields.map((field) => [field.name, field.value.trim()]).filter(([, value]) => value !== "");
    go(`?${new URLSearchParams([["view", "history"], ...given])}`);
  });
  more.addEventListener("click", () => addPage().catch(fail));
}

export async function show(query) {
  const asked = new URLSearchParams();
  for (const field of fields) {
    field.value = query.get(field.name) ?? "";
    field.removeAttribute("aria-invalid");
    if (query.get(field.name)) asked.set(field.name, query.get(field.name));
  }
  error.textContent = "";
  byId("history-csv").href = `v1/audit/history?${new URLSearchParams([...asked, ["format", "csv"]])}`;
  byId("history-ndjson").href = `v1/audit/history?${new URLSearchParams([...asked, ["format", "ndjson"]])}`;
  // Always anew: others look meanwhile.
  await load(asked);
}

export function hide() {
  forget();
}

export function renew() {}

export function forget() {
  loading.abort();
  place.replaceChildren();
  more.hidden = true;
}

/** One reads it from its beginning. */
export function focusTarget() {
  return null;
}

async function load(asked) {
  forget();
  loading = new AbortController();
  tell(message, "Loading …");
  try {
    const page = await ask(`v1/audit/history?${asked}`, loading.signal);
    tell(message, ...(page.data.length === 0 ? ["No records match."] : []));
    place.replaceChildren(...(page.data.length === 0 ? [] : [table(page.data)]));
    keep(asked, page);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    if (failure.isLoggedOut) throw failure;
    if (failure.field) {
      tell(message);
      blame(failure);
    } else {
      tell(message, element("p", {}, failure.message), button("Try again", () => load(asked)));
    }
  }
}

function blame(failure) {
  const field = fields.find((one) => one.name === failure.field);
  error.textContent = field ? failure.message.replace(`${field.name}: `, `${field.labels[0].textContent}: `) : failure.message;
  if (!field) return;
  field.setAttribute("aria-invalid", "true");
  field.setAttribute("aria-describedby", error.id);
  field.focus();
}

async function addPage() {
  more.disabled = true;
  try {
    const query = new URLSearchParams([...next.asked, ["cursor", next.cursor]]);
    const page = await ask(`v1/audit/history?${query}`, loading.signal);
    place.querySelector("tbody").append(...page.data.map(row));
    keep(next.asked, page);
  } catch (failure) {
    if (failure.isLoggedOut) throw failure;
    if (failure.name !== "AbortError") tell(message, failure.message);
  } finally {
    more.disabled = false;
  }
}

function keep(asked, page) {
  next = { asked, cursor: page.next_cursor };
  more.hidden = page.next_cursor === null;
}

function table(records) {
  const zone = element("span", { class: "zone", "data-zone": true });
  writeZone(zone);
  const head = ["Time", "Who", "What", "Query", "From"].map((label) =>
    element("th", { role: "columnheader", scope: "col" }, label, label === "Time" ? element("span", {}, " ", zone) : null));
  return element("table", { class: "writers history", role: "table", "aria-label": "Access records, newest first" },
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
    element("tbody", { role: "rowgroup" }, ...records.map(row)));
}

function row(record) {
  const cell = (label, ...content) => element("td", { role: "cell" },
    element("span", { class: "label", "aria-hidden": "true" }, label), element("span", { class: "value" }, ...content));
  return element("tr", { role: "row", class: record.result === "ok" ? null : "incomplete" },
    element("th", { role: "rowheader", scope: "row" }, time(record.timestamp)),
    cell("Who", ...who(record)),
    cell("What", ...what(record)),
    cell("Query", ...asked(record)),
    cell("From", ...from(record)));
}

function who(record) {
  const { key_id: id, key_name: name, session, os_user: user } = record;
  const parts = [];
  if (name) parts.push(element("b", {}, said(name)), " ");
  if (id) parts.push(element("code", {}, said(id)));
  if (user) parts.push(said(user));
  if (session) parts.push(" ", element("span", { class: "muted" }, said(session)));
  return parts.length === 0 ? ["unknown"] : parts;
}

function what(record) {
  const parts = [said(ACTIONS[record.action] ?? record.action)];
  const state = { begun: "state-open", cut: "state-warn" }[record.result] ?? "state-bad";
  if (record.result !== "ok") parts.push(" ", element("span", { class: `badge ${state}` }, said(record.result)));
  if (record.items === null) parts.push(", number of items unknown");
  else if (record.items > 0) parts.push(`, ${number(record.items)} ${record.items === 1 ? "item" : "items"}`);
  if (record.times > 1) parts.push(`, ${number(record.times)} times`);
  return parts;
}

function asked(record) {
  if (record.is_withheld) return [element("span", { class: "muted" }, "hidden: it may name other organizations")];
  const parts = Object.entries(record.query ?? {}).map(([name, value]) => said(`${name} = ${typeof value === "string" ? value : written(value)}`));
  const ids = record.ids.filter((id) => !Object.values(record.query ?? {}).includes(id));
  if (ids.length > 0) {
    parts.push(element("details", {}, element("summary", {}, ids.length === 1 ? "1 id" : `${number(ids.length)} ids`), ...ids.map(linked)));
  }
  // What asks for nothing in particular gets all there is; a login asks for nothing.
  if (parts.length === 0) return record.query === null ? [""] : ["everything"];
  return parts.flatMap((part, at) => (at === 0 ? [part] : [element("br"), part]));
}

/** An id, which leads to its event if it is one. */
function linked(id) {
  const shown = /^log_/.test(id) ? element("a", { href: `?${new URLSearchParams({ event: id })}` }, said(id)) : said(id);
  return element("div", {}, shown);
}

function from(record) {
  const parts = [record.address ? said(record.address) : "unknown"];
  if (record.forwarded_for) parts.push(element("br"), "for ", said(record.forwarded_for), " (claimed)");
  return parts;
}
