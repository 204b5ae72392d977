//! Subjects that another program gave to many accounts, compared in memory and written by few statements.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::roster_key::RosterKey;
use crate::base::typed_ids::AccountId;
use crate::clients::{ClientMetadata, SubjectType};
use crate::db::{Tx, UnitOfWork};
use crate::roster;
use crate::subjects::store::{self, NewSubject};
use crate::subjects::{SubjectSpace, roster_space};

/// The fate of a `sub` that another program gave an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdoptedSubject {
    /// It is the account's in the client's space.
    Written,
    /// Another account is known by it there.
    OfAnother,
    /// The account is known by another one there.
    Differs,
}

/// A `sub` by which a client knew an account at the provider before.
#[derive(Clone, Copy)]
pub struct FormerSub<'a> {
    pub meta: &'a ClientMetadata,
    pub account_id: &'a AccountId,
    pub value: &'a str,
}

/// Writes subjects that clients knew accounts by, each for the client's whole space, as if one came after the other.
/// `None` if somebody else gave one of these accounts its `sub` meanwhile: the caller rolls back and compares again.
pub async fn adopt_subjects(
    tx: &mut UnitOfWork<'_>,
    given: &[FormerSub<'_>],
) -> anyhow::Result<Option<Vec<AdoptedSubject>>> {
    if given.is_empty() {
        return Ok(Some(Vec::new()));
    }
    store::lock_adoption(tx).await?;
    let now = tx.now;
    let mut known = KnownSubjects::read(tx, given).await?;
    let mut new = Vec::new();
    let fates = given.iter().map(|sub| known.adopt(sub, &mut new)).collect();
    Ok(store::insert_new(tx, now, &new).await?.then_some(fates))
}

/// Returns the academy where the key of rosters by which a client knows people depends on the account.
fn academy_of_default_key(meta: &ClientMetadata) -> Option<&str> {
    match (meta.subject_type, meta.roster_key) {
        (SubjectType::Roster, None) => meta.perimeter.academies.first().map(String::as_str),
        _ => None,
    }
}

/// Returns the names of the spaces in which a client may know an account.
fn possible_spaces(meta: &ClientMetadata) -> Vec<String> {
    match academy_of_default_key(meta) {
        Some(academy) => RosterKey::ALL.into_iter().map(|key| roster_space(academy, key)).collect(),
        None => vec![SubjectSpace::of(meta, meta.roster_key.unwrap_or(RosterKey::Siecle)).name()],
    }
}

/// The subjects of a space that concern the given ones.
#[derive(Default)]
struct SpaceSubjects {
    values: BTreeMap<AccountId, String>,
    accounts: BTreeMap<String, BTreeSet<AccountId>>,
}

impl SpaceSubjects {
    fn add(&mut self, account_id: AccountId, value: String) {
        self.accounts.entry(value.clone()).or_default().insert(account_id.clone());
        self.values.insert(account_id, value);
    }
}

/// The subjects that are written, with those of the given ones that were found to be in order.
#[derive(Default)]
struct KnownSubjects {
    spaces: BTreeMap<String, SpaceSubjects>,
    /// The accounts that AAF knows, of each academy with a client whose key depends on it.
    of_aaf: BTreeMap<String, BTreeSet<AccountId>>,
}

impl KnownSubjects {
    async fn read(tx: &mut Tx, given: &[FormerSub<'_>]) -> anyhow::Result<Self> {
        let mut spaces = BTreeMap::<String, (BTreeSet<&str>, BTreeSet<&str>)>::new();
        let mut academies = BTreeMap::<&str, BTreeSet<&str>>::new();
        for sub in given {
            for space in possible_spaces(sub.meta) {
                let (accounts, values) = spaces.entry(space).or_default();
                accounts.insert(sub.account_id.as_str());
                values.insert(sub.value);
            }
            if let Some(academy) = academy_of_default_key(sub.meta) {
                academies.entry(academy).or_default().insert(sub.account_id.as_str());
            }
        }
        let mut known = Self::default();
        for (space, (accounts, values)) in spaces {
            let (accounts, values) = (Vec::from_iter(accounts), Vec::from_iter(values));
            let subjects = known.spaces.entry(space.clone()).or_default();
            for (account_id, value) in store::list_of_accounts(tx, &space, &accounts).await? {
                subjects.values.insert(account_id, value);
            }
            for (value, account_id) in store::list_by_value(tx, &space, &values).await? {
                subjects.accounts.entry(value).or_default().insert(account_id);
            }
        }
        for (academy, accounts) in academies {
            let accounts = Vec::from_iter(accounts);
            let found = roster::store::account_keys::list_accounts_of_aaf(tx, &accounts, academy).await?;
            known.of_aaf.insert(academy.to_owned(), found);
        }
        Ok(known)
    }

    /// Returns the space of a client for an account by the rule of `space_of`.
    fn space_of(&self, sub: &FormerSub<'_>) -> String {
        let key = match academy_of_default_key(sub.meta) {
            Some(academy) => self.default_key(academy, sub.account_id),
            None => sub.meta.roster_key.unwrap_or(RosterKey::Siecle),
        };
        SubjectSpace::of(sub.meta, key).name()
    }

    fn default_key(&self, academy: &str, account_id: &AccountId) -> RosterKey {
        let is_known = |key: RosterKey| {
            let subjects = self.spaces.get(&roster_space(academy, key));
            subjects.is_some_and(|subjects| subjects.values.contains_key(account_id))
        };
        let is_of_aaf = || self.of_aaf.get(academy).is_some_and(|accounts| accounts.contains(account_id));
        match [RosterKey::Aaf, RosterKey::Siecle].into_iter().find(|key| is_known(*key)) {
            Some(key) => key,
            None if is_of_aaf() => RosterKey::Aaf,
            None => RosterKey::Siecle,
        }
    }

    /// Compares a `sub` with those that are known. One that is in order is known from then on.
    fn adopt(&mut self, sub: &FormerSub<'_>, new: &mut Vec<NewSubject>) -> AdoptedSubject {
        let space = self.space_of(sub);
        let subjects = self.spaces.entry(space.clone()).or_default();
        let holders = subjects.accounts.get(sub.value);
        if holders.is_some_and(|holders| holders.iter().any(|account| account != sub.account_id)) {
            return AdoptedSubject::OfAnother;
        }
        match subjects.values.get(sub.account_id) {
            Some(known) if known == sub.value => AdoptedSubject::Written,
            Some(_) => AdoptedSubject::Differs,
            None => {
                subjects.add(sub.account_id.clone(), sub.value.to_owned());
                new.push(NewSubject { space, account_id: sub.account_id.clone(), value: sub.value.to_owned() });
                AdoptedSubject::Written
            }
        }
    }
}
