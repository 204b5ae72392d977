//! Which pupils are still to be told what an age changes. Birth dates are sealed: the caller opens them.

use crate::base::typed_ids::{AccountId, PupilId};
use crate::db::{FromRow, Result, Tx, args};

/// A pupil with an active account who was not told everything yet.
#[derive(Clone, Debug, FromRow)]
pub struct UntoldPupil {
    pub account_id: AccountId,
    pub pupil_id: PupilId,
    /// Encrypted.
    pub birth_date: String,
    /// The age of which the pupil was told last.
    pub told_age: i64,
}

/// Lists pupils with an account between two ids, the second included, who were not told of their last age yet, each record
/// of an account by itself.
pub async fn list_untold(tx: &mut Tx, (after, last): (&str, &str), last_age: i64) -> Result<Vec<UntoldPupil>> {
    let sql = "SELECT a.id AS account_id, u.id AS pupil_id, u.birth_date, a.told_age FROM account a \
               JOIN pupil u ON u.account_id = a.id WHERE a.id > $1 AND a.id <= $2 AND a.profile = 'eleve' \
               AND a.state = 'active' AND a.told_age < $3 ORDER BY a.id, u.id";
    tx.fetch_all(sql, args![after, last, last_age]).await
}

/// Records that a pupil is told of an age. Returns true for the call that tells.
pub async fn mark_told(tx: &mut Tx, id: &AccountId, from: i64, to: i64) -> Result<bool> {
    let sql = "UPDATE account SET told_age = $3 WHERE id = $1 AND told_age = $2 AND state = 'active'";
    Ok(tx.execute(sql, args![id, from, to]).await? == 1)
}
