//! The page in a real Chromium, headless: what a person sees, types and hears.

mod axe;
mod chromium;
mod completeness;
mod conflict;
mod conversation;
mod event;
mod history;
mod install;
mod keyboard;
mod list;
mod live;
mod login;
mod looks;
mod outer;
mod page;
mod reports;
mod story;

#[expect(dead_code, reason = "the tests of the API use more of it")]
#[path = "../api/database.rs"]
mod database;
#[expect(dead_code, reason = "the tests of the API use more of it")]
#[path = "../api/program.rs"]
mod program;
#[path = "../api/sample.rs"]
mod sample;
