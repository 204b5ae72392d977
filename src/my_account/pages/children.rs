//! `/compte/enfants` and what is done there.

use axum::extract::State;
use axum::http::StatusCode;

use super::PageResult;
use crate::app::{AppState, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::base::date::TypedDate;
use crate::base::lang::Lang;
use crate::credentials::pages as proof;
use crate::credentials::views::CurrentPasswordError;
use crate::guardianship;
use crate::http::form::Form;
use crate::http::pages::{date_fields, dates};
use crate::http::paths;
use crate::http::request_context::{RequestContext, retry_after, see_other};
use crate::letters::code::{LetterCode, LetterCodeError};
use crate::letters::ops::LetterCodeRefusal;
use crate::my_account::ops::{
    self, AddChildOutcome, ChildCodeOutcome, ChildCodeRequest, ChildReset, OfferedChild, ParentContext,
};
use crate::my_account::views::{
    CautionEnd, ChildCodePage, ChildDateError, ChildLetterError, FormerChildLine, MyChildCard, MyChildrenPage,
    OfferedCard,
};
use crate::roster;
use crate::roster::store::{RosterChild, ended_links};
use crate::sessions::extract::SignedInParent;

fn context<'a>(parent: &'a SignedInParent, ctx: &'a RequestContext) -> ParentContext<'a> {
    let (session, account, support_code) = (&parent.session, &parent.account, ctx.support_code.as_str());
    ParentContext { session, account, support_code, lang: ctx.lang }
}

fn moment_of_end(lang: Lang, until: Timestamp) -> CautionEnd {
    CautionEnd { day: dates::weekday_and_day(lang, until), hour: dates::hour_rounded_up(lang, until) }
}

/// The time for which the page says whom a school took out of the account: after it such an account closes.
const FORMER_CHILD_SHOWN: Span = Span::days(92);

/// The date typed for a child, and its error.
type TypedChild = (String, TypedDate, ChildDateError);

async fn children_page(
    op: &Operation<'_>,
    parent: &SignedInParent,
    lang: Lang,
    wrong: Option<TypedChild>,
) -> anyhow::Result<MyChildrenPage> {
    let mut tx = op.app.db.read().await?;
    let mut children = roster::store::list_children_of_account(&mut tx, &parent.account.id).await?;
    children.dedup_by(|a, b| a.pupil_id == b.pupil_id);
    let mut cards = Vec::new();
    for child in children {
        let reset = ops::find_reset(op, &mut tx, &child, dates::today(op.now)).await?;
        let family = child.usage_name.as_deref().unwrap_or(&child.family_name);
        cards.push(MyChildCard {
            id: child.pupil_id.to_string(),
            name: format!("{} {family}", child.given_name),
            given_name: child.given_name,
            class: child.class,
            school: child.school,
            old_enough: reset == ChildReset::OldEnough,
            identifiant: match reset {
                ChildReset::Code(pupil) => Some(pupil.identifiant),
                ChildReset::OldEnough | ChildReset::School => None,
            },
        });
    }
    let mut offered = Vec::new();
    for OfferedChild { question, .. } in ops::list_offered(op, &mut tx, &parent.account).await? {
        let typed = wrong.as_ref().filter(|(id, ..)| *id == question.pupil_id.as_str());
        offered.push(OfferedCard {
            id: question.pupil_id.to_string(),
            display_name: question.display_name(),
            given_name: question.given_name,
            school: question.school,
            date: typed.map(|(_, date, _)| date.clone().into()).unwrap_or_default(),
            error: typed.map(|(.., error)| error.clone()),
        });
    }
    let after = op.now.minus(FORMER_CHILD_SHOWN);
    let former = ended_links::list_former_children(&mut tx, &parent.account.id, after).await?;
    let former = former.into_iter().map(|child| FormerChildLine {
        day: dates::day(lang, Timestamp(child.ended_at)),
        given_name: child.given_name,
        school: child.school,
    });
    Ok(MyChildrenPage { children: cards, offered, former: former.collect(), letter_error: None })
}

pub async fn show(State(app): State<AppState>, ctx: RequestContext, parent: SignedInParent) -> PageResult {
    let page = children_page(&parent.operation(&app, &ctx), &parent, ctx.lang, None).await?;
    ctx.page(&app.pages, StatusCode::OK, &page)
}

/// POST: takes a child out.
pub async fn remove(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let children = roster::store::list_children_of_account(&mut app.db.read().await?, &parent.account.id).await?;
    let questions = guardianship::ops::questions_for(children);
    if let Some(question) = questions.iter().find(|q| q.pupil_id.as_str() == form.form_value("contester")) {
        ops::remove_child(&op, context(&parent, &ctx), question).await?;
    }
    Ok(see_other(paths::ACCOUNT_CHILDREN))
}

/// POST: adds an offered child by its birth date.
pub async fn add(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let id = form.form_value("enfant");
    let offered = ops::list_offered(&op, &mut app.db.read().await?, &parent.account).await?;
    let Some(child) = offered.iter().find(|child| child.question.pupil_id.as_str() == id) else {
        return Ok(see_other(paths::ACCOUNT_CHILDREN));
    };
    let typed = date_fields::read_date(&form, "date_naissance");
    let (status, error, until) = match date_fields::parse_birth_date(&typed, dates::today(ctx.now)) {
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, ChildDateError::Date { fault: error.into() }, None),
        Ok(date) => match ops::add_child(&op, context(&parent, &ctx), child, date).await? {
            AddChildOutcome::Added | AddChildOutcome::Gone => return Ok(see_other(paths::ACCOUNT_CHILDREN)),
            AddChildOutcome::Wrong { tries_left } => {
                let left = i64::try_from(tries_left).unwrap_or(0);
                (StatusCode::UNPROCESSABLE_ENTITY, ChildDateError::Wrong { left }, None)
            }
            AddChildOutcome::NoTriesLeft { until } => {
                let hour = dates::hour_rounded_up(ctx.lang, until);
                (StatusCode::TOO_MANY_REQUESTS, ChildDateError::NoMore { hour }, Some(until))
            }
        },
    };
    let page = children_page(&op, &parent, ctx.lang, Some((id.to_owned(), typed, error))).await?;
    let page = ctx.page(&app.pages, status, &page)?;
    Ok(match until {
        Some(until) => retry_after(page, ctx.now, until),
        None => page,
    })
}

/// POST: takes the code of a letter for one more child; the child is offered then.
pub async fn take_letter(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let typed = form.form_value("code");
    let refused = match LetterCode::parse(typed) {
        Ok(code) => {
            let browser = (ctx.source, ctx.devices.as_slice());
            match ops::take_child_letter(&op, &parent.account, &code, browser).await? {
                Ok(()) => return Ok(see_other(paths::ACCOUNT_CHILDREN)),
                Err(why) => why,
            }
        }
        Err(why) => {
            let error = match why {
                _ if typed.trim().is_empty() => ChildLetterError::Empty,
                LetterCodeError::WrongForm => ChildLetterError::WrongForm,
                LetterCodeError::ConfusableSign => ChildLetterError::Confusable,
                LetterCodeError::Slip => ChildLetterError::Slip,
            };
            let page = children_page(&op, &parent, ctx.lang, None).await?;
            let page = MyChildrenPage { letter_error: Some(error), ..page };
            return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
        }
    };
    let date = |at| dates::day(ctx.lang, at);
    let (status, error, until) = match refused {
        LetterCodeRefusal::Used(at) => {
            (StatusCode::UNPROCESSABLE_ENTITY, ChildLetterError::Used { date: date(at) }, None)
        }
        LetterCodeRefusal::Replaced(at) => {
            (StatusCode::UNPROCESSABLE_ENTITY, ChildLetterError::Replaced { date: date(at) }, None)
        }
        LetterCodeRefusal::Expired(at) => {
            (StatusCode::UNPROCESSABLE_ENTITY, ChildLetterError::Expired { date: date(at) }, None)
        }
        LetterCodeRefusal::Wrong { tries_left } => {
            let left = i64::try_from(tries_left).unwrap_or(0);
            (StatusCode::UNPROCESSABLE_ENTITY, ChildLetterError::Wrong { left }, None)
        }
        LetterCodeRefusal::Limited { until } => {
            let hour = dates::hour_rounded_up(ctx.lang, until);
            (StatusCode::TOO_MANY_REQUESTS, ChildLetterError::Waiting { until: hour }, Some(until))
        }
    };
    let page = MyChildrenPage { letter_error: Some(error), ..children_page(&op, &parent, ctx.lang, None).await? };
    let page = ctx.page(&app.pages, status, &page)?;
    Ok(match until {
        Some(until) => retry_after(page, ctx.now, until),
        None => page,
    })
}

/// Returns the child of the account that a page names, and the empty page of its code; `None` for another child.
async fn code_page(
    op: &Operation<'_>,
    (ctx, parent): (&RequestContext, &SignedInParent),
    id: &str,
) -> anyhow::Result<Option<(RosterChild, ChildCodePage)>> {
    let mut tx = op.app.db.read().await?;
    let children = roster::store::list_children_of_account(&mut tx, &parent.account.id).await?;
    let Some(child) = children.into_iter().find(|child| child.pupil_id.as_str() == id) else { return Ok(None) };
    let ChildReset::Code(pupil) = ops::find_reset(op, &mut tx, &child, dates::today(op.now)).await? else {
        return Ok(None);
    };
    drop(tx);
    let asks_date = !ops::is_proven(op, context(parent, ctx), &child.pupil_id).await?;
    let page = ChildCodePage {
        id: id.to_owned(),
        given_name: child.given_name.clone(),
        identifiant: pupil.identifiant,
        asks_date,
        upstream: proof::proof_upstream(op.app, &parent.account),
        ..ChildCodePage::default()
    };
    Ok(Some((child, page)))
}

pub async fn show_code(State(app): State<AppState>, ctx: RequestContext, parent: SignedInParent) -> PageResult {
    let id = ctx.query.get("enfant").unwrap_or_default().to_owned();
    let op = parent.operation(&app, &ctx);
    match code_page(&op, (&ctx, &parent), &id).await? {
        Some((_, page)) => ctx.page(&app.pages, StatusCode::OK, &page),
        None => Ok(see_other(paths::ACCOUNT_CHILDREN)),
    }
}

/// POST: issues a code and shows it, once.
pub async fn issue_code(
    State(app): State<AppState>,
    ctx: RequestContext,
    parent: SignedInParent,
    Form(form): Form,
) -> PageResult {
    let op = parent.operation(&app, &ctx);
    let Some((child, page)) = code_page(&op, (&ctx, &parent), form.form_value("enfant")).await? else {
        return Ok(see_other(paths::ACCOUNT_CHILDREN));
    };
    let typed = date_fields::read_date(&form, "date_naissance");
    let mut date = None;
    if page.asks_date {
        match date_fields::parse_birth_date(&typed, dates::today(ctx.now)) {
            Ok(read) => date = Some(read),
            Err(error) => {
                let date_error = Some(ChildDateError::Date { fault: error.into() });
                let page = ChildCodePage { date: typed.into(), date_error, ..page };
                return ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page);
            }
        }
    }
    let request = ChildCodeRequest { password: form.form_value("mot_de_passe"), device_secrets: &ctx.devices, date };
    let page = ChildCodePage { date: typed.into(), ..page };
    let (status, page, until) = match ops::issue_child_code(&op, context(&parent, &ctx), &child, request).await? {
        ChildCodeOutcome::Issued { identifiant, code, until } => {
            let (code, until) = (Some(code.to_printed_form()), Some(moment_of_end(ctx.lang, until)));
            (StatusCode::OK, ChildCodePage { identifiant, code, until, ..page }, None)
        }
        ChildCodeOutcome::NotThisWay => return Ok(see_other(paths::ACCOUNT_CHILDREN)),
        ChildCodeOutcome::NotProven(why) => {
            let current = Some(CurrentPasswordError::new(why, ctx.lang));
            let page = ctx.page(&app.pages, proof::status(why), &ChildCodePage { current, ..page })?;
            return proof::refused(&ctx, why, page);
        }
        ChildCodeOutcome::Caution { until } => {
            let caution = Some(moment_of_end(ctx.lang, until));
            (StatusCode::UNPROCESSABLE_ENTITY, ChildCodePage { caution, ..page }, None)
        }
        ChildCodeOutcome::WrongDate { tries_left } => {
            let date_error = Some(ChildDateError::Wrong { left: i64::try_from(tries_left).unwrap_or(0) });
            (StatusCode::UNPROCESSABLE_ENTITY, ChildCodePage { date_error, ..page }, None)
        }
        ChildCodeOutcome::NoTriesLeft { until } => {
            let date_error = Some(ChildDateError::NoMore { hour: dates::hour_rounded_up(ctx.lang, until) });
            (StatusCode::TOO_MANY_REQUESTS, ChildCodePage { date_error, ..page }, Some(until))
        }
        ChildCodeOutcome::TooMany { until } => {
            let too_many = Some(dates::hour_rounded_up(ctx.lang, until));
            (StatusCode::TOO_MANY_REQUESTS, ChildCodePage { too_many, ..page }, Some(until))
        }
    };
    let page = ctx.page(&app.pages, status, &page)?;
    Ok(match until {
        Some(until) => retry_after(page, ctx.now, until),
        None => page,
    })
}
