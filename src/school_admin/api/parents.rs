//! The parents of a school whom no SMS reaches.

use serde_json::{Map, Value, json};

use super::{PAGE, open};
use crate::admin_api::EndpointDoc;
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::ProblemCode;
use crate::admin_api::shapes::Shape;
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::school_admin::figures::{CountedParent, ParentStanding, UnreachableReason};
use crate::school_admin::ops::{self, listed_parents, record_export};

const REASONS: [&str; 6] = ["no_number", "landline", "incomplete", "foreign", "disowned", "institution"];

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
    problems: &[ProblemCode::TooManyPersons],
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![ApiEndpoint { doc: UNREACHABLE, handler: |call| Box::pin(unreachable(call)) }]
}

/// The place of a parent in the list: whether nobody tried in their name, the names, the id.
type ParentPlace = (bool, String, String, String);

/// Lists the parents whom no SMS reaches: their numbers by reason, and their names with `persons:read` only, which is
/// then counted, and recorded like a table that somebody takes along.
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
    call.count_persons(shown.len()).await?;
    if !shown.is_empty() {
        let op = call.op(call.on_duty.role_for(AdminAct::SeeParents));
        record_export(&op, &file.place, shown.len()).await?;
    }
    let value = json!({ "by_reason": by_reason, "names_shown": !scope.is_empty(), "items": items, "next": next });
    Ok(ApiAnswer::of(value))
}
