//! Finds the accounts that people have already, before their first letters would give them others.
//!
//! A pupil may have one by another record, of another school, with the same INE. The next import would know it
//! ([`crate::roster::same_pupil`]); a sheet that is printed before that goes by the same rules, or one child would have two
//! accounts. So it is where two schools print at once: the second one waits, and finds what the first one made.

use std::collections::BTreeMap;

use super::recipients::{LetterPerson, Recipient};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::crypto::MasterKey;
use crate::db::UnitOfWork;
use crate::roster::PupilData;
use crate::roster::same_pupil::{PupilElsewhere, find_same_pupil};
use crate::roster::sealed_rows::open_birth_date;
use crate::roster::store::same_pupil::{self, SheetPupil};
use crate::roster::store::{locks, ownership};
use crate::tenants::School;

/// Locks the recipients without an account until the end of the transaction, and gives pupils the account that they have
/// by another record. Returns true if somebody has one by now, also by a transaction that was first: the recipients are
/// listed again then.
pub async fn settle_accounts(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    school: &School,
    recipients: &[Recipient],
) -> anyhow::Result<bool> {
    let (mut persons, mut pupils): (Vec<&PersonId>, Vec<&PupilId>) = (Vec::new(), Vec::new());
    for one in recipients.iter().filter(|one| one.account.is_none() && one.left_out.is_none()) {
        match &one.person {
            LetterPerson::Parent(id) => persons.push(id),
            LetterPerson::Pupil(id) => pupils.push(id),
        }
    }
    let elsewhere = same_pupil::list_with_same_ine(tx, &pupils).await?;
    // Accounts, persons, pupils: the order of everybody who writes them.
    let owners: Vec<&AccountId> = elsewhere.iter().filter_map(|row| row.account_id.as_ref()).collect();
    locks::lock_accounts(tx, &owners).await?;
    locks::lock_persons(tx, &persons).await?;
    let both: Vec<&PupilId> = pupils.iter().copied().chain(elsewhere.iter().map(|row| &row.id)).collect();
    locks::lock_pupils(tx, &both).await?;
    let records = same_pupil::list_for_sheets(tx, &pupils).await?;
    let has_late_owner = records.iter().any(|record| record.account_id.is_some())
        || !ownership::list_with_account(tx, &persons).await?.is_empty();
    let is_joined = !elsewhere.is_empty() && join_accounts(tx, master_key, school, &records).await?;
    Ok(has_late_owner || is_joined)
}

/// Gives pupils without account the one of another record with their INE, as the next import would. Returns true if one
/// was given.
async fn join_accounts(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    school: &School,
    records: &[SheetPupil],
) -> anyhow::Result<bool> {
    let repeated = same_pupil::list_repeated_ines(tx, &school.uai).await?;
    let mut by_ine: BTreeMap<&str, &SheetPupil> = BTreeMap::new();
    for record in records.iter().filter(|record| record.account_id.is_none() && record.join_barred_at.is_none()) {
        if let Some(ine) = record.ine_blind.as_deref().filter(|ine| !repeated.contains(*ine)) {
            by_ine.insert(ine, record);
        }
    }
    let blinds: Vec<&str> = by_ine.keys().copied().collect();
    let mut elsewhere: BTreeMap<String, Vec<PupilElsewhere>> = BTreeMap::new();
    for row in same_pupil::list_with_account(tx, &blinds).await? {
        let Some(record) = by_ine.get(row.ine_blind.as_str()) else { continue };
        let other = PupilElsewhere {
            born: open_birth_date(master_key, &row.id, &row.birth_date)?,
            // Ids are in the order of their creation.
            is_older: row.id < record.id,
            pupil_id: row.id,
            account_id: row.account_id,
            family: row.family_name,
            given: row.given_name,
        };
        elsewhere.entry(row.ine_blind).or_default().push(other);
    }
    let mut is_joined = false;
    for (ine, others) in &elsewhere {
        let Some(record) = by_ine.get(ine.as_str()) else { continue };
        let pupil = PupilData {
            family: record.family_name.clone(),
            usage: record.usage_name.clone(),
            given: record.given_name.clone(),
            born: open_birth_date(master_key, &record.id, &record.birth_date)?,
            ine_blind: Some(ine.clone()),
        };
        // Who is enrolled does not arrive by a sheet: a record that was there first takes no later account
        // (docs/threats.md#attack-a12).
        let Ok(Some(other)) = find_same_pupil(&pupil, others, false) else { continue };
        if !same_pupil::join_account(tx, &record.id, &other.pupil_id, &other.account_id).await? {
            continue;
        }
        let about = AuditDetails {
            account: Some(&other.account_id),
            uai: Some(&school.uai),
            detail: &school.academy,
            ..AuditDetails::default()
        };
        audit::store::record(tx, AuditEvent::PupilRecognised, about).await?;
        is_joined = true;
    }
    Ok(is_joined)
}
