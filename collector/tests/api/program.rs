//! A running `audit-layer serve`, on a database of its own and a free port.

use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use audit_layer_tests::collector::without_settings;
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::database::Database;

/// The key that [`Program::start`] configures.
pub(crate) const KEY: &str = "al_sk_test";

/// A folder and a database for one test. It vanishes when the last program in it is dropped.
#[derive(Clone)]
pub(crate) struct Folder(pub(crate) Arc<TempDir>, pub(crate) Arc<Database>);

impl Folder {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = Database::new(folder.path());
        Self(Arc::new(folder), Arc::new(database))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// What `--database` takes.
    pub(crate) fn database(&self) -> String {
        self.1.address()
    }

    /// The database itself, beside the program.
    pub(crate) fn beside(&self) -> &Database {
        &self.1
    }
}

/// The program, killed when dropped.
pub(crate) struct Program {
    child: Child,
    folder: Folder,
    client: Client,
    base: String,
    key: String,
}

impl Program {
    /// Starts on a new database with the key [`KEY`].
    pub(crate) async fn start() -> Self {
        Self::start_in(&Folder::new()).await
    }

    /// Starts on the database of `folder` with the key [`KEY`].
    pub(crate) async fn start_in(folder: &Folder) -> Self {
        Self::start_with(folder, &["--api-key", KEY]).await
    }

    /// Starts on the database of `folder` with these arguments, and waits until it is ready.
    pub(crate) async fn start_with(folder: &Folder, arguments: &[&str]) -> Self {
        let database = folder.database();
        let arguments = [&["--database", &database], arguments].concat();
        Self::start_anywhere(folder, &arguments).await
    }

    /// Starts with these arguments, which name the database, and waits until it is ready.
    pub(crate) async fn start_anywhere(folder: &Folder, arguments: &[&str]) -> Self {
        let address_file = folder.path("address");
        let _ = std::fs::remove_file(&address_file);
        let stderr = std::fs::File::create(folder.path("stderr")).unwrap();
        let mut child = audit_layer("serve")
            .args(["--listen", "127.0.0.1:0"])
            .arg("--listen-address-file")
            .arg(&address_file)
            .args(arguments)
            .stderr(stderr)
            .spawn()
            .unwrap();
        let address = until("the program is ready", || {
            if let Some(status) = child.try_wait().unwrap() {
                panic!("{status}: {}", read(&folder.path("stderr")));
            }
            std::fs::read_to_string(&address_file).ok()
        });
        let base = format!("http://{}", address.await.trim());
        let (folder, client, key) = (folder.clone(), Client::new(), KEY.to_owned());
        Self {
            child,
            folder,
            client,
            base,
            key,
        }
    }

    /// The same program, with another key in its clients' hands.
    pub(crate) fn with_key(mut self, key: &str) -> Self {
        key.clone_into(&mut self.key);
        self
    }

    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    pub(crate) fn host(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn stderr(&self) -> String {
        read(&self.folder.path("stderr"))
    }

    /// A request without a key.
    pub(crate) fn anonymous(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.anonymous(method, path).bearer_auth(&self.key)
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path).send().await.unwrap()).await
    }

    pub(crate) async fn post(&self, path: &str, body: impl Into<reqwest::Body>) -> Answer {
        Answer::of(
            self.request(Method::POST, path)
                .body(body)
                .send()
                .await
                .unwrap(),
        )
        .await
    }

    /// Records one event, which has to be taken.
    pub(crate) async fn record(&self, event: &Value) -> Value {
        let answer = self.post("/v1/audit/log", event.to_string()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        answer.json()
    }

    /// Records these lines, each of which has to be new and taken.
    ///
    /// They are one batch, as long as the database commits that in time: on a machine with much else to
    /// do it may take two. Then it is sent again in halves, as a client would.
    pub(crate) async fn record_lines(&self, lines: impl IntoIterator<Item = String>) {
        let mut batches = vec![lines.into_iter().collect::<Vec<_>>()];
        while let Some(batch) = batches.pop() {
            let answer = self.post("/v1/audit/log/batch", batch.concat()).await;
            if answer.status == StatusCode::SERVICE_UNAVAILABLE && batch.len() > 1 {
                let (first, second) = batch.split_at(batch.len() / 2);
                // The last is sent next: the order stays.
                batches.extend([second.to_vec(), first.to_vec()]);
                continue;
            }
            assert_eq!(answer.json()["accepted"], batch.len(), "{}", answer.text);
        }
    }

    /// Sends a signal, such as `TERM` to ask the program to stop.
    pub(crate) async fn signal(&self, name: &str) {
        let id = self.child.id().unwrap().to_string();
        let kill = Command::new("kill")
            .args(["-s", name, &id])
            .status()
            .await
            .unwrap();
        assert!(kill.success());
    }

    /// Waits until the program has ended.
    pub(crate) async fn ended(&mut self) -> ExitStatus {
        let ended = tokio::time::timeout(DEADLINE, self.child.wait()).await;
        ended.expect("the program ends").unwrap()
    }

    pub(crate) async fn stop(mut self) {
        self.signal("TERM").await;
        assert!(self.ended().await.success());
    }
}

/// An answer that was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn of(response: Response) -> Self {
        let (status, headers) = (response.status(), response.headers().clone());
        Self {
            status,
            headers,
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// Checks that this is an error of the documented shape, and returns what it says.
    pub(crate) fn error(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status.as_u16(), status, "{}", self.text);
        assert_eq!(self.headers["content-type"], "application/json");
        let error = self.json()["error"].clone();
        assert_eq!(error["code"], code, "{}", self.text);
        assert!(
            error["message"]
                .as_str()
                .is_some_and(|message| !message.is_empty())
        );
        error
    }
}

/// Sends the head of a request that records an event of so many bytes, and waits until the program asks
/// for them: it has begun to work on the request.
pub(crate) async fn begin_to_record(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    bytes: usize,
) {
    let head = format!(
        "POST /v1/audit/log HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {KEY}\r\n\
         content-length: {bytes}\r\nexpect: 100-continue\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut go_on = [0; 25];
    stream.read_exact(&mut go_on).await.unwrap();
    assert_eq!(&go_on, b"HTTP/1.1 100 Continue\r\n\r\n");
}

/// Runs the program to its end.
pub(crate) async fn run(command: &mut Command) -> Output {
    let output = tokio::time::timeout(DEADLINE, command.output()).await;
    output.expect("the program ends").unwrap()
}

/// The program, without the settings of whoever runs the tests.
pub(crate) fn audit_layer(subcommand: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_audit-layer"));
    without_settings(command.arg(subcommand));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Asks `probe` again and again until it gives something.
pub(crate) async fn until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = probe() {
            return found;
        }
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

/// Asks `probe` again and again until it holds.
pub(crate) async fn until_async(what: &str, probe: impl AsyncFn() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !probe().await {
        assert!(Instant::now() < deadline, "waited in vain until {what}");
        sleep(Duration::from_millis(5)).await;
    }
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

/// Far beyond what anything here takes, even on a machine that is busy with other work.
pub(crate) const DEADLINE: Duration = Duration::from_secs(180);
