//! `preau restore`: a backup into an empty place, where it sends nothing again and revives nothing.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::archive_file::{BackupKind, OpenedBackup};
use super::unfinished::{RESTORING, Unfinished, or_end_cleanly};
use super::{beside, blocking, check_file, open_backup, postgres, sync_folder};
use crate::bootstrap;
use crate::cli::status::ask_server;
use crate::config::{Config, Database};
use crate::crypto::{self, MasterKey};
use crate::db::files::{self, sqlite_file};
use crate::db::{AccessMode, Db, copy};
use crate::keys;

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

pub async fn restore(args: &RestoreArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let unfinished = Unfinished::default();
    or_end_cleanly(&unfinished, read_backup(args, config, &unfinished, out)).await
}

async fn read_backup(
    args: &RestoreArgs,
    config: &Config,
    unfinished: &Unfinished,
    out: &mut (dyn Write + Send),
) -> anyhow::Result<bool> {
    let passphrase = args.passphrase_file.as_deref();
    let (header, bytes) = check_file(&args.file, passphrase, config).await?;
    writeln!(out, "{}: {header}, {bytes} bytes, whole", args.file.display())?;
    if args.check {
        return Ok(true);
    }
    let server = ask_server(config.server.operations).await;
    anyhow::ensure!(!server.answers, "a server runs on this database ({}): stop it first", server.text);
    let place = config.database.location();
    let opened = open_backup(&args.file, passphrase, config)?;
    match (sqlite_file(&config.database.url), header.kind) {
        (Some(target), BackupKind::Sqlite) => restore_sqlite(&target, opened, unfinished).await?,
        (None, BackupKind::Postgres) => {
            let owner = super::owner_of(config)?;
            let db = Db::open_configured(&owner, AccessMode::ReadOnly).await.context(place.clone())?;
            let tables = db.count_tables().await?;
            db.close().await;
            anyhow::ensure!(tables == 0, "{place} has {tables} tables: a backup is put into an empty database only");
            let url = owner.program_url();
            blocking(move || postgres::restore(&url, opened.content)).await?;
            let again = "DO NOT SERVE this database: drop it, and restore into a new one";
            settle(&owner).await.context(again)?;
        }
        (_, kind) => anyhow::bail!("this is a backup of {kind}, and database.url is {place}"),
    }
    writeln!(out, "{place} is restored")?;
    report_restored(config, out).await
}

async fn restore_sqlite(target: &Path, opened: OpenedBackup, unfinished: &Unfinished) -> anyhow::Result<()> {
    // A log of another database would be played into this one.
    let taken = ["", "-wal", "-shm", "-journal"].map(|end| beside(target, end)).into_iter().find(|file| file.exists());
    if let Some(file) = taken {
        anyhow::bail!("{} is there: a backup is restored where nothing is", file.display());
    }
    files::create_folder(target).with_context(|| target.display().to_string())?;
    let restored = unfinished.add_new(beside(target, RESTORING)).context("another restore runs")?;
    let _logs = ["-wal", "-shm", "-journal"].map(|end| unfinished.add(beside(restored.path(), end)));
    let path = restored.path().to_owned();
    blocking(move || {
        let mut file = File::create(&path)?;
        let mut content = opened.content;
        io::copy(&mut content, &mut file)?;
        Ok(file.sync_all()?)
    })
    .await?;
    if let Some(fault) = copy::find_sqlite_fault(restored.path()).await? {
        anyhow::bail!("the database in this backup is damaged: {fault}");
    }
    // Before the file has its name: no server may open what would send everything again.
    let url = format!("sqlite:{}", restored.path().display());
    settle(&Database { url, ..Database::default() }).await?;
    let log = fs::metadata(beside(restored.path(), "-wal")).map_or(0, |log| log.len());
    anyhow::ensure!(log == 0, "{} is open elsewhere", restored.path().display());
    // Unlike a renaming this never takes the place of a file that was made meanwhile.
    fs::hard_link(restored.path(), target).with_context(|| target.display().to_string())?;
    drop(restored);
    sync_folder(target)
}

/// Migrates a restored database, and ends what it must not do again.
async fn settle(database: &Database) -> anyhow::Result<()> {
    let around = crate::cli::operator_dependencies();
    let db = Db::open_configured(database, AccessMode::ReadWrite).await?;
    let done = bootstrap::settle_restored(&db, &around).await;
    db.close().await;
    done
}

/// Says what still is to be done with a restored database. Returns false if its master key is not here.
async fn report_restored(config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let db = Db::open_configured(&config.database, AccessMode::ReadOnly).await?;
    let opens = match crypto::read_master_key(&config.keys.directory) {
        Ok(master) => keys::ops::verify_master_key(&db, &MasterKey::new(master)?).await,
        Err(error) => Err(error.into()),
    };
    db.close().await;
    if let Err(error) = &opens {
        writeln!(out, "WRONG  master key: {}: bring the key of this database", crate::cli::in_one_line(error))?;
    }
    writeln!(
        out,
        "nobody is signed in, no refresh token is valid, and no message of that time leaves\n\
         next: check `keys list` and `client list` for what was revoked since; `preau doctor`; see docs/operating.md"
    )?;
    Ok(opens.is_ok())
}
