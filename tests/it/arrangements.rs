//! The plugin among what else Envoy does with calls: one call of the client is one event, whatever
//! stands before it and behind it.

mod listeners;
mod one_call;
mod upstream;

use std::io::Write as _;
use std::time::Duration;

use anyhow::{Result, bail};
use audit_layer_tests::stack::{self, LISTENER};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use self::upstream::{Answer, CASE, Head, Upstream};
use crate::expected::{assert_holds, notes, state};
use crate::fixture::{run, unique};
use crate::gateways::{self, End, Gateways};

#[test]
fn several_attempts_of_the_gateway_are_one_call() -> Result<()> {
    run(async {
        let busy = http("503 Busy", &[], r#"{"error":{"message":"busy"}}"#);
        let made = Call::new().answered(vec![busy.clone(), busy, good()]);
        let made = made.through("retrying").await?;
        assert_eq!(made.received.len(), 3);
        let gateway = json!({ "upstream_attempts": 3 });
        let completion = json!({ "state": "complete", "error": null });
        made.assert_one(&json!({ "gateway": gateway, "completion": completion }))?;
        Ok(())
    })
}

#[test]
fn a_hedged_call_is_one_call_with_the_answer_that_the_client_got() -> Result<()> {
    run(async {
        let slow = Answer {
            pause: Duration::from_secs(2),
            ..http("200 OK", &[], "{}")
        };
        let made = Call::new().answered(vec![slow, good()]);
        let made = made.through("hedging").await?;
        assert!(made.answer.ends_with(GOOD));
        made.assert_one(&json!({ "gateway": { "upstream_attempts": 2 } }))?;
        Ok(())
    })
}

#[test]
fn a_mirrored_call_is_one_call_and_its_copy_has_no_audit_headers() -> Result<()> {
    run(async {
        let made = Call::new().header("x-audit-user-id", "ana");
        let made = made.through("mirroring").await?;
        let event = made.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        assert_eq!(event["user_id"], "ana");
        let received = wait_until("the copy", PATIENCE, async || {
            let received = made.received_by_now().await?;
            Ok((received.len() == 2).then_some(received))
        });
        for (name, _) in received.await?.iter().flatten() {
            assert!(!name.starts_with("x-audit"), "{name}");
        }
        Ok(())
    })
}

#[test]
fn the_plugin_can_be_off_for_one_route_and_on_for_others() -> Result<()> {
    run(async {
        let off = Call::new().target("/off/v1/chat/completions");
        let off = off.through("off for a route").await?;
        assert_eq!((off.received.len(), off.events.len()), (1, 0));
        let on = Call::new().through("off for a route").await?;
        on.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        Ok(())
    })
}

#[test]
fn a_plugin_that_a_matcher_chooses_records_what_it_is_chosen_for() -> Result<()> {
    run(async {
        let chosen = Call::new().header("x-tenant", "audited");
        let chosen = chosen.through("matching").await?;
        chosen.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        let other = Call::new().header("x-tenant", "other");
        assert_eq!(other.through("matching").await?.events.len(), 0);
        Ok(())
    })
}

#[test]
fn a_call_that_is_refused_behind_the_plugin_is_recorded() -> Result<()> {
    run(async {
        let refused = Call::new().header("x-refuse", "1");
        let refused = refused.through("refusing behind").await?;
        assert_eq!(refused.received.len(), 0);
        let completion = json!({ "state": "local_reply", "http_status": 403 });
        refused.assert_one(&json!({ "completion": completion }))?;
        Ok(())
    })
}

#[test]
fn a_call_that_no_plugin_is_chosen_for_before_it_is_refused_is_not_recorded() -> Result<()> {
    run(async {
        let refused = Call::new().header("x-refuse", "1");
        let refused = refused.header("x-tenant", "audited");
        let refused = refused.through("refusing before a match").await?;
        assert_eq!((refused.received.len(), refused.events.len()), (0, 0));
        Ok(())
    })
}

#[test]
fn what_the_gateway_compresses_is_recorded_wherever_it_is_compressed() -> Result<()> {
    run(async {
        for listener in ["compressing before", "compressing behind"] {
            let made = Call::new().header("accept-encoding", "gzip");
            let made = made.through(listener).await?;
            assert!(made.answer_head().contains("content-encoding: gzip"));
            made.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        }
        Ok(())
    })
}

#[test]
fn what_the_gateway_decompresses_behind_the_plugin_is_recorded() -> Result<()> {
    run(async {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(GOOD)?;
        let gzip = http("200 OK", &["content-encoding: gzip"], encoder.finish()?);
        let made = Call::new().answered(vec![gzip]);
        let made = made.through("decompressing behind").await?;
        assert!(made.answer.windows(GOOD.len()).any(|part| part == GOOD));
        let event = made.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        assert_eq!(notes(event), [""; 0]);
        Ok(())
    })
}

#[test]
fn a_body_that_a_buffer_behind_the_plugin_refuses_is_recorded() -> Result<()> {
    run(async {
        let made = Call::new().prompt(&"x".repeat(5000));
        let made = made.through("buffering behind").await?;
        let completion = json!({ "state": "local_reply", "http_status": 413 });
        made.assert_one(&json!({ "completion": completion }))?;
        Ok(())
    })
}

#[test]
fn interim_answers_are_no_answers() -> Result<()> {
    run(async {
        let mut hinted = b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".to_vec();
        hinted.extend(good().bytes);
        let hinted = Answer {
            bytes: hinted,
            ..Answer::default()
        };
        let made = Call::new().header("expect", "100-continue");
        let made = made.answered(vec![hinted]).through(LISTENER).await?;
        let completion = json!({ "state": "complete", "http_status": 200 });
        made.assert_one(&json!({ "completion": completion }))?;
        Ok(())
    })
}

#[test]
fn an_answer_that_comes_before_the_request_is_over_is_recorded() -> Result<()> {
    run(async {
        let error = r#"{"error":{"type":"request_too_large","message":"too large"}}"#;
        let early = Answer {
            is_early: true,
            ..http("413 Payload Too Large", &[], error)
        };
        let made = Call::new().prompt(&"z".repeat(3 << 20));
        let made = made.answered(vec![early]).through(LISTENER).await?;
        let event = made.assert_one(&json!({ "completion": { "http_status": 413 } }))?;
        assert_eq!(event["model_name"], "m-1");
        assert!(["rejected", "upstream_abort"].contains(&state(event)));
        Ok(())
    })
}

#[test]
fn trailers_behind_a_stream_cost_nothing() -> Result<()> {
    run(async {
        let event = r#"{"choices":[{"index":0,"delta":{"content":"Yes."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2}}"#;
        let stream = format!("data: {event}\n\ndata: [DONE]\n\n");
        let bytes = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntrailer: x-cost\r\n\
             transfer-encoding: chunked\r\n\r\n{:x}\r\n{stream}\r\n0\r\nx-cost: 1\r\n\r\n",
            stream.len()
        );
        let streamed = Answer {
            bytes: bytes.into(),
            ..Answer::default()
        };
        let made = Call::new()
            .answered(vec![streamed])
            .through(LISTENER)
            .await?;
        let event = made.assert_one(&json!({ "completion": { "state": "complete" } }))?;
        assert_eq!(notes(event), [""; 0]);
        Ok(())
    })
}

#[test]
fn preflights_and_tunnels_are_no_calls() -> Result<()> {
    run(async {
        let bytes = b"HTTP/1.1 204 No Content\r\naccess-control-allow-origin: *\r\n\r\n".to_vec();
        let allowed = Answer {
            bytes,
            ..Answer::default()
        };
        let preflight = Call::new()
            .bare("OPTIONS", "/v1/chat/completions")
            .header("access-control-request-method", "POST")
            .answered(vec![allowed]);
        let preflight = preflight.through(LISTENER).await?;
        assert_eq!((preflight.received.len(), preflight.events.len()), (1, 0));
        let tunnel = Call::new().bare("CONNECT", "api.openai.com:443");
        assert_eq!(tunnel.through(LISTENER).await?.events.len(), 0);
        Ok(())
    })
}

/// What the model says in full.
const GOOD: &[u8] = br#"{"id":"c-1","model":"m-1","choices":[{"index":0,"message":{"role":"assistant","content":"Yes."},"finish_reason":"stop"}],"usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}}"#;

fn good() -> Answer {
    http("200 OK", &[], GOOD)
}

fn http(status: &str, headers: &[&str], body: impl AsRef<[u8]>) -> Answer {
    let body = body.as_ref();
    let headers: String = headers
        .iter()
        .map(|header| format!("{header}\r\n"))
        .collect();
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{headers}\
         connection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    Answer {
        bytes: [head.as_bytes(), body].concat(),
        ..Answer::default()
    }
}

/// A call that is still to be made.
struct Call {
    start: String,
    headers: String,
    body: String,
    answers: Vec<Answer>,
}

impl Call {
    fn new() -> Self {
        Self {
            start: "POST /v1/chat/completions".to_owned(),
            headers: String::new(),
            body: String::new(),
            answers: vec![good()],
        }
        .prompt("May I?")
    }

    fn prompt(mut self, prompt: &str) -> Self {
        // The model first, as clients send it: of a request that breaks off it is what is left.
        let messages = json!([{ "role": "user", "content": prompt }]);
        self.body = format!(r#"{{"model":"m-1","messages":{messages}}}"#);
        self
    }

    fn target(mut self, target: &str) -> Self {
        self.start = format!("POST {target}");
        self
    }

    /// A request without a body.
    fn bare(mut self, method: &str, target: &str) -> Self {
        self.start = format!("{method} {target}");
        self.body.clear();
        self
    }

    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.extend([name, ": ", value, "\r\n"]);
        self
    }

    fn answered(mut self, answers: Vec<Answer>) -> Self {
        self.answers = answers;
        self
    }

    /// Makes the call through a listener, and waits until all events of it must have come.
    async fn through(self, listener: &str) -> Result<Made> {
        let around = around().await?;
        self.at(&around.gateways, &around.upstream, listener).await
    }

    /// The same at another Envoy.
    async fn at(self, gateways: &Gateways, upstream: &Upstream, listener: &str) -> Result<Made> {
        let case = unique("case");
        upstream.answer(&case, self.answers);
        let Self {
            start,
            headers,
            body,
            ..
        } = self;
        let length = body.len();
        let head = format!(
            "{start} HTTP/1.1\r\nhost: gateway.test\r\nconnection: close\r\n{CASE}: {case}\r\n\
             x-audit-session-id: {case}\r\ncontent-type: application/json\r\n\
             content-length: {length}\r\n{headers}\r\n"
        );
        let bytes = [head, body].concat();
        let address = gateways.address(listener)?;
        let answer = gateways::send(address, bytes.as_bytes(), End::Connection).await?;
        Ok(Made {
            events: gateways.events_of(&case).await?,
            received: upstream.received(&case),
            answer,
            case,
        })
    }
}

/// A call that was made, from all sides.
struct Made {
    case: String,
    answer: Vec<u8>,
    received: Vec<Head>,
    events: Vec<Value>,
}

impl Made {
    /// The one event, which says this of the call.
    fn assert_one(&self, part: &Value) -> Result<&Value> {
        let [event] = &self.events[..] else {
            bail!("{} events: {:#?}", self.events.len(), self.events);
        };
        assert_holds(event, &json!({ "metadata": { "audit_layer": part } }));
        Ok(event)
    }

    fn answer_head(&self) -> String {
        let text = String::from_utf8_lossy(&self.answer);
        let (head, _) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
        head.to_ascii_lowercase()
    }

    async fn received_by_now(&self) -> Result<Vec<Head>> {
        Ok(around().await?.upstream.received(&self.case))
    }
}

/// One Envoy with a listener for each arrangement.
struct Around {
    upstream: Upstream,
    gateways: Gateways,
}

async fn around() -> Result<&'static Around> {
    static AROUND: OnceCell<Around> = OnceCell::const_new();
    let start = async || {
        let upstream = Upstream::start().await?;
        let gateways = Gateways::start(|configuration| {
            stack::ask_port(configuration, upstream.port())?;
            listeners::add(configuration)
        });
        Ok(Around {
            gateways: gateways.await?,
            upstream,
        })
    };
    AROUND.get_or_try_init(start).await
}
