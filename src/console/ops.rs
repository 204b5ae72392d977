//! What the home of the console shows.

use super::store::{self, ClosingCampaign, SchoolNumbers, SchoolTask, WaitingUpload};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::{AdminAct, Permission};
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::RoleGrant;
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::uai::Uai;
use crate::client_admin;
use crate::client_admin::ops::{ListedService, ServiceFilter, review};
use crate::client_admin::requests::{ClientRequest, RequestState};
use crate::client_admin::standing::ServiceStanding;
use crate::client_admin::store::requests::list_approvers;
use crate::figures::{self, FigurePlace, FigureSubject, SignInFigures};
use crate::http::pages::dates;

/// A campaign that closes within this time is to be looked at.
const CLOSING_SOON: Span = Span::days(4);
/// The maximum number of lines of a kind.
const MAX_TASK_LINES: i64 = 12;
/// The maximum number of requests for services, and of services to repair.
const MAX_SERVICE_LINES: usize = 12;

/// The tasks that wait, and the numbers of the one school of whoever has one.
#[derive(Clone, Debug, Default)]
pub struct HomeTasks {
    /// The rosters that wait for a decision.
    pub rosters: Vec<WaitingUpload>,
    pub notices: Vec<SchoolTask>,
    pub closing: Vec<ClosingCampaign>,
    /// The requests for services that the administrator decides on, and the own ones with a question.
    pub requests: Vec<ClientRequest>,
    /// The services that did not take sign-outs.
    pub services: Vec<ListedService>,
    pub school: Option<(Uai, SchoolNumbers)>,
    /// The sign-ins of two weeks, with those of today, of a place.
    pub sign_ins: Option<HomeSignIns>,
}

/// The sign-ins of a place.
#[derive(Clone, Debug)]
pub struct HomeSignIns {
    pub place: FigurePlace,
    pub days: SignInFigures,
    pub today: SignInFigures,
}

/// The number of days of the chart.
pub const HOME_DAYS: i64 = 14;

/// Returns what waits on the administrator's territory.
pub async fn list_tasks(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<HomeTasks> {
    // What waits is seen to on the page of a school: whoever has none is shown none of it.
    let sees = |grant: &&RoleGrant| grant.permission(AdminAct::SeeSchool) != Permission::No;
    let seeing: Vec<RoleGrant> = on_duty.roles.iter().filter(sees).cloned().collect();
    let scope = AdminScope::of(&seeing, AdminAct::SeeParents, op.now);
    let schools = AdminScope::of(&on_duty.roles, AdminAct::SeeSchool, op.now);
    let mut tasks = HomeTasks {
        sign_ins: read_sign_ins(op, on_duty).await?,
        requests: list_requests(op, on_duty).await?,
        services: list_services_to_repair(op, on_duty).await?,
        ..HomeTasks::default()
    };
    let mut tx = op.app.db.read().await?;
    if !scope.is_empty() {
        tasks.notices = store::list_open_notices(&mut tx, &scope, MAX_TASK_LINES).await?;
    }
    if on_duty.role_for(AdminAct::ChangeCampaign).is_some() {
        let campaigns = AdminScope::of(&on_duty.roles, AdminAct::ChangeCampaign, op.now);
        let time = (op.now, op.now.plus(CLOSING_SOON));
        tasks.closing = store::list_closing_campaigns(&mut tx, &campaigns, time, MAX_TASK_LINES).await?;
    }
    if on_duty.role_for(AdminAct::UploadRoster).is_some() {
        let rosters = AdminScope::of(&on_duty.roles, AdminAct::UploadRoster, op.now);
        tasks.rosters = store::list_waiting_uploads(&mut tx, &rosters, MAX_TASK_LINES).await?;
    }
    if let Some(uai) = schools.only_school() {
        // Of a delegate's classes alone no number of the school is told.
        let whole = schools.contains_school(&uai);
        if whole {
            let numbers = store::count_school(&mut tx, &uai).await?;
            tasks.school = Some((uai, numbers));
        }
    }
    Ok(tasks)
}

/// Lists the requests for services that wait for the administrator: for a decision, or for the answer to a question.
async fn list_requests(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Vec<ClientRequest>> {
    if on_duty.role_for(AdminAct::ApproveClient).is_none() && on_duty.role_for(AdminAct::ChangeClient).is_none() {
        return Ok(Vec::new());
    }
    let waits = |request: &ClientRequest| match request.state {
        RequestState::Requested => request.author_id != on_duty.administrator.id,
        RequestState::Question => request.author_id == on_duty.administrator.id,
        _ => false,
    };
    let mut waiting = Vec::new();
    for (request, _) in review::list(op, on_duty).await?.into_iter().filter(|(request, _)| waits(request)) {
        // Whoever agreed already waits for the others.
        let approvers = list_approvers(&mut op.app.db.read().await?, &request.id, request.version).await?;
        if !approvers.contains(&on_duty.administrator.id) {
            waiting.push(request);
        }
        if waiting.len() == MAX_SERVICE_LINES {
            break;
        }
    }
    Ok(waiting)
}

/// Lists the services of the territory that did not take sign-outs.
async fn list_services_to_repair(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Vec<ListedService>> {
    if on_duty.role_for(AdminAct::SeeServices).is_none() {
        return Ok(Vec::new());
    }
    let standing = Some(ServiceStanding::ToRepair);
    let filter = ServiceFilter { words: "", standing, after: "", most: MAX_SERVICE_LINES };
    Ok(client_admin::ops::list(op, on_duty, filter).await?.services)
}

/// Reads the sign-ins of the first place whose figures the administrator reads; a relying party is none.
async fn read_sign_ins(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Option<HomeSignIns>> {
    let reads = |grant: &&RoleGrant| grant.permission(AdminAct::ReadFigures) != Permission::No;
    let mut subjects = on_duty.roles.iter().filter(reads).filter_map(|grant| FigureSubject::of(&grant.territory));
    let Some(subject) = subjects.find(|subject| subject.client_id.is_empty()) else { return Ok(None) };
    let mut rows = figures::ops::list_rows(op, &subject, HOME_DAYS).await?;
    let days = SignInFigures::sum(&rows);
    let today = dates::date_key(op.now);
    rows.retain(|row| row.day == today);
    Ok(Some(HomeSignIns { place: subject.place, days, today: SignInFigures::sum(&rows) }))
}
