//! Values of each kind, made by the rules that their issuers publish and not by the code that finds them.

use audit_layer_core::sensitive::Sensitive;
use fastrand::Rng;

use crate::near::{ALPHANUMERIC, Pick};

const CAPITALS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const TOKEN: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const HEX: &str = "0123456789abcdef";

/// A value, what must stand around it, and whether a word for it must stand before it.
#[derive(Debug, Default)]
pub(crate) struct Value {
    pub(crate) before: String,
    pub(crate) text: String,
    pub(crate) after: String,
    pub(crate) needs_word: bool,
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self {
            text,
            ..Self::default()
        }
    }
}

/// A value of a kind, as somebody who writes this language has it.
pub(crate) fn of(kind: Sensitive, language: &str, random: &mut Rng) -> Value {
    match kind {
        Sensitive::Email => email(language, random).into(),
        Sensitive::Phone => phone(language, random),
        Sensitive::Card => card(random).into(),
        Sensitive::Iban => bank_account(random).into(),
        Sensitive::NationalId => national(language, random),
        Sensitive::IpAddress => address(random).into(),
        Sensitive::ApiKey => api_key(random),
        Sensitive::PrivateKey => private_key(random).into(),
        Sensitive::Jwt => jwt(random).into(),
    }
}

/// So many digits.
pub(crate) fn digits(count: usize, random: &mut Rng) -> String {
    from("0123456789", count, random)
}

/// So many characters of these; not all keys have a digit early, but all have one.
pub(crate) fn from(characters: &str, count: usize, random: &mut Rng) -> String {
    let all = characters.as_bytes();
    let made = (0..count).map(|_| char::from(all[random.usize(0..all.len())]));
    made.collect()
}

fn email(language: &str, random: &mut Rng) -> String {
    let name = random.pick([
        "ann.lee",
        "j.müller",
        "o'neill",
        "marie_curie",
        "r2d2",
        "first+tag",
        // Beside words of its own script nobody could tell where a name begins.
        if matches!(language, "ja" | "zh") {
            "li.lei"
        } else {
            "李雷"
        },
    ]);
    let host = random.pick([
        "example.com",
        "mail.example.co.uk",
        "firma.de",
        "例え.jp",
        "sub.domain.museum",
        "x-y.io",
    ]);
    format!("{name}@{host}")
}

/// The number with its Luhn check digit.
pub(crate) fn luhn(number: &str) -> String {
    let right = |check: u32| {
        let whole = format!("{number}{check}");
        let values = whole.chars().rev().map(|digit| digit.to_digit(10).unwrap());
        let sum: u32 = values
            .enumerate()
            .map(|(place, value)| {
                if place % 2 == 1 {
                    value * 2 / 10 + value * 2 % 10
                } else {
                    value
                }
            })
            .sum();
        sum.is_multiple_of(10)
    };
    let check = (0..10).find(|check| right(*check)).unwrap();
    format!("{number}{check}")
}

fn card(random: &mut Rng) -> String {
    let (prefix, length, groups): (&str, usize, &[usize]) = random.pick([
        ("4", 16, &[4, 4, 4, 4][..]),
        ("51", 16, &[4, 4, 4, 4]),
        ("2223", 16, &[4, 4, 4, 4]),
        ("37", 15, &[4, 6, 5]),
        ("6011", 16, &[4, 4, 4, 4]),
        ("3530", 16, &[4, 4, 4, 4]),
        ("36", 14, &[4, 6, 4]),
    ]);
    let number = luhn(&format!(
        "{prefix}{}",
        digits(length - prefix.len() - 1, random)
    ));
    let separator = random.pick(["", " ", "-", "\u{a0}"]);
    grouped(&number, groups, separator)
}

fn grouped(number: &str, groups: &[usize], separator: &str) -> String {
    let mut rest = number;
    let mut parts = Vec::new();
    for size in groups {
        let (part, after) = rest.split_at(*size);
        parts.push(part);
        rest = after;
    }
    parts.join(separator)
}

/// An IBAN: its check digits make the number 1 by 97.
pub(crate) fn iban(country: &str, account: &str) -> String {
    let value = |check: u32| {
        let letters = format!("{account}{country}{check:02}");
        letters.chars().fold(0, |rest, letter| {
            let value = letter.to_digit(36).unwrap();
            (rest * if value > 9 { 100 } else { 10 } + value) % 97
        })
    };
    let check = (2..99).find(|check| value(*check) == 1).unwrap();
    format!("{country}{check:02}{account}")
}

fn bank_account(random: &mut Rng) -> String {
    let number = match random.u8(0..6) {
        0 => iban("DE", &digits(18, random)),
        1 => iban("FR", &digits(23, random)),
        2 => iban("GB", &format!("WEST{}", digits(14, random))),
        3 => iban("ES", &digits(20, random)),
        4 => iban("NL", &format!("ABNA{}", digits(10, random))),
        _ => iban("PL", &digits(24, random)),
    };
    if random.bool() {
        return number;
    }
    let letters: Vec<_> = number.chars().collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join(" ")
}

fn phone(language: &str, random: &mut Rng) -> Value {
    let country = match language {
        "en" => return north_american(random),
        "de" => "+49 151 ",
        "fr" if random.bool() => {
            let pairs: Vec<_> = (0..4).map(|_| digits(2, random)).collect();
            return format!("0{} {}", random.pick([1, 6, 7]), pairs.join(" ")).into();
        }
        "fr" => "+33 6 ",
        "es" => "+34 612 ",
        "it" => "+39 347 ",
        "pt" => "+55 11 9",
        "nl" => "+31 6 ",
        "pl" => "+48 601 ",
        "ja" => "+81 90-",
        _ => "+86 138 ",
    };
    if random.bool() {
        return format!("{country}{}", digits(7, random)).into();
    }
    let national = format!("0{} {}", random.u32(20..199), digits(7, random));
    Value {
        text: national,
        needs_word: true,
        ..Value::default()
    }
}

fn north_american(random: &mut Rng) -> Value {
    let (area, exchange, rest) = (
        random.u32(201..989),
        random.u32(200..999),
        digits(4, random),
    );
    let text = match random.u8(0..4) {
        0 => format!("({area}) {exchange}-{rest}"),
        1 => format!("{area}-{exchange}-{rest}"),
        2 => format!("+1 {area} {exchange} {rest}"),
        _ => format!("{area}.{exchange}.{rest}"),
    };
    text.into()
}

fn number_of(text: &str) -> u64 {
    text.parse().unwrap()
}

fn date(random: &mut Rng) -> (u32, u32, u32) {
    (random.u32(40..99), random.u32(1..13), random.u32(1..29))
}

/// The one of these that makes a number right by its rule.
fn check(all: impl IntoIterator<Item = String>, is_right: impl Fn(&str) -> bool) -> String {
    all.into_iter().find(|number| is_right(number)).unwrap()
}

fn sum(number: &str, weights: &[u64]) -> u64 {
    let digits = number
        .chars()
        .map(|digit| u64::from(digit.to_digit(10).unwrap()));
    digits
        .zip(weights)
        .map(|(digit, weight)| digit * weight)
        .sum()
}

/// Behind a word for it where its form is not enough.
fn labeled(label: &str, text: String) -> Value {
    Value {
        before: format!("{label} "),
        text,
        ..Value::default()
    }
}

fn national(language: &str, random: &mut Rng) -> Value {
    let (year, month, day) = date(random);
    match language {
        "en" if random.bool() => {
            let (first, last) = (
                random.pick(["AB", "JK", "SE"]),
                random.pick(["A", "B", "C", "D"]),
            );
            let pairs = [digits(2, random), digits(2, random), digits(2, random)].join(" ");
            format!("{first} {pairs} {last}").into()
        }
        "en" => format!(
            "{}-{:02}-{}",
            random.u32(100..600),
            random.u32(1..99),
            random.u32(1000..9999)
        )
        .into(),
        "de" => {
            let number = german(random);
            grouped(&number, &[2, 3, 3, 3], " ").into()
        }
        "fr" => {
            let number = format!(
                "1{year:02}{month:02}75{:03}{:03}",
                random.u32(1..999),
                random.u32(1..999)
            );
            let key = 97 - number_of(&number) % 97;
            let number = format!("{number}{key:02}");
            grouped(&number, &[1, 2, 2, 2, 3, 3, 2], " ").into()
        }
        "es" => {
            let number = random.u32(10_000_000..99_999_999);
            let letters = b"TRWAGMYFPDXBNJZSQVHLCKE";
            let letter = letters[usize::try_from(number % 23).unwrap()];
            format!("{number}{}", char::from(letter)).into()
        }
        // Published examples: making one takes the place of birth.
        "it" => random
            .pick(["RSSMRA85T10A562S", "MRTMTT91D08F205J", "MLLSNT82P65Z404U"])
            .to_owned()
            .into(),
        "pt" => brazilian(random).into(),
        "nl" => {
            let number = check(
                (0..1000).map(|rest| format!("1112{:05}", rest * 37 + 222)),
                |number| {
                    let (first, last) = number.split_at(8);
                    sum(first, &[9, 8, 7, 6, 5, 4, 3, 2]) % 11 == number_of(last)
                },
            );
            labeled("BSN", number)
        }
        "pl" => {
            let birth = format!("{year:02}{month:02}{day:02}{}", digits(4, random));
            let rest = sum(&birth, &[1, 3, 7, 9, 1, 3, 7, 9, 1, 3]) % 10;
            labeled("PESEL", format!("{birth}{}", (10 - rest) % 10))
        }
        "ja" => {
            let first = digits(11, random);
            let rest = sum(&first, &[6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2]) % 11;
            let last = if rest < 2 { 0 } else { 11 - rest };
            labeled("マイナンバー", format!("{first}{last}"))
        }
        _ => {
            let first = format!(
                "110101{}{month:02}{day:02}{}",
                1900 + year,
                digits(3, random)
            );
            let rest = sum(
                &first,
                &[7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2],
            ) % 11;
            let last = b"10X98765432"[usize::try_from(rest).unwrap()];
            format!("{first}{}", char::from(last)).into()
        }
    }
}

/// One digit comes twice, and the eleventh checks the others by ISO 7064.
fn german(random: &mut Rng) -> String {
    let mut all: Vec<u32> = (0..10).collect();
    random.shuffle(&mut all);
    all[9] = all[random.usize(0..9)];
    if all[0] == 0 {
        all.swap(0, 5);
    }
    if all[0] == 0 {
        all.swap(0, 3);
    }
    let product = all.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        if sum == 0 { 10 } else { sum }.wrapping_mul(2) % 11
    });
    let check = (11 - product) % 10;
    let first: String = all.iter().map(u32::to_string).collect();
    format!("{first}{check}")
}

fn brazilian(random: &mut Rng) -> String {
    let first = digits(9, random);
    let of = |number: &str| {
        let count = u64::try_from(number.len()).unwrap();
        let weights: Vec<u64> = (2..count + 2).rev().collect();
        sum(number, &weights) * 10 % 11 % 10
    };
    let first = format!("{first}{}", of(&first));
    let number = format!("{first}{}", of(&first));
    let (groups, check) = number.split_at(9);
    format!("{}-{check}", grouped(groups, &[3, 3, 3], "."))
}

fn address(random: &mut Rng) -> String {
    let group = |random: &mut Rng| format!("{:x}", random.u16(1..));
    match random.u8(0..3) {
        0 => format!("2001:db8::{}:{}", group(random), group(random)),
        1 => {
            let groups: Vec<_> = (0..6).map(|_| group(random)).collect();
            format!("2a02:26f0:{}", groups.join(":"))
        }
        _ => format!(
            "{}.{}.{}.{}",
            random.u8(11..=250),
            random.u8(..),
            random.u8(..),
            random.u8(1..)
        ),
    }
}

fn api_key(random: &mut Rng) -> Value {
    let (prefix, letters, count) = random.pick([
        ("AKIA", CAPITALS, 16),
        ("AIza", TOKEN, 35),
        ("ghp_", ALPHANUMERIC, 36),
        ("github_pat_", ALPHANUMERIC, 82),
        ("glpat-", ALPHANUMERIC, 20),
        ("sk-proj-", ALPHANUMERIC, 48),
        ("sk-ant-api03-", ALPHANUMERIC, 93),
        ("sk_live_", ALPHANUMERIC, 24),
        ("xoxb-", ALPHANUMERIC, 40),
        ("hf_", ALPHANUMERIC, 34),
        ("npm_", ALPHANUMERIC, 36),
        ("dop_v1_", HEX, 64),
    ]);
    if random.u8(0..8) == 0 {
        return Value {
            before: "postgres://app:".to_owned(),
            text: from(ALPHANUMERIC, 12, random),
            after: "@db.internal:5432/app".to_owned(),
            needs_word: false,
        };
    }
    // Digits at the end, so that there are some, and no hyphen there, which could be the sentence's.
    let rest = from(letters, count - 8, random) + &digits(8, random);
    format!("{prefix}{rest}").into()
}

fn private_key(random: &mut Rng) -> String {
    let label = random.pick([
        "PRIVATE KEY",
        "RSA PRIVATE KEY",
        "OPENSSH PRIVATE KEY",
        "EC PRIVATE KEY",
    ]);
    let lines: Vec<_> = (0..4).map(|_| from(ALPHANUMERIC, 64, random)).collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----",
        lines.join("\n")
    )
}

fn jwt(random: &mut Rng) -> String {
    let (payload, signature) = (
        from(ALPHANUMERIC, 80, random),
        from(ALPHANUMERIC, 43, random),
    );
    format!("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJ{payload}.{signature}")
}
