//! Use cases of regroupement: the proofs, the choice, the undo, and the end of the seven days.

mod factor;
mod finish;
mod join;
mod prove;
mod undo;

pub use factor::{FactorView, OtherFactorOutcome, find_factor_step, judge_passkey, prove_factor};
pub use finish::finish_due;
pub use join::{ChoiceView, JoinOutcome, JoinRequest, SideView, find_choice, join};
pub use prove::{OtherProof, ProveRequest, find_proven_by_sms, prove};
pub use undo::{UndoOutcome, UndoView, find_undo, undo};

use super::{KnownName, RegroupRefusal, SidesWithFactor, judge_accounts, names_agree, store};
use crate::accounts::{self, Account};
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::clients::{self, SubjectType};
use crate::db::{Tx, UnitOfWork};
use crate::sessions::Session;
use crate::subjects;
use crate::{credentials, grants, roster};

/// The signed-in person, with the support code and the language of the request.
#[derive(Clone, Copy)]
pub struct RegroupPerson<'a> {
    pub session: &'a Session,
    pub account: &'a Account,
    pub support_code: &'a str,
    pub lang: Lang,
}

/// Judges whether two accounts may be joined by their person.
async fn judge(tx: &mut UnitOfWork<'_>, account: &Account, other: &Account) -> anyhow::Result<Option<RegroupRefusal>> {
    if let Some(why) = judge_accounts(account, other, tx.now) {
        return Ok(Some(why));
    }
    let mut names = Vec::new();
    for one in [account, other] {
        let persons = roster::store::list_named_persons_of_account(tx, &one.id).await?;
        names.push(persons.into_iter().map(KnownName::from).chain([KnownName::from(one)]).collect::<Vec<_>>());
    }
    if let [left, right] = names.as_slice()
        && !names_agree(left, right)
    {
        return Ok(Some(RegroupRefusal::Names));
    }
    let keys_differ = has_two_known_keys(tx, &account.id, &other.id).await?;
    Ok(keys_differ.then_some(RegroupRefusal::RosterKeys))
}

/// Returns which of the two accounts has a second factor.
async fn sides_with_factor(tx: &mut Tx, current: &AccountId, other: &AccountId) -> anyhow::Result<SidesWithFactor> {
    Ok(SidesWithFactor {
        current: credentials::store::find_factors(tx, current).await?.is_required(),
        other: credentials::store::find_factors(tx, other).await?.is_required(),
    })
}

/// True if an ENT knows one of the accounts by a roster key of an academy in which the other one has a key too.
async fn has_two_known_keys(tx: &mut Tx, left: &AccountId, right: &AccountId) -> anyhow::Result<bool> {
    let theirs = roster::store::ownership::list_academies_of_account(tx, right).await?;
    let mut common = roster::store::ownership::list_academies_of_account(tx, left).await?;
    common.retain(|academy| theirs.contains(academy));
    for account_id in [left, right] {
        let written = subjects::store::list_of_account(tx, account_id).await?;
        let academies = written.iter().filter_map(|subject| subjects::academy_of_space(&subject.space));
        if academies.into_iter().any(|academy| common.iter().any(|one| one == academy)) {
            return Ok(true);
        }
        for client_id in grants::store::uses::list_clients_of_account(tx, account_id).await? {
            let Some(client) = clients::store::find(tx, &client_id).await? else { continue };
            let academy = client.meta.perimeter.academies.first();
            let by_key = client.meta.subject_type == SubjectType::Roster;
            if by_key && academy.is_some_and(|academy| common.contains(academy)) {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Writes the `sub` of every space whose clients know the account: those of older releases stand in no row. Where the
/// account had another one's until an undo, its clients know that one only.
async fn settle_subjects(
    tx: &mut UnitOfWork<'_>,
    master_key: &crate::crypto::MasterKey,
    account_id: &AccountId,
) -> anyhow::Result<()> {
    let now = tx.now;
    let lent = store::list_lent_spaces(tx, account_id).await?;
    for client_id in grants::store::uses::list_clients_of_account(tx, account_id).await? {
        let Some(client) = clients::store::find(tx, &client_id).await? else { continue };
        if !lent.contains(&subjects::ops::known_space(&client.meta)) {
            subjects::ops::record_subject(master_key, tx, now, &client.meta, account_id).await?;
        }
    }
    Ok(())
}

/// Locks two accounts, in one order whoever asks, and returns them.
async fn lock_both(tx: &mut Tx, left: &AccountId, right: &AccountId) -> anyhow::Result<Option<(Account, Account)>> {
    let (first, second) = if left <= right { (left, right) } else { (right, left) };
    let first = accounts::store::find_and_lock(tx, first).await?;
    let second = accounts::store::find_and_lock(tx, second).await?;
    let (Some(first), Some(second)) = (first, second) else { return Ok(None) };
    Ok(Some(if first.id == *left { (first, second) } else { (second, first) }))
}
