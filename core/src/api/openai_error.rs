//! Errors of OpenAI and of those who follow it: mostly a member `error`, an object or a string.
//!
//! Sources: <https://platform.openai.com/docs/guides/error-codes>, and for what content filters
//! add <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter>.

use std::borrow::Cow;

use super::openai_findings::FilterResults;
use crate::answer::{Answer, Part};
use crate::event::ApiError;
use crate::json::{self, Json, List, Object, Scalar, Text};

/// How deep the words of an error are looked for.
const DEPTH_MAX: usize = 4;

/// The error that a value stands for: an object, one in another or in a list, or words. `None` for
/// null, and for what says nothing.
pub(super) fn read(value: Json<'_>) -> Option<ApiError> {
    read_within(value, DEPTH_MAX)
}

fn read_within(value: Json<'_>, depth: usize) -> Option<ApiError> {
    let depth = depth.checked_sub(1)?;
    let words = |text: String| ApiError {
        kind: None,
        code: None,
        message: Some(text),
    };
    if value.get().starts_with('[') {
        let List(several): List<Json<'_>> = json::read(value)?;
        let first = several.into_iter().find_map(|it| read_within(it, depth));
        return first.or_else(|| (value.get() != "[]").then(|| words(value.get().to_owned())));
    }
    let Some(wire) = json::object::<Wire<'_>>(value) else {
        let Text(message) = json::read(value)?;
        return message.map(|message| words(message.into_owned()));
    };
    let inner = [wire.message, wire.other_message, wire.inner];
    let inner = inner.into_iter().flatten();
    let inner = inner.filter_map(|inner| read_within(inner, depth)).next();
    let kind = wire.kind.0.or(wire.status.0.map(Cow::into_owned));
    let code = wire.code.0.or(wire.other_code.0);
    let error = match inner {
        Some(inner) => ApiError {
            kind: kind.or(inner.kind),
            code: code.or(inner.code),
            message: inner.message,
        },
        None => ApiError {
            kind,
            code,
            // Its words may stand under a name that nobody knows.
            message: (value.get() != "{}").then(|| value.get().to_owned()),
        },
    };
    let says = error.kind.is_some() || error.code.is_some() || error.message.is_some();
    says.then_some(error)
}

/// The error that a document is about, wherever its words stand.
pub(crate) fn read_document(text: &str) -> Option<ApiError> {
    let value: Json<'_> = json::read(text)?;
    value.get().starts_with(['{', '[']).then(|| read(value))?
}

/// Takes the error of a document that is one, whatever its format.
pub(crate) fn take_document(text: &str, answer: &mut Answer) {
    if let Some(error) = read_document(text) {
        answer.fail(error);
    }
}

/// Takes the member `error`, and what it says of the prompt and of the answer.
pub(super) fn take(value: Option<Json<'_>>, answer: &mut Answer) {
    let Some(value) = value else {
        return;
    };
    if let Some(error) = read(value) {
        answer.fail(error);
    }
    let Some(told) = json::object::<ToldWire<'_>>(value) else {
        return;
    };
    told.filter.take(answer);
    told.inner.0.unwrap_or_default().filter.take(answer);
    let is_silent = answer
        .choices
        .iter()
        .all(|choice| choice.content.is_empty());
    if let (true, Some(text)) = (is_silent, told.failed_generation.0) {
        answer.append(0, Part::Content, &text);
    }
}

/// Takes an error whose members stand in the body itself, as vLLM, Mistral and gateways send it.
/// Only for bodies that hold no answer: those may have such members too.
pub(super) fn take_flat(text: &str, answer: &mut Answer) {
    let Some(flat) = json::object::<FlatWire<'_>>(text) else {
        return;
    };
    if let Some(message) = flat.message {
        answer.fail(ApiError {
            kind: flat.kind.0,
            code: flat.code.0,
            message: Some(json::text_of(message).into_owned()),
        });
    }
    if let Some(error) = flat.errors.0.first().copied().and_then(read) {
        answer.fail(error);
    }
}

json::wire! {
    struct Wire<'a> {
        kind: Scalar = "type" | "error_type" | "__type",
        // Google's name for it; Azure's number of this name is the HTTP status.
        status: Text<'a> = "status",
        code: Scalar = "code",
        other_code: Scalar = "error_code" | "errorCode" | "statusCode" | "status_code",
        message: Option<Json<'a>> = "message" | "Message",
        other_message: Option<Json<'a>> = "msg"
            | "detail"
            | "error_msg"
            | "error_message"
            | "errorMessage"
            | "error_description"
            | "faultstring",
        // One in another: of gateways that pass on what they got.
        inner: Option<Json<'a>> = "error" | "errors" | "fault",
    }

    struct ToldWire<'a> {
        inner: Object<InnerWire> = "innererror" | "inner_error",
        filter: FilterResults = "content_filter_result" | "content_filter_results",
        // Groq: what the model said where it should have called a tool.
        failed_generation: Text<'a> = "failed_generation",
    }

    struct InnerWire {
        filter: FilterResults = "content_filter_result" | "content_filter_results",
    }

    struct FlatWire<'a> {
        kind: Scalar = "type",
        code: Scalar = "code" | "statusCode",
        // FastAPI's servers have a list of what was wrong in `detail`.
        message: Option<Json<'a>> = "message" | "detail",
        // watsonx has a list, of one.
        errors: List<Json<'a>> = "errors",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    fn answer(take: impl FnOnce(&mut Answer)) -> Answer {
        let mut answer = Answer::new(HashForm::Sha256, 1 << 10);
        take(&mut answer);
        answer
    }

    #[test]
    fn an_error_may_stand_in_the_body_itself() {
        for (body, kind, code, message) in [
            (
                r#"{"object":"error","message":"no such model","type":"NotFoundError","code":404}"#,
                Some("NotFoundError"),
                Some("404"),
                "no such model",
            ),
            (
                r#"{"statusCode":401,"message":"bad key"}"#,
                None,
                Some("401"),
                "bad key",
            ),
            (
                r#"{"detail":[{"loc":["body"],"msg":"required"}]}"#,
                None,
                None,
                r#"[{"loc":["body"],"msg":"required"}]"#,
            ),
            (r#"{"detail":"Not Found"}"#, None, None, "Not Found"),
        ] {
            let error = answer(|answer| take_flat(body, answer)).error.unwrap();
            assert_eq!((error.kind.as_deref(), error.code.as_deref()), (kind, code));
            assert_eq!(error.message.as_deref(), Some(message));
        }
        for other in ["{}", r#"{"id":"x"}"#, r#"{"message":null}"#, "[]"] {
            let answer = answer(|answer| take_flat(other, answer));
            assert!(answer.error.is_none(), "{other}");
        }
    }

    #[test]
    fn an_error_may_tell_what_was_found_and_what_was_said() {
        let error = json::read(
            r#"{"code":"content_filter","message":"no","failed_generation":"<tool>",
                "innererror":{"content_filter_result":{"hate":{"filtered":true}}}}"#,
        );
        let answer = answer(|answer| take(error, answer));
        assert_eq!(
            answer.error.unwrap().code.as_deref(),
            Some("content_filter")
        );
        assert!(answer.findings.contains("hate"));
        assert_eq!(answer.choices[0].content.text, "<tool>");
    }
}
