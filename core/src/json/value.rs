//! A JSON value as it was written.

use std::borrow::Cow;

use super::odd::{Odd, Oddities};

/// Any value, as the text it was written with, and where to tell what is odd about it.
#[derive(Debug, Clone, Copy)]
pub struct Json<'a> {
    text: &'a str,
    oddities: Option<&'a Oddities>,
}

impl<'a> Json<'a> {
    /// The value null.
    pub const NULL: Self = Self {
        text: "null",
        oddities: None,
    };

    /// A document of which readers tell what is odd about it.
    pub fn of(text: &'a str, oddities: &'a Oddities) -> Self {
        oddities.left.begin(text);
        Self {
            text,
            oddities: Some(oddities),
        }
    }

    pub(super) fn part(text: &'a str, oddities: Option<&'a Oddities>) -> Self {
        Self { text, oddities }
    }

    /// The text.
    pub fn get(self) -> &'a str {
        self.text
    }

    /// Tells what is odd about the document, if anyone asked.
    pub fn found(self, odd: Odd) {
        if let Some(oddities) = self.oddities {
            oddities.found(odd);
        }
    }

    /// Tells that no reader takes it: it is the member `name` of the document or of a part of it.
    pub fn left(self, name: &str) {
        if let Some(oddities) = self.oddities
            && !oddities.left.put(name, self.text)
        {
            oddities.found(Odd::TooMany);
        }
    }

    /// Whether it is a string.
    pub fn is_string(self) -> bool {
        self.text.starts_with(['"', '\''])
    }

    pub(super) fn oddities(self) -> Option<&'a Oddities> {
        self.oddities
    }
}

impl<'a> From<&'a str> for Json<'a> {
    fn from(text: &'a str) -> Self {
        Self {
            text,
            oddities: None,
        }
    }
}

impl<'a> From<&'a Cow<'_, str>> for Json<'a> {
    fn from(text: &'a Cow<'_, str>) -> Self {
        Self::from(&**text)
    }
}

impl<'a> From<&'a String> for Json<'a> {
    fn from(text: &'a String) -> Self {
        Self::from(text.as_str())
    }
}

impl<'a> From<&Json<'a>> for Json<'a> {
    fn from(value: &Json<'a>) -> Self {
        *value
    }
}
