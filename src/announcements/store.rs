//! Rows of messages.

use super::{ANNOUNCEMENT_RETENTION, Announcement};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args, parse_word};

/// The maximum number of messages that are read for pages: three of each academy are far fewer.
const MAX_READ: i64 = 500;

#[derive(FromRow)]
struct Row {
    id: String,
    academy: String,
    level: String,
    fr: String,
    en: String,
    begins_at: i64,
    ends_at: i64,
}

impl Row {
    fn announcement(self) -> Result<Announcement> {
        Ok(Announcement {
            level: parse_word("announcement", "level", &self.id, &self.level)?,
            id: self.id,
            academy: Some(self.academy).filter(|academy| !academy.is_empty()),
            fr: self.fr,
            en: self.en,
            begins_at: Timestamp(self.begins_at),
            ends_at: Timestamp(self.ends_at),
        })
    }
}

/// Lists the messages that are shown or will be, whosoever's.
pub async fn list_open(tx: &mut Tx, now: Timestamp) -> Result<Vec<Announcement>> {
    let sql = "SELECT id, academy, level, fr, en, begins_at, ends_at FROM announcement WHERE ends_at > $1 \
               ORDER BY ends_at, id LIMIT $2";
    let rows = tx.fetch_all::<Row>(sql, args![now, MAX_READ]).await?;
    rows.into_iter().map(Row::announcement).collect()
}

/// Finds a message.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Announcement>> {
    let sql = "SELECT id, academy, level, fr, en, begins_at, ends_at FROM announcement WHERE id = $1";
    tx.fetch_optional::<Row>(sql, args![id]).await?.map(Row::announcement).transpose()
}

/// Keeps others from publishing for the same place until the commit: an academy, or all. All have a row of their own for
/// it, that of one academy, as there is none of all.
pub async fn lock_place(tx: &mut Tx, academy: Option<&str>) -> Result<()> {
    let (sql, args) = match academy {
        Some(id) => ("UPDATE academy SET name = name WHERE id = $1", args![id]),
        None => ("UPDATE academy SET name = name WHERE id = (SELECT MIN(id) FROM academy)", args![]),
    };
    tx.execute(sql, args).await?;
    Ok(())
}

/// Inserts a message.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: &Announcement, author: &AdministratorId) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO announcement (id, academy, level, fr, en, begins_at, ends_at, author_id, created_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let academy = new.academy.as_deref().unwrap_or_default();
    let level = new.level.name();
    tx.execute(sql, args![&new.id, academy, level, &new.fr, &new.en, new.begins_at, new.ends_at, author, now]).await?;
    Ok(())
}

/// Ends a message now. Returns false if it has ended already.
pub async fn end(tx: &mut UnitOfWork<'_>, id: &str, by: &AdministratorId) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE announcement SET ends_at = $2, ended_by = $3 WHERE id = $1 AND ends_at > $2";
    Ok(tx.execute(sql, args![id, now, by]).await? == 1)
}

/// Deletes messages that ended long ago.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(ANNOUNCEMENT_RETENTION);
    let sql = "DELETE FROM announcement WHERE id IN \
               (SELECT id FROM announcement WHERE ends_at < $1 ORDER BY ends_at LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
