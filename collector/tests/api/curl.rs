//! The curl commands with which the audit API was first documented, as they were written there, by
//! bash and the real curl. Only the host is another, and the log id is the one that the first gave.

use std::collections::HashMap;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::program::{Folder, Program, run};

const COMMANDS: &str = include_str!("curl/commands.sh");

/// The key that stands in the commands.
const KEY: &str = "al_sk_your_api_key";

#[tokio::test]
async fn the_documented_commands_work_as_they_are_written() {
    let folder = Folder::new();
    let program = Program::start_with(&folder, &["--api-key", KEY]).await;
    let shell = Shell::new(&folder, &program);

    let recorded = shell.json("Record an audit event", "log_abc123").await;
    assert_eq!(recorded["status"], "stored");
    assert_eq!(recorded["request_id"], "req_abc123");
    let id = recorded["id"].as_str().unwrap();

    let found = shell.json("Query audit logs", id).await;
    assert_eq!(found["data"].as_array().unwrap().len(), 1);
    assert_eq!(found["next_cursor"], Value::Null);

    let event = shell.json("Get single audit log", id).await;
    assert_eq!(event["id"], id);
    assert_eq!(event["compliance_tags"], json!(["SOC2", "FCRA"]));
    assert_eq!(event, found["data"][0]);

    let report = shell.output("Generate report", id).await;
    assert!(report.starts_with(b"%PDF-"), "{report:?}");
    assert!(report.trim_ascii_end().ends_with(b"%%EOF"));
}

/// Runs the commands against one program.
struct Shell<'a> {
    folder: &'a Folder,
    base: &'a str,
    commands: HashMap<&'static str, &'static str>,
}

impl<'a> Shell<'a> {
    fn new(folder: &'a Folder, program: &'a Program) -> Self {
        // Curl's own file of options, so that the commands stay as they are.
        let options = "silent\nshow-error\nfail-with-body\nnoproxy = \"*\"\n";
        std::fs::write(folder.path(".curlrc"), options).unwrap();
        let commands = COMMANDS.split("# ").skip(1);
        Self {
            folder,
            base: program.base(),
            commands: commands
                .map(|text| text.split_once('\n').unwrap())
                .collect(),
        }
    }

    async fn json(&self, title: &str, id: &str) -> Value {
        serde_json::from_slice(&self.output(title, id).await).unwrap()
    }

    /// What the command under this comment prints, with `id` for the documentation's.
    async fn output(&self, title: &str, id: &str) -> Vec<u8> {
        let command = self.commands[title]
            .replace("https://api.auditlayer.io", self.base)
            .replace("log_abc123", id);
        let mut bash = tokio::process::Command::new("bash");
        bash.args(["-euc", &command])
            .env("CURL_HOME", self.folder.path(""))
            .stdin(Stdio::null())
            .kill_on_drop(true);
        let output = run(&mut bash).await;
        assert!(output.status.success(), "{title}: {output:?}");
        output.stdout
    }
}
