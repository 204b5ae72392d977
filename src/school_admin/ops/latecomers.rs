//! Opens the activation for those who asked too late: school by school, some persons a transaction.
//!
//! Nobody knows how many they are, and SQLite's other writers wait for each transaction. The role is read again in each.
//! What was confirmed and is interrupted is gone on with by the worker of any server: who was let in is settled, and asks
//! no more.

use super::find_place;
use crate::administrators::ops::permitted_later;
use crate::administrators::roles::AdminAct;
use crate::administrators::store::drafts::{self, DoingDraftRow, DraftState};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::{ActingAdministrator, Actor};
use crate::base::clock::{Span, Timestamp};
use crate::base::uai::Uai;
use crate::db::Durability;
use crate::school_admin::orders::{CampaignOrder, CampaignOrderKind, LATE_TTL};
use crate::school_admin::store;
use crate::tenants::{self, CampaignStatus, campaign_status};

/// The number of persons of a transaction.
const BATCH_PERSONS: usize = 100;
/// The time without a step after which an order counts as interrupted.
const INTERRUPTED_AFTER: Span = Span::minutes(2);

/// The outcome of an order that is done in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetIn {
    Done,
    /// The role ended before all was done; so many persons were let in before.
    Cut {
        persons: usize,
    },
}

/// The outcome of a step.
enum Step {
    /// So many persons were let in; there may be more of them.
    LetIn(usize),
    NoneLeft,
    RoleEnded,
    /// Another server ended the order.
    Over,
}

/// Does what a confirmed order says for latecomers. Nothing for an order that is not being done.
pub async fn let_in(op: &Operation<'_>, id: &str, proof: &'static str) -> anyhow::Result<LetIn> {
    let Some(row) = drafts::find_doing(&mut op.app.db.read().await?, id).await? else { return Ok(LetIn::Done) };
    let order = serde_json::from_str::<CampaignOrder>(&row.form).ok();
    let order = order.filter(|order| order.kind == CampaignOrderKind::Late);
    let mut persons: usize = 0;
    for uai in order.iter().flat_map(|order| &order.schools) {
        loop {
            match let_some_in(op, &row, uai, proof).await? {
                Step::LetIn(some) => persons = persons.saturating_add(some),
                Step::NoneLeft => break,
                Step::Over => return Ok(LetIn::Done),
                Step::RoleEnded => {
                    end(op, id, DraftState::Cut).await?;
                    return Ok(LetIn::Cut { persons });
                }
            }
        }
    }
    end(op, id, DraftState::Done).await?;
    Ok(LetIn::Done)
}

async fn end(op: &Operation<'_>, id: &str, state: DraftState) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    drafts::end_doing(&mut tx, id, state).await?;
    Ok(tx.commit().await?)
}

/// Opens the activation for some of the persons who asked a school for it until the order was confirmed.
async fn let_some_in(op: &Operation<'_>, row: &DoingDraftRow, uai: &Uai, proof: &'static str) -> anyhow::Result<Step> {
    let mut tx = op.write(Durability::Durable).await?;
    if !drafts::lock_doing(&mut tx, &row.id, op.app.now()).await? {
        tx.rollback().await?;
        return Ok(Step::Over);
    }
    let some = (Timestamp(row.done_at), i64::try_from(BATCH_PERSONS)?);
    let persons = store::list_late_persons(&mut tx, uai, some).await?;
    let campaign = tenants::store::find_campaign(&mut tx, uai).await?;
    let is_open = campaign_status(campaign, tx.now) == CampaignStatus::Open;
    let place = find_place(&mut tx, uai).await?;
    let Some((school, place)) = place.filter(|_| !persons.is_empty() && !is_open) else {
        tx.rollback().await?;
        return Ok(Step::NoneLeft);
    };
    let (author, act) = (&row.author_id, AdminAct::ChangeCampaign);
    let Some(grant) = permitted_later(&mut tx, author, act, std::slice::from_ref(&place)).await? else {
        tx.rollback().await?;
        return Ok(Step::RoleEnded);
    };
    tx.actor = Actor::Administrator(ActingAdministrator { id: author.clone(), role: grant.name(), proof });
    let until = tx.now.plus(LATE_TTL);
    for person_id in &persons {
        store::open_for_person(&mut tx, person_id, (until, author.as_str())).await?;
    }
    let detail = format!("late: {}", persons.len());
    let about =
        AuditDetails { uai: Some(uai), academy: Some(&school.academy), detail: &detail, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::CampaignOpened, about).await?;
    tx.commit().await?;
    Ok(Step::LetIn(persons.len()))
}

/// Goes on with an order that was interrupted. Returns false if there is none.
pub async fn resume(op: &Operation<'_>) -> anyhow::Result<bool> {
    let before = op.now.minus(INTERRUPTED_AFTER);
    let found = drafts::find_interrupted(&mut op.app.db.read().await?, before).await?;
    let Some(id) = found else { return Ok(false) };
    let_in(op, &id, "console").await?;
    Ok(true)
}
