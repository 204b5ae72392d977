//! The reading of an order on campaigns: its context and samples.

use serde::Serialize;
use strum::IntoEnumIterator as _;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;
use crate::school_admin::orders::CampaignOrderKind;

/// A school of an order: before and after.
#[derive(Clone, Debug, Serialize)]
pub struct OrderedSchoolLine {
    pub uai: String,
    pub name: String,
    /// The ends of messages' keys, with their days.
    pub before: &'static str,
    pub before_day: String,
    /// `becomes`, `closes`, `opens_for` or `nothing`.
    pub after: &'static str,
    pub after_day: String,
    pub n: usize,
}

/// The reason for not doing what was confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CampaignReviewError {
    Changed,
    Nothing,
    RoleEnded,
}

/// `/admin/etablissements/relire/…`.
#[derive(Clone, Debug, Serialize)]
pub struct CampaignReviewPage {
    pub frame: ConsoleFrame,
    pub id: String,
    /// The end of the message's key.
    pub kind: &'static str,
    pub days: i64,
    pub schools: Vec<OrderedSchoolLine>,
    /// The schools for which something would change.
    pub changing: usize,
    pub may_confirm: bool,
    /// The end of the message's key: `draft`, `doing`, `done` or `cut`.
    pub standing: &'static str,
    pub version: i64,
    pub digest: String,
    pub back: String,
    pub error: Option<CampaignReviewError>,
    /// The place and the hour of a role that ended.
    pub ended_place: String,
    pub ended_at: String,
}

impl Page for CampaignReviewPage {
    const TEMPLATE: &'static str = "school_admin/review.html";
    fn samples() -> Vec<Self> {
        let line = |before, after| OrderedSchoolLine {
            uai: "0349999J".to_owned(),
            name: "Clg <i>Théodore</i> Monod".to_owned(),
            before,
            before_day: "mardi 1er\u{a0}décembre".to_owned(),
            after,
            after_day: "mardi 8\u{a0}décembre".to_owned(),
            n: 3,
        };
        let page = CampaignReviewPage {
            frame: ConsoleFrame::sample().in_room("schools"),
            id: "0".repeat(32),
            kind: "extend",
            days: 7,
            schools: vec![
                line("open", "becomes"),
                line("upcoming", "closes"),
                line("closed", "opens_for"),
                line("not_planned", "nothing"),
            ],
            changing: 3,
            may_confirm: true,
            standing: "draft",
            version: 1,
            digest: "d".repeat(43),
            back: "/admin/etablissements".to_owned(),
            error: None,
            ended_place: "académie de Montpellier".to_owned(),
            ended_at: "14\u{a0}h\u{a0}05".to_owned(),
        };
        let mut all: Vec<Self> =
            CampaignOrderKind::iter().map(|kind| CampaignReviewPage { kind: kind.name(), ..page.clone() }).collect();
        for error in [CampaignReviewError::Changed, CampaignReviewError::Nothing, CampaignReviewError::RoleEnded] {
            all.push(CampaignReviewPage { error: Some(error), ..page.clone() });
        }
        let confirmed = |standing| CampaignReviewPage { may_confirm: false, standing, kind: "late", ..page.clone() };
        all.extend(["doing", "done", "cut"].map(confirmed));
        all.push(CampaignReviewPage { may_confirm: false, changing: 0, ..page });
        all
    }
}
