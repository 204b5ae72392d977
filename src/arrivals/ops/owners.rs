//! Finds the people of rows in the roster: the keys of all rows in few statements.

use std::collections::{BTreeMap, BTreeSet};

use crate::accounts::Account;
use crate::arrivals::store::{self, KeyOwner};
use crate::arrivals::{ArrivalRemark, ArrivalRow, ArrivingPerson};
use crate::base::names::{identifier_stem, roster_canonical_key};
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::crypto::MasterKey;
use crate::db::{Result, Tx};
use crate::roster::formats::RosterFormat;
use crate::roster::ine::Ine;

/// The maximum characters of a cell that a report repeats.
const MAX_TOLD_CHARS: usize = 40;

/// Returns what a report repeats of a cell: it is shown on terminals.
pub(super) fn told(cell: &str) -> String {
    cell.chars().filter(|c| !c.is_control()).take(MAX_TOLD_CHARS).collect()
}

/// The person of a row, as the roster has them.
#[derive(Clone)]
pub(super) struct RowOwner {
    pub person: ArrivingPerson,
    pub family: String,
    pub usage: Option<String>,
    pub given: String,
    pub account_id: Option<AccountId>,
}

impl RowOwner {
    pub fn shown_family(&self) -> &str {
        self.usage.as_deref().unwrap_or(&self.family)
    }

    /// Returns the identifiant that is drawn for the person, before its digits.
    pub fn stem(&self) -> String {
        identifier_stem(&self.given, &self.family, self.usage.as_deref())
    }

    /// True if an account is of somebody with these names.
    pub fn has_names_of(&self, account: &Account) -> bool {
        is_same_name(&self.given, &account.given_name) && self.has_family(&account.family_name)
    }

    fn has_family(&self, family: &str) -> bool {
        [Some(self.family.as_str()), self.usage.as_deref()].into_iter().flatten().any(|own| is_same_name(own, family))
    }

    /// True if a row says no other names: one of the two given names may be the first one alone.
    fn agrees_with(&self, row: &ArrivalRow) -> bool {
        let is_given = |given: &str| is_same_name(given, &self.given) || is_first_alone(given, &self.given);
        row.family.as_deref().is_none_or(|family| self.has_family(family)) && row.given.as_deref().is_none_or(is_given)
    }
}

/// True if one of two given names is a single word, and the other's first one.
fn is_first_alone(left: &str, right: &str) -> bool {
    let words = |name: &str| name.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    match (&words(left)[..], &words(right)[..]) {
        ([one], [first, ..]) | ([first, ..], [one]) => is_same_name(one, first),
        _ => false,
    }
}

fn is_same_name(left: &str, right: &str) -> bool {
    let left = roster_canonical_key(left);
    !left.is_empty() && left == roster_canonical_key(right)
}

/// The people who have a key: of ONDE's, which are INEs, there may be several.
type OwnersByKey = BTreeMap<String, Vec<RowOwner>>;

/// Finds the person of each row, or says why there is none.
pub(super) async fn find_owners(
    tx: &mut Tx,
    (academy, master_key): (&str, &MasterKey),
    rows: &[ArrivalRow],
) -> Result<Vec<std::result::Result<RowOwner, ArrivalRemark>>> {
    let keys: Vec<Option<String>> = rows.iter().map(|row| stored_key(master_key, row)).collect();
    let mut wanted = BTreeMap::<(&str, bool), BTreeSet<&str>>::new();
    for (row, key) in rows.iter().zip(&keys) {
        if let Some(key) = key {
            wanted.entry(kind_of(row)).or_default().insert(key);
        }
    }
    let mut people = BTreeMap::new();
    for (kind, keys) in wanted {
        people.insert(kind, list_owners(tx, academy, kind, &Vec::from_iter(keys)).await?);
    }
    let find = |(row, key): (&ArrivalRow, &Option<String>)| {
        let of_kind: Option<&OwnersByKey> = people.get(&kind_of(row));
        let found = key.as_ref().and_then(|key| of_kind?.get(key));
        pick_owner(academy, row, found.map(Vec::as_slice).unwrap_or_default())
    };
    Ok(rows.iter().zip(&keys).map(find).collect())
}

/// Returns the name of the format of a row's key, and whether it is a pupil's.
fn kind_of(row: &ArrivalRow) -> (&'static str, bool) {
    (row.format.name(), row.profile == Profile::Eleve)
}

/// Returns the key of a row as the database has it; `None` for one that nobody has.
fn stored_key(master_key: &MasterKey, row: &ArrivalRow) -> Option<String> {
    match row.format {
        RosterFormat::Onde => Ine::parse(&row.key).map(|ine| ine.blind(master_key)),
        // The columns of SIECLE's keys hold those of other formats too.
        _ => Some(row.key.clone()).filter(|key| !key.contains(':')),
    }
}

async fn list_owners(
    tx: &mut Tx,
    academy: &str,
    (format, is_pupil): (&str, bool),
    keys: &[&str],
) -> Result<OwnersByKey> {
    let is_onde = format == RosterFormat::Onde.name();
    let mut owners = OwnersByKey::new();
    if is_pupil {
        let found = match is_onde {
            true => store::list_pupils_by_ine(tx, academy, keys).await?,
            false => store::list_pupils(tx, academy, format, keys).await?,
        };
        found.into_iter().for_each(|found| add_owner(&mut owners, found, ArrivingPerson::Pupil));
    } else {
        let found = match is_onde {
            true => store::list_responsables_by_ine(tx, academy, keys).await?,
            false => store::list_persons(tx, academy, format, keys).await?,
        };
        found.into_iter().for_each(|found| add_owner(&mut owners, found, ArrivingPerson::Parent));
    }
    Ok(owners)
}

fn add_owner<Id>(owners: &mut OwnersByKey, found: KeyOwner<Id>, person: impl FnOnce(Id) -> ArrivingPerson) {
    let KeyOwner { key, id, family_name, usage_name, given_name, account_id } = found;
    let owner = RowOwner { person: person(id), family: family_name, usage: usage_name, given: given_name, account_id };
    owners.entry(key).or_default().push(owner);
}

/// Returns the person of a row among those who have its key.
fn pick_owner(academy: &str, row: &ArrivalRow, found: &[RowOwner]) -> std::result::Result<RowOwner, ArrivalRemark> {
    if let Some(other) = row.academy.as_deref().filter(|other| *other != academy) {
        return Err(ArrivalRemark::OtherAcademy(told(other)));
    }
    let owner = match row.format {
        RosterFormat::Onde => pick_by_names(row, found)?,
        _ => found.first().ok_or(ArrivalRemark::UnknownPerson)?,
    };
    if !owner.agrees_with(row) {
        return Err(ArrivalRemark::OtherName);
    }
    if owner.given.is_empty() {
        return Err(ArrivalRemark::Institution);
    }
    Ok(owner.clone())
}

/// Returns the person of a row of ONDE, which has no keys: by the INE of the pupil, and the names of whom the row is of.
fn pick_by_names<'a>(row: &ArrivalRow, found: &'a [RowOwner]) -> std::result::Result<&'a RowOwner, ArrivalRemark> {
    // The names say whose the row is, so the given name is whole: « Jean » may be the father of « Jean Pierre ».
    let is_whole = |owner: &RowOwner| row.given.as_deref().is_none_or(|given| is_same_name(given, &owner.given));
    let mut meant = found.iter().filter(|owner| owner.agrees_with(row) && is_whole(owner));
    let owner = meant.next().ok_or(ArrivalRemark::UnknownPerson)?;
    match meant.next() {
        Some(_) => Err(ArrivalRemark::SeveralPersons),
        None => Ok(owner),
    }
}
