//! Rows of uploads, and their sealed parts.

use super::{
    NeededAgreement, RosterUpload, UPLOAD_RETENTION, UndecidedBytes, UploadPreview, UploadReportLine, UploadState,
    UploadedFile,
};
use crate::administrators::DraftKeeper;
use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::scope_args;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::row_id_lower_bound;
use crate::base::typed_ids::{AdministratorId, ApiTokenId};
use crate::base::uai::Uai;
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{CLEANUP_BATCH_ROWS, DbError, FromRow, Result, Tx, UnitOfWork, Value, args, parse_word};

/// The time after which an upload whose files never came whole is forgotten.
const RECEIVING_TTL: Span = Span::hours(1);

#[derive(FromRow)]
struct Row {
    id: String,
    uai: Uai,
    academy: String,
    format: String,
    state: String,
    version: i64,
    author_id: AdministratorId,
    created_at: i64,
    updated_at: i64,
    files: String,
    attempts: i64,
    preview: Option<String>,
    digest: String,
    first_by: Option<AdministratorId>,
    decided_by: Option<AdministratorId>,
    decided_token: Option<ApiTokenId>,
    decided_at: Option<i64>,
    reason: String,
    run_id: Option<String>,
    report: Option<String>,
    expires_at: Option<i64>,
    undo_first_by: Option<AdministratorId>,
    undone_by: Option<AdministratorId>,
    undo_reason: String,
}

impl TryFrom<Row> for RosterUpload {
    type Error = DbError;
    fn try_from(row: Row) -> Result<Self> {
        let bad = |column| DbError::Inconsistent { table: "roster_upload", column, row: row.id.clone() };
        let preview = row.preview.as_deref().map(serde_json::from_str::<UploadPreview>).transpose();
        let report = row.report.as_deref().map(serde_json::from_str::<Vec<UploadReportLine>>).transpose();
        Ok(RosterUpload {
            state: parse_word::<UploadState>("roster_upload", "state", &row.id, &row.state)?,
            files: serde_json::from_str::<Vec<UploadedFile>>(&row.files).map_err(|_| bad("files"))?,
            preview: preview.map_err(|_| bad("preview"))?,
            report: report.map_err(|_| bad("report"))?.unwrap_or_default(),
            id: row.id,
            uai: row.uai,
            academy: row.academy,
            format: row.format,
            version: row.version,
            author_id: row.author_id,
            created_at: Timestamp(row.created_at),
            updated_at: Timestamp(row.updated_at),
            attempts: row.attempts,
            digest: row.digest,
            first_by: row.first_by,
            decided_by: row.decided_by,
            decided_token: row.decided_token,
            decided_at: row.decided_at.map(Timestamp),
            reason: row.reason,
            run_id: row.run_id,
            expires_at: row.expires_at.map(Timestamp),
            undo_first_by: row.undo_first_by,
            undone_by: row.undone_by,
            undo_reason: row.undo_reason,
        })
    }
}

pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<RosterUpload>> {
    let sql = "SELECT id, uai, academy, format, state, version, author_id, created_at, updated_at, files, attempts, \
               preview, digest, first_by, decided_by, decided_token, decided_at, reason, run_id, report, expires_at, \
               undo_first_by, undone_by, undo_reason FROM roster_upload \
               WHERE id = $1";
    tx.fetch_optional::<Row>(sql, args![id]).await?.map(RosterUpload::try_from).transpose()
}

/// An upload to insert.
#[derive(Clone, Copy, Debug)]
pub struct NewUpload<'a> {
    pub id: &'a str,
    pub uai: &'a Uai,
    pub academy: &'a str,
    pub format: &'a str,
    pub keeper: DraftKeeper<'a>,
    pub files: &'a [UploadedFile],
    /// The size of all files.
    pub bytes: i64,
}

/// Inserts an upload whose files are still to come.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewUpload<'_>) -> Result<()> {
    let now = tx.now;
    let files = serde_json::to_string(new.files).unwrap_or_default();
    let sql = "INSERT INTO roster_upload (id, uai, academy, format, state, version, author_id, created_at, \
               updated_at, files, claimed_until, attempts, digest, reason, bytes, token_id) \
               VALUES ($1, $2, $3, $4, 'receiving', 0, $5, $6, $6, $7, 0, 0, '', '', $8, $9)";
    let DraftKeeper { author, token } = new.keeper;
    let values = args![new.id, new.uai, new.academy, new.format, author, now, files, new.bytes, token];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Adds up the sizes of the files that are not decided on: of a school and of an academy as far as programs gave them, or
/// persons; those of all programs, and all. Their number is bounded by the sums themselves and by the uploads of a day.
pub async fn sum_undecided(tx: &mut Tx, (uai, academy): (&Uai, &str), is_program: bool) -> Result<UndecidedBytes> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN uai = $1 AND (token_id IS NOT NULL) = $3 THEN bytes ELSE 0 END), 0) \
               AS BIGINT) AS school, \
               CAST(COALESCE(SUM(CASE WHEN academy = $2 AND (token_id IS NOT NULL) = $3 THEN bytes ELSE 0 END), 0) \
               AS BIGINT) AS academy, \
               CAST(COALESCE(SUM(CASE WHEN token_id IS NOT NULL THEN bytes ELSE 0 END), 0) AS BIGINT) AS programs, \
               CAST(COALESCE(SUM(bytes), 0) AS BIGINT) AS deployment FROM roster_upload \
               WHERE state IN ('receiving', 'received', 'waiting', 'writing')";
    tx.fetch_one(sql, args![uai, academy, is_program]).await
}

/// Counts the uploads of somebody since a time: the own ones, or those of the own programs.
pub async fn count_since(tx: &mut Tx, keeper: DraftKeeper<'_>, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM roster_upload WHERE created_at > $2 AND author_id = $1 \
               AND (token_id IS NOT NULL) = $3";
    Ok(tx.fetch_one::<(i64,)>(sql, args![keeper.author, since, keeper.is_program()]).await?.0)
}

/// Counts the uploads of a school since a time that needed somebody else's agreement, as far as programs gave them, or
/// persons. Those that are not read yet may.
pub async fn count_asking_others(tx: &mut Tx, uai: &Uai, since: Timestamp, is_program: bool) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM roster_upload WHERE uai = $1 AND id > $2 AND (token_id IS NOT NULL) = $3 \
               AND (asks_others OR state IN ('receiving', 'received'))";
    Ok(tx.fetch_one::<(i64,)>(sql, args![uai, row_id_lower_bound(since), is_program]).await?.0)
}

fn place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "roster_upload_part", column: "content", row }
}

/// The number of a file of an upload, and of its part.
pub type PartPlace = (i64, i64);

/// Seals a part of a file.
pub fn seal_part(
    master_key: &MasterKey,
    id: &str,
    (file, part): PartPlace,
    text: &str,
) -> std::result::Result<String, crate::crypto::SealError> {
    master_key.seal(place(&format!("{id}/{file}/{part}")), text)
}

/// Inserts a sealed part.
pub async fn insert_part(tx: &mut Tx, id: &str, (file, part): PartPlace, sealed: &str) -> Result<()> {
    let sql = "INSERT INTO roster_upload_part (upload_id, file, part, content) VALUES ($1, $2, $3, $4)";
    tx.execute(sql, args![id, file, part, sealed]).await?;
    Ok(())
}

/// Reads a part of a file; `None` behind the last one.
pub async fn find_part(
    tx: &mut Tx,
    master_key: &MasterKey,
    id: &str,
    (file, part): PartPlace,
) -> anyhow::Result<Option<String>> {
    let sql = "SELECT content FROM roster_upload_part WHERE upload_id = $1 AND file = $2 AND part = $3";
    let Some((sealed,)) = tx.fetch_optional::<(String,)>(sql, args![id, file, part]).await? else { return Ok(None) };
    Ok(Some(master_key.open(place(&format!("{id}/{file}/{part}")), &sealed)?))
}

/// Deletes the parts of an upload.
pub async fn delete_parts(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute("DELETE FROM roster_upload_part WHERE upload_id = $1", args![id]).await?;
    Ok(())
}

/// The next state of an upload, with what goes with it.
#[derive(Clone, Debug, Default)]
pub struct UploadChange<'a> {
    pub preview: Option<&'a UploadPreview>,
    pub digest: Option<&'a str>,
    pub first_by: Option<&'a AdministratorId>,
    pub decided_by: Option<&'a AdministratorId>,
    /// The token of the program that decides for them.
    pub decided_token: Option<&'a ApiTokenId>,
    pub reason: Option<&'a str>,
    pub run_id: Option<&'a str>,
    pub report: Option<&'a [UploadReportLine]>,
    pub undo_first_by: Option<&'a AdministratorId>,
    pub undone_by: Option<&'a AdministratorId>,
    pub undo_reason: Option<&'a str>,
}

/// Moves an upload on from the version that was read. Returns false if it is another one meanwhile, or if another server
/// claimed it since.
pub async fn advance(
    tx: &mut UnitOfWork<'_>,
    held: &RosterUpload,
    state: UploadState,
    change: UploadChange<'_>,
) -> Result<bool> {
    let now = tx.now;
    let json = |text: std::result::Result<String, serde_json::Error>| text.unwrap_or_default();
    let preview = change.preview.map(|preview| json(serde_json::to_string(preview)));
    let report = change.report.map(|report| json(serde_json::to_string(report)));
    let all_changes = change.preview.map(|preview| i64::try_from(preview.all_changes).unwrap_or(i64::MAX));
    let decided_at = change.decided_by.map(|_| now);
    let expires_at = change.preview.map(|preview| now.plus(preview.needed.ttl()));
    let sql = "UPDATE roster_upload SET state = $4, version = version + 1, updated_at = $3, claimed_until = 0, \
               attempts = 0, preview = COALESCE($5, preview), digest = COALESCE($6, digest), first_by = $7, \
               decided_by = COALESCE($8, decided_by), decided_at = COALESCE($9, decided_at), \
               reason = COALESCE($10, reason), run_id = COALESCE($11, run_id), report = COALESCE($12, report), \
               all_changes = COALESCE($13, all_changes), expires_at = COALESCE($14, expires_at), \
               undo_first_by = COALESCE($16, undo_first_by), undone_by = COALESCE($17, undone_by), \
               undo_reason = COALESCE($18, undo_reason), asks_others = (asks_others OR $19), \
               decided_token = CASE WHEN $8 IS NULL THEN decided_token ELSE $20 END \
               WHERE id = $1 AND version = $2 AND attempts = $15";
    let values = args![
        &held.id,
        held.version,
        now,
        state.name(),
        preview,
        change.digest,
        change.first_by.map(AdministratorId::as_str),
        change.decided_by.map(AdministratorId::as_str),
        decided_at,
        change.reason,
        change.run_id,
        report,
        all_changes,
        expires_at,
        held.attempts,
        change.undo_first_by.map(AdministratorId::as_str),
        change.undone_by.map(AdministratorId::as_str),
        change.undo_reason,
        change.preview.is_some_and(|preview| preview.needed != NeededAgreement::Confirmation),
        change.decided_token.map(ApiTokenId::as_str)
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The claim of a server on an upload. Each claim has another number, so that a former one is known to be lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadClaim {
    pub id: String,
    pub number: i64,
}

/// Claims the next upload that is to be read or written, until a time; one of a school at a time.
pub async fn claim(tx: &mut UnitOfWork<'_>, until: Timestamp) -> Result<Option<UploadClaim>> {
    let now = tx.now;
    let sql = "UPDATE roster_upload SET claimed_until = $2, attempts = attempts + 1 WHERE id = \
               (SELECT u.id FROM roster_upload u WHERE u.state IN ('received', 'writing') AND u.claimed_until <= $1 \
               AND NOT EXISTS (SELECT 1 FROM roster_upload o WHERE o.uai = u.uai AND o.claimed_until > $1 \
               AND o.state IN ('received', 'writing')) ORDER BY u.updated_at, u.id LIMIT 1) AND claimed_until <= $1 \
               RETURNING id, attempts";
    let claimed = tx.fetch_optional::<(String, i64)>(sql, args![now, until]).await?;
    Ok(claimed.map(|(id, number)| UploadClaim { id, number }))
}

/// Renews a claim until a time. Returns false if it is lost: another server has the upload, or it is decided otherwise.
pub async fn renew(tx: &mut Tx, claim: &UploadClaim, until: Timestamp) -> Result<bool> {
    let sql = "UPDATE roster_upload SET claimed_until = $3 WHERE id = $1 AND attempts = $2 \
               AND state IN ('received', 'writing')";
    Ok(tx.execute(sql, args![&claim.id, claim.number, until]).await? == 1)
}

/// Returns true if an upload is to be read or written now: asked before the writer is.
pub async fn has_work(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let sql = "SELECT id FROM roster_upload WHERE state IN ('received', 'writing') AND claimed_until <= $1 LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![now]).await?.is_some())
}

/// An upload in the list.
#[derive(Clone, Debug, FromRow)]
pub struct ListedUploadRow {
    pub id: String,
    pub uai: Uai,
    pub school: String,
    pub format: String,
    pub state: String,
    pub author: Option<String>,
    pub created_at: i64,
    /// The number of changes of its preview.
    pub all_changes: Option<i64>,
}

/// Lists the uploads of the schools inside a scope, the last first, before an id; of one school, or of all.
pub async fn list(
    tx: &mut Tx,
    scope: &AdminScope,
    (uai, before): (&str, &str),
    most: i64,
) -> Result<Vec<ListedUploadRow>> {
    let sql = "SELECT u.id, u.uai, s.name AS school, u.format, u.state, a.name AS author, u.created_at, u.all_changes \
               FROM roster_upload u JOIN school s ON s.uai = u.uai LEFT JOIN administrator a ON a.id = u.author_id \
               WHERE ($1 OR REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
               OR REPLACE($3, '\u{1f}' || s.academy || '\u{1f}', '') <> $3 \
               OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 OR $5 = '') \
               AND ($6 = '' OR u.uai = $6) AND ($7 = '' OR u.id < $7) AND u.state <> 'receiving' \
               ORDER BY u.id DESC LIMIT $8";
    let mut values = scope_args(scope);
    values.extend([Value::from(uai), Value::from(before), Value::from(most)]);
    tx.fetch_all(sql, values).await
}

/// Returns the name of an administrator.
pub async fn find_name(tx: &mut Tx, id: &AdministratorId) -> Result<Option<String>> {
    let sql = "SELECT name FROM administrator WHERE id = $1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![id]).await?.map(|(name,)| name))
}

/// Stops what never came whole or waited too long, with its files, and deletes a batch of uploads whose term has come.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let (cut, old) = (now.minus(RECEIVING_TTL), now.minus(UPLOAD_RETENTION));
    // An older release wrote no term.
    let without = now.minus(NeededAgreement::Academy.ttl());
    let sql = "UPDATE roster_upload SET state = 'stopped', version = version + 1, updated_at = $1 WHERE id IN \
               (SELECT id FROM roster_upload WHERE state IN ('receiving', 'received', 'waiting', 'writing') \
               AND ((state = 'receiving' AND updated_at < $2) OR (state = 'waiting' AND (expires_at <= $1 \
               OR (expires_at IS NULL AND updated_at < $3)))) ORDER BY id LIMIT $4) RETURNING id";
    let stopped = tx.fetch_all::<(String,)>(sql, args![now, cut, without, CLEANUP_BATCH_ROWS]).await?;
    for (id,) in &stopped {
        delete_parts(tx, id).await?;
    }
    let sql = "DELETE FROM roster_upload WHERE id IN \
               (SELECT id FROM roster_upload WHERE updated_at < $1 ORDER BY updated_at LIMIT $2)";
    let deleted = tx.execute(sql, args![old, CLEANUP_BATCH_ROWS]).await?;
    Ok(deleted.saturating_add(stopped.len() as u64))
}
