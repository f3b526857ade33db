//! What is read of JSON, and of what servers take for it.

use serde_json::Value;

use super::*;
use crate::limits::{LIST_BYTES_MAX, LIST_ITEMS_MAX};

crate::json::wire! {
    struct Sample<'a> {
        name: Text<'a> = "name",
        task: Text<'a> = "task_kind",
        size: Count = "maxSize",
        inner: Object<Inner<'a>> = "inner",
        list: List<Object<Inner<'a>>> = "list",
        any: Option<Json<'a>> = "any",
    }

    struct Inner<'a> {
        text: Text<'a> = "text",
    }
}

/// The members, and what was odd.
fn sample<'a>(text: &'a str, oddities: &'a Oddities) -> Option<[Option<String>; 4]> {
    let sample: Sample<'_> = object(Json::of(text, oddities))?;
    let inner = sample.inner.0.and_then(|inner| inner.text.0);
    Some([
        sample.name.0.map(Cow::into_owned),
        sample.task.0.map(Cow::into_owned),
        sample.size.0.map(|size| size.to_string()),
        inner.map(Cow::into_owned),
    ])
}

fn check(text: &str, expected: [&str; 4], odd: &[Odd]) {
    let oddities = Oddities::default();
    let read = sample(text, &oddities);
    let expected = expected.map(|value| Some(value.to_owned()).filter(|value| !value.is_empty()));
    assert_eq!(read, Some(expected), "{text}");
    for any in [Odd::Dialect, Odd::Duplicate, Odd::OtherCase] {
        assert_eq!(oddities.has(any), odd.contains(&any), "{any:?} of {text}");
    }
}

#[test]
fn strict_json_is_not_odd() {
    check(
        r#" {"x":[1,-0.5e+3,{"y":[]}],"name":"a","task_kind":"b\né","maxSize":7,"inner":{"text":"c"}} "#,
        ["a", "b\né", "7", "c"],
        &[],
    );
    check(r#"{"name":null,"maxSize":-1,"Other":{}}"#, [""; 4], &[]);
}

#[test]
fn what_lenient_servers_take_is_read_and_told() {
    for text in [
        r#"{"x":NaN,"name":"a"}"#,
        r#"{"x":[-Infinity],"name":"a"}"#,
        r#"{"maxSize":Infinity,"name":"a"}"#,
        r#"{"maxSize":-NaN,"name":"a"}"#,
        "// of a \" quote\n{\"name\":\"a\"}",
        r#"/* of a " quote **/{"name"/**/:"a"}"#,
        "{//\r\"name\":\"a\"//\"\r\n}//",
        r#"{"x":[1, /* "name": ] */ 2],"name":"a"}"#,
        r#"{"name":"a",}"#,
        r#"{"list":[{},],"name":"a"}"#,
        r#"{'name':'a'}"#,
        r#"{'x':'"]','name':"a"}"#,
        r#"{name:"a"}"#,
        r#"{x:{y:1},name:"a"}"#,
        r#"{"name":"\x61"}"#,
        "{\u{a0}\"name\":\"a\"\u{c}}",
    ] {
        check(text, ["a", "", "", ""], &[Odd::Dialect]);
    }
    for text in [
        r#"{"maxSize":+7}"#,
        r#"{"maxSize":7.}"#,
        r#"{"maxSize":0x7}"#,
        r#"{"maxSize":007}"#,
    ] {
        check(text, ["", "", "7", ""], &[Odd::Dialect]);
    }
    check(
        "{\"name\":\"a\tb\u{7f}\n\"}",
        ["a\tb\u{7f}\n", "", "", ""],
        &[],
    );
    check(
        "\u{feff}{\"name\":\"a\"} {\"name\":\"b\"}",
        ["a", "", "", ""],
        &[],
    );
}

#[test]
fn what_nobody_takes_is_broken() {
    for text in [
        "",
        "{",
        "[",
        "{\"name\"",
        "{\"name\":",
        "{\"name\":\"a",
        "{\"name\":\"a\"",
        "{\"name\" \"a\"}",
        "{\"name\":\"a\" \"x\":1}",
        "{,}",
        "{\"name\":a\"}",
        "{\"name\":\"\\u12\"}",
        "{\"x\":[}",
        "{\"x\":[1}",
        "{\"x\":{]}",
        "{\"maxSize\":truth}",
        "{\"maxSize\":1_000}",
        "{/*",
        "{/",
        "{\"maxSize\":}",
        "{\"x\":@}",
        "{\"maxSize\":--1}",
    ] {
        assert_eq!(sample(text, &Oddities::default()), None, "{text}");
    }
}

/// Names as servers in Go fold them.
#[test]
fn names_in_another_case_are_read_where_their_own_are_missing() {
    for text in [
        r#"{"Name":"a","TASK_KIND":"b","maxsize":7,"Inner":{"tEXT":"c"}}"#,
        r#"{"INNER":{"Text":"c"},"NAME":"a","tas\u212a_kind":"b","MaxSize":7}"#,
        "{\"name\":\"a\",\"ta\u{17f}K_\u{212a}ind\":\"b\",\"max\u{17f}ize\":7,\"inner\":{\"text\":\"c\"}}",
    ] {
        check(text, ["a", "b", "7", "c"], &[Odd::OtherCase]);
    }
    check(
        "{\"n\u{e4}me\":\"a\",\"na_me\":\"b\",\"names\":\"c\",\"n\u{d0}ame\":\"d\"}",
        [""; 4],
        &[],
    );
}

#[test]
fn of_several_the_formats_own_spelling_counts_and_the_last() {
    for (text, name, odd) in [
        (r#"{"name":"a","name":"b"}"#, "b", &[Odd::Duplicate][..]),
        (r#"{"name":"a","name":"a"}"#, "a", &[]),
        (r#"{"name":"a","Name":"b"}"#, "a", &[Odd::Duplicate]),
        (r#"{"NAME":"b","name":"a"}"#, "a", &[Odd::Duplicate]),
        (r#"{"name":"a","Name":"a"}"#, "a", &[]),
        (
            r#"{"Name":"a","NAME":"b"}"#,
            "b",
            &[Odd::Duplicate, Odd::OtherCase],
        ),
        (r#"{"x":1,"x":2,"name":"a"}"#, "a", &[]),
        (r#"{"name":"a","n\u0061me":"b"}"#, "b", &[Odd::Duplicate]),
    ] {
        check(text, [name, "", "", ""], odd);
    }
    let inner = r#"{"list":[{"text":"a","text":"b"}]}"#;
    check(inner, [""; 4], &[Odd::Duplicate]);
}

#[test]
fn values_as_they_were_written_tell_what_is_odd_when_they_are_read() {
    let oddities = Oddities::default();
    let text = r#"{"any":{"text":"a","text":"b","x":[NaN]}}"#;
    let sample: Sample<'_> = object(Json::of(text, &oddities)).unwrap();
    assert!(oddities.has(Odd::Dialect) && !oddities.has(Odd::Duplicate));
    let inner: Inner<'_> = object(sample.any.unwrap()).unwrap();
    assert_eq!(inner.text.0.as_deref(), Some("b"));
    assert!(oddities.has(Odd::Duplicate));
}

#[test]
fn nesting_is_bounded_where_it_is_read_and_not_where_it_is_passed_over() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let text = format!(r#"{{"x":{},"name":"a"}}"#, nested(100_000));
    check(&text, ["a", "", "", ""], &[]);
    assert!(read::<Depth>(nested(127).as_str()).is_some());
    assert!(read::<Depth>(nested(128).as_str()).is_none());
}

/// A value as serde_json has it.
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
            list.push(std::mem::replace(&mut item, Self::empty()).0);
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

#[test]
fn strict_json_reads_as_with_serde_json() {
    for text in [
        r#"{"a":[1,-2.5e3,0,-0.0,1e2,18446744073709551615,18446744073709551616,{"b":"}\"]\\"},"é\u00e9\ud83d\ude00\/\b\f\n\r\t"],"c":null,"d":{},"e":[true,false,[]]}"#,
        r#""x""#,
        "0.1",
        "-7.0",
        " [ ] ",
    ] {
        let Any(value) = read(text).unwrap();
        let expected: Value = serde_json::from_str(text).unwrap();
        assert_eq!(value, expected, "{text}");
    }
}

fn is_portable(text: &str) -> bool {
    super::is_portable(read(text).unwrap())
}

#[test]
fn a_value_says_its_text_or_its_json() {
    for (value, said) in [
        (r#""a\nb""#, "a\nb"),
        ("null", ""),
        (r#"{"a": [1]}"#, r#"{"a": [1]}"#),
        ("[]", "[]"),
        ("1.50", "1.50"),
    ] {
        assert_eq!(text_of(read(value).unwrap()), said);
    }
}

#[test]
fn a_value_that_some_reader_would_refuse_is_not_portable() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    assert!(is_portable(
        r#"{"a":[1,-2.5e3,"x",null,18446744073709551615]}"#
    ));
    assert!(is_portable(&nested(RAW_DEPTH_MAX)));
    assert!(!is_portable(&nested(RAW_DEPTH_MAX + 1)));
    assert!(!is_portable(&nested(100_000)));
    assert!(!is_portable("[1e999]"));
}

#[test]
fn more_items_than_are_read_of_one_document_are_told() {
    let list = |item: &str, count| format!("[{}]", vec![item; count].join(","));
    for (count, is_over) in [
        (LIST_ITEMS_MAX - 1, false),
        (LIST_ITEMS_MAX, false),
        (LIST_ITEMS_MAX + 1, true),
    ] {
        let text = list("{}", count);
        let oddities = Oddities::default();
        let List(items): List<Json<'_>> = read(Json::of(&text, &oddities)).unwrap();
        assert_eq!(items.len(), count.min(LIST_ITEMS_MAX));
        assert_eq!(oddities.has(Odd::TooMany), is_over);
    }
    let oddities = Oddities::default();
    let numbers = list("1", LIST_ITEMS_MAX + 1);
    let List(items): List<Json<'_>> = read(Json::of(&numbers, &oddities)).unwrap();
    assert_eq!(items.len(), LIST_ITEMS_MAX + 1);
    assert!(!oddities.has(Odd::TooMany));
}

#[test]
fn a_list_that_takes_too_much_memory_is_not_read() {
    let fits = LIST_BYTES_MAX / size_of::<Text<'_>>();
    for (count, is_read) in [(fits - 1, true), (fits, true), (fits + 1, false)] {
        let text = format!("[{}]", vec!["1"; count].join(","));
        assert_eq!(read::<List<Text<'_>>>(&text).is_some(), is_read);
    }
}
