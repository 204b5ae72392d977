//! Rows of messages as the console lists them.

use crate::administrators::scope::AdminScope;
use crate::db::{FromRow, Result, Tx, args};

/// A message of the list.
#[derive(Clone, Debug, FromRow)]
pub struct ListedAnnouncementRow {
    pub id: String,
    /// Empty for all.
    pub academy: String,
    /// The name of the academy, if there still is one.
    pub academy_name: Option<String>,
    pub level: String,
    pub fr: String,
    pub en: String,
    pub begins_at: i64,
    pub ends_at: i64,
    /// The names of who wrote it, and of who ended it early.
    pub author: Option<String>,
    pub ended_by: Option<String>,
    pub is_ended_early: bool,
}

/// Lists the messages of the academies inside a scope, and those of all, the last first, before an id.
pub async fn list(tx: &mut Tx, scope: &AdminScope, before: &str, most: i64) -> Result<Vec<ListedAnnouncementRow>> {
    let sql = "SELECT n.id, n.academy, c.name AS academy_name, n.level, n.fr, n.en, n.begins_at, n.ends_at, \
               w.name AS author, e.name AS ended_by, (n.ended_by IS NOT NULL) AS is_ended_early \
               FROM announcement n LEFT JOIN academy c ON c.id = n.academy \
               LEFT JOIN administrator w ON w.id = n.author_id LEFT JOIN administrator e ON e.id = n.ended_by \
               WHERE ($1 OR n.academy = '' OR REPLACE($2, '\u{1f}' || n.academy || '\u{1f}', '') <> $2) \
               AND ($3 = '' OR n.id < $3) ORDER BY n.id DESC LIMIT $4";
    let of = scope.arguments();
    tx.fetch_all(sql, args![of.everything, of.academies, before, most]).await
}

/// Lists the academies inside a scope, by name.
pub async fn list_academies(tx: &mut Tx, scope: &AdminScope) -> Result<Vec<(String, String)>> {
    let sql = "SELECT id, name FROM academy WHERE ($1 OR REPLACE($2, '\u{1f}' || id || '\u{1f}', '') <> $2) \
               ORDER BY name, id LIMIT 100";
    let of = scope.arguments();
    tx.fetch_all(sql, args![of.everything, of.academies]).await
}
