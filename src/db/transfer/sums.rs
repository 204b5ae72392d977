//! Batches of rows, and the sums by which two databases are compared.

use sqlx::Row as _;
use sqlx::postgres::PgRow;
use sqlx::sqlite::SqliteRow;

use super::{ColumnKind, Table};
use crate::base::secret::{base64url, sha256};

/// The values of one column of a batch.
pub enum Values {
    Text(Vec<Option<String>>),
    Int(Vec<Option<i64>>),
    Bool(Vec<Option<bool>>),
}

/// The values of a batch of rows, by column.
pub struct Batch(pub Vec<Values>);

macro_rules! read_batch {
    ($table:expr, $rows:expr, $first:expr) => {{
        let mut columns = Vec::new();
        for (at, (_, kind)) in $table.columns.iter().enumerate() {
            let at = at + $first;
            columns.push(match kind {
                ColumnKind::Text => Values::Text($rows.iter().map(|r| r.try_get(at)).collect::<Result<_, _>>()?),
                ColumnKind::Int => Values::Int($rows.iter().map(|r| r.try_get(at)).collect::<Result<_, _>>()?),
                ColumnKind::Bool => Values::Bool($rows.iter().map(|r| r.try_get(at)).collect::<Result<_, _>>()?),
            });
        }
        Ok(Batch(columns))
    }};
}

impl Batch {
    /// Reads rows whose first column is SQLite's own number of the row.
    pub fn of_sqlite(table: &Table, rows: &[SqliteRow]) -> sqlx::Result<Self> {
        read_batch!(table, rows, 1)
    }

    pub fn of_postgres(table: &Table, rows: &[PgRow]) -> sqlx::Result<Self> {
        read_batch!(table, rows, 0)
    }
}

/// The number of rows and the sum of their digests, which does not depend on their order: two databases sort text
/// differently.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TableSum {
    pub rows: u64,
    sum: [u64; 4],
}

impl TableSum {
    pub fn add(&mut self, batch: &Batch, rows: usize) {
        for row in 0..rows {
            let mut bytes = Vec::new();
            for column in &batch.0 {
                match column {
                    Values::Text(values) => encode(&mut bytes, b't', values.get(row), |text| text.as_bytes().to_vec()),
                    Values::Int(values) => encode(&mut bytes, b'i', values.get(row), |n| n.to_be_bytes().to_vec()),
                    Values::Bool(values) => encode(&mut bytes, b'b', values.get(row), |yes| vec![u8::from(*yes)]),
                }
            }
            let digest = sha256(&bytes);
            for (sum, part) in self.sum.iter_mut().zip(digest.as_chunks::<8>().0) {
                *sum = sum.wrapping_add(u64::from_be_bytes(*part));
            }
            self.rows += 1;
        }
    }

    pub fn digest(&self) -> String {
        base64url(&self.sum.map(u64::to_be_bytes).concat())
    }
}

/// Appends a value without ambiguity: its kind, its length, its bytes.
fn encode<T>(bytes: &mut Vec<u8>, kind: u8, value: Option<&Option<T>>, raw: impl Fn(&T) -> Vec<u8>) {
    match value.and_then(Option::as_ref) {
        None => bytes.push(b'0'),
        Some(value) => {
            let raw = raw(value);
            bytes.push(kind);
            bytes.extend_from_slice(&u64::try_from(raw.len()).unwrap_or(u64::MAX).to_be_bytes());
            bytes.extend_from_slice(&raw);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(rows: &[(&str, Option<i64>)]) -> TableSum {
        let mut sum = TableSum::default();
        let text = rows.iter().map(|(text, _)| Some((*text).to_owned())).collect();
        let ints = rows.iter().map(|(_, n)| *n).collect();
        sum.add(&Batch(vec![Values::Text(text), Values::Int(ints)]), rows.len());
        sum
    }

    #[test]
    fn a_digest_tells_every_change_and_no_order() {
        let whole = sum(&[("a", Some(1)), ("b", None)]);
        assert_eq!(whole, sum(&[("b", None), ("a", Some(1))]));
        assert_eq!(whole.digest().len(), 43);
        for other in [
            sum(&[("a", Some(1))]),
            sum(&[("a", Some(1)), ("b", None), ("b", None)]),
            sum(&[("a", Some(1)), ("b", Some(0))]),
            sum(&[("a", None), ("b", Some(1))]),
            sum(&[("A", Some(1)), ("b", None)]),
        ] {
            assert_ne!(whole, other);
        }
    }
}
