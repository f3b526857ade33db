//! Ways that hide a prompt behind more than a gateway reads.

use super::encodings::gzip;
use super::way::{DECOY, PROMPT, Transfer, Way, chat};

/// What is read of a body by default.
const LIMIT: usize = 4 << 20;
/// More than that.
const SIZE: usize = 5 << 20;

pub(crate) fn ways() -> Vec<Way> {
    let way = |name: &str, body: String| Way::of_body(format!("padding: {name}"), body);
    let before = |padding: &str| chat(PROMPT).replacen('{', &format!("{{{padding},"), 1);
    let string = format!(r#""a":"{}""#, "a".repeat(SIZE));
    let numbers = format!(r#""a":[{}0]"#, "0,".repeat(SIZE / 2));
    let members = r#""a":0,"#.repeat(SIZE / 6);
    let messages = format!("[{}", r#"{"role":"user","content":""},"#.repeat(20_000));
    let escapes = format!(r#""a":"{}""#, r"\u0061".repeat(SIZE / 6));
    let decoy = format!(r#""messages":[{{"role":"user","content":"{DECOY}"}}],"#);
    vec![
        way("string", before(&string)),
        way("string of escapes", before(&escapes)),
        way("blanks", format!("{}{}", " ".repeat(SIZE), chat(PROMPT))),
        way("blanks within", before(&format!("{}\"a\":0", " ".repeat(SIZE)))),
        way("numbers", before(&numbers)),
        way("one long number", before(&format!(r#""a":0.{}"#, "0".repeat(SIZE)))),
        way("members", before(members.trim_end_matches(','))),
        way("long name", before(&format!(r#""{}":0"#, "a".repeat(SIZE)))),
        way("many messages", chat(PROMPT).replace('[', &messages)),
        way("decoy first", before(&string).replacen('{', &format!("{{{decoy}"), 1)),
        way("image before it", chat("@").replace(
            r#""@""#,
            &format!(
                r#"[{{"type":"image_url","image_url":{{"url":"data:image/png;base64,{}"}}}},{{"type":"text","text":"{PROMPT}"}}]"#,
                "A".repeat(SIZE),
            ),
        )),
        way("the prompt itself", chat(&"a".repeat(SIZE))),
        way("up to the limit", to_size(LIMIT)),
        way("a byte beyond the limit", to_size(LIMIT + 1)),
        way("the prompt on the limit", to_size(LIMIT + 8)),
        way("string, chunked", before(&string)).transfer(Transfer::Chunks(16_000, "", "")),
        Way::of_body("padding: blanks in gzip", gzip(format!("{}{}", " ".repeat(SIZE), chat(PROMPT)).as_bytes()))
            .encoded("gzip"),
        Way::of_body("padding: string in gzip", gzip(before(&string).as_bytes())).encoded("gzip"),
        way("string in UTF-8 that is named gzip", before(&string)).encoded("gzip"),
        Way::of_body(
            "padding: 40 MiB of blanks in gzip",
            gzip(format!("{}{}", " ".repeat(40 << 20), chat(PROMPT)).as_bytes()),
        )
        .encoded("gzip"),
    ]
}

/// An ordinary call of this many bytes, with the prompt at the end.
fn to_size(bytes: usize) -> String {
    let padded = |padding: &str| chat(PROMPT).replacen('{', &format!(r#"{{"a":"{padding}","#), 1);
    padded(&"a".repeat(bytes - padded("").len()))
}
