//! The proof by birth dates, counted before the comparison (docs/threats.md#threat-s08). Nothing is hidden from an
//! account that exists: five wrong dates must not take a child out of it.

use super::factor::advance_after_dates;
use super::next_secret;
use crate::app::Operation;
use crate::base::date::BirthDate;
use crate::base::secret::sha256_base64url;
use crate::db::{Durability, UnitOfWork};
use crate::guardianship::{self, ChildStatus, ChildrenOutcome, DateComparison, children_outcome};
use crate::recovery::{BoundRecovery, Recovery, RecoveryOutcome, RecoveryStep, store};
use crate::tenants::NoticeKind;

/// The verdict on a typed date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateVerdict {
    /// Right, settled before, or not typed: no try is counted.
    Accepted,
    Wrong {
        tries_left: usize,
    },
    /// The tries are used up now.
    NoTriesLeft,
}

/// The outcome of the typed dates.
#[derive(Debug)]
pub enum DatesOutcome {
    /// The form is shown again; one verdict per child, in the order of the recovery.
    ShowAgain { recovery: Box<Recovery>, verdicts: Vec<DateVerdict> },
    /// The dates advanced the recovery.
    Advanced(RecoveryStep),
    /// A concurrent request advanced the recovery: a double click or another tab.
    AlreadyAdvanced(RecoveryStep),
}

/// The maximum number of conflicts with other tabs before the form is shown again.
const MAX_CONFLICT_ATTEMPTS: usize = 3;

/// Compares the dates, one per child in the order of the recovery; `None` for a date that is not typed or malformed.
///
/// A double click submits them twice: the second request repeats the comparison on the current state, which costs no
/// try, because only correct dates reach it.
pub async fn submit_dates(
    op: &Operation<'_>,
    held: &BoundRecovery,
    given: &[Option<BirthDate>],
) -> anyhow::Result<DatesOutcome> {
    let app = op.app;
    let mut fresh = held.clone();
    for _ in 0..MAX_CONFLICT_ATTEMPTS {
        if let Some(answered) = try_dates(op, &fresh, given).await? {
            return Ok(answered);
        }
        let Some(found) = store::find(&mut app.db.read().await?, &app.master_key, &fresh.id).await? else { break };
        if found.step != RecoveryStep::Dates {
            return Ok(DatesOutcome::AlreadyAdvanced(found.step));
        }
        fresh.recovery = found;
    }
    let verdicts = vec![DateVerdict::Accepted; fresh.children.len()];
    Ok(DatesOutcome::ShowAgain { recovery: Box::new(fresh.recovery), verdicts })
}

/// Compares the dates once. `None` after a conflict with another tab, if no date was wrong.
async fn try_dates(
    op: &Operation<'_>,
    held: &BoundRecovery,
    given: &[Option<BirthDate>],
) -> anyhow::Result<Option<DatesOutcome>> {
    let mut next = held.recovery.clone();
    let mut verdicts = vec![DateVerdict::Accepted; next.children.len()];
    let mut tx = op.write(Durability::Relaxed).await?;
    for ((child, given), said) in next.children.iter_mut().zip(given).zip(&mut verdicts) {
        let (None, Some(date)) = (child.settled, given) else { continue };
        let compared =
            guardianship::ops::compare_birth_date(op, &mut tx, held.proof(), child.guardianship(), *date).await?;
        (child.settled, *said) = match compared {
            DateComparison::Equal => (Some(ChildStatus::Right), DateVerdict::Accepted),
            DateComparison::Different { tries_left } if tries_left > 0 => (None, DateVerdict::Wrong { tries_left }),
            DateComparison::Different { .. } | DateComparison::NoTriesLeft => {
                (Some(ChildStatus::SetAside), DateVerdict::NoTriesLeft)
            }
        };
    }
    if !store::update_children(&mut tx, &next.id, &held.children, &next.children).await? {
        // Another tab was first. The tries are counted all the same.
        tx.commit().await?;
        if verdicts.iter().all(|said| *said == DateVerdict::Accepted) {
            return Ok(None);
        }
        let fresh = store::find(&mut op.app.db.read().await?, &op.app.master_key, &next.id).await?;
        let recovery = Box::new(fresh.unwrap_or_else(|| held.recovery.clone()));
        return Ok(Some(if recovery.step == RecoveryStep::Dates {
            DatesOutcome::ShowAgain { recovery, verdicts }
        } else {
            DatesOutcome::AlreadyAdvanced(recovery.step)
        }));
    }
    match children_outcome(&next.children) {
        ChildrenOutcome::Pending => {
            tx.commit().await?;
            return Ok(Some(DatesOutcome::ShowAgain { recovery: Box::new(next), verdicts }));
        }
        ChildrenOutcome::Confirmed => {
            advance_after_dates(&mut tx, &mut next).await?;
            next.browser_digest = sha256_base64url(&next_secret(&op.app.master_key, held, RecoveryStep::Dates));
            // The same proof as in an activation: a child that an earlier one hid is the account's again.
            for child in next.children.iter().filter(|c| c.settled == Some(ChildStatus::Right)) {
                guardianship::ops::confirm(&mut tx, next.account_id.as_ref(), child.guardianship()).await?;
            }
        }
        ChildrenOutcome::NoneConfirmed | ChildrenOutcome::AllDenied => {
            next.step = RecoveryStep::Ended;
            next.outcome = Some(RecoveryOutcome::NoneRight);
            notify_schools(&mut tx, &next).await?;
        }
    }
    if !store::advance(&mut tx, RecoveryStep::Dates, &next).await? {
        // Another request left the step: nothing follows from these dates but the tries.
        tx.commit().await?;
        return Ok(None);
    }
    tx.commit().await?;
    Ok(Some(DatesOutcome::Advanced(next.step)))
}

/// Verifies correct dates again, for a browser that sent the dates a moment ago and missed the response: at least one
/// date, and no wrong one. Counted like any try.
pub async fn repeat_dates(
    op: &Operation<'_>,
    held: &BoundRecovery,
    given: &[Option<BirthDate>],
) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let (mut right, mut wrong) = (0, 0);
    for (child, given) in held.children.iter().zip(given) {
        let (Some(ChildStatus::Right), Some(date)) = (child.settled, given) else { continue };
        match guardianship::ops::compare_birth_date(op, &mut tx, held.proof(), child.guardianship(), *date).await? {
            DateComparison::Equal => right += 1,
            DateComparison::Different { .. } | DateComparison::NoTriesLeft => wrong += 1,
        }
    }
    tx.commit().await?;
    Ok(right > 0 && wrong == 0)
}

/// Notifies the children's schools that no date was correct; nothing else changes.
async fn notify_schools(tx: &mut UnitOfWork<'_>, recovery: &Recovery) -> anyhow::Result<()> {
    for child in &recovery.children {
        let kind = NoticeKind::RecoveryFailed;
        guardianship::ops::notify_school(tx, recovery.proof(), child.guardianship(), kind).await?;
    }
    Ok(())
}
