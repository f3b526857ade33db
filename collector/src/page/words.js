// What the words in events mean, for people who did not write the gateway.

import { DECISION, IDENTITY, MEANINGS, NOTES, POINTS, RISKS, USAGE as REPORTED } from "./contract.js";

export { DECISION, IDENTITY, NOTES, POINTS, RISKS };

/** How the state of a call is shown: a label, and whether it is good. */
const LABELS = {
  complete: ["complete", "good"],
  pending: ["pending", "open"],
  client_abort: ["client disconnected", "warn"],
  upstream_abort: ["interrupted", "warn"],
  upstream_error: ["provider error", "bad"],
  rejected: ["rejected", "bad"],
  local_reply: ["gateway answered", "bad"],
  timeout: ["timed out", "bad"],
  shutdown: ["gateway stopped", "bad"],
  redirected: ["redirected", "warn"],
};

/** How a call ended: label, tone, and what it means. */
export const STATES = Object.fromEntries(
  Object.entries(LABELS).map(([state, label]) => [state, [...label, MEANINGS[state]]]),
);

/** Where token counts come from. */
export const USAGE = {
  ...REPORTED,
  fetched: "The provider’s counts of an answer that was made earlier. They are counted with the call that asked for it.",
};

/** Where a fact of an event comes from. */
export const SOURCES = {
  application: "sent by the application that recorded the event itself",
  caller: "set by the calling application, in x-audit headers or in the request",
  collector: "added by this collector when the event arrived",
  default: "the gateway’s default, used when the caller sets no value; a caller may have set the same value",
  gateway: "observed or computed by the gateway",
  policy: "set by the gateway’s operator",
  provider: "reported by the model provider",
  request: "read from the request to the provider",
};

/** What a gateway kept of the content, where that is not all. */
export const CONTENT = {
  redacted: "personal data and secrets are replaced by tokens",
  sealed: "only hashes can be read; the rest is encrypted for an auditor",
  hash: "only hashes are kept",
  hash_only: "only hashes are kept",
  none: "only one hash is kept",
  not_logged: "not kept in the gateway’s log, from which this event was imported",
};

/** The same of one text. */
export const CONTENT_MISSING = {
  sealed: "encrypted for an auditor",
  hash: "only its hash is kept",
  hash_only: "only its hash is kept",
  none: "only its hash is kept",
  not_logged: CONTENT.not_logged,
};

/** What a word means, if it is one that is known: `table` is an object, and names are strangers’. */
export function meaning(table, name) {
  return typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What access records are of. */
export const ACTIONS = {
  backup_made: "Backup created",
  completeness_read: "Completeness read",
  erasure_counted: "Erasure counted",
  erasure_made: "Content erased",
  event_read: "Event read",
  events_exported: "Events exported",
  events_listed: "Events listed",
  events_imported: "Events imported",
  history_exported: "Access history exported",
  history_read: "Access history read",
  hold_created: "Hold created",
  hold_released: "Hold released",
  holds_listed: "Holds listed",
  key_changed: "Key changed",
  key_created: "Key created",
  key_refused: "Key refused",
  key_revoked: "Key revoked",
  keys_listed: "Keys listed",
  logged_in: "Logged in",
  logged_out: "Logged out",
  records_removed: "Access records removed",
  report_made: "Report created",
  report_read: "Report read",
  reports_listed: "Reports listed",
  retention_changed: "Retention changed",
  values_listed: "Values listed",
};
