//! Statements on a list of keys, many of them in one: a round trip to PostgreSQL, or a change of threads for SQLite, for each
//! few people of a school costs an import as much as their rows.

use std::fmt::Write as _;

use super::tx::{DbRow, Inner};
use super::{Result, Tx, Value};

/// The numbers of keys of one statement, the largest first. A shorter list repeats its last key.
const SIZES: [usize; 2] = [250, 50];

/// A statement on a list of keys, for lists of each size: texts that never vary.
pub struct KeysSql {
    texts: [SizedKeysSql; SIZES.len()],
}

/// A statement on so many keys.
struct SizedKeysSql {
    keys: usize,
    numbered: String,
    /// For SQLite, which walks over the numbered values before each one, like [`super::RowsSql`].
    in_order: String,
}

impl KeysSql {
    /// Returns a statement. `head` ends before the list, such as `SELECT id FROM t WHERE a = ? AND id IN`, with a `?` for
    /// each argument before the keys, in their order; `tail` follows the list and has none.
    pub fn new(head: &str, tail: &str) -> Self {
        let of = |keys: usize| {
            let list = vec!["?"; keys].join(", ");
            let in_order = format!("{head} ({list}) {tail}");
            SizedKeysSql { keys, numbered: number_values(&in_order), in_order }
        };
        Self { texts: SIZES.map(of) }
    }

    /// Takes the keys of the next statement from the rest of a list. Returns its text and values; `None` at the end.
    fn take_next(
        &'static self,
        is_sqlite: bool,
        first: &[Value],
        rest: &mut &[&str],
    ) -> Option<(&'static str, Vec<Value>)> {
        let [many, few] = &self.texts;
        let text = if rest.len() > few.keys { many } else { few };
        let all = *rest;
        let (now, later) = all.split_at_checked(all.len().min(text.keys))?;
        let last = Value::from(*now.last()?);
        *rest = later;
        let mut args = Vec::with_capacity(first.len() + text.keys);
        args.extend_from_slice(first);
        args.extend(now.iter().map(|key| Value::from(*key)));
        args.resize(first.len() + text.keys, last);
        let statement = if is_sqlite { &text.in_order } else { &text.numbered };
        Some((statement.as_str(), args))
    }
}

/// Writes `$1`, `$2` and so on for each `?`.
fn number_values(in_order: &str) -> String {
    let mut numbered = String::new();
    for (number, part) in in_order.split('?').enumerate() {
        if number > 0 {
            let _infallible = write!(numbered, "${number}");
        }
        numbered.push_str(part);
    }
    numbered
}

impl Tx {
    /// Returns the rows of many keys; `first` are the arguments before the keys. Of no key there is no row.
    pub async fn fetch_by_keys<T: DbRow>(
        &mut self,
        sql: &'static KeysSql,
        first: Vec<Value>,
        keys: &[&str],
    ) -> Result<Vec<T>> {
        let is_sqlite = matches!(self.inner, Inner::Sqlite(_));
        let mut rows = Vec::with_capacity(keys.len());
        let mut rest = keys;
        while let Some((statement, args)) = sql.take_next(is_sqlite, &first, &mut rest) {
            rows.extend(self.fetch_all::<T>(statement, args).await?);
        }
        Ok(rows)
    }

    /// Runs a statement on many keys. Returns the number of affected rows.
    pub async fn execute_by_keys(&mut self, sql: &'static KeysSql, first: Vec<Value>, keys: &[&str]) -> Result<u64> {
        let is_sqlite = matches!(self.inner, Inner::Sqlite(_));
        let mut affected = 0;
        let mut rest = keys;
        while let Some((statement, args)) = sql.take_next(is_sqlite, &first, &mut rest) {
            affected += self.execute(statement, args).await?;
        }
        Ok(affected)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use super::*;
    use crate::db::{Db, Durability, args};

    static NAMES: LazyLock<KeysSql> =
        LazyLock::new(|| KeysSql::new("SELECT id FROM academy WHERE name = ? AND id IN", "ORDER BY id"));
    static RENAMED: LazyLock<KeysSql> =
        LazyLock::new(|| KeysSql::new("UPDATE academy SET name = ? WHERE name = ? AND id IN", ""));

    fn text_of(value: &Value) -> String {
        match value {
            Value::Text(Some(text)) => text.clone(),
            other => panic!("{other:?} is no text"),
        }
    }

    #[test]
    fn a_list_is_taken_in_large_parts_and_the_last_one_repeats_its_last_key() {
        for (count, sizes) in [
            (0, Vec::<usize>::new()),
            (1, vec![50]),
            (50, vec![50]),
            (51, vec![250]),
            (250, vec![250]),
            (251, vec![250, 50]),
            (301, vec![250, 250]),
        ] {
            let keys: Vec<String> = (0..count).map(|n| format!("k{n}")).collect();
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            let (mut rest, mut taken, mut found) = (keys.as_slice(), Vec::new(), Vec::new());
            while let Some((statement, args)) = NAMES.take_next(true, &[Value::from("n")], &mut rest) {
                assert_eq!(statement.matches('?').count(), args.len());
                taken.push(args.len() - 1);
                found.extend(args.iter().skip(1).map(text_of));
            }
            assert_eq!(taken, sizes, "{count}");
            found.dedup();
            assert_eq!(found, keys, "{count}");
        }
    }

    #[test]
    fn the_values_are_numbered_from_the_first_argument_on() {
        let [_, few] = &NAMES.texts;
        assert!(few.numbered.starts_with("SELECT id FROM academy WHERE name = $1 AND id IN ($2, $3, "));
        assert!(few.numbered.ends_with(", $50, $51) ORDER BY id"), "{}", few.numbered);
        assert!(few.in_order.starts_with("SELECT id FROM academy WHERE name = ? AND id IN (?, ?, "));
    }

    #[tokio::test]
    async fn lists_of_every_length_find_their_rows_and_no_others() {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let mut tx = db.write(Durability::Relaxed).await.unwrap();
        for n in 0..600 {
            let name = if n == 7 { "other" } else { "name" };
            let sql = "INSERT INTO academy (id, code, name) VALUES ($1, $1, $2)";
            tx.execute(sql, args![format!("a{n:03}"), name]).await.unwrap();
        }
        for count in [0_usize, 1, 49, 50, 51, 249, 250, 251, 300, 301, 599] {
            let ids: Vec<String> = (0..count).map(|n| format!("a{n:03}")).collect();
            let keys: Vec<&str> = ids.iter().map(String::as_str).collect();
            let mut found = tx.fetch_by_keys::<(String,)>(&NAMES, args!["name"], &keys).await.unwrap();
            found.sort();
            let right: Vec<(String,)> = ids.iter().filter(|id| *id != "a007").map(|id| (id.clone(),)).collect();
            assert_eq!(found, right, "{count}");
            let changed = tx.execute_by_keys(&RENAMED, args!["changed", "name"], &keys).await.unwrap();
            assert_eq!(usize::try_from(changed), Ok(right.len()), "{count}");
            tx.execute_by_keys(&RENAMED, args!["name", "changed"], &keys).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}
