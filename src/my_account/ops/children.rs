//! The children of a parent's account: one more, one less, and a code for one who forgot the password.

use crate::accounts::{self, Account, AccountState};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::lang::Lang;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AccountId, LetterId, PersonId};
use crate::crypto::HmacPurpose;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::guardianship::{self, ChildQuestion, DateComparison, ProofContext};
use crate::letters;
use crate::letters::code::LetterCode;
use crate::letters::ops::{LetterCodeRefusal, TypedLetter};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::recovery::judge_phone;
use crate::roster;
use crate::roster::matching::matching_candidates;
use crate::roster::store::RosterChild;
use crate::sessions::Session;
use crate::subjects;
use crate::tenants::NoticeKind;

/// A child that may join the account, and the person of the roster who is to be linked first, if any.
#[derive(Clone, Debug)]
pub struct OfferedChild {
    pub question: ChildQuestion,
    /// A person with the name and the proven mobile of the account; `None` for a child of a person already linked.
    pub person_id: Option<PersonId>,
    /// The letter whose code was typed for this child; it is used up with the birth date.
    pub letter_id: Option<LetterId>,
}

/// Lists the children that may join: those that were taken out or set aside, and those of persons with the same name and
/// the account's proven mobile. A number that the account never proved offers nobody.
pub async fn list_offered(op: &Operation<'_>, tx: &mut Tx, account: &Account) -> anyhow::Result<Vec<OfferedChild>> {
    let own = roster::store::list_named_persons_of_account(tx, &account.id).await?;
    let mut hidden: Vec<RosterChild> = Vec::new();
    for person in &own {
        let children = roster::store::list_children_of_person(tx, &person.id).await?;
        hidden.extend(children.into_iter().filter(|child| child.is_hidden));
    }
    let questions = guardianship::ops::questions_for(hidden).into_iter();
    let mut out: Vec<OfferedChild> =
        questions.map(|question| OfferedChild { question, person_id: None, letter_id: None }).collect();
    add_children_of_letters(op, tx, account, &mut out).await?;
    let phone = accounts::store::phones::find_phone(tx, &account.id).await?;
    let proven = phone.filter(|phone| phone.code_typed_at.is_some() && judge_phone(phone.history, op.now).is_none());
    let Some(phone) = proven else { return Ok(out) };
    let number = roster::sealed_rows::open_mobile(&op.app.master_key, &phone.person_id, &phone.sealed)?;
    let blind = op.app.master_key.hmac(HmacPurpose::Phone, number.as_str());
    let holders = roster::store::list_by_phone(tx, &blind).await?;
    let Some(named) = own.iter().find(|person| person.id == phone.person_id) else { return Ok(out) };
    let family = named.usage_name.as_deref().unwrap_or(&named.family_name);
    for person in matching_candidates(&holders, family, &named.given_name) {
        if person.account_id.is_some() {
            continue;
        }
        let children = roster::store::list_children_of_person(tx, &person.id).await?;
        for question in guardianship::ops::questions_for(children) {
            if !out.iter().any(|offered| offered.question.pupil_id == question.pupil_id) {
                out.push(OfferedChild { question, person_id: Some(person.id.clone()), letter_id: None });
            }
        }
    }
    Ok(out)
}

/// Adds the child of each letter that was typed, in the school that printed it.
async fn add_children_of_letters(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: &Account,
    out: &mut Vec<OfferedChild>,
) -> anyhow::Result<()> {
    let known = roster::store::list_children_of_account(tx, &account.id).await?;
    for letter in letters::store::list_taken_children(tx, op.now, &account.id).await? {
        let person = roster::store::find_person(tx, &letter.person_id).await?;
        let Some(person) = person.filter(|p| p.account_id.as_ref().is_none_or(|id| *id == account.id)) else {
            continue;
        };
        let child = roster::store::find_child_of_letter(tx, &person.id, (&letter.pupil_id, &letter.uai)).await?;
        let child = child.filter(|child| !known.iter().any(|k| k.pupil_id == child.pupil_id));
        for question in guardianship::ops::questions_for(child.into_iter().collect()) {
            if !out.iter().any(|offered| offered.question.pupil_id == question.pupil_id) {
                let (person_id, letter_id) = (Some(person.id.clone()), Some(letter.id.clone()));
                out.push(OfferedChild { question, person_id, letter_id });
            }
        }
    }
    Ok(())
}

/// Takes the letter whose code the signed-in parent typed: its child is offered from then on, for two hours.
pub async fn take_child_letter(
    op: &Operation<'_>,
    account: &Account,
    code: &LetterCode,
    (source, device_secrets): (SourceAddress, &[String]),
) -> anyhow::Result<Result<(), LetterCodeRefusal>> {
    let mut tx = op.write(Durability::Durable).await?;
    let typed = TypedLetter { identifiant: &account.identifiant, code, source, device_secrets };
    let checked = letters::ops::check_child(op, &mut tx, typed).await?;
    tx.commit().await?;
    Ok(checked.map(|_| ()))
}

/// The outcome of a birth date for one more child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddChildOutcome {
    Added,
    Wrong {
        tries_left: usize,
    },
    /// The tries of the day are used up: nothing was compared.
    NoTriesLeft {
        until: Timestamp,
    },
    /// The person of the roster joined another account meanwhile.
    Gone,
}

/// The signed-in parent, with the support code and the language of the request.
#[derive(Clone, Copy)]
pub struct ParentContext<'a> {
    pub session: &'a Session,
    pub account: &'a Account,
    pub support_code: &'a str,
    pub lang: Lang,
}

impl ParentContext<'_> {
    fn proof(&self) -> ProofContext<'_> {
        ProofContext { account: Some(&self.account.id), support_code: self.support_code }
    }

    fn notice<'a>(&'a self, kind: AccountNoticeKind, detail: &'a str) -> NoticeRequest<'a> {
        let device_id = self.session.device_id.as_deref();
        NoticeRequest { account_id: &self.account.id, kind, detail, device_id, lang: self.lang }
    }
}

/// Adds an offered child, by its birth date, counted before the comparison.
pub async fn add_child(
    op: &Operation<'_>,
    parent: ParentContext<'_>,
    offered: &OfferedChild,
    date: BirthDate,
) -> anyhow::Result<AddChildOutcome> {
    let account_id = &parent.account.id;
    let question = &offered.question;
    let mut tx = op.write(Durability::Durable).await?;
    let compared =
        guardianship::ops::compare_birth_date(op, &mut tx, parent.proof(), question.guardianship(), date).await?;
    match compared {
        DateComparison::Equal => {}
        DateComparison::Different { tries_left } => {
            tx.commit().await?;
            return Ok(AddChildOutcome::Wrong { tries_left });
        }
        DateComparison::NoTriesLeft => {
            let until = guardianship::ops::next_try_at(op, &mut tx, question.guardianship()).await?;
            tx.commit().await?;
            return Ok(AddChildOutcome::NoTriesLeft { until });
        }
    }
    if let Some(person_id) = &offered.person_id
        && !link_person(&mut tx, account_id, person_id).await?
    {
        tx.rollback().await?;
        return Ok(AddChildOutcome::Gone);
    }
    if let Some(letter_id) = &offered.letter_id
        && !letters::store::mark_used(&mut tx, letter_id).await?
    {
        tx.rollback().await?;
        return Ok(AddChildOutcome::Gone);
    }
    guardianship::ops::confirm(&mut tx, Some(account_id), question.guardianship()).await?;
    let about = AuditDetails { account: Some(account_id), detail: parent.support_code, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::ChildrenConfirmed, about).await?;
    let what = parent.notice(AccountNoticeKind::ChildAdded, &question.given_name);
    notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(AddChildOutcome::Added)
}

/// Links a person to the account, all children hidden: each joins by the own birth date. False if the person is
/// another account's.
async fn link_person(tx: &mut UnitOfWork<'_>, account_id: &AccountId, person_id: &PersonId) -> anyhow::Result<bool> {
    if !subjects::ops::link_person(tx, person_id, account_id).await? {
        let person = roster::store::find_person(tx, person_id).await?;
        return Ok(person.is_some_and(|person| person.account_id.as_ref() == Some(account_id)));
    }
    // Those of a service are not listed: they are shown by proof only, and none is offered without a letter.
    for child in roster::store::list_children_of_person(tx, person_id).await? {
        roster::store::hide_child(tx, person_id, &child.pupil_id, NoticeKind::BirthDateFailed).await?;
    }
    Ok(true)
}

/// Takes a child out of the account, and tells the school.
pub async fn remove_child(
    op: &Operation<'_>,
    parent: ParentContext<'_>,
    question: &ChildQuestion,
) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    guardianship::ops::contest(&mut tx, parent.proof(), question.guardianship()).await?;
    // Also in this browser: on a computer of the family, whoever did it may not be the parent.
    let what =
        NoticeRequest { device_id: None, ..parent.notice(AccountNoticeKind::ChildRemoved, &question.given_name) };
    notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(JobKind::Mail);
    Ok(())
}

/// The way to a new password for a child.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildReset {
    /// A parent's code, for this account.
    Code(Box<PupilAccount>),
    /// Too old for a parent's code.
    OldEnough,
    /// The child has no account with a password yet, or parents get no codes here: the school gives a sheet.
    School,
}

/// The account of a pupil, as far as a parent sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PupilAccount {
    pub id: AccountId,
    pub identifiant: String,
}

/// Returns the way to a new password for a child of the account, by the age at `today`.
pub async fn find_reset(
    op: &Operation<'_>,
    tx: &mut Tx,
    child: &RosterChild,
    today: Option<BirthDate>,
) -> anyhow::Result<ChildReset> {
    let limit = i32::try_from(op.app.config.pupils.parent_reset_until).unwrap_or(0);
    let Some(id) = roster::store::pupils::find_account_of_pupil(tx, &child.pupil_id).await? else {
        return Ok(ChildReset::School);
    };
    let account = accounts::store::find(tx, &id).await?.filter(|a| a.state == AccountState::Active);
    let (Some(account), Some(today)) = (account.filter(Account::is_usable), today) else {
        return Ok(ChildReset::School);
    };
    if limit == 0 {
        return Ok(ChildReset::School);
    }
    let born = roster::sealed_rows::open_birth_date(&op.app.master_key, &child.pupil_id, &child.birth_date)?;
    if born.age_at(today) >= limit {
        return Ok(ChildReset::OldEnough);
    }
    Ok(ChildReset::Code(Box::new(PupilAccount { id: account.id, identifiant: account.identifiant })))
}
