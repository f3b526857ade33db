//! Bodies that are plainly no call of a model.
//!
//! A path that other services have too counts if the body has a prompt. A body that cannot be read
//! for one may have one all the same, so that only these are passed over.

use std::borrow::Cow;

use crate::find;
use crate::json::{self, Broken, FromJson, Items, Members};

/// Beginnings of images and of documents of markup, which no model of texts takes as a body.
const BEGINNINGS: [&[u8]; 5] = [
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",
    b"GIF8",
    b"RIFF",
    b"<",
];

/// Names under which servers keep prompts, whatever format their paths are of.
const PROMPTS: [&str; 6] = [
    "contents",
    "messages",
    "prompt",
    "prompts",
    "question",
    "questions",
];

/// Names under which they keep what any model is given, which is a prompt if it is a text.
const INPUTS: [&str; 3] = ["input", "inputs", "instances"];

/// No name of a form is longer.
const NAME_BYTES_MAX: usize = 24;

/// Whether a whole body, in which its format has found no prompt, is nothing that a server of models
/// would find one in. `text` is what of it was read as JSON.
pub(super) fn is_other(body: &[u8], text: &str) -> bool {
    is_json(text)
        || BEGINNINGS
            .iter()
            .any(|beginning| body.trim_ascii_start().starts_with(beginning))
        || is_form(body)
        || is_numbers(body)
        || is_rpc(body)
}

/// Whether it is JSON that has no text under a name of a prompt. A text may be JSON once more.
fn is_json(text: &str) -> bool {
    let value: Option<Prompted> = json::read(text);
    let is_string = text.trim_start().starts_with(['"', '\'']);
    value.is_some_and(|value| !value.has_prompt) && !is_string && !json::has_more(text)
}

/// Whether it is a form without files whose members have simple names, none of which a prompt
/// has. Names with brackets are members within members for some servers. A long name without a value
/// may be base64.
fn is_form(body: &[u8]) -> bool {
    let is_member = |member: &[u8]| {
        let end = find::any([b'='], member).unwrap_or(member.len());
        let name = member.get(..end).unwrap_or_default();
        let is_simple = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        let name = str::from_utf8(name).unwrap_or_default();
        !name.is_empty()
            && name.as_bytes().iter().all(is_simple)
            && !is_one(name, &PROMPTS)
            && !is_one(name, &INPUTS)
    };
    let is_base64 = body.len() > NAME_BYTES_MAX
        && body
            .split(|byte| *byte == b'=')
            .skip(1)
            .all(<[u8]>::is_empty);
    find::any([b'='], body).is_some()
        && !is_base64
        && body.iter().all(u8::is_ascii_graphic)
        && body.split(|byte| *byte == b'&').all(is_member)
}

fn is_one(name: &str, names: &[&str]) -> bool {
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Whether a value has a member with a name of a prompt, and a text in it.
#[derive(Default)]
struct Prompted {
    has_prompt: bool,
    /// Whether the value itself is a text, or a list with one.
    is_text: bool,
    /// Whether there is a text anywhere in it.
    has_text: bool,
}

impl Prompted {
    fn take(&mut self, name: &str, value: &Self) {
        self.has_text |= value.has_text;
        self.has_prompt |= value.has_prompt
            || value.has_text && is_one(name, &PROMPTS)
            || value.is_text && is_one(name, &INPUTS);
    }
}

impl<'de> FromJson<'de> for Prompted {
    fn empty() -> Self {
        Self::default()
    }

    fn string(&mut self, text: Cow<'de, str>) -> bool {
        self.is_text |= !text.is_empty();
        self.has_text |= !text.is_empty();
        true
    }

    fn list(&mut self, items: &mut Items<'_, 'de>) -> Result<(), Broken> {
        while items.read_into(self)? {}
        Ok(())
    }

    fn object(&mut self, members: &mut Members<'_, 'de>) -> Result<(), Broken> {
        while let Some(name) = members.next_name()? {
            let value = members.next_value()?;
            self.take(&name, &value);
        }
        Ok(())
    }
}

/// Whether it is rows of numbers, as models of tables take them.
fn is_numbers(body: &[u8]) -> bool {
    let is_digit = |byte: &u8| byte.is_ascii_digit();
    let is_of_number = |byte: &u8| {
        byte.is_ascii_digit() || byte.is_ascii_whitespace() || b",;.+-eE".contains(byte)
    };
    body.iter().any(is_digit) && body.iter().all(is_of_number)
}

/// Whether it is messages of gRPC: each has a flag, its length in four bytes, and itself.
///
/// Source: <https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md>.
fn is_rpc(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some((flag, after)) = rest.split_first() {
        let Some((length, after)) = after.split_first_chunk::<4>() else {
            return false;
        };
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (0 | 1, Some(after)) = (*flag, after.get(length..)) else {
            return false;
        };
        rest = after;
    }
    !body.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_no_model_takes_is_passed_over() {
        for (body, expected) in [
            (&b"{\"a\":1}"[..], true),
            (b" [1,2] ", true),
            (br#"{"Prompt":"Hi"}"#, false),
            (br#"{"request":{"messages":[{"text":"Hi"}]}}"#, false),
            (br#"{"inputs":[[5.1,3.5]],"prompt":null}"#, true),
            (br#"{"inputs":["Hi"]}"#, false),
            (br#"{"input":{"image":"https://h/i.png"}}"#, true),
            (
                br#"{"instances":[{"country":"DE"},{"prompts":["Hi"]}]}"#,
                false,
            ),
            (b"{\"a\":NaN}", true),
            (b"{\"a\":NaN,\"inputs\":\"Hi\"}", false),
            (b"{\"a\":1} {\"prompt\":1}", false),
            (b"<order><id>1</id></order>", true),
            (b"\x89PNG\r\n\x1a\n...", true),
            (b"order=7&csrf_token=a%20b", true),
            (b"order=7&prompt=Hi", false),
            (b"messages[0][content]=Hi", false),
            (b"Tell me: 1+1=2", false),
            (b"5.1,3.5,1.4\n4.9,3.0,1.4\n", true),
            (b"\0\0\0\0\x02ab\0\0\0\0\0", true),
            (b"\0\0\0\0\x02abc", false),
            (b"\0{\0\"\0a\0\"\0}", false),
            (b"plain words", false),
            (b"", false),
        ] {
            let text = String::from_utf8_lossy(body);
            assert_eq!(is_other(body, &text), expected, "{text}");
        }
    }
}
