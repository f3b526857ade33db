//! Members that come twice, of which one reader takes the first and another the last.

use serde_json::json;

use super::{Stage, numbered};

#[tokio::test]
async fn a_member_that_the_collector_reads_comes_once() {
    let stage = Stage::new().await;
    let sent = numbered("r", "w", 1).to_string();
    let layer = "\"audit_layer\":{";
    assert!(sent.contains(layer));
    let own = "\"audit_layer\":{\"x\":1},";
    for (twins, field) in [
        (
            sent.replace(layer, &format!("{own}{layer}")),
            "metadata.audit_layer",
        ),
        (
            sent.replace(layer, &format!("\"audit\\u005flayer\":7,{layer}")),
            "metadata.audit_layer",
        ),
        (
            sent.replace(layer, &format!("{layer}\"writer\":null,")),
            "metadata.audit_layer",
        ),
        (
            sent.replace("\"seq\":", "\"seq\":2,\"seq\":"),
            "metadata.audit_layer",
        ),
        (
            sent.replace(
                layer,
                &format!("{layer}\"prompt\":{{\"parts\":[1,{{\"a\":1,\"a\":1}}]}},"),
            ),
            "metadata.audit_layer",
        ),
        (
            sent.replacen('{', "{\"erasure\":{},\"erasure\":{},", 1),
            "erasure",
        ),
        (
            sent.replacen('{', "{\"erasure\":{\"erased_at\":1,\"erased_at\":2},", 1),
            "erasure",
        ),
    ] {
        for key in [&stage.application, &stage.gateway] {
            let answer = stage.post(key, "/v1/audit/log", twins.clone()).await;
            assert_eq!(
                answer.error(400, "invalid_event")["field"],
                field,
                "{twins}"
            );
        }
    }
    // What is nobody's but the sender's is kept as it was written.
    let own = sent.replace(
        layer,
        &format!("\"mine\":1,\"mine\":{{\"a\":1,\"a\":2}},{layer}"),
    );
    let answer = stage.post(&stage.application, "/v1/audit/log", own).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    assert_eq!(
        stage.log(&answer.json()["id"]).await["writer_not_counted"],
        true
    );
}

#[tokio::test]
async fn an_event_with_as_many_members_as_fit_is_judged_soon() {
    let stage = Stage::new().await;
    let mut event = numbered("r", "w", 1);
    let many: serde_json::Map<_, _> = (0..60_000).map(|n| (format!("m{n}"), json!(n))).collect();
    event["metadata"]["audit_layer"]["more"] = many.into();
    assert_eq!(stage.status(&stage.gateway, &event).await, "stored");
}
