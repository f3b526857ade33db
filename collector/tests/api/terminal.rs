//! What the program shows to a person: its stderr on a terminal.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::process::{ExitStatus, Stdio};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use tokio::process::Command;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use crate::program::{DEADLINE, Folder, audit_layer};

/// Runs a program to its end, and returns what it wrote to the terminal.
pub(crate) async fn run_on_terminal(mut command: Command) -> (ExitStatus, String) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let name = OsStr::from_bytes(name.as_bytes());
    let terminal = File::options().read(true).write(true).open(name).unwrap();
    // Without a name it would be one without colors.
    command.env("TERM", "xterm");
    command.stdout(Stdio::null()).stderr(terminal);
    let reading = spawn_blocking(move || {
        let mut shown = Vec::new();
        // Linux ends it by an error, when the last who could write is gone.
        let _ = File::from(controller).read_to_end(&mut shown);
        String::from_utf8(shown).unwrap()
    });
    let status = timeout(DEADLINE, command.status()).await;
    // It holds the terminal open.
    drop(command);
    let status = status.expect("the program ends").unwrap();
    (status, reading.await.unwrap())
}

#[tokio::test]
async fn it_runs_on_a_terminal() {
    let folder = Folder::new();
    let mut create = audit_layer("keys");
    create
        .args(["create", "--role", "admin", "--all-organizations"])
        .arg("--database")
        .arg(folder.database());
    let (status, shown) = run_on_terminal(create).await;
    assert!(status.success(), "{shown}");
    assert!(shown.contains("Save the key now"), "{shown}");
}
