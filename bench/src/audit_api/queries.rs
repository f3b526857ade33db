//! How long queries take.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use audit_layer_tests::collector::Api;
use reqwest::Client;
use serde_json::Value;

use crate::audit_api::corpus::{self, DECISIONS, Dice, MODELS, OUTCOMES};

/// One kind of query.
pub struct Kind {
    /// What it is for.
    pub name: &'static str,
    /// The path of one of them, among so many events.
    path: fn(&mut Dice, u64) -> String,
}

/// How long the queries of a kind took.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// Half of them took less.
    pub median: Duration,
    /// All but a hundredth took less.
    pub p99: Duration,
    /// None took more.
    pub max: Duration,
    /// Events on a page, on average.
    pub events: f64,
}

/// Every kind that the page and an auditor's scripts use.
pub const KINDS: [Kind; 15] = [
    Kind {
        name: "newest page",
        path: |_, _| "audit/logs".to_owned(),
    },
    Kind {
        name: "one day",
        path: |dice, events| {
            let day = &corpus::timestamp(dice.roll() % events)[..10];
            format!("audit/logs?start_date={day}&end_date={day}")
        },
    },
    Kind {
        name: "a page of 500",
        path: |dice, events| {
            let day = &corpus::timestamp(dice.roll() % events)[..10];
            format!("audit/logs?end_date={day}&limit=500")
        },
    },
    Kind {
        name: "user",
        path: |dice, events| format!("audit/logs?user_id={}", corpus::user(dice.roll() % events)),
    },
    Kind {
        name: "session",
        path: |dice, events| {
            format!(
                "audit/logs?session_id={}",
                corpus::session(dice.roll() % events)
            )
        },
    },
    Kind {
        name: "decision and outcome",
        path: |dice, _| {
            let (decision, outcome) = (DECISIONS[dice.below(4)], OUTCOMES[dice.below(3)]);
            format!("audit/logs?decision_type={decision}&decision_outcome={outcome}")
        },
    },
    Kind {
        name: "model, in a month",
        path: |dice, _| {
            let (_, model) = MODELS[dice.below(4)];
            format!("audit/logs?model_name={model}&start_date=2025-02-01&end_date=2025-02-28")
        },
    },
    Kind {
        name: "tag and risk",
        path: |_, _| "audit/logs?compliance_tag=HIPAA&risk_level=high".to_owned(),
    },
    Kind {
        name: "failed calls of a user",
        path: |dice, events| {
            let user = corpus::user(dice.roll() % events);
            format!("audit/logs?completion_state=upstream_error&user_id={user}")
        },
    },
    Kind {
        name: "prompt hash",
        path: |dice, events| {
            format!(
                "audit/logs?prompt_hash={}",
                corpus::prompt_hash(dice.roll() % events)
            )
        },
    },
    Kind {
        name: "rare word",
        path: |dice, _| format!("audit/logs?text={}", corpus::rare_word(dice)),
    },
    Kind {
        name: "two rare words",
        path: |dice, _| {
            format!(
                "audit/logs?text={}+{}",
                corpus::rare_word(dice),
                corpus::rare_word(dice)
            )
        },
    },
    Kind {
        name: "common word of a user",
        path: |dice, events| {
            let mut word = String::new();
            corpus::word(&mut word, 3);
            format!(
                "audit/logs?text={word}&user_id={}",
                corpus::user(dice.roll() % events)
            )
        },
    },
    Kind {
        name: "by request_id",
        path: |dice, events| format!("audit/logs/{}", corpus::request_id(dice.roll() % events)),
    },
    Kind {
        name: "completeness",
        path: |_, _| "audit/completeness".to_owned(),
    },
];

impl Kind {
    /// Asks so many queries of this kind, one after another, of an API with so many events.
    pub async fn measure(&self, api: &Api, events: u64, queries: usize) -> Result<Times> {
        let client = Client::new();
        let mut dice = Dice(events);
        let (mut times, mut found) = (Vec::with_capacity(queries), 0);
        for _ in 0..queries {
            let url = format!("{}/{}", api.url(), (self.path)(&mut dice, events));
            let began = Instant::now();
            let answer = client.get(&url).bearer_auth(api.key()).send().await?;
            let status = answer.status();
            let body = answer.bytes().await?;
            times.push(began.elapsed());
            ensure!(status.is_success(), "{url}: {status}");
            let answer: Value = serde_json::from_slice(&body)?;
            found += answer["data"].as_array().map_or(1, Vec::len);
        }
        times.sort_unstable();
        let at = |share: f64| times[((queries - 1) as f64 * share).round() as usize];
        Ok(Times {
            median: at(0.5),
            p99: at(0.99),
            max: at(1.0),
            events: found as f64 / queries as f64,
        })
    }
}
