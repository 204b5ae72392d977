//! Accounts of a school or an academy, and the forced change of their passwords (docs/threats.md#threat-s18).

use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};

/// A page of the accounts of one profile, in the order of a cursor.
#[derive(Clone, Copy, Debug)]
pub struct CohortPage<'a> {
    pub profile: Profile,
    /// The cursor of the last row of the page before; empty for the first page.
    pub after: &'a str,
    /// Passwords chosen before this time.
    pub before: Timestamp,
    pub most: i64,
}

/// An account of a page, with the cursor that leads on from it.
pub type CohortRow = (String, AccountId);

/// Of `a`, an account with a password chosen before `$3` whose change is not forced yet.
macro_rules! unchanged {
    () => {
        "a.state = 'active' AND a.password IS NOT NULL AND a.password_at < $3 \
         AND (a.must_change_at IS NULL OR a.must_change_at < a.password_at) AND a.profile = $4"
    };
}

/// The accounts of a school, a table of rows at a school (`m`) and of whom they speak (`r`).
macro_rules! of_school {
    ($rows:literal) => {
        concat!(
            "SELECT DISTINCT a.id, a.id FROM ",
            $rows,
            " JOIN account a ON a.id = r.account_id \
             WHERE m.uai = $1 AND m.ended_at IS NULL AND r.account_id > $2 AND ",
            unchanged!(),
            " ORDER BY a.id LIMIT $5"
        )
    };
}

/// The accounts of an academy, in the order of the roster keys: an index has academy and key, so that a page costs the
/// same however many people there are. `CROSS JOIN` keeps SQLite to that order whatever it believes of the tables, and
/// `|| ''` keeps it from reading every earlier row where the account's few serve. An account with several rows in the
/// academy comes at the first of them.
macro_rules! of_academy {
    ($table:literal, $key:literal) => {
        concat!(
            "SELECT r.",
            $key,
            ", a.id FROM ",
            $table,
            " r CROSS JOIN account a \
             WHERE r.academy = $1 AND r.",
            $key,
            " > $2 AND a.id = r.account_id AND ",
            unchanged!(),
            " AND NOT EXISTS (SELECT 1 FROM ",
            $table,
            " o WHERE o.account_id = r.account_id \
             AND o.academy || '' = r.academy AND o.",
            $key,
            " || '' < r.",
            $key,
            ") ORDER BY r.",
            $key,
            " LIMIT $5"
        )
    };
}

async fn list(tx: &mut Tx, sql: &'static str, place: &str, page: CohortPage<'_>) -> Result<Vec<CohortRow>> {
    tx.fetch_all(sql, args![place, page.after, page.before, page.profile.name(), page.most]).await
}

/// Lists accounts of a school: of pupils who are enrolled, of persons with a current link of any level to a pupil.
pub async fn list_of_school(tx: &mut Tx, uai: &Uai, page: CohortPage<'_>) -> Result<Vec<CohortRow>> {
    let sql = match page.profile {
        Profile::Responsable => of_school!("link m JOIN person r ON r.id = m.person_id"),
        Profile::Eleve => of_school!("enrolment m JOIN pupil r ON r.id = m.pupil_id"),
        // They have no password here.
        Profile::Enseignant | Profile::Personnel | Profile::Invite => return Ok(Vec::new()),
    };
    list(tx, sql, uai.as_str(), page).await
}

/// Lists accounts of an academy: of every pupil and person of its rosters, current or not.
pub async fn list_of_academy(tx: &mut Tx, academy: &str, page: CohortPage<'_>) -> Result<Vec<CohortRow>> {
    let sql = match page.profile {
        Profile::Responsable => of_academy!("person", "person_key"),
        Profile::Eleve => of_academy!("pupil", "pupil_key"),
        // They have no password here.
        Profile::Enseignant | Profile::Personnel | Profile::Invite => return Ok(Vec::new()),
    };
    list(tx, sql, academy, page).await
}

/// Forces the change of passwords chosen before a time. Returns the accounts for which this call did so, by
/// compare-and-set: not those without a password, and not those whose password was replaced meanwhile.
pub async fn force_change(tx: &mut UnitOfWork<'_>, ids: &[AccountId], before: Timestamp) -> Result<Vec<AccountId>> {
    let now = tx.now;
    if ids.len() > 1 {
        crate::roster::store::locks::lock_accounts(tx, &ids.iter().collect::<Vec<_>>()).await?;
    }
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
