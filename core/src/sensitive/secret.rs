//! Keys, tokens and passwords.

use super::{Found, Place, Sensitive, is_word};

/// What follows a prefix.
#[derive(Clone, Copy)]
enum Letters {
    /// Letters and digits.
    Alphanumeric,
    /// Letters, digits, hyphens and underscores.
    Token,
    /// The same, and points.
    Pointed,
    /// Hexadecimal digits.
    Hex,
    /// Capitals and digits.
    Capitals,
}

impl Letters {
    const fn has(self, byte: u8) -> bool {
        match self {
            Self::Alphanumeric => byte.is_ascii_alphanumeric(),
            Self::Token => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'),
            Self::Pointed => byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'),
            Self::Hex => byte.is_ascii_hexdigit(),
            Self::Capitals => byte.is_ascii_uppercase() || byte.is_ascii_digit(),
        }
    }
}

use Letters::{Alphanumeric, Capitals, Hex, Pointed, Token};

/// Prefixes of vendors' keys, what follows, and how many bytes of it at least, as the vendors and GitHub's
/// secret scanning document them. Grouped by first letter.
const PREFIXES: &[(&str, Letters, usize)] = &[
    ("AGE-SECRET-KEY-1", Capitals, 50),
    ("AIza", Token, 35),
    ("AKIA", Capitals, 16),
    ("ASIA", Capitals, 16),
    ("EAACEdEose0cBA", Alphanumeric, 10),
    ("GOCSPX-", Token, 24),
    ("PMAK-", Token, 24),
    ("SG.", Pointed, 40),
    ("api_org_", Alphanumeric, 30),
    ("dapi", Hex, 32),
    ("dckr_pat_", Token, 20),
    ("dop_v1_", Hex, 60),
    ("dp.pt.", Alphanumeric, 40),
    ("fw_", Alphanumeric, 20),
    ("gho_", Alphanumeric, 30),
    ("ghp_", Alphanumeric, 30),
    ("ghr_", Alphanumeric, 30),
    ("ghs_", Alphanumeric, 30),
    ("ghu_", Alphanumeric, 30),
    ("github_pat_", Token, 40),
    ("glpat-", Pointed, 20),
    ("glsa_", Token, 32),
    ("gsk_", Alphanumeric, 40),
    ("hf_", Alphanumeric, 30),
    ("hvs.", Token, 24),
    ("lin_api_", Alphanumeric, 30),
    ("npm_", Alphanumeric, 36),
    ("ntn_", Alphanumeric, 40),
    ("nvapi-", Token, 40),
    ("pplx-", Alphanumeric, 40),
    ("pypi-AgE", Token, 50),
    ("r8_", Alphanumeric, 30),
    ("rk_live_", Alphanumeric, 20),
    ("rk_test_", Alphanumeric, 20),
    ("rpa_", Alphanumeric, 40),
    ("shpat_", Hex, 32),
    ("shpss_", Hex, 32),
    ("sk-", Token, 20),
    ("sk_live_", Alphanumeric, 20),
    ("sk_test_", Alphanumeric, 20),
    ("tvly-", Token, 20),
    ("whsec_", Alphanumeric, 24),
    ("xai-", Alphanumeric, 60),
    ("xapp-", Token, 30),
    ("xoxa-", Token, 20),
    ("xoxb-", Token, 20),
    ("xoxe-", Token, 20),
    ("xoxp-", Token, 20),
    ("xoxr-", Token, 20),
    ("xoxs-", Token, 20),
    ("ya29.", Token, 20),
];

/// Bytes behind a prefix by which it is told whether they are a key. No key has more before its first digit.
const JUDGED_BYTES_MAX: usize = 256;

/// Bytes of the shortest of these.
pub(super) const BYTES_MIN: usize = 20;

/// What the first two segments of a JSON Web Token begin with: `{"` in base64url.
const OBJECT: &[u8] = b"eyJ";

/// Letters of a segment of a token at least.
const SEGMENT_MIN: usize = 10;

/// The key or token that begins here.
pub(super) fn find(place: &Place<'_>) -> Option<Found> {
    let rest = place.rest();
    // A hyphen before it belongs to a longer name.
    if place.before(1) == Some(b'-') && place.before(2).is_some_and(is_word) {
        return None;
    }
    if rest.starts_with(OBJECT) {
        return token(place);
    }
    let mut known = PREFIXES
        .iter()
        .filter(|(prefix, ..)| rest.starts_with(prefix.as_bytes()));
    known.find_map(|(prefix, letters, least)| {
        let secret = rest.get(prefix.len()..)?;
        // A prefix may stand behind each point of a long text: all of that is looked at for a key alone.
        let near = secret.get(..secret.len().min(JUDGED_BYTES_MAX))?;
        let near = near.get(..run(near, *letters))?;
        let is_key = near.len() >= *least && is_random(near);
        let bytes = if is_key { run(secret, *letters) } else { 0 };
        let end = prefix.len().saturating_add(bytes);
        is_key
            .then(|| place.found(Sensitive::ApiKey, end))
            .flatten()
    })
}

/// Whether letters are drawn at random, as those of keys, and no words that are joined by hyphens: some run of
/// them is long and has a digit.
fn is_random(letters: &[u8]) -> bool {
    let mut runs = letters.split(|byte| matches!(byte, b'-' | b'_' | b'.'));
    runs.any(|run| run.len() >= RANDOM_RUN_MIN && run.iter().any(u8::is_ascii_digit))
}

const RANDOM_RUN_MIN: usize = 8;

/// Three segments or, where it is encrypted, five; the last may be empty.
fn token(place: &Place<'_>) -> Option<Found> {
    let rest = place.rest();
    let mut end = run(rest, Token);
    if end < SEGMENT_MIN {
        return None;
    }
    let mut points: usize = 0;
    while rest.get(end) == Some(&b'.') && points < 4 {
        let segment = rest.get(end.saturating_add(1)..).unwrap_or_default();
        let bytes = run(segment, Token);
        if bytes < SEGMENT_MIN && points < 1 {
            break;
        }
        points = points.saturating_add(1);
        end = end.saturating_add(1).saturating_add(bytes);
    }
    (points > 0)
        .then(|| place.found(Sensitive::Jwt, end))
        .flatten()
}

fn run(bytes: &[u8], letters: Letters) -> usize {
    let end = bytes.iter().position(|byte| !letters.has(*byte));
    end.unwrap_or(bytes.len())
}

const PEM: &str = "-----BEGIN ";

/// Bytes of the label of a PEM block.
const LABEL_BYTES_MAX: usize = 64;

/// The private key that begins here: up to its last line or, where that is missing, all that follows.
pub(super) fn private_key(place: &Place<'_>) -> Option<Found> {
    let rest = place.text.get(place.at..)?;
    let behind = rest.strip_prefix(PEM)?;
    let label = behind.get(..behind.floor_char_boundary(LABEL_BYTES_MAX))?;
    let (label, _) = label.split_once("-----")?;
    if !label.contains("PRIVATE KEY") {
        return None;
    }
    let last = format!("-----END {label}-----");
    let end = rest
        .find(&last)
        .map_or(rest.len(), |at| at.saturating_add(last.len()));
    place.found(Sensitive::PrivateKey, end)
}

/// Whether what follows a dollar sign is the name of a variable.
fn is_variable(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.starts_with(['{', '(']) || name.bytes().all(is_part)
}

/// Bytes of a user's name and password in a URL.
const USERINFO_BYTES_MAX: usize = 256;

/// The password of a URL whose scheme ends here.
pub(super) fn in_url(place: &Place<'_>) -> Option<Found> {
    let rest = place.text.get(place.at..)?.strip_prefix("://")?;
    let near = rest.get(..rest.floor_char_boundary(USERINFO_BYTES_MAX))?;
    let ends = |letter: char| letter.is_whitespace() || "/?#\"'<>".contains(letter);
    let end = near
        .get(..near.find(ends).unwrap_or(near.len()))?
        .rfind('@')?;
    let userinfo = near.get(..end)?;
    let (user, password) = userinfo.split_once(':')?;
    // What stands for a password in a template is none.
    let is_template = password.starts_with(['{', '<', '['])
        || password.strip_prefix('$').is_some_and(is_variable)
        || password.is_empty();
    if !is_template {
        let start = place
            .at
            .saturating_add(3)
            .saturating_add(user.len())
            .saturating_add(1);
        return Some(Found {
            kind: Sensitive::ApiKey,
            at: start..start.saturating_add(password.len()),
        });
    }
    None
}
