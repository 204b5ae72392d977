//! Measures an import of tables of accounts beside the same rows written without a table, in one transaction: whatever is
//! between the two is reading, finding the people, and a transaction for each row.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;

use super::ACADEMY;
use super::files::{CLIENT, LEGACY_HASH};
use crate::accounts::store::NewAccount;
use crate::accounts::{self, legacy};
use crate::app::{AppState, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::row_id;
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::cli::import::{AccountsRequest, ReportForm, import_accounts};
use crate::clients;
use crate::crypto::LegacyHash;
use crate::db::Durability;
use crate::roster::{self, ops::ImportContext};
use crate::subjects;

/// Imports tables of accounts.
pub async fn import_tables(app: &AppState, tables: &[PathBuf]) -> anyhow::Result<()> {
    let op = Operation::of_job(app, "bench");
    let ctx = ImportContext::new(op.storage(), &app.phone_parser).with_clock(app.clock.as_ref());
    let request = AccountsRequest { academy: ACADEMY, dry_run: false, report: ReportForm::Text };
    let mut report = Vec::new();
    let all = import_accounts(request, tables, ctx, &mut report).await?;
    anyhow::ensure!(all, "{}", String::from_utf8_lossy(&report));
    Ok(())
}

/// Returns the seconds in which the accounts of a school's people are sealed and written, in one transaction.
pub async fn measure_rows(app: &AppState, people: &[(PersonId, PupilId)]) -> anyhow::Result<f64> {
    let began = Instant::now();
    let op = Operation::of_job(app, "bench");
    let hash = LegacyHash::parse(LEGACY_HASH)?;
    let mut tx = op.write(Durability::Durable).await?;
    let client = clients::store::find(&mut tx, CLIENT).await?.context("a client of the demo")?;
    let space = subjects::ops::known_space(&client.meta);
    for (number, (person_id, pupil_id)) in people.iter().enumerate() {
        for profile in [Profile::Responsable, Profile::Eleve] {
            let id = AccountId::new(row_id(op.now, app.rng.as_ref()));
            let stem = if profile == Profile::Eleve { "e.mesure" } else { "b.mesure" };
            let suffix = format!("{number:04}");
            let new = NewAccount { id: &id, stem, suffix: &suffix, profile, given_name: "Banc", family_name: "MESURE" };
            anyhow::ensure!(accounts::store::insert(&mut tx, &new).await?, "{stem}{suffix} is taken");
            let is_linked = match profile {
                Profile::Eleve => roster::store::pupils::link_pupil_to_account(&mut tx, pupil_id, &id).await?,
                _ => roster::store::link_to_account(&mut tx, person_id, &id).await?,
            };
            anyhow::ensure!(is_linked, "a person of the bench has an account already");
            let about = AuditDetails { account: Some(&id), detail: "import", ..AuditDetails::default() };
            audit::store::record(&mut tx, AuditEvent::IdentifierAssigned, about).await?;
            let sealed = legacy::seal(&app.master_key, &id, &hash)?;
            accounts::store::set_imported_password(&mut tx, &id, &sealed).await?;
            let value = format!("{stem}{suffix}");
            subjects::store::insert_if_absent(&mut tx, op.now, &space, &id, &value).await?;
        }
    }
    tx.commit().await?;
    Ok(began.elapsed().as_secs_f64())
}
