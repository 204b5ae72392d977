//! The children step: *Oui* or *Non*, and birth dates, counted before the comparison (docs/threats.md#threat-s08).

use crate::accounts;
use crate::activation::browser_binding::BoundActivation;
use crate::activation::{
    Activation, ActivationOutcome, ActivationStep, ChildQuestion, ChildStatus, ChildrenOutcome, children_outcome, store,
};
use crate::app::{App, Operation};
use crate::base::date::BirthDate;
use crate::base::typed_ids::RecoveryId;
use crate::db::{Durability, UnitOfWork};
use crate::guardianship::{self, DateComparison};
use crate::recovery;
use crate::recovery::ops::ProvenPerson;

/// The submitted answer for a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubmittedAnswer {
    /// Missing or invalid: no try is counted.
    Incomplete,
    No,
    Yes(BirthDate),
}

/// The verdict on an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerVerdict {
    Accepted,
    WrongDate {
        tries_left: usize,
    },
    /// The tries are used up now.
    NoTriesLeft,
}

/// The outcome of the submitted answers.
#[derive(Debug)]
pub enum ChildrenStepOutcome {
    /// The form is shown again; one verdict per child, in the order of the activation.
    ShowAgain {
        activation: Box<Activation>,
        verdicts: Vec<AnswerVerdict>,
    },
    AllDenied,
    /// The answers advanced the activation.
    Advanced(ActivationStep),
    /// A concurrent request advanced the activation: a double click or another tab.
    AlreadyAdvanced(ActivationStep),
}

/// The maximum number of conflicts with other tabs before the form is shown again.
const MAX_CONFLICT_ATTEMPTS: usize = 3;

/// Checks the answers, one per child in the order of the activation.
///
/// A double click on « Confirmer » submits the answers twice: the second request repeats the check on the current
/// state. The repetition costs no try, because only correct dates reach it.
pub async fn submit_answers(
    op: &Operation<'_>,
    held: &BoundActivation,
    given: &[SubmittedAnswer],
) -> anyhow::Result<ChildrenStepOutcome> {
    let app = op.app;
    let mut fresh = held.clone();
    for _ in 0..MAX_CONFLICT_ATTEMPTS {
        if let Some(answered) = try_answers(op, &fresh, given).await? {
            return Ok(answered);
        }
        let Some(found) = store::find(&mut app.db.read().await?, &app.master_key, &fresh.id).await? else { break };
        if found.step != ActivationStep::Children {
            return Ok(ChildrenStepOutcome::AlreadyAdvanced(found.step));
        }
        fresh.activation = found;
    }
    let said = vec![AnswerVerdict::Accepted; fresh.children.len()];
    Ok(ChildrenStepOutcome::ShowAgain { activation: Box::new(fresh.activation), verdicts: said })
}

/// Verifies correct dates again, for a browser that sent the dates a moment ago and missed the response: at least one
/// date, and no wrong one (the form has no fields for children confirmed earlier). Counted like any try.
pub async fn repeat_dates(
    op: &Operation<'_>,
    held: &BoundActivation,
    given: &[SubmittedAnswer],
) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let (mut right, mut wrong) = (0, 0);
    for (child, given) in held.children.iter().zip(given).filter(|(child, _)| child.settled == Some(ChildStatus::Right))
    {
        if let SubmittedAnswer::Yes(date) = given {
            match guardianship::ops::compare_birth_date(op, &mut tx, held.proof(), child.guardianship(), *date).await? {
                DateComparison::Equal => right += 1,
                DateComparison::Different { .. } | DateComparison::NoTriesLeft => wrong += 1,
            }
        }
    }
    tx.commit().await?;
    Ok(right > 0 && wrong == 0)
}

/// Checks the answers once. `None` after a conflict with another tab, if no answer was wrong.
async fn try_answers(
    op: &Operation<'_>,
    held: &BoundActivation,
    given: &[SubmittedAnswer],
) -> anyhow::Result<Option<ChildrenStepOutcome>> {
    let app = op.app;
    let activation = &held.activation;
    let mut next = activation.clone();
    let mut said = vec![AnswerVerdict::Accepted; next.children.len()];
    let mut tx = op.write(Durability::Relaxed).await?;
    for ((child, given), said) in next.children.iter_mut().zip(given).zip(&mut said) {
        if let (None, SubmittedAnswer::Yes(date)) = (child.settled, given) {
            *said = check_birth_date(op, &mut tx, activation, child, *date).await?;
        }
    }
    // Correct dates and exhausted children are stored at once, even with other children open; a *Non* may still be
    // changed.
    if !store::update_children(&mut tx, &next.id, &activation.children, &next.children).await? {
        // Another tab was first. The tries are counted all the same.
        tx.commit().await?;
        let all_fine = said.iter().all(|s| matches!(s, AnswerVerdict::Accepted));
        return if all_fine { Ok(None) } else { show_again(app, activation.clone(), said).await.map(Some) };
    }
    let mut decided = next.children.clone();
    for (child, given) in decided.iter_mut().zip(given) {
        if child.settled.is_none() && *given == SubmittedAnswer::No {
            child.settled = Some(ChildStatus::Refused);
        }
    }
    let outcome = children_outcome(&decided);
    if outcome == ChildrenOutcome::Pending || said.iter().any(|s| matches!(s, AnswerVerdict::WrongDate { .. })) {
        tx.commit().await?;
        return Ok(Some(ChildrenStepOutcome::ShowAgain { activation: Box::new(next), verdicts: said }));
    }
    match outcome {
        ChildrenOutcome::AllDenied => {
            hide_denied_children(&mut tx, activation, &decided).await?;
            tx.commit().await?;
            Ok(Some(ChildrenStepOutcome::AllDenied))
        }
        ChildrenOutcome::NoneConfirmed => {
            next.children = decided;
            next.step = ActivationStep::Ended;
            next.outcome = Some(ActivationOutcome::NoneRight);
            if !store::advance(&mut tx, ActivationStep::Children, &next).await? {
                // Another request left the step: nothing follows from these answers but the tries.
                tx.commit().await?;
                return Ok(None);
            }
            hide_denied_children(&mut tx, activation, &next.children).await?;
            tx.commit().await?;
            app.metrics.record_activation(next.step.name());
            Ok(Some(ChildrenStepOutcome::Advanced(ActivationStep::Ended)))
        }
        ChildrenOutcome::Confirmed | ChildrenOutcome::Pending => {
            hide_denied_children(&mut tx, activation, &decided).await?;
            tx.commit().await?;
            next.children = decided;
            let given =
                super::account::assign_account(op, &BoundActivation { activation: next, secret: held.secret.clone() })
                    .await?;
            Ok(Some(match given {
                Some(step) => ChildrenStepOutcome::Advanced(step),
                None => ChildrenStepOutcome::AlreadyAdvanced(ActivationStep::Password),
            }))
        }
    }
}

async fn show_again(app: &App, stale: Activation, said: Vec<AnswerVerdict>) -> anyhow::Result<ChildrenStepOutcome> {
    let fresh = store::find(&mut app.db.read().await?, &app.master_key, &stale.id).await?.unwrap_or(stale);
    if fresh.step != ActivationStep::Children {
        return Ok(ChildrenStepOutcome::AlreadyAdvanced(fresh.step));
    }
    Ok(ChildrenStepOutcome::ShowAgain { activation: Box::new(fresh), verdicts: said })
}

/// Compares a birth date, and sets the status of the child if the question is decided.
async fn check_birth_date(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    activation: &Activation,
    child: &mut ChildQuestion,
    date: BirthDate,
) -> anyhow::Result<AnswerVerdict> {
    match guardianship::ops::compare_birth_date(op, tx, activation.proof(), child.guardianship(), date).await? {
        DateComparison::Equal => {
            child.settled = Some(ChildStatus::Right);
            Ok(AnswerVerdict::Accepted)
        }
        DateComparison::Different { tries_left: left } if left > 0 => Ok(AnswerVerdict::WrongDate { tries_left: left }),
        DateComparison::Different { .. } | DateComparison::NoTriesLeft => {
            set_aside(tx, activation, child).await?;
            Ok(AnswerVerdict::NoTriesLeft)
        }
    }
}

/// Marks a child as set aside after the last try: the child is hidden from claims and the school gets a notice; the
/// other children continue.
async fn set_aside(tx: &mut UnitOfWork<'_>, activation: &Activation, child: &mut ChildQuestion) -> anyhow::Result<()> {
    child.settled = Some(ChildStatus::SetAside);
    guardianship::ops::set_aside(tx, activation.proof(), child.guardianship()).await
}

/// Hides every child answered *Non* from claims, and notifies the schools.
async fn hide_denied_children(
    tx: &mut UnitOfWork<'_>,
    activation: &Activation,
    children: &[ChildQuestion],
) -> anyhow::Result<()> {
    for child in children.iter().filter(|c| c.settled == Some(ChildStatus::Refused)) {
        guardianship::ops::contest(tx, activation.proof(), child.guardianship()).await?;
    }
    Ok(())
}

/// Handles « Choisir un nouveau mot de passe »: hands the person over to the recovery, with the right code as proof.
/// Returns the recovery's id, `None` if the activation is no longer at this step.
pub async fn begin_recovery(op: &Operation<'_>, activation: &Activation) -> anyhow::Result<Option<RecoveryId>> {
    let mut tx = op.write(Durability::Relaxed).await?;
    let account = match &activation.account_id {
        Some(id) => accounts::store::find(&mut tx, id).await?,
        None => None,
    };
    let Some(account) = account else { return Ok(None) };
    let person = ProvenPerson {
        account_id: &account.id,
        identifiant: &account.identifiant,
        browser_digest: &activation.browser_digest,
        support_code: &activation.support_code,
        lang: activation.lang,
        interaction_id: activation.interaction_id.as_deref(),
        pending_request: activation.pending_request.as_deref(),
        expires_at: activation.expires_at,
    };
    let id = recovery::ops::begin_proven(op, &mut tx, person).await?;
    tx.commit().await?;
    Ok(Some(id))
}

/// Returns the names of the children's schools, for pages and for the password policy.
pub fn school_names(activation: &Activation) -> Vec<String> {
    let mut schools: Vec<String> = activation.children.iter().map(|c| c.school.clone()).collect();
    schools.sort();
    schools.dedup();
    schools
}
