//! A mesh in small: an authority, a gateway that asks for certificates, and a client's sidecar.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::LazyLock;

use anyhow::Result;
use audit_layer_tests::envoy::{self, Configuration, Envoy};
use audit_layer_tests::{python, workspace};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, KeyPair,
    SanType,
};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The client's id.
pub(crate) const SPIFFE_ID: &str = "spiffe://mesh.example/ns/shop/sa/checkout";

/// The authority's files.
pub(crate) struct Mesh {
    folder: TempDir,
}

impl Mesh {
    fn new() -> Result<Self> {
        let folder = workspace::scratch()?;
        let mut authority = CertificateParams::default();
        let named = |name: &str| {
            let mut names = DistinguishedName::new();
            names.push(DnType::CommonName, name);
            names
        };
        authority.distinguished_name = named("An authority of a mesh");
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let mut client = CertificateParams::default();
        client.distinguished_name = named("checkout");
        client.subject_alt_names = vec![SanType::URI(SPIFFE_ID.try_into()?)];
        let server = CertificateParams::new(["localhost".to_owned()])?;
        for (name, params) in [("client", client), ("server", server)] {
            let key = KeyPair::generate()?;
            let certificate = params.signed_by(&key, &authority)?;
            let path = |end: &str| folder.path().join(format!("{name}.{end}"));
            std::fs::write(path("pem"), certificate.pem())?;
            std::fs::write(path("key"), key.serialize_pem())?;
        }
        std::fs::write(folder.path().join("authority.pem"), authority.pem())?;
        Ok(Self { folder })
    }

    /// The only one.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: LazyLock<Mesh> = LazyLock::new(|| Mesh::new().unwrap());
        &SHARED
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn certificate(&self, name: &str) -> Value {
        json!({
            "certificate_chain": { "filename": self.file(&format!("{name}.pem")) },
            "private_key": { "filename": self.file(&format!("{name}.key")) },
        })
    }

    fn authority(&self) -> Value {
        json!({ "trusted_ca": { "filename": self.file("authority.pem") } })
    }

    /// How a gateway speaks TLS that takes certificates of the authority and calls without one.
    pub(crate) fn server(&self) -> Value {
        json!({
            "tls_certificates": [self.certificate("server")],
            "validation_context": self.authority(),
        })
    }

    /// Starts an Envoy beside a client, which speaks TLS for it, with the client's certificate or none.
    pub(crate) async fn sidecar(
        &self,
        gateway: SocketAddr,
        has_certificate: bool,
    ) -> Result<Envoy> {
        const TYPES: &str = "type.googleapis.com/envoy.extensions";
        let address =
            |port: u16| json!({ "socket_address": { "address": "127.0.0.1", "port_value": port } });
        let mut context = json!({ "validation_context": self.authority() });
        if has_certificate {
            context["tls_certificates"] = json!([self.certificate("client")]);
        }
        let tls = json!({
            "@type": format!("{TYPES}.transport_sockets.tls.v3.UpstreamTlsContext"),
            "common_tls_context": context,
            "sni": "localhost",
        });
        let proxy = json!({
            "@type": format!("{TYPES}.filters.network.tcp_proxy.v3.TcpProxy"),
            "stat_prefix": "sidecar", "cluster": "gateway",
        });
        let filter = json!({ "name": "envoy.filters.network.tcp_proxy", "typed_config": proxy });
        let endpoint = json!({ "endpoint": { "address": address(gateway.port()) } });
        let cluster = json!({
            "name": "gateway", "type": "STATIC",
            "load_assignment": {
                "cluster_name": "gateway", "endpoints": [{ "lb_endpoints": [endpoint] }],
            },
            "transport_socket": { "name": "envoy.transport_sockets.tls", "typed_config": tls },
        });
        let listener = json!({
            "name": "sidecar", "address": address(0), "filter_chains": [{ "filters": [filter] }],
        });
        let document = json!({
            "admin": { "address": address(0) },
            "static_resources": { "listeners": [listener], "clusters": [cluster] },
        });
        let configuration = Configuration::parse(&document.to_string())?;
        Envoy::start(
            &python::envoy().await?,
            &configuration,
            &envoy::Options::default(),
        )
        .await
    }
}
