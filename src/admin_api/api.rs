//! The token itself, and the administrators of its territory.

use serde_json::{Value, json};

use super::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use super::fields::{BodyField, FieldKind};
use super::shapes::{Shape, maybe_time, time};
use super::{EndpointDoc, MAX_PAGE_LIMIT};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::{AdminAct, AdminRole};
use crate::administrators::scope::AdminScope;
use crate::administrators::store::roles::{self, TeamRow};
use crate::base::clock::Timestamp;

const ROLES: [&str; 7] = ["national", "academy", "school_head", "delegate", "help_desk", "service_contact", "auditor"];
const TERRITORIES: [&str; 6] = ["all", "ministry", "academy", "school", "class", "client"];

const TERRITORY: Shape =
    Shape::Object(&[("kind", Shape::Word(&TERRITORIES)), ("id", Shape::Text), ("class", Shape::Text)]);

const TOKEN: EndpointDoc = EndpointDoc {
    id: "get_token",
    path: "/token",
    answer: Shape::Object(&[
        ("id", Shape::Text),
        ("name", Shape::Text),
        ("maker", Shape::Text),
        ("role", Shape::Word(&ROLES)),
        ("territory", TERRITORY),
        ("scopes", Shape::List(&Shape::Text)),
        ("expires_at", Shape::Time),
    ]),
    ..EndpointDoc::EMPTY
};

const TEAM: EndpointDoc = EndpointDoc {
    id: "list_administrators",
    path: "/administrators",
    scope: Some(ApiScope::TeamRead),
    query: &[
        BodyField::new("cursor", FieldKind::Text(1_000)),
        BodyField::new("limit", FieldKind::Whole(1, MAX_PAGE_LIMIT)),
    ],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("administrator", Shape::Text),
                ("name", Shape::Text),
                ("active", Shape::Flag),
                ("role", Shape::Word(&ROLES)),
                ("territory", TERRITORY),
                ("pupils_only", Shape::Flag),
                ("ends_at", Shape::Maybe(&Shape::Time)),
                ("approved", Shape::Flag),
                ("passkeys", Shape::Whole),
                ("totp", Shape::Flag),
                ("last_seen_at", Shape::Maybe(&Shape::Time)),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    vec![
        ApiEndpoint { doc: TOKEN, handler: |call| Box::pin(token(call)) },
        ApiEndpoint { doc: TEAM, handler: |call| Box::pin(team(call)) },
    ]
}

async fn token(call: &ApiCall<'_>) -> ApiResult {
    let token = call.token;
    let (territory, class) = token.territory.columns();
    let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    Ok(ApiAnswer::of(json!({
        "id": token.id,
        "name": token.name,
        "maker": call.on_duty.administrator.name,
        "role": call.on_duty.roles.first().map_or("", |grant| AdminRole::name(grant.role)),
        "territory": { "kind": token.territory.kind().name(), "id": territory, "class": class },
        "scopes": scopes,
        "expires_at": time(token.expires_at),
    })))
}

/// Returns a role of somebody as the API and the command line have it.
pub fn administrator(row: &TeamRow) -> Value {
    json!({
        "administrator": row.administrator_id,
        "name": row.name,
        "active": row.is_active(),
        "role": row.role,
        "territory": { "kind": row.territory_kind, "id": row.territory, "class": row.class },
        "pupils_only": row.pupils_only,
        "ends_at": maybe_time(row.ends_at.map(Timestamp)),
        "approved": row.approved_at.is_some(),
        "passkeys": row.passkeys,
        "totp": row.has_totp,
        "last_seen_at": maybe_time(row.seen_at.map(Timestamp)),
    })
}

async fn team(call: &ApiCall<'_>) -> ApiResult {
    let scope = AdminScope::of(&call.on_duty.roles, AdminAct::SeeTeam, call.ctx.now);
    let position = call.position()?.unwrap_or_default();
    // The id has no line feed, whatever the name has.
    let (id, name) = position.split_once('\n').unwrap_or_default();
    let limit = call.limit();
    let mut tx = call.app.db.read().await?;
    let mut rows = roles::list_team(&mut tx, &scope, (name, id), limit.saturating_add(1)).await?;
    drop(tx);
    let most = usize::try_from(limit).unwrap_or_default();
    let has_more = rows.len() > most;
    rows.truncate(most);
    let next = rows.last().filter(|_| has_more).map(|row| format!("{}\n{}", row.id, row.name));
    let next = call.cursor(next.as_deref())?;
    let items: Vec<Value> = rows.iter().map(administrator).collect();
    Ok(ApiAnswer::of(json!({ "items": items, "next": next })))
}
