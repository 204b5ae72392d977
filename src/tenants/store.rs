//! Rows of academies, schools, campaigns and notices.

pub mod declared;
pub mod exceptions;
pub mod figures;
mod notices;
pub mod numbers;
pub mod settled;

pub use notices::{NoticeRow, NoticeTrace, NoticedChild, list_noticed_children, list_notices, list_notices_by_code};

use std::collections::BTreeSet;
use std::sync::LazyLock;

use super::{Campaign, Notice, School, SchoolContact};
use crate::base::clock::Timestamp;
use crate::base::ids::row_ids;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, RowsSql, Tx, UnitOfWork, args};

pub async fn upsert_academy(tx: &mut Tx, id: &str, code: &str, name: &str) -> Result<()> {
    tx.execute(
        "INSERT INTO academy (id, code, name) VALUES ($1, $2, $3) \
         ON CONFLICT (id) DO UPDATE SET code = excluded.code, name = excluded.name",
        args![id, code, name],
    )
    .await?;
    Ok(())
}

/// Returns the name of an academy for pages.
pub async fn find_academy_name(tx: &mut Tx, id: &str) -> Result<Option<String>> {
    Ok(tx.fetch_optional::<(String,)>("SELECT name FROM academy WHERE id = $1", args![id]).await?.map(|(name,)| name))
}

pub async fn has_academy(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.fetch_optional::<(String,)>("SELECT id FROM academy WHERE id = $1", args![id]).await?.is_some())
}

/// Writes a school of schools.toml, which is believed whatever a roster declared before.
pub async fn upsert_school(tx: &mut Tx, school: &School) -> Result<()> {
    tx.execute(
        "INSERT INTO school (uai, name, academy, ministry, telephone, first_degree, origin) \
         VALUES ($1, $2, $3, $4, $5, $6, 'file') \
         ON CONFLICT (uai) DO UPDATE SET name = excluded.name, academy = excluded.academy, \
         ministry = excluded.ministry, telephone = excluded.telephone, first_degree = excluded.first_degree, \
         origin = excluded.origin",
        args![&school.uai, &school.name, &school.academy, &school.ministry, &school.telephone, school.first_degree],
    )
    .await?;
    Ok(())
}

#[derive(FromRow)]
struct SchoolRow {
    uai: Uai,
    name: String,
    academy: String,
    ministry: String,
    telephone: Option<String>,
    first_degree: bool,
}

impl From<SchoolRow> for School {
    fn from(r: SchoolRow) -> Self {
        let SchoolRow { uai, name, academy, ministry, telephone, first_degree } = r;
        School { uai, name, academy, ministry, telephone, first_degree }
    }
}

pub async fn find_school(tx: &mut Tx, uai: &Uai) -> Result<Option<School>> {
    let sql = "SELECT uai, name, academy, ministry, telephone, first_degree FROM school WHERE uai = $1";
    Ok(tx.fetch_optional::<SchoolRow>(sql, args![uai]).await?.map(School::from))
}

/// Returns the contacts of schools, in the order of the list and without duplicates.
pub async fn list_contacts(tx: &mut Tx, uais: &[Uai]) -> Result<Vec<SchoolContact>> {
    let (mut seen, mut out) = (Vec::new(), Vec::new());
    for uai in uais {
        if !seen.contains(&uai) {
            seen.push(uai);
            out.extend(find_school(tx, uai).await?.map(|s| SchoolContact::new(s.name, s.telephone)));
        }
    }
    Ok(out)
}

/// Returns every declared school (hundreds at most), for the operator's commands.
pub async fn list_schools(tx: &mut Tx) -> Result<Vec<School>> {
    let sql = "SELECT uai, name, academy, ministry, telephone, first_degree FROM school ORDER BY uai";
    Ok(tx.fetch_all::<SchoolRow>(sql, args![]).await?.into_iter().map(School::from).collect())
}

pub async fn find_campaign(tx: &mut Tx, uai: &Uai) -> Result<Option<Campaign>> {
    let sql = "SELECT opens_at, closes_at FROM campaign WHERE uai = $1";
    let row = tx.fetch_optional::<(i64, i64)>(sql, args![uai]).await?;
    Ok(row.map(|(opens, closes)| Campaign { opens_at: Timestamp(opens), closes_at: Timestamp(closes) }))
}

pub async fn upsert_campaign(tx: &mut Tx, uai: &Uai, campaign: Campaign) -> Result<()> {
    tx.execute(
        "INSERT INTO campaign (uai, opens_at, closes_at) VALUES ($1, $2, $3) \
         ON CONFLICT (uai) DO UPDATE SET opens_at = excluded.opens_at, closes_at = excluded.closes_at",
        args![uai, campaign.opens_at, campaign.closes_at],
    )
    .await?;
    Ok(())
}

static NOTICES: LazyLock<RowsSql> = LazyLock::new(|| {
    let tail = "ON CONFLICT (person_id, kind, uai, support_code, pupil_id) DO UPDATE SET settled_at = NULL, \
                at = excluded.at WHERE notice.settled_at IS NOT NULL";
    RowsSql::insert("INSERT INTO notice (id, uai, person_id, pupil_id, kind, support_code, at)", 7, tail)
});

/// Inserts a notice, once per activation, person, kind and pupil; reopens a settled one.
pub async fn upsert_notice(work: &mut UnitOfWork<'_>, notice: &Notice<'_>) -> Result<()> {
    upsert_notices(work, std::slice::from_ref(notice)).await
}

/// Inserts notices as [`upsert_notice`] does; no two of them are the same.
pub async fn upsert_notices(work: &mut UnitOfWork<'_>, notices: &[Notice<'_>]) -> Result<()> {
    let now = work.now;
    let ids = row_ids(now, work.rng, notices.len());
    let row = |(notice, id): (&Notice<'_>, String)| {
        let pupil = notice.pupil_id.map_or("", PupilId::as_str);
        args![id, notice.uai, notice.person_id, pupil, notice.kind.name(), notice.support_code, now]
    };
    let rows = notices.iter().zip(ids).map(row).collect();
    work.write_rows(&NOTICES, rows).await?;
    Ok(())
}

/// Settles the notices of unreachable persons that are obsolete: the roster has a mobile number now, or the last legal
/// link with the school ended.
pub async fn settle_unreachable(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    let now = tx.now;
    tx.execute(
        // COALESCE keeps SQLite from going through all links of the school for each notice.
        "UPDATE notice SET settled_at = $2 WHERE uai = $1 AND kind = 'unreachable' AND settled_at IS NULL \
         AND NOT EXISTS (SELECT 1 FROM person p JOIN link l ON l.person_id = p.id WHERE p.id = notice.person_id \
         AND p.phone_state <> 'mobile' AND COALESCE(l.uai, '') = notice.uai AND l.level = 'legal' \
         AND l.ended_at IS NULL)",
        args![uai, now],
    )
    .await?;
    Ok(())
}

/// Settles the notices of activations for which the roster has no current legal link any more: between the person and
/// the child or, for a notice without a child, between the person and the school. The school has handled the case.
pub async fn settle_ended(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "UPDATE notice SET settled_at = $2 WHERE uai = $1 AND settled_at IS NULL \
         AND kind IN ('contested', 'set_aside', 'reopening') AND NOT EXISTS \
         (SELECT 1 FROM link l WHERE l.person_id = notice.person_id AND COALESCE(l.uai, '') = notice.uai \
         AND l.level = 'legal' AND l.ended_at IS NULL AND (l.pupil_id = notice.pupil_id OR notice.pupil_id = ''))",
        args![uai, now],
    )
    .await?;
    Ok(())
}

/// Reopens the newest notice for each current legal link that is still contested or unproven.
pub async fn reopen_hidden(tx: &mut Tx, uai: &Uai) -> Result<()> {
    tx.execute(
        "UPDATE notice SET settled_at = NULL WHERE uai = $1 AND settled_at IS NOT NULL AND EXISTS \
         (SELECT 1 FROM link_withheld w JOIN link l ON l.person_id = w.person_id AND l.pupil_id = w.pupil_id \
         WHERE w.person_id = notice.person_id AND w.pupil_id = notice.pupil_id AND w.kind = notice.kind \
         AND COALESCE(l.uai, '') = notice.uai AND l.level = 'legal' AND l.ended_at IS NULL) AND NOT EXISTS \
         (SELECT 1 FROM notice n WHERE n.person_id = notice.person_id AND n.kind = notice.kind AND n.uai = notice.uai \
         AND n.pupil_id = notice.pupil_id AND n.at > notice.at)",
        args![uai],
    )
    .await?;
    Ok(())
}

/// Settles the notices about a contested or unproven child, after a correct birth date.
pub async fn settle_child(tx: &mut UnitOfWork<'_>, person_id: &PersonId, pupil_id: &PupilId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "UPDATE notice SET settled_at = $3 WHERE person_id = $1 AND pupil_id = $2 \
         AND kind IN ('contested', 'set_aside') AND settled_at IS NULL",
        args![person_id, pupil_id, now],
    )
    .await?;
    Ok(())
}

/// Settles the reports that a number is its person's no more, after it came back.
pub async fn settle_phone_disowned(tx: &mut UnitOfWork<'_>, person_id: &PersonId) -> Result<()> {
    let now = tx.now;
    let sql =
        "UPDATE notice SET settled_at = $2 WHERE person_id = $1 AND kind = 'phone_disowned' AND settled_at IS NULL";
    tx.execute(sql, args![person_id, now]).await?;
    Ok(())
}

/// Settles the requests for a new campaign, after the creation of the account.
pub async fn settle_reopening(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "UPDATE notice SET settled_at = $2 WHERE kind = 'reopening' AND settled_at IS NULL \
         AND person_id IN (SELECT id FROM person WHERE account_id = $1)",
        args![account_id, now],
    )
    .await?;
    Ok(())
}

/// Settles the notices of repeated links, except those in `current` (person, pupil).
pub async fn settle_repeated(
    tx: &mut UnitOfWork<'_>,
    uai: &Uai,
    current: &BTreeSet<(&PersonId, &PupilId)>,
) -> Result<()> {
    let now = tx.now;
    let sql = "SELECT id, person_id, COALESCE(pupil_id, '') FROM notice \
               WHERE uai = $1 AND kind = 'link_repeated' AND settled_at IS NULL";
    for (id, person, pupil) in tx.fetch_all::<(String, PersonId, PupilId)>(sql, args![uai]).await? {
        if !current.contains(&(&person, &pupil)) {
            tx.execute("UPDATE notice SET settled_at = $2 WHERE id = $1", args![id, now]).await?;
        }
    }
    Ok(())
}
