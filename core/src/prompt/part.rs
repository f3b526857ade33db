//! A part of a prompt's message: what it is, what it says, and what of it stands in the canonical
//! text.

use std::borrow::Cow;

use super::placeholder;
use crate::digest::HashForm;
use crate::event::Kind;
use crate::json::{self, Json};
use crate::media::Media;

/// One part of a message.
#[derive(Debug, Clone)]
pub struct MessagePart<'a> {
    /// What it is.
    pub kind: Kind,
    /// Its media type, or the name of its type or member where its kind does not say it all.
    pub type_name: Option<Cow<'a, str>>,
    /// The id of the call that it is, or that it belongs to.
    pub id: Option<Cow<'a, str>>,
    /// The name of the tool, or a document's title.
    pub name: Option<Cow<'a, str>>,
    /// What it says.
    pub said: Said<'a>,
    pub(super) shown: Shown,
    /// Whether it is of no type that is known, so that what it says may not be told.
    pub(super) is_unread: bool,
}

/// What a part says.
#[derive(Debug, Clone)]
pub enum Said<'a> {
    /// A text; of a tool call the arguments.
    Text(Cow<'a, str>),
    /// Data that are not recorded: their size in bytes and their hash, `sha256:<hex>`.
    Data {
        /// Size in bytes.
        bytes: u64,
        /// Plain SHA-256.
        hash: String,
    },
    /// The address or the id of data that are elsewhere.
    Reference(Cow<'a, str>),
}

/// What of a part stands in the canonical text.
#[derive(Debug, Clone)]
pub(super) enum Shown {
    /// Its text.
    Itself,
    /// What stands in its place.
    Placeholder(String),
    /// Nothing.
    Nothing,
}

impl<'a> MessagePart<'a> {
    fn new(kind: Kind, said: Said<'a>, shown: Shown) -> Self {
        Self {
            kind,
            type_name: None,
            id: None,
            name: None,
            said,
            shown,
            is_unread: false,
        }
    }

    /// Words, which stand in the canonical text.
    pub fn text(text: Cow<'a, str>) -> Self {
        Self::of(Kind::Text, text)
    }

    /// A text of any kind, which stands in the canonical text.
    pub fn of(kind: Kind, text: Cow<'a, str>) -> Self {
        Self::new(kind, Said::Text(text), Shown::Itself)
    }

    /// A text of any kind, of which nothing stands in the canonical text.
    pub fn beside(kind: Kind, text: Cow<'a, str>) -> Self {
        Self::new(kind, Said::Text(text), Shown::Nothing)
    }

    /// A call of a tool, of which nothing stands in the canonical text.
    pub fn call(
        id: Option<Cow<'a, str>>,
        name: Option<Cow<'a, str>>,
        arguments: Cow<'a, str>,
    ) -> Self {
        Self {
            id,
            name,
            ..Self::beside(Kind::ToolCall, arguments)
        }
    }

    /// Data, by size and hash only.
    pub fn data(kind: Kind, media: Media) -> Self {
        let said = Said::Data {
            bytes: media.bytes,
            hash: media.hash,
        };
        Self {
            type_name: media.media_type.map(Cow::Owned),
            ..Self::new(kind, said, Shown::Nothing)
        }
    }

    /// Bytes of which only size and hash are told.
    pub fn hashed(kind: Kind, bytes: &[u8]) -> Self {
        let said = Said::Data {
            bytes: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            hash: HashForm::Sha256.hash(bytes),
        };
        Self::new(kind, said, Shown::Nothing)
    }

    /// JSON of which only size and hash are told.
    pub fn hashed_json(kind: Kind, json: Json<'_>) -> Self {
        let canonical = json::canonical(json.get());
        let said = Said::Data {
            bytes: canonical.bytes,
            hash: HashForm::Sha256.hash(canonical.text.as_bytes()),
        };
        Self::new(kind, said, Shown::Nothing)
    }

    /// Data that are elsewhere.
    pub fn reference(kind: Kind, reference: Cow<'a, str>) -> Self {
        Self::new(kind, Said::Reference(reference), Shown::Nothing)
    }

    /// The same with `[kind sha256:…]` of its JSON in the canonical text.
    pub fn standing_as(self, kind: &str, json: Json<'_>) -> Self {
        self.with_placeholder(placeholder(kind, json))
    }

    /// The same with `placeholder` in the canonical text.
    pub fn with_placeholder(self, placeholder: String) -> Self {
        Self {
            shown: Shown::Placeholder(placeholder),
            ..self
        }
    }

    /// The same with nothing in the canonical text.
    pub fn hidden(self) -> Self {
        Self {
            shown: Shown::Nothing,
            ..self
        }
    }

    /// The same as of another kind.
    pub fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    /// The same with the name of a tool, or a title.
    pub fn named(self, name: Option<Cow<'a, str>>) -> Self {
        Self { name, ..self }
    }

    /// The same as one that no reader knows.
    pub(super) fn unread(self) -> Self {
        Self {
            is_unread: true,
            ..self
        }
    }

    /// The same with the name of a type.
    pub fn typed(self, name: impl Into<Cow<'a, str>>) -> Self {
        Self {
            type_name: Some(name.into()),
            ..self
        }
    }

    /// The same as what a call of a tool gave, if it is a text.
    pub fn as_result(self, id: Option<Cow<'a, str>>, name: Option<Cow<'a, str>>) -> Self {
        let kind = match self.kind {
            Kind::Text => Kind::ToolResult,
            kind => kind,
        };
        Self {
            kind,
            id: self.id.or(id),
            name: self.name.or(name),
            ..self
        }
    }

    /// What stands in the canonical text.
    pub fn shown(&self) -> Option<&str> {
        match (&self.shown, &self.said) {
            (Shown::Placeholder(placeholder), _) => Some(placeholder),
            (Shown::Itself, Said::Text(text)) => Some(text),
            (Shown::Itself | Shown::Nothing, _) => None,
        }
    }

    /// Whether its text stands in the canonical text, and no placeholder.
    pub fn is_shown_itself(&self) -> bool {
        matches!((&self.shown, &self.said), (Shown::Itself, Said::Text(_)))
    }
}
