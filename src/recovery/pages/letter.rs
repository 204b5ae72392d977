//! `/lettre`: asks for the identifiant and the code of a letter. The same for known and unknown identifiants.

use axum::extract::State;
use axum::http::StatusCode;

use super::identifiant::MAX_SHOWN_CHARS;
use super::{CARRIED_PARAMS, PageResult, SERVICE_PARAMS};
use crate::accounts::identifier;
use crate::app::{AppState, Operation};
use crate::base::secret::sha256_base64url;
use crate::http::form::Form;
use crate::http::pages::dates;
use crate::http::request_context::{RequestContext, retry_after, see_other, with_cookie};
use crate::interactions;
use crate::interactions::extract::in_request_language;
use crate::letters::code::{LetterCode, LetterCodeError};
use crate::letters::ops::{LetterCodeRefusal, TypedLetter};
use crate::limits;
use crate::protocol::params::encode;
use crate::recovery::ops::{LetterStart, start_with_letter};
use crate::recovery::views::{IdentifiantFieldError, LetterCodeFieldError, LetterPage, LetterRefusal};

/// GET: shows the form.
pub async fn show(State(app): State<AppState>, ctx: RequestContext) -> PageResult {
    let ctx = in_request_language(&app, ctx).await;
    let page = LetterPage {
        query: ctx.carried_query(&SERVICE_PARAMS),
        identifiant: String::new(),
        code: String::new(),
        identifiant_fault: None,
        code_fault: None,
        refusal: None,
    };
    let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
    Ok(with_cookie(ctx.page(&app.pages, StatusCode::OK, &page)?, cookie))
}

/// POST: checks the code, and begins a recovery or shows the error. The sign-in page sends its form on to here if its
/// password has the form of a code.
pub async fn submit(State(app): State<AppState>, ctx: RequestContext, Form(form): Form) -> PageResult {
    // An error of the store must not be ignored here: the recovery stores the pending request, and would lose it.
    let waiting = match ctx.query.get("i") {
        Some(i) => interactions::ops::find(&Operation::of_request(&app, &ctx), i, ctx.navigation_id.as_deref()).await?,
        None => None,
    };
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let identifiant = form.form_value("identifiant").trim();
    let typed = match form.form_value("code") {
        "" => form.form_value("mot_de_passe"),
        code => code,
    };
    let mut page = LetterPage {
        query: ctx.carried_query(&SERVICE_PARAMS),
        identifiant: identifiant.chars().take(MAX_SHOWN_CHARS).collect(),
        code: String::new(),
        identifiant_fault: None,
        code_fault: None,
        refusal: None,
    };
    let unprocessable = StatusCode::UNPROCESSABLE_ENTITY;
    // The form was shown with this cookie; a cross-site form is posted without it.
    let Some(nav) = ctx.navigation_id.clone() else {
        let (_, cookie) = ctx.navigation_cookie(app.rng.as_ref());
        page.refusal = Some(LetterRefusal::NoCookies);
        return Ok(with_cookie(ctx.page(&app.pages, unprocessable, &page)?, cookie));
    };
    page.identifiant_fault = match identifier::normalize(identifiant) {
        text if text.is_empty() => Some(IdentifiantFieldError::Empty),
        text if !identifier::is_identifiant(&text) => Some(IdentifiantFieldError::Malformed),
        _ => None,
    };
    let code = LetterCode::parse(typed);
    page.code_fault = match &code {
        _ if typed.trim().is_empty() => Some(LetterCodeFieldError::Empty),
        Ok(_) => None,
        Err(LetterCodeError::WrongForm) => Some(LetterCodeFieldError::WrongForm),
        Err(LetterCodeError::ConfusableSign) => Some(LetterCodeFieldError::Confusable),
        Err(LetterCodeError::Slip) => Some(LetterCodeFieldError::Slip),
    };
    let (Ok(code), None, None) = (code, page.identifiant_fault, page.code_fault) else {
        if page.code_fault.is_some() {
            // A slip is found by reading what was typed, and opens nothing. What was typed as a password is not shown.
            page.code = form.form_value("code").trim().chars().take(MAX_SHOWN_CHARS).collect();
        }
        return ctx.page(&app.pages, unprocessable, &page);
    };
    let waiting = ctx.query.get("i").map(str::to_owned).zip(waiting);
    let op = Operation::of_request(&app, &ctx);
    // Counted before anything is read or written, and released by a right code: a class in one room is no attack.
    let counted = match limits::ops::count_activation(&op, ctx.source, &sha256_base64url(&nav)).await? {
        Ok(counted) => counted,
        Err(limited) => {
            let hour = dates::hour_rounded_up(ctx.lang, limited.until);
            page.refusal = Some(match limited.is_connection_specific() {
                true => LetterRefusal::ManyFromHere { hour },
                false => LetterRefusal::Many { hour },
            });
            let answer = ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?;
            return Ok(retry_after(answer, ctx.now, limited.until));
        }
    };
    let typed = TypedLetter { identifiant, code: &code, source: ctx.source, device_secrets: &ctx.devices };
    let refused = match start_with_letter(&op, &nav, ctx.lang, typed, waiting).await? {
        LetterStart::Begun { id, step, secret } => {
            limits::ops::release_activation(&op, &counted).await?;
            let kept = CARRIED_PARAMS.into_iter().take(2).filter_map(|n| ctx.query.get(n).map(|v| (n, v)));
            let query = encode(kept.chain([("r", id.as_str())]));
            let answer = see_other(&format!("{}?{query}", step.path()));
            return Ok(with_cookie(answer, ctx.jar.activation_cookie(&ctx.activation_cookies, &nav, &secret)));
        }
        LetterStart::Refused(refused) => refused,
    };
    page.refusal = Some(match refused {
        LetterCodeRefusal::Limited { until } => {
            page.refusal = Some(LetterRefusal::TooManyToday { hour: dates::hour_rounded_up(ctx.lang, until) });
            let answer = ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?;
            return Ok(retry_after(answer, ctx.now, until));
        }
        LetterCodeRefusal::Wrong { tries_left } => {
            LetterRefusal::Wrong { left: i64::try_from(tries_left).unwrap_or(0) }
        }
        LetterCodeRefusal::Used(at) => LetterRefusal::Used { date: dates::day(ctx.lang, at) },
        LetterCodeRefusal::Replaced(at) => LetterRefusal::Replaced { date: dates::day(ctx.lang, at) },
        LetterCodeRefusal::Expired(at) => LetterRefusal::Expired { date: dates::day(ctx.lang, at) },
    });
    ctx.page(&app.pages, unprocessable, &page)
}
