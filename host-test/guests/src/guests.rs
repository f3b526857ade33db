//! The guests by name.

mod bodies;
mod callouts;
mod endings;
mod faults;
mod holding;
mod maps;
mod measures;
mod sharing;

use crate::Guest;

/// A guest that a configuration has chosen.
pub(crate) type Chosen = &'static dyn Guest;

/// The guest of contexts without configuration.
pub(crate) const SILENT: Chosen = &Silent;

struct Silent;
impl Guest for Silent {}

pub(crate) fn by_name(name: &str) -> Option<Chosen> {
    Some(match name {
        "silent" => SILENT,
        "reads_every_map" => &maps::ReadsEveryMap,
        "changes_headers" => &maps::ChangesHeaders,
        "changes_request_late" => &maps::ChangesRequestLate,
        "adds_trailers" => &maps::AddsTrailers,
        "tells_bodies" => &bodies::TellsBodies,
        "collects_bodies" => &bodies::CollectsBodies,
        "stops_with" => &bodies::StopsWith,
        "replaces_body" => &bodies::ReplacesBody,
        "reads_buffers_anywhere" => &bodies::ReadsBuffersAnywhere,
        "holds_response" => &holding::HoldsResponse,
        "answers_held_response" => &holding::AnswersHeldResponse,
        "answers_another" => &holding::AnswersAnother,
        "chooses_at_ticks" => &holding::ChoosesAtTicks,
        "holds_request" => &holding::HoldsRequest,
        "holds_end" => &holding::HoldsEnd,
        "pauses_headers_only" => &holding::PausesHeadersOnly,
        "collects_with_headers" => &holding::CollectsWithHeaders,
        "resumes_nobody" => &holding::ResumesNobody,
        "tells_endings" => &endings::TellsEndings,
        "answers_itself" => &endings::AnswersItself,
        "closes" => &endings::Closes,
        "refuses" => &endings::Refuses,
        "is_never_done" => &endings::IsNeverDone,
        "is_done_at_tick" => &endings::IsDoneAtTick,
        "calls" => &callouts::Calls,
        "calls_badly" => &callouts::CallsBadly,
        "calls_from_log" => &callouts::CallsFromLog,
        "calls_when_done" => &callouts::CallsWhenDone,
        "listens" => &sharing::Listens,
        "enqueues" => &sharing::Enqueues,
        "hands_over" => &sharing::HandsOver,
        "misuses_queues" => &sharing::MisusesQueues,
        "compares" => &sharing::Compares,
        "remembers" => &sharing::Remembers,
        "traps" => &faults::Traps,
        "wants_memory" => &faults::WantsMemory,
        "wants_randomness" => &faults::WantsRandomness,
        "prints" => &faults::Prints,
        "ticks" => &measures::Ticks,
        "counts" => &measures::Counts,
        "reads_properties" => &measures::ReadsProperties,
        "calls_foreign" => &measures::CallsForeign,
        _ => return None,
    })
}
