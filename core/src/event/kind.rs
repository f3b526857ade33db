//! What a part of a prompt or of an answer is.

use serde::{Serialize, Serializer};

/// What a part is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Kind {
    /// Words.
    #[default]
    Text,
    /// A tool that the model called, or is shown as having called.
    ToolCall,
    /// What a tool gave.
    ToolResult,
    /// An image, sound, a video or another file.
    Media,
    /// What the model thought before.
    Reasoning,
    /// A document to answer from.
    Document,
    /// Anything else that stood in the prompt.
    Other,
}

impl Kind {
    /// Its name in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::ToolCall => "tool_call",
            Self::ToolResult => "tool_result",
            Self::Media => "media",
            Self::Reasoning => "reasoning",
            Self::Document => "document",
            Self::Other => "other",
        }
    }
}

impl Serialize for Kind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}
