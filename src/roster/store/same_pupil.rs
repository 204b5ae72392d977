//! Records of one pupil in several academies, or schools, by the HMAC of the INE.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PupilId};
use crate::base::uai::Uai;
use crate::db::{
    BATCH_SIZE, CLEANUP_BATCH_ROWS, FromRow, KeysSql, Result, Tx, UnitOfWork, Value, args, batch_args,
    batch_placeholders,
};

/// A record with an account.
#[derive(Clone, Debug, FromRow)]
pub struct AccountedPupil {
    pub id: PupilId,
    pub account_id: AccountId,
    pub family_name: String,
    pub given_name: String,
    /// Encrypted.
    pub birth_date: String,
    pub ine_blind: String,
}

static ACCOUNTED_PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT u.id, u.account_id, u.family_name, u.given_name, u.birth_date, u.ine_blind FROM pupil u \
                JOIN account a ON a.id = u.account_id WHERE a.profile = ? AND a.state <> 'closed' AND u.ine_blind IN";
    KeysSql::new(head, "ORDER BY u.id")
});

/// Lists the records, of every academy, that have one of the INEs and the account of a pupil that is not closed.
pub async fn list_with_account(tx: &mut Tx, blinds: &[&str]) -> Result<Vec<AccountedPupil>> {
    tx.fetch_by_keys(&ACCOUNTED_PUPILS, args![Profile::Eleve.name()], blinds).await
}

/// The history of a pupil without an account.
#[derive(Clone, Debug, FromRow)]
pub struct PupilHistory {
    pub pupil_id: PupilId,
    pub join_barred_at: Option<i64>,
    /// The last time of an enrolment at any school of the academy: now for a current one.
    pub enrolled_at: Option<i64>,
}

/// Lists the histories of pupils.
pub async fn list_histories(tx: &mut Tx, now: Timestamp, ids: &[&PupilId]) -> Result<Vec<PupilHistory>> {
    let mut rows = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT u.id AS pupil_id, u.join_barred_at, (SELECT MAX(COALESCE(e.ended_at, $1)) FROM enrolment e \
             WHERE e.pupil_id = u.id) AS enrolled_at FROM pupil u WHERE u.id IN (",
            batch_placeholders!(),
            ")"
        );
        let args = batch_args(Value::from(now), ids.iter().map(|id| id.as_str()));
        rows.extend(tx.fetch_all::<PupilHistory>(sql, args).await?);
    }
    Ok(rows)
}

/// A record with the INE of another one.
#[derive(Clone, Debug, FromRow)]
pub struct SameIneRow {
    pub id: PupilId,
    pub account_id: Option<AccountId>,
}

static SAME_INE: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT DISTINCT o.id, o.account_id FROM pupil u \
                JOIN pupil o ON o.ine_blind = u.ine_blind AND o.id <> u.id WHERE u.id IN";
    KeysSql::new(head, "")
});

/// Lists the other records, of every academy, that have the INE of one of these.
pub async fn list_with_same_ine(tx: &mut Tx, ids: &[&PupilId]) -> Result<Vec<SameIneRow>> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.fetch_by_keys(&SAME_INE, Vec::new(), &ids).await
}

/// A record for which a sheet is printed.
#[derive(Clone, Debug, FromRow)]
pub struct SheetPupil {
    pub id: PupilId,
    pub account_id: Option<AccountId>,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    /// Encrypted.
    pub birth_date: String,
    pub ine_blind: Option<String>,
    pub join_barred_at: Option<i64>,
}

static SHEET_PUPILS: LazyLock<KeysSql> = LazyLock::new(|| {
    let head = "SELECT id, account_id, family_name, usage_name, given_name, birth_date, ine_blind, join_barred_at \
                FROM pupil WHERE id IN";
    KeysSql::new(head, "ORDER BY id")
});

/// Lists records for sheets.
pub async fn list_for_sheets(tx: &mut Tx, ids: &[&PupilId]) -> Result<Vec<SheetPupil>> {
    let ids: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
    tx.fetch_by_keys(&SHEET_PUPILS, Vec::new(), &ids).await
}

/// Lists the INEs that several pupils have who are enrolled in a school: such a number says nothing of any of them.
pub async fn list_repeated_ines(tx: &mut Tx, uai: &Uai) -> Result<HashSet<String>> {
    let sql = "SELECT u.ine_blind FROM enrolment e JOIN pupil u ON u.id = e.pupil_id \
               WHERE e.uai = $1 AND e.ended_at IS NULL AND u.ine_blind IS NOT NULL \
               GROUP BY u.ine_blind HAVING COUNT(*) > 1";
    Ok(tx.fetch_all::<(String,)>(sql, args![uai]).await?.into_iter().map(|(ine,)| ine).collect())
}

/// Gives a pupil the account of the same pupil elsewhere, of which the pupil is to be told. Returns false unless the
/// pupil still has none, and the other still has it, with the same INE, and not closed.
pub async fn join_account(
    tx: &mut UnitOfWork<'_>,
    pupil_id: &PupilId,
    other_id: &PupilId,
    account_id: &AccountId,
) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE pupil SET account_id = $3, joined_at = $4, join_untold_at = $4 \
               WHERE id = $1 AND account_id IS NULL AND join_barred_at IS NULL AND EXISTS \
               (SELECT 1 FROM pupil o JOIN account a ON a.id = o.account_id WHERE o.id = $2 AND o.account_id = $3 \
               AND o.ine_blind = pupil.ine_blind AND a.state <> 'closed')";
    Ok(tx.execute(sql, args![pupil_id, other_id, account_id, now]).await? == 1)
}

/// A join of which the pupil is not told yet.
#[derive(Clone, Debug, FromRow)]
pub struct UntoldJoin {
    pub pupil_id: PupilId,
    pub account_id: AccountId,
    pub joined_at: i64,
    /// The school by which the account was joined, if the pupil is still there.
    pub school: Option<String>,
}

/// Lists joins of which the pupils with an active account are not told yet.
pub async fn list_untold_joins(tx: &mut Tx) -> Result<Vec<UntoldJoin>> {
    let sql = "SELECT u.id AS pupil_id, a.id AS account_id, u.join_untold_at AS joined_at, \
               (SELECT MIN(s.name) FROM enrolment e JOIN school s ON s.uai = e.uai \
               WHERE e.pupil_id = u.id AND e.ended_at IS NULL) AS school \
               FROM pupil u JOIN account a ON a.id = u.account_id \
               WHERE u.join_untold_at IS NOT NULL AND a.state = 'active' ORDER BY u.join_untold_at, u.id LIMIT $1";
    tx.fetch_all(sql, args![CLEANUP_BATCH_ROWS]).await
}

/// Records that the pupil is told of a join. Returns true for the call that did.
pub async fn mark_join_told(tx: &mut Tx, join: &UntoldJoin) -> Result<bool> {
    let sql = "UPDATE pupil SET join_untold_at = NULL WHERE id = $1 AND join_untold_at = $2";
    Ok(tx.execute(sql, args![&join.pupil_id, join.joined_at]).await? == 1)
}

/// Names a record of a pupil by the keys of its academy.
#[derive(Clone, Copy, Debug)]
pub struct PupilKey<'a> {
    pub academy: &'a str,
    /// ELEVE_ID.
    pub key: &'a str,
}

/// Takes a record out of the account that an import joined it to, and bars it from being joined again. Returns false
/// where no import joined it to this account.
pub async fn detach(tx: &mut UnitOfWork<'_>, account_id: &AccountId, pupil: PupilKey<'_>) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE pupil SET account_id = NULL, joined_at = NULL, join_untold_at = NULL, join_barred_at = $4 \
               WHERE account_id = $1 AND academy = $2 AND pupil_key = $3 AND joined_at IS NOT NULL";
    Ok(tx.execute(sql, args![account_id, pupil.academy, pupil.key, now]).await? == 1)
}
