//! « Votre portable est-il toujours … 56 78 ? », asked on the account page in September and October, about a number that
//! nothing proved for a year.
//!
//! « Oui » proves nothing: the number still stops 24 months after its last proof (docs/threats.md#threat-s13).

use chrono::Datelike as _;

use crate::accounts::phones::AccountPhone;
use crate::accounts::store::phones;
use crate::accounts::{self, Account};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::db::{Durability, Tx};
use crate::http::pages::dates;
use crate::sessions::{self, Session};

/// The time without a proof after which the number is asked about.
const PROOF_AGE: Span = Span::days(365);
/// The time for which an answer holds: longer than the two months of the question, shorter than from one autumn to the
/// next.
const ANSWER_TTL: Span = Span::days(300);

/// True in September and October: schools have their new year's numbers then, and families are at their papers.
fn is_time_to_ask(now: Timestamp) -> bool {
    let day = dates::date_key(now).parse::<chrono::NaiveDate>();
    day.is_ok_and(|day| (9..=10).contains(&day.month()))
}

/// True if the account's person is asked whether the number is still theirs. During a caution nothing is asked, as its
/// answer might not be the owner's.
pub async fn is_phone_asked(
    tx: &mut Tx,
    now: Timestamp,
    account: &Account,
    phone: Option<&AccountPhone>,
) -> anyhow::Result<bool> {
    let Some(history) = phone.map(|phone| phone.history).filter(|history| !history.disowned) else { return Ok(false) };
    // A number that the school wrote since then was not there to be proven.
    let known_since = history.proven_at.map_or(history.since, |proven| proven.max(history.since));
    if account.profile != Profile::Responsable
        || account.caution(now).is_some()
        || !is_time_to_ask(now)
        || now.since(known_since) < PROOF_AGE
    {
        return Ok(false);
    }
    let from = phones::find_question_from(tx, &account.id).await?;
    Ok(from.is_none_or(|from| from <= now))
}

/// Records « Oui » to the question that is asked now. Returns false if none is.
pub async fn keep_phone(op: &Operation<'_>, session: &Session, account_id: &AccountId) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Durable).await?;
    let account = accounts::store::find_and_lock(&mut tx, account_id).await?.filter(Account::is_usable);
    let phone = phones::find_phone(&mut tx, account_id).await?;
    let is_asked = match &account {
        Some(account) => is_phone_asked(&mut tx, op.now, account, phone.as_ref()).await?,
        None => false,
    };
    if !is_asked || !sessions::store::lock(&mut tx, &session.id).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    phones::postpone_question(&mut tx, account_id, op.now.plus(ANSWER_TTL)).await?;
    let about = AuditDetails { account: Some(account_id), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::PhoneKept, about).await?;
    tx.commit().await?;
    Ok(true)
}
