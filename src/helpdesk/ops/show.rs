//! Reads what a help desk may see of an account.

use std::collections::BTreeSet;

use super::find;
use crate::accounts::store::{emails, phones};
use crate::accounts::{self, Account};
use crate::app::StorageOperation;
use crate::audit::{self, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::Tx;
use crate::federation::store::UpstreamLinkRow;
use crate::helpdesk::report::{
    AccountReport, FactorsReport, LetterReport, PersonReport, PupilReport, RecoveryReport, SessionsReport,
    UpstreamLinkReport, mask_address,
};
use crate::roster::sealed_rows::open_mobile;
use crate::roster::store::pupils::list_pupils_of_account;
use crate::sessions::SESSION_TTL;
use crate::{activation, credentials, devices, federation, letters, login, recovery, sessions, support};

/// Returns what may be seen of the account of a typed identifiant.
pub async fn show(op: StorageOperation<'_>, identifiant: &str) -> anyhow::Result<AccountReport> {
    let mut tx = op.db.read().await?;
    let account = find(&mut tx, identifiant).await?;
    report(op, &mut tx, account).await
}

/// Returns what may be seen of the accounts to which a support code leads: of an activation or a recovery after its
/// right code, of a sign-in after its right password, or of a page shown to somebody who was signed in.
pub async fn show_by_code(op: StorageOperation<'_>, code: &str) -> anyhow::Result<Vec<AccountReport>> {
    let code = code.trim().to_uppercase();
    let mut tx = op.db.read().await?;
    let mut ids = BTreeSet::<AccountId>::new();
    ids.extend(activation::store::list_by_support_code(&mut tx, &code).await?.into_iter().filter_map(|a| a.account_id));
    ids.extend(recovery::store::list_accounts_by_support_code(&mut tx, &code).await?);
    ids.extend(login::store::list_accounts_by_support_code(&mut tx, &code).await?);
    ids.extend(support::store::list_by_code(&mut tx, &code).await?.into_iter().filter_map(|event| event.account_id));
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(account) = accounts::store::find(&mut tx, &id).await? {
            found.push(report(op, &mut tx, account).await?);
        }
    }
    Ok(found)
}

async fn report(op: StorageOperation<'_>, tx: &mut Tx, account: Account) -> anyhow::Result<AccountReport> {
    let id = &account.id;
    let (created_at, suspended_at) = accounts::store::find_dates(tx, id).await?;
    let pupils = list_pupils_of_account(tx, id, account.profile).await?;
    let email = emails::find_confirmed(tx, op.master_key, id).await?;
    let known = devices::store::list(tx, id, op.now, op.now.minus(SESSION_TTL)).await?;
    let held = credentials::store::find_factors(tx, id).await?;
    let last = recovery::store::find_last_of_account(tx, id).await?;
    Ok(AccountReport {
        activated_at: audit::store::find_first(tx, id, AuditEvent::PasswordChosen).await?,
        persons: persons(op, tx, id).await?,
        letters: open_letters(tx, op.now, id).await?,
        links: upstream_links(tx, id).await?,
        sessions: living_sessions(tx, op.now, id).await?,
        name: account.full_name(),
        profile: account.profile.name(),
        state: account.state.name(),
        suspended_by: account.suspended_by.map(accounts::SuspendedBy::name),
        suspended_at,
        created_at,
        password_at: account.password_at,
        must_change_at: account.must_change_at.filter(|_| account.must_change_password()),
        caution_until: account.caution(op.now),
        closes_at: account.closes_at,
        pupils: pupils
            .into_iter()
            .map(|p| PupilReport {
                academy: p.academy,
                pupil_key: p.pupil_key,
                given_name: p.given_name,
                class: p.class,
                uai: p.uai,
                school: p.school,
            })
            .collect(),
        email: email.map(|email| mask_address(&email.address)),
        devices: known.len(),
        factors: FactorsReport {
            applications: held.totp.len(),
            passkeys: held.passkeys.len(),
            backup_codes: held.backup_codes,
        },
        last_recovery: last.map(|last| RecoveryReport {
            created_at: Timestamp(last.created_at),
            channel: last.channel,
            step: last.state,
            // The word alone: an outcome may name more.
            outcome: last.outcome.as_deref().and_then(outcome_word),
        }),
        identifiant: account.identifiant,
    })
}

/// Returns the word of a stored outcome.
fn outcome_word(stored: &str) -> Option<String> {
    let read: serde_json::Value = serde_json::from_str(stored).ok()?;
    read.get("kind")?.as_str().map(str::to_owned)
}

async fn persons(op: StorageOperation<'_>, tx: &mut Tx, id: &AccountId) -> anyhow::Result<Vec<PersonReport>> {
    let mut persons = Vec::new();
    for row in phones::list_of_account(tx, id).await? {
        let end = match &row.phone {
            Some(sealed) => Some(open_mobile(op.master_key, &row.id, sealed)?.last_four_spaced()),
            None => row.phone_end,
        };
        persons.push(PersonReport {
            academy: row.academy,
            phone_state: row.phone_state,
            phone_end: end,
            since: Some(row.phone_since).filter(|since| *since > 0).map(Timestamp),
            proven_at: row.phone_proven_at.map(Timestamp),
            disowned_at: row.phone_disowned_at.map(Timestamp),
        });
    }
    Ok(persons)
}

async fn open_letters(tx: &mut Tx, now: Timestamp, id: &AccountId) -> anyhow::Result<Vec<LetterReport>> {
    let all = letters::store::list_of_account(tx, id).await?;
    let open = all.into_iter().filter(|letter| letter.ended_at.is_none() && letter.expires_at > now);
    let report = |letter: letters::Letter| LetterReport {
        kind: letter.kind.name(),
        state: letter.state.name(),
        expires_at: letter.expires_at,
    };
    Ok(open.map(report).collect())
}

async fn upstream_links(tx: &mut Tx, id: &AccountId) -> anyhow::Result<Vec<UpstreamLinkReport>> {
    let all = federation::store::list_of_account(tx, id).await?;
    let report = |link: UpstreamLinkRow| UpstreamLinkReport {
        created_at: link.created(),
        used_at: link.used(),
        upstream: link.upstream,
        issuer: link.issuer,
        sub: link.sub,
    };
    Ok(all.into_iter().map(report).collect())
}

async fn living_sessions(tx: &mut Tx, now: Timestamp, id: &AccountId) -> anyhow::Result<SessionsReport> {
    let mut found = SessionsReport::default();
    for session_id in sessions::store::list_open(tx, id).await? {
        if let Some(session) = sessions::store::find(tx, &session_id).await?.filter(|s| s.is_alive(now)) {
            found.alive += 1;
            found.seen_at = found.seen_at.max(Some(session.seen_at));
        }
    }
    Ok(found)
}
