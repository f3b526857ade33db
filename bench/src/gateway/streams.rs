//! Streams side by side: when their events come, and how much later than they were sent.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use bytes::Bytes;
use hdrhistogram::Histogram;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use memchr::memmem;
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::gateway::calls::DIGITS;
use crate::gateway::client::Client;
use crate::gateway::clock;
use crate::gateway::workload::{ENDLESS, SENT_AT, SENT_AT_DIGITS, Stream};

/// When events came, all in nanoseconds.
#[derive(Debug, Clone)]
pub struct Times {
    /// From the request to the first event.
    pub first: Histogram<u64>,
    /// From an event's being sent to its coming.
    pub transit: Histogram<u64>,
    /// By how much the distance of two events had changed on the way.
    pub gap: Histogram<u64>,
}

impl Times {
    fn new() -> Result<Self> {
        Ok(Self {
            first: Histogram::new(DIGITS)?,
            transit: Histogram::new(DIGITS)?,
            gap: Histogram::new(DIGITS)?,
        })
    }

    fn add(&mut self, other: &Self) -> Result<()> {
        self.first.add(&other.first)?;
        self.transit.add(&other.transit)?;
        self.gap.add(&other.gap)?;
        Ok(())
    }

    /// How many events came.
    pub fn events(&self) -> u64 {
        self.transit.len()
    }
}

/// Asks for all answers of a workload and reads them.
///
/// # Errors
/// One of them breaks off, or has fewer events than were sent.
pub async fn read_all(proxy: SocketAddr, stream: Stream) -> Result<Times> {
    let mut clients = JoinSet::new();
    // Nobody's clients all ask in the same millisecond.
    let ramp = (stream.gap * u32::try_from(stream.events).unwrap_or(u32::MAX)).min(RAMP_MAX);
    for number in 0..stream.concurrent {
        clients.spawn(async move {
            sleep(ramp.mul_f64(number as f64 / stream.concurrent as f64)).await;
            let mut client = Client::connect(proxy, stream.request_body()).await?;
            let mut times = Times::new()?;
            for _ in 0..stream.rounds {
                answer(&mut client, stream.events, &mut times).await?;
            }
            anyhow::Ok(times)
        });
    }
    let mut all = Times::new()?;
    while let Some(times) = clients.join_next().await {
        all.add(&times??)?;
    }
    Ok(all)
}

/// The longest time over which clients begin.
const RAMP_MAX: Duration = Duration::from_secs(5);

async fn answer(client: &mut Client, events: usize, times: &mut Times) -> Result<()> {
    let asked = clock::now();
    let mut body = client.ask().await?.into_body();
    let mut reader = Reader::default();
    let mut last: Option<(u64, u64)> = None;
    let mut count = 0;
    while let Some(frame) = body.frame().await {
        let came = clock::now();
        let frame = frame.context("the stream broke off")?;
        let Some(bytes) = frame.data_ref() else {
            continue;
        };
        for sent in reader.read(bytes) {
            count += 1;
            times.transit.record(came.saturating_sub(sent))?;
            match last {
                None => times.first.record(came.saturating_sub(asked))?,
                Some((last_sent, last_came)) => {
                    let distance = sent.saturating_sub(last_sent);
                    times.gap.record((came - last_came).abs_diff(distance))?;
                }
            }
            last = Some((sent, came));
        }
    }
    if count != events {
        bail!("{count} of {events} events came");
    }
    Ok(())
}

/// Finds when events were sent, in the pieces of a stream.
#[derive(Default)]
struct Reader {
    /// What may be the beginning of something.
    rest: Vec<u8>,
}

impl Reader {
    /// The times in what came so far and was not read.
    fn read(&mut self, bytes: &Bytes) -> Vec<u64> {
        self.rest.extend_from_slice(bytes);
        let mut times = Vec::new();
        let mut read = 0;
        for at in memmem::find_iter(&self.rest, SENT_AT) {
            let from = at + SENT_AT.len();
            let digits = self.rest.get(from..from + SENT_AT_DIGITS);
            let Some(time) = digits.and_then(|digits| str::from_utf8(digits).ok()?.parse().ok())
            else {
                break;
            };
            times.push(time);
            read = from + SENT_AT_DIGITS;
        }
        let kept = read.max(
            self.rest
                .len()
                .saturating_sub(SENT_AT.len() + SENT_AT_DIGITS),
        );
        self.rest.drain(..kept);
        times
    }
}

/// Streams that are open and do nothing. Dropping them ends them.
#[derive(Debug)]
pub struct Open {
    _answers: Vec<Incoming>,
    _clients: JoinSet<()>,
}

/// Opens so many, each of which has had its first event.
pub async fn open(proxy: SocketAddr, count: usize) -> Result<Open> {
    let mut answers = Vec::with_capacity(count);
    let mut clients = JoinSet::new();
    for _ in 0..count {
        let mut client = Client::connect(proxy, ENDLESS.request_body()).await?;
        let mut body = client.ask().await?.into_body();
        let first = body.frame().await.context("no first event")?;
        first.context("the stream broke off")?;
        answers.push(body);
        // A connection whose sender is gone is closed.
        clients.spawn(async move {
            let _client = client;
            std::future::pending::<()>().await;
        });
    }
    Ok(Open {
        _answers: answers,
        _clients: clients,
    })
}
