//! The writing of a school's plan.
//!
//! Encryption happens in [`SealedPlan::seal`], before the write transaction begins: SQLite has only one writer.

use std::collections::{BTreeMap, BTreeSet};

use super::former::FormerSet;
use super::row_matching::RowMatching;
use super::stored_roster::{FormerRows, StoredRoster};

use super::{ImportContext, ImportError, Result};
use crate::audit::{AuditDetails, AuditEvent};
use crate::base::ids::row_ids;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::{Durability, UnitOfWork};
use crate::roster::PersonData;
use crate::roster::formats::{RosterFormat, SchoolRoster};
use crate::roster::precedence::FormatStanding;
use crate::roster::reconcile::{ExportVersion, LinkKey, ReconcilePlan};
use crate::roster::report::RosterChanges;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::former::list_former_notices;
use crate::roster::store::import::{self, RosterExportRow, RosterSetRow};
use crate::roster::store::rows::{self, NewLink};
use crate::roster::store::runs::{self, RunSetRow};
use crate::roster::store::statements::{self, StatementRow};
use crate::roster::store::{changed_rows, deliveries, keys, locks, same_pupil, tables};
use crate::roster::uai::Uai;
use crate::tenants::{self, Notice, NoticeKind};

/// A plan with its encrypted rows.
pub struct SealedPlan {
    format: RosterFormat,
    pub(super) standing: FormatStanding,
    pub(super) matching: RowMatching,
    pub(super) plan: ReconcilePlan,
    /// True if the set says nothing of the school: its last export stays the last.
    is_people_only: bool,
    pub(super) set: Option<RosterSetRow>,
    pub(super) former: FormerRows,
    pub(super) statements: Vec<StatementRow>,
    pub(super) persons: BTreeMap<String, PersonId>,
    pub(super) pupils: BTreeMap<String, PupilId>,
    /// Each new row with its key in the format; the row's own key is SIECLE's, or stands in its place.
    pub(super) persons_new: Vec<(String, PersonRow)>,
    pub(super) persons_changed: Vec<PersonRow>,
    pub(super) pupils_new: Vec<(String, PupilRow)>,
    pub(super) pupils_changed: Vec<PupilRow>,
    /// The number of persons whose mobile is another one from now on, or none.
    phones_replaced: usize,
}

impl SealedPlan {
    pub fn seal(
        ctx: ImportContext<'_>,
        state: StoredRoster,
        plan: ReconcilePlan,
        (format, roster): (RosterFormat, &SchoolRoster),
    ) -> Result<Self> {
        let StoredRoster { current, set, mut persons, mut pupils, standing, matching, led, former, statements, .. } =
            state;
        // In the order of the keys, in which the rows are written.
        for ((key, _), id) in plan.persons_new.iter().zip(new_row_ids(ctx, plan.persons_new.len())) {
            persons.insert(key.clone(), PersonId::new(id));
        }
        for ((key, _), id) in plan.pupils_new.iter().zip(new_row_ids(ctx, plan.pupils_new.len())) {
            pupils.insert(key.clone(), PupilId::new(id));
        }
        let led_by = |key: &str| Some(format.name().to_owned()).filter(|_| standing.leads() || led.contains(key));
        let ExportVersion { pupils_at: eleves, persons_at: responsables, .. } = plan.export;
        let person = |(key, data): &(String, _)| {
            let id = row_id_of("person", &persons, key)?;
            let row = PersonRow::seal(ctx.storage.master_key, id, &format.key_column(key), data, responsables)?;
            let row = PersonRow { led_by: led_by(key), ..row };
            let known = current.persons.get(key).map(|known| &known.data);
            let is_led_anew = current.held.persons_to_lead.contains(key);
            // Another address makes the number no newer, nor the row another format's.
            let is_mail_alone = !is_led_anew && known.is_some_and(|known| known.differs_in_mail_alone(data));
            let is_same = known.is_some_and(|known| known.is_same_but_for_mail(data));
            let row = match former.persons.get(key) {
                Some(old) if is_mail_alone => old.with_mail_of(row),
                Some(old) => row.dated_after(old, is_same),
                None => row,
            };
            Ok((key.clone(), row))
        };
        let eleve_ids: BTreeMap<&str, &str> =
            roster.pupils.iter().filter_map(|pupil| Some((pupil.id.as_str(), pupil.eleve_id.as_deref()?))).collect();
        let pupil = |(key, data): &(String, _)| {
            let id = row_id_of("pupil", &pupils, key)?;
            let column = eleve_ids.get(key.as_str()).map_or_else(|| format.key_column(key), |id| (*id).to_owned());
            let row = PupilRow::seal(ctx.storage.master_key, id, &column, data, eleves)?;
            let row = PupilRow { led_by: led_by(key), ..row };
            let is_same = current.pupils.get(key).is_some_and(|known| known.data == *data);
            Ok((key.clone(), former.pupils.get(key).map_or_else(|| row.clone(), |old| row.dated_after(old, is_same))))
        };
        let is_replaced = |(key, data): &&(String, PersonData)| {
            current.persons.get(key).is_some_and(|known| known.data.phone.is_replaced_by(&data.phone))
        };
        let phones_replaced = plan.persons_changed.iter().filter(is_replaced).count();
        let persons_new = plan.persons_new.iter().map(person).collect::<Result<_>>()?;
        let persons_changed = plan.persons_changed.iter().map(person);
        let persons_changed = persons_changed.map(|row| row.map(|(_, row)| row)).collect::<Result<_>>()?;
        let pupils_new = plan.pupils_new.iter().map(pupil).collect::<Result<_>>()?;
        let pupils_changed = plan.pupils_changed.iter().map(pupil);
        let pupils_changed = pupils_changed.map(|row| row.map(|(_, row)| row)).collect::<Result<_>>()?;
        Ok(Self {
            format,
            standing,
            matching,
            plan,
            is_people_only: roster.extent.is_people_only(),
            set,
            former,
            statements,
            persons,
            pupils,
            persons_new,
            persons_changed,
            pupils_new,
            pupils_changed,
            phones_replaced,
        })
    }

    /// Writes the plan in one transaction. Returns false, with nothing written, if another import committed first. The end
    /// of the run is what survives a power cut, and all before it with it.
    pub async fn apply(self, ctx: ImportContext<'_>, academy: &str, uai: &Uai) -> Result<bool> {
        let mut tx = ctx.storage.write(Durability::Relaxed).await?;
        let new = self.revision();
        let first = import::compare_and_set(&mut tx, uai, self.set.as_ref(), &new).await?;
        self.lock_people(&mut tx).await?;
        let mut former = FormerSet::read(ctx, &mut tx, &self, (academy, uai)).await?;
        let notices = list_former_notices(&mut tx, uai).await?;
        if !first
            || !self.write_people(&mut tx, academy).await?
            || !self.write_keys(&mut tx, academy).await?
            || !self.write_accounts(ctx, &mut tx, (academy, uai)).await?
        {
            tx.rollback().await?;
            return Ok(false);
        }
        statements::upsert_statements(&mut tx, &self.statements).await?;
        self.write_exports(&mut tx, uai).await?;
        self.write_school(&mut tx, uai).await?;
        self.write_notices(&mut tx, uai).await?;
        let detail = format!("{uai} revision {}: {}", new.revision, RosterChanges::from(&self.plan));
        let about = AuditDetails { uai: Some(uai), detail: &detail, ..AuditDetails::default() };
        ctx.record(&mut tx, AuditEvent::RosterImported, about).await?;
        if self.phones_replaced > 0 {
            let detail = self.phones_replaced.to_string();
            let about = AuditDetails { uai: Some(uai), detail: &detail, ..AuditDetails::default() };
            ctx.record(&mut tx, AuditEvent::PhonesReplaced, about).await?;
        }
        if let Some(source) = ctx.source {
            tables::upsert_source(&mut tx, uai, self.standing.format, source).await?;
        }
        if let Some(mark) = ctx.delivery {
            deliveries::mark_taken(&mut tx, uai, self.standing.format, mark).await?;
        }
        if let Some(run_id) = ctx.run {
            former.compare_notices(notices, list_former_notices(&mut tx, uai).await?);
            let (uai, changes) = (uai.clone(), RosterChanges::from(&self.plan).to_string());
            let former = serde_json::to_string(&former).map_err(ImportError::Former)?;
            runs::insert_set(&mut tx, run_id, &RunSetRow { uai, revision: new.revision, changes, former }).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    fn revision(&self) -> RosterSetRow {
        let revision = self.set.as_ref().map_or(1, |set| set.revision.saturating_add(1));
        match &self.set {
            Some(set) if !self.standing.leads() || self.is_people_only => RosterSetRow { revision, ..set.clone() },
            _ => {
                let ExportVersion { year, pupils_at: eleves, persons_at: responsables } = self.plan.export;
                RosterSetRow {
                    revision,
                    school_year: i64::from(year),
                    eleves_exported_at: eleves.0,
                    responsables_exported_at: responsables.0,
                    leading_format: self.standing.format.to_owned(),
                }
            }
        }
    }

    /// Keeps the last set of a format that does not lead, and of one that leads no longer.
    async fn write_exports(&self, tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
        let row = |export: ExportVersion| RosterExportRow {
            school_year: i64::from(export.year),
            pupils_exported_at: export.pupils_at.0,
            persons_exported_at: export.persons_at.0,
        };
        let FormatStanding { format, leading, takes_lead, leading_export } = &self.standing;
        if !self.standing.leads() && !self.is_people_only {
            import::upsert_export(tx, uai, format, row(self.plan.export)).await?;
        }
        if let Some(former) = leading_export.filter(|_| *takes_lead) {
            import::upsert_export(tx, uai, leading, row(former)).await?;
        }
        Ok(())
    }

    /// Writes the keys of new rows, and of rows that another format made. Returns false if one was taken meanwhile.
    async fn write_keys(&self, tx: &mut UnitOfWork<'_>, academy: &str) -> Result<bool> {
        let (format, matching) = (self.standing.format, &self.matching);
        let (mut persons, mut pupils) = (Vec::new(), Vec::new());
        if !self.format.has_key_columns() {
            persons.extend(self.persons_new.iter().map(|(key, row)| (key.as_str(), &row.id)));
            pupils.extend(self.pupils_new.iter().map(|(key, row)| (key.as_str(), &row.id)));
        }
        persons.extend(matching.persons.iter().map(|(id, key)| (key.as_str(), id)));
        pupils.extend(matching.pupils.iter().map(|(id, key)| (key.as_str(), id)));
        let eleve_ids: Vec<_> = matching.eleve_ids.iter().map(|(id, key)| (key.as_str(), id)).collect();
        Ok(keys::insert_person_keys(tx, academy, format, &persons).await?
            && keys::insert_pupil_keys(tx, academy, format, &pupils).await?
            && keys::insert_pupil_keys(tx, academy, RosterFormat::Siecle.name(), &eleve_ids).await?)
    }

    /// Locks the accounts that pupils get, and the rows that are there and are written, in the order of everybody else who
    /// writes them.
    async fn lock_people(&self, tx: &mut UnitOfWork<'_>) -> Result<()> {
        let plan = &self.plan;
        let accounts: Vec<_> = plan.accounts_joined.iter().map(|(_, other)| &other.account_id).collect();
        locks::lock_accounts(tx, &accounts).await?;
        let mut persons = known_ids("person", &self.persons, &plan.persons_unchanged)?;
        persons.extend(self.persons_changed.iter().map(|row| &row.id).chain(self.matching.persons.keys()));
        locks::lock_persons(tx, &persons).await?;
        let mut pupils = known_ids("pupil", &self.pupils, &plan.pupils_unchanged)?;
        pupils.extend(self.pupils_changed.iter().map(|row| &row.id));
        pupils.extend(self.matching.pupils.keys().chain(self.matching.eleve_ids.keys()));
        for (key, _) in &plan.accounts_joined {
            pupils.push(row_id_of("pupil", &self.pupils, key)?);
        }
        Ok(locks::lock_pupils(tx, &pupils).await?)
    }

    /// Writes persons and pupils, new ones in the order of the keys: of two schools of an academy with common people, one
    /// waits for the other.
    async fn write_people(&self, tx: &mut UnitOfWork<'_>, academy: &str) -> Result<bool> {
        let now = tx.now;
        let persons: Vec<&PersonRow> = self.persons_new.iter().map(|(_, row)| row).collect();
        let pupils: Vec<&PupilRow> = self.pupils_new.iter().map(|(_, row)| row).collect();
        if !rows::insert_persons(tx, now, academy, &persons).await?
            || !rows::insert_pupils(tx, academy, &pupils).await?
        {
            return Ok(false);
        }
        changed_rows::update_persons(tx, now, &self.persons_changed).await?;
        changed_rows::update_pupils(tx, &self.pupils_changed).await?;
        let ExportVersion { pupils_at: eleves, persons_at: responsables, .. } = self.plan.export;
        import::touch_persons(tx, responsables, &known_ids("person", &self.persons, &self.plan.persons_unchanged)?)
            .await?;
        import::touch_pupils(tx, eleves, &known_ids("pupil", &self.pupils, &self.plan.pupils_unchanged)?).await?;
        Ok(true)
    }

    /// Gives recognised pupils their account. Returns false if one changed since it was read.
    async fn write_accounts(
        &self,
        ctx: ImportContext<'_>,
        tx: &mut UnitOfWork<'_>,
        (academy, uai): (&str, &Uai),
    ) -> Result<bool> {
        for (key, other) in &self.plan.accounts_joined {
            let pupil_id = row_id_of("pupil", &self.pupils, key)?;
            if !same_pupil::join_account(tx, pupil_id, &other.pupil_id, &other.account_id).await? {
                return Ok(false);
            }
            let about = AuditDetails {
                account: Some(&other.account_id),
                uai: Some(uai),
                detail: academy,
                ..AuditDetails::default()
            };
            ctx.record(tx, AuditEvent::PupilRecognised, about).await?;
        }
        Ok(true)
    }

    async fn write_school(&self, tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
        let plan = &self.plan;
        let source = self.format.name();
        let mut enrolments = Vec::new();
        for (pupil, class) in plan.enrolments_started.iter().chain(&plan.enrolments_moved) {
            enrolments.push((row_id_of("pupil", &self.pupils, pupil)?, class.as_deref()));
        }
        rows::upsert_enrolments(tx, uai, source, &enrolments).await?;
        let mut links = Vec::new();
        for (key, data) in plan.links_started.iter().chain(&plan.links_changed) {
            let (person_id, pupil_id) = self.link_ids(key)?;
            let (level, relation) = (data.level, data.relation.as_deref());
            links.push(NewLink { person_id, pupil_id, level, relation, source });
        }
        rows::upsert_links(tx, uai, &links).await?;
        let ended = plan.links_ended.iter().map(|key| self.link_ids(key)).collect::<Result<Vec<_>>>()?;
        changed_rows::end_links(tx, uai, &ended, source).await?;
        let ended = known_ids("pupil", &self.pupils, &plan.enrolments_ended)?;
        changed_rows::end_enrolments(tx, uai, &ended, source).await?;
        if self.standing.takes_lead {
            import::take_over_school(tx, uai, source).await?;
        }
        Ok(())
    }

    /// Writes notices for the school about unreachable persons and duplicate links, and settles those no longer true.
    async fn write_notices(&self, tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
        let mut unreachable = BTreeSet::new();
        for (key, _) in &self.plan.unreachable {
            unreachable.insert(row_id_of("person", &self.persons, key)?);
        }
        let kind = NoticeKind::Unreachable;
        let notice = |person_id| Notice { uai, person_id, pupil_id: None, kind, support_code: "" };
        let notices: Vec<Notice<'_>> = unreachable.into_iter().map(notice).collect();
        tenants::store::upsert_notices(tx, &notices).await?;
        tenants::store::settle_unreachable(tx, uai).await?;
        tenants::store::numbers::settle_numbers(tx, uai).await?;
        tenants::store::settle_ended(tx, uai).await?;
        tenants::store::reopen_hidden(tx, uai).await?;
        let mut repeated = BTreeSet::new();
        for key in &self.plan.duplicate_links {
            let (person_id, pupil_id) = self.link_ids(key)?;
            let kind = NoticeKind::LinkRepeated;
            let notice = Notice { uai, person_id, pupil_id: Some(pupil_id), kind, support_code: "" };
            tenants::store::upsert_notice(tx, &notice).await?;
            repeated.insert((person_id, pupil_id));
        }
        Ok(tenants::store::settle_repeated(tx, uai, &repeated).await?)
    }

    pub(super) fn link_ids(&self, (pupil, person): &LinkKey) -> Result<(&PersonId, &PupilId)> {
        Ok((row_id_of("person", &self.persons, person)?, row_id_of("pupil", &self.pupils, pupil)?))
    }
}

/// Returns the ids of new rows, after those of every school before: an import that begins all of them with the same time
/// would write each school over the whole of every index.
fn new_row_ids(ctx: ImportContext<'_>, count: usize) -> Vec<String> {
    row_ids(ctx.now(), ctx.storage.rng, count)
}

pub(super) fn row_id_of<'a, Id>(what: &'static str, rows: &'a BTreeMap<String, Id>, key: &str) -> Result<&'a Id> {
    rows.get(key).ok_or_else(|| ImportError::UnknownRow { what, key: key.to_owned() })
}

fn known_ids<'a, Id>(what: &'static str, rows: &'a BTreeMap<String, Id>, keys: &[String]) -> Result<Vec<&'a Id>> {
    keys.iter().map(|key| row_id_of(what, rows, key)).collect()
}
