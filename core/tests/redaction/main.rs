//! How much of what is sensitive is found, and how much that is not: precision and recall by kind, over a corpus
//! whose answers are known because it is made from them.

mod corpus;
mod near;
mod values;

use std::collections::BTreeMap;

use audit_layer_core::sensitive::{self, Sensitive};

use self::corpus::Text;

/// What is aimed at for kinds with check digits or fixed forms.
const PRECISION: f64 = 0.99;
const RECALL: f64 = 0.97;

/// Texts of each language.
const TEXTS: usize = 240;

/// Of one kind: what was found and is there, what was found and is not, and what is there and was not found.
#[derive(Debug, Default)]
struct Score {
    right: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    fn precision(&self) -> f64 {
        share(self.right, self.wrong)
    }

    fn recall(&self) -> f64 {
        share(self.right, self.missed)
    }
}

fn share(right: u32, other: u32) -> f64 {
    f64::from(right) / f64::from((right + other).max(1))
}

/// `cargo test -p audit-layer-core --test redaction -- --nocapture` prints the table.
#[test]
fn what_is_sensitive_is_found_and_what_is_not_stays() {
    let texts = corpus::texts(TEXTS);
    let mut scores: BTreeMap<Sensitive, Score> = BTreeMap::new();
    let mut examples = Vec::new();
    for text in &texts {
        score(text, &mut scores, &mut examples);
    }
    println!(
        "{} texts in {} languages",
        texts.len(),
        corpus::LANGUAGES.len()
    );
    println!("| Kind | There | Found | Precision | Recall |\n|---|---:|---:|---:|---:|");
    for (kind, score) in &scores {
        println!(
            "| {} | {} | {} | {:.4} | {:.4} |",
            kind.name(),
            score.right + score.missed,
            score.right + score.wrong,
            score.precision(),
            score.recall()
        );
    }
    assert!(texts.len() >= 2000);
    for kind in Sensitive::ALL {
        let score = scores.get(kind).expect("every kind is in the corpus");
        assert!(score.right + score.missed >= 100, "{} is rare", kind.name());
        assert!(
            score.precision() >= PRECISION && score.recall() >= RECALL,
            "{}: {score:?}\n{}",
            kind.name(),
            examples.join("\n")
        );
    }
}

fn score(text: &Text, scores: &mut BTreeMap<Sensitive, Score>, examples: &mut Vec<String>) {
    let found: Vec<_> = sensitive::find(&text.text)
        .into_iter()
        .map(|found| (found.kind, found.at))
        .collect();
    for (kind, at) in &text.answers {
        let score = scores.entry(*kind).or_default();
        if found.contains(&(*kind, at.clone())) {
            score.right += 1;
        } else {
            score.missed += 1;
            examples.push(format!("missed {}: {}", kind.name(), text.text));
        }
    }
    for answer in &found {
        if !text.answers.contains(answer) {
            scores.entry(answer.0).or_default().wrong += 1;
            let it = &text.text[answer.1.clone()];
            examples.push(format!("wrong {} {it:?}: {}", answer.0.name(), text.text));
        }
    }
}
