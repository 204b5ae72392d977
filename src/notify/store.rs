//! Rows of the table `account_notice`.

use super::{ANSWER_DELAY, AccountNotice, AccountNoticeKind, NoticeAnswer};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::AccountId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The maximum number of banners on a page.
const MAX_BANNERS: i64 = 3;
/// The retention of notices, answered or not.
const NOTICE_RETENTION: Span = Span::days(400);

#[derive(FromRow)]
struct Row {
    id: String,
    kind: String,
    detail: String,
    at: i64,
    known_since: Option<i64>,
}

/// A new notice.
#[derive(Clone, Copy, Debug)]
pub struct NewAccountNotice<'a> {
    pub id: &'a str,
    pub account_id: &'a AccountId,
    pub kind: AccountNoticeKind,
    pub detail: &'a str,
    /// The device on which it happened: there the banner is not shown.
    pub device_id: Option<&'a str>,
}

/// Inserts a notice, in place of one of the same kind and detail that waits for its answer: what happens again is told
/// again, and stands once on the page.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewAccountNotice<'_>) -> Result<()> {
    let now = tx.now;
    let older = "UPDATE account_notice SET answer = $4, answered_at = $5 WHERE account_id = $1 AND kind = $2 \
                 AND detail = $3 AND answer IS NULL";
    let replaced = NoticeAnswer::Replaced.name();
    tx.execute(older, args![new.account_id, new.kind.name(), new.detail, replaced, now]).await?;
    let sql =
        "INSERT INTO account_notice (id, account_id, kind, detail, device_id, at) VALUES ($1, $2, $3, $4, $5, $6)";
    tx.execute(sql, args![new.id, new.account_id, new.kind.name(), new.detail, new.device_id, now]).await?;
    Ok(())
}

/// Lists the notices that wait for an answer and did not happen on this device, the newest first. A new device is told
/// to those that the account knew before: another new one may be the same stranger's. Kinds of a newer release are left
/// to it.
pub async fn list_open(tx: &mut Tx, account_id: &AccountId, device_id: Option<&str>) -> Result<Vec<AccountNotice>> {
    let sql = "SELECT id, kind, detail, at, (SELECT k.created_at FROM device k WHERE k.id = $2) AS known_since \
               FROM account_notice WHERE account_id = $1 AND answer IS NULL \
               AND (device_id IS NULL OR device_id <> $2) AND (kind <> 'new_device' OR EXISTS (SELECT 1 FROM device d \
               WHERE d.id = $2 AND d.created_at < account_notice.at)) ORDER BY at DESC, id DESC LIMIT $3";
    let rows = tx.fetch_all::<Row>(sql, args![account_id, device_id.unwrap_or_default(), MAX_BANNERS]).await?;
    let known = |r: Row| {
        let kind = r.kind.parse().ok()?;
        let at = Timestamp(r.at);
        let known_since = Timestamp(r.known_since.unwrap_or(r.at));
        let answerable_from = if known_since < at { at } else { known_since.plus(ANSWER_DELAY) };
        Some(AccountNotice { id: r.id, kind, detail: r.detail, at, answerable_from })
    };
    Ok(rows.into_iter().filter_map(known).collect())
}

/// Records an answer, once, from a device that the account knew before, or has known for two days since; never from the
/// device on which it happened. Returns true for the call that did.
pub async fn answer(
    tx: &mut UnitOfWork<'_>,
    id: &str,
    (account_id, device_id): (&AccountId, Option<&str>),
    answer: NoticeAnswer,
) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE account_notice SET answer = $3, answered_at = $4 WHERE id = $1 AND account_id = $2 \
               AND answer IS NULL AND (device_id IS NULL OR device_id <> $5) AND EXISTS (SELECT 1 FROM device d \
               WHERE d.id = $5 AND (d.created_at < account_notice.at OR (kind <> 'new_device' AND d.created_at <= $6)))";
    let known_before = now.minus(ANSWER_DELAY);
    let values = args![id, account_id, answer.name(), now, device_id.unwrap_or_default(), known_before];
    Ok(tx.execute(sql, values).await? == 1)
}

/// The content of a notice, and whether the device that answers it may undo what it told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToldNotice {
    /// `None` for a kind of a newer release.
    pub kind: Option<AccountNoticeKind>,
    pub detail: String,
    /// True if the account knew the device before.
    pub known_before: bool,
}

/// Finds what a notice of an account told, for the device that answers it.
pub async fn find(
    tx: &mut Tx,
    id: &str,
    (account_id, device_id): (&AccountId, Option<&str>),
) -> Result<Option<ToldNotice>> {
    let sql = "SELECT kind, detail, (SELECT COUNT(*) FROM device d WHERE d.id = $3 AND d.created_at < n.at) \
               FROM account_notice n WHERE n.id = $1 AND n.account_id = $2";
    let values = args![id, account_id, device_id.unwrap_or_default()];
    Ok(tx.fetch_optional::<(String, String, i64)>(sql, values).await?.map(|(kind, detail, known)| ToldNotice {
        kind: kind.parse().ok(),
        detail,
        known_before: known > 0,
    }))
}

/// A notice as exported for its person.
#[derive(Clone, Debug, FromRow)]
pub struct NoticeRecord {
    pub kind: String,
    pub detail: String,
    pub at: i64,
    pub answer: Option<String>,
    pub answered_at: Option<i64>,
}

/// Lists every notice of an account, the newest first.
pub async fn list_all(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<NoticeRecord>> {
    let sql = "SELECT kind, detail, at, answer, answered_at FROM account_notice WHERE account_id = $1 \
               ORDER BY at DESC, id DESC LIMIT 5000";
    tx.fetch_all(sql, args![account_id]).await
}

/// True if the person was told something of a kind since then.
pub async fn exists_since(
    tx: &mut Tx,
    account_id: &AccountId,
    kind: AccountNoticeKind,
    since: Timestamp,
) -> Result<bool> {
    let sql = "SELECT COUNT(*) FROM account_notice WHERE account_id = $1 AND kind = $2 AND at >= $3";
    Ok(tx.fetch_one::<(i64,)>(sql, args![account_id, kind.name(), since]).await?.0 > 0)
}

/// Deletes notices after the retention period.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "DELETE FROM account_notice WHERE id IN (SELECT id FROM account_notice WHERE at < $1 LIMIT $2)";
    tx.execute(sql, args![now.minus(NOTICE_RETENTION), CLEANUP_BATCH_ROWS]).await
}
