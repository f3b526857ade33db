// One event as a row of the list.

import { element } from "./dom.js";
import { riskBadge, said, stateBadge, unknown } from "./facts.js";
import { number, time } from "./format.js";
import { gateway, isKnown, tokens } from "./read.js";
import { firstWords } from "./text.js";

/** A row whose link leads to `href`. */
export function row(event, href) {
  const promptId = `prompt-${event.id}`;
  const link = element("a", { href, class: "open", "aria-describedby": promptId }, time(event.timestamp));
  const cells = [
    cell("user", "User", text(event.user_id)),
    cell("model", "Model", text(event.model_name)),
    cell("type", "Decision", text(event.decision_type)),
    cell("outcome", "Outcome", text(event.decision_outcome)),
    cell("risk", "Risk", riskBadge(event.risk_level)),
    cell("state", "State", stateBadge(gateway(event, "completion", "state"))),
    cell("tokens", "Tokens in / out", counts(event)),
    cell("prompt", "Prompt", prompt(event), promptId),
  ];
  const head = element("th", { role: "rowheader", scope: "row", class: "c-time" }, link);
  return element("tr", { role: "row", "data-id": event.id }, head, ...cells);
}

// The label stands before the value where the table becomes narrow, and its head is out of sight.
function cell(name, label, content, id) {
  const title = element("span", { class: "label", "aria-hidden": "true" }, label);
  return element("td", { role: "cell", class: `c-${name}`, id }, title, element("span", { class: "value" }, content));
}

function text(value) {
  return isKnown(value) ? said(value) : unknown();
}

function counts(event) {
  const { input, output, source } = tokens(event);
  if (source === "absent" || (input === undefined && output === undefined)) return unknown();
  const count = (value) => (value === undefined ? "unknown" : number(value));
  const partial = source === "partial" ? " (partial)" : "";
  return document.createTextNode(`${count(input)} / ${count(output)}${partial}`);
}

function prompt(event) {
  if (isKnown(event.prompt_content)) return firstWords(String(event.prompt_content));
  return unknown(gateway(event, "capture", "content") === "hash_only" ? "only its hash is kept" : undefined);
}
