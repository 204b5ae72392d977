//! `preau backup` and `preau restore`: an encrypted copy of the database, and the way back.
//!
//! The copy is of one moment, while servers write: SQLite by `VACUUM INTO`, PostgreSQL by its own `pg_dump`. It is sealed
//! as a stream (`crypto/archive.rs`) by a key derived from the master key, or from a passphrase in a file. A restore
//! reads the file to its end before it touches anything, and takes an empty target only.

mod archive_file;
mod postgres;
mod restore;
mod unfinished;

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::private_file;
use crate::audit;
use crate::base::clock::{Clock as _, SystemClock};
use crate::bootstrap;
use crate::config::{Config, Database};
use crate::crypto::{self, MasterKey};
use crate::db::files::sqlite_file;
use crate::db::{AccessMode, Db, MIGRATION_COUNT, copy};
use crate::keys;
use archive_file::{BackupHeader, BackupKey, BackupKind, OpenedBackup};
pub use restore::{RestoreArgs, restore};
pub use unfinished::leftovers;
use unfinished::{Unfinished, or_end_cleanly};

/// The space that stays free beside a backup, as `preau doctor` wants it.
const MIN_FREE_BYTES: u64 = 512 * 1024 * 1024;

#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The new file; never overwrites one. Only its owner may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A file with a passphrase of at least 20 characters; by default a key derived from the master key seals the copy.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

pub async fn run(args: &BackupArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let unfinished = Unfinished::default();
    or_end_cleanly(&unfinished, write_backup(args, config, &unfinished, out)).await
}

async fn write_backup(
    args: &BackupArgs,
    config: &Config,
    unfinished: &Unfinished,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    if let Some(file) = sqlite_file(&config.database.url) {
        anyhow::ensure!(file.exists(), bootstrap::UnusableDatabase::Missing(file));
    }
    // Also one of an older release: a backup belongs before its migration.
    let db = Db::open_configured(&config.database, AccessMode::ReadOnly).await.context(config.database.location())?;
    let migrations = db.applied_migrations().await?;
    anyhow::ensure!(migrations > 0, "{} has nothing of this program", config.database.location());
    let is_current = migrations == MIGRATION_COUNT();
    if args.passphrase_file.is_none() {
        // Sealed by another key, the copy would be of no use where the right one is.
        let master_key = MasterKey::new(crypto::read_master_key(&config.keys.directory)?)?;
        keys::ops::verify_master_key(&db, &master_key).await.context("no backup was written")?;
    }
    db.close().await;
    let kind = if sqlite_file(&config.database.url).is_some() { BackupKind::Sqlite } else { BackupKind::Postgres };
    let now = SystemClock.now();
    let (key, secret) = BackupKey::choose(args.passphrase_file.as_deref(), &config.keys.directory)?;
    let header = BackupHeader::new(kind, now, migrations, key);
    if let Some(source) = sqlite_file(&config.database.url) {
        check_space(&source, &args.out)?;
    }
    let file = private_file(&args.out).context("no backup was written")?;
    // An unfinished file opens nowhere.
    let written_file = unfinished.add(args.out.clone());
    let written = match sqlite_file(&config.database.url) {
        Some(source) => write_sqlite(&source, file, (header, secret), unfinished).await,
        None => {
            let url = owner_of(config)?.program_url();
            blocking(move || archive_file::write(file, &header, &secret, |archive| postgres::dump(&url, archive))).await
        }
    };
    let written = match written {
        // What was written is read once more: a copy that does not open is found out today.
        Ok(()) => check_file(&args.out, args.passphrase_file.as_deref(), config).await,
        Err(error) => Err(error),
    };
    let (_, bytes) = written.context("no backup was written")?;
    written_file.keep();
    sync_folder(&args.out)?;
    let size = fs::metadata(&args.out)?.len();
    if is_current {
        record(config, size).await.context("the backup is written, and not recorded in the audit")?;
    } else {
        writeln!(out, "not recorded in the audit: the database is of an older release")?;
    }
    writeln!(
        out,
        "{}: {bytes} bytes of {}, {size} sealed, read again",
        args.out.display(),
        config.database.location()
    )?;
    Ok(true)
}

/// Returns the database as PostgreSQL's own programs reach it.
fn owner_of(config: &Config) -> anyhow::Result<Database> {
    let owner = config.database.for_owner();
    anyhow::ensure!(!owner.pooled, "pg_dump and pg_restore do not go through a pooler: set database.owner_url");
    Ok(owner)
}

/// Records who took a copy of everything. Monitoring tells by it that backups have stopped.
async fn record(config: &Config, bytes: u64) -> anyhow::Result<()> {
    let around = super::operator_dependencies();
    let db = bootstrap::open_existing_database(config, AccessMode::ReadWrite).await?;
    bootstrap::sync_clock(&db, &around).await?;
    let done = audit::ops::record_backup(around.operation(&db), bytes).await;
    db.close().await;
    Ok(done?)
}

/// Runs blocking work on a thread of its own.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> anyhow::Result<T> + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await?
}

/// Returns the name of a file beside another one, in the same folder and so behind the same permissions.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Checks that the copy and the sealed file have room, each of the database's size: a full disk stops the servers.
fn check_space(database: &Path, to: &Path) -> anyhow::Result<()> {
    let length = |file: &Path| fs::metadata(file).map_or(0, |file| file.len());
    let size = length(database).saturating_add(length(&beside(database, "-wal")));
    let disk = |file: &Path| fs::metadata(folder_of(file)).map(|folder| folder.dev()).ok();
    let copies = if disk(database) == disk(to) { 2 } else { 1 };
    for folder in [folder_of(database), folder_of(to)] {
        ensure_free(folder, size.saturating_mul(copies).saturating_add(MIN_FREE_BYTES))?;
    }
    Ok(())
}

fn ensure_free(folder: &Path, needed: u64) -> anyhow::Result<()> {
    let stat = rustix::fs::statvfs(folder).with_context(|| folder.display().to_string())?;
    let free = stat.f_bavail.saturating_mul(stat.f_frsize);
    let [has, needs] = [free, needed].map(|bytes| bytes / 1024 / 1024);
    anyhow::ensure!(free >= needed, "{has} MiB are free in {}, and a backup needs {needs}", folder.display());
    Ok(())
}

fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Writes the name of a new file to the disk.
fn sync_folder(file: &Path) -> anyhow::Result<()> {
    let folder = folder_of(file);
    File::open(folder).and_then(|folder| folder.sync_all()).with_context(|| folder.display().to_string())
}

async fn write_sqlite(
    source: &Path,
    file: io::BufWriter<File>,
    (header, secret): (BackupHeader, archive_file::BackupSecret),
    unfinished: &Unfinished,
) -> anyhow::Result<()> {
    let copied = beside(source, unfinished::COPYING);
    let journal = unfinished.add(beside(&copied, "-journal"));
    // SQLite writes into an empty file, which keeps its mode.
    let copied = unfinished.add_new(copied).context("another backup runs")?;
    copy::copy_sqlite(source, copied.path()).await?;
    blocking(move || {
        archive_file::write(file, &header, &secret, |archive| {
            io::copy(&mut File::open(copied.path())?, archive)?;
            Ok(())
        })?;
        drop((copied, journal));
        Ok(())
    })
    .await
}

/// Reads a backup to its end. Returns its header, and the number of bytes in it.
async fn check_file(file: &Path, passphrase: Option<&Path>, config: &Config) -> anyhow::Result<(BackupHeader, u64)> {
    let opened = open_backup(file, passphrase, config)?;
    blocking(move || {
        let OpenedBackup { header, mut content } = opened;
        let bytes = io::copy(&mut content, &mut io::sink())?;
        Ok((header, bytes))
    })
    .await
    .with_context(|| file.display().to_string())
}

fn open_backup(file: &Path, passphrase: Option<&Path>, config: &Config) -> anyhow::Result<OpenedBackup> {
    archive_file::open(file, passphrase, &config.keys.directory).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backup_that_has_no_room_is_refused_with_the_name_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        ensure_free(folder.path(), 1).unwrap();
        let refused = ensure_free(folder.path(), u64::MAX).unwrap_err().to_string();
        assert!(refused.contains(&folder.path().display().to_string()), "{refused}");
    }
}
