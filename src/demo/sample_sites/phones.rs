//! The phones: an HTTP SMS gateway, and an interface that calls; what arrived and what was said is displayed.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::SharedSites;
use super::inbox::{StoredMessage, time_of_day};
use super::pages::Site;
use super::site_request::SiteRequest;
use crate::base::clock::Timestamp;

/// The maximum length of an id and of a text, in characters; ten concatenated segments have some 1 500.
const MAX_ID_CHARS: usize = 200;
const MAX_TEXT_CHARS: usize = 2_000;

/// A message as sent by the provider (`[sms.http]`).
#[derive(Debug, Deserialize)]
struct IncomingSms {
    id: String,
    /// E.164.
    to: String,
    text: String,
}

/// A received message, or the words of a call; `at` in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceivedSms {
    id: String,
    to: String,
    text: String,
    at: Timestamp,
    /// True if a voice said the text.
    call: bool,
}

impl StoredMessage for ReceivedSms {
    fn id(&self) -> &str {
        &self.id
    }
    fn recipient(&self) -> &str {
        &self.to
    }
}

/// Handles `POST /sms/messages` with `{"id","to","text"}`: 201 for a new message, 200 for a known message, 400 with the
/// reason for an invalid message.
pub async fn receive_message(State(state): State<SharedSites>, visitor: SiteRequest, body: Bytes) -> Response {
    receive(&state, &visitor, &body, false)
}

/// Handles `POST /sms/calls`, the same for a text that a voice says.
pub async fn receive_call(State(state): State<SharedSites>, visitor: SiteRequest, body: Bytes) -> Response {
    receive(&state, &visitor, &body, true)
}

fn receive(state: &SharedSites, visitor: &SiteRequest, body: &Bytes, call: bool) -> Response {
    let refused = |why: &str| (StatusCode::BAD_REQUEST, Json(json!({ "error": why }))).into_response();
    let Ok(incoming) = serde_json::from_slice::<IncomingSms>(body) else {
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
    let new = state.phones.deliver(ReceivedSms { id: id.clone(), to, text, at: visitor.now, call });
    let status = if new { StatusCode::CREATED } else { StatusCode::OK };
    (status, Json(json!({ "id": id }))).into_response()
}

/// Handles `GET /sms/messages.json`: `[{"id","to","text","at","call"}]`, newest first.
pub async fn list(State(state): State<SharedSites>) -> Response {
    Json(state.phones.newest_first()).into_response()
}

/// A phone with its newest messages, as displayed.
#[derive(Serialize)]
struct PhoneView {
    number: String,
    messages: Vec<MessageView>,
}

#[derive(Serialize)]
struct MessageView {
    time: String,
    call: bool,
    lines: Vec<String>,
}

pub async fn show(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let shown = |message: ReceivedSms| MessageView {
        time: time_of_day(message.at, visitor.lang),
        call: message.call,
        lines: message.text.lines().map(str::to_owned).collect(),
    };
    let phones: Vec<PhoneView> = state
        .phones
        .by_recipient()
        .into_iter()
        .map(|(to, messages)| PhoneView {
            number: format_number(&to),
            messages: messages.into_iter().map(shown).collect(),
        })
        .collect();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_people_read_them() {
        assert_eq!(format_number("+33639981234"), "+33 6 39 98 12 34");
        assert_eq!(format_number("+262692123456"), "+262692123456");
    }
}
