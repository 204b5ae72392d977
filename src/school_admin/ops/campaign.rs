//! Campaigns are opened, extended and closed in two steps: a draft whose effect is read, and its confirmation.
//!
//! What is confirmed is the version and the digest of the page that was read, by a role for every school that is read
//! again in the same transaction. Of several schools all change, or none; latecomers are let in school by school
//! ([`super::latecomers`]): their number has no bound.

use super::find_place;
use super::latecomers::{self, LetIn};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::store::drafts::{self, ConsoleDraftRow, DraftKind};
use crate::administrators::territory::Place;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id;
use crate::base::uai::Uai;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::school_admin::orders::{
    CampaignOrder, CampaignOrderKind, ConfirmedOrder, DRAFT_TTL, MAX_ORDER_SCHOOLS, OrderedSchool, PlannedCampaign,
};
use crate::school_admin::store;
use crate::tenants::store::figures::mark_figures;
use crate::tenants::{self, Campaign};

/// The drafts of a person within a day, and those of their programs.
pub(super) const MAX_DRAFTS_A_DAY: i64 = 200;

/// A draft with what it would do now.
#[derive(Clone, Debug)]
pub struct CampaignDraft {
    pub row: ConsoleDraftRow,
    pub order: CampaignOrder,
    pub schools: Vec<(OrderedSchool, PlannedCampaign)>,
    /// The places of all schools: whoever confirms needs a role for each.
    pub places: Vec<Place>,
    pub digest: String,
}

impl CampaignDraft {
    /// True if it is too old to be confirmed.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        now.since(Timestamp(self.row.created_at)) > DRAFT_TTL
    }

    /// True if there is something to do.
    pub fn does_something(&self) -> bool {
        self.schools.iter().any(|(_, plan)| *plan != PlannedCampaign::Nothing)
    }
}

/// The outcome of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DraftOutcome {
    /// It is to be read under this id.
    Saved(String),
    NoSchool,
    TooManySchools,
    TooMany,
    NotPermitted,
}

/// Keeps an order as a draft.
pub async fn draft(op: &Operation<'_>, on_duty: &OnDuty, order: &CampaignOrder) -> anyhow::Result<DraftOutcome> {
    if order.schools.is_empty() {
        return Ok(DraftOutcome::NoSchool);
    }
    if order.schools.len() > MAX_ORDER_SCHOOLS {
        return Ok(DraftOutcome::TooManySchools);
    }
    let keeper = on_duty.keeper();
    let mut tx = op.write(Durability::Durable).await?;
    let (_, places) = read_schools(&mut tx, &order.schools).await?;
    let is_known = places.len() == order.schools.len();
    if !is_known || on_duty.permitted_everywhere(&mut tx, AdminAct::ChangeCampaign, &places).await?.is_none() {
        tx.rollback().await?;
        return Ok(DraftOutcome::NotPermitted);
    }
    if drafts::count_since(&mut tx, keeper, op.now.minus(Span::days(1))).await? >= MAX_DRAFTS_A_DAY {
        tx.rollback().await?;
        return Ok(DraftOutcome::TooMany);
    }
    let id = row_id(op.now, op.app.rng.as_ref());
    drafts::insert(&mut tx, (DraftKind::Campaign, &id), &serde_json::to_string(order)?, keeper).await?;
    tx.commit().await?;
    Ok(DraftOutcome::Saved(id))
}

/// Reads schools as an order finds them, with their places; one that is not there is left out.
async fn read_schools(tx: &mut Tx, uais: &[Uai]) -> anyhow::Result<(Vec<OrderedSchool>, Vec<Place>)> {
    let (mut schools, mut places) = (Vec::new(), Vec::new());
    for uai in uais {
        let Some((school, place)) = find_place(tx, uai).await? else { continue };
        let campaign = tenants::store::find_campaign(tx, uai).await?;
        let late = store::count_late_persons(tx, uai).await?;
        places.push(place);
        let (name, academy) = (school.name, school.academy);
        schools.push(OrderedSchool { uai: uai.clone(), name, academy, campaign, late });
    }
    Ok((schools, places))
}

/// Finds a draft of the administrator, with what it would do now.
pub async fn find(op: &Operation<'_>, on_duty: &OnDuty, id: &str) -> anyhow::Result<Option<CampaignDraft>> {
    find_in(&mut op.app.db.read().await?, op.now, on_duty, id).await
}

async fn find_in(tx: &mut Tx, now: Timestamp, on_duty: &OnDuty, id: &str) -> anyhow::Result<Option<CampaignDraft>> {
    let Some(row) = drafts::find(tx, (DraftKind::Campaign, id), &on_duty.administrator.id).await? else {
        return Ok(None);
    };
    // A draft of another release is none.
    let Ok(order) = serde_json::from_str::<CampaignOrder>(&row.form) else { return Ok(None) };
    let (schools, places) = read_schools(tx, &order.schools).await?;
    let asked_at = Timestamp(row.created_at);
    let digest = order.digest(&schools, (asked_at, now));
    let planned = |school: OrderedSchool| {
        let plan = order.plan(&school, asked_at, now);
        (school, plan)
    };
    let schools = schools.into_iter().map(planned).collect();
    Ok(Some(CampaignDraft { row, order, schools, places, digest }))
}

/// The outcome of a confirmation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignConfirmation {
    Done,
    /// Something changed since it was read, or it was read too long ago.
    Changed,
    Nothing,
    /// The role ended meanwhile for one of the schools at least.
    NotPermitted,
    NotFound,
}

/// Does what a draft says. `seen` is the version and the digest of the page that was read.
pub async fn confirm(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    id: &str,
    seen: (i64, &str),
) -> anyhow::Result<CampaignConfirmation> {
    let mut tx = op.write(Durability::Durable).await?;
    let outcome = confirm_in(&mut tx, on_duty, id, seen).await?;
    if outcome != CampaignConfirmation::Done {
        tx.rollback().await?;
        return Ok(outcome);
    }
    tx.commit().await?;
    // Nothing of a draft that is done at once. Posted twice, both go on where the other one is.
    Ok(match latecomers::let_in(op, id).await? {
        LetIn::Cut { persons: 0 } => CampaignConfirmation::NotPermitted,
        LetIn::Done | LetIn::HandedOver | LetIn::Cut { .. } => CampaignConfirmation::Done,
    })
}

async fn confirm_in(
    tx: &mut UnitOfWork<'_>,
    on_duty: &OnDuty,
    id: &str,
    (version, digest): (i64, &str),
) -> anyhow::Result<CampaignConfirmation> {
    let now = tx.now;
    let act = AdminAct::ChangeCampaign;
    // Before the draft is read: posted twice at once, the second one reads what the first one did.
    on_duty.current_roles(tx).await?;
    let Some(draft) = find_in(tx, now, on_duty, id).await? else { return Ok(CampaignConfirmation::NotFound) };
    let is_known = draft.places.len() == draft.order.schools.len();
    let grant = on_duty.permitted_everywhere(tx, act, &draft.places).await?.filter(|_| is_known);
    let Some(grant) = grant else { return Ok(CampaignConfirmation::NotPermitted) };
    // Posted twice, the answer is the same.
    if draft.row.is_confirmed() && draft.row.version == version.saturating_add(1) {
        return Ok(CampaignConfirmation::Done);
    }
    if draft.row.is_confirmed() || draft.is_stale(now) || draft.row.version != version || draft.digest != digest {
        return Ok(CampaignConfirmation::Changed);
    }
    if !draft.does_something() {
        return Ok(CampaignConfirmation::Nothing);
    }
    let is_in_steps = draft.order.kind == CampaignOrderKind::Late;
    let is_first = match is_in_steps {
        true => {
            let proof = on_duty.session().map(|session| session.method.name().to_owned()).unwrap_or_default();
            let order = draft.order.clone();
            let form = serde_json::to_string(&ConfirmedOrder { order, proof })?;
            drafts::begin(tx, id, version, &form).await?
        }
        false => drafts::finish(tx, id, version).await?,
    };
    if !is_first {
        return Ok(CampaignConfirmation::Changed);
    }
    tx.actor = on_duty.actor(Some(&grant));
    // In the order of the UAI, in which others write rows of several schools too: nobody waits for another in a circle.
    let mut schools: Vec<_> = draft.schools.iter().collect();
    schools.sort_by(|left, right| left.0.uai.cmp(&right.0.uai));
    for (school, plan) in schools {
        let done = match plan {
            PlannedCampaign::Nothing | PlannedCampaign::OpensFor(_) => true,
            PlannedCampaign::Becomes(new) => change(tx, draft.order.kind, school, *new).await?,
        };
        if !done {
            return Ok(CampaignConfirmation::Changed);
        }
    }
    Ok(CampaignConfirmation::Done)
}

fn words(campaign: Option<Campaign>) -> String {
    campaign.map_or_else(|| "none".to_owned(), |c| format!("{} {}", c.opens_at.0, c.closes_at.0))
}

async fn change(
    tx: &mut UnitOfWork<'_>,
    kind: CampaignOrderKind,
    school: &OrderedSchool,
    new: Campaign,
) -> anyhow::Result<bool> {
    if !store::replace_campaign(tx, &school.uai, school.campaign, new).await? {
        return Ok(false);
    }
    // Whoever had an account before depends on when the campaign opened.
    mark_figures(tx, &school.uai).await?;
    let fact = match kind {
        CampaignOrderKind::Close => AuditEvent::CampaignClosed,
        _ => AuditEvent::CampaignOpened,
    };
    let (before, after) = (words(school.campaign), words(Some(new)));
    let about = AuditDetails {
        uai: Some(&school.uai),
        academy: Some(&school.academy),
        detail: kind.name(),
        before: Some(&before),
        after: Some(&after),
        ..AuditDetails::default()
    };
    audit::store::record(tx, fact, about).await?;
    Ok(true)
}
