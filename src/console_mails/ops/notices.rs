//! One mail a day to the heads and delegates of schools where something new waits: two numbers and the console's address.
//! A head also reads what others did at the school yesterday, and has the mail for that alone too.

use super::acts::{describe, yesterday};
use crate::administrators::store::roles;
use crate::administrators::territory::{RoleGrant, Territory};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::console_mails::TOLD_WITHIN;
use crate::console_mails::store::acts;
use crate::console_mails::store::notices::{self, WaitingNotices};
use crate::db::Durability;
use crate::http::pages::dates;
use crate::http::paths;

/// The number of schools read by one query.
const BATCH_SCHOOLS: i64 = 100;

/// Sends the mails of the day, by day only. Returns their number.
pub async fn send_of_day(op: &Operation<'_>) -> anyhow::Result<usize> {
    if dates::waking_hour(op.now) != op.now {
        return Ok(0);
    }
    let day = dates::date_key(op.now);
    let (mut after, mut sent) = (String::new(), 0);
    loop {
        let mut tx = op.app.db.read().await?;
        let schools = notices::list_schools(&mut tx, op.now.minus(TOLD_WITHIN), &after, BATCH_SCHOOLS).await?;
        drop(tx);
        let Some(last) = schools.last() else { break };
        after.clone_from(last);
        sent += send_to(op, &schools, &day).await?;
    }
    let Some(acted) = yesterday(op.now) else { return Ok(sent) };
    after.clear();
    loop {
        let mut tx = op.app.db.read().await?;
        let schools =
            acts::list_schools(&mut tx, (&acted, op.now), (day.as_str(), after.as_str()), BATCH_SCHOOLS).await?;
        drop(tx);
        let Some(last) = schools.last() else { return Ok(sent) };
        after.clone_from(last);
        sent += send_to(op, &schools, &day).await?;
    }
}

/// Sends the mails of a day to the heads and delegates of some schools. Returns their number.
async fn send_to(op: &Operation<'_>, schools: &[String], day: &str) -> anyhow::Result<usize> {
    let mut sent = 0;
    for uai in schools {
        let whom = notices::list_unmailed(&mut op.app.db.read().await?, op.now, uai, day).await?;
        for id in whom {
            sent += usize::from(send(op, &id, day).await?);
        }
    }
    Ok(sent)
}

/// Counts what waits on the territory of an administrator.
async fn count(op: &Operation<'_>, id: &AdministratorId, grants: &[RoleGrant]) -> anyhow::Result<WaitingNotices> {
    let mut tx = op.app.db.read().await?;
    let since = notices::find_last(&mut tx, id).await?.unwrap_or(Timestamp(0));
    let mut sum = WaitingNotices::default();
    let mut whole: Vec<_> = Vec::new();
    for grant in grants.iter().filter(|grant| !grant.pupils_only) {
        if let Territory::School(uai) = &grant.territory
            && !whole.contains(uai)
        {
            whole.push(uai.clone());
        }
    }
    let classes = grants.iter().filter(|grant| !grant.pupils_only).filter_map(|grant| match &grant.territory {
        Territory::Class(uai, class) if !whole.contains(uai) => Some((uai.clone(), Some(class.clone()))),
        _ => None,
    });
    let parts: Vec<_> = whole.iter().map(|uai| (uai.clone(), None)).chain(classes).collect();
    for (uai, class) in parts {
        let found = notices::count(&mut tx, &uai, class.as_deref(), since).await?;
        sum = WaitingNotices { waiting: sum.waiting + found.waiting, fresh: sum.fresh + found.fresh };
    }
    Ok(sum)
}

/// Sends the mail of an administrator, if there is something new. Returns true for the call that did.
async fn send(op: &Operation<'_>, id: &AdministratorId, day: &str) -> anyhow::Result<bool> {
    let grants = roles::list_current(&mut op.app.db.read().await?, id, op.now).await?;
    let found = count(op, id, &grants).await?;
    let acts = describe(op, id, &grants).await?;
    if found.fresh == 0 && acts.is_empty() {
        return Ok(false);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    if !notices::take_day(&mut tx, id, day).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    // The address comes from the configuration (docs/decisions/0016-the-issuer-is-configuration.md).
    let link = format!("{}{}", op.app.issuer(), paths::ADMIN);
    let (n, fresh) = (found.waiting.to_string(), found.fresh.to_string());
    let values = [("n", n.as_str()), ("new", &fresh), ("link", &link), ("acts", &acts)];
    let key = if acts.is_empty() { "mail-console-notices" } else { "mail-console-notices-acts" };
    let is_sent = super::enqueue(op, &mut tx, id, key, &values).await?;
    tx.commit().await?;
    Ok(is_sent)
}
