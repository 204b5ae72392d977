//! Queries of an undo. A row that was written again since the import stays as it is.

use std::collections::BTreeSet;

use super::former::{FormerEnrolment, FormerExport, FormerLink, FormerNotice, FormerPerson, FormerPupil};
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};

/// Puts a person's data back, if the row is still the one that was written. Where the number comes back, what was known of
/// it comes back too; who was told that it changed is told again.
pub async fn restore_person(tx: &mut UnitOfWork<'_>, row: &FormerPerson, written_at: i64) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE person SET family_name = $2, usage_name = $3, given_name = $4, phone = $5, phone_blind = $6, \
               phone_state = $7, exported_at = $8, phone_why = $9, phone_end = $10, mobile_in = $11, landline = $12, \
               landline_blind = $13, led_by = $14, changed_at = $15, mail = CASE WHEN $25 THEN $23 ELSE mail END, \
               mail_blind = CASE WHEN $25 THEN $24 ELSE mail_blind END, indexed_at = NULL, \
               phone_since = CASE WHEN COALESCE(phone_blind, landline_blind, '') = COALESCE($6, $13, '') \
               THEN phone_since ELSE $16 END, \
               phone_proven_at = CASE WHEN COALESCE(phone_blind, landline_blind, '') = COALESCE($6, $13, '') \
               THEN phone_proven_at ELSE $17 END, \
               phone_disowned_at = CASE WHEN COALESCE(phone_blind, landline_blind, '') = COALESCE($6, $13, '') \
               THEN phone_disowned_at ELSE $18 END, \
               former_phone = CASE WHEN COALESCE(phone_blind, landline_blind, '') = COALESCE($6, $13, '') \
               THEN former_phone WHEN phone_change_untold_at IS NULL AND EXISTS (SELECT 1 FROM account a \
               WHERE a.id = person.account_id AND a.state = 'active') \
               THEN CASE WHEN phone_disowned_at IS NULL THEN phone END ELSE $19 END, \
               phone_change_untold_at = CASE WHEN COALESCE(phone_blind, landline_blind, '') = COALESCE($6, $13, '') \
               THEN phone_change_untold_at WHEN phone_change_untold_at IS NULL AND EXISTS (SELECT 1 FROM account a \
               WHERE a.id = person.account_id AND a.state = 'active') THEN $22 ELSE $20 END \
               WHERE id = $1 AND exported_at = $21";
    let args = args![
        &row.id,
        &row.family_name,
        &row.usage_name,
        &row.given_name,
        &row.phone,
        &row.phone_blind,
        &row.phone_state,
        row.exported_at,
        &row.phone_why,
        &row.phone_end,
        &row.mobile_in,
        &row.landline,
        &row.landline_blind,
        &row.led_by,
        row.changed_at,
        row.phone_since,
        row.phone_proven_at,
        row.phone_disowned_at,
        &row.former_phone,
        row.phone_change_untold_at,
        written_at,
        now,
        &row.mail,
        &row.mail_blind,
        row.knows_mail
    ];
    tx.execute(sql, args).await?;
    Ok(())
}

/// Puts a pupil's data back, like [`restore_person`].
pub async fn restore_pupil(tx: &mut Tx, row: &FormerPupil, written_at: i64) -> Result<()> {
    let sql = "UPDATE pupil SET family_name = $2, usage_name = $3, given_name = $4, birth_date = $5, exported_at = $6, \
               ine_blind = $7, led_by = $8, changed_at = $9, indexed_at = NULL WHERE id = $1 AND exported_at = $10";
    let args = args![
        &row.id,
        &row.family_name,
        &row.usage_name,
        &row.given_name,
        &row.birth_date,
        row.exported_at,
        &row.ine_blind,
        &row.led_by,
        row.changed_at,
        written_at
    ];
    tx.execute(sql, args).await?;
    Ok(())
}

/// Puts the column back in which SIECLE's key stands, or what stood in its place.
pub async fn restore_key_columns(tx: &mut Tx, persons: &[&FormerPerson], pupils: &[&FormerPupil]) -> Result<()> {
    for row in persons {
        let sql = "UPDATE person SET person_key = $2 WHERE id = $1 AND person_key <> $2";
        tx.execute(sql, args![&row.id, &row.person_key]).await?;
    }
    for row in pupils {
        let sql = "UPDATE pupil SET pupil_key = $2 WHERE id = $1 AND pupil_key <> $2";
        tx.execute(sql, args![&row.id, &row.pupil_key]).await?;
    }
    Ok(())
}

/// Takes a pupil out of an account that the import joined.
pub async fn leave_account(tx: &mut Tx, former: &FormerPupil, joined: &AccountId) -> Result<()> {
    let sql = "UPDATE pupil SET account_id = NULL, joined_at = $3, join_untold_at = $4 \
               WHERE id = $1 AND account_id = $2";
    tx.execute(sql, args![&former.id, joined, former.joined_at, former.join_untold_at]).await?;
    Ok(())
}

/// Takes a new pupil out of an account that the import joined.
pub async fn leave_account_anew(tx: &mut Tx, pupil_id: &PupilId, joined: &AccountId) -> Result<()> {
    let sql = "UPDATE pupil SET account_id = NULL, joined_at = NULL, join_untold_at = NULL \
               WHERE id = $1 AND account_id = $2";
    tx.execute(sql, args![pupil_id, joined]).await?;
    Ok(())
}

/// Lists the accounts that pupils joined since a time.
pub async fn list_joined_since(tx: &mut Tx, ids: &[&PupilId], since: i64) -> Result<Vec<AccountId>> {
    let mut found = Vec::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT DISTINCT account_id FROM pupil WHERE account_id IS NOT NULL AND joined_at >= $1 AND id IN (",
            batch_placeholders!(),
            ")"
        );
        let values = batch_args(Value::from(since), ids.iter().map(|id| id.as_str()));
        found.extend(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id));
    }
    Ok(found)
}

/// Ends the letters that a school printed since a time for accounts that its pupils leave: whoever has the paper would
/// come into an account that is another school's pupil's alone.
pub async fn withdraw_letters(tx: &mut UnitOfWork<'_>, uai: &Uai, accounts: &[&AccountId], since: i64) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE letter SET state = 'withdrawn', ended_at = $4 \
               WHERE account_id = $1 AND uai = $2 AND issued_at >= $3 AND ended_at IS NULL";
    for id in accounts {
        tx.execute(sql, args![*id, uai, since, now]).await?;
    }
    Ok(())
}

/// Takes pupils out of an account that was joined since a time.
pub async fn leave_accounts_since(tx: &mut Tx, ids: &[&PupilId], since: i64) -> Result<()> {
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "UPDATE pupil SET account_id = NULL, joined_at = NULL, join_untold_at = NULL WHERE joined_at >= $1 AND id IN (",
            batch_placeholders!(),
            ")"
        );
        tx.execute(sql, batch_args(Value::from(since), ids.iter().map(|id| id.as_str()))).await?;
    }
    Ok(())
}

/// Deletes keys that the import gave to rows that were there.
pub async fn delete_key(tx: &mut Tx, academy: &str, format: &str, key: &str, row_id: &str) -> Result<()> {
    for sql in [
        "DELETE FROM person_roster_key WHERE academy = $1 AND format = $2 AND key = $3 AND person_id = $4",
        "DELETE FROM pupil_roster_key WHERE academy = $1 AND format = $2 AND key = $3 AND pupil_id = $4",
    ] {
        tx.execute(sql, args![academy, format, key, row_id]).await?;
    }
    Ok(())
}

/// Moves the export time of untouched rows back.
pub async fn restore_export_times(tx: &mut Tx, former_at: i64, written_at: i64, ids: &TouchedRows) -> Result<()> {
    for (sql, ids) in [
        (
            concat!(
                "UPDATE person SET exported_at = $1 WHERE exported_at = $52 AND id IN (",
                batch_placeholders!(),
                ")"
            ),
            ids.persons.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ),
        (
            concat!(
                "UPDATE pupil SET exported_at = $1 WHERE exported_at = $52 AND id IN (",
                batch_placeholders!(),
                ")"
            ),
            ids.pupils.iter().map(|id| id.as_str()).collect::<Vec<_>>(),
        ),
    ] {
        for ids in ids.chunks(BATCH_SIZE) {
            let mut args = batch_args(Value::from(former_at), ids.iter().copied());
            args.push(Value::from(written_at));
            tx.execute(sql, args).await?;
        }
    }
    Ok(())
}

/// Rows that an import confirmed.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TouchedRows {
    pub persons: Vec<PersonId>,
    pub pupils: Vec<PupilId>,
}

/// Puts an enrolment back; `None` if there was none.
pub async fn restore_enrolment(
    tx: &mut Tx,
    uai: &Uai,
    pupil_id: &PupilId,
    former: Option<&FormerEnrolment>,
) -> Result<()> {
    let Some(FormerEnrolment { class, source, ended_at, .. }) = former else {
        tx.execute("DELETE FROM enrolment WHERE pupil_id = $1 AND uai = $2", args![pupil_id, uai]).await?;
        return Ok(());
    };
    let sql = "UPDATE enrolment SET class = $3, source = $4, ended_at = $5 WHERE pupil_id = $1 AND uai = $2";
    tx.execute(sql, args![pupil_id, uai, class, source, *ended_at]).await?;
    Ok(())
}

/// Puts a link back; `None` if there was none.
pub async fn restore_link(
    tx: &mut Tx,
    uai: &Uai,
    (person_id, pupil_id): (&PersonId, &PupilId),
    former: Option<&FormerLink>,
) -> Result<()> {
    let Some(FormerLink { level, relation, source, ended_at, .. }) = former else {
        let sql = "DELETE FROM link WHERE person_id = $1 AND pupil_id = $2 AND uai = $3";
        tx.execute(sql, args![person_id, pupil_id, uai]).await?;
        return Ok(());
    };
    let sql = "UPDATE link SET level = $4, relation = $5, source = $6, ended_at = $7 \
               WHERE person_id = $1 AND pupil_id = $2 AND uai = $3";
    tx.execute(sql, args![person_id, pupil_id, uai, level, relation, source, *ended_at]).await?;
    Ok(())
}

/// Puts the state of a notice back.
pub async fn restore_notice(tx: &mut Tx, former: &FormerNotice) -> Result<()> {
    let sql = "UPDATE notice SET at = $2, settled_at = $3 WHERE id = $1";
    tx.execute(sql, args![&former.id, former.at, former.settled_at]).await?;
    Ok(())
}

/// Deletes a notice of the import.
pub async fn delete_notice(tx: &mut Tx, id: &str) -> Result<()> {
    tx.execute("DELETE FROM notice WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Puts back what was known of the formats that do not lead in a school.
pub async fn restore_exports(tx: &mut Tx, uai: &Uai, former: &[FormerExport]) -> Result<()> {
    tx.execute("DELETE FROM roster_export WHERE uai = $1", args![uai]).await?;
    for row in former {
        let FormerExport { format, school_year, pupils_exported_at, persons_exported_at, imported_at } = row;
        let sql = "INSERT INTO roster_export (uai, format, school_year, pupils_exported_at, persons_exported_at, \
                   imported_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let args = args![uai, format, *school_year, *pupils_exported_at, *persons_exported_at, *imported_at];
        tx.execute(sql, args).await?;
    }
    Ok(())
}

/// Lists the people whom something else than a roster names since a time: an activation that is open, a letter, a proof, a
/// notice.
pub async fn list_named_since(tx: &mut UnitOfWork<'_>, since: i64) -> Result<BTreeSet<String>> {
    let now = tx.now;
    let mut named = BTreeSet::new();
    let sql = "SELECT persons, children FROM activation WHERE expires_at > $1";
    for (persons, children) in tx.fetch_all::<(String, String)>(sql, args![now]).await? {
        let texts = [persons, children];
        named.extend(texts.iter().flat_map(|text| text.split('"')).map(str::to_owned));
    }
    for sql in [
        "SELECT COALESCE(person_id, ''), COALESCE(pupil_id, '') FROM letter WHERE issued_at >= $1",
        "SELECT '', pupil_id FROM link_proof WHERE at >= $1",
        "SELECT person_id, COALESCE(pupil_id, '') FROM notice WHERE at >= $1",
        "SELECT person_id, '' FROM activation_near WHERE at >= $1",
        "SELECT person_id, '' FROM campaign_exception WHERE given_at >= $1",
    ] {
        for (person, pupil) in tx.fetch_all::<(String, String)>(sql, args![since]).await? {
            named.extend([person, pupil]);
        }
    }
    Ok(named)
}

/// Deletes the persons among these who have no account, no link, and nothing that they withheld; with their keys. Returns
/// the deleted ones.
pub async fn delete_persons(tx: &mut Tx, ids: &[&PersonId]) -> Result<BTreeSet<String>> {
    let mut deleted = BTreeSet::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT p.id FROM person p WHERE p.account_id IS NULL AND p.id <> $1 AND p.id IN (",
            batch_placeholders!(),
            ") AND NOT EXISTS (SELECT 1 FROM link l WHERE l.person_id = p.id) \
             AND NOT EXISTS (SELECT 1 FROM link_withheld w WHERE w.person_id = p.id)"
        );
        let ids = ids.iter().map(|id| id.as_str());
        let free = tx.fetch_all::<(String,)>(sql, batch_args(Value::from(""), ids)).await?;
        for sql in [
            concat!("DELETE FROM person_roster_key WHERE format <> $1 AND person_id IN (", batch_placeholders!(), ")"),
            concat!("DELETE FROM roster_statement WHERE format <> $1 AND row_id IN (", batch_placeholders!(), ")"),
            concat!(
                "DELETE FROM search_word WHERE academy <> $1 AND kind = 'person' AND subject_id IN (",
                batch_placeholders!(),
                ")"
            ),
            concat!("DELETE FROM person WHERE id <> $1 AND id IN (", batch_placeholders!(), ")"),
        ] {
            tx.execute(sql, batch_args(Value::from(""), free.iter().map(|(id,)| id.as_str()))).await?;
        }
        deleted.extend(free.into_iter().map(|(id,)| id));
    }
    Ok(deleted)
}

/// Deletes the pupils among these who have no account, no enrolment and no link; with their keys. Returns the deleted
/// ones.
pub async fn delete_pupils(tx: &mut Tx, ids: &[&PupilId]) -> Result<BTreeSet<String>> {
    let mut deleted = BTreeSet::new();
    for ids in ids.chunks(BATCH_SIZE) {
        let sql = concat!(
            "SELECT u.id FROM pupil u WHERE u.account_id IS NULL AND u.id <> $1 AND u.id IN (",
            batch_placeholders!(),
            ") AND NOT EXISTS (SELECT 1 FROM link l WHERE l.pupil_id = u.id) \
             AND NOT EXISTS (SELECT 1 FROM enrolment e WHERE e.pupil_id = u.id) \
             AND NOT EXISTS (SELECT 1 FROM link_withheld w WHERE w.pupil_id = u.id)"
        );
        let ids = ids.iter().map(|id| id.as_str());
        let free = tx.fetch_all::<(String,)>(sql, batch_args(Value::from(""), ids)).await?;
        for sql in [
            concat!("DELETE FROM pupil_roster_key WHERE format <> $1 AND pupil_id IN (", batch_placeholders!(), ")"),
            concat!("DELETE FROM roster_statement WHERE format <> $1 AND row_id IN (", batch_placeholders!(), ")"),
            concat!(
                "DELETE FROM search_word WHERE academy <> $1 AND kind = 'pupil' AND subject_id IN (",
                batch_placeholders!(),
                ")"
            ),
            concat!("DELETE FROM pupil WHERE id <> $1 AND id IN (", batch_placeholders!(), ")"),
        ] {
            tx.execute(sql, batch_args(Value::from(""), free.iter().map(|(id,)| id.as_str()))).await?;
        }
        deleted.extend(free.into_iter().map(|(id,)| id));
    }
    Ok(deleted)
}
