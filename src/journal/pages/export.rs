//! The journal as a table and as lines of JSON: after a fresh proof, bounded, and recorded.
//!
//! Persons are named only to whoever may also export persons.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::{GatedResult, TypedFilter};
use crate::administrators::extract::{FreshAdministrator, has_passkeys_enough};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::failed;
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::audit::AuditEvent;
use crate::base::csv::csv_field;
use crate::http::error::PageError;
use crate::http::pages::PagesError;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::journal::JournalScope;
use crate::journal::ops::{self, JournalPart};
use crate::journal::store::JournalRow;

/// The columns of the table, in their order: the names of the lines of JSON.
const COLUMNS: [&str; 18] = [
    "id",
    "at",
    "fact",
    "words",
    "actor_kind",
    "actor",
    "role",
    "academy",
    "uai",
    "client_id",
    "person",
    "detail",
    "reason",
    "before",
    "after",
    "proof",
    "request_id",
    "actor_id",
];

/// A row as it is taken along.
#[derive(Serialize)]
struct ExportedRow<'a> {
    id: &'a str,
    /// RFC 3339, in UTC.
    at: String,
    fact: &'a str,
    words: &'a str,
    actor_kind: Option<&'a str>,
    actor: Option<&'a str>,
    role: Option<&'a str>,
    academy: Option<&'a str>,
    uai: Option<&'a str>,
    client_id: Option<&'a str>,
    person: Option<&'a str>,
    detail: &'a str,
    reason: Option<&'a str>,
    before: Option<&'a str>,
    after: Option<&'a str>,
    proof: Option<&'a str>,
    request_id: Option<&'a str>,
    actor_id: Option<&'a str>,
}

impl<'a> ExportedRow<'a> {
    fn new(scope: &JournalScope, row: &'a JournalRow, words: &'a str) -> Self {
        let kind = row.actor_kind.as_deref();
        ExportedRow {
            id: &row.id,
            at: chrono::DateTime::from_timestamp_millis(row.at).map_or_else(String::new, |at| at.to_rfc3339()),
            fact: &row.fact,
            words,
            actor_kind: kind,
            actor: row.actor_name.as_deref(),
            role: row.role.as_deref(),
            academy: row.academy.as_deref(),
            uai: row.uai.as_deref(),
            client_id: row.client_id.as_deref(),
            person: row.person.as_deref().or(row.pupil.as_deref()),
            detail: &row.detail,
            reason: row.reason.as_deref(),
            before: row.before.as_deref(),
            after: row.after.as_deref(),
            proof: row.proof.as_deref(),
            request_id: row.request_id.as_deref(),
            // The id of an account leads to a person.
            actor_id: row.actor_id.as_deref().filter(|_| match kind {
                Some("account") => false,
                Some("operator") => scope.is_everything(),
                _ => true,
            }),
        }
    }

    fn fields(&self) -> [&str; 18] {
        let or_empty = |field: Option<&'a str>| field.unwrap_or_default();
        [
            self.id,
            &self.at,
            self.fact,
            self.words,
            or_empty(self.actor_kind),
            or_empty(self.actor),
            or_empty(self.role),
            or_empty(self.academy),
            or_empty(self.uai),
            or_empty(self.client_id),
            or_empty(self.person),
            self.detail,
            or_empty(self.reason),
            or_empty(self.before),
            or_empty(self.after),
            or_empty(self.proof),
            or_empty(self.request_id),
            or_empty(self.actor_id),
        ]
    }
}

/// The rows that are taken along.
struct TakenPart {
    typed: TypedFilter,
    scope: JournalScope,
    part: JournalPart,
}

/// Reads and records what is taken along; a filter that is refused is shown again on its page.
async fn taken(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, format: &str) -> Result<TakenPart, Response> {
    let typed = TypedFilter::read(ctx);
    if typed.refusal.is_some() {
        return Err(see_other(&typed.href(paths::ADMIN_JOURNAL, "")));
    }
    if !has_passkeys_enough(app, on_duty).await.map_err(failed)? {
        return Err(see_other(paths::ADMIN_ME));
    }
    let grant = on_duty.role_for(AdminAct::ReadJournal).or_else(|| on_duty.role_for(AdminAct::ReadOwnActs));
    if grant.is_none() {
        return Err(PageError::NotFound.into_response());
    }
    let scope = JournalScope::of(&on_duty.roles, &on_duty.administrator.id, ctx.now);
    let scope = match on_duty.role_for(AdminAct::ExportPersons) {
        Some(_) => scope,
        None => scope.without_persons(),
    };
    let op = on_duty.operation(app, ctx, grant);
    let part = ops::export(&op, &scope, (&typed.filter, format)).await.map_err(failed)?;
    Ok(TakenPart { typed, scope, part })
}

fn words_of(app: &AppState, ctx: &RequestContext, row: &JournalRow) -> Result<String, PagesError> {
    let name = row.fact.parse::<AuditEvent>().map_or("unknown", AuditEvent::name);
    app.pages.message(ctx.lang, &format!("admin-fact-{name}"), &[])
}

fn file(content_type: &'static str, name: &'static str, text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CONTENT_DISPOSITION, name),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (StatusCode::OK, headers, text).into_response()
}

/// GET: answers with a table. A spreadsheet takes none of its fields for a formula (docs/threats.md#attack-x8).
pub async fn csv(State(app): State<AppState>, ctx: RequestContext, who: FreshAdministrator) -> GatedResult {
    let FreshAdministrator(on_duty) = who;
    let TakenPart { typed, scope, part } = taken(&app, &ctx, &on_duty, "csv").await?;
    let mut lines = vec![COLUMNS.map(csv_field).join(";")];
    for row in &part.rows {
        let words = words_of(&app, &ctx, row).map_err(failed)?;
        lines.push(ExportedRow::new(&scope, row, &words).fields().map(csv_field).join(";"));
    }
    if let Some(next) = part.next {
        lines.push(csv_field(&typed.href(paths::ADMIN_JOURNAL_CSV, &next)));
    }
    // The mark by which spreadsheets know UTF-8.
    let text = format!("\u{feff}{}\r\n", lines.join("\r\n"));
    Ok(file("text/csv; charset=utf-8", "attachment; filename=\"journal.csv\"", text))
}

/// GET: answers with a line of JSON for each row; where there are more, the last line says where they go on.
pub async fn json_lines(State(app): State<AppState>, ctx: RequestContext, who: FreshAdministrator) -> GatedResult {
    let FreshAdministrator(on_duty) = who;
    let TakenPart { typed, scope, part } = taken(&app, &ctx, &on_duty, "json").await?;
    let mut text = String::new();
    for row in &part.rows {
        let words = words_of(&app, &ctx, row).map_err(failed)?;
        text.push_str(
            &serde_json::to_string(&ExportedRow::new(&scope, row, &words))
                .map_err(anyhow::Error::from)
                .map_err(failed)?,
        );
        text.push('\n');
    }
    if let Some(next) = part.next {
        let more = serde_json::json!({ "next": typed.href(paths::ADMIN_JOURNAL_JSON, &next) });
        text.push_str(&format!("{more}\n"));
    }
    Ok(file("application/jsonl; charset=utf-8", "attachment; filename=\"journal.jsonl\"", text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::clock::Timestamp;
    use crate::base::typed_ids::AdministratorId;

    #[test]
    fn attack_x8_the_table_and_the_lines_have_the_same_columns_and_no_account() {
        let row = JournalRow {
            id: "0".repeat(32),
            at: 1_795_510_800_000,
            fact: "person_unblocked".to_owned(),
            actor_kind: Some("account".to_owned()),
            actor_id: Some("an account".to_owned()),
            actor_name: None,
            role: None,
            academy: None,
            academy_name: None,
            uai: None,
            school: None,
            client_id: None,
            person_id: None,
            person: None,
            pupil_id: None,
            pupil: None,
            has_person: true,
            detail: String::new(),
            reason: Some("=1+1".to_owned()),
            before: None,
            after: None,
            proof: None,
            request_id: None,
        };
        let scope = JournalScope::of(&[], &AdministratorId::new("a"), Timestamp(0));
        let exported = ExportedRow::new(&scope, &row, "words");
        let json = serde_json::to_value(&exported).unwrap();
        let object = json.as_object().unwrap();
        assert_eq!(object.len(), COLUMNS.len());
        for (column, field) in COLUMNS.iter().zip(exported.fields()) {
            let value = &object[*column];
            assert_eq!(value.as_str().unwrap_or_default(), field, "{column}");
        }
        assert_eq!(object["at"], "2026-11-24T09:00:00+00:00");
        assert!(object["actor_id"].is_null());
        assert_eq!(csv_field(exported.reason.unwrap()), "\"'=1+1\"");
    }
}
