//! `/admin/services/demander`: the form that asks for a relying party, or for a change of one.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::IntoResponse as _;
use axum::response::Response;

use super::{GatedResult, review_path};
use crate::administrators::extract::{OpenedByPath as _, SignedInAdministrator};
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{RoleGrant, Territory};
use crate::app::AppState;
use crate::base::ids::is_id;
use crate::client_admin::ops::ServiceFile;
use crate::client_admin::ops::request::{FormSubject, SaveOutcome, save};
use crate::client_admin::requests::{ClientRequest, ClientRequestKind, RequestState};
use crate::client_admin::store::requests as rows;
use crate::client_admin::views::request_form::{
    CheckLine, LIBRARIES, METHODS, OfferedChoice, RequestForm, RequestFormError, RequestFormPage, SUBJECTS, ScopeChoice,
};
use crate::clients::ClientOrigin;
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::{CheckResult, Verdict, has_bad};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::protocol::params::Params;

/// The maximum number of addresses of a list, and of schools.
const MAX_URIS: usize = 20;
const MAX_SCHOOLS: usize = 500;
/// The maximum length of an answer, in characters.
const MAX_ANSWER_CHARS: usize = 2_001;
/// The scopes that the form offers beside `openid`.
const SCOPES: [&str; 5] = ["profile", "education", "email", "phone", "offline_access"];
const PROFILES: [&str; 5] = ["responsable", "eleve", "enseignant", "personnel", "invite"];

fn lines(text: &str, most: usize) -> Vec<String> {
    let all = text.lines().map(|line| line.trim().chars().take(MAX_ANSWER_CHARS).collect::<String>());
    all.filter(|line| !line.is_empty()).take(most).collect()
}

/// Reads the first word of each line, in capitals: a UAI, whatever name stands behind it.
fn uais(text: &str) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in lines(text, MAX_SCHOOLS) {
        let word = line.split_whitespace().next().unwrap_or_default().to_uppercase();
        if !out.contains(&word) {
            out.push(word);
        }
    }
    out
}

fn ids(text: &str) -> Vec<String> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',');
    words.filter(|word| !word.is_empty()).take(MAX_URIS).map(str::to_owned).collect()
}

/// Reads the answers of a form.
fn read(form: &Params) -> ClientAnswers {
    let text = |name: &str| form.form_value(name).trim().chars().take(MAX_ANSWER_CHARS).collect::<String>();
    let chosen = |name: String| form.get(&name).is_some();
    let scopes: Vec<String> =
        SCOPES.into_iter().filter(|scope| chosen(format!("scope_{scope}"))).map(str::to_owned).collect();
    let reasons: BTreeMap<String, String> =
        scopes.iter().map(|scope| (scope.clone(), text(&format!("raison_{scope}")))).collect();
    let among = |name: &str, all: &[&str]| {
        let typed = text(name);
        all.iter().find(|word| **word == typed).or(all.first()).map(|word| (*word).to_owned()).unwrap_or_default()
    };
    ClientAnswers {
        client_id: text("client_id"),
        client_name: text("client_name"),
        client_uri: text("client_uri"),
        logo_uri: text("logo_uri"),
        contact: text("contacts"),
        redirect_uris: lines(form.form_value("redirect_uris"), MAX_URIS),
        post_logout_redirect_uris: lines(form.form_value("post_logout_redirect_uris"), MAX_URIS),
        backchannel_logout_uri: text("backchannel_logout_uri"),
        initiate_login_uri: text("initiate_login_uri"),
        sector_identifier_uri: text("sector_identifier_uri"),
        // Nothing is chosen where a service has a method that the form does not offer.
        method: match form.get("token_endpoint_auth_method") {
            Some(_) => among("token_endpoint_auth_method", &METHODS),
            None => String::new(),
        },
        jwks_uri: text("jwks_uri"),
        library: among("bibliotheque", &LIBRARIES),
        require_pkce: chosen("require_pkce".to_owned()),
        fapi: chosen("fapi".to_owned()),
        scopes,
        reasons,
        profiles: PROFILES.into_iter().filter(|p| chosen(format!("profil_{p}"))).map(str::to_owned).collect(),
        academies: ids(form.form_value("academies")),
        ministries: ids(form.form_value("ministeres")),
        schools: uais(form.form_value("perimeter_schools")),
        subject: among("subject_type", &SUBJECTS),
        note: text("mot"),
    }
}

/// Returns the answers as the fields of a form.
fn filled(a: &ClientAnswers, client: Option<&ServiceFile>) -> RequestForm {
    let choices = |all: &[&str], chosen: &dyn Fn(&str) -> bool| {
        all.iter().map(|name| OfferedChoice { name: (*name).to_owned(), chosen: chosen(name) }).collect()
    };
    RequestForm {
        client_id: a.client_id.clone(),
        client_name: a.client_name.clone(),
        client_uri: a.client_uri.clone(),
        logo_uri: a.logo_uri.clone(),
        contact: a.contact.clone(),
        redirect_uris: a.redirect_uris.join("\n"),
        post_logout_redirect_uris: a.post_logout_redirect_uris.join("\n"),
        backchannel_logout_uri: a.backchannel_logout_uri.clone(),
        initiate_login_uri: a.initiate_login_uri.clone(),
        sector_identifier_uri: a.sector_identifier_uri.clone(),
        jwks_uri: a.jwks_uri.clone(),
        methods: choices(&METHODS, &|name| {
            name == a.method || (a.method.is_empty() && client.is_none() && name == "either")
        }),
        other_method: client
            .map(|file| file.record.client.meta.auth_method.name())
            .filter(|name| !METHODS.contains(name))
            .unwrap_or_default()
            .to_owned(),
        libraries: choices(&LIBRARIES, &|name| name == a.library),
        require_pkce: a.require_pkce,
        fapi: a.fapi,
        scopes: SCOPES
            .into_iter()
            .map(|name| ScopeChoice {
                name: name.to_owned(),
                chosen: a.scopes.iter().any(|scope| scope == name),
                reason: a.reasons.get(name).cloned().unwrap_or_default(),
            })
            .collect(),
        profiles: choices(&PROFILES, &|name| a.profiles.iter().any(|profile| profile == name)),
        academies: a.academies.join(" "),
        ministries: a.ministries.join(" "),
        schools: a.schools.join("\n"),
        subjects: choices(&SUBJECTS, &|name| name == a.subject || (a.subject.is_empty() && name == "pairwise")),
        note: a.note.clone(),
    }
}

/// Returns the results of checks as lines.
pub(super) fn check_lines(checks: &[CheckResult]) -> Vec<CheckLine> {
    let line = |check: &CheckResult| CheckLine {
        field: check.field.clone(),
        verdict: check.verdict.name(),
        code: check.code.clone(),
        value: check.value.clone(),
        detail: check.detail.clone(),
    };
    checks.iter().map(line).collect()
}

/// The contents of the page.
struct Shown<'a> {
    answers: &'a ClientAnswers,
    /// The draft, and its version.
    draft: Option<(&'a ClientRequest, i64)>,
    client: Option<&'a ServiceFile>,
    error: Option<RequestFormError>,
}

async fn show_form(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty, shown: Shown<'_>) -> GatedResult {
    let checks = shown.draft.map(|(draft, _)| draft.checks.as_slice()).unwrap_or_default();
    let count = |verdict| checks.iter().filter(|check| check.verdict == verdict).count();
    let question = shown.draft.filter(|(draft, _)| draft.state == RequestState::Question);
    let page = RequestFormPage {
        frame: frame(app, ctx, on_duty).await.map_err(failed)?.in_room("services"),
        draft: shown.draft.map(|(draft, _)| draft.id.clone()),
        version: shown.draft.map_or(0, |(_, version)| version),
        client: shown.client.map(|file| file.record.client.id.to_string()),
        form: filled(shown.answers, shown.client),
        bad: count(Verdict::Bad),
        look: count(Verdict::Look),
        right: count(Verdict::Ok),
        checks: check_lines(checks),
        checked: shown.draft.and_then(|(draft, _)| draft.checked_at).map(|at| dates::moment(ctx.lang, at, ctx.now)),
        error: shown.error,
        question: question.map(|(draft, _)| draft.words.clone()).unwrap_or_default(),
    };
    let status = if shown.error.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    ctx.page(&app.pages, status, &page).map_err(PageError::into_response)
}

/// Finds an open request of one's own; else the answer of what is not there.
async fn own_draft(app: &AppState, on_duty: &OnDuty, id: &str) -> Result<ClientRequest, Response> {
    let not_found = || PageError::NotFound.into_response();
    if !is_id(id, 32) {
        return Err(not_found());
    }
    let found = rows::find(&mut app.db.read().await.map_err(failed)?, id).await.map_err(failed)?;
    let own = |request: &ClientRequest| request.author_id == on_duty.administrator.id && request.state.is_open();
    found.filter(own).ok_or_else(not_found)
}

/// Finds the client that a form changes, if the administrator may change it.
async fn changed_client(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    client_id: &str,
) -> Result<ServiceFile, Response> {
    let file = ServiceFile::open(app, ctx, on_duty, client_id).await?;
    on_duty.permit(app, ctx, AdminAct::ChangeClient, &file.touched).await?;
    match file.record.origin {
        ClientOrigin::File => Err(see_other(&super::service_path(client_id))),
        ClientOrigin::Registered => Ok(file),
    }
}

/// Whoever may ask nowhere is answered like for what is not there.
async fn may_request(app: &AppState, ctx: &RequestContext, on_duty: &OnDuty) -> Result<(), Response> {
    match on_duty.role_for(AdminAct::RequestClient) {
        Some(_) => Ok(()),
        None => on_duty.permit(app, ctx, AdminAct::RequestClient, &[]).await.map(|_| ()),
    }
}

/// Returns the answers of an empty form: the own academy as a whole is not chosen for anybody.
fn blank(on_duty: &OnDuty) -> ClientAnswers {
    let academy = |grant: &RoleGrant| matches!(grant.territory, Territory::Academy(_));
    let family = on_duty.roles.iter().any(academy);
    ClientAnswers {
        profiles: if family { vec!["responsable".to_owned()] } else { Vec::new() },
        library: LIBRARIES[0].to_owned(),
        ..ClientAnswers::default()
    }
}

/// GET: shows the form, empty or with a draft.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let Some(id) = ctx.query.get("d") else {
        may_request(&app, &ctx, &on_duty).await?;
        let answers = blank(&on_duty);
        let shown = Shown { answers: &answers, draft: None, client: None, error: None };
        return show_form(&app, &ctx, &on_duty, shown).await;
    };
    let request = own_draft(&app, &on_duty, id).await?;
    let client = match request.kind {
        ClientRequestKind::New => {
            may_request(&app, &ctx, &on_duty).await?;
            None
        }
        ClientRequestKind::Change => Some(changed_client(&app, &ctx, &on_duty, &request.client_id).await?),
    };
    let draft = Some((&request, request.version));
    let shown = Shown { answers: &request.answers, draft, client: client.as_ref(), error: None };
    show_form(&app, &ctx, &on_duty, shown).await
}

/// GET: shows the form of a relying party that is there.
pub async fn change(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    Path(client_id): Path<String>,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let file = changed_client(&app, &ctx, &on_duty, &client_id).await?;
    let answers = ClientAnswers::of(&client_id, &file.record.client.meta);
    let shown = Shown { answers: &answers, draft: None, client: Some(&file), error: None };
    show_form(&app, &ctx, &on_duty, shown).await
}

/// POST: saves a draft, checks it, and goes on to its reading or back to the form.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    who: SignedInAdministrator,
    form: Form,
) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    let answers = read(&form.0);
    let draft = match form.0.get("d") {
        Some(id) => Some(own_draft(&app, &on_duty, id).await?),
        None => None,
    };
    let version = form.0.get("version").and_then(|text| text.parse::<i64>().ok()).unwrap_or_default();
    let changed = match (&draft, form.0.get("client")) {
        (Some(draft), _) if draft.kind == ClientRequestKind::Change => Some(draft.client_id.to_string()),
        (Some(_), _) => None,
        (None, id) => id.map(str::to_owned),
    };
    let client = match changed {
        Some(id) => Some(changed_client(&app, &ctx, &on_duty, &id).await?),
        None => {
            may_request(&app, &ctx, &on_duty).await?;
            None
        }
    };
    let subject = client.as_ref().map_or(FormSubject::New, FormSubject::Change);
    let op = on_duty.operation(&app, &ctx, None);
    let seen = draft.as_ref().map(|draft| (draft, version));
    let saved = Box::pin(save(&op, &on_duty, (subject, seen), answers.clone())).await.map_err(failed)?;
    let error = match saved {
        SaveOutcome::Changed => Some(RequestFormError::Changed),
        SaveOutcome::TooManyDrafts => Some(RequestFormError::TooManyDrafts),
        SaveOutcome::TooManyChecks => Some(RequestFormError::TooManyChecks),
        SaveOutcome::Saved(_) | SaveOutcome::FileDecides | SaveOutcome::NotPermitted => None,
    };
    if error.is_some() {
        // What was typed stays, and is saved over what is there by the next submission.
        let draft = draft.as_ref().map(|draft| (draft, draft.version));
        let shown = Shown { answers: &answers, draft, client: client.as_ref(), error };
        return show_form(&app, &ctx, &on_duty, shown).await;
    }
    let SaveOutcome::Saved(request) = saved else { return Err(PageError::NotFound.into_response()) };
    let reads = form.0.get("geste").is_none_or(|act| act == "relire");
    match reads {
        true if has_bad(&request.checks) => {
            let draft = Some((request.as_ref(), request.version));
            let error = Some(RequestFormError::Checks);
            let shown = Shown { answers: &request.answers, draft, client: client.as_ref(), error };
            show_form(&app, &ctx, &on_duty, shown).await
        }
        true => Ok(see_other(&review_path(&request.id))),
        false => Ok(see_other(&format!("{}?d={}", paths::ADMIN_REQUEST_SERVICE, request.id))),
    }
}
