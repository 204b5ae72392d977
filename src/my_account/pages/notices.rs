//! POST `/compte/evenement`: the answer to a banner.

use axum::extract::State;

use super::PageResult;
use crate::app::{AppState, Operation};
use crate::base::actor::Actor;
use crate::base::ids::is_id;
use crate::http::form::Form;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::my_account::ops::{self, NoticeAnswered};
use crate::notify::NoticeAnswer;
use crate::sessions::extract::SignedIn;

pub async fn answer(
    State(app): State<AppState>,
    ctx: RequestContext,
    SignedIn { session, account }: SignedIn,
    Form(form): Form,
) -> PageResult {
    let answer = match (form.get("moi"), form.get("vu")) {
        (Some("oui"), _) => NoticeAnswer::Mine,
        (Some("non"), _) => NoticeAnswer::NotMine,
        (_, Some(_)) => NoticeAnswer::Seen,
        _ => return Ok(see_other(paths::ACCOUNT)),
    };
    let Some(id) = form.get("evenement").filter(|id| is_id(id, 32)) else {
        return Ok(see_other(paths::ACCOUNT));
    };
    let op = Operation::of_request(&app, &ctx).by(Actor::Account(account.id.clone()));
    Ok(match ops::answer_notice(&op, &session, &account, (id, answer), ctx.lang).await? {
        NoticeAnswered::Recorded => see_other(paths::ACCOUNT),
        NoticeAnswered::ChangePassword => see_other(&format!("{}?pas-moi=1", paths::ACCOUNT_PASSWORD)),
    })
}
