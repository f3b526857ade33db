//! The limits of an event and of a batch, on which gateways and collector must agree: what one sends the
//! other takes.

const MIB: usize = 1 << 20;

/// Bytes of an event: of the body of `POST /v1/audit/log`, and of one line of a batch.
///
/// Gateways' events carry up to 1 MiB of prompt and 1 MiB of answer, by default; JSON can write each byte of
/// those with six, and several choices repeat the first.
pub const EVENT_BYTES_MAX: usize = 32 * MIB;

/// Objects and arrays of an event that are inside each other, itself counted.
///
/// Below the limit of 127 of the JSON parser, so that ours is the one that is met and explained.
pub const EVENT_DEPTH_MAX: usize = 100;

/// Members of an event's object, not of those inside it: the documentation names 21. Of each a place
/// is noted, which takes more memory than a small one itself.
pub const EVENT_MEMBERS_MAX: usize = 1000;

/// Bytes of the body of `POST /v1/audit/log/batch`: two of the largest events.
pub const BATCH_BYTES_MAX: usize = 64 * MIB;

/// Lines of one batch that are not blank. It bounds the list of rejected lines in the answer.
pub const BATCH_LINES_MAX: usize = 10_000;

/// Bytes of `request_id`, of `organization_id` and of a writer's id, which are keys of an index.
pub const ID_BYTES_MAX: usize = 1024;
