//! One mail a day to the heads and delegates of schools where something new waits: two numbers and the console's address.
//! A head also reads what others did at the school on the days since the last mail, and has the mail for that alone too.
//!
//! Each mail goes on where the last one ended, whose day is compared and set: days without a server are told in the next
//! mail, and no server tells anything twice.

use super::acts::{describe, told_before, untold};
use crate::administrators::store::roles;
use crate::administrators::territory::{RoleGrant, Territory};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::console_mails::TOLD_WITHIN;
use crate::console_mails::store::acts::{self, ActedSchoolRow};
use crate::console_mails::store::notices::{self, LastMailRow, WaitingNotices};
use crate::db::Durability;
use crate::http::pages::dates;
use crate::http::paths;

/// The number of schools read by one query.
const BATCH_SCHOOLS: i64 = 100;
/// The number of schools where others acted that are read by one query: each walks all acts of a week.
const BATCH_ACTED_SCHOOLS: i64 = 2_000;

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
    // Of a head who had no mail in a week.
    let Some(week) = untold(op.now, "") else { return Ok(sent) };
    after.clear();
    loop {
        let mut tx = op.app.db.read().await?;
        let from = (day.as_str(), after.as_str());
        let acted = acts::list_schools(&mut tx, (&week, op.now), from, BATCH_ACTED_SCHOOLS).await?;
        drop(tx);
        let Some(last) = acted.last() else { return Ok(sent) };
        after.clone_from(&last.uai);
        let is_untold = |school: &ActedSchoolRow| {
            told_before(&school.mailed_on).is_none_or(|told| Timestamp(school.last_at) >= told)
        };
        let schools: Vec<String> = acted.into_iter().filter(is_untold).map(|school| school.uai).collect();
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
async fn count(op: &Operation<'_>, grants: &[RoleGrant], last: &LastMailRow) -> anyhow::Result<WaitingNotices> {
    let mut tx = op.app.db.read().await?;
    let since = Timestamp(last.at);
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
    let mut tx = op.app.db.read().await?;
    let grants = roles::list_current(&mut tx, id, op.now).await?;
    let last = notices::find_last(&mut tx, id).await?;
    drop(tx);
    let found = count(op, &grants, &last).await?;
    let acts = describe(op, id, (&grants, &last.day)).await?;
    if found.fresh == 0 && acts.is_none() {
        return Ok(false);
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    if !notices::take_day(&mut tx, id, day, &last).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    // The address comes from the configuration (docs/decisions/0016-the-issuer-is-configuration.md).
    let link = format!("{}{}", op.app.issuer(), paths::ADMIN);
    let (n, fresh) = (found.waiting.to_string(), found.fresh.to_string());
    let counts = [("n", n.as_str()), ("new", &fresh), ("link", &link)];
    let is_sent = match &acts {
        None => super::enqueue(op, &mut tx, id, "mail-console-notices", &counts).await?,
        Some(acts) => {
            let told = [("acts", acts.lines.as_str()), ("when", &acts.when)];
            super::enqueue(op, &mut tx, id, "mail-console-notices-acts", &[&counts[..], &told[..]].concat()).await?
        }
    };
    tx.commit().await?;
    Ok(is_sent)
}
