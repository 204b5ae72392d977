//! What the home of the console shows.

use super::store::{self, ClosingCampaign, SchoolNumbers, SchoolTask, WaitingUpload};
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::{AdminAct, Permission};
use crate::administrators::territory::{AdminScope, RoleGrant};
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::uai::Uai;
use crate::figures::{self, FigurePlace, FigureSubject, SignInFigures};

/// A campaign that closes within this time is to be looked at.
const CLOSING_SOON: Span = Span::days(4);
/// The maximum number of lines of a kind.
const MAX_TASK_LINES: i64 = 12;

/// The tasks that wait, and the numbers of the one school of whoever has one.
#[derive(Clone, Debug, Default)]
pub struct HomeTasks {
    /// The rosters that wait for a decision.
    pub rosters: Vec<WaitingUpload>,
    pub notices: Vec<SchoolTask>,
    pub closing: Vec<ClosingCampaign>,
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
    let scope = AdminScope::of(&on_duty.roles, AdminAct::SeeParents, op.now);
    let schools = AdminScope::of(&on_duty.roles, AdminAct::SeeSchool, op.now);
    let mut tasks = HomeTasks { sign_ins: read_sign_ins(op, on_duty).await?, ..HomeTasks::default() };
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

/// Reads the sign-ins of the first place whose figures the administrator reads; a relying party is none.
async fn read_sign_ins(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Option<HomeSignIns>> {
    let reads = |grant: &&RoleGrant| grant.permission(AdminAct::ReadFigures) != Permission::No;
    let mut subjects = on_duty.roles.iter().filter(reads).filter_map(|grant| FigureSubject::of(&grant.territory));
    let Some(subject) = subjects.find(|subject| subject.client_id.is_empty()) else { return Ok(None) };
    let days = figures::ops::read_sign_ins(op, &subject, HOME_DAYS).await?;
    let today = figures::ops::read_sign_ins(op, &subject, 1).await?;
    Ok(Some(HomeSignIns { place: subject.place, days, today }))
}
