//! Schools in the Admin API, by the use cases of the pages: figures, parents whom no SMS reaches, campaigns, reminders.

mod campaign;
mod parents;
mod reminders;

use serde_json::{Value, json};

use super::figures::ParentStanding;
use super::ops::{self, SchoolFilter, SchoolPlace};
use super::orders::CampaignWord;
use super::store::{ListedSchoolRow, SchoolListPlace};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::{Shape, maybe_time};
use crate::admin_api::{EndpointDoc, MAX_PAGE_LIMIT, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::tenants::{Campaign, School};

const CAMPAIGN_STATES: [&str; 4] = ["open", "upcoming", "closed", "not_planned"];

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

pub fn endpoints() -> Vec<ApiEndpoint> {
    let own = vec![
        ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) },
        ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) },
        ApiEndpoint { doc: FUNNEL, handler: |call| Box::pin(funnel(call)) },
    ];
    [own, parents::endpoints(), campaign::endpoints(), reminders::endpoints()].concat()
}

fn campaign_value(campaign: Option<Campaign>, now: Timestamp) -> Value {
    json!({
        "state": CampaignWord::of(campaign, now).name(),
        "opens_at": maybe_time(campaign.map(|campaign| campaign.opens_at)),
        "closes_at": maybe_time(campaign.map(|campaign| campaign.closes_at)),
    })
}

/// Returns a school as the API and the command line have it.
pub fn school(school: &School, campaign: Option<Campaign>, now: Timestamp) -> Value {
    json!({
        "uai": school.uai,
        "name": school.name,
        "academy": school.academy,
        "ministry": school.ministry,
        "campaign": campaign_value(campaign, now),
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

/// Finds the school of the path for an act on the whole of it: a class is no school.
async fn open_whole(call: &ApiCall<'_>, act: AdminAct) -> Result<SchoolPlace, ApiError> {
    let place = open(call, act).await?;
    call.permit(act, &[place.whole()]).await?;
    Ok(place)
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let place = open(call, AdminAct::SeeSchool).await?;
    let value = school(&place.school, place.campaign, call.ctx.now);
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
