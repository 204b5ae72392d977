//! The listener's certificate, looked at before anybody is served with it: whether the key is its own, and for how long
//! and for which names it holds.

use std::path::Path;

use anyhow::Context as _;
use openssl::asn1::{Asn1Time, Asn1TimeRef};
use openssl::pkey::PKey;
use openssl::x509::X509;
use url::Url;

use crate::base::clock::Timestamp;

/// What a sound certificate says.
#[derive(Clone, Debug)]
pub struct Valid {
    pub until: Timestamp,
    pub names: Vec<String>,
}

impl Valid {
    /// Whether browsers take it for this issuer. A name that begins with `*.` stands for one label (RFC 6125 6.4.3).
    pub fn names_host(&self, issuer: &str) -> bool {
        let Some(host) = Url::parse(issuer).ok().and_then(|url| url.host_str().map(str::to_owned)) else {
            return false;
        };
        let is = |name: &String| match name.strip_prefix("*.") {
            Some(rest) => host.split_once('.').is_some_and(|(_, parent)| parent.eq_ignore_ascii_case(rest)),
            None => name.eq_ignore_ascii_case(host.trim_matches(['[', ']'])),
        };
        self.names.iter().any(is)
    }
}

/// Reads both files.
///
/// # Errors
/// A file that is missing or no PEM, a key of another certificate, a certificate that holds no more or not yet: each
/// with its file, and its date.
pub fn check(certificate: &Path, key: &Path, now: Timestamp) -> anyhow::Result<Valid> {
    let (certificate_named, key_named) = (|| certificate.display().to_string(), || key.display().to_string());
    let pem = std::fs::read(certificate).with_context(certificate_named)?;
    let chain = X509::stack_from_pem(&pem).with_context(certificate_named)?;
    let leaf = chain.first().with_context(|| format!("{}: no certificate in it", certificate.display()))?;
    let pem = std::fs::read(key).with_context(key_named)?;
    let private =
        PKey::private_key_from_pem(&pem).map_err(|_| anyhow::anyhow!("{}: no private key in it", key.display()))?;
    let public = leaf.public_key().with_context(certificate_named)?;
    anyhow::ensure!(public.public_eq(&private), "{} is not the key of {}", key.display(), certificate.display());
    let (from, until) = (moment(leaf.not_before())?, moment(leaf.not_after())?);
    anyhow::ensure!(now < until, "{} ended on {}: renew it", certificate.display(), day(until));
    anyhow::ensure!(from <= now, "{} holds only from {} on", certificate.display(), day(from));
    let names = leaf.subject_alt_names().into_iter().flatten();
    let names = names.filter_map(|name| {
        let dns = name.dnsname().map(str::to_owned);
        dns.or_else(|| address(name.ipaddress()?))
    });
    Ok(Valid { until, names: names.collect() })
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(four) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(four).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|sixteen| std::net::Ipv6Addr::from(sixteen).to_string())
}

fn moment(time: &Asn1TimeRef) -> anyhow::Result<Timestamp> {
    let since = Asn1Time::from_unix(0)?.diff(time)?;
    Ok(Timestamp::from_seconds(i64::from(since.days) * 86_400 + i64::from(since.secs)))
}

fn day(at: Timestamp) -> String {
    chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default().format("%Y-%m-%d").to_string()
}
