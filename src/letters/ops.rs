//! Issues letters, and checks typed codes: the same for every typed identifiant, known or not. [`recipients`] decides who
//! gets a letter, [`batch`] issues and draws those of a class, a family or one person, [`mod@file`] puts them on the
//! disk.

pub mod batch;
pub mod file;
pub mod recipients;

use super::code::LetterCode;
use super::{
    FIRST_LETTER_TTL, LETTER_TAKEN_TTL, Letter, LetterKind, LetterState, PARENT_CODE_TTL, RESET_LETTER_TTL, store,
};
use crate::accounts::{self, identifier};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::secret::constant_time_eq;
use crate::base::typed_ids::{AccountId, LetterId, PersonId};
use crate::base::uai::Uai;
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::UnitOfWork;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::tenants;

/// A letter to issue.
#[derive(Clone, Copy, Debug)]
pub struct LetterOrder<'a> {
    pub account_id: &'a AccountId,
    pub kind: LetterKind,
    /// The school in whose name it is printed.
    pub uai: &'a Uai,
    /// The parent whom the letter names.
    pub person_id: Option<&'a PersonId>,
    pub reason: &'a str,
}

/// A code and its end, as they are printed. The code serves once its letter is issued, and stands nowhere else.
#[derive(Debug)]
pub struct DrawnLetter {
    pub code: LetterCode,
    pub expires_at: Timestamp,
}

/// Draws the code of a letter. Nothing is written, so that a file can be made of many before any of them serves.
pub async fn draw(tx: &mut UnitOfWork<'_>, kind: LetterKind, uai: &Uai) -> anyhow::Result<DrawnLetter> {
    let now = tx.now;
    let expires_at = match kind {
        LetterKind::First | LetterKind::Child => {
            let campaign = tenants::store::find_campaign(tx, uai).await?;
            let least = now.plus(FIRST_LETTER_TTL);
            campaign.map_or(least, |campaign| campaign.closes_at.max(least))
        }
        LetterKind::Reset => now.plus(RESET_LETTER_TTL),
        LetterKind::ParentForPupil => now.plus(PARENT_CODE_TTL),
    };
    Ok(DrawnLetter { code: LetterCode::draw(tx.rng), expires_at })
}

/// Issues a letter: from the commit on its code serves. An open one of the same account and kind is replaced.
pub async fn issue(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    order: LetterOrder<'_>,
    drawn: &DrawnLetter,
) -> anyhow::Result<()> {
    store::replace_open(tx, order.account_id, order.kind).await?;
    let id = LetterId::new(row_id(tx.now, tx.rng));
    let digest = digest(master_key, order.account_id, &drawn.code);
    let new = store::NewLetter {
        id: &id,
        account_id: order.account_id,
        kind: order.kind,
        code: &digest,
        uai: order.uai,
        person_id: order.person_id,
        reason: order.reason,
        expires_at: drawn.expires_at,
    };
    store::insert(tx, &new).await?;
    let detail = format!("{}: {}", order.kind.name(), order.reason);
    let about = AuditDetails {
        account: Some(order.account_id),
        uai: Some(order.uai),
        person: order.person_id,
        detail: &detail,
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::LetterIssued, about).await?;
    Ok(())
}

/// Returns the stored form of a code: bound to its account, so that a code of one account is none of another.
fn digest(master_key: &MasterKey, account_id: &AccountId, code: &LetterCode) -> String {
    master_key.hmac(HmacPurpose::LetterCode, &format!("{account_id}/{}", code.as_str()))
}

/// The refusal of a typed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LetterCodeRefusal {
    /// The code served, at this time.
    Used(Timestamp),
    /// A newer letter was printed, at this time.
    Replaced(Timestamp),
    /// The code serves no more since this time.
    Expired(Timestamp),
    /// No code of this identifiant, or no such identifiant: not distinguished.
    Wrong { tries_left: usize },
    /// The tries of the day are used up: nothing was compared.
    Limited { until: Timestamp },
}

/// Counts a try for the typed identifiant, then compares the code with the account's letters of all states; a right
/// one is taken. The caller commits, whatever the result.
pub async fn check(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    identifiant: &str,
    code: &LetterCode,
) -> anyhow::Result<Result<Letter, LetterCodeRefusal>> {
    let app = op.app;
    let folded = identifier::normalize(identifiant);
    let account = accounts::store::find_by_identifiant(tx, &folded).await?;
    // Two identifiants that open one account have one budget (docs/threats.md#attack-l2).
    let folded = account.as_ref().map_or(folded, |account| account.identifiant.clone());
    let key = app.master_key.hmac(HmacPurpose::LimiterKey, &format!("letter/{folded}"));
    // Nobody has the empty id: an unknown identifiant takes the same steps.
    let account_id = account.map_or_else(|| AccountId::new(""), |account| account.id);
    let counted = Some(&account_id).filter(|id| !id.is_empty());
    let decision = limits::store::consume_for_account(tx, RateLimit::LetterCode, &key, counted).await?;
    let remaining = match decision {
        RateLimitDecision::Allowed { remaining } => remaining,
        RateLimitDecision::Limited { until } => {
            app.metrics.record_limited(RateLimit::LetterCode.name(), "budget");
            return Ok(Err(LetterCodeRefusal::Limited { until }));
        }
    };
    let letters = store::list_of_account(tx, &account_id).await?;
    let typed = digest(&app.master_key, &account_id, code);
    let found = letters.iter().find(|letter| constant_time_eq(&letter.code, &typed));
    let Some(letter) = found.filter(|letter| letter.kind.sets_password()) else {
        return Ok(Err(LetterCodeRefusal::Wrong { tries_left: remaining }));
    };
    limits::store::release(tx, RateLimit::LetterCode, &key).await?;
    let newest = letters.iter().find(|other| other.kind == letter.kind).map_or(letter.issued_at, |l| l.issued_at);
    let ended = letter.ended_at.unwrap_or(letter.expires_at);
    Ok(Err(match letter.state {
        LetterState::Used => LetterCodeRefusal::Used(ended),
        LetterState::Replaced => LetterCodeRefusal::Replaced(newest),
        LetterState::Withdrawn => LetterCodeRefusal::Expired(ended),
        LetterState::Issued | LetterState::Taken if letter.expires_at <= op.now => {
            LetterCodeRefusal::Expired(letter.expires_at)
        }
        LetterState::Issued | LetterState::Taken => {
            if store::take(tx, &letter.id, op.now.plus(LETTER_TAKEN_TTL)).await? {
                return Ok(Ok(letter.clone()));
            }
            // A concurrent request used the letter between the two statements.
            LetterCodeRefusal::Used(op.now)
        }
    }))
}
