//! TLS by certificate files.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use audit_layer_collector::limits;
use rcgen::CertifiedKey;
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::import::{Imported, file, import_to, line};
use crate::program::{Folder, KEY, Program, begin_to_record, until_async};
use crate::sample::event;
use crate::startup::complaint;

/// A certificate for `localhost` and its key, in two files of a folder.
struct Files {
    certificate: String,
    key: String,
}

impl Files {
    fn in_folder(folder: &Folder) -> Self {
        let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.path(name));
        let [certificate, key] = [certificate, key].map(|path| path.to_str().unwrap().to_owned());
        let files = Self { certificate, key };
        files.renew();
        files
    }

    /// Makes a new pair in the place of the old one.
    fn renew(&self) {
        let (certificate, key) = pair();
        std::fs::write(&self.key, key).unwrap();
        std::fs::write(&self.certificate, certificate).unwrap();
    }

    fn arguments(&self) -> [&str; 4] {
        ["--tls-cert", &self.certificate, "--tls-key", &self.key]
    }

    async fn start(&self, folder: &Folder) -> Program {
        let arguments = [&["--api-key", KEY][..], &self.arguments()].concat();
        Program::start_with(folder, &arguments).await
    }
}

fn pair() -> (String, String) {
    let CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    (cert.pem(), signing_key.serialize_pem())
}

/// Shakes hands as a client that trusts the certificate in this file alone.
async fn connect(
    program: &Program,
    trusted: &Path,
    version: &'static SupportedProtocolVersion,
) -> std::io::Result<TlsStream<TcpStream>> {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_file(trusted).unwrap())
        .unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let address: SocketAddr = program.host().parse().unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await
}

/// Sends a request by TLS 1.3 and reads the answer to its end.
async fn ask(program: &Program, trusted: &Path, request: &str) -> String {
    let mut stream = connect(program, trusted, &TLS13).await.unwrap();
    let request = request.replace(
        "\r\n\r\n",
        "\r\nhost: localhost\r\nconnection: close\r\n\r\n",
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\n\r\n";

#[tokio::test]
async fn with_a_certificate_the_api_is_spoken_over_tls() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let trusted = Path::new(&files.certificate);
    for version in [&TLS12, &TLS13] {
        let stream = connect(&program, trusted, version).await.unwrap();
        let (_, connection) = stream.get_ref();
        assert_eq!(connection.protocol_version(), Some(version.version));
        assert_eq!(connection.alpn_protocol(), Some(&b"http/1.1"[..]));
    }
    let answer = ask(&program, trusted, HEALTH).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.contains("strict-transport-security: max-age=2592000\r\n"),
        "{answer}"
    );
    let expected = format!("listening on https://{}", program.host());
    assert!(program.stderr().contains(&expected), "{}", program.stderr());
}

#[tokio::test]
async fn without_a_certificate_no_browser_is_bound_to_tls() {
    let program = Program::start().await;
    let answer = program.get("/").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers.get("strict-transport-security"), None);
}

#[tokio::test]
async fn a_session_over_tls_is_secure_whatever_the_client_says() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let form = format!("key={KEY}");
    let request = format!(
        "POST /session HTTP/1.1\r\nx-forwarded-proto: http\r\ncontent-length: {}\r\n\r\n{form}",
        form.len()
    );
    let answer = ask(&program, Path::new(&files.certificate), &request).await;
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie: "));
    assert!(cookie.unwrap().contains("; Secure;"), "{answer}");
}

#[tokio::test]
async fn an_import_speaks_tls_with_the_collector() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let log = file(&folder, "envoy.log", line(&event("a")));
    let port = program.host().rsplit_once(':').unwrap().1;
    let mut import = import_to(&format!("https://localhost:{port}/v1"));
    import.env("SSL_CERT_FILE", &files.certificate).arg(&log);
    let imported = Imported::of(&mut import).await;
    assert_eq!(imported.counts(), [1, 0, 0], "{}", imported.stderr);
}

#[tokio::test]
async fn a_renewed_certificate_is_taken_without_a_restart() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let old = folder.path("old.pem");
    std::fs::copy(&files.certificate, &old).unwrap();
    let mut open = connect(&program, &old, &TLS13).await.unwrap();

    files.renew();
    program.signal("HUP").await;
    let new = Path::new(&files.certificate);
    until_async("the new certificate is used", async || {
        connect(&program, new, &TLS13).await.is_ok()
    })
    .await;
    assert!(connect(&program, &old, &TLS13).await.is_err());

    // What was open goes on.
    let request = HEALTH.replace("\r\n\r\n", "\r\nhost: x\r\nconnection: close\r\n\r\n");
    open.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    open.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
}

#[tokio::test]
async fn a_renewed_certificate_is_noticed_without_a_signal() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    files.renew();
    until_async("the new certificate is used", async || {
        let trusted = Path::new(&files.certificate);
        connect(&program, trusted, &TLS13).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_new_pair_that_cannot_be_used_leaves_the_old_one() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let old = folder.path("old.pem");
    std::fs::copy(&files.certificate, &old).unwrap();
    let (_, other_key) = pair();
    std::fs::write(&files.key, other_key).unwrap();
    program.signal("HUP").await;
    until_async("it says so", async || {
        program.stderr().contains("the new certificate is not used")
    })
    .await;
    assert!(
        program
            .stderr()
            .contains("does not match the first certificate")
    );
    assert!(connect(&program, &old, &TLS13).await.is_ok());
}

#[tokio::test]
async fn clients_that_never_shake_hands_keep_no_other_out() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let trusted = Path::new(&files.certificate);
    let mut silent = Vec::new();
    for _ in 0..limits::HANDSHAKES_MAX + 8 {
        silent.push(TcpStream::connect(program.host()).await.unwrap());
    }
    let answer = ask(&program, trusted, HEALTH).await;
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");

    // The first of them gave way, and not because its time was over: then all would have failed.
    assert_eq!(silent[0].read(&mut [0]).await.unwrap(), 0);
    let failed = failed_handshakes(&program, trusted).await;
    assert!((8..16).contains(&failed), "{failed}");

    // They do not keep it from stopping either.
    program.stop().await;
}

async fn failed_handshakes(program: &Program, trusted: &Path) -> usize {
    let metrics = ask(program, trusted, "GET /metrics HTTP/1.1\r\n\r\n").await;
    let name = "audit_layer_collector_tls_handshakes_failed_total ";
    let value = metrics.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().parse().unwrap()
}

#[tokio::test]
async fn plain_http_gets_no_answer_on_a_port_with_tls() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let program = files.start(&folder).await;
    let mut stream = TcpStream::connect(program.host()).await.unwrap();
    let request = HEALTH.replace("\r\n\r\n", "\r\nhost: x\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // It ends, by a reset or in order; a TLS alert may come before.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(answer.len() < 16, "{answer:?}");
    assert_eq!(
        failed_handshakes(&program, Path::new(&files.certificate)).await,
        1
    );
}

#[tokio::test]
async fn a_request_over_tls_is_finished_when_the_program_stops() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let mut program = files.start(&folder).await;
    let mut stream = connect(&program, Path::new(&files.certificate), &TLS13)
        .await
        .unwrap();
    let body = event("a").to_string();
    let (first, rest) = body.split_at(10);
    begin_to_record(&mut stream, body.len()).await;
    stream.write_all(first.as_bytes()).await.unwrap();
    program.signal("TERM").await;
    until_async("it is stopping", async || {
        program.stderr().contains("stopping")
    })
    .await;
    stream.write_all(rest.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.contains("\"status\":\"stored\""), "{answer}");
    assert!(program.ended().await.success());
}

#[tokio::test]
async fn a_certificate_that_cannot_be_used_is_explained() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    let (certificate, key) = pair();
    let write = |name: &str, text: &str| {
        let path = folder.path(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let encrypted = key.replace("PRIVATE", "ENCRYPTED PRIVATE");
    let broken = certificate.replacen("MII", "MIX", 1);
    for (cert, key, expected) in [
        (
            "missing.pem".to_owned(),
            files.key.clone(),
            "cannot read missing.pem",
        ),
        (
            files.certificate.clone(),
            "missing.pem".to_owned(),
            "cannot read missing.pem",
        ),
        (
            write("no certificate", "hello"),
            files.key.clone(),
            "no certificate contains no certificate",
        ),
        (
            files.key.clone(),
            files.key.clone(),
            "key.pem contains no certificate",
        ),
        (
            write("broken", &broken),
            files.key.clone(),
            "broken contains no certificate",
        ),
        (
            files.certificate.clone(),
            write("no key", "hello"),
            "no key contains no private key",
        ),
        (
            files.certificate.clone(),
            write("encrypted", &encrypted),
            "is encrypted",
        ),
        (
            files.certificate.clone(),
            write("other", &key),
            "does not match the first certificate",
        ),
    ] {
        let stderr = complaint(&folder, &["--tls-cert", &cert, "--tls-key", &key]).await;
        assert!(stderr.contains(expected), "{expected}: {stderr}");
    }
}

#[tokio::test]
async fn a_certificate_without_a_key_is_no_certificate() {
    let folder = Folder::new();
    let files = Files::in_folder(&folder);
    for [option, path] in [
        ["--tls-cert", &files.certificate],
        ["--tls-key", &files.key],
    ] {
        let mut serve = crate::program::audit_layer("serve");
        let output = crate::program::run(serve.args([option, path])).await;
        assert_eq!(output.status.code(), Some(2), "{output:?}");
    }
}
