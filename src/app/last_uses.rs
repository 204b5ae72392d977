//! Last uses, noted in memory and written by the worker: a request waits for no write.
//!
//! A crash loses a minute of them. They are for people who look when something served last, and decide nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::base::clock::Timestamp;

/// The maximum number of noted uses. Beyond it, uses of others are passed over until the next writing.
const MAX_NOTED: usize = 50_000;

/// The last use of each thing, by two keys.
#[derive(Debug, Default)]
pub struct LastUses(Mutex<HashMap<(String, String), Timestamp>>);

impl LastUses {
    /// Notes a use.
    pub fn note(&self, owner: &str, id: &str, now: Timestamp) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (owner.to_owned(), id.to_owned());
        if noted.len() < MAX_NOTED || noted.contains_key(&key) {
            noted.insert(key, now);
        }
    }

    /// Takes what was noted since the last call.
    pub fn take(&self) -> Vec<(String, String, Timestamp)> {
        let noted = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        noted.into_iter().map(|((owner, id), at)| (owner, id, at)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_use_counts_and_the_number_is_bounded() {
        let uses = LastUses::default();
        for at in [3, 5] {
            uses.note("ent", "digest", Timestamp(at));
        }
        assert_eq!(uses.take(), [("ent".to_owned(), "digest".to_owned(), Timestamp(5))]);
        assert!(uses.take().is_empty());
        for n in 0..=MAX_NOTED {
            uses.note("ent", &n.to_string(), Timestamp(1));
        }
        assert_eq!(uses.take().len(), MAX_NOTED);
    }
}
