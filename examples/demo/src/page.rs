//! Opening the collector's page in a browser.

use std::io::{IsTerminal, stdin, stdout};
use std::thread;

use anstream::{eprintln, println};

use crate::report::ERROR;

/// Opens the page when Enter is pressed, if there is somebody at a terminal to press it.
pub(crate) fn offer(url: String) {
    if !stdin().is_terminal() || !stdout().is_terminal() {
        return;
    }
    println!("   Press Enter to open it in your browser.");
    // It reads for as long as the demo runs, and ends with it.
    thread::spawn(move || {
        let mut line = String::new();
        while stdin().read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
            if let Err(error) = open::that_detached(&url) {
                eprintln!(
                    "{ERROR}no browser could be started:{ERROR:#} {error}: open {url} yourself"
                );
            }
        }
    });
}
