//! Just enough HTTP/1.1 to see what came: one message on one connection.

use crate::scenario::Message;

/// The message in these bytes; nothing if not even its headers are whole.
pub(crate) fn message(bytes: &[u8]) -> Option<Message> {
    let text = String::from_utf8_lossy(bytes);
    let (head, rest) = text.split_once("\r\n\r\n")?;
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(": "));
        lines
            .find(|(own, _)| own.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.to_owned())
    };
    let (body, ended) = match header("transfer-encoding") {
        Some(_) => chunked(rest),
        None => {
            let length = header("content-length").and_then(|length| length.parse().ok());
            (rest.to_owned(), rest.len() >= length.unwrap_or(0))
        }
    };
    let status = head
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3)?.parse().ok());
    Some(Message {
        status,
        x: header("x"),
        body,
        ended,
    })
}

/// A chunk as it goes over the wire.
pub(crate) fn chunk(body: &str) -> String {
    format!("{:x}\r\n{body}\r\n", body.len())
}

/// The bytes of all whole chunks, and whether the last one has come.
fn chunked(mut rest: &str) -> (String, bool) {
    let mut body = String::new();
    while let Some((size, behind)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        if size == 0 {
            return (body, true);
        }
        let Some(bytes) = behind.get(..size) else {
            break;
        };
        body.push_str(bytes);
        rest = behind.get(size + 2..).unwrap_or_default();
    }
    (body, false)
}
