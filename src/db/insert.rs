//! Inserts of many rows: a statement for each row costs a round trip to PostgreSQL, and SQLite a change of threads.

use std::fmt::Write as _;

use super::tx::Inner;
use super::{Result, Tx, Value};

/// The numbers of rows of one statement, the largest first.
const SIZES: [usize; 3] = [100, 10, 1];

/// An INSERT of one row, and the same INSERT of many rows: texts that never vary.
pub struct InsertSql {
    texts: [SizedInsert; SIZES.len()],
}

/// An INSERT of so many rows.
struct SizedInsert {
    rows: usize,
    numbered: String,
    /// For SQLite: to find the name of each of a thousand numbered values, it walks over those before it.
    in_order: String,
}

impl InsertSql {
    /// `head` ends before VALUES, `tail` follows the rows, such as `ON CONFLICT DO NOTHING`. A row's values stand in the
    /// order of its columns.
    pub fn new(head: &str, columns: usize, tail: &str) -> Self {
        let of = |rows: usize, is_numbered: bool| {
            let mut sql = format!("{head} VALUES ");
            for row in 0..rows {
                let _infallible = write!(sql, "{}(", if row == 0 { "" } else { ", " });
                for column in 1..=columns {
                    let comma = if column == 1 { "" } else { ", " };
                    let _infallible = match is_numbered {
                        true => write!(sql, "{comma}${}", row * columns + column),
                        false => write!(sql, "{comma}?"),
                    };
                }
                sql.push(')');
            }
            format!("{sql} {tail}")
        };
        Self { texts: SIZES.map(|rows| SizedInsert { rows, numbered: of(rows, true), in_order: of(rows, false) }) }
    }
}

impl Tx {
    /// Inserts rows, in their order. Returns the number of affected rows. Rows of one conflict target must differ in its
    /// columns where the tail updates: PostgreSQL refuses to update a row twice in one statement.
    pub async fn insert_rows(&mut self, sql: &'static InsertSql, rows: Vec<Vec<Value>>) -> Result<u64> {
        let mut affected = 0;
        let mut rows = rows.into_iter();
        for text in &sql.texts {
            let statement = match &self.inner {
                Inner::Sqlite(_) => &text.in_order,
                Inner::Postgres(_) | Inner::PostgresRead(_) => &text.numbered,
            };
            while rows.len() >= text.rows {
                let values = rows.by_ref().take(text.rows).flatten().collect();
                affected += self.execute(statement, values).await?;
            }
        }
        Ok(affected)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::db::{Db, Durability, args};

    #[test]
    fn the_texts_number_their_values_row_by_row() {
        let sql = InsertSql::new("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let [many, some, one] = &sql.texts;
        assert_eq!(one.numbered, "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        assert_eq!(one.in_order, "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING");
        assert!(some.numbered.starts_with("INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6)"));
        assert!(some.numbered.ends_with("($19, $20) ON CONFLICT DO NOTHING"), "{}", some.numbered);
        assert!(many.numbered.ends_with("($199, $200) ON CONFLICT DO NOTHING"), "{}", many.numbered);
        assert_eq!(many.in_order.matches('?').count(), 200);
    }

    #[tokio::test]
    async fn rows_of_every_number_are_inserted_in_their_order() {
        static ACADEMIES: LazyLock<InsertSql> =
            LazyLock::new(|| InsertSql::new("INSERT INTO academy (id, code, name)", 3, "ON CONFLICT DO NOTHING"));
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.write(Durability::Relaxed).await.unwrap();
        let row = |n: usize| args![format!("a{n}"), format!("{n}"), format!("académie {n}")];
        let mut known = 0;
        for count in [0, 1, 9, 10, 11, 99, 100, 101, 234] {
            let rows = (0..known + count).map(row).collect();
            assert_eq!(usize::try_from(tx.insert_rows(&ACADEMIES, rows).await.unwrap()), Ok(count), "{count}");
            known += count;
        }
        let sql = "SELECT id, code, name FROM academy ORDER BY rowid";
        let found = tx.fetch_all::<(String, String, String)>(sql, Vec::new()).await.unwrap();
        let right: Vec<_> = (0..known).map(|n| (format!("a{n}"), format!("{n}"), format!("académie {n}"))).collect();
        assert_eq!(found, right);
    }
}
