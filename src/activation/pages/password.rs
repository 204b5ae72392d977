//! `/activation/mot-de-passe`, the printable sheet, and the end, which is a sign-in.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer, CARRIED, at, in_language, interaction, left_by_proof, standing, with_secret};
use crate::accounts::password::{self, Refused};
use crate::accounts::{self, Account};
use crate::activation::binding::Held;
use crate::activation::ops::{self, Brought, Chosen, SignedIn};
use crate::activation::views::{
    ChildNotice, ChildReason, DonePage, Guessable, PasswordFault, PasswordPage, Purpose, Settled, SheetPage,
    SheetService,
};
use crate::activation::{Activation, Step};
use crate::app::AppState;
use crate::http::cookies::Name;
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::qr::QrCode;
use crate::http::visit::{Visit, with_cookie};
use crate::protocol::params::Params;
use crate::services::Door;
use crate::{clients, roster, services, tenants};

async fn account(app: &AppState, activation: &Activation) -> Result<Account, PageError> {
    let id = activation.account_id.as_deref().unwrap_or_default();
    accounts::store::by_id(&mut app.db.read().await?, id).await?.ok_or(PageError::NotFound)
}

fn notices(activation: &Activation) -> Vec<ChildNotice> {
    // A new password changes nothing about the children.
    if activation.purpose == Purpose::NewPassword {
        return Vec::new();
    }
    let reason = |settled| match settled {
        Some(Settled::SetAside) => Some(ChildReason::SetAside { code: activation.support_code.clone() }),
        Some(Settled::Refused) => Some(ChildReason::Contested),
        Some(Settled::Right) | None => None,
    };
    let all = activation.children.iter().filter_map(|child| Some((child, reason(child.settled)?)));
    all.map(|(child, reason)| ChildNotice { name: child.shown(), given_name: child.given_name.clone(), reason })
        .collect()
}

fn page(visit: &Visit, activation: &Activation, account: Account, fault: Option<PasswordFault>) -> PasswordPage {
    PasswordPage {
        query: visit.carried(&CARRIED),
        purpose: activation.purpose,
        identifiant: account.identifiant,
        fault,
        lacking: None,
        notices: notices(activation),
    }
}

pub async fn show(State(app): State<AppState>, visit: Visit) -> Answer {
    let visit = in_language(&app, visit).await;
    match standing(&app, &visit, &[Step::Password]).await? {
        Ok(activation) => {
            let account = account(&app, &activation).await?;
            visit.page(&app.pages, StatusCode::OK, &page(&visit, &activation, account, None))
        }
        Err(answer) => Ok(answer),
    }
}

/// POST: sets the password and signs in.
pub async fn submit(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    let visit = in_language(&app, visit).await;
    let activation = match standing(&app, &visit, &[Step::Password, Step::Done]).await? {
        Ok(found) => found,
        // Asked afterwards: the other half of a double click may leave the step in between.
        Err(answer) => match left_by_proof(&app, &visit, Step::Password).await? {
            Some(held) => return first_answer_lost(&app, &visit, &held, &form).await,
            None => return Ok(answer),
        },
    };
    let account = account(&app, &activation).await?;
    if activation.step == Step::Done {
        return once_more(&app, &visit, &activation, &form).await;
    }
    let typed = (form.raw("mot_de_passe"), form.raw("confirmation"));
    let chosen = ops::choose_password(&app, visit.now, &activation, &account, typed, brought(&visit)).await?;
    let fault = match chosen {
        Chosen::Done(signed_in) => {
            return Ok(with_secret(&app, &visit, &activation, Step::Password, signed(&visit, &signed_in)));
        }
        // The other half of a double click was quicker, and its cookies are thrown away.
        Chosen::Elsewhere(Step::Done) => return first_answer_lost(&app, &visit, &activation, &form).await,
        Chosen::Elsewhere(step) => return Ok(at(&visit, step)),
        Chosen::Different => PasswordFault::Different,
        Chosen::Refused(why) => fault(why),
    };
    // The marks beside the rules say how the refused password stands to each, whatever it was refused for.
    let lacking = Some(password::missing(&password::normal(typed.0)));
    let page = PasswordPage { lacking, ..page(&visit, &activation, account, Some(fault)) };
    visit.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
}

/// « Terminer » again, after it was done.
async fn once_more(app: &AppState, visit: &Visit, activation: &Activation, form: &Params) -> Answer {
    let signed_in = sign_in_again(app, visit, activation, form).await?;
    Ok(signed_in.map_or_else(|| at(visit, Step::Done), |signed_in| signed(visit, &signed_in)))
}

async fn sign_in_again(
    app: &AppState,
    visit: &Visit,
    activation: &Activation,
    form: &Params,
) -> Result<Option<SignedIn>, PageError> {
    let account = account(app, activation).await?;
    let brought = Brought { session: None, ..brought(visit) };
    Ok(ops::once_more(app, visit.now, activation, &account, form.raw("mot_de_passe"), brought).await?)
}

fn brought(visit: &Visit) -> Brought<'_> {
    Brought { session: visit.session.as_deref(), source: visit.source, agent: &visit.agent }
}

/// The last page, with the cookies of who is signed in from now on.
fn signed(visit: &Visit, signed_in: &SignedIn) -> Response {
    let page = with_cookie(at(visit, Step::Done), visit.jar.set(Name::Session, &signed_in.cookie, None));
    with_cookie(page, visit.jar.device(&visit.devices, &signed_in.device))
}

/// As [`once_more`], by a browser that holds the secret of before: the right password brings it the new one too.
async fn first_answer_lost(app: &AppState, visit: &Visit, held: &Held, form: &Params) -> Answer {
    Ok(match sign_in_again(app, visit, held, form).await? {
        Some(signed_in) => with_secret(app, visit, held, Step::Password, signed(visit, &signed_in)),
        None => at(visit, Step::Done),
    })
}

fn fault(why: Refused) -> PasswordFault {
    let guessable = |because| PasswordFault::Guessable { because };
    match why {
        Refused::TooLong => PasswordFault::TooLong,
        Refused::Name => guessable(Guessable::Name),
        Refused::Identifiant => guessable(Guessable::Identifiant),
        Refused::School => guessable(Guessable::School),
        Refused::Common => guessable(Guessable::Common),
        Refused::Missing(_) => PasswordFault::Missing,
    }
}

/// The site of the service that the person came from, as its file has it.
async fn service(app: &AppState, visit: &Visit) -> Result<Option<SheetService>, PageError> {
    let Some(id) = visit.query.get("client_id").filter(|id| clients::is_client_id(id)) else { return Ok(None) };
    let client = clients::store::find(&mut app.db.read().await?, id).await?.filter(clients::Client::is_usable);
    Ok(client.and_then(|client| {
        let address = client.meta.client_uri?;
        Some(SheetService { name: client.meta.client_name, qr: QrCode::of(&address), address })
    }))
}

/// GET: the identifiant to print or copy. It never holds the password.
pub async fn sheet(State(app): State<AppState>, visit: Visit) -> Answer {
    let visit = in_language(&app, visit).await;
    let activation = match standing(&app, &visit, &[Step::Password, Step::Done]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let account = account(&app, &activation).await?;
    let uais: Vec<String> = activation.children.iter().map(|child| child.uai.clone()).collect();
    let page = SheetPage {
        query: visit.carried(&CARRIED),
        name: account.full_name(),
        identifiant: account.identifiant,
        address: app.issuer().to_owned(),
        service: service(&app, &visit).await?,
        schools: tenants::store::offices(&mut app.db.read().await?, &uais).await?,
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

/// GET: the identifiant once more, and the button that goes on.
pub async fn done(State(app): State<AppState>, visit: Visit) -> Answer {
    let visit = in_language(&app, visit).await;
    let activation = match standing(&app, &visit, &[Step::Done]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(answer),
    };
    let account = account(&app, &activation).await?;
    let query = visit.carried(&["i", "client_id"]);
    let account_id = account.id.clone();
    let page = DonePage {
        query: visit.carried(&CARRIED),
        purpose: activation.purpose,
        identifiant: account.identifiant,
        service: interaction(&app, &visit).await.map(|waiting| waiting.client_name),
        continue_href: match visit.query.get("i") {
            Some(_) => format!("/oauth2/authorize{query}"),
            None => "/compte".to_owned(),
        },
        others: others(&app, &visit, &account_id).await?,
        notices: notices(&activation),
    };
    visit.page(&app.pages, StatusCode::OK, &page)
}

/// Where the children are whom the service that waits does not know: a parent of two academies would miss one.
async fn others(app: &AppState, visit: &Visit, account_id: &str) -> Result<Vec<Door>, PageError> {
    let mut tx = app.db.read().await?;
    let children = roster::store::children_of_account(&mut tx, account_id).await?;
    let mut doors = services::ops::doors(&mut tx, app, "responsable", &children).await?;
    let id = visit.query.get("client_id").unwrap_or_default();
    let Some(at) = doors.iter().position(|door| door.client_id == id) else { return Ok(Vec::new()) };
    let own = doors.swap_remove(at);
    doors.retain(|door| door.sector == own.sector && door.children.iter().any(|name| !own.children.contains(name)));
    Ok(doors)
}
