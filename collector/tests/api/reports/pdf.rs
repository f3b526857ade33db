//! What a PDF does with what strangers wrote.

use std::time::Instant;

use audit_layer_tests::fonts;
use serde_json::json;

use super::{activity, call, completeness, decision, report};
use crate::program::{Folder, KEY, Program};

#[tokio::test]
async fn every_page_has_its_number_and_the_reports_id() {
    let program = Program::start().await;
    let prompt = "A line of the prompt.\n".repeat(200);
    program
        .record(&call("r", 1, json!({"prompt_content": prompt})))
        .await;
    let document = report(&program, decision("r", "pdf")).await;
    let pages = document.pages();
    assert!(pages.len() > 3, "{}", pages.len());
    for (number, page) in (1..).zip(&pages) {
        let expected = format!("page {number} of {}", pages.len());
        assert!(page.contains(&expected), "{expected}: {page}");
        assert!(page.contains(document.id()), "{page}");
    }
}

#[tokio::test]
async fn a_pdf_can_be_kept_and_read_to_those_who_do_not_see_it() {
    let program = Program::start().await;
    program.record(&call("r", 1, json!({}))).await;
    for body in [decision("r", "pdf"), activity("pdf"), completeness("pdf")] {
        let document = report(&program, body).await;
        let file = String::from_utf8_lossy(&document.bytes);
        for promise in [
            "<pdfaid:part>2</pdfaid:part>",
            "<pdfaid:conformance>A</pdfaid:conformance>",
            "<pdfuaid:part>1</pdfuaid:part>",
        ] {
            assert!(file.contains(promise), "{promise}");
        }
    }
}

#[tokio::test]
async fn a_text_never_becomes_a_program_of_the_typesetter() {
    let program = Program::start().await;
    let hostile = "#panic(\"x\") #{while true {}} $x$ *bold* = Heading \\ #import \"/etc/passwd\" @ref <label> // end";
    program
        .record(&call(
            "r",
            1,
            json!({
                "prompt_content": hostile, "response_content": hostile, "user_id": hostile,
                "model_parameters": {"#panic()": hostile}, "reasoning": hostile,
                "compliance_tags": [hostile], "model_name": hostile,
            }),
        ))
        .await;
    let words = report(&program, decision("r", "pdf")).await.words();
    assert!(words.contains(hostile), "{words}");
    let words = report(&program, activity("pdf")).await.words();
    assert!(words.contains("#panic"), "{words}");
}

#[tokio::test]
async fn long_words_are_broken_and_stay_the_same_words() {
    let program = Program::start().await;
    let word = "W".repeat(200);
    let mut event = call(
        "r",
        1,
        json!({
            "user_id": word, "decision_type": word, "prompt_content": word, "model_name": word,
            "organization_id": word,
        }),
    );
    event["metadata"]["audit_layer"]["writer"]["id"] = json!(word);
    program.record(&event).await;
    for body in [decision("r", "pdf"), completeness("pdf"), activity("pdf")] {
        let document = report(&program, body).await;
        let text = document.pages().join("\n");
        let longest = text.split(|one| one != 'W').map(str::len).max();
        // A page has room for 70 of the narrowest kind.
        assert!(longest < Some(80), "{longest:?}: {text}");
        assert!(!text.contains('\u{200b}'), "{text}");
    }
}

#[tokio::test]
async fn scripts_of_fonts_that_are_added_are_printed() {
    let folder = Folder::new();
    let fonts = fonts::east_asian().unwrap();
    let arguments = ["--api-key", KEY, "--report-fonts", fonts.to_str().unwrap()];
    let program = Program::start_with(&folder, &arguments).await;
    let prompt = "申請者の信用スコアは680です。请分析此申请。 e\u{301} \u{1f600}";
    program
        .record(&call(
            "r",
            1,
            json!({"prompt_content": prompt, "user_id": "田中"}),
        ))
        .await;
    let document = report(&program, decision("r", "pdf")).await;
    // What reads the text back puts spaces between characters of different fonts.
    let words = document.words().replace(' ', "");
    for expected in [
        "申請者の信用スコアは680です。请分析此申请。",
        "田中",
        "U+1F600",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert!(!words.contains("U+4E2D"), "{words}");
    let file = String::from_utf8_lossy(&document.bytes);
    assert!(file.contains("<pdfaid:part>2</pdfaid:part>"));
    assert!(document.bytes.len() < 1 << 20, "{}", document.bytes.len());
}

#[tokio::test]
async fn characters_that_cannot_be_seen_or_printed_are_spelt() {
    let program = Program::start().await;
    let prompt = "evil\u{202e}txt\u{0}\u{feff} 中文 \u{1f600} \u{e000} عربي \u{5e9}\u{5dc}\u{5d5}\u{5dd} e\u{301} \u{fffe}";
    program
        .record(&call(
            "r",
            1,
            json!({"prompt_content": prompt, "user_id": "\u{202e}eve"}),
        ))
        .await;
    let words = report(&program, decision("r", "pdf")).await.words();
    for expected in [
        "U+202E", "U+0000", "U+FEFF", "U+4E2D", "U+6587", "U+1F600", "U+E000", "U+FFFE",
    ] {
        assert!(words.contains(expected), "{expected}: {words}");
    }
    assert!(!words.contains('\u{202e}'), "{words}");
    assert!(words.contains("missing from the fonts"), "{words}");
    let html = report(&program, decision("r", "html")).await;
    assert!(
        html.text()
            .contains("evil<span class=\"unseen\">U+202E</span>txt")
    );
    assert!(html.text().contains("中文"));
    assert!(!html.text().contains('\u{202e}'));
    let json = report(&program, decision("r", "json")).await.json();
    assert_eq!(json["data"]["event"]["prompt_content"], prompt);
}

#[tokio::test]
async fn html_has_no_script_and_csv_no_formula() {
    let program = Program::start().await;
    let hostile = "=1+1</pre><script>alert(1)</script>";
    program
        .record(&call(
            "r",
            1,
            json!({
                "prompt_content": hostile, "response_content": hostile, "user_id": hostile,
                "model_name": hostile, "decision_type": hostile, "metadata": {hostile: hostile},
            }),
        ))
        .await;
    for (body, csv_body) in [
        (decision("r", "html"), decision("r", "csv")),
        (activity("html"), activity("csv")),
    ] {
        let html = report(&program, body).await;
        assert!(!html.text().contains("<script"), "{}", html.text());
        assert!(html.text().contains("&lt;script&gt;alert(1)"));
        let policy = html.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none';"), "{policy}");
        let csv = report(&program, csv_body).await;
        let mut reader = csv::Reader::from_reader(csv.bytes.as_slice());
        for row in reader.records() {
            assert!(row.unwrap().iter().all(|cell| !cell.starts_with('=')));
        }
    }
}

#[tokio::test]
async fn a_huge_prompt_is_cut_and_the_report_says_where_the_whole_is() {
    let program = Program::start().await;
    let word = "x".repeat(1024 * 1024);
    program
        .record(&call(
            "words",
            1,
            json!({"prompt_content": "lorem ipsum ".repeat(90_000)}),
        ))
        .await;
    program
        .record(&call(
            "word",
            2,
            json!({"prompt_content": word, "response_content": word}),
        ))
        .await;
    program
        .record(&call(
            "lines",
            3,
            json!({"prompt_content": "\n".repeat(1024 * 1024)}),
        ))
        .await;
    for id in ["words", "word", "lines"] {
        let began_at = Instant::now();
        let document = report(&program, decision(id, "pdf")).await;
        eprintln!(
            "{id}: {:?}, {} bytes",
            began_at.elapsed(),
            document.bytes.len()
        );
        let words = document.words();
        assert!(
            words.contains("are left out here. The JSON report has the full text."),
            "{id}"
        );
        assert!(
            document.pages().len() < 500,
            "{id}: {}",
            document.pages().len()
        );
        let whole = report(&program, decision(id, "json")).await;
        assert!(whole.bytes.len() > 1024 * 1024);
    }
}
