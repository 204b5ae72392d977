//! What follows a right proof, whichever it was: the state of the account decides, then a session begins.

use super::{LoginContext, SignInOutcome};
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::base::typed_ids::AccountId;
use crate::credentials;
use crate::db::UnitOfWork;
use crate::devices::{self, Device};
use crate::limits;
use crate::login::{SignInAttempt, store};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::roster::store::pupils::{find_school_of_suspension, list_contacts_of_account};
use crate::sessions::ops::SessionOrigin;
use crate::sessions::{self, AuthenticationMethod};

/// The proof by which the person entered.
pub(super) struct EntryProof<'a> {
    pub method: AuthenticationMethod,
    /// The known device of the account, by its secret.
    pub device: Option<&'a Device>,
    /// True if the browser was ever a device of the account.
    pub knew: bool,
    /// True if a new password must be chosen before any session.
    pub must_change: bool,
}

/// Begins the session of a proven person, unless the account is suspended or needs a new password first. The account
/// was reloaded and locked in this transaction.
pub(super) async fn enter(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    account: Account,
    how: EntryProof<'_>,
    brought: LoginContext<'_>,
) -> anyhow::Result<SignInOutcome> {
    let id = &account.id;
    if let Some(by) = account.suspended_by {
        let offices = list_contacts_of_account(tx, id).await?;
        let school = find_school_of_suspension(tx, id, account.profile).await?;
        return Ok(SignInOutcome::Suspended { by, school, offices });
    }
    if how.must_change {
        let mobile = accounts::store::cohorts::list_with_mobile(tx, std::slice::from_ref(id)).await?;
        let offices = list_contacts_of_account(tx, id).await?;
        let identifiant = account.identifiant;
        return Ok(SignInOutcome::MustChangePassword { identifiant, has_mobile: !mobile.is_empty(), offices });
    }
    if how.method == AuthenticationMethod::Password && needs_factor(tx, id, how.device, brought).await? {
        let (attempt, secret) = SignInAttempt::new(op, id, brought.support_code);
        store::insert(tx, &attempt).await?;
        return Ok(SignInOutcome::FactorNeeded { attempt_id: attempt.id, secret });
    }
    begin_session(op, tx, id, how, brought).await
}

/// True if the account has a second factor that this browser may not skip. It skips one if the person proved a factor
/// on it before, and then the session is of the lower level.
async fn needs_factor(
    tx: &mut UnitOfWork<'_>,
    account_id: &AccountId,
    device: Option<&Device>,
    brought: LoginContext<'_>,
) -> anyhow::Result<bool> {
    let proven_here = device.is_some_and(|device| device.factor_at.is_some());
    if proven_here && !brought.wants_factor {
        return Ok(false);
    }
    Ok(credentials::store::find_factors(tx, account_id).await?.is_required())
}

async fn begin_session(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    id: &AccountId,
    how: EntryProof<'_>,
    brought: LoginContext<'_>,
) -> anyhow::Result<SignInOutcome> {
    let former = brought.session_cookie.map(sessions::ops::session_id);
    let label = devices::label(brought.user_agent);
    // A browser that the account knew before its last password is not new to its person.
    let new_device = how.device.is_none() && !how.knew && devices::store::has_any(tx, id).await?;
    let (device_id, device) = devices::ops::remember(tx, id, how.device, &label, None).await?;
    // Whoever has the passkey needs no exemption, and the next person at this computer must not have it.
    if how.method.has_factor() && how.method != AuthenticationMethod::Passkey {
        devices::store::mark_factor_proven(tx, &device_id).await?;
    }
    let with = SessionOrigin { previous: former.as_ref(), device: Some(&device_id), client: brought.client_id };
    let session = sessions::ops::begin(op, tx, id, how.method, with).await?;
    limits::ops::record_account_seen(op, tx, brought.source, id).await?;
    if new_device {
        let (kind, device_id) = (AccountNoticeKind::NewDevice, Some(device_id.as_str()));
        let what = NoticeRequest { account_id: id, kind, detail: &label, device_id, lang: brought.lang };
        notify::ops::notify_person(tx, op.app.into(), what).await?;
    }
    let changed = how.knew && accounts::store::take_password_change_notice(tx, id).await?;
    Ok(SignInOutcome::Done { cookie: session.cookie, device_secret: device, password_changed: changed })
}
