//! TLS of SIP: certificates from files, read anew while connections go on.

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};
use std::{fs, io};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(5);

/// Whether those who connect must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ClientProof {
    /// They are not asked.
    #[default]
    None,
    /// They are asked; a wrong one is refused.
    Optional,
    /// Without one nobody comes in.
    Required,
}

/// The files.
#[derive(Clone, Debug, Default)]
pub struct TlsFiles {
    /// Our certificate with those above it, and its key; without them we are client only.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// Whether those who connect must show a certificate.
    pub client_proof: ClientProof,
    /// The authorities that theirs must be of.
    pub client_authorities: Option<PathBuf>,
    /// The authorities that are believed of those we connect to; `None`: the system's.
    pub authorities: Option<PathBuf>,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or holds something else.
    #[error("{path}: {problem}\n  hint: the file must hold {wanted} in PEM", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What it must hold.
        wanted: &'static str,
    },
    /// The files do not fit together.
    #[error("TLS: {0}\n  hint: the key must be that of the first certificate in the file")]
    Misfit(String),
}

/// Both roles, from the files as they were when last read.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: Mutex<Current>,
}

#[derive(Clone, Debug)]
struct Current {
    server: Option<Arc<ServerConfig>>,
    client: Arc<ClientConfig>,
    seen: Vec<Option<(SystemTime, u64)>>,
}

impl Tls {
    /// Reads the files.
    pub fn open(files: TlsFiles) -> Result<Self, TlsError> {
        let current = Mutex::new(read(&files)?);
        Ok(Self { files, current })
    }

    /// Reads the files anew. Connections that stand keep theirs; when the files are wrong, so does everybody.
    pub fn reload(&self) -> Result<(), TlsError> {
        let current = read(&self.files)?;
        *self.lock() = current;
        tracing::info!("certificates were read anew");
        Ok(())
    }

    /// Reads the files anew when they have changed.
    pub fn reload_if_changed(&self) {
        if look(&self.files) == self.lock().seen {
            return;
        }
        if let Err(error) = self.reload() {
            tracing::error!(%error, "the new certificates are not taken; the old ones go on");
            self.lock().seen = look(&self.files);
        }
    }

    /// Looks after the files until nobody holds this any more.
    pub fn watch(self: &Arc<Self>) {
        let weak = Arc::downgrade(self);
        tokio::spawn(async move {
            let mut ticks = tokio::time::interval(LOOK);
            loop {
                ticks.tick().await;
                let Some(tls) = weak.upgrade() else { return };
                tls.reload_if_changed();
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The handshake with somebody who has connected.
    pub async fn accept<S: AsyncRead + AsyncWrite + Unpin>(&self, stream: S) -> io::Result<server::TlsStream<S>> {
        let config = self.lock().server.clone();
        let config = config.ok_or_else(|| io::Error::other("there is no certificate"))?;
        TlsAcceptor::from(config).accept(stream).await
    }

    /// The handshake with somebody we have connected to, who must prove to be `name`, or else `ip`.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        name: Option<&str>,
        ip: IpAddr,
    ) -> io::Result<client::TlsStream<S>> {
        let name = match name {
            Some(name) => ServerName::try_from(name.trim_end_matches('.').to_owned()).map_err(io::Error::other)?,
            None => ServerName::IpAddress(ip.into()),
        };
        let config = Arc::clone(&self.lock().client);
        TlsConnector::from(config).connect(name, stream).await
    }
}

/// When each file was written and how long it is.
fn look(files: &TlsFiles) -> Vec<Option<(SystemTime, u64)>> {
    let (certificate, key) = files.identity.as_ref().map_or((None, None), |(one, other)| (Some(one), Some(other)));
    let all = [certificate, key, files.client_authorities.as_ref(), files.authorities.as_ref()];
    let state = |path: &PathBuf| fs::metadata(path).and_then(|file| Ok((file.modified()?, file.len()))).ok();
    all.into_iter().map(|path| path.and_then(state)).collect()
}

fn read(files: &TlsFiles) -> Result<Current, TlsError> {
    let seen = look(files);
    let provider = Arc::new(ring::default_provider());
    let misfit = |error: &dyn std::fmt::Display| TlsError::Misfit(error.to_string());
    let server = match &files.identity {
        Some((certificate, key)) => Some(Arc::new(server_config(files, certificate, key, &provider)?)),
        None => None,
    };
    let roots = Arc::new(authorities(files.authorities.as_deref())?);
    let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| misfit(&error))?;
    let builder = match verifier.build() {
        Ok(verifier) => builder.with_webpki_verifier(verifier),
        // Nobody is believed: whoever is called over TLS is told apart then, not at the start.
        Err(_) => builder.with_root_certificates(RootCertStore::empty()),
    };
    let client = match &files.identity {
        Some((chain, key)) => builder.with_client_auth_cert(certificates(chain)?, private_key(key)?),
        None => Ok(builder.with_no_client_auth()),
    };
    Ok(Current { server, client: Arc::new(client.map_err(|error| misfit(&error))?), seen })
}

fn server_config(
    files: &TlsFiles,
    certificate: &Path,
    key: &Path,
    provider: &Arc<CryptoProvider>,
) -> Result<ServerConfig, TlsError> {
    let misfit = |error: &dyn std::fmt::Display| TlsError::Misfit(error.to_string());
    let builder = ServerConfig::builder_with_provider(Arc::clone(provider)).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| misfit(&error))?;
    let builder = match (files.client_proof, &files.client_authorities) {
        (ClientProof::None, _) | (_, None) => builder.with_no_client_auth(),
        (proof, Some(path)) => {
            let roots = Arc::new(authorities(Some(path))?);
            let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(provider));
            let verifier = if proof == ClientProof::Optional { verifier.allow_unauthenticated() } else { verifier };
            builder.with_client_cert_verifier(verifier.build().map_err(|error| misfit(&error))?)
        }
    };
    builder.with_single_cert(certificates(certificate)?, private_key(key)?).map_err(|error| misfit(&error))
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let wrong = |problem: String| TlsError::File { path: path.to_owned(), problem, wanted: "certificates" };
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = read.map_err(|error| wrong(error.to_string()))?;
    if chain.is_empty() { Err(wrong("no certificate is in it".to_owned())) } else { Ok(chain) }
}

fn private_key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(path).map_err(|error| TlsError::File {
        path: path.to_owned(),
        problem: error.to_string(),
        wanted: "a private key",
    })
}

/// Those of a file, or of the system.
fn authorities(path: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    let found = match path {
        Some(path) => certificates(path)?,
        None => rustls_native_certs::load_native_certs().certs,
    };
    let (_, unread) = roots.add_parsable_certificates(found);
    if unread > 0 {
        tracing::debug!(unread, "certificates of authorities that cannot be read");
    }
    Ok(roots)
}
