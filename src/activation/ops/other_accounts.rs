//! The other accounts that a right code of this browser proved, where the persons of one name and mobile number have
//! more than one: `regroup` joins them.

use super::send_code;
use crate::accounts::{self, Account, AccountState};
use crate::activation::{ACTIVATION_TTL, Activation, store};
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, ActivationId, PersonId};
use crate::db::Tx;
use crate::{recovery, roster};

/// The time, from its start, for which an activation proves another account of its person in its browser.
const SMS_PROOF_TTL: Span = Span::minutes(30);

/// Returns the accounts, other than `account_id`, that the code of an activation proved. An account of which the school
/// wrote the number too lately, or whose number was given up, is not among them (docs/threats.md#threat-s09).
pub async fn list_other_accounts(
    tx: &mut Tx,
    now: Timestamp,
    activation: &Activation,
    account_id: &AccountId,
) -> anyhow::Result<Vec<Account>> {
    let mut others: Vec<(Account, Vec<PersonId>)> = Vec::new();
    for person_id in &activation.person_ids {
        let person = roster::store::find_person(tx, person_id).await?;
        let Some(id) = person.and_then(|person| person.account_id).filter(|id| id != account_id) else { continue };
        if let Some((_, persons)) = others.iter_mut().find(|(account, _)| account.id == id) {
            persons.push(person_id.clone());
        } else if let Some(account) = accounts::store::find(tx, &id).await? {
            others.push((account, vec![person_id.clone()]));
        }
    }
    let mut proven = Vec::new();
    for (account, persons) in others {
        let is_open = account.state != AccountState::Closed && account.suspended_by.is_none();
        if is_open && recovery::ops::judge_persons(tx, now, &persons).await?.is_none() {
            proven.push(account);
        }
    }
    Ok(proven)
}

/// An account that a code proved, with the activation that found it.
#[derive(Clone, Debug)]
pub struct AccountBySms {
    pub account: Account,
    pub activation_id: ActivationId,
}

/// Returns the accounts that belong to the same person as `account_id`, by a code that was typed in this browser and
/// still holds: an activation that found both.
pub async fn list_proven_in_browser<'a>(
    op: &Operation<'_>,
    tx: &mut Tx,
    secrets: impl Iterator<Item = &'a str>,
    account_id: &AccountId,
) -> anyhow::Result<Vec<AccountBySms>> {
    let mut proven: Vec<AccountBySms> = Vec::new();
    for secret in secrets {
        let digest = sha256_base64url(secret);
        for activation in store::list_known(tx, &op.app.master_key, &digest, op.now).await? {
            if op.now.since(activation.expires_at.minus(ACTIVATION_TTL)) >= SMS_PROOF_TTL {
                continue;
            }
            let owns = roster::store::list_persons_of_account(tx, account_id).await?;
            if !activation.person_ids.iter().any(|id| owns.contains(id)) {
                continue;
            }
            for account in list_other_accounts(tx, op.now, &activation, account_id).await? {
                if proven.iter().all(|known| known.account.id != account.id) {
                    proven.push(AccountBySms { account, activation_id: activation.id.clone() });
                }
            }
        }
    }
    Ok(proven)
}

/// True if an activation still proves this other account: its number was neither given up nor replaced since.
pub async fn is_still_proven(
    op: &Operation<'_>,
    tx: &mut Tx,
    activation_id: &ActivationId,
    (account_id, other): (&AccountId, &AccountId),
) -> anyhow::Result<bool> {
    let Some(activation) = store::find(tx, &op.app.master_key, activation_id).await? else { return Ok(false) };
    let found = send_code::find_persons(tx, op.app, &activation).await?;
    let reached = found.iter().any(|person| person.account_id.as_ref() == Some(other));
    let proven = list_other_accounts(tx, op.now, &activation, account_id).await?;
    Ok(reached && proven.iter().any(|account| account.id == *other))
}
