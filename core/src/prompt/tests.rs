use super::*;
use crate::digest::HashForm;
use crate::json;

fn content(text: &str) -> String {
    let parts = content_parts(json::read(text).unwrap());
    let prompt = Prompt::contents([Message::of("user", parts)]);
    prompt.canonical(PromptFormat::Wrapper).text
}

#[test]
fn text_parts_are_joined_and_others_stand_as_their_hash() {
    let image = r#"{"type":"image_url","image_url":{"url":"data: x \" y"}}"#;
    let spaced = r#"{ "type": "image_url",
        "image_url": {"url": "data: x \" y"} }"#;
    let hash = HashForm::Sha256.hash(image.as_bytes());
    for part in [image, spaced] {
        let list = format!(r#"[{{"type":"text","text":"a"}}, {part}, "b"]"#);
        assert_eq!(content(&list), format!("a\n[image_url {hash}]\nb"));
    }
}

#[test]
fn the_result_of_a_tool_is_its_text() {
    let content = content(
        r#"[{"type":"tool_result","tool_use_id":"t","content":"12 C"},
            {"type":"tool_result","content":[{"type":"text","text":"a"},{"type":"image"}]},
            {"type":"tool_result"}]"#,
    );
    assert!(content.starts_with("12 C\na\n[image sha256:"), "{content}");
    assert!(content.ends_with("]\n"), "{content}");
}

#[test]
fn a_thought_in_texts_is_text_and_a_signed_one_is_not() {
    let thought = |thinking| content(&format!(r#"[{{"type":"thinking","thinking":{thinking}}}]"#));
    assert_eq!(
        thought(r#"[{"type":"text","text":"a"},{"type":"text","text":"b"}]"#),
        "a\nb"
    );
    assert!(thought(r#""a","signature":"s""#).starts_with("[thinking sha256:"));
}

#[test]
fn results_within_results_are_not_followed() {
    let deep = 50_000;
    let part = [
        r#"{"type":"tool_result","content":["#.repeat(deep),
        "]}".repeat(deep),
    ]
    .concat();
    assert!(content(&format!("[{part}]")).starts_with("[tool_result sha256:"));
}

#[test]
fn content_of_another_type_is_empty_text() {
    for odd in ["null", "7", "{}", "[]", "true"] {
        assert_eq!(content(odd), "");
    }
}

#[test]
fn a_part_without_a_type_still_has_a_placeholder() {
    assert!(content("[7]").starts_with("[part sha256:"));
}
