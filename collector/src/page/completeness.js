// What has arrived of each gateway worker, and what has not.

import { ask } from "./api.js";
import { button, byId, element, tell } from "./dom.js";
import { said } from "./facts.js";
import { number, time, writeZone } from "./format.js";

/** Holes of one worker that are shown at once. */
const HOLES_SHOWN = 20;

const message = byId("completeness-message");
const place = byId("completeness");
const more = byId("more-writers");

let loading = new AbortController();
let next = null;
let body = null;

export const title = "Completeness";

export function prepare(fail) {
  more.addEventListener("click", () => addPage().catch(fail));
}

export async function show(query) {
  const isIncomplete = query.get("incomplete") === "true";
  const filter = byId("only-incomplete");
  filter.textContent = isIncomplete ? "Show all writers" : "Show only writers with gaps";
  filter.href = isIncomplete ? "?view=completeness" : "?view=completeness&incomplete=true";
  // Always anew: what was missing a minute ago may have arrived.
  await load(isIncomplete);
}

export function hide() {
  forget();
}

export function renew() {}

export function forget() {
  loading.abort();
  place.replaceChildren();
}

/** One reads it from its beginning. */
export function focusTarget() {
  return null;
}

async function load(isIncomplete) {
  forget();
  loading = new AbortController();
  more.hidden = true;
  tell(message, "Loading …");
  try {
    const path = isIncomplete ? "v1/audit/completeness?incomplete=true" : "v1/audit/completeness";
    const page = await ask(path, loading.signal);
    tell(message);
    const isNone = page.totals.writers === 0;
    place.replaceChildren(verdict(page.totals, isIncomplete), ...(isNone ? [] : [totals(page.totals), table()]));
    if (!isNone) append(page, path);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    if (failure.isLoggedOut) throw failure;
    tell(message, element("p", {}, failure.message), button("Try again", () => load(isIncomplete)));
  }
}

async function addPage() {
  more.disabled = true;
  try {
    const join = next.path.includes("?") ? "&" : "?";
    append(await ask(`${next.path}${join}cursor=${encodeURIComponent(next.cursor)}`, loading.signal), next.path);
  } catch (failure) {
    if (failure.isLoggedOut) throw failure;
    if (failure.name !== "AbortError") tell(message, failure.message);
  } finally {
    more.disabled = false;
  }
}

function append(page, path) {
  const made = page.data.map(row);
  body.append(...made);
  next = { path, cursor: page.next_cursor };
  more.hidden = page.next_cursor === null;
}

function verdict({ writers, incomplete_writers, events, missing }, isIncomplete) {
  const of = (count, one) => `${number(count)} ${one}${count === 1 ? "" : "s"}`;
  if (writers === 0) {
    const text = isIncomplete ? "No writer has gaps: every numbered event has arrived." : "No gateway has recorded an event yet, so there is nothing to count.";
    return element("p", { class: `verdict ${isIncomplete ? "good" : ""}` }, text);
  }
  if (missing === 0) {
    return element("p", { class: "verdict good" }, `Nothing is missing: all ${of(events, "event")} of ${of(writers, "writer")} have arrived.`);
  }
  const text = `${of(missing, "event")} ${missing === 1 ? "is" : "are"} missing from ${of(incomplete_writers, "writer")}.`;
  const what = " If a gateway could not deliver them, they are in its proxy’s log; import them with ";
  return element("p", { class: "verdict bad" }, element("b", {}, text), what, element("code", {}, "audit-layer import"), ".");
}

function totals({ writers, incomplete_writers, events, missing }) {
  const entry = (label, value) => element("div", {}, element("dt", {}, label), element("dd", {}, number(value)));
  return element("dl", { class: "totals" }, entry("Writers", writers), entry("With gaps", incomplete_writers),
    entry("Events", events), entry("Missing", missing));
}

function table() {
  const head = ["Writer", "Organization", "Events", "Last number", "Missing", "Gaps", "First event", "Last event"];
  const cells = head.map((label) => element("th", { role: "columnheader", scope: "col", class: isNumber(label) ? "number" : null }, label, zone(label)));
  body = element("tbody", { role: "rowgroup" });
  const columns = element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...cells));
  return element("table", { class: "writers", role: "table", "aria-label": "Writers" }, columns, body);
}

function row(writer) {
  const cell = (label, ...content) => element("td", { role: "cell", class: isNumber(label) ? "number" : null },
    element("span", { class: "label", "aria-hidden": "true" }, label), element("span", { class: "value" }, ...content));
  const name = element("th", { role: "rowheader", scope: "row" }, element("code", {}, said(writer.writer_id)));
  return element("tr", { role: "row", class: writer.missing > 0 ? "incomplete" : null }, name,
    cell("Organization", said(writer.organization_id)),
    cell("Events", number(writer.events)),
    cell("Last number", number(writer.last_seq)),
    cell("Missing", writer.missing === 0 ? "none" : element("b", {}, number(writer.missing))),
    cell("Gaps", holes(writer)),
    cell("First event", time(writer.first_timestamp)),
    cell("Last event", time(writer.last_timestamp)));
}

function zone(label) {
  if (!label.endsWith(" event")) return null;
  const node = element("span", { class: "zone", "data-zone": true });
  writeZone(node);
  return element("span", {}, " ", node);
}

function isNumber(label) {
  return ["Events", "Last number", "Missing"].includes(label);
}

function holes(writer) {
  if (writer.holes.length === 0) return "none";
  const spans = writer.holes.map(({ first_seq, last_seq }) =>
    (first_seq === last_seq ? number(first_seq) : `${number(first_seq)}–${number(last_seq)}`));
  const shown = spans.slice(0, HOLES_SHOWN).join(", ");
  const rest = spans.slice(HOLES_SHOWN).join(", ");
  const beyond = writer.has_more_holes ? " Not all gaps are listed." : "";
  if (rest === "") return `${shown}${beyond}`;
  const count = `and ${number(spans.length - HOLES_SHOWN)} more`;
  return element("span", {}, shown, element("details", {}, element("summary", {}, count), rest, beyond));
}
