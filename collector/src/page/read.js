// Reading events. Their `metadata` is whatever its sender made it: every step looks before it goes.

import { Exact } from "./json.js";

/** What stands in `value` at the end of these names; undefined if anything on the way is missing. */
export function at(value, ...names) {
  return names.reduce((inner, name) => (isObject(inner) && Object.hasOwn(inner, name) ? inner[name] : undefined), value);
}

/** What only a gateway knows of a call; undefined for events that applications record themselves. */
export function gateway(event, ...names) {
  return at(event, "metadata", "audit_layer", ...names);
}

/**
 * The `request_id` of the event that an outer gateway recorded of the same call, if there is one. An application
 * is no gateway behind another, whatever it says.
 */
export function outerRequest(event) {
  if (event.recorded_by?.kind === "application") return undefined;
  const outer = gateway(event, "gateway", "outer_request_id");
  return typeof outer === "string" && outer !== "" && outer !== event.request_id ? outer : undefined;
}

/** How much of a part of the call, "prompt" or "answer", its gateway lets events contain: one word stands for both. */
export function contentLevel(event, part) {
  const level = gateway(event, "capture", "content");
  return isObject(level) ? level[part] : level;
}

/** Whether the call is of no API that the gateway reads. */
export function isUnread(event) {
  return gateway(event, "capture", "api") === "unknown";
}

/** Whether the answer was made before, and its tokens are those of another call. */
export function isFetched(event) {
  return listed(gateway(event, "capture", "notes")).includes("answer_fetched");
}

/** The elements of a list, and none of anything else. */
export function listed(value) {
  return Array.isArray(value) ? value : [];
}

/** Whether something was said at all. */
export function isKnown(value) {
  return value !== undefined && value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Exact);
}

/** Token counts, as `{input, output, source}`. Unknown ones are undefined, and never 0. */
export function tokens(event) {
  const usage = gateway(event, "usage");
  if (!isObject(usage)) return { input: event.prompt_tokens, output: event.response_tokens, source: undefined };
  const count = (name) => usage[name] ?? undefined;
  const source = count("source");
  // Whatever stands in the place of a number that the provider did not give, nobody counted it.
  const input = ["absent", "output_only"].includes(source) ? undefined : count("input_tokens");
  const output = ["absent", "input_only"].includes(source) ? undefined : count("output_tokens");
  return { input, output, source };
}
