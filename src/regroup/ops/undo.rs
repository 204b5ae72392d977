//! The undo, for seven days: both accounts are what they were.

use super::join::{end_flows, record_both, tell_both};
use super::{RegroupPerson, lock_both};
use crate::accounts::{self, AccountState, JoinedPair};
use crate::app::Operation;
use crate::audit::AuditEvent;
use crate::base::clock::Timestamp;
use crate::credentials::{self, ProofRefusal};
use crate::db::{Durability, UnitOfWork};
use crate::notify::AccountNoticeKind;
use crate::outbox::JobKind;
use crate::regroup::{JoinedAccounts, store};
use crate::roster::store::{locks, ownership};
use crate::sessions::ops::SessionOrigin;
use crate::sessions::{self, AuthenticationMethod};
use crate::{grants, subjects};

/// A regroupement that the account page offers to undo.
#[derive(Clone, Debug)]
pub struct UndoView {
    /// The identifiant of the absorbed account.
    pub identifiant: String,
    pub until: Timestamp,
}

/// Finds what the signed-in account may undo.
pub async fn find_undo(op: &Operation<'_>, person: RegroupPerson<'_>) -> anyhow::Result<Option<UndoView>> {
    let mut tx = op.app.db.read().await?;
    let Some(found) = store::find_undoable(&mut tx, op.now, &person.account.id).await? else { return Ok(None) };
    let identifiant = accounts::store::merged::find_own_identifiant(&mut tx, &found.accounts.absorbed).await?;
    Ok(identifiant.map(|identifiant| UndoView { identifiant, until: found.undo_until }))
}

/// The outcome of an undo.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UndoOutcome {
    /// With the cookie of a new session.
    Undone {
        cookie: String,
    },
    NotProven(ProofRefusal),
    /// There is nothing to undo any more.
    Over,
}

/// Undoes the last regroupement that the account kept, after its password. Every session ends, because its tokens speak
/// of what the account had and bear a `sub` that is the other account's again; the person goes on in a new one.
pub async fn undo(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    typed: &str,
    device_secrets: &[String],
) -> anyhow::Result<UndoOutcome> {
    let (app, account) = (op.app, person.account);
    if let Err(why) = credentials::ops::prove_owner(op, (person.session, account), typed, device_secrets).await? {
        return Ok(UndoOutcome::NotProven(why));
    }
    let mut tx = op.write(Durability::Durable).await?;
    let over = async |tx: UnitOfWork<'_>| {
        tx.rollback().await?;
        anyhow::Ok(UndoOutcome::Over)
    };
    let Some(found) = store::find_undoable(&mut tx, op.now, &account.id).await? else { return over(tx).await };
    let locked = lock_both(&mut tx, &account.id, &found.accounts.absorbed).await?;
    let Some((kept, absorbed)) = locked.filter(|(kept, _)| kept.is_usable()) else { return over(tx).await };
    if !sessions::store::lock(&mut tx, &person.session.id).await? || !store::mark_undone(&mut tx, &found.id).await? {
        return over(tx).await;
    }
    // Sign-outs carry the `sub` of this moment.
    sessions::ops::end_all(&mut tx, &app.master_key, &kept.id, None).await?;
    put_back(&mut tx, &found).await?;
    end_flows(&mut tx, [&kept.id, &absorbed.id]).await?;
    let pair = JoinedPair { kept: &kept, absorbed: &absorbed };
    record_both(&mut tx, AuditEvent::AccountsSeparated, pair.ids()).await?;
    tell_both(op, &mut tx, person, pair, AccountNoticeKind::RegroupUndone).await?;
    let origin = SessionOrigin { device: person.session.device_id.as_deref(), ..SessionOrigin::default() };
    let begun = sessions::ops::begin(op, &mut tx, &kept.id, AuthenticationMethod::Password, origin).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    app.job_notifier.notify(JobKind::Mail);
    Ok(UndoOutcome::Undone { cookie: begun.cookie })
}

/// Puts back what a regroupement moved.
async fn put_back(tx: &mut UnitOfWork<'_>, joined: &JoinedAccounts) -> anyhow::Result<()> {
    let moved = &joined.moved;
    let pair = joined.accounts.as_ref();
    let JoinedPair { kept, absorbed } = pair;
    let state = moved.state.parse::<AccountState>().unwrap_or(AccountState::Active);
    let restored = accounts::store::merged::restore(tx, pair, state, moved.closes_at).await?;
    anyhow::ensure!(restored, "the absorbed account is not absorbed by the kept one");
    locks::lock_persons(tx, &moved.persons.iter().collect::<Vec<_>>()).await?;
    for person_id in &moved.persons {
        ownership::give_back(tx, person_id, kept, absorbed).await?;
    }
    for pupil_id in &moved.proofs {
        ownership::delete_proof(tx, kept, pupil_id).await?;
    }
    for alias in &moved.aliases {
        accounts::store::merged::repoint_alias(tx, alias, kept, absorbed).await?;
    }
    for space in &moved.spaces {
        subjects::store::move_to(tx, space, kept, absorbed).await?;
    }
    for former in &moved.former {
        subjects::store::delete_former(tx, former, kept).await?;
    }
    for former in &moved.former_of_absorbed {
        subjects::store::move_former(tx, former, kept, absorbed).await?;
    }
    return_since(tx, joined).await
}

/// Gives back what was written on the kept account since the regroupement because of the absorbed account's persons, and
/// takes back what was copied.
async fn return_since(tx: &mut UnitOfWork<'_>, joined: &JoinedAccounts) -> anyhow::Result<()> {
    let since = joined.done_at;
    let pair = joined.accounts.as_ref();
    let JoinedPair { kept, absorbed } = pair;
    subjects::ops::return_roster_keys(tx, since, kept, absorbed).await?;
    ownership::return_proofs(tx, since, kept, absorbed).await?;
    for client_id in &joined.moved.uses {
        grants::store::uses::delete_unused_since(tx, since, kept, client_id).await?;
    }
    for client_id in &joined.moved.consents {
        grants::store::consents::return_copy(tx, since, pair, client_id).await?;
    }
    Ok(())
}
