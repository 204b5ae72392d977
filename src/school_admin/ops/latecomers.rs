//! Opens the activation for those who asked too late: school by school, some persons a transaction.
//!
//! Nobody knows how many they are, and SQLite's other writers wait for each transaction. The role is read again in each,
//! before the order is locked, as a confirmation does it too. The request does the first steps; the rest, and what was
//! interrupted, is gone on with by the worker of any server, some steps a round: who was let in is settled, and asks no
//! more.

use super::find_place;
use crate::administrators::ops::permitted_later;
use crate::administrators::roles::AdminAct;
use crate::administrators::store::drafts::{self, DoingDraftRow, DraftState};
use crate::administrators::{AdminProof, DraftKeeper};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::{ActingAdministrator, Actor};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{Durability, Tx};
use crate::school_admin::orders::{CampaignOrderKind, ConfirmedOrder, LATE_TTL};
use crate::school_admin::store;
use crate::tenants::{self, CampaignStatus, campaign_status};

/// The number of persons of a transaction.
const BATCH_PERSONS: usize = 100;
/// The steps within a request, for whose answer somebody waits.
const MAX_STEPS_OF_REQUEST: usize = 10;
/// The steps of a round of the worker, which has other work too.
const MAX_STEPS_A_ROUND: usize = 50;
/// The time without a step after which an order counts as interrupted.
const INTERRUPTED_AFTER: Span = Span::minutes(2);
/// The proof of an order that says none: of an older release.
const UNKNOWN_PROOF: &str = "console";

/// The outcome of an order that is done in steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetIn {
    Done,
    /// The worker does the rest.
    HandedOver,
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

/// Does the first steps of a confirmed order for latecomers, and hands the rest over to the worker. Nothing for an order
/// that is not being done.
pub async fn let_in(op: &Operation<'_>, id: &str) -> anyhow::Result<LetIn> {
    go_on(op, id, MAX_STEPS_OF_REQUEST, || false).await
}

/// Does at most so many steps of an order, and none once `is_stopping`.
async fn go_on(op: &Operation<'_>, id: &str, most: usize, is_stopping: impl Fn() -> bool) -> anyhow::Result<LetIn> {
    let Some(row) = drafts::find_doing(&mut op.app.db.read().await?, id).await? else { return Ok(LetIn::Done) };
    let confirmed = serde_json::from_str::<ConfirmedOrder>(&row.form).ok();
    let confirmed = confirmed.filter(|confirmed| confirmed.order.kind == CampaignOrderKind::Late);
    let proof = confirmed.as_ref().and_then(|confirmed| confirmed.proof.parse::<AdminProof>().ok());
    let proof = proof.map_or(UNKNOWN_PROOF, AdminProof::name);
    let (mut persons, mut steps): (usize, usize) = (0, 0);
    for uai in confirmed.iter().flat_map(|confirmed| &confirmed.order.schools) {
        loop {
            if is_stopping() || steps >= most {
                hand_over(op, id).await?;
                return Ok(LetIn::HandedOver);
            }
            match let_some_in(op, &row, uai, proof).await? {
                Step::LetIn(some) => {
                    persons = persons.saturating_add(some);
                    steps = steps.saturating_add(1);
                }
                Step::NoneLeft => break,
                Step::Over => return Ok(LetIn::Done),
                Step::RoleEnded => {
                    return Ok(match end(op, id, DraftState::Cut).await? {
                        true => LetIn::Cut { persons },
                        false => LetIn::Done,
                    });
                }
            }
        }
    }
    end(op, id, DraftState::Done).await?;
    Ok(LetIn::Done)
}

async fn end(op: &Operation<'_>, id: &str, state: DraftState) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Durable).await?;
    let ended = drafts::end_doing(&mut tx, id, state).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Leaves an order to the next round of a worker, behind those that wait longer.
async fn hand_over(op: &Operation<'_>, id: &str) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    drafts::lock_doing(&mut tx, id, op.app.now().minus(INTERRUPTED_AFTER)).await?;
    Ok(tx.commit().await?)
}

/// Lists some of the persons who asked a school for it until the order was confirmed; none once its campaign is open.
async fn list_some(
    tx: &mut Tx,
    now: Timestamp,
    row: &DoingDraftRow,
    uai: &Uai,
    most: usize,
) -> anyhow::Result<Vec<PersonId>> {
    let campaign = tenants::store::find_campaign(tx, uai).await?;
    if campaign_status(campaign, now) == CampaignStatus::Open {
        return Ok(Vec::new());
    }
    Ok(store::list_late_persons(tx, uai, (Timestamp(row.done_at), i64::try_from(most)?)).await?)
}

/// Opens the activation for some of the persons who asked a school for it.
async fn let_some_in(op: &Operation<'_>, row: &DoingDraftRow, uai: &Uai, proof: &'static str) -> anyhow::Result<Step> {
    // Looked at before the writer is taken: of most schools of an order that goes on, all are let in already.
    let mut tx = op.app.db.read().await?;
    let is_asked = !list_some(&mut tx, op.now, row, uai, 1).await?.is_empty();
    let place = find_place(&mut tx, uai).await?.filter(|_| is_asked);
    drop(tx);
    let Some((school, place)) = place else { return Ok(Step::NoneLeft) };
    // The present time: the audit is sealed a minute after that of its rows, and an order may take longer.
    let op = &Operation { now: op.app.now(), ..op.clone() };
    let mut tx = op.write(Durability::Durable).await?;
    let (author, act) = (&row.author_id, AdminAct::ChangeCampaign);
    // No program lets latecomers in.
    let by = DraftKeeper { author, token: None };
    let Some(grant) = permitted_later(&mut tx, by, act, std::slice::from_ref(&place)).await? else {
        tx.rollback().await?;
        return Ok(Step::RoleEnded);
    };
    if !drafts::lock_doing(&mut tx, &row.id, op.app.now()).await? {
        tx.rollback().await?;
        return Ok(Step::Over);
    }
    let now = tx.now;
    let persons = list_some(&mut tx, now, row, uai, BATCH_PERSONS).await?;
    if persons.is_empty() {
        tx.rollback().await?;
        return Ok(Step::NoneLeft);
    }
    tx.actor = Actor::Administrator(ActingAdministrator { id: author.clone(), role: grant.name(), proof });
    let until = now.plus(LATE_TTL);
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

/// Goes on with an order that was handed over or interrupted, until `is_stopping`. Returns false if there is none.
///
/// # Errors
/// The order is tried again when its time has come again: meanwhile others are gone on with.
pub async fn resume(op: &Operation<'_>, is_stopping: impl Fn() -> bool) -> anyhow::Result<bool> {
    let before = op.now.minus(INTERRUPTED_AFTER);
    let found = drafts::find_interrupted(&mut op.app.db.read().await?, before).await?;
    let Some(id) = found else { return Ok(false) };
    if let Err(error) = go_on(op, &id, MAX_STEPS_A_ROUND, is_stopping).await {
        let mut tx = op.write(Durability::Durable).await?;
        drafts::lock_doing(&mut tx, &id, op.app.now()).await?;
        tx.commit().await?;
        return Err(error);
    }
    Ok(true)
}
