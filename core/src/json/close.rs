//! JSON whose end is missing.

/// Closes a JSON text that was cut anywhere, keeping as much of it as can be read.
///
/// A string value that was cut keeps its beginning; a member or item of another kind that may be
/// incomplete is dropped. The result is JSON if the whole text was.
pub fn close(cut: &[u8]) -> Vec<u8> {
    let mut scan = Scan::default();
    for (at, &byte) in cut.iter().enumerate() {
        scan.step(at, byte);
    }
    let mut closed = scan.kept(cut).to_vec();
    if scan.in_string && !scan.is_key {
        closed.push(b'"');
    }
    closed.extend(scan.open.iter().rev());
    closed
}

/// What is known of a JSON text up to some byte.
#[derive(Default)]
struct Scan {
    /// The brackets that would close what is open, outermost first.
    open: Vec<u8>,
    /// Where the text can end, brackets aside, without cutting a value.
    safe_end: usize,
    in_string: bool,
    /// Whether the current or next string names a member.
    is_key: bool,
    /// Where the escape began that the current byte belongs to.
    escape_start: Option<usize>,
    /// Bytes that the escape still takes.
    escape_left: u8,
}

impl Scan {
    fn step(&mut self, at: usize, byte: u8) {
        if self.in_string {
            self.step_string(at, byte);
        } else {
            self.step_value(at, byte);
        }
    }

    fn step_string(&mut self, at: usize, byte: u8) {
        if let Some(start) = self.escape_start {
            let first = at == start.saturating_add(1);
            self.escape_left = match (first, byte) {
                (true, b'u') => 4,
                (true, _) => 0,
                (false, _) => self.escape_left.saturating_sub(1),
            };
            if self.escape_left == 0 {
                self.escape_start = None;
            }
            return;
        }
        match byte {
            b'\\' => self.escape_start = Some(at),
            b'"' => self.end_string(at),
            _ => {}
        }
    }

    fn end_string(&mut self, at: usize) {
        self.in_string = false;
        if !self.is_key {
            self.safe_end = at.saturating_add(1);
        }
    }

    fn step_value(&mut self, at: usize, byte: u8) {
        let after = at.saturating_add(1);
        match byte {
            b'"' => self.in_string = true,
            b':' => self.is_key = false,
            b'{' | b'[' => {
                self.open.push(if byte == b'{' { b'}' } else { b']' });
                self.is_key = byte == b'{';
                self.safe_end = after;
            }
            b'}' | b']' => {
                self.open.pop();
                self.is_key = false;
                self.safe_end = after;
            }
            b',' => {
                self.is_key = self.open.last() == Some(&b'}');
                self.safe_end = at;
            }
            _ => {}
        }
    }

    fn kept<'a>(&self, cut: &'a [u8]) -> &'a [u8] {
        let end = match (self.in_string, self.is_key) {
            (true, false) => self.escape_start.unwrap_or(cut.len()),
            _ => self.safe_end,
        };
        without_partial_character(cut.get(..end).unwrap_or_default())
    }
}

/// The bytes without the beginning of a UTF-8 character that was cut at their end.
pub fn without_partial_character(bytes: &[u8]) -> &[u8] {
    let partial = bytes
        .utf8_chunks()
        .last()
        .map_or(0, |last| last.invalid().len());
    let end = bytes.len().saturating_sub(partial);
    bytes.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(cut: &str, closed: &str) {
        assert_eq!(String::from_utf8(close(cut.as_bytes())).unwrap(), closed);
    }

    #[test]
    fn a_cut_string_keeps_its_beginning() {
        check(r#"{"a":"hel"#, r#"{"a":"hel"}"#);
        check(r#"{"a":[{"b":"x\"#, r#"{"a":[{"b":"x"}]}"#);
        check(r#"{"a":"x\u00e"#, r#"{"a":"x"}"#);
    }

    #[test]
    fn what_may_be_incomplete_is_dropped() {
        check(r#"{"a":1,"b":12"#, r#"{"a":1}"#);
        check(r#"{"a":1,"nam"#, r#"{"a":1}"#);
        check(r#"{"a":1,"name":"#, r#"{"a":1}"#);
        check(r#"{"a":{"b":tru"#, r#"{"a":{}}"#);
        check(r#"[1,2"#, "[1]");
    }

    #[test]
    fn a_whole_text_stays() {
        let whole = r#"{"a":[1,{"b":"}\"]"}],"c":null}"#;
        check(whole, whole);
    }

    #[test]
    fn every_cut_of_an_object_gives_json() {
        let whole = r#" {"a":[1,-2.5e3,{"b":"}\"]\\"},"é\u00e9"],"c":null,"d":{},"e":[true]} "#;
        for end in 2..whole.len() {
            let (text, replaced) = crate::json::text(&whole.as_bytes()[..end], false);
            assert!(!replaced);
            let parsed: Result<serde_json::Value, _> = serde_json::from_str(&text);
            assert!(parsed.is_ok(), "cut at {end}: {text}");
        }
    }
}
