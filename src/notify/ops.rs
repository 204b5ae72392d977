//! Tells the person of an account what happened to it, in the transaction that causes it.

mod mails;
mod sms;

use super::store::{self, NewAccountNotice};
use super::{AccountNoticeKind, CHILDLESS, SmsTime, UNENROLLED, closing_words};
use crate::accounts;
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::lang::Lang;
use crate::base::phone::E164;
use crate::base::typed_ids::AccountId;
use crate::crypto::MasterKey;
use crate::db::UnitOfWork;
use crate::devices;
use crate::http::pages::{PageRenderer, dates};
use crate::outbox::{self, JobKind};
use crate::roster;

pub use mails::{deliver_mail, enqueue_mail, enqueue_mail_until};
pub use sms::send_notice_sms;

/// The means of telling: words, the key of the outbox, and whether there are mails.
#[derive(Clone, Copy)]
pub struct NoticeContext<'a> {
    pub pages: &'a PageRenderer,
    pub master_key: &'a MasterKey,
    /// The host of the issuer, by which a mail names the service.
    pub host: &'a str,
    /// True if mails are sent.
    pub mails: bool,
}

impl<'a> From<&'a App> for NoticeContext<'a> {
    fn from(app: &'a App) -> Self {
        NoticeContext {
            pages: &app.pages,
            master_key: &app.master_key,
            host: app.config.server.host(),
            mails: app.mail_gateway.is_some(),
        }
    }
}

/// Something to tell.
#[derive(Clone, Copy, Debug)]
pub struct NoticeRequest<'a> {
    pub account_id: &'a AccountId,
    pub kind: AccountNoticeKind,
    /// Shown in the banner, and never in a mail: see [`AccountNoticeKind`].
    pub detail: &'a str,
    /// The device on which it happened.
    pub device_id: Option<&'a str>,
    pub lang: Lang,
}

/// Writes the notice and enqueues its messages. The SMS goes to the number of this moment, whatever becomes of it until
/// the morning.
pub async fn notify_person(
    tx: &mut UnitOfWork<'_>,
    with: NoticeContext<'_>,
    what: NoticeRequest<'_>,
) -> anyhow::Result<()> {
    write_notice(tx, with, what, None).await?;
    Ok(())
}

/// Tells the person of two accounts what happened to both of them, with one SMS where both have the same number.
pub async fn notify_both(
    tx: &mut UnitOfWork<'_>,
    with: NoticeContext<'_>,
    [first, second]: [NoticeRequest<'_>; 2],
) -> anyhow::Result<()> {
    let told = write_notice(tx, with, first, None).await?;
    write_notice(tx, with, second, told.as_deref()).await?;
    Ok(())
}

/// Tells that the school replaced the mobile number: as any notice, but the SMS goes to the number before it, because
/// the new one may be a stranger's.
pub async fn notify_phone_change(
    tx: &mut UnitOfWork<'_>,
    with: NoticeContext<'_>,
    (account_id, lang): (&AccountId, Lang),
    former: Option<&E164>,
) -> anyhow::Result<()> {
    let kind = AccountNoticeKind::PhoneChanged;
    let what = NoticeRequest { account_id, kind, detail: "", device_id: None, lang };
    write_banner_and_mail(tx, with, &what).await?;
    if let Some(to) = former {
        let due = dates::waking_hour(tx.now);
        enqueue_sms(tx, with, &what, (to, due)).await?;
    }
    Ok(())
}

/// Writes a notice and enqueues its messages. Returns the number that gets an SMS; `told` is one that gets it already.
async fn write_notice(
    tx: &mut UnitOfWork<'_>,
    with: NoticeContext<'_>,
    what: NoticeRequest<'_>,
    told: Option<&str>,
) -> anyhow::Result<Option<String>> {
    write_banner_and_mail(tx, with, &what).await?;
    if let Some(time) = what.kind.sms()
        && let Some(phone) = accounts::store::phones::find_phone(tx, what.account_id).await?
        && !phone.history.disowned
    {
        let due = match time {
            SmsTime::AtOnce => tx.now,
            SmsTime::NextMorning => dates::next_morning(tx.now),
        };
        let to = match roster::sealed_rows::open_mobile(with.master_key, &phone.person_id, &phone.sealed) {
            Ok(to) => to,
            Err(error) => {
                // Whoever has it is told without an SMS, and what is told to others does not stop here.
                tracing::error!(person = %phone.person_id, %error, "a number does not open");
                return Ok(None);
            }
        };
        if told == Some(to.as_str()) {
            return Ok(None);
        }
        enqueue_sms(tx, with, &what, (&to, due)).await?;
        return Ok(Some(to.as_str().to_owned()));
    }
    Ok(None)
}

async fn write_banner_and_mail(
    tx: &mut UnitOfWork<'_>,
    with: NoticeContext<'_>,
    what: &NoticeRequest<'_>,
) -> anyhow::Result<()> {
    let NoticeRequest { account_id, kind, detail, device_id, .. } = *what;
    let id = row_id(tx.now, tx.rng);
    store::insert(tx, NewAccountNotice { id: &id, account_id, kind, detail, device_id }).await?;
    if with.mails
        && let Some(email) = accounts::store::emails::find_confirmed(tx, with.master_key, account_id).await?
    {
        let closes_at = accounts::store::find(tx, account_id).await?.and_then(|account| account.closes_at);
        let (subject, text) = mail_text(with, what, (tx.now, closes_at))?;
        let job = enqueue_mail(tx, with.master_key, &email.address, subject, text).await?;
        if kind.is_told_to_many(detail) {
            outbox::put_last(tx, &job).await?;
        }
    }
    Ok(())
}

async fn enqueue_sms(
    tx: &mut UnitOfWork<'_>,
    with: NoticeContext<'_>,
    what: &NoticeRequest<'_>,
    (to, due): (&E164, Timestamp),
) -> anyhow::Result<()> {
    let body = serde_json::to_string(&sms::NoticeSmsJob {
        account_id: what.account_id.clone(),
        to: to.as_str().to_owned(),
        kind: what.kind.name().to_owned(),
        detail: what.detail.to_owned(),
        at: tx.now,
        lang: what.lang,
    })?;
    let job = outbox::enqueue_at(tx, with.master_key, JobKind::NoticeSms, &body, due).await?;
    if what.kind.is_told_to_many(what.detail) {
        outbox::put_last(tx, &job).await?;
    }
    Ok(())
}

/// Returns the subject and the text of the mail. A closing is told with its day, and not with the present one.
fn mail_text(
    with: NoticeContext<'_>,
    what: &NoticeRequest<'_>,
    (now, closes_at): (Timestamp, Option<Timestamp>),
) -> anyhow::Result<(String, String)> {
    let (lang, service) = (what.lang, with.pages.service_name());
    let title = with.pages.message(lang, &format!("notice-{}-title", what.kind.name().replace('_', "-")), &[])?;
    let mut signs = title.chars();
    let happened: String = signs.next().into_iter().flat_map(char::to_lowercase).chain(signs).collect();
    let is_of_house = !closing_words(what.kind, what.detail).is_empty();
    let subject_key = match what.kind {
        AccountNoticeKind::ClosingSoon => "notice-mail-closing-soon-subject",
        _ if is_of_house => "notice-mail-childless-subject",
        _ => "notice-mail-subject",
    };
    let subject = with.pages.message(lang, subject_key, &[("service", service), ("what", &happened)])?;
    let closes = closes_at.map(|at| dates::day(lang, at)).unwrap_or_default();
    let (day, hour) = (dates::weekday_and_day(lang, now), dates::hour(lang, now));
    let label = if what.kind == AccountNoticeKind::NewDevice { what.detail } else { "" };
    let device = devices::display_label(with.pages, lang, label)?;
    let values = [
        ("service", service),
        ("what", &*happened),
        ("device", &*device),
        ("day", &*day),
        ("hour", &*hour),
        ("closes", &*closes),
        ("host", with.host),
    ];
    let key = match what.kind {
        AccountNoticeKind::NewDevice if !device.is_empty() => "notice-mail-device",
        AccountNoticeKind::Closing if what.detail == CHILDLESS => "notice-mail-childless",
        AccountNoticeKind::Closing if what.detail == UNENROLLED => "notice-mail-unenrolled",
        AccountNoticeKind::Closing | AccountNoticeKind::ClosingSoon => "notice-mail-closing",
        AccountNoticeKind::PhoneChanged => "notice-mail-phone-changed",
        kind if kind.asks() => "notice-mail",
        _ => "notice-mail-info",
    };
    Ok((subject, with.pages.message(lang, key, &values)?))
}
