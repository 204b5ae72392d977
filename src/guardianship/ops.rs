//! A try, and what follows for the child, in the transaction of the flow.

use std::collections::BTreeMap;

use super::{ChildQuestion, DateComparison, Guardianship, ProofContext};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::typed_ids::{AccountId, PupilId};
use crate::crypto::HmacPurpose;
use crate::db::UnitOfWork;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::roster;
use crate::roster::store::RosterChild;
use crate::tenants::{self, Notice, NoticeKind};

/// Consumes a try of the budget of this parent and child, then compares. A right date gives the try back.
pub async fn compare_birth_date(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    proof: ProofContext<'_>,
    child: Guardianship<'_>,
    date: BirthDate,
) -> anyhow::Result<DateComparison> {
    let app = op.app;
    let key = app.master_key.hmac(HmacPurpose::LimiterKey, &child.budget_key());
    let RateLimitDecision::Allowed { remaining } =
        limits::store::consume_for_account(tx, RateLimit::BirthDate, &key, proof.account).await?
    else {
        app.metrics.record_limited(RateLimit::BirthDate.name(), "budget");
        return Ok(DateComparison::NoTriesLeft);
    };
    let sealed = roster::store::find_birth_date(tx, child.pupil_id).await?;
    let known =
        sealed.map(|s| roster::sealed_rows::open_birth_date(&app.master_key, child.pupil_id, &s)).transpose()?;
    if known == Some(date) {
        limits::store::release(tx, RateLimit::BirthDate, &key).await?;
        return Ok(DateComparison::Equal);
    }
    Ok(DateComparison::Different { tries_left: remaining })
}

/// Returns the time from which another date of this parent and child is compared.
pub async fn next_try_at(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    child: Guardianship<'_>,
) -> anyhow::Result<Timestamp> {
    let key = op.app.master_key.hmac(HmacPurpose::LimiterKey, &child.budget_key());
    Ok(match limits::store::peek(tx, RateLimit::BirthDate, &key).await? {
        RateLimitDecision::Limited { until } => until,
        RateLimitDecision::Allowed { .. } => op.now,
    })
}

/// Hides a child from claims after the last wrong date, and notifies the school.
pub async fn set_aside(
    work: &mut UnitOfWork<'_>,
    proof: ProofContext<'_>,
    child: Guardianship<'_>,
) -> anyhow::Result<()> {
    hide(work, proof, child, (NoticeKind::BirthDateFailed, AuditEvent::ChildHidden)).await
}

/// Hides a child from claims that the person denied, and notifies the school.
pub async fn contest(
    work: &mut UnitOfWork<'_>,
    proof: ProofContext<'_>,
    child: Guardianship<'_>,
) -> anyhow::Result<()> {
    hide(work, proof, child, (NoticeKind::Contested, AuditEvent::ChildContested)).await
}

async fn hide(
    work: &mut UnitOfWork<'_>,
    proof: ProofContext<'_>,
    child: Guardianship<'_>,
    (kind, fact): (NoticeKind, AuditEvent),
) -> anyhow::Result<()> {
    for person_id in child.person_ids {
        roster::store::hide_child(work, person_id, child.pupil_id, kind).await?;
    }
    notify_school(work, proof, child, kind).await?;
    let about = AuditDetails { account: proof.account, detail: proof.support_code, ..AuditDetails::default() };
    audit::store::record(work, fact, about).await?;
    Ok(())
}

/// Records that a right date proved this account's person to be the pupil's parent, shows a child again that an earlier
/// proof hid, and closes the notices to the school.
pub async fn confirm(
    tx: &mut UnitOfWork<'_>,
    account_id: Option<&AccountId>,
    child: Guardianship<'_>,
) -> anyhow::Result<()> {
    if let Some(account_id) = account_id {
        roster::store::pupils::record_proof(tx, account_id, child.pupil_id).await?;
    }
    for person_id in child.person_ids {
        roster::store::unhide_child(tx, person_id, child.pupil_id).await?;
        tenants::store::settle_child(tx, person_id, child.pupil_id).await?;
    }
    Ok(())
}

/// Notifies the school of a child.
pub async fn notify_school(
    work: &mut UnitOfWork<'_>,
    proof: ProofContext<'_>,
    child: Guardianship<'_>,
    kind: NoticeKind,
) -> anyhow::Result<()> {
    for person_id in child.person_ids {
        let (pupil_id, support_code) = (Some(child.pupil_id), proof.support_code);
        let notice = Notice { uai: child.uai, person_id, pupil_id, kind, support_code };
        tenants::store::upsert_notice(work, &notice).await?;
    }
    Ok(())
}

/// Returns one question per pupil, even if linked to several persons or enrolled in several schools.
pub fn questions_for(children: Vec<RosterChild>) -> Vec<ChildQuestion> {
    let mut order = Vec::new();
    let mut by_pupil: BTreeMap<PupilId, ChildQuestion> = BTreeMap::new();
    for child in children {
        if let Some(known) = by_pupil.get_mut(&child.pupil_id) {
            if !known.person_ids.contains(&child.person_id) {
                known.person_ids.push(child.person_id);
            }
            continue;
        }
        let family = child.usage_name.as_deref().unwrap_or(&child.family_name);
        order.push(child.pupil_id.clone());
        by_pupil.insert(
            child.pupil_id.clone(),
            ChildQuestion {
                initial: family.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
                pupil_id: child.pupil_id,
                person_ids: vec![child.person_id],
                given_name: child.given_name,
                school: child.school,
                uai: child.uai,
                settled: None,
                optional: false,
            },
        );
    }
    order.iter().filter_map(|id| by_pupil.remove(id)).collect()
}
