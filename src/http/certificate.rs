//! Checks the listener's certificate before serving: the key must belong to the certificate, and the certificate must
//! be in its validity period. The host names are returned.

use std::path::Path;

use anyhow::Context as _;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::pkey::PKey;
use openssl::x509::X509;
use url::Url;

use crate::base::clock::Timestamp;

/// The expiry time and the host names of a valid certificate.
#[derive(Clone, Debug)]
pub struct CertificateInfo {
    pub not_after: Timestamp,
    pub dns_names: Vec<String>,
}

impl CertificateInfo {
    /// True if browsers accept the certificate for the issuer's host. A name that begins with `*.` matches one label
    /// (RFC 6125 6.4.3).
    pub fn covers_host(&self, issuer: &str) -> bool {
        let Some(host) = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return false;
        };
        let is = |name: &String| match name.strip_prefix("*.") {
            Some(rest) => host.split_once('.').is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest)),
            None => name.eq_ignore_ascii_case(host.trim_matches(['[', ']'])),
        };
        self.dns_names.iter().any(is)
    }
}

/// Reads and checks both files.
///
/// # Errors
/// Fails for a missing file or a file that is not PEM, a key of another certificate, and an expired or not yet valid
/// certificate. The message has the file and the date.
pub fn validate(certificate: &Path, key: &Path, now: Timestamp) -> anyhow::Result<CertificateInfo> {
    let (certificate_named, key_named) = (|| certificate.display().to_string(), || key.display().to_string());
    let pem = std::fs::read(certificate).with_context(certificate_named)?;
    let chain = X509::stack_from_pem(&pem).with_context(certificate_named)?;
    let leaf = chain.first().with_context(|| format!("{}: no certificate in it", certificate.display()))?;
    let pem = std::fs::read(key).with_context(key_named)?;
    let private =
        PKey::private_key_from_pem(&pem).map_err(|_| anyhow::anyhow!("{}: no private key in it", key.display()))?;
    let public = leaf.public_key().with_context(certificate_named)?;
    anyhow::ensure!(public.public_eq(&private), "{} is not the key of {}", key.display(), certificate.display());
    let (from, until) = (to_timestamp(leaf.not_before())?, to_timestamp(leaf.not_after())?);
    anyhow::ensure!(now < until, "{} ended on {}: renew it", certificate.display(), format_date(until));
    anyhow::ensure!(from <= now, "{} holds only from {} on", certificate.display(), format_date(from));
    let names = leaf.subject_alt_names().into_iter().flatten();
    let names = names.filter_map(|name| {
        let dns = name.dnsname().map(str::to_owned);
        dns.or_else(|| ip_text(name.ipaddress()?))
    });
    Ok(CertificateInfo { not_after: until, dns_names: names.collect() })
}

fn ip_text(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

fn to_timestamp(time: &Asn1TimeRef) -> anyhow::Result<Timestamp> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(Timestamp::from_seconds(i64::from(since.days) * 86_400 + i64::from(since.secs)))
}

fn format_date(at: Timestamp) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().format("%Y-%m-%d").to_string()
}
