//! A headless Chromium of its own for each test, driven by WebDriver.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use fantoccini::ClientBuilder;
use fantoccini::wd::Capabilities;
use hyper_util::client::legacy::connect::HttpConnector;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

use crate::install;

/// Ends with the test, however that ends.
pub(crate) struct Chromium {
    pub(crate) client: fantoccini::Client,
    port: u16,
    driver: Child,
    /// Read by nobody, and kept: the driver must be able to write.
    _stdout: BufReader<ChildStdout>,
    _profile: TempDir,
}

impl Chromium {
    pub(crate) async fn start() -> Self {
        install::chromium().await;
        let profile = tempfile::tempdir().unwrap();
        let (driver, stdout, port) = driver().await;
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities(&profile))
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .unwrap();
        let chromium = Self {
            client,
            port,
            driver,
            _stdout: stdout,
            _profile: profile,
        };
        // Times and numbers on the page are written as whoever looks at it writes them.
        for (command, parameters) in [
            ("Emulation.setLocaleOverride", json!({"locale": "en-GB"})),
            (
                "Emulation.setTimezoneOverride",
                json!({"timezoneId": "Europe/Berlin"}),
            ),
        ] {
            chromium.devtools(command, parameters).await;
        }
        chromium
    }

    /// A command of the DevTools protocol, for what WebDriver has no word for.
    /// https://chromedevtools.github.io/devtools-protocol/
    pub(crate) async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.send("goog/cdp/execute", &body).await
    }

    /// What the browser had to complain of since it was last asked.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let log = self.send("se/log", &json!({"type": "browser"})).await;
        let entries = log.as_array().unwrap().iter();
        entries.map(|entry| entry["message"].to_string()).collect()
    }

    /// Sends a command that only this driver knows.
    async fn send(&self, path: &str, body: &Value) -> Value {
        let session = self.client.session_id().await.unwrap().unwrap();
        let url = format!("http://127.0.0.1:{}/session/{session}/{path}", self.port);
        let answer = Client::new().post(url).json(body).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["value"]["error"], Value::Null, "{path}: {answer}");
        answer["value"].clone()
    }
}

/// The driver ends its browser only when it is asked to.
impl Drop for Chromium {
    fn drop(&mut self) {
        if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) {
            let _ = stream.set_read_timeout(Some(Duration::from_secs(60)));
            let _ = stream.write_all(b"GET /shutdown HTTP/1.1\r\nHost: localhost\r\n\r\n");
            let _ = stream.read_to_end(&mut Vec::new());
        }
        let _ = self.driver.start_kill();
    }
}

/// A driver that listens. It takes a port that is free for IPv4 and ends if the same one is taken
/// for IPv6, which happens where many tests run side by side: then another is started.
async fn driver() -> (Child, BufReader<ChildStdout>, u16) {
    const ATTEMPTS: usize = 10;
    let mut said = String::new();
    for _ in 0..ATTEMPTS {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(driver.stdout.take().unwrap());
        match port(&mut stdout).await {
            Ok(port) => return (driver, stdout, port),
            Err(instead) => said = instead,
        }
    }
    panic!("chromedriver ended {ATTEMPTS} times before it told its port: {said}");
}

/// The port that a driver tells, or what it said before it ended without telling one.
async fn port(stdout: &mut BufReader<ChildStdout>) -> Result<u16, String> {
    let mut said = String::new();
    loop {
        let start = said.len();
        if stdout.read_line(&mut said).await.unwrap() == 0 {
            return Err(said);
        }
        if let Some((_, port)) = said[start..].split_once("successfully on port ") {
            return Ok(port.trim().trim_end_matches('.').parse().unwrap());
        }
    }
}

fn capabilities(profile: &TempDir) -> Capabilities {
    let folder = profile.path().display();
    let capabilities = json!({
        "browserName": "chrome",
        "goog:loggingPrefs": {"browser": "ALL"},
        "goog:chromeOptions": {
            "args": [
                "--headless=new",
                // The sandbox cannot be had in most containers, and all pages here are our own.
                "--no-sandbox",
                "--disable-dev-shm-usage",
                "--disable-gpu",
                "--hide-scrollbars",
                "--window-size=1440,900",
                format!("--user-data-dir={folder}"),
            ],
        },
    });
    match capabilities {
        Value::Object(capabilities) => capabilities,
        _ => unreachable!("capabilities are an object"),
    }
}
