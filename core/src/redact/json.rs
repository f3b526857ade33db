//! Sensitive data in JSON text: in its strings, however they are escaped, and in its numbers.

use serde::de::IgnoredAny;

use super::tokens::Tokens;
use crate::json::strings;

impl Tokens<'_> {
    /// JSON text, or nearly so, with tokens in the place of what is sensitive; `None` if nothing is. What is JSON
    /// stays JSON: a number becomes a string.
    pub(super) fn replaced_in_json(&mut self, json: &str) -> Option<String> {
        let mut clean = String::new();
        let mut has_changed = false;
        let mut kept = 0;
        // The name of the member whose value is next: it says what a number is, as a word in a text.
        let mut name = String::new();
        for string in strings::places(json) {
            let between = json.get(kept..string.start).unwrap_or_default();
            has_changed |= self.numbers(&name, between, &mut clean);
            let quoted = json.get(string.clone()).unwrap_or_default();
            kept = string.end;
            let behind = json.get(kept..).unwrap_or_default().trim_start();
            let is_name = behind.starts_with(':');
            has_changed |= self.string(if is_name { "" } else { &name }, quoted, &mut clean);
            if is_name {
                name = serde_json::from_str(quoted).unwrap_or_default();
            }
        }
        let rest = json.get(kept..).unwrap_or_default();
        // What broke off within a string goes on to the end.
        let open = rest.find('"').unwrap_or(rest.len());
        let (between, open) = rest.split_at_checked(open).unwrap_or_default();
        has_changed |= self.numbers(&name, between, &mut clean);
        has_changed |= self.open(&name, open, &mut clean);
        let clean = has_changed.then_some(clean);
        if serde_json::from_str::<IgnoredAny>(json).is_ok() {
            return clean;
        }
        // Between the strings of what is no JSON there may be anything.
        let again = self.replaced(clean.as_deref().unwrap_or(json));
        again.or(clean)
    }

    fn string(&mut self, name: &str, quoted: &str, clean: &mut String) -> bool {
        let text = serde_json::from_str::<String>(quoted);
        let replaced = match &text {
            Ok(text) => self.replaced_behind(name, text).map(|text| written(&text)),
            Err(_) => self.replaced(quoted),
        };
        clean.push_str(replaced.as_deref().unwrap_or(quoted));
        replaced.is_some()
    }

    /// A string whose end is missing.
    fn open(&mut self, name: &str, open: &str, clean: &mut String) -> bool {
        let text = serde_json::from_str::<String>(&format!("{open}\""));
        let replaced = match &text {
            Ok(text) => self.replaced_behind(name, text).map(|text| {
                let written = written(&text);
                written.strip_suffix('"').unwrap_or(&written).to_owned()
            }),
            Err(_) => self.replaced(open),
        };
        clean.push_str(replaced.as_deref().unwrap_or(open));
        replaced.is_some()
    }

    /// What stands between strings: signs, words and numbers.
    fn numbers(&mut self, name: &str, between: &str, clean: &mut String) -> bool {
        let mut has_changed = false;
        for piece in between.split_inclusive([',', ':', '[', ']', '{', '}', ' ', '\n', '\r', '\t'])
        {
            let is_number = |letter: char| letter.is_ascii_digit() || "+-.eE".contains(letter);
            let end = piece
                .find(|letter| !is_number(letter))
                .unwrap_or(piece.len());
            let (number, rest) = piece.split_at_checked(end).unwrap_or((piece, ""));
            match self.replaced_behind(name, number) {
                Some(token) => {
                    clean.push_str(&written(&token));
                    has_changed = true;
                }
                None => clean.push_str(number),
            }
            clean.push_str(rest);
        }
        has_changed
    }
}

/// A text as JSON, which any text can be.
fn written(text: &str) -> String {
    serde_json::to_string(text).unwrap_or_default()
}
