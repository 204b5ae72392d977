//! Sign-in by a passkey: two factors in one gesture, and no identifiant.

use super::entry::{EntryProof, enter};
use super::{LoginContext, SignInOutcome};
use crate::accounts::{self, AccountState};
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::AccountId;
use crate::db::Durability;
use crate::devices;
use crate::limits;
use crate::outbox::JobKind;
use crate::passkeys::{self, CeremonyPurpose, PasskeyAnswer, PasskeyVerification};
use crate::sessions::AuthenticationMethod;

/// Signs in whoever holds the passkey that answered the challenge of this browser. Failures count for the source like
/// wrong passwords; a right passkey is judged by its signature alone, so that nobody's wrong passwords keep its holder
/// out (docs/threats.md#threat-s06).
pub async fn sign_in_with_passkey(
    op: &Operation<'_>,
    browser: &str,
    answer: PasskeyAnswer<'_>,
    brought: LoginContext<'_>,
) -> anyhow::Result<SignInOutcome> {
    let (account_id, outcome) = verify_and_enter(op, browser, answer, brought).await?;
    Ok(outcome.count(op, account_id.as_ref(), brought))
}

/// Verifies the answer and lets its person in. Returns the account too, once it is known.
async fn verify_and_enter(
    op: &Operation<'_>,
    browser: &str,
    answer: PasskeyAnswer<'_>,
    brought: LoginContext<'_>,
) -> anyhow::Result<(Option<AccountId>, SignInOutcome)> {
    let Operation { app, now, .. } = *op;
    let ceremony = (CeremonyPurpose::SignIn, browser);
    let proven = match passkeys::ops::verify(op, ceremony, None, answer, brought.lang).await? {
        PasskeyVerification::Proven(proven) => proven,
        PasskeyVerification::Copied | PasskeyVerification::Refused(_) => {
            let who = sha256_base64url(answer.credential);
            let outcome = match limits::ops::check_sign_in(op, brought.source, &who, &who, false).await? {
                Ok(judging) => {
                    judging.record_failure(op).await?;
                    SignInOutcome::PasskeyRefused
                }
                Err(refused) => SignInOutcome::Limited(refused),
            };
            return Ok((None, outcome));
        }
    };
    let mut tx = op.write(Durability::Relaxed).await?;
    let account = accounts::store::find_and_lock(&mut tx, &proven.account_id()).await?;
    let account = account.filter(|account| account.state == AccountState::Active);
    let Some(account) = account else {
        tx.rollback().await?;
        return Ok((None, SignInOutcome::PasskeyRefused));
    };
    if !passkeys::store::record_use(&mut tx, &proven).await? {
        tx.rollback().await?;
        return Ok((None, SignInOutcome::PasskeyRefused));
    }
    let device = devices::ops::find_known(&mut tx, now, brought.device_secrets, Some(&account.id)).await?;
    let knew = devices::ops::was_known(&mut tx, brought.device_secrets, Some(&account.id)).await?;
    let must_change = account.must_change_password();
    let account_id = account.id.clone();
    let method = AuthenticationMethod::Passkey;
    let how = EntryProof { method, device: device.as_ref(), knew, must_change };
    let outcome = enter(op, &mut tx, account, how, brought).await?;
    tx.commit().await?;
    app.job_notifier.notify(JobKind::Mail);
    Ok((Some(account_id), outcome))
}
