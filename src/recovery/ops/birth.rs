//! The proof of a pupil: the own birth date. It catches the sheet that was handed to the wrong child.

use super::factor::advance_after_dates;
use super::next_secret;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::PersonId;
use crate::db::Durability;
use crate::guardianship::{self, ChildStatus, DateComparison};
use crate::recovery::{BoundRecovery, RecoveryStep, store};
use crate::tenants::{self, Notice, NoticeKind};

/// The outcome of the typed birth date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BirthOutcome {
    Right,
    Wrong {
        tries_left: usize,
    },
    /// The tries are used up until this time.
    NoTriesLeft {
        until: Timestamp,
    },
    /// A concurrent request left the step.
    AlreadyAdvanced,
}

/// Compares the own birth date, counted before the comparison (docs/threats.md#threat-s08).
pub async fn submit_birth(op: &Operation<'_>, held: &BoundRecovery, date: BirthDate) -> anyhow::Result<BirthOutcome> {
    let Some(pupil) = held.children.first() else { anyhow::bail!("a recovery asks for no birth date") };
    let mut tx = op.write(Durability::Relaxed).await?;
    let compared = guardianship::ops::compare_birth_date(op, &mut tx, held.proof(), pupil.guardianship(), date).await?;
    let outcome = match compared {
        DateComparison::Equal => {
            let mut next = held.recovery.clone();
            advance_after_dates(&mut tx, &mut next).await?;
            next.browser_digest = sha256_base64url(&next_secret(&op.app.master_key, held, RecoveryStep::Birth));
            for child in &mut next.children {
                child.settled = Some(ChildStatus::Right);
            }
            if store::advance(&mut tx, RecoveryStep::Birth, &next).await? {
                BirthOutcome::Right
            } else {
                BirthOutcome::AlreadyAdvanced
            }
        }
        DateComparison::Different { tries_left } if tries_left > 0 => BirthOutcome::Wrong { tries_left },
        DateComparison::Different { .. } | DateComparison::NoTriesLeft => {
            // Nobody else knows that the pupil cannot get on, or that the sheet is in other hands.
            let uai = &pupil.uai;
            let (person_id, pupil_id, kind) = (&PersonId::new(""), Some(&pupil.pupil_id), NoticeKind::RecoveryFailed);
            let notice = Notice { uai, person_id, pupil_id, kind, support_code: &held.support_code };
            tenants::store::upsert_notice(&mut tx, &notice).await?;
            let until = guardianship::ops::next_try_at(op, &mut tx, pupil.guardianship()).await?;
            BirthOutcome::NoTriesLeft { until }
        }
    };
    tx.commit().await?;
    Ok(outcome)
}

/// Verifies the right date again, for a browser that sent it a moment ago and missed the response. Counted like any
/// try.
pub async fn repeat_birth(op: &Operation<'_>, held: &BoundRecovery, date: BirthDate) -> anyhow::Result<bool> {
    let Some(pupil) = held.children.first() else { return Ok(false) };
    let mut tx = op.write(Durability::Relaxed).await?;
    let compared = guardianship::ops::compare_birth_date(op, &mut tx, held.proof(), pupil.guardianship(), date).await?;
    tx.commit().await?;
    Ok(compared == DateComparison::Equal)
}
