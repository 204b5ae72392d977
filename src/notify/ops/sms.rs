//! The SMS of a notice: its words are chosen when it is due, its number when it happened.

use serde::{Deserialize, Serialize};

use crate::accounts;
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::crypto::HmacPurpose;
use crate::db::Durability;
use crate::http::pages::dates;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::notify::{AccountNoticeKind, SmsTime, store};
use crate::otp;
use crate::otp::ops::SmsJob;
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::roster;
use crate::sms::to_default_alphabet;

/// The time for which a notice is handed over, and for which the operator tries to reach the phone: a fact is still worth
/// knowing the day after.
const NOTICE_SMS_TTL: Span = Span::hours(24);

/// The body of the job.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct NoticeSmsJob {
    pub account_id: AccountId,
    /// The number in E.164 format.
    pub to: String,
    pub kind: String,
    pub detail: String,
    pub at: Timestamp,
    pub lang: Lang,
}

/// Writes the message of a notice, in the transaction that ends its job: outside of the number's five of the day, within
/// the caps of the day and a budget of the account. On a number that two accounts have, the message names whom it is
/// for.
pub async fn send_notice_sms(op: &Operation<'_>, job: &Job) -> anyhow::Result<JobOutcome> {
    let app = op.app;
    let told: NoticeSmsJob = serde_json::from_str(&job.body)?;
    let Some(account) = accounts::store::find(&mut app.db.read().await?, &told.account_id).await? else {
        return Ok(JobOutcome::Discard);
    };
    // A sign-in has kept the account since, or it is closed by now.
    let closings = [AccountNoticeKind::Closing, AccountNoticeKind::ClosingSoon].map(AccountNoticeKind::name);
    if closings.contains(&told.kind.as_str()) && account.closes_at.is_none_or(|at| at <= op.now) {
        return Ok(JobOutcome::Discard);
    }
    // Undone since: the person who undid it knows.
    let undone = AccountNoticeKind::RegroupUndone;
    if told.kind == AccountNoticeKind::Regrouped.name()
        && store::exists_since(&mut app.db.read().await?, &told.account_id, undone, told.at).await?
    {
        return Ok(JobOutcome::Discard);
    }
    let blind = app.master_key.hmac(HmacPurpose::Phone, &told.to);
    let holders = roster::store::list_by_phone(&mut app.db.read().await?, &blind).await?;
    let shared = holders.iter().any(|p| p.account_id.as_ref().is_some_and(|id| *id != account.id));
    let key = format!("sms-notice-{}", told.kind.replace('_', "-"));
    let when = dates::moment(told.lang, told.at, op.now);
    let closes = account.closes_at.map(|at| dates::day(told.lang, at)).unwrap_or_default();
    let values =
        [("service", app.pages.service_name()), ("when", &*when), ("school", &*told.detail), ("day", &*closes)];
    let mut text = app.pages.message(told.lang, &key, &values)?;
    if shared {
        let name = account.given_name.as_str();
        text = app.pages.message(told.lang, "sms-notice-shared", &[("name", name), ("text", &text)])?;
    }
    let kind: Option<AccountNoticeKind> = told.kind.parse().ok();
    let part = kind.and_then(|kind| kind.sms_part(&told.detail));
    let budget = app.master_key.hmac(HmacPurpose::LimiterKey, &format!("notice_sms/{}", account.id));
    let mut tx = op.write(Durability::Relaxed).await?;
    if let RateLimitDecision::Limited { .. } = limits::store::consume(&mut tx, RateLimit::NoticeSms, &budget).await? {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::NoticeSms.name(), "budget");
        return Ok(JobOutcome::Discard);
    }
    if !otp::ops::count_other_message(app, &mut tx, op.now, (told.to.as_str(), part)).await? {
        tx.rollback().await?;
        app.metrics.record_sms("capped");
        return Ok(JobOutcome::Retry);
    }
    // Who holds the phone at night would delete it; and what waited for its part of the caps, which a new day opens at
    // midnight, wakes nobody.
    let by_day = part.is_some() || kind.and_then(AccountNoticeKind::sms) == Some(SmsTime::NextMorning);
    let body = serde_json::to_string(&SmsJob {
        id: String::new(),
        to: told.to,
        text: to_default_alphabet(&text),
        by_day,
        about: None,
    })?;
    let expires = op.now.plus(NOTICE_SMS_TTL);
    let message = outbox::enqueue_until(&mut tx, &app.master_key, JobKind::Sms, &body, expires).await?;
    if part.is_some() {
        outbox::put_last(&mut tx, &message).await?;
    }
    outbox::complete_in(&mut tx, &job.id).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Sms);
    Ok(JobOutcome::Done)
}

#[cfg(test)]
mod tests {
    use strum::IntoEnumIterator as _;

    use super::*;
    use crate::http::pages::PageRenderer;

    #[test]
    fn every_message_is_one_segment_without_a_link() {
        let pages = PageRenderer::load("Mon compte École", "").unwrap();
        for kind in AccountNoticeKind::iter().filter(|kind| kind.sms().is_some()) {
            for (lang, when) in [(Lang::Fr, "hier à 18\u{a0}h\u{a0}40"), (Lang::En, "yesterday at 18:40")] {
                let key = format!("sms-notice-{}", kind.name().replace('_', "-"));
                let school = "Collège Antoine de Saint-Exupéry";
                let values =
                    [("service", pages.service_name()), ("when", when), ("school", school), ("day", "28 décembre")];
                let text = pages.message(lang, &key, &values).unwrap();
                let shared = [("name", "Marie-Amélie"), ("text", text.as_str())];
                let text = to_default_alphabet(&pages.message(lang, "sms-notice-shared", &shared).unwrap());
                assert!(text.chars().count() <= 160, "{} signs: {text}", text.chars().count());
                assert!(!text.contains("http") && !text.contains('?'), "{text}");
            }
        }
    }
}
