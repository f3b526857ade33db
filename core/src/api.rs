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

use std::borrow::Cow;
use std::fmt;

use crate::answer::Answer;
use crate::framing::Hint;
use crate::headers::Headers;
use crate::json::Json;
use crate::note::Note;
use crate::prompt::Prompt;

pub(crate) use openai_error::{read_document as read_error, take_document as take_error};
pub use own::Own;
pub use path::Path;
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

/// A wire format: how its requests and its answers are read.
#[derive(Debug)]
pub struct Format {
    /// Its name in events and in the configuration.
    pub name: &'static str,
    /// The provider whose format it is, for hosts that are not known to be another's.
    pub provider: &'static str,
    /// How a body is cut where its first byte alone does not tell.
    pub hint: Hint,
    /// Reads a request's body; `None` if it is not a JSON object.
    pub read_request: fn(Json<'_>) -> Option<Request<'_>>,
    /// Makes a reader for the answer to one request.
    pub reader: fn() -> Box<dyn Reader>,
    /// Whether its servers are written in Go, which of members whose names differ in case take the
    /// last one.
    pub is_of_go: bool,
    /// Why its bodies are not read, where only their size is recorded.
    pub unread: Option<Note>,
}

/// What is read of a request.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// The model asked for.
    pub model: Option<Cow<'a, str>>,
    /// Sampling parameters, as written.
    pub parameters: Vec<(&'static str, Json<'a>)>,
    /// The names of the tools that the model may call.
    pub tools: Vec<Cow<'a, str>>,
    /// What stands beside the messages and the model sees as well, such as the definitions of
    /// tools: only its hash is recorded.
    pub definitions: Vec<(&'static str, Json<'a>)>,
    /// The prompt; absent if the request has none where the format keeps it.
    pub prompt: Option<Prompt<'a>>,
    /// The end user, as the request's body names them.
    pub user: Option<Cow<'a, str>>,
    /// Whether the events of an answer were asked to say only what is new, and not all that was said
    /// so far; absent where the request leaves it open.
    pub is_incremental: Option<bool>,
    /// Why the prompt is absent, or not all of what the model gets.
    pub note: Option<Note>,
}

/// Reads one answer, which comes as a whole body or as the messages of a stream.
pub trait Reader: fmt::Debug {
    /// Takes whether the request asked for events that say only what is new.
    fn asked(&mut self, _is_incremental: bool) {}

    /// Takes what the response's headers say of the answer.
    fn head(&mut self, _headers: Headers<'_>, _answer: &mut Answer) {}

    /// Reads a whole body; false if it is not what the format sends.
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool;

    /// Reads one message of a stream, which the framing may name; false if it is not what the
    /// format sends.
    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.body(data, answer)
    }

    /// What a body is that is no JSON object, where the answer is no error.
    fn other(&self) -> Other {
        Other::Unreadable
    }

    /// Takes the name of a message of a stream that was too large to be read.
    fn passed_over(&mut self, _name: &str, _answer: &mut Answer) {}
}

/// What a body is that is no JSON object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Other {
    /// Nothing that the format sends.
    Unreadable,
    /// The answer itself, as a text.
    Text,
    /// Sound or images.
    Media,
}

impl Format {
    /// A format of JSON documents and of streams that their first byte tells.
    const fn new(
        name: &'static str,
        provider: &'static str,
        read_request: fn(Json<'_>) -> Option<Request<'_>>,
        reader: fn() -> Box<dyn Reader>,
    ) -> Self {
        Self {
            name,
            provider,
            hint: Hint::Json,
            read_request,
            reader,
            is_of_go: false,
            unread: None,
        }
    }

    const fn of_go(self) -> Self {
        Self {
            is_of_go: true,
            ..self
        }
    }

    const fn with_hint(self, hint: Hint) -> Self {
        Self { hint, ..self }
    }

    /// The format of a name.
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().copied().find(|format| format.name == name)
    }
}

/// The data of a stream's last event, which is not JSON, as OpenAI and many others send it.
const DONE: &str = "[DONE]";

/// Whether the data is [`DONE`], which ends the answer.
pub(crate) fn is_done(data: &str, answer: &mut Answer) -> bool {
    let is_done = data.trim() == DONE;
    answer.ended |= is_done;
    is_done
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
