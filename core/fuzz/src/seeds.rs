//! The handwritten exchanges of `core/fixtures` as inputs of the targets.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::{exchange, formats};

/// An input, and the target that it is for.
#[derive(Debug)]
pub struct Seed {
    /// The target's name.
    pub target: &'static str,
    /// A name for its file.
    pub name: String,
    /// The input itself.
    pub input: Vec<u8>,
}

/// Every fixture as a whole exchange, and both its bodies as texts of its format.
///
/// # Errors
/// When the fixtures cannot be read.
pub fn all() -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for path in fixtures()? {
        let format = name(path.parent().and_then(Path::file_name));
        let seeds_of = of_fixture(
            &format,
            &name(path.file_stem()),
            &fs::read_to_string(&path)?,
        );
        seeds.extend(seeds_of);
    }
    Ok(seeds)
}

fn fixtures() -> io::Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures");
    let mut found = Vec::new();
    for format in fs::read_dir(folder)? {
        for file in fs::read_dir(format?.path())? {
            found.push(file?.path());
        }
    }
    found.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "http")
    });
    Ok(found)
}

fn name(part: Option<&OsStr>) -> String {
    part.unwrap_or_default().to_string_lossy().into_owned()
}

fn of_fixture(format: &str, case: &str, text: &str) -> Vec<Seed> {
    let (request, response) = text
        .split_once("\n--- response ---\n")
        .unwrap_or((text, ""));
    let [(request_head, request), (response_head, response)] =
        [request, response].map(|message| message.split_once("\n\n").unwrap_or((message, "")));
    let head = request_head.replacen(' ', "\n:path: ", 1);
    let heads = [
        format!(":method: {}", head.replace("\nhost:", "\n:authority:")),
        format!(":status: {response_head}"),
    ];
    let [request_head, response_head] = heads.each_ref().map(String::as_bytes);
    let parts = [
        request_head,
        response_head,
        request.as_bytes(),
        response.as_bytes(),
    ];
    let whole = Seed {
        target: "exchange",
        name: format!("{format}-{case}"),
        input: [
            &[0; exchange::CONTROLS],
            parts.join(exchange::SEPARATOR).as_slice(),
        ]
        .concat(),
    };
    let bodies = [("request", request), ("response", response)].into_iter();
    let bodies = bodies.filter_map(|(side, body)| {
        Some(Seed {
            target: "formats",
            name: format!("{format}-{case}-{side}"),
            input: [&[formats::byte(format)?], body.as_bytes()].concat(),
        })
    });
    bodies.chain([whole]).collect()
}
