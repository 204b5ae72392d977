//! The phones: an HTTP SMS gateway that stores and displays the received messages.
//!
//! In memory and bounded. The `id` makes a message idempotent, as required by the provider's outbox: a message sent
//! twice is stored once.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::DateTime;
use chrono_tz::Europe::Paris;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::SharedSites;
use super::pages::Site;
use super::site_request::SiteRequest;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;

/// The maximum number of stored messages; the oldest are deleted first.
const MAX_MESSAGES: usize = 1_000;

/// The maximum length of an id and of a text, in characters; ten concatenated segments have some 1 500.
const MAX_ID_CHARS: usize = 200;
const MAX_TEXT_CHARS: usize = 2_000;

/// The maximum numbers of phones, and of messages of each phone, on the page.
const MAX_PHONES_SHOWN: usize = 50;
const MAX_MESSAGES_SHOWN: usize = 5;

/// A message as sent by the provider (`[sms.http]`).
#[derive(Debug, Deserialize)]
struct IncomingSms {
    id: String,
    /// E.164.
    to: String,
    text: String,
}

/// A received message; `at` in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceivedSms {
    id: String,
    to: String,
    text: String,
    at: Timestamp,
}

/// All messages, newest first.
#[derive(Default)]
pub struct PhoneInbox(Mutex<VecDeque<ReceivedSms>>);

impl PhoneInbox {
    /// Stores a message and returns true if new; a known id changes nothing.
    fn deliver(&self, message: ReceivedSms) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|known| known.id == message.id) {
            return false;
        }
        kept.push_front(message);
        kept.truncate(MAX_MESSAGES);
        true
    }

    fn newest_first(&self) -> Vec<ReceivedSms> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// Handles `POST /sms/messages` with `{"id","to","text"}`: 201 for a new message, 200 for a known message, 400 with the
/// reason for an invalid message.
pub async fn receive(State(state): State<SharedSites>, visitor: SiteRequest, body: Bytes) -> Response {
    let refused = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response();
    let Ok(incoming) = serde_json::from_slice::<IncomingSms>(&body) else {
        return refused("the body must be JSON with the texts id, to and text");
    };
    let digits = incoming.to.strip_prefix('+').unwrap_or_default();
    if !(6..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return refused("to must be a number in E.164, such as +33639981234");
    }
    let fits = |text: &str, limit| !text.is_empty() && text.chars().count() <= limit;
    if !fits(&incoming.id, MAX_ID_CHARS) || !fits(&incoming.text, MAX_TEXT_CHARS) {
        return refused("id or text is empty or too long");
    }
    let IncomingSms { id, to, text } = incoming;
    let new = state.phones.deliver(ReceivedSms { id: id.clone(), to, text, at: visitor.now });
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    (status, Json(json!({ "id": id }))).into_response()
}

/// Handles `GET /sms/messages.json`: `[{"id","to","text","at"}]`, newest first.
pub async fn list(State(state): State<SharedSites>) -> Response {
    Json(state.phones.newest_first()).into_response()
}

/// A phone with its newest messages, as displayed.
#[derive(Serialize)]
struct PhoneView {
    to: String,
    number: String,
    messages: Vec<MessageView>,
}

#[derive(Serialize)]
struct MessageView {
    time: String,
    lines: Vec<String>,
}

pub async fn show(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let mut phones: Vec<PhoneView> = Vec::new();
    for message in state.phones.newest_first() {
        let shown = MessageView {
            time: time_of_day(message.at, visitor.lang),
            lines: message.text.lines().map(str::to_owned).collect(),
        };
        if let Some(phone) = phones.iter_mut().find(|phone| phone.to == message.to) {
            if phone.messages.len() < MAX_MESSAGES_SHOWN {
                phone.messages.push(shown);
            }
        } else if phones.len() < MAX_PHONES_SHOWN {
            let number = format_number(&message.to);
            phones.push(PhoneView { to: message.to, number, messages: vec![shown] });
        }
    }
    state.page(&visitor, StatusCode::OK, Site::Phones, "phones.html", &json!({ "phones": phones }))
}

/// Formats a French number in pairs of digits, as read aloud; other numbers stay unchanged.
fn format_number(to: &str) -> String {
    let Some(national) = to.strip_prefix("+33").filter(|rest| rest.len() == 9) else { return to.to_owned() };
    let mut out = String::from("+33");
    for (place, digit) in national.chars().enumerate() {
        if place % 2 == 1 || place == 0 {
            out.push(' ');
        }
        out.push(digit);
    }
    out
}

/// Formats the time of day in Paris.
fn time_of_day(at: Timestamp, lang: Lang) -> String {
    let time = DateTime::from_timestamp_millis(at.0).unwrap_or_default().with_timezone(&Paris);
    match lang {
        Lang::Fr => time.format("%-H h %M").to_string(),
        Lang::En => time.format("%H:%M").to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(id: usize, text: &str) -> ReceivedSms {
        ReceivedSms { id: id.to_string(), to: "+33639980000".into(), text: text.into(), at: Timestamp(id as i64) }
    }

    #[test]
    fn the_same_id_twice_is_one_message_and_the_oldest_make_room() {
        let phones = PhoneInbox::default();
        assert!(phones.deliver(message(0, "a")));
        assert!(!phones.deliver(message(0, "b")));
        assert_eq!(phones.newest_first(), [message(0, "a")]);
        for id in 1..=MAX_MESSAGES {
            assert!(phones.deliver(message(id, "c")));
        }
        let kept = phones.newest_first();
        assert_eq!(kept.len(), MAX_MESSAGES);
        assert_eq!(kept.first(), Some(&message(MAX_MESSAGES, "c")));
        assert_eq!(kept.last(), Some(&message(1, "c")));
    }

    #[test]
    fn numbers_and_hours_are_written_as_people_read_them() {
        assert_eq!(format_number("+33639981234"), "+33 6 39 98 12 34");
        assert_eq!(format_number("+262692123456"), "+262692123456");
        // Summer and winter time in Paris.
        assert_eq!(time_of_day(Timestamp(1_750_000_000_000), Lang::Fr), "17 h 06");
        assert_eq!(time_of_day(Timestamp(1_736_000_000_000), Lang::En), "15:13");
    }
}
