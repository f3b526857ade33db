//! OpenAI images: generated, edited and varied. The images are never recorded.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/images> and
//! <https://platform.openai.com/docs/api-reference/images-streaming>.

use super::openai_findings::{FilterResults, FilteredWire};
use super::openai_usage::UsageWire;
use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Part};
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{Message, MessagePart, Prompt, files};

/// Members of a request that say how to paint.
const PARAMETERS: [&str; 13] = [
    "background",
    "input_fidelity",
    "moderation",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "quality",
    "response_format",
    "seed",
    "size",
    "steps",
    "style",
];

pub(super) const FORMAT: Format = Format::new("openai.images", "openai", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    let images = [wire.images, wire.mask].into_iter().flatten();
    let images = images.flat_map(|member| files("image", member));
    let texts = wire.prompt.0.into_iter().map(MessagePart::text);
    let negative = wire.negative_prompt.0.into_iter();
    let negative = negative.map(|text| MessagePart::text(text).typed("negative_prompt"));
    let parts = texts.chain(negative).chain(images);
    let messages: Vec<_> = parts.map(|part| Message::of("user", vec![part])).collect();
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters,
        prompt: (!messages.is_empty()).then_some(Prompt::contents(messages)),
        user: wire.safety_identifier.filled().or(wire.user.filled()),
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object(text) else {
            return false;
        };
        take(body, text, answer);
        true
    }

    fn message(&mut self, name: &str, data: &str, answer: &mut Answer) -> bool {
        let Some(event) = json::object::<BodyWire<'_>>(data) else {
            return false;
        };
        let kind = event.kind.0.as_deref().unwrap_or(name);
        answer.ended |= is_last(kind);
        take(event, data, answer);
        true
    }

    /// An image may be larger than an event that is read.
    fn passed_over(&mut self, name: &str, answer: &mut Answer) {
        answer.ended |= is_last(name);
        answer.is_not_text = true;
    }
}

fn is_last(event: &str) -> bool {
    matches!(event, "image_generation.completed" | "image_edit.completed")
}

/// A body lists its images, an event is one.
fn take(body: BodyWire<'_>, text: &str, answer: &mut Answer) {
    answer.identify(None, body.model.0.as_deref());
    let has_images = !body.images.0.is_empty() || body.image.is_some();
    for (index, Object(image)) in (0..).zip(body.images.0) {
        let image = image.unwrap_or_default();
        answer.append(
            index,
            Part::Content,
            &image.revised_prompt.0.unwrap_or_default(),
        );
        image.filter.take(answer);
        image.prompt_filter.take(answer);
    }
    body.usage.take(answer);
    FilteredWire::take_all(body.prompt_filters, answer);
    if !has_images && body.error.is_none() {
        openai_error::take_flat(text, answer);
    }
    openai_error::take(body.error, answer);
    answer.is_not_text |= answer.error.is_none();
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model",
        prompt: Text<'a> = "prompt",
        // What is not to be painted, which other vendors take.
        negative_prompt: Text<'a> = "negative_prompt",
        images: Option<Json<'a>> = "image" | "images",
        mask: Option<Json<'a>> = "mask",
        safety_identifier: Text<'a> = "safety_identifier",
        user: Text<'a> = "user",
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        kind: Text<'a> = "type",
        model: Text<'a> = "model",
        images: List<Object<ImageWire<'a>>> = "data",
        image: Option<Json<'a>> = "b64_json",
        usage: Object<UsageWire> = "usage",
        prompt_filters: List<Object<FilteredWire>> = "prompt_filter_results",
        error: Option<Json<'a>> = "error",
    }

    struct ImageWire<'a> {
        // What the model painted in the place of the prompt.
        revised_prompt: Text<'a> = "revised_prompt",
        filter: FilterResults = "content_filter_results",
        prompt_filter: FilterResults = "prompt_filter_results",
    }
}
