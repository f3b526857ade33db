//! Forms with files, as JSON, so that wire formats read them like any other request.
//!
//! Follows RFC 7578 (`multipart/form-data`) and RFC 2046, section 5.1.1, as servers do: lines may
//! end with a line feed alone, and what is missing at the end is missing.

mod filter;

use std::borrow::Cow;

use memchr::memmem;

use crate::find;
use crate::json::{self, without_partial_character};
use crate::limits::{FORM_BOUNDARY_BYTES_MAX, FORM_PARTS_MAX};
use crate::media::Media;

pub use filter::Filter;

/// A form as far as it came.
#[derive(Debug)]
pub struct Form {
    /// A JSON object: texts are strings, and for a file stands what no text can imitate, which reads
    /// as `[file sha256:…]` with the hash of its bytes, or `[file]` if it is not whole. Members given
    /// several times are lists.
    pub text: String,
    /// Whether a text was not Unicode; what was not stands as U+FFFD.
    pub replaced: bool,
    /// Whether parts beyond [`FORM_PARTS_MAX`] were left out.
    pub cut: bool,
}

/// Reads a body that has passed a [`Filter`], and that begins with a form's boundary; `None` if it is something else. No JSON does.
///
/// Of a body that is not `whole` the last part is a beginning.
pub fn read(body: &[u8], whole: bool) -> Option<Form> {
    let rest = body.strip_prefix(b"--")?;
    let end = find::any([b'\n'], rest)?;
    let (line, rest) = rest.split_at(end);
    let boundary = line.trim_ascii_end();
    if boundary.is_empty() || boundary.len() > FORM_BOUNDARY_BYTES_MAX {
        return None;
    }
    let mut parts = Parts {
        delimiter: [b"\n--", boundary].concat(),
        rest: Some(rest),
        whole,
    };
    let mut form = Members::default();
    for part in parts.by_ref().take(FORM_PARTS_MAX) {
        form.take(&part);
    }
    Some(Form {
        text: form.json(),
        replaced: form.replaced,
        cut: parts.next().is_some(),
    })
}

/// The parts between delimiters.
struct Parts<'a> {
    delimiter: Vec<u8>,
    /// What follows a delimiter, from the end of its line; absent after the last one.
    rest: Option<&'a [u8]>,
    whole: bool,
}

/// One part, which begins with the line feed before its headers.
struct Part<'a> {
    bytes: &'a [u8],
    whole: bool,
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    fn next(&mut self) -> Option<Part<'a>> {
        let rest = self.rest.take()?;
        let Some(end) = memmem::find(rest, &self.delimiter) else {
            return Some(Part {
                bytes: without_partial(rest, &self.delimiter, self.whole),
                whole: self.whole,
            });
        };
        let (bytes, at_delimiter) = rest.split_at(end);
        let after = at_delimiter.get(self.delimiter.len()..)?;
        if !after.starts_with(b"--") {
            let line_end = find::any([b'\n'], after);
            self.rest = line_end.and_then(|at| after.get(at..));
        }
        Some(Part {
            bytes: bytes.strip_suffix(b"\r").unwrap_or(bytes),
            whole: true,
        })
    }
}

/// The last part without the beginning of a delimiter that was cut.
fn without_partial<'a>(part: &'a [u8], delimiter: &[u8], whole: bool) -> &'a [u8] {
    let Some((_, content)) = split_head(part).filter(|_| !whole) else {
        return part;
    };
    let mut partials = (1..delimiter.len())
        .rev()
        .filter_map(|end| delimiter.get(..end));
    let kept = partials.find_map(|partial| content.strip_suffix(partial));
    let kept = kept.unwrap_or(content);
    let kept = kept.strip_suffix(b"\r").unwrap_or(kept);
    let dropped = content.len().saturating_sub(kept.len());
    part.get(..part.len().saturating_sub(dropped))
        .unwrap_or(part)
}

/// The members in the order in which each came first.
#[derive(Default)]
struct Members<'a> {
    members: Vec<Member<'a>>,
    replaced: bool,
}

struct Member<'a> {
    name: Cow<'a, str>,
    is_list: bool,
    /// As JSON.
    values: Vec<String>,
}

impl<'a> Members<'a> {
    fn take(&mut self, part: &Part<'a>) {
        let Some((headers, content)) = split_head(part.bytes) else {
            return;
        };
        let headers = String::from_utf8_lossy(headers);
        let disposition = headers.lines().find_map(disposition).unwrap_or_default();
        let Some(name) = parameter(disposition, "name") else {
            return;
        };
        let value = match (is_file(&headers), part.whole) {
            (true, false) => quoted("[file]"),
            (true, true) => file(content, &headers),
            (false, true) => quoted(&self.mended(content)),
            (false, false) => quoted(&self.mended(without_partial_character(content))),
        };
        let listed = name.strip_suffix("[]");
        let bare = listed.unwrap_or(name);
        let known = self.members.iter_mut().find(|member| member.name == bare);
        if let Some(member) = known {
            member.is_list = true;
            member.values.push(value);
        } else {
            self.members.push(Member {
                name: Cow::Owned(bare.to_owned()),
                is_list: listed.is_some(),
                values: vec![value],
            });
        }
    }

    fn mended(&mut self, content: &'a [u8]) -> Cow<'a, str> {
        let text = String::from_utf8_lossy(content);
        self.replaced |= matches!(text, Cow::Owned(_));
        text
    }

    fn json(&self) -> String {
        let members = self.members.iter().map(|member| {
            let values = member.values.join(",");
            let name = quoted(&member.name);
            if member.is_list {
                format!("{name}:[{values}]")
            } else {
                format!("{name}:{values}")
            }
        });
        let members: Vec<_> = members.collect();
        format!("{{{}}}", members.join(","))
    }
}

/// What stands for a file, as JSON.
fn file(kept: &[u8], headers: &str) -> String {
    let Some((bytes, hash)) = filter::file(kept) else {
        return quoted("[file]");
    };
    json::file_stub(Media {
        media_type: headers.lines().find_map(media_type),
        decoded: false,
        bytes,
        hash: hash.to_owned(),
    })
}

/// The media type that a header names, without its parameters.
fn media_type(line: &str) -> Option<String> {
    let (name, value) = line.split_once(':')?;
    let is_it = name.trim().eq_ignore_ascii_case("content-type");
    let value = value.split(';').next().filter(|_| is_it)?.trim();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"/.+-_".contains(&byte);
    value.bytes().all(is_part).then(|| value.to_owned())
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Headers and content, which an empty line parts.
fn split_head(part: &[u8]) -> Option<(&[u8], &[u8])> {
    let (at, ending) = [b"\n\r\n".as_slice(), b"\n\n"]
        .into_iter()
        .filter_map(|ending| Some((memmem::find(part, ending)?, ending)))
        .min()?;
    let (headers, rest) = part.split_at_checked(at)?;
    Some((headers, rest.get(ending.len()..)?))
}

/// The value of the header that names a part.
fn disposition(line: &str) -> Option<&str> {
    let (name, value) = line.split_once(':')?;
    let is_it = name.trim().eq_ignore_ascii_case("content-disposition");
    is_it.then_some(value)
}

/// Whether a part with such headers is a file.
fn is_file(headers: &str) -> bool {
    let disposition = headers.lines().find_map(disposition).unwrap_or_default();
    let mut names = ["filename", "filename*"].into_iter();
    names.any(|name| parameter(disposition, name).is_some())
}

/// The value of a header's parameter. A quote within a quoted value is percent-encoded.
fn parameter<'a>(header: &'a str, wanted: &str) -> Option<&'a str> {
    let mut rest = header;
    loop {
        let (_, after) = rest.split_once(';')?;
        let (name, value) = after.split_once('=')?;
        let (value, next) = match value.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => value.split_at(value.find(';').unwrap_or(value.len())),
        };
        if name.trim().eq_ignore_ascii_case(wanted) {
            return Some(value.trim());
        }
        rest = next;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::HashForm;
    use crate::limits::FORM_HEAD_BYTES_MAX;

    /// Reads a body that comes in pieces.
    fn read_in(piece: usize, body: &[u8], whole: bool) -> Option<Form> {
        let (mut filter, mut kept) = (Filter::default(), Vec::new());
        for piece in body.chunks(piece) {
            filter.push(piece, |bytes| kept.extend_from_slice(bytes));
        }
        filter.finish(whole, |bytes| kept.extend_from_slice(bytes));
        super::read(&kept, whole)
    }

    fn read(body: &[u8], whole: bool) -> Option<Form> {
        read_in(usize::MAX, body, whole)
    }

    const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\xff--x";

    fn part(head: &str, content: &[u8]) -> Vec<u8> {
        let head = format!("--xYz\r\nContent-Disposition: form-data; {head}\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    }

    fn form() -> Vec<u8> {
        [
            part("name=\"model\"", b"gpt-image-1"),
            part("name=\"prompt\"", "Gr\u{fc}n \"and\"\r\nblue".as_bytes()),
            part(
                "name=\"image[]\"; filename=\"a;name=b.png\"\r\nContent-Type: image/png",
                PNG,
            ),
            part("name=image[]; filename=b.png", b""),
            part("name=\"n\"", b""),
            b"--xYz--\r\n".to_vec(),
        ]
        .concat()
    }

    fn hash(bytes: &[u8]) -> String {
        HashForm::Sha256.hash(bytes)
    }

    /// The form with each file as it reads.
    fn value(form: &Form) -> serde_json::Value {
        let mut text = String::new();
        for (number, piece) in form.text.split('\u{1}').enumerate() {
            let stub = piece.split_once('"').filter(|_| number > 0);
            text += &stub.map_or(piece.to_owned(), |(stub, rest)| {
                format!("[file {}]\"{rest}", stub.split(';').nth(3).unwrap())
            });
        }
        serde_json::from_str(&text).unwrap()
    }

    #[test]
    fn texts_are_strings_and_files_their_hashes() {
        let body = form();
        let expected = serde_json::json!({
            "model": "gpt-image-1",
            "prompt": "Grün \"and\"\r\nblue",
            "image": [format!("[file {}]", hash(PNG)), format!("[file {}]", hash(b""))],
            "n": "",
        });
        for piece in 1..=body.len() {
            let form = read_in(piece, &body, true).unwrap();
            assert_eq!(value(&form), expected, "in pieces of {piece}");
            assert!(!form.replaced && !form.cut);
        }
    }

    #[test]
    fn lines_may_end_with_a_line_feed_and_the_end_may_be_missing() {
        let body = b"--b\nCONTENT-DISPOSITION: form-data; name=\"a\"\nX: y\n\n1\n--b\n\
            Content-Disposition: form-data; name=\"a\"\n\n2";
        let form = read(body, true).unwrap();
        assert_eq!(form.text, r#"{"a":["1","2"]}"#);
    }

    #[test]
    fn text_that_is_not_unicode_is_replaced() {
        let form = read(&part("name=\"a\"", b"x\xffy"), true).unwrap();
        assert_eq!(form.text, r#"{"a":"x�y\r\n"}"#);
        assert!(form.replaced);
    }

    #[test]
    fn every_cut_of_a_form_is_a_beginning_of_it() {
        let whole = form();
        for end in 0..whole.len() {
            let Some(form) = read(&whole[..end], false) else {
                assert!(end <= "--xYz\r".len(), "{end}");
                continue;
            };
            let value = value(&form);
            let prompt = value["prompt"].as_str().unwrap_or_default();
            let is_beginning = "Grün \"and\"\r\nblue".starts_with(prompt);
            assert!(is_beginning && !form.replaced, "{end}: {prompt}");
            for file in value["image"].as_array().into_iter().flatten() {
                let known = [
                    format!("[file {}]", hash(PNG)),
                    format!("[file {}]", hash(b"")),
                ];
                let file = file.as_str().unwrap();
                assert!(
                    file == "[file]" || known.iter().any(|it| it == file),
                    "{end}: {file}"
                );
            }
        }
    }

    #[test]
    fn parts_and_boundaries_have_bounds() {
        for count in [FORM_PARTS_MAX - 1, FORM_PARTS_MAX, FORM_PARTS_MAX + 1] {
            let body = [part("name=\"a\"", b"1").repeat(count), b"--xYz--".to_vec()].concat();
            let form = read(&body, true).unwrap();
            assert_eq!(form.cut, count > FORM_PARTS_MAX);
            let kept = value(&form)["a"].as_array().unwrap().len();
            assert_eq!(kept, count.min(FORM_PARTS_MAX));
        }
        for length in 0..=FORM_BOUNDARY_BYTES_MAX + 1 {
            let body = format!("--{}\r\n", "b".repeat(length));
            let is_form = (1..=FORM_BOUNDARY_BYTES_MAX).contains(&length);
            assert_eq!(read(body.as_bytes(), true).is_some(), is_form, "{length}");
        }
    }

    #[test]
    fn a_part_whose_headers_are_too_long_is_left_out() {
        for length in [FORM_HEAD_BYTES_MAX / 2, FORM_HEAD_BYTES_MAX * 2] {
            let long = format!("name=\"a\"\r\nX-Long: {}", "x".repeat(length));
            let body = [
                part(&long, b"1"),
                part("name=\"b\"", b"2"),
                b"--xYz--".to_vec(),
            ]
            .concat();
            for piece in [100, FORM_HEAD_BYTES_MAX / 3] {
                let form = read_in(piece, &body, true).unwrap();
                assert_eq!(form.text.contains("\"a\""), length < FORM_HEAD_BYTES_MAX);
                assert!(form.text.ends_with("\"b\":\"2\"}"), "{}", form.text);
            }
        }
    }

    #[test]
    fn no_bytes_break_a_form_and_no_split_changes_what_is_read() {
        const WORDS: [&str; 12] = [
            "--b",
            "\r\n",
            "\n",
            "\r",
            "--",
            "Content-Disposition: form-data; name=\"a\"",
            "; filename=\"f\"",
            "\r\n\r\n",
            "\r\n--b\r\n",
            "text",
            ";=\"",
            "\u{e9}",
        ];
        let mut random = 7_u64;
        for _ in 0..2_000 {
            let mut body = String::from("--b\r\n");
            while !random.is_multiple_of(9) {
                random = random
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(11)
                    >> 3;
                body.push_str(WORDS[usize::try_from(random % 12).unwrap()]);
            }
            random = random.wrapping_add(1);
            for whole in [true, false] {
                let text = |piece| read_in(piece, body.as_bytes(), whole).map(|form| form.text);
                let form = text(usize::MAX);
                for piece in [1, 2, 5] {
                    assert_eq!(text(piece), form, "{body:?} in pieces of {piece}");
                }
                let form = read_in(usize::MAX, body.as_bytes(), whole);
                if let Some(form) = form {
                    assert!(value(&form).is_object(), "{}", form.text);
                }
            }
        }
    }

    #[test]
    fn what_is_no_form_passes_as_it_is() {
        for body in ["{\"a\":\"--b\\n\"}", "-", "--", "-1\n--", "", "--no end"] {
            for piece in [1, 3, usize::MAX] {
                let (mut filter, mut kept) = (Filter::default(), Vec::new());
                for piece in body.as_bytes().chunks(piece) {
                    filter.push(piece, |bytes| kept.extend_from_slice(bytes));
                }
                filter.finish(true, |bytes| kept.extend_from_slice(bytes));
                assert_eq!(kept, body.as_bytes());
            }
        }
    }

    #[test]
    fn what_is_no_form_is_none() {
        for body in ["", "-", "--", "--b", "{}", "-1", "\r\n--b\r\n"] {
            assert!(read(body.as_bytes(), true).is_none(), "{body}");
        }
    }
}
