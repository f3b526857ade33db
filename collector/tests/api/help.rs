//! What the program says of itself: completions for shells, and manual pages.

use std::path::Path;

use crate::program::{Folder, audit_layer, run};

const COMMANDS: [&str; 14] = [
    "backup",
    "check",
    "completions",
    "erase",
    "explain",
    "history",
    "holds",
    "import",
    "keys",
    "man",
    "open",
    "sealing-key",
    "serve",
    "values",
];

#[tokio::test]
async fn these_are_all_commands() {
    let output = run(audit_layer("help").env("NO_COLOR", "1")).await;
    let help = String::from_utf8(output.stdout).unwrap();
    let (_, commands) = help.split_once("Commands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    // What a command does may take several lines, which begin farther right.
    let lines = commands.lines().filter(|line| !line.starts_with("    "));
    let names = lines.filter_map(|line| line.split_whitespace().next());
    let mut names: Vec<_> = names.filter(|name| *name != "help").collect();
    names.sort_unstable();
    assert_eq!(names, COMMANDS);
}

#[tokio::test]
async fn every_command_is_documented() {
    let documentation = [
        include_str!("../../API.md"),
        include_str!("../../../OPERATING.md"),
    ]
    .concat();
    for command in COMMANDS {
        let name = format!("audit-layer {command}");
        assert!(documentation.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn shells_complete_every_command() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let output = run(audit_layer("completions").arg(shell)).await;
        assert!(output.status.success(), "{output:?}");
        let script = String::from_utf8(output.stdout).unwrap();
        for command in COMMANDS {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
}

#[tokio::test]
async fn every_command_has_a_manual_page() {
    let output = run(&mut audit_layer("man")).await;
    assert!(output.status.success(), "{output:?}");
    let page = String::from_utf8(output.stdout).unwrap();
    assert!(page.contains(".TH audit-layer 1"), "{page}");

    let folder = Folder::new();
    let pages = folder.path("man1");
    let output = run(audit_layer("man").arg(&pages)).await;
    assert!(output.status.success(), "{output:?}");
    let page = |name: &str| std::fs::read_to_string(pages.join(format!("audit-layer{name}.1")));
    for command in COMMANDS {
        assert!(
            page(&format!("-{command}")).unwrap().contains(".SH"),
            "{command}"
        );
    }
    assert!(page("").is_ok() && page("-keys-create").is_ok());
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_to_is_named() {
    let output = run(audit_layer("man").arg(Path::new("/dev/null/man"))).await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(
        said.contains("cannot write manual pages to /dev/null/man"),
        "{said}"
    );
}
