//! Rows of what a format said of people whose data is another format's.

use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};

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

/// Writes what a format says of a row.
pub async fn upsert_statement(tx: &mut Tx, row: &StatementRow) -> Result<()> {
    let sql = "INSERT INTO roster_statement (row_id, format, digest, said_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (row_id, format) DO UPDATE SET digest = excluded.digest, said_at = excluded.said_at";
    tx.execute(sql, args![&row.row_id, &row.format, &row.digest, row.said_at]).await?;
    Ok(())
}

/// Deletes what a format said of a row.
pub async fn delete_statement(tx: &mut Tx, row_id: &str, format: &str) -> Result<()> {
    tx.execute("DELETE FROM roster_statement WHERE row_id = $1 AND format = $2", args![row_id, format]).await?;
    Ok(())
}
