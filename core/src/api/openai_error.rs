//! Errors of OpenAI and of those who follow it: mostly a member `error`, an object or a string.
//!
//! Sources: <https://platform.openai.com/docs/guides/error-codes>, and for what content filters
//! add <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter>.

use std::borrow::Cow;

use super::openai_findings::FilterResults;
use crate::answer::{Answer, Part};
use crate::event::ApiError;
use crate::json::{self, Json, List, Object, Scalar, Text};

/// The error that the member's value stands for; `None` for null.
pub(super) fn read(value: Json<'_>) -> Option<ApiError> {
    if let Some(Object(Some(Wire {
        kind,
        status,
        code,
        message,
    }))) = json::read(value)
    {
        return Some(ApiError {
            kind: kind.0.or(status.0.map(Cow::into_owned)),
            code: code.0,
            message: message.0,
        });
    }
    let Text(message) = json::read(value)?;
    message.map(|message| ApiError {
        kind: None,
        code: None,
        message: Some(message.into_owned()),
    })
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
        kind: Scalar = "type",
        // Google's name for it; Azure's number of this name is the HTTP status.
        status: Text<'a> = "status",
        code: Scalar = "code",
        message: Scalar = "message",
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
