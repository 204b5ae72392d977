//! What can be said without the database: addresses, certificate, key file, disk, gateway; and whether everything that
//! `serve` builds can be built.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::base::clock::{Span, Timestamp};
use crate::cli::in_paris;
use crate::config::Config;
use crate::config::deployment::Declared;
use crate::db::files::file_of;
use crate::demo::rosters::SCHOOLS;
use crate::http::certificate;
use crate::http::outgoing::Outgoing;
use crate::http::pages::Pages;
use crate::http::serve;
use crate::seal;
use crate::sms::Gateway;

/// A database that cannot write stops everybody; this much is left for whoever is called at night.
const MIN_FREE: u64 = 512 * 1024 * 1024;
/// Whoever renews a certificate by hand needs some days.
const RENEWED_WITHIN: Span = Span::days(14);

/// Each address is free, or a server of ours answers there.
pub async fn listeners(config: &Config) -> anyhow::Result<String> {
    let server = &config.server;
    let mut said = Vec::new();
    let ours = answers_as_ours(server.operations).await;
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

/// Whether a server of this program answers its health checks there.
async fn answers_as_ours(operations: SocketAddr) -> bool {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(2)).build() else {
        return false;
    };
    let Ok(answer) = client.get(format!("http://{operations}/healthz")).send().await else { return false };
    answer.text().await.is_ok_and(|text| text == "ok\n")
}

pub fn tls(config: &Config, now: Timestamp) -> anyhow::Result<String> {
    let Some(tls) = &config.server.tls else {
        let proxy = if config.server.is_https() { "a proxy ends TLS" } else { "plain http on this machine" };
        return Ok(format!("none here: {proxy}"));
    };
    let valid = certificate::check(&tls.certificate, &tls.key, now)?;
    let until = in_paris(valid.until);
    anyhow::ensure!(valid.until.since(now) > RENEWED_WITHIN, "{} ends on {until}: renew it", tls.certificate.display());
    anyhow::ensure!(
        valid.names_host(config.server.issuer.as_str()),
        "{} is not for the issuer's host ({}): it names {}",
        tls.certificate.display(),
        config.server.host(),
        valid.names.join(", ")
    );
    Ok(format!("until {until}"))
}

/// Who reads it opens everything that is sealed.
pub fn key_file(config: &Config) -> anyhow::Result<String> {
    let directory = &config.keys.directory;
    let Some(mode) = seal::open_to_others(directory) else { return Ok("only its owner reads it".to_owned()) };
    let file = directory.join("master.key");
    anyhow::bail!("{} is {mode:04o}: others may read it: run `chmod 600 {}`", file.display(), file.display())
}

/// Room for the database, where it is a file, and for new keys.
pub fn disk(config: &Config) -> anyhow::Result<String> {
    let mut said = Vec::new();
    let mut places: Vec<PathBuf> = vec![config.keys.directory.clone()];
    places.extend(file_of(&config.database.url).and_then(|file| file.parent().map(Path::to_owned)));
    for place in places {
        let place = if place.as_os_str().is_empty() { PathBuf::from(".") } else { place };
        if !place.exists() {
            continue;
        }
        let stat = rustix::fs::statvfs(&place).with_context(|| place.display().to_string())?;
        let free = stat.f_bavail.saturating_mul(stat.f_frsize);
        let megabytes = free / 1024 / 1024;
        anyhow::ensure!(free >= MIN_FREE, "{megabytes} MiB are free in {}: make room", place.display());
        anyhow::ensure!(
            !stat.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY),
            "{} is mounted read-only: nothing can be written there",
            place.display()
        );
        said.push(format!("{megabytes} MiB free in {}", place.display()));
    }
    Ok(if said.is_empty() { "no folder is there yet".to_owned() } else { said.join(", ") })
}

/// Whether people can be told apart by where they come from: behind a proxy that is not named, all come from its address.
pub fn sources(config: &Config) -> anyhow::Result<String> {
    anyhow::ensure!(!config.server.hides_sources(), "{}", crate::config::UNNAMED_PROXY);
    Ok(match config.server.trusted_proxies.len() {
        0 => "as they connect".to_owned(),
        known => format!("as {known} trusted proxies say"),
    })
}

/// What `serve` builds from the configuration alone.
pub fn built(config: &Config) -> anyhow::Result<String> {
    Outgoing::new(&config.outgoing)?;
    Pages::load(&config.deployment.name, &config.deployment.contact).context("pages")?;
    Gateway::from_config(&config.sms, &config.outgoing)?;
    Ok("pages, outgoing calls and the SMS gateway".to_owned())
}

/// The gateway answers at all: whatever it says to a call that sends nothing.
pub async fn gateway(config: &Config) -> anyhow::Result<String> {
    let gateway = Gateway::from_config(&config.sms, &config.outgoing)?;
    gateway.reach().await.map_err(anyhow::Error::msg)
}

/// The demo's schools are invented, and its services are on the machine of whoever tries it.
pub fn not_the_demo(config: &Config, declared: &Declared) -> anyhow::Result<String> {
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
