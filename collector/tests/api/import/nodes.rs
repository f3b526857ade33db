//! Logs as nodes keep them: in pieces, rotated, compressed, in folders.

use serde_json::{Value, json};

use super::{Imported, OTHER, file, gzip, import, import_content, line};
use crate::program::{Folder, Program};
use crate::sample::event_with;

/// An event with so long a prompt that no runtime keeps its dead letter in one line.
fn long(id: &str) -> Value {
    event_with(id, json!({"prompt_content": "Say \"no\". ".repeat(4000)}))
}

/// What a runtime writes of a line: pieces of 16 KiB.
fn pieces(event: &Value) -> Vec<String> {
    let line = line(event);
    let bytes = line.trim_end().as_bytes().chunks(16 * 1024);
    bytes
        .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
        .collect()
}

/// As containerd and CRI-O write them below `/var/log/pods`.
fn cri(stream: &str, event: &Value) -> Vec<String> {
    let pieces = pieces(event);
    let last = pieces.len() - 1;
    let lines = pieces.iter().enumerate().map(|(at, piece)| {
        let tag = if at == last { "F" } else { "P" };
        format!("2026-11-29T03:00:00.00000000{at}Z {stream} {tag} {piece}\n")
    });
    lines.collect()
}

/// As Docker writes them to `<id>-json.log`.
fn docker(stream: &str, event: &Value) -> Vec<String> {
    let pieces = pieces(event);
    let last = pieces.len() - 1;
    let lines = pieces.iter().enumerate().map(|(at, piece)| {
        let end = if at == last { "\n" } else { "" };
        let record = json!({"log": format!("{piece}{end}"), "stream": stream, "time": "2026-11-29T03:00:00Z"});
        format!("{record}\n")
    });
    lines.collect()
}

fn in_turn(one: &[String], other: &[String]) -> String {
    let pairs = one.iter().zip(other);
    pairs.map(|(one, other)| format!("{one}{other}")).collect()
}

#[tokio::test]
async fn long_dead_letters_in_pieces_are_put_together() {
    for lines in [cri("stderr", &long("a")), docker("stderr", &long("a"))] {
        assert!(lines.len() > 2);
        let imported = import_content(lines.concat(), &["a"]).await;
        assert_eq!((imported.code, imported.counts()), (Some(0), [1, 0, 0]));
    }
}

#[tokio::test]
async fn streams_between_each_other_are_told_apart() {
    let [a, b] = [long("a"), long("b")];
    for content in [
        in_turn(&cri("stdout", &a), &cri("stderr", &b)),
        in_turn(&docker("stdout", &a), &docker("stderr", &b)),
    ] {
        let imported = import_content(content, &["a", "b"]).await;
        assert_eq!((imported.code, imported.counts()), (Some(0), [2, 0, 0]));
    }
}

#[tokio::test]
async fn a_line_that_goes_on_in_the_next_file_of_a_rotated_log_is_one() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let pod = folder.path("pods/ns_gateway_uid/envoy");
    std::fs::create_dir_all(&pod).unwrap();
    let [one, two] = ["one", "two"].map(|id| cri("stderr", &long(id)));
    let write = |name: &str, content: &[u8]| std::fs::write(pod.join(name), content).unwrap();
    write("0.log.20261128-030000.gz", &gzip(&one[..1].concat()));
    write(
        "0.log.20261129-030000",
        [&one[1..], &two[..2]].concat().concat().as_bytes(),
    );
    write("0.log", two[2..].concat().as_bytes());
    // Another container of the pod, in pieces as well.
    let other = folder.path("pods/ns_gateway_uid/other");
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("0.log"), cri("stderr", &long("three")).concat()).unwrap();
    std::os::unix::fs::symlink(&pod, folder.path("pods/again")).unwrap();

    for path in [
        vec![folder.path("pods")],
        vec![
            folder.path("pods/*/envoy/0.log*"),
            folder.path("pods/ns_*/other"),
        ],
        vec![
            pod.join("0.log"),
            pod.join("0.log.20261129-030000"),
            pod.join("0.log.20261128-030000.gz"),
            other,
        ],
    ] {
        let imported = Imported::of(import(&program).args(&path)).await;
        assert_eq!(imported.code, Some(0), "{path:?} {}", imported.stderr);
        let [new, known, broken] = imported.counts();
        assert_eq!((new + known, broken), (3, 0), "{path:?}");
    }
    let docker = folder.path("docker");
    std::fs::create_dir_all(&docker).unwrap();
    let lines = self::docker("stderr", &long("four"));
    std::fs::write(docker.join("id-json.log.2.gz"), gzip(&lines[..1].concat())).unwrap();
    std::fs::write(docker.join("id-json.log.1"), &lines[1]).unwrap();
    std::fs::write(docker.join("id-json.log"), lines[2..].concat()).unwrap();
    let imported = Imported::of(import(&program).arg(&docker)).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [1, 0, 0]));
}

#[tokio::test]
async fn what_is_still_cut_is_told_with_its_place_and_its_event() {
    let event = event_with("r", json!({"prompt_content": "x".repeat(20_000)}));
    let metadata = json!({"audit_layer": {"writer": {"id": "w", "seq": 7}, "usage": {}}});
    // The order in which the plugin writes members.
    let members = event.to_string().replacen('{', "{\"request_id\":\"r\",", 1);
    let text = format!(
        "{},\"metadata\":{metadata}}}",
        members.trim_end_matches('}')
    );
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(16_384)
        .map(|piece| String::from_utf8(piece.to_vec()).unwrap())
        .collect();
    let head = "wasm log: audit-layer dead-letter reason=max_age event=";
    let begin = format!("2026-11-29T03:00:00Z stderr P {head}{}\n", lines[0]);
    let end = format!("2026-11-29T03:00:00Z stderr F {}\n", lines[1]);

    let imported = import_content(format!("{OTHER}{begin}"), &[]).await;
    assert_eq!(imported.counts(), [0, 0, 1]);
    imported.assert_complaint(&["envoy.log:2: ", "last pieces", "request_id r"]);
    let imported = import_content(end + &begin, &[]).await;
    assert_eq!(imported.counts(), [0, 0, 2]);
    imported.assert_complaint(&[
        "envoy.log:1: ",
        "beginning",
        "writer w, seq 7",
        "envoy.log:2: ",
    ]);
}

#[tokio::test]
async fn a_log_that_is_compressed_in_another_way_is_not_passed_over() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    let log = file(&folder, "envoy.log.zst", [0x28, 0xb5, 0x2f, 0xfd, 1, 2, 3]);
    let imported = Imported::of(import(&program).arg(log)).await;
    imported.assert_complaint(&["envoy.log.zst:1: ", "zstdcat"]);
}

#[tokio::test]
async fn what_stores_of_logs_give_out_is_read() {
    let event = |id: &str| line(&event_with(id, json!({}))).trim_end().to_owned();
    let loki =
        json!({"labels": {"pod": "a"}, "line": event("loki"), "timestamp": "2026-11-29T03:00:00Z"});
    let cloudwatch = json!({"events": [
        {"logStreamName": "a", "message": event("cloudwatch 1"), "eventId": "1"},
        {"logStreamName": "b", "message": event("cloudwatch 2"), "eventId": "2"},
    ]});
    let elastic = json!({"hits": {"hits": [
        {"_id": "1", "_source": {"message": event("elastic"), "kubernetes": {"pod": {"name": "a"}}}},
    ]}});
    let kubectl = format!("[pod/gateway-7f9c/envoy] {}", event("kubectl"));
    let pretty =
        serde_json::to_string_pretty(&json!({"events": [{"message": event("pretty")}]})).unwrap();
    let content = format!("{loki}\n{cloudwatch}\n{elastic}\n{kubectl}\n{pretty}\n");
    let ids = [
        "loki",
        "cloudwatch 1",
        "cloudwatch 2",
        "elastic",
        "kubectl",
        "pretty",
    ];
    let imported = import_content(content, &ids.map(|id| id)).await;
    assert_eq!((imported.code, imported.counts()), (Some(0), [6, 0, 0]));
}
