//! Sets a new password, begins a session, and takes, adds and removes second factors.

mod compare;
mod disowned;
mod enrolment;
mod factors;
mod failures;
mod fresh_proof;
mod passkeys;
mod removal;

pub use compare::{ComparedPassword, ComparisonRefusal, TypedCredentials, compare_password};
pub use disowned::remove_disowned;
pub use enrolment::{
    ConfirmTotpOutcome, FactorChangeRefusal, FactorOwner, confirm_totp, find_waiting_totp, remove_totp,
    renew_backup_codes, start_totp,
};
pub use factors::{SessionFactorOutcome, find_factors, is_repeated, prove_in_session, record_proven, verify_factor};
pub use failures::record_failures;
pub use fresh_proof::{is_factor_shown, lock_owner, prove_owner};
pub use passkeys::{
    PasskeyCreation, PasskeyRemoval, add_passkey, factor_challenge, judge_passkey_factor, remove_passkey,
};
pub use removal::remove_all_factors;

use super::{NewPasswordError, PasswordChange, SignInContext, SignInCookies, TypedPassword, store};
use crate::accounts::ops::PasswordVerification;
use crate::accounts::{self, Account, AccountState, password};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::lang::Lang;
use crate::base::profile::Profile;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::AccountId;
use crate::base::typed_ids::ClientId;
use crate::crypto::{PasswordError, Priority};
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::letters;
use crate::limits::{self, RateLimit};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::roster;
use crate::sessions::ops::SessionOrigin;
use crate::sessions::{self, AuthenticationMethod};

/// Lists the given names of the children of an account, or of the pupil whose account it is, with the birth dates that the
/// account's person gave: a refusal must not say one that is still a proof. A date that cannot be opened refuses nobody a
/// password.
async fn list_births(app: &App, account: &Account) -> anyhow::Result<Vec<(String, Option<BirthDate>)>> {
    let mut tx = app.db.read().await?;
    let mut born = Vec::new();
    for child in roster::store::pupils::list_pupils_of_account(&mut tx, &account.id, account.profile).await? {
        let is_known = account.profile == Profile::Eleve
            || roster::store::pupils::has_proof(&mut tx, &account.id, &child.pupil_id).await?;
        let sealed = match is_known {
            true => roster::store::find_birth_date(&mut tx, &child.pupil_id).await?,
            false => None,
        };
        let open = |text: String| roster::sealed_rows::open_birth_date(&app.master_key, &child.pupil_id, &text).ok();
        born.push((child.given_name.clone(), sealed.and_then(open)));
    }
    Ok(born)
}

/// Checks a new password against the policy and the current one, and returns its hash.
pub async fn hash_new_password(
    op: &Operation<'_>,
    account: &Account,
    schools: &[String],
    typed: TypedPassword<'_>,
) -> anyhow::Result<Result<String, NewPasswordError>> {
    let app = op.app;
    let (first, second) = (password::normalize(typed.password), password::normalize(typed.confirmation));
    let born = list_births(app, account).await?;
    let known = password::PasswordContext {
        identifiant: &account.identifiant,
        names: vec![&account.given_name, &account.family_name],
        schools: schools.iter().map(String::as_str).collect(),
        children: born.iter().map(|(name, _)| name.as_str()).collect(),
        birth_dates: born.iter().filter_map(|(_, date)| *date).collect(),
    };
    if let Err(why) = password::validate(&first, &known) {
        return Ok(Err(NewPasswordError::Rejected(why)));
    }
    if first != second {
        return Ok(Err(NewPasswordError::Mismatch));
    }
    // A password that others may know must not come back as the new one.
    if accounts::ops::is_present_password(app, &first, account).await? {
        return Ok(Err(NewPasswordError::Unchanged));
    }
    Ok(Ok(app.password_hasher.hash(&first, app.rng.as_ref(), Priority::Known).await?))
}

/// Sets the password, inside the transaction of the flow. A replaced password ends every session and every refresh
/// token of the account, and forgets its devices; letters that still wait end with any password. `None` for a closed or
/// suspended account: nothing was written.
///
/// The account's row is written first: two flows of one account run one after the other, without a deadlock.
pub async fn set_password(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    hash: &str,
    support_code: &str,
) -> anyhow::Result<Option<PasswordChange>> {
    let current = accounts::store::find(tx, account_id).await?;
    if !accounts::store::set_password(tx, account_id, hash).await? {
        return Ok(None);
    }
    let replaces = current.is_some_and(|a| a.state == AccountState::Active);
    if !replaces {
        op.app.campaign_steps.note_account(account_id);
    }
    let event = if replaces { AuditEvent::PasswordReset } else { AuditEvent::PasswordChosen };
    let about = AuditDetails { account: Some(account_id), detail: support_code, ..AuditDetails::default() };
    audit::store::record(tx, event, about).await?;
    if replaces {
        sessions::ops::end_all(tx, &op.app.master_key, account_id, None).await?;
    }
    devices::store::forget_others(tx, account_id, None).await?;
    letters::store::withdraw_open(tx, account_id).await?;
    Ok(Some(if replaces { PasswordChange::Replaced } else { PasswordChange::First }))
}

/// The session that a proof begins.
#[derive(Clone, Copy, Debug)]
pub struct NewSession<'a> {
    pub method: AuthenticationMethod,
    /// The client of the pending authorization request, if any.
    pub client: Option<&'a ClientId>,
    /// The keyed digest of the name and number of which a code was typed on this device, if any.
    pub identity: Option<&'a str>,
}

/// Starts the session of a completed proof, and registers the device as known.
pub async fn begin_session(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    new: NewSession<'_>,
    from: SignInContext<'_>,
) -> anyhow::Result<SignInCookies> {
    let label = devices::label(from.user_agent);
    let (id, device) = devices::ops::remember(tx, account_id, None, &label, new.identity).await?;
    let former = from.session_cookie.map(sessions::ops::session_id);
    let with = SessionOrigin { previous: former.as_ref(), device: Some(&id), client: new.client };
    let session = sessions::ops::begin(op, tx, account_id, new.method, with).await?;
    limits::ops::record_account_seen(op, tx, from.source, account_id).await?;
    Ok(SignInCookies { session_cookie: session.cookie, device_secret: device })
}

/// Tells the person that the password was replaced, but not in the browser that did it.
pub async fn tell_password_replaced(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    by: &SignInCookies,
    lang: Lang,
) -> anyhow::Result<()> {
    let device_id = Some(sha256_base64url(&by.device_secret));
    let kind = AccountNoticeKind::PasswordReplaced;
    let what = NoticeRequest { account_id, kind, detail: "", device_id: device_id.as_deref(), lang };
    notify::ops::notify_person(tx, op.app.into(), what).await
}

/// Begins a session again after a double click, for a browser that discarded the first response with its cookies:
/// requires the same password in the same browser, counted like any password. `None` for a wrong password, and for an
/// account that got a second factor since the flow began: the flow proved none.
pub async fn begin_session_again(
    op: &Operation<'_>,
    (account, flow_began_at): (&Account, Timestamp),
    typed: &str,
    new: NewSession<'_>,
    from: SignInContext<'_>,
) -> anyhow::Result<Option<SignInCookies>> {
    let app = op.app;
    let key = accounts::ops::password_limiter_key(app, &account.identifiant, None);
    let password = password::normalize(typed);
    let _turn = app.password_hasher.lock_key(&key).await;
    match accounts::ops::verify_password(op, &key, &password, Some(account), Priority::Known).await? {
        PasswordVerification::Correct => {}
        PasswordVerification::Busy { seconds } => return Err(PasswordError::Busy { seconds }.into()),
        PasswordVerification::Incorrect | PasswordVerification::Limited { .. } => return Ok(None),
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    // Reloaded within the transaction: while the hash was computed, the account may have been suspended or its password
    // changed. Before the budget, as a sign-in does.
    let current = accounts::store::find_and_lock(&mut tx, &account.id).await?;
    limits::store::release(&mut tx, RateLimit::Password, &key).await?;
    let unchanged =
        current.is_some_and(|c| c.is_usable() && c.password == account.password && !c.must_change_password());
    if !unchanged || store::find_factors(&mut tx, &account.id).await?.has_younger_than(flow_began_at) {
        tx.commit().await?;
        return Ok(None);
    }
    let signed_in =
        begin_session(op, &mut tx, &account.id, new, SignInContext { session_cookie: None, ..from }).await?;
    tx.commit().await?;
    Ok(Some(signed_in))
}
