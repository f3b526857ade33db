//! Names that parts of a prompt share, and how much of an event names may take.

use super::*;
use crate::limits::{PROMPT_NAMES_BYTES_MAX, SHARED_NAME_BYTES_MAX};

/// The parts of the prompt of a tool's message with so many texts, and the notes.
fn parts(role: &str, id: &str, count: usize) -> (Vec<Value>, String) {
    let name = "n".repeat(SHARED_NAME_BYTES_MAX);
    let texts = vec![""; count];
    let message = json!({"role": role, "tool_call_id": id, "name": name, "content": texts});
    let body = json!({"model": "m", "messages": [message]}).to_string();
    let event = Call::new(OPENAI, &body, OPENAI_ANSWER).event();
    let parts = own(&event, "/prompt/parts").as_array().unwrap().clone();
    (parts, own(&event, "/capture/notes").to_string())
}

#[test]
fn a_long_name_is_told_with_the_first_part_alone() {
    let name = |bytes: usize| "n".repeat(bytes);
    for (bytes, is_repeated) in [
        (SHARED_NAME_BYTES_MAX - 1, true),
        (SHARED_NAME_BYTES_MAX, true),
        (SHARED_NAME_BYTES_MAX + 1, false),
    ] {
        let (told, _) = parts(&name(bytes), "", 2);
        assert_eq!(told[0]["role"], name(bytes));
        assert_eq!(told[1]["role"] == told[0]["role"], is_repeated, "{bytes}");
        let (told, _) = parts("tool", &name(bytes), 2);
        assert_eq!(told[0]["id"], name(bytes));
        assert_eq!(told[1]["id"] == told[0]["id"], is_repeated, "{bytes}");
    }
}

#[test]
fn the_list_of_parts_ends_where_their_names_reach_their_limit() {
    let id = "i".repeat(SHARED_NAME_BYTES_MAX - "tool".len());
    let each = "tool".len() + id.len() + SHARED_NAME_BYTES_MAX;
    let fit = PROMPT_NAMES_BYTES_MAX / each;
    assert_eq!(fit * each, PROMPT_NAMES_BYTES_MAX);
    for (count, listed) in [(fit - 1, fit - 1), (fit, fit), (fit + 1, fit)] {
        let (told, notes) = parts("tool", &id, count);
        assert_eq!(told.len(), listed);
        let is_told = notes.contains("prompt_parts_truncated");
        assert_eq!(is_told, count > listed, "{notes}");
    }
}

#[test]
fn characters_for_private_use_stay_in_names_of_a_request() {
    let name = "a\u{10F800}\u{10FFFF}";
    let body = json!({"model": name, "user": name, "messages": [{"role": name, "content": ""}]});
    let event = Call::new(OPENAI, &body.to_string(), OPENAI_ANSWER).event();
    let role = own(&event, "/prompt/parts/0/role");
    for told in [&event["model_name"], &event["user_id"], role] {
        assert_eq!(told, name);
    }
}
