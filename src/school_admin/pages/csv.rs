//! The parents whom no SMS reaches, as a table: after a fresh proof, and recorded.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::IntoResponse as _;

use super::{GatedResult, open};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::pages::{failed, scope_of};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::csv::csv_field;
use crate::http::pages::PagesError;
use crate::http::request_context::RequestContext;
use crate::school_admin::figures::{CountedParent, ParentStanding};
use crate::school_admin::ops::{self, listed_parents, record_export};

fn word(app: &AppState, ctx: &RequestContext, key: &str) -> Result<String, PagesError> {
    app.pages.message(ctx.lang, key, &[])
}

/// GET: answers with the table. A spreadsheet takes none of its fields for a formula.
pub async fn unreachable(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(uai): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let place = open(&app, &ctx, (&on_duty, AdminAct::SeeSchool), &uai).await?;
    let grant = on_duty.permit(&app, &ctx, AdminAct::ExportPersons, &[place.whole()]).await?;
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let file = ops::open_school(&op, &on_duty, place).await.map_err(failed)?;
    let scope = scope_of(&on_duty, AdminAct::SeeParents, &ctx);
    let is_unreachable = |parent: &CountedParent| parent.standing == ParentStanding::Unreachable;
    let mut lines = Vec::new();
    let mut heading = Vec::new();
    for key in ["admin-col-parent", "admin-col-given-name", "admin-col-children", "admin-col-why"] {
        heading.push(csv_field(&word(&app, &ctx, key).map_err(failed)?));
    }
    lines.push(heading.join(";"));
    for parent in listed_parents(&file, &scope, is_unreachable) {
        let why = match parent.reason {
            Some(reason) => word(&app, &ctx, &format!("admin-why-parent-{}", reason.name())).map_err(failed)?,
            None => String::new(),
        };
        let child = |(_, name, class): &(_, String, Option<String>)| {
            class.as_ref().map_or_else(|| name.clone(), |class| format!("{name} ({class})"))
        };
        let children: Vec<String> = parent.children.iter().map(child).collect();
        let children = children.join(", ");
        let fields = [&parent.family_name, &parent.given_name, &children, &why];
        lines.push(fields.map(|field| csv_field(field)).join(";"));
    }
    record_export(&op, &file.place, lines.len() - 1).await.map_err(failed)?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"injoignables-{}.csv\"", file.place.school.uai)),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    // The mark by which spreadsheets know UTF-8.
    Ok((headers, format!("\u{feff}{}\r\n", lines.join("\r\n"))).into_response())
}
