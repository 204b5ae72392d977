//! Measures an import of tables of accounts beside the same rows written without a table, in one transaction: whatever is
//! between the two is reading, finding the people, and comparing.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::Context as _;

use super::ACADEMY;
use super::files::{CLIENT, LEGACY_HASH};
use crate::accounts::store::imported::{self, ImportedAccount};
use crate::accounts::{Account, AccountState, legacy};
use crate::app::{AppState, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::row_ids;
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::cli::import::{AccountsRequest, ReportForm, import_accounts};
use crate::clients;
use crate::crypto::LegacyHash;
use crate::db::Durability;
use crate::roster::ops::ImportContext;
use crate::roster::store::account_links::{link_persons, link_pupils};
use crate::subjects;
use crate::subjects::store::NewSubject;

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
    let mut ids = row_ids(op.now, app.rng.as_ref(), 2 * people.len()).into_iter().map(AccountId::new);
    let (mut persons, mut pupils, mut accounts) = (Vec::new(), Vec::new(), Vec::new());
    for (number, (person_id, pupil_id)) in people.iter().enumerate() {
        for profile in [Profile::Responsable, Profile::Eleve] {
            let id = ids.next().context("an id for each account")?;
            match profile {
                Profile::Eleve => pupils.push((pupil_id.clone(), id.clone())),
                _ => persons.push((person_id.clone(), id.clone())),
            }
            accounts.push(invent_account(&op, id, profile, number)?);
        }
    }
    let mut tx = op.write(Durability::Durable).await?;
    let client = clients::store::find(&mut tx, CLIENT).await?.context("a client of the demo")?;
    let space = subjects::ops::known_space(&client.meta);
    let mut new = Vec::with_capacity(accounts.len());
    let mut known_by = Vec::with_capacity(accounts.len());
    for account in &accounts {
        let (stem, suffix) = split_identifiant(account);
        new.push(ImportedAccount { account, stem, suffix });
        let (account_id, value) = (account.id.clone(), account.identifiant.clone());
        known_by.push(NewSubject { space: space.clone(), account_id, value });
    }
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id.clone()).collect();
    anyhow::ensure!(imported::insert(&mut tx, &new).await?, "an identifiant is taken");
    let are_linked = link_persons(&mut tx, &persons).await? && link_pupils(&mut tx, &pupils).await?;
    anyhow::ensure!(are_linked, "a person of the bench has an account already");
    let about = AuditDetails { detail: "import", ..AuditDetails::default() };
    audit::store::record_for_accounts(&mut tx, AuditEvent::IdentifierAssigned, &ids, about).await?;
    anyhow::ensure!(subjects::store::insert_new(&mut tx, op.now, &known_by).await?, "an account has a sub already");
    tx.commit().await?;
    Ok(began.elapsed().as_secs_f64())
}

/// The digits of the invented identifiants.
const DIGITS: usize = 4;

fn split_identifiant(account: &Account) -> (&str, &str) {
    let stem = account.identifiant.len().saturating_sub(DIGITS);
    account.identifiant.split_at_checked(stem).unwrap_or_default()
}

fn invent_account(op: &Operation<'_>, id: AccountId, profile: Profile, number: usize) -> anyhow::Result<Account> {
    let stem = if profile == Profile::Eleve { "e.mesure" } else { "b.mesure" };
    let sealed = legacy::seal(&op.app.master_key, &id, &LegacyHash::parse(LEGACY_HASH)?)?;
    Ok(Account {
        id,
        identifiant: format!("{stem}{number:0DIGITS$}"),
        state: AccountState::Active,
        profile,
        given_name: "Banc".to_owned(),
        family_name: "MESURE".to_owned(),
        password: Some(sealed),
        password_at: Some(op.now),
        suspended_by: None,
        caution_until: None,
        closes_at: None,
        must_change_at: None,
        updated_at: op.now,
        is_federated: false,
    })
}
