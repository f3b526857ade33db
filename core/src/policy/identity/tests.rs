//! Which configurations of identity are taken, and what is said of the others.

use crate::event::limits::ID_BYTES_MAX;
use crate::identity::{Attribute, Certificate, Field, Source, Trust};
use crate::limits::IDENTITY_SOURCES_MAX;
use crate::policy::{ConfigError, Policy};

fn read(identity: &str) -> Result<Policy, ConfigError> {
    let json = format!(r#"{{"audit_api":{{"cluster":"audit"}},"identity":{identity}}}"#);
    let env = |name: &str| (name == "KEY").then(|| "secret".to_owned());
    Policy::read(json.as_bytes(), &env, &crate::host::Host::default())
}

#[test]
fn a_caller_is_believed_unless_the_operator_says_otherwise() {
    let policy = read("{}").unwrap().identity;
    assert_eq!(policy.trust, Trust::All);
    assert_eq!(policy.user_id, [Source::Caller, Source::Body]);
    assert_eq!(policy.session_id, [Source::Caller, Source::Body]);
    let trust = |json: &str| {
        read(&format!(r#"{{"trust":{json}}}"#))
            .unwrap()
            .identity
            .trust
    };
    assert_eq!(trust(r#""all""#), Trust::All);
    assert_eq!(trust(r#""none""#), Trust::Fields(Vec::new()));
    let fields = vec![Field::SessionId, Field::Metadata];
    assert_eq!(
        trust(r#"{"fields":["session_id","metadata"]}"#),
        Trust::Fields(fields)
    );
}

#[test]
fn what_several_sources_ask_of_the_host_is_asked_once() {
    let policy = read(
        r#"{
            "user_id": [
                {"jwt_claim": {"path": ["realm_access", "user"]}},
                {"certificate": "uri_san"},
                {"jwt_principal": {"payload": "mesh"}},
                {"unverified_jwt_claim": {"path": ["sub"]}},
                {"header": "X-Forwarded-User"},
                "peer_address",
                "api_key",
                {"constant": "batch"}
            ],
            "session_id": [{"certificate": "uri_san"}],
            "fingerprint_key": {"env": "KEY"}
        }"#,
    );
    let policy = policy.unwrap().identity;
    assert_eq!(
        policy.attributes,
        [
            Attribute::Claim {
                payload: "payload".to_owned(),
                path: vec!["realm_access".to_owned(), "user".to_owned()],
            },
            Attribute::Certificate(Certificate::UriSan),
            Attribute::Principal {
                payload: "mesh".to_owned()
            },
        ]
    );
    assert_eq!(policy.session_id, [Source::Attribute(1)]);
    let header = Source::Header("x-forwarded-user".to_owned());
    assert!(policy.user_id.contains(&header));
    assert!(policy.fingerprint_key.is_some());
}

#[test]
fn a_mistake_is_refused_with_its_place() {
    let long = "x".repeat(ID_BYTES_MAX + 1);
    let many = vec!["\"body\""; IDENTITY_SOURCES_MAX + 1].join(",");
    for (identity, refusal) in [
        (
            r#"{"user_id":["calller"]}"#.to_owned(),
            "identity.user_id[0]: unknown variant `calller`, expected one of",
        ),
        (
            r#"{"trust":"some"}"#.to_owned(),
            "identity.trust: unknown variant `some`, expected one of `all`, `none`, `fields`",
        ),
        (
            r#"{"trust":{"fields":["user"]}}"#.to_owned(),
            "identity.trust.fields[0]: unknown variant `user`, expected one of `user_id`",
        ),
        (
            r#"{"user_id":["body",{"header":""}]}"#.to_owned(),
            "identity.user_id[1].header: must not be empty",
        ),
        (
            r#"{"user_id":[{"header":"x user"}]}"#.to_owned(),
            "identity.user_id[0].header: must be the name of a header",
        ),
        (
            r#"{"user_id":[{"header":"X-Audit-User-Id"}]}"#.to_owned(),
            "identity.user_id[0].header: is the caller's own header; use the source \"caller\"",
        ),
        (
            r#"{"session_id":[{"header":"Authorization"}]}"#.to_owned(),
            "identity.session_id[0].header: contains a credential; use the source \"api_key\"",
        ),
        (
            r#"{"user_id":[{"header":{"env":"NOWHERE"}}]}"#.to_owned(),
            "identity.user_id[0].header: the environment variable NOWHERE is not set",
        ),
        (
            r#"{"user_id":[{"jwt_claim":{"path":[]}}]}"#.to_owned(),
            "identity.user_id[0].jwt_claim.path: must be the names on the way to the claim",
        ),
        (
            r#"{"user_id":[{"jwt_claim":{"path":["sub",""]}}]}"#.to_owned(),
            "identity.user_id[0].jwt_claim.path: must be the names on the way to the claim",
        ),
        (
            r#"{"user_id":[{"jwt_claim":{}}]}"#.to_owned(),
            "identity.user_id[0].jwt_claim: missing field `path`",
        ),
        (
            r#"{"user_id":[{"jwt_claim":{"path":["sub"],"payload":""}}]}"#.to_owned(),
            "identity.user_id[0].jwt_claim.payload: must not be empty",
        ),
        (
            r#"{"user_id":[{"certificate":"common_name"}]}"#.to_owned(),
            "identity.user_id[0].certificate: unknown variant `common_name`, expected one of `uri_san`",
        ),
        (
            format!(r#"{{"user_id":[{{"constant":"{long}"}}]}}"#),
            "identity.user_id[0].constant: must be at most 1024 bytes long",
        ),
        (
            r#"{"user_id":["api_key"]}"#.to_owned(),
            "identity.fingerprint_key: required by the source \"api_key\"",
        ),
        (
            r#"{"session_id":["api_key"],"fingerprint_key":""}"#.to_owned(),
            "identity.fingerprint_key: required by the source \"api_key\"",
        ),
        (
            r#"{"fingerprint_key":"secret"}"#.to_owned(),
            "identity.fingerprint_key: is used only by the source \"api_key\"",
        ),
        (
            format!(r#"{{"user_id":[{many}]}}"#),
            "identity.user_id: must have at most 16 sources",
        ),
        (
            r#"{"tenant":["body"]}"#.to_owned(),
            "identity.tenant: unknown field `tenant`, expected one of",
        ),
    ] {
        let error = read(&identity).unwrap_err().to_string();
        assert!(error.starts_with(refusal), "{identity}: {error}");
    }
}
