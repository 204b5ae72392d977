//! Moves the persons of an account to another one, and back.

use std::sync::LazyLock;

use super::locks;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::{KeysSql, Result, Tx, UnitOfWork, args};

static WITH_ACCOUNT: LazyLock<KeysSql> =
    LazyLock::new(|| KeysSql::new("SELECT id FROM person WHERE account_id IS NOT NULL AND id IN", ""));

/// Lists those of the persons who have an account.
pub async fn list_with_account(tx: &mut Tx, ids: &[&PersonId]) -> Result<Vec<PersonId>> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    let rows = tx.fetch_by_keys::<(PersonId,)>(&WITH_ACCOUNT, Vec::new(), &ids).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// Lists the academies in which an account has a person.
pub async fn list_academies_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT academy FROM person WHERE account_id = $1 ORDER BY academy LIMIT 100";
    Ok(tx.fetch_all::<(String,)>(sql, args![account_id]).await?.into_iter().map(|(academy,)| academy).collect())
}

/// Gives every person of an account to another one. Returns the persons.
pub async fn move_all(tx: &mut Tx, from: &AccountId, to: &AccountId) -> Result<Vec<PersonId>> {
    let held = super::list_persons_of_account(tx, from).await?;
    locks::lock_persons(tx, &held.iter().collect::<Vec<_>>()).await?;
    let sql = "UPDATE person SET account_id = $2 WHERE account_id = $1 RETURNING id";
    Ok(tx.fetch_all::<(PersonId,)>(sql, args![from, to]).await?.into_iter().map(|(id,)| id).collect())
}

/// Gives one person back; a person who left the account meanwhile stays where they are.
pub async fn give_back(tx: &mut Tx, person_id: &PersonId, from: &AccountId, to: &AccountId) -> Result<()> {
    let sql = "UPDATE person SET account_id = $3 WHERE id = $1 AND account_id = $2";
    tx.execute(sql, args![person_id, from, to]).await?;
    Ok(())
}

/// Copies the proofs of parenthood that another account has not. Returns the pupils.
pub async fn copy_proofs(tx: &mut UnitOfWork<'_>, from: &AccountId, to: &AccountId) -> Result<Vec<PupilId>> {
    let sql = "INSERT INTO link_proof (account_id, pupil_id, means, at) \
               SELECT $2, pupil_id, means, at FROM link_proof WHERE account_id = $1 \
               ON CONFLICT DO NOTHING RETURNING pupil_id";
    Ok(tx.fetch_all::<(PupilId,)>(sql, args![from, to]).await?.into_iter().map(|(id,)| id).collect())
}

/// Deletes a copied proof.
pub async fn delete_proof(tx: &mut Tx, account_id: &AccountId, pupil_id: &PupilId) -> Result<()> {
    let sql = "DELETE FROM link_proof WHERE account_id = $1 AND pupil_id = $2";
    tx.execute(sql, args![account_id, pupil_id]).await?;
    Ok(())
}

/// Gives another account the proofs recorded since then of pupils who are children of that one only.
pub async fn return_proofs(tx: &mut Tx, since: Timestamp, from: &AccountId, to: &AccountId) -> Result<()> {
    let copy = "INSERT INTO link_proof (account_id, pupil_id, means, at) \
                SELECT $2, pupil_id, means, at FROM link_proof WHERE account_id = $1 AND at >= $3 \
                AND pupil_id IN (SELECT l.pupil_id FROM link l JOIN person p ON p.id = l.person_id \
                WHERE p.account_id = $2) \
                AND pupil_id NOT IN (SELECT l.pupil_id FROM link l JOIN person p ON p.id = l.person_id \
                WHERE p.account_id = $1) ON CONFLICT DO NOTHING";
    tx.execute(copy, args![from, to, since]).await?;
    let delete = "DELETE FROM link_proof WHERE account_id = $1 AND at >= $3 \
                  AND pupil_id IN (SELECT l.pupil_id FROM link l JOIN person p ON p.id = l.person_id \
                  WHERE p.account_id = $2) \
                  AND pupil_id NOT IN (SELECT l.pupil_id FROM link l JOIN person p ON p.id = l.person_id \
                  WHERE p.account_id = $1)";
    tx.execute(delete, args![from, to, since]).await?;
    Ok(())
}
