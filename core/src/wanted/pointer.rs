//! JSON Pointers. Source: RFC 6901.

use std::fmt;

use crate::json::{self, Json};

/// The way to a value of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pointer {
    text: String,
    way: Vec<String>,
}

impl Pointer {
    /// Reads a pointer such as `/metadata/case~1id`; `None` if the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut tokens = text.split('/');
        // What stands before the first slash is nothing; without a slash the pointer is to the document itself.
        tokens.next().filter(|first| first.is_empty())?;
        let way = tokens.map(unescaped).collect::<Option<_>>()?;
        Some(Self {
            text: text.to_owned(),
            way,
        })
    }

    /// The value in a document; `None` if there is none.
    pub(crate) fn value<'a>(&self, document: Json<'a>) -> Option<Json<'a>> {
        json::lookup(document, self.way.iter().map(String::as_str))
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

/// A reference token without its escapes; `None` where a tilde begins no escape.
fn unescaped(token: &str) -> Option<String> {
    let mut parts = token.split('~');
    let mut name = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (escaped, rest) = match part.strip_prefix('0') {
            Some(rest) => ('~', rest),
            None => ('/', part.strip_prefix('1')?),
        };
        name.push(escaped);
        name.push_str(rest);
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the RFC, section 5.
    #[test]
    fn pointers_lead_where_the_rfc_says() {
        let document = r#"{"foo": ["bar", "baz"], "": 0, "a/b": 1, "c%d": 2, "e^f": 3, "g|h": 4,
            "i\\j": 5, "k\"l": 6, " ": 7, "m~n": 8}"#;
        let document: Json<'_> = json::read(document).unwrap();
        for (pointer, value) in [
            ("/foo", r#"["bar", "baz"]"#),
            ("/foo/0", r#""bar""#),
            ("/", "0"),
            ("/a~1b", "1"),
            ("/c%d", "2"),
            ("/e^f", "3"),
            ("/g|h", "4"),
            (r"/i\j", "5"),
            ("/k\"l", "6"),
            ("/ ", "7"),
            ("/m~0n", "8"),
        ] {
            let pointer = Pointer::parse(pointer).unwrap();
            let found = pointer.value(document).map(Json::get);
            assert_eq!(found, Some(value), "{pointer}");
        }
        let whole = Pointer::parse("").unwrap().value(document).unwrap();
        assert_eq!(whole.get(), document.get());
        for text in ["foo", "/~", "/~2", "/a~"] {
            assert_eq!(Pointer::parse(text), None, "{text}");
        }
    }
}
