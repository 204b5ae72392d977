//! `preau backup` and `preau restore`: an encrypted copy of the database, and the way back.
//!
//! The copy is of one moment, while servers write: SQLite by `VACUUM INTO`, PostgreSQL by its own `pg_dump`. It is sealed
//! as a stream (`crypto/archive.rs`) by a key derived from the master key, or from a passphrase in a file. A restore
//! reads the file to its end before it touches anything, and takes an empty target only.

mod archive_file;
mod postgres;

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::private_file;
use crate::audit;
use crate::base::clock::{Clock as _, SystemClock};
use crate::bootstrap;
use crate::config::Config;
use crate::crypto::{self, MasterKey};
use crate::db::files::{self, sqlite_file};
use crate::db::{AccessMode, Db, copy};
use crate::keys;
use archive_file::{BackupHeader, BackupKey, BackupKind, OpenedBackup};

#[derive(Debug, clap::Args)]
pub struct BackupArgs {
    /// The new file; never overwrites one. Only its owner may read it.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// A file with a passphrase of at least 20 characters; by default a key derived from the master key seals the copy.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// A file of `preau backup`.
    file: PathBuf,
    /// The file with the passphrase, if the copy was sealed by one.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// Reads the file to its end and restores nothing.
    #[arg(long)]
    check: bool,
}

pub async fn run(args: &BackupArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
    let migrations = db.applied_migrations().await?;
    db.close().await;
    let kind = if sqlite_file(&config.database.url).is_some() { BackupKind::Sqlite } else { BackupKind::Postgres };
    let now = SystemClock.now();
    let (key, secret) = BackupKey::choose(args.passphrase_file.as_deref(), &config.keys.directory)?;
    let header = BackupHeader::new(kind, now, migrations, key);
    let file = private_file(&args.out).context("no backup was written")?;
    let written = match sqlite_file(&config.database.url) {
        Some(source) => write_sqlite(&source, file, header, secret).await,
        None => {
            let url = config.database.url.clone();
            blocking(move || archive_file::write(file, &header, &secret, |archive| postgres::dump(&url, archive))).await
        }
    };
    let written = match written {
        // What was written is read once more: a copy that does not open is found out today.
        Ok(()) => check_file(&args.out, args.passphrase_file.as_deref(), config).await,
        Err(error) => Err(error),
    };
    let bytes = match written {
        Ok((_, bytes)) => bytes,
        Err(error) => {
            // The unfinished file opens nowhere.
            let _gone = fs::remove_file(&args.out);
            return Err(error.context("no backup was written"));
        }
    };
    let size = fs::metadata(&args.out)?.len();
    record(config, size).await.context("the backup is written, and not recorded in the audit")?;
    writeln!(
        out,
        "{}: {bytes} bytes of {}, {size} sealed, read again",
        args.out.display(),
        config.database.location()
    )?;
    Ok(true)
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

/// Removes a file when dropped.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        // It is gone, or will be found by the next backup.
        let _gone = fs::remove_file(&self.0);
    }
}

/// Returns the name of a file beside another one, in the same folder and so behind the same permissions.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

async fn write_sqlite(
    source: &Path,
    file: io::BufWriter<File>,
    header: BackupHeader,
    secret: archive_file::BackupSecret,
) -> anyhow::Result<()> {
    let copied = beside(source, ".copying");
    // SQLite writes into an empty file, which keeps its mode.
    drop(private_file(&copied).context("another backup runs; or one was killed: then remove this file")?);
    let copied = Temporary(copied);
    copy::copy_sqlite(source, &copied.0).await?;
    blocking(move || {
        archive_file::write(file, &header, &secret, |archive| {
            io::copy(&mut File::open(&copied.0)?, archive)?;
            Ok(())
        })
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

pub async fn restore(args: &RestoreArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let passphrase = args.passphrase_file.as_deref();
    let (header, bytes) = check_file(&args.file, passphrase, config).await?;
    writeln!(out, "{}: {header}, {bytes} bytes, whole", args.file.display())?;
    if args.check {
        return Ok(true);
    }
    let place = config.database.location();
    let opened = open_backup(&args.file, passphrase, config)?;
    match (sqlite_file(&config.database.url), header.kind) {
        (Some(target), BackupKind::Sqlite) => restore_sqlite(&target, opened).await?,
        (None, BackupKind::Postgres) => {
            let db = Db::open_with(&config.database.url, AccessMode::ReadOnly).await.context(place.clone())?;
            let tables = db.count_tables().await?;
            db.close().await;
            anyhow::ensure!(tables == 0, "{place} has {tables} tables: a backup is put into an empty database only");
            let url = config.database.url.clone();
            blocking(move || postgres::restore(&url, opened.content)).await?;
        }
        (_, kind) => anyhow::bail!("this is a backup of {kind}, and database.url is {place}"),
    }
    writeln!(out, "{place} is restored")?;
    report_restored(config, out).await
}

async fn restore_sqlite(target: &Path, opened: OpenedBackup) -> anyhow::Result<()> {
    let taken = [target.to_owned(), beside(target, "-wal")].into_iter().find(|file| file.exists());
    if let Some(file) = taken {
        anyhow::bail!("{} is there: a backup is restored where nothing is", file.display());
    }
    let restored = beside(target, ".restoring");
    // Makes the folder with its mode too.
    files::create(&restored).with_context(|| restored.display().to_string())?;
    let restored = Temporary(restored);
    let path = restored.0.clone();
    blocking(move || {
        let mut file = File::create(&path)?;
        let mut content = opened.content;
        io::copy(&mut content, &mut file)?;
        Ok(file.sync_all()?)
    })
    .await?;
    if let Some(fault) = copy::find_sqlite_fault(&restored.0).await? {
        anyhow::bail!("the database in this backup is damaged: {fault}");
    }
    anyhow::ensure!(!target.exists(), "{} was made meanwhile", target.display());
    fs::rename(&restored.0, target).with_context(|| target.display().to_string())?;
    Ok(())
}

/// Says what still is to be done with a restored database. Returns false if its master key is not here.
async fn report_restored(config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let db = Db::open_with(&config.database.url, AccessMode::ReadOnly).await?;
    let opens = match crypto::read_master_key(&config.keys.directory) {
        Ok(master) => keys::ops::verify_master_key(&db, &MasterKey::new(master)?).await,
        Err(error) => Err(error.into()),
    };
    let missing = db.schema_status().await?.missing.len();
    db.close().await;
    if let Err(error) = &opens {
        writeln!(out, "WRONG  master key: {}: bring the key of this database", super::in_one_line(error))?;
    }
    let migrate = if missing == 0 { "" } else { "`preau migrate`, then " };
    writeln!(out, "next: {migrate}`preau doctor`; sessions and tokens are those of that time: see docs/operating.md")?;
    Ok(opens.is_ok())
}
