//! `/connexion/preuve`: the second factor, after the password or in a session.
//!
//! After the password the address names the attempt (`s`). In a session a pending request that asks for a higher level
//! (`i`), or an errand of the account (`vers`), waits for it. One page, so that each kind of factor is taken in one
//! place.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{PageResult, client_branding, login_context, signed_in_response};
use crate::accounts::Account;
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::base::typed_ids::AccountId;
use crate::credentials;
use crate::credentials::factors::{FactorVerification, HeldFactors, TypedFactor};
use crate::credentials::ops::SessionFactorOutcome;
use crate::credentials::views::FactorFieldError;
use crate::http::cookies::CookieName;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::{RequestContext, retry_after, see_other, with_cookie, with_outcome};
use crate::interactions::extract::pending_interaction;
use crate::login::SignInAttempt;
use crate::login::ops::{self, AttemptContext, FactorSignInOutcome};
use crate::login::views::{FactorExpiredPage, FactorMissingPage, FactorPage, LostFactorsPage};
use crate::passkeys::{self, PasskeyAnswer};
use crate::protocol::acr::Acr;
use crate::roster::store::pupils::list_contacts_of_account;
use crate::sessions::Session;
use crate::sessions::extract::CurrentSession;

/// The query parameters of this page.
const CARRIED_PARAMS: [&str; 4] = ["i", "client_id", "s", "vers"];
/// The query parameters that lead back to the service.
const SERVICE_PARAMS: [&str; 2] = ["i", "client_id"];

/// The person who is asked for the factor.
enum Asked {
    /// Nobody has a session yet: the password was right.
    AfterPassword(SignInAttempt),
    InSession(Session, Box<Account>),
}

impl Asked {
    fn account_id(&self) -> &AccountId {
        match self {
            Asked::AfterPassword(attempt) => &attempt.account_id,
            Asked::InSession(session, _) => &session.account_id,
        }
    }

    /// Returns the secret to which the challenge of a passkey is bound.
    fn binding(&self) -> &str {
        match self {
            Asked::AfterPassword(attempt) => attempt.id.as_str(),
            Asked::InSession(session, _) => session.id.as_str(),
        }
    }
}

/// Returns the person asked, or the response to send: an attempt that ended begins again, and somebody without a
/// session signs in.
async fn asked(
    app: &AppState,
    ctx: &RequestContext,
    signed: CurrentSession,
) -> Result<Result<Asked, Response>, PageError> {
    if let Some(id) = ctx.query.get("s") {
        let secrets = ctx.activation_cookies.iter().map(String::as_str);
        return Ok(match ops::find_attempt(&Operation::of_request(app, ctx), id, secrets).await? {
            Some(attempt) => Ok(Asked::AfterPassword(attempt)),
            None => Err(expired(app, ctx)?),
        });
    }
    Ok(match signed.0 {
        Some((session, account)) => Ok(Asked::InSession(session, Box::new(account))),
        None => Err(see_other(&format!("{}{}", paths::SIGN_IN, ctx.carried_query(&SERVICE_PARAMS)))),
    })
}

fn expired(app: &AppState, ctx: &RequestContext) -> PageResult {
    let page = FactorExpiredPage { query: ctx.carried_query(&SERVICE_PARAMS) };
    ctx.page(&app.pages, StatusCode::GONE, &page)
}

/// Returns the page of the account to which an errand goes on; `None` without one.
fn errand(ctx: &RequestContext) -> Option<&'static str> {
    let word = ctx.query.get("vers")?;
    paths::errand(word)
}

/// Returns the URL that tells the waiting service that the level was not reached; `None` if no service waits for this
/// session.
fn refuse_href(ctx: &RequestContext, asked: &Asked) -> Option<String> {
    let waits = matches!(asked, Asked::InSession(..)) && errand(ctx).is_none() && ctx.query.get("i").is_some();
    waits.then(|| format!("{}{}&refuser=niveau", paths::AUTHORIZE, ctx.carried_query(&SERVICE_PARAMS)))
}

/// GET: shows the form, or says why there is nothing to type.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, signed: CurrentSession) -> PageResult {
    let waiting = pending_interaction(&app, &ctx).await;
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let asked = match asked(&app, &ctx, signed).await? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    if ctx.query.get("aide").is_some() {
        return lost(&app, &ctx, &asked).await;
    }
    let held = credentials::ops::find_factors(&Operation::of_request(&app, &ctx), asked.account_id()).await?;
    if let Asked::InSession(session, account) = &asked
        && let Some(answer) = nothing_to_prove(&app, &ctx, (session, account), &held).await?
    {
        return Ok(answer);
    }
    let page = form(&app, &ctx, (&asked, &held), None).await?;
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Returns the response if a session has nothing to prove, or nothing to prove it with.
async fn nothing_to_prove(
    app: &AppState,
    ctx: &RequestContext,
    (session, account): (&Session, &Account),
    held: &HeldFactors,
) -> Result<Option<Response>, PageError> {
    if account.is_federated && ctx.query.get("i").is_none() {
        return Ok(Some(see_other(paths::ACCOUNT)));
    }
    if let Some(path) = errand(ctx) {
        let op = Operation::of_request(app, ctx);
        let proven = credentials::ops::is_factor_shown(&op, session, &ctx.devices).await?;
        return Ok(proven.then(|| see_other(path)));
    }
    if ctx.query.get("i").is_none() {
        return Ok(Some(see_other(paths::ACCOUNT)));
    }
    let query = ctx.carried_query(&SERVICE_PARAMS);
    if session.acr() >= Some(Acr::Mfa) {
        return Ok(Some(see_other(&format!("{}{query}", paths::AUTHORIZE))));
    }
    if held.has_older_than(session.authenticated_at) {
        return Ok(None);
    }
    let page = FactorMissingPage {
        service: pending_interaction(app, ctx).await.map(|waiting| waiting.client_name),
        upstream: upstream_label(app, session, account),
        enrolled: held.is_required(),
        passkeys: passkeys::ops::relying_party(app).is_some(),
        sign_in_href: format!("{}{query}&motif=encore", paths::SIGN_IN),
        refuse_href: format!("{}{query}&refuser=niveau", paths::AUTHORIZE),
    };
    Ok(Some(ctx.page(&app.pages, StatusCode::OK, &page)?))
}

/// Returns the name of the upstream of an account that has no factor here.
fn upstream_label(app: &AppState, session: &Session, account: &Account) -> Option<String> {
    let id = session.upstream.as_ref().filter(|_| account.is_federated)?.upstream_id.as_str();
    let upstreams = app.upstreams();
    Some(upstreams.enabled(id).map_or_else(|| id.to_owned(), |upstream| upstream.label.clone()))
}

async fn form(
    app: &AppState,
    ctx: &RequestContext,
    (asked, held): (&Asked, &HeldFactors),
    error: Option<FactorFieldError>,
) -> anyhow::Result<FactorPage> {
    let waiting = pending_interaction(app, ctx).await;
    Ok(FactorPage {
        passkey: credentials::ops::factor_challenge(&Operation::of_request(app, ctx), held, asked.binding())?,
        totp: !held.totp.is_empty(),
        query: ctx.carried_query(&CARRIED_PARAMS),
        shown: client_branding(app, waiting.as_ref()).await?,
        service: waiting.map(|w| w.client_name),
        backup_codes: held.backup_codes > 0,
        errand: errand(ctx).is_some() && matches!(asked, Asked::InSession(..)),
        back_href: match asked {
            Asked::AfterPassword(_) => format!("{}{}", paths::SIGN_IN, ctx.carried_query(&SERVICE_PARAMS)),
            Asked::InSession(..) => refuse_href(ctx, asked).unwrap_or_else(|| paths::ACCOUNT.to_owned()),
        },
        error,
    })
}

/// Shows the way that remains to somebody who has none of the factors any more.
async fn lost(app: &AppState, ctx: &RequestContext, asked: &Asked) -> PageResult {
    let offices = list_contacts_of_account(&mut app.db.read().await?, asked.account_id()).await?;
    let (query, refuse_href) = (ctx.carried_query(&CARRIED_PARAMS), refuse_href(ctx, asked));
    let page = |code: String| LostFactorsPage { query, refuse_href, code, offices };
    match asked {
        Asked::AfterPassword(attempt) => ctx.page(&app.pages, StatusCode::OK, &page(attempt.support_code.clone())),
        Asked::InSession(..) => ctx.page_with_code(&app.pages, StatusCode::OK, &page(ctx.support_code.clone())),
    }
}

/// POST: compares the code, or judges the passkey.
pub async fn submit(
    State(app): State<AppState>,
    ctx: RequestContext,
    signed: CurrentSession,
    Form(typed): Form,
) -> PageResult {
    let waiting = pending_interaction(&app, &ctx).await;
    let ctx = ctx.with_ui_locales(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let asked = match asked(&app, &ctx, signed).await? {
        Ok(asked) => asked,
        Err(answer) => return Ok(answer),
    };
    let held = credentials::ops::find_factors(&Operation::of_request(&app, &ctx), asked.account_id()).await?;
    let shown = match PasskeyAnswer::in_form(&typed) {
        Some(answer) => {
            let op = Operation::of_request(&app, &ctx);
            let of = (asked.account_id(), asked.binding());
            let judged = credentials::ops::judge_passkey_factor(&op, of.0, of.1, (answer, ctx.lang)).await?;
            judged.ok_or_else(FactorFieldError::passkey)
        }
        None => TypedFactor::parse(typed.form_value("code")).map_err(FactorFieldError::from),
    };
    let typed = match shown {
        Ok(typed) => typed,
        Err(error) => {
            let page = form(&app, &ctx, (&asked, &held), Some(error)).await?;
            return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let refused = match &asked {
        Asked::AfterPassword(attempt) => {
            let login = login_context(&ctx, waiting.as_ref());
            let op = Operation::of_request(&app, &ctx);
            match ops::finish_with_factor(&op, AttemptContext { attempt, login }, &typed).await? {
                FactorSignInOutcome::SignedIn(done) => {
                    let name = done.name();
                    app.metrics.record_sign_in(name);
                    let answer = signed_in_response(&ctx, &ctx.carried_query(&SERVICE_PARAMS), done)?;
                    return Ok(with_outcome(answer, name));
                }
                FactorSignInOutcome::Ended => return expired(&app, &ctx),
                FactorSignInOutcome::Refused(refused) => refused,
            }
        }
        Asked::InSession(session, account) => {
            let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
            match credentials::ops::prove_in_session(&op, session, &ctx.devices, &typed).await? {
                SessionFactorOutcome::Proven { cookie } => {
                    let after = format!("{}{}", paths::AFTER_SIGN_IN, ctx.carried_query(&SERVICE_PARAMS));
                    let answer = see_other(errand(&ctx).unwrap_or(&after));
                    return Ok(with_cookie(answer, ctx.jar.set_cookie(CookieName::Session, &cookie, None)));
                }
                SessionFactorOutcome::SessionEnded => return Ok(see_other(paths::SIGN_IN)),
                SessionFactorOutcome::Refused(refused) => refused,
            }
        }
    };
    let error = match typed {
        TypedFactor::Passkey(_) => FactorFieldError::passkey(),
        _ => FactorFieldError::new(refused, ctx.lang),
    };
    let page = form(&app, &ctx, (&asked, &held), Some(error)).await?;
    Ok(match refused {
        FactorVerification::Limited { until } => {
            retry_after(ctx.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, ctx.now, until)
        }
        _ => ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)?,
    })
}
