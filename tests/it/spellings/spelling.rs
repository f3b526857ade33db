//! How a path may be spelt.

use super::request::Request;

/// A spelling's name, and the target that it makes of a request; `None` where a path has none.
pub(crate) type Spelling = (&'static str, fn(&Request) -> Option<String>);

pub(crate) const SPELLINGS: &[Spelling] = &[
    ("as documented", |it| Some(it.path.clone() + &it.query)),
    ("a percent-encoded letter", |it| {
        with_path(it, encode_one(&it.path))
    }),
    ("percent-encoded letters", |it| {
        with_path(it, encode_all(&it.path))
    }),
    ("capitals", |it| {
        with_path(it, but_model(it, str::to_uppercase))
    }),
    ("camel case", |it| with_path(it, but_model(it, camel))),
    ("two slashes", |it| {
        with_path(it, it.path.replace('/', "//"))
    }),
    ("slashes first", |it| {
        with_path(it, format!("//{}", it.path))
    }),
    ("a slash last", |it| with_path(it, format!("{}/", it.path))),
    ("a dot", |it| with_path(it, format!("/.{}", it.path))),
    ("dots", |it| with_path(it, format!("/health/..{}", it.path))),
    ("encoded dots", |it| {
        with_path(it, format!("/health/%2e%2E{}", it.path))
    }),
    ("dots last", |it| {
        with_path(it, format!("{}/health/..", it.path))
    }),
    ("an encoded slash", |it| {
        with_path(it, encode_slash(&it.path)?)
    }),
    ("a query", |it| {
        let sign = if it.query.is_empty() { '?' } else { '&' };
        Some(format!("{}{}{sign}a=b/c", it.path, it.query))
    }),
    ("absolute form", |it| {
        Some(format!("http://{}{}{}", it.host(), it.path, it.query))
    }),
    ("absolute form of an encoded path", |it| {
        let path = encode_one(&it.path);
        Some(format!("HTTP://{}{path}{}", it.host(), it.query))
    }),
    ("a matrix parameter", |it| {
        with_path(it, format!("{};v=1", it.path))
    }),
    ("all of it", |it| {
        let path = but_model(it, str::to_uppercase);
        with_path(it, format!("//health/%2e.{}//", encode_one(&path)))
    }),
];

fn with_path(request: &Request, path: impl Into<String>) -> Option<String> {
    Some(path.into() + &request.query)
}

/// The last letter by its number.
fn encode_one(path: &str) -> String {
    let Some(at) = path.rfind(|character: char| character.is_ascii_alphabetic()) else {
        return path.to_owned();
    };
    format!(
        "{}%{:02x}{}",
        &path[..at],
        path.as_bytes()[at],
        &path[at + 1..]
    )
}

/// All letters by their numbers, in capital and small digits by turns.
fn encode_all(path: &str) -> String {
    let mut is_escape = 0;
    let encoded = path.bytes().map(|byte| {
        // What is encoded already stays as it is.
        is_escape = if byte == b'%' { 3 } else { is_escape };
        if is_escape > 0 {
            is_escape -= 1;
            return char::from(byte).to_string();
        }
        match byte {
            b'a'..=b'm' => format!("%{byte:02x}"),
            b'n'..=b'z' | b'A'..=b'Z' => format!("%{byte:02X}"),
            _ => char::from(byte).to_string(),
        }
    });
    encoded.collect()
}

/// The last slash by its number, if it is not the first as well.
fn encode_slash(path: &str) -> Option<String> {
    let at = path.rfind('/').filter(|at| *at > 0)?;
    Some(format!("{}%2F{}", &path[..at], &path[at + 1..]))
}

fn camel(text: &str) -> String {
    let mut is_first = false;
    text.chars()
        .map(|character| {
            let is_letter = character.is_ascii_alphabetic();
            let capital = is_letter && !is_first;
            is_first = is_letter;
            if capital {
                character.to_ascii_uppercase()
            } else {
                character
            }
        })
        .collect()
}

/// Changes what is not the name of a model: that is a name, and its case belongs to it.
fn but_model(request: &Request, change: fn(&str) -> String) -> String {
    let model = request.expected.model.as_str().unwrap_or_default();
    let encoded = model.replace(':', "%3A").replace('/', "%2F");
    let names = [model, &encoded].into_iter();
    let found = names
        .filter(|name| !name.is_empty())
        .find_map(|name| request.path.split_once(name).map(|parts| (parts, name)));
    match found {
        Some(((before, after), name)) => [change(before), name.to_owned(), change(after)].concat(),
        None => change(&request.path),
    }
}
