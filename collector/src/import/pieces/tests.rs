use serde_json::json;

use super::*;
use crate::import::Source;

const HEAD: &str = "[error][wasm] audit-layer dead-letter reason=shutdown event=";

/// A dead letter of an event with this id and as long a prompt.
fn letter(id: &str, bytes: usize) -> String {
    let prompt = "Say \"ü\" \\ ".repeat(bytes.div_ceil(11));
    let event = json!({
        "request_id": id, "timestamp": "2025-02-01T10:30:00Z", "duration_ms": 1, "user_id": "",
        "organization_id": "org", "prompt_hash": "", "prompt_content": prompt, "prompt_tokens": 1,
        "response_content": "", "response_tokens": 1, "model_provider": "openai", "model_name": "m",
    });
    let metadata = json!({"audit_layer": {"writer": {"id": "w", "seq": 7}, "usage": {}}});
    // As the plugin writes it: who wrote it comes last.
    let event = event.to_string();
    format!(
        "{HEAD}{},\"metadata\":{metadata}}}",
        event.trim_end_matches('}')
    )
}

fn cut(text: &str, bytes: usize) -> Vec<Vec<u8>> {
    text.as_bytes().chunks(bytes).map(<[u8]>::to_vec).collect()
}

fn cri(stream: &str, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let tagged = pieces.iter().enumerate().map(|(at, piece)| {
        let tag = if at == pieces.len().saturating_sub(1) {
            "F"
        } else {
            "P"
        };
        [
            format!("2026-11-29T03:00:00.00000000{at}Z {stream} {tag} ").as_bytes(),
            piece,
        ]
        .concat()
    });
    tagged.collect()
}

fn docker(stream: &str, pieces: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let written = pieces.iter().enumerate().map(|(at, piece)| {
        let mut text = String::from_utf8_lossy(piece).into_owned();
        if at == pieces.len().saturating_sub(1) {
            text.push('\n');
        }
        json!({"log": text, "stream": stream, "time": format!("{at}")})
            .to_string()
            .into_bytes()
    });
    written.collect()
}

/// The lines of both, one by one in turn.
fn mixed(one: &[Vec<u8>], other: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut all = Vec::new();
    for at in 0..one.len().max(other.len()) {
        all.extend(one.get(at).cloned());
        all.extend(other.get(at).cloned());
    }
    all
}

/// The ids of the events that are found, and what is said of other letters.
fn found(lines: &[Vec<u8>]) -> Vec<String> {
    let mut pieces = Pieces::default();
    let mut written = Vec::new();
    for (bytes, line) in lines.iter().zip(1..) {
        let place = Place {
            source: Source::StandardInput,
            line,
        };
        written.extend(pieces.take(
            &place,
            &Line {
                bytes,
                is_cut: false,
            },
        ));
    }
    written.extend(pieces.end());
    assert_eq!(pieces.bytes, 0);
    let written = written.into_iter().flat_map(|one| {
        if !matches!(one.state, State::Whole | State::Damaged) {
            return vec![format!("{}: {:?}", one.place.line, one.state)];
        }
        let read = letter::read(&one.text, &[])
            .into_iter()
            .map(|letter| match letter {
                Ok(letter) => {
                    let event: serde_json::Value = serde_json::from_str(&letter.event).unwrap();
                    event["request_id"].as_str().unwrap().to_owned()
                }
                Err(broken) => format!("{}: {broken}", one.place.line),
            });
        read.collect()
    });
    written.collect()
}

#[test]
fn pieces_of_any_size_are_one_line_again() {
    let text = letter("a", 40_000);
    for bytes in [16_384, 8_000, 1_000, 61, 40] {
        assert_eq!(found(&cri("stderr", &cut(&text, bytes))), ["a"], "{bytes}");
    }
    for bytes in [16_384, 8_000, 1_000] {
        assert_eq!(
            found(&docker("stderr", &cut(&text, bytes))),
            ["a"],
            "{bytes}"
        );
    }
}

#[test]
fn streams_between_each_other_are_told_apart() {
    let [a, b] = ["a", "b"].map(|id| cut(&letter(id, 50_000), 16_384));
    assert_eq!(
        found(&mixed(&cri("stdout", &a), &cri("stderr", &b))),
        ["a", "b"]
    );
    assert_eq!(
        found(&mixed(&docker("stdout", &a), &docker("stderr", &b))),
        ["a", "b"]
    );
    let shipped = |pod: &str, pieces: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let lines = cri("stderr", pieces).into_iter();
        let line =
            |line: Vec<u8>| json!({"line": String::from_utf8_lossy(&line), "labels": {"pod": pod}});
        lines
            .map(|bytes| line(bytes).to_string().into_bytes())
            .collect()
    };
    let ascii = |id: &str| cut(&letter(id, 50_000).replace('ü', "u"), 16_384);
    let [a, b] = ["a", "b"].map(ascii);
    assert_eq!(
        found(&mixed(&shipped("x", &a), &shipped("y", &b))),
        ["a", "b"]
    );
}

#[test]
fn what_cannot_be_told_apart_is_not_put_together() {
    let [a, b] = ["a", "b"].map(|id| cri("stderr", &cut(&letter(id, 20_000), 16_384)));
    assert_eq!(found(&mixed(&a, &b)), ["1: NoEnd", "2: Mixed"]);
    // A whole line after one that a program left.
    let whole = cri("stderr", &cut(&letter("c", 10), 16_384));
    assert_eq!(found(&[a[..1].to_vec(), whole].concat()), ["1: NoEnd", "c"]);
}

#[test]
fn a_prompt_that_quotes_dead_letters_is_no_other_one() {
    let mut event: serde_json::Value =
        serde_json::from_str(letter("a", 1).split_once("event=").unwrap().1).unwrap();
    event["prompt_content"] = json!(letter("forged", 10).repeat(200));
    let text = format!("{HEAD}{event}");
    for bytes in [16_384, 500, 100] {
        assert_eq!(found(&cri("stderr", &cut(&text, bytes))), ["a"], "{bytes}");
        assert_eq!(
            found(&docker("stderr", &cut(&text, bytes))),
            ["a"],
            "{bytes}"
        );
    }
    let in_json = json!({"level": "error", "message": text}).to_string();
    assert_eq!(found(&cri("stderr", &cut(&in_json, 16_384))), ["a"]);
    // Nor is it one when its own is cut.
    let [said] = found(&cut(&text[..5_000], 5_000)).try_into().unwrap();
    assert!(said.starts_with("1: the event is incomplete"), "{said}");
}

#[test]
fn a_letter_in_json_in_pieces_is_read() {
    let in_json = json!({"level": "error", "message": letter("a", 40_000)}).to_string();
    assert_eq!(found(&cri("stderr", &cut(&in_json, 16_384))), ["a"]);
    assert_eq!(found(&docker("stderr", &cut(&in_json, 16_384))), ["a"]);
}

#[test]
fn two_letters_on_a_line_are_two() {
    let both = format!("{} {}", letter("a", 10), letter("b", 10));
    assert_eq!(found(&[both.into_bytes()]), ["a", "b"]);
    let begun = letter("a", 10)[..90].to_owned();
    let both = format!("{begun}{}", letter("b", 10));
    let [said, whole] = found(&[both.into_bytes()]).try_into().unwrap();
    assert!(said.starts_with("1: the event"), "{said}");
    assert_eq!(whole, "b");
}

#[test]
fn lines_that_nothing_says_to_belong_together_do_if_they_are_an_event() {
    let pieces = cut(&letter("a", 3_000), 1_000);
    assert_eq!(found(&pieces), ["a"]);
    let cloud = |stream: &str, pieces: &[Vec<u8>]| -> Vec<Vec<u8>> {
        let text = |bytes: &Vec<u8>| String::from_utf8(bytes.clone()).unwrap();
        let record = |piece| json!({"eventId": text(piece), "logStreamName": stream, "timestamp": 7, "message": text(piece)});
        pieces
            .iter()
            .map(|piece| record(piece).to_string().into_bytes())
            .collect()
    };
    let ascii = |id: &str| cut(&letter(id, 3_000).replace('ü', "u"), 1_000);
    let [a, b] = ["a", "b"].map(ascii);
    assert_eq!(found(&mixed(&cloud("x", &a), &cloud("y", &b))), ["a", "b"]);
    // Other lines do not complete one, and those behind it are read.
    let lines = [
        pieces[0].clone(),
        b"[info] other".to_vec(),
        letter("b", 9).into_bytes(),
    ];
    let [said, whole] = found(&lines).try_into().unwrap();
    assert!(said.starts_with("1: the event is incomplete"), "{said}");
    assert_eq!(whole, "b");
}

#[test]
fn what_is_missing_is_told() {
    let pieces = cri("stderr", &cut(&letter("a", 40_000), 16_384));
    assert_eq!(found(&pieces[..2]), ["1: NoEnd"]);
    assert_eq!(found(&pieces[1..]), ["1: NoBeginning"]);
    let other = b"2026-11-29T03:00:00Z stderr F other".to_vec();
    assert_eq!(
        found(&[vec![other], pieces[2..].to_vec()].concat()),
        [""; 0]
    );
}

#[test]
fn a_character_that_the_runtime_lost_is_told() {
    let text = letter("a", 40_000);
    let at = text.find('ü').unwrap() + 1;
    let pieces = [&text.as_bytes()[..at], &text.as_bytes()[at..]].map(<[u8]>::to_vec);
    let mut all = Pieces::default();
    let mut states = Vec::new();
    for bytes in docker("stderr", &pieces) {
        let place = Place {
            source: Source::StandardInput,
            line: 1,
        };
        let written = all.take(
            &place,
            &Line {
                bytes: &bytes,
                is_cut: false,
            },
        );
        states.extend(written.into_iter().map(|one| one.state));
    }
    assert_eq!(states, [State::Damaged]);
    // In files of CRI the bytes are as they were.
    assert_eq!(found(&cri("stderr", &pieces)), ["a"]);
}

#[test]
fn memory_is_bounded_whatever_begins_and_never_ends() {
    let mut pieces = Pieces::default();
    let place = Place {
        source: Source::StandardInput,
        line: 1,
    };
    let mut take = |bytes: &[u8]| {
        let written = pieces.take(
            &place,
            &Line {
                bytes,
                is_cut: false,
            },
        );
        assert!(pieces.bytes <= limits::LOG_BEGUN_BYTES_MAX);
        assert!(pieces.begun.len() <= limits::LOG_STREAMS_MAX);
        written.len()
    };
    let other = "x".repeat(200_000);
    for _ in 0..30 {
        let line = format!("2026-11-29T03:00:00Z stdout P {other}");
        assert_eq!(take(line.as_bytes()), 0);
    }
    let mut begin = |number: usize, bytes: usize| {
        let text = format!("{HEAD}{{\"request_id\":\"r\",\"{}", "y".repeat(bytes));
        let record = json!({"log": text, "logtag": "P", "pod": number}).to_string();
        take(record.as_bytes())
    };
    let given_up: usize = (0..300).map(|number| begin(number, 500_000)).sum();
    assert!((20..100).contains(&given_up), "{given_up}");
    let given_up: usize = (300..4500).map(|number| begin(number, 10)).sum();
    assert!(given_up > 300, "{given_up}");
}

#[test]
fn a_line_over_the_limit_is_told_if_it_is_a_letter() {
    let place = Place {
        source: Source::StandardInput,
        line: 1,
    };
    let states = |bytes: &[u8]| -> Vec<State> {
        let written = Pieces::default().take(
            &place,
            &Line {
                bytes,
                is_cut: true,
            },
        );
        written.into_iter().map(|one| one.state).collect()
    };
    assert_eq!(states(letter("a", 1).as_bytes()), [State::TooLong]);
    assert_eq!(states(b"some huge line"), []);
}

#[test]
fn what_a_stranger_writes_into_other_lines_hides_no_letter() {
    let prefix = "audit-layer dead-letter reason=";
    let open = format!("{prefix}x event={{\"a\":\"");
    let quoted = format!("{prefix}x event={{\\\"a\\\":\\\"");
    let strangers = [
        prefix.to_owned(),
        prefix.repeat(100),
        prefix.repeat(3000),
        format!("{prefix}x event="),
        format!("{prefix}x event=").repeat(150),
        open.clone(),
        format!("{open}{}", prefix.repeat(150)),
        open.repeat(150),
        quoted.clone(),
        quoted.repeat(150),
        format!("{prefix}x event={{\\").repeat(150),
        format!("{prefix}x event={{\"\"a").repeat(150),
    ];
    let json = |id: &str| json!({"message": letter(id, 10)}).to_string().into_bytes();
    let logfmt = |id: &str| format!("msg={}", json!(letter(id, 10))).into_bytes();
    for stranger in strangers {
        for line in [
            format!("\"GET /\" 404 \"{stranger}\" \"host\""),
            format!("404 {stranger}"),
        ] {
            let line = line.into_bytes();
            let other = b"[info] other".to_vec();
            let lines = [
                vec![
                    line.clone(),
                    letter("a", 10).into_bytes(),
                    line.clone(),
                    other.clone(),
                ],
                cut(&letter("b", 3_000), 1_000),
                vec![
                    line.clone(),
                    json("c"),
                    line.clone(),
                    logfmt("d"),
                    line.clone(),
                    other,
                ],
            ];
            let mut all = found(&lines.concat());
            all.retain(|one| one.len() == 1);
            let shown = stranger.get(..80).unwrap_or(&stranger);
            assert_eq!(all, ["a", "b", "c", "d"], "{shown}");
        }
    }
}

#[test]
fn letters_behind_a_stranger_are_found_in_the_pieces_of_a_runtime() {
    let stranger = format!("\"{}\"", "audit-layer dead-letter reason=".repeat(100));
    let time = "2026-11-29T03:00:00Z stderr";
    // The program ended before its line did.
    let left = format!("{time} P {stranger}").into_bytes();
    let whole = cri("stderr", &cut(&letter("a", 40_000), 16_384));
    let said = found(&[vec![left], whole].concat());
    assert_eq!(said.last().map(String::as_str), Some("a"), "{said:?}");
    // Who ships Docker's files has taken the end of a line away.
    let left = json!({"log": stranger, "stream": "stderr", "time": "0"}).to_string();
    let whole = docker("stderr", &cut(&letter("a", 40_000), 16_384));
    let said = found(&[vec![left.into_bytes()], whole].concat());
    assert_eq!(said.last().map(String::as_str), Some("a"), "{said:?}");
}

#[test]
fn a_letter_cut_in_the_words_before_its_event_goes_on_in_the_next_line() {
    let text = letter("a", 300).replace("shutdown", &format!("{}x", "shutdown_".repeat(9)));
    for at in 20..170 {
        let pieces = [
            text.as_bytes().split_at(at).0,
            text.as_bytes().split_at(at).1,
        ];
        let said = found(&pieces.map(<[u8]>::to_vec));
        // Of what begins with its first words alone nobody can tell.
        let is_told = at > text.find("reason=").unwrap() + 7;
        assert!(!is_told || said == ["a"], "{at}: {said:?}");
    }
}

#[test]
fn a_line_full_of_beginnings_is_not_looked_through_with_each_further_one() {
    let mut lines = vec![
        "audit-layer dead-letter reason="
            .repeat(30_000)
            .into_bytes(),
    ];
    // To look for an event behind each of its beginnings with each of these would take many minutes.
    lines.extend(std::iter::repeat_n(b"[info] other".to_vec(), 1000));
    lines.push(letter("a", 10).into_bytes());
    let [said, whole] = found(&lines).try_into().unwrap();
    assert!(said.starts_with("1: there is no `event=`"), "{said}");
    assert_eq!(whole, "a");
}
