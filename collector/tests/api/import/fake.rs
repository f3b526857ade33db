//! An audit API that answers as a test wants it to.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::response::Response;
use serde_json::json;
use tokio::net::TcpListener;

/// Serves until the test ends.
pub(super) struct Fake {
    pub(super) url: String,
    /// The number of events in each batch that came.
    pub(super) batches: Arc<Mutex<Vec<usize>>>,
}

impl Fake {
    /// `answer` is given the number of batches that came before, and the number of events in this
    /// one.
    pub(super) async fn start(
        answer: impl Fn(usize, usize) -> Response + Clone + Send + Sync + 'static,
    ) -> Self {
        let batches = Arc::new(Mutex::new(Vec::new()));
        let came = Arc::clone(&batches);
        let handler = async move |body: Bytes| {
            let events = body.split_inclusive(|byte| *byte == b'\n').count();
            let before = {
                let mut came = came.lock().unwrap();
                came.push(events);
                came.len() - 1
            };
            answer(before, events)
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let router = Router::new()
            .fallback(handler)
            .layer(DefaultBodyLimit::disable());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, batches }
    }

    pub(super) fn batches(&self) -> Vec<usize> {
        self.batches.lock().unwrap().clone()
    }
}

pub(super) fn answer(status: u16, body: impl Into<String>) -> Response {
    let answer = Response::builder()
        .status(status)
        .header("retry-after", "0");
    answer.body(body.into().into()).unwrap()
}

/// All of a batch is new.
pub(super) fn stored(events: usize) -> Response {
    let counts = json!({"accepted": events, "duplicates": 0, "rejected": []});
    answer(200, counts.to_string())
}
