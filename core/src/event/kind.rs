//! What a part of a prompt or of an answer is.

words! {
    /// What a part of a prompt or of an answer is.
    #[derive(Default)]
    pub enum Kind {
        #[default]
        Text "text" "Words.",
        ToolCall "tool_call" "A tool that the model called, or is shown as having called.",
        ToolResult "tool_result" "What a tool returned.",
        Media "media" "An image, audio, a video or another file.",
        Reasoning "reasoning" "Earlier reasoning of the model.",
        Document "document" "A document to answer from.",
        Other "other" "Anything else in the prompt or the answer.",
    }
}
