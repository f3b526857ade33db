use super::*;

/// What is found, by its kind and its text.
fn found(text: &str) -> Vec<(Sensitive, &str)> {
    let all = find(text).into_iter();
    all.map(|found| (found.kind, &text[found.at])).collect()
}

fn one(text: &str) -> Option<(Sensitive, &str)> {
    let all = found(text);
    assert!(all.len() < 2, "{text}: {all:?}");
    all.first().copied()
}

#[test]
fn national_numbers_of_many_countries_are_recognized() {
    for number in [
        "078-05-1120",
        "900-70-1234",
        "86 095 742 719",
        "1 85 05 78 006 084 91",
        "12345678Z",
        "X1234567L",
        "RSSMRA85T10A562S",
        "AB 12 34 56 C",
        "529.982.247-25",
        "046-454-286",
        "811228-9874",
        "19811228-9874",
        "131052-308T",
        "11010519491231002X",
        "880101-1234567",
        "756.9217.0769.85",
        "85.07.30-033.28",
    ] {
        assert_eq!(
            one(number),
            Some((Sensitive::NationalId, number)),
            "{number}"
        );
    }
}

#[test]
fn what_looks_like_ordinary_numbers_needs_its_word() {
    for (word, number) in [
        ("SSN", "078051120"),
        ("BSN:", "111222333"),
        ("PESEL", "44051401359"),
        ("CPF", "52998224725"),
        ("SIN", "046 454 286"),
        ("Aadhaar no.", "2341 2341 2346"),
        ("Steuer-ID", "86095742719"),
    ] {
        assert_eq!(found(number), [], "{number}");
        let text = format!("My {word} {number}.");
        assert_eq!(one(&text), Some((Sensitive::NationalId, number)), "{text}");
    }
}

#[test]
fn cards_are_found_as_they_are_printed() {
    for number in [
        "4111111111111111",
        "4111 1111 1111 1111",
        "4111-1111-1111-1111",
        "4111\u{a0}1111\u{a0}1111\u{a0}1111",
        "４１１１１１１１１１１１１１１１",
        "3782 822463 10005",
        "5555555555554444",
        "6011000990139424",
        "3056 930902 5904",
    ] {
        let text = format!("({number})");
        assert_eq!(one(&text), Some((Sensitive::Card, number)), "{text}");
    }
    for text in [
        "4111111111111112",
        "41111111111111111",
        "x4111111111111111",
        "0.4111111111111111",
        "4111 1111 1111",
        "12345678-4111-1111-1111-111111111111",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
    assert_eq!(
        one("4111 1111 1111 1111 12/27 123"),
        Some((Sensitive::Card, "4111 1111 1111 1111"))
    );
}

#[test]
fn addresses_and_what_looks_like_them_are_told_apart() {
    for (text, expected) in [
        ("<ann@example.com>", Some("ann@example.com")),
        (
            "mailto:ann.lee+x@mail.example.co.uk.",
            Some("ann.lee+x@mail.example.co.uk"),
        ),
        ("'ann@example.com'", Some("ann@example.com")),
        ("ann@example.com.Next", Some("ann@example.com.Next")),
        ("logo@2x.png", None),
        ("npm install left-pad@1.3.0", None),
        ("@Override", None),
        ("user@localhost", None),
    ] {
        let expected = expected.map(|text| (Sensitive::Email, text));
        assert_eq!(one(text), expected, "{text}");
    }
    for (text, expected) in [
        ("from 203.0.113.7:8080", Some("203.0.113.7")),
        ("[2001:db8::1]:443", Some("2001:db8::1")),
        (
            "fe80::1ff:fe23:4567:890a%eth0",
            Some("fe80::1ff:fe23:4567:890a"),
        ),
        ("ping fe80::1 now", Some("fe80::1")),
        // The number of a network card.
        ("00:1b:44:ff:fe:11:3a:b7", None),
        ("12:30:45", None),
        ("std::fmt::Display", None),
        ("abc::def", None),
        ("00:1b:44:11:3a:b7", None),
        ("version 1.2.3.4", None),
        ("v1.2.3.4", None),
        ("127.0.0.1 and 0.0.0.0", None),
        ("1.2.3.4.5", None),
    ] {
        let expected = expected.map(|text| (Sensitive::IpAddress, text));
        assert_eq!(one(text), expected, "{text}");
    }
}

#[test]
fn secrets_are_found_by_their_forms() {
    let pem = "-----BEGIN EC PRIVATE KEY-----\nMHcC\n-----END EC PRIVATE KEY-----";
    assert_eq!(one(pem), Some((Sensitive::PrivateKey, pem)));
    let cut = "-----BEGIN PRIVATE KEY-----\nMHcC";
    assert_eq!(one(cut), Some((Sensitive::PrivateKey, cut)));
    assert_eq!(found("-----BEGIN CERTIFICATE-----\nMHcC"), []);
    let url = "postgres://app:s3cret@db:5432/x";
    assert_eq!(one(url), Some((Sensitive::ApiKey, "s3cret")));
    assert_eq!(found("https://example.com/a:b@c"), []);
    let jwt = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl";
    assert_eq!(one(jwt), Some((Sensitive::Jwt, jwt)));
    assert_eq!(found("sk-circle-fade-dot-item-1"), []);
}

#[test]
fn several_are_found_in_order_and_apart() {
    let text = "ann@example.com,bob@example.com;4111111111111111";
    let kinds = [Sensitive::Email, Sensitive::Email, Sensitive::Card];
    let all: Vec<_> = found(text).into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(all, kinds);
}

/// A text in which one thing stands between `«` and `»`, or nothing where there are none.
fn marked(text: &str) {
    let plain = text.replace(['«', '»'], "");
    let parts: Vec<_> = text.split(['«', '»']).collect();
    let expected: Vec<_> = parts.iter().skip(1).step_by(2).copied().collect();
    let all: Vec<_> = found(&plain).into_iter().map(|(_, text)| text).collect();
    assert_eq!(all, expected, "{text}");
}

#[test]
fn a_list_of_values_is_no_number_with_decimals() {
    for text in [
        "«4111111111111111»,«5500005555555559»",
        "7,«4111111111111111»,Bob",
        "7,«219-09-9999»,Bob",
        "«10.1.2.3»,«10.1.2.4»",
        "«192.168.1.10»-«192.168.1.20»",
        "«+12025550143»,5",
        "card_«4111111111111111».txt",
        "«4111 1111 1111 1111»/12/28",
        "«4111-1111-1111-1111»-123",
    ] {
        marked(text);
    }
}

#[test]
fn json_as_a_text_is_looked_through() {
    for text in [
        r#"{"text":"Card:\n«4111 1111 1111 1111»"}"#,
        r#"{"a":"x\\\n«4111 1111 1111 1111»"}"#,
        r#"{"mail":"«alice\u0040example.com»"}"#,
        r#"C:\new\table"#,
    ] {
        marked(text);
    }
}

#[test]
fn phones_end_where_another_number_begins() {
    for text in [
        "«+49 151 23456789» 10115 Berlin",
        "«+33 6 12 34 56 78» 75001 Paris",
        "«+49 30 123456» 12.05.2024",
        "«+49 30 / 1234567»",
        "«+49 (0)30 / 1234567»",
        "«+1 202 555 0143» 12:30",
        "«(202) 555-0143» ext",
    ] {
        marked(text);
    }
    for text in [
        "Compute 3 + 12345678",
        "x + 2023-01-15",
        "+20240115 added line",
        "+52.520008,+13.404954",
        "pi=+3.14159265",
        "growth of +12 345 678 units",
        "Chrome/120.0.0.0",
        "nginx/1.2.3.4",
    ] {
        marked(text);
    }
}

#[test]
fn passwords_may_have_signs() {
    for text in [
        "postgres://u:«$ecret1!»@host/db",
        "postgres://u:$PASSWORD@host/db",
        "https://u:«p@ss»@host/",
    ] {
        marked(text);
    }
}

/// Each of these would take minutes if a place were looked at again for each before it.
#[test]
fn hostile_texts_take_no_more_time_than_others() {
    for piece in [
        "1_",
        "SG.",
        "glpat-.",
        "eyJ.",
        "a@",
        "://u:p",
        "+1",
        "(1",
        "1-",
        "\\",
        "-----BEGIN ",
    ] {
        let text = piece.repeat((256 << 10) / piece.len());
        find(&text);
    }
}
