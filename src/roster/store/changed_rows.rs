//! Changes the people of a roster, and ends where they were, many rows in one statement.
//!
//! A set of September changes a class of everybody, and ends what a quarter of a school had.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{Result, RowsSql, Tx, UnitOfWork, args};
use crate::roster::sealed_rows::{PersonRow, PupilRow};

static PERSONS: LazyLock<RowsSql> = LazyLock::new(|| {
    let values = [
        "id",
        "family_name",
        "usage_name",
        "given_name",
        "phone",
        "phone_blind",
        "phone_state",
        "exported_at",
        "phone_why",
        "phone_end",
        "mobile_in",
        "landline",
        "landline_blind",
        "led_by",
        "changed_at",
        "mail",
        "mail_blind",
        "written_at",
    ];
    let update = "UPDATE person SET family_name = given.family_name, usage_name = given.usage_name, \
        given_name = given.given_name, phone = given.phone, phone_blind = given.phone_blind, \
        phone_state = given.phone_state, exported_at = given.exported_at, phone_why = given.phone_why, \
        phone_end = given.phone_end, mobile_in = given.mobile_in, landline = given.landline, \
        landline_blind = given.landline_blind, led_by = given.led_by, changed_at = given.changed_at, \
        mail = given.mail, mail_blind = given.mail_blind, \
        indexed_at = CASE WHEN person.family_name = given.family_name AND person.given_name = given.given_name \
        AND COALESCE(person.usage_name, '') = COALESCE(given.usage_name, '') \
        AND COALESCE(person.phone_blind, '') = COALESCE(given.phone_blind, '') THEN person.indexed_at END, \
        phone_since = CASE WHEN COALESCE(person.phone_blind, person.landline_blind, '') \
        = COALESCE(given.phone_blind, given.landline_blind, '') THEN person.phone_since ELSE given.written_at END, \
        phone_proven_at = CASE WHEN COALESCE(person.phone_blind, person.landline_blind, '') \
        = COALESCE(given.phone_blind, given.landline_blind, '') THEN person.phone_proven_at END, \
        phone_disowned_at = CASE WHEN COALESCE(person.phone_blind, person.landline_blind, '') \
        = COALESCE(given.phone_blind, given.landline_blind, '') THEN person.phone_disowned_at END, \
        former_phone = CASE WHEN NOT EXISTS (SELECT 1 FROM account a WHERE a.id = person.account_id \
        AND a.state = 'active') OR COALESCE(person.phone_blind, person.landline_blind, '') \
        = COALESCE(given.phone_blind, given.landline_blind, '') OR person.phone_change_untold_at IS NOT NULL \
        THEN person.former_phone WHEN person.phone_disowned_at IS NULL THEN person.phone END, \
        phone_change_untold_at = CASE WHEN NOT EXISTS (SELECT 1 FROM account a WHERE a.id = person.account_id \
        AND a.state = 'active') OR COALESCE(person.phone_blind, person.landline_blind, '') \
        = COALESCE(given.phone_blind, given.landline_blind, '') OR person.phone_change_untold_at IS NOT NULL \
        THEN person.phone_change_untold_at ELSE given.written_at END \
        FROM given WHERE person.id = given.id AND person.exported_at <= given.exported_at";
    RowsSql::update(&values, update)
});
static PUPILS: LazyLock<RowsSql> = LazyLock::new(|| {
    let values = [
        "id",
        "family_name",
        "usage_name",
        "given_name",
        "birth_date",
        "exported_at",
        "ine_blind",
        "led_by",
        "changed_at",
    ];
    let update = "UPDATE pupil SET family_name = given.family_name, usage_name = given.usage_name, \
        given_name = given.given_name, birth_date = given.birth_date, exported_at = given.exported_at, \
        ine_blind = given.ine_blind, led_by = given.led_by, changed_at = given.changed_at, indexed_at = NULL \
        FROM given WHERE pupil.id = given.id AND pupil.exported_at <= given.exported_at";
    RowsSql::update(&values, update)
});
static ENDED_ENROLMENTS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE enrolment SET ended_at = given.ended_at, source = given.source FROM given \
        WHERE enrolment.pupil_id = given.pupil_id AND enrolment.uai = given.uai AND enrolment.ended_at IS NULL";
    RowsSql::update(&["pupil_id", "uai", "ended_at", "source"], update)
});
static ENDED_LINKS: LazyLock<RowsSql> = LazyLock::new(|| {
    let update = "UPDATE link SET ended_at = given.ended_at, source = given.source, \
        end_untold_at = CASE WHEN link.level = 'legal' AND EXISTS \
        (SELECT 1 FROM person p JOIN account a ON a.id = p.account_id WHERE p.id = link.person_id \
        AND a.state = 'active') THEN given.ended_at END \
        FROM given WHERE link.person_id = given.person_id AND link.pupil_id = given.pupil_id \
        AND link.uai = given.uai AND link.ended_at IS NULL";
    RowsSql::update(&["person_id", "pupil_id", "uai", "ended_at", "source"], update)
});

/// Updates the imported columns of persons, except of rows that are newer; accounts are left unchanged. Another mobile
/// number is unproven, and belongs to the person from now on only; a person with an active account is told later, at the
/// number before it, if that was not given up. The search finds again whose name or mobile is another one.
pub async fn update_persons(tx: &mut Tx, now: Timestamp, rows: &[PersonRow]) -> Result<()> {
    let values = |row: &PersonRow| {
        args![
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
            &row.mail,
            &row.mail_blind,
            now
        ]
    };
    let ids: BTreeSet<&PersonId> = rows.iter().map(|row| &row.id).collect();
    tx.write_keyed_rows(&PERSONS, rows.iter().map(values).collect(), ids.len()).await
}

/// Updates pupils, except of rows that are newer; accounts are left unchanged.
pub async fn update_pupils(tx: &mut Tx, rows: &[PupilRow]) -> Result<()> {
    let values = |row: &PupilRow| {
        args![
            &row.id,
            &row.family_name,
            &row.usage_name,
            &row.given_name,
            &row.birth_date,
            row.exported_at,
            &row.ine_blind,
            &row.led_by,
            row.changed_at
        ]
    };
    let ids: BTreeSet<&PupilId> = rows.iter().map(|row| &row.id).collect();
    tx.write_keyed_rows(&PUPILS, rows.iter().map(values).collect(), ids.len()).await
}

/// Ends enrolments; `source` is the format whose set lacks them.
pub async fn end_enrolments(
    tx: &mut UnitOfWork<'_>,
    uai: &Uai,
    pupils: &[&PupilId],
    source: &'static str,
) -> Result<()> {
    let now = tx.now;
    let values = pupils.iter().map(|pupil| args![*pupil, uai, now, source]).collect();
    tx.write_rows(&ENDED_ENROLMENTS, values).await?;
    Ok(())
}

/// Ends links; `source` is the format whose set lacks them. A person with an active account is told later.
pub async fn end_links(
    tx: &mut UnitOfWork<'_>,
    uai: &Uai,
    links: &[(&PersonId, &PupilId)],
    source: &'static str,
) -> Result<()> {
    let now = tx.now;
    let values = links.iter().map(|(person, pupil)| args![*person, *pupil, uai, now, source]).collect();
    tx.write_rows(&ENDED_LINKS, values).await?;
    Ok(())
}
