//! `/activation`: who you are, and the mobile that the school knows.

use axum::extract::State;
use axum::http::StatusCode;

use super::{Answer, CARRIED, in_language};
use crate::activation::ops::{self, Found, Started, Visitor};
use crate::activation::views::{IdentityPage, IdentityRefusal, NameFault, PhoneFault};
use crate::activation::{LONGEST_NAME, Step, Typed};
use crate::app::AppState;
use crate::base::names;
use crate::base::phone::PhoneError;
use crate::http::form::Form;
use crate::http::pages::when;
use crate::http::visit::{Visit, retry_after, see_other, with_cookie};
use crate::interactions;
use crate::limits::{Reason, Refused};
use crate::protocol::params::encode;

/// GET: the form; with what was typed if the person comes back to correct it.
pub async fn show(State(app): State<AppState>, visit: Visit) -> Answer {
    let visit = in_language(&app, visit).await;
    let mut page = IdentityPage { query: visit.carried(&CARRIED), ..IdentityPage::default() };
    if let Found::Here(known) = ops::find(&app, visit.now, visit.query.get("a"), visit.secrets()).await?
        && known.step == Step::Code
    {
        page = {
            let typed = known.activation.typed;
            IdentityPage { nom: typed.nom, prenom: typed.prenom, telephone: typed.telephone, ..page }
        };
    }
    let (_, cookie) = visit.navigation(app.rng.as_ref());
    Ok(with_cookie(visit.page(&app.pages, StatusCode::OK, &page)?, cookie))
}

/// POST: begins, or says what is missing.
pub async fn submit(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Answer {
    // Not only shown: the activation keeps it, so it must not be lost because the store is away.
    let waiting = match visit.query.get("i") {
        Some(i) => interactions::ops::find(&app, visit.now, i, visit.nav.as_deref()).await?,
        None => None,
    };
    let visit = visit.prefer(waiting.as_ref().and_then(|w| w.request.ui_locales.as_deref()));
    let short = |name: &str| form.raw(name).chars().take(2 * LONGEST_NAME).collect::<String>();
    let mut page = IdentityPage {
        query: visit.carried(&CARRIED),
        nom: short("nom"),
        prenom: short("prenom"),
        telephone: short("telephone"),
        ..IdentityPage::default()
    };
    // The form was shown with this cookie; a form of another site comes without it.
    let Some(nav) = visit.nav.clone() else {
        let (_, cookie) = visit.navigation(app.rng.as_ref());
        page.refusal = Some(IdentityRefusal::NoCookies);
        return Ok(with_cookie(visit.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)?, cookie));
    };
    let (nom, prenom) = (names::clean(form.raw("nom")), names::clean(form.raw("prenom")));
    page.nom_fault = fault(&nom);
    page.prenom_fault = fault(&prenom);
    let phone = app.numbering.mobile(form.raw("telephone"));
    page.telephone_fault = phone.as_ref().err().map(|e| match e {
        PhoneError::Empty => PhoneFault::Empty,
        PhoneError::Landline => PhoneFault::Landline,
        PhoneError::Incomplete => PhoneFault::Incomplete,
    });
    let (None, None, Ok(phone)) = (page.nom_fault, page.prenom_fault, phone) else {
        return visit.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
    };
    let typed = Typed { nom, prenom, phone: phone.as_str().to_owned(), telephone: page.telephone.clone() };
    let waiting = visit.query.get("i").map(str::to_owned).zip(waiting);
    let visitor = Visitor { nav: &nav, devices: &visit.devices, source: visit.source };
    match ops::start(&app, visit.now, visit.lang, visitor, typed, waiting).await? {
        Started::At { id } => {
            let kept = ["i", "client_id"].into_iter().filter_map(|n| visit.query.get(n).map(|v| (n, v)));
            let query = encode(kept.chain([("a", id.as_str())]));
            Ok(see_other(&format!("{}?{query}", Step::Code.path())))
        }
        Started::TooMany { until } => {
            page.refusal = Some(IdentityRefusal::TooManyToday { hour: when::from_hour(visit.lang, until) });
            Ok(retry_after(visit.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, visit.now, until))
        }
        Started::Limited(Refused { reason, until }) => {
            let hour = when::from_hour(visit.lang, until);
            page.refusal = Some(match reason {
                Reason::Source | Reason::Network => IdentityRefusal::ManyFromHere { hour },
                _ => IdentityRefusal::Many { hour },
            });
            Ok(retry_after(visit.page(&app.pages, StatusCode::TOO_MANY_REQUESTS, &page)?, visit.now, until))
        }
    }
}

fn fault(name: &str) -> Option<NameFault> {
    if name.is_empty() {
        Some(NameFault::Empty)
    } else if name.chars().count() > LONGEST_NAME {
        Some(NameFault::TooLong)
    } else {
        None
    }
}
