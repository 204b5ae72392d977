//! Orders on campaigns, and what they would change: pure.

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::uai::Uai;
use crate::tenants::{Campaign, CampaignStatus, campaign_status};

/// The numbers of days that a form offers.
pub const CAMPAIGN_DAYS: [i64; 5] = [7, 15, 21, 30, 60];
/// The time for which latecomers may activate.
pub const LATE_TTL: Span = Span::days(7);
/// The longest time from now to the end of a campaign.
const MAX_CAMPAIGN_TIME: Span = Span::days(180);
/// The maximum number of schools of an order.
pub const MAX_ORDER_SCHOOLS: usize = 500;
/// The time for which a draft may be confirmed.
pub const DRAFT_TTL: Span = Span::hours(1);

/// The standing of a campaign, as lists are filtered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum CampaignWord {
    Open,
    Upcoming,
    Closed,
    NotPlanned,
}

impl CampaignWord {
    pub fn of(campaign: Option<Campaign>, now: Timestamp) -> Self {
        match campaign_status(campaign, now) {
            CampaignStatus::Open => CampaignWord::Open,
            CampaignStatus::Upcoming(_) => CampaignWord::Upcoming,
            CampaignStatus::Closed(_) => CampaignWord::Closed,
            CampaignStatus::NotPlanned => CampaignWord::NotPlanned,
        }
    }

    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The kind of an order.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum CampaignOrderKind {
    /// Opens the campaign from now on: also one that closed, for everybody.
    Open,
    /// Moves the end.
    Extend,
    /// Ends it now.
    Close,
    /// Opens the activation for those who asked too late, and for them alone.
    Late,
}

impl CampaignOrderKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// An order of somebody, before it is done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignOrder {
    pub kind: CampaignOrderKind,
    /// Of an opening and an extension.
    pub days: i64,
    pub schools: Vec<Uai>,
}

/// An order that was confirmed and is done in steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfirmedOrder {
    #[serde(flatten)]
    pub order: CampaignOrder,
    /// The proof with which the session began that confirmed it: each step's fact says it.
    #[serde(default)]
    pub proof: String,
}

/// A school as an order finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderedSchool {
    pub uai: Uai,
    pub name: String,
    pub academy: String,
    pub campaign: Option<Campaign>,
    /// The persons who asked to open it again.
    pub late: usize,
}

/// The effect of an order on a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlannedCampaign {
    /// The campaign becomes this one.
    Becomes(Campaign),
    /// The activation opens for so many persons.
    OpensFor(usize),
    /// There is nothing to do.
    Nothing,
}

impl CampaignOrder {
    /// Returns what the order does to a school. `asked_at` is the time of the draft, from which days count; `now` that of
    /// the act.
    pub fn plan(&self, school: &OrderedSchool, asked_at: Timestamp, now: Timestamp) -> PlannedCampaign {
        let status = campaign_status(school.campaign, now);
        let latest = now.plus(MAX_CAMPAIGN_TIME);
        match (self.kind, school.campaign, status) {
            (CampaignOrderKind::Open, Some(held), CampaignStatus::Open) => {
                let closes_at = asked_at.plus(Span::days(self.days)).min(latest);
                becomes(held, Campaign { closes_at, ..held })
            }
            (CampaignOrderKind::Open, ..) => {
                let closes_at = asked_at.plus(Span::days(self.days)).min(latest);
                PlannedCampaign::Becomes(Campaign { opens_at: now, closes_at })
            }
            (CampaignOrderKind::Extend, Some(held), CampaignStatus::Open | CampaignStatus::Upcoming(_)) => {
                let closes_at = held.closes_at.plus(Span::days(self.days)).min(latest.max(held.closes_at));
                becomes(held, Campaign { closes_at, ..held })
            }
            (CampaignOrderKind::Close, Some(held), CampaignStatus::Open) => {
                PlannedCampaign::Becomes(Campaign { closes_at: now, ..held })
            }
            (CampaignOrderKind::Close, Some(_), CampaignStatus::Upcoming(_)) => {
                PlannedCampaign::Becomes(Campaign { opens_at: now, closes_at: now })
            }
            (CampaignOrderKind::Late, _, status) if status != CampaignStatus::Open && school.late > 0 => {
                PlannedCampaign::OpensFor(school.late)
            }
            _ => PlannedCampaign::Nothing,
        }
    }

    /// Returns the digest of what a page shows of the order: a form that confirms carries it.
    pub fn digest(&self, schools: &[OrderedSchool], (asked_at, now): (Timestamp, Timestamp)) -> String {
        let mut text = format!("{}\n{}\n{}\n", self.kind.name(), self.days, asked_at.0);
        for school in schools {
            let held = school.campaign.map(|campaign| (campaign.opens_at.0, campaign.closes_at.0));
            // Not the time of the act, which passes between the page and its form.
            let does = match self.plan(school, asked_at, now) {
                PlannedCampaign::Becomes(_) => "becomes",
                PlannedCampaign::OpensFor(_) => "opens",
                PlannedCampaign::Nothing => "nothing",
            };
            text.push_str(&format!("{} {held:?} {} {does}\n", school.uai, school.late));
        }
        sha256_base64url(&text)
    }
}

fn becomes(held: Campaign, new: Campaign) -> PlannedCampaign {
    if held == new { PlannedCampaign::Nothing } else { PlannedCampaign::Becomes(new) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(Span::days(100).0);

    fn day(n: i64) -> Timestamp {
        Timestamp(Span::days(n).0)
    }

    fn school(campaign: Option<(i64, i64)>, late: usize) -> OrderedSchool {
        OrderedSchool {
            uai: Uai::parse("0349999J").unwrap(),
            name: "Clg".to_owned(),
            academy: "montpellier".to_owned(),
            campaign: campaign.map(|(opens, closes)| Campaign { opens_at: day(opens), closes_at: day(closes) }),
            late,
        }
    }

    #[test]
    fn an_order_changes_a_campaign_from_where_it_stands() {
        use CampaignOrderKind::{Close, Extend, Late, Open};
        let campaign =
            |opens, closes| PlannedCampaign::Becomes(Campaign { opens_at: day(opens), closes_at: day(closes) });
        let (open, closed, upcoming) = (Some((90, 110)), Some((80, 90)), Some((105, 120)));
        for (kind, held, late, right) in [
            (Open, None, 0, campaign(100, 107)),
            (Open, closed, 0, campaign(100, 107)),
            (Open, upcoming, 0, campaign(100, 107)),
            (Open, open, 0, campaign(90, 107)),
            (Open, Some((90, 107)), 0, PlannedCampaign::Nothing),
            (Extend, open, 0, campaign(90, 117)),
            (Extend, upcoming, 0, campaign(105, 127)),
            (Extend, closed, 0, PlannedCampaign::Nothing),
            (Extend, None, 0, PlannedCampaign::Nothing),
            (Extend, Some((90, 279)), 0, campaign(90, 280)),
            (Extend, Some((90, 400)), 0, PlannedCampaign::Nothing),
            (Close, open, 0, campaign(90, 100)),
            (Close, upcoming, 0, campaign(100, 100)),
            (Close, closed, 0, PlannedCampaign::Nothing),
            (Late, closed, 3, PlannedCampaign::OpensFor(3)),
            (Late, None, 1, PlannedCampaign::OpensFor(1)),
            (Late, closed, 0, PlannedCampaign::Nothing),
            (Late, open, 3, PlannedCampaign::Nothing),
        ] {
            let order = CampaignOrder { kind, days: 7, schools: Vec::new() };
            assert_eq!(order.plan(&school(held, late), NOW, NOW), right, "{kind:?} {held:?}");
        }
    }

    #[test]
    fn attack_p6_a_digest_changes_with_anything_that_the_page_showed_and_with_nothing_else() {
        let order = CampaignOrder { kind: CampaignOrderKind::Extend, days: 7, schools: Vec::new() };
        let shown = order.digest(&[school(Some((90, 110)), 0)], (NOW, NOW));
        let later = Timestamp(NOW.0 + 60_000);
        assert_eq!(order.digest(&[school(Some((90, 110)), 0)], (NOW, later)), shown);
        for other in [school(Some((90, 111)), 0), school(None, 0), school(Some((90, 110)), 1)] {
            assert_ne!(order.digest(&[other], (NOW, later)), shown);
        }
        let longer = CampaignOrder { days: 15, ..order.clone() };
        assert_ne!(longer.digest(&[school(Some((90, 110)), 0)], (NOW, NOW)), shown);
        assert_ne!(order.digest(&[school(Some((90, 110)), 0)], (NOW, day(111))), shown, "it closed meanwhile");
    }
}
