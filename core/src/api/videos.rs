//! Videos that a model makes: OpenAI's, and Google's and Vertex's operations. They are made later
//! and never recorded.
//!
//! Sources: <https://platform.openai.com/docs/api-reference/videos> and
//! <https://ai.google.dev/gemini-api/docs/video>.

use super::{Format, Reader, Request, openai_error};
use crate::answer::Answer;
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{Fields, Message, MessagePart, Prompt, files, media_part};

/// Members of OpenAI's requests that say how to film.
const PARAMETERS: [&str; 2] = ["seconds", "size"];

/// Members of `parameters` that do so at Google.
const GOOGLE: [&str; 11] = [
    "aspectRatio",
    "compressionQuality",
    "durationSeconds",
    "enhancePrompt",
    "generateAudio",
    "numberOfVideos",
    "personGeneration",
    "resizeMode",
    "resolution",
    "sampleCount",
    "seed",
];

/// Members of an instance that hold media.
const MEDIA: [&str; 4] = ["image", "video", "lastFrame", "mask"];

/// A video is one answer.
const CHOICE: u64 = 0;

pub(super) const OPENAI: Format = Format::new("openai.videos", "openai", read_openai, || {
    Box::new(AnswerReader)
});

pub(super) const OPERATION: Format = Format {
    name: "google.operations",
    provider: "gemini",
    read_request: read_google,
    ..OPENAI
};

fn read_openai(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    let parameters = fields.take_each(&PARAMETERS);
    let model = fields.text("model");
    let mut parts: Vec<_> = fields
        .text("prompt")
        .map(MessagePart::text)
        .into_iter()
        .collect();
    for name in ["input_reference", "video"] {
        let given = fields.take(name);
        parts.extend(given.into_iter().flat_map(|given| files(name, given)));
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

fn read_google(text: Json<'_>) -> Option<Request<'_>> {
    let wire: GoogleWire<'_> = json::object(text)?;
    let mut messages: Vec<_> = wire.instances.0.into_iter().map(instance).collect();
    let steering = wire.parameters.0.unwrap_or_default();
    // Words are no parameter.
    if let (Some(text), Some(last)) = (steering.negative.0, messages.last_mut()) {
        let negative = MessagePart::text(text).typed("negative_prompt");
        last.parts.push(negative);
    }
    Some(Request {
        parameters: steering.parameters,
        prompt: (!messages.is_empty()).then(|| Prompt::contents(messages)),
        ..Request::default()
    })
}

fn instance(instance: Json<'_>) -> Message<'_> {
    let mut fields = Fields::expected(instance);
    let mut parts: Vec<_> = fields
        .text("prompt")
        .map(MessagePart::text)
        .into_iter()
        .collect();
    take_media(&mut fields, &mut parts);
    fields.rest(&mut parts);
    Message::of("user", parts)
}

/// The media of an instance.
pub(super) fn take_media<'a>(fields: &mut Fields<'a>, parts: &mut Vec<MessagePart<'a>>) {
    for name in MEDIA {
        parts.extend(fields.take(name).map(|media| medium(name, media)));
    }
    let images: Option<List<Json<'a>>> = fields.take("referenceImages").and_then(json::expected);
    for reference in images.unwrap_or_default().0 {
        let mut reference = Fields::of(reference);
        for name in ["image", "referenceImage"] {
            parts.extend(reference.take(name).map(|image| medium("image", image)));
        }
        reference.rest(parts);
    }
}

/// Google's own names for what media hold.
fn medium<'a>(kind: &'static str, media: Json<'a>) -> MessagePart<'a> {
    let mut fields = Fields::of(media);
    let data = fields.take_any(&["bytesBase64Encoded", "imageBytes", "videoBytes", "gcsUri"]);
    let Some(data) = data else {
        return media_part(kind, media);
    };
    let part = media_part(kind, data);
    match fields.text("mimeType") {
        Some(media_type) => part.typed(media_type),
        None => part,
    }
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
        let is_made = body.done.is_some_and(|done| done.get() == "true");
        match body.status.0.as_deref() {
            Some("queued" | "in_progress") => answer.is_pending = true,
            Some(status) => {
                answer.finish(CHOICE, status);
                answer.is_not_text |= status == "completed";
            }
            None if body.id.0.is_some() && body.error.is_none() => {
                answer.is_pending = !is_made;
                answer.is_not_text |= is_made;
            }
            None => openai_error::take_flat(text, answer),
        }
        openai_error::take(body.error, answer);
        true
    }
}

json::wire! {
    struct GoogleWire<'a> {
        instances: List<Json<'a>> = "instances",
        parameters: Object<ParametersWire<'a>> = "parameters",
    }

    struct ParametersWire<'a> {
        negative: Text<'a> = "negativePrompt",
        ..parameters of GOOGLE,
    }

    struct BodyWire<'a> {
        id: Text<'a> = "id" | "name",
        model: Text<'a> = "model",
        status: Text<'a> = "status",
        done: Option<Json<'a>> = "done",
        error: Option<Json<'a>> = "error",
    }
}
