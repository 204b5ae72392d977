//! The closing of parents' accounts whose last child left: asked for by the house, undone by a sign-in.

use chrono::Datelike as _;

use super::closing::CLOSING_DELAY;
use crate::accounts;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::http::pages::dates;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;

/// The time without any current child.
const CHILDLESS: Span = Span::days(92);

/// True from July to the end of October: a child who left one school in July is enrolled in another by then, at the
/// latest.
fn is_between_schools(now: Timestamp) -> bool {
    let day = dates::date_key(now).parse::<chrono::NaiveDate>();
    day.is_ok_and(|day| (7..=10).contains(&day.month()) && (day.month(), day.day()) != (10, 31))
}

/// Withdraws the closings of parents who have a current child again.
async fn withdraw(op: &Operation<'_>) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    for id in accounts::store::withdraw_childless_closings(&mut tx).await? {
        let about = AuditDetails { account: Some(&id), detail: "a current child again", ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::ClosingWithdrawn, about).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Asks for the closing of accounts without a current child for 92 days, one transaction each, but not before the 31st
/// of October. Returns their number.
pub async fn close_without_child(op: &Operation<'_>) -> anyhow::Result<u64> {
    let Operation { app, now, .. } = *op;
    withdraw(op).await?;
    if is_between_schools(now) {
        return Ok(0);
    }
    let mut asked = 0;
    for id in accounts::store::list_childless(&mut app.db.read().await?, now.minus(CHILDLESS)).await? {
        let mut tx = op.write(Durability::Durable).await?;
        // A child may have come back since the list was read.
        let times = (now.minus(CHILDLESS), now.plus(CLOSING_DELAY));
        if accounts::store::ask_childless_closing(&mut tx, &id, times).await? {
            let about = AuditDetails { account: Some(&id), detail: "no child for 92 days", ..AuditDetails::default() };
            audit::store::record(&mut tx, AuditEvent::ClosingRequested, about).await?;
            let kind = AccountNoticeKind::Closing;
            let what = NoticeRequest {
                account_id: &id,
                kind,
                detail: notify::CHILDLESS,
                device_id: None,
                lang: Lang::default(),
            };
            notify::ops::notify_person(&mut tx, app.into(), what).await?;
            asked += 1;
        }
        tx.commit().await?;
    }
    if asked > 0 {
        app.job_notifier.notify(JobKind::Mail);
    }
    Ok(asked)
}
