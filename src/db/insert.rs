//! Inserts of many rows: a statement for each row costs a round trip to PostgreSQL, and SQLite a change of threads.

use std::fmt::Write as _;

use super::{Result, Tx, Value};

/// The number of rows of one statement.
const ROWS: usize = 25;

/// An INSERT of one row, and the same INSERT of many rows: two texts that never vary.
pub struct InsertSql {
    one: String,
    many: String,
}

impl InsertSql {
    /// `head` ends before VALUES, `tail` follows the rows, such as `ON CONFLICT DO NOTHING`. A row's values stand in the
    /// order of its columns.
    pub fn new(head: &str, columns: usize, tail: &str) -> Self {
        let of = |rows: usize| {
            let mut sql = format!("{head} VALUES ");
            for row in 0..rows {
                let _infallible = write!(sql, "{}(", if row == 0 { "" } else { ", " });
                for column in 1..=columns {
                    let comma = if column == 1 { "" } else { ", " };
                    let _infallible = write!(sql, "{comma}${}", row * columns + column);
                }
                sql.push(')');
            }
            format!("{sql} {tail}")
        };
        Self { one: of(1), many: of(ROWS) }
    }
}

impl Tx {
    /// Inserts rows, in their order. Returns the number of affected rows. Rows of one conflict target must differ in its
    /// columns where the tail updates: PostgreSQL refuses to update a row twice in one statement.
    pub async fn insert_rows(&mut self, sql: &'static InsertSql, rows: Vec<Vec<Value>>) -> Result<u64> {
        let mut affected = 0;
        let mut rows = rows.into_iter();
        while rows.len() >= ROWS {
            let values = rows.by_ref().take(ROWS).flatten().collect();
            affected += self.execute(&sql.many, values).await?;
        }
        for row in rows {
            affected += self.execute(&sql.one, row).await?;
        }
        Ok(affected)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_texts_number_their_values_row_by_row() {
        let sql = InsertSql::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        assert_eq!(sql.one, "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        assert!(sql.many.starts_with("INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6)"), "{}", sql.many);
        assert!(sql.many.ends_with("($49, $50) ON CONFLICT DO NOTHING"), "{}", sql.many);
    }
}
