//! Sends a way through a gateway on a socket of its own, so that no library tidies it up.

use std::net::SocketAddr;

use anyhow::Result;
use audit_layer_tests::wait::PATIENCE;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::way::{Version, Way};

/// Sends it and waits until the answer is over. What the answer says does not matter.
pub(crate) async fn send(gateway: SocketAddr, way: &Way, server: &str, id: &str) -> Result<()> {
    let mut stream = TcpStream::connect(gateway).await?;
    let (mut reader, mut writer) = stream.split();
    let is_http2 = way.version == Version::Http2;
    let bytes = if is_http2 {
        way.http2(server, id)
    } else {
        way.http1(server, id)
    };
    // Whoever refuses a request may close before all of it has come, and is waited for all the same.
    let write = async { writer.write_all(&bytes).await.ok() };
    let read = async {
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut piece).await {
            answer.extend(&piece[..count]);
            if is_http2 && is_over(&answer) {
                break;
            }
        }
    };
    tokio::time::timeout(PATIENCE, async { tokio::join!(write, read) }).await?;
    Ok(())
}

/// Whether these frames of HTTP/2 have one that ends stream 1 or the connection.
fn is_over(mut frames: &[u8]) -> bool {
    const END_STREAM: u8 = 1;
    const RST_STREAM: u8 = 3;
    const GOAWAY: u8 = 7;
    while let Some((head, rest)) = frames.split_at_checked(9) {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((_, next)) = rest.split_at_checked(length) else {
            return false;
        };
        let ends = matches!(head[3], 0 | 1) && head[4] & END_STREAM != 0;
        if ends || matches!(head[3], RST_STREAM | GOAWAY) {
            return true;
        }
        frames = next;
    }
    false
}
