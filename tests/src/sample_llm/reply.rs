//! What the sample model says, before it is put into a provider's format.

use serde_json::{Value, json};

use super::scenario::Scenario;

/// A simple count in place of a tokenizer: one token for every four bytes begun.
///
/// Close enough to the real thing for English, and easy to check by hand.
pub fn tokens(text: &str) -> u64 {
    text.len().div_ceil(4) as u64
}

/// An answer with its price.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) tool: Option<ToolUse>,
    pub(super) input_tokens: u64,
    pub(super) output_tokens: u64,
}

/// A call of a tool that the model asks for.
#[derive(Debug)]
pub(super) struct ToolUse {
    pub(super) name: String,
    pub(super) input: Value,
}

impl Reply {
    /// Answers a request of either format; both keep the conversation in `messages`.
    pub(super) fn to(request: &Value, scenario: Scenario) -> Self {
        let prompt = Prompt::read(request);
        let tool = (scenario == Scenario::Tools).then(|| ToolUse::of_first_tool(request));
        let text = match &tool {
            Some(tool) => format!("Let me ask {}.", tool.name),
            None => prompt.answer(),
        };
        let spent_on_tool = tool
            .as_ref()
            .map_or(0, |tool| tokens(&tool.input.to_string()));
        Self {
            input_tokens: prompt.tokens,
            output_tokens: tokens(&text) + spent_on_tool,
            text,
            tool,
        }
    }

    /// The text as it is streamed: word by word.
    pub(super) fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split_inclusive(' ')
    }
}

impl ToolUse {
    fn of_first_tool(request: &Value) -> Self {
        let tool = &request["tools"][0];
        let name = tool["function"]["name"].as_str().or(tool["name"].as_str());
        Self {
            name: name.unwrap_or("get_weather").to_owned(),
            input: json!({ "city": "Zürich", "unit": "celsius" }),
        }
    }
}

struct Prompt {
    question: String,
    tokens: u64,
}

impl Prompt {
    fn read(request: &Value) -> Self {
        let messages = request["messages"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        let texts: Vec<String> = messages
            .iter()
            .map(|message| text(&message["content"]))
            .collect();
        let system = text(&request["system"]);
        let framing = TOKENS_A_MESSAGE * (messages.len() as u64 + 1);
        Self {
            tokens: framing + tokens(&system) + texts.iter().map(|text| tokens(text)).sum::<u64>(),
            question: texts.into_iter().last().unwrap_or_default(),
        }
    }

    fn answer(&self) -> String {
        let words = self.question.split_whitespace().count();
        let beginning: String = self.question.chars().take(QUOTED_CHARS_MAX).collect();
        format!(
            "A sample model read {words} words, beginning with “{}”. It would send this case to a \
             human reviewer – naïve, but safe.",
            beginning.trim(),
        )
    }
}

/// Contents are a string or a list of parts.
fn text(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts = parts.iter().filter_map(|part| part["text"].as_str());
            texts.collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// What a message's role and delimiters cost.
const TOKENS_A_MESSAGE: u64 = 3;
const QUOTED_CHARS_MAX: usize = 25;
