//! Rows of academies, schools, campaigns, notices.

use std::collections::BTreeSet;

use super::{Campaign, Notice, School};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::rng::Random;
use crate::db::{FromRow, Result, Tx, args};

pub async fn put_academy(tx: &mut Tx, id: &str, code: &str, name: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO academy (id, code, name) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name",
        args![id, code, name],
    )
    .await?;
    Ok(())
}

pub async fn has_academy(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.optional::<(String,)>("SELECT id FROM academy WHERE id = $1", args![id]).await?.is_some())
}

pub async fn put_school(tx: &mut Tx, school: &School) -> Result<()> {
    tx.execute(
        "INSERT INTO school (uai, name, academy, ministry) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (uai) DO UPDATE SET name = excluded.name, academy = excluded.academy, ministry = excluded.ministry",
        args![&school.uai, &school.name, &school.academy, &school.ministry],
    )
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct SchoolRow {
    uai: String,
    name: String,
    academy: String,
    ministry: String,
}

impl From<SchoolRow> for School {
    fn from(r: SchoolRow) -> Self {
        School { uai: r.uai, name: r.name, academy: r.academy, ministry: r.ministry }
    }
}

pub async fn school(tx: &mut Tx, uai: &str) -> Result<Option<School>> {
    let sql = "SELECT uai, name, academy, ministry FROM school WHERE uai = $1";
    Ok(tx.optional::<SchoolRow>(sql, args![uai]).await?.map(School::from))
}

/// Every declared school: hundreds at most, for the operator's commands.
pub async fn schools(tx: &mut Tx) -> Result<Vec<School>> {
    let sql = "SELECT uai, name, academy, ministry FROM school ORDER BY uai";
    Ok(tx.all::<SchoolRow>(sql, args![]).await?.into_iter().map(School::from).collect())
}

pub async fn campaign(tx: &mut Tx, uai: &str) -> Result<Option<Campaign>> {
    let sql = "SELECT opens_at, closes_at FROM campaign WHERE uai = $1";
    let row = tx.optional::<(i64, i64)>(sql, args![uai]).await?;
    Ok(row.map(|(opens, closes)| Campaign { opens: Timestamp(opens), closes: Timestamp(closes) }))
}

pub async fn put_campaign(tx: &mut Tx, uai: &str, campaign: Campaign) -> Result<()> {
    tx.execute(
        "INSERT INTO campaign (uai, opens_at, closes_at) VALUES ($1, $2, $3) \
         ON CONFLICT (uai) DO UPDATE SET opens_at = excluded.opens_at, closes_at = excluded.closes_at",
        args![uai, campaign.opens, campaign.closes],
    )
    .await?;
    Ok(())
}

/// Tells the school, once for each activation, person, kind and pupil. One that was settled is open again.
pub async fn notify(tx: &mut Tx, rng: &dyn Random, now: Timestamp, notice: &Notice<'_>) -> Result<()> {
    tx.execute(
        "INSERT INTO notice (id, uai, person_id, pupil_id, kind, support_code, at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (person_id, kind, uai, support_code, pupil_id) \
         DO UPDATE SET settled_at = NULL, at = excluded.at WHERE notice.settled_at IS NOT NULL",
        args![
            row_id(now, rng),
            notice.uai,
            notice.person_id,
            notice.pupil_id.unwrap_or(""),
            notice.kind.name(),
            notice.support_code,
            now
        ],
    )
    .await?;
    Ok(())
}

/// Settles that a person of the roster cannot be reached, once it is no longer true: a number came, or the last legal
/// link with the school ended.
pub async fn settle_unreachable(tx: &mut Tx, now: Timestamp, uai: &str) -> Result<()> {
    tx.execute(
        "UPDATE notice SET settled_at = $2 WHERE uai = $1 AND kind = 'unreachable' AND settled_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id WHERE p.id = notice.person_id \
         AND p.phone_state <> 'mobile' AND l.uai = notice.uai AND l.level = 'legal' AND l.ended_at IS NULL)",
        args![uai, now],
    )
    .await?;
    Ok(())
}

/// Settles that a link is in the roster more than once, where it is not among `current` (person, pupil).
pub async fn settle_repeated(tx: &mut Tx, now: Timestamp, uai: &str, current: &BTreeSet<(&str, &str)>) -> Result<()> {
    let sql = "SELECT id, person_id, COALESCE(pupil_id, '') FROM notice \
               WHERE uai = $1 AND kind = 'link_repeated' AND settled_at IS NULL";
    for (id, person, pupil) in tx.all::<(String, String, String)>(sql, args![uai]).await? {
        if !current.contains(&(person.as_str(), pupil.as_str())) {
            tx.execute("UPDATE notice SET settled_at = $2 WHERE id = $1", args![id, now]).await?;
        }
    }
    Ok(())
}

/// A notice as the school reads it.
#[derive(Clone, Debug, FromRow)]
pub struct NoticeRow {
    pub uai: String,
    pub kind: String,
    pub support_code: String,
    pub at: i64,
    pub family_name: Option<String>,
    pub given_name: Option<String>,
    pub pupil: Option<String>,
    pub settled_at: Option<i64>,
}

/// The newest notices of a school: those that it must still see to, or also those that were settled.
pub async fn notices(tx: &mut Tx, uai: &str, all: bool) -> Result<Vec<NoticeRow>> {
    tx.all(
        "SELECT n.uai, n.kind, n.support_code, n.at, n.settled_at, p.family_name, p.given_name, \
         u.given_name AS pupil \
         FROM notice n LEFT JOIN person p ON p.id = n.person_id LEFT JOIN pupil u ON u.id = n.pupil_id \
         WHERE n.uai = $1 AND ($2 OR n.settled_at IS NULL) ORDER BY n.at DESC, n.id LIMIT 1000",
        args![uai, all],
    )
    .await
}

/// What a support code stands for: school, its name, kind, when.
pub async fn notices_of_code(tx: &mut Tx, code: &str) -> Result<Vec<(String, String, String, i64)>> {
    let sql = "SELECT n.uai, s.name, n.kind, n.at FROM notice n JOIN school s ON s.uai = n.uai \
               WHERE n.support_code = $1 ORDER BY n.at DESC LIMIT 20";
    tx.all(sql, args![code]).await
}
