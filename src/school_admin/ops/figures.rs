//! Writes what activations noted in memory, and counts the figures of schools again.

use std::collections::BTreeMap;

use strum::IntoEnumIterator as _;

use crate::app::{CampaignStep, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, PersonId};
use crate::base::uai::Uai;
use crate::db::{Durability, UnitOfWork};
use crate::http::pages::dates;
use crate::school_admin::figures::{CampaignFigures, ParentStanding};
use crate::school_admin::store;
use crate::school_admin::store::progress::{self, SchoolFigureRow};
use crate::tenants;

/// The number of persons of a transaction: SQLite's other writers wait for it.
const BATCH_PERSONS: usize = 100;
/// The number of schools counted at once, between two writings of steps.
const BATCH_SCHOOLS: i64 = 40;
/// Figures of a school in which somebody came further are counted again after this time.
const MIN_COUNT_INTERVAL: Span = Span::minutes(1);
/// Figures are counted again after this time, whatever happened: accounts close, and a note may be lost in a crash.
const MAX_FIGURE_AGE: Span = Span::days(1);

/// Writes the noted steps. Returns the number of persons.
pub async fn write_steps(op: &Operation<'_>) -> anyhow::Result<usize> {
    let noted = op.app.campaign_steps.take();
    let persons: Vec<(PersonId, (CampaignStep, Timestamp))> = noted.persons.into_iter().collect();
    for batch in persons.chunks(BATCH_PERSONS) {
        let mut tx = op.write(Durability::Relaxed).await?;
        let mut days: BTreeMap<(Uai, String, CampaignStep), i64> = BTreeMap::new();
        for (person_id, (step, at)) in batch {
            add_person(&mut tx, person_id, (*step, *at), &mut days).await?;
        }
        let mut marked = None;
        for ((uai, day, step), n) in &days {
            progress::add_to_day(&mut tx, uai, (day, *step), *n).await?;
            if marked != Some(uai) {
                progress::mark_stale(&mut tx, uai).await?;
                marked = Some(uai);
            }
        }
        tx.commit().await?;
    }
    let accounts: Vec<AccountId> = noted.accounts.into_iter().collect();
    for batch in accounts.chunks(BATCH_PERSONS) {
        let mut tx = op.write(Durability::Relaxed).await?;
        for account_id in batch {
            for uai in progress::list_schools_of_account(&mut tx, account_id).await? {
                progress::mark_stale(&mut tx, &uai).await?;
            }
        }
        tx.commit().await?;
    }
    Ok(persons.len())
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
    let held = progress::lock_step(tx, person_id).await?;
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

/// Counts the figures of some schools whose figures are old. Returns the number of schools.
pub async fn count_schools(op: &Operation<'_>) -> anyhow::Result<usize> {
    let times = (op.now.minus(MIN_COUNT_INTERVAL), op.now.minus(MAX_FIGURE_AGE));
    let due = progress::list_uncounted(&mut op.app.db.read().await?, times, BATCH_SCHOOLS).await?;
    let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    let mut counted = Vec::new();
    for (uai, revision) in due {
        let mut tx = op.app.db.read().await?;
        let campaign = tenants::store::find_campaign(&mut tx, &uai).await?;
        let pupils = store::list_enrolled_classes(&mut tx, &uai).await?.len();
        let links = store::list_links(&mut tx, &uai).await?;
        drop(tx);
        let figures = CampaignFigures::count(&links, pupils, campaign);
        let row = SchoolFigureRow {
            revision,
            parents: count(figures.parents.len()),
            with_account: count(figures.with_account()),
            unreachable: count(figures.of(ParentStanding::Unreachable)),
            pupils: count(figures.pupils),
            pupils_covered: count(figures.pupils_covered),
        };
        counted.push((uai, row));
    }
    if !counted.is_empty() {
        let mut tx = op.write(Durability::Relaxed).await?;
        for (uai, row) in &counted {
            progress::set_figures(&mut tx, uai, op.now, *row).await?;
        }
        tx.commit().await?;
    }
    Ok(counted.len())
}
