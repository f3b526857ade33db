//! Answers that are fetched by GET: an event if one comes, and nothing of the prompt.

use super::*;

const DONE: &str = r#"{"id":"resp_1","object":"response","status":"completed","model":"m-1",
    "output":[{"type":"message","content":[{"type":"output_text","text":"Hello"}]}],
    "usage":{"input_tokens":5,"output_tokens":2}}"#;

fn fetch(host: &str, path: &'static str, response: &str) -> Call {
    Call::new(path, "", response).with(|call| {
        call.method = "GET";
        call.headers = vec![(":authority", host.into())];
    })
}

#[test]
fn an_answer_that_is_fetched_counts_no_token_again() {
    let event = fetch("api.openai.com", "/v1/responses/resp_1", DONE).event();
    assert_eq!(event["response_content"], "Hello");
    assert_eq!(event["model_name"], "m-1");
    assert_eq!(
        (&event["prompt_tokens"], &event["response_tokens"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(own(&event, "/usage/input_tokens"), 5);
    assert_eq!(own(&event, "/prompt"), &Value::Null);
    assert_eq!(own(&event, "/capture/notes"), &json!(["answer_fetched"]));
}

#[test]
fn no_spelling_of_the_path_hides_the_answer() {
    for (host, path) in [
        ("h:1", "/v1/responses/resp_1"),
        ("h:1", "/v1/Responses/%72esp_1"),
        ("api.openai.com", "//v1/./responses//resp_1/"),
        ("api.openai.com", "/v1/responses/own-1?stream=false"),
        ("my.openai.azure.com", "/openai/v1/responses/resp_1"),
    ] {
        let event = fetch(host, path, DONE).event();
        assert_eq!(own(&event, "/response/id"), "resp_1", "{host}{path}");
    }
}

#[test]
fn what_brings_no_answer_gives_no_event() {
    let pending = r#"{"id":"resp_1","object":"response","status":"in_progress","output":[]}"#;
    let list = r#"{"object":"list","data":[{"type":"message","content":[]}]}"#;
    let error = r#"{"error":{"message":"not found","type":"invalid_request_error"}}"#;
    let training = "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}\n".repeat(2);
    for (host, path, response) in [
        ("api.openai.com", "/v1/responses/resp_1", pending),
        ("api.openai.com", "/v1/responses/resp_1/input_items", list),
        ("api.openai.com", "/v1/responses/resp_1", error),
        ("api.openai.com", "/v1/responses/resp_1", ""),
        ("api.openai.com", "/v1/files/file-1/content", &training),
        ("api.openai.com", "/v1/models", DONE),
        // Forms have responses, too.
        ("forms.example", "/forms/1/responses/2", DONE),
    ] {
        let event = fetch(host, path, response).run();
        assert!(event.is_none(), "{host}{path} {response}");
    }
}

#[test]
fn results_that_break_off_are_not_whole() {
    let line = r#"{"custom_id":"a","result":{"type":"succeeded","message":{"type":"message",
        "content":[{"type":"text","text":"Hello"}],"stop_reason":"end_turn"}}}"#
        .replace('\n', "");
    let path = "/v1/messages/batches/b-1/results";
    let call = fetch("h:1", path, &format!("{line}\n{line}\n"));
    assert_eq!(own(&call.event(), "/completion/state"), "complete");
    let call = call.with(|call| {
        call.response_ends = false;
        call.end = aborted(Cause::ConnectionBroke, "UC", "via_upstream");
    });
    assert_eq!(own(&call.event(), "/completion/state"), "upstream_abort");
}
