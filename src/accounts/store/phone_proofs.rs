//! Codes by which a signed-in person proves the account's mobile, and what a right one writes.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, ChallengeId, PersonId, SessionId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};
use crate::roster::store::locks;

/// A code that was asked for.
#[derive(Clone, Debug, FromRow)]
pub struct PhoneProof {
    pub account_id: AccountId,
    /// The session that asked.
    pub session_id: SessionId,
    pub challenge_id: ChallengeId,
    /// The person whose number gets the code.
    pub person_id: PersonId,
    pub asked_at: i64,
}

/// Writes the code of an account; the one before it serves no more.
pub async fn replace(tx: &mut Tx, new: &PhoneProof) -> Result<()> {
    let sql = "INSERT INTO phone_proof (account_id, session_id, challenge_id, person_id, asked_at) \
               VALUES ($1, $2, $3, $4, $5) ON CONFLICT (account_id) DO UPDATE SET session_id = excluded.session_id, \
               challenge_id = excluded.challenge_id, person_id = excluded.person_id, asked_at = excluded.asked_at";
    let args = args![&new.account_id, &new.session_id, &new.challenge_id, &new.person_id, new.asked_at];
    tx.execute(sql, args).await?;
    Ok(())
}

pub async fn find(tx: &mut Tx, account_id: &AccountId) -> Result<Option<PhoneProof>> {
    let sql = "SELECT account_id, session_id, challenge_id, person_id, asked_at FROM phone_proof WHERE account_id = $1";
    tx.fetch_optional(sql, args![account_id]).await
}

pub async fn delete(tx: &mut Tx, account_id: &AccountId) -> Result<()> {
    tx.execute("DELETE FROM phone_proof WHERE account_id = $1", args![account_id]).await?;
    Ok(())
}

/// Deletes codes that were asked for before a time and never typed.
pub async fn delete_old(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM phone_proof WHERE account_id IN (SELECT account_id FROM phone_proof WHERE asked_at < $1 \
               LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}

/// The effect of a right code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProvenPhone {
    /// The persons of the account whose number is proven.
    pub persons: Vec<PersonId>,
    /// The persons among them who had given it up.
    pub restored: Vec<PersonId>,
}

/// Records that the number to which the code went is the account's person's. A number that the school replaced since is
/// not concerned; one that was given up comes back only where the school exported it again later.
pub async fn record(tx: &mut UnitOfWork<'_>, proof: &PhoneProof) -> Result<ProvenPhone> {
    locks::lock_people_of_account(tx, &proof.account_id).await?;
    let now = tx.now;
    let restore = "UPDATE person SET phone_proven_at = $4, phone_disowned_at = NULL WHERE account_id = $1 \
                   AND phone IS NOT NULL AND phone_since <= $3 AND exported_at > phone_disowned_at \
                   AND phone_blind = (SELECT p.phone_blind FROM person p WHERE p.id = $2) RETURNING id";
    let prove = "UPDATE person SET phone_proven_at = $4 WHERE account_id = $1 AND phone IS NOT NULL \
                 AND phone_since <= $3 AND phone_disowned_at IS NULL \
                 AND phone_blind = (SELECT p.phone_blind FROM person p WHERE p.id = $2) RETURNING id";
    let args = || args![&proof.account_id, &proof.person_id, proof.asked_at, now];
    let restored = tx.fetch_all::<(PersonId,)>(restore, args()).await?;
    let persons = tx.fetch_all::<(PersonId,)>(prove, args()).await?;
    let ids = |rows: Vec<(PersonId,)>| rows.into_iter().map(|(id,)| id).collect();
    Ok(ProvenPhone { persons: ids(persons), restored: ids(restored) })
}
