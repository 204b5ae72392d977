//! Whom a reminder of a campaign reaches, and what it costs: pure.
//!
//! A reminder goes to a parent without a working account whom an SMS of their own reaches, once a week. Its text names no
//! child and holds no link that opens anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator as _;

use super::figures::CampaignFigures;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::tenants::{Campaign, CampaignStatus, campaign_status};

/// A number gets one reminder within this time, whichever persons have it and by whichever school.
pub const REMINDER_INTERVAL: Span = Span::days(7);
/// The time over which the budget of a school counts.
pub const BUDGET_WINDOW: Span = Span::days(30);
/// A campaign that closes sooner than this is not reminded of: a text that arrives late misleads.
pub const MIN_TIME_LEFT: Span = Span::hours(12);
/// The maximum number of persons of an order.
pub const MAX_REMINDED_PERSONS: usize = 5_000;

/// The reason for which a parent is not reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum LeftOutReason {
    HasAccount,
    /// No SMS reaches them.
    NoMobile,
    /// The number is that of several parents: nobody knows whose account the text is about.
    SharedNumber,
    /// Said that no child here is theirs, or could not prove it: the school has a notice.
    Withheld,
    /// A reminder went to them within the week.
    Reminded,
}

impl LeftOutReason {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The order of somebody, as its draft keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReminderOrder {
    pub uai: Uai,
}

/// The persons of an order, and those whom it leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReminderPlan {
    /// In the order of their ids.
    pub persons: Vec<PersonId>,
    pub left_out: BTreeMap<LeftOutReason, usize>,
}

impl ReminderPlan {
    /// Chooses among the parents of a school; `reminded` are those whom a reminder reached within the week.
    pub fn of(figures: &CampaignFigures, reminded: &BTreeSet<PersonId>) -> Self {
        let mut plan = ReminderPlan::default();
        for parent in &figures.parents {
            let reason = if parent.has_account() {
                Some(LeftOutReason::HasAccount)
            } else if parent.reason.is_some() {
                Some(LeftOutReason::NoMobile)
            } else if parent.shares_number {
                Some(LeftOutReason::SharedNumber)
            } else if parent.all_withheld {
                Some(LeftOutReason::Withheld)
            } else {
                reminded.contains(&parent.person_id).then_some(LeftOutReason::Reminded)
            };
            match reason {
                Some(reason) => *plan.left_out.entry(reason).or_default() += 1,
                None if plan.persons.len() < MAX_REMINDED_PERSONS => plan.persons.push(parent.person_id.clone()),
                None => {}
            }
        }
        plan.persons.sort();
        plan
    }

    /// Returns the number of parents whom a reason leaves out, for each reason.
    pub fn left_out_by_reason(&self) -> Vec<(LeftOutReason, usize)> {
        let count = |reason| (reason, self.left_out.get(&reason).copied().unwrap_or_default());
        LeftOutReason::iter().map(count).filter(|(_, n)| *n > 0).collect()
    }

    /// Returns the digest of what the page shows: the text, whom it reaches, whom not, and the SMS that are left.
    pub fn digest(&self, text: &str, left: i64) -> String {
        let mut shown = format!("{text}\n{left}\n");
        for person_id in &self.persons {
            shown.push_str(person_id.as_str());
            shown.push('\n');
        }
        for (reason, n) in &self.left_out {
            shown.push_str(&format!("{} {n}\n", reason.name()));
        }
        sha256_base64url(&shown)
    }
}

/// The reason for which no reminder can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ReminderObstacle {
    /// The deployment sends none.
    Off,
    /// The campaign is not open, or closes within hours.
    NotOpen,
    Nobody,
    OverBudget,
}

impl ReminderObstacle {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// True if a campaign is open for long enough.
pub fn is_remindable(campaign: Option<Campaign>, now: Timestamp) -> bool {
    campaign_status(campaign, now) == CampaignStatus::Open
        && campaign.is_some_and(|campaign| campaign.closes_at.since(now) >= MIN_TIME_LEFT)
}

/// Returns the price of some SMS in cents, rounded up; `price` is that of one, in thousandths of a euro.
pub fn price_in_cents(sms: i64, price: u32) -> i64 {
    sms.saturating_mul(i64::from(price)).saturating_add(9) / 10
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::school_admin::figures::{CountedParent, ParentStanding, UnreachableReason};

    fn parent(id: &str, standing: ParentStanding) -> CountedParent {
        CountedParent {
            person_id: PersonId::new(id),
            family_name: String::new(),
            given_name: String::new(),
            standing,
            reason: None,
            shares_number: false,
            by_letter: false,
            all_withheld: false,
            children: Vec::new(),
        }
    }

    #[test]
    fn whoever_has_an_account_or_no_number_of_their_own_or_was_reminded_is_left_out() {
        let landline = Some(UnreachableReason::Landline);
        let parents = vec![
            parent("f", ParentStanding::NotBegun),
            parent("a", ParentStanding::HadAccount),
            parent("b", ParentStanding::Activated),
            CountedParent { reason: landline, ..parent("c", ParentStanding::Unreachable) },
            CountedParent { reason: landline, ..parent("d", ParentStanding::StoppedAtCode) },
            CountedParent { shares_number: true, ..parent("e", ParentStanding::NotBegun) },
            parent("g", ParentStanding::NotBegun),
            CountedParent { all_withheld: true, ..parent("i", ParentStanding::StoppedAtChildren) },
            parent("h", ParentStanding::StoppedAtPassword),
        ];
        let figures = CampaignFigures { parents, ..CampaignFigures::default() };
        let reminded = BTreeSet::from([PersonId::new("g")]);
        let plan = ReminderPlan::of(&figures, &reminded);
        assert_eq!(plan.persons, [PersonId::new("f"), PersonId::new("h")]);
        let names: Vec<_> = plan.left_out_by_reason().into_iter().map(|(reason, n)| (reason.name(), n)).collect();
        let right = [("has_account", 2), ("no_mobile", 2), ("shared_number", 1), ("withheld", 1), ("reminded", 1)];
        assert_eq!(names, right);
    }

    #[test]
    fn attack_p6_a_digest_changes_with_the_text_the_persons_and_the_budget() {
        let plan = |ids: &[&str]| ReminderPlan {
            persons: ids.iter().map(|id| PersonId::new(*id)).collect(),
            left_out: BTreeMap::from([(LeftOutReason::Reminded, ids.len())]),
        };
        let shown = plan(&["a", "b"]).digest("text", 9);
        assert_eq!(plan(&["a", "b"]).digest("text", 9), shown);
        for other in [plan(&["a", "b"]).digest("texts", 9), plan(&["a", "c"]).digest("text", 9)] {
            assert_ne!(other, shown);
        }
        assert_ne!(plan(&["a", "b"]).digest("text", 8), shown);
    }

    #[test]
    fn a_price_is_rounded_up_to_cents() {
        for (sms, price, cents) in [(0, 45, 0), (1, 45, 5), (100, 45, 450), (3, 0, 0), (i64::MAX, 9, i64::MAX / 10)] {
            assert_eq!(price_in_cents(sms, price), cents, "{sms} {price}");
        }
    }
}
