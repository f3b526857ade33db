//! Every way in which events can be asked for.

use serde_json::json;
use sqlx::{Connection, Executor};

use crate::database::WITHOUT_CHARACTERS;
use crate::program::{Folder, Program};
use crate::query::{pages, request_ids};
use crate::sample::{event, event_with, gateway_event};

/// Two events that differ in each member that can be asked for.
async fn start_with_two() -> Program {
    let program = Program::start().await;
    for (id, state) in [("one", "complete"), ("two", "timeout")] {
        let event = event_with(
            id,
            json!({
                "user_id": format!("user {id}"),
                "session_id": format!("session {id}"),
                "organization_id": format!("organization {id}"),
                "decision_type": format!("type {id}"),
                "decision_outcome": format!("outcome {id}"),
                "model_provider": format!("provider {id}"),
                "model_name": format!("model {id}"),
                "prompt_hash": format!("hash {id}"),
                "risk_level": if id == "one" { "low" } else { "critical" },
                "compliance_tags": ["SOC2", format!("tag {id}"), "SOC2"],
                "prompt_content": format!("prompt {id}"),
                "metadata": {"audit_layer": {"completion": {"state": state}}},
            }),
        );
        program.record(&event).await;
    }
    program.record(&event("neither")).await;
    program
}

#[tokio::test]
async fn every_filter_finds_what_has_exactly_its_value() {
    let program = start_with_two().await;
    for name in [
        "user_id=user",
        "session_id=session",
        "organization_id=organization",
        "decision_type=type",
        "decision_outcome=outcome",
        "model_provider=provider",
        "model_name=model",
        "prompt_hash=hash",
        "compliance_tag=tag",
        "text=prompt",
    ] {
        assert_eq!(
            request_ids(&program, &format!("{name}+one")).await,
            ["one"],
            "{name}"
        );
        assert_eq!(
            request_ids(&program, &format!("{name}+One+x")).await,
            [""; 0],
            "{name}"
        );
    }
    assert_eq!(request_ids(&program, "risk_level=critical").await, ["two"]);
    assert_eq!(
        request_ids(&program, "completion_state=timeout").await,
        ["two"]
    );
    assert_eq!(
        request_ids(&program, "compliance_tag=SOC2").await,
        ["two", "one"]
    );
}

#[tokio::test]
async fn all_filters_must_hold_whichever_is_the_rarest() {
    let program = start_with_two().await;
    let all = "user_id=user+one&session_id=session+one&decision_type=type+one\
        &compliance_tag=tag+one&text=prompt";
    assert_eq!(request_ids(&program, all).await, ["one"]);
    for one_differs in [
        all.replace("user+one", "user+two"),
        all.replace("tag+one", "tag+two"),
        all.replace("text=prompt", "text=two"),
        all.replace("type+one", "type+two"),
    ] {
        assert_eq!(
            request_ids(&program, &one_differs).await,
            [""; 0],
            "{one_differs}"
        );
    }
    let days = "start_date=2025-02-01&end_date=2025-02-01";
    assert_eq!(
        request_ids(&program, &format!("{all}&{days}")).await,
        ["one"]
    );
    let days = "start_date=2025-02-02";
    assert_eq!(
        request_ids(&program, &format!("{all}&{days}")).await,
        [""; 0]
    );
}

#[tokio::test]
async fn common_filters_are_combined() {
    let program = Program::start().await;
    let lines = (0..2500).map(|number| {
        let members = json!({
            "user_id": format!("user {}", number % 2),
            "compliance_tags": [format!("tag {}", number % 3)],
            "prompt_content": format!("word{}", number % 5),
        });
        format!("{}\n", event_with(&number.to_string(), members))
    });
    program.record_lines(lines).await;
    let query = "user_id=user+1&compliance_tag=tag+2&text=word3&limit=500";
    let found = request_ids(&program, query).await;
    let expected = (0..2500).rev().filter(|number| number % 30 == 23);
    assert_eq!(
        found,
        expected
            .map(|number| number.to_string())
            .collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn text_is_found_in_prompt_answer_and_reasoning_by_its_words() {
    let program = Program::start().await;
    for (id, members) in [
        (
            "prompt",
            json!({"prompt_content": "Please, review the “Crédit-Score” of Ms. O'Neill!"}),
        ),
        (
            "answer",
            json!({"response_content": "The score of the credit is 680; denied."}),
        ),
        (
            "reasoning",
            json!({"response_content": null, "reasoning": "Übergröße\u{0}geprüft"}),
        ),
    ] {
        program.record(&event_with(id, members)).await;
    }
    for (text, found) in [
        ("SCORE", ["answer", "prompt"].as_slice()),
        ("score credit", &["answer", "prompt"]),
        ("\"credit score\"", &["prompt"]),
        ("credit-score", &["prompt"]),
        ("o'neill", &["prompt"]),
        ("680 denied", &["answer"]),
        ("denied*", &["answer"]),
        ("deni*", &[]),
        ("ubergroße", &["reasoning"]),
        ("geprüft", &["reasoning"]),
        ("score NOT credit", &[]),
        ("score - credit", &["answer", "prompt"]),
        ("words:score", &[]),
    ] {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("text", text)
            .finish();
        assert_eq!(request_ids(&program, &query).await, found, "{text}");
    }
}

/// What a search for this text finds, newest first.
async fn found_by(program: &Program, text: &str) -> Vec<String> {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("text", text)
        .finish();
    request_ids(program, &query).await
}

/// Texts without blanks between words, and what they are found by and what not.
const WITHOUT_BLANKS: [(&str, &str, &[&str], &[&str]); 10] = [
    (
        "chinese",
        "任务队列端口错配，导致用Python3写的 Worker失败。2024年",
        &[
            "端口",
            "端",
            "队列端口错配",
            "用python3写",
            "Python3",
            "worker",
            "\"错配 导致\"",
            "2024",
            "失败 任务",
        ],
        &["口端", "端错", "Pyth", "端口失败", "張"],
    ),
    (
        "surrogates",
        "𠮷野家で𩸽を食べた",
        &["𠮷野家", "𩸽", "食べた"],
        &["野𠮷"],
    ),
    (
        "japanese",
        "今日の天気はどうですか。サーバーがAPIキーを拒否",
        &[
            "天気",
            "今日の天気",
            "サーバー",
            "ｻｰﾊﾞｰ",
            "ＡＰＩ",
            "キーを拒否",
            "天気 拒否",
        ],
        &["気天", "サーハー", "apiは"],
    ),
    (
        "thai",
        "วันนี้อากาศดีที่กรุงเทพ GPT4ตอบ",
        &["อากาศ", "วันนี้", "กรุงเทพ", "gpt4", "ตอบ"],
        &["วันนั้", "ฝน"],
    ),
    ("lao", "ສະບາຍດີຕອນເຊົ້າ", &["ສະບາຍດີ", "ຕອນເຊົ້າ"], &["ເຊົ້າຕອນ"]),
    (
        "khmer",
        "ខ្ញុំនិយាយភាសាខ្មែរ",
        &["ភាសា", "ខ្មែរ", "ភាសាខ្មែរ"],
        &["ខ្មែរភាសា"],
    ),
    (
        "burmese",
        "မင်္ဂလာပါကမ္ဘာ",
        &["ကမ္ဘာ", "မင်္ဂလာပါ"],
        &["ကမ္ဘာမင်္ဂလာ"],
    ),
    (
        "korean",
        "신용점수를 확인하세요",
        &["점수", "신용점수", "확인"],
        &["점확"],
    ),
    (
        "wrapped",
        "长长的一行在此处断\n开了\u{3000}终点",
        &["断开", "\"断开了终点\""],
        &["开断"],
    ),
    ("tibetan", "བོད་སྐད་", &["སྐད", "བོད་སྐད"], &["སྐད་བོད"]),
];

#[tokio::test]
async fn text_without_blanks_between_words_is_found_by_any_part_of_it() {
    let program = Program::start().await;
    for (id, text, ..) in WITHOUT_BLANKS {
        let event = event_with(id, json!({"response_content": text}));
        program.record(&event).await;
    }
    for (id, _, finding, others) in WITHOUT_BLANKS {
        for text in finding {
            assert_eq!(found_by(&program, text).await, [id], "{text}");
        }
        for text in others {
            assert_eq!(found_by(&program, text).await, [""; 0], "{text}");
        }
    }
}

#[tokio::test]
async fn an_index_of_an_earlier_version_is_made_anew() {
    let folder = Folder::new();
    let program = Program::start_in(&folder).await;
    for (id, text, ..) in WITHOUT_BLANKS {
        let event = event_with(id, json!({"prompt_content": text}));
        program.record(&event).await;
    }
    program.stop().await;
    let mut database = folder.beside().open().await;
    database.execute(WITHOUT_CHARACTERS).await.unwrap();
    database.close().await.unwrap();

    let program = Program::start_in(&folder).await;
    for (id, _, finding, _) in WITHOUT_BLANKS {
        assert_eq!(found_by(&program, finding[0]).await, [id]);
    }
}

#[tokio::test]
async fn a_superseded_event_is_found_by_nothing_any_more() {
    let program = Program::start().await;
    let mut pending = gateway_event("r", "pending");
    pending["prompt_content"] = json!("provisional");
    pending["compliance_tags"] = json!(["early", "both"]);
    program.record(&pending).await;
    assert_eq!(request_ids(&program, "text=provisional").await, ["r"]);
    assert_eq!(request_ids(&program, "compliance_tag=early").await, ["r"]);

    let mut end = gateway_event("r", "complete");
    end["timestamp"] = json!("2025-03-01T00:00:00Z");
    end["prompt_content"] = json!("conclusive");
    end["compliance_tags"] = json!(["late", "both"]);
    program.record(&end).await;
    for gone in [
        "text=provisional",
        "compliance_tag=early",
        "completion_state=pending",
    ] {
        assert_eq!(request_ids(&program, gone).await, [""; 0], "{gone}");
    }
    for found in [
        "text=conclusive",
        "compliance_tag=both",
        "start_date=2025-03-01",
    ] {
        assert_eq!(request_ids(&program, found).await, ["r"], "{found}");
    }
}

#[tokio::test]
async fn pages_of_every_kind_of_search_go_on_where_they_ended() {
    let program = Program::start().await;
    let batch: String = (0..7)
        .map(|number| {
            let members = json!({"compliance_tags": ["t"], "reasoning": "needle"});
            format!("{}\n", event_with(&number.to_string(), members))
        })
        .collect();
    program.post("/v1/audit/log/batch", batch).await;
    for search in [
        "user_id=user_123",
        "compliance_tag=t",
        "text=needle",
        "start_date=2025-01-01",
    ] {
        let seen = pages(&program, &format!("{search}&limit=3")).await;
        assert_eq!(seen, ["6", "5", "4", "3", "2", "1", "0"], "{search}");
    }
}

#[tokio::test]
async fn more_events_of_one_time_than_it_has_places_stay_in_order_and_in_range() {
    let program = Program::start().await;
    let after = event_with("after", json!({"timestamp": "2025-02-01T10:30:00.000002Z"}));
    program.record(&after).await;
    let lines = (0..5000).map(|number| format!("{}\n", event(&number.to_string())));
    program.record_lines(lines).await;

    let instant = "2025-02-01T10:30:00Z";
    let query = format!("start_date={instant}&end_date={instant}&limit=500");
    let seen = pages(&program, &query).await;
    let expected: Vec<_> = (0..5000).rev().map(|number| number.to_string()).collect();
    assert_eq!(seen, expected);
    assert_eq!(
        request_ids(&program, "start_date=2025-02-01T10:30:00.000001Z").await,
        ["after"]
    );
}

#[tokio::test]
async fn a_time_that_cannot_be_ordered_is_refused_by_name() {
    let program = Program::start().await;
    for (time, is_taken) in [
        ("1677-12-31T23:59:59Z", false),
        ("1678-01-01T00:00:00Z", true),
        ("2261-12-31T23:59:59.999999Z", true),
        ("2262-01-01T00:00:00Z", false),
    ] {
        let event = event_with(time, json!({"timestamp": time})).to_string();
        let answer = program.post("/v1/audit/log", event).await;
        match is_taken {
            true => assert_eq!(answer.status, 200),
            false => assert_eq!(answer.error(400, "invalid_event")["field"], "timestamp"),
        }
    }
    let found = request_ids(&program, "start_date=1678-01-01&end_date=2261-12-31").await;
    assert_eq!(
        found,
        ["2261-12-31T23:59:59.999999Z", "1678-01-01T00:00:00Z"]
    );
}

#[tokio::test]
async fn a_search_that_means_nothing_is_refused_by_name() {
    let program = Program::start().await;
    let long = format!("text={}", "x".repeat(1025));
    for (query, name, hint) in [
        ("risk_level=severe", "risk_level", "critical"),
        (
            "completion_state=completed",
            "completion_state",
            "upstream_abort",
        ),
        ("text=", "text", "letter"),
        ("text=%2B%21", "text", "letter"),
        (long.as_str(), "text", "1024"),
        ("tags=SOC2", "tags", "compliance_tag"),
    ] {
        let answer = program.get(&format!("/v1/audit/logs?{query}")).await;
        let error = answer.error(400, "invalid_parameter");
        assert_eq!(error["field"], name);
        assert!(error["message"].as_str().unwrap().contains(hint), "{error}");
    }
    let longest = format!("text={}", "x".repeat(1024));
    assert_eq!(request_ids(&program, &longest).await, [""; 0]);
}

#[tokio::test]
async fn a_filter_is_no_pattern() {
    let program = Program::start().await;
    program
        .record(&event_with("a", json!({"user_id": "50%_x"})))
        .await;
    program
        .record(&event_with("b", json!({"user_id": "500_x"})))
        .await;
    assert_eq!(request_ids(&program, "user_id=50%25_x").await, ["a"]);
    assert_eq!(request_ids(&program, "user_id=*").await, [""; 0]);
}
