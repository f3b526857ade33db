//! What of a prompt cannot be read in an event, in words.

use super::Conversation;

impl Conversation<'_> {
    /// What cannot be read, if anything cannot.
    pub(crate) fn losses(&self) -> Vec<String> {
        let unreadable = &self.unreadable;
        let counted = [
            (unreadable.only_hash, "recorded only as a hash"),
            (
                unreadable.elsewhere,
                "only referenced; the data is elsewhere",
            ),
            (unreadable.cut, "cut off by a limit"),
            (unreadable.not_found, "not found in the record"),
        ];
        let hash = self.hash.text().unwrap_or_default();
        let not_whole = hash.is_empty().then(|| NOT_WHOLE.to_owned());
        let counted = counted.into_iter().filter(|(count, _)| *count > 0);
        let counted = counted.map(|(count, why)| match count {
            1 => format!("1 part is {why}."),
            count => format!("{count} parts are {why}."),
        });
        not_whole.into_iter().chain(counted).collect()
    }

    /// How many parts of the event are in no turn here.
    pub(crate) fn left_out_parts(&self) -> usize {
        self.left_out_parts
    }

    /// Whether the turns have everything of the canonical `text` that a person wrote or a program gave:
    /// between them is only what lays the text out.
    pub(crate) fn tells_all_of(&self, text: &str) -> bool {
        let mut places = self.places.clone();
        places.sort_unstable_by_key(|place| place.start);
        let mut end = 0;
        for place in places {
            let gap = text.get(end..place.start).unwrap_or_default();
            if !self.is_layout(gap) {
                return false;
            }
            end = end.max(place.end);
        }
        self.is_layout(text.get(end..).unwrap_or_default())
    }

    /// Whether a stretch is nothing but white space, roles and placeholders, as in
    /// `[user] [image sha256:…]`.
    fn is_layout(&self, gap: &str) -> bool {
        let mut rest = gap.trim_start();
        while let Some(mark) = rest.strip_prefix('[') {
            let Some((mark, after)) = mark.split_once(']') else {
                return false;
            };
            if !self.is_role(mark) && !is_placeholder(mark) {
                return false;
            }
            rest = after.trim_start();
        }
        rest.is_empty()
    }

    fn is_role(&self, mark: &str) -> bool {
        let mark = mark.to_lowercase();
        self.turns
            .iter()
            .any(|turn| turn.role.to_lowercase() == mark)
    }
}

/// Whether this stands in brackets for what is no text.
fn is_placeholder(mark: &str) -> bool {
    let Some((name, hash)) = mark.rsplit_once(' ') else {
        return mark == "file";
    };
    let is_of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_-./:".contains(&byte);
    let digits = hash.rsplit(':').next().unwrap_or_default();
    name.bytes().all(is_of_name)
        && digits.len() == 64
        && digits.bytes().all(|byte| byte.is_ascii_hexdigit())
}

const NOT_WHOLE: &str = "The prompt was not read completely; parts may be missing.";

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::event::Node;

    fn check(parts: &Value, hash: &str, test: impl Fn(&Conversation<'_>)) {
        let (parts, hash) = (parts.to_string(), json!(hash).to_string());
        let (parts, count) = Node::of(&parts).list(100).unwrap();
        test(&Conversation::of(Node::of(&hash), &parts, count, TEXT));
    }

    const TEXT: &str = "[SYSTEM] Be brief.\n[USER] Hi\n[image sha256:\
        0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef]";

    fn parts() -> Value {
        json!([
            {"message": 0, "role": "system", "kind": "text", "at": 9, "bytes": 9},
            {"message": 1, "role": "user", "kind": "text", "at": 26, "bytes": 2},
            {"message": 1, "role": "user", "kind": "media", "bytes": 5, "hash": "sha256:0"},
        ])
    }

    #[test]
    fn parts_of_one_message_are_one_turn() {
        check(&parts(), "sha256:1", |conversation| {
            let turns: Vec<_> = conversation
                .turns
                .iter()
                .map(|turn| (turn.role.as_str(), turn.parts.len()))
                .collect();
            assert_eq!(turns, [("system", 1), ("user", 2)]);
            let texts: Vec<_> = conversation
                .turns
                .iter()
                .filter_map(|turn| turn.parts[0].content.text())
                .collect();
            assert_eq!(texts, ["Be brief.", "Hi"]);
        });
        let twice = json!([{"message": 0, "role": "user"}, {"message": 1, "role": "user"}]);
        check(&twice, "", |conversation| {
            assert_eq!(conversation.turns.len(), 2);
        });
        let unnumbered = json!([{"role": "user"}, {"role": "user"}, {"role": "tool"}]);
        check(&unnumbered, "", |conversation| {
            assert_eq!(conversation.turns.len(), 2);
        });
    }

    #[test]
    fn what_cannot_be_read_is_counted_and_said() {
        check(&parts(), "sha256:1", |conversation| {
            assert_eq!(
                conversation.losses(),
                ["1 part is recorded only as a hash."]
            );
        });
        let lost = json!([
            {"kind": "text", "at": 900, "bytes": 2}, {"kind": "text", "at": 9, "bytes": 900},
            {"kind": "media", "reference": "file-1"}, 7, {"kind": "text", "at": 1},
        ]);
        check(&lost, "", |conversation| {
            let expected = [
                NOT_WHOLE,
                "1 part is only referenced; the data is elsewhere.",
                "2 parts are cut off by a limit.",
                "2 parts are not found in the record.",
            ];
            assert_eq!(conversation.losses(), expected);
        });
        let whole = json!([{"kind": "text", "text": "a"}]);
        check(&whole, "sha256:1", |conversation| {
            assert_eq!(conversation.losses(), [""; 0]);
        });
    }

    #[test]
    fn a_text_that_no_part_has_is_found() {
        check(&parts(), "sha256:1", |conversation| {
            assert!(conversation.tells_all_of(TEXT));
            assert!(!conversation.tells_all_of(&TEXT.replace("\n[USER]", "x\n[USER]")));
            assert!(!conversation.tells_all_of(&format!("{TEXT} more")));
            assert!(!conversation.tells_all_of(&TEXT.replace("USER", "OTHER")));
        });
        let mut fewer = parts();
        fewer.as_array_mut().unwrap().remove(0);
        check(&fewer, "sha256:1", |conversation| {
            assert!(!conversation.tells_all_of(TEXT));
        });
    }
}
