//! The completion of a text by IBM watsonx.ai.
//!
//! Source: <https://cloud.ibm.com/apidocs/watsonx-ai#text-generation>. Its chat is like OpenAI's.

use super::{Format, Reader, Request, openai_error};
use crate::answer::{Answer, Counts, Part};
use crate::json::{self, Broken, Count, FromObject, Json, List, Members, Object, Text};
use crate::prompt::Prompt;

/// Members of `parameters` that steer sampling.
const PARAMETERS: [&str; 11] = [
    "decoding_method",
    "length_penalty",
    "max_new_tokens",
    "min_new_tokens",
    "random_seed",
    "repetition_penalty",
    "stop_sequences",
    "temperature",
    "top_k",
    "top_p",
    "truncate_input_tokens",
];

pub(super) const FORMAT: Format =
    Format::new("watsonx.text_generation", "watsonx", read_request, || {
        Box::new(AnswerReader)
    });

fn read_request(text: Json<'_>) -> Option<Request<'_>> {
    let wire: RequestWire<'_> = json::object(text)?;
    Some(Request {
        model: wire.model.0,
        parameters: wire.parameters.0.unwrap_or_default().parameters,
        prompt: wire.input.0.map(Prompt::user),
        ..Request::default()
    })
}

/// Reads a whole answer, or the events of a stream: each is one whose text goes on.
#[derive(Debug)]
struct AnswerReader;

impl Reader for AnswerReader {
    fn body(&mut self, text: &str, answer: &mut Answer) -> bool {
        let Some(body) = json::object::<BodyWire<'_>>(text) else {
            return false;
        };
        answer.identify(None, body.model.0.as_deref());
        if body.results.0.is_empty() {
            openai_error::take_flat(text, answer);
        }
        for (position, Object(result)) in (0..).zip(body.results.0) {
            take_result(result.unwrap_or_default(), position, answer);
        }
        true
    }
}

fn take_result(result: ResultWire<'_>, choice: u64, answer: &mut Answer) {
    answer.open(choice);
    let text = result.text.0.unwrap_or_default();
    answer.append(choice, Part::Content, &text);
    // Of a stream the first event counts the prompt, and later ones say 0.
    answer.count(Counts {
        input: result.input.0,
        output: result.output.0,
        ..Counts::default()
    });
    let found = result.moderations.0.unwrap_or_default().0;
    found.iter().for_each(|category| answer.find(category));
    match result.stop_reason.0.as_deref() {
        None | Some("not_finished") => {}
        Some(reason) => answer.finish(choice, reason),
    }
}

/// The kinds of moderation that found something.
#[derive(Default)]
struct Moderations(Vec<String>);

impl<'de> FromObject<'de> for Moderations {
    fn member(&mut self, name: &str, value: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let List(found): List<Json<'_>> = value.next_value()?;
        if !found.is_empty() {
            self.0.push(name.to_owned());
        }
        Ok(())
    }
}

json::wire! {
    struct RequestWire<'a> {
        model: Text<'a> = "model_id",
        input: Text<'a> = "input",
        parameters: Object<ParametersWire<'a>> = "parameters",
    }

    struct ParametersWire<'a> {
        ..parameters of PARAMETERS,
    }

    struct BodyWire<'a> {
        model: Text<'a> = "model_id",
        results: List<Object<ResultWire<'a>>> = "results",
    }

    struct ResultWire<'a> {
        text: Text<'a> = "generated_text",
        output: Count = "generated_token_count",
        input: Count = "input_token_count",
        stop_reason: Text<'a> = "stop_reason",
        moderations: Object<Moderations> = "moderations",
    }
}
