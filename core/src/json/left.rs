//! Members of a document that no reader took.

use std::cell::Cell;
use std::ops::Range;

use crate::limits::LEFT_MEMBERS_MAX;

/// What was left of a document so far. Members count that may hold words, of the document itself
/// and of objects in it that are in no list: in lists stand messages and the like, of which readers
/// tell themselves what they do not know.
#[derive(Default)]
pub(super) struct Left {
    document: Cell<Text>,
    /// How often it has been read.
    passes: Cell<u32>,
    /// The names, and where in the document the values stand.
    members: Cell<Vec<(String, Range<usize>)>>,
}

impl std::fmt::Debug for Left {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Left(…)")
    }
}

/// A text by its place in memory, so that a part of it is another one.
type Text = (usize, usize);

impl Left {
    /// Begins with a document.
    pub(super) fn begin(&self, document: &str) {
        self.document.set(place(document));
        self.passes.set(0);
        self.members.set(Vec::new());
    }

    /// Whether a text is the whole document, which is read once more then.
    pub(super) fn is_read(&self, text: &str) -> bool {
        let is_document = self.document.get() == place(text);
        let passes = self.passes.get().saturating_add(u32::from(is_document));
        self.passes.set(passes);
        is_document
    }

    /// A reader has taken a member.
    pub(super) fn take(&self, name: &str) {
        if self.passes.get() > 1 {
            let mut members = self.members.take();
            members.retain(|(left, _)| left != name);
            self.members.set(members);
        }
    }

    /// A reader has left a member, which counts unless another one takes it. False if there are too
    /// many of them.
    pub(super) fn leave(&self, name: &str, value: &str) -> bool {
        // What only the first reader took is no longer there.
        self.passes.get() > 1 || self.put(name, value)
    }

    /// The same of a member that a reader took with others and then left.
    pub(super) fn put(&self, name: &str, value: &str) -> bool {
        let mut members = self.members.take();
        let is_full = members.len() >= LEFT_MEMBERS_MAX;
        if !is_full {
            let (start, bytes) = place(value);
            let start = start.saturating_sub(self.document.get().0);
            members.push((name.to_owned(), start..start.saturating_add(bytes)));
        }
        self.members.set(members);
        !is_full
    }

    /// What was left of the document.
    pub(super) fn of<'a>(&self, document: &'a str) -> Vec<(String, &'a str)> {
        let members = self.members.take();
        let value = |place: &Range<usize>| document.get(place.clone());
        let left = members
            .iter()
            .filter_map(|(name, place)| Some((name.clone(), value(place)?)))
            .collect();
        self.members.set(members);
        left
    }
}

fn place(text: &str) -> Text {
    (text.as_ptr().addr(), text.len())
}
