//! The file of a backup: its header, and the key that seals it.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write as _};
use std::path::Path;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::base::clock::Timestamp;
use crate::base::rng::{Random, SystemRandom};
use crate::base::secret::{base64url, decode_base64url};
use crate::cli::format_paris_time;
use crate::crypto::{self, ArchiveHeader, ArchiveReader, ArchiveWriter, MasterKey};

/// The minimum length of a passphrase: whoever has the file may guess for ever.
const MIN_PASSPHRASE_CHARS: usize = 20;
/// The purpose of the key derived from the master key.
const KEY_LABEL: &str = "backup";

/// The secret that seals a backup.
pub type BackupSecret = Zeroizing<[u8; 32]>;

/// The kind of the database in a backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupKind {
    Sqlite,
    Postgres,
}

impl fmt::Display for BackupKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BackupKind::Sqlite => "SQLite",
            BackupKind::Postgres => "PostgreSQL",
        })
    }
}

/// The key that seals a backup, without the key itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackupKey {
    /// Derived from the master key of this id.
    Master(String),
    /// Derived from a passphrase with this salt.
    Passphrase(String),
}

impl BackupKey {
    /// Chooses the key of a new backup, and derives the secret.
    pub fn choose(passphrase: Option<&Path>, keys: &Path) -> anyhow::Result<(Self, BackupSecret)> {
        let rng: &dyn Random = &SystemRandom;
        let key = match passphrase {
            Some(_) => BackupKey::Passphrase(base64url(&rng.bytes::<16>())),
            None => BackupKey::Master(read_master_key(keys)?.id().to_owned()),
        };
        let secret = key.secret(passphrase, keys)?;
        Ok((key, secret))
    }

    /// Derives the secret.
    ///
    /// # Errors
    /// Fails if the passphrase or the master key is not here.
    fn secret(&self, passphrase: Option<&Path>, keys: &Path) -> anyhow::Result<BackupSecret> {
        match self {
            BackupKey::Master(id) => {
                let master_key = read_master_key(keys)?;
                anyhow::ensure!(
                    master_key.id() == id,
                    "it was sealed under the master key {id}, and {} has {}",
                    keys.join("master.key").display(),
                    master_key.id()
                );
                Ok(master_key.derive_key(KEY_LABEL)?)
            }
            BackupKey::Passphrase(salt) => {
                let file = passphrase.context("it was sealed by a passphrase: name its file by --passphrase-file")?;
                let text = Zeroizing::new(std::fs::read_to_string(file).with_context(|| file.display().to_string())?);
                let text = text.trim();
                anyhow::ensure!(
                    text.chars().count() >= MIN_PASSPHRASE_CHARS,
                    "{} has fewer than {MIN_PASSPHRASE_CHARS} characters: `openssl rand -base64 32` makes one",
                    file.display()
                );
                let salt = decode_base64url(salt).context("the salt cannot be read")?;
                Ok(crypto::passphrase_secret(text, &salt)?)
            }
        }
    }
}

fn read_master_key(keys: &Path) -> anyhow::Result<MasterKey> {
    Ok(MasterKey::new(crypto::read_master_key(keys)?)?)
}

/// The header of a backup: authenticated, not secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupHeader {
    pub kind: BackupKind,
    /// The version of the program that wrote it.
    preau: String,
    at: i64,
    migrations: usize,
    key: BackupKey,
}

impl BackupHeader {
    pub fn new(kind: BackupKind, now: Timestamp, migrations: usize, key: BackupKey) -> Self {
        Self { kind, preau: env!("CARGO_PKG_VERSION").to_owned(), at: now.0, migrations, key }
    }
}

impl fmt::Display for BackupHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = format_paris_time(Timestamp(self.at));
        write!(f, "{} of {at}, by preau {}, {} migrations", self.kind, self.preau, self.migrations)
    }
}

/// Writes a backup: the content is what `fill` writes. The file is on the disk when this returns.
pub fn write(
    file: BufWriter<File>,
    header: &BackupHeader,
    secret: &BackupSecret,
    fill: impl FnOnce(&mut ArchiveWriter<BufWriter<File>>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let salt = (&SystemRandom as &dyn Random).bytes::<32>();
    let mut archive = ArchiveWriter::begin(file, secret, salt, &serde_json::to_string(header)?)?;
    fill(&mut archive)?;
    let mut file = archive.finish()?;
    file.flush()?;
    Ok(file.get_ref().sync_all()?)
}

/// An opened backup, of which nothing was read yet.
pub struct OpenedBackup {
    pub header: BackupHeader,
    pub content: ArchiveReader<BufReader<File>>,
}

/// Opens a backup.
///
/// # Errors
/// Fails for another kind of file, and without its key.
pub fn open(file: &Path, passphrase: Option<&Path>, keys: &Path) -> anyhow::Result<OpenedBackup> {
    let mut from = BufReader::new(File::open(file)?);
    let outer = ArchiveHeader::read(&mut from)?;
    let header: BackupHeader =
        serde_json::from_str(outer.text()).context("its header is of a newer version, or none")?;
    let secret = header.key.secret(passphrase, keys)?;
    let content = ArchiveReader::begin(from, &secret, &outer)?;
    Ok(OpenedBackup { header, content })
}
