//! The choice of the account that is kept, and the joining.

use super::{RegroupPerson, judge, lock_both, settle_subjects, sides_with_factor};
use crate::accounts::{self, Account, JoinedPair};
use crate::activation::ActivationOutcome;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::base::typed_ids::{AccountId, PupilId};
use crate::credentials::ops::NewSession;
use crate::credentials::{self, SignInContext, SignInCookies};
use crate::db::{Durability, Tx, UnitOfWork};
use crate::guardianship::{self, ChildQuestion, DateComparison, ProofContext};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::regroup::{KeepableAccounts, KeptAccount, MovedRecords, RegroupRefusal, RegroupState, Regroupement, store};
use crate::roster::store::{RosterChild, ownership};
use crate::sessions::{self, AuthenticationMethod, SESSION_TTL};
use crate::{activation, devices, grants, letters, recovery, roster, subjects};

/// One of the two accounts, on the page of the choice.
#[derive(Clone, Debug)]
pub struct SideView {
    pub identifiant: String,
    pub children: Vec<RosterChild>,
    /// The last use by a known device.
    pub seen_at: Option<Timestamp>,
}

/// A regroupement that waits for the choice.
#[derive(Clone, Debug)]
pub struct ChoiceView {
    pub regroupement: Regroupement,
    pub current: SideView,
    pub other: SideView,
    pub keepable: KeepableAccounts,
    /// The child whose birth date is asked, after a code.
    pub question: Option<ChildQuestion>,
}

/// Finds the regroupement of a page; `None` if it is another session's, or over.
pub async fn find_choice(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    id: &str,
) -> anyhow::Result<Option<ChoiceView>> {
    let mut tx = op.app.db.read().await?;
    let Some(found) = store::find_open(&mut tx, op.now, id, &person.session.id).await? else { return Ok(None) };
    let Some(other) = accounts::store::find(&mut tx, &found.other).await? else { return Ok(None) };
    let question = match found.state {
        RegroupState::Asked => find_question(&mut tx, &found.other).await?,
        _ => None,
    };
    let current = side(&mut tx, op.now, person.account).await?;
    let keepable = found.keepable(&other, sides_with_factor(&mut tx, &person.account.id, &other.id).await?);
    let mut other = side(&mut tx, op.now, &other).await?;
    // A code alone shows nobody the children: it may have been typed by the person before at this computer.
    if question.is_some() {
        other.children.clear();
    }
    Ok(Some(ChoiceView { regroupement: found, current, other, keepable, question }))
}

async fn side(tx: &mut Tx, now: Timestamp, account: &Account) -> anyhow::Result<SideView> {
    let mut children = roster::store::list_children_of_account(tx, &account.id).await?;
    children.dedup_by(|a, b| a.pupil_id == b.pupil_id);
    let known = devices::store::list(tx, &account.id, now, now.minus(SESSION_TTL)).await?;
    Ok(SideView {
        identifiant: account.identifiant.clone(),
        children,
        seen_at: known.iter().map(|device| Timestamp(device.seen_at)).max(),
    })
}

/// Returns a child of the account: its birth date is asked after a code. A child that a school or the
/// person disputes proves nothing, and stays hidden.
async fn find_question(tx: &mut Tx, account_id: &AccountId) -> anyhow::Result<Option<ChildQuestion>> {
    let mut children = Vec::new();
    for person_id in roster::store::list_persons_of_account(tx, account_id).await? {
        children.extend(roster::store::list_children_of_person(tx, &person_id).await?);
    }
    let hidden: Vec<PupilId> = children.iter().filter(|c| c.is_hidden).map(|c| c.pupil_id.clone()).collect();
    children.retain(|child| !hidden.contains(&child.pupil_id));
    Ok(guardianship::ops::questions_for(children).into_iter().next())
}

/// A choice as the browser sent it.
#[derive(Clone, Copy)]
pub struct JoinRequest<'a> {
    pub id: &'a str,
    pub kept: KeptAccount,
    /// The birth date of the child of the question, if there is one.
    pub date: Option<BirthDate>,
    pub from: SignInContext<'a>,
}

/// The outcome of the choice.
#[derive(Debug)]
pub enum JoinOutcome {
    /// One account is left; with the cookies of a new session where the other one is kept.
    Joined(Option<SignInCookies>),
    WrongDate {
        tries_left: usize,
    },
    NoTriesLeft {
        until: Timestamp,
    },
    Refused(RegroupRefusal),
    /// The time is over, or something changed since the proofs.
    Over,
}

/// Joins the two accounts. Everything is read again under the locks of both: what changed since the proofs ends it.
pub async fn join(
    op: &Operation<'_>,
    person: RegroupPerson<'_>,
    typed: JoinRequest<'_>,
) -> anyhow::Result<JoinOutcome> {
    let (app, now) = (op.app, op.now);
    let mut tx = op.write(Durability::Durable).await?;
    let Some(found) = store::find_open(&mut tx, now, typed.id, &person.session.id).await? else {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    };
    let locked = lock_both(&mut tx, &person.account.id, &found.other).await?;
    let (Some((account, other)), true) = (locked, sessions::store::lock(&mut tx, &person.session.id).await?) else {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    };
    // A second click waited for the locks: it finds what the first one made of the row.
    let Some(found) = store::find_open(&mut tx, now, typed.id, &person.session.id).await? else {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    };
    let chosen_since = |a: &Account| a.password_at.is_some_and(|at| at > found.created_at);
    if chosen_since(&account) || chosen_since(&other) {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    }
    if let Some(activation_id) = &found.activation_id
        && !activation::ops::is_still_proven(op, &mut tx, activation_id, (&account.id, &other.id)).await?
    {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    }
    // A factor that the other account got since the proofs was shown by nobody here.
    let has_factor = sides_with_factor(&mut tx, &account.id, &other.id).await?;
    let lacks_factor = has_factor.other && found.factor_at.is_none();
    let Some(pair) = pair(found.keepable(&other, has_factor), typed.kept, (&account, &other))
        .filter(|_| !lacks_factor && found.state != RegroupState::Factor)
    else {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    };
    if found.state == RegroupState::Asked
        && let Some(outcome) = ask_date(op, &mut tx, &found, typed.date).await?
    {
        tx.commit().await?;
        return Ok(outcome);
    }
    if let Some(why) = judge(&mut tx, &account, &other).await? {
        tx.rollback().await?;
        return Ok(JoinOutcome::Refused(why));
    }
    let JoinedPair { kept, absorbed } = pair;
    tell_both(op, &mut tx, person, pair, AccountNoticeKind::Regrouped).await?;
    for one in [kept, absorbed] {
        settle_subjects(&mut tx, &app.master_key, &one.id).await?;
    }
    // Sign-outs carry the `sub` of this moment.
    let stays = (kept.id == account.id).then_some(&person.session.id);
    sessions::ops::end_others(&mut tx, &app.master_key, &kept.id, stays).await?;
    sessions::ops::end_all(&mut tx, &app.master_key, &absorbed.id, None).await?;
    let moved = move_records(&mut tx, pair).await?;
    letters::store::withdraw_open(&mut tx, &absorbed.id).await?;
    end_flows(&mut tx, [&kept.id, &absorbed.id]).await?;
    if !accounts::store::merged::absorb(&mut tx, pair.ids()).await?
        || !store::complete(&mut tx, &found.id, pair.ids(), &moved).await?
    {
        tx.rollback().await?;
        return Ok(JoinOutcome::Over);
    }
    accounts::store::keep_open(&mut tx, &kept.id).await?;
    record_both(&mut tx, AuditEvent::AccountsJoined, pair.ids()).await?;
    let cookies = match stays {
        Some(_) => None,
        None => {
            let new = NewSession { method: AuthenticationMethod::Password, client: None, identity: None };
            let from = SignInContext { session_cookie: None, ..typed.from };
            Some(credentials::ops::begin_session(op, &mut tx, &kept.id, new, from).await?)
        }
    };
    tx.commit().await?;
    app.job_notifier.notify(JobKind::BackchannelLogout);
    app.job_notifier.notify(JobKind::Mail);
    Ok(JoinOutcome::Joined(cookies))
}

/// Returns which account stays and which goes; `None` if neither may stay. Where only one may, it is that one, whatever
/// was sent.
fn pair<'a>(
    keepable: KeepableAccounts,
    chosen: KeptAccount,
    (account, other): (&'a Account, &'a Account),
) -> Option<JoinedPair<&'a Account>> {
    let kept = keepable.only().or((keepable.current && keepable.other).then_some(chosen))?;
    Some(match kept {
        KeptAccount::Current => JoinedPair { kept: account, absorbed: other },
        KeptAccount::Other => JoinedPair { kept: other, absorbed: account },
    })
}

/// Ends the unfinished recoveries and activations of both accounts: they began with what the accounts were before.
pub(super) async fn end_flows(tx: &mut UnitOfWork<'_>, both: [&AccountId; 2]) -> anyhow::Result<()> {
    for id in both {
        recovery::store::end_others(tx, id, None).await?;
        activation::store::end_unfinished(tx, id, None, &ActivationOutcome::Overtaken).await?;
    }
    Ok(())
}

/// Compares the birth date after a code, on the budget of the other account's parent and child. `None` if it
/// is right: the regroupement is proven.
async fn ask_date(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    found: &Regroupement,
    date: Option<BirthDate>,
) -> anyhow::Result<Option<JoinOutcome>> {
    let Some(question) = find_question(tx, &found.other).await? else {
        return Ok(Some(JoinOutcome::Refused(RegroupRefusal::NothingToAsk)));
    };
    let Some(date) = date else { return Ok(Some(JoinOutcome::Over)) };
    let proof = ProofContext { account: Some(&found.other), support_code: &found.support_code };
    match guardianship::ops::compare_birth_date(op, tx, proof, question.guardianship(), date).await? {
        DateComparison::Equal => {}
        DateComparison::Different { tries_left } => return Ok(Some(JoinOutcome::WrongDate { tries_left })),
        DateComparison::NoTriesLeft => {
            let until = guardianship::ops::next_try_at(op, tx, question.guardianship()).await?;
            return Ok(Some(JoinOutcome::NoTriesLeft { until }));
        }
    }
    // The letter is used up with the proof, like one that led to a password.
    let used = match &found.letter_id {
        Some(letter_id) => letters::store::mark_used(tx, letter_id).await?,
        None => true,
    };
    if !used || !store::advance(tx, &found.id, RegroupState::Asked, RegroupState::Proven).await? {
        return Ok(Some(JoinOutcome::Over));
    }
    guardianship::ops::confirm(tx, Some(&found.other), question.guardianship()).await?;
    Ok(None)
}

/// Gives the kept account what the absorbed one had, and returns what an undo puts back.
async fn move_records(tx: &mut UnitOfWork<'_>, pair: JoinedPair<&Account>) -> anyhow::Result<MovedRecords> {
    let JoinedPair { kept: to, absorbed: from } = pair.ids();
    let mut moved = MovedRecords {
        state: pair.absorbed.state.name().to_owned(),
        persons: ownership::move_all(tx, from, to).await?,
        proofs: ownership::copy_proofs(tx, from, to).await?,
        aliases: accounts::store::merged::list_aliases(tx, from).await?,
        spaces: Vec::new(),
        former: Vec::new(),
        former_of_absorbed: subjects::store::list_all_former(tx, from).await?,
        closes_at: pair.absorbed.closes_at,
        uses: grants::store::uses::copy_all(tx, from, to).await?,
        consents: grants::store::consents::copy_all(tx, from, to).await?,
    };
    for alias in &moved.aliases {
        accounts::store::merged::repoint_alias(tx, alias, from, to).await?;
    }
    for subject in subjects::store::list_of_account(tx, from).await? {
        if subjects::store::move_to(tx, &subject.space, from, to).await? {
            moved.spaces.push(subject.space);
        } else {
            subjects::store::insert_former(tx, &subject.space, to, &subject.value).await?;
            moved.former.push(subject);
        }
    }
    for former in &moved.former_of_absorbed {
        subjects::store::move_former(tx, former, from, to).await?;
    }
    Ok(moved)
}

/// Tells the person of both accounts; the absorbed one is told by its own means.
pub(super) async fn tell_both(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    person: RegroupPerson<'_>,
    JoinedPair { kept, absorbed }: JoinedPair<&Account>,
    kind: AccountNoticeKind,
) -> anyhow::Result<()> {
    // Shown in this browser too: on a computer of the family, whoever did it may not be the person.
    let about = |account_id, detail| NoticeRequest { account_id, kind, detail, device_id: None, lang: person.lang };
    let both = [about(&kept.id, &*absorbed.identifiant), about(&absorbed.id, &*kept.identifiant)];
    notify::ops::notify_both(tx, op.app.into(), both).await
}

/// Records a fact on both accounts.
pub(super) async fn record_both(
    tx: &mut UnitOfWork<'_>,
    fact: AuditEvent,
    JoinedPair { kept, absorbed }: JoinedPair<&AccountId>,
) -> anyhow::Result<()> {
    for (account, detail) in [(kept, absorbed), (absorbed, kept)] {
        let about = AuditDetails { account: Some(account), detail, ..AuditDetails::default() };
        audit::store::record(tx, fact, about).await?;
    }
    Ok(())
}
