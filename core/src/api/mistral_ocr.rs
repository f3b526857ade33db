//! Mistral's reading of documents. The text of all pages is the answer.
//!
//! Source: <https://docs.mistral.ai/api/endpoint/ocr>.

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Part};
use crate::json::{self, Json, List, Object, Text};
use crate::prompt::{
    Fields, Kind, Message, MessagePart, Prompt, data_text, media_part, other_part,
};

/// Members of a request that say how to read. Schemas are among the definitions.
const PARAMETERS: [&str; 8] = [
    "confidence_scores_granularity",
    "extract_footer",
    "extract_header",
    "image_limit",
    "image_min_size",
    "include_image_base64",
    "pages",
    "table_format",
];

/// Members that say what to tell of a document or of its figures.
const DEFINITIONS: [&str; 2] = ["bbox_annotation_format", "document_annotation_format"];

/// The answer is one text.
const CHOICE: u64 = 0;

pub(super) const FORMAT: Format = Format::new("mistral.ocr", "mistral", read_request, || {
    Box::new(AnswerReader)
});

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let mut fields: Fields<'_> = json::object(text)?;
    let (parameters, definitions) = (
        fields.take_each(&PARAMETERS),
        fields.take_each(&DEFINITIONS),
    );
    let instruction = fields.text("document_annotation_prompt");
    let instruction = instruction.map(|text| Message::text("system", text));
    let document = fields.take("document").map(document);
    let model = fields.text("model");
    fields.leave();
    Some(Request {
        model,
        parameters,
        definitions,
        prompt: document
            .map(|document| Prompt::contents(instruction.into_iter().chain([document]))),
        ..Request::default()
    })
}

fn document(document: Json<'_>) -> Message<'_> {
    let mut fields = Fields::of(document);
    let name = fields.text("document_name");
    let file = fields.take_any(&["document_url", "image_url", "file_id", "file"]);
    let part = match file {
        // The id of a file that the provider keeps.
        Some(file) if file.is_string() && !file.get().contains(':') => {
            MessagePart::reference(Kind::Media, data_text(file)).standing_as("document", document)
        }
        Some(file) => media_part("document", file),
        None => other_part("document", document),
    };
    let mut parts = vec![part.of_kind(Kind::Document).named(name)];
    fields.rest(&mut parts);
    Message::of("user", parts)
}

#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(body.id.0.as_deref(), body.model.0.as_deref());
        let Some(List(pages)) = body.pages else {
            openai_error::take_flat(text, answer);
            openai_error::take(body.error, answer);
            return true;
        };
        answer.open(CHOICE);
        for (number, Object(page)) in (0..).zip(pages) {
            if number > 0 {
                answer.append(CHOICE, Part::Content, "\n");
            }
            let page = page.unwrap_or_default();
            answer.append(CHOICE, Part::Content, &page.markdown.0.unwrap_or_default());
            answer.is_not_text |= !page.images.0.is_empty();
        }
        if let Some(told) = body.annotation.0 {
            answer.part(Kind::Other, "document_annotation", None, &told);
        }
        true
    }
}

json::wire! {
    struct BodyWire<'a> {
        id: Text<'a> = "id",
        model: Text<'a> = "model",
        pages: Option<List<Object<PageWire<'a>>>> = "pages",
        annotation: Text<'a> = "document_annotation",
        error: Option<Json<'a>> = "error",
    }

    struct PageWire<'a> {
        markdown: Text<'a> = "markdown",
        images: List<Json<'a>> = "images",
    }
}
