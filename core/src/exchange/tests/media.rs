//! Files that are sent, and sound that is answered.

use serde_json::json;

use super::*;

const SPEECH: &str = "/v1/audio/speech";
const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";
const SAY: &str = r#"{"model":"tts-1","input":"Hi","voice":"alloy"}"#;

fn form(file: &[u8]) -> Vec<u8> {
    let head = "--b\r\nContent-Disposition: form-data; name=\"model\"\r\n\r\nwhisper-1\r\n\
        --b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\nGr\u{fc}n\r\n\
        --b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"\r\n\r\n";
    [head.as_bytes(), file, b"\r\n--b--\r\n"].concat()
}

fn transcription(file: &[u8]) -> Call {
    Call::new(TRANSCRIPTIONS, "", r#"{"text":"Hello"}"#).with(|call| call.body = form(file))
}

#[test]
fn sound_is_neither_unreadable_nor_bad_unicode() {
    let sounds: [&[u8]; 5] = [
        b"ID3\x04\xff\xfb\x90",
        b"\0\0\0\x1cftypM4A \0\0\0\0",
        b"data\xff\xfe\r\n\r\n",
        b"{\xff\xfe",
        b"e",
    ];
    for sound in sounds {
        for piece in [1, 3, usize::MAX] {
            let event = Call::new(SPEECH, SAY, "")
                .with(|call| {
                    call.response = sound.to_vec();
                    call.piece = piece;
                })
                .event();
            assert_eq!(
                own(&event, "/capture/notes"),
                &json!(["answer_not_text", "usage_absent"]),
                "{sound:?}"
            );
            assert_eq!(own(&event, "/capture/streamed"), false);
            assert_eq!(event["response_content"], "");
        }
    }
}

#[test]
fn what_is_no_answer_is_no_sound_and_no_transcript() {
    for call in [Call::new(SPEECH, SAY, ""), transcription(b"x")] {
        let path = call.path;
        let event = call
            .with(|call| {
                call.response = b"<html>Bad gateway</html>".to_vec();
                call.status = Some(502);
            })
            .event();
        assert_eq!(event["response_content"], "");
        let notes = own(&event, "/capture/notes").to_string();
        assert!(notes.contains("response_unreadable"), "{path}: {notes}");
        assert!(!notes.contains("answer_not_text"), "{path}: {notes}");
    }
}

#[test]
fn a_file_is_its_hash_and_no_bad_unicode() {
    let sound = b"\xff\xfb--b\r\n\0";
    let event = transcription(sound).event();
    let hash = HashForm::Sha256.hash(sound);
    assert_eq!(event["prompt_content"], format!("Grün\n[file {hash}]"));
    assert_eq!(event["model_name"], "whisper-1");
    assert_eq!(own(&event, "/capture/notes"), &json!(["usage_absent"]));
}

#[test]
fn files_count_for_nothing_in_the_limit_and_texts_do() {
    let limit = 1 << 10;
    let texts = form(b"").len() + "10240 sha256:".len() + 64;
    for (size, is_cut) in [
        (limit - texts - 1, false),
        (limit - texts, false),
        (limit - texts + 1, true),
    ] {
        let sound = vec![7; 10 * limit];
        let event = transcription(&sound)
            .with(|call| {
                let prompt = format!("Gr\u{fc}n{}", "x".repeat(size));
                let body = String::from_utf8(form(&sound)).unwrap();
                call.body = body.replace("Gr\u{fc}n", &prompt).into();
                call.config = MINIMAL.replace(
                    r#""audit_api""#,
                    &format!(r#""capture":{{"limits":{{"request_bytes":{limit}}}}},"audit_api""#),
                );
            })
            .event();
        let prompt = event["prompt_content"].as_str().unwrap();
        assert!(prompt.starts_with("Grün"), "{prompt}");
        assert!(prompt.ends_with(&format!("[file {}]", HashForm::Sha256.hash(&sound))));
        assert_eq!(event["prompt_hash"] == "", is_cut);
        let notes = own(&event, "/capture/notes").to_string();
        assert_eq!(notes.contains("request_body_truncated"), is_cut);
    }
}

#[test]
fn a_form_that_broke_off_has_a_hash_of_what_was_sent() {
    let body = form(b"sound");
    let event = transcription(b"")
        .with(|call| {
            let providers = r#""providers":[{"host":"h","name":"house"}],"audit_api""#;
            call.config = MINIMAL.replace(r#""audit_api""#, providers);
            call.body = body[..body.len() - 13].to_vec();
            call.request_ends = false;
        })
        .event();
    assert_eq!(event["prompt_content"], "Grün\n[file]");
    let hash = HashForm::Sha256.hash(&body[..body.len() - 13]);
    assert_eq!(own(&event, "/capture/request_hash"), &hash);
}

#[test]
fn a_transcript_is_a_text_however_it_begins() {
    for text in [
        "data came",
        "e",
        "[Music]",
        "{laughs}",
        "1\n00:00:00,000\nd\u{e9}j\u{e0}",
    ] {
        for piece in [1, usize::MAX] {
            let event = transcription(b"x")
                .with(|call| {
                    call.response = text.into();
                    call.piece = piece;
                })
                .event();
            assert_eq!(event["response_content"], text);
            assert_eq!(own(&event, "/capture/notes"), &json!(["usage_absent"]));
        }
    }
}
