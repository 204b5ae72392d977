//! Checks without the database: addresses, certificate, key file, disk, gateway, and the components built by `serve`.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::report::KeepsNobodyOut;
use crate::base::clock::{Span, Timestamp};
use crate::cli::format_paris_time;
use crate::config::deployment::DeploymentFiles;
use crate::config::{Config, SmsGatewayConfig};
use crate::crypto;
use crate::db::files::sqlite_file;
use crate::demo::rosters::SCHOOLS;
use crate::http::certificate;
use crate::http::outgoing::OutgoingClient;
use crate::http::pages::PageRenderer;
use crate::http::serve;
use crate::sms::SmsGateways;
use crate::{mail, sms};

/// The minimum free disk space: a full disk stops everybody, so the check fails while an operator can still act.
const MIN_FREE_BYTES: u64 = 512 * 1024 * 1024;
/// The free disk space below which writes are about to fail.
const FULL_BYTES: u64 = 64 * 1024 * 1024;
/// The remaining validity at which a certificate is reported: renewing by hand takes some days.
const CERTIFICATE_RENEWAL_LEAD: Span = Span::days(14);

/// Checks that each address is free, or served by this program.
pub async fn check_listeners(config: &Config) -> anyhow::Result<String> {
    let server = &config.server;
    let mut said = Vec::new();
    let ours = is_our_server(server.operations).await;
    for (key, at) in [("server.listen", server.listen), ("server.operations", server.operations)] {
        match serve::bind(at) {
            Ok(_) => said.push(format!("{at} is free")),
            Err(e) if e.kind() == std::io::ErrorKind::AddrInUse && ours => {
                said.push(format!("{at} is served by preau"))
            }
            Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
                anyhow::bail!("another program listens on {at} ({key}): stop it, or name another port")
            }
            Err(e) => anyhow::bail!("cannot listen on {at} ({key}): {e}"),
        }
    }
    anyhow::ensure!(
        server.listen != server.operations || server.listen.port() == 0,
        "server.listen and server.operations are both {}: name two",
        server.listen
    );
    Ok(said.join(", "))
}

/// True if a server of this program answers health checks at the address.
async fn is_our_server(operations: SocketAddr) -> bool {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(2)).build() else {
        return false;
    };
    let Ok(answer) = client.get(format!("http://{operations}/healthz")).send().await else { return false };
    answer.text().await.is_ok_and(|text| text == "ok\n")
}

pub fn check_certificate(config: &Config, now: Timestamp) -> anyhow::Result<String> {
    let Some(tls) = &config.server.tls else {
        let proxy = if config.server.is_https() { "a proxy ends TLS" } else { "plain http on this machine" };
        return Ok(format!("none here: {proxy}"));
    };
    let valid = certificate::validate(&tls.certificate, &tls.key, now)?;
    let until = format_paris_time(valid.not_after);
    anyhow::ensure!(
        valid.covers_host(config.server.issuer.as_str()),
        "{} is not for the issuer's host ({}): it names {}",
        tls.certificate.display(),
        config.server.host(),
        valid.dns_names.join(", ")
    );
    if valid.not_after.since(now) <= CERTIFICATE_RENEWAL_LEAD {
        let error = anyhow::anyhow!("{} ends on {until}: renew it", tls.certificate.display());
        return Err(error.context(KeepsNobodyOut));
    }
    Ok(format!("until {until}"))
}

/// Checks that only the owner can read the master key: any reader could decrypt the database.
pub fn check_key_file(config: &Config) -> anyhow::Result<String> {
    let directory = &config.keys.directory;
    let Some(mode) = crypto::master_key_exposed_mode(directory) else {
        return Ok("only its owner reads it".to_owned());
    };
    let file = directory.join("master.key");
    anyhow::bail!("{} is {mode:04o}: others may read it: run `chmod 600 {}`", file.display(), file.display())
}

/// Checks the free space for a database file and for new keys.
pub fn check_disk(config: &Config) -> anyhow::Result<String> {
    let mut said = Vec::new();
    let mut places: Vec<PathBuf> = vec![config.keys.directory.clone()];
    places.extend(sqlite_file(&config.database.url).and_then(|file| file.parent().map(Path::to_owned)));
    for place in places {
        let place = if place.as_os_str().is_empty() { PathBuf::from(".") } else { place };
        if !place.exists() {
            continue;
        }
        let stat = rustix::fs::statvfs(&place).with_context(|| place.display().to_string())?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let megabytes = free / 1024 / 1024;
        anyhow::ensure!(
            !stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
            "{} is mounted read-only: nothing can be written there",
            place.display()
        );
        if free < MIN_FREE_BYTES {
            let error = anyhow::anyhow!("{megabytes} MiB are free in {}: make room", place.display());
            return Err(if free < FULL_BYTES { error } else { error.context(KeepsNobodyOut) });
        }
        said.push(format!("{megabytes} MiB free in {}", place.display()));
    }
    Ok(if said.is_empty() { "no folder is there yet".to_owned() } else { said.join(", ") })
}

/// Checks that visitors can be told apart by address: behind a proxy missing in the configuration, all share the
/// proxy's address.
pub fn check_sources(config: &Config) -> anyhow::Result<String> {
    anyhow::ensure!(!config.server.has_undeclared_proxy(), "{}", crate::config::UNNAMED_PROXY);
    Ok(match config.server.trusted_proxies.len() {
        0 => "as they connect".to_owned(),
        known => format!("as {known} trusted proxies say"),
    })
}

/// Builds the components that `serve` builds from the configuration alone.
pub fn check_components(config: &Config) -> anyhow::Result<String> {
    OutgoingClient::new(&config.outgoing)?;
    PageRenderer::load(&config.deployment.name, &config.deployment.contact).context("pages")?;
    SmsGateways::open(config, &SmsGateways::default())?;
    Ok("pages, outgoing calls and the SMS gateways".to_owned())
}

/// Checks that a gateway answers a call that sends nothing and rings nobody, whatever the response.
pub async fn check_sms_gateway(config: &Config, gateway: &SmsGatewayConfig) -> anyhow::Result<String> {
    let gateway = sms::open_gateway(gateway, &config.outgoing)?;
    gateway.check_reachable().await.map_err(anyhow::Error::msg)
}

/// Checks that the mail server answers, if mails are sent; sends none.
pub async fn check_mail(config: &Config) -> anyhow::Result<String> {
    match mail::open_gateway(&config.mail)? {
        Some(gateway) => gateway.check_reachable().await.map_err(anyhow::Error::msg),
        None => Ok("none is sent: no [mail] section".to_owned()),
    }
}

/// Refuses the demo's deployment in production: the schools are invented, and the services run on the visitor's
/// machine.
pub fn check_not_demo(config: &Config, declared: &DeploymentFiles) -> anyhow::Result<String> {
    if config.server.is_loopback() {
        return Ok(format!("{} schools, on this machine", declared.schools.len()));
    }
    let invented = declared.schools.iter().find(|s| SCHOOLS.iter().any(|demo| demo.uai == s.uai));
    if let Some(school) = invented {
        anyhow::bail!(
            "{} is the demo's deployment ({} is an invented school), and {} is no demo: name yours in \
             deployment.directory",
            config.deployment.directory.display(),
            school.uai,
            config.server.issuer
        );
    }
    let local =
        |uri: &String| ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|l| uri.starts_with(l));
    for (file, _) in &declared.clients {
        let native = file.fields.application_type.as_deref() == Some("native");
        if !native && file.fields.redirect_uris.iter().flatten().any(local) {
            anyhow::bail!("{}: it sends people of {} to this machine", file.name, config.server.issuer);
        }
    }
    Ok(format!("{} schools", declared.schools.len()))
}
