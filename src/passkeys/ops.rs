//! Challenges, and what their answers are worth.

mod offer;

pub use offer::{PasskeyOffer, find_offer};

use super::ceremony::{
    self, AssertionVerdict, CeremonySeal, CreatedPasskey, CreationSubject, PasskeyRelyingParty, SentAssertion,
};
use super::store;
use super::{
    CHALLENGE_TTL, CeremonyPurpose, HolderKind, PasskeyAnswer, PasskeyChallenge, PasskeyHolder, PasskeyVerification,
    ProvenPasskey, StoredPasskey,
};
use crate::accounts::Account;
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, AdministratorId};
use crate::db::Durability;
use crate::ephemeral::Namespace;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;

/// Returns the relying party; `None` where the issuer's host is an address, so that there are no passkeys.
pub fn relying_party(app: &App) -> Option<PasskeyRelyingParty> {
    PasskeyRelyingParty::new(app.issuer(), app.pages.service_name())
}

fn seal<'a>(op: &Operation<'a>, purpose: CeremonyPurpose, binding: &'a str) -> CeremonySeal<'a> {
    CeremonySeal { master_key: &op.app.master_key, purpose, binding, now: op.now }
}

/// Returns a challenge for a page, the same for everybody; `None` where there are no passkeys. Writes nothing: opening
/// pages costs no memory.
pub fn challenge(
    op: &Operation<'_>,
    purpose: CeremonyPurpose,
    binding: &str,
) -> anyhow::Result<Option<PasskeyChallenge>> {
    relying_party(op.app).map(|party| party.begin_assertion(seal(op, purpose, binding))).transpose()
}

/// Returns the challenge by which the signed-in account creates a passkey; `None` where there are no passkeys.
pub async fn creation_challenge(
    op: &Operation<'_>,
    account: &Account,
    binding: &str,
) -> anyhow::Result<Option<PasskeyChallenge>> {
    let named = (account.identifiant.as_str(), account.full_name());
    creation_challenge_of(op, (&account.id).into(), (named.0, &named.1), (CeremonyPurpose::Creation, binding)).await
}

/// Returns the challenge by which a holder creates a passkey, with the names that authenticators show.
pub async fn creation_challenge_of(
    op: &Operation<'_>,
    holder: PasskeyHolder<'_>,
    (identifiant, name): (&str, &str),
    (purpose, binding): (CeremonyPurpose, &str),
) -> anyhow::Result<Option<PasskeyChallenge>> {
    let Some(party) = relying_party(op.app) else { return Ok(None) };
    let mut tx = op.app.db.read().await?;
    let known = store::list(&mut tx, holder).await?;
    let existing = store::list_credential_ids(&mut tx, holder).await?;
    drop(tx);
    let handle = match known.into_iter().next() {
        Some(passkey) => passkey.user_handle,
        None => ceremony::new_user_handle(op.app.rng.bytes::<16>()),
    };
    let subject = CreationSubject { user_handle: &handle, identifiant, name };
    party.begin_creation(seal(op, purpose, binding), subject, &existing).map(Some)
}

/// Judges the passkey that a browser created, for its one use. Who may add one was asked before the challenge, and the
/// caller asks again. `None` for an answer that is wrong, expired or used before.
pub async fn finish_creation(
    op: &Operation<'_>,
    holder: impl Into<PasskeyHolder<'_>>,
    (purpose, binding): (CeremonyPurpose, &str),
    answer: PasskeyAnswer<'_>,
) -> anyhow::Result<Option<CreatedPasskey>> {
    let holder = holder.into();
    let refuse = |why: &'static str| {
        tracing::info!(why, "a passkey was not created");
        Ok(None)
    };
    let Some(party) = relying_party(op.app) else { return refuse("no_relying_party") };
    let Some((state, expires)) = seal(op, purpose, binding).open(answer.state) else {
        return refuse("state");
    };
    match party.finish_creation(&state, answer.credential) {
        Ok(created) if claim(op, holder.id, &state, expires).await? => {
            Ok(Some(CreatedPasskey { asked_at: expires.minus(CHALLENGE_TTL), ..created }))
        }
        Ok(_) => refuse("replayed"),
        Err(why) => refuse(why),
    }
}

/// Claims the state of a ceremony for its one use: false for every later one (docs/threats.md#attack-m7).
async fn claim(op: &Operation<'_>, owner: &str, state: &str, expires: Timestamp) -> anyhow::Result<bool> {
    let key = sha256_base64url(state);
    Ok(op.app.ephemeral.claim_once(owner, Namespace::PasskeyChallenge, &key, expires, op.now).await?)
}

/// Judges the answer to a challenge. `of` is the account whose passkey it must be; without one, whoever holds the
/// passkey. What is proven counts once it is written: see [`store::record_use`].
pub async fn verify(
    op: &Operation<'_>,
    (purpose, binding): (CeremonyPurpose, &str),
    of: Option<&AccountId>,
    answer: PasskeyAnswer<'_>,
    lang: Lang,
) -> anyhow::Result<PasskeyVerification> {
    let holder = (HolderKind::Account, of.map(AccountId::as_str));
    let (verification, copied) = verify_holder(op, (purpose, binding), holder, answer).await?;
    if let Some(stored) = copied {
        tell_copied(op, &stored, lang).await?;
    }
    Ok(verification)
}

/// Judges the answer to a challenge for an administrator, like [`verify`]; of a passkey whose counter went back, its id is
/// kept as copied.
pub async fn verify_administrator(
    op: &Operation<'_>,
    (purpose, binding): (CeremonyPurpose, &str),
    of: Option<&AdministratorId>,
    answer: PasskeyAnswer<'_>,
) -> anyhow::Result<PasskeyVerification> {
    let holder = (HolderKind::Administrator, of.map(AdministratorId::as_str));
    let (verification, copied) = verify_holder(op, (purpose, binding), holder, answer).await?;
    if let Some(stored) = copied {
        let mut tx = op.write(Durability::Durable).await?;
        store::mark_copied(&mut tx, &stored.id).await?;
        let about = AuditDetails { detail: &stored.holder_id, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::PasskeyCopied, about).await?;
        tx.commit().await?;
    }
    Ok(verification)
}

/// Judges an answer; beside it the passkey whose counter went back.
async fn verify_holder(
    op: &Operation<'_>,
    (purpose, binding): (CeremonyPurpose, &str),
    (kind, of): (HolderKind, Option<&str>),
    answer: PasskeyAnswer<'_>,
) -> anyhow::Result<(PasskeyVerification, Option<StoredPasskey>)> {
    let app = op.app;
    let refuse = |why: &'static str| {
        tracing::info!(why, "a passkey was refused");
        Ok((PasskeyVerification::Refused(why), None))
    };
    let Some(party) = relying_party(app) else { return refuse("no_relying_party") };
    let Some((state, expires)) = seal(op, purpose, binding).open(answer.state) else { return refuse("state") };
    let Some(sent) = SentAssertion::parse(answer.credential) else { return refuse("malformed") };
    let stored = store::find_by_credential(&mut app.db.read().await?, kind, &sent.credential_id()).await?;
    let Some(stored) = stored else { return refuse("unknown") };
    // The handle is the holder's, and never another's (WebAuthn 7.2, step 6).
    if sent.user_handle().is_none_or(|handle| handle != stored.user_handle) {
        return refuse("user_handle");
    }
    if of.is_some_and(|holder| holder != stored.holder_id) {
        return refuse("holder");
    }
    match party.finish_assertion(&state, &sent, &stored.credential) {
        AssertionVerdict::Invalid(why) => refuse(why),
        AssertionVerdict::CounterWentBack => {
            // The very answer that served a moment ago, sent again by a reload: its counter stands still.
            if !claim(op, &stored.holder_id, &state, expires).await? {
                return refuse("replayed");
            }
            Ok((PasskeyVerification::Copied, Some(stored)))
        }
        AssertionVerdict::Valid { credential } => {
            if !claim(op, &stored.holder_id, &state, expires).await? {
                return refuse("replayed");
            }
            let StoredPasskey { id, holder_id, credential: former, created_at, .. } = stored;
            let proven = ProvenPasskey { id, holder_id, created_at, former, credential };
            Ok((PasskeyVerification::Proven(proven), None))
        }
    }
}

/// Records that a counter went back, and tells the person: there may be a copy of the authenticator.
async fn tell_copied(op: &Operation<'_>, passkey: &StoredPasskey, lang: Lang) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    store::mark_copied(&mut tx, &passkey.id).await?;
    let account_id = &AccountId::new(&passkey.holder_id);
    let about = AuditDetails { account: Some(account_id), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::PasskeyCopied, about).await?;
    let kind = AccountNoticeKind::PasskeyCopied;
    let what = NoticeRequest { account_id, kind, detail: &passkey.label, device_id: None, lang };
    notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(())
}

/// Gives a passkey another label. Returns false for a passkey that the account does not have.
pub async fn rename(op: &Operation<'_>, account_id: &AccountId, id: &str, label: &str) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let renamed = store::rename(&mut tx, account_id, id, label).await?;
    tx.commit().await?;
    Ok(renamed)
}
