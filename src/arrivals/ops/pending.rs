//! The rows of the database that the rows of a table make: kept in memory while others are read, and written by few
//! statements.

use std::collections::BTreeMap;

use super::ArrivalConflict;
use super::subjects::{RowWithAccount, take_subjects};
use crate::accounts::Account;
use crate::accounts::store::imported::{self, ImportedAccount};
use crate::arrivals::{ArrivalRemark, ArrivingPerson};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::UnitOfWork;
use crate::roster::store::account_links::{link_persons, link_pupils};

/// The parts of an identifiant.
pub(super) struct IdentifiantParts {
    pub stem: String,
    pub suffix: String,
}

impl IdentifiantParts {
    /// Returns the identifiant.
    pub fn joined(&self) -> String {
        format!("{}{}", self.stem, self.suffix)
    }
}

/// The rows that are still to be written.
#[derive(Default)]
pub(super) struct PendingRows<'a> {
    /// The new accounts. Their ids follow each other, so they are in the order of their rows.
    new: BTreeMap<AccountId, IdentifiantParts>,
    persons: Vec<(PersonId, AccountId)>,
    pupils: Vec<(PupilId, AccountId)>,
    /// The sealed passwords of accounts that are written.
    passwords: Vec<(AccountId, String)>,
    subjects: Vec<RowWithAccount<'a>>,
}

impl<'a> PendingRows<'a> {
    /// Adds a new account with its person.
    pub fn open(&mut self, account_id: AccountId, parts: IdentifiantParts, person: &ArrivingPerson) {
        match person {
            ArrivingPerson::Parent(id) => self.persons.push((id.clone(), account_id.clone())),
            ArrivingPerson::Pupil(id) => self.pupils.push((id.clone(), account_id.clone())),
        }
        self.new.insert(account_id, parts);
    }

    /// Adds the password of an account. A new one is written with it.
    pub fn set_password(&mut self, account_id: &AccountId, sealed: String) {
        if !self.new.contains_key(account_id) {
            self.passwords.push((account_id.clone(), sealed));
        }
    }

    /// Adds the subjects of a row.
    pub fn add_subjects(&mut self, taken: RowWithAccount<'a>) {
        if !taken.row.subjects.is_empty() {
            self.subjects.push(taken);
        }
    }

    /// Writes all; `accounts` are the accounts as they are to be. Returns what is to be said of rows, by their places.
    pub async fn write(
        self,
        tx: &mut UnitOfWork<'_>,
        accounts: &BTreeMap<AccountId, Account>,
    ) -> anyhow::Result<Vec<(usize, ArrivalRemark)>> {
        let mut new = Vec::new();
        for (id, IdentifiantParts { stem, suffix }) in &self.new {
            new.extend(accounts.get(id).map(|account| ImportedAccount { account, stem, suffix }));
        }
        let is_first = imported::insert(tx, &new).await?
            && link_persons(tx, &self.persons).await?
            && link_pupils(tx, &self.pupils).await?;
        if !is_first {
            return Err(ArrivalConflict.into());
        }
        let about = AuditDetails { detail: "import", ..AuditDetails::default() };
        let ids: Vec<AccountId> = self.new.keys().cloned().collect();
        audit::store::record_for_accounts(tx, AuditEvent::IdentifierAssigned, &ids, about).await?;
        imported::set_passwords(tx, &self.passwords).await?;
        take_subjects(tx, &self.subjects).await
    }
}
