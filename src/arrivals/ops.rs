//! Takes rows of accounts, each in one transaction: an import that was killed is given again, and changes nothing twice.

use std::collections::BTreeMap;

use super::store::KeyOwner;
use super::{ArrivalOutcome, ArrivalRemark, ArrivalRow, ArrivingPerson, store};
use crate::accounts::store::NewAccount;
use crate::accounts::{self, Account, AccountState, identifier, legacy};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::row_id;
use crate::base::names::roster_canonical_key;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::clients;
use crate::crypto::MasterKey;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::roster::formats::RosterFormat;
use crate::roster::ine::Ine;
use crate::roster::store::pupils;
use crate::subjects;

/// The maximum characters of a `sub` (OIDCC 2).
const MAX_SUB_CHARS: usize = 255;

/// The person of a row, as the roster has them.
struct Owner {
    person: ArrivingPerson,
    family: String,
    usage: Option<String>,
    given: String,
    account_id: Option<AccountId>,
}

impl Owner {
    fn new<Id>(found: KeyOwner<Id>, person: impl FnOnce(Id) -> ArrivingPerson) -> Self {
        let KeyOwner { id, family_name, usage_name, given_name, account_id } = found;
        Self { person: person(id), family: family_name, usage: usage_name, given: given_name, account_id }
    }

    fn shown_family(&self) -> &str {
        self.usage.as_deref().unwrap_or(&self.family)
    }

    /// True if an account is of somebody with these names.
    fn has_names_of(&self, account: &Account) -> bool {
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

/// The rows of one table: a person with keys in two places has one account.
pub struct ArrivalBatch<'a> {
    storage: StorageOperation<'a>,
    academy: &'a str,
    /// The accounts of the table so far, by identifiant.
    known: BTreeMap<String, AccountId>,
}

impl<'a> ArrivalBatch<'a> {
    pub fn new(storage: StorageOperation<'a>, academy: &'a str) -> Self {
        Self { storage, academy, known: BTreeMap::new() }
    }

    /// Takes a row, or says what would become of it.
    pub async fn take(&mut self, row: &ArrivalRow, dry_run: bool) -> anyhow::Result<ArrivalOutcome> {
        if let Some(other) = row.academy.as_deref().filter(|academy| *academy != self.academy) {
            return Ok(refused(ArrivalRemark::OtherAcademy(other.chars().take(40).collect())));
        }
        let mut tx = self.storage.write(Durability::Relaxed).await?;
        let outcome = self.take_within(&mut tx, row).await?;
        if dry_run {
            tx.rollback().await?;
        } else {
            tx.commit().await?;
        }
        Ok(outcome)
    }

    async fn take_within(&mut self, tx: &mut UnitOfWork<'_>, row: &ArrivalRow) -> anyhow::Result<ArrivalOutcome> {
        let owner = match row.format {
            RosterFormat::Onde => find_owner_by_ine(tx, (self.academy, self.storage.master_key), row).await?,
            _ => find_owner(tx, self.academy, row).await?.ok_or(ArrivalRemark::UnknownPerson),
        };
        let owner = match owner {
            Ok(owner) => owner,
            Err(remark) => return Ok(refused(remark)),
        };
        if !owner.agrees_with(row) {
            return Ok(refused(ArrivalRemark::OtherName));
        }
        if owner.given.is_empty() {
            return Ok(refused(ArrivalRemark::Institution));
        }
        let typed = row.identifiant.as_deref().map(identifier::normalize);
        let mut outcome = ArrivalOutcome::default();
        let account = match &owner.account_id {
            Some(id) => {
                let account = accounts::store::find(tx, id).await?;
                let Some(account) = account else { return Ok(refused(ArrivalRemark::UnknownPerson)) };
                if typed.as_deref().is_some_and(|typed| typed != account.identifiant) {
                    outcome.remarks.push(ArrivalRemark::HasAccount(account.identifiant.clone()));
                }
                account
            }
            None => match self.open_account(tx, row, &owner, typed.as_deref(), &mut outcome).await? {
                Some(account) => account,
                None => return Ok(outcome),
            },
        };
        if let Some(typed) = typed {
            self.known.insert(typed, account.id.clone());
        }
        self.take_hash(tx, row, &account, &mut outcome).await?;
        for (client, value) in &row.subjects {
            outcome.remarks.extend(take_subject(tx, &account.id, client, value).await?);
        }
        Ok(outcome)
    }

    /// Gives the person of a row an account: that of the same identifiant in the table, or a new one.
    async fn open_account(
        &self,
        tx: &mut UnitOfWork<'_>,
        row: &ArrivalRow,
        owner: &Owner,
        typed: Option<&str>,
        outcome: &mut ArrivalOutcome,
    ) -> anyhow::Result<Option<Account>> {
        if let Some(known) = typed.and_then(|typed| self.known.get(typed))
            && let Some(account) = accounts::store::find_and_lock(tx, known).await?
            && account.state != AccountState::Closed
            && account.profile == row.profile
            && owner.has_names_of(&account)
        {
            link(tx, owner, &account.id).await?;
            return Ok(Some(account));
        }
        let kept = match typed.map(|typed| (typed, identifier::split(typed))) {
            Some((typed, Some(parts))) => insert_account(tx, row.profile, owner, parts).await?.ok_or((typed, "taken")),
            Some((typed, None)) => Err((typed, "of another form")),
            None => Err(("", "")),
        };
        let account = match kept {
            Ok(account) => account,
            Err((given, why)) => {
                let (family, usage) = (owner.family.as_str(), owner.usage.as_deref());
                let drawn = accounts::ops::create_account(tx, row.profile, &owner.given, family, usage).await?;
                if !given.is_empty() {
                    let given = given.chars().filter(|c| !c.is_control()).take(40).collect();
                    let drawn = drawn.identifiant.clone();
                    outcome.remarks.push(ArrivalRemark::DrawnIdentifiant { given, why, drawn });
                }
                drawn
            }
        };
        link(tx, owner, &account.id).await?;
        let about = AuditDetails { account: Some(&account.id), detail: "import", ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::IdentifierAssigned, about).await?;
        outcome.is_new = true;
        Ok(Some(account))
    }

    /// Gives a pending account the password of the other program, sealed.
    async fn take_hash(
        &self,
        tx: &mut UnitOfWork<'_>,
        row: &ArrivalRow,
        account: &Account,
        outcome: &mut ArrivalOutcome,
    ) -> anyhow::Result<()> {
        match &row.hash {
            Some(Ok(hash)) if account.state == AccountState::Pending => {
                let sealed = legacy::seal(self.storage.master_key, &account.id, hash)?;
                accounts::store::set_imported_password(tx, &account.id, &sealed).await?;
            }
            Some(Err(error)) if account.state == AccountState::Pending => outcome.remarks.push((*error).into()),
            _ => {}
        }
        Ok(())
    }
}

fn refused(remark: ArrivalRemark) -> ArrivalOutcome {
    ArrivalOutcome { is_new: false, remarks: vec![remark] }
}

async fn find_owner(tx: &mut Tx, academy: &str, row: &ArrivalRow) -> anyhow::Result<Option<Owner>> {
    let format = row.format.name();
    // The columns of SIECLE's keys hold those of other formats too.
    if row.key.contains(':') {
        return Ok(None);
    }
    Ok(match row.profile {
        Profile::Eleve => {
            let found = store::find_pupil(tx, academy, format, &row.key).await?;
            found.map(|found| Owner::new(found, ArrivingPerson::Pupil))
        }
        _ => {
            let found = store::find_person(tx, academy, format, &row.key).await?;
            found.map(|found| Owner::new(found, ArrivingPerson::Parent))
        }
    })
}

/// Finds the person of a row of ONDE, which has no keys: by the INE of the pupil, and the names of whom the row is of.
async fn find_owner_by_ine(
    tx: &mut Tx,
    (academy, master_key): (&str, &MasterKey),
    row: &ArrivalRow,
) -> anyhow::Result<Result<Owner, ArrivalRemark>> {
    let Some(ine) = Ine::parse(&row.key) else { return Ok(Err(ArrivalRemark::UnknownPerson)) };
    let blind = ine.blind(master_key);
    let mut owners: Vec<Owner> = match row.profile {
        Profile::Eleve => {
            let found = store::list_pupils_by_ine(tx, academy, &blind).await?;
            found.into_iter().map(|found| Owner::new(found, ArrivingPerson::Pupil)).collect()
        }
        _ => {
            let found = store::list_responsables_by_ine(tx, academy, &blind).await?;
            found.into_iter().map(|found| Owner::new(found, ArrivingPerson::Parent)).collect()
        }
    };
    // The names say whose the row is, so the given name is whole: « Jean » may be the father of « Jean Pierre ».
    let is_whole = |owner: &Owner| row.given.as_deref().is_none_or(|given| is_same_name(given, &owner.given));
    owners.retain(|owner| owner.agrees_with(row) && is_whole(owner));
    let owner = owners.pop().ok_or(ArrivalRemark::UnknownPerson);
    Ok(if owners.is_empty() { owner } else { Err(ArrivalRemark::SeveralPersons) })
}

async fn insert_account(
    tx: &mut UnitOfWork<'_>,
    profile: Profile,
    owner: &Owner,
    (stem, suffix): (&str, &str),
) -> anyhow::Result<Option<Account>> {
    let id = AccountId::new(row_id(tx.now, tx.rng));
    let (given_name, family_name) = (owner.given.as_str(), owner.shown_family());
    let new = NewAccount { id: &id, stem, suffix, profile, given_name, family_name };
    if !accounts::store::insert(tx, &new).await? {
        return Ok(None);
    }
    Ok(accounts::store::find(tx, &id).await?)
}

async fn link(tx: &mut UnitOfWork<'_>, owner: &Owner, account_id: &AccountId) -> anyhow::Result<()> {
    let linked = match &owner.person {
        ArrivingPerson::Parent(id) => subjects::ops::link_person(tx, id, account_id).await?,
        ArrivingPerson::Pupil(id) => pupils::link_pupil_to_account(tx, id, account_id).await?,
    };
    anyhow::ensure!(linked, "somebody was given an account at the same moment: import the table again");
    Ok(())
}

/// Writes by which `sub` a client knows the account. None is ever of two accounts.
async fn take_subject(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    client_id: &str,
    value: &str,
) -> anyhow::Result<Option<ArrivalRemark>> {
    let client_id = client_id.to_owned();
    if value.len() > MAX_SUB_CHARS || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(Some(ArrivalRemark::InvalidSub(client_id)));
    }
    let Some(client) = clients::store::find(tx, &client_id).await? else {
        return Ok(Some(ArrivalRemark::UnknownClient(client_id)));
    };
    Ok(match subjects::ops::adopt_subject(tx, &client.meta, account_id, value).await? {
        subjects::ops::AdoptedSubject::Written => None,
        subjects::ops::AdoptedSubject::OfAnother => Some(ArrivalRemark::SubTaken(client_id)),
        subjects::ops::AdoptedSubject::Differs => Some(ArrivalRemark::SubDiffers(client_id)),
    })
}
