//! Rows of drafts: what somebody asks for, before it is read and confirmed.

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdministratorId, PersonId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The retention of a draft, done or not.
const DRAFT_RETENTION: Span = Span::days(7);
/// The kind of a draft about campaigns.
const CAMPAIGN: &str = "campaign";

/// A draft.
#[derive(Clone, Debug, FromRow)]
pub struct ConsoleDraftRow {
    pub id: String,
    pub form: String,
    /// `draft` or `done`.
    pub state: String,
    pub version: i64,
    pub author_id: AdministratorId,
    pub created_at: i64,
}

impl ConsoleDraftRow {
    pub fn is_done(&self) -> bool {
        self.state == "done"
    }
}

/// Inserts a draft about campaigns.
pub async fn insert(tx: &mut UnitOfWork<'_>, id: &str, form: &str, author: &AdministratorId) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO console_draft (id, kind, form, state, version, author_id, created_at) \
               VALUES ($1, $2, $3, 'draft', 1, $4, $5)";
    tx.execute(sql, args![id, CAMPAIGN, form, author, now]).await?;
    Ok(())
}

/// Finds a draft of its author: nobody else reads it.
pub async fn find(tx: &mut Tx, id: &str, author: &AdministratorId) -> Result<Option<ConsoleDraftRow>> {
    let sql = "SELECT id, form, state, version, author_id, created_at FROM console_draft \
               WHERE id = $1 AND kind = $2 AND author_id = $3";
    tx.fetch_optional(sql, args![id, CAMPAIGN, author]).await
}

/// Counts the drafts of somebody since a time.
pub async fn count_since(tx: &mut Tx, author: &AdministratorId, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM console_draft WHERE created_at > $2 AND author_id = $1";
    Ok(tx.fetch_one::<(i64,)>(sql, args![author, since]).await?.0)
}

/// Marks a draft as done. Returns true for the call that did.
pub async fn finish(tx: &mut UnitOfWork<'_>, id: &str, version: i64) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE console_draft SET state = 'done', version = version + 1, done_at = $3 \
               WHERE id = $1 AND version = $2 AND state = 'draft'";
    Ok(tx.execute(sql, args![id, version, now]).await? == 1)
}

/// Opens the activation for one person, whatever the campaign, and settles the request for it. An exception that lasts
/// longer stays.
pub async fn open_for_person(
    tx: &mut UnitOfWork<'_>,
    person_id: &PersonId,
    (until, by): (Timestamp, &str),
) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO campaign_exception (person_id, until, given_by, given_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (person_id) DO UPDATE SET until = excluded.until, given_by = excluded.given_by, \
               given_at = excluded.given_at WHERE campaign_exception.until < excluded.until";
    tx.execute(sql, args![person_id, until, by, now]).await?;
    let sql = "UPDATE notice SET settled_at = $2 WHERE person_id = $1 AND kind = 'reopening' AND settled_at IS NULL";
    tx.execute(sql, args![person_id, now]).await?;
    Ok(())
}

/// Deletes drafts whose term has come.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(DRAFT_RETENTION);
    let sql = "DELETE FROM console_draft WHERE id IN \
               (SELECT id FROM console_draft WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
