//! Strings that may be long: media, and texts of which only a beginning was kept.

use super::escape;
use super::parse::{FromJson, Mode};
use super::stub::{self, MARK, Stub};
use super::value::Json;
use crate::find;
use crate::media::{Media, Reader};

/// A string that may be media, and too long to have been kept; absent if the value is anything
/// else.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blob<'a>(pub Option<Json<'a>>);

impl<'de> FromJson<'de> for Blob<'de> {
    fn empty() -> Self {
        Self::default()
    }
    fn mode(&self) -> Mode {
        Mode::Raw
    }
    fn raw(&mut self, value: Json<'de>) {
        *self = Self::from(value);
    }
}

impl<'a> From<Json<'a>> for Blob<'a> {
    fn from(value: Json<'a>) -> Self {
        Self(value.is_string().then_some(value))
    }
}

impl Blob<'_> {
    /// Size, hash and type of the whole string, whether it was kept or not: what
    /// [`of_text`](crate::media::of_text) would say of it.
    pub fn media(&self) -> Option<Media> {
        Some(stub(inside(self.0?.get())?).media)
    }

    /// What stands for a form's file in the place of a string.
    pub fn file(&self) -> Option<Media> {
        let stub = stub(inside(self.0?.get()).filter(|it| it.starts_with(char::from(MARK)))?);
        stub.is_file.then_some(stub.media)
    }

    /// Whether only a beginning of it was kept.
    pub fn is_cut(&self) -> bool {
        self.0
            .is_some_and(|value| value.get().as_bytes().contains(&MARK))
    }
}

/// What stands between the quotes of a string.
pub(super) fn inside(json: &str) -> Option<&str> {
    let quote = json
        .chars()
        .next()
        .filter(|first| matches!(first, '"' | '\''))?;
    json.strip_prefix(quote)?.strip_suffix(quote)
}

/// What is said of a string, whether it was kept or not.
pub(super) fn stub(inside: &str) -> Stub {
    let mark = find::any([MARK], inside.as_bytes());
    let stub = mark.and_then(|at| inside.get(at.saturating_add(1)..));
    stub.and_then(stub::read).unwrap_or_else(|| {
        let mut media = Reader::default();
        escape::decode(inside.as_bytes(), true, |text| media.push(text));
        Stub {
            media: media.finish(),
            written: u64::try_from(inside.len()).unwrap_or(u64::MAX),
            is_file: false,
        }
    })
}
