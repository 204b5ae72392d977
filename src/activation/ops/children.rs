//! The children: Oui or Non, and a birth date that is counted before it is compared (docs/threats.md#threat-s08).

use crate::activation::binding::Held;
use crate::activation::views::{Purpose, Settled};
use crate::activation::{Activation, AskedChild, Outcome, Settlement, Step, settlement, store};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::date::BirthDate;
use crate::db::{Durability, Tx};
use crate::limits::{self, Action, Verdict};
use crate::roster;
use crate::seal::Blind;
use crate::tenants::{self, Notice, NoticeKind};

/// What was answered for one child, read from the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Not yet, or not readably: nothing is counted.
    Unclear,
    Non,
    Oui(BirthDate),
}

/// What is said of one child after the answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    Fine,
    Wrong {
        left: usize,
    },
    /// Its tries are used up now.
    NoMore,
}

/// What the answers come to.
#[derive(Debug)]
pub enum Answered {
    /// The form is shown again; one verdict for each child of the activation, in its order.
    Again {
        activation: Box<Activation>,
        said: Vec<Said>,
    },
    AllNo,
    /// The answers moved it on.
    On(Step),
    /// Another request moved it on: a double click, another tab.
    Overtaken(Step),
}

/// How often another tab may be quicker before the form is shown again.
const TABS: usize = 3;

/// Judges the answers, one for each child in the activation's order.
///
/// A double click on « Confirmer » sends them twice: whoever comes second judges again what was read too early.
/// That costs no try, for only right dates come so far.
pub async fn answer(app: &App, now: Timestamp, held: &Held, given: &[Given]) -> anyhow::Result<Answered> {
    let mut fresh = held.clone();
    for _ in 0..TABS {
        if let Some(answered) = answer_once(app, now, &fresh, given).await? {
            return Ok(answered);
        }
        let Some(found) = store::find(&mut app.db.read().await?, &app.vault, &fresh.id).await? else { break };
        if found.step != Step::Children {
            return Ok(Answered::Overtaken(found.step));
        }
        fresh.activation = found;
    }
    let said = vec![Said::Fine; fresh.children.len()];
    Ok(Answered::Again { activation: Box::new(fresh.activation), said })
}

/// The right dates once more, by the browser that sent them a moment ago and did not get the answer: one at least, and
/// none wrong (the form asks no more for a child that was settled before). Counted as any.
pub async fn same_dates(app: &App, now: Timestamp, held: &Held, given: &[Given]) -> anyhow::Result<bool> {
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let (mut right, mut wrong) = (0, 0);
    for (child, given) in held.children.iter().zip(given).filter(|(child, _)| child.settled == Some(Settled::Right)) {
        if let Given::Oui(date) = given {
            match compare(&mut tx, app, now, (held.account_id.as_deref(), child), *date).await? {
                Compared::Right => right += 1,
                Compared::Wrong { .. } | Compared::NoTryLeft => wrong += 1,
            }
        }
    }
    tx.commit().await?;
    Ok(right > 0 && wrong == 0)
}

/// `None`: another tab was quicker, and no answer of these was wrong.
async fn answer_once(app: &App, now: Timestamp, held: &Held, given: &[Given]) -> anyhow::Result<Option<Answered>> {
    let activation = &held.activation;
    let mut next = activation.clone();
    let mut said = vec![Said::Fine; next.children.len()];
    let mut tx = app.db.write(Durability::Relaxed).await?;
    for ((child, given), said) in next.children.iter_mut().zip(given).zip(&mut said) {
        if let (None, Given::Oui(date)) = (child.settled, given) {
            *said = judge(&mut tx, app, now, activation, child, *date).await?;
        }
    }
    // A right date and a used-up child stay so, whatever else is still open; a Non may be changed until then.
    if !store::settle(&mut tx, &next.id, &activation.children, &next.children).await? {
        // Another tab was quicker. The tries are counted all the same.
        tx.commit().await?;
        let all_fine = said.iter().all(|s| matches!(s, Said::Fine));
        return if all_fine { Ok(None) } else { again(app, activation.clone(), said).await.map(Some) };
    }
    let mut decided = next.children.clone();
    for (child, given) in decided.iter_mut().zip(given) {
        if child.settled.is_none() && *given == Given::Non {
            child.settled = Some(Settled::Refused);
        }
    }
    let outcome = settlement(&decided);
    if outcome == Settlement::Open || said.iter().any(|s| matches!(s, Said::Wrong { .. })) {
        tx.commit().await?;
        return Ok(Some(Answered::Again { activation: Box::new(next), said }));
    }
    contest(&mut tx, app, now, activation, &decided).await?;
    match outcome {
        Settlement::AllNo => {
            tx.commit().await?;
            Ok(Some(Answered::AllNo))
        }
        Settlement::NoneRight => {
            if next.purpose == Purpose::NewPassword {
                tell_of_failure(&mut tx, app, now, &next).await?;
            }
            next.children = decided;
            next.step = Step::Ended;
            next.outcome = Some(Outcome::NoneRight);
            store::advance(&mut tx, Step::Children, &next).await?;
            tx.commit().await?;
            app.metrics.activation(next.step.name());
            Ok(Some(Answered::On(Step::Ended)))
        }
        Settlement::Proven | Settlement::Open => {
            tx.commit().await?;
            next.children = decided;
            let given = super::account::give(app, now, &Held { activation: next, secret: held.secret.clone() }).await?;
            let step = Step::Password;
            Ok(Some(if given { Answered::On(step) } else { Answered::Overtaken(step) }))
        }
    }
}

async fn again(app: &App, stale: Activation, said: Vec<Said>) -> anyhow::Result<Answered> {
    let fresh = store::find(&mut app.db.read().await?, &app.vault, &stale.id).await?.unwrap_or(stale);
    if fresh.step != Step::Children {
        return Ok(Answered::Overtaken(fresh.step));
    }
    Ok(Answered::Again { activation: Box::new(fresh), said })
}

/// Compares, and settles the child where that ends the question.
async fn judge(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    activation: &Activation,
    child: &mut AskedChild,
    date: BirthDate,
) -> anyhow::Result<Said> {
    match compare(tx, app, now, (activation.account_id.as_deref(), child), date).await? {
        Compared::Right => {
            child.settled = Some(Settled::Right);
            Ok(Said::Fine)
        }
        Compared::Wrong { left } if left > 0 => Ok(Said::Wrong { left }),
        Compared::Wrong { .. } | Compared::NoTryLeft => {
            set_aside(tx, app, now, activation, child).await?;
            Ok(Said::NoMore)
        }
    }
}

enum Compared {
    Right,
    Wrong { left: usize },
    NoTryLeft,
}

/// Counts one try on the budget of this parent and this child, then compares.
async fn compare(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    (account, child): (Option<&str>, &AskedChild),
    date: BirthDate,
) -> anyhow::Result<Compared> {
    let person = child.person_ids.iter().min().cloned().unwrap_or_default();
    let key = app.vault.blind(Blind::Budget, &format!("birth/{person}/{}", child.pupil_id));
    let Verdict::Go { left } = limits::store::spend_of(tx, Action::BirthDate, &key, account, now).await? else {
        app.metrics.limited(Action::BirthDate.name(), "budget");
        return Ok(Compared::NoTryLeft);
    };
    let sealed = roster::store::birth_date(tx, &child.pupil_id).await?;
    let known = sealed.map(|s| roster::sealed::birth_date(&app.vault, &child.pupil_id, &s)).transpose()?;
    if known == Some(date) {
        limits::store::refund(tx, Action::BirthDate, &key, now).await?;
        return Ok(Compared::Right);
    }
    Ok(Compared::Wrong { left })
}

/// At a first activation: out of the claims, and the school is told; the others go on. Where a new password is asked
/// for, the child only counts no more: nobody may take a child out of somebody's account by wrong dates.
async fn set_aside(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    activation: &Activation,
    child: &mut AskedChild,
) -> anyhow::Result<()> {
    child.settled = Some(Settled::SetAside);
    if activation.purpose == Purpose::NewPassword {
        return Ok(());
    }
    withhold(tx, app, now, activation, child, NoticeKind::SetAside, Fact::ChildSetAside).await
}

/// Every *Non* leaves the claims and tells the school.
async fn contest(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    a: &Activation,
    children: &[AskedChild],
) -> anyhow::Result<()> {
    for child in children.iter().filter(|c| c.settled == Some(Settled::Refused)) {
        withhold(tx, app, now, a, child, NoticeKind::Contested, Fact::ChildContested).await?;
    }
    Ok(())
}

/// No date was right where a new password was asked for: the children's schools are told, nothing changes.
async fn tell_of_failure(tx: &mut Tx, app: &App, now: Timestamp, activation: &Activation) -> anyhow::Result<()> {
    for child in &activation.children {
        for person_id in &child.person_ids {
            let kind = NoticeKind::RecoveryFailed;
            tell(tx, app, now, activation, child, person_id, kind).await?;
        }
    }
    Ok(())
}

async fn tell(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    activation: &Activation,
    child: &AskedChild,
    person_id: &str,
    kind: NoticeKind,
) -> anyhow::Result<()> {
    let notice = Notice {
        uai: &child.uai,
        person_id,
        pupil_id: Some(&child.pupil_id),
        kind,
        support_code: &activation.support_code,
    };
    tenants::store::notify(tx, app.rng.as_ref(), now, &notice).await?;
    Ok(())
}

async fn withhold(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    activation: &Activation,
    child: &AskedChild,
    kind: NoticeKind,
    fact: Fact,
) -> anyhow::Result<()> {
    for person_id in &child.person_ids {
        roster::store::withhold(tx, now, person_id, &child.pupil_id, kind.name()).await?;
        tell(tx, app, now, activation, child, person_id, kind).await?;
    }
    let about =
        About { account: activation.account_id.as_deref(), detail: &activation.support_code, ..About::default() };
    audit::store::record(tx, app.rng.as_ref(), now, fact, about).await?;
    Ok(())
}

/// « Choisir un nouveau mot de passe »: asks the birth dates of the account's children first. Where there is no
/// current child, nobody can be asked: the school helps.
pub async fn new_password(app: &App, activation: &Activation) -> anyhow::Result<Step> {
    let Some(account) = activation.account_id.as_deref() else { return Ok(activation.step) };
    let mut next = activation.clone();
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let mut children = Vec::new();
    for person in roster::store::persons_of_account(&mut tx, account).await? {
        children.extend(roster::store::children_of_person(&mut tx, &person).await?);
    }
    if children.is_empty() {
        next.step = Step::Ended;
        next.outcome = Some(Outcome::NobodyToAttach);
    } else {
        next.children = super::code::asked(children);
        next.step = Step::Children;
        next.purpose = Purpose::NewPassword;
    }
    let moved = store::advance(&mut tx, Step::Known, &next).await?;
    tx.commit().await?;
    Ok(if moved { next.step } else { Step::Children })
}

/// Names of the children's schools, for whoever must be named or must not be guessed.
pub fn known_schools(activation: &Activation) -> Vec<String> {
    let mut schools: Vec<String> = activation.children.iter().map(|c| c.school.clone()).collect();
    schools.sort();
    schools.dedup();
    schools
}
