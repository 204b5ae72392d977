//! `/` and `/compte`.

mod children;
mod factors;
pub mod federated;
mod give_up;
mod notices;
mod own_data;
mod passkeys;
mod password;
mod phone_proof;
mod security;
mod services;
mod upstream;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::ops;
use super::views::{AccountChild, AccountPage, CautionEnd, NoticeBanner};
use crate::accounts::phones::AccountPhone;
use crate::app::{App, AppState, Operation};
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::http::routing::{get, post};
use crate::notify::{AccountNotice, AccountNoticeKind};
use crate::sessions::extract::{CurrentSession, SignedIn};
use crate::{accounts, devices, notify, roster, tenants};

type PageResult = Result<Response, PageError>;

pub fn routes() -> Router<AppState> {
    Router::new()
        .route(paths::HOME, get(home))
        .route(paths::ACCOUNT, get(show))
        .route(paths::ACCOUNT_CHILDREN, get(children::show).merge(post(children::remove)))
        .route(paths::ACCOUNT_ADD_CHILD, post(children::add))
        .route(paths::ACCOUNT_CHILD_LETTER, post(children::take_letter))
        .route(paths::ACCOUNT_CHILD_CODE, get(children::show_code).merge(post(children::issue_code)))
        .route(paths::ACCOUNT_DATA, get(own_data::show).merge(post(own_data::export)))
        .route(paths::ACCOUNT_SERVICES, get(services::show))
        .route(paths::ACCOUNT_NOTICE, post(notices::answer))
        .route(paths::ACCOUNT_SECURITY, get(security::show).merge(post(security::forget)))
        .route(paths::ACCOUNT_APPLICATION, get(factors::show_add).merge(post(factors::add)))
        .route(paths::ACCOUNT_APPLICATION_CODE, get(factors::show_code).merge(post(factors::confirm)))
        .route(paths::ACCOUNT_APPLICATION_REMOVE, get(factors::show_remove).merge(post(factors::remove)))
        .route(paths::ACCOUNT_BACKUP_CODES, get(factors::show_renew).merge(post(factors::renew)))
        .route(paths::ACCOUNT_EVENTS, get(security::events))
        .route(paths::ACCOUNT_PHONE, get(give_up::show_phone).merge(post(give_up::disown_phone)))
        .route(paths::ACCOUNT_PHONE_PROOF, get(phone_proof::show).merge(post(phone_proof::ask)))
        .route(paths::ACCOUNT_PHONE_CODE, post(phone_proof::prove))
        .route(paths::ACCOUNT_PHONE_QUESTION, post(phone_proof::keep))
        .route(paths::ACCOUNT_CLOSE, get(give_up::show_close).merge(post(give_up::close)))
        .route(paths::ACCOUNT_PASSKEY, get(passkeys::show_add).merge(post(passkeys::prove)))
        .route(paths::ACCOUNT_PASSKEY_ADD, post(passkeys::add))
        .route(paths::ACCOUNT_PASSKEY_LOST, get(passkeys::show_lost).merge(post(passkeys::prove_lost)))
        .route(paths::ACCOUNT_PASSKEY_LATER, post(passkeys::later))
        .route(paths::ACCOUNT_PASSKEY_EDIT, get(passkeys::show_one).merge(post(passkeys::rename)))
        .route(paths::ACCOUNT_PASSKEY_REMOVE, post(passkeys::remove))
        .route(paths::ACCOUNT_UPSTREAM, get(upstream::show).merge(post(upstream::submit)))
        .route(paths::ACCOUNT_UPSTREAM_PROOF, get(upstream::prove))
        .route(paths::ACCOUNT_PASSWORD, get(password::show).merge(post(password::submit)))
        .route(paths::CHANGE_PASSWORD, get(password::well_known))
        .route(paths::WITHDRAW_CONSENT, post(services::withdraw_consent))
}

async fn home(signed: CurrentSession) -> PageResult {
    Ok(see_other(if signed.0.is_some() { paths::ACCOUNT } else { paths::SIGN_IN }))
}

async fn show(State(app): State<AppState>, ctx: RequestContext, SignedIn { session, account }: SignedIn) -> PageResult {
    if account.is_federated {
        return federated::show(&app, &ctx, (&session, &account)).await;
    }
    let mut tx = app.db.read().await?;
    let notices = notify::store::list_open(&mut tx, &account.id, session.device_id.as_deref()).await?;
    let notices = notices
        .into_iter()
        .map(|notice| banner(&app, &ctx, notice, account.closes_at))
        .collect::<anyhow::Result<_>>()?;
    let phone = accounts::store::phones::find_phone(&mut tx, &account.id).await?;
    let phone_asked = ops::is_phone_asked(&mut tx, ctx.now, &account, phone.as_ref()).await?;
    let email = accounts::store::emails::find_confirmed(&mut tx, &app.master_key, &account.id).await?;
    let children = roster::store::pupils::list_pupils_of_account(&mut tx, &account.id, account.profile).await?;
    let doors = crate::services::ops::service_links(&mut tx, &app, account.profile, &children).await?;
    let uais: Vec<Uai> = children.iter().map(|c| c.uai.clone()).collect();
    let schools = tenants::store::list_contacts(&mut tx, &uais).await?;
    drop(tx);
    let op = Operation::of_request(&app, &ctx);
    let passkey_offered = ops::is_passkey_offered(&op, &account, &ctx.devices).await?;
    let page = AccountPage {
        name: account.full_name(),
        phone_disowned: phone.as_ref().is_some_and(|phone| phone.history.disowned),
        phone: phone.map(|phone| phone_digits(&app, &phone)).transpose()?,
        phone_asked,
        passkey_offered,
        email: email.map(|email| email.address),
        identifiant: account.identifiant,
        profile: account.profile,
        notices,
        children: children
            .into_iter()
            .map(|c| AccountChild { given_name: c.given_name, school: c.school, class: c.class })
            .collect(),
        schools,
        doors,
        mail: app.mail_gateway.is_some(),
    };
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// Returns the last four digits of a number, as `56 78`.
fn phone_digits(app: &App, phone: &AccountPhone) -> anyhow::Result<String> {
    let number = roster::sealed_rows::open_mobile(&app.master_key, &phone.person_id, &phone.sealed)?;
    let digits: Vec<char> = number.as_str().chars().rev().take(4).collect();
    let pairs = digits.chunks(2).map(|pair| pair.iter().rev().collect::<String>());
    Ok(pairs.rev().collect::<Vec<_>>().join("\u{a0}"))
}

/// True if a pupil of this age recovers by an own address.
fn recovers_by_mail(app: &App, age: &str) -> bool {
    let from = app.config.pupils.mail_reset_from();
    app.mail_gateway.is_some() && age.parse::<u32>().is_ok_and(|age| age >= from)
}

/// Returns the words of a notice. That of a closing says what is true now: the house asks for one without a sign-out.
fn banner(
    app: &App,
    ctx: &RequestContext,
    notice: AccountNotice,
    closes_at: Option<Timestamp>,
) -> anyhow::Result<NoticeBanner> {
    let key = notice.kind.name().replace('_', "-");
    let detail = match notice.kind {
        AccountNoticeKind::NewDevice => devices::display_label(&app.pages, ctx.lang, &notice.detail)?,
        _ => notice.detail,
    };
    let when = dates::moment(ctx.lang, notice.at, ctx.now);
    let day = closes_at.map(|at| dates::day(ctx.lang, at)).unwrap_or_default();
    let values = [("when", &*when), ("detail", &*detail), ("day", &*day)];
    let why = notify::closing_words(notice.kind, &detail);
    let (title_key, text_key) = match notice.kind {
        AccountNoticeKind::NewDevice if detail.is_empty() => (key.clone(), format!("{key}-unnamed")),
        AccountNoticeKind::Closing | AccountNoticeKind::ClosingSoon if closes_at.is_some() => {
            ("closing-pending".to_owned(), format!("closing-pending{why}"))
        }
        // A code by mail is promised only where mails are sent.
        AccountNoticeKind::ParentCodesEnded if recovers_by_mail(app, &detail) => (key.clone(), format!("{key}-mail")),
        _ if !why.is_empty() => (format!("{key}{why}"), format!("{key}{why}")),
        _ => (key.clone(), key),
    };
    Ok(NoticeBanner {
        title: app.pages.message(ctx.lang, &format!("notice-{title_key}-title"), &[])?,
        text: app.pages.message(ctx.lang, &format!("notice-{text_key}"), &values)?,
        asks: notice.kind.asks(),
        later: (notice.answerable_from > ctx.now).then(|| CautionEnd {
            day: dates::weekday_and_day(ctx.lang, notice.answerable_from),
            hour: dates::hour_rounded_up(ctx.lang, notice.answerable_from),
        }),
        id: notice.id,
    })
}
