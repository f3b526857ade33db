//! The member `error` of OpenAI's answers and of those who follow them: an object or a string.

use crate::event::ApiError;
use crate::json::{self, Json, Object, Scalar, Text};

/// The error that the member's value stands for; `None` for null.
pub(super) fn read(value: Json<'_>) -> Option<ApiError> {
    if let Some(Object(Some(Wire {
        kind,
        code,
        message,
    }))) = json::read(value.get())
    {
        return Some(ApiError {
            kind: kind.0,
            code: code.0,
            message: message.0,
        });
    }
    let Text(message) = json::read(value.get())?;
    message.map(|message| ApiError {
        kind: None,
        code: None,
        message: Some(message.into_owned()),
    })
}

json::wire! {
    struct Wire {
        kind: Scalar = "type" | "status",
        code: Scalar = "code",
        message: Scalar = "message",
    }
}
