//! Whom a reminder of a campaign reaches, and what it costs: pure.
//!
//! A reminder goes to a parent without a working account, once a week: by SMS to whom one of their own reaches, by mail to
//! whom the roster knows an address of, whatever number it has. Its text names no child and holds no link that opens
//! anything.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use strum::IntoEnumIterator as _;

use super::figures::{CampaignFigures, CountedParent, UnreachableReason};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::tenants::{Campaign, CampaignStatus, campaign_status};

/// A number or an address gets one reminder within this time, whichever persons have it and by whichever school.
pub const REMINDER_INTERVAL: Span = Span::days(7);
/// The time over which the budget of a school counts.
pub const BUDGET_WINDOW: Span = Span::days(30);
/// A campaign that closes sooner than this is not reminded of: a text that arrives late misleads.
pub const MIN_TIME_LEFT: Span = Span::hours(12);
/// The maximum number of persons of an order.
pub const MAX_REMINDED_PERSONS: usize = 5_000;

/// The means of a reminder.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, strum::EnumString, strum::IntoStaticStr,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ReminderChannel {
    #[default]
    Sms,
    Mail,
}

impl ReminderChannel {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the state of an order that goes on. A server of an older release, which knows SMS only, leaves those of
    /// mails alone.
    pub fn sending_state(self) -> &'static str {
        match self {
            ReminderChannel::Sms => "sending",
            ReminderChannel::Mail => "mailing",
        }
    }
}

/// The reason for which a parent is not reminded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum LeftOutReason {
    HasAccount,
    /// No SMS reaches them.
    NoMobile,
    /// The number is that of several parents: nobody knows whose account the text is about.
    SharedNumber,
    /// The roster has no mail address of theirs.
    NoMail,
    /// Another parent has the address too, and gets the mail: its text names nobody.
    SameAddress,
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
    /// Absent from drafts of older releases, which knew SMS only.
    #[serde(default)]
    pub channel: ReminderChannel,
}

/// The persons of an order, and those whom it leaves out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReminderPlan {
    /// In the order of their ids.
    pub persons: Vec<PersonId>,
    /// Parents whose address one of those has too, in the order of their ids: one of them gets the mail where nobody
    /// before them did, so that the address is not left out with whoever activates meanwhile.
    pub stand_ins: Vec<PersonId>,
    pub left_out: BTreeMap<LeftOutReason, usize>,
}

impl ReminderPlan {
    /// Chooses among the parents of a school; `reminded` are those whom a reminder reached within the week, by whichever
    /// means.
    pub fn of(figures: &CampaignFigures, reminded: &BTreeSet<PersonId>, channel: ReminderChannel) -> Self {
        let mut plan = ReminderPlan::default();
        let mut addresses = BTreeSet::new();
        for parent in &figures.parents {
            let unreached = match channel {
                ReminderChannel::Sms => unreached_by_sms(parent),
                ReminderChannel::Mail => unreached_by_mail(parent),
            };
            let reason = if parent.has_account() {
                Some(LeftOutReason::HasAccount)
            } else if unreached.is_some() {
                unreached
            } else if parent.all_withheld {
                Some(LeftOutReason::Withheld)
            } else if reminded.contains(&parent.person_id) {
                Some(LeftOutReason::Reminded)
            } else {
                let address = parent.mail_blind.as_deref().filter(|_| channel == ReminderChannel::Mail);
                address.filter(|address| !addresses.insert(*address)).map(|_| LeftOutReason::SameAddress)
            };
            match reason {
                Some(reason) => {
                    *plan.left_out.entry(reason).or_default() += 1;
                    if reason == LeftOutReason::SameAddress && plan.stand_ins.len() < MAX_REMINDED_PERSONS {
                        plan.stand_ins.push(parent.person_id.clone());
                    }
                }
                None if plan.persons.len() < MAX_REMINDED_PERSONS => plan.persons.push(parent.person_id.clone()),
                None => {}
            }
        }
        plan.persons.sort();
        plan.stand_ins.sort();
        plan
    }

    /// Returns those whom the worker goes through, in its order.
    pub fn in_turn(&self) -> impl Iterator<Item = &PersonId> {
        self.persons.iter().chain(&self.stand_ins)
    }

    /// Returns the number of parents whom a reason leaves out, for each reason.
    pub fn left_out_by_reason(&self) -> Vec<(LeftOutReason, usize)> {
        let count = |reason| (reason, self.left_out.get(&reason).copied().unwrap_or_default());
        LeftOutReason::iter().map(count).filter(|(_, n)| *n > 0).collect()
    }

    /// Returns the digest of what the page shows: the means, the text, whom it reaches, whom not, and what is left of
    /// the budget.
    pub fn digest(&self, channel: ReminderChannel, text: &str, left: i64) -> String {
        let mut shown = format!("{}\n{text}\n{left}\n", channel.name());
        for person_id in self.in_turn() {
            shown.push_str(person_id.as_str());
            shown.push('\n');
        }
        for (reason, n) in &self.left_out {
            shown.push_str(&format!("{} {n}\n", reason.name()));
        }
        sha256_base64url(&shown)
    }
}

/// Returns the reason for which no SMS of their own reaches a parent.
fn unreached_by_sms(parent: &CountedParent) -> Option<LeftOutReason> {
    if parent.reason.is_some() {
        return Some(LeftOutReason::NoMobile);
    }
    parent.shares_number.then_some(LeftOutReason::SharedNumber)
}

/// Returns the reason for which no mail reaches a parent. The address of an institution is nobody's own.
fn unreached_by_mail(parent: &CountedParent) -> Option<LeftOutReason> {
    let is_nobodys = parent.mail_blind.is_none() || parent.reason == Some(UnreachableReason::Institution);
    is_nobodys.then_some(LeftOutReason::NoMail)
}

/// The reason for which no reminder can be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum ReminderObstacle {
    /// The deployment sends none by SMS.
    Off,
    /// The deployment sends none by mail.
    MailOff,
    /// The campaign is not open, or closes within hours.
    NotOpen,
    Nobody,
    OverBudget,
    /// An order by mail of the school goes on: those whom it has not reached yet would be counted twice.
    UnderWay,
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
    use crate::school_admin::figures::ParentStanding;

    fn parent(id: &str, standing: ParentStanding) -> CountedParent {
        CountedParent {
            person_id: PersonId::new(id),
            family_name: String::new(),
            given_name: String::new(),
            standing,
            reason: None,
            shares_number: false,
            mail_blind: None,
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
        let plan = ReminderPlan::of(&figures, &reminded, ReminderChannel::Sms);
        assert_eq!(plan.persons, [PersonId::new("f"), PersonId::new("h")]);
        let names: Vec<_> = plan.left_out_by_reason().into_iter().map(|(reason, n)| (reason.name(), n)).collect();
        let right = [("has_account", 2), ("no_mobile", 2), ("shared_number", 1), ("withheld", 1), ("reminded", 1)];
        assert_eq!(names, right);
    }

    #[test]
    fn a_mail_goes_to_whoever_has_an_address_whatever_the_number_and_once_to_each_address() {
        let at = |id: &str, standing, address: &str| CountedParent {
            mail_blind: (!address.is_empty()).then(|| address.to_owned()),
            ..parent(id, standing)
        };
        let parents = vec![
            // Whoever has an account leaves the common address to the other one.
            at("a", ParentStanding::Activated, "common"),
            at("b", ParentStanding::NotBegun, "common"),
            at("c", ParentStanding::NotBegun, "common"),
            at("d", ParentStanding::NotBegun, ""),
            CountedParent {
                reason: Some(UnreachableReason::Landline),
                ..at("e", ParentStanding::Unreachable, "landline")
            },
            CountedParent { shares_number: true, ..at("f", ParentStanding::NotBegun, "shared") },
            CountedParent {
                reason: Some(UnreachableReason::Institution),
                ..at("g", ParentStanding::Unreachable, "institution")
            },
            CountedParent { all_withheld: true, ..at("h", ParentStanding::StoppedAtChildren, "withheld") },
            at("i", ParentStanding::NotBegun, "reminded"),
        ];
        let figures = CampaignFigures { parents, ..CampaignFigures::default() };
        let reminded = BTreeSet::from([PersonId::new("i")]);
        let plan = ReminderPlan::of(&figures, &reminded, ReminderChannel::Mail);
        assert_eq!(plan.persons, ["b", "e", "f"].map(PersonId::new));
        assert_eq!(plan.stand_ins, ["c"].map(PersonId::new), "behind the first of the address");
        assert_eq!(plan.in_turn().count(), 4);
        let names: Vec<_> = plan.left_out_by_reason().into_iter().map(|(reason, n)| (reason.name(), n)).collect();
        let right = [("has_account", 1), ("no_mail", 2), ("same_address", 1), ("withheld", 1), ("reminded", 1)];
        assert_eq!(names, right);
    }

    #[test]
    fn an_order_of_before_there_were_mails_is_one_of_sms() {
        let order: ReminderOrder = serde_json::from_str(r#"{"uai":"0349999J"}"#).unwrap();
        assert_eq!(order.channel, ReminderChannel::Sms);
        let written = serde_json::to_string(&ReminderOrder { channel: ReminderChannel::Mail, ..order }).unwrap();
        assert!(written.contains("\"mail\""), "{written}");
    }

    #[test]
    fn attack_p6_a_digest_changes_with_the_text_the_persons_and_the_budget() {
        let plan = |ids: &[&str]| ReminderPlan {
            persons: ids.iter().map(|id| PersonId::new(*id)).collect(),
            stand_ins: Vec::new(),
            left_out: BTreeMap::from([(LeftOutReason::Reminded, ids.len())]),
        };
        let digest = |ids: &[&str], text: &str, left| plan(ids).digest(ReminderChannel::Sms, text, left);
        let shown = digest(&["a", "b"], "text", 9);
        assert_eq!(digest(&["a", "b"], "text", 9), shown);
        for other in [digest(&["a", "b"], "texts", 9), digest(&["a", "c"], "text", 9), digest(&["a", "b"], "text", 8)] {
            assert_ne!(other, shown);
        }
        assert_ne!(plan(&["a", "b"]).digest(ReminderChannel::Mail, "text", 9), shown);
    }

    #[test]
    fn a_price_is_rounded_up_to_cents() {
        for (sms, price, cents) in [(0, 45, 0), (1, 45, 5), (100, 45, 450), (3, 0, 0), (i64::MAX, 9, i64::MAX / 10)] {
            assert_eq!(price_in_cents(sms, price), cents, "{sms} {price}");
        }
    }
}
