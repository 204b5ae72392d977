//! `/admin/chiffres`: sign-ins and activations of a place, and the same as a table to take along.

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::ops::{self, SubjectFigures, span_of};
use super::store::FigurePart;
use super::views::{FigureChoice, FigureLine, FigureSpan, FiguresPage, activation_bars, draw_days, reason_bars};
use super::{FigurePlace, FigureSubject};
use crate::administrators;
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, territory_name};
use crate::administrators::roles::{AdminAct, Permission};
use crate::administrators::territory::{Territory, TerritoryKind};
use crate::app::{AppState, SignInResult};
use crate::base::csv::csv_field;
use crate::base::typed_ids::ClientId;
use crate::base::uai::Uai;
use crate::clients;
use crate::http::error::PageError;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::http::routing::get;
use crate::protocol::params::encode;
use crate::tenants;

/// The answer of a handler that may lead elsewhere first.
type GatedResult = Result<Response, Response>;

/// The numbers of days that the page offers.
const SPANS: [i64; 3] = [7, 30, 90];
const DEFAULT_DAYS: i64 = 30;

pub fn routes() -> Router<AppState> {
    Router::new().route(paths::ADMIN_FIGURES, get(show)).route(paths::ADMIN_FIGURES_CSV, get(table))
}

/// Returns a territory as the address of a page has it.
fn written(territory: &Territory) -> String {
    match territory {
        Territory::All => "all".to_owned(),
        other => format!("{}:{other}", other.kind().name()),
    }
}

fn href(path: &str, territory: &Territory, days: i64) -> String {
    let (lieu, days) = (written(territory), days.to_string());
    format!("{path}?{}", encode([("lieu", lieu.as_str()), ("jours", days.as_str())]))
}

/// Returns the territories on which the administrator reads figures.
fn own_territories(on_duty: &OnDuty, ctx: &RequestContext) -> Vec<Territory> {
    let mut own: Vec<Territory> = Vec::new();
    for grant in &on_duty.roles {
        let reads = grant.is_current(ctx.now) && grant.permission(AdminAct::ReadFigures) != Permission::No;
        if reads && FigureSubject::of(&grant.territory).is_some() && !own.contains(&grant.territory) {
            own.push(grant.territory.clone());
        }
    }
    own
}

/// The figures that a request asks for.
struct AskedFigures {
    territory: Territory,
    subject: FigureSubject,
    days: i64,
    /// The typed UAI, and whether it is none.
    uai: String,
    is_refused: bool,
}

/// Reads what is asked for. What is outside the territory is answered like what is not there.
async fn asked(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> Result<AskedFigures, Response> {
    let not_found = || PageError::NotFound.into_response();
    let own = own_territories(on_duty, ctx);
    let Some(first) = own.first() else {
        on_duty.permit(app, ctx, AdminAct::ReadFigures, &[]).await?;
        return Err(not_found());
    };
    let typed: String = ctx.query.form_value("uai").trim().chars().take(20).collect();
    let school = typed.to_uppercase().parse::<Uai>().ok();
    let is_refused = !typed.is_empty() && school.is_none();
    let territory = match (school, ctx.query.get("lieu")) {
        (Some(uai), _) => Territory::School(uai),
        (None, Some(lieu)) => Territory::parse(lieu).ok_or_else(not_found)?,
        (None, None) => first.clone(),
    };
    let subject = FigureSubject::of(&territory).ok_or_else(not_found)?;
    let mut tx = app.db.read().await.map_err(failed)?;
    let place = administrators::ops::find_place(&mut tx, &territory).await.map_err(failed)?;
    drop(tx);
    on_duty.permit(app, ctx, AdminAct::ReadFigures, &[place.ok_or_else(not_found)?]).await?;
    let days = ctx.query.get("jours").and_then(|days| days.parse().ok()).filter(|days| SPANS.contains(days));
    Ok(AskedFigures { territory, subject, days: days.unwrap_or(DEFAULT_DAYS), uai: typed, is_refused })
}

/// Names a territory in words.
async fn name_of(app: &AppState, ctx: &RequestContext, territory: &Territory) -> anyhow::Result<String> {
    Ok(match territory {
        Territory::All => app.pages.message(ctx.lang, "admin-everything", &[])?,
        other => territory_name(&mut app.db.read().await?, other).await?,
    })
}

fn line(place: &FigurePlace, part: FigurePart, name: String, href: String) -> FigureLine {
    let (signed_in, refused) = (place.shown(part.signed_in), place.shown(part.refused));
    FigureLine { name, id: part.part, href, signed_in, refused }
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    asked: AskedFigures,
) -> anyhow::Result<FiguresPage> {
    let op = on_duty.operation(app, ctx, None);
    let AskedFigures { territory, subject, days, uai, is_refused } = asked;
    let place = &subject.place;
    let SubjectFigures { sign_ins, clients, academies, activation } = ops::read(&op, &subject, days).await?;
    let mut client_lines = Vec::new();
    for part in clients {
        let client = clients::ops::find_recent(app, ctx.now, &part.part).await?;
        let name = client.map_or_else(|| part.part.clone(), |client| client.meta.client_name.clone());
        let of_client = Territory::Client(ClientId::new(part.part.as_str()));
        let href = match place {
            FigurePlace::Everything => href(paths::ADMIN_FIGURES, &of_client, days),
            _ => String::new(),
        };
        client_lines.push(line(place, part, name, href));
    }
    let mut academy_lines = Vec::new();
    for part in academies {
        let name = tenants::store::find_academy_name(&mut app.db.read().await?, &part.part).await?;
        let (name, of) = (name.unwrap_or_else(|| part.part.clone()), Territory::Academy(part.part.clone()));
        academy_lines.push(line(place, part, name, href(paths::ADMIN_FIGURES, &of, days)));
    }
    let mut choices = Vec::new();
    let own = own_territories(on_duty, ctx);
    for one in own.iter().filter(|_| own.len() > 1) {
        choices.push(FigureChoice {
            name: name_of(app, ctx, one).await?,
            href: href(paths::ADMIN_FIGURES, one, days),
            is_current: *one == territory,
        });
    }
    let span = |n: i64| FigureSpan { days: n, href: href(paths::ADMIN_FIGURES, &territory, n), is_current: n == days };
    let above_schools = [TerritoryKind::All, TerritoryKind::Ministry, TerritoryKind::Academy];
    Ok(FiguresPage {
        frame: frame(app, ctx, on_duty).await?.in_room("figures"),
        place: name_of(app, ctx, &territory).await?,
        days,
        spans: SPANS.map(span).to_vec(),
        choices,
        asks_school: own.iter().any(|one| above_schools.contains(&one.kind())),
        uai,
        is_refused,
        signed_in: place.shown(sign_ins.signed_in),
        refused: place.shown(sign_ins.refused),
        chart: draw_days(ctx.lang, span_of(ctx.now, days), (place, &sign_ins)),
        reasons: reason_bars(place, &sign_ins),
        activation: activation.map_or_else(Vec::new, |sums| activation_bars(place, &sums)),
        clients: client_lines,
        academies: academy_lines,
        csv_href: href(paths::ADMIN_FIGURES_CSV, &territory, days),
    })
}

/// GET: shows the figures of a place.
async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let asked = asked(&app, &ctx, &on_duty).await?;
    let status = if asked.is_refused { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page(&app, &ctx, &on_duty, asked).await.map_err(failed)?;
    ctx.page(&app.pages, status, &page).map_err(PageError::into_response)
}

/// GET: answers with the days of a place as a table. It has no person, and no small count above a school.
async fn table(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let asked = asked(&app, &ctx, &on_duty).await?;
    let op = on_duty.operation(&app, &ctx, None);
    let rows = ops::list_rows(&op, &asked.subject, asked.days).await.map_err(failed)?;
    let word = |key: &str| app.pages.message(ctx.lang, key, &[]);
    let mut heading = Vec::new();
    for key in ["admin-col-day", "admin-col-result", "admin-col-number"] {
        heading.push(csv_field(&word(key).map_err(failed)?));
    }
    let few = word("admin-few").map_err(failed)?;
    let mut lines = vec![heading.join(";")];
    for row in rows {
        let result = match row.result.parse::<SignInResult>() {
            Ok(result) => word(&format!("admin-result-{}", result.name())).map_err(failed)?,
            Err(_) => row.result,
        };
        let count = asked.subject.place.shown(row.n);
        let count = if count.is_few { few.clone() } else { count.n.to_string() };
        lines.push([row.day, result, count].map(|field| csv_field(&field)).join(";"));
    }
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"connexions.csv\""),
        (header::CACHE_CONTROL, "no-store"),
    ];
    // The mark by which spreadsheets know UTF-8.
    Ok((headers, format!("\u{feff}{}\r\n", lines.join("\r\n"))).into_response())
}
