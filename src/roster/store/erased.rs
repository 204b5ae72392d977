//! Queries of the erasure: people whom no school names any more.
//!
//! Candidates are listed by ranges of ids, so that a step reads a bounded number of rows. A step locks its rows before it
//! looks at them again: an import, or an activation, that took one meanwhile keeps it.

use super::{locks, undone};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::{BATCH_SIZE, FromRow, Result, Tx, Value, args, batch_args, batch_placeholders};

/// The condition of a person `p` who is gone since `$1`: no account, no link of any level since then, named by no export
/// since then, and by no letter that still serves at `$now`.
macro_rules! gone_person {
    ($now:literal) => {
        concat!(
            "p.account_id IS NULL AND p.exported_at <= $1 AND NOT EXISTS (SELECT 1 FROM link l \
             LEFT JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai WHERE l.person_id = p.id \
             AND (l.ended_at IS NULL OR l.ended_at > $1) \
             AND (e.pupil_id IS NULL OR e.ended_at IS NULL OR e.ended_at > $1)) \
             AND NOT EXISTS (SELECT 1 FROM letter t WHERE t.person_id = p.id AND t.ended_at IS NULL AND t.expires_at > ",
            $now,
            ")"
        )
    };
}

/// The condition of a pupil `u` who is gone since `$1`: no account, no enrolment and no other link since then, and named
/// by no letter that still serves at `$now`. The last children of a parent's account stay until it closes: their birth
/// dates are that parent's proof, and their ended links say since when the account is without a child.
macro_rules! gone_pupil {
    ($now:literal) => {
        concat!(
            "u.account_id IS NULL AND NOT EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil_id = u.id \
             AND (e.ended_at IS NULL OR e.ended_at > $1)) \
             AND (u.exported_at <= $1 OR EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil_id = u.id)) \
             AND NOT EXISTS (SELECT 1 FROM link l WHERE l.pupil_id = u.id AND (l.ended_at IS NULL OR l.ended_at > $1) \
             AND NOT EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil_id = l.pupil_id AND e.uai = l.uai)) \
             AND NOT EXISTS (SELECT 1 FROM link l JOIN person p ON p.id = l.person_id \
             JOIN account a ON a.id = p.account_id AND a.state <> 'closed' \
             WHERE l.pupil_id = u.id AND l.level = 'legal' AND NOT EXISTS (SELECT 1 FROM person q \
             JOIN link k ON k.person_id = q.id AND k.level = 'legal' AND k.ended_at IS NULL \
             LEFT JOIN enrolment e ON e.pupil_id = k.pupil_id AND e.uai = k.uai \
             WHERE q.account_id = a.id AND (e.pupil_id IS NULL OR e.ended_at IS NULL))) \
             AND NOT EXISTS (SELECT 1 FROM letter t WHERE t.pupil_id = u.id AND t.ended_at IS NULL AND t.expires_at > ",
            $now,
            ")"
        )
    };
}

/// A row that may be erased, with the academy that exported it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct GoneRow {
    pub id: String,
    pub academy: String,
}

/// The times of an erasure.
#[derive(Clone, Copy, Debug)]
pub struct ErasureTimes {
    /// Whoever is gone since then is erased.
    pub before: Timestamp,
    pub now: Timestamp,
}

/// Returns the last id of the next `rows` persons after an id; `None` after the last person.
pub async fn find_last_person(tx: &mut Tx, after: &str, rows: i64) -> Result<Option<String>> {
    let sql = "SELECT MAX(s.id) FROM (SELECT id FROM person WHERE id > $1 ORDER BY id LIMIT $2) s";
    Ok(tx.fetch_one::<(Option<String>,)>(sql, args![after, rows]).await?.0)
}

/// Returns the last id of the next `rows` pupils after an id; `None` after the last pupil.
pub async fn find_last_pupil(tx: &mut Tx, after: &str, rows: i64) -> Result<Option<String>> {
    let sql = "SELECT MAX(s.id) FROM (SELECT id FROM pupil WHERE id > $1 ORDER BY id LIMIT $2) s";
    Ok(tx.fetch_one::<(Option<String>,)>(sql, args![after, rows]).await?.0)
}

/// Lists persons between two ids, the second included, who are gone.
pub async fn list_gone_persons(
    tx: &mut Tx,
    (after, last): (&str, &str),
    times: ErasureTimes,
    most: i64,
) -> Result<Vec<GoneRow>> {
    let sql = concat!(
        "SELECT p.id, p.academy FROM person p WHERE p.id > $2 AND p.id <= $3 AND ",
        gone_person!("$4"),
        " ORDER BY p.id LIMIT $5"
    );
    tx.fetch_all(sql, args![times.before, after, last, times.now, most]).await
}

/// Lists pupils between two ids, the second included, who are gone.
pub async fn list_gone_pupils(
    tx: &mut Tx,
    (after, last): (&str, &str),
    times: ErasureTimes,
    most: i64,
) -> Result<Vec<GoneRow>> {
    let sql = concat!(
        "SELECT u.id, u.academy FROM pupil u WHERE u.id > $2 AND u.id <= $3 AND ",
        gone_pupil!("$4"),
        " ORDER BY u.id LIMIT $5"
    );
    tx.fetch_all(sql, args![times.before, after, last, times.now, most]).await
}

/// Erases those of these persons who are still gone, with their ended links, what they withheld, notices, words and keys.
/// Returns the erased rows.
pub async fn erase_persons(tx: &mut Tx, rows: &[GoneRow], times: ErasureTimes) -> Result<Vec<GoneRow>> {
    let mut erased = Vec::new();
    for rows in rows.chunks(BATCH_SIZE) {
        let ids = || rows.iter().map(|row| row.id.as_str());
        let listed: Vec<PersonId> = ids().map(PersonId::new).collect();
        locks::lock_persons(tx, &listed.iter().collect::<Vec<_>>()).await?;
        let still = concat!(
            "SELECT p.id, p.academy FROM person p WHERE p.id IN (",
            batch_placeholders!(),
            ") AND ",
            gone_person!("$52")
        );
        let gone = tx.fetch_all::<GoneRow>(still, with_now(Value::from(times.before), ids(), times.now)).await?;
        let gone_ids = || gone.iter().map(|row| row.id.as_str());
        let ended = concat!(
            "DELETE FROM link WHERE (ended_at <= $1 OR EXISTS (SELECT 1 FROM enrolment e \
             WHERE e.pupil_id = link.pupil_id AND e.uai = link.uai AND e.ended_at <= $1)) AND person_id IN (",
            batch_placeholders!(),
            ")"
        );
        tx.execute(ended, batch_args(Value::from(times.before), gone_ids())).await?;
        for sql in [
            concat!("DELETE FROM link_withheld WHERE kind <> $1 AND person_id IN (", batch_placeholders!(), ")"),
            concat!("DELETE FROM notice WHERE kind <> $1 AND person_id IN (", batch_placeholders!(), ")"),
            concat!("DELETE FROM activation_near WHERE id <> $1 AND person_id IN (", batch_placeholders!(), ")"),
            concat!(
                "DELETE FROM campaign_exception WHERE person_id <> $1 AND person_id IN (",
                batch_placeholders!(),
                ")"
            ),
            concat!(
                "DELETE FROM campaign_progress WHERE person_id <> $1 AND person_id IN (",
                batch_placeholders!(),
                ")"
            ),
            concat!(
                "UPDATE letter SET person_id = NULL WHERE person_id <> $1 AND person_id IN (",
                batch_placeholders!(),
                ")"
            ),
        ] {
            tx.execute(sql, batch_args(Value::from(""), gone_ids())).await?;
        }
        let typed: Vec<PersonId> = gone_ids().map(PersonId::new).collect();
        let deleted = undone::delete_persons(tx, &typed.iter().collect::<Vec<_>>()).await?;
        erased.extend(gone.into_iter().filter(|row| deleted.contains(&row.id)));
    }
    Ok(erased)
}

/// Erases those of these pupils who are still gone, with their enrolments, links, proofs, notices, words and keys.
/// Returns the erased rows.
pub async fn erase_pupils(tx: &mut Tx, rows: &[GoneRow], times: ErasureTimes) -> Result<Vec<GoneRow>> {
    let mut erased = Vec::new();
    for rows in rows.chunks(BATCH_SIZE) {
        let ids = || rows.iter().map(|row| row.id.as_str());
        let listed: Vec<PupilId> = ids().map(PupilId::new).collect();
        locks::lock_pupils(tx, &listed.iter().collect::<Vec<_>>()).await?;
        let still = concat!(
            "SELECT u.id, u.academy FROM pupil u WHERE u.id IN (",
            batch_placeholders!(),
            ") AND ",
            gone_pupil!("$52")
        );
        let gone = tx.fetch_all::<GoneRow>(still, with_now(Value::from(times.before), ids(), times.now)).await?;
        let gone_ids = || gone.iter().map(|row| row.id.as_str());
        // By the links, which lead to the indexes of notices and proofs.
        for sql in [
            concat!(
                "DELETE FROM notice WHERE kind <> $1 AND pupil_id IN (",
                batch_placeholders!(),
                ") AND person_id IN (SELECT l.person_id FROM link l WHERE l.pupil_id IN (",
                batch_placeholders!(),
                "))"
            ),
            concat!(
                "DELETE FROM link_proof WHERE means <> $1 AND pupil_id IN (",
                batch_placeholders!(),
                ") AND account_id IN (SELECT p.account_id FROM link l JOIN person p ON p.id = l.person_id \
                 WHERE p.account_id IS NOT NULL AND l.pupil_id IN (",
                batch_placeholders!(),
                "))"
            ),
            concat!("DELETE FROM link_withheld WHERE kind <> $1 AND pupil_id IN (", batch_placeholders!(), ")"),
            concat!(
                "UPDATE letter SET pupil_id = NULL WHERE pupil_id <> $1 AND pupil_id IN (",
                batch_placeholders!(),
                ")"
            ),
        ] {
            tx.execute(sql, batch_args(Value::from(""), gone_ids())).await?;
        }
        for sql in [
            concat!(
                "DELETE FROM link WHERE (ended_at <= $1 OR EXISTS (SELECT 1 FROM enrolment e \
                 WHERE e.pupil_id = link.pupil_id AND e.uai = link.uai AND e.ended_at <= $1)) AND pupil_id IN (",
                batch_placeholders!(),
                ")"
            ),
            concat!("DELETE FROM enrolment WHERE ended_at <= $1 AND pupil_id IN (", batch_placeholders!(), ")"),
        ] {
            tx.execute(sql, batch_args(Value::from(times.before), gone_ids())).await?;
        }
        let typed: Vec<PupilId> = gone_ids().map(PupilId::new).collect();
        let deleted = undone::delete_pupils(tx, &typed.iter().collect::<Vec<_>>()).await?;
        erased.extend(gone.into_iter().filter(|row| deleted.contains(&row.id)));
    }
    Ok(erased)
}

fn with_now<'a>(first: Value, ids: impl IntoIterator<Item = &'a str>, now: Timestamp) -> Vec<Value> {
    let mut args = batch_args(first, ids);
    args.push(Value::from(now));
    args
}
