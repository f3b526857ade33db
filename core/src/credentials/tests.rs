use super::*;
use crate::limits::{CREDENTIAL_BYTES_MAX, CREDENTIALS_MAX};

const KEY: &str = "sk-test-4f9a7c21e85b4d0c93aa1177";

fn secrets(headers: &[(&str, &str)]) -> Secrets {
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (name.as_bytes().to_vec(), value.as_bytes().to_vec()))
        .collect();
    Secrets::of(Headers(&headers))
}

fn bearer() -> Secrets {
    secrets(&[("authorization", &format!("Bearer {KEY}"))])
}

#[test]
fn every_kind_of_credential_is_taken_out() {
    let password = "hunter2-hunter2";
    let basic = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        format!("app-user-7:{password}"),
    );
    for (name, value, secret) in [
        ("authorization", format!("Bearer {KEY}"), KEY),
        ("Authorization", KEY.to_owned(), KEY),
        ("proxy-authorization", format!("Bearer {KEY}"), KEY),
        ("authorization", format!("Basic {basic}"), password),
        ("authorization", format!("Basic {basic}"), "app-user-7"),
        ("authorization", format!("Basic {basic}"), &*basic),
        (
            "authorization",
            format!("AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host;x-amz-date, Signature={KEY}"),
            KEY,
        ),
        (
            "authorization",
            "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=abcdef0123".to_owned(),
            "AKIAIOSFODNN7EXAMPLE",
        ),
        ("x-api-key", KEY.to_owned(), KEY),
        ("API-KEY", KEY.to_owned(), KEY),
        ("x-goog-api-key", KEY.to_owned(), KEY),
        ("ocp-apim-subscription-key", KEY.to_owned(), KEY),
        ("x-amz-security-token", KEY.to_owned(), KEY),
        ("helicone-auth", format!("Bearer {KEY}"), KEY),
        ("x-client-secret", KEY.to_owned(), KEY),
        ("cf-access-jwt-assertion", KEY.to_owned(), KEY),
        ("cookie", format!("theme=dark; session={KEY}; a=b"), KEY),
        ("cookie", format!("id=\"{KEY}\""), KEY),
        (
            "sec-websocket-protocol",
            format!("realtime, openai-insecure-api-key.{KEY}, openai-beta.realtime-v1"),
            KEY,
        ),
        (":path", format!("/v1/models?key={KEY}"), KEY),
        (":path", format!("/v1/models?alt=sse&api_key={KEY}&x=y"), KEY),
        (":path", "/v1/x?access_token=abcdefgh".to_owned(), "abcdefgh"),
        (":path", "/v1/x;token=abcdefgh".to_owned(), "abcdefgh"),
        (":path", "/v1/x%3Falt=sse%26key=abcdefgh".to_owned(), "abcdefgh"),
        (":path", "/v1/x?key=three+words+once".to_owned(), "three words once"),
        (":path", "/v1/x?key=three+words%2Fonce".to_owned(), "three+words/once"),
        (":path", "http://me:pass-word@host/v1/x".to_owned(), "pass-word"),
        (":path", "/v1/x?sig=a%2Bb%2Fc%3Ddefgh".to_owned(), "a+b/c=defgh"),
        (":path", "/v1/x?sig=a%2Bb%2Fc%3Ddefgh".to_owned(), "a%2Bb%2Fc%3Ddefgh"),
        (":path", format!("/v1/x?anything={KEY}"), KEY),
        (":path", "/v1/x?sasToken=abcdefgh".to_owned(), "abcdefgh"),
    ] {
        let secrets = secrets(&[(name, &value)]);
        let mut text = format!("The key '{secret}' is wrong.");
        assert!(secrets.remove(&mut text), "{name}: {value}: {secret}");
        assert_eq!(text, format!("The key '{MARK}' is wrong."), "{name}: {value}");
    }
}

#[test]
fn what_is_no_credential_stays() {
    for (name, value, text) in [
        ("authorization", "Bearer EMPTY", "EMPTY"),
        ("idempotency-key", KEY, KEY),
        ("sec-websocket-key", KEY, KEY),
        ("content-type", "application/json", "application/json"),
        ("x-monkey", KEY, KEY),
        ("x-audit-metadata-key", KEY, KEY),
        (
            ":path",
            "/v1/x?api-version=2024-10-21-preview",
            "2024-10-21-preview",
        ),
        (
            ":path",
            "/v1/x?model=gpt-realtime-2025-08-28",
            "gpt-realtime-2025-08-28",
        ),
        (":path", "/v1/x?format=markdown", "markdown"),
        (":path", "/v1/chat/completions", "/v1/chat/completions"),
        (
            "authorization",
            "Digest realm=\"gateway.example\", uri=\"/v1/chat\"",
            "gateway.example",
        ),
    ] {
        let secrets = secrets(&[(name, value)]);
        let mut kept = text.to_owned();
        assert!(!secrets.remove(&mut kept), "{name}: {value}");
        assert_eq!(kept, text);
    }
}

#[test]
fn a_long_part_is_taken_out_and_a_masked_key_stays() {
    for (text, clean) in [
        (KEY.to_owned(), MARK.to_owned()),
        (format!("{}...", &KEY[..20]), format!("{MARK}...")),
        (format!("…{}", &KEY[12..]), format!("…{MARK}")),
        (KEY[5..17].to_owned(), MARK.to_owned()),
        (KEY[5..16].to_owned(), KEY[5..16].to_owned()),
        ("sk-test-****1177".to_owned(), "sk-test-****1177".to_owned()),
        (format!("{KEY}{KEY}"), format!("{MARK}{MARK}")),
        (format!("é{KEY}é"), format!("é{MARK}é")),
    ] {
        assert_eq!(bearer().removed(&text), clean, "{text}");
    }
}

#[test]
fn the_signature_of_a_token_is_a_credential_by_itself() {
    let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    let claims = format!("eyJ{}", "c3ViIjoiYWxpY2Ui".repeat(30));
    let token = format!("Bearer eyJhbGciOiJFUzI1NiJ9.{claims}.{signature}");
    let secrets = secrets(&[("authorization", &token)]);
    assert_eq!(secrets.removed(signature), MARK);
    assert_eq!(
        secrets.removed("eyJhbGciOiJFUzI1NiJ9"),
        "eyJhbGciOiJFUzI1NiJ9"
    );
}

#[test]
fn a_part_of_a_long_cookie_is_a_word_and_no_secret() {
    let cookie = format!(
        "prefs=%7B%22model%22%3A%22gpt-4-turbo-preview%22%7D{}",
        "x9".repeat(40)
    );
    let secrets = secrets(&[("cookie", &cookie)]);
    assert_eq!(
        secrets.removed("gpt-4-turbo-preview"),
        "gpt-4-turbo-preview"
    );
}

#[test]
fn every_place_and_neighbourhood_is_found() {
    let secrets = secrets(&[
        ("authorization", &format!("Bearer {KEY}")),
        ("x-api-key", "short-k8"),
        ("cookie", "a=sk-test-4f9a7c21e85b4d0c93aa1178"),
    ]);
    for secret in [KEY, "short-k8", "sk-test-4f9a7c21e85b4d0c93aa1178"] {
        for before in 0..40 {
            let text = format!("{}{secret} and more", "-".repeat(before));
            let clean = format!("{}{MARK} and more", "-".repeat(before));
            assert_eq!(secrets.removed(&text), clean);
        }
    }
}

#[test]
fn a_value_of_equal_letters_is_found_at_every_place() {
    for size in 8..40 {
        let value = "J".repeat(size);
        let secrets = secrets(&[("x-api-key", &value)]);
        for before in 0..20 {
            let text = format!("{}{value}-", "-".repeat(before));
            let clean = secrets.removed(&text);
            assert!(
                clean.contains(MARK) && clean.matches('J').count() < 8,
                "{clean}"
            );
        }
    }
}

#[test]
fn a_cover_keeps_the_place_of_everything_else() {
    let secrets = secrets(&[("x-api-key", "short-k8"), ("api-key", KEY)]);
    let mut text = format!("a short-k8 b {KEY} ü");
    let length = text.len();
    assert!(secrets.cover(&mut text));
    assert_eq!(
        text,
        format!(
            "a [hidden] b {MARK}{} ü",
            "*".repeat(KEY.len() - MARK.len())
        )
    );
    assert_eq!(text.len(), length);
}

#[test]
fn a_value_of_json_is_searched_however_it_is_escaped() {
    let escaped: String = KEY.bytes().map(|byte| format!("\\u{byte:04x}")).collect();
    let secrets = bearer();
    for (value, clean) in [
        (format!("\"{KEY}\""), format!("\"{MARK}\"")),
        (
            format!("[1,\"{escaped}\", \"\\\\\"]"),
            format!("[1,\"{MARK}\", \"\\\\\"]"),
        ),
        (
            format!("{{\"a\":{{\"{KEY}\":1}}}}"),
            format!("{{\"a\":{{\"{MARK}\":1}}}}"),
        ),
    ] {
        let value = RawValue::from_string(value).unwrap();
        assert_eq!(secrets.removed_from_json(&value).unwrap().get(), clean);
    }
    let digits = Secrets::of(Headers(&[(
        b"x-api-key".to_vec(),
        b"123456789012345".to_vec(),
    )]));
    let number = RawValue::from_string("[123456789012345]".to_owned()).unwrap();
    let clean = digits.removed_from_json(&number).unwrap();
    assert_eq!(clean.get(), format!("\"{MARK}\""));
}

#[test]
fn the_hash_of_pieces_is_of_the_text_with_the_mark() {
    let secrets = Arc::new(bearer());
    let filler = "Words and more words. ".repeat(500);
    let text = format!("{filler}{KEY}{filler}é{}", &KEY[..20]);
    let clean = secrets.removed(&text).into_owned();
    let expected = HashForm::Sha256.hash(clean.as_bytes());
    for size in [
        1,
        3,
        7,
        31,
        32,
        33,
        1000,
        4096,
        4127,
        4128,
        5000,
        text.len(),
    ] {
        let mut digest = CleanDigest::new(&HashForm::Sha256, &secrets);
        let mut rest = text.as_str();
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.ceil_char_boundary(size));
            digest.update(piece);
            rest = behind;
        }
        assert_eq!(
            digest.finish(),
            (expected.clone(), true),
            "pieces of {size}"
        );
    }
}

#[test]
fn a_value_that_repeats_itself_is_found_alike_in_pieces() {
    let value = "abababaaabbbabababaaabbbabababababab";
    let secrets = Arc::new(secrets(&[("x-api-key", value)]));
    for before in 0..20 {
        let odd = format!("{}{} {}", "-".repeat(before), &value[24..], &value[3..30]);
        let text = format!("{odd}{}", "Words. ".repeat(100)).repeat(20);
        let clean = secrets.removed(&text).into_owned();
        let expected = HashForm::Sha256.hash(clean.as_bytes());
        let mut digest = CleanDigest::new(&HashForm::Sha256, &secrets);
        for at in (0..text.len()).step_by(50) {
            digest.update(&text[at..text.len().min(at + 50)]);
        }
        assert_eq!(digest.finish().0, expected, "{before}");
    }
}

#[test]
fn a_text_without_credentials_is_hashed_as_it_is() {
    let secrets = Arc::new(Secrets::default());
    let mut digest = CleanDigest::new(&HashForm::Sha256, &secrets);
    digest.update("a");
    digest.update("b");
    assert_eq!(digest.finish(), (HashForm::Sha256.hash(b"ab"), false));
}

#[test]
fn limits_are_kept_and_told() {
    let cookies = |count: usize| {
        let one = |number| format!("c{number}=value-number-{number:05}");
        (0..count).map(one).collect::<Vec<_>>().join("; ")
    };
    for (count, is_cut) in [
        (CREDENTIALS_MAX - 1, false),
        (CREDENTIALS_MAX, false),
        (CREDENTIALS_MAX + 1, true),
    ] {
        assert_eq!(secrets(&[("cookie", &cookies(count))]).is_cut, is_cut);
    }
    let long = |bytes: usize| "0123456789abcdef".repeat(bytes / 16);
    for (bytes, is_cut) in [
        (CREDENTIAL_BYTES_MAX, false),
        (CREDENTIAL_BYTES_MAX + 16, true),
    ] {
        assert_eq!(secrets(&[("x-api-key", &long(bytes))]).is_cut, is_cut);
    }
    assert!(secrets(&[("x-api-key", "1234567")]).is_empty());
    assert!(!secrets(&[("x-api-key", "12345678")]).is_empty());
}

#[test]
fn hostile_credentials_cost_little() {
    let periodic = "a".repeat(30_000);
    let many: Vec<_> = (0..100)
        .map(|number| format!("{}{number:03}", "b".repeat(250)))
        .collect();
    let mut headers = vec![("x-api-key", periodic.as_str())];
    headers.extend(
        many.iter()
            .take(8)
            .map(|value| ("x-other-key", value.as_str())),
    );
    let secrets = secrets(&headers);
    let text = ["a".repeat(5_000), "b".repeat(5_000), "ab".repeat(5_000)]
        .concat()
        .repeat(4);
    let clean = secrets.removed(&text);
    assert!(clean.contains(MARK));
}

#[test]
fn credentials_are_not_printed() {
    assert!(!format!("{:?}", bearer()).contains("4f9a"));
}
