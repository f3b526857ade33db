//! A provider behind TLS, on loopback: another Envoy ends the TLS in front of the sample LLM.

use std::path::PathBuf;

use anyhow::Result;
use audit_layer_tests::envoy::{self, Configuration, Envoy};
use audit_layer_tests::{python, workspace};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Value, json};
use tempfile::TempDir;

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

    fn server(&self) -> Value {
        json!({
            "certificate_chain": { "filename": self.folder.path().join("server.pem") },
            "private_key": { "filename": self.folder.path().join("server.key") },
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
