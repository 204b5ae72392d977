//! What an undo of one set puts back: the rows that the set changes, as they were.
//!
//! Read in the transaction that writes the set, before it writes: nobody changes a row in between.

use std::collections::{BTreeMap, BTreeSet};

use super::sealed_plan::SealedPlan;
use super::{ImportContext, Result};
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::UnitOfWork;
use crate::roster::store::former::{self, FormerEnrolment, FormerExport, FormerLink, FormerNotice};
use crate::roster::store::former::{FormerPerson, FormerPupil};
use crate::roster::store::import::RosterSetRow;
use crate::roster::store::locks;
use crate::roster::store::statements::{StatementRow, list_statements};
use crate::roster::store::tables::{self, RosterSourceRow};
use crate::roster::store::undone::{self, TouchedRows};
use crate::roster::uai::Uai;

/// The state of a school and its people before a set, as far as the set changed it.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct FormerSet {
    /// The revision that an undo left: the set is undone, and what is left of it are the new people.
    pub undone_revision: Option<i64>,
    pub academy: String,
    pub format: String,
    pub imported_at: i64,
    /// The delivery that was taken.
    pub delivery: Option<String>,
    /// Absent before the first set.
    pub set: Option<RosterSetRow>,
    pub exports: Vec<FormerExport>,
    /// Rows with the time of the export that was written.
    pub persons: Vec<(FormerPerson, i64)>,
    pub pupils: Vec<(FormerPupil, i64)>,
    /// The rows that were confirmed, by the time of the export that they had; and the times that they got.
    pub touched: BTreeMap<i64, TouchedRows>,
    pub touched_at: BTreeSet<i64>,
    pub new_persons: Vec<PersonId>,
    pub new_pupils: Vec<PupilId>,
    /// The rows that were there and got a key, with that.
    pub keyed_persons: Vec<FormerPerson>,
    pub keyed_pupils: Vec<FormerPupil>,
    pub keys: Vec<(String, String, String)>,
    /// The pupils who joined an account: as they were, unless they are new.
    pub joined: Vec<(PupilId, Option<FormerPupil>, AccountId)>,
    pub enrolments: Vec<(PupilId, Option<FormerEnrolment>)>,
    pub links: Vec<(PersonId, PupilId, Option<FormerLink>)>,
    /// By row and format.
    pub statements: Vec<(String, String, Option<StatementRow>)>,
    /// The statements of the set, in the same order; empty of a set of an older release.
    #[serde(default)]
    pub statements_written: Vec<StatementRow>,
    /// The word of the school about its tables that came with the set.
    #[serde(default)]
    pub source: Option<SourceChange>,
    pub notices: Vec<NoticeChange>,
}

/// The word of a school about its tables, before and after a set.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct SourceChange {
    pub before: Option<RosterSourceRow>,
    pub after: RosterSourceRow,
}

/// A notice before and after a set.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct NoticeChange {
    /// Absent if the set made the notice.
    pub before: Option<FormerNotice>,
    pub after: FormerNotice,
}

impl FormerSet {
    /// Reads the rows that a plan changes.
    pub async fn read(
        ctx: ImportContext<'_>,
        tx: &mut UnitOfWork<'_>,
        plan: &SealedPlan,
        (academy, uai): (&str, &Uai),
    ) -> Result<Self> {
        let mut former = Self {
            academy: academy.to_owned(),
            format: plan.standing.format.to_owned(),
            imported_at: tx.now.0,
            delivery: ctx.delivery.map(|mark| mark.name.clone()),
            set: plan.set.clone(),
            exports: former::list_former_exports(tx, uai).await?,
            ..Self::default()
        };
        former.read_people(tx, plan, academy).await?;
        former.read_keys(tx, plan, academy).await?;
        former.read_school(tx, plan, uai).await?;
        let rows: Vec<&str> = plan.statements.iter().map(|row| row.row_id.as_str()).collect();
        let known = list_statements(tx, &rows).await?;
        for StatementRow { row_id, format, .. } in &plan.statements {
            let row = known.iter().find(|row| row.row_id == *row_id && row.format == *format).cloned();
            former.statements.push((row_id.clone(), format.clone(), row));
        }
        former.statements_written.clone_from(&plan.statements);
        if let Some(after) = ctx.source {
            let before = tables::find_source(tx, uai, plan.standing.format).await?;
            former.source = Some(SourceChange { before, after: after.clone() });
        }
        Ok(former)
    }

    async fn read_people(&mut self, tx: &mut UnitOfWork<'_>, plan: &SealedPlan, academy: &str) -> Result<()> {
        let written: BTreeMap<&PersonId, i64> =
            plan.persons_changed.iter().map(|row| (&row.id, row.exported_at)).collect();
        let ids: Vec<&PersonId> = written.keys().copied().collect();
        for row in former::list_former_persons(tx, academy, &ids).await? {
            let at = written.get(&row.id).copied().unwrap_or_default();
            self.persons.push((row, at));
        }
        let written: BTreeMap<&PupilId, i64> =
            plan.pupils_changed.iter().map(|row| (&row.id, row.exported_at)).collect();
        let ids: Vec<&PupilId> = written.keys().copied().collect();
        for row in former::list_former_pupils(tx, academy, &ids).await? {
            let at = written.get(&row.id).copied().unwrap_or_default();
            self.pupils.push((row, at));
        }
        for key in &plan.plan.persons_unchanged {
            let Some(row) = plan.former.persons.get(key) else { continue };
            self.touched.entry(row.exported_at).or_default().persons.push(row.id.clone());
        }
        for key in &plan.plan.pupils_unchanged {
            let Some(row) = plan.former.pupils.get(key) else { continue };
            self.touched.entry(row.exported_at).or_default().pupils.push(row.id.clone());
        }
        self.touched_at.extend([plan.plan.export.persons_at.0, plan.plan.export.pupils_at.0]);
        self.new_persons = plan.persons_new.iter().map(|(_, row)| row.id.clone()).collect();
        self.new_pupils = plan.pupils_new.iter().map(|(_, row)| row.id.clone()).collect();
        let joined: Vec<(&PupilId, &AccountId)> = plan
            .plan
            .accounts_joined
            .iter()
            .filter_map(|(key, other)| Some((plan.pupils.get(key)?, &other.account_id)))
            .collect();
        let ids: Vec<&PupilId> = joined.iter().map(|(id, _)| *id).collect();
        let rows = former::list_former_pupils(tx, academy, &ids).await?;
        for (id, account) in joined {
            self.joined.push((id.clone(), rows.iter().find(|row| row.id == *id).cloned(), account.clone()));
        }
        Ok(())
    }

    async fn read_keys(&mut self, tx: &mut UnitOfWork<'_>, plan: &SealedPlan, academy: &str) -> Result<()> {
        let matching = &plan.matching;
        let ids: Vec<&PersonId> = matching.persons.keys().collect();
        self.keyed_persons = former::list_former_persons(tx, academy, &ids).await?;
        let ids: Vec<&PupilId> = matching.pupils.keys().chain(matching.eleve_ids.keys()).collect();
        self.keyed_pupils = former::list_former_pupils(tx, academy, &ids).await?;
        let format = &self.format;
        let persons = matching.persons.iter().map(|(id, key)| (format.clone(), key.clone(), id.to_string()));
        let pupils = matching.pupils.iter().map(|(id, key)| (format.clone(), key.clone(), id.to_string()));
        self.keys = persons.chain(pupils).collect();
        Ok(())
    }

    /// Reads enrolments and links that begin, change or end, and those of another format that this one takes over.
    async fn read_school(&mut self, tx: &mut UnitOfWork<'_>, plan: &SealedPlan, uai: &Uai) -> Result<()> {
        let (changes, takes_over) = (&plan.plan, plan.standing.takes_lead);
        let keys = changes.enrolments_started.iter().chain(&changes.enrolments_moved).map(|(key, _)| key);
        let mut ids = BTreeSet::new();
        for key in keys.chain(&changes.enrolments_ended) {
            ids.insert(super::sealed_plan::row_id_of("pupil", &plan.pupils, key)?);
        }
        if !ids.is_empty() || takes_over {
            let rows = former::list_former_enrolments(tx, uai).await?;
            let (known, rest): (Vec<_>, Vec<_>) = rows.into_iter().partition(|row| ids.contains(&row.pupil_id));
            let known: BTreeMap<PupilId, FormerEnrolment> =
                known.into_iter().map(|row| (row.pupil_id.clone(), row)).collect();
            self.enrolments = ids.into_iter().map(|id| (id.clone(), known.get(id).cloned())).collect();
            let taken = rest.into_iter().filter(|row| takes_over && row.ended_at.is_none());
            self.enrolments.extend(taken.map(|row| (row.pupil_id.clone(), Some(row))));
        }
        let keys = changes.links_started.iter().chain(&changes.links_changed).map(|(key, _)| key);
        let mut ids = BTreeSet::new();
        for key in keys.chain(&changes.links_ended) {
            ids.insert(plan.link_ids(key)?);
        }
        if !ids.is_empty() || takes_over {
            let rows = former::list_former_links(tx, uai).await?;
            let (known, rest): (Vec<_>, Vec<_>) =
                rows.into_iter().partition(|row| ids.contains(&(&row.person_id, &row.pupil_id)));
            let known: BTreeMap<(PersonId, PupilId), FormerLink> =
                known.into_iter().map(|row| ((row.person_id.clone(), row.pupil_id.clone()), row)).collect();
            let of = |(person, pupil): (&PersonId, &PupilId)| {
                let key = (person.clone(), pupil.clone());
                let row = known.get(&key).cloned();
                (key.0, key.1, row)
            };
            self.links = ids.into_iter().map(of).collect();
            let taken = rest.into_iter().filter(|row| takes_over && row.ended_at.is_none());
            self.links.extend(taken.map(|row| (row.person_id.clone(), row.pupil_id.clone(), Some(row))));
        }
        Ok(())
    }

    /// Locks the rows that an undo puts back, as the import did that wrote them.
    pub async fn lock_people(&self, tx: &mut UnitOfWork<'_>) -> Result<()> {
        let mut persons: Vec<&PersonId> = self.persons.iter().map(|(row, _)| &row.id).collect();
        persons.extend(self.keyed_persons.iter().map(|row| &row.id));
        persons.extend(self.touched.values().flat_map(|rows| &rows.persons));
        locks::lock_persons(tx, &persons).await?;
        let mut pupils: Vec<&PupilId> = self.pupils.iter().map(|(row, _)| &row.id).collect();
        pupils.extend(self.keyed_pupils.iter().map(|row| &row.id));
        pupils.extend(self.touched.values().flat_map(|rows| &rows.pupils));
        pupils.extend(self.joined.iter().map(|(id, ..)| id).chain(&self.new_pupils));
        Ok(locks::lock_pupils(tx, &pupils).await?)
    }

    /// Returns the pupils of whom the set said something, and who had no account before: their school's next sheet may
    /// have known them by it.
    pub fn pupils_without_account(&self) -> Vec<&PupilId> {
        let changed = self.pupils.iter().filter(|(row, _)| row.account_id.is_none()).map(|(row, _)| &row.id);
        self.new_pupils.iter().chain(changed).collect()
    }

    /// Lists the accounts that pupils joined by the words of the set: with it, or when a sheet was printed since.
    pub async fn list_joined_accounts(&self, tx: &mut UnitOfWork<'_>) -> Result<BTreeSet<AccountId>> {
        let since = undone::list_joined_since(tx, &self.pupils_without_account(), self.imported_at).await?;
        Ok(since.into_iter().chain(self.joined.iter().map(|(_, _, account_id)| account_id.clone())).collect())
    }

    /// Keeps the notices that the set made or changed.
    pub fn compare_notices(&mut self, before: Vec<FormerNotice>, after: Vec<FormerNotice>) {
        let before: BTreeMap<String, FormerNotice> = before.into_iter().map(|row| (row.id.clone(), row)).collect();
        let changed = after.into_iter().filter_map(|after| {
            let before = before.get(&after.id).cloned();
            (before.as_ref() != Some(&after)).then_some(NoticeChange { before, after })
        });
        self.notices = changed.collect();
    }
}
