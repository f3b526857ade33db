//! Every bound of the collector, with the reason for its value.

use std::ops::RangeInclusive;
use std::time::Duration;

// On these the gateways must agree.
pub use audit_layer_core::event::limits::{
    BATCH_BYTES_MAX, BATCH_LINES_MAX, EVENT_BYTES_MAX, EVENT_DEPTH_MAX, EVENT_MEMBERS_MAX,
    ID_BYTES_MAX,
};

/// Bytes of request bodies that wait to be stored, over all requests: beyond it, 429.
///
/// The collector's memory is a small multiple of this.
pub const INGEST_BYTES_MAX: usize = 128 * MIB;

/// Keys whose bodies fill that together: one alone has half of it at most, in which the largest batch
/// fits, and keeps no other from recording.
pub const KEYS_OF_A_BUDGET: usize = 2;

/// Bytes of a body that is read by the thread that answers requests: a few milliseconds' work, beside
/// which another thread for it would cost more than it spares.
pub const PARSED_AT_ONCE_BYTES: usize = MIB / 4;

/// Bytes of memory that a request gets for the body that it announces, before the body is there.
pub const BODY_RESERVED_MAX: usize = MIB;

/// Requests that wait to be stored: beyond it, 429.
pub const INGEST_REQUESTS_MAX: usize = 1024;

/// Requests whose events share one commit. It bounds how long the first of them waits.
pub const GROUP_REQUESTS_MAX: usize = 256;

/// Events that one statement inserts: it is the way to the database and back that costs.
pub const INSERTED_ROWS_MAX: usize = 128;

/// Events that a key may record at once are those of this time at its rate: calls of models come in
/// bursts, and a gateway sends what waited during an outage at once.
pub const RATE_BURST: Duration = Duration::from_secs(10);

/// What a client that got 429 is told to wait.
pub const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Days that events are kept, unless the operator says otherwise: a year, and time to look at it.
pub const RETENTION_DAYS_DEFAULT: u32 = 400;

/// Days that events are kept at least, unless the operator insists.
///
/// Half a year is what Article 26(6) of the EU's AI Act asks for logs of high-risk systems.
pub const RETENTION_DAYS_MIN: u32 = 183;

/// Days that access records are kept, unless the operator says otherwise: three years, longer than the
/// events that were looked at.
pub const HISTORY_DAYS_DEFAULT: u32 = 1100;

/// Access records that are removed in one step. Between two steps others are written.
pub const REMOVED_RECORDS_MAX: i64 = 1000;

/// How often what is over is looked for.
pub const RETENTION_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// Events that are looked at in one step, without a lock.
pub const RETENTION_STEP_EVENTS: i64 = 2000;

/// Events that are removed in one step. Between two steps events are stored.
pub const REMOVED_EVENTS_MAX: usize = 100;

/// Events that are erased in one step. Between two steps events are stored.
pub const ERASURE_STEP_EVENTS: usize = 20;

/// Bytes of the name of a key: a person and a purpose.
pub const KEY_NAME_BYTES_MAX: usize = 200;

/// How often it is noted when keys were last used.
pub const KEY_USES_INTERVAL: Duration = Duration::from_secs(60);

/// How long a key is believed without asking the database: a revoked one is refused after this.
pub const KEYS_AGE_MAX: Duration = Duration::from_secs(1);

/// How long a browser stays logged in: a working day.
pub const SESSION_AGE_MAX: Duration = Duration::from_hours(12);

/// Access records that wait to be written: beyond it, reads are refused with 503.
pub const RECORDS_WAITING_MAX: usize = 1024;

/// Access records that share one commit.
pub const RECORDS_AT_ONCE: usize = 256;

/// Ids of what was given out that an access record lists: the first. How many there were it always says.
pub const RECORD_IDS_MAX: usize = 20;

/// Parameters of a query that an access record has: more than there are.
pub const RECORD_PARAMETERS_MAX: usize = 40;

/// Bytes of each text of a query that an access record has, and of what a proxy claims: the longest
/// search.
pub const RECORD_TEXT_BYTES_MAX: usize = SEARCH_BYTES_MAX;

/// How far the time of an application's event may be ahead of the collector's clock: more than clocks and
/// time zones differ by.
pub const APPLICATION_AHEAD_MAX: Duration = Duration::from_hours(24);

/// Bytes of all parameters of a request that are recorded.
pub const RECORD_QUERY_BYTES_MAX: usize = 4 * 1024;

/// How often what was counted of followed lists and refused keys is recorded. A collector that is killed
/// loses no more of these counts.
pub const RECORDS_INTERVAL: Duration = Duration::from_secs(60);

/// Refused keys of which each has an access record, within [`RECORDS_INTERVAL`]. Others are counted
/// into the next: anyone can send any number, and each record takes room for years.
pub const REFUSALS_RECORDED_MAX: u32 = 10;

/// Lists that are followed at the same time and have a record together with their next answers. Beyond
/// it each answer has one of its own.
pub const FOLLOWS_MAX: usize = 1000;

/// How long a list is followed that shows nothing new until its record says that. A collector that is
/// killed loses no more of it.
pub const FOLLOW_TIME_MAX: Duration = Duration::from_hours(1);

/// Names that an access record lists of what an answer has instead of events: more than it can have.
pub const RECORD_NAMES_MAX: usize = 500;

/// Bytes of a request's body that are recorded if it is refused: more than any that is taken has for
/// long.
pub const RECORD_BODY_BYTES_MAX: usize = 4 * 1024;

/// Browsers that are logged in at the same time. Beyond it the oldest session ends; only who has a
/// key can begin one.
pub const SESSIONS_MAX: usize = 1000;

/// Bytes of the form with which a browser logs in: a key, and what escaping adds to it.
pub const LOGIN_BYTES_MAX: usize = 8 * 1024;

/// Such forms that are read at the same time, whoever sends them: beyond it, 429.
pub const LOGINS_MAX: usize = 1024;

/// Of those, the forms from one address, which may be that of a proxy before many browsers.
pub const LOGINS_OF_ADDRESS_MAX: usize = LOGINS_MAX / 4;

/// Such a form has to arrive within this: it is small, and anyone can begin one.
pub const LOGIN_TIME_MAX: Duration = Duration::from_secs(5);

/// The head of a request has to arrive within this, from when its connection was made or the request
/// before it was answered. Proxies keep connections for later, and should not find them closed often.
pub const HEAD_TIME_MAX: Duration = Duration::from_secs(75);

/// A request's body has to arrive within this; a stalled client holds its bytes no longer.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(30);

/// A client has to take at least a byte of its answer within this: one that has stopped reading holds a
/// page of events, and a place among the exports.
pub const READING_PAUSE_MAX: Duration = Duration::from_secs(60);

/// Bytes of a refused body that are read and dropped before the answer.
///
/// A server that answers and closes while the client still writes resets the connection, and the
/// client never sees why it was refused.
pub const DISCARD_BYTES_MAX: usize = 2 * BATCH_BYTES_MAX;

/// A client of a port with TLS has to be through its handshake within this.
pub const HANDSHAKE_TIME_MAX: Duration = Duration::from_secs(10);

/// Handshakes that go on at the same time: 40 KiB each, and half of the files that systems let a
/// program open by default. For one more the oldest is ended, which is the least likely to succeed.
pub const HANDSHAKES_MAX: usize = 512;

/// How often the files of the certificate are looked at. Those who renew it may also say so, by
/// SIGHUP.
pub const CERTIFICATE_INTERVAL: Duration = Duration::from_secs(10);

/// How long a browser that has seen the page over TLS asks for it in no other way. A month, which
/// each visit begins anew: it binds every port of the host's name.
pub const STRICT_TRANSPORT_AGE: Duration = Duration::from_hours(30 * 24);

/// Events on a page, unless the query says otherwise.
pub const PAGE_EVENTS_DEFAULT: usize = 50;

/// Events on a page, at most.
pub const PAGE_EVENTS_MAX: usize = 500;

/// Bytes of events on a page. A page of large events ends early, and its cursor goes on.
pub const PAGE_BYTES_MAX: usize = 16 * MIB;

/// Exports that are under way at the same time: beyond it, 429. Each holds a page of events.
pub const EXPORTS_MAX: usize = 8;

/// Of those, the exports of one key: beyond it, 429.
pub const EXPORTS_OF_KEY_MAX: usize = EXPORTS_MAX / 2;

/// Holes of one writer's sequence that an answer lists. How many numbers are missing it always says.
pub const HOLES_MAX: usize = 1000;

/// Holes of all writers together that an answer lists.
pub const ANSWER_HOLES_MAX: usize = 50_000;

/// Reports that are made at the same time. Typesetting takes a processor, and ingest needs one.
pub const REPORTS_AT_ONCE: usize = 2;

/// Of those, the reports of one key. Its others wait, and keep none of another key waiting.
pub const REPORTS_OF_KEY_AT_ONCE: usize = REPORTS_AT_ONCE / 2;

/// Reports that wait for their turn or are made: beyond it, 429.
pub const REPORTS_OPEN_MAX: usize = 64;

/// Of those, the reports of one key: beyond it, 429.
pub const REPORTS_OF_KEY_OPEN_MAX: usize = REPORTS_OPEN_MAX / 2;

/// Bytes of a request for a report: a few members, each no longer than a parameter.
pub const REPORT_REQUEST_BYTES_MAX: usize = 16 * 1024;

/// Bytes of such requests that are read at the same time: beyond it, 429.
pub const REPORT_REQUESTS_BYTES_MAX: usize = 64 * REPORT_REQUEST_BYTES_MAX;

/// Bytes of one report. The largest event, with what escaping adds to it, is below.
pub const REPORT_BYTES_MAX: usize = 64 * MIB;

/// Days that a report is kept: long enough to fetch it, and short, since it can be made again.
pub const REPORT_DAYS: i64 = 30;

/// Bytes of all reports that are kept: beyond it the oldest go.
pub const REPORTS_BYTES_MAX: i64 = 512 * 1024 * 1024;

/// Reports that are kept, whatever their size: beyond it the oldest go.
pub const REPORTS_KEPT_MAX: i64 = 10_000;

/// How often a report that is being made says how far it is.
pub const REPORT_PROGRESS_INTERVAL: Duration = Duration::from_secs(1);

/// A report that has said nothing for this long is not being made any more: its collector was killed.
///
/// Typesetting says nothing, and takes less than this by far.
pub const REPORT_SILENCE_MAX: Duration = Duration::from_secs(120);

/// Years in which events can have happened, in their own time zone: those in which the nanoseconds
/// since 1970 are a number of 64 bits, in any.
pub const EVENT_YEARS: RangeInclusive<i32> = 1678..=2261;

/// Events that a report reads in one step. Between two steps no transaction is open.
pub const REPORT_STEP_EVENTS: usize = 2000;

/// Different names that a report counts of each kind, such as users. Beyond it events are counted
/// together, and the report says so.
pub const REPORT_NAMES_MAX: usize = 100_000;

/// Bytes of such a name. A longer one is counted by its beginning and its hash.
pub const REPORT_NAME_BYTES_MAX: usize = 200;

/// Names of each kind that a report lists. How many others there are it always says.
pub const REPORT_NAMES_LISTED: usize = 20;

/// Days that a report lists one by one: two months. More are added up by month, then by year.
pub const REPORT_DAYS_LISTED: usize = 62;

/// Writers that a report lists.
pub const REPORT_WRITERS_MAX: usize = 1000;

/// Holes of one writer that a report lists.
pub const REPORT_HOLES_MAX: usize = 100;

/// Holes around an event that a report lists.
pub const REPORT_NEAREST_HOLES: usize = 10;

/// Members of an object, or tool calls, that a report for people lists.
pub const REPORT_ITEMS_MAX: usize = 200;

/// Parts of a prompt that a report lists. The gateway lists fewer.
pub const REPORT_PARTS_MAX: usize = 5000;

/// Bytes of all parts of a prompt that a report lists, with their texts. The gateway records fewer;
/// what another sender points at again and again would fill any report.
pub const REPORT_CONVERSATION_BYTES_MAX: usize = 16 * MIB;

/// Bytes of one text, such as a prompt, that a PDF shows: some thirty pages. A character that is spelt
/// counts as much as it prints. A sentence says what is left out, and where the whole is.
pub const PDF_TEXT_BYTES_MAX: usize = 128 * 1024;

/// Bytes of all such texts that a PDF shows together.
pub const PDF_TEXTS_BYTES_MAX: usize = 3 * PDF_TEXT_BYTES_MAX;

/// Lines of all such texts that a PDF shows together: a line may be empty, and still takes room.
pub const PDF_TEXTS_LINES_MAX: usize = 5000;

/// Lines of all turns of a conversation that a PDF shows, with what is said of each: fewer than of all
/// texts, so that there is room for the answer.
pub const PDF_TURNS_LINES_MAX: usize = 2500;

/// Marks on one letter that a PDF prints: no script has more, and laying out thousands takes minutes.
pub const PDF_MARKS_MAX: usize = 8;

/// Font files of an operator, which stay in memory: those of all scripts of East Asia in two weights.
pub const FONTS_BYTES_MAX: usize = 256 << 20;

/// Rows of one table that a PDF shows: some thirty pages.
pub const PDF_ROWS_MAX: usize = 1500;

/// Bytes of one value in a list of facts, or of one cell of a table, that a PDF shows.
pub const PDF_VALUE_BYTES_MAX: usize = 4 * 1024;

/// Events whose values are counted for a list of values: the newest.
pub const VALUES_EVENTS_MAX: usize = 20_000;

/// How long counting values goes on before it is left at what it has.
pub const VALUES_TIME_MAX: Duration = Duration::from_secs(5);

/// Values of one member in an answer, unless it says otherwise.
pub const VALUES_DEFAULT: usize = 20;

/// The same, at most.
pub const VALUES_MAX: usize = 1000;

/// Events that are looked at for what comes near a filter that finds nothing: the newest.
pub const NEAR_EVENTS_MAX: usize = 2000;

/// Words of a search that finds nothing of which it is told whether there are any: each is a search.
pub const NEAR_WORDS_MAX: usize = 8;

/// Values that come near it in an answer.
pub const NEAR_VALUES_MAX: usize = 5;

/// Bytes of the parameter `text`: enough for a sentence, and few enough words to look up.
pub const SEARCH_BYTES_MAX: usize = 1024;

/// Bytes of the index after which a chunk of it ends: as much as SQLite keeps of a row in the page of
/// a table without rowids, where pages have 4 KiB. It is `(4096 - 12) * 64 / 255 - 23`, less the keys
/// and lengths: <https://www.sqlite.org/fileformat2.html#b_tree_pages>.
pub const CHUNK_BYTES: usize = 900;

/// Events that are in memory and in no segment of the index, until one is made of them. More make
/// fewer segments, and every search looks at each of them.
pub const TAIL_EVENTS: usize = 8192;

/// Terms that those events may have, at eight bytes each: with long texts there are fewer of them.
pub const TAIL_TERMS: usize = 4 * MIB;

/// How many times as many events there may be in memory while a segment is made of the oldest.
pub const TAIL_OVERFLOW: usize = 3;

/// Events of one segment of the index: their numbers have 16 bits.
pub const SEGMENT_EVENTS_MAX: i64 = 1 << 16;

/// Segments that there may be before they are merged while events come in. Otherwise that waits until
/// nothing does.
pub const SEGMENTS_MAX: i64 = 1000;

/// How long nothing has to come in until there is time to merge segments.
pub const IDLE_AFTER: Duration = Duration::from_millis(100);

/// Segments of the index that are merged into one. More of them are written less often, and are more
/// to look into.
pub const MERGED_SEGMENTS: usize = 8;

/// Free pages of an SQLite file that an erasure overwrites at once: 16 MiB of them.
pub const OVERWRITTEN_PAGES: i64 = 4096;

/// Events that one step of a search looks at, at most. Between two steps its time is checked.
pub const SEARCHED_EVENTS_MAX: usize = 500;

/// Events that are brought into the index in one step, after an upgrade from a version without it.
pub const INDEXED_EVENTS_MAX: i64 = 2000;

/// How far an event may stand behind its time when many have the same one, in microseconds.
///
/// There are a thousand places in each, so that this is a thousand million events at one instant.
pub const POSITION_MOVED_MICROS_MAX: i64 = 1_000_000;

/// Queries that read the database at the same time.
pub const READERS_MAX: u32 = 4;

/// Queries of one key at the same time: it leaves a reader to others.
pub const QUERIES_OF_KEY_MAX: usize = 3;

/// A query waits this long for others of its key to end, and gets 429 then.
pub const QUERY_WAIT_MAX: Duration = Duration::from_secs(10);

/// Connections to a PostgreSQL server that write at the same time: for events, and beside it for access
/// records, for what merges segments and for what removes old events.
pub const POSTGRES_WRITERS_MAX: u32 = 4;

/// How long a PostgreSQL server may take for a transaction that writes. One that takes longer is gone, or
/// too slow for as much at once: then transactions become smaller.
pub const TRANSACTION_TIME_MAX: Duration = Duration::from_secs(60);

/// How often a transaction is tried that others are in the way of. Each time one of the others gets
/// through.
pub const TRANSACTION_TRIES_MAX: u32 = 20;

/// Records of one call that contradict its first one and are kept, of applications, and as many of
/// gateways: nobody fills a disk under one id without it showing.
pub const CONFLICTS_MAX: u8 = 16;

/// Log ids that an answer names where one was asked for and several are meant.
pub const AMBIGUOUS_IDS_MAX: usize = 50;

/// Calls with records of which a transaction that stores events keeps in memory what they say.
pub const KNOWN_CALLS_MAX: usize = 1024;

/// How often a place is looked for that other collectors take first.
pub const PLACE_TRIES_MAX: u32 = 1000;

/// Commits to a PostgreSQL server while segments are merged, before commits wait for that: each adds
/// a segment, which every search looks into.
pub const UNMERGED_COMMITS_MAX: usize = 256;

/// Chunks of a segment that one statement sends to a PostgreSQL server: a few MiB of them.
pub const SEGMENT_CHUNKS_SENT: usize = 4096;

/// KiB of the database that the writer keeps in memory: the ends of every index, where it writes.
pub const WRITER_CACHE_KIB: u32 = 64 * 1024;

/// KiB of the database that each reader keeps in memory.
pub const READER_CACHE_KIB: u32 = 16 * 1024;

/// Pages of 4 KiB in the write-ahead log before they are folded into the database.
///
/// Indexes write the same pages again and again: the longer they wait, the fewer are folded. This
/// is 64 MiB of log, which a start after a crash reads in a moment.
pub const LOG_PAGES_MAX: u32 = 16 * 1024;

/// A query of a client may take this long. There are few readers, and others wait.
pub const QUERY_TIME_MAX: Duration = Duration::from_secs(30);

/// The database may take this long to tell what `/metrics` looks up: those who ask give up after ten
/// seconds, as Prometheus does by default, and want the counters then.
pub const METRICS_TIME_MAX: Duration = Duration::from_secs(2);

/// Instructions of SQLite's machine after which it asks whether a query's time is over: well under
/// a millisecond.
pub const QUERY_STEPS: i32 = 10_000;

/// A PostgreSQL server has to take a connection within this. One that is on its way up says so.
pub const DATABASE_CONNECT_MAX: Duration = Duration::from_secs(10);

/// How long a statement waits for another process that holds the database.
pub const DATABASE_BUSY_MAX: Duration = Duration::from_secs(5);

/// After the signal to stop, requests in progress have this long to end.
pub const SHUTDOWN_MAX: Duration = Duration::from_secs(10);

/// Bytes of one line of a log that dead letters are imported from.
///
/// A log in JSON writes each quote and backslash of an event with two bytes, and has members of
/// its own.
pub const LOG_LINE_BYTES_MAX: usize = 2 * EVENT_BYTES_MAX + MIB;

/// Bytes of memory for lines that stay taken between a huge line and the next; and bytes of a line in
/// pieces after which a dead letter no longer begins in it.
pub const LOG_LINE_BYTES_KEPT: usize = MIB;

/// Bytes of all lines of a log that have begun and not ended, in pieces that stand between others.
pub const LOG_BEGUN_BYTES_MAX: usize = 2 * LOG_LINE_BYTES_MAX;

/// Streams of containers that are told apart in one log.
pub const LOG_STREAMS_MAX: usize = 4096;

/// Bytes of a dead letter in a log that does not say which lines belong together: each further line
/// has all before it read again.
pub const LOG_GUESSED_BYTES_MAX: usize = 4 * MIB;

/// Lines of such a dead letter.
pub const LOG_GUESSED_PIECES_MAX: usize = 1024;

/// How deep a line of a log is in the JSON of those who handed it on.
pub const LOG_DEPTH_MAX: usize = 8;

/// Values that a line of a log may have as JSON to be read as such; each takes some hundred bytes.
pub const LOG_JSON_VALUES_MAX: usize = 100_000;

/// Bytes of dead letters without proof that an import holds back until it knows whether others have it.
pub const LOG_HELD_BYTES_MAX: usize = 64 * MIB;

/// What looks like a dead letter within quotes in one line and is tried to be read.
pub const LOG_LETTERS_MAX: usize = 100;

/// Bytes of a log without dead letters that are looked at, whether they are text.
pub const LOG_LOOKED_AT_BYTES: usize = MIB;

/// Folders within folders that logs are looked for in.
pub const LOG_FOLDERS_DEPTH_MAX: usize = 16;

/// Bytes of the id of an import that an access record has.
pub const IMPORT_ID_BYTES_MAX: usize = 64;

/// Events that an import sends together, so that an outage leaves few in doubt.
pub const IMPORT_BATCH_EVENTS_MAX: usize = 1000;

/// Bytes that an import sends together. A larger event is sent alone.
pub const IMPORT_BATCH_BYTES_MAX: usize = 4 * MIB;

/// Bytes of an answer to a batch, which names each rejected line.
pub const IMPORT_ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// An import waits this long before it tries a batch for the second time, and doubles it from then.
pub const IMPORT_WAIT_MIN: Duration = Duration::from_millis(100);

/// An import never waits longer, whatever the audit API asks for: a person is watching.
pub const IMPORT_WAIT_MAX: Duration = Duration::from_secs(10);

/// An import has to be connected to the audit API within this.
pub const IMPORT_CONNECT_TIME_MAX: Duration = Duration::from_secs(10);

/// An import's batch has to be sent, and then answered, within this each.
pub const IMPORT_SEND_TIME_MAX: Duration = Duration::from_secs(60);

const MIB: usize = 1024 * 1024;

#[cfg(test)]
mod tests;
