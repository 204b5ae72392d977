//! Rows of how far persons came, of days, and of the figures of schools.

use crate::app::CampaignStep;
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AccountId, PersonId};
use crate::base::uai::Uai;
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args};
use crate::http::pages::dates;
use crate::tenants::store::figures::MIN_COUNT_INTERVAL;

/// The time after which a step is of another campaign, and its row goes.
pub const PROGRESS_RETENTION: Span = Span::days(200);
/// The retention of the numbers of a day. They name nobody, so they may stay longer than what tells of persons: a campaign
/// is laid beside those of the two school years before.
const DAY_RETENTION: Span = Span::days(3 * 366);
/// Figures are counted again after this time, whatever happened: accounts close, and a note may be lost in a crash.
const MAX_FIGURE_AGE: Span = Span::days(1);

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

/// Lists schools whose figures are due, the longest first. Only these are looked at.
pub async fn list_due(tx: &mut Tx, now: Timestamp, most: i64) -> Result<Vec<Uai>> {
    let sql = "SELECT uai FROM school_figure WHERE due_at <= $1 ORDER BY due_at, uai LIMIT $2";
    Ok(tx.fetch_all::<(Uai,)>(sql, args![now, most]).await?.into_iter().map(|(uai,)| uai).collect())
}

/// Claims the count of a school until a time: other servers leave it alone, and a count that does not end is begun again
/// after it. What is marked from now on is counted again. Returns false if another server was first.
pub async fn claim_count(tx: &mut UnitOfWork<'_>, uai: &Uai, until: Timestamp) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE school_figure SET stale = FALSE, revision = -1, due_at = $3 WHERE uai = $1 AND due_at <= $2";
    Ok(tx.execute(sql, args![uai, now, until]).await? == 1)
}

/// Looks at some schools with a roster after a place, and lists those that have no figures of its revision: a release
/// that marked none imported them. Returns them, and the last one looked at.
pub async fn list_unmarked(tx: &mut Tx, after: &str, most: i64) -> Result<(Vec<Uai>, Option<Uai>)> {
    let sql = "SELECT r.uai, (f.uai IS NULL OR (f.revision >= 0 AND NOT f.stale AND f.revision <> r.revision)) \
               AS unmarked FROM roster_set r LEFT JOIN school_figure f ON f.uai = r.uai \
               WHERE r.uai > $1 ORDER BY r.uai LIMIT $2";
    let rows = tx.fetch_all::<(Uai, bool)>(sql, args![after, most]).await?;
    let last = rows.last().map(|(uai, _)| uai.clone());
    Ok((rows.into_iter().filter(|(_, unmarked)| *unmarked).map(|(uai, _)| uai).collect(), last))
}

/// Returns the revision of a school's roster; 0 for none.
pub async fn find_revision(tx: &mut Tx, uai: &Uai) -> Result<i64> {
    let sql = "SELECT revision FROM roster_set WHERE uai = $1";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![uai]).await?.map_or(0, |(revision,)| revision))
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

/// Writes the figures of a school, counted at `at` under a claim until a time. A claim that was lost writes nothing: the
/// one that took its place took the mark with it. They are due again when they are old; soon, if the school was marked
/// meanwhile.
pub async fn set_figures(
    tx: &mut Tx,
    uai: &Uai,
    (at, claimed_until): (Timestamp, Timestamp),
    row: SchoolFigureRow,
) -> Result<()> {
    let sql = "UPDATE school_figure SET revision = $2, counted_at = $3, parents = $4, with_account = $5, \
               unreachable = $6, pupils = $7, pupils_covered = $8, due_at = CASE WHEN stale THEN $9 ELSE $10 END \
               WHERE uai = $1 AND counted_at <= $3 AND due_at = $11";
    let (soon, later) = (at.plus(MIN_COUNT_INTERVAL), at.plus(MAX_FIGURE_AGE));
    let values = args![
        uai,
        row.revision,
        at,
        row.parents,
        row.with_account,
        row.unreachable,
        row.pupils,
        row.pupils_covered,
        soon,
        later,
        claimed_until
    ];
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

/// Deletes the numbers of days that nobody compares with any more.
pub async fn delete_old_days(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let before = dates::date_key(tx.now.minus(DAY_RETENTION));
    let sql = "DELETE FROM campaign_day WHERE (uai, day, step) IN \
               (SELECT uai, day, step FROM campaign_day WHERE day < $1 ORDER BY day LIMIT $2)";
    tx.execute(sql, args![before, CLEANUP_BATCH_ROWS]).await
}
