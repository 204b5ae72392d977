//! The phones: an HTTP SMS gateway that keeps what it is given and shows it.
//!
//! In memory and bounded. The `id` makes a message idempotent, as the provider's outbox needs: sent twice,
//! it is there once.

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

use super::Shared;
use super::pages::Site;
use super::visitor::Visitor;
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;

/// How many messages are kept; the oldest go first.
const MESSAGES_KEPT: usize = 1_000;

/// Longest id and longest text, in characters; ten concatenated segments are some 1 500.
const ID_LIMIT: usize = 200;
const TEXT_LIMIT: usize = 2_000;

/// What the page shows: phones, and messages of each.
const PHONES_SHOWN: usize = 50;
const MESSAGES_SHOWN: usize = 5;

/// A message as the provider sends it (`[sms.http]`).
#[derive(Debug, Deserialize)]
struct Incoming {
    id: String,
    /// E.164.
    to: String,
    text: String,
}

/// A message that has arrived; `at` in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    id: String,
    to: String,
    text: String,
    at: Timestamp,
}

/// All messages, newest first.
#[derive(Default)]
pub struct Phones(Mutex<VecDeque<Message>>);

impl Phones {
    /// Whether the message is a new one; the same id again changes nothing.
    fn deliver(&self, message: Message) -> bool {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.iter().any(|known| known.id == message.id) {
            return false;
        }
        kept.push_front(message);
        kept.truncate(MESSAGES_KEPT);
        true
    }

    fn newest_first(&self) -> Vec<Message> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

/// `POST /sms/messages` with `{"id","to","text"}`: 201 for a new message, 200 for one that is there already,
/// 400 with the reason for what is no message.
pub async fn take(State(state): State<Shared>, visitor: Visitor, body: Bytes) -> Response {
    let refused = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response();
    let Ok(incoming) = serde_json::from_slice::<Incoming>(&body) else {
        return refused("the body must be JSON with the texts id, to and text");
    };
    let digits = incoming.to.strip_prefix('+').unwrap_or_default();
    if !(6..=15).contains(&digits.len()) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return refused("to must be a number in E.164, such as +33639981234");
    }
    let fits = |text: &str, limit| !text.is_empty() && text.chars().count() <= limit;
    if !fits(&incoming.id, ID_LIMIT) || !fits(&incoming.text, TEXT_LIMIT) {
        return refused("id or text is empty or too long");
    }
    let Incoming { id, to, text } = incoming;
    let new = state.phones.deliver(Message { id: id.clone(), to, text, at: visitor.now });
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    (status, Json(json!({ "id": id }))).into_response()
}

/// `GET /sms/messages.json`: `[{"id","to","text","at"}]`, newest first.
pub async fn list(State(state): State<Shared>) -> Response {
    Json(state.phones.newest_first()).into_response()
}

/// A phone with its newest messages, as the page shows it.
#[derive(Serialize)]
struct Phone {
    to: String,
    number: String,
    messages: Vec<Shown>,
}

#[derive(Serialize)]
struct Shown {
    time: String,
    lines: Vec<String>,
}

pub async fn show(State(state): State<Shared>, visitor: Visitor) -> Response {
    let mut phones: Vec<Phone> = Vec::new();
    for message in state.phones.newest_first() {
        let shown = Shown {
            time: time_of_day(message.at, visitor.lang),
            lines: message.text.lines().map(str::to_owned).collect(),
        };
        if let Some(phone) = phones.iter_mut().find(|phone| phone.to == message.to) {
            if phone.messages.len() < MESSAGES_SHOWN {
                phone.messages.push(shown);
            }
        } else if phones.len() < PHONES_SHOWN {
            let number = readable(&message.to);
            phones.push(Phone { to: message.to, number, messages: vec![shown] });
        }
    }
    state.page(&visitor, StatusCode::OK, Site::Phones, "phones.html", &json!({ "phones": phones }))
}

/// A French number in pairs, as it is read out; others as they are.
fn readable(to: &str) -> String {
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

/// The hour in Paris.
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

    fn message(id: usize, text: &str) -> Message {
        Message { id: id.to_string(), to: "+33639980000".into(), text: text.into(), at: Timestamp(id as i64) }
    }

    #[test]
    fn the_same_id_twice_is_one_message_and_the_oldest_make_room() {
        let phones = Phones::default();
        assert!(phones.deliver(message(0, "a")));
        assert!(!phones.deliver(message(0, "b")));
        assert_eq!(phones.newest_first(), [message(0, "a")]);
        for id in 1..=MESSAGES_KEPT {
            assert!(phones.deliver(message(id, "c")));
        }
        let kept = phones.newest_first();
        assert_eq!(kept.len(), MESSAGES_KEPT);
        assert_eq!(kept.first(), Some(&message(MESSAGES_KEPT, "c")));
        assert_eq!(kept.last(), Some(&message(1, "c")));
    }

    #[test]
    fn numbers_and_hours_are_written_as_people_read_them() {
        assert_eq!(readable("+33639981234"), "+33 6 39 98 12 34");
        assert_eq!(readable("+262692123456"), "+262692123456");
        // Summer and winter time in Paris.
        assert_eq!(time_of_day(Timestamp(1_750_000_000_000), Lang::Fr), "17 h 06");
        assert_eq!(time_of_day(Timestamp(1_736_000_000_000), Lang::En), "15:13");
    }
}
