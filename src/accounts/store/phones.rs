//! The columns of persons about their mobile numbers.

use crate::accounts::phones::{AccountPhone, PhoneHistory};
use crate::base::clock::Timestamp;
use crate::base::names::roster_canonical_key;
use crate::base::typed_ids::{AccountId, PersonId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};
use crate::roster::store::locks;

#[derive(FromRow)]
struct PhoneRow {
    id: PersonId,
    phone: String,
    phone_since: i64,
    proven_at: Option<i64>,
    code_typed_at: Option<i64>,
    phone_disowned_at: Option<i64>,
    exported_at: i64,
}

/// True if the roster gives a mobile number of the account to somebody else too, by the given name, who has not the same
/// account. Two academies may write one name in two ways.
pub async fn is_shared(tx: &mut Tx, account_id: &AccountId) -> Result<bool> {
    let sql = "SELECT DISTINCT p.given_name, o.given_name AS other FROM person p \
               JOIN person o ON o.phone_blind = p.phone_blind \
               WHERE p.account_id = $1 AND p.phone_disowned_at IS NULL AND o.phone_disowned_at IS NULL \
               AND o.given_name <> p.given_name AND (o.account_id IS NULL OR o.account_id <> $1) LIMIT 100";
    let pairs = tx.fetch_all::<(String, String)>(sql, args![account_id]).await?;
    Ok(pairs.iter().any(|(own, other)| roster_canonical_key(own) != roster_canonical_key(other)))
}

/// Finds the account's mobile number: the one proven last, else the one exported last. One that was given up comes last.
pub async fn find_phone(tx: &mut Tx, account_id: &AccountId) -> Result<Option<AccountPhone>> {
    let sql = "SELECT p.id, p.phone, p.phone_since, COALESCE(p.phone_proven_at, a.password_at) AS proven_at, \
               p.phone_proven_at AS code_typed_at, p.phone_disowned_at, p.exported_at \
               FROM person p JOIN account a ON a.id = p.account_id WHERE p.account_id = $1 AND p.phone IS NOT NULL \
               ORDER BY CASE WHEN p.phone_disowned_at IS NULL THEN 0 WHEN p.exported_at > p.phone_disowned_at THEN 1 \
               ELSE 2 END, COALESCE(p.phone_proven_at, 0) DESC, \
               p.exported_at DESC, p.id LIMIT 1";
    let row = tx.fetch_optional::<PhoneRow>(sql, args![account_id]).await?;
    Ok(row.map(|r| AccountPhone {
        person_id: r.id,
        sealed: r.phone,
        code_typed_at: r.code_typed_at.map(Timestamp),
        exported_again: r.phone_disowned_at.is_some_and(|given_up| r.exported_at > given_up),
        history: PhoneHistory {
            since: Timestamp(r.phone_since),
            proven_at: r.proven_at.map(Timestamp),
            disowned: r.phone_disowned_at.is_some(),
        },
    }))
}

/// A person of an account, with the columns of the mobile number.
#[derive(Clone, Debug, FromRow)]
pub struct PersonPhone {
    pub id: PersonId,
    pub academy: String,
    /// Encrypted.
    pub phone: Option<String>,
    pub phone_state: String,
    /// The last two digits of a number to which no SMS can be sent.
    pub phone_end: Option<String>,
    pub phone_since: i64,
    pub phone_proven_at: Option<i64>,
    pub phone_disowned_at: Option<i64>,
}

/// Lists the persons of an account, with their numbers.
pub async fn list_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<PersonPhone>> {
    let sql = "SELECT id, academy, phone, phone_state, phone_end, phone_since, phone_proven_at, phone_disowned_at \
               FROM person WHERE account_id = $1 ORDER BY academy, id LIMIT 100";
    tx.fetch_all(sql, args![account_id]).await
}

/// Records that the account's numbers are its person's no more. Returns the persons concerned.
pub async fn disown_phones(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<Vec<PersonId>> {
    locks::lock_people_of_account(tx, account_id).await?;
    let now = tx.now;
    let sql = "UPDATE person SET phone_disowned_at = $2 WHERE account_id = $1 AND phone IS NOT NULL \
               AND phone_disowned_at IS NULL RETURNING id";
    Ok(tx.fetch_all::<(PersonId,)>(sql, args![account_id, now]).await?.into_iter().map(|(id,)| id).collect())
}

/// Returns the history of a person's mobile number.
pub async fn find_phone_history(tx: &mut Tx, person_id: &PersonId) -> Result<Option<PhoneHistory>> {
    let sql = "SELECT p.phone_since, COALESCE(p.phone_proven_at, a.password_at), p.phone_disowned_at FROM person p \
               LEFT JOIN account a ON a.id = p.account_id WHERE p.id = $1";
    let row = tx.fetch_optional::<(i64, Option<i64>, Option<i64>)>(sql, args![person_id]).await?;
    Ok(row.map(|(since, proven_at, disowned_at)| PhoneHistory {
        since: Timestamp(since),
        proven_at: proven_at.map(Timestamp),
        disowned: disowned_at.is_some(),
    }))
}

/// Returns the time from which the account's person is asked again whether the number is still theirs.
pub async fn find_question_from(tx: &mut Tx, account_id: &AccountId) -> Result<Option<Timestamp>> {
    let sql = "SELECT phone_question_from FROM account WHERE id = $1";
    let row = tx.fetch_optional::<(Option<i64>,)>(sql, args![account_id]).await?;
    Ok(row.and_then(|(from,)| from).map(Timestamp))
}

/// Records that the question was answered: it is asked again from a time on.
pub async fn postpone_question(tx: &mut Tx, account_id: &AccountId, from: Timestamp) -> Result<()> {
    tx.execute("UPDATE account SET phone_question_from = $2 WHERE id = $1", args![account_id, from]).await?;
    Ok(())
}

/// A number that the school replaced, of a person who is not told yet.
#[derive(Clone, Debug, FromRow)]
pub struct PhoneChange {
    pub person_id: PersonId,
    pub account_id: AccountId,
    /// Encrypted; `None` if the person had given it up, or there was none.
    pub former_phone: Option<String>,
    /// Encrypted.
    pub phone: Option<String>,
    pub changed_at: i64,
}

/// Forgets replaced numbers: those before a time, and all of persons without an active account, who are told nothing.
pub async fn forget_former_phones(tx: &mut Tx, before: Timestamp) -> Result<()> {
    let late = "UPDATE person SET former_phone = NULL WHERE phone_change_untold_at <= $1 AND former_phone IS NOT NULL";
    tx.execute(late, args![before]).await?;
    let nobody = "UPDATE person SET former_phone = NULL, phone_change_untold_at = NULL \
                  WHERE phone_change_untold_at IS NOT NULL \
                  AND NOT EXISTS (SELECT 1 FROM account a WHERE a.id = person.account_id AND a.state = 'active')";
    tx.execute(nobody, args![]).await?;
    Ok(())
}

/// Lists replaced numbers of which the persons of active accounts are not told yet.
pub async fn list_untold_changes(tx: &mut Tx) -> Result<Vec<PhoneChange>> {
    let sql = "SELECT p.id AS person_id, a.id AS account_id, p.former_phone, p.phone, \
               p.phone_change_untold_at AS changed_at FROM person p JOIN account a ON a.id = p.account_id \
               WHERE p.phone_change_untold_at IS NOT NULL AND a.state = 'active' \
               ORDER BY p.phone_change_untold_at, p.id LIMIT $1";
    tx.fetch_all(sql, args![CLEANUP_BATCH_ROWS]).await
}

/// Records that the person is told of a change, and forgets the number before it. Returns true for the call that did.
pub async fn mark_change_told(tx: &mut Tx, change: &PhoneChange) -> Result<bool> {
    let sql = "UPDATE person SET phone_change_untold_at = NULL, former_phone = NULL \
               WHERE id = $1 AND phone_change_untold_at = $2";
    Ok(tx.execute(sql, args![&change.person_id, change.changed_at]).await? == 1)
}
