// One event as a row of the list.

import { element } from "./dom.js";
import { conflictBadge, innerBadge, riskBadge, said, stateBadge, unknown, writerBadge } from "./facts.js";
import { number, time } from "./format.js";
import { contentLevel, gateway, isFetched, isKnown, isUnread, outerRequest, tokens } from "./read.js";
import { firstWords, plain, shortText } from "./text.js";
import { CONTENT_MISSING, meaning } from "./words.js";

const COLUMNS = 9;

/** A row whose link leads to `href`. An event that cannot be shown costs its own row and no other. */
export function row(event, href) {
  let cells;
  try {
    cells = cellsOf(event, href);
  } catch (error) {
    console.error(error);
    cells = [unreadable(href)];
  }
  return element("tr", { role: "row", "data-id": event.id }, ...cells);
}

function cellsOf(event, href) {
  const promptId = `prompt-${event.id}`;
  const link = element("a", { href, class: "open", "aria-describedby": promptId }, time(event.timestamp));
  const cells = [
    cell("user", "User", text(event.user_id)),
    cell("model", "Model", text(event.model_name)),
    cell("type", "Decision", text(event.decision_type)),
    cell("outcome", "Outcome", text(event.decision_outcome)),
    cell("risk", "Risk", riskBadge(event.risk_level)),
    cell("state", "State", state(event)),
    cell("tokens", "Tokens in / out", counts(event)),
    cell("prompt", "Prompt", prompt(event), promptId),
  ];
  const head = element("th", { role: "rowheader", scope: "row", class: "c-time" }, link);
  return [head, ...cells];
}

function unreadable(href) {
  const link = element("a", { href, class: "open" }, "This event cannot be shown in the list");
  return element("th", { role: "rowheader", scope: "row", class: "c-time", colspan: COLUMNS }, link);
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
  if (input === undefined && output === undefined) return unknown();
  const count = (value) => (value === undefined ? "unknown" : number(value));
  const remark = isFetched(event) ? " (fetched)" : source === "partial" ? " (partial)" : "";
  return shortText(`${count(input)} / ${count(output)}${remark}`);
}

function state(event) {
  const badges = [stateBadge(gateway(event, "completion", "state"))];
  if (isKnown(event.conflict_of)) badges.push(conflictBadge());
  if (event.writer_not_counted === true) badges.push(writerBadge());
  if (outerRequest(event) !== undefined) badges.push(innerBadge());
  return badges.length === 1 ? badges[0] : element("span", {}, ...badges.flatMap((badge, index) => (index === 0 ? [badge] : [" ", badge])));
}

function prompt(event) {
  if (isKnown(event.prompt_content)) return firstWords(plain(event.prompt_content));
  if (isUnread(event)) return unknown("the gateway does not know this API");
  return unknown(meaning(CONTENT_MISSING, contentLevel(event, "prompt")));
}
