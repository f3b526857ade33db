//! What a request still has to show to be a call of a model.

/// What a request still has to show to be a call of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Evidence {
    /// Nothing: path or host are nobody else's.
    Enough,
    /// A body: without one it carries no content.
    Body,
    /// An answer: the request fetches one that was made before.
    Answer,
    /// A prompt, as other services have such paths too. A body that cannot be read may have one.
    Prompt,
    /// A body: with a prompt it is of the format, and otherwise another call to its provider, which
    /// serves other models by such paths too.
    PromptOrUnknown,
}

impl Evidence {
    /// What a request of a method has to show. Some servers take any method, but only where there
    /// is a body they take a prompt.
    pub(super) fn by(self, is_post: bool) -> Self {
        match self {
            Self::Enough if !is_post => Self::Body,
            evidence => evidence,
        }
    }
}
