//! OpenAI assistants: the runs of a thread, which are what asks a model. Making assistants,
//! threads and messages asks none, so what stands in them is not in a run's request.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/runs> and
//! <https://platform.openai.com/docs/api-reference/assistants-streaming/events>.

use super::chat_message::ChatMessages;
use super::openai_usage::UsageWire;
use super::tool_names::Tools;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{self, Count, Json, List, Object, Text};
use crate::limits::NAME_BYTES_MAX;
use crate::names::shortened;
use crate::note::Note;
use crate::prompt::{Message, MessagePart, Prompt};

/// Members of a request that steer sampling, and the assistant, which has the rest of the prompt.
const PARAMETERS: [&str; 10] = [
    "assistant_id",
    "max_completion_tokens",
    "max_prompt_tokens",
    "parallel_tool_calls",
    "reasoning_effort",
    "response_format",
    "temperature",
    "tool_choice",
    "top_p",
    "truncation_strategy",
];

/// A run says one thing, in one message or several.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format::new("openai.assistants", "openai", read_request, || {
    Box::new(AnswerReader::default())
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let instructions = [wire.instructions.0, wire.additional_instructions.0];
    let instructions = instructions
        .into_iter()
        .flatten()
        .map(|text| Message::text("system", text));
    let thread = wire.thread.0.unwrap_or_default();
    let said = thread.messages.read().chain(wire.messages.read());
    let outputs = wire
        .tool_outputs
        .0
        .into_iter()
        .map(|Object(output)| output.unwrap_or_default().message());
    let messages: Vec<_> = instructions.chain(said).chain(outputs).collect();
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        definitions: wire.tools.defined("tools").collect(),
        tools: wire.tools.names,
        prompt: (!messages.is_empty()).then_some(Prompt::contents(messages)),
        note: Some(Note::PromptContinued),
        ..Request::default()
    })
}

impl<'a> OutputWire<'a> {
    fn message(self) -> Message<'a> {
        let text = MessagePart::text(self.output.0.unwrap_or_default());
        Message::of("tool", vec![text.as_result(self.id.0, None)])
    }
}

/// Reads runs and what a stream says of them. Calls of tools are numbered anew in each step.
#[derive(Debug, Default)]
struct AnswerReader {
    is_streamed: bool,
    step: String,
    first_call: u64,
    next_call: u64,
}

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<EventWire<'_>>(text) else {
            return false;
        };
        match event.object.0.as_deref() {
            Some("thread.run") => take_run(event, self.is_streamed, answer),
            Some("thread.message.delta") => take_message(event, answer),
            Some("thread.run.step.delta") => self.take_step(event, answer),
            // Of an event only the framing says that it is an error.
            None if event.error.is_none() => openai_error::take_flat(text, answer),
            None => openai_error::take(event.error, answer),
            Some(_) => {}
        }
        true
    }

    fn message(&mut self, _name: &str, data: &str, answer: &mut Answer) -> bool {
        self.is_streamed = true;
        self.body(data, answer)
    }
}

impl AnswerReader {
    fn take_step(&mut self, event: EventWire<'_>, answer: &mut Answer) {
        let id = event.id.0.unwrap_or_default();
        let id = shortened(&id, NAME_BYTES_MAX, &mut answer.names_cut);
        if id != self.step {
            self.step = id;
            self.first_call = self.next_call;
        }
        let delta = event.delta.0.unwrap_or_default();
        let calls = delta.step_details.0.unwrap_or_default().tool_calls.0;
        for (position, Object(call)) in (0..).zip(calls) {
            let call = call.unwrap_or_default();
            let number = call.index.0.unwrap_or(position);
            let number = self.first_call.saturating_add(number);
            self.next_call = self.next_call.max(number.saturating_add(1));
            call.take(number, answer);
        }
    }
}

fn take_run(run: EventWire<'_>, is_streamed: bool, answer: &mut Answer) {
    answer.identify(run.id.0.as_deref(), run.model.0.as_deref());
    answer.open(CHOICE);
    let action = run.required_action.0.unwrap_or_default();
    let calls = action.outputs.0.unwrap_or_default().tool_calls.0;
    for (position, Object(call)) in (0..).zip(calls) {
        let call = call.unwrap_or_default();
        // A stream has had them in the steps.
        let id = call.id.0.as_deref().unwrap_or_default();
        if answer.call_with_id(CHOICE, id).is_none() {
            call.take(position, answer);
        }
    }
    let reason = run.incomplete_details.0.and_then(|it| it.reason.0);
    match (reason, run.status.0.as_deref()) {
        (None, Some("queued" | "in_progress" | "cancelling")) => answer.is_pending = !is_streamed,
        (None, None) => {}
        (Some(reason), _) => answer.finish(CHOICE, &reason),
        (None, Some(status)) => answer.finish(CHOICE, status),
    }
    run.usage.take(answer);
    openai_error::take(run.last_error, answer);
}

fn take_message(event: EventWire<'_>, answer: &mut Answer) {
    let delta = event.delta.0.unwrap_or_default();
    for part in delta.content.0.into_iter().filter_map(|part| part.0) {
        let text = part.text.0.and_then(|text| text.value.0);
        answer.append(CHOICE, Part::Content, &text.unwrap_or_default());
        answer.append(CHOICE, Part::Refusal, &part.refusal.0.unwrap_or_default());
        let kind = part.kind.0.unwrap_or_default();
        answer.is_not_text |= kind.starts_with("image");
    }
}

impl CallWire<'_> {
    /// A function, or one of the provider's own tools, which goes by its type.
    fn take(&self, number: u64, answer: &mut Answer) {
        let function = self.function.0.as_ref();
        let code = self.code.0.as_ref();
        let arguments = function.map(|it| &it.arguments);
        let arguments = arguments.or(code.map(|it| &it.input));
        let arguments = arguments.and_then(|it| it.0.as_deref());
        let name = function.map_or(self.kind.0.as_deref(), |it| it.name.0.as_deref());
        let key = CallKey {
            choice: CHOICE,
            call: number,
        };
        answer.call(
            key,
            CallPiece {
                id: self.id.0.as_deref(),
                name,
                arguments: arguments.unwrap_or_default(),
            },
        );
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        instructions: Text<'a> = "instructions",
        additional_instructions: Text<'a> = "additional_instructions",
        thread: Object<ThreadWire<'a>> = "thread",
        messages: ChatMessages<'a> = "additional_messages",
        tool_outputs: List<Object<OutputWire<'a>>> = "tool_outputs",
        tools: Tools<'a> = "tools",
        ..parameters of PARAMETERS,
    }

    struct ThreadWire<'a> {
        messages: ChatMessages<'a> = "messages",
    }

    struct OutputWire<'a> {
        id: Text<'a> = "tool_call_id",
        output: Text<'a> = "output",
    }

    /// A run, or a piece of a message or of a step.
    struct EventWire<'a> {
        object: Text<'a> = "object",
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        status: Text<'a> = "status",
        delta: Object<DeltaWire<'a>> = "delta",
        required_action: Object<ActionWire<'a>> = "required_action",
        incomplete_details: Object<IncompleteWire<'a>> = "incomplete_details",
        usage: Object<UsageWire> = "usage",
        last_error: Option<Json<'a>> = "last_error",
        error: Option<Json<'a>> = "error",
    }

    struct DeltaWire<'a> {
        content: List<Object<PartWire<'a>>> = "content",
        step_details: Object<CallsWire<'a>> = "step_details",
    }

    struct PartWire<'a> {
        kind: Text<'a> = "type",
        text: Object<ValueWire<'a>> = "text",
        refusal: Text<'a> = "refusal",
    }

    struct ValueWire<'a> {
        value: Text<'a> = "value",
    }

    struct ActionWire<'a> {
        outputs: Object<CallsWire<'a>> = "submit_tool_outputs",
    }

    struct CallsWire<'a> {
        tool_calls: List<Object<CallWire<'a>>> = "tool_calls",
    }

    struct CallWire<'a> {
        index: Count = "index",
        id: Text<'a> = "id",
        kind: Text<'a> = "type",
        function: Object<FunctionWire<'a>> = "function",
        code: Object<CodeWire<'a>> = "code_interpreter",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        arguments: Text<'a> = "arguments",
    }

    struct CodeWire<'a> {
        input: Text<'a> = "input",
    }

    struct IncompleteWire<'a> {
        reason: Text<'a> = "reason",
    }
}
