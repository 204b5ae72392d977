//! `/mot-de-passe-oublie`: asks for the identifiant. The same for known and unknown ones.

use axum::extract::State;
use axum::http::StatusCode;

use super::{CARRIED_PARAMS, PageResult, SERVICE_PARAMS};
use crate::accounts::identifier;
use crate::app::{AppState, Operation};
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, retry_after, see_other, with_cookie};
use crate::interactions;
use crate::interactions::extract::in_request_language;
use crate::limits::RateLimited;
use crate::protocol::params::encode;
use crate::recovery::RecoveryStep;
use crate::recovery::ops::{self, RecoveryLookup, RecoveryStart, RecoveryVisitor};
use crate::recovery::views::{ForgottenPasswordError, ForgottenPasswordPage, IdentifiantFieldError};

/// The maximum length of a typed identifiant that is shown again, in characters.
pub(super) const MAX_SHOWN_CHARS: usize = 60;

fn empty_page(app: &AppState) -> ForgottenPasswordPage {
    ForgottenPasswordPage {
        query: String::new(),
        identifiant: String::new(),
        mails: app.mail_gateway.is_some(),
        parent_until: app.config.pupils.parent_reset_until,
        mail_from: app.config.pupils.mail_reset_from(),
        fault: None,
        refusal: None,
    }
}

/// GET: shows the form, filled in if the user returns to correct the identifiant.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let mut identifiant = String::new();
    if let RecoveryLookup::Active(known) =
        ops::find(&Operation::of_request(&app, &ctx), ctx.query.get("r"), ctx.activation_secrets()).await?
        && known.step == RecoveryStep::Code
    {
        identifiant.clone_from(&known.identifiant);
    }
    let query = ctx.carried_query(&SERVICE_PARAMS);
    let page = ForgottenPasswordPage { query, identifiant, ..empty_page(&app) };
    let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    Ok(with_cookie(ctx.page(&app.pages, StatusCode::OK, &page)?, cookie))
}

/// POST: starts a recovery, or shows the form with errors.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    // An error of the store must not be ignored here: the recovery stores the pending request, and would lose it.
    let waiting = match ctx.query.get("i") {
        Some(i) => interactions::ops::find(&Operation::of_request(&app, &ctx), i, ctx.navigation_id.as_deref()).await?,
        None => None,
    };
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let identifiant = form.form_value("identifiant").trim();
    let mut page = ForgottenPasswordPage {
        query: ctx.carried_query(&SERVICE_PARAMS),
        identifiant: identifiant.chars().take(MAX_SHOWN_CHARS).collect(),
        ..empty_page(&app)
    };
    // The form was shown with this cookie; a cross-site form is posted without it.
    let Some(nav) = ctx.navigation_id.clone() else {
        let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
        page.refusal = Some(ForgottenPasswordError::NoCookies);
        return Ok(with_cookie(ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)?, cookie));
    };
    page.fault = match identifier::normalize(identifiant) {
        text if text.is_empty() => Some(IdentifiantFieldError::Empty),
        text if !identifier::is_identifiant(&text) => Some(IdentifiantFieldError::Malformed),
        _ => None,
    };
    if page.fault.is_some() {
        return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
    }
    let waiting = ctx.query.get("i").map(str::to_owned).zip(waiting);
    let visitor =
        RecoveryVisitor { navigation_cookie: &nav, device_secrets: &ctx.devices, source: ctx.source, lang: ctx.lang };
    let (refusal, until) = match ops::start(&Operation::of_request(&app, &ctx), visitor, identifiant, waiting).await? {
        RecoveryStart::Started { id } => {
            let kept = CARRIED_PARAMS.into_iter().take(2).filter_map(|n| ctx.query.get(n).map(|v| (n, v)));
            let query = encode(kept.chain([("r", id.as_str())]));
            return Ok(see_other(&format!("{}?{query}", RecoveryStep::Code.path())));
        }
        RecoveryStart::TooManyCodes { until } => {
            (ForgottenPasswordError::TooManyToday { hour: dates::hour_rounded_up(ctx.lang, until) }, until)
        }
        RecoveryStart::Limited(limited @ RateLimited { until, .. }) => {
            let hour = dates::hour_rounded_up(ctx.lang, until);
            let refusal = if limited.is_connection_specific() {
                ForgottenPasswordError::ManyFromHere { hour }
            } else {
                ForgottenPasswordError::Many { hour }
            };
            (refusal, until)
        }
    };
    page.refusal = Some(refusal);
    Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
}
