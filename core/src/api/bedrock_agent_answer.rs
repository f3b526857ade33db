//! What an agent of Amazon Bedrock answers: an event stream of texts, of calls that the caller is to
//! make, and of traces that say what the agent did on the way.
//!
//! Source: <https://docs.aws.amazon.com/bedrock/latest/APIReference/API_agent-runtime_ResponseStream.html>
//! and its page on `Trace`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::Reader;
use super::bedrock_error::ErrorHead;
use super::bedrock_guardrail::Node;
use super::token_counts::TokenCounts;
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::event::ApiError;
use crate::headers::Headers;
use crate::json::{self, Broken, FromObject, Json, List, Members, Object, OneOrMany, Scalar, Text};
use crate::prompt::{compact, data_text};

/// An agent gives one answer.
const CHOICE: u64 = 0;

/// Reads the events of an answer.
#[derive(Debug, Default)]
pub(super) struct AnswerReader {
    error: ErrorHead,
    /// What the models of this call counted, each for itself.
    counted: TokenCounts,
    calls: u64,
    /// The beginning of a character whose end comes with the next piece.
    half: Vec<u8>,
}

impl Reader for AnswerReader {
    fn head(&mut self, headers: Headers<'_>, _answer: &mut Answer) {
        self.error = ErrorHead::of(headers);
    }

    /// An answer is a stream, and an error a document.
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        self.error.read(text, answer)
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(data) else {
            return false;
        };
        answer.open(CHOICE);
        answer.ends_with_body = true;
        match name {
            "chunk" => {
                let Ok(bytes) = STANDARD.decode(event.bytes.0.unwrap_or_default().as_bytes())
                else {
                    return false;
                };
                self.append(&bytes, answer);
            }
            "returnControl" => {
                let id = event.id.0.as_deref();
                for Object(call) in event.calls.0 {
                    let CallWire { function, api } = call.unwrap_or_default();
                    for call in [function.0, api.0].into_iter().flatten() {
                        self.call(id, &call, answer);
                    }
                }
            }
            "trace" => {
                let trace = event.trace.0.unwrap_or_default();
                for step in trace.steps {
                    self.take_step(step, answer);
                }
                trace.guardrail.iter().for_each(|node| node.tell(answer));
            }
            "files" => answer.is_not_text = true,
            _ => {}
        }
        true
    }
}

impl AnswerReader {
    /// A text is cut into pieces anywhere.
    fn append(&mut self, bytes: &[u8], answer: &mut Answer) {
        self.half.extend_from_slice(bytes);
        let whole = json::without_partial_character(&self.half).len();
        let half = self.half.split_off(whole);
        let text = String::from_utf8_lossy(&self.half);
        answer.append(CHOICE, Part::Content, &text);
        self.half = half;
    }

    fn call(&mut self, id: Option<&str>, call: &InvocationWire<'_>, answer: &mut Answer) {
        let path = call.path.0.as_deref().map(|path| match &call.verb.0 {
            Some(verb) => format!("{verb} {path}"),
            None => path.to_owned(),
        });
        let own = call.function.0.as_deref().or(path.as_deref());
        let arguments = match (call.parameters, call.body) {
            (Some(given), None) | (None, Some(given)) => data_text(given).into_owned(),
            (Some(parameters), Some(body)) => {
                let [parameters, body] = [parameters, body].map(|json| compact(json.get()));
                format!(r#"{{"parameters":{parameters},"requestBody":{body}}}"#)
            }
            (None, None) => "{}".to_owned(),
        };
        let piece = CallPiece {
            id: id.or(call.id.0.as_deref()),
            name: own.or(call.group.0.as_deref()),
            arguments: &arguments,
        };
        self.push(piece, answer);
    }

    fn push(&mut self, piece: CallPiece<'_>, answer: &mut Answer) {
        let key = CallKey {
            choice: CHOICE,
            call: self.calls,
        };
        self.calls = self.calls.saturating_add(1);
        answer.call(key, piece);
    }

    fn take_step(&mut self, step: StepWire<'_>, answer: &mut Answer) {
        let asked = step.asked.0.unwrap_or_default();
        answer.identify(None, asked.model.0.as_deref());
        if let Some(told) = step.told.0 {
            let usage = told.metadata.0.and_then(|metadata| metadata.usage.0);
            if let Some(usage) = usage {
                self.counted.add(usage);
                answer.count(self.counted.counts_beside_cache());
            }
            let thought = told.reasoning.0.and_then(|wire| wire.text.0);
            reason(&thought.unwrap_or_default().text, answer);
        }
        reason(&step.rationale.0.unwrap_or_default().text, answer);
        if let Some(invoked) = step.invoked.0 {
            self.take_invoked(invoked, answer);
        }
        if let Some(reason) = step.failure.0 {
            answer.fail(ApiError {
                kind: Some("failureTrace".to_owned()),
                code: step.failure_code.0,
                message: Some(reason),
            });
        }
    }

    /// What the agent did itself; what it leaves to the caller is an event of its own.
    fn take_invoked(&mut self, invoked: InvokedWire<'_>, answer: &mut Answer) {
        if let Some(action) = invoked.action.0
            && action.execution.0.as_deref() != Some("RETURN_CONTROL")
        {
            self.call(None, &action, answer);
        }
        for (name, asked) in [
            ("code_interpreter", invoked.code),
            ("knowledge_base", invoked.lookup),
            ("agent_collaborator", invoked.collaborator),
        ] {
            if let Some(asked) = asked {
                let piece = CallPiece {
                    id: None,
                    name: Some(name),
                    arguments: &compact(asked.get()),
                };
                self.push(piece, answer);
            }
        }
    }
}

fn reason(text: &Text<'_>, answer: &mut Answer) {
    let text = text.0.as_deref().unwrap_or_default();
    answer.append(CHOICE, Part::Reasoning, text);
}

/// A trace: one of its members has the step, named by the part of the agent that took it.
#[derive(Default)]
struct TraceWire<'a> {
    steps: Vec<StepWire<'a>>,
    guardrail: Vec<Node<'a>>,
}

impl<'de> FromObject<'de> for TraceWire<'de> {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "guardrailTrace" => {
                let OneOrMany(nodes) = value.next_value()?;
                self.guardrail.extend::<Vec<Node<'_>>>(nodes);
            }
            _ => {
                let Object(step) = value.next_value()?;
                self.steps.extend::<Option<StepWire<'_>>>(step);
            }
        }
        Ok(())
    }
}

json::wire! {
    struct EventWire<'a> {
        bytes: Text<'a> = "bytes",
        id: Text<'a> = "invocationId",
        calls: List<Object<CallWire<'a>>> = "invocationInputs",
        trace: Object<TraceWire<'a>> = "trace",
    }

    struct CallWire<'a> {
        function: Object<InvocationWire<'a>> = "functionInvocationInput",
        api: Object<InvocationWire<'a>> = "apiInvocationInput",
    }

    struct InvocationWire<'a> {
        id: Text<'a> = "invocationId",
        group: Text<'a> = "actionGroup" | "actionGroupName",
        function: Text<'a> = "function",
        verb: Text<'a> = "httpMethod" | "verb",
        path: Text<'a> = "apiPath",
        parameters: Option<Json<'a>> = "parameters",
        body: Option<Json<'a>> = "requestBody",
        execution: Text<'a> = "executionType",
    }

    struct StepWire<'a> {
        asked: Object<AskedWire<'a>> = "modelInvocationInput",
        told: Object<ToldWire<'a>> = "modelInvocationOutput",
        rationale: Object<TextWire<'a>> = "rationale",
        invoked: Object<InvokedWire<'a>> = "invocationInput",
        failure: Scalar = "failureReason",
        failure_code: Scalar = "failureCode",
    }

    struct AskedWire<'a> {
        model: Text<'a> = "foundationModel",
    }

    struct ToldWire<'a> {
        metadata: Object<MetadataWire> = "metadata",
        reasoning: Object<ReasoningWire<'a>> = "reasoningContent",
    }

    struct MetadataWire {
        usage: Object<TokenCounts> = "usage",
    }

    struct ReasoningWire<'a> {
        text: Object<TextWire<'a>> = "reasoningText",
    }

    struct TextWire<'a> {
        text: Text<'a> = "text",
    }

    struct InvokedWire<'a> {
        action: Object<InvocationWire<'a>> = "actionGroupInvocationInput",
        code: Option<Json<'a>> = "codeInterpreterInvocationInput",
        lookup: Option<Json<'a>> = "knowledgeBaseLookupInput",
        collaborator: Option<Json<'a>> = "agentCollaboratorInvocationInput",
    }
}
