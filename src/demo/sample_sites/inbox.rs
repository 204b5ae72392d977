//! What phones and mailboxes have in common: the newest messages, in memory and bounded.
//!
//! The `id` makes a message idempotent, as the provider's outbox requires: a message sent twice is stored once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use chrono::DateTime;
use chrono_tz::Europe::Paris;

use crate::base::clock::Timestamp;
use crate::base::lang::Lang;

/// The maximum number of stored messages; the oldest are deleted first.
pub const MAX_MESSAGES: usize = 500;

/// The maximum numbers of recipients, and of messages of each recipient, on a page.
const MAX_RECIPIENTS_SHOWN: usize = 50;
const MAX_MESSAGES_SHOWN: usize = 5;

/// A message that an inbox stores.
pub trait StoredMessage: Clone {
    fn id(&self) -> &str;
    /// The number or address.
    fn recipient(&self) -> &str;
}

/// All messages, newest first.
pub struct Inbox<M>(Mutex<VecDeque<M>>);

impl<M> Default for Inbox<M> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<M: StoredMessage> Inbox<M> {
    /// Stores a message and returns true if new; a known id of this recipient changes nothing.
    pub fn deliver(&self, message: M) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|known| known.id() == message.id() && known.recipient() == message.recipient()) {
            return false;
        }
        kept.push_front(message);
        kept.truncate(MAX_MESSAGES);
        true
    }

    pub fn newest_first(&self) -> Vec<M> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    /// Returns the newest messages of each recipient, for a page.
    pub fn by_recipient(&self) -> Vec<(String, Vec<M>)> {
        let mut recipients: Vec<(String, Vec<M>)> = Vec::new();
        for message in self.newest_first() {
            if let Some((_, theirs)) = recipients.iter_mut().find(|(to, _)| to == message.recipient()) {
                if theirs.len() < MAX_MESSAGES_SHOWN {
                    theirs.push(message);
                }
            } else if recipients.len() < MAX_RECIPIENTS_SHOWN {
                recipients.push((message.recipient().to_owned(), vec![message]));
            }
        }
        recipients
    }
}

/// Formats the time of day in Paris.
pub fn time_of_day(at: Timestamp, lang: Lang) -> String {
    let time = DateTime::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&Paris);
    match lang {
        Lang::Fr => time.format("%-H h %M").to_string(),
        Lang::En => time.format("%H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Note(String, &'static str, &'static str);

    impl StoredMessage for Note {
        fn id(&self) -> &str {
            &self.0
        }
        fn recipient(&self) -> &str {
            self.1
        }
    }

    fn note(id: usize, text: &'static str) -> Note {
        Note(id.to_string(), "+33639980000", text)
    }

    #[test]
    fn the_same_id_twice_is_one_message_and_the_oldest_make_room() {
        let inbox = Inbox::default();
        assert!(inbox.deliver(note(0, "a")));
        assert!(!inbox.deliver(note(0, "b")));
        assert_eq!(inbox.newest_first(), [note(0, "a")]);
        for id in 1..=MAX_MESSAGES {
            assert!(inbox.deliver(note(id, "c")));
        }
        let kept = inbox.newest_first();
        assert_eq!(kept.len(), MAX_MESSAGES);
        assert_eq!(kept.first(), Some(&note(MAX_MESSAGES, "c")));
        assert_eq!(kept.last(), Some(&note(1, "c")));
        assert_eq!(inbox.by_recipient()[0].1.len(), MAX_MESSAGES_SHOWN);
    }

    #[test]
    fn hours_are_written_as_people_read_them() {
        // Summer and winter time in Paris.
        assert_eq!(time_of_day(Timestamp(1_750_000_000_000), Lang::Fr), "17 h 06");
        assert_eq!(time_of_day(Timestamp(1_736_000_000_000), Lang::En), "15:13");
    }
}
