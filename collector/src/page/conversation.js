// The conversation that the model was asked about, turn by turn, as far as the event has it. Reports
// say the same: collector/src/report/decision/conversation.rs.

import { button, element } from "./dom.js";
import { said, unknown } from "./facts.js";
import { number } from "./format.js";
import { gateway, isKnown, isObject, listed } from "./read.js";
import { longText, plain } from "./text.js";
import { NOTES } from "./words.js";

/** Parts that are shown at once, and when asked. The gateway records fewer than these. */
const PARTS_SHOWN = 200;
const PARTS_MAX = 5000;

/** Bytes of all texts that are cut out: what points at a long text again and again would fill memory. */
const BYTES_MAX = 16 * 1024 * 1024;

/** Characters of all texts that are shown at once, and of each at least. */
const CHARACTERS_SHOWN = 200_000;
const CHARACTERS_MIN = 400;

const LABELS = {
  text: "Text", tool_call: "Tool call", tool_result: "Tool result", media: "Media",
  reasoning: "Reasoning", document: "Document", other: "Other",
};

/** Of a text that is larger than all may be: it is shown with the recorded text. */
const TOO_LARGE = "too_large";

/** Why the content of a part is not all here. */
const MISSING = {
  beginning: "its end was cut off by a limit",
  cut: "it was cut off by a limit",
  only_hash: "only its hash is recorded",
  elsewhere: "the prompt only references it",
  not_found: "it was not found in the record",
};

const COUNTED = [
  ["only_hash", "recorded only as a hash"],
  ["elsewhere", "only referenced; the data is elsewhere"],
  ["cut", "cut off by a limit"],
  ["not_found", "not found in the record"],
];

/** Notes that the model was asked more than the parts that are listed. */
const MORE = ["prompt_continued", "prompt_parts_truncated"];

const KNOWN = ["message", "role", "kind", "type", "id", "name", "at", "bytes", "text", "arguments", "reference", "hash"];

const encoder = new TextEncoder();
// A mark of the byte order is a character like any other.
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What the event says of its turns; `parts` is undefined where it does not tell them. */
export function conversation(event) {
  const prompt = gateway(event, "prompt");
  const text = typeof event.prompt_content === "string" ? event.prompt_content : "";
  if (prompt === undefined) return { why: text === "" ? undefined : "The event does not record who said what, so the prompt is shown as one text." };
  if (prompt === null) return { why: "The gateway read no prompt." };
  if (!isObject(prompt) || !Array.isArray(prompt.parts)) {
    return { why: "The event’s description of the turns does not have the expected form. See the raw JSON below." };
  }
  const parts = read(prompt.parts, text);
  return { parts, leftOut: prompt.parts.length - parts.length, losses: [...losses(prompt, parts), ...noted(event)], isAll: tellsAll(text, parts) };
}

/** The turns, and a sentence on what of them cannot be read. */
export function turns({ parts, leftOut, losses: lost, isAll }) {
  const list = element("ol", { class: "turns" });
  const room = { characters: CHARACTERS_SHOWN };
  const first = parts.slice(0, PARTS_SHOWN);
  list.append(...grouped(first).map((turn) => shown(turn, room)));
  const rest = parts.slice(PARTS_SHOWN);
  const more = rest.length === 0 ? null : button(`Show all parts (${number(rest.length)} more)`, () => {
    list.replaceChildren(...grouped(parts).map((turn) => shown(turn, { characters: CHARACTERS_SHOWN })));
    more.remove();
  });
  const sentences = lost.length === 0 ? null : element("p", { class: "remark" },
    element("b", {}, "Part of the prompt is not shown here. "), lost.join(" "));
  const beyond = leftOut === 0 ? null : element("p", { class: "remark" }, `And ${number(leftOut)} more parts; see the raw JSON below.`);
  const other = isAll ? null : element("p", { class: "remark" }, "The recorded text contains more than these turns.");
  return [sentences, other, list, more, beyond].filter(Boolean);
}

/** The parts with what they say, as many as there is room for. */
function read(raw, text) {
  const bytes = encoder.encode(text);
  const parts = [];
  let left = BYTES_MAX;
  for (const part of raw.slice(0, PARTS_MAX)) {
    const content = contentOf(part, bytes);
    left -= (content.text ?? "").length;
    if (left < 0 || content.state === TOO_LARGE) break;
    parts.push({ part, ...content });
  }
  return parts;
}

function contentOf(part, bytes) {
  if (!isObject(part)) return { state: "not_found" };
  const own = part.arguments ?? part.text;
  if (own !== undefined && own !== null) return { state: "whole", text: plain(own) };
  if (part.at !== undefined) return placed(part, bytes);
  if (isText(part.reference)) return { state: "elsewhere" };
  if (isText(part.hash)) return { state: "only_hash" };
  const isMessage = part.kind === "text" && part.bytes === undefined;
  const isEmpty = part.bytes === 0 && ["text", "tool_call", "tool_result", "reasoning", "document"].includes(part.kind);
  return isMessage || isEmpty ? { state: "whole", text: "" } : { state: "not_found" };
}

/** What stands at a place of the text, which is told in bytes of UTF-8. */
function placed({ at, bytes: size }, bytes) {
  if (![at, size, at + size].every((count) => Number.isSafeInteger(count) && count >= 0)) return { state: "not_found" };
  const end = Math.min(at + size, bytes.length);
  if (at >= bytes.length && size > 0) return { state: "cut" };
  if (end - at > BYTES_MAX) return { state: TOO_LARGE };
  try {
    const text = decoder.decode(bytes.subarray(at, end));
    return { state: end < at + size ? "beginning" : "whole", text, place: [at, end] };
  } catch {
    return { state: "not_found" };
  }
}

function isText(value) {
  return typeof value === "string" && value !== "";
}

function losses(prompt, parts) {
  const count = (names) => parts.filter(({ state }) => names.includes(state)).length;
  const counted = COUNTED.map(([name, why]) => [count(name === "cut" ? ["cut", "beginning"] : [name]), why]);
  const sentences = counted.filter(([many]) => many > 0).map(([many, why]) => (many === 1 ? `1 part is ${why}.` : `${number(many)} parts are ${why}.`));
  return isText(prompt.hash) ? sentences : ["The prompt was not read completely; parts may be missing.", ...sentences];
}

/** What the model was asked beside the parts that are listed. */
function noted(event) {
  const notes = listed(gateway(event, "capture", "notes"));
  return MORE.filter((note) => notes.includes(note)).map((note) => NOTES[note]);
}

/** Whether there is nothing in the text between the turns but what lays it out, as in `[user] …`. */
function tellsAll(text, parts) {
  const bytes = encoder.encode(text);
  const roles = new Set(parts.map(({ part }) => roleOf(part).toLowerCase()));
  const places = parts.map(({ place }) => place).filter(Boolean).sort(([one], [other]) => one - other);
  let end = 0;
  for (const [from, until] of [...places, [bytes.length, bytes.length]]) {
    if (from > end && !isLayout(new TextDecoder().decode(bytes.subarray(end, from)), roles)) return false;
    end = Math.max(end, until);
  }
  return true;
}

function isLayout(gap, roles) {
  const isMark = (mark) => roles.has(mark.toLowerCase()) || PLACEHOLDER.test(mark);
  const rest = gap.replace(/\[([^[\]]*)\]/g, (whole, mark) => (isMark(mark) ? "" : whole));
  return rest.trim() === "";
}

const PLACEHOLDER = /^(file|[\w./:-]* ([\w-]+:)?[0-9a-f]{64})$/i;

/** Parts of one message in a row are one turn. */
function grouped(parts) {
  const all = [];
  for (const one of parts) {
    const role = roleOf(one.part);
    const message = isObject(one.part) ? plain(one.part.message) : "";
    const last = all.at(-1);
    if (last && last.role === role && last.message === message) last.parts.push(one);
    else all.push({ role, message, parts: [one] });
  }
  return all;
}

function roleOf(part) {
  return isObject(part) && isKnown(part.role) ? plain(part.role) : "";
}

function shown({ role, parts }, room) {
  const name = role === "" ? unknown("no role was set") : said(role);
  return element("li", {}, element("h3", {}, name), ...parts.map((one, index) => shownPart(one, index, room)));
}

function shownPart({ part, state, text }, index, room) {
  const known = isObject(part) ? part : {};
  const entries = factsOf(part, state, text);
  const isPlain = known.kind === "text" && index === 0 && entries.length === 0;
  const max = Math.max(CHARACTERS_MIN, room.characters);
  if (text) room.characters -= Math.min(text.length, max);
  return element("div", { class: "turn-part" },
    isPlain ? null : element("h4", {}, label(known.kind)),
    entries.length === 0 ? null : element("dl", { class: "facts" }, ...entries),
    text ? longText(text, max) : null);
}

function factsOf(part, state, text) {
  if (!isObject(part)) return [entry("recorded as", said(plain(part))), entry("Content", unknown(MISSING.not_found))];
  const isCall = ["tool_call", "tool_result"].includes(part.kind);
  const given = [
    [isCall ? "Tool" : "Name", part.name], [isCall ? "Call" : "Id", part.id], ["Type", part.type],
    ["Reference", part.reference], ["Size", state === "whole" ? undefined : sizeOf(part.bytes)], ["Hash", part.hash],
  ].filter(([, value]) => isKnown(value)).map(([name, value]) => entry(name, said(plain(value))));
  const content = MISSING[state] ? [entry("Content", unknown(MISSING[state]))] : text === "" ? [entry("Content", "empty")] : [];
  const isShown = (name) => KNOWN.includes(name) && !(name === "text" && isKnown(part.arguments));
  const others = Object.entries(part).filter(([name]) => !isShown(name)).map(([name, value]) => entry(said(name), said(plain(value))));
  return [...given, ...content, ...others];
}

function sizeOf(bytes) {
  return typeof bytes === "number" ? `${number(bytes)} bytes` : bytes;
}

function entry(name, value) {
  return element("div", {}, element("dt", {}, name), element("dd", {}, value));
}

function label(kind) {
  if (!isKnown(kind)) return "Part of unknown kind";
  return typeof kind === "string" && Object.hasOwn(LABELS, kind) ? LABELS[kind] : said(plain(kind));
}
