//! Errors of Amazon Bedrock: the kind is a header, the body only words.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>, operation errors.

use crate::answer::Answer;
use crate::event::ApiError;
use crate::headers::Headers;
use crate::json::{self, Object, Scalar};

/// What a response's headers say of an error.
#[derive(Debug, Default)]
pub(super) struct ErrorHead {
    kind: Option<String>,
    /// Some models answer in the member that an error has.
    is_error: bool,
}

impl ErrorHead {
    pub(super) fn of(headers: Headers<'_>) -> Self {
        let status = headers.str(":status").and_then(|it| it.parse::<u16>().ok());
        Self {
            kind: headers.str("x-amzn-errortype").map(name),
            is_error: status.is_some_and(|status| status >= 400),
        }
    }

    /// Reads a body; false if it is no error.
    pub(super) fn read(&self, text: &str, answer: &mut Answer) -> bool {
        let Some(Object(Some(Wire { kind, message }))) = json::read(text) else {
            return false;
        };
        let kind = kind.0.as_deref().map(name).or(self.kind.clone());
        let is_error = kind.is_some() || (self.is_error && message.0.is_some());
        if is_error {
            answer.fail(ApiError {
                kind,
                code: None,
                message: message.0,
            });
        }
        is_error
    }
}

/// The name alone: a namespace may stand before it, and an address after it.
fn name(kind: &str) -> String {
    let kind = kind.split(':').next().unwrap_or_default();
    let kind = kind.rsplit('#').next().unwrap_or_default();
    kind.to_owned()
}

json::wire! {
    struct Wire {
        kind: Scalar = "__type",
        message: Scalar = "message" | "Message",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;

    fn read(headers: &[(&str, &str)], body: &str) -> Option<ApiError> {
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
            .collect();
        let mut answer = Answer::new(HashForm::Sha256, 10);
        let is_error = ErrorHead::of(Headers(&headers)).read(body, &mut answer);
        assert_eq!(is_error, answer.error.is_some());
        answer.error
    }

    #[test]
    fn the_kind_of_an_error_is_its_name_alone() {
        let header = (
            "x-amzn-errortype",
            "ValidationException:http://internal.amazon.com/",
        );
        for (headers, body, kind) in [
            (
                &[header][..],
                r#"{"message":"m"}"#,
                Some("ValidationException"),
            ),
            (
                &[],
                r#"{"__type":"com.amazon.coral#ThrottlingException","Message":"m"}"#,
                Some("ThrottlingException"),
            ),
            (&[(":status", "403")], r#"{"message":"m"}"#, None),
        ] {
            let error = read(headers, body).unwrap();
            assert_eq!(error.kind.as_deref(), kind);
            assert_eq!(error.message.as_deref(), Some("m"));
        }
    }

    #[test]
    fn a_body_without_words_or_of_a_success_is_no_error() {
        for body in ["{}", "[]", "<html>"] {
            assert!(read(&[(":status", "500")], body).is_none(), "{body}");
        }
        assert!(read(&[(":status", "200")], r#"{"message":"m"}"#).is_none());
    }
}
