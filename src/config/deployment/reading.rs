//! Reads the deployment's directory. An invalid client file is reported and does not affect the other files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::de::DeserializeOwned;

use super::upstreams::{self, DeclaredIds};
use super::{Academies, BrokenFile, ClientFile, ClientFileLocation, DeploymentFiles, Schools};
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::config::{ConfigError, Keys, read_secret};
use secrecy::SecretString;

pub(super) fn read_text(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|e| ConfigError::File(path.to_owned(), e))
}

pub(super) fn parse_toml(text: &str) -> Result<config::Config, config::ConfigError> {
    config::Config::builder().add_source(config::File::from_str(text, config::FileFormat::Toml)).build()
}

fn parse<T: DeserializeOwned>(path: &Path, text: &str) -> Result<T, ConfigError> {
    parse_toml(text)
        .and_then(config::Config::try_deserialize)
        .map_err(|e| ConfigError::Invalid(format!("{}: {e}", path.display())))
}

/// Reads the directory. A relative `client_secret_file` is looked up in `secrets` first.
///
/// # Errors
/// The file of academies or schools is missing, unreadable or invalid, or contains a duplicate. Invalid client files
/// are reported in the result.
pub fn read(directory: &Path, secrets: &Path) -> Result<DeploymentFiles, ConfigError> {
    let (academies, schools) = (directory.join("academies.toml"), directory.join("schools.toml"));
    let folder = directory.join("clients");
    let texts = (read_text(&academies)?, read_text(&schools)?);
    let (digest, algorithms) = (sha256_base64url(&format!("{}\0{}", texts.0, texts.1)), Keys::default().algorithms);
    let mut out = DeploymentFiles { digest, algorithms, ..DeploymentFiles::default() };
    let paths = toml_files(&folder)?;
    let all = [&academies, &schools, &folder].into_iter().chain(&paths);
    out.changed_at = all.filter_map(|path| modified_at(path)).max();

    let found: Academies = parse(&academies, &texts.0)?;
    let declared: Schools = parse(&schools, &texts.1)?;
    ensure_unique(&academies, "academy", found.academy.iter().map(|a| a.id.as_str()))?;
    ensure_unique(&academies, "ministry", found.ministry.iter().map(|m| m.id.as_str()))?;
    ensure_unique(&schools, "school", declared.school.iter().map(|s| s.uai.as_str()))?;
    (out.academies, out.ministries, out.schools) = (found.academy, found.ministry, declared.school);
    for path in paths {
        let name = format!("clients/{}", path.file_name().unwrap_or_default().to_string_lossy());
        match read_client(&path, &name, secrets) {
            Ok(found) => out.clients.push(found),
            Err(InvalidClientFile(client_id, why)) => out.broken.push(BrokenFile { name, client_id, reason: why }),
        }
    }
    reject_duplicates(&mut out);
    read_upstreams(directory, secrets, &mut out)?;
    Ok(out)
}

/// Lists the files of a folder that may be absent, by name.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, ConfigError> {
    let mut paths: Vec<PathBuf> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.filter_map(|e| e.ok().map(|e| e.path())).collect(),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Vec::new(),
        Err(e) => return Err(ConfigError::File(folder.to_owned(), e)),
    };
    paths.retain(|p| p.extension().is_some_and(|x| x == "toml"));
    paths.sort();
    Ok(paths)
}

/// Lists the upstreams whose files are there and do not disable them, whatever else is wrong with the directory: an
/// upstream is disabled in a hurry.
pub fn serving_upstreams(directory: &Path) -> BTreeSet<String> {
    let files = toml_files(&directory.join("upstreams")).unwrap_or_default();
    let serves = |path: &PathBuf| {
        let text = read_text(path).ok()?;
        let disabled = parse_toml(&text).ok()?.get_bool("disabled").unwrap_or(false);
        (!disabled).then(|| path.file_stem().unwrap_or_default().to_string_lossy().into_owned())
    };
    files.iter().filter_map(serves).collect()
}

/// Reads the upstreams. One whose file is broken serves nobody, and the others do.
fn read_upstreams(directory: &Path, secrets: &Path, out: &mut DeploymentFiles) -> Result<(), ConfigError> {
    for path in toml_files(&directory.join("upstreams"))? {
        let known = DeclaredIds {
            academies: out.academies.iter().map(|a| a.id.as_str()).collect(),
            ministries: out.ministries.iter().map(|m| m.id.as_str()).collect(),
        };
        let read = upstreams::read(&path, secrets, &known);
        if let Err(reason) = read.and_then(|upstream| out.upstreams.add(upstream)) {
            let name = format!("upstreams/{}", path.file_name().unwrap_or_default().to_string_lossy());
            out.broken_upstreams.push(BrokenFile { name, client_id: None, reason });
        }
    }
    match out.upstreams.find_second_franceconnect() {
        Some((first, second)) => Err(ConfigError::Invalid(format!(
            "upstreams/{first}.toml and upstreams/{second}.toml are both kind = \"franceconnect\": parents have one door; \
             keep one, or add disabled = true to the other"
        ))),
        None => Ok(()),
    }
}

/// Reads the secret that a file names, in the folder of secrets or where the path says.
pub(super) fn read_beside(secrets: &Path, named: &Path) -> Result<String, String> {
    let beside = secrets.join(named);
    let found = [beside.as_path(), named].into_iter().find(|p| p.exists());
    let missing = || format!("its secret is not there: write it to {}", beside.display());
    read_secret(found.ok_or_else(missing)?).map_err(|e| e.to_string())
}

fn modified_at(path: &Path) -> Option<Timestamp> {
    let since = std::fs::metadata(path).and_then(|m| m.modified()).ok()?.duration_since(UNIX_EPOCH).ok()?;
    i64::try_from(since.as_millis()).ok().map(Timestamp)
}

/// Rejects duplicates: otherwise the last entry would silently override the first.
fn ensure_unique<'a>(path: &Path, what: &str, ids: impl Iterator<Item = &'a str>) -> Result<(), ConfigError> {
    let mut seen = BTreeMap::new();
    for (n, id) in ids.enumerate() {
        if let Some(first) = seen.insert(id, n + 1) {
            let (path, second) = (path.display(), n + 1);
            let why =
                format!("{path}: {what} {id} stands twice (the {what} number {first} and number {second}): keep one");
            return Err(ConfigError::Invalid(why));
        }
    }
    Ok(())
}

/// The client's id, if readable, and the reason for rejecting the file.
struct InvalidClientFile(Option<String>, String);

fn read_client(
    path: &Path,
    name: &str,
    secrets: &Path,
) -> Result<(ClientFile, Option<SecretString>), InvalidClientFile> {
    let unnamed = |e: ConfigError| InvalidClientFile(None, e.to_string());
    let text = read_text(path).map_err(unnamed)?;
    let built = parse_toml(&text).map_err(|e| InvalidClientFile(None, e.to_string()))?;
    let client_id = built.get_string("client_id").ok();
    let broken = |why: String| InvalidClientFile(client_id.clone(), why);
    let mut file: ClientFile = built.try_deserialize().map_err(|e| broken(e.to_string()))?;
    let secret = match (&file.extensions.client_secret, &file.extensions.client_secret_file) {
        (Some(_), Some(_)) => return Err(broken("client_secret and client_secret_file: keep one".to_owned())),
        (Some(text), None) => Some(text.clone()),
        (None, Some(named)) => Some(read_beside(secrets, named).map_err(broken)?),
        (None, None) => None,
    };
    file.name = name.to_owned();
    file.location = ClientFileLocation::parse(path, &text);
    file.digest = sha256_base64url(&format!("{text}\0{}", secret.as_deref().unwrap_or_default()));
    Ok((file, secret.map(SecretString::from)))
}

/// Rejects every file with a `client_id` that another file declares too.
fn reject_duplicates(declared: &mut DeploymentFiles) {
    let mut files: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (file, _) in &declared.clients {
        files.entry(file.client_id.clone()).or_default().push(file.name.clone());
    }
    files.retain(|_, names| names.len() > 1);
    declared.clients.retain(|(file, _)| {
        let Some(names) = files.get(&file.client_id) else { return true };
        let others: Vec<&str> = names.iter().map(String::as_str).filter(|name| *name != file.name).collect();
        let why = format!("client_id {} stands in {} too: keep one", file.client_id, others.join(", "));
        declared.broken.push(BrokenFile::new(file, why));
        false
    });
}
