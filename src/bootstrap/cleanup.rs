//! What is done each hour: closing what is due, telling people, deleting expired rows.

use tokio::sync::watch;

use crate::app::{AppState, Operation};
use crate::base::clock::Span;
use crate::db::Durability;
use crate::helpdesk::store::near;
use crate::{
    accounts, activation, admin_api, administrators, announcements, audit, client_admin, console_mails, credentials,
    devices, emails, erasure, figures, grants, limits, login, logouts, my_account, notify, otp, outbox, recovery,
    regroup, roster_admin, school_admin, sessions, subjects, support, tenants,
};

/// Deletes expired rows in batches, one transaction each: after a night without a server the rows are many, and a
/// sign-in must not wait for all of them. Does nothing while this server's clock is wrong.
pub async fn delete_expired(app: &AppState, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    if app.is_work_paused() {
        return Ok(());
    }
    // Failures are read from the rate limiter rows, deleted afterwards, so failures come first.
    while credentials::ops::record_failures(&Operation::of_job(app, "failures")).await? > 0 && !*stop.borrow() {}
    if let Err(error) = my_account::ops::close_due(&Operation::of_job(app, "closing")).await {
        tracing::error!(error = format!("{error:#}"), "accounts were not closed");
    }
    if let Err(error) = regroup::ops::finish_due(&Operation::of_job(app, "regroupement")).await {
        tracing::error!(error = format!("{error:#}"), "regroupements were not made final");
    }
    tell_what_is_due(app).await;
    while delete_expired_batch(app).await? > 0 && !*stop.borrow() {}
    go_through(app, &|| *stop.borrow()).await;
    let op = Operation::of_job(app, "audit_check");
    if let Err(error) = audit::ops::check_if_due(op.storage(), op.now.minus(app.config.audit.retention())).await {
        tracing::error!(error = format!("{error:#}"), "the seals of the audit were not verified");
    }
    Ok(app.db.renew_statistics().await?)
}

/// Withdraws the closings of people who came back, and tells what is due: closings, numbers that a school replaced, links
/// that it ended, and schools that know a pupil's account. A failure with one of them does not silence the others.
pub async fn tell_what_is_due(app: &AppState) {
    if let Err(error) = my_account::ops::withdraw_house_closings(&Operation::of_job(app, "closing")).await {
        tracing::error!(error = format!("{error:#}"), "closings of people who came back were not withdrawn");
    }
    if let Err(error) = my_account::ops::warn_of_closings(&Operation::of_job(app, "closing")).await {
        tracing::error!(error = format!("{error:#}"), "persons were not warned of closings");
    }
    if let Err(error) = my_account::ops::tell_phone_changes(&Operation::of_job(app, "phone_changes")).await {
        tracing::error!(error = format!("{error:#}"), "persons were not told of replaced numbers");
    }
    if let Err(error) = my_account::ops::tell_ended_links(&Operation::of_job(app, "ended_links")).await {
        tracing::error!(error = format!("{error:#}"), "parents were not told of links that ended");
    }
    if let Err(error) = my_account::ops::tell_pupil_joins(&Operation::of_job(app, "pupil_joins")).await {
        tracing::error!(error = format!("{error:#}"), "pupils were not told of schools that know their account");
    }
}

/// Does what goes through a whole table once a day: asks for the closings of accounts whose people left, erases whom no
/// school names any more, after the closings that this may wait for, and tells pupils what an age changes.
async fn go_through(app: &AppState, is_stopping: &(dyn Fn() -> bool + Sync)) {
    match my_account::ops::ask_house_closings(app, is_stopping).await {
        Ok(my_account::ops::HouseClosings { asked, closed }) if asked + closed > 0 => {
            tracing::info!(asked, closed, "closings of the house");
        }
        Ok(_) => {}
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "not every closing was asked for: the rest is tried again")
        }
    }
    match erasure::ops::erase_due(app, is_stopping).await {
        Ok(erased) if !erased.is_empty() => {
            let erasure::ErasedCounts { accounts, persons, pupils } = erased;
            tracing::info!(accounts, persons, pupils, "erased");
        }
        Ok(_) => {}
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "not everything was erased: the rest is tried again")
        }
    }
    if let Err(error) = my_account::ops::tell_ages(app, is_stopping).await {
        tracing::error!(error = format!("{error:#}"), "pupils were not told what their age changes");
    }
}

async fn delete_expired_batch(app: &AppState) -> anyhow::Result<u64> {
    let op = Operation::of_job(app, "cleanup");
    let now = op.now;
    let mut tx = op.write(Durability::Relaxed).await?;
    let rows = outbox::delete_expired(&mut tx).await?
        + limits::store::delete_expired(&mut tx).await?
        + limits::store::sources::delete_expired(&mut tx).await?
        + devices::store::delete_expired(&mut tx).await?
        + audit::store::delete_expired(&mut tx, now.minus(app.config.audit.retention())).await?
        + activation::store::delete_expired(&mut tx).await?
        + recovery::store::delete_expired(&mut tx).await?
        + login::store::delete_expired(&mut tx).await?
        + credentials::store::delete_expired(&mut tx).await?
        + notify::store::delete_expired(&mut tx).await?
        + accounts::store::phone_proofs::delete_old(&mut tx, now.minus(Span::days(1))).await?
        + accounts::store::emails::delete_ended(&mut tx, now.minus(emails::UNDO_TTL)).await?
        + logouts::store::delete_expired(&mut tx, now).await?
        + otp::store::outages::delete_expired(&mut tx).await?
        + otp::store::handed::delete_expired(&mut tx).await?
        + otp::store::academies::delete_expired(&mut tx).await?
        + sessions::store::delete_expired(&mut tx, now).await?
        + support::store::delete_expired(&mut tx, support::MAX_EVENTS).await?
        + administrators::store::sessions::delete_expired(&mut tx).await?
        + announcements::store::delete_expired(&mut tx).await?
        + administrators::store::drafts::delete_expired(&mut tx).await?
        + admin_api::store::delete_expired(&mut tx).await?
        + administrators::store::api_tokens::delete_expired(&mut tx).await?
        + client_admin::store::requests::delete_old_drafts(&mut tx, now.minus(client_admin::requests::DRAFT_TTL))
            .await?
        + near::delete_expired(&mut tx).await?
        + school_admin::store::delete_expired(&mut tx, now.minus(app.config.audit.retention())).await?
        + figures::store::delete_expired(&mut tx).await?
        + tenants::store::settled::delete_expired(&mut tx).await?
        + console_mails::store::delete_expired(&mut tx).await?
        + roster_admin::store::delete_expired(&mut tx).await?
        + regroup::store::delete_expired(&mut tx).await?
        + subjects::store::delete_expired(&mut tx).await?
        + grants::store::families::delete_expired(&mut tx, now).await?
        + grants::store::revoked::delete_expired(&mut tx, now).await?;
    tx.commit().await?;
    Ok(rows)
}
