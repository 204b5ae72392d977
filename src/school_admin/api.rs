//! Schools in the Admin API, by the use cases of the pages: figures, parents whom no SMS reaches, campaigns.

use serde_json::{Map, Value, json};

use super::figures::{CountedParent, ParentStanding, UnreachableReason};
use super::ops::campaign::{self, CampaignConfirmation, DraftOutcome};
use super::ops::{self, SchoolFilter, SchoolPlace, listed_parents, record_export};
use super::orders::{CAMPAIGN_DAYS, CampaignOrder, CampaignOrderKind, CampaignWord};
use super::store::{ListedSchoolRow, SchoolListPlace};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::shapes::{Shape, maybe_time};
use crate::admin_api::{ApiMethod, EndpointDoc, MAX_PAGE_LIMIT, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::AdminScope;
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::tenants::Campaign;

const CAMPAIGN_STATES: [&str; 4] = ["open", "upcoming", "closed", "not_planned"];
const REASONS: [&str; 6] = ["no_number", "landline", "incomplete", "foreign", "disowned", "institution"];

const CAMPAIGN: Shape = Shape::Object(&[
    ("state", Shape::Word(&CAMPAIGN_STATES)),
    ("opens_at", Shape::Maybe(&Shape::Time)),
    ("closes_at", Shape::Maybe(&Shape::Time)),
]);

/// A page of a list is bounded, and goes on after its cursor.
const PAGE: [BodyField; 2] =
    [BodyField::new("cursor", FieldKind::Text(1_000)), BodyField::new("limit", FieldKind::Whole(1, MAX_PAGE_LIMIT))];

const LIST: EndpointDoc = EndpointDoc {
    id: "list_schools",
    path: "/schools",
    scope: Some(ApiScope::SchoolsRead),
    query: &[
        BodyField::new("q", FieldKind::Text(100)),
        BodyField::new("state", FieldKind::Word(&CAMPAIGN_STATES)),
        PAGE[0],
        PAGE[1],
    ],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("uai", Shape::Text),
                ("name", Shape::Text),
                ("academy", Shape::Text),
                ("ministry", Shape::Text),
                ("campaign", CAMPAIGN),
                ("parents", Shape::Maybe(&Shape::Whole)),
                ("with_account", Shape::Maybe(&Shape::Whole)),
                ("unreachable", Shape::Maybe(&Shape::Whole)),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
    ..EndpointDoc::EMPTY
};

const SHOW: EndpointDoc = EndpointDoc {
    id: "get_school",
    path: "/schools/{uai}",
    scope: Some(ApiScope::SchoolsRead),
    version: VersionUse::Answered,
    answer: Shape::Object(&[
        ("uai", Shape::Text),
        ("name", Shape::Text),
        ("academy", Shape::Text),
        ("ministry", Shape::Text),
        ("campaign", CAMPAIGN),
    ]),
    ..EndpointDoc::EMPTY
};

const FUNNEL: EndpointDoc = EndpointDoc {
    id: "get_funnel",
    path: "/schools/{uai}/funnel",
    scope: Some(ApiScope::SchoolsRead),
    answer: Shape::Object(&[
        ("uai", Shape::Text),
        ("whole_school", Shape::Flag),
        ("campaign", CAMPAIGN),
        ("legal", Shape::Whole),
        ("had_account", Shape::Whole),
        ("activated", Shape::Whole),
        ("unreachable", Shape::Whole),
        ("not_begun", Shape::Whole),
        ("stopped_at_code", Shape::Whole),
        ("stopped_at_children", Shape::Whole),
        ("stopped_at_password", Shape::Whole),
        ("pupils", Shape::Whole),
        ("pupils_covered", Shape::Whole),
        ("late", Shape::Whole),
    ]),
    ..EndpointDoc::EMPTY
};

const UNREACHABLE: EndpointDoc = EndpointDoc {
    id: "list_unreachable",
    path: "/schools/{uai}/unreachable",
    scope: Some(ApiScope::SchoolsRead),
    query: &[BodyField::new("reason", FieldKind::Word(&REASONS)), PAGE[0], PAGE[1]],
    answer: Shape::Object(&[
        (
            "by_reason",
            Shape::Object(&[
                ("no_number", Shape::Whole),
                ("landline", Shape::Whole),
                ("incomplete", Shape::Whole),
                ("foreign", Shape::Whole),
                ("disowned", Shape::Whole),
                ("institution", Shape::Whole),
            ]),
        ),
        ("names_shown", Shape::Flag),
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("person", Shape::Text),
                ("family_name", Shape::Text),
                ("given_name", Shape::Text),
                ("children", Shape::List(&Shape::Text)),
                ("reason", Shape::Word(&REASONS)),
                ("has_tried", Shape::Flag),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
    ..EndpointDoc::EMPTY
};

const ORDER: EndpointDoc = EndpointDoc {
    id: "change_campaign",
    method: ApiMethod::Put,
    path: "/schools/{uai}/campaign",
    scope: Some(ApiScope::CampaignsWrite),
    body: Some(&[
        BodyField::required("order", FieldKind::Word(&["open", "extend", "close"])),
        BodyField::new("days", FieldKind::Whole(7, 60)),
    ]),
    version: VersionUse::Required,
    answer: CAMPAIGN,
    problems: &[ProblemCode::NothingToDo, ProblemCode::TooManyOfDay],
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
        ApiEndpoint { doc: FUNNEL, handler: |call| Box::pin(funnel(call)) },
        ApiEndpoint { doc: UNREACHABLE, handler: |call| Box::pin(unreachable(call)) },
        ApiEndpoint { doc: ORDER, handler: |call| Box::pin(order(call)) },
    ]
}

fn campaign_value(campaign: Option<Campaign>, now: Timestamp) -> Value {
    json!({
        "state": CampaignWord::of(campaign, now).name(),
        "opens_at": maybe_time(campaign.map(|campaign| campaign.opens_at)),
        "closes_at": maybe_time(campaign.map(|campaign| campaign.closes_at)),
    })
}

/// Returns the version of a campaign: what it is.
fn version_of(campaign: Option<Campaign>) -> String {
    campaign.map_or_else(|| "none".to_owned(), |campaign| format!("{}-{}", campaign.opens_at, campaign.closes_at))
}

async fn list(call: &ApiCall<'_>) -> ApiResult {
    let after = match call.position()? {
        Some(text) => read_place(&text).ok_or(ProblemCode::BadCursor)?,
        None => SchoolListPlace::default(),
    };
    let filter = SchoolFilter {
        words: call.query("q"),
        standing: call.query("state").parse().ok(),
        after,
        most: usize::try_from(call.limit()).unwrap_or_default(),
    };
    let found = ops::list(&call.op(None), call.on_duty, filter).await?;
    let item = |row: &ListedSchoolRow| {
        json!({
            "uai": row.uai,
            "name": row.name,
            "academy": row.academy,
            "ministry": row.ministry,
            "campaign": campaign_value(row.campaign(), call.ctx.now),
            "parents": row.parents,
            "with_account": row.with_account,
            "unreachable": row.unreachable,
        })
    };
    let items: Vec<Value> = found.schools.iter().map(item).collect();
    let next = found.next.map(|place| format!("{}-{}-{}", place.closing, place.share, place.uai));
    let next = call.cursor(next.as_deref())?;
    Ok(ApiAnswer::of(json!({ "items": items, "next": next })))
}

/// Reads the place at which the list goes on.
fn read_place(text: &str) -> Option<SchoolListPlace> {
    let mut parts = text.splitn(3, '-');
    let (closing, share) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    Some(SchoolListPlace { closing, share, uai: parts.next()?.to_owned() })
}

/// Finds the school of the path, if the act is permitted there.
async fn open(call: &ApiCall<'_>, act: AdminAct) -> Result<SchoolPlace, ApiError> {
    let uai = Uai::parse(call.path("uai")).map_err(|_| ProblemCode::NotFound)?;
    let found = ops::find_school(&mut call.app.db.read().await?, call.on_duty, &uai).await?;
    let place = found.ok_or(ProblemCode::NotFound)?;
    call.permit(act, &place.places).await?;
    Ok(place)
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let place = open(call, AdminAct::SeeSchool).await?;
    let school = &place.school;
    let value = json!({
        "uai": school.uai,
        "name": school.name,
        "academy": school.academy,
        "ministry": school.ministry,
        "campaign": campaign_value(place.campaign, call.ctx.now),
    });
    Ok(ApiAnswer::of(value).at_version(version_of(place.campaign)))
}

async fn funnel(call: &ApiCall<'_>) -> ApiResult {
    let place = open(call, AdminAct::SeeSchool).await?;
    let file = ops::open_school(&call.op(None), call.on_duty, place).await?;
    let of = |standing| file.figures.of(standing);
    Ok(ApiAnswer::of(json!({
        "uai": file.place.school.uai,
        "whole_school": file.is_whole,
        "campaign": campaign_value(file.place.campaign, call.ctx.now),
        "legal": file.figures.parents.len(),
        "had_account": of(ParentStanding::HadAccount),
        "activated": of(ParentStanding::Activated),
        "unreachable": of(ParentStanding::Unreachable),
        "not_begun": of(ParentStanding::NotBegun),
        "stopped_at_code": of(ParentStanding::StoppedAtCode),
        "stopped_at_children": of(ParentStanding::StoppedAtChildren),
        "stopped_at_password": of(ParentStanding::StoppedAtPassword),
        "pupils": file.figures.pupils,
        "pupils_covered": file.figures.pupils_covered,
        "late": file.late,
    })))
}

/// The place of a parent in the list: whether nobody tried in their name, the names, the id.
type ParentPlace = (bool, String, String, String);

/// Lists the parents whom no SMS reaches: their numbers by reason, and their names with `persons:read` only, which is
/// then recorded like a table that somebody takes along.
async fn unreachable(call: &ApiCall<'_>) -> ApiResult {
    let place = open(call, AdminAct::SeeSchool).await?;
    let file = ops::open_school(&call.op(None), call.on_duty, place).await?;
    let scope = AdminScope::of(&call.on_duty.roles, AdminAct::SeeParents, call.ctx.now);
    let reason: Option<UnreachableReason> = call.query("reason").parse().ok();
    let is_asked = |parent: &CountedParent| {
        parent.standing == ParentStanding::Unreachable && (reason.is_none() || parent.reason == reason)
    };
    let found = listed_parents(&file, &scope, is_asked);
    // The place in the order, not the person: whoever leaves meanwhile takes nobody along.
    let after: Option<ParentPlace> = match call.position()? {
        Some(text) => Some(serde_json::from_str(&text).map_err(|_| ProblemCode::BadCursor)?),
        None => None,
    };
    let place_of = |parent: &CountedParent| -> ParentPlace {
        let names = (parent.family_name.clone(), parent.given_name.clone());
        (!file.tried.contains(&parent.person_id), names.0, names.1, parent.person_id.to_string())
    };
    let is_left = |parent: &&&CountedParent| after.as_ref().is_none_or(|after| place_of(parent) > *after);
    let left: Vec<&CountedParent> = found.iter().filter(is_left).copied().collect();
    let limit = usize::try_from(call.limit()).unwrap_or_default();
    let shown: Vec<&CountedParent> = left.iter().take(limit).copied().collect();
    let item = |parent: &&CountedParent| {
        let child = |(_, name, class): &(_, String, Option<String>)| match class {
            Some(class) => format!("{name}, {class}"),
            None => name.clone(),
        };
        json!({
            "person": parent.person_id,
            "family_name": parent.family_name,
            "given_name": parent.given_name,
            "children": parent.children.iter().map(child).collect::<Vec<_>>(),
            "reason": parent.reason.map(UnreachableReason::name),
            "has_tried": file.tried.contains(&parent.person_id),
        })
    };
    let items: Vec<Value> = shown.iter().map(item).collect();
    let last = shown.last().filter(|_| shown.len() < left.len());
    let next = last.map(|parent| serde_json::to_string(&place_of(parent)).unwrap_or_default());
    let next = call.cursor(next.as_deref())?;
    let mut by_reason: Map<String, Value> = REASONS.iter().map(|name| ((*name).to_owned(), json!(0))).collect();
    for (reason, n) in file.figures.unreachable_by_reason() {
        by_reason.insert(reason.name().to_owned(), json!(n));
    }
    if !shown.is_empty() {
        let op = call.op(call.on_duty.role_for(AdminAct::SeeParents));
        record_export(&op, &file.place, shown.len()).await?;
    }
    let value = json!({ "by_reason": by_reason, "names_shown": !scope.is_empty(), "items": items, "next": next });
    Ok(ApiAnswer::of(value))
}

/// Orders something of a campaign, but for latecomers, who are let in after the answer, when no token is read any more: by
/// the same draft and confirmation as a person: what is confirmed is what was read.
async fn order(call: &ApiCall<'_>) -> ApiResult {
    let place = open(call, AdminAct::ChangeCampaign).await?;
    let days = call.body.whole("days").unwrap_or(15);
    if !CAMPAIGN_DAYS.contains(&days) {
        let expected = json!({ "enum": CAMPAIGN_DAYS });
        return Err(ApiRefusal::of_field(ProblemCode::BadValue, "days").with("expected", expected).into());
    }
    let kind: Option<CampaignOrderKind> = call.body.text("order").and_then(|word| word.parse().ok());
    let kind = kind.ok_or(ProblemCode::BadValue)?;
    call.compare(version_of(place.campaign))?;
    let op = call.op(call.on_duty.role_for(AdminAct::ChangeCampaign));
    let order = CampaignOrder { kind, days, schools: vec![place.school.uai.clone()] };
    let id = match campaign::draft(&op, call.on_duty, &order).await? {
        DraftOutcome::Saved(id) => id,
        DraftOutcome::TooMany => return Err(ProblemCode::TooManyOfDay.into()),
        DraftOutcome::NotPermitted | DraftOutcome::NoSchool | DraftOutcome::TooManySchools => {
            return Err(ProblemCode::NotFound.into());
        }
    };
    let draft = campaign::find(&op, call.on_duty, &id).await?.ok_or(ProblemCode::NotFound)?;
    // The campaign that the draft read is the one that the caller knows: the digest holds it until the confirmation.
    call.compare(version_of(draft.schools.first().and_then(|(school, _)| school.campaign)))?;
    match campaign::confirm(&op, call.on_duty, &id, (draft.row.version, &draft.digest)).await? {
        CampaignConfirmation::Done => {}
        CampaignConfirmation::Nothing => return Err(ProblemCode::NothingToDo.into()),
        CampaignConfirmation::Changed => return Err(ProblemCode::Changed.into()),
        CampaignConfirmation::NotPermitted | CampaignConfirmation::NotFound => {
            return Err(ProblemCode::NotFound.into());
        }
    }
    let place = open(call, AdminAct::ChangeCampaign).await?;
    let version = version_of(place.campaign);
    Ok(ApiAnswer::of(campaign_value(place.campaign, call.ctx.now)).at_version(version))
}
