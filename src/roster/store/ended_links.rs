//! Legal links that a school ended, as far as their persons are told of them: which child, which school, and nobody else.
//!
//! An account is told of no child that it was never shown: not of one whom its person denied or was not let to, nor of one
//! of an institution without the birth date (`roster/store.rs` lists children so). A name that changed after the end is
//! not told either: it came when the child was the account's no more.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, args};

/// The end of a legal link of which its person is not told yet.
#[derive(Clone, Debug, FromRow)]
pub struct UntoldLinkEnd {
    pub person_id: PersonId,
    pub pupil_id: PupilId,
    pub uai: Uai,
    pub untold_at: i64,
    pub account_id: AccountId,
    /// The child's given name; `None` if the child's data changed after the end.
    pub given_name: Option<String>,
    pub school: String,
    /// True if the account has the child by another link: the child changed schools.
    pub has_child: bool,
    /// True if the account was never shown the child: it is told nothing.
    pub is_hidden: bool,
}

/// Lists the ends before a time of which the persons with an active account are not told yet.
pub async fn list_untold_ends(tx: &mut Tx, before: Timestamp) -> Result<Vec<UntoldLinkEnd>> {
    // The same child in another academy is another row.
    let sql = "SELECT l.person_id, l.pupil_id, l.uai, l.end_untold_at AS untold_at, a.id AS account_id, \
               CASE WHEN COALESCE(u.changed_at, u.exported_at) > l.ended_at THEN NULL ELSE u.given_name END \
               AS given_name, s.name AS school, EXISTS (SELECT 1 FROM link c JOIN person q ON q.id = c.person_id \
               JOIN pupil o ON o.id = c.pupil_id WHERE q.account_id = a.id AND c.level = 'legal' \
               AND c.ended_at IS NULL AND o.given_name = u.given_name AND o.family_name = u.family_name) AS has_child, \
               (w.kind IS NOT NULL OR (COALESCE(l.relation, '') = '51' AND NOT EXISTS \
               (SELECT 1 FROM link_proof f WHERE f.account_id = a.id AND f.pupil_id = l.pupil_id))) AS is_hidden \
               FROM link l JOIN person p ON p.id = l.person_id JOIN account a ON a.id = p.account_id \
               JOIN pupil u ON u.id = l.pupil_id JOIN school s ON s.uai = l.uai \
               LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
               WHERE l.end_untold_at IS NOT NULL AND l.end_untold_at <= $1 AND a.state = 'active' \
               ORDER BY l.end_untold_at, l.person_id, l.pupil_id LIMIT $2";
    tx.fetch_all(sql, args![before, CLEANUP_BATCH_ROWS]).await
}

/// Records that the person is told of an end. Returns true for the call that did.
pub async fn mark_end_told(tx: &mut Tx, end: &UntoldLinkEnd) -> Result<bool> {
    let sql = "UPDATE link SET end_untold_at = NULL \
               WHERE person_id = $1 AND pupil_id = $2 AND uai = $3 AND end_untold_at = $4";
    Ok(tx.execute(sql, args![&end.person_id, &end.pupil_id, &end.uai, end.untold_at]).await? == 1)
}

/// A child whom the account has no more.
#[derive(Clone, Debug, FromRow)]
pub struct FormerChild {
    /// `None` if the child's data changed after the end.
    pub given_name: Option<String>,
    pub school: String,
    pub ended_at: i64,
}

/// Lists the children whose last legal link with a person of the account ended after a time, the latest first. Children
/// whom the account was never shown are not among them.
pub async fn list_former_children(tx: &mut Tx, account_id: &AccountId, after: Timestamp) -> Result<Vec<FormerChild>> {
    let sql = "SELECT CASE WHEN COALESCE(u.changed_at, u.exported_at) > MAX(l.ended_at) THEN NULL \
               ELSE u.given_name END AS given_name, s.name AS school, MAX(l.ended_at) AS ended_at FROM link l \
               JOIN person p ON p.id = l.person_id JOIN pupil u ON u.id = l.pupil_id JOIN school s ON s.uai = l.uai \
               LEFT JOIN link_withheld w ON w.person_id = l.person_id AND w.pupil_id = l.pupil_id \
               WHERE p.account_id = $1 AND l.level = 'legal' AND l.ended_at > $2 AND w.kind IS NULL \
               AND (COALESCE(l.relation, '') <> '51' OR EXISTS \
               (SELECT 1 FROM link_proof f WHERE f.account_id = p.account_id AND f.pupil_id = l.pupil_id)) \
               AND NOT EXISTS \
               (SELECT 1 FROM link c JOIN person q ON q.id = c.person_id JOIN pupil o ON o.id = c.pupil_id \
               WHERE q.account_id = p.account_id AND c.level = 'legal' AND c.ended_at IS NULL \
               AND o.given_name = u.given_name AND o.family_name = u.family_name) \
               GROUP BY u.id, u.given_name, u.changed_at, u.exported_at, s.name \
               ORDER BY MAX(l.ended_at) DESC, u.given_name, s.name LIMIT 20";
    tx.fetch_all(sql, args![account_id, after]).await
}
