//! Audit APIs elsewhere speak https.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use rcgen::CertifiedKey;
use rustls::crypto::ring;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::import::{Imported, file, import_to, line};
use crate::program::Folder;
use crate::sample::event;

/// Starts an https server that stores every batch of one event. Returns its address and the
/// certificate that vouches for it.
fn serve(folder: &Folder) -> (String, PathBuf) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], key)
        .unwrap();
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "https://localhost:{}/v1",
        listener.local_addr().unwrap().port()
    );
    // It ends with the test's process: there is nothing to tidy up.
    thread::spawn(move || {
        for socket in listener.incoming() {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            // A client that does not trust the certificate hangs up.
            let _ = answer(StreamOwned::new(connection, socket.unwrap()));
        }
    });
    (url, file(folder, "authority.pem", cert.pem()))
}

fn answer(stream: impl Read + Write) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut header = String::new();
        stream.read_line(&mut header)?;
        if header.trim_end().is_empty() {
            break;
        }
        if let Some(value) = header.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap();
        }
    }
    stream.read_exact(&mut vec![0; length])?;
    let counts = "{\"accepted\":1,\"duplicates\":0,\"rejected\":[]}";
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n",
        counts.len()
    );
    stream.get_mut().write_all((head + counts).as_bytes())?;
    stream.get_mut().flush()
}

#[tokio::test]
async fn https_works_with_an_authority_that_the_system_trusts_and_with_no_other() {
    let folder = Folder::new();
    let (url, authority) = serve(&folder);
    let log = file(&folder, "envoy.log", line(&event("a")));
    let mut command = import_to(&url);
    let trusting = Imported::of(command.env("SSL_CERT_FILE", authority).arg(&log)).await;
    assert_eq!(
        (trusting.code, trusting.counts()),
        (Some(0), [1, 0, 0]),
        "{}",
        trusting.stderr
    );

    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let other = file(&folder, "other.pem", other.cert.pem());
    let mut command = import_to(&url);
    let doubting = Imported::of(command.env("SSL_CERT_FILE", other).arg(&log)).await;
    assert_eq!(doubting.counts(), [0, 0, 0]);
    doubting.assert_complaint(&["certificate", "cannot be reached"]);
}
