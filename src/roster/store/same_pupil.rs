//! Records of one pupil in several academies, by the HMAC of the INE.

use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PupilId};
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};

/// A record with an account.
#[derive(Clone, Debug, FromRow)]
pub struct AccountedPupil {
    pub id: PupilId,
    pub account_id: AccountId,
    pub family_name: String,
    pub given_name: String,
    /// Encrypted.
    pub birth_date: String,
    pub ine_blind: String,
}

/// Lists the records, of every academy, that have one of the INEs and the account of a pupil that is not closed.
pub async fn list_with_account(tx: &mut Tx, blinds: &[&str]) -> Result<Vec<AccountedPupil>> {
    let mut rows = Vec::new();
    for blinds in blinds.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT u.id, u.account_id, u.family_name, u.given_name, u.birth_date, u.ine_blind FROM pupil u \
             JOIN account a ON a.id = u.account_id \
             WHERE a.profile = $1 AND a.state <> 'closed' AND u.ine_blind IN (",
            batch_placeholders!(),
            ") ORDER BY u.id"
        );
        let profile = Value::from(Profile::Eleve.name());
        rows.extend(tx.fetch_all::<AccountedPupil>(sql, batch_args(profile, blinds.iter().copied())).await?);
    }
    Ok(rows)
}

/// Gives a pupil the account of the same pupil elsewhere. Returns false unless the pupil still has none, and the other
/// still has it, with the same INE, and not closed.
pub async fn join_account(tx: &mut Tx, pupil_id: &PupilId, other_id: &PupilId, account_id: &AccountId) -> Result<bool> {
    let sql = "UPDATE pupil SET account_id = $3 WHERE id = $1 AND account_id IS NULL AND EXISTS \
               (SELECT 1 FROM pupil o JOIN account a ON a.id = o.account_id WHERE o.id = $2 AND o.account_id = $3 \
               AND o.ine_blind = pupil.ine_blind AND a.state <> 'closed')";
    Ok(tx.execute(sql, args![pupil_id, other_id, account_id]).await? == 1)
}
