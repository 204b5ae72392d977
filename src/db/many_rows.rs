//! Statements that write many rows, each with values of its own: a statement for each row costs a round trip to
//! PostgreSQL, and SQLite a change of threads.

use std::fmt::Write as _;

use super::tx::Inner;
use super::{Result, Tx, Value};

/// The numbers of rows of one statement, the largest first.
const SIZES: [usize; 3] = [100, 10, 1];

/// A statement on the values of one row, and the same one on those of many rows: texts that never vary.
pub struct RowsSql {
    texts: [SizedRowsSql; SIZES.len()],
}

/// A statement on the values of so many rows.
struct SizedRowsSql {
    rows: usize,
    numbered: String,
    /// For SQLite: to find the name of each of a thousand numbered values, it walks over those before it.
    in_order: String,
}

impl RowsSql {
    /// Returns an INSERT. `head` ends before VALUES, `tail` follows the rows, such as `ON CONFLICT DO NOTHING`. A row's
    /// values stand in the order of its columns.
    pub fn insert(head: &str, columns: usize, tail: &str) -> Self {
        Self::around(head, columns, tail)
    }

    /// Returns an UPDATE that finds the values of a row in `given`, such as `UPDATE t SET a = given.a FROM given WHERE
    /// t.id = given.id`. The columns of `given` have the names of `values`, so those of the table are written with its
    /// name. A value has the type with which it is bound, a NULL too.
    pub fn update(values: &[&str], update: &str) -> Self {
        Self::around(&format!("WITH given ({}) AS (", values.join(", ")), values.len(), &format!(") {update}"))
    }

    /// Returns the statement with the placeholders of its rows between head and tail.
    fn around(head: &str, columns: usize, tail: &str) -> Self {
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
        Self { texts: SIZES.map(|rows| SizedRowsSql { rows, numbered: of(rows, true), in_order: of(rows, false) }) }
    }
}

impl Tx {
    /// Writes rows, in their order. Returns the number of affected rows. Rows that an INSERT's tail updates must differ in
    /// the columns of its conflict target, and those of an UPDATE in what it finds them by: PostgreSQL refuses to update a
    /// row twice in one statement, or takes any one of its values.
    pub async fn write_rows(&mut self, sql: &'static RowsSql, rows: Vec<Vec<Value>>) -> Result<u64> {
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

    /// Writes rows of so many different keys like [`Tx::write_rows`]; where some have the same key, one after the other,
    /// so that the last one counts.
    pub async fn write_keyed_rows(&mut self, sql: &'static RowsSql, rows: Vec<Vec<Value>>, keys: usize) -> Result<()> {
        if keys == rows.len() {
            self.write_rows(sql, rows).await?;
            return Ok(());
        }
        for row in rows {
            self.write_rows(sql, vec![row]).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::db::{Db, Durability, args};

    #[test]
    fn the_texts_number_their_values_row_by_row() {
        let sql = RowsSql::insert("INSERT INTO t (a, b)", 2, "ON CONFLICT DO NOTHING");
        let [many, some, one] = &sql.texts;
        assert_eq!(one.numbered, "INSERT INTO t (a, b) VALUES ($1, $2) ON CONFLICT DO NOTHING");
        assert_eq!(one.in_order, "INSERT INTO t (a, b) VALUES (?, ?) ON CONFLICT DO NOTHING");
        assert!(some.numbered.starts_with("INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4), ($5, $6)"));
        assert!(some.numbered.ends_with("($19, $20) ON CONFLICT DO NOTHING"), "{}", some.numbered);
        assert!(many.numbered.ends_with("($199, $200) ON CONFLICT DO NOTHING"), "{}", many.numbered);
        assert_eq!(many.in_order.matches('?').count(), 200);
        let sql = RowsSql::update(&["id", "a"], "UPDATE t SET a = given.a FROM given WHERE t.id = given.id");
        let [_, _, one] = &sql.texts;
        let update = "UPDATE t SET a = given.a FROM given WHERE t.id = given.id";
        assert_eq!(one.numbered, format!("WITH given (id, a) AS ( VALUES ($1, $2) ) {update}"));
    }

    async fn open(folder: &tempfile::TempDir) -> Db {
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        db
    }

    static ACADEMIES: LazyLock<RowsSql> =
        LazyLock::new(|| RowsSql::insert("INSERT INTO academy (id, code, name)", 3, "ON CONFLICT DO NOTHING"));

    #[tokio::test]
    async fn rows_of_every_number_are_inserted_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        let mut tx = db.write(Durability::Relaxed).await.unwrap();
        let row = |n: usize| args![format!("a{n}"), format!("{n}"), format!("académie {n}")];
        let mut known = 0;
        for count in [0, 1, 9, 10, 11, 99, 100, 101, 234] {
            let rows = (0..known + count).map(row).collect();
            assert_eq!(usize::try_from(tx.write_rows(&ACADEMIES, rows).await.unwrap()), Ok(count), "{count}");
            known += count;
        }
        let sql = "SELECT id, code, name FROM academy ORDER BY rowid";
        let found = tx.fetch_all::<(String, String, String)>(sql, Vec::new()).await.unwrap();
        let right: Vec<_> = (0..known).map(|n| (format!("a{n}"), format!("{n}"), format!("académie {n}"))).collect();
        assert_eq!(found, right);
    }

    #[tokio::test]
    async fn rows_of_every_number_are_updated_each_by_its_own_values() {
        static NAMES: LazyLock<RowsSql> = LazyLock::new(|| {
            let update = "UPDATE academy SET name = COALESCE(given.name, academy.name || ' stays') FROM given \
                          WHERE academy.id = given.id AND academy.code <> '7'";
            RowsSql::update(&["id", "name"], update)
        });
        let folder = tempfile::tempdir().unwrap();
        let db = open(&folder).await;
        for count in [0_usize, 1, 9, 10, 11, 99, 100, 101, 234] {
            let mut tx = db.write(Durability::Relaxed).await.unwrap();
            let row = |n: usize| args![format!("a{n}"), format!("{n}"), format!("académie {n}")];
            tx.write_rows(&ACADEMIES, (0..300).map(row).collect()).await.unwrap();
            let name = |n: usize| (!n.is_multiple_of(3)).then(|| format!("nom {n}"));
            let rows = (0..count).map(|n| args![format!("a{n}"), name(n)]).collect();
            let expected = count - usize::from(count > 7);
            assert_eq!(usize::try_from(tx.write_rows(&NAMES, rows).await.unwrap()), Ok(expected), "{count}");
            let found = tx.fetch_all::<(String,)>("SELECT name FROM academy ORDER BY rowid", Vec::new()).await.unwrap();
            let right: Vec<_> = (0..300)
                .map(|n| match name(n) {
                    _ if n >= count || n == 7 => format!("académie {n}"),
                    Some(name) => name,
                    None => format!("académie {n} stays"),
                })
                .map(|name| (name,))
                .collect();
            assert_eq!(found, right, "{count}");
            tx.rollback().await.unwrap();
        }
    }
}
