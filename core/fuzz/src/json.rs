//! JSON: strict JSON reads as with `serde_json`, nothing breaks a reader, and what is kept of a
//! text that is too long does not depend on its pieces.
//!
//! An input is a byte that picks the limit, a byte that seeds the cuts, and a text, in which bytes
//! that are not UTF-8 stand for long runs: mutations alone would reach no limit.

use std::borrow::Cow;
use std::mem;

use audit_layer_core::json::{
    self, Broken, FromJson, Items, Json, Kept, Members, Odd, Oddities, canonical, compact,
};
use audit_layer_core::prompt::Fields;
use serde_json::Value;

use crate::{cuts, pick};

/// Bytes that are kept.
const LIMITS: [usize; 4] = [1 << 10, 3000, 1 << 13, 1 << 16];

/// Long runs, by the last bits of the byte that stands for one.
const RUNS: [&str; 8] = [
    "QUJD",
    "data:image/png;base64,QUJDREVG",
    "words of a text ",
    "\u{e9}\u{1f600}",
    r"\ud83d\ude00\u00e9",
    r"\\\n",
    "QUJD\\nREVG",
    "1,",
];

/// Panics if the input shows a fault.
pub fn check(input: &[u8]) {
    let [limit, seed, text @ ..] = input else {
        return;
    };
    let text = with_runs(text);
    strict(*seed, &String::from_utf8_lossy(&text));
    kept(pick(&LIMITS, *limit), *seed, &text);
    if let Some((wide, _)) = json::from_wide(&text) {
        read(&wide);
    }
}

fn with_runs(text: &[u8]) -> Vec<u8> {
    let bytes = text.iter().flat_map(|byte| match byte {
        0xf8.. => pick(&RUNS, *byte).repeat(100).into_bytes(),
        _ => vec![*byte],
    });
    bytes.collect()
}

/// What is JSON for `serde_json` reads alike, and is not odd.
fn strict(seed: u8, text: &str) {
    let Ok(expected) = serde_json::from_str::<Value>(text) else {
        read(text);
        return;
    };
    let oddities = Oddities::default();
    let Any(value) = json::read(Json::of(text, &oddities)).expect("this is JSON");
    assert!(is_same(&value, &expected), "{value} is not {expected}");
    assert!(!oddities.has(Odd::Dialect), "{text}");
    assert!(!json::has_more(text), "{text}");
    let compacted = compact(text);
    for same in [&*compacted, json::one_line(text.into()).get()] {
        assert!(!same.contains(['\n', '\r']));
        assert_eq!(serde_json::from_str(same).ok(), Some(expected.clone()));
    }
    assert_eq!(canonical(text), canonical(&compacted));
    let last = json::last_of_each(text).expect("this is JSON");
    serde_json::from_str::<Value>(&last).expect("a part of JSON is JSON");
    let same = json::split(text).map(|(value, rest)| (serde_json::from_str(value).ok(), rest));
    assert_eq!(same, Some((Some(expected.clone()), "")));
    members(text, &expected);
    let written = json::written(&expected, 0);
    assert!(written.is_err() || written.ok() == Some(expected.to_string()));
    if expected.is_array() || expected.is_object() {
        beginning(seed, text);
        wide(text);
    }
}

/// An object of a prompt has each member that another reader finds.
fn members(text: &str, expected: &Value) {
    let Some(object) = expected.as_object() else {
        return;
    };
    let mut fields = Fields::of(text.into());
    for (name, value) in object {
        let found = fields.take(name);
        let found = found.map_or("null", |found| found.get());
        assert_eq!(serde_json::from_str(found).ok().as_ref(), Some(value));
    }
}

/// Where a text breaks off, what is read of it is JSON.
fn beginning(seed: u8, text: &str) {
    let text = text.trim_start().as_bytes();
    let end = (text.len() * usize::from(seed)).div_ceil(256).max(1);
    let (closed, _) = json::text(&text[..end], false);
    serde_json::from_str::<Value>(&closed).expect("the beginning of JSON was closed");
}

/// UTF-16 and UTF-32 read as UTF-8 does.
fn wide(text: &str) {
    let text = text.trim_start();
    let units = text.encode_utf16();
    let narrow: Vec<u8> = units.flat_map(u16::to_le_bytes).collect();
    let units = text.chars().map(u32::from);
    let wide: Vec<u8> = units.flat_map(u32::to_be_bytes).collect();
    for encoded in [narrow, wide] {
        assert_eq!(json::from_wide(&encoded), Some((text.to_owned(), false)));
    }
}

/// Whether two values are the same; numbers as well as `serde_json` reads them.
fn is_same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| is_same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|((name, one), (known, other))| name == known && is_same(one, other))
        }
        (Value::Number(one), Value::Number(other)) => {
            let (one, other) = (one.as_f64(), other.as_f64());
            one.zip(other)
                .is_some_and(|(one, other)| (one - other).abs() <= one.abs() * 1e-14)
        }
        _ => one == other,
    }
}

/// Whatever it is, it is read in some way.
fn read(text: &str) {
    assert_eq!(json::quoted(text), Value::from(text).to_string());
    let oddities = Oddities::default();
    let _: Option<Any> = json::read(Json::of(text, &oddities));
    json::has_more(text);
    json::last_of_each(text);
    compact(text);
    canonical(text);
}

fn kept(limit: usize, seed: u8, text: &[u8]) {
    let whole = keep(limit, &[text]);
    let cut = keep(limit, &cuts::pieces(seed, text));
    assert!(whole.bytes() == cut.bytes(), "{limit} {seed}");
    assert_eq!(
        (whole.is_cut(), whole.has_stubs(), whole.is_as_sent()),
        (cut.is_cut(), cut.has_stubs(), cut.is_as_sent())
    );
    assert!(whole.bytes().len() <= limit);
    assert_eq!(whole.is_as_sent(), text.len() <= limit);
    let (kept, _) = whole.text(true);
    read(&kept);
    let is_json = serde_json::from_slice::<Value>(text).is_ok();
    if is_json && !whole.is_cut() {
        let read: Option<Any> = json::read(&*kept);
        read.expect("JSON without the rest of its strings can be read");
    }
}

fn keep(limit: usize, pieces: &[&[u8]]) -> Kept {
    let mut kept = Kept::new(limit);
    pieces.iter().for_each(|piece| kept.push(piece));
    kept
}

/// A value as `serde_json` has it.
#[derive(Debug)]
struct Any(Value);

impl<'de> FromJson<'de> for Any {
    fn empty() -> Self {
        Self(Value::Null)
    }
    fn string(&mut self, text: Cow<'de, str>) -> bool {
        self.0 = Value::from(text.into_owned());
        true
    }
    fn boolean(&mut self, value: bool) {
        self.0 = Value::from(value);
    }
    fn whole(&mut self, number: u64) {
        self.0 = Value::from(number);
    }
    fn float(&mut self, number: f64) {
        self.0 = Value::from(number);
    }
    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        let mut list = Vec::new();
        let mut item = Self::empty();
        while items.read_into(&mut item)? {
            list.push(mem::replace(&mut item, Self::empty()).0);
        }
        self.0 = Value::from(list);
        Ok(())
    }
    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        let mut object = serde_json::Map::new();
        while let Some(name) = members.next_name()? {
            object.insert(name.into_owned(), members.next_value::<Self>()?.0);
        }
        self.0 = Value::from(object);
        Ok(())
    }
}
