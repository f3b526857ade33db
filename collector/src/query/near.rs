//! What comes near a filter that finds nothing.

use serde::Serialize;

use crate::event::Field;
use crate::limits;
use crate::query::values::{self, LISTED, Tally, Value};
use crate::search::each_word;
use crate::store::{Condition, LogFilter, Store, StoreError};

/// Why there is nothing on a page.
#[derive(Debug, Serialize)]
pub(crate) struct Near {
    /// The newest events of the period, whatever they are, that were looked at for this.
    counted_events: u64,
    /// Whether these are all of the period.
    is_all: bool,
    filters: Vec<OfFilter>,
    words: Vec<OfWords>,
}

/// What there is of one filter.
#[derive(Debug, Serialize)]
struct OfFilter {
    parameter: &'static str,
    value: String,
    /// How many of the events hold it by itself.
    events: u64,
    /// Values of the same parameter that are like it, if there are none.
    near: Vec<Value>,
    /// Other parameters with exactly this value.
    elsewhere: Vec<Elsewhere>,
}

/// What there is of a word that was searched for, or of words in quotes.
#[derive(Debug, Serialize)]
struct OfWords {
    text: String,
    /// Whether any event of the period holds them, whatever else it has.
    is_found: bool,
}

#[derive(Debug, Serialize)]
struct Elsewhere {
    parameter: &'static str,
    events: u64,
}

impl Near {
    /// Each value that it says there is, as `parameter=value`.
    pub(crate) fn names(&self) -> Vec<String> {
        let words = self.words.iter().filter(|words| words.is_found);
        let words = words.map(|words| format!("text={}", words.text));
        let names = self.filters.iter().flat_map(OfFilter::names);
        let mut names: Vec<String> = names.chain(words).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}

impl OfFilter {
    fn names(&self) -> impl Iterator<Item = String> {
        let own = (self.events > 0).then_some((self.parameter, &self.value));
        let near = self.near.iter().map(|near| (self.parameter, &near.value));
        let elsewhere = self.elsewhere.iter();
        let elsewhere = elsewhere.map(|place| (place.parameter, &self.value));
        let all = own.into_iter().chain(near).chain(elsewhere);
        // A record outlives an erasure, and the hash of a short content gives it back.
        let is_hash = self.parameter == Field::PromptHash.name();
        let all = all.filter(move |_| !is_hash);
        all.map(|(parameter, value)| format!("{parameter}={value}"))
    }
}

/// Looks at the events of the same period that fulfill `reach`: those that the key may read.
pub(crate) async fn of(
    store: &Store,
    filter: &LogFilter,
    reach: Vec<Condition>,
    asked: &[Condition],
) -> Result<Near, StoreError> {
    let scope = LogFilter {
        range: filter.range.clone(),
        conditions: reach,
        limit: 0,
    };
    let words = words(store, &scope, asked).await?;
    let named = asked.iter().filter_map(named);
    let named: Vec<(&'static str, &str)> = named.collect();
    let names: Vec<&'static str> = LISTED
        .into_iter()
        .chain(
            named
                .iter()
                .map(|(name, _)| *name)
                .filter(|name| !LISTED.contains(name)),
        )
        .collect();
    let mut tally = Tally::default();
    let seen = values::each(store, scope, limits::NEAR_EVENTS_MAX, |members| {
        names.iter().for_each(|name| tally.add(name, members));
        true
    });
    let seen = seen.await?;
    let filters = named
        .iter()
        .map(|(name, value)| of_filter(&tally, name, value));
    Ok(Near {
        words,
        filters: filters.collect(),
        counted_events: seen.events,
        is_all: seen.is_all,
    })
}

/// Looks for each word by itself, which the index does.
async fn words(
    store: &Store,
    scope: &LogFilter,
    asked: &[Condition],
) -> Result<Vec<OfWords>, StoreError> {
    let phrases = asked.iter().flat_map(|condition| match condition {
        Condition::Words(phrases) => phrases.as_slice(),
        _ => &[],
    });
    let mut words = Vec::new();
    for phrase in phrases.take(limits::NEAR_WORDS_MAX) {
        let mut filter = scope.clone();
        filter.limit = 1;
        filter
            .conditions
            .push(Condition::Words(vec![phrase.clone()]));
        words.push(OfWords {
            text: phrase.0.join(" "),
            is_found: !store.logs(&filter).await?.logs.is_empty(),
        });
    }
    Ok(words)
}

fn named(condition: &Condition) -> Option<(&'static str, &str)> {
    match condition {
        Condition::Is(field, value) => Some((field.name(), value)),
        Condition::Observed(observed, value) => Some((observed.name(), value)),
        Condition::Tag(tag) => Some(("compliance_tag", tag)),
        Condition::Words(_)
        | Condition::RecordedBy(_)
        | Condition::RecordedByKind(_)
        | Condition::InConflict(_) => None,
    }
}

fn of_filter(tally: &Tally, name: &'static str, value: &str) -> OfFilter {
    let events = tally.count(name, value);
    let mut near = Vec::new();
    let mut elsewhere = Vec::new();
    // A hash is like another one by chance alone.
    if events == 0 && name != Field::PromptHash.name() {
        let values = tally.values(name).into_iter();
        let mut ranked: Vec<(usize, Value)> = values
            .filter_map(|one| Some((distance(&one.value, value)?, one)))
            .collect();
        ranked.sort_by_key(|(distance, _)| *distance);
        near.extend(
            ranked
                .into_iter()
                .map(|(_, one)| one)
                .take(limits::NEAR_VALUES_MAX),
        );
        let others = LISTED.into_iter().filter(|other| *other != name);
        let others = others.map(|parameter| Elsewhere {
            parameter,
            events: tally.count(parameter, value),
        });
        elsewhere.extend(others.filter(|one| one.events > 0));
    }
    OfFilter {
        parameter: name,
        value: value.to_owned(),
        events,
        near,
        elsewhere,
    }
}

/// How far one value is from another that was asked for; nothing if it is not near. Case, accents and
/// signs do not count; a part of it is near, and so is one with few other letters.
fn distance(value: &str, asked: &str) -> Option<usize> {
    let (value, asked) = (plain(value), plain(asked));
    if asked.is_empty() || value.is_empty() {
        return None;
    }
    let edits = edits(&value, &asked);
    let most = match asked.len() {
        ..=2 => 0,
        letters => letters.div_ceil(4).min(EDITS_MAX),
    };
    let text = |letters: &[char]| letters.iter().collect::<String>();
    let is_part = text(&value).contains(&text(&asked)) || text(&asked).contains(&text(&value));
    match is_part && asked.len().min(value.len()) >= PART_MIN {
        true => Some(edits.min(most)),
        false => Some(edits).filter(|edits| *edits <= most),
    }
}

/// The letters that a comparison looks at.
fn plain(text: &str) -> Vec<char> {
    let mut plain = Vec::new();
    each_word(text, |word| plain.extend(word.chars()));
    plain.truncate(LETTERS_MAX);
    plain
}

/// Letters to be put in, left out or changed to make one of the other (Levenshtein).
fn edits(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (number, letter) in one.iter().enumerate() {
        let mut corner = row.first().copied().unwrap_or_default();
        let mut left = number.saturating_add(1);
        let mut next = vec![left];
        for (letter_of_other, above) in other.iter().zip(row.iter().skip(1)) {
            let changed = corner.saturating_add(usize::from(letter != letter_of_other));
            left = changed
                .min(above.saturating_add(1))
                .min(left.saturating_add(1));
            next.push(left);
            corner = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// More letters than these are another value.
const EDITS_MAX: usize = 3;

/// Letters of a part that tells something.
const PART_MIN: usize = 2;

/// Letters of a value that are compared.
const LETTERS_MAX: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_in_another_way_comes_near() {
        for (value, asked) in [
            ("gpt-4o", "gpt4o"),
            ("GPT-4o", "gpt-4o"),
            ("gpt-4o-2024-08-06", "gpt-4o"),
            ("alice@example.test", "alice"),
            ("alice", "alcie"),
            ("José", "jose"),
            ("人事部", "人事"),
        ] {
            assert!(distance(value, asked).is_some(), "{value} {asked}");
        }
        for (value, asked) in [
            ("alice", "bob"),
            ("a", "b"),
            ("gpt-4o", "claude"),
            ("", "a"),
            ("x", "!"),
        ] {
            assert!(distance(value, asked).is_none(), "{value} {asked}");
        }
        assert!(distance("gpt-4o", "gpt4o") < distance("gpt-4o-2024", "gpt4o"));
    }

    #[test]
    fn edits_are_counted() {
        let count = |one: &str, other: &str| {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            edits(&letters(one), &letters(other))
        };
        assert_eq!(count("kitten", "sitting"), 3);
        assert_eq!(count("", "abc"), 3);
        assert_eq!(count("abc", "abc"), 0);
    }
}
