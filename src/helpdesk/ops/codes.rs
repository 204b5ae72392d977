//! What a support code leads to, inside a territory.

use crate::activation::{self, ActivationOutcome};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::Place;
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::helpdesk::ops::person::{self, PersonFile};
use crate::helpdesk::store::{near, person as rows};
use crate::support;

/// Something that a code leads to.
#[derive(Clone, Debug)]
pub struct CodeTrace {
    pub at: Timestamp,
    /// `activation`, `near`, `notice` or `page`.
    pub kind: &'static str,
    /// The outcome, as the end of a message's key.
    pub outcome: &'static str,
    pub school: String,
    pub person: Option<Box<PersonFile>>,
}

/// Returns what a code leads to. An event of somebody outside the territory is left out, and so is a school outside it of
/// somebody who has a child inside; an event of nobody, which names no school, is everybody's to read.
pub async fn find_traces(op: &Operation<'_>, on_duty: &OnDuty, code: &str) -> anyhow::Result<Vec<CodeTrace>> {
    let parents = AdminScope::of(&on_duty.roles, AdminAct::SeeParents, op.now);
    let pupils = AdminScope::of(&on_duty.roles, AdminAct::SeePupils, op.now);
    let mut tx = op.app.db.read().await?;
    let activations = activation::store::list_by_support_code(&mut tx, code).await?;
    let notices = rows::list_notices_by_code(&mut tx, code).await?;
    let namesakes = near::list_persons_by_code(&mut tx, code).await?;
    let events = support::store::list_by_code(&mut tx, code).await?;
    drop(tx);
    let visible = async |id: &str| -> anyhow::Result<Option<Box<PersonFile>>> {
        let Some(file) = person::find(op, id).await? else { return Ok(None) };
        let scope = match file.person_id() {
            Some(_) => &parents,
            None => &pupils,
        };
        // Where else the person has a child is not said.
        let file = file.within(scope, op.now);
        Ok((!file.ties.is_empty()).then(|| Box::new(file)))
    };
    let of_account = async |id: Option<&AccountId>| -> anyhow::Result<Option<Option<Box<PersonFile>>>> {
        let Some(id) = id else { return Ok(Some(None)) };
        let mut tx = op.app.db.read().await?;
        let subject = rows::find_subject_of_account(&mut tx, id).await?;
        drop(tx);
        let Some(subject) = subject else { return Ok(None) };
        Ok(visible(&subject).await?.map(Some))
    };
    let mut traces = Vec::new();
    for row in &activations {
        let Some(person) = of_account(row.account_id.as_ref()).await? else { continue };
        let ended = row.outcome.as_deref().and_then(|text| serde_json::from_str::<ActivationOutcome>(text).ok());
        let outcome = match (&ended, row.found, row.state.as_str()) {
            (Some(ActivationOutcome::NotOpenYet { .. }), ..) => "not_open",
            (Some(ActivationOutcome::Closed { .. }), ..) => "campaign_closed",
            (Some(ActivationOutcome::Suspended { .. }), ..) => "suspended",
            (Some(ActivationOutcome::NobodyToAttach), ..) => "nobody",
            (Some(ActivationOutcome::NoneRight), ..) => "none_right",
            (Some(_), ..) => "ended",
            (None, false, _) => "not_found",
            (None, true, "code") => "sent",
            (None, true, "done") => "done",
            (None, true, _) => "under_way",
        };
        let school = person.as_ref().and_then(|file| file.ties.first()).map(|tie| tie.school.clone());
        let (at, school) = (Timestamp(row.created_at), school.unwrap_or_default());
        traces.push(CodeTrace { at, kind: "activation", outcome, school, person });
    }
    for id in &namesakes {
        let Some(file) = visible(id).await? else { continue };
        let at = file.near.iter().find(|row| row.support_code == code).map_or(op.now, |row| Timestamp(row.at));
        let school = file.ties.first().map(|tie| tie.school.clone()).unwrap_or_default();
        traces.push(CodeTrace { at, kind: "near", outcome: "other_number", school, person: Some(file) });
    }
    for notice in &notices {
        let Some(file) = visible(&notice.person_id).await? else { continue };
        let place = Place {
            academy: Some(notice.academy.clone()),
            ministry: Some(notice.ministry.clone()),
            uai: Some(notice.uai.clone()),
            ..Place::default()
        };
        // A class is that of a child who is there.
        if !parents.contains(&place) && !file.ties.iter().any(|tie| tie.uai == notice.uai) {
            continue;
        }
        let outcome = if notice.settled_at.is_some() { "settled" } else { "open" };
        let (at, school) = (Timestamp(notice.at), notice.school.clone());
        traces.push(CodeTrace { at, kind: "notice", outcome, school, person: Some(file) });
    }
    for event in &events {
        let Some(person) = of_account(event.account_id.as_ref()).await? else { continue };
        let (at, school) = (Timestamp(event.at), String::new());
        traces.push(CodeTrace { at, kind: "page", outcome: "shown", school, person });
    }
    Ok(traces)
}
