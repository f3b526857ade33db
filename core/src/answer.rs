//! What a model answered, gathered from one body or from many events, in bounded memory.

mod calls;
mod choice;
mod counts;
mod decided;
mod halves;
mod parts;
mod probability;
mod several;

use std::collections::BTreeSet;
use std::sync::Arc;

use self::calls::Calls;
pub use self::choice::{Choice, Gathered, Part};
pub use self::counts::Counts;
pub use self::decided::Decided;
use self::halves::{Halves, Place};
pub use self::parts::AnswerPart;
use self::parts::Parts;
use self::probability::LogProbabilities;
use crate::credentials::Secrets;
use crate::decision::Answered;
use crate::digest::HashForm;
use crate::event::{ApiError, ToolCall};
use crate::limits::{CHOICES_MAX, ERROR_MESSAGE_BYTES_MAX, FINDINGS_MAX, NAME_BYTES_MAX};
use crate::names::{cut, keep_first, shortened};

/// The answer as far as it has been read.
#[derive(Debug)]
pub struct Answer {
    /// The provider's id of the response; the first that is not empty.
    pub id: Option<String>,
    /// The model that answered; the first name that is not empty.
    pub model: Option<String>,
    /// The counts that the provider reported.
    pub usage: Counts,
    /// The error that the provider reported.
    pub error: Option<ApiError>,
    /// The choices in their order.
    pub choices: Vec<Choice>,
    /// Whether the format's last event has passed.
    pub ended: bool,
    /// Whether the counts so far are those of an answer's beginning, to be stated anew at its end.
    pub counts_are_early: bool,
    /// Whether a stream of the format has no last event, so that it is whole when its body is.
    pub ends_with_body: bool,
    /// Whether choices or tool calls were dropped by a limit.
    pub calls_cut: bool,
    /// What a moderation or content filter of the provider found, by the provider's names.
    pub findings: BTreeSet<String>,
    /// What was decided, where the model was asked for decisions.
    pub decisions: Vec<Answered>,
    /// Whether what was answered is no text: vectors, images or sound.
    pub is_not_text: bool,
    /// Whether it is vectors, scores or categories, so that there are no output tokens.
    pub is_numbers: bool,
    /// Whether the answer is made later, and fetched with another call.
    pub is_pending: bool,
    /// Whether an id, a name or an error's message was cut by a limit.
    pub names_cut: bool,
    /// Whether there was reasoning that only the provider can read.
    pub has_sealed_reasoning: bool,
    tool_calls: Calls,
    parts: Parts,
    halves: Halves,
    log_probabilities: LogProbabilities,
    hash: HashForm,
    secrets: Arc<Secrets>,
    text_bytes_max: usize,
    room: Room,
}

/// What is left of the limit for all texts together.
#[derive(Debug)]
struct Room {
    left: usize,
    /// Whether something did not fit.
    is_cut: bool,
}

/// Which of an answer's tool calls a piece belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallKey {
    /// The choice.
    pub choice: u64,
    /// The call's number within the choice.
    pub call: u64,
}

/// A piece of a tool call.
#[derive(Debug, Clone, Copy, Default)]
pub struct CallPiece<'a> {
    /// The provider's id.
    pub id: Option<&'a str>,
    /// The tool's name.
    pub name: Option<&'a str>,
    /// The next piece of the arguments.
    pub arguments: &'a str,
}

impl Answer {
    /// An answer of which nothing has been read; keeps at most `text_bytes_max` bytes of all its
    /// texts together.
    pub fn new(hash: HashForm, text_bytes_max: usize) -> Self {
        Self {
            id: None,
            model: None,
            usage: Counts::default(),
            error: None,
            choices: Vec::new(),
            ended: false,
            counts_are_early: false,
            ends_with_body: false,
            calls_cut: false,
            findings: BTreeSet::new(),
            decisions: Vec::new(),
            is_not_text: false,
            is_numbers: false,
            is_pending: false,
            names_cut: false,
            has_sealed_reasoning: false,
            tool_calls: Calls::default(),
            parts: Parts::default(),
            halves: Halves::default(),
            log_probabilities: LogProbabilities::default(),
            hash,
            secrets: Arc::default(),
            text_bytes_max,
            room: Room::new(text_bytes_max),
        }
    }

    /// The same, with credentials that its hashes and arguments must not hold.
    #[must_use]
    pub fn without(self, secrets: &Arc<Secrets>) -> Self {
        let secrets = Arc::clone(secrets);
        Self { secrets, ..self }
    }

    /// Whether the answer is known to be whole: its last event has passed, or each choice has
    /// said why it ended.
    pub fn is_whole(&self) -> bool {
        let all_finished = self
            .choices
            .iter()
            .all(|choice| choice.finish_reason.is_some());
        self.ended || (!self.choices.is_empty() && all_finished)
    }

    /// Whether there is something that the model has answered, and it is not still to come.
    pub fn is_given(&self) -> bool {
        let says = !self.choices.is_empty() || self.is_not_text || !self.tool_calls.is_empty();
        says && !self.is_pending
    }

    /// Whether the model has answered, but neither by text or refusal nor by a tool call.
    pub fn says_nothing(&self) -> bool {
        let is_silent = self.choices.iter().all(|choice| choice.said().is_empty());
        let is_silent = is_silent && self.parts.all.is_empty();
        let is_all = !self.is_not_text && !self.is_pending && self.error.is_none();
        is_all && is_silent && !self.is_blank() && self.tool_calls.is_empty()
    }

    /// Whether text was cut by the limit.
    pub fn is_text_cut(&self) -> bool {
        self.room.is_cut || self.parts.room.is_cut
    }

    /// Whether nothing at all has been read.
    pub fn is_blank(&self) -> bool {
        let has_name = self.id.is_some() || self.model.is_some();
        let is_other = self.is_not_text || self.is_pending || self.error.is_some();
        let has_words = !self.choices.is_empty() || !self.tool_calls.is_empty();
        let has_more = !self.parts.all.is_empty() || !self.decisions.is_empty();
        let is_rated = !self.findings.is_empty() || self.usage != Counts::default();
        !(has_name || is_other || has_words || has_more || is_rated || self.ended)
    }

    /// Takes the response's id and model, unless they are known or empty.
    pub fn identify(&mut self, id: Option<&str>, model: Option<&str>) {
        keep_first(&mut self.id, id, &mut self.names_cut);
        keep_first(&mut self.model, model, &mut self.names_cut);
    }

    /// What was answered is vectors, scores or categories.
    pub fn answers_numbers(&mut self) {
        (self.is_not_text, self.is_numbers) = (true, true);
    }

    /// Takes the provider's error; the first one counts.
    pub fn fail(&mut self, error: ApiError) {
        if self.error.is_some() {
            return;
        }
        let mut keep = |text: Option<String>, bytes| {
            text.map(|text| shortened(&text, bytes, &mut self.names_cut))
        };
        self.error = Some(ApiError {
            kind: keep(error.kind, NAME_BYTES_MAX),
            code: keep(error.code, NAME_BYTES_MAX),
            message: keep(error.message, ERROR_MESSAGE_BYTES_MAX),
        });
    }

    /// Takes what a moderation or content filter found, such as `violence`.
    pub fn find(&mut self, category: &str) {
        if self.findings.len() < FINDINGS_MAX {
            let category = shortened(category, NAME_BYTES_MAX, &mut self.names_cut);
            self.findings.insert(category);
        } else if !self.findings.contains(category) {
            self.calls_cut = true;
        }
    }

    /// Forgets every text and tool call, because all of them come again.
    pub fn restart(&mut self) {
        self.choices.clear();
        self.tool_calls.clear();
        self.parts = Parts::default();
        self.room = Room::new(self.text_bytes_max);
        self.calls_cut = false;
        self.log_probabilities = LogProbabilities::default();
    }

    /// Makes sure that choice `index` exists, even if it has no text.
    pub fn open(&mut self, index: u64) {
        let _ = self.choice(index);
    }

    /// Appends to a text of choice `index`.
    pub fn append(&mut self, index: u64, part: Part, piece: &str) {
        if piece.is_empty() {
            return;
        }
        if self.halves.is_idle() {
            self.append_whole(index, part, piece);
        } else {
            let piece = self.halves.join(Place::Text(index, part), piece);
            self.append_whole(index, part, &piece);
        }
    }

    fn append_whole(&mut self, index: u64, part: Part, piece: &str) {
        let kept = self.room.take(piece);
        if let Some(choice) = self.choice(index) {
            choice.append(part, kept, piece);
        }
    }

    /// What is kept of a text of choice `index`, and the size of all that has come of it.
    pub fn said(&self, index: u64, part: Part) -> (&str, u64) {
        let choice = self.choices.iter().find(|choice| choice.index == index);
        choice.map_or(("", 0), |choice| choice.part(part))
    }

    /// Records why choice `index` ended.
    pub fn finish(&mut self, index: u64, reason: &str) {
        let reason = shortened(reason, NAME_BYTES_MAX, &mut self.names_cut);
        if let Some(choice) = self.choice(index) {
            choice.finish_reason = Some(reason);
        }
    }

    /// Takes a piece of a tool call.
    ///
    /// The number alone does not tell which call goes on: a name or an id that does not fit the one
    /// known by that number begins another.
    pub fn call(&mut self, key: CallKey, piece: CallPiece<'_>) {
        if self.halves.is_idle() {
            self.call_whole(key, piece);
            return;
        }
        let arguments = self.halves.join(Place::Call(key), piece.arguments);
        let arguments = &arguments;
        self.call_whole(key, CallPiece { arguments, ..piece });
    }

    fn call_whole(&mut self, key: CallKey, piece: CallPiece<'_>) {
        let Some(calls::Found { call, is_repeated }) = self.tool_calls.of(key, piece) else {
            self.calls_cut = true;
            return;
        };
        if is_repeated {
            return;
        }
        let kept = self.room.take(piece.arguments);
        calls::extend(call, piece, kept, &mut self.names_cut);
    }

    /// Takes a tool call as a whole, after pieces of it or in their place. What the whole lacks is
    /// left as it came.
    pub fn settle_call(&mut self, key: CallKey, whole: CallPiece<'_>) {
        let Some(call) = self.tool_calls.settled(key) else {
            self.calls_cut = true;
            return;
        };
        let rest = calls::rest(call, whole.arguments);
        let rest = CallPiece {
            arguments: self.room.take(rest),
            ..whole
        };
        calls::extend(call, rest, rest.arguments, &mut self.names_cut);
    }

    /// Ends a tool call whose arguments come in pieces: if none came, it has the empty object.
    pub fn end_call(&mut self, key: CallKey) {
        if self.arguments(key) == Some("") {
            let piece = CallPiece {
                arguments: "{}",
                ..CallPiece::default()
            };
            self.call(key, piece);
        }
    }

    /// The arguments of a tool call as far as they have come.
    pub fn arguments(&self, key: CallKey) -> Option<&str> {
        self.tool_calls.get(key).map(|call| &*call.arguments)
    }

    /// The number of a tool call that names itself by `id` only.
    pub fn call_with_id(&self, choice: u64, id: &str) -> Option<u64> {
        self.tool_calls.with_id(choice, id)
    }

    /// The number of the newest tool call of a choice.
    pub fn newest_call(&self, choice: u64) -> Option<u64> {
        self.tool_calls.newest(choice)
    }

    /// The tool calls, in the order in which they began, and whether credentials were removed from
    /// their arguments.
    pub fn take_tool_calls(&mut self) -> (Vec<ToolCall>, bool) {
        let mut has_removed = false;
        let mut calls = self.tool_calls.take();
        for call in &mut calls {
            has_removed |= self.secrets.remove_from_arguments(&mut call.arguments);
        }
        (calls, has_removed)
    }

    fn choice(&mut self, index: u64) -> Option<&mut Choice> {
        let at = match self
            .choices
            .binary_search_by_key(&index, |choice| choice.index)
        {
            Ok(at) => at,
            Err(_) if self.choices.len() >= CHOICES_MAX => {
                self.calls_cut = true;
                return None;
            }
            Err(at) => {
                let choice = Choice::new(index, &self.hash, &self.secrets);
                self.choices.insert(at, choice);
                at
            }
        };
        self.choices.get_mut(at)
    }
}

impl Room {
    fn new(left: usize) -> Self {
        Self {
            left,
            is_cut: false,
        }
    }

    /// The beginning of `piece` for which there is room, which it takes.
    fn take<'a>(&mut self, piece: &'a str) -> &'a str {
        let kept = cut(piece, self.left);
        self.is_cut |= kept.len() < piece.len();
        self.left = if kept.len() < piece.len() {
            // A later, shorter piece must not follow a gap.
            0
        } else {
            self.left.saturating_sub(kept.len())
        };
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::TOOL_CALLS_MAX;

    fn answer(text_bytes_max: usize) -> Answer {
        Answer::new(HashForm::Sha256, text_bytes_max)
    }

    #[test]
    fn text_over_the_limit_is_cut_and_its_hash_is_of_the_whole() {
        for (limit, kept, is_cut) in [(4, "abé", false), (3, "ab", true), (9, "abé", false)] {
            let mut answer = answer(limit);
            answer.append(0, Part::Content, "ab");
            answer.append(0, Part::Content, "é");
            assert_eq!(answer.choices[0].content.text, kept);
            assert_eq!(answer.is_text_cut(), is_cut);
            assert_eq!(
                answer.choices[0].said().hash().0,
                HashForm::Sha256.hash("abé".as_bytes())
            );
        }
    }

    #[test]
    fn choices_and_tool_calls_stop_at_their_limits() {
        let mut answer = answer(1 << 20);
        for number in 0..=300 {
            answer.append(number, Part::Content, "x");
            answer.call(
                CallKey {
                    choice: 0,
                    call: number,
                },
                CallPiece::default(),
            );
        }
        assert_eq!(answer.choices.len(), CHOICES_MAX);
        assert_eq!(answer.take_tool_calls().0.len(), TOOL_CALLS_MAX);
        assert!(answer.calls_cut);
    }

    #[test]
    fn choices_are_ordered_by_their_number() {
        let mut answer = answer(10);
        answer.append(1, Part::Content, "b");
        answer.append(0, Part::Content, "a");
        answer.append(1, Part::Content, "b");
        let texts: Vec<_> = answer
            .choices
            .iter()
            .map(|choice| &*choice.content.text)
            .collect();
        assert_eq!(texts, ["a", "bb"]);
    }

    #[test]
    fn an_answer_is_whole_when_each_choice_has_ended() {
        let mut answer = answer(10);
        assert!(!answer.is_whole());
        answer.open(0);
        answer.open(1);
        answer.finish(0, "stop");
        assert!(!answer.is_whole());
        answer.finish(1, "length");
        assert!(answer.is_whole());
    }
}
