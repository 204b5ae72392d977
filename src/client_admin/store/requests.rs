//! Rows of requests, and who agreed with them.

use crate::administrators::DraftKeeper;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AdministratorId, ApiTokenId, ClientId};
use crate::client_admin::requests::{ClientRequest, ClientRequestKind, RequestState};
use crate::clients::checks::CheckResult;
use crate::db::{DbError, FromRow, Result, Tx, args, parse_word};

#[derive(FromRow)]
struct Row {
    id: String,
    client_id: ClientId,
    kind: String,
    state: String,
    form: String,
    checks: String,
    checked_at: Option<i64>,
    base_version: i64,
    version: i64,
    owner: Option<String>,
    author_id: AdministratorId,
    requested_at: Option<i64>,
    decided_at: Option<i64>,
    decided_by: Option<AdministratorId>,
    words: String,
}

impl TryFrom<Row> for ClientRequest {
    type Error = DbError;
    fn try_from(row: Row) -> Result<Self> {
        let bad = |column| DbError::Inconsistent { table: "client_request", column, row: row.id.clone() };
        Ok(ClientRequest {
            kind: parse_word::<ClientRequestKind>("client_request", "kind", &row.id, &row.kind)?,
            state: parse_word::<RequestState>("client_request", "state", &row.id, &row.state)?,
            answers: serde_json::from_str(&row.form).map_err(|_| bad("form"))?,
            checks: serde_json::from_str(&row.checks).map_err(|_| bad("checks"))?,
            id: row.id,
            client_id: row.client_id,
            checked_at: row.checked_at.map(Timestamp),
            base_version: row.base_version,
            version: row.version,
            owner: row.owner,
            author_id: row.author_id,
            requested_at: row.requested_at.map(Timestamp),
            decided_at: row.decided_at.map(Timestamp),
            decided_by: row.decided_by,
            words: row.words,
        })
    }
}

fn json<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<ClientRequest>> {
    let sql = "SELECT id, client_id, kind, state, form, checks, checked_at, base_version, version, owner, author_id, \
               requested_at, decided_at, decided_by, words FROM client_request WHERE id = $1";
    tx.fetch_optional::<Row>(sql, args![id]).await?.map(ClientRequest::try_from).transpose()
}

/// Lists the requests that wait for a decision or an answer after an id, the oldest first.
pub async fn list_open(tx: &mut Tx, after: &str, most: i64) -> Result<Vec<ClientRequest>> {
    let sql = "SELECT id, client_id, kind, state, form, checks, checked_at, base_version, version, owner, author_id, \
               requested_at, decided_at, decided_by, words FROM client_request \
               WHERE state IN ('requested', 'question') AND id > $2 ORDER BY id LIMIT $1";
    tx.fetch_all::<Row>(sql, args![most, after]).await?.into_iter().map(ClientRequest::try_from).collect()
}

/// Lists the drafts of somebody, the newest first.
pub async fn list_drafts(tx: &mut Tx, author: &AdministratorId, most: i64) -> Result<Vec<ClientRequest>> {
    let sql = "SELECT id, client_id, kind, state, form, checks, checked_at, base_version, version, owner, author_id, \
               requested_at, decided_at, decided_by, words FROM client_request \
               WHERE author_id = $1 AND state = 'draft' ORDER BY id DESC LIMIT $2";
    tx.fetch_all::<Row>(sql, args![author, most]).await?.into_iter().map(ClientRequest::try_from).collect()
}

/// Counts the drafts of somebody, up to `most`: the own ones, or those of the own programs.
pub async fn count_drafts(tx: &mut Tx, keeper: DraftKeeper<'_>, most: i64) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM (SELECT id FROM client_request WHERE author_id = $1 AND state = 'draft' \
               AND (token_id IS NOT NULL) = $3 LIMIT $2) AS counted";
    Ok(tx.fetch_one::<(i64,)>(sql, args![keeper.author, most, keeper.is_program()]).await?.0)
}

/// Deletes drafts that nobody changed since a time, with the agreements of their earlier versions. Returns the number of
/// rows.
pub async fn delete_old_drafts(tx: &mut Tx, since: Timestamp) -> Result<u64> {
    let sql = "DELETE FROM client_approval WHERE request_id IN \
               (SELECT id FROM client_request WHERE state = 'draft' AND updated_at < $1)";
    tx.execute(sql, args![since]).await?;
    tx.execute("DELETE FROM client_request WHERE state = 'draft' AND updated_at < $1", args![since]).await
}

/// Replaces the results of the checks of the version that was seen. Returns false on a conflict.
pub async fn set_checks(tx: &mut Tx, now: Timestamp, (id, seen): (&str, i64), checks: &[CheckResult]) -> Result<bool> {
    let sql = "UPDATE client_request SET checks = $3, checked_at = $4, updated_at = $4, version = version + 1 \
               WHERE id = $1 AND version = $2 AND state IN ('draft', 'requested', 'question')";
    Ok(tx.execute(sql, args![id, seen, json(&checks), now]).await? == 1)
}

/// True if another request for a client waits.
pub async fn has_open(tx: &mut Tx, client_id: &ClientId, but: &str) -> Result<bool> {
    let sql = "SELECT id FROM client_request WHERE client_id = $1 AND id <> $2 AND state IN ('requested', 'question') \
               LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![client_id, but]).await?.is_some())
}

/// Counts the requests since a time: of a person, and of an academy.
pub async fn count_since(
    tx: &mut Tx,
    since: Timestamp,
    author: &AdministratorId,
    owner: Option<&str>,
) -> Result<(i64, i64)> {
    let sql = "SELECT COUNT(CASE WHEN author_id = $2 THEN 1 END), COUNT(CASE WHEN owner = $3 THEN 1 END) \
               FROM client_request WHERE requested_at > $1";
    tx.fetch_one(sql, args![since, author, owner.unwrap_or_default()]).await
}

/// Inserts a draft, of its author or of a program of theirs.
pub async fn insert(tx: &mut Tx, now: Timestamp, new: &ClientRequest, token: Option<&ApiTokenId>) -> Result<()> {
    let sql = "INSERT INTO client_request (id, client_id, kind, state, form, checks, checked_at, base_version, version, \
               owner, author_id, created_at, updated_at, words, token_id) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, '', $13)";
    let values = args![
        &new.id,
        &new.client_id,
        new.kind.name(),
        new.state.name(),
        json(&new.answers),
        json(&new.checks),
        new.checked_at,
        new.base_version,
        new.version,
        &new.owner,
        &new.author_id,
        now,
        token
    ];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Replaces what an open request asks for, in the version that was seen: it is a draft again. Returns false on a
/// conflict.
pub async fn replace(tx: &mut Tx, now: Timestamp, new: &ClientRequest, seen: i64) -> Result<bool> {
    let sql = "UPDATE client_request SET form = $3, checks = $4, checked_at = $5, client_id = $6, base_version = $7, \
               state = 'draft', version = version + 1, updated_at = $8 \
               WHERE id = $1 AND version = $2 AND state IN ('draft', 'requested', 'question')";
    let values = args![
        &new.id,
        seen,
        json(&new.answers),
        json(&new.checks),
        new.checked_at,
        &new.client_id,
        new.base_version,
        now
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Sets the state of the version that was seen. Returns false on a conflict.
pub async fn set_state(
    tx: &mut Tx,
    now: Timestamp,
    (id, seen): (&str, i64),
    (from, to): (RequestState, RequestState),
    decision: Option<(&AdministratorId, &str)>,
) -> Result<bool> {
    let (by, words) = decision.unzip();
    let sql = "UPDATE client_request SET state = $4, version = version + 1, updated_at = $5, \
               requested_at = CASE WHEN $4 = 'requested' THEN $5 ELSE requested_at END, \
               decided_at = CASE WHEN $6 IS NULL THEN decided_at ELSE $5 END, \
               decided_by = COALESCE($6, decided_by), words = COALESCE($7, words) \
               WHERE id = $1 AND version = $2 AND state = $3";
    Ok(tx.execute(sql, args![id, seen, from.name(), to.name(), now, by, words]).await? == 1)
}

/// Records that somebody agrees with a version of a request.
pub async fn approve(tx: &mut Tx, now: Timestamp, (id, version): (&str, i64), by: &AdministratorId) -> Result<()> {
    let sql = "INSERT INTO client_approval (request_id, version, administrator_id, at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT DO NOTHING";
    tx.execute(sql, args![id, version, by, now]).await?;
    Ok(())
}

/// Lists who agreed with a version of a request.
pub async fn list_approvers(tx: &mut Tx, id: &str, version: i64) -> Result<Vec<AdministratorId>> {
    let sql =
        "SELECT administrator_id FROM client_approval WHERE request_id = $1 AND version = $2 ORDER BY at LIMIT 100";
    let rows = tx.fetch_all::<(AdministratorId,)>(sql, args![id, version]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// An administrator who has a role of those that decide.
#[derive(Clone, Debug, FromRow)]
pub struct DeciderRow {
    pub id: AdministratorId,
    pub name: String,
}

/// Lists the administrators with a role that may decide, by name.
pub async fn list_deciders(tx: &mut Tx, most: i64) -> Result<Vec<DeciderRow>> {
    let sql = "SELECT DISTINCT a.id, a.name FROM administrator a JOIN admin_role r ON r.administrator_id = a.id \
               WHERE a.state = 'active' AND r.ended_at IS NULL AND r.approved_at IS NOT NULL \
               AND r.role IN ('national', 'academy') ORDER BY a.name, a.id LIMIT $1";
    tx.fetch_all(sql, args![most]).await
}

/// Returns the name of an administrator.
pub async fn find_name(tx: &mut Tx, id: &AdministratorId) -> Result<Option<String>> {
    let sql = "SELECT name FROM administrator WHERE id = $1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![id]).await?.map(|(name,)| name))
}

/// Counts the persons with a current legal link to, or an enrolment at, some schools, up to `most`.
pub async fn count_persons(tx: &mut Tx, uais: &[String], most: i64) -> Result<(i64, i64)> {
    let (mut parents, mut pupils) = (0, 0);
    for uai in uais {
        let sql = "SELECT COUNT(*) FROM (SELECT DISTINCT person_id FROM link \
                   WHERE uai = $1 AND level = 'legal' AND ended_at IS NULL LIMIT $2) AS counted";
        parents += tx.fetch_one::<(i64,)>(sql, args![uai, most]).await?.0;
        let sql = "SELECT COUNT(*) FROM (SELECT pupil_id FROM enrolment WHERE uai = $1 AND ended_at IS NULL LIMIT $2) \
                   AS counted";
        pupils += tx.fetch_one::<(i64,)>(sql, args![uai, most]).await?.0;
    }
    Ok((parents, pupils))
}

/// Counts the schools of academies and ministries.
pub async fn count_schools(tx: &mut Tx, academy: &str, ministry: &str) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM school WHERE academy = $1 OR ministry = $2";
    Ok(tx.fetch_one::<(i64,)>(sql, args![academy, ministry]).await?.0)
}
