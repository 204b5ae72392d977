//! Rows of schools, their campaigns and figures.

pub mod letters;
pub mod progress;
pub mod reminders;

use super::figures::CountedLink;
use crate::administrators::scope::AdminScope;
use crate::administrators::store::scope::scope_args;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, Value, args};
use crate::tenants::Campaign;

/// Lists the current legal links of a school with what a campaign knows of their parents.
pub async fn list_links(tx: &mut Tx, uai: &Uai) -> Result<Vec<CountedLink>> {
    let sql = "SELECT l.person_id, l.pupil_id, u.given_name || ' ' || SUBSTR(u.family_name, 1, 1) || '.' \
        AS pupil_name, e.class, (COALESCE(l.relation, '') = '51') AS institution, \
        COALESCE(p.usage_name, p.family_name) AS family_name, p.given_name, p.phone_state, p.phone_why, \
        p.phone_blind, p.mail_blind, (p.phone_disowned_at IS NOT NULL) AS disowned, a.state AS account_state, \
        a.created_at AS account_since, g.step, g.at AS step_at, EXISTS (SELECT 1 FROM notice n \
        WHERE n.person_id = p.id AND n.uai = l.uai AND n.kind = 'country_refused' AND n.settled_at IS NULL) \
        AS country_refused, EXISTS (SELECT 1 FROM link_withheld w WHERE w.person_id = l.person_id \
        AND w.pupil_id = l.pupil_id) AS withheld, EXISTS (SELECT 1 FROM person o JOIN link m ON m.person_id = o.id \
        AND m.level = 'legal' AND m.ended_at IS NULL WHERE o.phone_blind = p.phone_blind AND o.id <> p.id \
        AND o.given_name <> p.given_name) AS shared_elsewhere, EXISTS (SELECT 1 FROM letter t WHERE t.account_id = a.id \
        AND t.kind = 'first' AND t.state = 'used') AS by_letter FROM link l JOIN person p ON p.id = l.person_id JOIN pupil u ON u.id = l.pupil_id \
        JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai AND e.ended_at IS NULL \
        LEFT JOIN account a ON a.id = p.account_id LEFT JOIN campaign_progress g ON g.person_id = p.id \
        WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL ORDER BY l.person_id, l.pupil_id";
    tx.fetch_all(sql, args![uai]).await
}

/// Lists the classes of the current pupils of a school, one line a pupil.
pub async fn list_enrolled_classes(tx: &mut Tx, uai: &Uai) -> Result<Vec<Option<String>>> {
    let sql = "SELECT class FROM enrolment WHERE uai = $1 AND ended_at IS NULL ORDER BY class";
    Ok(tx.fetch_all::<(Option<String>,)>(sql, args![uai]).await?.into_iter().map(|(class,)| class).collect())
}

/// Counts the activations in a person's name with another number.
pub async fn count_near(tx: &mut Tx, person_id: &PersonId) -> Result<i64> {
    let sql = "SELECT COUNT(*) FROM activation_near WHERE person_id = $1";
    Ok(tx.fetch_one::<(i64,)>(sql, args![person_id]).await?.0)
}

/// Lists the persons of a school in whose name somebody tried with another number.
pub async fn list_near_persons(tx: &mut Tx, uai: &Uai) -> Result<Vec<PersonId>> {
    let sql = "SELECT DISTINCT n.person_id FROM activation_near n JOIN link l ON l.person_id = n.person_id \
               WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL LIMIT 5000";
    Ok(tx.fetch_all::<(PersonId,)>(sql, args![uai]).await?.into_iter().map(|(id,)| id).collect())
}

/// Counts the persons who asked a school to open the activation again.
pub async fn count_late_persons(tx: &mut Tx, uai: &Uai) -> Result<usize> {
    let sql = "SELECT COUNT(DISTINCT n.person_id) FROM notice n JOIN link l ON l.person_id = n.person_id \
               AND l.uai = n.uai AND l.level = 'legal' AND l.ended_at IS NULL \
               WHERE n.uai = $1 AND n.kind = 'reopening' AND n.settled_at IS NULL";
    let (count,) = tx.fetch_one::<(i64,)>(sql, args![uai]).await?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// Lists some of the persons who asked a school to open the activation again, until a time.
pub async fn list_late_persons(tx: &mut Tx, uai: &Uai, (asked_until, most): (Timestamp, i64)) -> Result<Vec<PersonId>> {
    let sql = "SELECT DISTINCT n.person_id FROM notice n JOIN link l ON l.person_id = n.person_id AND l.uai = n.uai \
               AND l.level = 'legal' AND l.ended_at IS NULL \
               WHERE n.uai = $1 AND n.kind = 'reopening' AND n.settled_at IS NULL AND n.at <= $2 \
               ORDER BY n.person_id LIMIT $3";
    let rows = tx.fetch_all::<(PersonId,)>(sql, args![uai, asked_until, most]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// The numbers of a day, by step.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct CampaignDayRow {
    pub day: String,
    pub step: String,
    pub n: i64,
}

/// Lists the days of a school from one day to another, both included.
pub async fn list_days(tx: &mut Tx, uai: &Uai, (from, to): (&str, &str)) -> Result<Vec<CampaignDayRow>> {
    let sql = "SELECT day, step, n FROM campaign_day WHERE uai = $1 AND day >= $2 AND day <= $3 ORDER BY day, step";
    tx.fetch_all(sql, args![uai, from, to]).await
}

/// A school in a list, with the figures that were last counted.
#[derive(Clone, Debug, FromRow)]
pub struct ListedSchoolRow {
    pub uai: Uai,
    pub name: String,
    pub academy: String,
    pub ministry: String,
    pub opens_at: Option<i64>,
    pub closes_at: Option<i64>,
    pub parents: Option<i64>,
    pub with_account: Option<i64>,
    pub unreachable: Option<i64>,
    /// The place in the order: open campaigns by their end, then the others; the share of accounts in thousandths.
    pub closing: i64,
    pub share: i64,
}

/// The place after which a list goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SchoolListPlace {
    pub closing: i64,
    pub share: i64,
    pub uai: String,
}

/// Lists schools of a scope after a place: those whose campaign is open first, by its end, then the fewest accounts.
pub async fn list_schools(
    tx: &mut Tx,
    scope: &AdminScope,
    now: i64,
    after: &SchoolListPlace,
    most: i64,
) -> Result<Vec<ListedSchoolRow>> {
    let sql = "SELECT * FROM (SELECT s.uai, s.name, s.academy, s.ministry, c.opens_at, c.closes_at, f.parents, \
               f.with_account, f.unreachable, CASE WHEN c.closes_at > $6 AND c.opens_at <= $6 THEN c.closes_at \
               ELSE 9000000000000000 END AS closing, \
               CASE WHEN COALESCE(f.parents, 0) = 0 THEN 1001 ELSE f.with_account * 1000 / f.parents END AS share \
               FROM school s LEFT JOIN campaign c ON c.uai = s.uai LEFT JOIN school_figure f ON f.uai = s.uai \
               WHERE ($1 OR REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
               OR REPLACE($3, '\u{1f}' || s.academy || '\u{1f}', '') <> $3 \
               OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 \
               OR (LENGTH($5) > 1 AND EXISTS (SELECT 1 FROM enrolment e WHERE e.uai = s.uai AND e.ended_at IS NULL \
               AND REPLACE($5, '\u{1f}' || s.uai || '/' || e.class || '\u{1f}', '') <> $5)))) AS listed \
               WHERE (closing, share, uai) > ($7, $8, $9) ORDER BY closing, share, uai LIMIT $10";
    let mut values = scope_args(scope);
    values.extend([
        Value::from(now),
        Value::from(after.closing),
        Value::from(after.share),
        Value::from(after.uai.as_str()),
        Value::from(most),
    ]);
    tx.fetch_all(sql, values).await
}

/// Writes a campaign if it still is what it was; without one before, if there still is none. Returns false if another one
/// came first.
pub async fn replace_campaign(
    tx: &mut UnitOfWork<'_>,
    uai: &Uai,
    before: Option<Campaign>,
    after: Campaign,
) -> Result<bool> {
    let rows = match before {
        None => {
            let sql = "INSERT INTO campaign (uai, opens_at, closes_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            tx.execute(sql, args![uai, after.opens_at, after.closes_at]).await?
        }
        Some(before) => {
            let sql = "UPDATE campaign SET opens_at = $2, closes_at = $3 \
                       WHERE uai = $1 AND opens_at = $4 AND closes_at = $5";
            let values = args![uai, after.opens_at, after.closes_at, before.opens_at, before.closes_at];
            tx.execute(sql, values).await?
        }
    };
    Ok(rows == 1)
}

/// Opens the activation for one person, whatever the campaign, and settles the request for it. An exception that lasts
/// longer stays.
pub async fn open_for_person(
    tx: &mut UnitOfWork<'_>,
    person_id: &PersonId,
    (until, by): (Timestamp, &str),
) -> Result<()> {
    let now = tx.now;
    let sql = "INSERT INTO campaign_exception (person_id, until, given_by, given_at) VALUES ($1, $2, $3, $4) \
               ON CONFLICT (person_id) DO UPDATE SET until = excluded.until, given_by = excluded.given_by, \
               given_at = excluded.given_at WHERE campaign_exception.until < excluded.until";
    tx.execute(sql, args![person_id, until, by, now]).await?;
    let sql = "UPDATE notice SET settled_at = $2 WHERE person_id = $1 AND kind = 'reopening' AND settled_at IS NULL";
    tx.execute(sql, args![person_id, now]).await?;
    Ok(())
}

/// Deletes a batch of each kind of rows whose term has come; of batches of letters, those printed before a time.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>, printed_before: Timestamp) -> Result<u64> {
    let steps = progress::delete_expired(tx).await? + progress::delete_old_days(tx).await?;
    Ok(steps + letters::delete_printed_before(tx, printed_before).await? + reminders::delete_expired(tx).await?)
}
