//! Issues letters, and checks typed codes: the same for every typed identifiant, known or not. [`recipients`] decides who
//! gets a letter, [`known_people`] which account is theirs already, [`batch`] issues and draws those of a class, a family
//! or one person, [`mod@file`] puts them on the disk.

pub mod batch;
pub mod file;
pub mod known_people;
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
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AccountId, LetterId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::UnitOfWork;
use crate::devices;
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
    /// The child for whom the parent joins an account.
    pub pupil_id: Option<&'a PupilId>,
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
        LetterKind::Reset | LetterKind::Factor => now.plus(RESET_LETTER_TTL),
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
        pupil_id: order.pupil_id,
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
        reason: Some(order.reason).filter(|reason| !reason.is_empty()),
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::LetterIssued, about).await?;
    Ok(())
}

/// Returns the stored form of a code: bound to its account, so that a code of one account is none of another.
fn digest(master_key: &MasterKey, account_id: &AccountId, code: &LetterCode) -> String {
    master_key.hmac(HmacPurpose::LetterCode, &format!("{account_id}/{}", code.as_str()))
}

/// The budgets of one identifiant's codes. Wrong codes from one network use up what comes from there, not what the
/// person has elsewhere (docs/threats.md#attack-l5); all networks together have a figure too, or a code could be guessed
/// from many. A known device of the account has a budget of its own.
struct LetterBudgets {
    /// Of the network, or of the known device.
    own: String,
    /// Of all networks; `None` for a known device.
    from_all: Option<String>,
}

impl LetterBudgets {
    fn new(master_key: &MasterKey, folded: &str, source: SourceAddress, known_device: Option<&str>) -> Self {
        let key = |text: &str| master_key.hmac(HmacPurpose::LimiterKey, text);
        match known_device {
            Some(id) => LetterBudgets { own: key(&format!("letter/device/{id}/{folded}")), from_all: None },
            None => LetterBudgets {
                own: key(&format!("letter/{}/{folded}", source.wide_network())),
                from_all: Some(key(&format!("letter/{folded}"))),
            },
        }
    }

    /// Counts a try on each budget, or on none.
    async fn consume(&self, tx: &mut UnitOfWork<'_>, account: Option<&AccountId>) -> anyhow::Result<RateLimitDecision> {
        let own = limits::store::consume_for_account(tx, RateLimit::LetterCode, &self.own, account).await?;
        let (RateLimitDecision::Allowed { remaining }, Some(key)) = (own, &self.from_all) else { return Ok(own) };
        Ok(match limits::store::consume(tx, RateLimit::LetterCodeFromAll, key).await? {
            RateLimitDecision::Allowed { remaining: of_all } => {
                RateLimitDecision::Allowed { remaining: remaining.min(of_all) }
            }
            limited @ RateLimitDecision::Limited { .. } => {
                limits::store::release(tx, RateLimit::LetterCode, &self.own).await?;
                limited
            }
        })
    }

    /// Gives the try of a right code back.
    async fn release(&self, tx: &mut UnitOfWork<'_>) -> anyhow::Result<()> {
        limits::store::release(tx, RateLimit::LetterCode, &self.own).await?;
        if let Some(key) = &self.from_all {
            limits::store::release(tx, RateLimit::LetterCodeFromAll, key).await?;
        }
        Ok(())
    }
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

/// A typed code, with the browser that sent it.
#[derive(Clone, Copy)]
pub struct TypedLetter<'a> {
    pub identifiant: &'a str,
    pub code: &'a LetterCode,
    pub source: SourceAddress,
    pub device_secrets: &'a [String],
}

/// Counts a try for the typed identifiant, then compares the code with the account's letters to a password, of all
/// states; a right one is taken. The caller commits, whatever the result.
pub async fn check(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    typed: TypedLetter<'_>,
) -> anyhow::Result<Result<Letter, LetterCodeRefusal>> {
    check_kinds(op, tx, typed, LetterKind::sets_password).await
}

/// Checks the code of a letter for one more child, like [`check`] and on the same budgets.
pub async fn check_child(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    typed: TypedLetter<'_>,
) -> anyhow::Result<Result<Letter, LetterCodeRefusal>> {
    check_kinds(op, tx, typed, |kind| kind == LetterKind::Child).await
}

async fn check_kinds(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    typed: TypedLetter<'_>,
    is_wanted: fn(LetterKind) -> bool,
) -> anyhow::Result<Result<Letter, LetterCodeRefusal>> {
    let app = op.app;
    let folded = identifier::normalize(typed.identifiant);
    let account = accounts::store::find_by_identifiant(tx, &folded).await?;
    // Two identifiants that open one account have one budget (docs/threats.md#attack-l2).
    let folded = account.as_ref().map_or(folded, |account| account.identifiant.clone());
    // Nobody has the empty id: an unknown identifiant takes the same steps.
    let account_id = account.map_or_else(|| AccountId::new(""), |account| account.id);
    let counted = Some(&account_id).filter(|id| !id.is_empty());
    let device = devices::ops::find_known(tx, op.now, typed.device_secrets, counted).await?;
    let budgets = LetterBudgets::new(&app.master_key, &folded, typed.source, device.as_ref().map(|d| d.id.as_str()));
    let remaining = match budgets.consume(tx, counted).await? {
        RateLimitDecision::Allowed { remaining } => remaining,
        RateLimitDecision::Limited { until } => {
            app.metrics.record_limited(RateLimit::LetterCode.name(), "budget");
            return Ok(Err(LetterCodeRefusal::Limited { until }));
        }
    };
    // As many rows are read for an account without a letter, and for nobody's (docs/threats.md#attack-l6).
    let letters = store::list_to_compare(tx, &account_id).await?;
    let digest = digest(&app.master_key, &account_id, typed.code);
    let found = letters.iter().find(|letter| constant_time_eq(&letter.code, &digest));
    let Some(letter) = found.filter(|letter| letter.account_id == account_id && is_wanted(letter.kind)) else {
        return Ok(Err(LetterCodeRefusal::Wrong { tries_left: remaining }));
    };
    budgets.release(tx).await?;
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
