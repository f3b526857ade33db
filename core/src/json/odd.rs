//! What was unusual about a text that was read as JSON.

use std::cell::Cell;

use super::left::Left;
use crate::limits::LIST_ITEMS_MAX;

/// What readers found in a document that servers do not all read alike.
#[derive(Debug, Default)]
pub struct Oddities {
    dialect: Cell<bool>,
    duplicate: Cell<bool>,
    other_case: Cell<bool>,
    trailing: Cell<bool>,
    too_many: Cell<bool>,
    is_left: Cell<bool>,
    /// Items of lists that have been read.
    items: Cell<usize>,
    pub(super) left: Left,
}

/// Something that servers do not all read alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Odd {
    /// What JSON does not have and lenient readers take: NaN and Infinity, comments, commas
    /// behind the last item, other quotes, names without quotes, other numbers.
    Dialect,
    /// A member that is read was given twice, or in two spellings, with different values.
    Duplicate,
    /// A member was read whose name is written in another case than the format has it.
    OtherCase,
    /// Something follows the document, such as another one.
    Trailing,
    /// Lists have more items than are read, or objects more members.
    TooMany,
    /// A value is of another type than is read there, or nothing of an object was read.
    Left,
}

impl Oddities {
    /// Whether it was found.
    pub fn has(&self, odd: Odd) -> bool {
        self.cell(odd).get()
    }

    /// The members of a document that no reader took and that may hold words. What stands in lists
    /// is not among them.
    pub fn left<'a>(&self, document: &'a str) -> Vec<(String, &'a str)> {
        self.left.of(document)
    }

    pub(super) fn found(&self, odd: Odd) {
        self.cell(odd).set(true);
    }

    fn cell(&self, odd: Odd) -> &Cell<bool> {
        match odd {
            Odd::Dialect => &self.dialect,
            Odd::Duplicate => &self.duplicate,
            Odd::OtherCase => &self.other_case,
            Odd::Trailing => &self.trailing,
            Odd::TooMany => &self.too_many,
            Odd::Left => &self.is_left,
        }
    }

    /// Counts an item of a list; false if there were too many.
    pub(super) fn count_item(&self) -> bool {
        let count = self.items.get().saturating_add(1);
        self.items.set(count);
        let is_within = count <= LIST_ITEMS_MAX;
        if !is_within {
            self.found(Odd::TooMany);
        }
        is_within
    }
}
