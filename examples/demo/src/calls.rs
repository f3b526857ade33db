//! The calls that the demo makes, as an application makes them.

use std::time::{Duration, Instant};

use anyhow::Result;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

use crate::setup::Provider;

/// A call to a model, with what an auditor wants to know about it in `x-audit-*` headers.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    format: Format,
    title: &'static str,
    /// The application that makes it, as it names itself.
    application: &'static str,
    question: &'static str,
    body: Value,
    key: String,
    /// Who the event should name.
    pub(crate) user: &'static str,
    expected: Expected,
}

/// What the event should say of a call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Expected {
    /// The question, as it is recorded.
    pub(crate) question: &'static str,
    pub(crate) decision_type: &'static str,
    pub(crate) tags: &'static [&'static str],
    pub(crate) risk_level: &'static str,
}

/// The wire formats that the demo speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    OpenAi,
    Anthropic,
}

/// A call with what came back.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) title: String,
    pub(crate) question: &'static str,
    pub(crate) user: &'static str,
    pub(crate) expected: Expected,
    pub(crate) status: u16,
    pub(crate) answer: String,
    pub(crate) pieces: usize,
    pub(crate) took: Duration,
    /// The id under which the gateway recorded the call.
    pub(crate) request_id: Option<String>,
}

/// Both formats, plain and streamed, one that the provider refuses, and two to which a rule applies.
pub(crate) fn samples() -> Vec<Call> {
    let key = "sk-only-the-provider-sees-this";
    let openai = |title, body| Call::new(Format::OpenAi, title, body, key);
    let anthropic = |title, body| Call::new(Format::Anthropic, title, body, key);
    let (gpt, claude) = ("gpt-5-mini", "claude-sonnet-5");
    vec![
        openai("OpenAI, plain", Format::OpenAi.body(gpt, false)),
        openai("OpenAI, streamed", Format::OpenAi.body(gpt, true)),
        anthropic("Anthropic, plain", Format::Anthropic.body(claude, false)),
        anthropic("Anthropic, streamed", Format::Anthropic.body(claude, true)),
        openai(
            "OpenAI, refused",
            Format::OpenAi.body("sample-fail-429", false),
        ),
        support(gpt, key),
        board(gpt, key),
    ]
}

/// A call with personal data, of an application for which the demo's gateway has a rule.
fn support(model: &str, key: &str) -> Call {
    let title = "OpenAI, redacted by a rule";
    let mut body = Format::OpenAi.body(model, false);
    body["messages"] = json!([{ "role": "user", "content": PERSONAL }]);
    Call {
        application: "support",
        question: PERSONAL,
        expected: Expected {
            question: "Reply to Ann Lee, [EMAIL:1], about card [CARD:1].",
            decision_type: "customer_support",
            tags: &["SOC2", "FCRA", "GDPR"],
            risk_level: "medium",
        },
        ..Call::new(Format::OpenAi, title, body, key)
    }
}

/// A call whose content only an auditor may read.
fn board(model: &str, key: &str) -> Call {
    let mut body = Format::OpenAi.body(model, true);
    body["messages"] = json!([{ "role": "user", "content": CONFIDENTIAL }]);
    Call {
        application: "board",
        question: CONFIDENTIAL,
        expected: Expected {
            question: CONFIDENTIAL,
            decision_type: DECISION_TYPE,
            tags: &TAGS,
            risk_level: "high",
        },
        ..Call::new(Format::OpenAi, "OpenAI, sealed by a rule", body, key)
    }
}

/// The rules that apply to these.
pub(crate) fn rules() -> [Value; 2] {
    let support = json!({
        "name": "support",
        "match": { "header": { APPLICATION: "support" } },
        "content": "redacted",
        "set": {
            "decision_type": "customer_support", "compliance_tags": ["GDPR"], "risk_level": "medium",
        },
    });
    let board = json!({
        "name": "board",
        "match": { "header": { APPLICATION: "board" } },
        "content": "sealed",
        "set": { "risk_level": "high" },
    });
    [support, board]
}

/// One small call to a real provider, streamed.
pub(crate) fn to_provider(provider: &Provider, key: &str, model: Option<&str>) -> Call {
    let (format, title, usual_model) = match provider.speaks_anthropic() {
        true => (Format::Anthropic, "Anthropic, for real", "claude-haiku-4-5"),
        false => (Format::OpenAi, "OpenAI, for real", "gpt-4o-mini"),
    };
    Call::new(
        format,
        title,
        format.body(model.unwrap_or(usual_model), true),
        key,
    )
}

impl Call {
    fn new(format: Format, title: &'static str, body: Value, key: &str) -> Self {
        let (question, user) = (QUESTION, "user_john_doe");
        Self {
            format,
            title,
            application: "loans",
            question,
            body,
            key: key.to_owned(),
            user,
            expected: Expected {
                question,
                decision_type: DECISION_TYPE,
                tags: &TAGS,
                risk_level: "low",
            },
        }
    }

    /// Makes the call through the gateway and reads the answer as it comes.
    pub(crate) async fn make(&self, gateway: &str) -> Result<Exchange> {
        let started = Instant::now();
        let mut response = self.request(gateway).json(&self.body).send().await?;
        let status = response.status().as_u16();
        let id = response.headers().get("x-audit-request-id");
        let request_id = id.and_then(|id| id.to_str().ok()).map(str::to_owned);
        let (mut body, mut pieces) = (Vec::new(), 0);
        while let Some(chunk) = response.chunk().await? {
            body.extend_from_slice(&chunk);
            pieces += 1;
        }
        Ok(Exchange {
            title: self.title.to_owned(),
            question: self.question,
            user: self.user,
            expected: self.expected,
            status,
            answer: self.format.answer(&String::from_utf8_lossy(&body)),
            pieces,
            took: started.elapsed(),
            request_id,
        })
    }

    fn request(&self, gateway: &str) -> RequestBuilder {
        let request = Client::new().post(format!("{gateway}{}", self.format.path()));
        let request = match self.format {
            Format::OpenAi => request.bearer_auth(&self.key),
            Format::Anthropic => request
                .header("x-api-key", &self.key)
                .header("anthropic-version", "2023-06-01"),
        };
        request
            .header(APPLICATION, self.application)
            .header("x-audit-user-id", self.user)
            .header("x-audit-session-id", "loan_application_12345")
            .header("x-audit-decision-type", DECISION_TYPE)
            .header("x-audit-compliance-tags", TAGS.join(","))
    }
}

impl Format {
    fn path(self) -> &'static str {
        match self {
            Self::OpenAi => "/v1/chat/completions",
            Self::Anthropic => "/v1/messages",
        }
    }

    fn body(self, model: &str, stream: bool) -> Value {
        let question = json!({ "role": "user", "content": QUESTION });
        match self {
            Self::OpenAi => {
                let system = json!({ "role": "system", "content": SYSTEM });
                let mut body = json!({
                    "model": model, "messages": [system, question], "temperature": 0.3,
                    "max_tokens": 200, "stream": stream,
                });
                if stream {
                    // Without this, OpenAI streams an answer but not what it cost.
                    body["stream_options"] = json!({ "include_usage": true });
                }
                body
            }
            Self::Anthropic => json!({
                "model": model, "max_tokens": 200, "system": SYSTEM, "messages": [question],
                "stream": stream,
            }),
        }
    }

    /// The text of an answer, whole or streamed; an error's words otherwise.
    fn answer(self, body: &str) -> String {
        if let Ok(value) = serde_json::from_str::<Value>(body) {
            return self.text(&value);
        }
        if !body.contains("data:") {
            return body.to_owned();
        }
        let data = body.lines().filter_map(|line| line.strip_prefix("data:"));
        let events = data.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        events.map(|event| self.text(&event)).collect()
    }

    fn text(self, value: &Value) -> String {
        let pointers = match self {
            Self::OpenAi => ["/choices/0/message/content", "/choices/0/delta/content"],
            Self::Anthropic => ["/content/0/text", "/delta/text"],
        };
        let texts = pointers.iter().chain(&["/error/message"]);
        texts
            .filter_map(|pointer| value.pointer(pointer)?.as_str())
            .collect()
    }
}

/// The header by which the applications of the demo name themselves.
const APPLICATION: &str = "x-app";
/// What kind of decision the sample calls serve.
const DECISION_TYPE: &str = "loan_underwriting";
/// The regulations that the sample calls fall under.
const TAGS: [&str; 2] = ["SOC2", "FCRA"];
const PERSONAL: &str = "Reply to Ann Lee, ann.lee@example.com, about card 4111 1111 1111 1111.";
const CONFIDENTIAL: &str = "Summarize for the board: we acquire Example Corp. on Friday.";
const SYSTEM: &str = "You are a loan underwriting assistant.";
const QUESTION: &str = "Analyze this application: credit score 680, debt-to-income 48 %.";
