//! `/admin/services`: the relying parties of the territory.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use strum::IntoEnumIterator as _;

use super::{GatedResult, day_of};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::client_admin::ops::{self, ListedService, PAGE_SERVICES, ServiceFilter};
use crate::client_admin::requests::ClientRequestKind;
use crate::client_admin::standing::ServiceStanding;
use crate::client_admin::views::list::{RequestLine, ServiceLine, ServiceListPage};
use crate::clients::{ClientOrigin, Perimeter, is_client_id};
use crate::db::Tx;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::RequestContext;
use crate::protocol::params::encode;
use crate::tenants;

/// The names of academies, each read once.
#[derive(Default)]
pub(super) struct AcademyNames(BTreeMap<String, String>);

impl AcademyNames {
    /// Returns the names of the academies and ministries of a perimeter.
    pub(super) async fn of(&mut self, tx: &mut Tx, perimeter: &Perimeter) -> anyhow::Result<Vec<String>> {
        let mut out = Vec::new();
        for id in &perimeter.academies {
            if !self.0.contains_key(id) {
                let name = tenants::store::find_academy_name(tx, id).await?.unwrap_or_else(|| id.clone());
                self.0.insert(id.clone(), name);
            }
            out.extend(self.0.get(id).cloned());
        }
        out.extend(perimeter.ministries.iter().cloned());
        Ok(out)
    }
}

fn line(ctx: &RequestContext, places: Vec<String>, listed: &ListedService) -> ServiceLine {
    let client = &listed.record.client;
    ServiceLine {
        client_id: client.id.to_string(),
        name: client.meta.client_name.clone(),
        standing: listed.standing.name(),
        places,
        schools: client.meta.perimeter.schools.len(),
        profiles: super::service::profiles(&client.meta.perimeter),
        used: client.last_used_at.map(|at| day_of(ctx.lang, at, ctx.now)),
        takes_sign_outs: client.meta.backchannel_logout_uri.is_some(),
        undelivered: listed.undelivered,
        from_file: listed.record.origin == ClientOrigin::File,
        unprotected: crate::clients::ops::last_unprotected_exchange(client, ctx.now).is_some(),
    }
}

/// Returns the requests that wait and concern the administrator, and the own drafts.
async fn requests(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> anyhow::Result<Vec<RequestLine>> {
    let op = on_duty.operation(app, ctx, None);
    let mut out = Vec::new();
    for (request, author) in ops::review::list(&op, on_duty).await? {
        out.push(RequestLine {
            id: request.id.clone(),
            name: request.answers.client_name.clone(),
            client_id: request.client_id.to_string(),
            state: request.state.name(),
            is_new: request.kind == ClientRequestKind::New,
            author,
            when: request
                .requested_at
                .or(request.checked_at)
                .map_or_else(String::new, |at| dates::moment(ctx.lang, at, ctx.now)),
        });
    }
    Ok(out)
}

/// GET: lists them.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::SeeServices).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::SeeServices, &[]).await?;
    }
    let words: String = ctx.query.get("nom").unwrap_or_default().trim().chars().take(100).collect();
    let standing = ctx.query.get("etat").and_then(|word| word.parse::<ServiceStanding>().ok());
    let after = ctx.query.get("apres").filter(|id| is_client_id(id)).unwrap_or_default();
    let op = on_duty.operation(&app, &ctx, None);
    let found = ops::list(&op, &on_duty, ServiceFilter { words: &words, standing, after, most: PAGE_SERVICES })
        .await
        .map_err(failed)?;
    let (mut names, mut lines) = (AcademyNames::default(), Vec::new());
    let mut tx = app.db.read().await.map_err(failed)?;
    for listed in &found.services {
        let places = names.of(&mut tx, &listed.record.client.meta.perimeter).await.map_err(failed)?;
        lines.push(line(&ctx, places, listed));
    }
    drop(tx);
    let wanted = standing.map(ServiceStanding::name);
    let next = found.next.map(|id| {
        let all = [("nom", words.as_str()), ("etat", wanted.unwrap_or_default()), ("apres", &id)];
        format!("{}?{}", paths::ADMIN_SERVICES, encode(all.into_iter().filter(|(_, value)| !value.is_empty())))
    });
    let page = ServiceListPage {
        frame: frame(&app, &ctx, &on_duty).await.map_err(failed)?.in_room("services"),
        is_narrowed: !words.is_empty() || standing.is_some() || !after.is_empty(),
        words: words.clone(),
        standing: wanted,
        standings: ServiceStanding::iter().map(ServiceStanding::name).collect(),
        lines,
        next,
        requests: if words.is_empty() && after.is_empty() {
            requests(&app, &ctx, &on_duty).await.map_err(failed)?
        } else {
            Vec::new()
        },
        may_request: on_duty.role_for(AdminAct::RequestClient).is_some(),
        discovery: format!("{}{}", app.issuer(), paths::DISCOVERY),
    };
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}
