//! The reading of a request, and the decision by somebody else than its author.
//!
//! A perimeter of several academies needs an approver of each. What is confirmed is the version and the digest of the
//! page that was read: whatever changed since is shown again before anything is done.

use super::request::{FormSubject, current, record};
use super::request_checks::{check_all, may_call};
use super::{decide::stated, school_places_of};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::store as administrators;
use crate::administrators::territory::{Place, RoleGrant, may};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AdministratorId;
use crate::client_admin::requests::{ClientRequest, ClientRequestKind, MAX_DRAFTS, RequestState, TRIAL_TTL};
use crate::client_admin::store::requests::{self as rows, DeciderRow};
use crate::clients::checks::has_bad;
use crate::clients::ops::checks::is_free;
use crate::clients::store::ClientColumns;
use crate::clients::store::registered::{self, ClientRecord};
use crate::clients::store::trial;
use crate::clients::{AuthMethod, ClientMetadata, ClientOrigin, Perimeter};
use crate::db::{Durability, Tx, UnitOfWork};

/// The maximum number of administrators who are looked at for who may decide.
const MAX_DECIDERS: i64 = 200;

/// The choice of somebody who reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString)]
#[strum(serialize_all = "snake_case")]
pub enum ReviewChoice {
    Approve,
    Ask,
    Refuse,
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReviewOutcome {
    Done,
    /// Noted; somebody of another part of the perimeter decides besides.
    Partly,
    /// A refusal and a question need words.
    NoWords,
    /// It is one's own request.
    Own,
    /// It was changed or decided since it was read.
    Changed,
    /// The checks may say otherwise by now: they are made again first.
    OldChecks,
    /// A check keeps it from being approved.
    Bad,
    NotPermitted,
}

/// A request with everything that its reading shows.
#[derive(Clone, Debug)]
pub struct RequestFile {
    pub request: ClientRequest,
    /// The client that a change is of, as it is now.
    pub client: Option<ClientRecord>,
    /// The metadata that would be.
    pub new: ClientMetadata,
    /// Every place that must be agreed for.
    pub places: Vec<Place>,
    pub author: String,
    pub decider: Option<String>,
    /// The administrators who may decide.
    pub deciders: Vec<Decider>,
}

/// Somebody who may decide on a part of the perimeter at least.
#[derive(Clone, Debug)]
pub struct Decider {
    pub row: DeciderRow,
    pub is_author: bool,
    pub has_approved: bool,
}

/// Returns the places that must be agreed for: those of the perimeter today and of the one that is asked for.
async fn places_of(
    tx: &mut Tx,
    request: &ClientRequest,
    (old, new): (Option<&Perimeter>, &Perimeter),
) -> anyhow::Result<Vec<Place>> {
    let mut out = Vec::new();
    for perimeter in std::iter::once(new).chain(old) {
        let places = school_places_of(tx, &perimeter.schools).await?;
        for place in places.named(&request.client_id, perimeter) {
            // The client itself is nobody's place to agree for.
            let place = Place { client: None, ..place };
            if !out.contains(&place) {
                out.push(place);
            }
        }
    }
    Ok(out)
}

fn covers(roles: &[RoleGrant], place: &Place, now: Timestamp) -> bool {
    may(roles, AdminAct::ApproveClient, std::slice::from_ref(place), now).is_some()
}

/// Finds a request with all that its reading shows; `None` if it is not there, or can no longer be read.
pub async fn find(op: &Operation<'_>, id: &str) -> anyhow::Result<Option<RequestFile>> {
    let mut tx = op.app.db.read().await?;
    let Some(request) = rows::find(&mut tx, id).await? else { return Ok(None) };
    let client = current(&mut tx, &request).await?;
    let old = client.as_ref().map(|record| &record.client.meta);
    // A draft that is not sound yet is shown by its form.
    let Ok(new) = request.answers.metadata(&request.client_id, request.owner.as_deref(), old) else { return Ok(None) };
    let places = places_of(&mut tx, &request, (old.map(|old| &old.perimeter), &new.perimeter)).await?;
    let approvers = rows::list_approvers(&mut tx, id, request.version).await?;
    let mut deciders = Vec::new();
    for row in rows::list_deciders(&mut tx, MAX_DECIDERS).await? {
        let roles = administrators::roles::list_current(&mut tx, &row.id, op.now).await?;
        if places.iter().any(|place| covers(&roles, place, op.now)) {
            let (is_author, has_approved) = (row.id == request.author_id, approvers.contains(&row.id));
            deciders.push(Decider { row, is_author, has_approved });
        }
    }
    let author = rows::find_name(&mut tx, &request.author_id).await?.unwrap_or_default();
    let decider = match &request.decided_by {
        Some(by) => rows::find_name(&mut tx, by).await?,
        None => None,
    };
    Ok(Some(RequestFile { request, client, new, places, author, decider, deciders }))
}

/// The maximum number of requests of the list that wait.
const MAX_LISTED: usize = 200;
/// The number of requests read by one query, and the number looked at for one list.
const BATCH_ROWS: i64 = 200;
const MAX_SCANNED: usize = 5_000;

/// Lists the requests that wait, as far as somebody wrote them or may decide on a part, and the own drafts; each with the
/// name of its author.
pub async fn list(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Vec<(ClientRequest, String)>> {
    let mut tx = op.app.db.read().await?;
    let own = &on_duty.administrator.id;
    let mut seen = Vec::new();
    let (mut after, mut scanned) = (String::new(), 0);
    // Those of other territories do not hide those of this one, however many wait.
    while seen.len() < MAX_LISTED && scanned < MAX_SCANNED {
        let batch = rows::list_open(&mut tx, &after, BATCH_ROWS).await?;
        let Some(last) = batch.last() else { break };
        after.clone_from(&last.id);
        scanned += batch.len();
        for request in batch {
            let perimeter = request.answers.perimeter();
            let places = places_of(&mut tx, &request, (None, &perimeter)).await?;
            let decides = places.iter().any(|place| covers(&on_duty.roles, place, op.now));
            if decides || request.author_id == *own {
                seen.push(request);
            }
        }
    }
    seen.truncate(MAX_LISTED);
    // The own ones, and those of the own programs.
    seen.extend(rows::list_drafts(&mut tx, own, 2 * MAX_DRAFTS).await?);
    let mut out = Vec::new();
    for request in seen {
        let author = rows::find_name(&mut tx, &request.author_id).await?.unwrap_or_default();
        out.push((request, author));
    }
    Ok(out)
}

/// Returns the places of a request on which somebody's roles decide.
pub fn own_places(on_duty: &OnDuty, file: &RequestFile, now: Timestamp) -> Vec<Place> {
    file.places.iter().filter(|place| covers(&on_duty.roles, place, now)).cloned().collect()
}

/// Decides. `seen` is the version and the digest of the page that was read.
pub async fn decide(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    id: &str,
    (choice, words): (ReviewChoice, &str),
    seen: (i64, &str),
) -> anyhow::Result<ReviewOutcome> {
    let mut tx = op.write(Durability::Durable).await?;
    let outcome = decide_in(op, &mut tx, on_duty, id, (choice, words), seen).await?;
    match outcome {
        ReviewOutcome::Done | ReviewOutcome::Partly => tx.commit().await?,
        _ => tx.rollback().await?,
    }
    Ok(outcome)
}

async fn decide_in(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    on_duty: &OnDuty,
    id: &str,
    (choice, words): (ReviewChoice, &str),
    (version, digest): (i64, &str),
) -> anyhow::Result<ReviewOutcome> {
    let (own, now) = (&on_duty.administrator.id, op.now);
    let roles = on_duty.current_roles(tx).await?;
    let Some(request) = rows::find(tx, id).await? else { return Ok(ReviewOutcome::NotPermitted) };
    let client = current(tx, &request).await?;
    let old = client.as_ref().map(|record| &record.client.meta);
    let Ok(new) = request.answers.metadata(&request.client_id, request.owner.as_deref(), old) else {
        return Ok(ReviewOutcome::Changed);
    };
    let places = places_of(tx, &request, (old.map(|old| &old.perimeter), &new.perimeter)).await?;
    let Some(place) = places.iter().find(|place| covers(&roles, place, now)) else {
        return Ok(ReviewOutcome::NotPermitted);
    };
    // Posted twice, the answer is the same.
    if request.version == version + 1 && request.decided_by.as_ref() == Some(own) {
        return Ok(ReviewOutcome::Done);
    }
    if request.state != RequestState::Requested || request.version != version || request.digest() != digest {
        return Ok(ReviewOutcome::Changed);
    }
    if client.as_ref().map_or(0, |record| record.version) != request.base_version {
        return Ok(ReviewOutcome::Changed);
    }
    if request.author_id == *own {
        return Ok(ReviewOutcome::Own);
    }
    tx.actor = on_duty.actor(may(&roles, AdminAct::ApproveClient, std::slice::from_ref(place), now));
    let (state, detail) = match choice {
        ReviewChoice::Approve => (RequestState::Approved, "approved"),
        ReviewChoice::Ask => (RequestState::Question, "asked about"),
        ReviewChoice::Refuse => (RequestState::Refused, "refused"),
    };
    if choice != ReviewChoice::Approve && stated(words).is_none() {
        return Ok(ReviewOutcome::NoWords);
    }
    if choice == ReviewChoice::Approve {
        if request.has_old_checks(now) {
            return Ok(ReviewOutcome::OldChecks);
        }
        // Two drafts of one name pass their checks, each before the other is there.
        if has_bad(&request.checks) || !is_free(tx, &request.answers, old).await? {
            return Ok(ReviewOutcome::Bad);
        }
        rows::approve(tx, now, (id, version), own).await?;
        if !is_agreed_everywhere(tx, &request, &places).await? {
            record(tx, &request, ("approved in part", Some(words)), Some((old, &new))).await?;
            return Ok(ReviewOutcome::Partly);
        }
    }
    let states = (RequestState::Requested, state);
    if !rows::set_state(tx, now, (id, version), states, Some((own, words.trim()))).await? {
        return Ok(ReviewOutcome::Changed);
    }
    if choice == ReviewChoice::Approve && !apply(tx, &request, TRIAL_TTL.0).await? {
        return Ok(ReviewOutcome::Changed);
    }
    record(tx, &request, (detail, Some(words)), Some((old, &new))).await?;
    Ok(ReviewOutcome::Done)
}

/// The outcome of checking a request again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecheckOutcome {
    Checked,
    /// The checks of this hour are used up.
    TooMany,
    Changed,
}

/// Checks a request again, as somebody who decides on it or wrote it asks: it has another version then, and is read
/// anew. `seen` is the version of the page.
pub async fn recheck(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    file: &RequestFile,
    seen: i64,
) -> anyhow::Result<RecheckOutcome> {
    let request = &file.request;
    if request.version != seen || !request.state.is_open() {
        return Ok(RecheckOutcome::Changed);
    }
    if !may_call(op, on_duty).await? {
        return Ok(RecheckOutcome::TooMany);
    }
    let client = match request.kind {
        ClientRequestKind::New => None,
        ClientRequestKind::Change => super::find(op, &request.client_id).await?,
    };
    let subject = client.as_ref().map_or(FormSubject::New, FormSubject::Change);
    // The territory is the author's, and was judged when they saved it.
    let author = (request.author_id == on_duty.administrator.id).then_some(on_duty);
    let results = Box::pin(check_all(op, author, subject, &request.answers)).await?;
    let mut tx = op.write(Durability::Relaxed).await?;
    let written = rows::set_checks(&mut tx, op.now, (&request.id, seen), &results).await?;
    tx.commit().await?;
    Ok(if written { RecheckOutcome::Checked } else { RecheckOutcome::Changed })
}

/// True if somebody of each place has agreed, by roles that count now, and none of them is the author.
async fn is_agreed_everywhere(
    tx: &mut UnitOfWork<'_>,
    request: &ClientRequest,
    places: &[Place],
) -> anyhow::Result<bool> {
    let now = tx.now;
    let approvers: Vec<AdministratorId> = rows::list_approvers(tx, &request.id, request.version).await?;
    let mut roles = Vec::new();
    for approver in approvers.iter().filter(|id| **id != request.author_id) {
        roles.extend(administrators::roles::list_current(tx, approver, now).await?);
    }
    Ok(places.iter().all(|place| covers(&roles, place, now)))
}

/// Writes what a request asks for: a new client on trial, or the change of one. Returns false if it changed meanwhile.
pub(super) async fn apply(tx: &mut UnitOfWork<'_>, request: &ClientRequest, trial_ms: i64) -> anyhow::Result<bool> {
    let now = tx.now;
    let client = current(tx, request).await?;
    let old = client.as_ref().map(|record| &record.client.meta);
    let meta = request.answers.metadata(&request.client_id, request.owner.as_deref(), old)?;
    match (request.kind, &client) {
        (ClientRequestKind::New, _) => {
            let until = Timestamp(now.0.saturating_add(trial_ms));
            Ok(trial::insert_client(tx, now, (&request.client_id, &meta), until).await?)
        }
        (ClientRequestKind::Change, Some(held)) if held.origin != ClientOrigin::File => {
            let columns = columns(held, &meta)?;
            let replaced = held.version == request.base_version
                && registered::replace(tx, now, held, &columns, held.client.state).await?;
            // Else the owner's next registration undid what was decided here.
            registered::end_self_approval(tx, &request.client_id).await?;
            Ok(replaced)
        }
        (ClientRequestKind::Change, _) => Ok(false),
    }
}

/// Returns the columns of a changed client: its secret stays, unless it proves itself in another way from now on.
fn columns(held: &ClientRecord, meta: &ClientMetadata) -> anyhow::Result<ClientColumns> {
    let signs = |meta: &ClientMetadata| meta.auth_method == AuthMethod::ClientSecretJwt;
    let old = &held.client.meta;
    let keeps = meta.auth_method.has_secret() && old.auth_method.has_secret() && signs(meta) == signs(old);
    Ok(ClientColumns {
        metadata: serde_json::to_string(meta)?,
        academy: meta.academy.clone(),
        secret_digest: held.client.secret_digest.clone().filter(|_| keeps),
        secret_sealed: held.client.secret_sealed.clone().filter(|_| keeps),
    })
}
