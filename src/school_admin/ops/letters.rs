//! Prints the letters of a class, or of the parents whom no SMS reaches, on the screen of whoever asks.

use std::collections::BTreeSet;

use super::SchoolPlace;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::Place;
use crate::app::{AppState, Operation};
use crate::base::ids::{is_id, row_id};
use crate::base::profile::Profile;
use crate::base::typed_ids::PersonId;
use crate::db::Durability;
use crate::letters::ops::batch::{self, LetterBatchRequest};
use crate::letters::ops::recipients::LetterScope;
use crate::outbox::JobKind;
use crate::school_admin::figures::{CampaignFigures, ParentStanding, UnreachableReason};
use crate::school_admin::store;
use crate::school_admin::store::letters::{LetterBatchRow, NewLetterBatch};

/// The maximum number of people of a batch: its file is drawn within the request.
pub const MAX_BATCH_PEOPLE: usize = 120;
/// The maximum length of a reason, in characters.
const MAX_REASON_CHARS: usize = 300;
/// The number of batches of a page.
pub const PAGE_BATCHES: i64 = 50;

/// The part of a school for which letters are printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BatchPart {
    Class(String),
    /// The parents without an account whom no SMS reaches.
    Unreachable,
}

/// The order of a batch.
#[derive(Clone, Debug)]
pub struct BatchOrder<'a> {
    /// The id that the page drew: posted twice, one batch is printed.
    pub id: &'a str,
    pub part: BatchPart,
    pub profile: Profile,
    pub reason: &'a str,
}

impl BatchOrder<'_> {
    /// Returns the places at one of which a role must permit the batch.
    pub fn places(&self, place: &SchoolPlace) -> Vec<Place> {
        match &self.part {
            BatchPart::Class(class) => vec![place.whole(), place.class(class)],
            BatchPart::Unreachable => vec![place.whole()],
        }
    }
}

/// The outcome of a batch.
#[derive(Debug)]
pub enum BatchOutcome {
    /// The file: its codes serve from now on.
    Printed(Vec<u8>),
    NoReason,
    /// Nobody of this part needs a letter.
    Nobody,
    TooMany,
    /// It was printed by the same form before.
    Already,
    /// An account changed while the letters were drawn: none was printed.
    Changed,
    NotPermitted,
}

/// Returns the trimmed reason; `None` if it is empty or too long.
pub(super) fn stated(reason: &str) -> Option<&str> {
    let reason = reason.trim();
    (!reason.is_empty() && reason.chars().count() <= MAX_REASON_CHARS).then_some(reason)
}

/// Prints a batch. The letters serve once their file is drawn.
pub async fn print_batch(
    (op, app): (&Operation<'_>, &AppState),
    on_duty: &OnDuty,
    place: &SchoolPlace,
    order: &BatchOrder<'_>,
) -> anyhow::Result<BatchOutcome> {
    let Some(reason) = stated(order.reason) else { return Ok(BatchOutcome::NoReason) };
    if !is_id(order.id, 32) {
        return Ok(BatchOutcome::Already);
    }
    let (uai, places) = (&place.school.uai, order.places(place));
    let mut tx = op.app.db.read().await?;
    if store::letters::has(&mut tx, order.id).await? {
        return Ok(BatchOutcome::Already);
    }
    // Only a class that there is, by its own name: a place of a role is compared exactly too.
    if let BatchPart::Class(class) = &order.part
        && !store::list_enrolled_classes(&mut tx, uai).await?.contains(&Some(class.clone()))
    {
        return Ok(BatchOutcome::Nobody);
    }
    let links = store::list_links(&mut tx, uai).await?;
    drop(tx);
    let id = row_id(op.now, op.app.rng.as_ref());
    let figures = CampaignFigures::count(&links, 0, place.campaign);
    let (scope, people) = part_of(order, &figures);
    if order.profile == Profile::Responsable && people > MAX_BATCH_PEOPLE {
        return Ok(BatchOutcome::TooMany);
    }
    let act = AdminAct::PrintLetters;
    let mut tx = op.write(Durability::Durable).await?;
    let Some(grant) = on_duty.permitted(&mut tx, act, &places).await? else {
        tx.rollback().await?;
        return Ok(BatchOutcome::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    let request = LetterBatchRequest {
        uai: uai.clone(),
        scope,
        profile: order.profile,
        also_active: false,
        past_factor: false,
        join: None,
        reason: reason.to_owned(),
        batch_id: Some(id.clone()),
    };
    let prepared = batch::prepare(&mut tx, &op.app.master_key, &request).await?;
    if prepared.letters.is_empty() {
        tx.rollback().await?;
        return Ok(BatchOutcome::Nobody);
    }
    // Pupils were not counted before.
    if prepared.letters.len() > MAX_BATCH_PEOPLE {
        tx.rollback().await?;
        return Ok(BatchOutcome::TooMany);
    }
    tx.commit().await?;
    let drawing = app.clone();
    let (prepared, pdf) = tokio::task::spawn_blocking(move || {
        let pdf = batch::print((&*drawing).into(), &prepared);
        (prepared, pdf)
    })
    .await?;
    let Some(pdf) = pdf? else { return Ok(BatchOutcome::Nobody) };
    let press = op.app.into();
    let mut tx = op.write(Durability::Durable).await?;
    // The role is read once more: it may have ended while the file was drawn.
    let Some(grant) = on_duty.permitted(&mut tx, act, &places).await? else {
        tx.rollback().await?;
        return Ok(BatchOutcome::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    let (part, class) = match &order.part {
        BatchPart::Class(class) => ("class", class.as_str()),
        BatchPart::Unreachable => ("unreachable", ""),
    };
    let new = NewLetterBatch {
        id: &id,
        form_id: order.id,
        uai,
        class,
        part,
        profile: order.profile.name(),
        printed_by: &on_duty.administrator.id,
        reason,
        letters: i64::try_from(prepared.letters.len())?,
    };
    if !store::letters::insert(&mut tx, new).await? {
        tx.rollback().await?;
        return Ok(BatchOutcome::Already);
    }
    if batch::issue_all(&mut tx, press, &request, &prepared).await?.is_err() {
        tx.rollback().await?;
        return Ok(BatchOutcome::Changed);
    }
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(BatchOutcome::Printed(pdf.bytes))
}

/// Returns the scope of an order, and the number of people whom it may concern at most.
fn part_of(order: &BatchOrder<'_>, figures: &CampaignFigures) -> (LetterScope, usize) {
    match &order.part {
        BatchPart::Class(class) => {
            let is_in = |one: &Option<String>| one.as_deref() == Some(class);
            let concerned = figures.parents.iter().filter(|parent| parent.children.iter().any(|(.., c)| is_in(c)));
            (LetterScope::ExactClass(class.clone()), concerned.filter(|parent| !parent.has_account()).count())
        }
        BatchPart::Unreachable => {
            // An institution is nobody's account.
            let wanted = figures.parents.iter().filter(|parent| parent.standing == ParentStanding::Unreachable);
            let wanted = wanted.filter(|parent| parent.reason != Some(UnreachableReason::Institution));
            let ids: BTreeSet<PersonId> = wanted.map(|parent| parent.person_id.clone()).collect();
            let people = ids.len();
            (LetterScope::Parents(ids), people)
        }
    }
}

/// Lists the batches that the administrator may see, the last first; of one school, or of all.
pub async fn list_batches(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    (uai, before): (&str, &str),
) -> anyhow::Result<Vec<LetterBatchRow>> {
    let scope = AdminScope::of(&on_duty.roles, AdminAct::PrintLetter, op.now);
    let mut tx = op.app.db.read().await?;
    Ok(store::letters::list(&mut tx, &scope, (op.now.0, uai, before), PAGE_BATCHES + 1).await?)
}
