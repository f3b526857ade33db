//! The report on one event: what was asked and answered, what was decided, and what proves it.

mod answer;
mod check;
mod conversation;
mod first_page;
mod sections;
mod turns;

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::hash::sha256;
use crate::report::completeness::Sequence;
use crate::report::decision::conversation::Recorded;
use crate::report::document::{Block, Document, Section};
use crate::report::members::Members;
use crate::store::{Log, RecordedBy, StoreError};
use crate::time;

pub(crate) use check::Check;

/// The facts of one event.
#[derive(Debug, Serialize)]
pub(crate) struct Decision<'a> {
    log_id: &'a str,
    received_at: String,
    /// The event as it is stored.
    event: &'a RawValue,
    /// SHA-256 of that text.
    event_sha256: String,
    checks: Vec<Check>,
    /// With which key it was recorded; `None` if that was not noted yet.
    recorded_by: Option<&'a RecordedBy>,
    /// The log ids of the other records of its call, which contradict it.
    conflicting_log_ids: Vec<String>,
    /// Whether it names a writer that is not its sender's.
    writer_not_counted: bool,
    /// What was received of the writer that numbered the event; `None` if none did.
    sequence: Option<&'a Sequence>,
    /// The prompt by its turns; `None` if the event does not tell them.
    #[serde(serialize_with = "parts")]
    conversation: Recorded<'a>,
    #[serde(skip)]
    members: Members<'a>,
}

impl<'a> Decision<'a> {
    /// `others` are the log ids of the other records of its call.
    pub(crate) fn new(
        log: &'a Log,
        others: Vec<String>,
        sequence: Option<&'a Sequence>,
    ) -> Result<Self, StoreError> {
        let event = serde_json::from_str(&log.event);
        let members = Members::of(log);
        Ok(Self {
            log_id: &log.id,
            received_at: time::text(log.received_at),
            event: event.map_err(|error| StoreError::Damaged(error.to_string()))?,
            event_sha256: sha256(&log.event),
            checks: check::all(&members),
            recorded_by: log.recorded_by.as_ref(),
            conflicting_log_ids: others,
            writer_not_counted: log.writer_not_counted,
            sequence,
            conversation: Recorded::of(&members),
            members,
        })
    }

    /// The same for people.
    pub(crate) fn document(&self) -> Document {
        let event = &self.members;
        let sections = [
            Some(self.result()),
            Some(sections::who_and_when(
                event,
                self.log_id,
                &self.received_at,
                self.recorded_by,
            )),
            Some(sections::decision(event)),
            Some(sections::model(event)),
            Some(turns::prompt(event, &self.conversation)),
            Some(answer::answer(event)),
            event.or_erased("Tool calls", answer::tool_calls(event)),
            sections::completion(event),
            Some(sections::usage(event)),
            event.or_erased("Capture", sections::capture(event)),
            event.or_erased("Gateway", sections::gateway(event)),
            event.or_erased("Caller metadata", sections::metadata(event)),
            Some(self.integrity()),
            Some(self.sequence()),
        ];
        Document {
            title: "Decision audit".to_owned(),
            summary: first_page::summary(event),
            sections: sections.into_iter().flatten().collect(),
        }
    }

    /// What an auditor wants to know first.
    fn result(&self) -> Section {
        let mut blocks = Vec::new();
        blocks.extend(self.members.erased().map(|erased| {
            Block::warning(format!(
                "{} The remaining data shows that the call took place; the hash of the original event is \
                 in “Integrity”.",
                erased.sentence("content of this event")
            ))
        }));
        blocks.extend(conflicts(&self.conflicting_log_ids).map(Block::warning));
        if self.writer_not_counted {
            blocks.push(Block::warning(WRITER_NOT_COUNTED));
        }
        let differing = self.checks.iter().filter(|check| check.differs());
        blocks.extend(differing.map(|check| Block::warning(check.sentence())));
        blocks.extend(self.sequence.map(Sequence::warnings).into_iter().flatten());
        blocks.extend(first_page::outer(&self.members).map(Block::warning));
        blocks.extend(first_page::incomplete(&self.members).map(Block::warning));
        blocks.extend(first_page::loss(&self.members).map(Block::warning));
        blocks.extend(turns::loss(&self.members, &self.conversation).map(Block::warning));
        blocks.extend(self.done());
        blocks.extend([first_page::overview(&self.members, self.checks.first())]);
        Section::new("Result", blocks)
    }

    /// What was compared and counted without a warning, if anything was.
    fn done(&self) -> Option<Block> {
        let checks = self.checks.iter().filter(|check| !check.differs());
        let mut done: Vec<String> = checks.map(Check::sentence).collect();
        done.extend(match self.sequence {
            Some(sequence) => sequence.wholeness(),
            None => Some(NOT_NUMBERED.to_owned()),
        });
        (!done.is_empty()).then(|| Block::paragraph(done.join(" ")))
    }

    fn integrity(&self) -> Section {
        let mut facts = Vec::new();
        sections::hashes(&self.members, &self.event_sha256, &mut facts);
        let mut blocks = vec![Block::Facts { facts }];
        blocks.extend(
            self.checks
                .iter()
                .map(|check| Block::paragraph(check.sentence())),
        );
        blocks.push(Block::paragraph(
            "To verify the event, get it from the API and compute the SHA-256 of its text without the \
             members “id”, “received_at”, “recorded_by”, “conflict_of” and “writer_not_counted”, \
             which responses add at the front. To verify this report, get it as JSON and compute the SHA-256 of the member “data”, byte for byte.",
        ));
        Section::new("Integrity", blocks)
    }

    fn sequence(&self) -> Section {
        match self.sequence {
            Some(sequence) => sequence.section(),
            None => Section::new(
                "Completeness around the event",
                vec![Block::paragraph(NOT_NUMBERED)],
            ),
        }
    }
}

/// That others say something else of the call, if they do.
fn conflicts(others: &[String]) -> Option<String> {
    let records = match others.len() {
        0 => return None,
        1 => "Another record has".to_owned(),
        others => format!("{others} other records have"),
    };
    Some(format!(
        "{records} the same request id but different content: {}. All are kept. To judge which is \
         true, see who recorded each of them.",
        others.join(", ")
    ))
}

fn parts<S: Serializer>(recorded: &Recorded<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    recorded.conversation().serialize(serializer)
}

const WRITER_NOT_COUNTED: &str = "\
    The writer of this event does not belong to its sender: its number is not counted, and \
    what it states about a gateway is only the sender’s claim.";

const NOT_NUMBERED: &str = "\
    No gateway numbered this event, so missing events of the same source cannot be detected.";
