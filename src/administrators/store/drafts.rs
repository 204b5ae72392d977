//! Rows of drafts: what somebody asks for in the console, before it is read and confirmed. Whoever keeps one names its
//! kind, and reads no other.
//!
//! They are no requests for relying parties (`client_request`), though both are read before they count. A request goes
//! between two persons: it has questions, checks, deciders, a version of the client beside it, and stays as the record of
//! what was decided. A draft is its author's alone, serves within the hour, is a kind and a form, and goes after a week; what
//! it did stands in the journal. One table would have most of its columns empty in each row, and two terms.

use crate::administrators::DraftKeeper;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdministratorId, ApiTokenId};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The retention of a draft, done or not.
const DRAFT_RETENTION: Span = Span::days(7);

/// The subject of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DraftKind {
    /// An order on campaigns.
    Campaign,
    /// A message that visitors will see.
    Announcement,
    /// Reminders of a campaign by SMS.
    Reminder,
    /// Reminders by mail: a server of an older release, which knows SMS only, finds none of these.
    ReminderMail,
}

impl DraftKind {
    fn name(self) -> &'static str {
        self.into()
    }
}

/// A draft.
#[derive(Clone, Debug, FromRow)]
pub struct ConsoleDraftRow {
    pub id: String,
    pub form: String,
    pub state: String,
    pub version: i64,
    pub author_id: AdministratorId,
    pub created_at: i64,
}

/// The state of a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum DraftState {
    Draft,
    /// Confirmed, and done in steps.
    Doing,
    Done,
    /// The role of whoever confirmed it ended before all was done.
    Cut,
}

impl ConsoleDraftRow {
    /// Returns the state; a word of another release is that of something over.
    pub fn state(&self) -> DraftState {
        self.state.parse().unwrap_or(DraftState::Done)
    }

    pub fn is_confirmed(&self) -> bool {
        self.state() != DraftState::Draft
    }
}

/// A confirmed draft that is done in steps.
#[derive(Clone, Debug, FromRow)]
pub struct DoingDraftRow {
    pub id: String,
    pub form: String,
    pub author_id: AdministratorId,
    /// The time of the confirmation.
    pub done_at: i64,
    /// The time of the last step.
    pub carried_at: i64,
}

/// Inserts a draft.
pub async fn insert(
    tx: &mut UnitOfWork<'_>,
    (kind, id): (DraftKind, &str),
    form: &str,
    keeper: DraftKeeper<'_>,
) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO console_draft (id, kind, form, state, version, author_id, created_at, token_id) \
               VALUES ($1, $2, $3, 'draft', 1, $4, $5, $6)";
    tx.execute(sql, args![id, kind.name(), form, keeper.author, now, keeper.token]).await?;
    Ok(())
}

/// Finds a draft of its author: nobody else reads it.
pub async fn find(
    tx: &mut Tx,
    (kind, id): (DraftKind, &str),
    author: &AdministratorId,
) -> Result<Option<ConsoleDraftRow>> {
    let sql = "SELECT id, form, state, version, author_id, created_at FROM console_draft \
               WHERE id = $1 AND kind = $2 AND author_id = $3";
    tx.fetch_optional(sql, args![id, kind.name(), author]).await
}

/// Finds the token of the program that keeps a draft; `None` if a person does.
pub async fn find_token(tx: &mut Tx, id: &str) -> Result<Option<ApiTokenId>> {
    let sql = "SELECT token_id FROM console_draft WHERE id = $1";
    Ok(tx.fetch_optional::<(Option<ApiTokenId>,)>(sql, args![id]).await?.and_then(|(token,)| token))
}

/// Counts the drafts of somebody since a time: the own ones, or those of the own programs.
pub async fn count_since(tx: &mut Tx, keeper: DraftKeeper<'_>, since: Timestamp) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM console_draft WHERE created_at > $2 AND author_id = $1 \
               AND (token_id IS NOT NULL) = $3";
    Ok(tx.fetch_one::<(i64,)>(sql, args![keeper.author, since, keeper.is_program()]).await?.0)
}

/// Marks a draft as done. Returns true for the call that did.
pub async fn finish(tx: &mut UnitOfWork<'_>, id: &str, version: i64) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE console_draft SET state = 'done', version = version + 1, done_at = $3 \
               WHERE id = $1 AND version = $2 AND state = 'draft'";
    Ok(tx.execute(sql, args![id, version, now]).await? == 1)
}

/// Marks a draft as confirmed and not done yet; `form` is what its steps go by. Returns true for the call that did.
pub async fn begin(tx: &mut UnitOfWork<'_>, id: &str, version: i64, form: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE console_draft SET state = 'doing', version = version + 1, done_at = $3, carried_at = $3, \
               form = $4 WHERE id = $1 AND version = $2 AND state = 'draft'";
    Ok(tx.execute(sql, args![id, version, now, form]).await? == 1)
}

/// Finds a draft that is being done.
pub async fn find_doing(tx: &mut Tx, id: &str) -> Result<Option<DoingDraftRow>> {
    let sql = "SELECT id, form, author_id, COALESCE(done_at, 0) AS done_at, COALESCE(carried_at, 0) AS carried_at \
               FROM console_draft WHERE id = $1 AND state = 'doing'";
    tx.fetch_optional(sql, args![id]).await
}

/// Finds a draft of which no step was done since a time: whoever did it was interrupted.
pub async fn find_interrupted(tx: &mut Tx, before: Timestamp) -> Result<Option<String>> {
    let sql = "SELECT id FROM console_draft WHERE state = 'doing' AND carried_at <= $1 ORDER BY carried_at LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![before]).await?.map(|(id,)| id))
}

/// Notes the time of a step of a draft, and keeps others from it until the commit. Returns false if it is done already.
pub async fn lock_doing(tx: &mut UnitOfWork<'_>, id: &str, now: Timestamp) -> Result<bool> {
    let sql = "UPDATE console_draft SET carried_at = $2 WHERE id = $1 AND state = 'doing'";
    Ok(tx.execute(sql, args![id, now]).await? == 1)
}

/// Ends a draft that was done in steps. Returns true for the call that did.
pub async fn end_doing(tx: &mut UnitOfWork<'_>, id: &str, state: DraftState) -> Result<bool> {
    let word: &'static str = state.into();
    let sql = "UPDATE console_draft SET state = $2 WHERE id = $1 AND state = 'doing'";
    Ok(tx.execute(sql, args![id, word]).await? == 1)
}

/// Deletes drafts whose term has come.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(DRAFT_RETENTION);
    let sql = "DELETE FROM console_draft WHERE id IN \
               (SELECT id FROM console_draft WHERE created_at < $1 ORDER BY created_at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
