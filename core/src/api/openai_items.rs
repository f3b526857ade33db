//! The items of a response: as they come in pieces, each again as a whole, and all of them again in
//! the last event. None of the three need have everything.

use super::openai_item::{ItemWire, SaidWire, Sort};
use crate::answer::{Answer, CallKey, CallPiece, Part};
use crate::json::Object;
use crate::limits::{NAME_BYTES_MAX, RESPONSE_ITEMS_MAX};
use crate::names::shortened;
use crate::prompt::Kind;

/// A response has one choice.
pub(super) const CHOICE: u64 = 0;

const PARTS: [Part; 3] = [Part::Content, Part::Refusal, Part::Reasoning];

/// What has come of each item.
#[derive(Debug, Default)]
pub(super) struct Items {
    known: Vec<Item>,
    /// The number of the first item, which is not 0 where a second response follows in the stream.
    first: u64,
}

/// An item as far as it has come.
#[derive(Debug)]
struct Item {
    number: u64,
    id: String,
    sort: Option<Sort>,
    /// Where in the answer its texts stand, as [`PARTS`] has them.
    said: [Span; 3],
    has_given: bool,
}

/// Where in a text of the answer an item's share of it stands, in bytes.
#[derive(Debug, Clone, Copy, Default)]
struct Span {
    start: u64,
    bytes: u64,
    /// Whether another item's text stands within it.
    is_broken: bool,
}

/// What a whole text is beside what came of it in pieces.
#[derive(Debug, PartialEq, Eq)]
enum Whole<'a> {
    /// The same, or less.
    Known,
    /// It goes on.
    GoesOn(&'a str),
    /// Another.
    Other,
}

impl Items {
    /// Begins with another response's items.
    pub(super) fn begin_response(&mut self) {
        let numbers = self.known.iter().map(|item| item.number.saturating_add(1));
        self.first = numbers.max().unwrap_or(self.first);
        self.known.clear();
    }

    /// The number of the item that an event is about. Some servers say only its id, or nothing.
    pub(super) fn number(&self, index: Option<u64>, id: Option<&str>) -> u64 {
        let id = id.unwrap_or_default();
        let of_id = self.known.iter().find(|item| item.is_called(id));
        match index {
            Some(index) => self.first.saturating_add(index),
            None => of_id
                .or(self.known.last())
                .map_or(self.first, |item| item.number),
        }
    }

    /// The number of an item that an event begins.
    pub(super) fn new_number(&self, index: Option<u64>, item: &ItemWire<'_>) -> u64 {
        let is_known = self.known.iter().any(|known| known.is_called(item.id()));
        match index {
            None if !is_known => self.next(),
            _ => self.number(index, Some(item.id())),
        }
    }

    /// An item begins.
    pub(super) fn begin(&mut self, number: u64, wire: &ItemWire<'_>, answer: &mut Answer) {
        if let Some(item) = self.item(number) {
            item.name(wire);
        }
        if wire.sort() == Sort::Call {
            answer.call(key(number), call(wire, ""));
        }
    }

    /// A piece of a text of an item.
    pub(super) fn append(&mut self, number: u64, part: Part, piece: &str, answer: &mut Answer) {
        let (_, before) = answer.said(CHOICE, part);
        answer.append(CHOICE, part, piece);
        let (_, after) = answer.said(CHOICE, part);
        if let Some(item) = self.item(number) {
            item.span(part).grow(before, after.saturating_sub(before));
        }
    }

    /// A text of an item as a whole, which counts only where no piece of it came.
    pub(super) fn complete(&mut self, number: u64, part: Part, text: &str, answer: &mut Answer) {
        let item = self.known.iter().find(|item| item.number == number);
        if item.is_none_or(|item| item.spans(part).bytes == 0) {
            self.append(number, part, text, answer);
        }
    }

    /// An item as a whole, after its pieces or in their place.
    pub(super) fn settle(&mut self, number: u64, wire: &ItemWire<'_>, answer: &mut Answer) {
        let said = wire.said();
        let is_media = said.has_media || wire.kind() == "image_generation_call";
        answer.is_not_text |= is_media || wire.is_sealed_summary();
        answer.has_sealed_reasoning |= wire.is_sealed();
        let has_given = self.item(number).is_some_and(|item| {
            item.name(wire);
            std::mem::replace(&mut item.has_given, true)
        });
        for (part, text) in said.texts() {
            if let Whole::GoesOn(rest) = self.compare(number, part, text, answer) {
                self.append(number, part, rest, answer);
            }
        }
        if wire.sort() == Sort::Call {
            let asked = wire.asked();
            let name = wire.name().or(Some(wire.kind()));
            answer.settle_call(
                key(number),
                CallPiece {
                    name,
                    ..call(wire, &asked)
                },
            );
        }
        if let (false, Some(given)) = (has_given, wire.given()) {
            answer.part(Kind::ToolResult, wire.kind(), wire.call_id(), &given);
        }
    }

    /// All items as a whole, as the last event has them: where it has less than came in pieces, the
    /// pieces count, and where it has something else, the whole does.
    pub(super) fn finish(&mut self, items: &[Object<ItemWire<'_>>], answer: &mut Answer) {
        let wires: Vec<_> = items.iter().filter_map(|item| item.0.as_ref()).collect();
        let numbers = self.match_all(&wires, answer);
        let differs = numbers.iter().zip(&wires).any(|(number, wire)| {
            let said = wire.said();
            let mut texts = said.texts().into_iter();
            texts.any(|(part, text)| self.compare(*number, part, text, answer) == Whole::Other)
        });
        let is_there = |item: &Item| item.is_empty() || numbers.contains(&item.number);
        let is_all = self.known.iter().all(is_there);
        if differs && is_all && self.first == 0 {
            answer.restart();
            self.known.clear();
        }
        for (number, wire) in numbers.into_iter().zip(wires) {
            self.settle(number, wire, answer);
        }
    }

    /// The number of each item of the last event: by its id, by its place where there are as many,
    /// and else by what it says.
    fn match_all(&self, wires: &[&ItemWire<'_>], answer: &Answer) -> Vec<u64> {
        let is_as_many = wires.len() == self.known.len();
        let mut next = self.next();
        let mut taken: Vec<u64> = Vec::new();
        for (place, wire) in wires.iter().enumerate() {
            let fits = |item: &&Item| item.sort.is_none_or(|sort| sort == wire.sort());
            let left = || {
                let left = self.known.iter().filter(fits);
                left.filter(|item| !taken.contains(&item.number))
            };
            let found = left()
                .find(|item| item.is_called(wire.id()))
                .or_else(|| self.known.get(place).filter(|_| is_as_many).filter(fits))
                .or_else(|| left().find(|item| item.says(wire, answer)));
            let number = found.map_or(next, |item| item.number);
            next = next.max(number.saturating_add(1));
            taken.push(number);
        }
        taken
    }

    fn next(&self) -> u64 {
        let numbers = self.known.iter().map(|item| item.number.saturating_add(1));
        numbers.max().unwrap_or(self.first)
    }

    fn compare<'a>(&self, number: u64, part: Part, text: &'a str, answer: &Answer) -> Whole<'a> {
        let item = self.known.iter().find(|item| item.number == number);
        item.map_or(Whole::GoesOn(text), |item| {
            item.spans(part).compare(text, answer.said(CHOICE, part))
        })
    }

    /// The item of a number; `None` if there are too many.
    fn item(&mut self, number: u64) -> Option<&mut Item> {
        let found = self.known.binary_search_by_key(&number, |item| item.number);
        let at = match found {
            Ok(at) => at,
            Err(_) if self.known.len() >= RESPONSE_ITEMS_MAX => return None,
            Err(at) => {
                self.known.insert(at, Item::new(number));
                at
            }
        };
        self.known.get_mut(at)
    }
}

impl Item {
    fn new(number: u64) -> Self {
        Self {
            number,
            id: String::new(),
            sort: None,
            said: [Span::default(); 3],
            has_given: false,
        }
    }

    fn name(&mut self, wire: &ItemWire<'_>) {
        self.sort = Some(wire.sort());
        if self.id.is_empty() {
            self.id = shortened(wire.id(), NAME_BYTES_MAX, &mut false);
        }
    }

    fn is_empty(&self) -> bool {
        self.sort != Some(Sort::Call) && self.said.iter().all(|span| span.bytes == 0)
    }

    fn is_called(&self, id: &str) -> bool {
        !id.is_empty() && self.id == id
    }

    fn span(&mut self, part: Part) -> &mut Span {
        let [content, refusal, reasoning] = &mut self.said;
        match part {
            Part::Content => content,
            Part::Refusal => refusal,
            Part::Reasoning => reasoning,
        }
    }

    fn spans(&self, part: Part) -> Span {
        let [content, refusal, reasoning] = self.said;
        match part {
            Part::Content => content,
            Part::Refusal => refusal,
            Part::Reasoning => reasoning,
        }
    }

    /// Whether a whole item says what came of this one.
    fn says(&self, wire: &ItemWire<'_>, answer: &Answer) -> bool {
        if wire.sort() == Sort::Call {
            return answer.arguments(key(self.number)) == Some(&*wire.asked());
        }
        let said = wire.said();
        let mut texts = said.texts().into_iter();
        texts.any(|(part, text)| {
            let span = self.spans(part);
            let whole = span.compare(text, answer.said(CHOICE, part));
            span.bytes > 0 && whole != Whole::Other
        })
    }
}

impl Span {
    /// A piece came that begins after `before` bytes of the answer's text.
    fn grow(&mut self, before: u64, bytes: u64) {
        if self.bytes == 0 {
            self.start = before;
        }
        self.is_broken |= self.end() != before;
        self.bytes = self.bytes.saturating_add(bytes);
    }

    fn end(self) -> u64 {
        self.start.saturating_add(self.bytes)
    }

    /// What `text` is beside the share of the answer's text that stands here. Of a text that the
    /// limit cut, only the beginning can be compared.
    fn compare<'a>(self, text: &'a str, (kept, bytes): (&str, u64)) -> Whole<'a> {
        if text.is_empty() {
            return Whole::Known;
        }
        if self.bytes == 0 {
            return Whole::GoesOn(text);
        }
        let [start, end] = [self.start, self.end()].map(|at| place(at).min(kept.len()));
        let known = kept.get(start..end).unwrap_or_default();
        let is_beginning = self.is_broken || text.starts_with(known);
        match text.get(place(self.bytes)..) {
            Some("") if is_beginning => Whole::Known,
            Some(rest) if is_beginning && self.end() == bytes => Whole::GoesOn(rest),
            None if self.is_broken || known.starts_with(text) => Whole::Known,
            _ => Whole::Other,
        }
    }
}

impl SaidWire {
    fn texts(&self) -> [(Part, &str); 3] {
        let texts = [&self.content, &self.refusal, &self.reasoning];
        let [content, refusal, reasoning] = PARTS;
        let [said, refused, thought] = texts;
        [(content, said), (refusal, refused), (reasoning, thought)]
    }
}

fn call<'a>(wire: &'a ItemWire<'_>, arguments: &'a str) -> CallPiece<'a> {
    CallPiece {
        id: wire.call_id(),
        name: wire.name(),
        arguments,
    }
}

/// The call that an item is.
pub(super) fn key(item: u64) -> CallKey {
    CallKey {
        choice: CHOICE,
        call: item,
    }
}

fn place(at: u64) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_text_goes_on_repeats_or_says_something_else() {
        let answered = "One, two and three";
        for (start, bytes, whole, expected) in [
            (0, 18, answered, Whole::Known),
            (5, 3, "two", Whole::Known),
            // Less.
            (0, 18, "One", Whole::Known),
            (0, 18, "", Whole::Known),
            // More, at the end and before it.
            (8, 10, " and three, four", Whole::GoesOn(", four")),
            (0, 0, "new", Whole::GoesOn("new")),
            (0, 3, "One, two", Whole::Other),
            // Another.
            (5, 3, "too", Whole::Other),
            (0, 18, "Two", Whole::Other),
        ] {
            let span = Span {
                start,
                bytes,
                is_broken: false,
            };
            let compared = span.compare(whole, (answered, 18));
            assert_eq!(compared, expected, "{whole}");
        }
    }

    #[test]
    fn of_a_text_that_the_limit_cut_the_beginning_is_compared() {
        let span = Span {
            start: 0,
            bytes: 10,
            is_broken: false,
        };
        assert_eq!(span.compare("0123456789", ("0123", 10)), Whole::Known);
        assert_eq!(
            span.compare("01234567890", ("0123", 10)),
            Whole::GoesOn("0")
        );
        assert_eq!(span.compare("0x23456789", ("0123", 10)), Whole::Other);
        let late = Span { start: 20, ..span };
        assert_eq!(late.compare("0123456789", ("0123", 30)), Whole::Known);
    }
}
