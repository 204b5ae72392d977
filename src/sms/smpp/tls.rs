//! TLS to an SMSC, by the machine's authorities or by one of the operator's own.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rustls::client::ClientConfig;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{RootCertStore, SupportedProtocolVersion, version};
use rustls_platform_verifier::Verifier;
use tokio_rustls::TlsConnector;

use crate::config::{Outgoing, SmppGatewayConfig};

const TLS_VERSIONS: [&SupportedProtocolVersion; 2] = [&version::TLS13, &version::TLS12];

/// Returns what connects by TLS; `None` if the configuration has none.
///
/// # Errors
/// The file of the authority cannot be read.
pub fn connector(config: &SmppGatewayConfig, outgoing: &Outgoing) -> anyhow::Result<Option<TlsConnector>> {
    if !config.tls {
        return Ok(None);
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&TLS_VERSIONS)?;
    let client = match (&config.ca, &outgoing.ca) {
        (Some(path), _) => {
            let mut roots = RootCertStore::empty();
            for certificate in read_authorities("ca", path)? {
                roots.add(certificate).with_context(|| path.display().to_string())?;
            }
            builder.with_root_certificates(roots).with_no_client_auth()
        }
        (None, more) => {
            let more = more.as_ref().map(|path| read_authorities("outgoing.ca", path)).transpose()?;
            let verifier = Verifier::new_with_extra_roots(more.unwrap_or_default(), provider)?;
            builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier)).with_no_client_auth()
        }
    };
    Ok(Some(TlsConnector::from(Arc::new(client))))
}

fn read_authorities(key: &str, path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let named = || format!("{key} {}", path.display());
    let all: Result<Vec<_>, _> = CertificateDer::pem_file_iter(path).with_context(named)?.collect();
    let all = all.with_context(named)?;
    anyhow::ensure!(!all.is_empty(), "{}: no certificate in it", named());
    Ok(all)
}
