//! Rows of how far persons came, of days, and of the figures of schools.

use crate::app::CampaignStep;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, PersonId};
use crate::base::uai::Uai;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};

/// The time after which a step is of another campaign, and its row goes.
pub const PROGRESS_RETENTION: Span = Span::days(200);

/// Reads the step of a person, and keeps others from it until the commit, with its time; 0 for none, or an old one.
pub async fn lock_step(tx: &mut UnitOfWork<'_>, person_id: &PersonId) -> Result<(i64, Timestamp)> {
    let (now, since) = (tx.now, tx.now.minus(PROGRESS_RETENTION));
    let sql = "INSERT INTO campaign_progress (person_id, step, at) VALUES ($1, 0, $2) ON CONFLICT DO NOTHING";
    tx.execute(sql, args![person_id, now]).await?;
    let sql = "UPDATE campaign_progress SET step = step WHERE person_id = $1 RETURNING step, at";
    let (step, at) = tx.fetch_one::<(i64, i64)>(sql, args![person_id]).await?;
    Ok((if at < since.0 { 0 } else { step }, Timestamp(at)))
}

/// Returns when the last campaign of a person's schools opened, of those that had opened at a time.
pub async fn find_last_opening(tx: &mut Tx, person_id: &PersonId, at: Timestamp) -> Result<Option<Timestamp>> {
    let sql = "SELECT c.opens_at FROM campaign c JOIN link l ON l.uai = c.uai \
               WHERE l.person_id = $1 AND l.level = 'legal' AND l.ended_at IS NULL AND c.opens_at <= $2 \
               ORDER BY c.opens_at DESC LIMIT 1";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![person_id, at]).await?.map(|(at,)| Timestamp(at)))
}

/// Writes the step of a person.
pub async fn set_step(tx: &mut Tx, person_id: &PersonId, step: CampaignStep, at: Timestamp) -> Result<()> {
    let sql = "UPDATE campaign_progress SET step = $2, at = $3 WHERE person_id = $1";
    tx.execute(sql, args![person_id, step.number(), at]).await?;
    Ok(())
}

/// Returns true if the person has an active account.
pub async fn has_active_account(tx: &mut Tx, person_id: &PersonId) -> Result<bool> {
    let sql = "SELECT p.id FROM person p JOIN account a ON a.id = p.account_id WHERE p.id = $1 AND a.state = 'active'";
    Ok(tx.fetch_optional::<(String,)>(sql, args![person_id]).await?.is_some())
}

/// Lists the schools in which a person is a legal representative now.
pub async fn list_schools_of(tx: &mut Tx, person_id: &PersonId) -> Result<Vec<Uai>> {
    let sql = "SELECT DISTINCT uai FROM link WHERE person_id = $1 AND level = 'legal' AND ended_at IS NULL \
               ORDER BY uai LIMIT 50";
    Ok(tx.fetch_all::<(Uai,)>(sql, args![person_id]).await?.into_iter().map(|(uai,)| uai).collect())
}

/// Lists the schools of an account: those of its persons, and of its pupil.
pub async fn list_schools_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<Uai>> {
    let sql = "SELECT l.uai FROM link l JOIN person p ON p.id = l.person_id \
               WHERE p.account_id = $1 AND l.level = 'legal' AND l.ended_at IS NULL \
               UNION SELECT e.uai FROM enrolment e JOIN pupil u ON u.id = e.pupil_id \
               WHERE u.account_id = $1 AND e.ended_at IS NULL ORDER BY 1 LIMIT 50";
    Ok(tx.fetch_all::<(Uai,)>(sql, args![account_id]).await?.into_iter().map(|(uai,)| uai).collect())
}

/// Adds to the number of a day.
pub async fn add_to_day(tx: &mut Tx, uai: &Uai, (day, step): (&str, CampaignStep), n: i64) -> Result<()> {
    let sql = "INSERT INTO campaign_day (uai, day, step, n) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (uai, day, step) DO UPDATE SET n = campaign_day.n + excluded.n";
    tx.execute(sql, args![uai, day, step.name(), n]).await?;
    Ok(())
}

/// Marks the figures of a school as to be counted again.
pub async fn mark_stale(tx: &mut Tx, uai: &Uai) -> Result<()> {
    tx.execute("UPDATE school_figure SET stale = TRUE WHERE uai = $1", args![uai]).await?;
    Ok(())
}

/// Lists schools whose figures are to be counted: never counted, of another revision of the roster, or old; and those in
/// which somebody came further, once a minute at most.
pub async fn list_uncounted(tx: &mut Tx, (lately, old): (Timestamp, Timestamp), most: i64) -> Result<Vec<(Uai, i64)>> {
    let sql = "SELECT r.uai, r.revision FROM roster_set r JOIN school s ON s.uai = r.uai \
               LEFT JOIN school_figure f ON f.uai = r.uai \
               WHERE f.uai IS NULL OR f.revision <> r.revision OR (f.stale AND f.counted_at <= $1) \
               OR f.counted_at <= $2 ORDER BY COALESCE(f.counted_at, 0), r.uai LIMIT $3";
    tx.fetch_all(sql, args![lately, old, most]).await
}

/// The figures of a school.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, FromRow)]
pub struct SchoolFigureRow {
    pub revision: i64,
    pub parents: i64,
    pub with_account: i64,
    pub unreachable: i64,
    pub pupils: i64,
    pub pupils_covered: i64,
}

/// Begins to count a school: what is marked from now on is counted again, and so is a count that does not end.
pub async fn begin_count(tx: &mut Tx, uai: &Uai) -> Result<()> {
    let sql = "INSERT INTO school_figure (uai, revision, counted_at, stale, parents, with_account, unreachable, \
               pupils, pupils_covered) VALUES ($1, -1, 0, FALSE, 0, 0, 0, 0, 0) \
               ON CONFLICT (uai) DO UPDATE SET stale = FALSE, revision = -1";
    tx.execute(sql, args![uai]).await?;
    Ok(())
}

/// Writes the figures of a school, counted at `at`, unless later ones are there. A mark of meanwhile stays.
pub async fn set_figures(tx: &mut Tx, uai: &Uai, at: Timestamp, row: SchoolFigureRow) -> Result<()> {
    let sql = "INSERT INTO school_figure (uai, revision, counted_at, stale, parents, with_account, unreachable, \
               pupils, pupils_covered) VALUES ($1, $2, $3, FALSE, $4, $5, $6, $7, $8) \
               ON CONFLICT (uai) DO UPDATE SET revision = excluded.revision, counted_at = excluded.counted_at, \
               parents = excluded.parents, with_account = excluded.with_account, \
               unreachable = excluded.unreachable, pupils = excluded.pupils, \
               pupils_covered = excluded.pupils_covered WHERE school_figure.counted_at <= excluded.counted_at";
    let values =
        args![uai, row.revision, at, row.parents, row.with_account, row.unreachable, row.pupils, row.pupils_covered];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Sums the figures of an academy: parents, and those with an account. A parent with children in two schools counts in
/// each.
pub async fn sum_academy(tx: &mut Tx, academy: &str) -> Result<(i64, i64)> {
    let sql = "SELECT CAST(COALESCE(SUM(f.parents), 0) AS BIGINT), CAST(COALESCE(SUM(f.with_account), 0) AS BIGINT) \
               FROM school_figure f JOIN school s ON s.uai = f.uai WHERE s.academy = $1";
    tx.fetch_one(sql, args![academy]).await
}

/// Deletes steps of past campaigns.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = tx.now.minus(PROGRESS_RETENTION);
    let steps = "DELETE FROM campaign_progress WHERE person_id IN \
                 (SELECT person_id FROM campaign_progress WHERE at < $1 ORDER BY at LIMIT $2)";
    tx.execute(steps, args![before, CLEANUP_BATCH_ROWS]).await
}
