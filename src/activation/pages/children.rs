//! `/activation/enfants`: Oui or Non, and the birth date of each child.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use super::{Answer as Page, CARRIED, at, in_language, left_by_proof, standing, with_secret};
use crate::activation::ops::{self, Answered, Given, Said};
use crate::activation::views::{AllNo, Answer, ChildCard, ChildError, ChildrenPage, Purpose, Settled};
use crate::activation::{Activation, Step};
use crate::app::AppState;
use crate::base::date::{BirthDate, DateError, TypedDate};
use crate::http::error::PageError;
use crate::http::form::Form;
use crate::http::pages::when;
use crate::http::visit::Visit;
use crate::protocol::params::Params;

/// GET: the questions. Neither Oui nor Non is chosen beforehand.
pub async fn show(State(app): State<AppState>, visit: Visit) -> Page {
    let visit = in_language(&app, visit).await;
    match standing(&app, &visit, &[Step::Children]).await? {
        Ok(activation) => {
            let blank = vec![Typed::default(); activation.children.len()];
            let fine = vec![Said::Fine; activation.children.len()];
            visit.page(&app.pages, StatusCode::OK, &page(&visit, &activation, &blank, &fine))
        }
        Err(answer) => Ok(answer),
    }
}

/// What the form said of one child.
#[derive(Clone, Debug, Default)]
struct Typed {
    answer: Option<Answer>,
    date: TypedDate,
    fault: Option<Fault>,
}

#[derive(Clone, Copy, Debug)]
enum Fault {
    AnswerMissing,
    Date(DateError),
}

impl Typed {
    // A date that is still to come is a slip of the hand: it costs no try.
    fn read(form: &Params, n: usize, today: Option<BirthDate>, purpose: Purpose) -> (Self, Given) {
        let date = typed_date(form, &format!("date_naissance_{n}"));
        let answer = match (purpose, form.raw(&format!("representant_legal_{n}"))) {
            // Whose children they are is settled: only the dates are asked for.
            (Purpose::NewPassword, _) | (_, "oui") => Some(Answer::Oui),
            (_, "non") => Some(Answer::Non),
            _ => None,
        };
        let to_come = |born: &BirthDate| today.is_some_and(|today| born.is_after(today));
        let born = date.read().and_then(|d| if to_come(&d) { Err(DateError::ToCome) } else { Ok(d) });
        let (fault, given) = match (answer, born) {
            (None, _) => (Some(Fault::AnswerMissing), Given::Unclear),
            (Some(Answer::Non), _) => (None, Given::Non),
            (Some(Answer::Oui), Ok(born)) => (None, Given::Oui(born)),
            (Some(Answer::Oui), Err(fault)) => (Some(Fault::Date(fault)), Given::Unclear),
        };
        (Typed { answer, date, fault }, given)
    }
}

/// The three fields of the page, or the whole date that programs send under the name alone.
fn typed_date(form: &Params, name: &str) -> TypedDate {
    let short = |name: &str| form.raw(name).chars().take(40).collect::<String>();
    let part = |part: &str| short(&format!("{name}_{part}"));
    let whole = short(name);
    if whole.trim().is_empty() {
        TypedDate::of_fields(&part("jour"), &part("mois"), &part("annee"))
    } else {
        TypedDate::of_text(&whole)
    }
}

/// POST: judges the answers.
pub async fn submit(State(app): State<AppState>, visit: Visit, Form(form): Form) -> Page {
    let visit = in_language(&app, visit).await;
    let today = when::date_key(visit.now).parse().ok();
    let read = |of: &Activation| -> (Vec<Typed>, Vec<Given>) {
        (1..=of.children.len()).map(|n| Typed::read(&form, n, today, of.purpose)).unzip()
    };
    let once_more = async || once_more(&app, &visit, read).await;
    let activation = match standing(&app, &visit, &[Step::Children]).await? {
        Ok(found) => found,
        Err(answer) => return Ok(once_more().await?.unwrap_or(answer)),
    };
    let (typed, given) = read(&activation);
    match ops::answer(&app, visit.now, &activation, &given).await? {
        Answered::On(Step::Password) => {
            Ok(with_secret(&app, &visit, &activation, Step::Children, at(&visit, Step::Password)))
        }
        Answered::On(step) => Ok(at(&visit, step)),
        Answered::Overtaken(step) => Ok(once_more().await?.unwrap_or_else(|| at(&visit, step))),
        Answered::AllNo => {
            let page = AllNo {
                query: visit.carried(&CARRIED),
                code: activation.support_code.clone(),
                ways: super::outcome::ways(&app, &visit, &activation).await?,
            };
            visit.page(&app.pages, StatusCode::OK, &page)
        }
        Answered::Again { activation, said } => {
            let page = page(&visit, &activation, &typed, &said);
            visit.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page)
        }
    }
}

/// The right dates again, after they were right: the answer that the browser threw away.
async fn once_more(
    app: &AppState,
    visit: &Visit,
    read: impl Fn(&Activation) -> (Vec<Typed>, Vec<Given>),
) -> Result<Option<Response>, PageError> {
    let Some(held) = left_by_proof(app, visit, Step::Children).await? else { return Ok(None) };
    let (_, given) = read(&held);
    let again = ops::same_dates(app, visit.now, &held, &given).await?;
    Ok(again.then(|| with_secret(app, visit, &held, Step::Children, at(visit, held.step))))
}

fn page(visit: &Visit, activation: &Activation, typed: &[Typed], said: &[Said]) -> ChildrenPage {
    let cards = activation.children.iter().zip(typed).zip(said).zip(1..);
    let children = cards.map(|(((child, typed), said), n)| ChildCard {
        n,
        name: child.shown(),
        given_name: child.given_name.clone(),
        school: child.school.clone(),
        answer: typed.answer,
        date: typed.date.clone().into(),
        error: match (child.settled, said, typed.fault) {
            (Some(Settled::Right | Settled::Refused), ..) => None,
            (_, Said::NoMore, _) => Some(ChildError::NoMore { code: activation.support_code.clone() }),
            (Some(Settled::SetAside), ..) => None,
            (_, Said::Wrong { left }, _) => Some(ChildError::Wrong { left: i64::try_from(*left).unwrap_or(0) }),
            (_, _, Some(Fault::AnswerMissing)) => Some(ChildError::AnswerMissing),
            (_, _, Some(Fault::Date(fault))) => Some(ChildError::Date { fault: fault.into() }),
            (_, _, None) => None,
        },
        settled: child.settled,
    });
    ChildrenPage { query: visit.carried(&CARRIED), purpose: activation.purpose, children: children.collect() }
}
