//! Moves every row of an SQLite database into an empty PostgreSQL with the same schema.
//!
//! The source is locked for writers from the first row to the last, the target is one transaction. Before it commits,
//! every table is read back, and its number of rows and a digest of their values are compared with what was read from
//! the source: all of it is there, or nothing. Then the source is marked, and takes no write any more.

mod sums;

use std::collections::BTreeMap;
use std::path::Path;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Postgres, Row as _, Sqlite};

use super::{DbError, moved};
use sums::{Batch, TableSum, Values};

/// The number of rows that are read and written at a time.
const BATCH_ROWS: i64 = 1_000;

#[derive(Debug, thiserror::Error)]
pub enum TransferError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{table}: {error}")]
    Table { table: String, error: sqlx::Error },
    #[error("{0} of the target has rows: a database is moved into an empty one only")]
    NotEmpty(String),
    #[error("{table}.{column} is {kind}, which only one of the databases knows")]
    UnknownColumn { table: String, column: String, kind: String },
    /// PostgreSQL may have committed before the connection broke.
    #[error(
        "PostgreSQL did not say whether it has everything or nothing, and the old database is not marked as moved: serve \
         neither before you have looked whether the new one has rows: {0}"
    )]
    Unconfirmed(DbError),
    #[error("everything was moved, and the old database could not be marked so: let nobody serve it: {0}")]
    Unmarked(DbError),
    #[error("tables refer to each other in a circle: {0}")]
    Circle(String),
    #[error("{table}: {read} rows were read and {written} found again, of digests {from} and {to}")]
    Differs { table: String, read: u64, written: u64, from: String, to: String },
}

/// A table that was moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedTable {
    pub name: String,
    pub rows: u64,
    /// A digest of all values, whatever the order of the rows.
    pub digest: String,
}

/// A whole move.
#[derive(Debug)]
pub struct FinishedMove {
    pub tables: Vec<MovedTable>,
    /// The failure of PostgreSQL to learn the figures of the tables: the move stands all the same.
    pub unanalyzed: Option<DbError>,
}

impl TransferError {
    /// True if the target is surely as before.
    pub fn moved_nothing(&self) -> bool {
        !matches!(self, TransferError::Unconfirmed(_) | TransferError::Unmarked(_))
    }
}

/// The types of columns that both databases write alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ColumnKind {
    Text,
    Int,
    Bool,
}

impl ColumnKind {
    fn of(declared: &str) -> Option<Self> {
        match declared.to_ascii_lowercase().as_str() {
            "text" => Some(ColumnKind::Text),
            "bigint" => Some(ColumnKind::Int),
            "boolean" => Some(ColumnKind::Bool),
            _ => None,
        }
    }

    fn array(self) -> &'static str {
        match self {
            ColumnKind::Text => "text[]",
            ColumnKind::Int => "bigint[]",
            ColumnKind::Bool => "boolean[]",
        }
    }
}

/// A table, with its columns in the order of the source.
#[derive(Clone, Debug)]
struct Table {
    name: String,
    columns: Vec<(String, ColumnKind)>,
}

impl Table {
    /// Returns the quoted columns, for a statement.
    fn list(&self) -> String {
        self.columns.iter().map(|(name, _)| quoted(name)).collect::<Vec<_>>().join(", ")
    }

    fn fault(&self) -> impl Fn(sqlx::Error) -> TransferError + use<> {
        let table = self.name.clone();
        move |error| TransferError::Table { table: table.clone(), error }
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Moves every table.
///
/// # Errors
/// Fails if the target has rows, the schemas differ, or what is read back differs; then the target is as before. Of the
/// end of the move see [`TransferError::moved_nothing`].
pub async fn move_to_postgres(source: &Path, target: &str) -> Result<FinishedMove, TransferError> {
    let options = SqliteConnectOptions::new()
        .filename(source)
        .create_if_missing(false)
        .busy_timeout(std::time::Duration::from_secs(30))
        .disable_statement_logging();
    let mut from = options.connect().await.map_err(DbError::Open)?;
    if moved::is_marked(&mut from).await.map_err(DbError::Open)? {
        return Err(DbError::Moved.into());
    }
    let options: PgConnectOptions = target.parse().map_err(DbError::Open)?;
    let options = options.application_name("preau move").disable_statement_logging();
    let mut to = options.connect().await.map_err(DbError::Open)?;
    let to = &mut to;
    let db = |error| TransferError::Db(DbError::Sqlx(error));
    // A server that still writes here waits, and says that the database is busy.
    sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut from).await.map_err(db)?;
    sqlx::raw_sql("BEGIN").execute(&mut *to).await.map_err(db)?;
    let tables = list_tables(&mut from, to).await?;
    let names: Vec<String> = tables.iter().map(|table| quoted(&table.name)).collect();
    // Nobody writes here either until everything was compared.
    let lock = format!("LOCK TABLE {} IN EXCLUSIVE MODE", names.join(", "));
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *to).await.map_err(db)?;
    check_empty(to, &tables).await?;
    let mut moved = Vec::new();
    for table in &tables {
        let read = write_table(&mut from, to, table).await?;
        let written = read_back(to, table).await.map_err(table.fault())?;
        if read != written {
            return Err(TransferError::Differs {
                table: table.name.clone(),
                read: read.rows,
                written: written.rows,
                from: read.digest(),
                to: written.digest(),
            });
        }
        moved.push(MovedTable { name: table.name.clone(), rows: read.rows, digest: read.digest() });
    }
    sqlx::raw_sql("COMMIT").execute(&mut *to).await.map_err(commit_error)?;
    // Who waited for the lock, and every later writer, finds the mark: what they wrote would be lost.
    let names = tables.iter().map(|table| table.name.as_str());
    let unmarked = |error| TransferError::Unmarked(DbError::Sqlx(error));
    moved::mark(&mut from, names).await.map_err(unmarked)?;
    sqlx::raw_sql("COMMIT").execute(&mut from).await.map_err(unmarked)?;
    // PostgreSQL's planner knows nothing of the tables yet.
    let unanalyzed = sqlx::raw_sql("ANALYZE").execute(&mut *to).await.err().map(DbError::Sqlx);
    // Both have committed: what closing fails at is no matter of the move.
    let _closed = from.close().await;
    Ok(FinishedMove { tables: moved, unanalyzed })
}

/// Tells a commit that PostgreSQL refused, which moved nothing, from one whose answer did not come.
fn commit_error(error: sqlx::Error) -> TransferError {
    match error {
        sqlx::Error::Database(refusal) if !refusal.code().is_some_and(|code| code.starts_with("57P")) => {
            TransferError::Db(DbError::Sqlx(sqlx::Error::Database(refusal)))
        }
        error => TransferError::Unconfirmed(DbError::Sqlx(error)),
    }
}

/// Checks that no table of the target has rows.
async fn check_empty(to: &mut PgConnection, tables: &[Table]) -> Result<(), TransferError> {
    for table in tables {
        let exists = AssertSqlSafe(format!("SELECT EXISTS (SELECT 1 FROM {})", quoted(&table.name)));
        let (filled,): (bool,) = sqlx::query_as(exists).fetch_one(&mut *to).await.map_err(table.fault())?;
        if filled {
            return Err(TransferError::NotEmpty(table.name.clone()));
        }
    }
    Ok(())
}

/// Lists the tables, each after those that it refers to, and checks that the target has the same.
async fn list_tables(from: &mut SqliteConnection, to: &mut PgConnection) -> Result<Vec<Table>, TransferError> {
    let db = |error| TransferError::Db(DbError::Sqlx(error));
    let sql = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite^_%' ESCAPE '^' \
               AND name <> '_sqlx_migrations' ORDER BY name";
    let names: Vec<(String,)> = sqlx::query_as(sql).fetch_all(&mut *from).await.map_err(db)?;
    let mut waiting: BTreeMap<String, (Table, Vec<String>)> = BTreeMap::new();
    for (name,) in names {
        let sql = "SELECT name, type FROM pragma_table_info($1) ORDER BY cid";
        let ours: Vec<(String, String)> = sqlx::query_as(sql).bind(&name).fetch_all(&mut *from).await.map_err(db)?;
        let sql = "SELECT column_name::text, data_type::text FROM information_schema.columns \
                   WHERE table_schema = current_schema() AND table_name = $1";
        let theirs: Vec<(String, String)> = sqlx::query_as(sql).bind(&name).fetch_all(&mut *to).await.map_err(db)?;
        let theirs: BTreeMap<String, String> = theirs.into_iter().collect();
        let unknown = |column: &str, kind: &str| TransferError::UnknownColumn {
            table: name.clone(),
            column: column.to_owned(),
            kind: kind.to_owned(),
        };
        let mut columns = Vec::new();
        for (column, declared) in &ours {
            let kind = ColumnKind::of(declared);
            let same = theirs.get(column).and_then(|declared| ColumnKind::of(declared));
            columns.push((column.clone(), kind.filter(|_| kind == same).ok_or_else(|| unknown(column, declared))?));
        }
        if let Some((column, declared)) = theirs.iter().find(|(name, _)| !ours.iter().any(|(ours, _)| ours == *name)) {
            return Err(unknown(column, declared));
        }
        let sql = "SELECT DISTINCT \"table\" FROM pragma_foreign_key_list($1)";
        let above: Vec<(String,)> = sqlx::query_as(sql).bind(&name).fetch_all(&mut *from).await.map_err(db)?;
        let above = above.into_iter().map(|(above,)| above).filter(|above| *above != name).collect();
        waiting.insert(name.clone(), (Table { name, columns }, above));
    }
    let mut sorted = Vec::new();
    while !waiting.is_empty() {
        let free = waiting.iter().find(|(_, (_, above))| !above.iter().any(|above| waiting.contains_key(above)));
        let Some(name) = free.map(|(name, _)| name.clone()) else {
            return Err(TransferError::Circle(waiting.into_keys().collect::<Vec<_>>().join(", ")));
        };
        sorted.extend(waiting.remove(&name).map(|(table, _)| table));
    }
    Ok(sorted)
}

/// Writes the rows of a table. Returns the sum of what was read.
async fn write_table(
    from: &mut SqliteConnection,
    to: &mut PgConnection,
    table: &Table,
) -> Result<TableSum, TransferError> {
    let fault = table.fault();
    let (name, list) = (quoted(&table.name), table.list());
    let read = format!("SELECT rowid, {list} FROM {name} WHERE rowid > $1 ORDER BY rowid LIMIT $2");
    let arrays = table.columns.iter().enumerate().map(|(at, (_, kind))| format!("${}::{}", at + 1, kind.array()));
    let write = format!("INSERT INTO {name} ({list}) SELECT * FROM UNNEST({})", arrays.collect::<Vec<_>>().join(", "));
    let (mut sum, mut last) = (TableSum::default(), i64::MIN);
    loop {
        let select = sqlx::query::<Sqlite>(AssertSqlSafe(read.clone())).bind(last).bind(BATCH_ROWS);
        let rows = select.fetch_all(&mut *from).await.map_err(&fault)?;
        let Some(end) = rows.last() else { return Ok(sum) };
        last = end.try_get(0).map_err(&fault)?;
        let batch = Batch::of_sqlite(table, &rows).map_err(&fault)?;
        sum.add(&batch, rows.len());
        let mut insert = sqlx::query::<Postgres>(AssertSqlSafe(write.clone()));
        for values in batch.0 {
            insert = match values {
                Values::Text(values) => insert.bind(values),
                Values::Int(values) => insert.bind(values),
                Values::Bool(values) => insert.bind(values),
            };
        }
        insert.execute(&mut *to).await.map_err(&fault)?;
    }
}

/// Reads the rows of a table from the target. Returns their sum.
async fn read_back(to: &mut PgConnection, table: &Table) -> sqlx::Result<TableSum> {
    let (name, cursor) = (quoted(&table.name), quoted(&format!("rows of {}", table.name)));
    let declare = format!("DECLARE {cursor} NO SCROLL CURSOR FOR SELECT {} FROM {name}", table.list());
    sqlx::raw_sql(AssertSqlSafe(declare)).execute(&mut *to).await?;
    let mut sum = TableSum::default();
    loop {
        let fetch = AssertSqlSafe(format!("FETCH {BATCH_ROWS} FROM {cursor}"));
        let rows = sqlx::query::<Postgres>(fetch).persistent(false).fetch_all(&mut *to).await?;
        if rows.is_empty() {
            break;
        }
        sum.add(&Batch::of_postgres(table, &rows)?, rows.len());
    }
    sqlx::raw_sql(AssertSqlSafe(format!("CLOSE {cursor}"))).execute(&mut *to).await?;
    Ok(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_to_be_moved_only_where_that_is_sure() {
        let broken = || sqlx::Error::Io(std::io::ErrorKind::ConnectionReset.into());
        assert!(!commit_error(broken()).moved_nothing());
        assert!(!TransferError::Unmarked(DbError::Sqlx(broken())).moved_nothing());
        assert!(TransferError::Db(DbError::Sqlx(broken())).moved_nothing());
        assert!(TransferError::NotEmpty("academy".to_owned()).moved_nothing());
    }
}
