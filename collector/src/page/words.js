// What the words in events mean, for people who did not write the gateway.

/** How a call ended: the name of the state, and what it says. */
export const STATES = {
  complete: ["complete", "good", "The provider answered, and the answer is whole."],
  pending: ["pending", "open", "The prompt is recorded, and the answer is still to come."],
  client_abort: ["client left", "warn", "The client left before the answer was whole."],
  upstream_abort: ["broke off", "warn", "The provider’s answer broke off."],
  upstream_error: ["provider error", "bad", "The provider reported a failure of its own: a status of 5xx, or an error inside the answer."],
  rejected: ["rejected", "bad", "The provider refused the call: a status of 4xx."],
  local_reply: ["gateway answered", "bad", "The gateway answered in the provider’s place."],
  timeout: ["timed out", "bad", "A time limit of the gateway ended the call."],
  shutdown: ["gateway stopped", "bad", "The call was still open when the gateway stopped or dropped it."],
  redirected: ["redirected", "warn", "The gateway followed a redirect itself, and what came of that did not pass the plugin."],
};

export const RISKS = ["low", "medium", "high", "critical"];

/** Where token counts come from. */
export const USAGE = {
  reported: "the provider’s final counts",
  partial: "counts that the provider gave before the answer broke off",
  fetched: "the provider’s counts of an answer that was made before; they are counted with the call that asked for it",
  input_only: "the provider gave the input count alone; the output count is unknown",
  output_only: "the provider gave the output count alone; the input count is unknown",
  absent: "the provider gave none, and none are estimated",
};

/** Where a fact of an event comes from. */
export const SOURCES = {
  application: "sent by the application that recorded the event itself",
  caller: "said by the calling application, in x-audit headers or in the request",
  collector: "added by this collector when the event arrived",
  default: "what the gateway writes where nobody says anything; a caller may have said the same",
  gateway: "observed or computed by the gateway",
  provider: "reported by the provider of the model",
  request: "read from the request to the provider",
};

/** What a gateway kept of the content, where that is not all. */
export const CONTENT = {
  hash_only: "only hashes are kept",
  not_logged: "not kept in the log of the gateway, from which this event was imported",
};

/** The same of one text. */
export const CONTENT_MISSING = { ...CONTENT, hash_only: "only its hash is kept" };

/** Why something in an event is missing, cut or changed. */
export const NOTES = {
  answer_empty: "The model answered, and there is neither text nor a tool call in it.",
  answer_fetched: "The answer was made before, and fetched by its id; the request that asked for it has an event of its own. Its tokens are counted with that one.",
  answer_not_text: "The answer is no text but vectors, images, sound or what only the provider can read; it is not recorded.",
  answer_pending: "The answer is made later, and fetched with another call that is not recorded.",
  api_unknown: "The provider is known, and the gateway does not know the path. The call’s content is not read.",
  audit_header_invalid: "An x-audit header or a part of one was not understood: it was left out, or stands as it was written.",
  audit_header_repeated: "An x-audit header that has one value came several times; the first counts.",
  audit_header_unknown: "An x-audit header that means nothing was removed.",
  audit_metadata_reserved: "The caller’s metadata had a member audit_layer, which is the gateway’s.",
  call_uncertain: "Other services have such paths too, and the body could not be read for a prompt: this may be no call of a model.",
  content_flagged: "The provider’s moderation or content filter found something in the prompt or the answer.",
  credential_not_searched: "The request had more credentials than are looked for: one may stand in the event.",
  credential_removed: "A text held a credential of the call; a mark stands in its place.",
  encoding_not_applied: "A body was plain text, although its content-encoding names a coding; it was read as it is.",
  header_not_utf8: "A header’s value was not UTF-8; its bytes were read as ISO 8859-1 (Latin-1).",
  hop_header_ignored: "The header by which gateways tell each other of a call (audit-layer-hop) proved nothing: it was forged, too old, or of another audit layer. It was removed.",
  invalid_unicode_replaced: "The text held bytes or half surrogates that are not Unicode; they stand as U+FFFD.",
  json_dialect: "The request was no strict JSON: comments, NaN, other quotes, a comma too many. It was read as lenient servers read it; others refuse it.",
  long_strings_skipped: "A string was too long to be kept, such as an image: where it is recorded, there is its beginning, or its size and hash. What stands behind it was read.",
  member_case_ignored: "The name of a member of the request is written in another case. It was read, as servers in Go read it; others pass over it.",
  member_duplicated: "A member of the request was given more than once, perhaps in another case, with different values: servers do not agree which of them counts.",
  memory_short: "The gateway’s memory was short, as it had many or large bodies to read at once: a body, or the rest of one, was not read.",
  method_unusual: "The request has a body and another method than POST; some servers answer it all the same.",
  log_callback_absent: "The host never called the log callback, as Envoy does not for a filter of an upstream. The event is of one attempt of the proxy, and does not know what the client got.",
  model_absent: "Nothing in the request names a model.",
  name_truncated: "An id, a name, a confidence or an error’s message was longer than an event carries.",
  not_a_generation: "The call asks for no answer of a model: it counts tokens, loads a model, or hands in a batch. Its content is not recorded.",
  parameter_too_large: "A sampling parameter was too large or too deeply nested to be kept.",
  path_unusual: "The path is written as no client of a model writes it, such as with encoded letters or doubled slashes; it was matched as servers read it.",
  prompt_content_truncated: "The prompt is in the event up to the content limit; the hash is of the whole.",
  prompt_continued: "The provider adds to the prompt what it keeps, such as earlier turns; that is not recorded.",
  prompt_part_unread: "A part of the prompt is of a type that the gateway does not know: there is its hash, or the text that it holds.",
  prompt_parts_truncated: "The prompt has more parts than an event lists; the conversation’s hash is of all.",
  protocol_not_read: "The call speaks WebSocket, WebRTC, gRPC or event streams in both directions, whose messages are not read.",
  reasoning_encrypted: "The model thought, and only the provider can read what: it came encrypted.",
  recorded_by_outer_gateway: "A gateway before this one recorded the same call; its event is the one to count.",
  redirect_followed: "The gateway followed a redirect itself: the request is the client’s, the answer that of the last request that the gateway made of it.",
  request_body_empty: "The request’s body was empty.",
  request_body_truncated: "The request’s body was larger than the limit for reading, or has lists of more items than are read; what was read is a beginning.",
  request_charset_unknown: "The request names a charset that is not read: a server that heeds it reads other characters.",
  request_encoding_broken: "The request’s body was not of its content-encoding, or grew too much when decoded.",
  request_encoding_unsupported: "The request’s content-encoding cannot be decoded.",
  request_incomplete: "The request ended before its body was whole.",
  request_not_utf8: "The request’s body was UTF-16 or UTF-32.",
  request_not_seen: "Another filter of the gateway ended the call before the request came here: of its body and of the answer’s nothing is known.",
  request_unreadable: "The request’s body was not JSON of its format.",
  response_body_empty: "The response’s body was empty.",
  response_body_truncated: "The response’s body was larger than the limit for reading.",
  response_content_truncated: "The answer is in the event up to the content limit; the hash is of the whole.",
  response_encoding_broken: "The response’s body was not of its content-encoding, or grew too much when decoded.",
  response_encoding_unsupported: "The response’s content-encoding cannot be decoded.",
  response_unreadable: "The response’s body was not JSON of its format.",
  stream_event_truncated: "One or more events of the stream were larger than the limit for reading.",
  stream_event_unreadable: "One or more events of the stream were not JSON of their format.",
  stream_framing_broken: "The stream’s framing was broken; what follows is not read.",
  stream_unterminated: "The stream ended without the format’s last event.",
  tool_calls_truncated: "The model asked for more tool calls or choices than an event carries.",
  trailing_data: "Something follows the JSON value of which a body consists; it was not read.",
  usage_absent: "The provider reported no token counts.",
};

/** What a word means, if it is one that is known: `table` is an object, and names are strangers’. */
export function meaning(table, name) {
  return typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined;
}

/** What access records are of. */
export const ACTIONS = {
  backup_made: "Backup made",
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
  report_made: "Report made",
  report_read: "Report read",
  reports_listed: "Reports listed",
  retention_changed: "Retention changed",
  values_listed: "Values listed",
};
