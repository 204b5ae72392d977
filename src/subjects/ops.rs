//! Reads and writes subjects.

pub mod adopted;

use super::{RecordedSubject, SubjectSpace, academy_of_space, roster_space, roster_value, store};
use crate::base::clock::Timestamp;
use crate::base::roster_key::RosterKey;
use crate::base::typed_ids::{AccountId, PersonId};
use crate::clients::{ClientMetadata, SubjectType};
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::{Tx, UnitOfWork};
use crate::roster;

/// The `sub` of an account for a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundSubject {
    pub value: String,
    /// False for the stand-in of an account without a roster key: it must not become the account's `sub`.
    pub is_real: bool,
}

/// Returns the `sub` of an account for a client, the same in tokens, userinfo, introspection and logout (OIDCC 8).
pub async fn find_subject(
    master_key: &MasterKey,
    tx: &mut Tx,
    meta: &ClientMetadata,
    account_id: &AccountId,
) -> anyhow::Result<String> {
    Ok(find_subject_or_stand_in(master_key, tx, meta, account_id).await?.value)
}

/// Returns the `sub` of an account for a client, and whether it is more than a stand-in.
pub async fn find_subject_or_stand_in(
    master_key: &MasterKey,
    tx: &mut Tx,
    meta: &ClientMetadata,
    account_id: &AccountId,
) -> anyhow::Result<FoundSubject> {
    let space = space_of(tx, meta, account_id).await?;
    match store::find(tx, &space.name(), account_id).await? {
        Some(value) => Ok(FoundSubject { value, is_real: true }),
        None => compute(master_key, tx, &space, account_id).await,
    }
}

/// Returns the stored name of the space of a client, for a look-up beside other rows; empty, the name of none, where it
/// depends on the account.
pub fn known_space(meta: &ClientMetadata) -> String {
    match meta.subject_type {
        SubjectType::Roster => String::new(),
        SubjectType::Pairwise | SubjectType::Public => SubjectSpace::of(meta, RosterKey::Siecle).name(),
    }
}

/// Returns the `sub` like [`find_subject`], after a look-up in the [`known_space`].
pub async fn find_subject_beside(
    master_key: &MasterKey,
    tx: &mut Tx,
    meta: &ClientMetadata,
    account_id: &AccountId,
    recorded: Option<String>,
) -> anyhow::Result<String> {
    match (recorded, meta.subject_type) {
        (Some(value), _) => Ok(value),
        (None, SubjectType::Roster) => find_subject(master_key, tx, meta, account_id).await,
        (None, SubjectType::Pairwise | SubjectType::Public) => {
            Ok(compute(master_key, tx, &SubjectSpace::of(meta, RosterKey::Siecle), account_id).await?.value)
        }
    }
}

/// Returns the space of a client for an account. Where the client's file names no key, it is AAF's for who is in it, or
/// whose school is; but an account that a client of the academy knows already stays what it is there.
async fn space_of(tx: &mut Tx, meta: &ClientMetadata, account_id: &AccountId) -> anyhow::Result<SubjectSpace> {
    let key = match (meta.subject_type, meta.roster_key, meta.perimeter.academies.first()) {
        (SubjectType::Roster, None, Some(academy)) => default_key(tx, academy, account_id).await?,
        (_, key, _) => key.unwrap_or(RosterKey::Siecle),
    };
    Ok(SubjectSpace::of(meta, key))
}

async fn default_key(tx: &mut Tx, academy: &str, account_id: &AccountId) -> anyhow::Result<RosterKey> {
    for key in [RosterKey::Aaf, RosterKey::Siecle] {
        if store::find(tx, &roster_space(academy, key), account_id).await?.is_some() {
            return Ok(key);
        }
    }
    let has_aaf = find_key(tx, account_id, academy, RosterKey::Aaf).await?.is_some()
        || roster::store::account_keys::is_in_school_of_aaf(tx, account_id, academy).await?;
    Ok(if has_aaf { RosterKey::Aaf } else { RosterKey::Siecle })
}

async fn find_key(
    tx: &mut Tx,
    account_id: &AccountId,
    academy: &str,
    key: RosterKey,
) -> anyhow::Result<Option<String>> {
    Ok(match key {
        RosterKey::Siecle => roster::store::account_keys::find_siecle_key_of_account(tx, account_id, academy).await?,
        RosterKey::Aaf => roster::store::account_keys::find_aaf_key_of_account(tx, account_id, academy).await?,
    })
}

/// Writes the `sub` of an account for a client and the others of its space, unless there is one. A stand-in for a missing
/// roster key is not written. Returns the value that holds.
pub async fn record_subject(
    master_key: &MasterKey,
    tx: &mut Tx,
    now: Timestamp,
    meta: &ClientMetadata,
    account_id: &AccountId,
) -> anyhow::Result<String> {
    let space = space_of(tx, meta, account_id).await?;
    let name = space.name();
    if let Some(value) = store::find(tx, &name, account_id).await? {
        return Ok(value);
    }
    let computed = compute(master_key, tx, &space, account_id).await?;
    if !computed.is_real {
        return Ok(computed.value);
    }
    store::insert_if_absent(tx, now, &name, account_id, &computed.value).await?;
    // A concurrent request may have been first.
    Ok(store::find(tx, &name, account_id).await?.unwrap_or(computed.value))
}

/// Derives the `sub` of an account in a pairwise or the public space.
fn derive(master_key: &MasterKey, space: &str, account_id: &AccountId) -> String {
    master_key.hmac(HmacPurpose::Subject, &format!("{space}/{account_id}"))
}

/// Returns the `sub` by which a client would know a person who is in no database, in the form that it has for all others.
/// `roster_key` stands for the key of a roster.
pub fn invented_subject(
    master_key: &MasterKey,
    meta: &ClientMetadata,
    account_id: &AccountId,
    roster_key: &str,
) -> String {
    match SubjectSpace::of(meta, meta.roster_key.unwrap_or(RosterKey::Siecle)) {
        SubjectSpace::Roster { academy, .. } => roster_value(&academy, roster_key),
        space => derive(master_key, &space.name(), account_id),
    }
}

async fn compute(
    master_key: &MasterKey,
    tx: &mut Tx,
    space: &SubjectSpace,
    account_id: &AccountId,
) -> anyhow::Result<FoundSubject> {
    let derived = |name: &str| derive(master_key, name, account_id);
    let SubjectSpace::Roster { academy, sector, key } = space else {
        return Ok(FoundSubject { value: derived(&space.name()), is_real: true });
    };
    if let Some(found) = find_key(tx, account_id, academy, *key).await? {
        let value = roster_value(academy, &found);
        if !is_another_s(tx, academy, account_id, &value).await? {
            return Ok(FoundSubject { value, is_real: true });
        }
        tracing::error!(%account_id, academy, "no sub is given: another account has this key of another format");
    }
    let pairwise = SubjectSpace::Pairwise { sector: sector.clone() }.name();
    let value = match store::find(tx, &pairwise, account_id).await? {
        Some(value) => value,
        None => derived(&pairwise),
    };
    Ok(FoundSubject { value, is_real: false })
}

/// True if another account is known by the value, as a key of any format: one client may have people of several, and an
/// account from elsewhere brought the values of another provider.
async fn is_another_s(tx: &mut Tx, academy: &str, account_id: &AccountId, value: &str) -> anyhow::Result<bool> {
    for key in RosterKey::ALL {
        if store::is_another_s(tx, &roster_space(academy, key), value, account_id).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lists the former values that the clients of a space knew the account's person by.
pub async fn list_former(tx: &mut Tx, meta: &ClientMetadata, account_id: &AccountId) -> anyhow::Result<Vec<String>> {
    let space = space_of(tx, meta, account_id).await?;
    Ok(store::list_former(tx, &space.name(), account_id).await?)
}

/// Links a person of the roster to an account like [`roster::store::link_to_account`]. The account's key in the
/// person's academy, if it has one, is written before: a person who joins later never changes it.
pub async fn link_person(
    tx: &mut UnitOfWork<'_>,
    person_id: &PersonId,
    account_id: &AccountId,
) -> anyhow::Result<bool> {
    let now = tx.now;
    if let Some(academy) = roster::store::find_academy_of_person(tx, person_id).await? {
        for key in RosterKey::ALL {
            let Some(found) = find_key(tx, account_id, &academy, key).await? else { continue };
            let (space, value) = (roster_space(&academy, key), roster_value(&academy, &found));
            if !store::is_another_s(tx, &space, &value, account_id).await? {
                store::insert_if_absent(tx, now, &space, account_id, &value).await?;
            }
        }
    }
    Ok(roster::store::link_to_account(tx, person_id, account_id).await?)
}

/// Takes from an account the roster keys that it got since then by persons of another account, who are with that one
/// again: its `sub` is its own key, and no key is the `sub` of two accounts. A relying party that saw the key in the
/// meantime knows that other account by it.
pub async fn return_roster_keys(
    tx: &mut UnitOfWork<'_>,
    since: Timestamp,
    from: &AccountId,
    to: &AccountId,
) -> anyhow::Result<()> {
    for RecordedSubject { space, value } in store::list_since(tx, from, since).await? {
        let Some(academy) = academy_of_space(&space) else { continue };
        if has_roster_key(tx, from, academy, &value).await? {
            continue;
        }
        let is_theirs = has_roster_key(tx, to, academy, &value).await?;
        if !is_theirs || !store::move_to(tx, &space, from, to).await? {
            store::delete(tx, &space, from).await?;
        }
    }
    Ok(())
}

/// True if a person of the account makes this `sub`.
async fn has_roster_key(tx: &mut Tx, account_id: &AccountId, academy: &str, value: &str) -> anyhow::Result<bool> {
    let keys = roster::store::account_keys::list_keys_of_account(tx, account_id, academy).await?;
    Ok(keys.iter().any(|key| roster_value(academy, key) == value))
}
