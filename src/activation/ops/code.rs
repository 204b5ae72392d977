//! The code: checked, sent again, and what a right one leads to.

use std::collections::BTreeMap;

use super::find;
use crate::accounts::{self, AccountState};
use crate::activation::binding::{self, Held};
use crate::activation::{Activation, AskedChild, LIFE, Outcome, Step, store};
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::digest;
use crate::db::{Durability, Tx};
use crate::limits::{self, Action, Verdict};
use crate::otp::{self, Checked, TypedCode};
use crate::outbox::JobKind;
use crate::roster::matching::Candidate;
use crate::roster::{self, store::Child};
use crate::tenants::{self, Notice, NoticeKind, Opening};

/// What comes of a typed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeChecked {
    /// Right: the activation stands there now.
    On(Step),
    Not(Checked),
}

/// Compares, counts, and goes on from a right code in the same transaction. From then on another secret holds it.
pub async fn check_code(app: &App, now: Timestamp, held: &Held, typed: &TypedCode) -> anyhow::Result<CodeChecked> {
    let activation = &held.activation;
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let budget = &activation.typed_budget;
    let checked = otp::ops::check(&mut tx, app, now, &activation.challenge_id, budget, typed).await?;
    if checked != Checked::Right {
        tx.commit().await?;
        if matches!(checked, Checked::TooMany { .. }) {
            app.metrics.limited(Action::Code.name(), "budget");
        }
        return Ok(CodeChecked::Not(checked));
    }
    let destination = otp::outage::destination(&activation.typed.phone);
    otp::store::outages::count(&mut tx, now, &destination, 0, 1).await?;
    let mut next = activation.clone();
    next.browser = digest(&binding::next(&app.vault, &next.id, Step::Code, &held.secret));
    proven(&mut tx, app, now, &mut next).await?;
    let about = About { account: next.account_id.as_deref(), detail: &next.support_code, ..About::default() };
    audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::CodeAccepted, about).await?;
    if !store::advance(&mut tx, Step::Code, &next).await? {
        // The code was taken by us, so the step is ours: whoever moved it meanwhile moved it on.
        tx.rollback().await?;
        return Ok(CodeChecked::Not(Checked::UsedUp));
    }
    tx.commit().await?;
    app.metrics.activation(next.step.name());
    forgive(app, now, activation).await?;
    Ok(CodeChecked::On(next.step))
}

/// The right code once more, by the browser that sent it a moment ago and did not get the answer.
pub async fn same_code(app: &App, now: Timestamp, held: &Held, typed: &TypedCode) -> anyhow::Result<bool> {
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let right = otp::ops::repeated(&mut tx, app, now, &held.challenge_id, &held.typed_budget, typed).await?;
    tx.commit().await?;
    Ok(right)
}

/// It was a real person's: it counts against its source no more. One that began over an hour ago does not count anyway.
async fn forgive(app: &App, now: Timestamp, activation: &Activation) -> anyhow::Result<()> {
    let began = activation.expires_at.minus(LIFE);
    if let Some(counted) = &activation.counted
        && now.since(began).0 < Span::hours(1).0
    {
        limits::ops::forgive(app, now, counted).await?;
    }
    Ok(())
}

/// Only here, after the right code, may anything depend on who the person is.
async fn proven(tx: &mut Tx, app: &App, now: Timestamp, next: &mut Activation) -> anyhow::Result<()> {
    let found = find::found(tx, app, next).await?;
    next.persons = found.iter().map(|c| c.id.clone()).collect();
    if let Some(account) = account_of(tx, &found).await? {
        next.account_id = Some(account.id.clone());
        if let Some(by) = account.suspended_by {
            let school = roster::store::children_of_account(tx, &account.id).await?.into_iter().next();
            return end(next, Outcome::Suspended { by, school: school.map(|c| c.school) });
        }
        if account.state == AccountState::Active {
            next.step = Step::Known;
            return Ok(());
        }
    }
    let children = children_of(tx, &found).await?;
    if children.is_empty() {
        return end(next, Outcome::NobodyToAttach);
    }
    // Whoever was given an identifiant and did not finish does so whatever the campaign.
    if next.account_id.is_none()
        && let Some(outcome) = campaign(tx, app, now, next, &children).await?
    {
        return end(next, outcome);
    }
    next.children = asked(children);
    next.step = Step::Children;
    Ok(())
}

fn end(next: &mut Activation, outcome: Outcome) -> anyhow::Result<()> {
    next.step = Step::Ended;
    next.outcome = Some(outcome);
    Ok(())
}

/// The account of whoever is found; an active one before one that was never finished. A closed one is none.
async fn account_of(tx: &mut Tx, found: &[Candidate]) -> anyhow::Result<Option<accounts::Account>> {
    let mut best: Option<accounts::Account> = None;
    for id in found.iter().filter_map(|c| c.account_id.as_deref()) {
        let Some(account) = accounts::store::by_id(tx, id).await? else { continue };
        let better =
            best.as_ref().is_none_or(|b| b.state != AccountState::Active && account.state == AccountState::Active);
        if account.state != AccountState::Closed && better {
            best = Some(account);
        }
    }
    Ok(best)
}

async fn children_of(tx: &mut Tx, found: &[Candidate]) -> anyhow::Result<Vec<Child>> {
    let mut all = Vec::new();
    for person in found {
        all.extend(roster::store::children_of_person(tx, &person.id).await?);
    }
    Ok(all)
}

/// One question a pupil, whichever of the found persons he is linked to and however many schools he has.
pub fn asked(children: Vec<Child>) -> Vec<AskedChild> {
    let mut order = Vec::new();
    let mut by_pupil: BTreeMap<String, AskedChild> = BTreeMap::new();
    for child in children {
        if let Some(known) = by_pupil.get_mut(&child.pupil_id) {
            if !known.person_ids.contains(&child.person_id) {
                known.person_ids.push(child.person_id);
            }
            continue;
        }
        let family = child.usage_name.as_deref().unwrap_or(&child.family_name);
        order.push(child.pupil_id.clone());
        by_pupil.insert(
            child.pupil_id.clone(),
            AskedChild {
                initial: family.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default(),
                pupil_id: child.pupil_id,
                person_ids: vec![child.person_id],
                given_name: child.given_name,
                school: child.school,
                uai: child.uai,
                settled: None,
            },
        );
    }
    order.iter().filter_map(|id| by_pupil.remove(id)).collect()
}

/// `None` when one school is open. Otherwise which page, and the schools are told of the request.
async fn campaign(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    next: &Activation,
    children: &[Child],
) -> anyhow::Result<Option<Outcome>> {
    let mut later: Option<(Timestamp, &Child)> = None;
    let mut over: Option<(Option<Timestamp>, &Child)> = None;
    for child in children {
        match tenants::opening(tenants::store::campaign(tx, &child.uai).await?, now) {
            Opening::Open => return Ok(None),
            Opening::NotYet(opens) if later.is_none_or(|(t, _)| opens < t) => later = Some((opens, child)),
            Opening::Closed(since) if over.is_none_or(|(t, _)| Some(since) > t) => over = Some((Some(since), child)),
            Opening::Never if over.is_none() => over = Some((None, child)),
            Opening::NotYet(_) | Opening::Closed(_) | Opening::Never => {}
        }
    }
    if let Some((opens, child)) = later {
        return Ok(Some(Outcome::NotOpenYet { school: child.school.clone(), opens }));
    }
    for child in children {
        let notice = Notice {
            uai: &child.uai,
            person_id: &child.person_id,
            pupil_id: None,
            kind: NoticeKind::Reopening,
            support_code: &next.support_code,
        };
        tenants::store::notify(tx, app.rng.as_ref(), now, &notice).await?;
    }
    Ok(over.map(|(since, child)| Outcome::Closed { school: child.school.clone(), since }))
}

/// What comes of asking for another code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resent {
    Sent,
    Wait {
        seconds: i64,
    },
    /// No more for this activation, or for this identity today.
    Limit,
}

/// When the next code may be asked for, if one may.
pub async fn resend(app: &App, now: Timestamp, activation: &Activation) -> anyhow::Result<Resent> {
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let Some(challenge) = otp::store::find(&mut tx, &activation.challenge_id).await? else { return Ok(Resent::Limit) };
    let ready = Timestamp(challenge.sent_at).plus(otp::cool_down(challenge.sends));
    let windows = otp::ops::forgive(&mut tx, &activation.typed_budget, now).await?;
    let free = windows.iter().any(|w| w.holds(Timestamp(challenge.sent_at)));
    // Each send is judged once: when the next one is asked for.
    let unsent = (challenge.unsent + i64::from(free)).min(challenge.sends);
    let answer = if challenge.sends - unsent >= otp::SENDS {
        Resent::Limit
    } else if now < ready {
        Resent::Wait { seconds: ready.since(now).max(Span::seconds(1)).as_seconds_up() }
    } else if matches!(
        limits::store::spend(&mut tx, Action::SmsAsked, &activation.typed_budget, now).await?,
        Verdict::Wait { .. }
    ) {
        Resent::Limit
    } else if otp::store::take_send(
        &mut tx,
        now,
        &activation.challenge_id,
        (challenge.sends, unsent),
        now.plus(otp::LIFE),
    )
    .await?
    {
        find::enqueue(&mut tx, app, now, activation, challenge.sends + 1).await?;
        tx.commit().await?;
        app.outbox.ring(JobKind::FindAndSend);
        return Ok(Resent::Sent);
    } else {
        // A double click: the other one sent it.
        Resent::Wait { seconds: otp::cool_down(challenge.sends + 1).as_seconds_up() }
    };
    tx.rollback().await?;
    Ok(answer)
}
