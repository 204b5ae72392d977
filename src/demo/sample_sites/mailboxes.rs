//! The mailboxes: what the mail server of the demo received, as a page and as JSON.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use mail_parser::MessageParser;
use serde::Serialize;
use serde_json::json;

use super::SharedSites;
use super::inbox::{Inbox, StoredMessage, time_of_day};
use super::pages::Site;
use super::site_request::SiteRequest;
use crate::base::clock::Timestamp;

/// A received mail; `at` in milliseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReceivedMail {
    /// The Message-ID without its brackets.
    id: String,
    /// The address of the envelope.
    to: String,
    from: String,
    subject: String,
    text: String,
    at: Timestamp,
}

impl StoredMessage for ReceivedMail {
    fn id(&self) -> &str {
        &self.id
    }
    fn recipient(&self) -> &str {
        &self.to
    }
}

/// Stores a mail (RFC 5322) for each of its recipients; false if it cannot be read.
pub fn deliver(mailboxes: &Inbox<ReceivedMail>, recipients: &[String], raw: &[u8], now: Timestamp) -> bool {
    let Some(mail) = MessageParser::default().parse(raw) else { return false };
    let sender = mail.from().and_then(|from| from.first());
    let from = sender.and_then(|from| from.name().or(from.address())).unwrap_or_default();
    for to in recipients {
        mailboxes.deliver(ReceivedMail {
            id: mail.message_id().unwrap_or_default().to_owned(),
            to: to.clone(),
            from: from.to_owned(),
            subject: mail.subject().unwrap_or_default().to_owned(),
            text: mail.body_text(0).unwrap_or_default().replace("\r\n", "\n").trim_end().to_owned(),
            at: now,
        });
    }
    true
}

/// Handles `GET /courrier/messages.json`: `[{"id","to","from","subject","text","at"}]`, newest first.
pub async fn list(State(state): State<SharedSites>) -> Response {
    Json(state.mailboxes.newest_first()).into_response()
}

/// An address with its newest mails, as displayed.
#[derive(Serialize)]
struct MailboxView {
    address: String,
    mails: Vec<MailView>,
}

#[derive(Serialize)]
struct MailView {
    time: String,
    from: String,
    subject: String,
    lines: Vec<String>,
}

pub async fn show(State(state): State<SharedSites>, visitor: SiteRequest) -> Response {
    let shown = |mail: ReceivedMail| MailView {
        time: time_of_day(mail.at, visitor.lang),
        lines: mail.text.trim().lines().map(str::to_owned).collect(),
        from: mail.from,
        subject: mail.subject,
    };
    let mailboxes: Vec<MailboxView> = state
        .mailboxes
        .by_recipient()
        .into_iter()
        .map(|(address, mails)| MailboxView { address, mails: mails.into_iter().map(shown).collect() })
        .collect();
    state.page(&visitor, StatusCode::OK, Site::Mailboxes, "mailboxes.html", &json!({ "mailboxes": mailboxes }))
}
