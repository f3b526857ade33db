//! A certificate and its key as an operator has them: two PEM files.

use std::io;
use std::path::{Path, PathBuf};

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{Error, InconsistentKeys};
use sha2::{Digest, Sha256};
use thiserror::Error;

/// Where the certificate and its key are. Both may be one file.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// The server's certificate, and those that lead from it to an authority, in PEM.
    pub certificate: PathBuf,
    /// The certificate's private key in PEM: PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub key: PathBuf,
}

/// What is in the files.
pub(super) struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Contents {
    /// The same for the same contents.
    pub(super) fn fingerprint(&self) -> [u8; 32] {
        let hashes = [&self.certificate, &self.key].map(Sha256::digest);
        Sha256::digest(hashes.concat()).into()
    }
}

impl TlsFiles {
    pub(super) async fn read(&self) -> Result<Contents, TlsError> {
        Ok(Contents {
            certificate: read(&self.certificate).await?,
            key: read(&self.key).await?,
        })
    }

    /// The pair that these contents are.
    pub(super) fn pair(&self, contents: &Contents) -> Result<CertifiedKey, TlsError> {
        let chain = self.chain(&contents.certificate)?;
        let key = self.private_key(&contents.key)?;
        CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|source| match source
        {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::Mismatch {
                certificate: self.certificate.clone(),
                key: self.key.clone(),
            },
            Error::InvalidCertificate(_) => TlsError::Certificate {
                path: self.certificate.clone(),
            },
            source => TlsError::UnusableKey {
                path: self.key.clone(),
                source,
            },
        })
    }

    fn chain(&self, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsError> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        chain.ok_or_else(|| TlsError::Certificate {
            path: self.certificate.clone(),
        })
    }

    fn private_key(&self, pem: &[u8]) -> Result<PrivateKeyDer<'static>, TlsError> {
        let path = || self.key.clone();
        // In the line that begins such a key, or in one of the old headers after it.
        if memchr::memmem::find(pem, b"ENCRYPTED").is_some() {
            return Err(TlsError::EncryptedKey { path: path() });
        }
        // What the parser says of a key could quote it.
        PrivateKeyDer::from_pem_slice(pem).map_err(|_| TlsError::Key { path: path() })
    }
}

async fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let bytes = tokio::fs::read(path).await;
    bytes.map_err(|source| TlsError::Read {
        path: path.to_owned(),
        source,
    })
}

/// Why a certificate cannot be used.
#[derive(Debug, Error)]
pub enum TlsError {
    /// There is no certificate in a file.
    #[error("{} contains no certificate: give --tls-cert a PEM file (-----BEGIN CERTIFICATE-----) with the server's certificate, followed by those of its authorities", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
    },
    /// A key that a password protects.
    #[error("the key in {} is encrypted: remove its password, for example with `openssl pkey`", path.display())]
    EncryptedKey {
        /// The file.
        path: PathBuf,
    },
    /// There is no key in a file.
    #[error("{} contains no private key: give --tls-key a PEM file (-----BEGIN PRIVATE KEY-----)", path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// A key of another certificate.
    #[error("the key in {} does not match the first certificate in {}: use a matching pair, with the server's own certificate first", key.display(), certificate.display())]
    Mismatch {
        /// The certificate's file.
        certificate: PathBuf,
        /// The key's file.
        key: PathBuf,
    },
    /// A file that is not there or may not be read.
    #[error("cannot read {}: {source}: give --tls-cert and --tls-key files that this user can read", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The cryptography does not go together.
    #[error("TLS cannot be set up: {0}")]
    Setup(Error),
    /// A key of a kind or size that TLS does not use.
    #[error("the key in {} cannot be used: {source}: use an ECDSA key (P-256, P-384), an Ed25519 key, or an RSA key of 2048 bits or more", path.display())]
    UnusableKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Error,
    },
}
