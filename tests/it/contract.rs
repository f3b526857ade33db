//! What an event is stands once, in core: the collector takes words and members from there, and reads no
//! member that no gateway writes.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use audit_layer_core::event::{
    CompletionState, ContentLevel, Kind, Member, RiskLevel, UsageSource,
};
use audit_layer_core::note::Note;
use audit_layer_tests::{python, workspace};
use serde_json::Value;
use syn::visit::{self, Visit};
use syn::{Expr, ExprLit, ExprMethodCall, Item, Lit, LitStr, Macro};

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
        Kind::NAMES,
        ContentLevel::NAMES,
    ];
    let words = sets.into_iter().flatten().copied();
    words.filter(|word| word.contains('_')).collect()
}

fn written_in(source: &str, words: &[&str]) -> Result<Vec<String>> {
    let mut texts = Texts::default();
    texts.visit_file(&syn::parse_file(source)?);
    texts.0.retain(|text| words.contains(&text.as_str()));
    Ok(texts.0)
}

/// The collector's files with code, by their paths in `collector/src`.
fn sources() -> Result<Vec<(PathBuf, String)>> {
    let root = workspace::root().join("collector/src");
    let mut sources = Vec::new();
    for entry in ignore::Walk::new(&root) {
        let path = entry?.into_path();
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        if is_code && !path.ends_with(Path::new("tests.rs")) {
            let source = std::fs::read_to_string(&path)?;
            sources.push((path.strip_prefix(&root)?.to_owned(), source));
        }
    }
    Ok(sources)
}

#[test]
fn no_word_of_an_event_is_written_twice() -> Result<()> {
    let words = words();
    assert!(words.len() > 50, "{words:?}");
    let sources = sources()?;
    for (path, source) in &sources {
        let written = written_in(source, &words)?;
        assert!(
            written.is_empty(),
            "{}: {written:?} stand in core",
            path.display()
        );
    }
    assert!(sources.len() > 100, "{}", sources.len());
    Ok(())
}

/// Elsewhere the same words are columns of the database, parameters of the API, or members of what is not
/// an event.
const WHERE_EVENTS_ARE_READ: [&str; 12] = [
    "event",
    "event.rs",
    "ingest",
    "query/table.rs",
    "query/values.rs",
    "report/decision",
    "report/decision.rs",
    "report/members.rs",
    "report/outer.rs",
    "report/runs.rs",
    "report/tally",
    "report/tally.rs",
];

#[test]
fn no_member_of_an_event_is_written_twice() -> Result<()> {
    let names: Vec<_> = Member::ALL.iter().map(|member| member.name()).collect();
    // The others are words of English, and of other objects.
    let names: Vec<_> = names
        .into_iter()
        .filter(|name| name.contains('_'))
        .collect();
    let sources = sources()?;
    for place in WHERE_EVENTS_ARE_READ {
        let mut files = 0;
        for (path, source) in sources.iter().filter(|(path, _)| path.starts_with(place)) {
            let written = written_in(source, &names)?;
            assert!(
                written.is_empty(),
                "{}: {written:?} are `Member`s in core",
                path.display()
            );
            files += 1;
        }
        assert!(files > 0, "there is no {place}");
    }
    Ok(())
}

#[test]
fn what_is_written_twice_is_found() -> Result<()> {
    for source in [
        "const STATE: &str = \"client_abort\";",
        "fn f() -> bool { matches!(state(), \"upstream_error\") }",
        "fn f(note: &str) -> bool { note == \"answer_fetched\" }",
    ] {
        assert_eq!(written_in(source, &words())?.len(), 1, "{source}");
    }
    let tests = "mod tests { const STATE: &str = \"client_abort\"; }";
    assert!(written_in(tests, &words())?.is_empty());
    Ok(())
}

/// The members of `metadata.audit_layer` that reports read, as `part` or `part.member`.
#[derive(Default)]
struct Paths(Vec<String>);

impl<'ast> Visit<'ast> for Paths {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let texts = call.args.iter().map(|argument| match argument {
            Expr::Lit(ExprLit {
                lit: Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        });
        let texts: Option<Vec<_>> = texts.collect();
        if call.method == "gateway" || call.method == "part" {
            self.0.extend(texts.map(|texts| texts.join(".")));
        }
        visit::visit_expr_method_call(self, call);
    }
}

/// The schema of a member, wherever it is declared.
fn member<'a>(root: &'a Value, object: &'a Value, name: &str) -> Option<&'a Value> {
    let member = object.get("properties")?.get(name)?;
    let choices = member.get("anyOf").and_then(Value::as_array);
    let declared = choices.into_iter().flatten().chain([member]);
    let mut places = declared.filter_map(|schema| schema.get("$ref")?.as_str());
    match places.next() {
        Some(place) => root.pointer(place.strip_prefix('#')?),
        None => Some(member),
    }
}

#[test]
fn reports_read_only_members_that_gateways_write() -> Result<()> {
    let schema = serde_json::to_value(audit_layer_core::event::schema())?;
    let metadata = member(&schema, &schema, "metadata").context("metadata")?;
    let audit_layer = member(&schema, metadata, "audit_layer").context("audit_layer")?;
    let mut paths = Paths::default();
    for (path, source) in sources()? {
        if path.starts_with("report") {
            paths.visit_file(&syn::parse_file(&source)?);
        }
    }
    assert!(paths.0.len() > 20, "{:?}", paths.0);
    for path in &paths.0 {
        let mut names = path.split('.');
        let declared = names.try_fold(audit_layer, |object, name| member(&schema, object, name));
        assert!(
            declared.is_some(),
            "no event has metadata.audit_layer.{path}"
        );
    }
    Ok(())
}

#[tokio::test]
async fn every_event_of_the_fixtures_is_as_the_schema_says() -> Result<()> {
    let mut events = Vec::new();
    for entry in ignore::Walk::new(workspace::root().join("core/fixtures")) {
        let path = entry?.into_path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            events.push(path);
        }
    }
    assert!(events.len() > 200, "{}", events.len());
    let schema = workspace::root().join("core/event.schema.json");
    let valid = python::validate_events(&schema, &events).await?;
    assert_eq!(valid, events.len());
    Ok(())
}
