//! What happened to relying parties: requests to those who decide, decisions to those who asked, the rest to technicians.
//!
//! Each thing is told in one transaction with the row that says so; a failure with one kind does not silence the others.

use crate::administrators::roles::{AdminAct, AdminRole};
use crate::administrators::store::roles;
use crate::administrators::territory::{RoleGrant, TerritoryKind, may};
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdministratorId, ClientId};
use crate::client_admin::ops::review;
use crate::clients;
use crate::console_mails::store::services::{self, ToldClientRow, ToldRequestRow};
use crate::console_mails::store::{list_holders, take};
use crate::console_mails::{
    ConsoleMailKind, DELIVERIES_ACADEMY_AFTER, DELIVERIES_AFTER, DELIVERIES_AGAIN_AFTER, OVERDUE_AFTER,
    SECRET_OLD_AFTER, TOLD_WITHIN, UNUSED_AFTER, working_time,
};
use crate::db::Durability;
use crate::http::paths;

/// Sign-outs that were sent before this time say nothing of today.
const DELIVERIES_WITHIN: Span = Span::days(3);

/// Something to tell.
struct News<'a> {
    kind: ConsoleMailKind,
    subject: &'a str,
    client_id: &'a ClientId,
    /// The path of the page to look at.
    path: String,
    words: &'a str,
    to: Vec<AdministratorId>,
    /// It is told again if it was told before this time.
    again: Option<Timestamp>,
}

/// Tells what was not told yet. Returns the number of mails.
pub async fn send_untold(op: &Operation<'_>) -> anyhow::Result<usize> {
    let mut sent = 0;
    for (what, outcome) in [
        ("requests", Box::pin(tell_requests(op)).await),
        ("decisions", Box::pin(tell_decisions(op)).await),
        ("secrets and trials", Box::pin(tell_dates(op)).await),
        ("sign-outs", Box::pin(tell_deliveries(op)).await),
        ("suspensions", Box::pin(tell_standings(op)).await),
    ] {
        match outcome {
            Ok(mails) => sent += mails,
            Err(error) => tracing::error!(what, error = format!("{error:#}"), "administrators were not told"),
        }
    }
    Ok(sent)
}

/// Tells one thing, once. Returns the number of mails.
async fn tell(op: &Operation<'_>, news: News<'_>) -> anyhow::Result<usize> {
    let mut tx = op.write(Durability::Relaxed).await?;
    if !take(&mut tx, (news.kind, news.subject), news.again).await? {
        tx.rollback().await?;
        return Ok(0);
    }
    let client = clients::store::find(&mut tx, news.client_id).await?;
    let name = client.map_or_else(|| news.client_id.to_string(), |client| client.meta.client_name);
    let link = format!("{}{}", op.app.issuer(), news.path);
    let values = [("client", name.as_str()), ("words", news.words), ("link", &link)];
    let mut sent = 0;
    for id in &news.to {
        sent += usize::from(super::enqueue(op, &mut tx, id, &news.kind.message_key(), &values).await?);
    }
    tx.commit().await?;
    Ok(sent)
}

fn review_path(id: &str) -> String {
    format!("{}/{id}", paths::ADMIN_REVIEW_SERVICE)
}

fn service_path(id: &ClientId) -> String {
    format!("{}/{id}", paths::ADMIN_SERVICES)
}

/// Tells requests to those of the academy who decide, else to those above; and to those above what nobody decided on.
async fn tell_requests(op: &Operation<'_>) -> anyhow::Result<usize> {
    let mut sent = 0;
    for (kind, before) in [
        (ConsoleMailKind::Requested, op.now),
        // At least: weekends are looked at below.
        (ConsoleMailKind::Overdue, op.now.minus(OVERDUE_AFTER)),
    ] {
        let found = services::list_waiting_requests(&mut op.app.db.read().await?, kind, before).await?;
        for row in found {
            let is_overdue = kind == ConsoleMailKind::Overdue;
            if is_overdue && working_time(Timestamp(row.requested_at), op.now) < OVERDUE_AFTER {
                continue;
            }
            let (near, above) = deciders(op, &row).await?;
            let to = match (is_overdue, near.is_empty()) {
                (false, false) => near,
                (false, true) | (true, _) => above,
            };
            // Once somebody is there, it is told.
            if to.is_empty() {
                continue;
            }
            let (subject, client_id, path) = (row.subject.as_str(), &row.client_id, review_path(&row.id));
            sent += tell(op, News { kind, subject, client_id, path, words: "", to, again: None }).await?;
        }
    }
    Ok(sent)
}

/// Returns those who decide by a role of an academy, and those above them; never the author.
async fn deciders(
    op: &Operation<'_>,
    row: &ToldRequestRow,
) -> anyhow::Result<(Vec<AdministratorId>, Vec<AdministratorId>)> {
    let (mut near, mut above) = (Vec::new(), Vec::new());
    // One that cannot be read any more is nobody's to decide.
    let Some(file) = review::find(op, &row.id).await? else { return Ok((near, above)) };
    let mut tx = op.app.db.read().await?;
    for decider in file.deciders.iter().filter(|decider| !decider.is_author) {
        let grants = roles::list_current(&mut tx, &decider.row.id, op.now).await?;
        // By the role that decides here: somebody national elsewhere may be of this academy.
        let is_above = |grant: &RoleGrant| {
            let grants = std::slice::from_ref(grant);
            grant.role == AdminRole::National && may(grants, AdminAct::ApproveClient, &file.places, op.now).is_some()
        };
        match grants.iter().any(is_above) {
            true => above.push(decider.row.id.clone()),
            false => near.push(decider.row.id.clone()),
        }
    }
    Ok((near, above))
}

/// Tells decisions, with their words, to the author and the technicians.
async fn tell_decisions(op: &Operation<'_>) -> anyhow::Result<usize> {
    let mut sent = 0;
    let found = services::list_decided_requests(&mut op.app.db.read().await?, op.now.minus(TOLD_WITHIN)).await?;
    for row in found {
        let kind = match row.state.as_str() {
            "approved" => ConsoleMailKind::Approved,
            "refused" => ConsoleMailKind::Refused,
            _ => ConsoleMailKind::Question,
        };
        let mut to = vec![row.author_id.clone()];
        if kind != ConsoleMailKind::Question {
            to.extend(technicians(op, &row.client_id).await?.into_iter().filter(|id| *id != row.author_id));
        }
        let words = if row.words.trim().is_empty() { "–" } else { row.words.trim() };
        let (subject, client_id, path) = (row.subject.as_str(), &row.client_id, review_path(&row.id));
        sent += tell(op, News { kind, subject, client_id, path, words, to, again: None }).await?;
    }
    Ok(sent)
}

/// Lists the technicians of a relying party.
async fn technicians(op: &Operation<'_>, id: &ClientId) -> anyhow::Result<Vec<AdministratorId>> {
    let role = AdminRole::ServiceContact.name();
    let territory = (TerritoryKind::Client.name(), id.as_str());
    Ok(list_holders(&mut op.app.db.read().await?, op.now, role, territory).await?)
}

/// Lists the administrators of the academies of a relying party.
async fn academy_administrators(op: &Operation<'_>, id: &ClientId) -> anyhow::Result<Vec<AdministratorId>> {
    let mut tx = op.app.db.read().await?;
    let Some(client) = clients::store::find(&mut tx, id).await? else { return Ok(Vec::new()) };
    let mut academies = client.meta.perimeter.academies.clone();
    academies.extend(client.meta.owner_academy().map(str::to_owned).filter(|own| !academies.contains(own)));
    let mut to: Vec<AdministratorId> = Vec::new();
    for academy in academies {
        let territory = (TerritoryKind::Academy.name(), academy.as_str());
        let found = list_holders(&mut tx, op.now, AdminRole::Academy.name(), territory).await?;
        to.extend(found.into_iter().filter(|id| !to.contains(id)).collect::<Vec<_>>());
    }
    Ok(to)
}

/// Tells the technicians of some relying parties, else the academy, so that it does not go unheard.
async fn tell_clients(
    op: &Operation<'_>,
    kind: ConsoleMailKind,
    rows: Vec<ToldClientRow>,
    again: Option<Timestamp>,
) -> anyhow::Result<usize> {
    let mut sent = 0;
    for row in rows {
        let mut to = match kind {
            ConsoleMailKind::DeliveriesAcademy => Vec::new(),
            _ => technicians(op, &row.client_id).await?,
        };
        if to.is_empty() {
            to = academy_administrators(op, &row.client_id).await?;
        }
        let (subject, client_id, path) = (row.subject.as_str(), &row.client_id, service_path(&row.client_id));
        sent += tell(op, News { kind, subject, client_id, path, words: "", to, again }).await?;
    }
    Ok(sent)
}

/// Tells ended trials, old secrets, and secrets that close.
async fn tell_dates(op: &Operation<'_>) -> anyhow::Result<usize> {
    use ConsoleMailKind::{SecretClosing, SecretClosingSoon, SecretOld, TrialEnded};
    let (now, mut sent) = (op.now, 0);
    let mut tx = op.app.db.read().await?;
    let trials = services::list_ended_trials(&mut tx, (now.minus(TOLD_WITHIN), now)).await?;
    let old = services::list_old_secrets(&mut tx, now.minus(SECRET_OLD_AFTER)).await?;
    let (three, fourteen) = (now.plus(Span::days(3)), now.plus(Span::days(14)));
    let closing = services::list_closing_secrets(&mut tx, SecretClosing, (now, three)).await?;
    let soon = services::list_closing_secrets(&mut tx, SecretClosingSoon, (three, fourteen)).await?;
    drop(tx);
    for (kind, rows) in [(TrialEnded, trials), (SecretOld, old), (SecretClosing, closing), (SecretClosingSoon, soon)] {
        sent += tell_clients(op, kind, rows, None).await?;
    }
    Ok(sent)
}

/// Tells sign-outs that fail.
async fn tell_deliveries(op: &Operation<'_>) -> anyhow::Result<usize> {
    let (now, mut sent) = (op.now, 0);
    let again = now.minus(DELIVERIES_AGAIN_AFTER);
    for (kind, after) in [
        (ConsoleMailKind::Deliveries, DELIVERIES_AFTER),
        (ConsoleMailKind::DeliveriesAcademy, DELIVERIES_ACADEMY_AFTER),
    ] {
        let times = (now.minus(DELIVERIES_WITHIN), now.minus(after), again);
        let rows = services::list_failing(&mut op.app.db.read().await?, kind, times).await?;
        sent += tell_clients(op, kind, rows, Some(again)).await?;
    }
    Ok(sent)
}

/// Tells of those that were suspended, and those that nobody uses.
async fn tell_standings(op: &Operation<'_>) -> anyhow::Result<usize> {
    let times = (op.now.minus(TOLD_WITHIN), op.now.minus(UNUSED_AFTER));
    let rows = services::list_suspended_and_unused(&mut op.app.db.read().await?, times).await?;
    let mut sent = 0;
    for (kind, client_id, subject) in rows {
        let kind = match kind.as_str() {
            "suspended" => ConsoleMailKind::Suspended,
            _ => ConsoleMailKind::Unused,
        };
        sent += tell_clients(op, kind, vec![ToldClientRow { client_id, subject }], None).await?;
    }
    Ok(sent)
}
