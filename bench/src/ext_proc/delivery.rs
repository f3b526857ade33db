//! Events to the audit API, in batches like the plugin's.

use std::time::Duration;

use audit_layer_core::event::AuditEvent;
use reqwest::Client;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// Takes events. It waits where the audit API does not keep up.
#[derive(Debug, Clone)]
pub(super) struct Sender(mpsc::Sender<Vec<u8>>);

impl Sender {
    pub(super) fn start(audit_api: &str) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let url = format!("{audit_api}/audit/log/batch");
        tokio::spawn(deliver(receiver, url));
        Self(sender)
    }

    pub(super) async fn send(&self, event: &AuditEvent) {
        match serde_json::to_vec(event) {
            // The receiver is there as long as the program.
            Ok(line) => drop(self.0.send(line).await),
            Err(error) => eprintln!("an event could not be written: {error}"),
        }
    }
}

async fn deliver(mut lines: mpsc::Receiver<Vec<u8>>, url: String) {
    let client = Client::new();
    while let Some(mut batch) = lines.recv().await {
        let until = Instant::now() + LINGER;
        let mut events = 1;
        while events < EVENTS
            && let Ok(Some(line)) = timeout_at(until, lines.recv()).await
        {
            batch.push(b'\n');
            batch.extend(line);
            events += 1;
        }
        let (client, url) = (client.clone(), url.clone());
        tokio::spawn(async move {
            // What does not come is counted by who asks for it.
            if let Err(error) = client.post(url).body(batch).send().await {
                eprintln!("{events} events were not delivered: {error}");
            }
        });
    }
}

/// As the plugin's defaults.
const EVENTS: usize = 100;
const LINGER: Duration = Duration::from_millis(200);

const QUEUE: usize = 10_000;
