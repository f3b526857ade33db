//! HTTP callouts: how they fail, and to whom they belong.

use anyhow::Result;
use proxy_wasm_host_test::{CalloutState, Cluster, Outcome, Response, Status};

use crate::setup::{REQUEST, RESPONSE, Setup, ms, start};

/// Starts a guest that calls out at its first tick, and lets the upstream do this.
fn called(outcome: Outcome) -> Result<Setup> {
    let setup = start("calls")?;
    setup.host.set_cluster("audit", Cluster::always(outcome));
    setup.host.advance(ms(10));
    Ok(setup)
}

fn answered() -> Outcome {
    Outcome::Answer {
        after: ms(5),
        response: Response::new(200).body("pong"),
    }
}

#[test]
fn an_answer_comes_after_its_time_and_can_be_read_in_its_callback() -> Result<()> {
    let setup = called(answered())?;
    setup.host.advance(ms(4));
    assert_eq!(setup.said(), ["sent 4"]);
    setup.host.advance(ms(1));
    let answer = r#"root 1 token 4 headers 1 4 Ok("200") Ok(4)"#;
    assert_eq!(setup.said()[1..], [answer, "changed: 2"]);
    Ok(())
}

#[test]
fn a_callout_carries_the_content_length_that_the_proxy_sets() -> Result<()> {
    let setup = called(answered())?;
    let callouts = setup.host.callouts();
    assert_eq!(callouts[0].headers.text("content-length"), Some("4"));
    assert_eq!(callouts[0].body, b"ping");
    assert_eq!(callouts[0].timeout, Some(ms(1000)));
    Ok(())
}

#[test]
fn an_unknown_cluster_a_missing_header_and_a_negative_time_out_are_bad_arguments() -> Result<()> {
    let host = proxy_wasm_host_test::Host::default();
    host.set_cluster("audit", Cluster::always(Outcome::status(200)));
    host.start(&crate::setup::plugin("calls_badly")?)?;
    let said = crate::setup::said(&host);
    assert_eq!(
        said,
        ["Err(2)", "Err(2)", "Err(2)", "Err(2)", "outside: Err(2)"]
    );
    assert!(host.callouts().is_empty());
    Ok(())
}

#[test]
fn no_healthy_host_is_an_internal_failure_without_a_callback() -> Result<()> {
    let setup = called(Outcome::Refuse(Status::InternalFailure))?;
    setup.host.advance(ms(2000));
    assert_eq!(setup.said(), ["failed 10"]);
    Ok(())
}

#[test]
fn a_full_circuit_breaker_is_an_internal_failure_without_a_callback() -> Result<()> {
    let setup = start("calls")?;
    setup
        .host
        .set_cluster("audit", Cluster::always(answered()).in_flight_max(0));
    setup.host.advance(ms(10));
    assert_eq!(setup.said(), ["failed 10"]);
    Ok(())
}

#[test]
fn a_refused_connection_looks_like_a_503() -> Result<()> {
    let setup = called(Outcome::ConnectionRefused { after: ms(1) })?;
    setup.host.advance(ms(1));
    assert!(
        setup.said()[1].contains(r#"Ok("503")"#),
        "{:?}",
        setup.said()
    );
    Ok(())
}

#[test]
fn a_time_out_looks_like_a_504_with_24_bytes() -> Result<()> {
    for outcome in [Outcome::Hang, Outcome::Reset { after: ms(5000) }] {
        let setup = called(outcome)?;
        setup.host.advance(ms(999));
        assert_eq!(setup.said().len(), 1);
        setup.host.advance(ms(1));
        let answer = r#"root 1 token 4 headers 3 24 Ok("504") Ok(24)"#;
        assert_eq!(setup.said()[1], answer);
    }
    Ok(())
}

#[test]
fn a_reset_after_the_headers_has_no_headers_and_reading_one_is_a_bad_argument() -> Result<()> {
    let setup = called(Outcome::Reset { after: ms(1) })?;
    setup.host.advance(ms(1));
    assert_eq!(setup.said()[1], "root 1 token 4 headers 0 0 Err(2) Err(1)");
    Ok(())
}

#[test]
fn removing_a_cluster_resets_what_is_in_flight() -> Result<()> {
    let setup = called(Outcome::Hang)?;
    setup.host.remove_cluster("audit");
    setup.host.settle();
    assert_eq!(setup.said()[1], "root 1 token 4 headers 0 0 Err(2) Err(1)");
    Ok(())
}

#[test]
fn a_callout_made_by_a_stream_belongs_to_the_root_and_outlives_the_stream() -> Result<()> {
    let setup = start("calls_from_log")?;
    setup.host.set_cluster("audit", Cluster::always(answered()));
    let stream = setup.vm.stream();
    stream.request_headers_only(REQUEST);
    stream.response_headers_only(RESPONSE);
    stream.finish();
    setup.host.advance(ms(5));
    let answer = r#"root 1 token 4 headers 1 4 Ok("200") Ok(4)"#;
    assert_eq!(setup.said(), ["sent 4", answer]);
    assert_eq!(setup.host.callouts()[0].root, 1);
    Ok(())
}

#[test]
fn callouts_are_cancelled_with_their_vm() -> Result<()> {
    let setup = called(answered())?;
    setup.vm.retire();
    setup.host.advance(ms(5));
    assert_eq!(setup.said(), ["sent 4"]);
    assert_eq!(setup.host.callouts()[0].state, CalloutState::Cancelled);
    Ok(())
}

#[test]
fn an_upstream_can_behave_differently_in_turn() -> Result<()> {
    let setup = start("calls_from_log")?;
    setup.host.set_cluster(
        "audit",
        Cluster::in_turn(
            [Outcome::Refuse(Status::InternalFailure)],
            Outcome::status(200),
        ),
    );
    setup.vm.stream().finish();
    setup.vm.stream().finish();
    assert_eq!(setup.said(), ["failed 10", "sent 8"]);
    Ok(())
}
