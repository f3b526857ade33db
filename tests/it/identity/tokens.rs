//! Who signs tokens, and the filter that believes them.

use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Result;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use rcgen::{KeyPair, PKCS_ED25519, PublicKeyData, SigningKey};
use serde_json::{Value, json};

/// The issuer that the gateway believes.
pub(crate) const ISSUER: &str = "https://login.example";

/// Somebody who signs tokens by a key of their own.
pub(crate) struct Issuer {
    key: KeyPair,
}

impl Issuer {
    pub(crate) fn new() -> Result<Self> {
        let key = KeyPair::generate_for(&PKCS_ED25519)?;
        Ok(Self { key })
    }

    /// The one whom the gateway believes.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Issuer> = LazyLock::new(|| Issuer::new().unwrap());
        &SHARED
    }

    /// A JWT with these claims (RFC 7519, RFC 8037).
    pub(crate) fn sign(&self, claims: &Value) -> String {
        let encoded = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        let head = json!({ "alg": "EdDSA", "typ": "JWT", "kid": "tests" });
        let signed = format!("{}.{}", encoded(&head), encoded(claims));
        let signature = self.key.sign(signed.as_bytes()).unwrap();
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(signature))
    }

    /// Envoy's filter that verifies the tokens of this issuer, and passes calls on without.
    pub(crate) fn filter(&self) -> Value {
        const TYPE: &str =
            "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
        let key = BASE64_URL_SAFE_NO_PAD.encode(self.key.der_bytes());
        let keys = json!({
            "keys": [{ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": "tests", "x": key }],
        });
        json!({
            "name": "envoy.filters.http.jwt_authn",
            "typed_config": {
                "@type": TYPE,
                "providers": {
                    "login": {
                        "issuer": ISSUER,
                        "local_jwks": { "inline_string": keys.to_string() },
                        "forward": true,
                        "payload_in_metadata": "payload",
                    },
                },
                "rules": [{
                    "match": { "prefix": "/" },
                    "requires": {
                        "requires_any": {
                            "requirements": [
                                { "provider_name": "login" },
                                { "allow_missing_or_failed": {} },
                            ],
                        },
                    },
                }],
            },
        })
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or_default()
}
