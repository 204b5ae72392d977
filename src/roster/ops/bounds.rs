//! The bounds of a roster that one school gives on screen.
//!
//! Ids of an export are unique in an academy, so a file of one school can name the people of every other. What such an
//! upload does to them is counted for whoever agrees, and shown as if they were not known yet. The plan has a digest: what
//! is written is what was read, or nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use chrono::DateTime;

use super::stored_roster::StoredRoster;
use super::{ImportContext, Result};
use crate::base::clock::{Span, Timestamp};
use crate::base::uai::Uai;
use crate::crypto::HmacPurpose;
use crate::db::Tx;
use crate::roster::PersonData;
use crate::roster::formats::fields::school_year_of;
use crate::roster::formats::{RosterFormat, SchoolRoster};
use crate::roster::planned_changes::{PlannedChange, list_changes};
use crate::roster::reconcile::ReconcilePlan;
use crate::roster::report::{BoundedPlan, ImportRejection, ImportSummary, RosterChanges};
use crate::roster::same_pupil::IneConflict;
use crate::roster::store::places::{PlaceRow, list_places_of_persons, list_places_of_pupils};

/// The time by which the clock of a school's software may be ahead.
const MAX_AHEAD: Span = Span::days(1);

/// The upload and the plan that an import on screen is bound to.
#[derive(Clone, Copy, Debug)]
pub struct ImportBounds<'a> {
    pub upload_id: &'a str,
    /// The digest of the plan that was agreed with, if it is to be written.
    pub agreed: Option<&'a str>,
}

/// Refuses a roster of the future: it would make every later export of the school an old one.
pub fn check_times(set: &SchoolRoster, now: Timestamp) -> std::result::Result<(), ImportRejection> {
    let latest = now.plus(MAX_AHEAD);
    let current =
        DateTime::from_timestamp_millis(latest.0).map(|at| school_year_of(at.date_naive())).unwrap_or_default();
    if set.pupils_exported_at > latest || set.persons_exported_at > latest {
        return Err(ImportRejection::FutureExport);
    }
    match set.year > current {
        true => Err(ImportRejection::LaterSchoolYear { given: set.year, current }),
        false => Ok(()),
    }
}

/// The people of a roster whom other schools know.
#[derive(Debug, Default)]
struct PeopleElsewhere {
    /// Of this school as well.
    shared_persons: BTreeSet<String>,
    shared_pupils: BTreeSet<String>,
    /// Of other schools alone.
    strange_persons: BTreeSet<String>,
    strange_pupils: BTreeSet<String>,
}

fn sort_out<'a>(
    keys: &BTreeSet<&'a str>,
    row_of: impl Fn(&str) -> Option<&'a str>,
    places: &[PlaceRow],
) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut shared, mut strange) = (BTreeSet::new(), BTreeSet::new());
    let places: BTreeMap<&str, &PlaceRow> = places.iter().map(|place| (place.id.as_str(), place)).collect();
    for key in keys {
        let Some(place) = row_of(key).and_then(|row| places.get(row)) else { continue };
        if place.is_shared() {
            shared.insert((*key).to_owned());
        } else if place.is_strange() {
            strange.insert((*key).to_owned());
        }
    }
    (shared, strange)
}

impl PeopleElsewhere {
    async fn read(tx: &mut Tx, uai: &Uai, state: &StoredRoster, set: &SchoolRoster) -> Result<Self> {
        let named = set.persons.iter().map(|one| &one.id).chain(set.links.iter().map(|link| &link.person));
        let persons: BTreeSet<&str> = named.map(String::as_str).collect();
        let named = set.pupils.iter().map(|one| &one.id).chain(set.links.iter().map(|link| &link.pupil));
        let pupils: BTreeSet<&str> = named.map(String::as_str).collect();
        let person_row = |key: &str| state.persons.get(key).map(|id| id.as_str());
        let pupil_row = |key: &str| state.pupils.get(key).map(|id| id.as_str());
        let ids: Vec<&str> = persons.iter().filter_map(|key| person_row(key)).collect();
        let places = list_places_of_persons(tx, uai, &ids).await?;
        let (shared_persons, strange_persons) = sort_out(&persons, person_row, &places);
        let ids: Vec<&str> = pupils.iter().filter_map(|key| pupil_row(key)).collect();
        let places = list_places_of_pupils(tx, uai, &ids).await?;
        let (shared_pupils, strange_pupils) = sort_out(&pupils, pupil_row, &places);
        Ok(Self { shared_persons, shared_pupils, strange_persons, strange_pupils })
    }

    /// Counts the people of other schools whom a plan changes, links or gives an account, and strangers whom it names.
    /// Another address alone counts for nothing: it gives no power over an account.
    fn count(&self, state: &StoredRoster, plan: &ReconcilePlan) -> usize {
        let (mut persons, mut pupils) = (self.strange_persons.clone(), self.strange_pupils.clone());
        let links = plan.links_started.iter().chain(&plan.links_changed).map(|(key, _)| key);
        let counts = |id: &String, data: &PersonData| {
            let known = state.current.persons.get(id);
            state.current.held.persons_to_lead.contains(id)
                || !known.is_some_and(|known| known.data.differs_in_mail_alone(data))
        };
        let changed = plan.persons_changed.iter().filter(|(id, data)| counts(id, data)).map(|(id, _)| id);
        let named = changed.chain(links.clone().map(|(_, person)| person));
        persons.extend(named.filter(|id| self.shared_persons.contains(*id)).cloned());
        let named = plan.pupils_changed.iter().map(|(id, _)| id).chain(links.map(|(pupil, _)| pupil));
        let named = named.chain(plan.enrolments_started.iter().map(|(id, _)| id));
        pupils.extend(named.filter(|id| self.shared_pupils.contains(*id)).cloned());
        // An account comes from another record, wherever that is.
        pupils.extend(plan.accounts_joined.iter().map(|(id, _)| id.clone()));
        persons.len() + pupils.len()
    }

    /// Returns the plan as it is shown: strangers are new there.
    fn mask(&self, state: &StoredRoster, plan: &ReconcilePlan) -> ReconcilePlan {
        let mut shown = plan.clone();
        shown.persons_changed.retain(|(id, _)| !self.strange_persons.contains(id));
        shown.pupils_changed.retain(|(id, _)| !self.strange_pupils.contains(id));
        for id in &self.strange_persons {
            let row = state.current.persons.get(id);
            shown.persons_new.extend(row.map(|row| (id.clone(), row.data.clone())));
        }
        let enters = |id: &String| plan.enrolments_started.iter().any(|(pupil, _)| pupil == id);
        for id in self.strange_pupils.iter().filter(|id| enters(id)) {
            let row = state.current.pupils.get(id);
            shown.pupils_new.extend(row.map(|row| (id.clone(), row.data.clone())));
        }
        shown.persons_new.sort_by(|one, other| one.0.cmp(&other.0));
        shown.pupils_new.sort_by(|one, other| one.0.cmp(&other.0));
        shown
    }
}

/// Returns the summary and the changes as they are shown, with what the plan does elsewhere and its digest.
pub async fn bind(
    tx: &mut Tx,
    (ctx, format): (ImportContext<'_>, RosterFormat),
    (state, set, plan): (&StoredRoster, &SchoolRoster, &ReconcilePlan),
    mut summary: ImportSummary,
) -> Result<(ImportSummary, Vec<PlannedChange>)> {
    let elsewhere = PeopleElsewhere::read(tx, &set.uai, state, set).await?;
    let revision = state.set.as_ref().map_or(0, |set| set.revision);
    let mut text = format!("roster upload\n{} {revision}\n{}\n", set.uai, RosterChanges::from(plan));
    for change in list_changes(format, &state.current, set, plan) {
        _ = writeln!(text, "{change}");
    }
    for (id, other) in &plan.accounts_joined {
        _ = writeln!(text, "{id} {}", other.account_id.as_str());
    }
    // With a key: nobody tries out on the digest what it does not show.
    let digest = ctx.storage.master_key.hmac(HmacPurpose::RosterStatement, &text);
    let shown = elsewhere.mask(state, plan);
    summary.changes = RosterChanges::from(&shown);
    summary.accounts_joined.clear();
    summary.ine_conflicts.retain(|(_, conflict)| *conflict == IneConflict::Repeated);
    let is_strange = |id: &String| elsewhere.strange_persons.contains(id) || elsewhere.strange_pupils.contains(id);
    summary.beside.kept.retain(|kept| !is_strange(&kept.id));
    summary.bounded = Box::new(BoundedPlan { elsewhere: elsewhere.count(state, plan), digest });
    Ok((summary, list_changes(format, &state.current, set, &shown)))
}
