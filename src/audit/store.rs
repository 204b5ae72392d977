//! The audit rows, append-only.

use serde::Serialize;

use super::{AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{row_id, row_id_lower_bound};
use crate::base::typed_ids::AccountId;
use crate::db::{
    BATCH_SIZE, CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders,
};

/// Writes an event in the unit of work that causes it, with the time, the actor and the request of the unit of work. What
/// concerns a school concerns its academy.
pub async fn record(work: &mut UnitOfWork<'_>, fact: AuditEvent, about: AuditDetails<'_>) -> Result<()> {
    let (id, now) = (row_id(work.now, work.rng), work.now);
    let (kind, actor, request) = (work.actor.kind(), work.actor.id().map(str::to_owned), work.request_id.clone());
    let (role, proof) = work.actor.role_and_proof();
    let (role, proof) = (role.map(str::to_owned), proof.map(str::to_owned));
    work.execute(
        "INSERT INTO audit (id, at, fact, account_id, client_id, detail, uai, person_id, actor_kind, actor_id, \
         request_id, reason, before, after, role, proof, academy) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, \
         COALESCE($17, (SELECT s.academy FROM school s WHERE s.uai = $7)))",
        args![
            id,
            now,
            fact.name(),
            about.account,
            about.client,
            about.detail,
            about.uai,
            about.person,
            kind,
            actor,
            request,
            about.reason,
            about.before,
            about.after,
            role,
            proof,
            about.academy
        ],
    )
    .await?;
    Ok(())
}

/// Returns the time of the last backup.
pub async fn find_last_backup(tx: &mut Tx) -> Result<Option<Timestamp>> {
    let sql = "SELECT at FROM audit WHERE fact = 'backup_written' ORDER BY at DESC LIMIT 1";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![]).await?.map(|(at,)| Timestamp(at)))
}

/// Writes the same event for each of many accounts, like [`record`]. The id of a row begins as one that is drawn for its
/// statement, and ends as its account's.
pub async fn record_for_accounts(
    work: &mut UnitOfWork<'_>,
    fact: AuditEvent,
    accounts: &[AccountId],
    about: AuditDetails<'_>,
) -> Result<()> {
    let now = work.now;
    let (kind, actor, request) = (work.actor.kind(), work.actor.id().map(str::to_owned), work.request_id.clone());
    let (role, proof) = work.actor.role_and_proof();
    let (role, proof) = (role.map(str::to_owned), proof.map(str::to_owned));
    for ids in accounts.chunks(BATCH_SIZE) {
        let begin: String = row_id(now, work.rng).chars().take(20).collect();
        let sql = concat!(
            "INSERT INTO audit (id, at, fact, account_id, detail, uai, actor_kind, actor_id, request_id, reason, role, \
             proof, academy) SELECT $1 || SUBSTR(id, 21), $52, $53, id, $54, $55, $56, $57, $58, $59, $60, $61, \
             COALESCE($62, (SELECT s.academy FROM school s WHERE s.uai = $55)) FROM account WHERE id IN (",
            batch_placeholders!(),
            ")"
        );
        let mut values = batch_args(Value::from(begin), ids.iter().map(|id| id.as_str()));
        values.extend(args![now, fact.name(), about.detail, about.uai, kind, &actor, &request, about.reason]);
        values.extend(args![&role, &proof, about.academy]);
        work.execute(sql, values).await?;
    }
    Ok(())
}

/// Deletes the events of seals that ended before the given time, at most [`CLEANUP_BATCH_ROWS`] per call. The events of
/// a seal go together and the seal stays, so that what is left can be verified.
pub async fn delete_expired(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM audit WHERE id IN (SELECT id FROM audit WHERE id <= \
               (SELECT MAX(last) FROM audit_seal WHERE last < $1) ORDER BY id LIMIT $2)";
    tx.execute(sql, args![row_id_lower_bound(before), CLEANUP_BATCH_ROWS]).await
}

/// A row of the audit with all its columns, in their order. Its JSON is what a seal digests, so a column that is added
/// later is left out where it is empty.
#[derive(Clone, Debug, PartialEq, Eq, FromRow, Serialize)]
pub struct AuditRow {
    pub id: String,
    pub at: i64,
    pub fact: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    pub detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_kind: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub academy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uai: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// Lists the rows after an id and before another, in their order.
pub async fn list_between(tx: &mut Tx, after: &str, before: &str, most: i64) -> Result<Vec<AuditRow>> {
    tx.fetch_all(
        "SELECT id, at, fact, account_id, client_id, detail, actor_kind, actor_id, role, academy, uai, person_id, \
         reason, before, after, proof, request_id FROM audit WHERE id > $1 AND id < $2 ORDER BY id LIMIT $3",
        args![after, before, most],
    )
    .await
}

/// Lists the rows of an account after an id and before another, in their order.
pub async fn list_of_account(
    tx: &mut Tx,
    account_id: &AccountId,
    after: &str,
    before: &str,
    most: i64,
) -> Result<Vec<AuditRow>> {
    tx.fetch_all(
        "SELECT id, at, fact, account_id, client_id, detail, actor_kind, actor_id, role, academy, uai, person_id, \
         reason, before, after, proof, request_id FROM audit WHERE account_id = $4 AND id > $1 AND id < $2 \
         ORDER BY id LIMIT $3",
        args![after, before, most, account_id],
    )
    .await
}

/// Returns the time of the first event of a kind of an account, as far back as the audit goes.
pub async fn find_first(tx: &mut Tx, account_id: &AccountId, fact: AuditEvent) -> Result<Option<Timestamp>> {
    let sql = "SELECT MIN(at) FROM audit WHERE account_id = $1 AND fact = $2";
    Ok(tx.fetch_one::<(Option<i64>,)>(sql, args![account_id, fact.name()]).await?.0.map(Timestamp))
}

/// Lists the latest rows of an account before an id, the newest first.
pub async fn list_latest_of_account(
    tx: &mut Tx,
    account_id: &AccountId,
    before: &str,
    most: i64,
) -> Result<Vec<(String, i64, String)>> {
    let sql = "SELECT id, at, fact FROM audit WHERE account_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3";
    tx.fetch_all(sql, args![account_id, before, most]).await
}

/// A seal over consecutive rows.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct AuditSeal {
    pub seq: i64,
    /// The ids of the first and the last row.
    pub first: String,
    pub last: String,
    pub count: i64,
    pub digest: String,
    /// The digest of the seal before; empty for the first.
    pub previous: String,
    pub sealed_at: i64,
}

pub async fn find_last_seal(tx: &mut Tx) -> Result<Option<AuditSeal>> {
    let sql = "SELECT seq, first, last, count, digest, previous, sealed_at FROM audit_seal ORDER BY seq DESC LIMIT 1";
    tx.fetch_optional(sql, args![]).await
}

/// Lists the seals after a number, in their order.
pub async fn list_seals(tx: &mut Tx, after: i64, most: i64) -> Result<Vec<AuditSeal>> {
    let sql = "SELECT seq, first, last, count, digest, previous, sealed_at FROM audit_seal WHERE seq > $1 \
               ORDER BY seq LIMIT $2";
    tx.fetch_all(sql, args![after, most]).await
}

/// Inserts a seal; false if another server sealed the same rows.
pub async fn insert_seal(tx: &mut Tx, seal: &AuditSeal) -> Result<bool> {
    let sql = "INSERT INTO audit_seal (seq, first, last, count, digest, previous, sealed_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
    let values = args![seal.seq, &seal.first, &seal.last, seal.count, &seal.digest, &seal.previous, seal.sealed_at];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The result of the last verification of all seals.
#[derive(Clone, Debug, Default, PartialEq, Eq, FromRow)]
pub struct AuditCheck {
    /// `None` while the first one is under way.
    pub checked_at: Option<i64>,
    pub seals: i64,
    /// The rows that agree with their seal.
    pub events: i64,
    /// The last sealed row.
    pub last: String,
    /// The first and the last row of each seal that does not agree, JSON.
    pub broken: String,
}

/// Begins a verification, unless one was begun since a time. Returns true for the server that did.
pub async fn begin_check(tx: &mut UnitOfWork<'_>, before: Timestamp) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO audit_check (id, begun_at, seals, events, last, broken) VALUES (1, $1, 0, 0, '', '[]') \
               ON CONFLICT (id) DO UPDATE SET begun_at = excluded.begun_at WHERE audit_check.begun_at < $2";
    Ok(tx.execute(sql, args![now, before]).await? == 1)
}

/// Keeps the result of a verification.
pub async fn finish_check(tx: &mut Tx, check: &AuditCheck) -> Result<()> {
    let sql = "UPDATE audit_check SET checked_at = $1, seals = $2, events = $3, last = $4, broken = $5 WHERE id = 1";
    tx.execute(sql, args![check.checked_at, check.seals, check.events, &check.last, &check.broken]).await?;
    Ok(())
}

pub async fn find_check(tx: &mut Tx) -> Result<Option<AuditCheck>> {
    let sql = "SELECT checked_at, seals, events, last, broken FROM audit_check WHERE id = 1";
    tx.fetch_optional(sql, args![]).await
}
