//! Refusing a call in the provider's own shape of an error, so that its clients understand it.

use serde_json::json;

use super::Format;

/// The answer 503 of a gateway that passes no answer on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The JSON body.
    pub body: String,
    /// Headers beside `content-type`.
    pub headers: &'static [(&'static str, &'static str)],
}

/// The refusal that a format's clients read as an error of the server that may be tried again.
pub fn refusal(format: &Format, message: &str) -> Refusal {
    let vendor = format.name.split('.').next().unwrap_or_default();
    let body = match vendor {
        "anthropic" => json!({
            "type": "error",
            "error": {"type": "api_error", "message": message},
        }),
        "bedrock" | "cohere" | "sagemaker" => json!({"message": message}),
        "cloudflare" => json!({
            "result": null,
            "success": false,
            "errors": [{"code": 503, "message": message}],
            "messages": [],
        }),
        "dashscope" => json!({"code": "ServiceUnavailable", "message": message}),
        "google" => json!({
            "error": {"code": 503, "message": message, "status": "UNAVAILABLE"},
        }),
        "ollama" | "tgi" => json!({"error": message}),
        "stability" => json!({
            "id": "audit_unavailable",
            "name": "service_unavailable",
            "errors": [message],
        }),
        "watsonx" => json!({
            "errors": [{"code": "audit_unavailable", "message": message}],
            "status_code": 503,
        }),
        _ => json!({
            "error": {
                "message": message,
                "type": "server_error",
                "param": null,
                "code": "audit_unavailable",
            },
        }),
    };
    let headers: &[_] = match vendor {
        "bedrock" | "sagemaker" => &[("x-amzn-errortype", "ServiceUnavailableException")],
        _ => &[],
    };
    Refusal {
        body: body.to_string(),
        headers,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::Answer;
    use crate::api::FORMATS;
    use crate::digest::HashForm;
    use crate::headers::Headers;

    #[test]
    fn each_format_reads_its_refusal_as_an_error() {
        for format in FORMATS.iter().filter(|format| format.unread.is_none()) {
            let Refusal { body, headers } = refusal(format, "not now");
            let mut answer = Answer::new(HashForm::Sha256, 1 << 10);
            let mut reader = (format.reader)();
            let head: Vec<_> = [&[(":status", "503")], headers]
                .concat()
                .iter()
                .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
                .collect();
            reader.head(Headers(&head), &mut answer);
            assert!(reader.body(&body, &mut answer), "{}", format.name);
            let message = answer.error.and_then(|error| error.message);
            assert_eq!(message.as_deref(), Some("not now"), "{}", format.name);
        }
    }
}
