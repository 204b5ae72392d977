//! `preau move`: an SQLite database into an empty PostgreSQL, every row of it or none.

use std::io::Write;
use std::path::PathBuf;

use anyhow::Context as _;

use super::status::ask_server;
use crate::bootstrap;
use crate::config::{Config, Database};
use crate::db::files::sqlite_file;
use crate::db::transfer::{FinishedMove, TransferError, move_to_postgres};
use crate::db::{AccessMode, Db};

#[derive(Debug, clap::Args)]
pub struct MoveArgs {
    /// The new database, postgres://…, without a password: every user of this machine sees the words of a command.
    #[arg(long, value_name = "URL", required_unless_present = "to_file", conflicts_with = "to_file")]
    to: Option<String>,
    /// A file with the URL of the new database, for one with a password.
    #[arg(long, value_name = "FILE")]
    to_file: Option<PathBuf>,
}

pub async fn run(args: &MoveArgs, config: &Config, out: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let Some(source) = sqlite_file(&config.database.url) else {
        anyhow::bail!("database.url is {}: only SQLite is moved", config.database.location());
    };
    let target = match (&args.to, &args.to_file) {
        (_, Some(file)) => std::fs::read_to_string(file).with_context(|| file.display().to_string())?.trim().to_owned(),
        (to, None) => to.clone().unwrap_or_default(),
    };
    anyhow::ensure!(
        target.starts_with("postgres://") || target.starts_with("postgresql://"),
        "the new database is a PostgreSQL: postgres://…"
    );
    anyhow::ensure!(
        args.to.is_none() || !has_password(&target),
        "--to has a password, which every user of this machine can see: change it, and name a file by --to-file"
    );
    let place = Database { url: target.clone(), ..Database::default() }.location();
    // What a server wrote after the move would stay behind.
    let server = ask_server(config.server.operations).await;
    anyhow::ensure!(!server.answers, "a server runs on this database ({}): stop it first", server.text);
    let newer = {
        let db = bootstrap::open_existing_database(config, AccessMode::ReadOnly).await?;
        let newer = db.schema_status().await?.unknown;
        db.close().await;
        newer
    };
    anyhow::ensure!(
        newer.is_empty(),
        "a newer version of this program has migrated this database: move it with that one"
    );
    let db = Db::open_with(&target, AccessMode::ReadOnly).await.with_context(|| place.clone())?;
    let free = async {
        // Tables of another program, or of an unknown version of this one, are not ours to migrate.
        let (tables, schema) = (db.count_tables().await?, db.schema_status().await?);
        let is_ours = schema.missing.is_empty() && schema.unknown.is_empty();
        anyhow::ensure!(
            tables == 0 || is_ours,
            "it has {tables} tables that are not those of this release, and no row of \
             it was touched: a database is moved into an empty one only"
        );
        Ok(())
    };
    let free = free.await;
    db.close().await;
    free.with_context(|| place.clone())?;
    let db = Db::open(&target).await.with_context(|| place.clone())?;
    db.migrate().await.with_context(|| place.clone())?;
    db.close().await;

    let moved = Box::pin(move_to_postgres(&source, &target)).await.map_err(explain)?;
    let FinishedMove { tables: moved, unanalyzed } = moved;
    for table in moved.iter().filter(|table| table.rows > 0) {
        writeln!(out, "{:<24} {:>9} rows  {}", table.name, table.rows, table.digest)?;
    }
    let rows: u64 = moved.iter().map(|table| table.rows).sum();
    writeln!(out, "{} tables, {rows} rows: each was read back, with the same number and digest", moved.len())?;
    if let Some(error) = unanalyzed {
        writeln!(out, "warning: run ANALYZE in the new database, whose queries are slow until then: {error}")?;
    }
    writeln!(
        out,
        "next: set database.url to {place} and ephemeral.url to a Redis if several servers are to run, keep the same \
         keys/master.key, `preau doctor`, start the servers; move {} away",
        source.display()
    )?;
    Ok(true)
}

/// Says that nothing was moved, where that is sure.
fn explain(error: TransferError) -> anyhow::Error {
    let nothing = error.moved_nothing();
    let error = anyhow::Error::from(error);
    if nothing { error.context("nothing was moved") } else { error }
}

/// True if a URL has a password, or cannot be read and so may have one.
fn has_password(url: &str) -> bool {
    let Ok(url) = url::Url::parse(url) else { return true };
    url.password().is_some_and(|password| !password.is_empty()) || url.query_pairs().any(|(key, _)| key == "password")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::DbError;

    #[test]
    fn what_fails_after_everything_was_moved_does_not_say_that_nothing_was() {
        let said = |error| format!("{:#}", explain(error));
        assert!(said(TransferError::NotEmpty("academy".to_owned())).starts_with("nothing was moved: academy of "));
        let unmarked = said(TransferError::Unmarked(DbError::Busy));
        assert!(unmarked.starts_with("everything was moved, and the old database could not be marked"), "{unmarked}");
        let unconfirmed = said(TransferError::Unconfirmed(DbError::Busy));
        assert!(unconfirmed.starts_with("PostgreSQL did not say whether"), "{unconfirmed}");
    }

    #[test]
    fn a_password_among_the_words_of_the_command_is_found() {
        for with in ["postgres://u:p@h/d", "postgres://h/d?user=u&password=p", "postgres://h:x/d"] {
            assert!(has_password(with), "{with}");
        }
        for without in ["postgres://h/d", "postgres://u@h:5432/d?sslmode=require", "postgres://u:@h/d"] {
            assert!(!has_password(without), "{without}");
        }
    }
}
