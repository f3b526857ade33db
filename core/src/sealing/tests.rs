use super::*;

/// A pair as `openssl genpkey -algorithm X25519` and `openssl pkey -pubout` write it.
const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIDgOlY7cJ+VGpkWUGxoSX5/E3q7sbwOSb6giNdDTZTdR
-----END PRIVATE KEY-----
";
const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MCowBQYDK2VuAyEAffvljgjHDBm/j+LZddLN+xo1v2hIBj6QcjF+aPKymHk=
-----END PUBLIC KEY-----
";

#[test]
fn keys_of_openssl_are_read_and_written() {
    let private = PrivateKey::parse(PRIVATE).unwrap();
    let public = PublicKey::parse(PUBLIC).unwrap();
    assert_eq!(private.public_key(), public);
    assert_eq!(private.to_pem(), PRIVATE);
    for text in [
        public.to_string(),
        PUBLIC.replace('\n', "\r\n"),
        format!(" {public}\n"),
    ] {
        assert_eq!(PublicKey::parse(&text).unwrap(), public, "{text}");
    }
    assert_eq!(public.id().len(), 16);
}

#[test]
fn a_new_key_reads_as_it_was_written() {
    let key = PrivateKey::generate(|bytes| {
        bytes.fill(9);
        true
    })
    .unwrap();
    let read = PrivateKey::parse(&key.to_pem()).unwrap();
    assert_eq!(read.public_key(), key.public_key());
    assert!(PrivateKey::generate(|_| false).is_none());
}

#[test]
fn what_is_no_key_is_told_for_what_it_is() {
    assert_eq!(PublicKey::parse(PRIVATE), Err(KeyError::Private));
    assert_eq!(PrivateKey::parse(PUBLIC).err(), Some(KeyError::Public));
    let ed25519 = "MCowBQYDK2VwAyEAffvljgjHDBm/j+LZddLN+xo1v2hIBj6QcjF+aPKymHk=";
    for text in ["", "AAAA", "not base64!", ed25519] {
        assert_eq!(PublicKey::parse(text), Err(KeyError::Other), "{text}");
        assert_eq!(
            PrivateKey::parse(text).err(),
            Some(KeyError::Other),
            "{text}"
        );
    }
}

#[test]
fn without_random_bytes_and_for_no_key_there_is_no_sealer() {
    let recipient = |text: &str| Recipient {
        key_id: "k".to_owned(),
        public_key: PublicKey::parse(text).unwrap(),
    };
    let made = |text: &str, entropy: Entropy| Sealer::new(vec![recipient(text)], entropy).map(drop);
    assert_eq!(made(PUBLIC, |_| true), Ok(()));
    assert_eq!(made(PUBLIC, |_| false), Err(NoSealer::Entropy));
    // The point of order 1, with which everybody shares the same secret.
    let zero = STANDARD.encode([0; 32]);
    assert_eq!(made(&zero, |_| true), Err(NoSealer::Recipient(0)));
}
