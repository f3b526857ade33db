// Facts of an event: what each is called, what it says, and where it comes from.

import { element } from "./dom.js";
import { isKnown } from "./read.js";
import { plain, shortText } from "./text.js";
import { meaning, RISKS, SOURCES, STATES } from "./words.js";

/** A list of facts; those that are null are left out. */
export function facts(...entries) {
  return element("dl", { class: "facts" }, ...entries);
}

/** One fact. `value` is a node, or whatever the event says; `why` tells why it may be unknown. */
export function fact(label, value, source, why) {
  const known = value instanceof Node ? value : isKnown(value) ? said(value) : unknown(why);
  // What nobody said, neither a caller nor a provider has said: the gateway found nothing.
  const isSaid = !known.classList?.contains("unknown") || !["caller", "provider", "request"].includes(source);
  const from = isSaid ? source : "gateway";
  const tag = element("span", { class: "source", title: SOURCES[from] }, from);
  return element("div", {}, element("dt", {}, label), element("dd", {}, known), element("dd", { class: "from" }, tag));
}

/** Any value of an event, as a node. A number may be a year or an id: it stands as it was sent. */
export function said(value) {
  return shortText(plain(value));
}

/** What nobody said is said to be unknown. */
export function unknown(why) {
  return element("span", { class: "unknown" }, why ? `unknown: ${why}` : "unknown");
}

/** A value that leads to all events with the same one. */
export function filterLink(name, value) {
  if (!isKnown(value)) return unknown();
  const query = new URLSearchParams({ [name]: value });
  return element("a", { href: `?${query}` }, said(value));
}

export function riskBadge(level) {
  if (!isKnown(level)) return unknown();
  const name = RISKS.includes(level) ? level : "other";
  return element("span", { class: `badge risk-${name}` }, said(level));
}

export function stateBadge(state) {
  if (!isKnown(state)) return unknown();
  const [label, tone] = meaning(STATES, state) ?? [state, "open"];
  return element("span", { class: `badge state-${tone}` }, said(label));
}

/** Says of an event that others with its request say something else. */
export function conflictBadge() {
  const title = "Other events with the same request id differ from this one. Open it to see them.";
  return element("span", { class: "badge state-bad", title }, "in conflict");
}

/** Says of an event that its writer is not its sender’s. */
export function writerBadge() {
  const title = "The event names a writer that does not belong to its sender. Its number is not counted.";
  return element("span", { class: "badge state-warn", title }, "writer not counted");
}

/** Says of an event that another one of the same call is counted. */
export function innerBadge() {
  const title = "An outer gateway recorded this call too. Totals count that event and not this one.";
  return element("span", { class: "badge inner", title }, "inner gateway");
}
