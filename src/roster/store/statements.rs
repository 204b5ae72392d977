//! Rows of what a format said of people whose data is another format's.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::db::{BATCH_SIZE, FromRow, Result, RowsSql, Tx, Value, args, batch_args, batch_placeholders};

/// The data that a format gave for a row, as an HMAC, and the time since which it gives that.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, serde::Serialize, serde::Deserialize)]
pub struct StatementRow {
    pub row_id: String,
    pub format: String,
    pub digest: String,
    pub said_at: i64,
}

/// Lists what was said of rows, by any format.
pub async fn list_statements(tx: &mut Tx, ids: &[&str]) -> Result<Vec<StatementRow>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT row_id, format, digest, said_at FROM roster_statement WHERE format <> $1 AND row_id IN (",
            batch_placeholders!(),
            ") ORDER BY row_id, format"
        );
        rows.extend(tx.fetch_all::<StatementRow>(sql, batch_args(Value::from(""), ids.iter().copied())).await?);
    }
    Ok(rows)
}

static STATEMENTS: LazyLock<RowsSql> = LazyLock::new(|| {
    let tail = "ON CONFLICT (row_id, format) DO UPDATE SET digest = excluded.digest, said_at = excluded.said_at";
    RowsSql::insert("INSERT INTO roster_statement (row_id, format, digest, said_at)", 4, tail)
});

/// Writes what a format says of rows; of what it says twice of one, the last counts.
pub async fn upsert_statements(tx: &mut Tx, rows: &[StatementRow]) -> Result<()> {
    let last: BTreeMap<(&str, &str), &StatementRow> =
        rows.iter().map(|row| ((row.row_id.as_str(), row.format.as_str()), row)).collect();
    let values = last.into_values().map(|row| args![&row.row_id, &row.format, &row.digest, row.said_at]).collect();
    tx.write_rows(&STATEMENTS, values).await?;
    Ok(())
}

/// Puts back what a format said of a row, unless the row is gone.
pub async fn restore_statement(tx: &mut Tx, row: &StatementRow) -> Result<()> {
    let sql = "INSERT INTO roster_statement (row_id, format, digest, said_at) SELECT s.id, $2, $3, $4 FROM \
               (SELECT id FROM person WHERE id = $1 UNION ALL SELECT id FROM pupil WHERE id = $1) s WHERE s.id = $1 \
               ON CONFLICT (row_id, format) DO UPDATE SET digest = excluded.digest, said_at = excluded.said_at";
    tx.execute(sql, args![&row.row_id, &row.format, &row.digest, row.said_at]).await?;
    Ok(())
}

/// Deletes what a format said of a row.
pub async fn delete_statement(tx: &mut Tx, row_id: &str, format: &str) -> Result<()> {
    tx.execute("DELETE FROM roster_statement WHERE row_id = $1 AND format = $2", args![row_id, format]).await?;
    Ok(())
}
