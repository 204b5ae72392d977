//! Orders on the campaign of a school.

use serde_json::json;

use super::{CAMPAIGN, campaign_value, open_whole, version_of};
use crate::admin_api::extract::{ApiAnswer, ApiCall, ApiEndpoint, ApiResult};
use crate::admin_api::fields::{BodyField, FieldKind};
use crate::admin_api::problems::{ApiRefusal, ProblemCode};
use crate::admin_api::{ApiMethod, EndpointDoc, VersionUse};
use crate::administrators::api_tokens::ApiScope;
use crate::administrators::roles::AdminAct;
use crate::school_admin::ops::campaign::{self, CampaignConfirmation, DraftOutcome};
use crate::school_admin::orders::{CAMPAIGN_DAYS, CampaignOrder, CampaignOrderKind};

const ORDER: EndpointDoc = EndpointDoc {
    id: "change_campaign",
    method: ApiMethod::Put,
    path: "/schools/{uai}/campaign",
    scope: Some(ApiScope::CampaignsWrite),
    body: Some(&[
        BodyField::required("order", FieldKind::Word(&["open", "extend", "close"])),
        BodyField::new("days", FieldKind::Whole(7, 60)),
    ]),
    version: VersionUse::Required,
    answer: CAMPAIGN,
    problems: &[ProblemCode::NothingToDo, ProblemCode::TooManyOfDay],
    ..EndpointDoc::EMPTY
};

pub(super) fn endpoints() -> Vec<ApiEndpoint> {
    vec![ApiEndpoint { doc: ORDER, handler: |call| Box::pin(order(call)) }]
}

/// Orders something of a campaign, but for latecomers, who are let in after the answer, when no token is read any more: by
/// the same draft and confirmation as a person: what is confirmed is what was read.
async fn order(call: &ApiCall<'_>) -> ApiResult {
    let place = open_whole(call, AdminAct::ChangeCampaign).await?;
    let days = call.body.whole("days").unwrap_or(15);
    if !CAMPAIGN_DAYS.contains(&days) {
        let expected = json!({ "enum": CAMPAIGN_DAYS });
        return Err(ApiRefusal::of_field(ProblemCode::BadValue, "days").with("expected", expected).into());
    }
    let kind: Option<CampaignOrderKind> = call.body.text("order").and_then(|word| word.parse().ok());
    let kind = kind.ok_or(ProblemCode::BadValue)?;
    call.compare(version_of(place.campaign))?;
    let op = call.op(call.on_duty.role_for(AdminAct::ChangeCampaign));
    let order = CampaignOrder { kind, days, schools: vec![place.school.uai.clone()] };
    let id = match campaign::draft(&op, call.on_duty, &order).await? {
        DraftOutcome::Saved(id) => id,
        DraftOutcome::TooMany => return Err(ProblemCode::TooManyOfDay.into()),
        DraftOutcome::NotPermitted | DraftOutcome::NoSchool | DraftOutcome::TooManySchools => {
            return Err(ProblemCode::NotFound.into());
        }
    };
    let draft = campaign::find(&op, call.on_duty, &id).await?.ok_or(ProblemCode::NotFound)?;
    // The campaign that the draft read is the one that the caller knows: the digest holds it until the confirmation.
    call.compare(version_of(draft.schools.first().and_then(|(school, _)| school.campaign)))?;
    match campaign::confirm(&op, call.on_duty, &id, (draft.row.version, &draft.digest)).await? {
        CampaignConfirmation::Done => {}
        CampaignConfirmation::Nothing => return Err(ProblemCode::NothingToDo.into()),
        CampaignConfirmation::Changed => return Err(ProblemCode::Changed.into()),
        CampaignConfirmation::NotPermitted | CampaignConfirmation::NotFound => {
            return Err(ProblemCode::NotFound.into());
        }
    }
    let place = open_whole(call, AdminAct::ChangeCampaign).await?;
    let version = version_of(place.campaign);
    Ok(ApiAnswer::of(campaign_value(place.campaign, call.ctx.now)).at_version(version))
}
