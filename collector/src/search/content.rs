//! The parts of an event that are searched by what stands in them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::search::Term;
use crate::search::words::{each_term, has_phrase};

/// The tags and texts of an event that is kept as JSON text.
#[derive(Debug, Deserialize)]
pub(crate) struct Content<'a> {
    #[serde(borrow)]
    compliance_tags: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    prompt_content: Option<Text<'a>>,
    #[serde(borrow)]
    response_content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

#[derive(Debug, Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'a> Content<'a> {
    /// Reads it from an event's JSON object with names in snake case.
    pub(crate) fn read(event: &'a str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(event)
    }

    /// The terms of all tags and words, in no order, some more than once.
    pub(crate) fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = self.tags().map(Term::tag).collect();
        let mut room = ROOM_MIN;
        for text in self.texts() {
            each_term(text, |term| {
                terms.push(term);
                if terms.len() >= room {
                    // Long texts repeat themselves, and memory is for what differs.
                    terms.sort_unstable();
                    terms.dedup();
                    room = terms.len().saturating_mul(2).max(ROOM_MIN);
                }
            });
        }
        terms
    }

    /// The JSON text of the member in which a gateway says what it observed.
    pub(crate) fn metadata(&self) -> Option<&str> {
        self.metadata.map(RawValue::get)
    }

    /// Whether this is one of the tags.
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.tags().any(|own| own == tag)
    }

    /// Whether one of the texts has these words in a row, each as [`each_word`] gives it.
    pub(crate) fn has_phrase(&self, phrase: &[String]) -> bool {
        self.texts().any(|text| has_phrase(text, phrase))
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        let tags = self.compliance_tags.iter().flatten();
        tags.map(|Text(tag)| tag.as_ref())
    }

    fn texts(&self) -> impl Iterator<Item = &str> {
        let texts = [
            &self.prompt_content,
            &self.response_content,
            &self.reasoning,
        ];
        texts.into_iter().flatten().map(|Text(text)| text.as_ref())
    }
}

/// Terms after which repeated ones are looked for.
const ROOM_MIN: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    const EVENT: &str = r#"{"prompt_content": "Credit\u0020score", "response_content": null,
        "reasoning": "DTI", "compliance_tags": ["SOC2"], "metadata": {"prompt_content": "no"}}"#;

    #[test]
    fn tags_and_words_of_all_texts_are_terms() {
        let content = Content::read(EVENT).unwrap();
        let words = ["credit", "score", "dti"].map(Term::word);
        let expected = [[Term::tag("SOC2")].as_slice(), &words].concat();
        assert_eq!(content.terms(), expected);
        assert!(Content::read("{}").unwrap().terms().is_empty());
    }

    #[test]
    fn a_phrase_does_not_reach_from_one_text_into_another() {
        let content = Content::read(EVENT).unwrap();
        let has = |words: &[&str]| {
            let phrase: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            content.has_phrase(&phrase)
        };
        assert!(has(&["credit", "score"]));
        assert!(!has(&["score", "dti"]));
        assert!(content.has_tag("SOC2") && !content.has_tag("soc2"));
    }
}
