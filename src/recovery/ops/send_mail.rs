//! The code by mail, to the confirmed address of an account, and what such an address is trusted for.

use crate::accounts::store::emails::{self, EmailAddress};
use crate::accounts::{self, Account, AccountState};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::{ChallengeId, PersonId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, Tx};
use crate::http::pages::dates;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::outbox::{self, Job, JobKind, JobOutcome};
use crate::recovery::{Recovery, YOUNG_EMAIL};
use crate::{notify, otp, roster};

/// A code to send by mail.
#[derive(Clone, Copy, Debug)]
pub struct MailCode<'a> {
    pub recovery: &'a Recovery,
    pub challenge_id: &'a ChallengeId,
    /// The number of the send, 1 for the first.
    pub sends: i64,
}

/// Finds the address by which the account may be recovered: confirmed for two days, of an account that is not in
/// caution, and of a pupil who is old enough.
pub async fn find_recovery_email(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: &Account,
) -> anyhow::Result<Option<EmailAddress>> {
    let trusted = account.state == AccountState::Active && account.caution(op.now).is_none();
    if !trusted || !is_old_enough(op, tx, account).await? {
        return Ok(None);
    }
    let email = emails::find_confirmed(tx, &op.app.master_key, &account.id).await?;
    Ok(email.filter(|email| email.confirmed_at.is_some_and(|at| at.plus(YOUNG_EMAIL) <= op.now)))
}

/// True for a parent, and for a pupil whose every record of the roster has the age. Below it a parent or the school
/// helps; a pupil without a record is helped by the school.
async fn is_old_enough(op: &Operation<'_>, tx: &mut Tx, account: &Account) -> anyhow::Result<bool> {
    if account.profile == Profile::Responsable {
        return Ok(true);
    }
    let Ok(today) = dates::date_key(op.now).parse() else { return Ok(false) };
    let limit = i32::try_from(op.app.config.pupils.mail_reset_from()).unwrap_or(i32::MAX);
    let own = roster::store::pupils::list_enrolments_of_account(tx, &account.id).await?;
    for pupil in &own {
        let Some(sealed) = roster::store::find_birth_date(tx, &pupil.pupil_id).await? else { return Ok(false) };
        let born = roster::sealed_rows::open_birth_date(&op.app.master_key, &pupil.pupil_id, &sealed)?;
        if born.age_at(today) < limit {
            return Ok(false);
        }
    }
    Ok(!own.is_empty())
}

/// Finds the person whose wrong codes by SMS are counted; a pupil's account has none.
async fn find_person(op: &Operation<'_>, account: &Account) -> anyhow::Result<Option<PersonId>> {
    let mut tx = op.app.db.read().await?;
    if let Some(phone) = accounts::store::phones::find_phone(&mut tx, &account.id).await? {
        return Ok(Some(phone.person_id));
    }
    Ok(roster::store::list_persons_of_account(&mut tx, &account.id).await?.into_iter().next())
}

/// Writes the mail of a code, in the transaction that ends `job`: within the budget of the address, once per send.
pub(super) async fn send(
    op: &Operation<'_>,
    job: &Job,
    request: MailCode<'_>,
    account: &Account,
) -> anyhow::Result<JobOutcome> {
    let app = op.app;
    let MailCode { recovery, challenge_id, sends } = request;
    let email = find_recovery_email(op, &mut app.db.read().await?, account).await?;
    let Some(email) = email.filter(|_| app.mail_gateway.is_some()) else { return Ok(JobOutcome::Discard) };
    let code = otp::ops::generate_code(app);
    let keyed = otp::ops::code_hmac(app, challenge_id, &code);
    let (lang, service, host) = (recovery.lang, app.pages.service_name(), app.config.server.host());
    let subject = app.pages.message(lang, "mail-recovery-subject", &[("service", service)])?;
    let text = app.pages.message(lang, "mail-recovery", &[("service", service), ("code", &code), ("host", host)])?;
    let key = |text: String| app.master_key.hmac(HmacPurpose::LimiterKey, &text);
    // Several accounts may have one address: its mails of the day are counted together (docs/threats.md#attack-l9).
    let address = key(format!("mail/{}", email.address.to_lowercase()));
    // The wrong codes of a person are counted together, by whatever way the codes came (docs/threats.md#threat-s02).
    let device = recovery.device_id.as_deref().map(|device| format!("/device/{device}")).unwrap_or_default();
    let person = match find_person(op, account).await? {
        Some(person_id) => otp::ops::person_budget_key(app, &person_id, &device),
        None => key(format!("person/account/{}", account.id)),
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    let verdict = limits::store::consume(&mut tx, RateLimit::MailToAddress, &address).await?;
    if matches!(verdict, RateLimitDecision::Limited { .. }) {
        tx.rollback().await?;
        app.metrics.record_limited(RateLimit::MailToAddress.name(), "budget");
        tracing::info!(code = %recovery.support_code, "no mail: this address had its five of the day");
        return Ok(JobOutcome::Done);
    }
    if !otp::store::set_code(&mut tx, challenge_id, sends, &keyed, &person).await? {
        tx.rollback().await?;
        return Ok(JobOutcome::Done);
    }
    let challenge = otp::store::find(&mut tx, challenge_id).await?;
    otp::store::set_recipient(&mut tx, challenge_id, &account.id, &email.id).await?;
    limits::store::failures::assign_account(&mut tx, RateLimit::SmsCode, &person, &account.id).await?;
    if sends == 1 {
        let about =
            AuditDetails { account: Some(&account.id), detail: &recovery.support_code, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::RecoveryStarted, about).await?;
    }
    // A mail server that was away for longer brings nobody a code that serves no more.
    let expires = challenge.map_or(op.now, |challenge| Timestamp(challenge.expires_at));
    notify::ops::enqueue_mail_until(&mut tx, &app.master_key, &email.address, (subject, text), expires).await?;
    outbox::complete_in(&mut tx, &job.id).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok(JobOutcome::Done)
}
