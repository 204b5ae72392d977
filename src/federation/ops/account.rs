//! The account of an upstream's person: found by (issuer, sub), or made at the first sign-in, and its session.

use crate::accounts::store::federated::{self, FederatedPerson};
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::ids::{id128, row_id};
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AccountId, ClientId};
use crate::base::uai::Uai;
use crate::config::deployment::Upstream;
use crate::db::{Durability, UnitOfWork};
use crate::federation::store::{self, LinkedOrigin, UpstreamSubject};
use crate::federation::{UpstreamFailure, UpstreamIdentity};
use crate::outbox::JobKind;
use crate::sessions::UpstreamOrigin;
use crate::sessions::ops::{SessionOrigin, UpstreamProof};
use crate::{devices, limits, sessions, tenants};

/// The browser that comes back from an upstream.
#[derive(Clone, Copy, Debug)]
pub struct VisitorContext<'a> {
    /// The cookie of the current session, which ends with the sign-in.
    pub session_cookie: Option<&'a str>,
    /// The device secrets in the browser's cookies.
    pub device_secrets: &'a [String],
    pub source: SourceAddress,
    pub user_agent: &'a str,
    pub client_id: Option<&'a ClientId>,
    /// True if the upstream was told to ask the person again: its answer is a fresh proof.
    pub was_asked: bool,
}

/// A sign-in that is done, with its cookies.
#[derive(Debug)]
pub struct UpstreamSignIn {
    pub session_cookie: String,
    pub device_secret: String,
}

/// Signs the person of a verified answer in.
///
/// # Errors
/// The account is suspended or closed, or the database fails.
pub async fn sign_in(
    op: &Operation<'_>,
    upstream: &Upstream,
    identity: &UpstreamIdentity,
    visitor: VisitorContext<'_>,
) -> Result<UpstreamSignIn, UpstreamFailure> {
    let schools = own_schools(op, upstream, &identity.schools).await?;
    // Durable: an account that a power cut took would be another one, with another `sub`, at the next sign-in.
    let mut tx = op.write(Durability::Durable).await.map_err(anyhow::Error::from)?;
    let subject = UpstreamSubject { issuer: &upstream.issuer, sub: &identity.sub };
    let origin = LinkedOrigin {
        upstream_id: &upstream.id,
        academy: upstream.academy.as_deref(),
        ministry: upstream.ministry.as_deref(),
        schools: &schools.own,
        dropped: &schools.foreign,
    };
    let known = store::list_dropped(&mut tx, subject).await.map_err(anyhow::Error::from)?;
    let account = find_or_create(op, &mut tx, upstream, identity, (subject, origin)).await?;
    if !account.is_usable() {
        tx.rollback().await.map_err(anyhow::Error::from)?;
        return Err(UpstreamFailure::AccountClosed);
    }
    // Once: what an academy says wrongly every morning is one fact.
    for uai in schools.foreign.iter().filter(|uai| !known.contains(uai)) {
        let about = AuditDetails {
            account: Some(&account.id),
            uai: Some(uai),
            detail: &upstream.id,
            ..AuditDetails::default()
        };
        audit::store::record(&mut tx, AuditEvent::UpstreamSchoolDropped, about).await.map_err(anyhow::Error::from)?;
    }
    let signed_in = begin_session(op, &mut tx, (&account.id, upstream), identity, visitor).await?;
    tx.commit().await.map_err(anyhow::Error::from)?;
    op.app.job_notifier.notify(JobKind::BackchannelLogout);
    Ok(signed_in)
}

/// The schools of an answer: those of the upstream's own realm, and the others, which are dropped.
#[derive(Default)]
struct NamedSchools {
    own: Vec<Uai>,
    foreign: Vec<Uai>,
}

/// Sorts the schools that an answer names: an upstream speaks of the schools of its academy or ministry only, whatever
/// it says. One that is not declared here belongs to nobody.
async fn own_schools(op: &Operation<'_>, upstream: &Upstream, named: &[Uai]) -> anyhow::Result<NamedSchools> {
    let mut sorted = NamedSchools::default();
    let mut tx = op.app.db.read().await?;
    for uai in named {
        let school = tenants::store::find_school(&mut tx, uai).await?;
        let realm = (upstream.academy.as_deref(), upstream.ministry.as_deref());
        let is_own = school.is_some_and(|school| store::is_of_realm(&school, realm.0, realm.1));
        if is_own { &mut sorted.own } else { &mut sorted.foreign }.push(uai.clone());
    }
    Ok(sorted)
}

/// Returns the account of the person, locked. The first sign-in makes it; two at once make one.
async fn find_or_create(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    upstream: &Upstream,
    identity: &UpstreamIdentity,
    (subject, origin): (UpstreamSubject<'_>, LinkedOrigin<'_>),
) -> anyhow::Result<Account> {
    let profile = identity.profile.ok_or_else(|| anyhow::anyhow!("an answer without a profile"))?;
    let family_name = identity.usage_name.as_deref().unwrap_or(&identity.family_name);
    let person = FederatedPerson { profile, given_name: &identity.given_name, family_name };
    let id = match store::find_account(tx, subject).await? {
        Some(id) => id,
        None => {
            let id = AccountId::new(row_id(op.now, op.app.rng.as_ref()));
            federated::insert(tx, &id, &id128(op.app.rng.as_ref()), person).await?;
            if store::insert(tx, subject, &id, origin).await? {
                let about = AuditDetails { account: Some(&id), detail: &upstream.id, ..AuditDetails::default() };
                audit::store::record(tx, AuditEvent::UpstreamLinked, about).await?;
                id
            } else {
                // Another request made the account meanwhile: this one's is taken back.
                federated::delete_unlinked(tx, &id).await?;
                let first = store::find_account(tx, subject).await?;
                first.ok_or_else(|| anyhow::anyhow!("the link that was there is gone"))?
            }
        }
    };
    accounts::store::find_and_lock(tx, &id).await?;
    federated::update(tx, &id, person).await?;
    store::update(tx, subject, origin).await?;
    let account = accounts::store::find(tx, &id).await?;
    account.ok_or_else(|| anyhow::anyhow!("the account of a link is not there"))
}

pub(super) async fn begin_session(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (account_id, upstream): (&AccountId, &Upstream),
    identity: &UpstreamIdentity,
    visitor: VisitorContext<'_>,
) -> anyhow::Result<UpstreamSignIn> {
    let former = visitor.session_cookie.map(sessions::ops::session_id);
    let known = devices::ops::find_known(tx, op.now, visitor.device_secrets, Some(account_id)).await?;
    let label = devices::label(visitor.user_agent);
    let (device_id, device_secret) = devices::ops::remember(tx, account_id, known.as_ref(), &label, None).await?;
    let (upstream_id, acr) = (upstream.id.clone(), identity.acr.clone());
    let origin = UpstreamOrigin { upstream_id, acr, level: identity.level };
    let proof = UpstreamProof {
        origin: &origin,
        amr: &identity.amr,
        authenticated_at: identity.authenticated_at,
        answered_at: visitor.was_asked.then_some(op.now),
        id_token: Some(&identity.id_token),
    };
    let with = SessionOrigin { previous: former.as_ref(), device: Some(&device_id), client: visitor.client_id };
    let session = sessions::ops::begin_upstream(op, tx, account_id, proof, with).await?;
    limits::ops::record_account_seen(op, tx, visitor.source, account_id).await?;
    Ok(UpstreamSignIn { session_cookie: session.cookie, device_secret })
}
