//! What an event is stands once, in core: the collector takes its words from there.

use std::path::Path;

use anyhow::Result;
use audit_layer_core::event::{CompletionState, RiskLevel, UsageSource};
use audit_layer_core::note::Note;
use audit_layer_tests::workspace;
use syn::visit::{self, Visit};
use syn::{Item, LitStr, Macro};

/// The texts that stand in the code of a file, tests aside.
#[derive(Default)]
struct Texts(Vec<String>);

impl<'ast> Visit<'ast> for Texts {
    fn visit_item(&mut self, item: &'ast Item) {
        let is_tests = matches!(item, Item::Mod(item) if item.ident == "tests");
        if !is_tests {
            visit::visit_item(self, item);
        }
    }

    fn visit_lit_str(&mut self, text: &'ast LitStr) {
        self.0.push(text.value());
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        let tokens = call.tokens.to_string();
        let quoted = tokens.split('"').skip(1).step_by(2);
        self.0.extend(quoted.map(str::to_owned));
    }
}

/// Words that are nothing else in any program. A `low` or a `timeout` may be many things.
fn words() -> Vec<&'static str> {
    let sets = [
        CompletionState::NAMES,
        Note::NAMES,
        UsageSource::NAMES,
        RiskLevel::NAMES,
    ];
    let words = sets.into_iter().flatten().copied();
    words.filter(|word| word.contains('_')).collect()
}

fn written_in(source: &str) -> Result<Vec<String>> {
    let mut texts = Texts::default();
    texts.visit_file(&syn::parse_file(source)?);
    let words = words();
    texts.0.retain(|text| words.contains(&text.as_str()));
    Ok(texts.0)
}

#[test]
fn no_word_of_an_event_is_written_twice() -> Result<()> {
    assert!(words().len() > 50, "{:?}", words());
    let mut files = 0;
    for entry in ignore::Walk::new(workspace::root().join("collector/src")) {
        let path = entry?.into_path();
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        if !is_code || path.ends_with(Path::new("tests.rs")) {
            continue;
        }
        let written = written_in(&std::fs::read_to_string(&path)?)?;
        assert!(
            written.is_empty(),
            "{}: {written:?} stand in core",
            path.display()
        );
        files += 1;
    }
    assert!(files > 100, "{files}");
    Ok(())
}

#[test]
fn a_word_that_is_written_twice_is_found() -> Result<()> {
    for source in [
        "const STATE: &str = \"client_abort\";",
        "fn f() -> bool { matches!(state(), \"upstream_error\") }",
        "fn f(note: &str) -> bool { note == \"answer_fetched\" }",
    ] {
        assert_eq!(written_in(source)?.len(), 1, "{source}");
    }
    let tests = "mod tests { const STATE: &str = \"client_abort\"; }";
    assert!(written_in(tests)?.is_empty());
    Ok(())
}
