//! Writes what activations noted in memory, and counts the figures of schools again.

use std::collections::{BTreeMap, BTreeSet};

use strum::IntoEnumIterator as _;

use crate::app::{CampaignStep, NotedSteps, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{Durability, UnitOfWork};
use crate::http::pages::dates;
use crate::school_admin::figures::{CampaignFigures, ParentStanding};
use crate::school_admin::store;
use crate::school_admin::store::progress::{self, SchoolFigureRow};
use crate::tenants;
use crate::tenants::store::figures::mark_figures;

/// The number of persons of a transaction: SQLite's other writers wait for it.
const BATCH_PERSONS: usize = 100;
/// The number of schools counted at once, between two writings of steps.
const BATCH_SCHOOLS: i64 = 40;
/// The number of batches of a round. Whatever is due beyond waits for the next one.
pub const MAX_BATCHES_A_ROUND: usize = 10;
/// The time for which a server has schools to count.
const COUNT_CLAIM_TTL: Span = Span::minutes(5);
/// The number of schools of which a round asks whether they were marked.
const BATCH_LOOKED_AT: i64 = 200;

/// Writes the noted steps. Returns the number of persons. What cannot be written now is noted again.
pub async fn write_steps(op: &Operation<'_>) -> anyhow::Result<usize> {
    let mut noted = op.app.campaign_steps.take();
    let persons = noted.persons.len();
    while !noted.persons.is_empty() || !noted.accounts.is_empty() {
        let batch = split_batch(&mut noted);
        if let Err(error) = write_batch(op, &batch).await {
            op.app.campaign_steps.put_back(batch);
            op.app.campaign_steps.put_back(noted);
            return Err(error);
        }
    }
    Ok(persons)
}

/// Takes the first persons, else the first accounts.
fn split_batch(noted: &mut NotedSteps) -> NotedSteps {
    let mut batch = NotedSteps::default();
    while batch.persons.len() < BATCH_PERSONS
        && let Some((person_id, step)) = noted.persons.pop_first()
    {
        batch.persons.insert(person_id, step);
    }
    while batch.persons.is_empty()
        && batch.accounts.len() < BATCH_PERSONS
        && let Some(account_id) = noted.accounts.pop_first()
    {
        batch.accounts.insert(account_id);
    }
    batch
}

/// Writes a batch. The rows of schools are written in the order of the UAI, by every server: nobody waits for another
/// in a circle.
async fn write_batch(op: &Operation<'_>, batch: &NotedSteps) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let mut days: BTreeMap<(Uai, String, CampaignStep), i64> = BTreeMap::new();
    for (person_id, (step, at)) in &batch.persons {
        add_person(&mut tx, person_id, (*step, *at), &mut days).await?;
    }
    let mut stale: BTreeSet<Uai> = days.keys().map(|(uai, ..)| uai.clone()).collect();
    for account_id in &batch.accounts {
        stale.extend(progress::list_schools_of_account(&mut tx, account_id).await?);
    }
    for ((uai, day, step), n) in &days {
        progress::add_to_day(&mut tx, uai, (day, *step), *n).await?;
    }
    for uai in &stale {
        mark_figures(&mut tx, uai).await?;
    }
    Ok(tx.commit().await?)
}

/// Counts the steps that a person reached for the first time, in each of their schools.
async fn add_person(
    tx: &mut UnitOfWork<'_>,
    person_id: &PersonId,
    (step, at): (CampaignStep, Timestamp),
    days: &mut BTreeMap<(Uai, String, CampaignStep), i64>,
) -> anyhow::Result<()> {
    // Whoever asks for a code with an account that serves already is in no campaign.
    if step < CampaignStep::Activated && progress::has_active_account(tx, person_id).await? {
        return Ok(());
    }
    let (held, held_at) = progress::lock_step(tx, person_id).await?;
    // A step of before the campaign that is open now was one of another campaign.
    let opened = progress::find_last_opening(tx, person_id, at).await?;
    let held = if opened.is_some_and(|opened| held_at < opened) { 0 } else { held };
    if held >= step.number() {
        return Ok(());
    }
    progress::set_step(tx, person_id, step, at).await?;
    let day = dates::date_key(at);
    let new = CampaignStep::iter().filter(|one| one.number() > held && *one <= step);
    let new: Vec<CampaignStep> = new.collect();
    for uai in progress::list_schools_of(tx, person_id).await? {
        for step in &new {
            *days.entry((uai.clone(), day.clone(), *step)).or_default() += 1;
        }
    }
    Ok(())
}

/// Counts the figures of some schools that are due: each by the server that claims it. Returns the number of schools.
pub async fn count_schools(op: &Operation<'_>) -> anyhow::Result<usize> {
    let mut due = progress::list_due(&mut op.app.db.read().await?, op.now, BATCH_SCHOOLS).await?;
    if due.is_empty() {
        return Ok(0);
    }
    // The marks go before anything is read: whoever comes further meanwhile marks again.
    due.sort();
    let mut tx = op.write(Durability::Relaxed).await?;
    let mut claimed = Vec::new();
    let claimed_until = op.now.plus(COUNT_CLAIM_TTL);
    for uai in due {
        if progress::claim_count(&mut tx, &uai, claimed_until).await? {
            claimed.push(uai);
        }
    }
    tx.commit().await?;
    let mut counted = Vec::new();
    for uai in claimed {
        let row = count_school(op, &uai).await?;
        counted.push((uai, row));
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    for (uai, row) in &counted {
        progress::set_figures(&mut tx, uai, (op.now, claimed_until), *row).await?;
    }
    tx.commit().await?;
    Ok(counted.len())
}

async fn count_school(op: &Operation<'_>, uai: &Uai) -> anyhow::Result<SchoolFigureRow> {
    let mut tx = op.app.db.read().await?;
    // Before the people: a roster that is written meanwhile marks the school again.
    let revision = progress::find_revision(&mut tx, uai).await?;
    let campaign = tenants::store::find_campaign(&mut tx, uai).await?;
    let pupils = store::list_enrolled_classes(&mut tx, uai).await?.len();
    let links = store::list_links(&mut tx, uai).await?;
    let figures = CampaignFigures::count(&links, pupils, campaign);
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    Ok(SchoolFigureRow {
        revision,
        parents: count(figures.parents.len()),
        with_account: count(figures.with_account()),
        unreachable: count(figures.of(ParentStanding::Unreachable)),
        pupils: count(figures.pupils),
        pupils_covered: count(figures.pupils_covered),
    })
}

/// Marks schools that an older release imported without a mark, of the next ones after a place. Returns the place to go on
/// from: so many schools are looked at each time, however many there are.
pub async fn mark_unmarked(op: &Operation<'_>, after: &str) -> anyhow::Result<String> {
    let (unmarked, last) = progress::list_unmarked(&mut op.app.db.read().await?, after, BATCH_LOOKED_AT).await?;
    if !unmarked.is_empty() {
        let mut tx = op.write(Durability::Relaxed).await?;
        for uai in &unmarked {
            mark_figures(&mut tx, uai).await?;
        }
        tx.commit().await?;
    }
    // At the end it begins again.
    Ok(last.map(|uai| uai.to_string()).unwrap_or_default())
}
