//! What the sample LLM does, chosen by the model's name.

/// The behaviors that a model's name can ask for. Any other name gives a plain good answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Any other name: an answer made up from the prompt.
    Answer,
    /// `sample-tools`: asks for a call of the request's first tool.
    Tools,
    /// `sample-slow`: streams with long pauses.
    Slow,
    /// `sample-truncated`: the answer stops within an event, but the connection ends properly.
    Truncated,
    /// `sample-reset`: the answer stops within an event, and the connection breaks.
    Reset,
    /// `sample-stream-error`: an error event takes the place of the answer's second half.
    StreamError,
    /// `sample-fail-429` and the like: an error with this status.
    Fail(u16),
}

impl Scenario {
    /// Reads a model's name.
    pub fn of_model(model: &str) -> Self {
        match model {
            "sample-tools" => Self::Tools,
            "sample-slow" => Self::Slow,
            "sample-truncated" => Self::Truncated,
            "sample-reset" => Self::Reset,
            "sample-stream-error" => Self::StreamError,
            _ => Self::failing(model).unwrap_or(Self::Answer),
        }
    }

    fn failing(model: &str) -> Option<Self> {
        let status = model.strip_prefix("sample-fail-")?.parse().ok()?;
        (400..600).contains(&status).then_some(Self::Fail(status))
    }
}
