//! Clients and models that send small bodies which grow when they are decoded, many at once.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use audit_layer_tests::hostile::{Around, CODINGS, REQUEST, RESPONSE};
use audit_layer_tests::ports;
use serde_json::json;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::ledger::{Row, account};
use crate::load::{CALL_HEADER, Call, CallEnd, USER};
use crate::scale::Scale;
use crate::scene::{Scene, Setting};

/// Requests that are open at the same time, in each coding, all but their last byte sent.
pub(crate) async fn requests(scale: Scale) -> Result<Row> {
    held(scale, Side::Request).await
}

/// Answers that are open at the same time, in each coding, all but their last byte sent.
pub(crate) async fn answers(scale: Scale) -> Result<Row> {
    held(scale, Side::Answer).await
}

/// Who means no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Request,
    Answer,
}

/// Holds all streams of a coding open until each has come as far as it can, and ends them then. Events
/// have no content, so that the collector is not what is tried here.
async fn held(scale: Scale, side: Side) -> Result<Row> {
    let model = Model::start().await?;
    let (address, streams) = (model.address, streams(scale));
    let scene = Scene::start(Setting {
        change: Box::new(move |configuration| {
            configuration
                .endpoint("openai", address)?
                .capacity("openai", 2 * streams)?
                .plugin(|plugin| plugin["capture"] = json!({"content": "hash", "hash_key": "k"}))?;
            Ok(())
        }),
        ..Setting::default()
    })
    .await?;
    let mut calls = Vec::new();
    for (coding, encode) in CODINGS {
        let body = |is_hostile: bool, around: Around| match is_hostile {
            true => Body {
                coding,
                bytes: encode(around).into(),
            },
            false => Body {
                coding: "identity",
                bytes: plain(around).into(),
            },
        };
        let request = body(side == Side::Request, REQUEST);
        model.answer_with(body(side == Side::Answer, RESPONSE));
        let named = format!("{side:?}-{coding}");
        calls.extend(together(&scene, &model, side, (&named, &request), streams).await?);
    }
    let unread = scene.envoy.plugin_stat("bodies_unread").await?;
    ensure!(
        unread > 0 || scale == Scale::Brief,
        "the memory of the workers was never short"
    );
    let row = account(&scene, &calls).await?.unnoticed()?;
    Ok(row.remarked(format!("{unread} bodies unread for want of memory")))
}

/// Streams of one coding.
fn streams(scale: Scale) -> usize {
    match scale {
        Scale::Brief => 100,
        Scale::Full => 2000,
    }
}

fn plain((before, behind): Around) -> Vec<u8> {
    format!("{before}Hello{behind}").into_bytes()
}

/// Opens streams, and ends them when all are open.
async fn together(
    scene: &Scene,
    model: &Model,
    side: Side,
    (named, request): (&str, &Body),
    streams: usize,
) -> Result<Vec<Call>> {
    let (release, released) = watch::channel(false);
    if side == Side::Answer {
        model.hold(released.clone());
    }
    let seen = model.seen();
    let host = scene.url().trim_start_matches("http://").to_owned();
    let mut clients = JoinSet::new();
    for number in 0..streams {
        let client = Client {
            name: format!("{named}-{number}"),
            number,
            host: host.clone(),
            body: request.clone(),
            released: (side == Side::Request).then(|| released.clone()),
        };
        clients.spawn(client.call());
    }
    model.has_seen(seen + streams).await?;
    release.send_replace(true);
    let mut calls = Vec::new();
    while let Some(made) = clients.join_next().await {
        calls.push(made??);
    }
    Ok(calls)
}

/// A body and its coding.
#[derive(Debug, Clone)]
struct Body {
    coding: &'static str,
    bytes: Arc<[u8]>,
}

impl Body {
    /// Writes it behind this head; its last byte when it is released.
    async fn write(
        &self,
        stream: &mut TcpStream,
        head: &str,
        released: Option<watch::Receiver<bool>>,
    ) -> Result<()> {
        let Self { coding, bytes } = self;
        let length = bytes.len();
        let head = format!(
            "{head}content-type: application/json\r\ncontent-encoding: {coding}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await?;
        let (first, last) = bytes.split_at(length.saturating_sub(1));
        stream.write_all(first).await?;
        if let Some(mut released) = released {
            released.wait_for(|released| *released).await?;
        }
        stream.write_all(last).await?;
        Ok(())
    }
}

/// A client that makes one call.
struct Client {
    name: String,
    number: usize,
    host: String,
    body: Body,
    released: Option<watch::Receiver<bool>>,
}

impl Client {
    async fn call(self) -> Result<Call> {
        let connected = TcpStream::connect(&self.host).await;
        let mut stream =
            connected.context("no connection: each stream takes some files, see `ulimit -n`")?;
        let (name, host) = (&self.name, &self.host);
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: {host}\r\n{CALL_HEADER}: {name}\r\n\
             x-audit-session-id: {name}\r\nx-audit-user-id: {USER}\r\n"
        );
        self.body.write(&mut stream, &head, self.released).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let status = answer
            .get(9..12)
            .and_then(|status| str::from_utf8(status).ok());
        Ok(Call {
            name: self.name,
            client: self.number,
            ended_at: Instant::now(),
            end: match status.and_then(|status| status.parse().ok()) {
                Some(status) => CallEnd::Whole {
                    status,
                    refusal: None,
                },
                None => CallEnd::Broken,
            },
        })
    }
}

/// Who answers. It reads requests whole, and may hold back the last byte of its answers.
struct Model {
    address: SocketAddr,
    says: watch::Sender<Option<Says>>,
    seen: watch::Receiver<usize>,
}

/// What is answered, and when its last byte.
#[derive(Debug, Clone)]
struct Says {
    body: Body,
    released: Option<watch::Receiver<bool>>,
}

impl Model {
    async fn start() -> Result<Self> {
        let listener = TcpListener::bind(ports::loopback(0)).await?;
        let address = listener.local_addr()?;
        let (says, said) = watch::channel(None);
        let (counted, seen) = watch::channel(0);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                // What breaks off is an error of its client's.
                tokio::spawn(answer(stream, said.clone(), counted.clone()));
            }
        });
        Ok(Self {
            address,
            says,
            seen,
        })
    }

    fn answer_with(&self, body: Body) {
        let says = Says {
            body,
            released: None,
        };
        self.says.send_replace(Some(says));
    }

    fn hold(&self, released: watch::Receiver<bool>) {
        self.says.send_modify(|says| {
            if let Some(says) = says {
                says.released = Some(released);
            }
        });
    }

    fn seen(&self) -> usize {
        *self.seen.borrow()
    }

    /// Waits until so many requests have come, as far as their clients let them.
    async fn has_seen(&self, requests: usize) -> Result<()> {
        let mut seen = self.seen.clone();
        let enough = seen.wait_for(|seen| *seen >= requests);
        enough.await.context("the model has ended")?;
        Ok(())
    }
}

/// Reads a request and answers it.
async fn answer(
    stream: TcpStream,
    said: watch::Receiver<Option<Says>>,
    counted: watch::Sender<usize>,
) -> Result<()> {
    let mut stream = BufReader::new(stream);
    let mut left = body_bytes(&mut stream).await?;
    let mut is_counted = false;
    let mut buffer = vec![0; 1 << 14];
    while left > 0 {
        // All but the last byte may be all that comes for a while.
        if left == 1 && !is_counted {
            counted.send_modify(|seen| *seen += 1);
            is_counted = true;
        }
        match stream.read(&mut buffer).await? {
            0 => bail!("the request broke off"),
            bytes => left = left.saturating_sub(bytes),
        }
    }
    if !is_counted {
        counted.send_modify(|seen| *seen += 1);
    }
    let says = said.borrow().clone().context("nothing to say")?;
    let head = "HTTP/1.1 200 OK\r\n";
    says.body.write(stream.get_mut(), head, says.released).await
}

/// Reads the head of a request, and tells how many bytes its body has.
async fn body_bytes(stream: &mut BufReader<TcpStream>) -> Result<usize> {
    let mut bytes = 0;
    loop {
        let mut line = String::new();
        ensure!(
            stream.read_line(&mut line).await? > 0,
            "the request broke off"
        );
        match line.trim_end().to_ascii_lowercase().split_once(": ") {
            Some(("content-length", length)) => bytes = length.parse()?,
            Some(_) => {}
            None if line.trim_end().is_empty() => return Ok(bytes),
            None => {}
        }
    }
}
