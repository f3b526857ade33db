//! The wire formats: which one a request speaks, and reading its requests and answers.
//!
//! A format is one file below, one variant of [`Api`], and one folder of fixtures.

mod anthropic_messages;
mod google_generate_content;
mod ollama;
mod openai_chat;
mod openai_completions;
mod openai_embeddings;
mod openai_error;
mod openai_responses;
mod openai_usage;

use std::borrow::Cow;

use crate::answer::Answer;
use crate::json::{self, Json, Object, Text, TextOrList};
use crate::prompt::{Message, Prompt, content_text};

/// A wire format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Anthropic Messages, `POST …/v1/messages`.
    AnthropicMessages,
    /// Google's generateContent, `POST …/models/{model}:generateContent` and
    /// `:streamGenerateContent`.
    GoogleGenerateContent,
    /// Ollama's own chat and completion, `POST …/api/chat` and `…/api/generate`.
    Ollama,
    /// OpenAI chat completions, `POST …/chat/completions`.
    OpenAiChat,
    /// OpenAI's legacy completions of a text, `POST …/completions`.
    OpenAiCompletions,
    /// OpenAI embeddings, `POST …/embeddings`.
    OpenAiEmbeddings,
    /// OpenAI responses, `POST …/responses`.
    OpenAiResponses,
}

/// The ends of paths by which formats are known; of several that fit, the first counts.
const SUFFIXES: [(&str, Api); 9] = [
    ("/chat/completions", Api::OpenAiChat),
    ("/completions", Api::OpenAiCompletions),
    ("/embeddings", Api::OpenAiEmbeddings),
    ("/responses", Api::OpenAiResponses),
    ("/v1/messages", Api::AnthropicMessages),
    ("/api/chat", Api::Ollama),
    ("/api/generate", Api::Ollama),
    (":generateContent", Api::GoogleGenerateContent),
    (":streamGenerateContent", Api::GoogleGenerateContent),
];

/// The data of a stream's last event, which is not JSON.
const DONE: &str = "[DONE]";

/// What is read of a request.
#[derive(Debug, Default)]
pub struct Request<'a> {
    /// The model asked for.
    pub model: Option<Cow<'a, str>>,
    /// Sampling parameters, as written.
    pub parameters: Vec<(&'static str, Json<'a>)>,
    /// The prompt; absent if the request has none where the format keeps it.
    pub prompt: Option<Prompt<'a>>,
    /// The end user, as the request's body names them.
    pub user: Option<Cow<'a, str>>,
    /// Whether the provider adds to the prompt what it keeps: an earlier turn, or a template.
    pub is_continued: bool,
}

impl Api {
    /// The format of a request, by its method and the end of its path without the query.
    ///
    /// Hosts are not asked: gateways rewrite them, and self-hosted servers have any.
    pub fn of(method: &str, path: &str) -> Option<Self> {
        if method != "POST" {
            return None;
        }
        let path = path.strip_suffix('/').unwrap_or(path);
        SUFFIXES
            .iter()
            .find(|(suffix, _)| path.ends_with(suffix))
            .map(|(_, api)| *api)
    }

    /// The model that a path names: before Google's verbs, and after Azure's `deployments`.
    pub fn model_in_path(path: &str) -> Option<&str> {
        let before_verb = path.rsplit_once(':').map(|(before, _)| before);
        let named = before_verb.and_then(|path| path.rsplit_once("/models/"));
        let deployed = path.split_once("/deployments/");
        let segment = named.or(deployed)?.1;
        segment.split('/').next().filter(|model| !model.is_empty())
    }

    /// The format's name in events.
    pub fn name(self) -> &'static str {
        match self {
            Self::AnthropicMessages => "anthropic.messages",
            Self::GoogleGenerateContent => "google.generate_content",
            Self::Ollama => "ollama",
            Self::OpenAiChat => "openai.chat_completions",
            Self::OpenAiCompletions => "openai.completions",
            Self::OpenAiEmbeddings => "openai.embeddings",
            Self::OpenAiResponses => "openai.responses",
        }
    }

    /// The provider whose format it is, for hosts that are not known to be another's.
    pub fn provider(self) -> &'static str {
        match self {
            Self::AnthropicMessages => "anthropic",
            Self::GoogleGenerateContent => "gemini",
            Self::Ollama => "ollama",
            Self::OpenAiChat
            | Self::OpenAiCompletions
            | Self::OpenAiEmbeddings
            | Self::OpenAiResponses => "openai",
        }
    }

    /// Reads a request's body; `None` if it is not a JSON object.
    pub fn read_request(self, text: &str) -> Option<Request<'_>> {
        match self {
            Self::AnthropicMessages => anthropic_messages::read_request(text),
            Self::GoogleGenerateContent => google_generate_content::read_request(text),
            Self::Ollama => ollama::read_request(text),
            Self::OpenAiChat => openai_chat::read_request(text),
            Self::OpenAiCompletions => openai_completions::read_request(text),
            Self::OpenAiEmbeddings => openai_embeddings::read_request(text),
            Self::OpenAiResponses => openai_responses::read_request(text),
        }
    }

    /// A reader for the answer to one request.
    pub fn reader(self) -> Reader {
        match self {
            Self::AnthropicMessages => {
                Reader::AnthropicMessages(anthropic_messages::Counts::default())
            }
            Self::GoogleGenerateContent => Reader::GoogleGenerateContent { calls: 0 },
            Self::Ollama => Reader::Ollama { calls: 0 },
            Self::OpenAiChat => Reader::OpenAiChat,
            Self::OpenAiCompletions => Reader::OpenAiCompletions,
            Self::OpenAiEmbeddings => Reader::OpenAiEmbeddings,
            Self::OpenAiResponses => Reader::OpenAiResponses,
        }
    }
}

/// Reads one answer, which comes as a whole body or as events of a stream.
#[derive(Debug)]
pub enum Reader {
    /// For [`Api::AnthropicMessages`].
    AnthropicMessages(anthropic_messages::Counts),
    /// For [`Api::GoogleGenerateContent`].
    GoogleGenerateContent {
        /// Tool calls so far, which have no numbers of their own.
        calls: u64,
    },
    /// For [`Api::Ollama`].
    Ollama {
        /// Tool calls so far, which have no numbers of their own.
        calls: u64,
    },
    /// For [`Api::OpenAiChat`].
    OpenAiChat,
    /// For [`Api::OpenAiCompletions`].
    OpenAiCompletions,
    /// For [`Api::OpenAiEmbeddings`].
    OpenAiEmbeddings,
    /// For [`Api::OpenAiResponses`].
    OpenAiResponses,
}

impl Reader {
    /// Reads a whole body; false if it is not a JSON object.
    pub fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        match self {
            Self::AnthropicMessages(counts) => anthropic_messages::read_body(text, counts, answer),
            Self::GoogleGenerateContent { calls } => {
                google_generate_content::read_body(text, calls, answer)
            }
            Self::Ollama { calls } => ollama::read_body(text, calls, answer),
            Self::OpenAiChat => openai_chat::read_body(text, answer),
            Self::OpenAiCompletions => openai_completions::read_body(text, answer),
            Self::OpenAiEmbeddings => openai_embeddings::read_body(text, answer),
            Self::OpenAiResponses => openai_responses::read_body(text, answer),
        }
    }

    /// Reads one event of a stream; false if it is not what the format sends.
    pub fn event(&mut self, data: &str, answer: &mut Answer) -> bool {
        match self {
            Self::AnthropicMessages(counts) => anthropic_messages::read_event(data, counts, answer),
            Self::GoogleGenerateContent { calls } => {
                google_generate_content::read_body(data, calls, answer)
            }
            Self::Ollama { calls } => ollama::read_body(data, calls, answer),
            Self::OpenAiChat => openai_chat::read_event(data, answer),
            Self::OpenAiCompletions => openai_completions::read_event(data, answer),
            Self::OpenAiEmbeddings => openai_embeddings::read_body(data, answer),
            Self::OpenAiResponses => openai_responses::read_event(data, answer),
        }
    }
}

json::wire! {
    /// A message of a chat, as most formats write it.
    struct ChatMessage<'a> {
        role: Text<'a> = "role",
        content: TextOrList<'a> = "content",
    }
}

impl<'a> ChatMessage<'a> {
    fn read(Object(message): Object<Self>) -> Message<'a> {
        let Self { role, content } = message.unwrap_or_default();
        Message {
            role: role.0.unwrap_or_default(),
            text: content_text(content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_may_be_named_by_the_path() {
        for (path, model) in [
            ("/v1beta/models/gemini-3:generateContent", Some("gemini-3")),
            (
                "/v1/projects/p/locations/l/publishers/google/models/g:streamGenerateContent",
                Some("g"),
            ),
            (
                "/openai/deployments/my-gpt/chat/completions",
                Some("my-gpt"),
            ),
            ("/v1/chat/completions", None),
            ("/v1/messages", None),
        ] {
            assert_eq!(Api::model_in_path(path), model, "{path}");
        }
    }

    #[test]
    fn a_format_is_known_by_method_and_end_of_path() {
        let chat = Some(Api::OpenAiChat);
        assert_eq!(Api::of("POST", "/v1/chat/completions"), chat);
        assert_eq!(
            Api::of("POST", "/openai/deployments/x/chat/completions/"),
            chat
        );
        assert_eq!(
            Api::of("POST", "/v1/messages"),
            Some(Api::AnthropicMessages)
        );
        for other in ["/v1/messages/count_tokens", "/messages", "/", ""] {
            assert_eq!(Api::of("POST", other), None, "{other}");
        }
        assert_eq!(
            Api::of("POST", "/v1/completions"),
            Some(Api::OpenAiCompletions)
        );
        assert_eq!(Api::of("GET", "/v1/chat/completions"), None);
    }
}
