//! The journal in the Admin API: the rows of the token's territory, without the names of persons.
//!
//! Whoever asks which rows are about a person asks in the console. That a program reads the journal is recorded once an
//! hour.

use serde_json::{Value, json};
use strum::IntoEnumIterator as _;

use super::ops::{read_part, record_export};
use super::pages::read_day;
use super::store::JournalRow;
use super::{JournalFilter, JournalKind, JournalScope};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiError, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::shapes::{Shape, time};
use crate::admin_api::{EndpointDoc, MAX_PAGE_LIMIT};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::audit::AuditEvent;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::uai::Uai;
use crate::limits::ops::is_first_of_hour;

/// The words of the kinds, in the order of [`JournalKind`].
const KINDS: [&str; 7] = ["acts", "sign_ins", "activations", "rosters", "services", "refused", "all"];

const LIST: EndpointDoc = EndpointDoc {
    id: "list_events",
    path: "/journal",
    scope: Some(ApiScope::AuditRead),
    query: &[
        BodyField::new("kind", FieldKind::Word(&KINDS)),
        BodyField::new("from", FieldKind::Day),
        BodyField::new("to", FieldKind::Day),
        BodyField::new("place", FieldKind::Text(60)),
        BodyField::new("actor", FieldKind::Text(100)),
        BodyField::new("cursor", FieldKind::Text(1_000)),
        BodyField::new("limit", FieldKind::Whole(1, MAX_PAGE_LIMIT)),
    ],
    answer: Shape::Object(&[
        (
            "items",
            Shape::List(&Shape::Object(&[
                ("id", Shape::Text),
                ("at", Shape::Time),
                ("fact", Shape::Text),
                ("sentence", Shape::Text),
                ("actor_kind", Shape::Maybe(&Shape::Text)),
                ("actor_id", Shape::Maybe(&Shape::Text)),
                ("actor", Shape::Maybe(&Shape::Text)),
                ("role", Shape::Maybe(&Shape::Text)),
                ("academy", Shape::Maybe(&Shape::Text)),
                ("uai", Shape::Maybe(&Shape::Text)),
                ("client_id", Shape::Maybe(&Shape::Text)),
                ("about_person", Shape::Flag),
                ("detail", Shape::Text),
                ("reason", Shape::Maybe(&Shape::Text)),
                ("before", Shape::Maybe(&Shape::Text)),
                ("after", Shape::Maybe(&Shape::Text)),
                ("proof", Shape::Maybe(&Shape::Text)),
                ("request_id", Shape::Maybe(&Shape::Text)),
            ])),
        ),
        ("next", Shape::Maybe(&Shape::Text)),
    ]),
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    vec![ApiEndpoint { doc: LIST, handler: |call| Box::pin(list(call)) }]
}

/// Reads a day of the query: its beginning, or that of the day so many later.
fn day(call: &ApiCall<'_>, name: &str, days_later: u64) -> Result<Option<Timestamp>, ApiError> {
    Ok(read_day(call.query(name), days_later).map_err(|_| ApiRefusal::of_field(ProblemCode::BadParameter, name))?)
}

/// Returns the kind of a word.
fn kind_of(word: &str) -> JournalKind {
    let found = JournalKind::iter().zip(KINDS).find(|(_, known)| *known == word);
    found.map(|(kind, _)| kind).unwrap_or_default()
}

fn filter_of(call: &ApiCall<'_>) -> Result<JournalFilter, ApiError> {
    let place = call.query("place");
    let filter = JournalFilter {
        kind: kind_of(call.query("kind")),
        from: day(call, "from", 0)?,
        until: day(call, "to", 1)?,
        place: match place.to_uppercase().parse::<Uai>() {
            Ok(uai) => uai.to_string(),
            Err(_) => place.to_lowercase(),
        },
        actor: call.query("actor").to_owned(),
        person: String::new(),
        before: call.position()?.unwrap_or_default(),
    };
    match filter.from.zip(filter.until).is_some_and(|(from, until)| from >= until) {
        true => Err(ApiRefusal::of_field(ProblemCode::BadParameter, "to").into()),
        false => Ok(filter),
    }
}

async fn list(call: &ApiCall<'_>) -> ApiResult {
    let filter = filter_of(call)?;
    let grant = call.on_duty.role_for(AdminAct::ReadJournal);
    if grant.is_none() {
        call.permit(AdminAct::ReadJournal, &[]).await?;
    }
    let scope = JournalScope::of(&call.on_duty.roles, &call.on_duty.administrator.id, call.ctx.now);
    let scope = scope.without_persons().without_own_acts();
    let op = call.op(grant);
    let most = usize::try_from(call.limit()).unwrap_or_default();
    let part = read_part(&op, &scope, &filter, most).await?;
    if is_first_of_hour(&op, &format!("journal/{}", call.token.id)).await? {
        record_export(&op, &scope, "api").await?;
    }
    debug_assert!(filter.before.is_empty() || is_id(&filter.before, 32), "a cursor is sealed");
    let items: Vec<Value> = part.rows.iter().map(|row| item(call, &scope, row)).collect();
    let next = call.cursor(part.next.as_deref())?;
    Ok(ApiAnswer::of(json!({ "items": items, "next": next })))
}

fn item(call: &ApiCall<'_>, scope: &JournalScope, row: &JournalRow) -> Value {
    let name = row.fact.parse::<AuditEvent>().map_or("unknown", AuditEvent::name);
    let sentence = call.app.pages.message(call.ctx.lang, &format!("admin-fact-{name}"), &[]);
    // The id of an account leads to a person; a user of the operating system is the operator's to know.
    let is_told = match row.actor_kind.as_deref() {
        Some("account") => false,
        Some("operator") => scope.is_everything(),
        _ => true,
    };
    json!({
        "id": row.id,
        "at": time(Timestamp(row.at)),
        "fact": row.fact,
        "sentence": sentence.unwrap_or_default(),
        "actor_kind": row.actor_kind,
        "actor_id": row.actor_id.as_deref().filter(|_| is_told),
        "actor": row.actor_name,
        "role": row.role,
        "academy": row.academy,
        "uai": row.uai,
        "client_id": row.client_id,
        "about_person": row.has_person,
        "detail": row.detail,
        "reason": row.reason,
        "before": row.before,
        "after": row.after,
        "proof": row.proof,
        "request_id": row.request_id,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_the_page_has_its_word() {
        assert_eq!(JournalKind::iter().count(), KINDS.len());
        for (word, kind) in [("acts", "gestes"), ("sign_ins", "connexions"), ("refused", "refus"), ("all", "tous")] {
            assert_eq!(kind_of(word).name(), kind);
        }
        assert_eq!(kind_of(""), JournalKind::Acts);
    }
}
