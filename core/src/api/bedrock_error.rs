//! Errors of Amazon Bedrock: the kind is a header, the body only words.
//!
//! Source: <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>, operation errors.

use crate::answer::Answer;
use crate::event::ApiError;
use crate::headers::Headers;
use crate::json::{self, Object, Scalar};

/// The kind of error, if a response is one.
#[derive(Debug, Default)]
pub(super) struct ErrorKind(Option<String>);

impl ErrorKind {
    /// The kind that a response's headers name.
    pub(super) fn of(headers: Headers<'_>) -> Self {
        Self(headers.str("x-amzn-errortype").map(name))
    }

    /// Reads a body; false if it is no error.
    pub(super) fn read(&self, text: &str, answer: &mut Answer) -> bool {
        let Some(Object(Some(Wire { kind, message }))) = json::read(text) else {
            return false;
        };
        let kind = kind.0.as_deref().map(name).or(self.0.clone());
        let is_error = kind.is_some() || message.0.is_some();
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

    #[test]
    fn the_kind_of_an_error_is_its_name_alone() {
        for (header, body, kind) in [
            (
                Some("ValidationException:http://internal.amazon.com/"),
                r#"{"message":"m"}"#,
                Some("ValidationException"),
            ),
            (
                None,
                r#"{"__type":"com.amazon.coral#ThrottlingException","Message":"m"}"#,
                Some("ThrottlingException"),
            ),
            (None, r#"{"message":"m"}"#, None),
        ] {
            let header = header.map(|it: &str| (b"x-amzn-errortype".to_vec(), it.into()));
            let headers: Vec<_> = header.into_iter().collect();
            let mut answer = Answer::new(HashForm::Sha256, 10);
            assert!(ErrorKind::of(Headers(&headers)).read(body, &mut answer));
            let error = answer.error.unwrap();
            assert_eq!(error.kind.as_deref(), kind);
            assert_eq!(error.message.as_deref(), Some("m"));
        }
    }

    #[test]
    fn a_body_without_words_is_no_error() {
        let mut answer = Answer::new(HashForm::Sha256, 10);
        for body in ["{}", "[]", "<html>"] {
            assert!(!ErrorKind::default().read(body, &mut answer), "{body}");
        }
    }
}
