//! Every input that is kept, and every handwritten exchange, passes the checks of the fuzz targets.

use std::path::{Path, PathBuf};
use std::{fs, io};

use audit_layer_fuzz::{TARGETS, seeds};

#[test]
fn every_input_of_a_corpus_passes() -> io::Result<()> {
    for (target, check) in TARGETS {
        let inputs = inputs("corpus", target)?;
        assert!(!inputs.is_empty(), "{target} has no corpus");
        for path in inputs.into_iter().chain(inputs_of_findings(target)?) {
            // Printed with the failure, if it fails.
            println!("{}", path.display());
            check(&fs::read(path)?);
        }
    }
    Ok(())
}

/// `SEED_CORPORA=1` puts the exchanges into the corpora, for a fuzzer to begin with.
#[test]
fn every_fixture_passes() -> io::Result<()> {
    let seeds = seeds::all()?;
    assert!(!seeds.is_empty());
    for seed in seeds {
        println!("{} {}", seed.target, seed.name);
        if std::env::var_os("SEED_CORPORA").is_some() {
            fs::write(folder("corpus", seed.target).join(&seed.name), &seed.input)?;
        }
        let (_, check) = TARGETS
            .into_iter()
            .find(|(target, _)| *target == seed.target)
            .expect("a target of ours");
        check(&seed.input);
    }
    Ok(())
}

fn inputs_of_findings(target: &str) -> io::Result<Vec<PathBuf>> {
    match folder("regressions", target).exists() {
        true => inputs("regressions", target),
        false => Ok(Vec::new()),
    }
}

fn inputs(kind: &str, target: &str) -> io::Result<Vec<PathBuf>> {
    let files = fs::read_dir(folder(kind, target))?;
    files.map(|file| Ok(file?.path())).collect()
}

fn folder(kind: &str, target: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(kind)
        .join(target)
}
