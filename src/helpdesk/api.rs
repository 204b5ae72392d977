//! The help desk in the Admin API, by the use cases of the pages: search, why somebody does not get in, repairs.
//!
//! Like the pages it never says a whole number, a birth date, a code or the other parent; nor the identifiant, whose
//! showing asks for a person.

use serde_json::{Value, json};

use super::diagnosis::{AccountStanding, CampaignStanding};
use super::ops::codes::{CodeTrace, find_traces};
use super::ops::person::{self, PersonFile, children_words};
use super::ops::repairs::{HelpdeskAct, IdentityCheck, RepairOrder, RepairOutcome, repair};
use super::ops::search::{PersonHit, search};
use super::pages::person::{details, phone_word};
use super::search::{HelpdeskQuery, MAX_QUERY_CHARS, parse_query};
use crate::accounts::SuspendedBy;
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::shapes::{Shape, maybe_time, time};
use crate::admin_api::{ApiMethod, EndpointDoc};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::base::ids::is_id;
use crate::base::profile::Profile;
use crate::http::pages::PagesError;

const STANDINGS: [&str; 6] = ["none", "pending", "active", "closed", "suspended", "unreachable"];
const PROFILES: [&str; 2] = ["responsable", "eleve"];
/// The acts that a program may do: the others ask for a person who was proven lately.
const REPAIRS: [&str; 3] = ["reopen", "give_tries_back", "lift_contest"];
const CHECKS: [&str; 3] = ["paper", "known", "called_back"];

const SEARCH: EndpointDoc = EndpointDoc {
    id: "search_persons",
    path: "/persons",
    scope: Some(ApiScope::PersonsRead),
    query: &[BodyField::required("q", FieldKind::Text(MAX_QUERY_CHARS))],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("id", Shape::Text),
                ("family_name", Shape::Text),
                ("given_name", Shape::Text),
                ("profile", Shape::Word(&PROFILES)),
                ("children", Shape::List(&Shape::Text)),
                ("school", Shape::Text),
                ("account", Shape::Word(&STANDINGS)),
                ("phone_end", Shape::Maybe(&Shape::Text)),
                ("near", Shape::Flag),
            ])),
        ),
        ("has_more", Shape::Flag),
        ("needs_four_digits", Shape::Flag),
    ]),
    problems: &[ProblemCode::TooManyPersons],
    ..EndpointDoc::EMPTY
};

const DIAGNOSIS: EndpointDoc = EndpointDoc {
    id: "get_diagnosis",
    path: "/persons/{id}/diagnosis",
    scope: Some(ApiScope::PersonsRead),
    answer: Shape::Object(&[
        ("id", Shape::Text),
        ("name", Shape::Text),
        ("profile", Shape::Word(&PROFILES)),
        ("cause", Shape::Text),
        ("sentence", Shape::Text),
        ("repair", Shape::Text),
        ("account", Shape::Word(&STANDINGS)),
        ("phone", Shape::Text),
        ("phone_end", Shape::Maybe(&Shape::Text)),
        ("campaign", Shape::Word(&["open", "upcoming", "closed", "not_planned"])),
        (
            "children",
            Shape::List(&Shape::Object(&[("name", Shape::Text), ("school", Shape::Text), ("link", Shape::Text)])),
        ),
    ]),
    problems: &[ProblemCode::TooManyPersons],
    ..EndpointDoc::EMPTY
};

const CODE: EndpointDoc = EndpointDoc {
    id: "get_support_code",
    path: "/support-codes/{code}",
    scope: Some(ApiScope::PersonsRead),
    answer: Shape::Object(&[
        ("code", Shape::Text),
        (
            "traces",
            Shape::List(&Shape::Object(&[
                ("at", Shape::Time),
                ("kind", Shape::Word(&["activation", "near", "notice", "page"])),
                ("outcome", Shape::Text),
                ("school", Shape::Text),
                ("person", Shape::Maybe(&Shape::Text)),
                ("name", Shape::Text),
            ])),
        ),
    ]),
    problems: &[ProblemCode::TooManyPersons],
    ..EndpointDoc::EMPTY
};

const REPAIR: EndpointDoc = EndpointDoc {
    id: "repair_person",
    method: ApiMethod::Post,
    path: "/persons/{id}/repairs",
    scope: Some(ApiScope::PersonsRepair),
    body: Some(&[
        BodyField::required("kind", FieldKind::Word(&REPAIRS)),
        BodyField::required("reason", FieldKind::Text(300)),
        BodyField::required("identity_check", FieldKind::Word(&CHECKS)),
    ]),
    status: 201,
    answer: Shape::Object(&[("kind", Shape::Word(&REPAIRS)), ("open_until", Shape::Maybe(&Shape::Time))]),
    problems: &[ProblemCode::NothingToDo],
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: SEARCH, handler: |call| Box::pin(search_persons(call)) },
        ApiEndpoint { doc: DIAGNOSIS, handler: |call| Box::pin(diagnosis(call)) },
        ApiEndpoint { doc: CODE, handler: |call| Box::pin(code(call)) },
        ApiEndpoint { doc: REPAIR, handler: |call| Box::pin(repair_person(call)) },
    ]
}

fn profile_of(is_pupil: bool) -> &'static str {
    if is_pupil { Profile::Eleve.name() } else { Profile::Responsable.name() }
}

async fn search_persons(call: &ApiCall<'_>) -> ApiResult {
    let query = parse_query(call.query("q"));
    let found = search(&call.op(None), call.on_duty, &query).await?;
    call.count_persons(found.hits.len()).await?;
    let item = |hit: &PersonHit| {
        json!({
            "id": hit.id,
            "family_name": hit.family_name,
            "given_name": hit.given_name,
            "profile": profile_of(hit.is_pupil),
            "children": hit.children,
            "school": hit.school,
            "account": hit.standing,
            "phone_end": hit.phone_end,
            "near": hit.is_near,
        })
    };
    let items: Vec<Value> = found.hits.iter().map(item).collect();
    let (has_more, needs_four_digits) = (found.has_more, found.needs_four_digits);
    Ok(ApiAnswer::of(json!({ "items": items, "has_more": has_more, "needs_four_digits": needs_four_digits })))
}

/// Finds the person of the path, whoever asks.
async fn find(call: &ApiCall<'_>) -> Result<PersonFile, ApiError> {
    let id = call.path("id");
    if !is_id(id, 32) {
        return Err(ProblemCode::NotFound.into());
    }
    Ok(person::find(&call.op(None), id).await?.ok_or(ProblemCode::NotFound)?)
}

fn account_word(file: &PersonFile) -> &'static str {
    match file.state.account {
        _ if file.state.is_suspended => "suspended",
        AccountStanding::None => "none",
        AccountStanding::Pending => "pending",
        AccountStanding::Active => "active",
        AccountStanding::Closed => "closed",
    }
}

async fn diagnosis(call: &ApiCall<'_>) -> ApiResult {
    let file = find(call).await?;
    let act = file.seeing_act().ok_or(ProblemCode::NotFound)?;
    call.permit(act, &file.places()).await?;
    call.count_persons(1).await?;
    let file = file.within(&AdminScope::of(&call.on_duty.roles, act, call.ctx.now), call.ctx.now);
    let told = details(call.ctx, &file.cause);
    let message = |key: &str, args: &[(&str, &str)]| -> Result<String, PagesError> {
        call.app.pages.message(call.ctx.lang, key, args)
    };
    let suspended_by = file.suspension.as_ref().map_or(SuspendedBy::School, |suspension| suspension.by);
    let failed = |error: PagesError| ApiError::from(anyhow::Error::from(error));
    let by = message(suspended_by.message_key(), &[]).map_err(failed)?;
    let args = [
        ("names", told.names.as_str()),
        ("when", &told.when),
        ("last2", &told.last2),
        ("by", &by),
        ("schools", &told.schools),
        ("door", &told.door),
    ];
    let sentence = message(&format!("admin-why-{}", file.cause.word()), &args).map_err(failed)?;
    let child =
        |(name, school, link): &(String, String, String)| json!({ "name": name, "school": school, "link": link });
    Ok(ApiAnswer::of(json!({
        "id": file.id(),
        "name": file.name(),
        "profile": file.profile().name(),
        "cause": file.cause.word(),
        "sentence": sentence,
        "repair": file.repair.name(),
        "account": account_word(&file),
        "phone": phone_word(file.state.phone),
        "phone_end": file.phone_end,
        "campaign": match file.state.campaign {
            CampaignStanding::Open => "open",
            CampaignStanding::Upcoming(_) => "upcoming",
            CampaignStanding::Closed(_) => "closed",
            CampaignStanding::NotPlanned => "not_planned",
        },
        "children": children_words(&file).iter().map(child).collect::<Vec<_>>(),
    })))
}

async fn code(call: &ApiCall<'_>) -> ApiResult {
    let HelpdeskQuery::Code(code) = parse_query(call.path("code")) else { return Err(ProblemCode::NotFound.into()) };
    if call.on_duty.role_for(AdminAct::SeePupils).is_none() {
        call.permit(AdminAct::SeePupils, &[]).await?;
    }
    let traces = find_traces(&call.op(None), call.on_duty, &code).await?;
    call.count_persons(traces.iter().filter(|trace| trace.person.is_some()).count()).await?;
    let value = |trace: &CodeTrace| {
        json!({
            "at": time(trace.at),
            "kind": trace.kind,
            "outcome": trace.outcome,
            "school": trace.school,
            "person": trace.person.as_ref().map(|file| file.id()),
            "name": trace.person.as_ref().map(|file| file.name()).unwrap_or_default(),
        })
    };
    // Of a code that is not there, and of one of another territory, the same.
    let traces: Vec<Value> = traces.iter().map(value).collect();
    Ok(ApiAnswer::of(json!({ "code": code, "traces": traces })))
}

async fn repair_person(call: &ApiCall<'_>) -> ApiResult {
    let file = find(call).await?;
    let kind: Option<HelpdeskAct> = call.body.text("kind").and_then(|word| word.parse().ok());
    let check: Option<IdentityCheck> = call.body.text("identity_check").and_then(|word| word.parse().ok());
    let (act, check) = kind.zip(check).ok_or(ProblemCode::BadValue)?;
    let grant = call.permit(act.needs(), &file.current_places()).await?;
    if !file.is_shown_by(&grant) {
        return call.refuse(act.needs(), &file.current_places()).await;
    }
    let order = RepairOrder { act, check: Some(check), reason: call.body.text("reason").unwrap_or_default() };
    let until = match repair(&call.op(Some(&grant)), call.on_duty, &file, order).await? {
        RepairOutcome::Done => None,
        RepairOutcome::OpenUntil(at) => Some(at),
        RepairOutcome::NoReason => return Err(ApiRefusal::of_field(ProblemCode::BadValue, "reason").into()),
        RepairOutcome::NoCheck => return Err(ApiRefusal::of_field(ProblemCode::BadValue, "identity_check").into()),
        RepairOutcome::NothingToDo => return Err(ProblemCode::NothingToDo.into()),
        // No act of a program shows one.
        RepairOutcome::NotPermitted | RepairOutcome::Identifiant(_) => return Err(ProblemCode::NotFound.into()),
    };
    Ok(ApiAnswer::of(json!({ "kind": act.name(), "open_until": maybe_time(until) })))
}
