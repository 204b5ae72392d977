//! Takes rows in one transaction, one after the other: what the database has of all of them is read before, and what they
//! change is written after them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::ArrivalConflict;
use super::known::KnownIdentifiants;
use super::owners::{RowOwner, find_owners, told};
use super::pending::{IdentifiantParts, PendingRows};
use super::subjects::RowWithAccount;
use crate::accounts::store::imported;
use crate::accounts::{self, Account, AccountState, identifier, legacy};
use crate::arrivals::{ArrivalOutcome, ArrivalRemark, ArrivalRow, ArrivingPerson};
use crate::base::clock::Timestamp;
use crate::base::ids::{row_id, row_ids};
use crate::base::rng::Random;
use crate::base::typed_ids::AccountId;
use crate::crypto::{MasterKey, SealError};
use crate::db::{Result, Tx, UnitOfWork};
use crate::roster::store::{locks, pupils};
use crate::subjects;

/// A row whose person is found.
struct OwnedRow<'a> {
    place: usize,
    row: &'a ArrivalRow,
    owner: RowOwner,
    /// The identifiant of the row, as it would be stored.
    typed: Option<String>,
}

/// The result of a transaction.
pub(super) struct TakenRows {
    pub outcomes: Vec<ArrivalOutcome>,
    /// The account of each identifiant of the rows.
    pub known: BTreeMap<String, AccountId>,
    pub accounts: BTreeMap<AccountId, Account>,
}

/// The rows of a transaction while they are taken.
pub(super) struct RowsTaking<'a> {
    master_key: &'a MasterKey,
    known_before: &'a KnownIdentifiants,
    known: BTreeMap<String, AccountId>,
    /// The identifiants that accounts have: those of the rows, and those that were given since.
    given: BTreeMap<String, AccountId>,
    /// The accounts of people of the rows, as they stand after the rows so far.
    accounts: BTreeMap<AccountId, Account>,
    linked: BTreeMap<ArrivingPerson, AccountId>,
    /// The suffixes that are not drawn, of each stem of which one may be.
    suffixes: BTreeMap<String, HashSet<String>>,
    new_ids: std::vec::IntoIter<String>,
    pending: PendingRows<'a>,
    outcomes: Vec<ArrivalOutcome>,
}

impl<'a> RowsTaking<'a> {
    /// Takes rows of an academy in their order.
    pub async fn take_all(
        tx: &mut UnitOfWork<'_>,
        (academy, master_key, known_before): (&str, &'a MasterKey, &'a KnownIdentifiants),
        rows: &'a [ArrivalRow],
    ) -> anyhow::Result<TakenRows> {
        let (mut outcomes, mut found) = (Vec::new(), Vec::new());
        let owners = find_owners(tx, (academy, master_key), rows).await?;
        for (place, (row, owner)) in rows.iter().zip(owners).enumerate() {
            outcomes.push(match owner {
                Ok(owner) => {
                    let typed = row.identifiant.as_deref().map(identifier::normalize);
                    found.push(OwnedRow { place, row, owner, typed });
                    ArrivalOutcome::default()
                }
                Err(remark) => ArrivalOutcome::refused(remark),
            });
        }
        let given = list_given(tx, &found).await?;
        lock_rows(tx, &found, (known_before, &given)).await?;
        let mut taking = RowsTaking {
            master_key,
            known_before,
            known: BTreeMap::new(),
            accounts: list_accounts(tx, &found).await?,
            linked: BTreeMap::new(),
            suffixes: list_suffixes(tx, &found, &given).await?,
            given,
            new_ids: row_ids(tx.now, tx.rng, found.len()).into_iter(),
            pending: PendingRows::default(),
            outcomes,
        };
        for row in &found {
            let outcome = taking.take_row(tx, row).await?;
            if let Some(place) = taking.outcomes.get_mut(row.place) {
                *place = outcome;
            }
        }
        taking.write(tx).await?;
        Ok(TakenRows { outcomes: taking.outcomes, known: taking.known, accounts: taking.accounts })
    }

    async fn take_row(&mut self, tx: &mut UnitOfWork<'_>, found: &OwnedRow<'a>) -> anyhow::Result<ArrivalOutcome> {
        let OwnedRow { owner, typed, .. } = found;
        let (place, row) = (found.place, found.row);
        let mut outcome = ArrivalOutcome::default();
        let linked = self.linked.get(&owner.person).or(owner.account_id.as_ref()).cloned();
        let account_id = match linked {
            Some(id) => {
                let Some(account) = self.accounts.get(&id) else {
                    return Ok(ArrivalOutcome::refused(ArrivalRemark::UnknownPerson));
                };
                if typed.as_ref().is_some_and(|typed| *typed != account.identifiant) {
                    outcome.remarks.push(ArrivalRemark::HasAccount(account.identifiant.clone()));
                }
                id
            }
            None => match self.join_account(tx, found).await? {
                Some(id) => id,
                None => match self.open_account((tx.now, tx.rng), found, &mut outcome) {
                    Some(id) => id,
                    None => return Ok(ArrivalOutcome::refused(ArrivalRemark::NoNumberLeft)),
                },
            },
        };
        if let Some(typed) = typed {
            self.known.insert(typed.clone(), account_id.clone());
        }
        self.take_hash(tx.now, row, &account_id, &mut outcome)?;
        self.pending.add_subjects(RowWithAccount { place, row, account_id });
        Ok(outcome)
    }

    /// Links the person of a row to the account of the rows before with the same identifiant, if it is theirs.
    async fn join_account(
        &mut self,
        tx: &mut UnitOfWork<'_>,
        found: &OwnedRow<'a>,
    ) -> anyhow::Result<Option<AccountId>> {
        let OwnedRow { row, owner, typed, .. } = found;
        let known = |typed: &String| self.known.get(typed).or_else(|| self.known_before.find(typed, &self.given));
        let Some(id) = typed.as_ref().and_then(known).cloned() else { return Ok(None) };
        // The people and subjects that an account has say what is written where one more person joins.
        self.write(tx).await?;
        let Some(account) = accounts::store::find_and_lock(tx, &id).await? else { return Ok(None) };
        if account.state == AccountState::Closed || account.profile != row.profile || !owner.has_names_of(&account) {
            return Ok(None);
        }
        let linked = match &owner.person {
            ArrivingPerson::Parent(person) => subjects::ops::link_person(tx, person, &id).await?,
            ArrivingPerson::Pupil(pupil) => pupils::link_pupil_to_account(tx, pupil, &id).await?,
        };
        if !linked {
            return Err(ArrivalConflict.into());
        }
        self.linked.insert(owner.person.clone(), id.clone());
        self.accounts.insert(id.clone(), account);
        Ok(Some(id))
    }

    /// Gives the person of a row a new account, with the identifiant of the row or one that is drawn; `None` if no number
    /// is left to be drawn.
    fn open_account(
        &mut self,
        (now, rng): (Timestamp, &dyn Random),
        found: &OwnedRow<'a>,
        outcome: &mut ArrivalOutcome,
    ) -> Option<AccountId> {
        let OwnedRow { row, owner, typed, .. } = found;
        let kept = match typed.as_deref().map(|typed| (typed, identifier::split(typed))) {
            Some((typed, Some(parts))) if !self.given.contains_key(typed) => Ok(parts),
            Some((typed, Some(_))) => Err((typed, "taken")),
            Some((typed, None)) => Err((typed, "of another form")),
            None => Err(("", "")),
        };
        let parts = match kept {
            Ok((stem, suffix)) => IdentifiantParts { stem: stem.to_owned(), suffix: suffix.to_owned() },
            Err((given, why)) => {
                let drawn = self.draw_identifiant(rng, owner.stem())?;
                if !given.is_empty() {
                    let given = told(given);
                    outcome.remarks.push(ArrivalRemark::DrawnIdentifiant { given, why, drawn: drawn.joined() });
                }
                drawn
            }
        };
        let id = AccountId::new(self.new_ids.next().unwrap_or_else(|| row_id(now, rng)));
        let account = Account {
            id: id.clone(),
            identifiant: parts.joined(),
            state: AccountState::Pending,
            profile: row.profile,
            given_name: owner.given.clone(),
            family_name: owner.shown_family().to_owned(),
            password: None,
            password_at: None,
            suspended_by: None,
            caution_until: None,
            closes_at: None,
            must_change_at: None,
            updated_at: now,
            is_federated: false,
        };
        self.given.insert(account.identifiant.clone(), id.clone());
        self.accounts.insert(id.clone(), account);
        self.linked.insert(owner.person.clone(), id.clone());
        self.pending.open(id.clone(), parts, &owner.person);
        outcome.is_new = true;
        Some(id)
    }

    /// Draws a suffix that no account and no row has; `None` if there is none.
    fn draw_identifiant(&mut self, rng: &dyn Random, stem: String) -> Option<IdentifiantParts> {
        let taken = self.suffixes.entry(stem.clone()).or_default();
        let suffix = identifier::pick_suffix(rng, taken)?;
        taken.insert(suffix.clone());
        Some(IdentifiantParts { stem, suffix })
    }

    /// Gives a pending account the password of the other program, sealed.
    fn take_hash(
        &mut self,
        now: Timestamp,
        row: &ArrivalRow,
        account_id: &AccountId,
        outcome: &mut ArrivalOutcome,
    ) -> std::result::Result<(), SealError> {
        let account = self.accounts.get_mut(account_id).filter(|account| account.state == AccountState::Pending);
        match (&row.hash, account) {
            (Some(Ok(hash)), Some(account)) if account.password.is_none() && account.suspended_by.is_none() => {
                let sealed = legacy::seal(self.master_key, account_id, hash)?;
                account.state = AccountState::Active;
                account.password = Some(sealed.clone());
                account.password_at = Some(now);
                self.pending.set_password(account_id, sealed);
            }
            (Some(Err(error)), Some(_)) => outcome.remarks.push((*error).into()),
            _ => {}
        }
        Ok(())
    }

    /// Writes what the rows so far change.
    async fn write(&mut self, tx: &mut UnitOfWork<'_>) -> anyhow::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        for (place, remark) in pending.write(tx, &self.accounts).await? {
            if let Some(outcome) = self.outcomes.get_mut(place) {
                outcome.remarks.push(remark);
            }
        }
        Ok(())
    }
}

/// Locks the accounts and people of rows like everybody else who writes them: in the order of the table, an import of
/// rosters, an activation or a sheet for the same people could be a deadlock. Whoever was first meanwhile is seen when the
/// rows are written.
async fn lock_rows(
    tx: &mut Tx,
    found: &[OwnedRow<'_>],
    (known, given): (&KnownIdentifiants, &BTreeMap<String, AccountId>),
) -> Result<()> {
    let (mut held, mut persons, mut pupils) = (Vec::<&AccountId>::new(), Vec::new(), Vec::new());
    for OwnedRow { owner, typed, .. } in found {
        if let Some(id) = &owner.account_id {
            held.push(id);
            continue;
        }
        // The person may join it.
        held.extend(typed.as_ref().and_then(|typed| known.find(typed, given)));
        match &owner.person {
            ArrivingPerson::Parent(id) => persons.push(id),
            ArrivingPerson::Pupil(id) => pupils.push(id),
        }
    }
    locks::lock_accounts(tx, &held).await?;
    locks::lock_persons(tx, &persons).await?;
    locks::lock_pupils(tx, &pupils).await
}

async fn list_given(tx: &mut Tx, found: &[OwnedRow<'_>]) -> Result<BTreeMap<String, AccountId>> {
    let typed: BTreeSet<&str> = found.iter().filter_map(|found| found.typed.as_deref()).collect();
    Ok(imported::list_given(tx, &Vec::from_iter(typed)).await?.into_iter().collect())
}

async fn list_accounts(tx: &mut Tx, found: &[OwnedRow<'_>]) -> Result<BTreeMap<AccountId, Account>> {
    let ids = found.iter().filter_map(|found| found.owner.account_id.as_ref());
    let ids: BTreeSet<&str> = ids.map(|id| id.as_str()).collect();
    let accounts = imported::list(tx, &Vec::from_iter(ids)).await?;
    Ok(accounts.into_iter().map(|account| (account.id.clone(), account)).collect())
}

/// Lists what is not drawn, of the stems of people whose row brings no identifiant that can be kept: the suffixes of
/// accounts, and those that other rows bring.
async fn list_suffixes(
    tx: &mut Tx,
    found: &[OwnedRow<'_>],
    given: &BTreeMap<String, AccountId>,
) -> Result<BTreeMap<String, HashSet<String>>> {
    let typed = || found.iter().filter_map(|found| found.typed.as_deref());
    let mut rows = BTreeMap::<&str, usize>::new();
    typed().for_each(|typed| *rows.entry(typed).or_default() += 1);
    let is_kept = |typed: &str| {
        identifier::split(typed).is_some() && !given.contains_key(typed) && rows.get(typed).is_none_or(|n| *n == 1)
    };
    let drawn = found.iter().filter(|found| found.owner.account_id.is_none());
    let drawn = drawn.filter(|found| !found.typed.as_deref().is_some_and(is_kept));
    let mut suffixes: BTreeMap<String, HashSet<String>> =
        drawn.map(|found| (found.owner.stem(), HashSet::new())).collect();
    let stems: Vec<String> = suffixes.keys().cloned().collect();
    let stems: Vec<&str> = stems.iter().map(String::as_str).collect();
    for (stem, suffix) in imported::list_suffixes(tx, &stems).await? {
        suffixes.entry(stem).or_default().insert(suffix);
    }
    for (stem, suffix) in typed().filter_map(identifier::split) {
        if let Some(taken) = suffixes.get_mut(stem) {
            taken.insert(suffix.to_owned());
        }
    }
    Ok(suffixes)
}
