//! What a report can be asked for.

use serde_json::json;

use super::{activity, completeness, decision, refused, report};
use crate::program::Program;
use crate::sample::event;

#[tokio::test]
async fn every_type_comes_in_every_format() {
    let program = Program::start().await;
    program.record(&event("a")).await;
    for format in ["csv", "html", "json", "pdf"] {
        for body in [
            activity(format),
            completeness(format),
            decision("a", format),
        ] {
            let document = report(&program, body).await;
            let (media_type, start) = match format {
                "csv" => (
                    "text/csv; charset=utf-8; header=present",
                    "\u{feff}section,row,item,name,value",
                ),
                "html" => ("text/html; charset=utf-8", "<!DOCTYPE html>"),
                "json" => ("application/json", "{\"schema\":\"audit-layer-report/1\""),
                _ => ("application/pdf", "%PDF-1.7"),
            };
            assert_eq!(document.headers["content-type"], media_type);
            assert!(document.bytes.starts_with(start.as_bytes()), "{format}");
            let disposition = document.headers["content-disposition"].to_str().unwrap();
            let name = format!("filename=\"{}.{format}\"", document.id());
            assert!(disposition.ends_with(&name), "{disposition}");
        }
    }
}

#[tokio::test]
async fn json_is_the_format_unless_another_is_named() {
    let program = Program::start().await;
    let document = report(&program, json!({"report_type": "completeness"})).await;
    assert_eq!(document.headers["content-type"], "application/json");
}

#[tokio::test]
async fn csv_is_as_the_spreadsheet_wants_it() {
    let program = Program::start().await;
    for (bom, delimiter, start) in [
        (json!(false), "tab", "section\trow"),
        (json!("true"), "semicolon", "\u{feff}section;row"),
    ] {
        let mut body = completeness("csv");
        body["csv_bom"] = bom;
        body["csv_delimiter"] = json!(delimiter);
        let document = report(&program, body).await;
        assert!(document.bytes.starts_with(start.as_bytes()));
    }
}

#[tokio::test]
async fn what_is_wrong_is_named() {
    let program = Program::start().await;
    for (body, field) in [
        (json!({}), "report_type"),
        (json!({"report_type": "everything"}), "report_type"),
        (json!({"report_type": "decision_audit"}), "audit_log_id"),
        (
            json!({"report_type": "completeness", "format": "docx"}),
            "format",
        ),
        (
            json!({"report_type": "completeness", "csv_bom": "maybe"}),
            "csv_bom",
        ),
        (
            json!({"report_type": "completeness", "user_id": "alice"}),
            "user_id",
        ),
        (
            json!({"report_type": "completeness", "writer_id": 7}),
            "writer_id",
        ),
        (
            json!({"report_type": "activity", "end_date": "2025-02-01"}),
            "start_date",
        ),
        (
            json!({"report_type": "activity", "start_date": "x", "end_date": "2025-02-01"}),
            "start_date",
        ),
    ] {
        let answer = refused(&program, body).await;
        assert_eq!(answer.error(400, "invalid_parameter")["field"], field);
    }
    for body in ["", "[]", "nonsense", "\u{fffe}"] {
        program
            .post("/v1/reports/generate", body)
            .await
            .error(400, "invalid_json");
    }
    let large = json!({"report_type": "x".repeat(17 * 1024)});
    refused(&program, large).await.error(413, "body_too_large");
    refused(&program, decision("none", "pdf"))
        .await
        .error(404, "not_found");
    program
        .get("/v1/reports/none")
        .await
        .error(404, "not_found");
    program
        .get("/v1/reports?page=2")
        .await
        .error(400, "invalid_parameter");
    program
        .get("/v1/reports?cursor=x")
        .await
        .error(400, "invalid_parameter");
}

#[tokio::test]
async fn a_value_of_the_query_is_no_line_of_its_own() {
    let program = Program::start().await;
    let mut body = activity("html");
    body["user_id"] = json!("x\nend_date = 2099-12-31");
    let html = report(&program, body).await;
    let expected = r"user_id = &quot;x\nend_date = 2099-12-31&quot;";
    assert!(html.text().contains(expected), "{}", html.text());
}
