//! Prints the letter of one person, on the agent's screen.

use super::person::{PersonFile, Subject};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::profile::Profile;
use crate::db::Durability;
use crate::helpdesk::ops::repairs::IdentityCheck;
use crate::letters::ops::batch::{self, LetterBatchRequest, LetterPress};
use crate::letters::ops::recipients::{LeftOut, LetterPerson, LetterScope};

/// The outcome of a letter.
#[derive(Debug)]
pub enum LetterOutcome {
    /// The file: its code serves from now on.
    Printed(Vec<u8>),
    NoReason,
    NotPermitted,
    LeftOut(LeftOut),
    /// The person has no school here that prints.
    Nobody,
    /// The account changed while the letter was drawn: nothing was printed.
    Changed,
}

/// Prints a letter with a code for one person, in the name of the first school of the territory where the person is. The
/// letter serves once its file is drawn.
pub async fn print_letter(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &PersonFile,
    (check, reason): (IdentityCheck, &str),
) -> anyhow::Result<LetterOutcome> {
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > 300 {
        return Ok(LetterOutcome::NoReason);
    }
    let mut tx = op.write(Durability::Durable).await?;
    let mut place = None;
    for tie in file.ties.iter().filter(|tie| tie.is_current && tie.level != "contact") {
        let here = super::person::place_of(tie);
        if let Some(grant) = on_duty.permitted(&mut tx, AdminAct::PrintLetter, std::slice::from_ref(&here)).await? {
            place = Some((here, tie.uai.clone(), grant));
            break;
        }
    }
    let Some((place, uai, grant)) = place else {
        tx.rollback().await?;
        return Ok(LetterOutcome::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    let person = match &file.subject {
        Subject::Parent(parent) => LetterPerson::Parent(parent.id.clone()),
        Subject::Pupil(pupil) => LetterPerson::Pupil(pupil.id.clone()),
    };
    let request = LetterBatchRequest {
        uai: uai.clone(),
        scope: LetterScope::Person(person),
        profile: file.profile(),
        also_active: true,
        past_factor: false,
        join: None,
        reason: reason.to_owned(),
        batch_id: None,
    };
    let prepared = batch::prepare(&mut tx, &op.app.master_key, &request).await?;
    tx.commit().await?;
    if let Some((_, why)) = prepared.left_out.first() {
        return Ok(LetterOutcome::LeftOut(*why));
    }
    let press = LetterPress::from(op.app);
    let Some(pdf) = batch::print(press, &prepared)? else { return Ok(LetterOutcome::Nobody) };
    let mut tx = op.write(Durability::Durable).await?;
    // The role is read once more: it may have ended while the file was drawn.
    let act = AdminAct::PrintLetter;
    let Some(grant) = on_duty.permitted(&mut tx, act, std::slice::from_ref(&place)).await? else {
        tx.rollback().await?;
        return Ok(LetterOutcome::NotPermitted);
    };
    tx.actor = on_duty.actor(Some(&grant));
    if batch::issue_all(&mut tx, press, &request, &prepared).await?.is_err() {
        tx.rollback().await?;
        return Ok(LetterOutcome::Changed);
    }
    let detail = format!("letter: {}", check.name());
    let about = AuditDetails {
        account: prepared.letters.first().map(|one| &one.account.id),
        person: file.person_id().filter(|_| file.profile() == Profile::Responsable),
        uai: Some(&uai),
        academy: place.academy.as_deref(),
        detail: &detail,
        reason: Some(reason),
        ..AuditDetails::default()
    };
    audit::store::record(&mut tx, AuditEvent::PersonUnblocked, about).await?;
    tx.commit().await?;
    op.app.job_notifier.notify(crate::outbox::JobKind::Mail);
    Ok(LetterOutcome::Printed(pdf.bytes))
}
