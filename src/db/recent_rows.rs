//! Rows that were read lately and are kept parsed: those of clients, which every request of a relying party needs, and
//! the open announcements, which every page of sign-in shows.
//!
//! A commit of this process forgets them all, so this server sees its own changes at once; another process's change is
//! seen after [`RECENT_ROW_TTL`]. What a row depends on beside its own table must not be kept here.

use std::any::Any;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::base::clock::{Span, Timestamp};

/// The time for which a row is not read again, within the 60 s in which a suspension reaches every server.
pub const RECENT_ROW_TTL: Span = Span::seconds(10);
/// The maximum number of rows: a client takes some kilobytes.
const MAX_ROWS: usize = 2_000;
/// The tables whose rows are kept, in the forms of a statement that changes them.
const CHANGES: [&str; 6] = [
    "INTO client ",
    "UPDATE client ",
    "DELETE FROM client ",
    "INTO announcement ",
    "UPDATE announcement ",
    "DELETE FROM announcement ",
];

/// The form of a statement that keeps others from the row of a client until the commit, and changes nothing.
const CLIENT_LOCK: &str = "UPDATE client SET version = version WHERE ";

/// True if a statement changes rows that are kept.
pub(super) fn changes_recent_rows(sql: &str) -> bool {
    !sql.starts_with(CLIENT_LOCK) && CHANGES.iter().any(|form| sql.contains(form))
}

#[derive(Debug)]
struct RecentRow {
    value: Arc<dyn Any + Send + Sync>,
    read_at: Timestamp,
}

#[derive(Debug, Default)]
struct State {
    rows: HashMap<String, RecentRow>,
    /// The number of commits that changed a table.
    epoch: u64,
    hits: u64,
    misses: u64,
}

/// The rows by their key. A value of another type than what is looked for counts as none.
#[derive(Debug, Default)]
pub struct RecentRows(Mutex<State>);

/// A look-up without a row: what is read now may be kept, unless a commit comes in between.
#[derive(Clone, Copy, Debug)]
pub struct RowMiss {
    epoch: u64,
    at: Timestamp,
}

impl RecentRows {
    /// Returns a row like [`RecentRows::find`], and counts the look-up.
    pub fn get<T: Send + Sync + 'static>(&self, key: &str, now: Timestamp) -> Result<Arc<T>, RowMiss> {
        let found = self.find(key, now);
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *(if found.is_ok() { &mut state.hits } else { &mut state.misses }) += 1;
        found
    }

    /// Returns a row that was read within [`RECENT_ROW_TTL`], or what to hand to [`RecentRows::keep`] after reading it.
    pub fn find<T: Send + Sync + 'static>(&self, key: &str, now: Timestamp) -> Result<Arc<T>, RowMiss> {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = state.rows.get(key).filter(|row| {
            let age = now.since(row.read_at);
            (Span(0)..RECENT_ROW_TTL).contains(&age)
        });
        let value = kept.and_then(|row| Arc::clone(&row.value).downcast::<T>().ok());
        value.ok_or(RowMiss { epoch: state.epoch, at: now })
    }

    /// Returns the numbers of look-ups since the start that found a row, and that found none.
    pub fn lookup_counts(&self) -> (u64, u64) {
        let state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        (state.hits, state.misses)
    }

    /// Keeps a row that was read after the miss.
    pub fn keep<T: Send + Sync + 'static>(&self, key: &str, miss: RowMiss, value: Arc<T>) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if state.epoch != miss.epoch {
            return;
        }
        if state.rows.len() >= MAX_ROWS {
            state.rows.clear();
        }
        state.rows.insert(key.to_owned(), RecentRow { value, read_at: miss.at });
    }

    /// Forgets every row, after a commit that changed some.
    pub(super) fn forget(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.epoch += 1;
        state.rows.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn now(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    #[test]
    fn a_row_is_kept_for_ten_seconds_and_not_over_a_commit() {
        let rows = RecentRows::default();
        let miss = rows.get::<u8>("a", now(100)).unwrap_err();
        rows.keep("a", miss, Arc::new(7u8));
        assert_eq!(rows.get::<u8>("a", now(109)).map(|value| *value).ok(), Some(7));
        assert!(rows.get::<u8>("a", now(110)).is_err());
        assert!(rows.get::<u8>("b", now(100)).is_err());
        rows.forget();
        assert!(rows.get::<u8>("a", now(101)).is_err());
    }

    #[test]
    fn what_was_read_before_a_commit_is_not_kept_after_it() {
        let rows = RecentRows::default();
        let miss = rows.get::<u8>("a", now(100)).unwrap_err();
        rows.forget();
        rows.keep("a", miss, Arc::new(7u8));
        assert!(rows.get::<u8>("a", now(100)).is_err());
    }

    #[test]
    fn a_row_that_is_only_locked_is_not_changed() {
        assert!(!changes_recent_rows("UPDATE client SET version = version WHERE client_id = $1"));
        for sql in [
            "UPDATE client SET version = version + 1 WHERE client_id = $1",
            "UPDATE client SET state = 'gone' WHERE client_id = $1",
            "INSERT INTO client (client_id) VALUES ($1)",
            "DELETE FROM announcement WHERE id = $1",
        ] {
            assert!(changes_recent_rows(sql), "{sql}");
        }
    }

    #[test]
    fn the_memory_is_bounded() {
        let rows = RecentRows::default();
        for number in 0..3 * MAX_ROWS {
            let key = number.to_string();
            let miss = rows.get::<u8>(&key, now(100)).unwrap_err();
            rows.keep(&key, miss, Arc::new(7u8));
        }
        assert!(rows.0.lock().unwrap().rows.len() <= MAX_ROWS);
    }
}
