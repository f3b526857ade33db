//! What is stored of a call already, and what becomes of another event of it.
//!
//! Records of one call that contradict each other are all kept: which of them is true a collector
//! cannot know. What a gateway began nobody else ends, and what an application says of a call takes
//! nothing away from what a gateway says of it.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::access::{Kind, Recorder};
use crate::event::{Event, Said};
use crate::hash::sha256;
use crate::limits;
use crate::store::{StoreError, stub};

/// One of the stored events of a call. The text is not here, which may be as large as any: a call has many
/// records, and many others of it may come.
#[derive(Debug, Clone)]
pub(super) struct Sibling {
    pub(super) id: String,
    /// 0 for the first, and for what contradicts it the number of its place.
    pub(super) copy: u8,
    pub(super) is_pending: bool,
    pub(super) erased_at: Option<i64>,
    pub(super) timestamp: i64,
    /// The hash of the id of the user.
    pub(super) user: String,
    /// The hash of the event's `prompt_hash`, which is any text.
    pub(super) prompt_hash: String,
    /// `None` if it was recorded before that was noted.
    pub(super) kind: Option<Kind>,
    pub(super) family: Option<String>,
    /// Whether who recorded it may stand for gateways.
    pub(super) is_of_trusted: bool,
    pub(super) conflict_of: Option<String>,
    pub(super) said: Said,
    /// Whether it is from a log without content.
    pub(super) is_stub: bool,
    /// What such a log has of it.
    pub(super) said_without_content: Said,
}

/// What becomes of an event.
#[derive(Debug, Clone)]
pub(super) enum Fate {
    /// Its call has no record yet.
    First,
    /// It is stored already.
    Repeats(Sibling),
    /// It is the end of a call of which this is the beginning.
    Ends(Sibling),
    /// It contradicts what is stored, and is kept beside it.
    Conflicts {
        /// The number of its place.
        copy: u8,
        /// The log id of the first record.
        first: String,
        /// When the content was erased of a record that concerns it: it does not come back.
        erased_at: Option<i64>,
    },
    /// It contradicts what is stored, as too many others do.
    TooMany(Sibling),
}

impl Fate {
    /// What becomes of an event that comes with a key, when these are the records of its call.
    pub(super) fn of(records: &[Sibling], sent: &Event, by: &Recorder) -> Result<Self, StoreError> {
        let Some(first) = records.iter().min_by_key(|record| record.copy) else {
            return Ok(Self::First);
        };
        for record in records {
            if record.is_of_another_kind(sent, by) {
                continue;
            }
            if record.is_repeated_by(sent)? || record.has_more_than(sent) {
                return Ok(Self::Repeats(record.clone()));
            }
        }
        let mut stubs = records.iter().filter(|record| record.is_stub_of(sent, by));
        if let Some(stub) = stubs.next() {
            return Ok(Self::Ends(stub.clone()));
        }
        let continued = if sent.is_pending() {
            // It was under way for longer than the call.
            let mut ended = records.iter().filter(|record| !record.is_pending);
            ended
                .find(|record| record.is_continued_by(by))
                .map(|record| Self::Repeats(record.clone()))
        } else {
            let begun = || records.iter().filter(|record| record.is_pending);
            let own = begun().find(|record| record.is_continued_by(by));
            let others = || begun().find(|record| !record.is_of_another_kind(sent, by));
            own.or_else(|| others().filter(|_| by.is_trusted))
                .map(|record| Self::end(record, sent))
        };
        if let Some(continued) = continued {
            return Ok(continued);
        }
        let taken: HashSet<u8> = records.iter().map(|record| record.copy).collect();
        let Some(copy) = copies_of(by.kind).find(|copy| !taken.contains(copy)) else {
            return Ok(Self::TooMany(first.clone()));
        };
        let mut concerning = records.iter().filter(|record| record.concerns(sent, by));
        Ok(Self::Conflicts {
            copy,
            first: first.conflict_of.clone().unwrap_or(first.id.clone()),
            erased_at: concerning.find_map(|record| record.erased_at),
        })
    }

    /// What a log without content has of a call's end does not take the place of the record of its
    /// prompt, whose text would be lost.
    fn end(begun: &Sibling, sent: &Event) -> Self {
        match sent.is_stub() && !begun.is_stub {
            true => Self::Repeats(begun.clone()),
            false => Self::Ends(begun.clone()),
        }
    }

    /// Whether other records of the call, should there be any, change nothing.
    pub(super) fn is_certain(&self) -> bool {
        match self {
            Self::Repeats(_) => true,
            Self::Ends(record) => record.conflict_of.is_none(),
            Self::First | Self::Conflicts { .. } | Self::TooMany(_) => false,
        }
    }
}

impl Sibling {
    /// Whether an application recorded this, and a gateway speaks now, or who stands for one. Whatever was
    /// said before, even the same, what a gateway says is kept, with its number.
    fn is_of_another_kind(&self, sent: &Event, by: &Recorder) -> bool {
        // What was exported of applications comes with a trusted key as well, and has no writer.
        let is_a_gateways = !by.is_trusted || sent.gateway.writer_id.is_some();
        self.kind == Some(Kind::Application) && by.kind == Kind::Gateway && is_a_gateways
    }

    /// Whether the event is this one once more.
    fn is_repeated_by(&self, sent: &Event) -> Result<bool, StoreError> {
        // As the end of a call and its beginning never are, which need not be compared then.
        if self.is_pending != sent.is_pending() {
            return Ok(false);
        }
        match self.erased_at {
            None => Ok(self.said == sent.said()),
            Some(at) => {
                let left = sent.erased(at);
                let left = left.map_err(|error| StoreError::Damaged(error.to_string()))?;
                Ok(self.said == left.said())
            }
        }
    }

    /// Whether the event is what a log without content has of this one.
    fn has_more_than(&self, sent: &Event) -> bool {
        sent.is_stub()
            && match self.erased_at {
                None => self.said_without_content == sent.said(),
                Some(_) => {
                    self.timestamp == sent.timestamp
                        && self.prompt_hash == sha256(&sent.prompt_hash)
                }
            }
    }

    /// Whether it is what a log without content has of the event, which takes its place if it comes from
    /// the same gateway, or either from who may stand for one: its texts are not proven by the hashes alone.
    fn is_stub_of(&self, sent: &Event, by: &Recorder) -> bool {
        let is_imported = self.is_of_trusted && by.kind == Kind::Gateway;
        let may = is_imported || by.is_trusted || self.is_continued_by(by);
        may && !self.is_of_another_kind(sent, by)
            && self.erased_at.is_none()
            && self.is_stub
            && self.said == stub::said_without_content(&sent.text)
    }

    /// Whether what was erased of this is erased of the event too. What a gateway says is judged by its own
    /// records: others could have it erased before it comes.
    fn concerns(&self, sent: &Event, by: &Recorder) -> bool {
        let may = by.kind == Kind::Application || self.is_continued_by(by);
        may && self.user == sha256(&sent.user_id)
    }

    /// Whether who sends with this key is who recorded it, or may stand for them: what was recorded
    /// before that was noted any gateway goes on with.
    fn is_continued_by(&self, by: &Recorder) -> bool {
        match &self.family {
            Some(family) if *family == by.family => true,
            Some(_) => by.is_trusted && self.kind != Some(Kind::Application),
            None => by.kind == Kind::Gateway,
        }
    }
}

/// The places of what contradicts a first record: an application cannot take those of gateways.
fn copies_of(kind: Kind) -> RangeInclusive<u8> {
    let most = limits::CONFLICTS_MAX;
    match kind {
        Kind::Application => 1..=most,
        Kind::Gateway => most.saturating_add(1)..=most.saturating_mul(2),
    }
}

/// Every place that there may be beside the first.
pub(super) fn copies() -> RangeInclusive<u8> {
    1..=limits::CONFLICTS_MAX.saturating_mul(2)
}

/// Those of them that a gateway's records take.
pub(super) fn copies_of_gateways() -> RangeInclusive<u8> {
    copies_of(Kind::Gateway)
}
