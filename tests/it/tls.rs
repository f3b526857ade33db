//! TLS on both sides of the gateway: a provider behind it, for which another Envoy ends the TLS in
//! front of the sample LLM, and a collector that speaks it itself.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};
use audit_layer_tests::collector::{self, Collector};
use audit_layer_tests::envoy::{self, Configuration, Envoy};
use audit_layer_tests::sample_llm::SampleLlm;
use audit_layer_tests::stack::{self, LISTENER};
use audit_layer_tests::wait::{PATIENCE, wait_until};
use audit_layer_tests::{python, wasm, workspace};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::call::{Call, OPENAI};
use crate::fixture::run;

#[test]
fn events_are_delivered_to_a_collector_over_tls() -> Result<()> {
    run(async {
        let certificates = Certificates::new()?;
        let folder = workspace::scratch()?;
        let database = folder.path().join("audit.db");
        let [certificate, key] = certificates.files();
        let tls = [
            "--tls-cert".as_ref(),
            certificate.as_os_str(),
            "--tls-key".as_ref(),
            key.as_os_str(),
        ];
        let (mut collector, address) =
            collector::spawn(database.as_os_str(), 0, folder.path(), &tls).await?;
        let sample = SampleLlm::start(Duration::ZERO).await?;
        let mut configuration = Configuration::shipped("envoy.yaml")?;
        configuration
            .listen_anywhere()?
            .module(wasm::build().await?)?
            .tls_as_in("audit_api", "openai")?
            .tls_endpoint("audit_api", "localhost", address.port())?
            .trusted_authorities(&certificates.authority())?
            .plugin(|plugin| plugin["audit_api"]["url"] = "https://localhost/v1".into())?;
        stack::ask_sample(&mut configuration, &sample)?;
        let options = stack::envoy_options();
        let envoy = Envoy::start(&python::envoy().await?, &configuration, &options).await?;

        let url = format!("http://{}", envoy.address(LISTENER)?);
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": "Hi" }] });
        let answer = Call::new(OPENAI, body.to_string()).make(&url).await?;
        let delivered = wait_until("delivered event", PATIENCE, async || {
            let delivered = envoy.plugin_stat("events_delivered").await?;
            Ok((delivered > 0).then_some(()))
        });
        delivered.await.with_context(|| {
            let collector = collector.log_tail();
            format!("{}\n{collector}", envoy.log_tail())
        })?;

        // What it stored is read without TLS, which the tests' client does not speak.
        collector.terminate().await?;
        let collector = Collector::start(&database, 0).await?;
        let event = collector.api().event(answer.request_id()?).await?;
        assert_eq!(
            event.map(|event| event["prompt_content"].clone()),
            Some("Hi".into())
        );
        Ok(())
    })
}

/// An authority of our own with a certificate for `localhost`, as files in PEM.
pub(crate) struct Certificates {
    folder: TempDir,
}

impl Certificates {
    pub(crate) fn new() -> Result<Self> {
        let folder = workspace::scratch()?;
        let mut authority = CertificateParams::default();
        // A name of its own: two certificates of one name look like one that signed itself.
        authority
            .distinguished_name
            .push(DnType::CommonName, "An authority for one test");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let server = CertificateParams::new(["localhost".to_owned()])?;
        let server = server.signed_by(&key, &authority)?;
        std::fs::write(folder.path().join("authority.pem"), authority.pem())?;
        std::fs::write(folder.path().join("server.pem"), server.pem())?;
        std::fs::write(folder.path().join("server.key"), key.serialize_pem())?;
        Ok(Self { folder })
    }

    /// Who must be believed for the server to be believed.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// The server's certificate, and its key.
    fn files(&self) -> [PathBuf; 2] {
        ["server.pem", "server.key"].map(|name| self.folder.path().join(name))
    }

    fn server(&self) -> Value {
        let [certificate, key] = self.files();
        json!({
            "certificate_chain": { "filename": certificate },
            "private_key": { "filename": key },
        })
    }
}

/// Starts an Envoy that takes TLS as `localhost` and passes what is inside to a loopback port.
pub(crate) async fn in_front_of(port: u16, certificates: &Certificates) -> Result<Envoy> {
    let folder = workspace::scratch()?;
    let file = folder.path().join("tls.yaml");
    std::fs::write(
        &file,
        configuration(port, &certificates.server()).to_string(),
    )?;
    let configuration = Configuration::read(&file)?;
    let options = envoy::Options::default();
    Envoy::start(&python::envoy().await?, &configuration, &options).await
}

fn configuration(port: u16, certificate: &Value) -> Value {
    const TYPES: &str = "type.googleapis.com/envoy.extensions";
    let address =
        |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
    let proxy = json!({
        "@type": format!("{TYPES}.filters.network.tcp_proxy.v3.TcpProxy"),
        "stat_prefix": "tls", "cluster": "inside",
    });
    let tls = json!({
        "@type": format!("{TYPES}.transport_sockets.tls.v3.DownstreamTlsContext"),
        "common_tls_context": { "tls_certificates": [certificate] },
    });
    let chain = json!({
        "filters": [{ "name": "envoy.filters.network.tcp_proxy", "typed_config": proxy }],
        "transport_socket": { "name": "envoy.transport_sockets.tls", "typed_config": tls },
    });
    let endpoint = json!({ "endpoint": { "address": address(port) } });
    let inside = json!({
        "name": "inside", "type": "STATIC",
        "load_assignment": {
            "cluster_name": "inside", "endpoints": [{ "lb_endpoints": [endpoint] }],
        },
    });
    json!({
        "admin": { "address": address(0) },
        "static_resources": {
            "listeners": [{ "name": "tls", "address": address(0), "filter_chains": [chain] }],
            "clusters": [inside],
        },
    })
}
