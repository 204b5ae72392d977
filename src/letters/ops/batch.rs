//! Letters for a class, a family or one person, in three steps: who gets one, the file, and the letters themselves.
//!
//! The file is drawn between two transactions: a class takes a moment, and SQLite's other writers must not wait for it.
//! A letter serves only from the last step on, when its file is whole.

use super::known_people::settle_accounts;
use super::recipients::{self, LeftOut, LetterJoinRequest, LetterPerson, LetterScope, Recipient};
use super::{DrawnLetter, LetterOrder, draw, issue};
use crate::accounts::{self, Account, AccountState};
use crate::app::App;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::lang::Lang;
use crate::base::profile::Profile;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::crypto::{HmacPurpose, MasterKey};
use crate::db::UnitOfWork;
use crate::http::pages::dates;
use crate::letters::pdf::{LetterReader, LetterUse, Letterhead, PdfFile, PrintedLetter, print_letters};
use crate::letters::{LetterKind, store};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::notify::ops::{NoticeContext, NoticeRequest};
use crate::notify::{self, AccountNoticeKind};
use crate::roster;
use crate::roster::store::{locks, pupils};
use crate::tenants::{self, School};

/// The letters that somebody of the school or the operator asks for.
#[derive(Clone, Debug)]
pub struct LetterBatchRequest {
    pub uai: Uai,
    pub scope: LetterScope,
    pub profile: Profile,
    pub also_active: bool,
    /// True if the letter stands for the lost second factors of an active account.
    pub past_factor: bool,
    /// The account that a person of the roster joins; then nothing else is printed.
    pub join: Option<LetterJoinRequest>,
    pub reason: String,
    /// The batch of the console that the letters belong to.
    pub batch_id: Option<String>,
}

/// The service that prints.
#[derive(Clone, Copy)]
pub struct LetterPress<'a> {
    /// Tells the person of an active account that a letter was printed.
    pub notices: NoticeContext<'a>,
    pub issuer: &'a str,
    /// True if pupils may carry first letters for their parents (`letters.by_pupil`).
    pub by_pupil: bool,
}

impl<'a> From<&'a App> for LetterPress<'a> {
    fn from(app: &'a App) -> Self {
        LetterPress { notices: app.into(), issuer: app.issuer(), by_pupil: app.config.letters.by_pupil }
    }
}

impl LetterPress<'_> {
    /// True if a letter is handed over in person or posted: those for parents, but for the first ones where pupils may
    /// carry them.
    fn goes_in_person(&self, recipient: &Recipient) -> bool {
        match recipient.person {
            LetterPerson::Pupil(_) => false,
            LetterPerson::Parent(_) => !self.by_pupil || recipient.kind() != LetterKind::First,
        }
    }
}

/// A person of the batch, with the letter.
pub struct BatchLetter {
    pub recipient: Recipient,
    pub account: Account,
    pub letter: DrawnLetter,
}

/// The letters of a batch, not issued yet.
pub struct LetterBatch {
    school: School,
    academy: String,
    printed_on: Timestamp,
    pub letters: Vec<BatchLetter>,
    /// The people without a letter, each with the reason.
    pub left_out: Vec<(Recipient, LeftOut)>,
}

/// Finds who gets a letter, and draws the codes. A pupil whom another record knows joins that account; whoever still has
/// none gets a new one.
pub async fn prepare(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    request: &LetterBatchRequest,
) -> anyhow::Result<LetterBatch> {
    let uai = &request.uai;
    let Some(school) = tenants::store::find_school(tx, uai).await? else {
        return Err(tenants::ops::TenantError::UnknownSchool(uai.to_string()).into());
    };
    let academy = tenants::store::find_academy_name(tx, &school.academy).await?.unwrap_or_default();
    let (mut letters, mut left_out) = (Vec::new(), Vec::new());
    let all = match &request.join {
        Some(join) => vec![recipients::find_joining(tx, uai, join).await??],
        None => {
            let (scope, profile, also_active) = (&request.scope, request.profile, request.also_active);
            let found = recipients::list(tx, uai, scope, profile, also_active).await?;
            match settle_accounts(tx, master_key, &school, &found).await? {
                true => recipients::list(tx, uai, scope, profile, also_active).await?,
                false => found,
            }
        }
    };
    for mut recipient in all {
        recipient.past_factor = request.past_factor;
        if let Some(why) = recipient.left_out {
            left_out.push((recipient, why));
            continue;
        }
        if !count_active_parent(tx, master_key, &recipient).await? {
            left_out.push((recipient, LeftOut::DailyLimit));
            continue;
        }
        let account = recipients::account_for(tx, &recipient).await?;
        let letter = draw(tx, recipient.kind(), uai).await?;
        letters.push(BatchLetter { recipient, account, letter });
    }
    let refused = left_out.iter().filter(|(_, why)| *why == LeftOut::DailyLimit).count();
    if refused > 0 {
        let agent = tx.actor.id().unwrap_or_default().to_owned();
        let academy = school.academy.as_str();
        tracing::error!(academy, %uai, agent, refused, "letters for active parents: see who asks for so many");
        let detail = refused.to_string();
        let about =
            AuditDetails { uai: Some(uai), detail: &detail, reason: Some(&request.reason), ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::LettersRefused, about).await?;
    }
    Ok(LetterBatch { school, academy, printed_on: tx.now, letters, left_out })
}

/// Counts a letter for a parent with an active account on the agent's figure of the day, also if the batch comes to
/// nothing. Returns false if it is used up.
async fn count_active_parent(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    recipient: &Recipient,
) -> anyhow::Result<bool> {
    let is_parent = matches!(recipient.person, LetterPerson::Parent(_));
    if !is_parent || recipient.account.as_ref().is_none_or(|account| account.state != AccountState::Active) {
        return Ok(true);
    }
    let agent = format!("letters_to_active/{}", tx.actor.id().unwrap_or_default());
    let key = master_key.hmac(HmacPurpose::LimiterKey, &agent);
    let decision = limits::store::consume(tx, RateLimit::LetterToActive, &key).await?;
    Ok(matches!(decision, RateLimitDecision::Allowed { .. }))
}

/// An account is another one than when its letter was prepared, which would say something else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("somebody's account changed at the same moment: print the letters again")]
pub struct LetterAccountChanged;

/// Issues the prepared letters. After [`LetterAccountChanged`] the caller rolls back: of a file that says something else of
/// somebody, nobody's code serves.
pub async fn issue_all(
    tx: &mut UnitOfWork<'_>,
    press: LetterPress<'_>,
    request: &LetterBatchRequest,
    batch: &LetterBatch,
) -> anyhow::Result<Result<(), LetterAccountChanged>> {
    // All accounts first: whoever takes these letters back, or prints for the same people in another order, waits here.
    let account_ids: Vec<_> = batch.letters.iter().map(|one| &one.account.id).collect();
    locks::lock_accounts(tx, &account_ids).await?;
    for one in &batch.letters {
        let person_id = match &one.recipient.person {
            LetterPerson::Parent(id) => Some(id),
            LetterPerson::Pupil(_) => None,
        };
        let account_id = &one.account.id;
        let current = accounts::store::find(tx, account_id).await?;
        let same = current.is_some_and(|a| a.state == one.account.state && a.suspended_by == one.account.suspended_by);
        if !same || !has_still(tx, &one.recipient, account_id).await? {
            return Ok(Err(LetterAccountChanged));
        }
        let (kind, uai, reason) = (one.recipient.kind(), &request.uai, request.reason.as_str());
        let pupil_id = one.recipient.joins.as_ref();
        let order = LetterOrder { account_id, kind, uai, person_id, pupil_id, reason };
        issue(tx, press.notices.master_key, order, &one.letter).await?;
        if let Some(batch_id) = &request.batch_id {
            store::set_batch(tx, (account_id, kind), batch_id).await?;
        }
        if one.account.state == AccountState::Active {
            let (kind, detail) = (AccountNoticeKind::LetterPrinted, batch.school.name.as_str());
            let what = NoticeRequest { account_id, kind, detail, device_id: None, lang: Lang::Fr };
            notify::ops::notify_person(tx, press.notices, what).await?;
        }
    }
    Ok(Ok(()))
}

/// True if the person of a letter has its account still: a help desk or an undo may have taken the pupil out of it. A
/// letter for one more child is what joins its person.
async fn has_still(tx: &mut UnitOfWork<'_>, recipient: &Recipient, account_id: &AccountId) -> anyhow::Result<bool> {
    let owner = match &recipient.person {
        _ if recipient.joins.is_some() => return Ok(true),
        LetterPerson::Pupil(id) => pupils::find_account_of_pupil(tx, id).await?,
        LetterPerson::Parent(id) => roster::store::find_person(tx, id).await?.and_then(|person| person.account_id),
    };
    Ok(owner.as_ref() == Some(account_id))
}

/// Draws the file; `None` if there is nobody to print a letter for.
pub fn print(press: LetterPress<'_>, batch: &LetterBatch) -> anyhow::Result<Option<PdfFile>> {
    let letters = &batch.letters;
    if letters.is_empty() {
        return Ok(None);
    }
    let printed_on = dates::day_and_year(Lang::Fr, batch.printed_on);
    let head = Letterhead {
        lang: Lang::Fr,
        service: press.notices.pages.service_name(),
        school: &batch.school.name,
        academy: &batch.academy,
        issuer: press.issuer,
        printed_on: &printed_on,
    };
    let words: Vec<(String, String)> = letters
        .iter()
        .map(|l| (l.recipient.full_name(), dates::weekday_and_day(head.lang, l.letter.expires_at)))
        .collect();
    let printed: Vec<PrintedLetter<'_>> = letters
        .iter()
        .zip(&words)
        .map(|(one, (name, valid_until))| PrintedLetter {
            purpose: match one.recipient.kind() {
                LetterKind::Reset => LetterUse::Reset,
                LetterKind::Factor => LetterUse::Factor,
                LetterKind::Child => LetterUse::Child,
                _ => LetterUse::First,
            },
            reader: match one.recipient.person {
                LetterPerson::Pupil(_) => LetterReader::Pupil,
                LetterPerson::Parent(_) => LetterReader::Parent,
            },
            name,
            class: one.recipient.class.as_deref(),
            identifiant: &one.account.identifiant,
            code: &one.letter.code,
            valid_until,
            in_person: press.goes_in_person(&one.recipient),
        })
        .collect();
    Ok(Some(print_letters(press.notices.pages, &head, &printed)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::typed_ids::{PersonId, PupilId};

    fn recipient(person: LetterPerson, state: Option<AccountState>, joins: bool) -> Recipient {
        let account = state.map(|state| Account {
            id: AccountId::new("a"),
            identifiant: "a.durand01".to_owned(),
            state,
            profile: Profile::Responsable,
            given_name: "Anne".to_owned(),
            family_name: "DURAND".to_owned(),
            password: None,
            password_at: None,
            suspended_by: None,
            caution_until: None,
            closes_at: None,
            must_change_at: None,
            updated_at: Timestamp(0),
            is_federated: false,
        });
        Recipient {
            person,
            given_name: "Anne".to_owned(),
            family_name: "DURAND".to_owned(),
            usage_name: None,
            class: None,
            account,
            past_factor: false,
            joins: joins.then(|| PupilId::new("p")),
            left_out: None,
        }
    }

    #[test]
    fn takeover_w4_a_pupil_carries_own_sheets_and_a_parent_s_first_letter_only_where_it_is_allowed() {
        let pages = crate::http::pages::PageRenderer::load("Test", "").unwrap();
        let master_key = MasterKey::new([7; 32]).unwrap();
        let notices = NoticeContext { pages: &pages, master_key: &master_key, host: "", mails: false };
        let parent = || LetterPerson::Parent(PersonId::new("p"));
        let pupil = || LetterPerson::Pupil(PupilId::new("p"));
        for (by_pupil, person, state, joins, in_person) in [
            (false, pupil(), None, false, false),
            (true, pupil(), Some(AccountState::Active), false, false),
            (false, parent(), None, false, true),
            (true, parent(), None, false, false),
            (true, parent(), Some(AccountState::Pending), false, false),
            (true, parent(), Some(AccountState::Active), false, true),
            (true, parent(), Some(AccountState::Active), true, true),
        ] {
            let press = LetterPress { notices, issuer: "https://compte.exemple.fr", by_pupil };
            let one = recipient(person, state, joins);
            assert_eq!(press.goes_in_person(&one), in_person, "{by_pupil} {one:?}");
        }
    }
}
