//! The wire formats: reading their requests and their answers.
//!
//! A format is one file below with a constant [`Format`], its line in [`FORMATS`], its paths in
//! `route`, and one folder of `core/fixtures`.

mod aleph_alpha_complete;
mod anthropic_answer;
mod anthropic_complete;
mod anthropic_messages;
mod batch_results;
mod bedrock_agent;
mod bedrock_agent_answer;
mod bedrock_agent_state;
mod bedrock_block;
mod bedrock_converse;
mod bedrock_error;
mod bedrock_flow;
mod bedrock_guardrail;
mod bedrock_invoke;
mod bedrock_retrieve;
mod bedrock_text;
mod chat_message;
mod cloudflare_run;
mod cohere_chat;
mod cohere_embed;
mod cohere_usage;
mod cohere_v1;
mod continued;
mod dashscope;
mod dashscope_answer;
mod dashscope_embed;
mod decisions;
mod format;
mod google_content;
mod google_embed_content;
mod google_generate_content;
mod google_interactions;
mod google_partial_args;
mod google_predict;
mod hosted_agent;
mod llama_cpp_completion;
mod mistral_conversations;
mod mistral_ocr;
mod ollama;
mod ollama_embed;
mod openai_assistants;
mod openai_chat;
mod openai_choices;
mod openai_completions;
mod openai_embeddings;
mod openai_error;
mod openai_findings;
mod openai_images;
mod openai_input;
mod openai_item;
mod openai_items;
mod openai_message;
mod openai_moderations;
mod openai_or;
mod openai_response;
mod openai_responses;
mod openai_speech;
mod openai_threads;
mod openai_transcriptions;
mod openai_usage;
mod own;
mod path;
mod path_model;
mod reasoning;
mod refusal;
mod replicate_predictions;
mod route;
mod sagemaker_invocations;
mod snowflake_agent;
mod snowflake_complete;
mod snowflake_message;
mod stability_images;
mod tgi_generate;
mod token_counts;
mod tool_names;
mod totals;
mod unread;
mod videos;
mod voyage_embed;
mod watsonx_text_generation;

pub(crate) use format::is_done;
pub use format::{Format, Other, Reader, Request};
pub(crate) use openai_error::{read_document as read_error, take_document as take_error};
pub use own::Own;
pub use path::Path;
pub(crate) use path::path_readings;
pub use path_model::model_in_path;
pub use refusal::{Refusal, refusal};
pub use route::{Evidence, Identity, fetched_id, identify};
pub use unread::UNKNOWN;

/// Every format, by name.
pub const FORMATS: &[&Format] = &[
    &aleph_alpha_complete::FORMAT,
    &anthropic_complete::FORMAT,
    &anthropic_messages::FORMAT,
    &unread::BATCH,
    &batch_results::FORMAT,
    &hosted_agent::AGENTCORE,
    &bedrock_converse::FORMAT,
    &bedrock_agent::FORMAT,
    &unread::BEDROCK_BIDIRECTIONAL,
    &bedrock_flow::FORMAT,
    &bedrock_invoke::FORMAT,
    &bedrock_retrieve::RETRIEVE,
    &bedrock_retrieve::GENERATE,
    &cloudflare_run::FORMAT,
    &cohere_chat::FORMAT,
    &cohere_v1::CHAT,
    &cohere_embed::EMBED,
    &cohere_v1::GENERATE,
    &cohere_embed::RERANK,
    &decisions::ALIBABA,
    &dashscope_embed::EMBED,
    &dashscope::GENERATION,
    &dashscope_embed::RERANK,
    &decisions::GOOGLE,
    &google_embed_content::FORMAT,
    &google_generate_content::FORMAT,
    &google_interactions::FORMAT,
    &videos::OPERATION,
    &google_predict::FORMAT,
    &hosted_agent::REASONING_ENGINE,
    &unread::GRPC,
    &llama_cpp_completion::FORMAT,
    &mistral_conversations::FORMAT,
    &mistral_ocr::FORMAT,
    &ollama::FORMAT,
    &ollama_embed::FORMAT,
    &openai_assistants::FORMAT,
    &openai_chat::FORMAT,
    &openai_completions::FORMAT,
    &decisions::OPENAI,
    &openai_embeddings::FORMAT,
    &openai_images::FORMAT,
    &openai_moderations::FORMAT,
    &openai_responses::FORMAT,
    &openai_speech::FORMAT,
    &openai_threads::FORMAT,
    &openai_transcriptions::FORMAT,
    &videos::OPENAI,
    &replicate_predictions::FORMAT,
    &sagemaker_invocations::FORMAT,
    &snowflake_agent::FORMAT,
    &snowflake_complete::FORMAT,
    &stability_images::FORMAT,
    &tgi_generate::FORMAT,
    &unread::TOKEN_COUNT,
    &UNKNOWN,
    &voyage_embed::FORMAT,
    &watsonx_text_generation::FORMAT,
    &unread::WEBRTC,
    &unread::WEBSOCKET,
];

impl Format {
    /// The format of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().copied().find(|format| format.name == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_are_sorted_by_name_and_each_is_named_once() {
        let is_before = |left: &&Format, right: &&Format| left.name < right.name;
        assert!(FORMATS.is_sorted_by(is_before), "{FORMATS:#?}");
    }
}
