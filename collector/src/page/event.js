// One event in full: what was asked, what was answered, and what is known of the call.

import { ask, read } from "./api.js";
import { conversation, turns } from "./conversation.js";
import { button, byId, copyButton, element, tell } from "./dom.js";
import { conflictBadge, fact, facts, filterLink, riskBadge, said, stateBadge, unknown, writerBadge } from "./facts.js";
import { duration, number, time } from "./format.js";
import { indented, parse } from "./json.js";
import { contentLevel, gateway, isFetched, isKnown, isObject, isUnread, listed, outerRequest, tokens } from "./read.js";
import { longText, plain, shortText, spelt } from "./text.js";
import { CONTENT, CONTENT_MISSING, DECISION, IDENTITY, meaning, NOTES, POINTS, SOURCES, STATES, USAGE } from "./words.js";

/** Answers to questions that are shown; the raw JSON has all of them. */
const ANSWERS_SHOWN = 100;
/** Whose words the sources of a decision are. */
const DECIDED_IN = {
  caller: "caller", header: "request", body_member: "request", response_header: "provider", response_member: "provider",
  answer_member: "provider", tool_call: "provider", log_probabilities: "provider", model: "provider",
};

/** Notes that neither prompt nor answer was read. */
const UNREAD = ["api_unknown", "call_uncertain", "protocol_not_read", "request_not_seen"];

const message = byId("event-message");
const place = byId("event");

let shownId = null;
let loading = new AbortController();

export const title = "Event";

export async function show(query) {
  const id = query.get("event");
  const list = new URLSearchParams(query);
  list.delete("event");
  byId("back").href = list.size === 0 ? "./" : `?${list}`;
  if (shownId === id) return;
  forget();
  await load(id);
}

/** It may be about a call that has not ended: the next time it is asked for anew. */
export function hide() {
  forget();
}

export function renew() {
  forget();
}

export function forget() {
  loading.abort();
  loading = new AbortController();
  shownId = null;
  byId("event-report").hidden = true;
  place.replaceChildren();
}

/** One reads an event from its beginning. */
export function focusTarget() {
  return null;
}

async function load(id) {
  tell(message, "Loading the event …");
  try {
    const text = await read(`v1/audit/logs/${encodeURIComponent(id)}`, loading.signal);
    const event = parse(text);
    shownId = id;
    tell(message);
    place.replaceChildren(...parts(event, text));
    const report = byId("event-report");
    report.href = `?${new URLSearchParams({ view: "reports", about: event.id })}`;
    report.hidden = false;
    await addConflicts(event, loading.signal);
    await addInner(event, loading.signal);
  } catch (failure) {
    if (failure.name === "AbortError") return;
    if (failure.isLoggedOut) throw failure;
    const again = button("Try again", () => load(id));
    if (failure.logIds?.length > 0) tell(message, several(failure));
    else if (failure.status === 404) tell(message, "There is no such event. It may belong to another organization or have been removed.");
    else tell(message, element("p", {}, failure.message), again);
  }
}

function parts(event, text) {
  const source = sources(event);
  const content = [prompt(event, source), answer(event, source), toolCalls(event, source), reasoning(event, source)];
  const known = [identity(event, source), decision(event, source), model(event, source), completion(event),
    usage(event, source), timing(event, source), metadata(event, source), claimed(event, source)];
  const technical = [notes(event), capture(event), request(event)];
  const stack = (name, sections) => element("div", { class: name }, ...sections.filter(Boolean));
  return [
    summary(event),
    foreignWriter(event),
    outer(event),
    element("div", { class: "columns" }, stack("content", content), stack("known", known), stack("technical", technical)),
    legend(event),
    raw(text),
  ].filter(Boolean);
}

/** Names the events that gateways behind the one of this event recorded of the same call. */
async function addInner(event, signal) {
  if (!isObject(gateway(event))) return;
  const query = new URLSearchParams({ outer_request_id: event.request_id, organization_id: event.organization_id, limit: 20 });
  // Those of applications are not among the inner ones, and must not take their places.
  if (isKnown(event.recorded_by)) query.set("recorded_by_kind", "gateway");
  const page = await ask(`v1/audit/logs?${query}`, signal);
  const inner = page.data.filter((one) => outerRequest(one) !== undefined);
  if (inner.length === 0) return;
  const links = inner.flatMap((one) => [" ", eventLink(one.id, one.request_id)]);
  const more = page.next_cursor === null ? "" : " and others";
  place.querySelector(".summary")?.after(element("p", { class: "remark" },
    "Inner gateways recorded this call too:", ...links, more, ". Totals count only this event."));
}

/** Links to events of which only one can be shown. */
function several({ logIds, moreLogIds }) {
  const links = logIds.flatMap((id) => [" ", eventLink(id, id)]);
  const more = moreLogIds > 0 ? ` and ${moreLogIds} more` : "";
  return element("p", {}, "Several events have this request id, because they belong to different organizations or are in conflict:", ...links, more);
}

/** Names the events with the same request that say something else. */
async function addConflicts(event, signal) {
  if (!isKnown(event.conflict_of)) return;
  const query = new URLSearchParams({ organization_id: event.organization_id });
  let ids = [];
  try {
    await read(`v1/audit/logs/${encodeURIComponent(event.request_id)}?${query}`, signal);
  } catch (failure) {
    if (!(failure.logIds?.length > 0)) throw failure;
    ids = failure.logIds.filter((id) => id !== event.id);
  }
  const links = ids.flatMap((id) => [" ", eventLink(id, id)]);
  const others = links.length === 0 ? " They are no longer stored." : "";
  place.querySelector(".summary")?.after(element("p", { class: "remark conflict" },
    conflictBadge(), " Other events with this request id differ from this one. All are kept; “Who and when” shows who recorded each.", others, ...links));
}

function foreignWriter(event) {
  return event.writer_not_counted !== true ? null : element("p", { class: "remark" },
    writerBadge(), " The event names a writer that does not belong to its sender. Its number is not counted, and what it states about a gateway is only the sender’s claim.");
}

function eventLink(id, text) {
  return element("a", { href: `?${new URLSearchParams({ event: id })}` }, code(text));
}

function outer(event) {
  const request = outerRequest(event);
  return request === undefined ? null : element("p", { class: "remark" },
    "An outer gateway recorded this call too: ", eventLink(request, request), ". Totals count that event and not this one.");
}

/** The event in one line. */
function summary(event) {
  const outcome = isKnown(event.decision_outcome) ? [" · decided: ", said(event.decision_outcome)] : [];
  return element("p", { class: "summary" },
    stateBadge(gateway(event, "completion", "state")), " ", riskBadge(event.risk_level), element("span", {}, " risk"),
    " · ", isKnown(event.user_id) ? said(event.user_id) : unknown("user"), " asked ",
    isKnown(event.model_name) ? said(event.model_name) : unknown("model"), ...outcome, " · ", time(event.timestamp));
}

/** Who says what in this event: applications that record themselves say all of it. */
function sources(event) {
  if (isObject(gateway(event)) && event.recorded_by?.kind !== "application") return (source) => source;
  return (source) => (source === "collector" ? source : "application");
}

function section(heading, ...children) {
  const id = `part-${heading.toLowerCase().replaceAll(/[^a-z]+/g, "-")}`;
  return element("section", { "aria-labelledby": id }, element("h2", { id }, heading), ...children);
}

function identity(event, source) {
  return section("Who and when", facts(
    fact("Time", instant(event.timestamp), source("gateway")),
    ...origin(event, source, "User", "user_id"),
    ...origin(event, source, "Session", "session_id"),
    ...origin(event, source, "Organization", "organization_id", "gateway"),
    fact("Request", code(event.request_id), source("gateway")),
    fact("Log", code(event.id), "collector"),
    fact("Received", instant(event.received_at), "collector"),
    fact("Recorded by", recorder(event.recorded_by), "collector"),
    gatewayFact(event, "Writer", writer(event)),
  ));
}

/** An id, and who says so where that is not the caller alone; `unsaid` is whose it is where the event does not tell. */
function origin(event, source, label, member, unsaid = "caller") {
  const by = { ...gateway(event, "identity", member) };
  const from = by.source;
  const isCallers = ["caller", "body", "unverified_jwt_claim"].includes(from);
  const tag = isCallers ? "caller" : from === "header" ? "request" : "gateway";
  const isPolicy = isSetByPolicy(event, member);
  const said = fact(label, filterLink(member, event[member]), isPolicy ? "policy" : source(isKnown(from) ? tag : unsaid));
  return [said, ...accordingTo(label, IDENTITY, by, source)];
}

/** What the caller said and the gateway does not state as a fact. */
function claimed(event, source) {
  const found = members(gateway(event, "identity", "claimed"), source("caller"));
  return found.length === 0 ? null : section("Claimed by the caller", facts(...found));
}

/** With which key, if that was noted. */
function recorder(by) {
  if (!isObject(by)) return undefined;
  const key = by.key_id === "configured" ? "a key from the collector’s configuration" : filterLink("recorded_by", by.key_id);
  return element("span", {}, by.kind === "application" ? "an application, with " : "a gateway or an administrator, with ", key);
}

function writer(event) {
  const { id, seq } = { ...gateway(event, "writer") };
  return isKnown(id) ? element("span", {}, code(id), ", number ", said(seq ?? null)) : undefined;
}

function decision(event, source) {
  const by = (name) => ({ ...gateway(event, "decision", name) });
  const isOfPolicy = (name) => isSetByPolicy(event, name);
  const isOfAnswer = (name) => gateway(event, "response", "decision", "source", name) === "answer";
  const tag = (name) => DECIDED_IN[by(name).source] ?? (isOfAnswer(name) ? "provider" : "caller");
  const from = (name) => (isOfPolicy(name) ? "policy" : source(tag(name)));
  const isDefault = (name) => !isOfPolicy(name) && !isKnown(by(name).source) && event[name] === "low";
  const found = (label, name, value) => [
    fact(label, value, isDefault(name) ? source("default") : from(name)),
    ...accordingTo(label, DECISION, by(name), source),
  ];
  return section("Decision", facts(
    ...found("Type", "decision_type", filterLink("decision_type", event.decision_type)),
    ...found("Outcome", "decision_outcome", filterLink("decision_outcome", event.decision_outcome)),
    ...found("Confidence", "confidence_score", event.confidence_score),
    ...listed(gateway(event, "response", "decision", "answers")).filter(isObject).slice(0, ANSWERS_SHOWN).map(answered),
    ...found("Risk", "risk_level", risk(event)),
    ...found("Tags", "compliance_tags", tags(event.compliance_tags)),
  ));
}

/** Which source says a fact, if that is told. */
function accordingTo(label, meanings, { source: from, name }, source) {
  if (!isKnown(from)) return [];
  const words = meaning(meanings, from) ?? plain(from);
  return [fact(`${label} according to`, isKnown(name) ? `${words} (${plain(name)})` : words, source("gateway"))];
}

/** Whether the operator has set a member of the event. */
function isSetByPolicy(event, name) {
  return listed(gateway(event, "capture", "set_by_policy")).includes(name);
}

/** The model’s answer to one question, and how sure it is. */
function answered({ name, outcome, confidence }) {
  const sure = isKnown(confidence) ? ` (${plain(confidence)})` : "";
  return fact(isKnown(name) ? `Answer: ${plain(name)}` : "Answer", isKnown(outcome) ? shortText(`${plain(outcome)}${sure}`) : undefined, "provider");
}

function risk(event) {
  if (!isKnown(event.risk_level)) return undefined;
  const isSaid = isSetByPolicy(event, "risk_level") || isKnown(gateway(event, "decision", "risk_level"));
  const isDefault = event.risk_level === "low" && isObject(gateway(event)) && !isSaid;
  const note = isDefault ? element("span", { class: "muted" }, " (default, or set by the caller)") : null;
  return element("span", {}, riskBadge(event.risk_level), note ?? "");
}

function tags(value) {
  const links = listed(value).map((tag) => element("li", {}, filterLink("compliance_tag", tag)));
  return links.length === 0 ? undefined : element("ul", { class: "inline" }, ...links);
}

function model(event, source) {
  return section("Model", facts(
    fact("Provider", filterLink("model_provider", event.model_provider), isSetByPolicy(event, "model_provider") ? "policy" : source("gateway")),
    fact("Requested", filterLink("model_name", event.model_name), source("request")),
    gatewayFact(event, "Answered by", gateway(event, "response", "model"), "provider"),
    gatewayFact(event, "Answer id", code(gateway(event, "response", "id")), "provider"),
    ...members(event.model_parameters, source("request")),
  ));
}

function completion(event) {
  const ended = gateway(event, "completion");
  if (!isObject(ended)) return section("Completion", element("p", {}, unknown("only gateways record how a call ended")));
  const known = meaning(STATES, ended.state);
  const state = element("span", {}, stateBadge(ended.state), known ? ` ${known[2]}` : "");
  return section("Completion", facts(
    fact("State", state, "gateway"),
    fact("HTTP status", ended.http_status == null ? undefined : plain(ended.http_status), "gateway", "there was no answer"),
    fact("Stop reason", listed(ended.finish_reasons).map(plain).join(", "), "provider"),
    isKnown(ended.flags) ? fact("Flags", listed(ended.flags).map(plain).join(", "), "gateway") : null,
    fact("Details", ended.details, "gateway"),
    // Where the proxy answered itself, no provider has said anything.
    ...members(ended.error, ended.state === "local_reply" ? "gateway" : "provider", "Error "),
  ));
}

function usage(event, source) {
  const { input, output, source: origin } = tokens(event);
  const why = origin === "absent" ? USAGE.absent : "the provider reported no count, and none is estimated";
  const count = (label, value) => fact(label, isKnown(value) ? number(value) : value, source("provider"), origin === undefined ? undefined : why);
  const extra = (label, name) => (isKnown(gateway(event, "usage", name)) ? count(label, gateway(event, "usage", name)) : null);
  const known = meaning(USAGE, origin);
  return section("Tokens", facts(
    count("Input", input),
    count("Output", output),
    extra("From cache", "cache_read"),
    extra("Into cache", "cache_write"),
    extra("Reasoning", "reasoning"),
    isFetched(event) ? fact("Fetched", USAGE.fetched, "gateway") : null,
    gatewayFact(event, "usage.source", origin === undefined ? undefined : element("span", {}, code(origin), known ? `: ${known}` : "")),
  ));
}

function timing(event, source) {
  const first = gateway(event, "timing", "first_byte_ms");
  return section("Timing", facts(
    fact("Whole call", isKnown(event.duration_ms) ? duration(event.duration_ms) : undefined, source("gateway")),
    gatewayFact(event, "First byte", isKnown(first) ? duration(first) : undefined),
  ));
}

function capture(event) {
  const read = gateway(event, "capture");
  if (!isObject(read)) return null;
  const format = fact("Wire format", wireFormat(event), "gateway");
  const point = isKnown(read.point) ? fact("Recorded at", meaning(POINTS, read.point) ?? read.point, "gateway") : null;
  // Of an event whose content was erased there is no more.
  if (read.streamed === undefined) return section("Capture", facts(point, format));
  return section("Capture", facts(
    point,
    format,
    fact("Streamed", yesOrNo(read.streamed), "gateway"),
    fact("Request", bytes(read.request_bytes), "gateway"),
    fact("Response", bytes(read.response_bytes), "gateway"),
    isKnown(read.request_hash) ? fact("Request hash", code(read.request_hash), "gateway") : null,
    fact("Encoding", read.encoding ?? "none", "gateway"),
    fact("Content", levels(event), "gateway"),
    sealedFor(event),
    isObject(read.redacted) ? fact("Redacted", Object.entries(read.redacted).map(([kind, count]) => `${kind}: ${plain(count)}`).join(", "), "gateway") : null,
    isKnown(listed(read.rules)) ? fact("Rules", listed(read.rules).map(plain).join(", "), "gateway") : null,
    fact("Truncated", yesOrNo(read.truncated), "gateway"),
  ));
}

/** What its gateway kept of prompt and answer. */
/** The names of the keys that open what is sealed. */
function sealedFor(event) {
  const names = listed(gateway(event, "sealed", "recipients")).map((recipient) => plain(recipient?.key_id));
  return isKnown(names) ? fact("Sealed for", names.join(", "), "gateway") : null;
}

function levels(event) {
  const said = (part) => {
    const level = contentLevel(event, part);
    return meaning(CONTENT, level) ?? level;
  };
  const [prompt, answer] = [said("prompt"), said("answer")];
  return prompt === answer ? prompt : `prompt: ${plain(prompt)}; answer: ${plain(answer)}`;
}

function wireFormat(event) {
  const link = filterLink("capture_api", gateway(event, "capture", "api"));
  return isUnread(event) ? element("span", {}, link, ": the gateway does not know this API path; the content is not recorded") : link;
}

function notes(event) {
  if (gateway(event, "capture", "notes") === undefined) return null;
  const noted = listed(gateway(event, "capture", "notes"));
  if (noted.length === 0) return section("Capture notes", element("p", { class: "muted" }, "None."));
  const items = noted.map((note) => element("li", {}, code(note), element("br"), meaning(NOTES, note) ?? "Unknown note."));
  return section("Capture notes", element("ul", { class: "notes" }, ...items));
}

function request(event) {
  const known = gateway(event, "gateway");
  return isObject(known) ? section("Gateway", facts(...members(known, "gateway"))) : null;
}

function metadata(event, source) {
  const { audit_layer: _, ...own } = isObject(event.metadata) ? event.metadata : {};
  const found = members(own, isSetByPolicy(event, "metadata") ? "policy" : source("caller"));
  return found.length === 0 ? null : section("Metadata", facts(...found));
}

function prompt(event, source) {
  const told = conversation(event);
  const part = content("Prompt", event.prompt_content, source("request"), missing(event, "request"), event.prompt_hash,
    "the prompt could not be read completely");
  if (told.why) part.querySelector(".part").after(element("p", { class: "muted" }, told.why));
  if (!told.parts) return part;
  const isAsSent = contentLevel(event, "prompt") !== "redacted";
  const summary = isAsSent ? "Show the recorded text (as hashed)" : "Show the recorded text";
  const asOneText = element("details", { open: !told.isAll }, element("summary", {}, summary));
  const body = part.querySelector(".part").nextElementSibling;
  body.replaceWith(...turns(told), asOneText);
  asOneText.append(body);
  const hash = gateway(event, "prompt", "hash");
  part.append(hashed("Hash of the conversation: ", hash, "the prompt could not be read completely"));
  return part;
}

function hashed(label, hash, why) {
  return element("p", { class: "hash muted" }, label, isKnown(hash) ? code(hash) : unknown(why));
}

function answer(event, source) {
  const choices = listed(gateway(event, "response", "choices")).filter(isObject).map((choice) => element("div", {},
    element("h3", {}, `Choice ${plain(choice.index)}`), longText(plain(choice.content ?? ""))));
  const extra = ["refusal", "reasoning"].map((name) => [name, gateway(event, "response", name)]).filter(([, text]) => isKnown(text))
    .map(([name, text]) => element("div", {}, element("h3", {}, `The model’s ${name}`), longText(plain(text))));
  const part = content("Answer", event.response_content, source("provider"), missing(event, "response"),
    gateway(event, "response", "hash"), "there was no answer");
  part.append(...choices, ...extra);
  return part;
}

/** A text with its hash, or why there is none. */
function content(heading, text, source, why, hash, whyNoHash) {
  const isText = isKnown(text);
  // That there is none is what the gateway says.
  const from = isText || source === "application" ? source : "gateway";
  const head = element("div", { class: "part" }, element("span", { class: "source", title: SOURCES[from] }, from),
    isText ? copyButton("Copy", heading, () => plain(text)) : null);
  const body = isText ? longText(plain(text)) : element("p", {}, unknown(why));
  return section(heading, head, body, hash === undefined ? "" : hashed("Hash: ", hash, whyNoHash));
}

function missing(event, side) {
  const why = meaning(CONTENT_MISSING, contentLevel(event, side === "request" ? "prompt" : "answer"));
  if (why !== undefined) return why;
  const isOnIt = (note) => note.startsWith(side) || note.startsWith("answer") || UNREAD.includes(note);
  const noted = listed(gateway(event, "capture", "notes")).filter((note) => isOnIt(plain(note)));
  const words = noted.map((note) => meaning(NOTES, note)).filter(Boolean);
  return words.length > 0 ? words.join(" ") : "none was recorded";
}

function toolCalls(event, source) {
  const calls = listed(gateway(event, "response", "tool_calls")).filter(isObject);
  if (calls.length === 0) return null;
  const items = calls.map((call) => element("li", {},
    element("h3", {}, said(plain(call.name ?? "")), isKnown(call.id) ? element("span", { class: "muted" }, " ", code(call.id)) : ""),
    longText(plain(call.arguments ?? ""))));
  return section("Tool calls", element("div", { class: "part" }, element("span", { class: "source" }, source("provider"))),
    element("ol", { class: "calls" }, ...items));
}

function reasoning(event, source) {
  if (!isKnown(event.reasoning)) return null;
  return section("Reasoning of the decision", element("div", { class: "part" }, element("span", { class: "source" }, isSetByPolicy(event, "reasoning") ? "policy" : source("caller"))),
    longText(plain(event.reasoning)));
}

function legend(event) {
  const used = isObject(gateway(event)) ? ["caller", "request", "provider", "default", "gateway", "collector"] : ["application", "collector"];
  const entries = used.map((name) => element("div", {}, element("dt", {}, element("span", { class: "source" }, name)), element("dd", {}, SOURCES[name])));
  return section("Where each field comes from", element("dl", { class: "legend" }, ...entries));
}

function raw(text) {
  const block = element("pre", { class: "text raw", tabindex: "0", "aria-label": "The event as JSON" });
  const details = element("details", {}, element("summary", {}, "Show the stored event"), block);
  details.addEventListener("toggle", () => {
    if (details.open && block.textContent === "") block.append(...spelt(indented(text)));
  });
  return section("Raw JSON", element("div", { class: "part" }, copyButton("Copy", "the event as JSON", () => text)), details);
}

/** A fact that only a gateway knows: events of applications do not have it at all. */
function gatewayFact(event, label, value, source = "gateway") {
  return isObject(gateway(event)) ? fact(label, value, source) : null;
}

/** One fact for each member of an object. Names are shown as they are: they may be anything. */
function members(value, source, prefix = "") {
  if (!isObject(value)) return [];
  return Object.entries(value).map(([name, inner]) => fact(prefix + name, inner, source));
}

function instant(text) {
  if (!isKnown(text)) return undefined;
  return element("span", {}, time(text, { isLong: true }), element("br"), code(text));
}

function code(value) {
  return isKnown(value) ? element("code", {}, said(value)) : undefined;
}

function bytes(value) {
  return typeof value === "number" ? `${number(value)} bytes` : value;
}

function yesOrNo(value) {
  return typeof value === "boolean" ? (value ? "yes" : "no") : value;
}
