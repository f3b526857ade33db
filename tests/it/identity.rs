//! Who made a call, as a real Envoy knows it: by a signed token, a client certificate, an API key; and what
//! a caller who lies is recorded as.

mod mesh;
mod tokens;

use anyhow::{Context, Result};
use audit_layer_tests::envoy::Configuration;
use audit_layer_tests::stack::{LISTENER, Options, Stack};
use serde_json::{Value, json};

use self::tokens::{ISSUER, Issuer, now};
use crate::call::{Call, OPENAI};
use crate::fixture::run;

/// What is recorded of a call with these headers: the user, where that is from, and what is claimed.
async fn recorded(
    stack: &Stack,
    headers: &[(&'static str, &str)],
) -> Result<(Value, Value, Value)> {
    let event = event(stack, headers).await?;
    let identity = &event["metadata"]["audit_layer"]["identity"];
    Ok((
        event["user_id"].clone(),
        identity["user_id"].clone(),
        identity["claimed"].clone(),
    ))
}

/// A stack of its own, since each has other sources.
async fn stack(change: fn(&mut Configuration) -> Result<()>) -> Result<Stack> {
    let options = Options {
        change,
        ..Options::default()
    };
    Stack::start(&options).await
}

async fn event(stack: &Stack, headers: &[(&'static str, &str)]) -> Result<Value> {
    let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
    let mut call = Call::new(OPENAI, body.to_string());
    for (name, value) in headers {
        call = call.without(name).header(name, value);
    }
    call.through(stack).await?.event(stack).await
}

/// Sources that believe a verified token, and nothing of what a caller writes.
fn verified(configuration: &mut Configuration) -> Result<()> {
    configuration
        .filters_first(&[Issuer::shared().filter()])?
        .plugin(|plugin| {
            plugin["identity"] = json!({
                "trust": "none",
                "user_id": [
                    { "jwt_claim": { "path": ["realm_access", "user"] } },
                    { "jwt_claim": { "path": ["employee"] } },
                    { "jwt_claim": { "path": ["sub"] } },
                    "caller",
                ],
                "session_id": [{ "jwt_principal": {} }],
            });
        })?;
    Ok(())
}

#[test]
fn a_claim_of_a_verified_token_is_the_user_and_a_header_only_a_claim() -> Result<()> {
    run(async {
        let stack = stack(verified).await?;
        let issuer = Issuer::shared();
        let by_claim = |name: &str| json!({ "source": "jwt_claim", "name": name });
        let signed = |claims: Value| format!("Bearer {}", issuer.sign(&claims));
        let claims = |more: Value| {
            let mut claims = json!({ "iss": ISSUER, "sub": "alice", "exp": now() + 600 });
            let more = more.as_object().cloned().unwrap_or_default();
            claims.as_object_mut().unwrap().extend(more);
            claims
        };
        for (more, user, source) in [
            (json!({}), "alice", "sub"),
            (
                json!({ "realm_access": { "user": "bob" } }),
                "bob",
                "realm_access.user",
            ),
            (json!({ "employee": 4711 }), "4711", "employee"),
        ] {
            let token = signed(claims(more));
            let headers = [("authorization", &*token), ("x-audit-user-id", "mallory")];
            let (found, from, claimed) = recorded(&stack, &headers).await?;
            assert_eq!((found, from), (user.into(), by_claim(source)));
            assert_eq!(claimed, json!({ "user_id": "mallory" }));
        }
        let token = signed(claims(json!({})));
        let event = event(&stack, &[("authorization", &token)]).await?;
        assert_eq!(event["session_id"], format!("{ISSUER}/alice"));
        let identity = &event["metadata"]["audit_layer"]["identity"];
        assert_eq!(identity["session_id"], json!({ "source": "jwt_principal" }));
        assert_eq!(identity["claimed"], Value::Null);

        // Envoy passes these on, and knows nothing of who makes them.
        let expired = json!({ "iss": ISSUER, "sub": "alice", "exp": now() - 600 });
        let other = json!({ "iss": "https://other.example", "sub": "alice", "exp": now() + 600 });
        let forged = Issuer::new()?.sign(&claims(json!({})));
        for token in [signed(expired), signed(other), format!("Bearer {forged}")] {
            let headers = [("authorization", &*token), ("x-audit-user-id", "mallory")];
            let (found, from, claimed) = recorded(&stack, &headers).await?;
            assert_eq!((found, from), ("".into(), Value::Null));
            assert_eq!(claimed, json!({ "user_id": "mallory" }));
        }
        Ok(())
    })
}

/// A fingerprint of the key, what an unverified token says, or a header of a proxy in front.
fn unverified(configuration: &mut Configuration) -> Result<()> {
    configuration.plugin(|plugin| {
        plugin["identity"] = json!({
            "user_id": [
                { "unverified_jwt_claim": { "path": ["sub"] } },
                { "header": "x-forwarded-user" },
                "api_key",
                { "constant": "anonymous" },
            ],
            "fingerprint_key": "a secret of the tests",
        });
    })?;
    Ok(())
}

#[test]
fn a_key_is_known_by_its_fingerprint_and_an_unverified_token_is_marked() -> Result<()> {
    run(async {
        let stack = stack(unverified).await?;
        let of_key = async |key: &str| {
            let (user, from, _) = recorded(&stack, &[("authorization", key)]).await?;
            assert_eq!(from, json!({ "source": "api_key" }));
            let user = user.as_str().context("no user")?.to_owned();
            assert!(
                user.starts_with("key:") && !user.contains("alice"),
                "{user}"
            );
            anyhow::Ok(user)
        };
        let alice = of_key("Bearer sk-alice-0001").await?;
        assert_eq!(alice, of_key("Bearer sk-alice-0001").await?);
        assert_ne!(alice, of_key("Bearer sk-alice-0002").await?);

        let token = Issuer::new()?.sign(&json!({ "sub": "alice" }));
        let token = format!("Bearer {token}");
        let headers = [("authorization", &*token), ("x-audit-user-id", "bob")];
        let (user, from, claimed) = recorded(&stack, &headers).await?;
        assert_eq!(user, "alice");
        assert_eq!(
            from,
            json!({ "source": "unverified_jwt_claim", "name": "sub" })
        );
        assert_eq!(claimed, json!({ "user_id": "bob" }));

        let (user, from, _) = recorded(&stack, &[("x-forwarded-user", "carol")]).await?;
        assert_eq!(
            (user, &from["name"]),
            ("carol".into(), &json!("x-forwarded-user"))
        );
        Ok(())
    })
}

/// The certificate's SPIFFE id, and what it has beside that.
fn by_certificate(configuration: &mut Configuration) -> Result<()> {
    configuration
        .tls_listener(LISTENER, &mesh::Mesh::shared().server())?
        .plugin(|plugin| {
            plugin["identity"] = json!({
                "user_id": [{ "certificate": "uri_san" }, "peer_address"],
                "session_id": [{ "certificate": "subject" }],
            });
        })?;
    Ok(())
}

#[test]
fn a_client_is_known_by_the_spiffe_id_of_its_certificate() -> Result<()> {
    run(async {
        let stack = stack(by_certificate).await?;
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
        for (has_certificate, user, source) in [
            (
                true,
                mesh::SPIFFE_ID,
                json!({ "source": "certificate", "name": "uri_san" }),
            ),
            (false, "127.0.0.1", json!({ "source": "peer_address" })),
        ] {
            let mesh = mesh::Mesh::shared();
            let sidecar = mesh
                .sidecar(stack.envoy.address(LISTENER)?, has_certificate)
                .await?;
            let call = Call::new(OPENAI, body.to_string()).header("x-audit-user-id", "mallory");
            let answer = call
                .make(&format!("http://{}", sidecar.address("sidecar")?))
                .await?;
            let event = answer.event(&stack).await?;
            let identity = &event["metadata"]["audit_layer"]["identity"];
            assert_eq!(event["user_id"], user);
            assert_eq!(identity["user_id"], source);
            assert_eq!(identity["claimed"], json!({ "user_id": "mallory" }));
            let subject = has_certificate.then_some("CN=checkout");
            assert_eq!(event["session_id"].as_str(), subject);
        }
        Ok(())
    })
}
