//! What is like something sensitive and is not.

use fastrand::Rng;

use crate::values::{digits, from, luhn};

/// Numbers, prices, ids, hashes and code.
pub(crate) fn like(random: &mut Rng) -> String {
    match random.u8(0..36) {
        0 => uuid(random),
        1 => from("0123456789abcdef", 64, random),
        2 => from("0123456789abcdef", 40, random),
        3 => from("0123456789abcdef", 32, random),
        4 => format!(
            "{}.{:02} €",
            random.u32(1000..9_999_999),
            random.u32(0..100)
        ),
        5 => format!(
            "${},{:03}.{:02}",
            random.u32(1..999),
            random.u32(0..1000),
            random.u32(0..100)
        ),
        // A card's number with a wrong check digit, and one that nobody issues.
        6 => wrong_card(random),
        7 => format!("9{}", digits(15, random)),
        8 => wrong_iban(random),
        9 => format!(
            "{}-{}-{}",
            random.pick(["000", "666"]),
            digits(2, random),
            digits(4, random)
        ),
        10 => format!(
            "version {}.{}.{}.{}",
            random.u8(..),
            random.u8(..),
            random.u8(..),
            random.u8(..)
        ),
        11 => format!(
            "{}.{}.{}",
            random.u8(0..20),
            random.u8(0..40),
            random.u8(..)
        ),
        12 => format!(
            "{}.{}.{}.{}",
            random.u16(256..999),
            random.u8(..),
            random.u8(..),
            random.u8(..)
        ),
        13 => "std::collections::BTreeMap".to_owned(),
        14 => "@media (min-width: 768px)".to_owned(),
        15 => "icon@2x.png".to_owned(),
        16 => format!("17{}", digits(random.pick([8, 11]), random)),
        17 => format!(
            "2026-11-{:02}T12:{:02}:45.{}Z",
            random.u8(1..30),
            random.u8(0..60),
            digits(6, random)
        ),
        18 => format!("ISBN 978-3-16-{}-{}", digits(6, random), digits(1, random)),
        19 => mac(random),
        20 => format!(
            "sk-{}",
            random.pick(["learn", "circle-fade-dot-item-1", "spinner-pulse-animation"])
        ),
        21 => "git@github.com:org/repository.git".to_owned(),
        22 => format!("0.{}", digits(16, random)),
        23 => format!(
            "let total = items.iter().sum::<u64>() + {};",
            digits(4, random)
        ),
        24 => format!("#{}", from("0123456789abcdef", 6, random)),
        25 => format!(
            "{} {} {}",
            digits(3, random),
            random.u32(100..999),
            random.u32(100..999)
        ),
        26 => format!(
            "-----BEGIN CERTIFICATE-----\n{}",
            from(ALPHANUMERIC, 64, random)
        ),
        27 => format!("Chrome/{}.0.0.0", random.u8(90..140)),
        28 => format!(
            "nginx/1.{}.{}.{}",
            random.u8(..),
            random.u8(..),
            random.u8(..)
        ),
        29 => format!(
            "{} + {}",
            digits(1, random),
            random.u32(10_000_000..99_999_999)
        ),
        30 => format!("x + 2023-01-{:02}", random.u8(10..29)),
        31 => format!("pi=+3.{}", digits(9, random)),
        32 => format!(
            "+{}.{},+{}.{}",
            random.u8(10..80),
            digits(6, random),
            random.u8(10..80),
            digits(6, random)
        ),
        33 => "react@18.2.0".to_owned(),
        34 => format!(
            "{},{},{}",
            digits(2, random),
            digits(3, random),
            digits(1, random)
        ),
        _ => format!("{}%", random.u8(0..100)),
    }
}

/// Letters and digits.
pub(crate) const ALPHANUMERIC: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// One of several.
pub(crate) trait Pick {
    fn pick<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T;
}

impl Pick for Rng {
    fn pick<T: Copy, const N: usize>(&mut self, all: [T; N]) -> T {
        all[self.usize(0..N)]
    }
}

fn uuid(random: &mut Rng) -> String {
    let hex = |count, random: &mut Rng| from("0123456789abcdef", count, random);
    let first = [8, 4].map(|count| hex(count, random)).join("-");
    let rest = [3, 3, 12].map(|count| hex(count, random));
    format!("{first}-4{}-8{}-{}", rest[0], rest[1], rest[2])
}

fn wrong_card(random: &mut Rng) -> String {
    let mut number = luhn(&format!("4{}", digits(14, random)));
    let last = number.pop().unwrap();
    let wrong = (last.to_digit(10).unwrap() + random.u32(1..10)) % 10;
    format!("{number}{wrong}")
}

fn wrong_iban(random: &mut Rng) -> String {
    let right = crate::values::iban("DE", &digits(18, random));
    let check: u32 = right[2..4].parse().unwrap();
    let wrong = if check == 98 { 2 } else { check + 1 };
    format!("DE{wrong:02}{}", &right[4..])
}

fn mac(random: &mut Rng) -> String {
    let bytes: Vec<_> = (0..6).map(|_| format!("{:02x}", random.u8(..))).collect();
    bytes.join(":")
}
