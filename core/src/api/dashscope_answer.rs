//! What Alibaba's DashScope answers by its own format. An event of a stream has all that was said so
//! far, or what is new, as `incremental_output` asks for; its last one says why the answer ended.
//!
//! Source: <https://help.aliyun.com/zh/model-studio/qwen-api-via-dashscope>.

use super::openai_usage::UsageWire;
use super::totals::{Totals, Whose};
use super::{Reader, openai_error};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::{
    self, Broken, Count, FromObject, Json, List, Members, Object, Scalar, Text, TextOrList, text_of,
};
use crate::prompt::compact;

/// What is not in a list of choices is the first.
const CHOICE: u64 = 0;

/// Reads an answer, or the events of a stream.
#[derive(Debug, Default)]
pub(super) struct AnswerReader {
    totals: Totals,
}

impl Reader for AnswerReader {
    fn asked(&mut self, is_incremental: bool) {
        self.totals = Totals::asked(is_incremental);
    }

    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        let output = body.output.0;
        let task = output
            .as_ref()
            .and_then(|output| output.task_id.0.as_deref());
        answer.identify(
            task.or(body.request_id.0.as_deref()),
            body.model.0.as_deref(),
        );
        // An error may have the status of a success.
        if output.is_none() || body.code.0.is_some_and(|code| !code.is_empty()) {
            openai_error::take_flat(text, answer);
        }
        if let Some(output) = output {
            self.take_output(output, answer);
        }
        if let Some(usage) = body.usage.0 {
            usage.take(answer);
        }
        openai_error::take(body.error, answer);
        true
    }
}

impl AnswerReader {
    fn take_output(&mut self, output: OutputWire<'_>, answer: &mut Answer) {
        if output.text.0.is_some() || !output.choices.0.is_empty() {
            answer.open(CHOICE);
        }
        let text = output.text.0.unwrap_or_default();
        self.append(CHOICE, Part::Content, &text, answer);
        for (position, Object(choice)) in (0..).zip(output.choices.0) {
            let choice = choice.unwrap_or_default();
            let index = choice.index.0.unwrap_or(position);
            answer.open(index);
            self.take_message(index, choice.message.0.unwrap_or_default(), answer);
            finish(index, choice.finish_reason, answer);
        }
        for (position, Object(thought)) in (0..).zip(output.thoughts.0) {
            self.take_thought(position, thought.unwrap_or_default(), answer);
        }
        finish(CHOICE, output.finish_reason, answer);
        match output.status.0.as_deref() {
            Some("PENDING" | "RUNNING" | "SUSPENDED") => answer.is_pending = true,
            Some(status) => answer.finish(CHOICE, status),
            None => {}
        }
        answer.is_not_text |= output.media.is_some();
    }

    fn take_message(&mut self, index: u64, message: MessageWire<'_>, answer: &mut Answer) {
        let thought = message.reasoning.0.unwrap_or_default();
        self.append(index, Part::Reasoning, &thought, answer);
        match message.content {
            TextOrList::Absent => {}
            TextOrList::Text(text) => self.append(index, Part::Content, &text, answer),
            TextOrList::List(parts) => {
                let mut whole = String::new();
                for part in parts {
                    let part: PartWire<'_> = json::object(part.get()).unwrap_or_default();
                    whole.push_str(&part.text.0.unwrap_or_default());
                    answer.is_not_text |= part.media.is_some();
                }
                self.append(index, Part::Content, &whole, answer);
            }
        }
        for (position, Object(call)) in (0..).zip(message.calls.0) {
            let call = call.unwrap_or_default();
            let key = CallKey {
                choice: index,
                call: call.index.0.unwrap_or(position),
            };
            let function = call.function.0.unwrap_or_default();
            let arguments = function.arguments.map(text_of).unwrap_or_default();
            self.call(
                key,
                call.id.0.as_deref(),
                function.name.0.as_deref(),
                &arguments,
                answer,
            );
        }
    }

    /// A step of an application: what it thought, and the tool that it called itself.
    fn take_thought(&mut self, position: u64, thought: ThoughtWire<'_>, answer: &mut Answer) {
        let text = thought.thought.0.unwrap_or_default();
        let whose = Whose::thought(position);
        let new = self.totals.new_of(whose, &text);
        answer.append(CHOICE, Part::Reasoning, new);
        let is_call = !matches!(thought.kind.0.as_deref(), Some("response" | "reasoning"));
        let name = thought.action_name.0.or(thought.action.0);
        if let (true, Some(name), Some(input)) = (is_call, name, thought.input) {
            let key = CallKey {
                choice: CHOICE,
                call: position,
            };
            self.call(key, None, Some(&name), &compact(&text_of(input)), answer);
        }
    }

    fn call(
        &mut self,
        key: CallKey,
        id: Option<&str>,
        name: Option<&str>,
        arguments: &str,
        answer: &mut Answer,
    ) {
        let arguments = self.totals.new_of(Whose::call(key), arguments);
        let piece = CallPiece {
            id: id.filter(|id| !id.is_empty()),
            name: name.filter(|name| !name.is_empty()),
            arguments,
        };
        answer.call(key, piece);
    }

    fn append(&mut self, index: u64, part: Part, text: &str, answer: &mut Answer) {
        let new = self.totals.new_of(Whose::text(index, part), text);
        answer.append(index, part, new);
    }
}

/// Until there is a reason, it is null, or a text that says so.
fn finish(index: u64, reason: Text<'_>, answer: &mut Answer) {
    let reason = reason.0.filter(|reason| !matches!(&**reason, "" | "null"));
    if let Some(reason) = reason {
        answer.finish(index, &reason);
    }
}

/// The counts of a model, or of each that an application asked.
#[derive(Default)]
struct CountsWire {
    own: UsageWire,
    models: Vec<Object<UsageWire>>,
}

impl<'de> FromObject<'de> for CountsWire {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        match name {
            "models" => List(self.models) = value.next_value()?,
            _ => self.own.member(name, value)?,
        }
        Ok(())
    }
}

impl CountsWire {
    fn take(self, answer: &mut Answer) {
        let Self { own, models } = self;
        if models.is_empty() {
            Object(Some(own)).take(answer);
        } else {
            let models = models.into_iter().filter_map(|model| model.0);
            let all = models.fold(UsageWire::default(), |all, model| all.and(&model));
            Object(Some(all)).take(answer);
        }
    }
}

json::wire! {
    struct BodyWire<'a> {
        request_id: Text<'a> = "request_id",
        model: Text<'a> = "model",
        output: Object<OutputWire<'a>> = "output",
        usage: Object<CountsWire> = "usage",
        code: Scalar = "code",
        error: Option<Json<'a>> = "error",
    }

    struct OutputWire<'a> {
        text: Text<'a> = "text",
        finish_reason: Text<'a> = "finish_reason",
        choices: List<Object<ChoiceWire<'a>>> = "choices",
        thoughts: List<Object<ThoughtWire<'a>>> = "thoughts",
        task_id: Text<'a> = "task_id",
        status: Text<'a> = "task_status",
        media: Option<Json<'a>> = "results" | "result_url" | "video_url" | "audio",
    }

    struct ChoiceWire<'a> {
        index: Count = "index",
        message: Object<MessageWire<'a>> = "message" | "delta",
        finish_reason: Text<'a> = "finish_reason",
    }

    struct MessageWire<'a> {
        content: TextOrList<'a> = "content",
        reasoning: Text<'a> = "reasoning_content",
        calls: List<Object<CallWire<'a>>> = "tool_calls",
    }

    struct PartWire<'a> {
        text: Text<'a> = "text",
        media: Option<Json<'a>> = "image" | "audio" | "video",
    }

    struct CallWire<'a> {
        index: Count = "index",
        id: Text<'a> = "id",
        function: Object<FunctionWire<'a>> = "function",
    }

    struct FunctionWire<'a> {
        name: Text<'a> = "name",
        arguments: Option<Json<'a>> = "arguments",
    }

    struct ThoughtWire<'a> {
        thought: Text<'a> = "thought",
        kind: Text<'a> = "action_type",
        action: Text<'a> = "action",
        action_name: Text<'a> = "action_name",
        input: Option<Json<'a>> = "action_input_stream" | "action_input",
    }
}
