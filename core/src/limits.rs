//! Every bound of the library that is not the operator's to choose, and why it has its value.

/// Members of one body that a configuration points at. Each is looked for from the body's beginning.
pub const POINTERS_MAX: usize = 16;

/// Bytes of such a member, as it is written. A reason in several paragraphs fits; a document does not.
pub const POINTED_BYTES_MAX: usize = 16 << 10;

/// Sources that are looked at for one member of a decision.
pub const DECISION_SOURCES_MAX: usize = 16;

/// Recipients of sealed content. The content key is in each event once for each of them.
pub const RECIPIENTS_MAX: usize = 8;

/// Bytes of the name of a recipient's key, which is in each event.
pub const KEY_ID_BYTES_MAX: usize = 128;

/// Sources that are looked at for one id.
pub const IDENTITY_SOURCES_MAX: usize = 16;

/// Bytes of a token's claims, as they are encoded, that are read without a check of its signature: as much
/// as most servers take of one header.
pub const TOKEN_BYTES_MAX: usize = 16 << 10;

/// Choices an event carries. OpenAI allows `n` up to 128.
pub const CHOICES_MAX: usize = 128;

/// Parts of an answer that an event carries beside its text: results of the provider's own tools,
/// and summaries.
pub const ANSWER_PARTS_MAX: usize = 128;

/// Bytes of their texts together. What a search gave fits; the rest stands there by its hash.
pub const ANSWER_PARTS_BYTES_MAX: usize = 64 << 10;

/// Items of a response that are told apart while they come in pieces. Those beyond are only put
/// together as they come.
pub const RESPONSE_ITEMS_MAX: usize = 512;

/// Tool calls an event carries. Models in the field make tens; the bound stops a hostile stream.
pub const TOOL_CALLS_MAX: usize = 256;

/// Bytes of arguments of an answer's tool calls that are looked through for whether they are whole.
/// Each call asks once or twice; a stream that asks with every event would take hours.
pub const ARGUMENTS_LOOKED_AT_BYTES_MAX: usize = 16 << 20;

/// Bytes of one event of a stream. Deltas are small; what is larger holds inline media.
pub const STREAM_EVENT_BYTES_MAX: usize = 1 << 20;

/// Bytes of a text of media that are looked at before it is taken for base64. The head of a data URL
/// fits; a text in words is told apart by its first blank.
pub const MEDIA_HEAD_BYTES: usize = 4 << 10;

/// Bytes of a string, as it is written, beyond which it may be passed over where a body is too large
/// to be kept, and stands as its own hash in what is hashed. Names, instructions and tools' schemas
/// are shorter; images and sound are not.
pub const LONG_STRING_BYTES: usize = 64 << 10;

/// Bytes that are kept of such a string if it is base64: the head of a data URL.
pub const LONG_STRING_KEPT_BYTES: usize = 64;

/// Bytes of the headers of one message of an AWS event stream: as many as AWS allows.
pub const EVENT_STREAM_HEADERS_BYTES_MAX: usize = 128 << 10;

/// Bytes of the payload of one message of an AWS event stream: as many as AWS allows. It bounds
/// how far one length can hide what follows; what is kept is bounded as in other streams.
pub const EVENT_STREAM_PAYLOAD_BYTES_MAX: usize = 24 << 20;

/// Bytes of one sampling parameter. A full `logit_bias` fits; a tool catalog would not.
pub const PARAMETER_BYTES_MAX: usize = 16 << 10;

/// Items of lists, numbers aside, that are read of one request. The longest sessions have some ten
/// thousand messages and parts; each takes a hundred times the memory of the three bytes that it
/// may be written with.
pub const LIST_ITEMS_MAX: usize = 128 << 10;

/// Bytes of memory that the items of one list take. A choice of an answer takes a few KiB, and may
/// be written with three bytes; a body with a longer list is unreadable.
pub const LIST_BYTES_MAX: usize = 16 << 20;

/// Nesting of a value that is passed on as it was written. Parsers stop at about 128.
pub const RAW_DEPTH_MAX: usize = 64;

/// Bytes of an identifier or name that a provider or caller sends (ids, models, tool names).
pub const NAME_BYTES_MAX: usize = 1 << 10;

/// Bytes of the shortest credential that is taken out of texts. A shorter one would take ordinary
/// words with it, and no provider gives out keys that short.
pub const CREDENTIAL_BYTES_MIN: usize = 8;

/// Bytes of the shortest part of a longer credential that is taken out. What providers show of a
/// key in their errors, its first and last characters, is less.
pub const CREDENTIAL_PART_BYTES_MIN: usize = 12;

/// A part is taken out if it is at least one of so many of its credential: a long cookie holds words
/// that are no secret.
pub const CREDENTIAL_PARTS: usize = 4;

/// Bytes of a member of the query that counts as a credential whatever its name and letters, and of
/// a segment of a token that counts by itself.
pub const QUERY_CREDENTIAL_BYTES_MIN: usize = 20;

/// Credentials of one call that are looked for. Calls have one or two, browsers dozens of cookies.
pub const CREDENTIALS_MAX: usize = 128;

/// Bytes of all credentials of one call that are looked for: half of what Envoy takes as headers.
pub const CREDENTIAL_BYTES_MAX: usize = 32 << 10;

/// How often the same four bytes of one credential are compared with a text. More come from padding
/// only, and would make hostile texts slow to read. Fewer would miss a key of twelve equal letters: of
/// nine places in a row one is looked at.
pub const CREDENTIAL_REPEATS_MAX: usize = 9;

/// Bytes of a text that comes in pieces that are looked through and hashed at once.
pub const SEARCHED_AT_ONCE_BYTES: usize = 4 << 10;

/// Rules of a configuration: each is looked at for every call.
pub const RULES_MAX: usize = 256;

/// Patterns of one member of a rule.
pub const RULE_PATTERNS_MAX: usize = 64;

/// Bytes of a rule's name, which stands in every event that the rule applies to.
pub const RULE_NAME_BYTES_MAX: usize = 128;

/// Bytes of the name of an operator's pattern of sensitive data, which stands in tokens.
pub const NAME_OF_PATTERN_BYTES_MAX: usize = 32;

/// Bytes of an operator's pattern of sensitive data.
pub const PATTERN_BYTES_MAX: usize = 1 << 10;

/// Bytes that such a pattern takes when it is compiled; a counted repetition of a class takes a hundred for each.
pub const PATTERN_COMPILED_BYTES_MAX: usize = 64 << 10;

/// Patterns of a configuration: each passes over every text once.
pub const PATTERNS_MAX: usize = 32;

/// Bytes at the end of a text that was cut which are left out where it is redacted: what begins there may go on
/// behind the cut. As much as an e-mail address takes.
pub const REDACTED_TAIL_BYTES: usize = 256;

/// Parts of a form. Endpoints take a dozen members, and up to sixteen images.
pub const FORM_PARTS_MAX: usize = 256;

/// Bytes of the headers of a form's part. A name, a file's name and a type fit many times.
pub const FORM_HEAD_BYTES_MAX: usize = 8 << 10;

/// Bytes of a form's boundary: as many as RFC 2046 allows.
pub const FORM_BOUNDARY_BYTES_MAX: usize = 70;

/// Findings of a provider's moderation that an event carries.
pub const FINDINGS_MAX: usize = 64;

/// Decisions of one answer that an event carries: as many as OpenAI lets one request ask for.
pub const DECISIONS_MAX: usize = 400;

/// Bytes of an error message that a provider sends.
pub const ERROR_MESSAGE_BYTES_MAX: usize = 8 << 10;

/// Bytes read of the audit API's answer to a batch. A longer one is no receipt, as nobody knows
/// which lines it rejects beyond them.
pub const RECEIPT_BYTES_MAX: usize = 1 << 20;

/// Bytes of the reason of a dead letter. An audit API's codes are shorter.
pub const REASON_BYTES_MAX: usize = 100;

/// Batches on their way at the same time, for each VM and destination. Each HTTP/1 callout takes a connection.
pub const BATCHES_IN_FLIGHT_MAX: usize = 4;

/// Events that a page forbade when each was alone, before it is taken to forbid all: more than one
/// conversation has of what a firewall does not like.
pub const FORBIDDEN_EVENTS_MAX: usize = 64;

/// Events that are given up for a page before another event is taken: a firewall may dislike a few, and
/// what forbids more may forbid all.
pub const FORBIDDEN_IN_A_ROW_MAX: u32 = 8;

/// Destinations of a VM that wait to be emptied although no configuration has them any more. Each
/// has come from a change of configuration, and is gone when its events are; the bound is for
/// changes in a row while an audit API is down.
pub const DESTINATIONS_LEFT_MAX: usize = 8;

/// The longest wait that an audit API's `retry-after` can ask for, in milliseconds.
pub const RETRY_AFTER_MS_MAX: u64 = 600_000;

/// Encoded bytes that are decoded at once. Deflate gives at most 1032 bytes for each, so that a
/// hostile body takes about a megabyte at a time.
pub const ENCODED_SLICE_BYTES: usize = 1 << 10;

/// Decoded bytes for each slice of encoded bytes: 256 for one. Text compresses by 3 to 10,
/// repetitive streams by 100.
pub const DECODED_SLICE_BYTES_MAX: u64 = 256 << 10;

/// Decoded bytes beyond that ratio, so that a small body is never suspect.
pub const DECODED_RATIO_SLACK_BYTES: u64 = 4 << 20;

/// Encodings of one body. One is the rule, and a second comes from a proxy on the way; each may
/// cost a window of memory.
pub const ENCODINGS_MAX: usize = 2;

/// Bytes in use of the VM's memory beyond which bodies are not read, so that all of it is never
/// taken: hosts give a VM a gigabyte. Reading a piece of a body takes less than a tenth of the rest,
/// and so does what ends a call; memory that is free, but in pieces too small, takes some of it too.
pub const VM_BYTES_MAX: usize = 320 << 20;

/// The window of a brotli body, as a power of two: 4 MiB, which is the most that its encoders take
/// unless they are told to. The format allows 16 MiB.
pub const BROTLI_WINDOW_BITS_MAX: u8 = 22;

/// Decoded bytes that brotli hands over at once, which its ratio is checked between: one byte of
/// it can give megabytes.
pub const DECODED_PIECE_BYTES: usize = 16 << 10;

/// What inflating one gzip or deflate body takes of memory: the window, and what a slice gives in a
/// buffer that grows.
pub const INFLATE_BYTES_MAX: usize = 4 << 20;

/// What decoding one brotli body takes of memory: the window, half as much again for the moment in
/// which it grows, tables, and one piece.
pub const BROTLI_BYTES_MAX: usize = 8 << 20;

/// What decoding one zstd body takes of memory: the window, tables, and one block.
pub const ZSTD_BYTES_MAX: usize = 12 << 20;

/// The window of a zstd body: RFC 9659 allows no more for a content-encoding.
pub const ZSTD_WINDOW_BYTES_MAX: u64 = 8 << 20;

/// Decoded bytes of one zstd block, the most that RFC 8878 allows.
pub const ZSTD_BLOCK_BYTES_MAX: usize = 128 << 10;

/// Members of a request that no reader takes and that are told one by one. Bodies have a few; where
/// there are more, the prompt counts as not read whole.
pub const LEFT_MEMBERS_MAX: usize = 256;

/// Members of an object of a prompt that are compared with each other by their names. Parts have a
/// dozen; comparing each with each other of a hundred thousand would take minutes.
pub const FIELDS_COMPARED_MAX: usize = 256;

/// Bytes of a member of a message that no reader knows and that an event carries as it is; of a
/// larger one it has size and hash. Names and settings fit; signatures and ciphertexts do not.
pub const MEMBER_BYTES_MAX: usize = 256;

/// Parts of a prompt that an event lists. The longest sessions of coding agents have some
/// thousands; the hash is of all parts.
pub const PROMPT_PARTS_MAX: usize = 4096;

/// Bytes of the names of those parts together: their roles, types, ids and tools. Those of the
/// longest sessions have a third of it; a few bytes of a body can ask for it again with each part.
pub const PROMPT_NAMES_BYTES_MAX: usize = 1 << 20;

/// Bytes of a role, id, name or title that each of the parts has that share it; a longer one only
/// the first has. Ids and names of tools are shorter.
pub const SHARED_NAME_BYTES_MAX: usize = 128;

/// How often a path is decoded. Once is what servers do; a proxy before them may do it again.
pub const PATH_DECODINGS_MAX: usize = 3;

/// Organizations of one outbox whose events are numbered side by side. Tenants of a gateway that are active at the
/// same time fit.
pub const SEQUENCES_MAX: usize = 256;

/// How long what one gateway tells the next of a call is believed, in milliseconds from when the
/// call began. A call is at the next gateway within seconds; whoever sees the header later cannot
/// use it.
pub const HOP_AGE_MS_MAX: u64 = 600_000;

/// How far the clock of that gateway may be ahead, in milliseconds.
pub const HOP_AHEAD_MS_MAX: u64 = 60_000;

/// Calls of one VM that the proxy is about to send once more, as it follows a redirect. The next
/// pass begins at once, so that there is more than one only while another filter waits.
pub const REDIRECTS_MAX: usize = 64;

/// How long the next pass of such a call is awaited, in milliseconds.
pub const REDIRECT_MS_MAX: u64 = 60_000;
