//! `/activation/suite`: the outcomes after a correct code other than the children step. Each page offers a next step.

use axum::extract::State;
use axum::http::StatusCode;

use super::{PageResult, activation_at};
use crate::accounts;
use crate::activation::views::{
    AccountSuspended, ActivationSuperseded, AlreadyActive, CampaignClosed, CampaignNotOpen, HelpOptions,
    NoBirthDateRight, NobodyToAttach,
};
use crate::activation::{Activation, ActivationOutcome, ActivationStep, ops};
use crate::app::{AppState, Operation};
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::interactions::extract::in_request_language;
use crate::protocol::params::encode;
use crate::recovery::views::{RecoveryEnded, RecoveryEndedReason};
use crate::{roster, tenants};

pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let activation = match activation_at(&app, &ctx, &[ActivationStep::ExistingAccount, ActivationStep::Ended]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    match (&activation.outcome, activation.step) {
        (None, ActivationStep::ExistingAccount) => existing_account_page(&app, &ctx, &activation).await,
        (Some(outcome), _) => ended_page(&app, &ctx, &activation, outcome).await,
        (None, _) => Err(PageError::NotFound),
    }
}

async fn existing_account_page(app: &AppState, ctx: &RequestContext, activation: &Activation) -> PageResult {
    let id = activation.account_id.as_ref().ok_or(PageError::NotFound)?;
    let mut tx = app.db.read().await?;
    let account = accounts::store::find(&mut tx, id).await?.ok_or(PageError::NotFound)?;
    let others = ops::list_other_accounts(&mut tx, app.now(), activation, &account.id).await?;
    drop(tx);
    let kept = ["i", "client_id"].into_iter().filter_map(|n| ctx.query.get(n).map(|v| (n, v)));
    let page = AlreadyActive {
        other_identifiants: others.into_iter().map(|other| other.identifiant).collect(),
        purpose: activation.purpose,
        sign_in_href: format!(
            "{}?{}",
            paths::SIGN_IN,
            encode(kept.chain([("identifiant", account.identifiant.as_str())]))
        ),
        identifiant: account.identifiant,
        new_password_action: format!("{}{}", paths::ACTIVATION_NEW_PASSWORD, ctx.carried_query(&super::CARRIED_PARAMS)),
        upstream: activation.upstream.as_ref().map(|person| person.label.clone()),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Returns the options for help: sign-in, another activation, and the schools known for the person.
pub(super) async fn help_options(
    app: &AppState,
    ctx: &RequestContext,
    activation: &Activation,
) -> Result<HelpOptions, PageError> {
    let mut tx = app.db.read().await?;
    let mut uais: Vec<Uai> = activation.children.iter().map(|child| child.uai.clone()).collect();
    if uais.is_empty() {
        for person in &activation.person_ids {
            uais.extend(roster::store::list_schools_of_person(&mut tx, person).await?);
        }
    }
    let offices = tenants::store::list_contacts(&mut tx, &uais).await?;
    Ok(HelpOptions { service_query: ctx.carried_query(&["i", "client_id"]), offices })
}

async fn ended_page(
    app: &AppState,
    ctx: &RequestContext,
    activation: &Activation,
    outcome: &ActivationOutcome,
) -> PageResult {
    let code = activation.support_code.clone();
    let ok = StatusCode::OK;
    let ways = help_options(app, ctx, activation).await?;
    match outcome {
        ActivationOutcome::NotOpenYet { school, opens } => {
            let page = CampaignNotOpen { date: dates::day(ctx.lang, *opens), school: school.clone(), ways };
            ctx.page(&app.pages, ok, &page)
        }
        ActivationOutcome::Closed { school, since } => {
            let date = since.map(|since| dates::day(ctx.lang, since));
            ctx.page(&app.pages, ok, &CampaignClosed { date, school: school.clone(), code, ways })
        }
        ActivationOutcome::Suspended { by, school } => {
            let by = app.pages.message(ctx.lang, by.message_key(), &[])?;
            let school = school.clone().unwrap_or_else(|| app.pages.service_name().to_owned());
            ctx.page(&app.pages, ok, &AccountSuspended { by, school, code, ways })
        }
        ActivationOutcome::NobodyToAttach => ctx.page(&app.pages, ok, &NobodyToAttach { code, ways }),
        ActivationOutcome::NoneRight => ctx.page(&app.pages, ok, &NoBirthDateRight { code, ways }),
        ActivationOutcome::YoungPhone { since, from } => {
            let reason = RecoveryEndedReason::YoungPhone {
                since: dates::day(ctx.lang, *since),
                day: dates::day(ctx.lang, *from),
                hour: dates::hour_rounded_up(ctx.lang, *from),
            };
            let page = RecoveryEnded { query: ways.service_query, reason, code, offices: ways.offices };
            ctx.page(&app.pages, ok, &page)
        }
        ActivationOutcome::LetterNeeded => {
            let reason = RecoveryEndedReason::LetterNeeded;
            let page = RecoveryEnded { query: ways.service_query, reason, code, offices: ways.offices };
            ctx.page(&app.pages, ok, &page)
        }
        ActivationOutcome::Overtaken => ctx.page(
            &app.pages,
            StatusCode::GONE,
            &ActivationSuperseded { query: ctx.carried_query(&["i", "client_id"]) },
        ),
    }
}

/// POST: handles « Choisir un nouveau mot de passe »: goes on in the recovery.
pub async fn begin_recovery(State(app): State<AppState>, ctx: RequestContext, Form(_): Form) -> PageResult {
    let activation = match activation_at(&app, &ctx, &[ActivationStep::ExistingAccount]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let begun = ops::begin_recovery(&Operation::of_request(&app, &ctx), &activation).await?;
    let Some(id) = begun else { return Err(PageError::NotFound) };
    let kept = ["i", "client_id"].into_iter().filter_map(|n| ctx.query.get(n).map(|v| (n, v)));
    Ok(see_other(&format!("{}?{}", paths::RECOVERY_CHILDREN, encode(kept.chain([("r", id.as_str())])))))
}
