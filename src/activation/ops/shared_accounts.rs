//! The other accounts that a right code of this browser proved, where the persons of one name and mobile number have
//! more than one: `regroup` joins them.

use crate::accounts::{self, Account, AccountState};
use crate::activation::{Activation, store};
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, PersonId};
use crate::db::UnitOfWork;
use crate::{recovery, roster};

/// Returns the accounts, other than `account_id`, that the code of an activation proved. An account of which the school
/// wrote the number too lately, or whose number was given up, is not among them (docs/threats.md#threat-s09).
pub async fn list_other_accounts(
    tx: &mut UnitOfWork<'_>,
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
        if is_open && recovery::ops::judge_persons(tx, &persons).await?.is_none() {
            proven.push(account);
        }
    }
    Ok(proven)
}

/// Returns the accounts that belong to the same person as `account_id`, by a code that was typed in this browser and
/// still holds: an activation that found both.
pub async fn list_proven_in_browser<'a>(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    secrets: impl Iterator<Item = &'a str>,
    account_id: &AccountId,
) -> anyhow::Result<Vec<Account>> {
    let mut proven: Vec<Account> = Vec::new();
    for secret in secrets {
        let digest = sha256_base64url(secret);
        for activation in store::list_known(tx, &op.app.master_key, &digest, op.now).await? {
            let owns = roster::store::list_persons_of_account(tx, account_id).await?;
            if !activation.person_ids.iter().any(|id| owns.contains(id)) {
                continue;
            }
            for other in list_other_accounts(tx, &activation, account_id).await? {
                if proven.iter().all(|known| known.id != other.id) {
                    proven.push(other);
                }
            }
        }
    }
    Ok(proven)
}
