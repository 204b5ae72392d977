//! The link between a parent's account and the person of an upstream that parents sign in through: FranceConnect.
//!
//! The account is the roster's; the upstream only opens it. A link is made at the end of an activation, whose SMS and
//! birth dates proved the person, or from a session after the password was typed again for it
//! (docs/threats.md#attack-m11).

use super::account::{UpstreamSignIn, VisitorContext, begin_session};
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::{id256, is_id};
use crate::base::lang::Lang;
use crate::base::names;
use crate::base::secret::{base64url, sha256, sha256_base64url};
use crate::base::typed_ids::{AccountId, SessionId};
use crate::config::deployment::Upstream;
use crate::credentials;
use crate::db::{Durability, UnitOfWork};
use crate::devices;
use crate::ephemeral::{Namespace, TakeResult};
use crate::federation::store::{self, LinkedOrigin, UpstreamSubject};
use crate::federation::{LINK_PERMISSION_TTL, PENDING_LINK_TTL, PendingLink, UpstreamFailure, UpstreamIdentity};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::sessions::Session;

/// Binds a proof to the browser that has its token: in another browser it is unknown.
fn proof_key(token: &str, browser: &str) -> String {
    base64url(&sha256(format!("{token}/{}", sha256_base64url(browser)).as_bytes()))
}

impl PendingLink {
    /// Returns the person of a verified answer.
    pub fn new(upstream: &Upstream, identity: &UpstreamIdentity) -> Self {
        Self {
            upstream_id: upstream.id.clone(),
            label: upstream.label.clone(),
            issuer: upstream.issuer.clone(),
            sub: identity.sub.clone(),
            given_name: identity.given_name.clone(),
            family_name: identity.family_name.clone(),
            usage_name: identity.usage_name.clone(),
            acr: identity.acr.clone(),
            level: identity.level,
        }
    }

    /// Returns the issuer and `sub` that are linked.
    pub fn subject(&self) -> UpstreamSubject<'_> {
        UpstreamSubject { issuer: &self.issuer, sub: &self.sub }
    }

    /// Returns the columns of the link, which says nothing of schools.
    pub fn origin(&self) -> LinkedOrigin<'_> {
        LinkedOrigin { upstream_id: &self.upstream_id, academy: None, ministry: None, schools: &[], dropped: &[] }
    }

    /// True if the names may be those of an account's person.
    fn names_agree(&self, account: &Account) -> bool {
        let family = self.family_names().any(|name| names::family_name_matches(name, &account.family_name, None));
        family && names::match_given_name(&self.given_name, &account.given_name).is_some()
    }
}

/// Checks that a verified person is the one of the account that is to be proven, whose session stays meanwhile.
pub async fn check_owner(
    op: &Operation<'_>,
    person: &PendingLink,
    account_id: &AccountId,
) -> Result<(), UpstreamFailure> {
    let mut tx = op.app.db.read().await.map_err(anyhow::Error::from)?;
    let found = store::find_account(&mut tx, person.subject()).await.map_err(anyhow::Error::from)?;
    match found {
        Some(found) if found == *account_id => Ok(()),
        _ => Err(UpstreamFailure::LinkedElsewhere),
    }
}

/// Signs in whoever is linked; `None` if nobody is.
///
/// # Errors
/// The account is suspended or closed, or asks for a second factor: an upstream stands for a password, not for both.
pub async fn sign_in_linked(
    op: &Operation<'_>,
    upstream: &Upstream,
    identity: &UpstreamIdentity,
    (visitor, lang): (VisitorContext<'_>, Lang),
) -> Result<Option<UpstreamSignIn>, UpstreamFailure> {
    let mut tx = op.write(Durability::Relaxed).await.map_err(anyhow::Error::from)?;
    let found = enter_linked(op, &mut tx, upstream, identity, (visitor, lang)).await;
    match found {
        Ok(Some(done)) => {
            tx.commit().await.map_err(anyhow::Error::from)?;
            op.app.job_notifier.notify(JobKind::BackchannelLogout);
            op.app.job_notifier.notify(JobKind::Mail);
            Ok(Some(done))
        }
        other => {
            tx.rollback().await.map_err(anyhow::Error::from)?;
            other
        }
    }
}

async fn enter_linked(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    upstream: &Upstream,
    identity: &UpstreamIdentity,
    (visitor, lang): (VisitorContext<'_>, Lang),
) -> Result<Option<UpstreamSignIn>, UpstreamFailure> {
    let person = PendingLink::new(upstream, identity);
    let Some(id) = store::find_account(tx, person.subject()).await.map_err(anyhow::Error::from)? else {
        return Ok(None);
    };
    let account = accounts::store::find_and_lock(tx, &id).await.map_err(anyhow::Error::from)?;
    if !account.is_some_and(|account| account.is_usable()) {
        return Err(UpstreamFailure::AccountClosed);
    }
    if credentials::store::find_factors(tx, &id).await.map_err(anyhow::Error::from)?.is_required() {
        return Err(UpstreamFailure::FactorNeeded);
    }
    store::update(tx, person.subject(), person.origin()).await.map_err(anyhow::Error::from)?;
    Ok(Some(begin_told(op, tx, (&id, upstream), identity, (visitor, lang)).await?))
}

/// Begins the session; a browser that the account did not know is told to its person.
async fn begin_told(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (id, upstream): (&AccountId, &Upstream),
    identity: &UpstreamIdentity,
    (visitor, lang): (VisitorContext<'_>, Lang),
) -> anyhow::Result<UpstreamSignIn> {
    let knew = devices::ops::was_known(tx, visitor.device_secrets, Some(id)).await?;
    let is_new = !knew && devices::store::has_any(tx, id).await?;
    let done = begin_session(op, tx, (id, upstream), identity, visitor).await?;
    if is_new {
        let (label, device) = (devices::label(visitor.user_agent), sha256_base64url(&done.device_secret));
        let kind = AccountNoticeKind::NewDevice;
        let what = NoticeRequest { account_id: id, kind, detail: &label, device_id: Some(&device), lang };
        notify::ops::notify_person(tx, op.app.into(), what).await?;
    }
    Ok(done)
}

/// Keeps a verified person for this browser until the mobile is typed. Returns the token for the address.
pub async fn keep_pending_link(
    op: &Operation<'_>,
    person: &PendingLink,
    (browser, owner): (&str, &str),
) -> anyhow::Result<String> {
    let token = id256(op.app.rng.as_ref());
    let (text, until) = (serde_json::to_string(person)?, op.now.plus(PENDING_LINK_TTL));
    let key = proof_key(&token, browser);
    op.app.ephemeral.put_for(owner, Namespace::UpstreamProof, &key, &text, until, op.now).await?;
    Ok(token)
}

/// Returns the person of a token, in the browser that came back from the upstream, as long as the upstream serves.
pub async fn find_pending_link(
    op: &Operation<'_>,
    token: &str,
    browser: Option<&str>,
) -> anyhow::Result<Option<PendingLink>> {
    let (true, Some(browser)) = (is_id(token, 43), browser) else { return Ok(None) };
    let found = op.app.ephemeral.get(Namespace::UpstreamProof, &proof_key(token, browser), op.now).await?;
    let person: Option<PendingLink> = found.and_then(|text| serde_json::from_str(&text).ok());
    let upstreams = op.app.upstreams();
    Ok(person.filter(|person| {
        upstreams.enabled(&person.upstream_id).is_some_and(|upstream| upstream.issuer == person.issuer)
    }))
}

fn permission_key(session: &Session) -> String {
    proof_key("link", session.id.as_str())
}

/// Lets a session link an upstream to its account, for five minutes and once: the password was typed for it.
pub async fn permit_link(op: &Operation<'_>, session: &Session) -> anyhow::Result<()> {
    let (key, until) = (permission_key(session), op.now.plus(LINK_PERMISSION_TTL));
    let owner = session.account_id.as_str();
    op.app.ephemeral.put_for(owner, Namespace::UpstreamProof, &key, "1", until, op.now).await?;
    Ok(())
}

/// True if a session may link.
pub async fn may_link(op: &Operation<'_>, session: &Session) -> anyhow::Result<bool> {
    let found = op.app.ephemeral.get(Namespace::UpstreamProof, &permission_key(session), op.now).await?;
    Ok(found.is_some())
}

/// Takes the permission of the session that an attempt names, if the browser still has it.
pub async fn take_link_permission(
    op: &Operation<'_>,
    asked: &SessionId,
    session: &Session,
) -> Result<(), UpstreamFailure> {
    if session.id != *asked {
        return Err(UpstreamFailure::LinkExpired);
    }
    let key = permission_key(session);
    match op.app.ephemeral.take(Namespace::UpstreamProof, &key, op.now).await.map_err(anyhow::Error::from)? {
        TakeResult::Taken(_) => Ok(()),
        _ => Err(UpstreamFailure::LinkExpired),
    }
}

/// Links the person of a verified answer to the account of a session, in place of a former one of the same upstream: its
/// `sub` changes when somebody's name is corrected.
///
/// # Errors
/// The person is another account's, the names differ, or the account changed meanwhile.
pub async fn link_account(
    op: &Operation<'_>,
    person: &PendingLink,
    (session, account): (&Session, &Account),
    lang: Lang,
) -> Result<(), UpstreamFailure> {
    if !person.names_agree(account) {
        return Err(UpstreamFailure::NamesDiffer);
    }
    let mut tx = op.write(Durability::Durable).await.map_err(anyhow::Error::from)?;
    if credentials::ops::lock_owner(&mut tx, (session, account)).await?.is_err() {
        tx.rollback().await.map_err(anyhow::Error::from)?;
        return Err(UpstreamFailure::LinkExpired);
    }
    let owner = store::find_account(&mut tx, person.subject()).await.map_err(anyhow::Error::from)?;
    if owner.is_some_and(|owner| owner != account.id) {
        tx.rollback().await.map_err(anyhow::Error::from)?;
        return Err(UpstreamFailure::LinkedElsewhere);
    }
    store::delete(&mut tx, &account.id, &person.issuer).await.map_err(anyhow::Error::from)?;
    if !insert_link(&mut tx, person, &account.id).await? {
        tx.rollback().await.map_err(anyhow::Error::from)?;
        return Err(UpstreamFailure::LinkedElsewhere);
    }
    let (kind, device_id) = (AccountNoticeKind::UpstreamLinked, session.device_id.as_deref());
    let what = NoticeRequest { account_id: &account.id, kind, detail: &person.label, device_id, lang };
    notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
    tx.commit().await.map_err(anyhow::Error::from)?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(())
}

/// Writes a link, with its event. Returns false if the person is linked already.
async fn insert_link(tx: &mut UnitOfWork<'_>, person: &PendingLink, account_id: &AccountId) -> anyhow::Result<bool> {
    if !store::insert(tx, person.subject(), account_id, person.origin()).await? {
        return Ok(false);
    }
    let about = AuditDetails { account: Some(account_id), detail: &person.upstream_id, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::UpstreamLinked, about).await?;
    Ok(true)
}

/// Links the person of an activation that proved the account, in its transaction. Returns false if the person is linked
/// to an account already.
pub async fn link_activated(
    tx: &mut UnitOfWork<'_>,
    person: &PendingLink,
    account_id: &AccountId,
) -> anyhow::Result<bool> {
    insert_link(tx, person, account_id).await
}

/// Ends the link of an account to an upstream, in the transaction of the caller, who had the password typed. The last way
/// in cannot be removed: an account without a password keeps its link. Returns true if a link ended.
pub async fn unlink_account(
    tx: &mut UnitOfWork<'_>,
    account: &Account,
    (upstream_id, issuer): (&str, &str),
) -> anyhow::Result<bool> {
    if account.password.is_none() || store::delete(tx, &account.id, issuer).await? == 0 {
        return Ok(false);
    }
    let about = AuditDetails { account: Some(&account.id), detail: upstream_id, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::UpstreamUnlinked, about).await?;
    Ok(true)
}

/// Ends every link of an account whose person said that one was not theirs; the password remains as the way in.
pub async fn unlink_all(tx: &mut UnitOfWork<'_>, account: &Account) -> anyhow::Result<()> {
    for link in store::list_of_account(tx, &account.id).await? {
        unlink_account(tx, account, (&link.upstream, &link.issuer)).await?;
    }
    Ok(())
}
