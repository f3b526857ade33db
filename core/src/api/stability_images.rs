//! Images that Stability's models make and change. They are never recorded.
//!
//! Source: <https://platform.stability.ai/docs/api-reference>.

use super::{Format, Other, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::framing::Hint;
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt, files};

/// Members of a request that say how to paint.
const PARAMETERS: [&str; 16] = [
    "aspect_ratio",
    "cfg_scale",
    "clip_guidance_preset",
    "control_strength",
    "creativity",
    "fidelity",
    "height",
    "mode",
    "output_format",
    "samples",
    "seed",
    "steps",
    "strength",
    "style_preset",
    "width",
    "grow_mask",
];

/// Members that hold a text.
const TEXTS: [&str; 4] = [
    "prompt",
    "negative_prompt",
    "search_prompt",
    "select_prompt",
];

/// Members that hold images.
const IMAGES: [&str; 6] = [
    "image",
    "init_image",
    "mask",
    "mask_image",
    "style_image",
    "subject_image",
];

/// An image is one answer.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format =
    Format::new("stability.images", "stability", read_request, || {
        Box::new(AnswerReader)
    })
    .with_hint(Hint::Other);

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    let parameters = fields.take_each(&PARAMETERS);
    let model = fields.text("model");
    let mut parts = Vec::new();
    for name in TEXTS {
        let text = fields.text(name).map(MessagePart::text);
        parts.extend(text.map(|text| match name {
            "prompt" => text,
            name => text.typed(name),
        }));
    }
    let weighted: Option<List<Json<'_>>> = fields.take("text_prompts").and_then(json::expected);
    for prompt in weighted.unwrap_or_default().0 {
        let mut prompt = Fields::expected(prompt);
        parts.extend(prompt.text("text").map(MessagePart::text));
        prompt.rest(&mut parts);
    }
    for name in IMAGES {
        let image = fields.take(name);
        parts.extend(image.into_iter().flat_map(|image| files(name, image)));
    }
    let is_asked = !parts.is_empty();
    fields.rest(&mut parts);
    Some(Request {
        model,
        parameters,
        prompt: is_asked.then(|| Prompt::contents([Message::of("user", parts)])),
        ..Request::default()
    })
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), None);
        let images = body.artifacts.0.into_iter().filter_map(|image| image.0);
        let own = ImageWire {
            data: body.image,
            finish_reason: body.finish_reason,
        };
        let mut is_made = false;
        for (index, image) in (CHOICE..).zip(images.chain([own]).filter(|it| it.data.is_some())) {
            is_made = true;
            let reason = image.finish_reason.0.unwrap_or_default();
            if reason == "CONTENT_FILTERED" {
                answer.find(&reason);
            }
            answer.open(index);
            if !reason.is_empty() {
                answer.finish(index, &reason);
            }
        }
        answer.is_not_text |= is_made;
        if !is_made {
            openai_error::take_flat(text, answer);
            // What takes long is made later.
            answer.is_pending = answer.error.is_none() && answer.id.is_some();
        }
        true
    }

    fn other(&self) -> Other {
        Other::Media
    }
}

json::wire! {
    struct BodyWire<'a> {
        id: Text<'a> = "id",
        image: Option<Json<'a>> = "image" | "video",
        finish_reason: Text<'a> = "finish_reason",
        artifacts: List<Object<ImageWire<'a>>> = "artifacts",
    }

    struct ImageWire<'a> {
        data: Option<Json<'a>> = "base64",
        finish_reason: Text<'a> = "finishReason" | "finish_reason",
    }
}
