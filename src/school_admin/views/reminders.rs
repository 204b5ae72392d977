//! The reading of reminders, and the page of an order of them: their contexts and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;
use crate::school_admin::reminders::{LeftOutReason, ReminderChannel, ReminderObstacle};

/// The parents whom a reason leaves out.
#[derive(Clone, Debug, Serialize)]
pub struct LeftOutLine {
    /// The end of the message's key.
    pub key: &'static str,
    pub n: i64,
}

/// An order on the page of a school.
#[derive(Clone, Debug, Serialize)]
pub struct ReminderLine {
    /// The address of its page; empty for whoever may not order.
    pub href: String,
    pub when: String,
    pub people: i64,
    pub sent: i64,
    /// The end of the message's key: `sending`, `cancelled` or `over`.
    pub state: &'static str,
    pub is_mail: bool,
    pub by: String,
}

/// `/admin/etablissements/rappel/…`.
#[derive(Clone, Debug, Serialize)]
pub struct ReminderReviewPage {
    pub frame: ConsoleFrame,
    pub school: String,
    pub people: i64,
    pub left_out: Vec<LeftOutLine>,
    /// `sms` or `mail`.
    pub channel: &'static str,
    /// The subject of a mail.
    pub subject: String,
    /// The text as it leaves, in its paragraphs; empty where it is not shown.
    pub text: Vec<String>,
    /// The SMS that one text is billed as, and those of the whole order.
    pub segments: i64,
    pub sms: i64,
    /// The cost of the order, if the price is known.
    pub price: Option<String>,
    /// The SMS, or the mails, that the school's budget leaves, of how many.
    pub left: i64,
    pub budget: i64,
    /// The share of the deployment's SMS of the day, of a hundred and as a number; of mails the number only.
    pub share: i64,
    pub of_day: i64,
    /// The time at which the first may leave.
    pub begins: String,
    pub may_confirm: bool,
    pub is_done: bool,
    pub version: i64,
    pub digest: String,
    pub back: String,
    /// The end of the message's key.
    pub error: Option<&'static str>,
    /// The place and the hour of a role that ended.
    pub ended_place: String,
    pub ended_at: String,
}

impl Page for ReminderReviewPage {
    const TEMPLATE: &'static str = "school_admin/reminder.html";
    fn samples() -> Vec<Self> {
        let page = ReminderReviewPage {
            frame: ConsoleFrame::sample().in_room("schools"),
            school: "Clg <i>Théodore</i> Monod".to_owned(),
            people: 85,
            left_out: LeftOutReason::iter()
                .zip([1, 2, 51, 0, 3, 1, 0])
                .map(|(r, n)| LeftOutLine { key: r.name(), n })
                .collect(),
            channel: ReminderChannel::Sms.name(),
            subject: String::new(),
            text: vec!["Mon compte École\u{a0}: activez votre compte.".to_owned()],
            segments: 2,
            sms: 170,
            price: Some("7,65\u{a0}€".to_owned()),
            left: 1_330,
            budget: 1_500,
            share: 20,
            of_day: 4_000,
            begins: "aujourd'hui à 14\u{a0}h".to_owned(),
            may_confirm: true,
            is_done: false,
            version: 1,
            digest: "d".repeat(43),
            back: "/admin/etablissements/0349999J".to_owned(),
            error: None,
            ended_place: "Clg Théodore Monod".to_owned(),
            ended_at: "14\u{a0}h\u{a0}05".to_owned(),
        };
        let errors = ReminderObstacle::iter().map(ReminderObstacle::name).chain(["changed", "role_ended"]);
        let refused = |error| ReminderReviewPage { may_confirm: false, error: Some(error), ..page.clone() };
        let mut all: Vec<Self> = errors.map(refused).collect();
        all.push(ReminderReviewPage {
            people: 1,
            segments: 1,
            sms: 1,
            price: None,
            left_out: Vec::new(),
            ..page.clone()
        });
        all.push(ReminderReviewPage {
            channel: ReminderChannel::Mail.name(),
            subject: "Mon compte École\u{a0}: ouvrez votre compte".to_owned(),
            text: ["Bonjour,", "Le Clg <i>Théodore</i> Monod vous invite."].map(str::to_owned).to_vec(),
            segments: 0,
            sms: 0,
            price: None,
            left: 1_915,
            budget: 2_000,
            ..page.clone()
        });
        all.push(ReminderReviewPage { people: 0, sms: 0, may_confirm: false, is_done: true, ..page.clone() });
        all.push(page);
        all
    }
}

/// `/admin/etablissements/rappels/…`.
#[derive(Clone, Debug, Serialize)]
pub struct ReminderOrderPage {
    pub frame: ConsoleFrame,
    pub school: String,
    pub back: String,
    /// `sms` or `mail`.
    pub channel: &'static str,
    /// The end of the message's key: `sending`, `cancelled` or `over`.
    pub state: &'static str,
    pub when: String,
    pub by: String,
    pub people: i64,
    pub sent: i64,
    /// The messages that did not leave yet, at most.
    pub waiting: i64,
    /// The time of its cancellation; empty without one.
    pub cancelled_when: String,
    /// True if nothing was left to cancel.
    pub is_refused: bool,
}

impl Page for ReminderOrderPage {
    const TEMPLATE: &'static str = "school_admin/reminder_order.html";
    fn samples() -> Vec<Self> {
        let page = ReminderOrderPage {
            frame: ConsoleFrame::sample().in_room("schools"),
            school: "Clg <i>Théodore</i> Monod".to_owned(),
            back: "/admin/etablissements/0349999J".to_owned(),
            channel: ReminderChannel::Mail.name(),
            state: "sending",
            when: "lundi 23\u{a0}novembre".to_owned(),
            by: "C. <b>Roux</b>".to_owned(),
            people: 85,
            sent: 41,
            waiting: 40,
            cancelled_when: String::new(),
            is_refused: false,
        };
        let over = ReminderOrderPage { state: "over", waiting: 0, by: String::new(), ..page.clone() };
        let one = ReminderOrderPage { channel: ReminderChannel::Sms.name(), sent: 1, waiting: 1, ..page.clone() };
        let when = "aujourd'hui à 9\u{a0}h".to_owned();
        let cancelled = ReminderOrderPage { state: "cancelled", waiting: 0, cancelled_when: when, ..page.clone() };
        let refused = ReminderOrderPage { is_refused: true, ..over.clone() };
        let [none, first] = [0, 1].map(|sent| ReminderOrderPage { sent, ..cancelled.clone() });
        vec![page, one, over, refused, none, first, cancelled]
    }
}
