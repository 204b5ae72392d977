//! Reads and writes subjects.

use super::{RecordedSubject, SubjectSpace, academy_of_space, roster_space, roster_value, store};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, PersonId};
use crate::clients::ClientMetadata;
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::{Tx, UnitOfWork};
use crate::roster;

/// A computed `sub`.
struct ComputedSubject {
    value: String,
    /// False for the stand-in of an account without a roster key: it must not become the account's `sub`.
    is_real: bool,
}

/// Returns the `sub` of an account for a client, the same in tokens, userinfo, introspection and logout (OIDCC 8).
pub async fn find_subject(
    master_key: &MasterKey,
    tx: &mut Tx,
    meta: &ClientMetadata,
    account_id: &AccountId,
) -> anyhow::Result<String> {
    let space = SubjectSpace::of(meta);
    match store::find(tx, &space.name(), account_id).await? {
        Some(value) => Ok(value),
        None => Ok(compute(master_key, tx, &space, account_id).await?.value),
    }
}

/// Writes the `sub` of an account for the clients of a space, unless there is one. A stand-in for a missing roster key
/// is not written. Returns the value that holds.
pub async fn record_subject(
    master_key: &MasterKey,
    tx: &mut Tx,
    now: Timestamp,
    space: &SubjectSpace,
    account_id: &AccountId,
) -> anyhow::Result<String> {
    let name = space.name();
    if let Some(value) = store::find(tx, &name, account_id).await? {
        return Ok(value);
    }
    let computed = compute(master_key, tx, space, account_id).await?;
    if !computed.is_real {
        return Ok(computed.value);
    }
    store::insert_if_absent(tx, now, &name, account_id, &computed.value).await?;
    // A concurrent request may have been first.
    Ok(store::find(tx, &name, account_id).await?.unwrap_or(computed.value))
}

async fn compute(
    master_key: &MasterKey,
    tx: &mut Tx,
    space: &SubjectSpace,
    account_id: &AccountId,
) -> anyhow::Result<ComputedSubject> {
    let derived = |name: &str| master_key.hmac(HmacPurpose::Subject, &format!("{name}/{account_id}"));
    let SubjectSpace::Roster { academy, sector } = space else {
        return Ok(ComputedSubject { value: derived(&space.name()), is_real: true });
    };
    if let Some(key) = roster::store::find_key_of_account(tx, account_id, academy).await? {
        return Ok(ComputedSubject { value: roster_value(academy, &key), is_real: true });
    }
    // An account without a key there is outside of the perimeter.
    let pairwise = SubjectSpace::Pairwise { sector: sector.clone() }.name();
    let value = match store::find(tx, &pairwise, account_id).await? {
        Some(value) => value,
        None => derived(&pairwise),
    };
    Ok(ComputedSubject { value, is_real: false })
}

/// Lists the former values that the clients of a space knew the account's person by.
pub async fn list_former(tx: &mut Tx, meta: &ClientMetadata, account_id: &AccountId) -> anyhow::Result<Vec<String>> {
    Ok(store::list_former(tx, &SubjectSpace::of(meta).name(), account_id).await?)
}

/// Links a person of the roster to an account like [`roster::store::link_to_account`]. The account's key in the
/// person's academy, if it has one, is written before: a person who joins later never changes it.
pub async fn link_person(
    tx: &mut UnitOfWork<'_>,
    person_id: &PersonId,
    account_id: &AccountId,
) -> anyhow::Result<bool> {
    let now = tx.now;
    if let Some(academy) = roster::store::find_academy_of_person(tx, person_id).await?
        && let Some(key) = roster::store::find_key_of_account(tx, account_id, &academy).await?
    {
        let value = roster_value(&academy, &key);
        store::insert_if_absent(tx, now, &roster_space(&academy), account_id, &value).await?;
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
    let keys = roster::store::ownership::list_keys_of_account(tx, account_id, academy).await?;
    Ok(keys.iter().any(|key| roster_value(academy, key) == value))
}
