//! `/activation` and `/identifiant-oublie`: asks for the name and the mobile number that the school has registered.

use axum::extract::State;
use axum::http::StatusCode;

use super::PageResult;
use crate::activation::ops::{self, ActivationLookup, StartContext, StartOutcome};
use crate::activation::views::{IdentityFormError, IdentityPage, NameFieldError, PhoneFieldError, UpstreamNames};
use crate::activation::{ActivationPurpose, ActivationStep, MAX_NAME_CHARS, SubmittedIdentity};
use crate::announcements::extract::page_announcements;
use crate::app::{AppState, Operation};
use crate::base::names;
use crate::base::phone::PhoneError;
use crate::federation::{self, PendingLink};
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, retry_after, see_other, with_cookie};
use crate::interactions;
use crate::interactions::extract::in_request_language;
use crate::limits::{LimitReason, RateLimited};
use crate::protocol::params::{Params, encode};

/// The query parameters of this page: `f` is the verified person of an upstream.
const FORM_PARAMS: [&str; 4] = ["i", "client_id", "a", "f"];

/// Returns the verified person of an upstream who came to this page.
async fn upstream_person(app: &AppState, ctx: &RequestContext) -> anyhow::Result<Option<PendingLink>> {
    let Some(token) = ctx.query.get("f") else { return Ok(None) };
    let op = Operation::of_request(app, ctx);
    federation::ops::find_pending_link(&op, token, ctx.navigation_id.as_deref()).await
}

fn upstream_names(ctx: &RequestContext, person: &PendingLink) -> UpstreamNames {
    let service_query = ctx.carried_query(&["i", "client_id"]);
    UpstreamNames { label: person.label.clone(), name: person.shown_name(), service_query }
}

/// GET `/activation`.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    show_form(&app, ctx, ActivationPurpose::Activation).await
}

/// GET `/identifiant-oublie`.
pub async fn show_forgotten(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    show_form(&app, ctx, ActivationPurpose::Identifiant).await
}

/// Shows the form, filled in if the user returns to correct the identity.
async fn show_form(app: &AppState, ctx: RequestContext, purpose: ActivationPurpose) -> PageResult {
    let ctx = in_request_language(app, ctx).await;
    let mut page = IdentityPage::new(purpose, ctx.carried_query(&FORM_PARAMS));
    page.calls = app.config.sms.voice.is_some();
    page.announcements = page_announcements(app, &ctx).await;
    if let ActivationLookup::Active(known) =
        ops::find(&Operation::of_request(app, &ctx), ctx.query.get("a"), ctx.activation_secrets()).await?
        && known.step == ActivationStep::Code
    {
        page = {
            let typed = known.activation.identity;
            IdentityPage { nom: typed.nom, prenom: typed.prenom, telephone: typed.telephone, ..page }
        };
    }
    if purpose == ActivationPurpose::Activation {
        page.upstream = upstream_person(app, &ctx).await?.as_ref().map(|person| upstream_names(&ctx, person));
    }
    let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    Ok(with_cookie(ctx.page(&app.pages, StatusCode::OK, &page)?, cookie))
}

/// POST `/activation`.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    submit_form(&app, ctx, &form, ActivationPurpose::Activation).await
}

/// POST `/identifiant-oublie`.
pub async fn submit_forgotten(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    submit_form(&app, ctx, &form, ActivationPurpose::Identifiant).await
}

/// Starts an activation, or shows the form with errors.
async fn submit_form(app: &AppState, ctx: RequestContext, form: &Params, purpose: ActivationPurpose) -> PageResult {
    // An error of the store must not be ignored here: the activation stores the pending request, and would lose it.
    let waiting = match ctx.query.get("i") {
        Some(i) => interactions::ops::find(&Operation::of_request(app, &ctx), i, ctx.navigation_id.as_deref()).await?,
        None => None,
    };
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let short = |name: &str| form.form_value(name).chars().take(2 * MAX_NAME_CHARS).collect::<String>();
    let mut page = IdentityPage {
        nom: short("nom"),
        prenom: short("prenom"),
        telephone: short("telephone"),
        calls: app.config.sms.voice.is_some(),
        announcements: page_announcements(app, &ctx).await,
        ..IdentityPage::new(purpose, ctx.carried_query(&FORM_PARAMS))
    };
    // The form was shown with this cookie; a cross-site form is posted without it.
    let Some(nav) = ctx.navigation_id.clone() else {
        let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
        page.refusal = Some(IdentityFormError::NoCookies);
        return Ok(with_cookie(ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)?, cookie));
    };
    let person = match purpose {
        ActivationPurpose::Activation => upstream_person(app, &ctx).await?,
        ActivationPurpose::Identifiant => None,
    };
    page.upstream = person.as_ref().map(|person| upstream_names(&ctx, person));
    // The names of a verified person are not typed: else somebody else could be linked.
    let (nom, prenom) = match &person {
        Some(person) => {
            (person.family_names().next().unwrap_or_default().to_owned(), person.first_given_name().to_owned())
        }
        None => (form.form_value("nom").to_owned(), form.form_value("prenom").to_owned()),
    };
    let (nom, prenom) = (names::normalize_name(&nom), names::normalize_name(&prenom));
    page.nom_fault = name_error(&nom);
    page.prenom_fault = name_error(&prenom);
    let typed_phone = form.form_value("telephone");
    let phone = match app.phone_parser.parse_landline(typed_phone) {
        Some(landline) => Ok(landline),
        None => app.phone_parser.parse_mobile(typed_phone),
    };
    page.telephone_fault = phone.as_ref().err().map(|e| match e {
        PhoneError::Empty => PhoneFieldError::Empty,
        PhoneError::Landline => PhoneFieldError::Landline,
        PhoneError::Incomplete => PhoneFieldError::Incomplete,
    });
    let (None, None, Ok(phone)) = (page.nom_fault, page.prenom_fault, phone) else {
        return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let typed = SubmittedIdentity { nom, prenom, phone: phone.as_str().to_owned(), telephone: page.telephone.clone() };
    let waiting = ctx.query.get("i").map(str::to_owned).zip(waiting);
    let visitor = StartContext {
        navigation_cookie: &nav,
        device_secrets: &ctx.devices,
        source: ctx.source,
        purpose,
        upstream: person.as_ref(),
    };
    match ops::start(&Operation::of_request(app, &ctx), ctx.lang, visitor, typed, waiting).await? {
        StartOutcome::Started { id } => {
            let kept = ["i", "client_id"].into_iter().filter_map(|n| ctx.query.get(n).map(|v| (n, v)));
            let query = encode(kept.chain([("a", id.as_str())]));
            Ok(see_other(&format!("{}?{query}", ActivationStep::Code.path())))
        }
        StartOutcome::TooManyCodes { until } => {
            page.refusal = Some(IdentityFormError::TooManyToday { hour: dates::hour_rounded_up(ctx.lang, until) });
            Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
        }
        StartOutcome::Limited(RateLimited { reason, until }) => {
            let hour = dates::hour_rounded_up(ctx.lang, until);
            page.refusal = Some(match reason {
                LimitReason::Source | LimitReason::Network => IdentityFormError::ManyFromHere { hour },
                _ => IdentityFormError::Many { hour },
            });
            Ok(retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until))
        }
    }
}

fn name_error(name: &str) -> Option<NameFieldError> {
    if name.is_empty() {
        Some(NameFieldError::Empty)
    } else if name.chars().count() > MAX_NAME_CHARS {
        Some(NameFieldError::TooLong)
    } else {
        None
    }
}
