// The list of events: pages of them, newest first, and new ones while it is live.

import { ask } from "./api.js";
import { button, byId, element, tell } from "./dom.js";
import { number } from "./format.js";
import { row } from "./rows.js";
import * as filters from "./filters.js";
import * as tail from "./tail.js";

/** Rows that are kept while the list is live; then it begins again with the newest page. */
const LIVE_ROWS_MAX = 500;

/** What asks for the whole first page, and to follow it from there. */
const START = "start";

const rows = byId("rows");
const message = byId("list-message");
const older = byId("older");

/** What is on the page: the filters, the events by their id, and where the next page begins. */
let shown = null;
let loading = new AbortController();
let lastOpened = null;

export const title = "Events";

/** `fail` is told of failures that are not about the list, such as the end of the session. */
export function prepare(go, fail) {
  filters.prepare(go);
  older.addEventListener("click", () => more().catch(fail));
  rows.addEventListener("focusin", (focused) => { lastOpened = focused.target.closest("tr"); });
  tail.prepare(update);
}

export async function show(query) {
  const asked = filters.inAddress(query);
  tail.resume();
  if (shown?.key === asked.toString()) return;
  filters.show(asked);
  exports(asked);
  await load(asked);
}

export function hide() {
  tail.pause();
}

/** Has the list asked for anew when it is shown next. */
export function renew() {
  shown = null;
}

/** Forgets everything: somebody else may log in. */
export function forget() {
  loading.abort();
  tail.stop();
  shown = null;
  rows.replaceChildren();
}

/** Where the keyboard goes when one comes back to the list. */
export function focusTarget() {
  return lastOpened?.isConnected ? lastOpened.querySelector("a") : null;
}

async function load(asked) {
  loading.abort();
  loading = new AbortController();
  shown = null;
  older.hidden = true;
  byId("list-status").textContent = "";
  byId("events").setAttribute("aria-busy", "true");
  byId("events").hidden = true;
  tell(message, "Loading events …");
  try {
    const page = await ask(path(asked), loading.signal);
    begin(asked, page);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    if (failure.isLoggedOut) throw failure;
    refuse(asked, failure);
  }
}

function refuse(asked, failure) {
  if (failure.status === 400 || failure.status === 403) {
    tell(message, "No events, because a filter is invalid. Change or remove it.");
    filters.blame(failure);
    return;
  }
  const again = button("Try again", () => load(asked));
  tell(message, element("p", {}, failure.message), again);
}

/** Shows the first page. */
function begin(asked, page) {
  shown = { key: asked.toString(), asked, events: new Map(), next: page.next_cursor, near: page.near, after: page.after ?? START };
  rows.replaceChildren();
  append(page.data);
  settle();
}

/** Shows the page after the last. */
async function more() {
  const { asked, next } = shown;
  older.disabled = true;
  byId("list-status").textContent = "Loading older events …";
  try {
    const page = await ask(path(asked, { cursor: next }), loading.signal);
    shown.next = page.next_cursor;
    const [first] = append(page.data);
    settle();
    first?.querySelector("a").focus();
  } catch (failure) {
    if (failure.isLoggedOut) throw failure;
    if (failure.name !== "AbortError") byId("list-status").textContent = failure.message;
  } finally {
    older.disabled = false;
  }
}

/** Takes up what is new on the first page. Returns how many events are. */
async function update() {
  if (!shown) return 0;
  const { asked } = shown;
  const page = await news(shown);
  if (shown?.asked !== asked) return 0;
  shown.after = page.after;
  const fresh = page.data.filter((event) => !shown.events.has(event.id));
  const isTorn = fresh.length > 0 && fresh.length === page.data.length && page.next_cursor !== null;
  if (isTorn) {
    begin(asked, page);
  } else if (shown.events.size + fresh.length > LIVE_ROWS_MAX) {
    const whole = await ask(path(asked, { after: START }));
    if (shown?.asked !== asked) return 0;
    begin(asked, whole);
  } else {
    page.data.forEach(place);
    settle();
  }
  rows.querySelectorAll(".new").forEach((before) => before.classList.remove("new"));
  fresh.forEach((event) => shown.events.get(event.id)?.row.classList.add("new"));
  return fresh.length;
}

/** What is new of the first page. What is known of it may be of another version of the collector. */
async function news({ asked, after }) {
  try {
    return await ask(path(asked, { after }));
  } catch (failure) {
    if (failure.field !== "after") throw failure;
    return ask(path(asked, { after: START }));
  }
}

/** Puts an event at its time, in the place of what its call had before. */
function place(event) {
  const known = shown.events.get(event.id);
  if (known?.received_at === event.received_at && known.conflict_of === event.conflict_of) return;
  const made = make(event);
  if (known) {
    const hadFocus = known.row.contains(document.activeElement);
    known.row.replaceWith(made);
    if (hadFocus) made.querySelector("a").focus();
    return;
  }
  const before = [...shown.events.values()].filter((one) => one.at <= Date.parse(event.timestamp) && one.row !== made);
  const next = before.sort((one, two) => two.at - one.at)[0];
  rows.insertBefore(made, next?.row ?? null);
}

function append(events) {
  const made = events.filter((event) => !shown.events.has(event.id)).map(make);
  rows.append(...made);
  return made;
}

function make(event) {
  const query = new URLSearchParams({ event: event.id, ...Object.fromEntries(shown.asked) });
  const made = row(event, `?${query}`);
  const { received_at, conflict_of, timestamp } = event;
  shown.events.set(event.id, { row: made, received_at, conflict_of, at: Date.parse(timestamp) });
  return made;
}

/** Says what there is, and what there is not. */
function settle() {
  const count = shown.events.size;
  byId("events").removeAttribute("aria-busy");
  byId("events").hidden = count === 0;
  older.hidden = shown.next === null;
  const events = count === 1 ? "1 event" : `${number(count)} events`;
  byId("list-status").textContent = count === 0 ? "" : shown.next === null ? `${events}, no older ones` : `${events} shown`;
  if (count > 0) tell(message);
  else tell(message, ...nothing());
}

function nothing() {
  if (shown.asked.size > 0) {
    const clear = element("a", { href: "./" }, "Show all events");
    return [element("p", {}, "No event matches all of these filters. Remove one of them or search for fewer words."), ...filters.near(shown.asked, shown.near), clear];
  }
  const path = element("code", {}, "POST /v1/audit/log");
  return [element("p", {}, "No events yet. They appear here when a gateway or an application records them: ", path, ".")];
}

function exports(asked) {
  const kinds = { csv: { format: "csv" }, "csv-semicolon": { format: "csv", csv_delimiter: "semicolon" }, ndjson: { format: "ndjson" } };
  for (const [id, parameters] of Object.entries(kinds)) {
    const query = new URLSearchParams({ ...Object.fromEntries(asked), ...parameters });
    byId(id).href = `v1/audit/logs?${query}`;
  }
}

/** `place` is a cursor, or what is known of the first page. */
function path(asked, place = {}) {
  const query = new URLSearchParams([...asked, ...Object.entries(place)]);
  return `v1/audit/logs?${query}`;
}
