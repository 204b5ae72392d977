//! `/admin/personnes/…`: one person, why they do not get in, and what repairs it.

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse as _, Response};

use super::GatedResult;
use crate::accounts::SuspendedBy;
use crate::administrators::extract::{Opened, OpenedByPath, SignedInAdministrator};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, refused, shown};
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::may;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::profile::Profile;
use crate::helpdesk::diagnosis::{AccountStanding, CampaignStanding, Cause, PhoneStanding, Repair};
use crate::helpdesk::ops::letters::{LetterOutcome, print_letter};
use crate::helpdesk::ops::person::{self, PersonFile, children_words};
use crate::helpdesk::ops::repairs::{HelpdeskAct, IdentityCheck, RepairOrder, RepairOutcome, repair};
use crate::helpdesk::views::{ChildLine, DONE_WORDS, PersonEventLine, PersonPage, RepairFormError};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};

/// The events that a help desk sees, as the person sees them.
const SHOWN_EVENTS: [&str; 15] = [
    "signed_in",
    "passwords_failed",
    "codes_failed",
    "birth_dates_failed",
    "locked_out",
    "activation_started",
    "recovery_started",
    "letter_issued",
    "letter_withdrawn",
    "children_confirmed",
    "child_contested",
    "child_set_aside",
    "password_replaced",
    "account_suspended",
    "account_resumed",
];

impl OpenedByPath for PersonFile {
    async fn open(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, id: &str) -> Result<Self, Response> {
        let not_found = || PageError::NotFound.into_response();
        if !is_id(id, 32) {
            return Err(not_found());
        }
        let op = on_duty.operation(app, ctx, None);
        let file = person::find(&op, id).await.map_err(failed)?.ok_or_else(not_found)?;
        let act = file.seeing_act().ok_or_else(not_found)?;
        on_duty.permit(app, ctx, act, &file.places()).await?;
        Ok(file.within(&AdminScope::of(&on_duty.roles, act, ctx.now), ctx.now))
    }
}

/// Returns the act of a repair, if it is one of this page.
fn act_of(repair: Repair) -> Option<&'static str> {
    match repair {
        Repair::Resume => Some("resume"),
        Repair::Letter => Some("letter"),
        Repair::Reopen => Some("reopen"),
        Repair::GiveTriesBack => Some("give_tries_back"),
        Repair::LiftContest => Some("lift_contest"),
        Repair::Roster | Repair::StartAgain | Repair::Join | Repair::None => None,
    }
}

fn needed(repair: Repair) -> AdminAct {
    match repair {
        Repair::Resume => AdminAct::SuspendAccount,
        Repair::Letter => AdminAct::PrintLetter,
        Repair::Reopen => AdminAct::ReopenForOne,
        _ => AdminAct::UnblockPerson,
    }
}

pub(in crate::helpdesk) fn phone_word(phone: PhoneStanding) -> &'static str {
    match phone {
        PhoneStanding::Mobile => "mobile",
        PhoneStanding::None => "none",
        PhoneStanding::Landline => "landline",
        PhoneStanding::Incomplete => "incomplete",
        PhoneStanding::Unusable => "unusable",
        PhoneStanding::Disowned => "disowned",
    }
}

/// The values of a cause's words.
#[derive(Debug, Default)]
pub(in crate::helpdesk) struct CauseDetails {
    pub when: String,
    /// The names of children, or of a service.
    pub names: String,
    /// The end of another number.
    pub last2: String,
    /// The schools that a service is not for, and the one of its portal that is.
    pub schools: String,
    pub door: String,
}

pub(in crate::helpdesk) fn details(ctx: &RequestContext, cause: &Cause) -> CauseDetails {
    let moment = |at: Timestamp| dates::moment(ctx.lang, at, ctx.now);
    let hour = |at: Timestamp| dates::hour_rounded_up(ctx.lang, at);
    let at_time = |when: String| CauseDetails { when, ..CauseDetails::default() };
    let named = |names: String| CauseDetails { names, ..CauseDetails::default() };
    match cause {
        Cause::OtherNumber(near) => CauseDetails { last2: near.last2.clone(), ..at_time(moment(near.at)) },
        Cause::CampaignClosed(at) => at_time(dates::day(ctx.lang, *at)),
        Cause::CampaignNotOpen(at) => at_time(at.map(|at| dates::day(ctx.lang, at)).unwrap_or_default()),
        Cause::CodesUsedUp(until) | Cause::PasswordWaits(until) => at_time(hour(*until)),
        Cause::SetAside(names) | Cause::Contested(names) => named(names.join(", ")),
        Cause::OutsidePerimeter(told) => CauseDetails {
            schools: told.schools.join(", "),
            door: told.door.clone().unwrap_or_default(),
            ..named(told.service.clone())
        },
        Cause::NotInPortal(service) => named(service.clone()),
        _ => CauseDetails::default(),
    }
}

fn events(ctx: &RequestContext, file: &PersonFile) -> Vec<PersonEventLine> {
    let near = file.near.iter().map(|row| {
        let line = PersonEventLine {
            when: dates::moment(ctx.lang, Timestamp(row.at), ctx.now),
            word: "near".to_owned(),
            last2: row.last2.clone(),
            code: row.support_code.clone(),
        };
        (row.at, line)
    });
    let told = file.events.iter().filter(|event| SHOWN_EVENTS.contains(&event.fact.as_str())).map(|event| {
        let line = PersonEventLine {
            when: dates::moment(ctx.lang, Timestamp(event.at), ctx.now),
            word: event.fact.replace('_', "-"),
            last2: String::new(),
            code: String::new(),
        };
        (event.at, line)
    });
    let mut all: Vec<(i64, PersonEventLine)> = near.chain(told).collect();
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().map(|(_, line)| line).take(20).collect()
}

async fn page(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, file: &PersonFile) -> anyhow::Result<PersonPage> {
    let places = file.current_places();
    let allowed = |act| may(&on_duty.roles, act, &places, ctx.now).is_some();
    let CauseDetails { when, names, last2, schools, door } = details(ctx, &file.cause);
    let act = act_of(file.repair);
    let suspension = file.suspension.as_ref().filter(|_| file.repair == Repair::Resume);
    let mut roles = on_duty.roles.clone();
    roles.retain(|grant| suspension.is_none_or(|suspension| suspension.may_be_ended_by(grant)));
    let permits = may(&roles, needed(file.repair), &places, ctx.now).is_some();
    let may_act = act.is_some() && permits;
    let whose = match suspension {
        Some(suspension) if suspension.is_of_academy() => "academy",
        Some(suspension) if suspension.by == SuspendedBy::Operator => "national",
        // Which school it was is not said: it may be of another territory.
        Some(_) if allowed(AdminAct::SuspendAccount) => "other_school",
        _ => "others",
    };
    let children = children_words(file);
    let suspended_by = file.suspension.as_ref().map_or(SuspendedBy::School, |suspension| suspension.by);
    let has_password = file.state.account == AccountStanding::Active;
    let may_be_suspended = has_password || file.state.account == AccountStanding::Pending;
    let unblocks = allowed(AdminAct::UnblockPerson);
    Ok(PersonPage {
        frame: frame(app, ctx, on_duty).await?.in_room("people"),
        id: file.id().to_owned(),
        name: file.name(),
        is_pupil: file.profile() == Profile::Eleve,
        school: file.ties.first().map(|tie| tie.school.clone()).unwrap_or_default(),
        cause: file.cause.word(),
        names,
        when,
        last2,
        schools,
        door,
        by: app.pages.message(ctx.lang, suspended_by.message_key(), &[])?,
        act: act.filter(|_| may_act),
        act_of: (act.is_some() && !may_act).then_some(whose),
        may_letter: file.state.is_present && !file.state.is_suspended && allowed(AdminAct::PrintLetter),
        letter_printed: file
            .letters
            .first()
            .filter(|_| may(&on_duty.roles, AdminAct::PrintLetter, &file.places_of_letters(), ctx.now).is_some())
            .map(|letter| dates::moment(ctx.lang, Timestamp(letter.issued_at), ctx.now)),
        may_show_identifiant: unblocks && file.account.is_some(),
        may_remove_factors: allowed(AdminAct::RemoveFactors) && has_password && file.has_factors,
        may_end_sessions: unblocks && has_password && !file.state.is_suspended,
        may_suspend: allowed(AdminAct::SuspendAccount) && may_be_suspended && !file.state.is_suspended,
        children: children.into_iter().map(|(name, school, level)| ChildLine { name, school, level }).collect(),
        account: match file.state.account {
            _ if file.state.is_suspended => "suspended",
            AccountStanding::None => "none",
            AccountStanding::Pending => "pending",
            AccountStanding::Active => "active",
            AccountStanding::Closed => "closed",
        },
        phone_end: file.phone_end.clone(),
        phone: phone_word(file.state.phone),
        campaign: match file.state.campaign {
            CampaignStanding::Open => "open",
            CampaignStanding::Upcoming(_) => "upcoming",
            CampaignStanding::Closed(_) => "closed",
            CampaignStanding::NotPlanned => "not_planned",
        },
        events: events(ctx, file),
        posted: "",
        check: "",
        reason: String::new(),
        error: None,
        done: DONE_WORDS.into_iter().find(|word| ctx.query.get("fait") == Some(word)),
        identifiant: None,
    })
}

/// GET: shows the person.
pub async fn show(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, .. }: Opened<PersonFile>,
) -> GatedResult {
    Ok(shown(&app, &ctx, page(&app, &ctx, &on_duty, &file).await))
}

/// GET: goes back to the person, after a proof that an act asked for.
pub async fn back(_: SignedInAdministrator, Path(id): Path<String>) -> GatedResult {
    match is_id(&id, 32) {
        true => Ok(see_other(&format!("{}/{id}", paths::ADMIN_PEOPLE))),
        false => Err(PageError::NotFound.into_response()),
    }
}

/// The check and the reason that a form of the page gives.
struct TypedRepair {
    act: &'static str,
    check: Option<IdentityCheck>,
    reason: String,
}

impl TypedRepair {
    fn read(form: &Form, act: &'static str) -> Self {
        let reason = form.0.form_value("raison").chars().take(400).collect();
        Self { act, check: form.0.get("preuve").and_then(|word| word.parse().ok()), reason }
    }
}

async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    (on_duty, file): (&OnDuty, &PersonFile),
    typed: TypedRepair,
    error: RepairFormError,
) -> GatedResult {
    let page = page(app, ctx, on_duty, file).await.map(|page| PersonPage {
        error: Some(error),
        posted: typed.act,
        check: typed.check.map_or("", IdentityCheck::name),
        reason: typed.reason,
        ..page
    });
    Ok(refused(app, ctx, page))
}

/// POST: does an act for the person.
pub async fn act(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<PersonFile>,
    form: Form,
) -> GatedResult {
    let not_found = || PageError::NotFound.into_response();
    let act: HelpdeskAct = form.0.get("geste").and_then(|word| word.parse().ok()).ok_or_else(not_found)?;
    let grant = on_duty.permit(&app, &ctx, act.needs(), &file.current_places()).await?;
    let typed = TypedRepair::read(&form, act.name());
    let whole = (&on_duty, &file);
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    let order = RepairOrder { act, check: typed.check, reason: &typed.reason };
    match repair(&op, &on_duty, &file, order).await.map_err(failed)? {
        RepairOutcome::Done | RepairOutcome::OpenUntil(_) => {
            Ok(see_other(&format!("{}/{id}?fait={}", paths::ADMIN_PEOPLE, act.name())))
        }
        RepairOutcome::Identifiant(identifiant) => {
            let page = page(&app, &ctx, &on_duty, &file).await.map(|page| PersonPage {
                identifiant: Some(identifiant),
                done: Some("show_identifiant"),
                ..page
            });
            Ok(shown(&app, &ctx, page))
        }
        RepairOutcome::NoCheck => refuse(&app, &ctx, whole, typed, RepairFormError::Check).await,
        RepairOutcome::NoReason => refuse(&app, &ctx, whole, typed, RepairFormError::Reason).await,
        RepairOutcome::NothingToDo => refuse(&app, &ctx, whole, typed, RepairFormError::NothingToDo).await,
        RepairOutcome::NotPermitted => Err(not_found()),
    }
}

/// POST: prints the person's letter. The answer is the file, once: no page shows its code.
pub async fn letter(
    State(app): State<AppState>,
    ctx: RequestContext,
    Opened { on_duty, file, id }: Opened<PersonFile>,
    form: Form,
) -> GatedResult {
    let grant = on_duty.permit(&app, &ctx, AdminAct::PrintLetter, &file.current_places()).await?;
    let typed = TypedRepair::read(&form, "letter");
    let whole = (&on_duty, &file);
    let Some(check) = typed.check else { return refuse(&app, &ctx, whole, typed, RepairFormError::Check).await };
    let op = on_duty.operation(&app, &ctx, Some(&grant));
    match print_letter(&op, &on_duty, &file, (check, &typed.reason)).await.map_err(failed)? {
        LetterOutcome::Printed(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, "application/pdf"),
                (header::CONTENT_DISPOSITION, "attachment; filename=\"lettre.pdf\""),
                (header::CACHE_CONTROL, "no-store"),
            ];
            Ok((headers, bytes).into_response())
        }
        LetterOutcome::NoReason => refuse(&app, &ctx, whole, typed, RepairFormError::Reason).await,
        LetterOutcome::NotPermitted => Err(PageError::NotFound.into_response()),
        LetterOutcome::LeftOut(crate::letters::ops::recipients::LeftOut::DailyLimit) => {
            refuse(&app, &ctx, whole, typed, RepairFormError::LetterLimit).await
        }
        LetterOutcome::LeftOut(_) | LetterOutcome::Nobody => {
            refuse(&app, &ctx, whole, typed, RepairFormError::LetterNobody).await
        }
        LetterOutcome::Changed => {
            let file = PersonFile::open(&app, &ctx, &on_duty, &id).await?;
            refuse(&app, &ctx, (&on_duty, &file), typed, RepairFormError::LetterChanged).await
        }
    }
}
