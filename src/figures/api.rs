//! Figures of sign-ins and activations in the Admin API. Like on the page, a small count above a school is not told.

use serde_json::{Value, json};

use super::ops::{self, span_of};
use super::store::FigurePart;
use super::{FigurePlace, FigureSubject};
use crate::admin_api::EndpointDoc;
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::shapes::Shape;
use crate::administrators;
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::Territory;
use crate::app::SignInResult;
use crate::http::pages::dates;

/// The numbers of days that may be asked for, and the one that is without asking.
const SPANS: [&str; 3] = ["7", "30", "90"];
const DEFAULT_DAYS: i64 = 30;

/// A count: `few` says that it is between one and four, and not told.
const COUNT: Shape = Shape::Object(&[("n", Shape::Maybe(&Shape::Whole)), ("few", Shape::Flag)]);

/// A part of the place.
const PART: Shape = Shape::Object(&[("id", Shape::Text), ("signed_in", COUNT), ("refused", COUNT)]);

const SHOW: EndpointDoc = EndpointDoc {
    id: "get_figures",
    path: "/figures",
    scope: Some(ApiScope::FiguresRead),
    query: &[BodyField::new("territory", FieldKind::Text(110)), BodyField::new("days", FieldKind::Word(&SPANS))],
    answer: Shape::Object(&[
        ("territory", Shape::Text),
        ("from", Shape::Text),
        ("to", Shape::Text),
        ("signed_in", COUNT),
        ("refused", COUNT),
        ("by_day", Shape::List(&Shape::Object(&[("day", Shape::Text), ("signed_in", COUNT), ("refused", COUNT)]))),
        ("reasons", Shape::List(&Shape::Object(&[("reason", Shape::Text), ("refused", COUNT)]))),
        ("clients", Shape::List(&PART)),
        ("academies", Shape::List(&PART)),
        (
            "activation",
            Shape::Maybe(&Shape::Object(&[
                ("parents", COUNT),
                ("with_account", COUNT),
                ("unreachable", COUNT),
                ("pupils", COUNT),
                ("pupils_covered", COUNT),
            ])),
        ),
    ]),
    ..EndpointDoc::EMPTY
};

pub fn endpoints() -> Vec<ApiEndpoint> {
    vec![ApiEndpoint { doc: SHOW, handler: |call| Box::pin(show(call)) }]
}

/// Returns a territory as the query has it.
fn written(territory: &Territory) -> String {
    match territory {
        Territory::All => "all".to_owned(),
        other => format!("{}:{other}", other.kind().name()),
    }
}

fn count(place: &FigurePlace, n: i64) -> Value {
    let shown = place.shown(n);
    json!({ "n": (!shown.is_few).then_some(shown.n), "few": shown.is_few })
}

fn part(place: &FigurePlace, part: &FigurePart) -> Value {
    json!({ "id": part.part, "signed_in": count(place, part.signed_in), "refused": count(place, part.refused) })
}

async fn show(call: &ApiCall<'_>) -> ApiResult {
    let bad = || ApiRefusal::of_field(ProblemCode::BadParameter, "territory");
    let territory = match call.query("territory") {
        "" => call.token.territory.clone(),
        typed => Territory::parse(typed).ok_or_else(bad)?,
    };
    let found = administrators::ops::find_place(&mut call.app.db.read().await?, &territory).await?;
    let found = found.ok_or(ProblemCode::NotFound)?;
    let grant = call.permit(AdminAct::ReadFigures, &[found]).await?;
    let subject = FigureSubject::of(&territory).ok_or(ProblemCode::NotFound)?;
    let days = call.query("days").parse().unwrap_or(DEFAULT_DAYS);
    let figures = ops::read(&call.op(Some(&grant)), &subject, days).await?;
    let (place, sign_ins) = (&subject.place, &figures.sign_ins);
    let day = |(day, (signed_in, refused)): (&String, &(i64, i64))| json!({ "day": day, "signed_in": count(place, *signed_in), "refused": count(place, *refused) });
    let reason = |(reason, n): &(SignInResult, i64)| json!({ "reason": reason.name(), "refused": count(place, *n) });
    let (from, to) = span_of(call.ctx.now, days);
    Ok(ApiAnswer::of(json!({
        "territory": written(&territory),
        "from": dates::date_key(from),
        "to": dates::date_key(to),
        "signed_in": count(place, sign_ins.signed_in),
        "refused": count(place, sign_ins.refused),
        "by_day": sign_ins.days.iter().map(day).collect::<Vec<_>>(),
        "reasons": sign_ins.reasons.iter().map(reason).collect::<Vec<_>>(),
        "clients": figures.clients.iter().map(|one| part(place, one)).collect::<Vec<_>>(),
        "academies": figures.academies.iter().map(|one| part(place, one)).collect::<Vec<_>>(),
        "activation": figures.activation.map(|sums| json!({
            "parents": count(place, sums.parents),
            "with_account": count(place, sums.with_account),
            "unreachable": count(place, sums.unreachable),
            "pupils": count(place, sums.pupils),
            "pupils_covered": count(place, sums.pupils_covered),
        })),
    })))
}
