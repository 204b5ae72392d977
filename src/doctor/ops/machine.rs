//! Checks of the machine: certificate, key file, disk, and how visitors are told apart.

use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::base::clock::{Span, Timestamp};
use crate::config::{Config, UNNAMED_PROXY};
use crate::crypto;
use crate::db::files::{exposed_files, sqlite_file};
use crate::http::certificate;
use crate::http::pages::dates::paris_time;
use crate::telemetry::KeepsNobodyOut;

/// The minimum free disk space: a full disk stops everybody, so the check fails while an operator can still act.
const MIN_FREE_BYTES: u64 = 512 * 1024 * 1024;
/// The free disk space below which writes are about to fail.
const FULL_BYTES: u64 = 64 * 1024 * 1024;
/// The remaining validity at which a certificate is reported: renewing by hand takes some days.
const CERTIFICATE_RENEWAL_LEAD: Span = Span::days(14);

/// Checks the certificate of this server: its validity, and the issuer's host.
pub fn check_certificate(config: &Config, now: Timestamp) -> anyhow::Result<String> {
    let Some(tls) = &config.server.tls else {
        let proxy = if config.server.is_https() { "a proxy ends TLS" } else { "plain http on this machine" };
        return Ok(format!("none here: {proxy}"));
    };
    let valid = certificate::validate(&tls.certificate, &tls.key, now)?;
    let until = paris_time(valid.not_after);
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

/// Checks that nobody but this service can read the master key: any reader could decrypt the database.
pub fn check_key_file(config: &Config) -> anyhow::Result<String> {
    let directory = &config.keys.directory;
    let Some(mode) = crypto::master_key_exposed_mode(directory) else {
        return Ok("nobody else reads it".to_owned());
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
    anyhow::ensure!(!config.server.has_undeclared_proxy(), "{}", UNNAMED_PROXY);
    Ok(match config.server.trusted_proxies.len() {
        0 => "as they connect".to_owned(),
        known => format!("as {known} trusted proxies say"),
    })
}

/// Checks that only the owner can read an SQLite file, since it holds names of children.
pub fn check_database_files(config: &Config) -> anyhow::Result<String> {
    let Some(file) = sqlite_file(&config.database.url) else { return Ok("none here".to_owned()) };
    let open: Vec<String> =
        exposed_files(&file).iter().map(|(path, mode)| format!("{} is {mode:04o}", path.display())).collect();
    anyhow::ensure!(open.is_empty(), "others may read them: {}: run `chmod 600` on each", open.join(", "));
    Ok("only their owner reads them".to_owned())
}
