//! The layers of each crate: which file may import which.
//!
//! `cargo test --test it layers -- --nocapture` prints them with their files.

mod imports;

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::{Context, Result};
use audit_layer_tests::workspace;

use crate::layers::imports::Imports;

/// A crate, and its top-level modules in layers: the lowest first. Each imports what is below it or
/// beside it, and no files import each other in a circle.
struct Crate {
    first: &'static str,
    layers: &'static [(&'static str, &'static [&'static str])],
    /// Crates that only the files of one of its top-level modules may name.
    reserved: &'static [(&'static str, &'static str)],
}

const CRATES: &[Crate] = &[
    Crate {
        first: "core/src/lib.rs",
        layers: &[
            (
                "what all know",
                &[
                    "digest", "find", "limits", "note", "provider", "time", "words",
                ],
            ),
            (
                "bytes and places",
                &["decode", "destination", "headers", "media"],
            ),
            ("JSON", &["hop", "json", "opening"]),
            (
                "bodies and lines",
                &["body", "dead_letter", "form", "framing", "names", "wanted"],
            ),
            ("decisions", &["decision"]),
            ("the event", &["event"]),
            (
                "what of a call becomes one",
                &[
                    "caller",
                    "capture",
                    "completion",
                    "credentials",
                    "decided",
                    "identity",
                    "sensitive",
                ],
            ),
            (
                "what an event may contain",
                &["redact", "sealing", "withhold"],
            ),
            ("prompts and answers", &["answer", "prompt"]),
            ("wire formats", &["api"]),
            ("what the operator says of some calls", &["rules"]),
            ("the configuration", &["host", "policy"]),
            ("one call, and delivery", &["exchange", "outbox"]),
            ("the library", &["lib"]),
        ],
        reserved: &[
            ("brotli_decompressor", "decode"),
            ("structured_zstd", "decode"),
        ],
    },
    Crate {
        first: "plugin/src/lib.rs",
        layers: &[
            (
                "the host, and what waits",
                &["envoy", "hold", "host", "memory", "trap"],
            ),
            (
                "properties, telemetry and redirects",
                &["property", "redirects", "telemetry"],
            ),
            ("who makes a call", &["attributes"]),
            ("what a VM shares", &["shared"]),
            ("from call to event", &["record"]),
            ("a stream", &["http"]),
            ("a root", &["root"]),
            ("a root, timed", &["timing"]),
            ("the module", &["lib"]),
        ],
        reserved: &[],
    },
    Crate {
        first: "host-test/src/lib.rs",
        layers: &[
            (
                "what all know",
                &[
                    "error", "headers", "property", "random", "settings", "status", "thread",
                ],
            ),
            (
                "what a proxy has",
                &["callout", "log", "metrics", "shared", "step"],
            ),
            (
                "when, how, and a stream's state",
                &["agenda", "profile", "stream_state"],
            ),
            ("contexts, and the proxy", &["context", "world"]),
            ("a guest", &["guest"]),
            ("its calls", &["abi"]),
            ("a module", &["module"]),
            ("a plugin", &["plugin"]),
            ("a running module", &["instance"]),
            ("streams, and places of VMs", &["slots", "stream"]),
            ("a VM", &["vm"]),
            ("the host", &["host"]),
            ("the library", &["lib"]),
        ],
        reserved: &[],
    },
    Crate {
        first: "bench/src/lib.rs",
        layers: &[
            (
                "tools",
                &[
                    "audit_api",
                    "kills",
                    "load",
                    "output",
                    "scale",
                    "screen",
                    "unruly",
                ],
            ),
            ("a scene", &["scene"]),
            ("what became of calls", &["ledger"]),
            ("what happens", &["situations", "soak"]),
            ("the table", &["situation"]),
            ("what auditing costs", &["ext_proc", "gateway", "stages"]),
            ("the library", &["lib"]),
        ],
        reserved: &[],
    },
    Crate {
        first: "collector/src/lib.rs",
        layers: &[
            (
                "what all know",
                &["access", "hash", "key", "limits", "places", "time"],
            ),
            ("log and metrics", &["telemetry"]),
            ("words and places of events", &["search"]),
            ("the event", &["event"]),
            ("the database", &["store"]),
            ("who looked", &["records"]),
            (
                "what is done",
                &[
                    "backup",
                    "erasure",
                    "history",
                    "holds",
                    "import",
                    "ingest",
                    "keys",
                    "query",
                    "report",
                    "retention",
                    "sealed",
                    "values",
                ],
            ),
            ("HTTP", &["api"]),
            ("the library", &["lib"]),
        ],
        reserved: &[
            ("axum", "api"),
            ("hyper", "api"),
            ("hyper_util", "api"),
            ("sqlx", "store"),
        ],
    },
    Crate {
        first: "collector/src/main.rs",
        layers: &[("the commands", &["cli"]), ("the program", &["main"])],
        reserved: &[("clap", "cli")],
    },
];

#[test]
fn no_file_imports_what_is_above_it_and_none_is_in_a_circle() -> Result<()> {
    for one in CRATES {
        let imports = Imports::read(&workspace::root().join(one.first))?;
        println!("{}", one.first);
        for (name, modules) in one.layers.iter().rev() {
            println!("  {name}");
            for module in *modules {
                let files = imports
                    .files
                    .keys()
                    .filter(|file| top_level(file) == *module);
                let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
                println!("    {}", files.join(" "));
            }
        }
        let faults = faults(one, &imports)?;
        assert!(faults.is_empty(), "{}:\n{}", one.first, faults.join("\n"));
        println!("  no import upward, no circle");
    }
    Ok(())
}

/// What is against the rules, each in a line.
fn faults(one: &Crate, imports: &Imports) -> Result<Vec<String>> {
    let mut layer_of = BTreeMap::new();
    for (layer, (_, modules)) in one.layers.iter().enumerate() {
        layer_of.extend(modules.iter().map(|module| (*module, layer)));
    }
    let layer = |file: &Path| {
        let module = top_level(file);
        let layer = layer_of.get(module.as_str()).copied();
        layer.with_context(|| format!("{}: in no layer", file.display()))
    };
    let mut faults = Vec::new();
    for (file, imported) in &imports.files {
        for other in imported {
            if layer(other)? > layer(file)? {
                faults.push(format!(
                    "{} imports {}, which is above it",
                    file.display(),
                    other.display()
                ));
            }
        }
        layer(file)?;
    }
    for circle in imports.circles() {
        for file in &circle {
            let next = imports
                .imported(file)
                .filter(|other| circle.contains(other));
            let next: Vec<String> = next.map(|other| other.display().to_string()).collect();
            faults.push(format!(
                "in a circle: {} imports {}",
                file.display(),
                next.join(", ")
            ));
        }
    }
    for (file, crates) in &imports.crates {
        for (name, module) in one.reserved {
            if crates.contains(*name) && top_level(file) != *module {
                faults.push(format!(
                    "{} names {name}, which is {module}'s alone",
                    file.display()
                ));
            }
        }
    }
    Ok(faults)
}

/// The top-level module that a file belongs to.
fn top_level(file: &Path) -> String {
    let first = file.components().next();
    let first = first.map(|first| first.as_os_str().to_string_lossy().into_owned());
    first.unwrap_or_default().trim_end_matches(".rs").to_owned()
}

/// A crate of these files, of which `low` is below `high`, and what is against the rules in it.
fn faults_of(files: &[(&str, &str)]) -> Result<Vec<String>> {
    let folder = tempfile::tempdir()?;
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().context("a file is in a folder")?)?;
        std::fs::write(path, text)?;
    }
    let one = Crate {
        first: "lib.rs",
        layers: &[("low", &["low"]), ("high", &["high"]), ("", &["lib"])],
        reserved: &[("axum", "high")],
    };
    faults(&one, &Imports::read(&folder.path().join("lib.rs"))?)
}

#[test]
fn what_is_against_the_rules_is_found() -> Result<()> {
    const LIB: (&str, &str) = ("lib.rs", "mod high; mod low; pub use high::High;");
    let high = ("high.rs", "use crate::low::Low; pub struct High(Low);");
    let good = [LIB, high, ("low.rs", "pub struct Low;")];
    assert_eq!(faults_of(&good)?, [""; 0]);
    for (low, expected) in [
        // However it is written.
        ("use crate::High; pub struct Low;", "low.rs imports high.rs"),
        (
            "pub struct Low(super::high::High);",
            "low.rs imports high.rs",
        ),
        (
            "use crate::{high::{self as other}}; pub struct Low;",
            "low.rs imports high.rs",
        ),
        (
            "pub struct Low; fn f() { println!(\"{}\", crate::high::one()); }",
            "low.rs imports high.rs",
        ),
        (
            "pub struct Low; fn f(_: axum::Router) {}",
            "low.rs names axum",
        ),
    ] {
        let found = faults_of(&[LIB, high, ("low.rs", low)])?;
        assert!(
            found.iter().any(|fault| fault.contains(expected)),
            "{low}: {found:?}"
        );
    }
    // Code of tests may look up, and a module may use what those above it in its folder define.
    let low = "mod part; pub struct Low; #[cfg(test)] mod tests { use crate::high::High; }";
    let part = ("low/part.rs", "use crate::low::Low; pub fn of(_: Low) {}");
    assert_eq!(faults_of(&[LIB, high, ("low.rs", low), part])?, [""; 0]);
    Ok(())
}

#[test]
fn files_that_import_each_other_are_a_circle() -> Result<()> {
    let files = [
        ("lib.rs", "mod high; mod low;"),
        ("high.rs", ""),
        ("low.rs", "mod one; mod other; mod third; pub use one::One;"),
        (
            "low/one.rs",
            "use super::other::Other; pub struct One(Other);",
        ),
        (
            "low/other.rs",
            "use crate::low::third::Third; pub struct Other(Third);",
        ),
        // By the name that is handed on.
        (
            "low/third.rs",
            "use crate::low::One; pub struct Third(Box<One>);",
        ),
    ];
    let found = faults_of(&files)?;
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(
        found
            .iter()
            .all(|fault| fault.starts_with("in a circle: low/")),
        "{found:?}"
    );
    Ok(())
}
