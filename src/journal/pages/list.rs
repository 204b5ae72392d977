//! The page of the journal.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use strum::IntoEnumIterator as _;

use super::{GatedResult, TypedFilter};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::audit::AuditEvent;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::journal::ops::{self, JournalPart};
use crate::journal::recorded::{exact_time, role_of, tell};
use crate::journal::store::JournalRow;
use crate::journal::views::{ChainWords, FilterChip, JournalLine, JournalPage};
use crate::journal::{FilterRefusal, JournalFilter, JournalKind, JournalScope, NOBODY, facts};
use crate::protocol::params::encode;

/// Returns the end of the message's key that tells who did it where no administrator is named.
fn actor_key(kind: Option<&str>) -> &'static str {
    match kind {
        Some("administrator") => "administrator",
        Some("token") => "token",
        Some("operator") => "operator",
        Some("job") => "job",
        Some("client") => "client",
        Some("account") => "account",
        Some("anonymous") => "anonymous",
        _ => "unknown",
    }
}

fn filtered(name: &str, value: &str) -> String {
    format!("{}?{}", paths::ADMIN_JOURNAL, encode([(name, value)]))
}

fn line(ctx: &RequestContext, scope: &JournalScope, row: JournalRow) -> JournalLine {
    let at = Timestamp(row.at);
    let event = row.fact.parse::<AuditEvent>().ok();
    // A token acts for the administrator who made it.
    let is_administrator = matches!(row.actor_kind.as_deref(), Some("administrator" | "token"));
    let actor_href = match row.actor_id.as_deref() {
        Some(id) if is_administrator => filtered("qui", id),
        _ => String::new(),
    };
    let (role, role_place) = role_of(row.role.as_deref());
    let person_id = row.person_id.or(row.pupil_id);
    let act = event.filter(|event| *event == AuditEvent::AdministratorRefused);
    let act = act.and_then(|_| AdminAct::iter().find(|act| act.name() == row.detail)).map(AdminAct::name);
    JournalLine {
        time: format!("{}, {}", dates::day(ctx.lang, at), dates::hour(ctx.lang, at)),
        exact: exact_time(ctx.lang, at),
        actor_kind: actor_key(row.actor_kind.as_deref()),
        // The name of the operating system's user, or of a job; the id of an account is nobody's business.
        actor: match row.actor_kind.as_deref() {
            Some("administrator" | "token") => row.actor_name.unwrap_or_default(),
            Some("operator") if scope.is_everything() => row.actor_id.unwrap_or_default(),
            Some("job" | "client") => row.actor_id.unwrap_or_default(),
            _ => String::new(),
        },
        actor_href,
        role,
        role_place,
        fact: event.map_or("unknown", AuditEvent::name),
        is_refused: event.is_some_and(facts::is_refusal),
        act,
        has_person: row.has_person,
        person: row.person.or(row.pupil).unwrap_or_default(),
        person_href: person_id.map_or_else(String::new, |id| format!("{}/{id}", paths::ADMIN_PEOPLE)),
        place: row.school.or(row.academy_name).or_else(|| row.uai.clone()).or(row.academy).unwrap_or_default(),
        place_href: row.uai.as_deref().map_or_else(String::new, |uai| filtered("lieu", uai)),
        uai: row.uai.unwrap_or_default(),
        client: row.client_id.unwrap_or_default(),
        detail: row.detail,
        reason: row.reason.unwrap_or_default(),
        before: tell(ctx.lang, event, row.before.as_deref()),
        after: tell(ctx.lang, event, row.after.as_deref()),
        proof: row.proof.unwrap_or_default(),
        request_id: row.request_id.unwrap_or_default(),
        id: row.id,
    }
}

/// Returns the filters that are set by a link, each with the way to take it away.
fn chips(typed: &TypedFilter, rows: &[JournalRow]) -> Vec<FilterChip> {
    let without = |change: fn(&mut JournalFilter)| {
        let mut other = typed.clone();
        change(&mut other.filter);
        other.href(paths::ADMIN_JOURNAL, "")
    };
    let mut chips = Vec::new();
    let JournalFilter { actor, person, .. } = &typed.filter;
    if is_id(actor, 32) {
        let name = rows.iter().find_map(|row| row.actor_name.clone()).unwrap_or_default();
        chips.push(FilterChip { key: "actor", name, href: without(|filter| filter.actor.clear()) });
    }
    if !person.is_empty() {
        let name = rows.iter().find_map(|row| row.person.clone()).unwrap_or_default();
        chips.push(FilterChip { key: "person", name, href: without(|filter| filter.person.clear()) });
    }
    chips
}

async fn page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    typed: &TypedFilter,
) -> anyhow::Result<JournalPage> {
    let op = on_duty.operation(app, ctx, None);
    let scope = JournalScope::of(&on_duty.roles, &on_duty.administrator.id, ctx.now);
    let (part, check) = match typed.refusal {
        Some(_) => (JournalPart::default(), None),
        None => ops::read_page(&op, &scope, &typed.filter).await?,
    };
    let chain = ChainWords {
        standing: ops::chain_standing(check.as_ref(), &part.rows).name(),
        when: check
            .as_ref()
            .and_then(|check| check.checked_at)
            .map_or_else(String::new, |at| dates::moment(ctx.lang, Timestamp(at), ctx.now)),
        events: check.map_or(0, |check| check.events),
    };
    let chips = chips(typed, &part.rows);
    let actor = &typed.filter.actor;
    Ok(JournalPage {
        frame: frame(app, ctx, on_duty).await?.in_room("journal"),
        is_own_only: scope.is_own_only(),
        kinds: JournalKind::iter().map(JournalKind::name).collect(),
        kind: typed.filter.kind.name(),
        from: typed.from.clone(),
        to: typed.to.clone(),
        place: typed.place.clone(),
        actor: if is_id(actor, 32) { String::new() } else { actor.clone() },
        actor_id: if is_id(actor, 32) { actor.clone() } else { String::new() },
        person_id: Some(&typed.filter.person).filter(|id| *id != NOBODY).cloned().unwrap_or_default(),
        chips,
        refusal: typed.refusal.map(FilterRefusal::name),
        is_one_day: typed.is_one_day(),
        is_older: !typed.filter.before.is_empty(),
        next: part.next.as_deref().map(|next| typed.href(paths::ADMIN_JOURNAL, next)),
        lines: part.rows.into_iter().map(|row| line(ctx, &scope, row)).collect(),
        chain,
        csv_href: typed.href(paths::ADMIN_JOURNAL_CSV, ""),
        json_href: typed.href(paths::ADMIN_JOURNAL_JSON, ""),
    })
}

/// GET: shows the rows of the own territory, or the own acts.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::ReadOwnActs).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::ReadOwnActs, &[]).await?;
    }
    let typed = TypedFilter::read(&ctx);
    let status = if typed.refusal.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let page = page(&app, &ctx, &on_duty, &typed).await.map_err(failed)?;
    ctx.page(&app.pages, status, &page).map_err(PageError::into_response)
}
