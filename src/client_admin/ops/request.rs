//! Saves, checks and sends requests for relying parties. A draft changes nothing for anybody.

use std::collections::{BTreeMap, BTreeSet};

use super::request_checks::{check_all, may_call};
use super::{ServiceFile, school_places_of};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{RoleGrant, Territory, may, may_everywhere};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::base::ids::row_id;
use crate::base::names;
use crate::base::typed_ids::ClientId;
use crate::client_admin::requests::{
    ClientRequest, ClientRequestKind, DiffLine, MAX_ACADEMY_REQUESTS_A_DAY, MAX_DRAFTS, MAX_REQUESTS_A_DAY,
    RequestState, diff, needs_approval,
};
use crate::client_admin::store::requests as rows;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::has_bad;
use crate::clients::store::registered;
use crate::clients::{ClientMetadata, ClientOrigin, is_client_id};
use crate::db::{Durability, Tx, UnitOfWork};

/// The subject of a form: a new relying party, or one that is there.
#[derive(Clone, Copy, Debug)]
pub enum FormSubject<'a> {
    New,
    Change(&'a ServiceFile),
}

impl FormSubject<'_> {
    pub(super) fn metadata(&self) -> Option<&ClientMetadata> {
        match self {
            FormSubject::New => None,
            FormSubject::Change(file) => Some(&file.record.client.meta),
        }
    }
}

/// The outcome of saving a draft.
#[derive(Debug)]
pub enum SaveOutcome {
    Saved(Box<ClientRequest>),
    /// A file decides.
    FileDecides,
    /// The draft was changed or sent since the form was shown.
    Changed,
    NotPermitted,
    /// Too many drafts wait for their author.
    TooManyDrafts,
    /// The checks of this hour are used up.
    TooManyChecks,
}

/// Returns a `client_id` for a name.
pub(super) fn id_of(name: &str) -> String {
    let folded: String = name.chars().map(|c| if c.is_alphanumeric() { c } else { ' ' }).collect();
    let words: Vec<String> = folded.split_whitespace().map(names::fold).filter(|word| !word.is_empty()).collect();
    let id: String = words.join("-").chars().take(40).collect();
    if id.is_empty() { "service".to_owned() } else { id }
}

/// Returns the academy that a new relying party becomes part of: that of the role, whatever a token leaves of it.
fn owner(on_duty: &OnDuty) -> Option<String> {
    let academy = |grant: &RoleGrant| match grant.own_territory() {
        Territory::Academy(id) => Some(id.clone()),
        _ => None,
    };
    on_duty.roles.iter().find_map(academy)
}

/// Saves what a form says, with the results of its checks. `seen`: the draft that the form was shown with.
pub async fn save(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    (subject, seen): (FormSubject<'_>, Option<(&ClientRequest, i64)>),
    mut answers: ClientAnswers,
) -> anyhow::Result<SaveOutcome> {
    let kind = match subject {
        FormSubject::Change(file) if file.record.origin == ClientOrigin::File => return Ok(SaveOutcome::FileDecides),
        FormSubject::Change(file) => {
            answers.client_id = file.record.client.id.to_string();
            ClientRequestKind::Change
        }
        FormSubject::New => ClientRequestKind::New,
    };
    if answers.client_id.is_empty() {
        answers.client_id = id_of(&answers.client_name);
    }
    let drafts = rows::count_drafts(&mut op.app.db.read().await?, on_duty.keeper(), MAX_DRAFTS).await?;
    if seen.is_none() && drafts >= MAX_DRAFTS {
        return Ok(SaveOutcome::TooManyDrafts);
    }
    if !may_call(op, on_duty).await? {
        return Ok(SaveOutcome::TooManyChecks);
    }
    let results = check_all(op, Some(on_duty), subject, &answers).await?;
    // An id whose form is wrong stays in the form only.
    let client_id = if is_client_id(&answers.client_id) { answers.client_id.clone() } else { String::new() };
    let mut tx = op.write(Durability::Durable).await?;
    if !still_may(&mut tx, on_duty, subject).await? {
        tx.rollback().await?;
        return Ok(SaveOutcome::NotPermitted);
    }
    let request = ClientRequest {
        id: seen.map_or_else(|| row_id(op.now, op.app.rng.as_ref()), |(request, _)| request.id.clone()),
        client_id: ClientId::new(client_id),
        kind,
        state: RequestState::Draft,
        answers,
        checks: results,
        checked_at: Some(op.now),
        base_version: match subject {
            FormSubject::New => 0,
            FormSubject::Change(file) => file.record.version,
        },
        version: seen.map_or(1, |(_, version)| version + 1),
        owner: owner(on_duty),
        author_id: on_duty.administrator.id.clone(),
        requested_at: None,
        decided_at: None,
        decided_by: None,
        words: String::new(),
    };
    let written = match seen {
        None => {
            rows::insert(&mut tx, op.now, &request, on_duty.keeper().token).await?;
            true
        }
        Some((_, version)) => rows::replace(&mut tx, op.now, &request, version).await?,
    };
    match written {
        true => tx.commit().await?,
        false => {
            tx.rollback().await?;
            return Ok(SaveOutcome::Changed);
        }
    }
    Ok(SaveOutcome::Saved(Box::new(request)))
}

/// Reads the roles again: whoever may not ask any more saves nothing.
async fn still_may(tx: &mut UnitOfWork<'_>, on_duty: &OnDuty, subject: FormSubject<'_>) -> anyhow::Result<bool> {
    let roles = on_duty.current_roles(tx).await?;
    let now = tx.now;
    Ok(match subject {
        FormSubject::New => {
            roles.iter().any(|g| g.permission(AdminAct::RequestClient) != crate::administrators::roles::Permission::No)
        }
        FormSubject::Change(file) => may(&roles, AdminAct::ChangeClient, &file.touched, now).is_some(),
    })
}

/// The outcome of sending a draft.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendOutcome {
    Sent,
    /// It needed nobody else, and counts now.
    Applied,
    /// An answer is to be mended first.
    Bad,
    /// Another request for the same relying party waits.
    AnotherWaits,
    /// The requests of this day are used up.
    TooMany,
    Changed,
    NotPermitted,
}

/// Sends a draft to whoever decides; what needs nobody else counts at once. `seen` is the version and the digest of the
/// page that was confirmed.
pub async fn send(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    (id, subject): (&str, FormSubject<'_>),
    seen: (i64, &str),
) -> anyhow::Result<SendOutcome> {
    let mut tx = op.write(Durability::Durable).await?;
    let outcome = send_in(op, &mut tx, on_duty, (id, subject), seen).await?;
    match outcome {
        SendOutcome::Sent | SendOutcome::Applied => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(outcome)
}

async fn send_in(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    on_duty: &OnDuty,
    (id, subject): (&str, FormSubject<'_>),
    (version, digest): (i64, &str),
) -> anyhow::Result<SendOutcome> {
    let own = &on_duty.administrator.id;
    if !still_may(tx, on_duty, subject).await? {
        return Ok(SendOutcome::NotPermitted);
    }
    let Some(request) = rows::find(tx, id).await?.filter(|request| request.author_id == *own) else {
        return Ok(SendOutcome::NotPermitted);
    };
    // Posted twice, the answer is the same.
    if request.state != RequestState::Draft && request.version == version + 1 {
        return Ok(if request.state == RequestState::Approved { SendOutcome::Applied } else { SendOutcome::Sent });
    }
    if request.state != RequestState::Draft || request.version != version || request.digest() != digest {
        return Ok(SendOutcome::Changed);
    }
    if has_bad(&request.checks) || request.client_id.is_empty() {
        return Ok(SendOutcome::Bad);
    }
    if let FormSubject::Change(file) = subject
        && file.record.version != request.base_version
    {
        return Ok(SendOutcome::Changed);
    }
    if rows::has_open(tx, &request.client_id, &request.id).await? {
        return Ok(SendOutcome::AnotherWaits);
    }
    let since = op.now.minus(Span::days(1));
    let (of_person, of_academy) = rows::count_since(tx, since, own, request.owner.as_deref()).await?;
    if of_person >= MAX_REQUESTS_A_DAY || (request.owner.is_some() && of_academy >= MAX_ACADEMY_REQUESTS_A_DAY) {
        return Ok(SendOutcome::TooMany);
    }
    let at_once = at_once(op, on_duty, &request, subject)?;
    let to = if at_once { RequestState::Approved } else { RequestState::Requested };
    let decision = at_once.then_some((own, ""));
    let now = op.now;
    if !rows::set_state(tx, now, (id, version), (RequestState::Draft, to), decision).await? {
        return Ok(SendOutcome::Changed);
    }
    if at_once && !super::review::apply(tx, &request, 0).await? {
        return Ok(SendOutcome::Changed);
    }
    let detail = if at_once { "changed by its administrators" } else { "requested" };
    let old = subject.metadata();
    let new = request.answers.metadata(&request.client_id, request.owner.as_deref(), old)?;
    record(tx, &request, (detail, None), Some((old, &new))).await?;
    Ok(if at_once { SendOutcome::Applied } else { SendOutcome::Sent })
}

/// True if a change needs nobody else, and its author has the whole perimeter.
fn at_once(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    request: &ClientRequest,
    subject: FormSubject<'_>,
) -> anyhow::Result<bool> {
    let FormSubject::Change(file) = subject else { return Ok(false) };
    let old = &file.record.client.meta;
    let new = request.answers.metadata(&request.client_id, None, Some(old))?;
    let whole = may_everywhere(&on_duty.roles, AdminAct::ChangeClient, &file.named, op.now).is_some();
    Ok(whole && !needs_approval(old, &new))
}

/// The maximum length of each side of a difference in the journal, in characters.
const MAX_RECORDED_CHARS: usize = 4_000;

/// Returns one side of a difference as JSON: the values by field.
fn recorded(lines: &[DiffLine], side: fn(&DiffLine) -> &Vec<String>) -> String {
    let values: BTreeMap<&str, &Vec<String>> =
        lines.iter().map(|line| (line.field.as_str(), side(line))).filter(|(_, values)| !values.is_empty()).collect();
    serde_json::to_string(&values).unwrap_or_default().chars().take(MAX_RECORDED_CHARS).collect()
}

/// Writes a step of a request in the journal, for each academy of its perimeter: with what changes, where something
/// does.
pub(super) async fn record(
    tx: &mut UnitOfWork<'_>,
    request: &ClientRequest,
    (detail, reason): (&str, Option<&str>),
    change: Option<(Option<&ClientMetadata>, &ClientMetadata)>,
) -> anyhow::Result<()> {
    let lines = change.map(|(old, new)| diff(old, new)).unwrap_or_default();
    let (before, after) = (recorded(&lines, |line| &line.removed), recorded(&lines, |line| &line.added));
    let mut academies: BTreeSet<String> = BTreeSet::new();
    let mut perimeters = Vec::new();
    if let Some((old, new)) = change {
        perimeters.push(&new.perimeter);
        perimeters.extend(old.map(|old| &old.perimeter));
    }
    for perimeter in perimeters {
        let places = school_places_of(tx, &perimeter.schools).await?;
        academies.extend(places.named(&request.client_id, perimeter).into_iter().filter_map(|place| place.academy));
    }
    if academies.is_empty() {
        academies.extend(request.owner.clone());
    }
    let mut rows: Vec<Option<&str>> = academies.iter().map(|id| Some(id.as_str())).collect();
    if rows.is_empty() {
        rows.push(None);
    }
    for academy in rows {
        let about = AuditDetails {
            client: Some(&request.client_id),
            academy,
            detail,
            reason: reason.filter(|reason| !reason.is_empty()),
            before: Some(&before).filter(|_| change.is_some()).map(String::as_str),
            after: Some(&after).filter(|_| change.is_some()).map(String::as_str),
            ..AuditDetails::default()
        };
        audit::store::record(tx, AuditEvent::ClientChanged, about).await?;
    }
    Ok(())
}

/// Takes a request back. Returns false if it was decided or changed meanwhile, or is somebody else's.
pub async fn withdraw(op: &Operation<'_>, on_duty: &OnDuty, id: &str, version: i64) -> anyhow::Result<bool> {
    let mut tx = op.write(Durability::Durable).await?;
    let Some(request) = rows::find(&mut tx, id).await? else { return Ok(false) };
    let own = request.author_id == on_duty.administrator.id && request.state.is_open();
    let states = (request.state, RequestState::Withdrawn);
    if !own || !rows::set_state(&mut tx, op.now, (id, version), states, None).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    if request.state != RequestState::Draft {
        record(&mut tx, &request, ("request withdrawn", None), None).await?;
    }
    tx.commit().await?;
    Ok(true)
}

/// Returns the client that a change is of, as it is now.
pub(super) async fn current(tx: &mut Tx, request: &ClientRequest) -> anyhow::Result<Option<registered::ClientRecord>> {
    match request.kind {
        ClientRequestKind::New => Ok(None),
        ClientRequestKind::Change => Ok(registered::find(tx, &request.client_id).await?),
    }
}
