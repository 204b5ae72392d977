//! Accounts of a school or an academy, and the forced change of their passwords (docs/threats.md#threat-s18).

use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};

/// A page of the accounts of one profile, in the order of their ids.
#[derive(Clone, Copy, Debug)]
pub struct CohortPage<'a> {
    pub profile: Profile,
    pub after: &'a str,
    /// Passwords chosen before this time.
    pub before: Timestamp,
    pub most: i64,
}

/// The accounts with a password chosen before `$3` whose change is not forced yet, after the id `$2`.
macro_rules! unchanged {
    ($from:literal, $account:literal) => {
        concat!(
            "SELECT DISTINCT a.id FROM ",
            $from,
            " JOIN account a ON a.id = ",
            $account,
            " WHERE ",
            $account,
            " > $2 AND a.state = 'active' AND a.password IS NOT NULL AND a.password_at < $3 \
             AND (a.must_change_at IS NULL OR a.must_change_at < a.password_at) AND a.profile = $4 AND "
        )
    };
}

async fn list(tx: &mut Tx, sql: &'static str, place: &str, page: CohortPage<'_>) -> Result<Vec<AccountId>> {
    let values = args![place, page.after, page.before, page.profile.name(), page.most];
    Ok(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id).collect())
}

/// Lists accounts of a school: of pupils who are enrolled, of persons with a current link of any level to a pupil.
pub async fn list_of_school(tx: &mut Tx, uai: &Uai, page: CohortPage<'_>) -> Result<Vec<AccountId>> {
    let sql = match page.profile {
        Profile::Responsable => concat!(
            unchanged!("link l JOIN person p ON p.id = l.person_id", "p.account_id"),
            "l.uai = $1 AND l.ended_at IS NULL ORDER BY a.id LIMIT $5"
        ),
        Profile::Eleve => concat!(
            unchanged!("enrolment e JOIN pupil u ON u.id = e.pupil_id", "u.account_id"),
            "e.uai = $1 AND e.ended_at IS NULL ORDER BY a.id LIMIT $5"
        ),
        // They have no password here.
        Profile::Enseignant | Profile::Personnel | Profile::Invite => return Ok(Vec::new()),
    };
    list(tx, sql, uai.as_str(), page).await
}

/// Lists accounts of an academy: of every pupil and person of its rosters, current or not.
pub async fn list_of_academy(tx: &mut Tx, academy: &str, page: CohortPage<'_>) -> Result<Vec<AccountId>> {
    let sql = match page.profile {
        Profile::Responsable => {
            concat!(unchanged!("person p", "p.account_id"), "p.academy = $1 ORDER BY a.id LIMIT $5")
        }
        Profile::Eleve => concat!(unchanged!("pupil u", "u.account_id"), "u.academy = $1 ORDER BY a.id LIMIT $5"),
        // They have no password here.
        Profile::Enseignant | Profile::Personnel | Profile::Invite => return Ok(Vec::new()),
    };
    list(tx, sql, academy, page).await
}

/// Forces the change of passwords chosen before a time. Returns the accounts for which this call did so, by
/// compare-and-set: not those without a password, and not those whose password was replaced meanwhile.
pub async fn force_change(tx: &mut UnitOfWork<'_>, ids: &[AccountId], before: Timestamp) -> Result<Vec<AccountId>> {
    let now = tx.now;
    let mut forced = Vec::with_capacity(ids.len());
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "UPDATE account SET must_change_at = $1 WHERE id IN (",
            batch_placeholders!(),
            ") AND state = 'active' AND password IS NOT NULL AND password_at < $52 \
             AND (must_change_at IS NULL OR must_change_at < password_at) RETURNING id"
        );
        let mut values = batch_args(Value::from(now), ids.iter().map(|id| id.as_str()));
        values.push(Value::from(before));
        forced.extend(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id));
    }
    Ok(forced)
}

/// Lists those of the accounts whose person has a mobile number in the roster and did not give it up.
pub async fn list_with_mobile(tx: &mut Tx, ids: &[AccountId]) -> Result<Vec<AccountId>> {
    let mut found = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT DISTINCT account_id FROM person WHERE phone <> $1 AND phone_disowned_at IS NULL \
             AND account_id IN (",
            batch_placeholders!(),
            ")"
        );
        let values = batch_args(Value::from(""), ids.iter().map(|id| id.as_str()));
        found.extend(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id));
    }
    Ok(found)
}
