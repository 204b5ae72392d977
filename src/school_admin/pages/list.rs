//! `/admin/etablissements`: the schools of the territory.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use strum::IntoEnumIterator as _;

use super::{GatedResult, school_path, share};
use crate::administrators::extract::SignedInAdministrator;
use crate::administrators::ops::OnDuty;
use crate::administrators::pages::{failed, frame, scope_of};
use crate::administrators::roles::AdminAct;
use crate::app::AppState;
use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::http::error::PageError;
use crate::http::pages::dates;
use crate::http::paths;
use crate::http::request_context::{RequestContext, see_other};
use crate::protocol::params::encode;
use crate::school_admin::ops::{self, PAGE_SCHOOLS, SchoolFilter, SchoolList};
use crate::school_admin::orders::{CampaignOrderKind, CampaignWord};
use crate::school_admin::store::{ListedSchoolRow, SchoolListPlace};
use crate::school_admin::views::list::{SchoolLine, SchoolListPage};
use crate::school_admin::views::{OrderForm, OrderFormError};
use crate::tenants;

/// A share below this one, in thousandths, is marked.
const LOW_SHARE: i64 = 500;

/// Reads the place after which the list goes on.
fn read_place(text: &str) -> Option<SchoolListPlace> {
    let mut parts = text.splitn(3, '-');
    let (closing, share) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let uai = Uai::parse(parts.next()?).ok()?.to_string();
    Some(SchoolListPlace { closing, share, uai })
}

fn line(ctx: &RequestContext, row: &ListedSchoolRow, academy: String) -> SchoolLine {
    let standing = CampaignWord::of(row.campaign(), ctx.now);
    let day = match standing {
        CampaignWord::Open | CampaignWord::Closed => row.closes_at,
        CampaignWord::Upcoming => row.opens_at,
        CampaignWord::NotPlanned => None,
    };
    let (parents, with_account) = (row.parents.unwrap_or_default(), row.with_account.unwrap_or_default());
    SchoolLine {
        uai: row.uai.to_string(),
        name: row.name.clone(),
        academy,
        standing: standing.name(),
        day: day.map_or_else(String::new, |at| dates::day(ctx.lang, Timestamp(at))),
        share: share(ctx.lang, with_account, parents),
        is_low: row.share < LOW_SHARE,
        parents,
        with_account,
        unreachable: row.unreachable.unwrap_or_default(),
    }
}

/// Returns the page; after a refused order with its error.
pub(super) async fn page(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    error: Option<OrderFormError>,
) -> anyhow::Result<SchoolListPage> {
    let words: String = ctx.query.get("nom").unwrap_or_default().trim().chars().take(100).collect();
    let standing = ctx.query.get("etat").and_then(|word| word.parse::<CampaignWord>().ok());
    let after = ctx.query.get("apres").and_then(read_place).unwrap_or_default();
    let is_narrowed = !words.is_empty() || standing.is_some() || after != SchoolListPlace::default();
    let op = on_duty.operation(app, ctx, None);
    let SchoolList { schools, next } =
        ops::list(&op, on_duty, SchoolFilter { words: &words, standing, after, most: PAGE_SCHOOLS }).await?;
    let mut academies: Vec<(String, String)> = Vec::new();
    let mut tx = app.db.read().await?;
    for row in &schools {
        if !academies.iter().any(|(id, _)| *id == row.academy) {
            let name = tenants::store::find_academy_name(&mut tx, &row.academy).await?;
            academies.push((row.academy.clone(), name.unwrap_or_else(|| row.academy.clone())));
        }
    }
    drop(tx);
    let several = academies.len() > 1;
    let name_of = |id: &str| academies.iter().find(|(one, _)| one == id).map(|(_, name)| name.clone());
    let lines = schools.iter().map(|row| {
        let academy = name_of(&row.academy).filter(|_| several).unwrap_or_default();
        line(ctx, row, academy)
    });
    let lines: Vec<SchoolLine> = lines.collect();
    let wanted = standing.map(CampaignWord::name);
    let next = next.map(|place| {
        let place = format!("{}-{}-{}", place.closing, place.share, place.uai);
        let all = [("nom", words.as_str()), ("etat", wanted.unwrap_or_default()), ("apres", &place)];
        format!("{}?{}", paths::ADMIN_SCHOOLS, encode(all.into_iter().filter(|(_, value)| !value.is_empty())))
    });
    let may_change = on_duty.role_for(AdminAct::ChangeCampaign).is_some() && !lines.is_empty();
    let order = may_change.then(|| OrderForm::new(Vec::new(), CampaignOrderKind::iter().collect()));
    Ok(SchoolListPage {
        frame: frame(app, ctx, on_duty).await?.in_room("schools"),
        words: words.clone(),
        standing: wanted,
        standings: CampaignWord::iter().map(CampaignWord::name).collect(),
        is_narrowed,
        lines,
        next,
        order: order.map(|order| OrderForm { error, ..order }),
    })
}

/// GET: lists them; whoever has one school goes there.
pub async fn show(State(app): State<AppState>, ctx: RequestContext, who: SignedInAdministrator) -> GatedResult {
    let SignedInAdministrator(on_duty) = who;
    if on_duty.role_for(AdminAct::SeeSchool).is_none() {
        on_duty.permit(&app, &ctx, AdminAct::SeeSchool, &[]).await?;
    }
    if let Some(uai) = scope_of(&on_duty, AdminAct::SeeSchool, &ctx).only_school() {
        return Ok(see_other(&school_path(&uai)));
    }
    let page = page(&app, &ctx, &on_duty, None).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::OK, &page).map_err(PageError::into_response)
}

/// Shows the list again, with the reason for which an order was not kept.
pub(super) async fn refuse(
    app: &AppState,
    ctx: &RequestContext,
    on_duty: &OnDuty,
    error: OrderFormError,
) -> Result<Response, Response> {
    let page = page(app, ctx, on_duty, Some(error)).await.map_err(failed)?;
    ctx.page(&app.pages, StatusCode::UNPROCESSABLE_ENTITY, &page).map_err(PageError::into_response)
}
