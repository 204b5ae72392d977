//! The people of one school, as a campaign counts them: pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::clock::Timestamp;
use crate::base::phone::{PhoneState, UnusableReason};
use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::FromRow;
use crate::tenants::Campaign;

/// The step numbers of `campaign_progress` (`app::CampaignStep::number`).
const RIGHT_CODE: i64 = 2;
const CHILDREN: i64 = 3;

/// A current legal link of a parent with a pupil of the school.
#[derive(Clone, Debug, FromRow)]
pub struct CountedLink {
    pub person_id: PersonId,
    pub pupil_id: PupilId,
    pub pupil_name: String,
    pub class: Option<String>,
    /// True for the social services, to whom a child was given.
    pub institution: bool,
    pub family_name: String,
    pub given_name: String,
    pub phone_state: String,
    pub phone_why: Option<String>,
    pub phone_blind: Option<String>,
    pub mail_blind: Option<String>,
    pub disowned: bool,
    pub account_state: Option<String>,
    pub account_since: Option<i64>,
    pub step: Option<i64>,
    pub step_at: Option<i64>,
    /// True if a code was asked for and the number is in a country to which no message may go.
    pub country_refused: bool,
    /// True if the child is kept out of the parent's account: contested, or set aside.
    pub withheld: bool,
    /// True if somebody of another given name has the number, at whichever school.
    pub shared_elsewhere: bool,
    /// True if a letter gave the account its first password.
    pub by_letter: bool,
}

/// The reason for which no SMS reaches a parent.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum UnreachableReason {
    NoNumber,
    Landline,
    Incomplete,
    /// A number in a country to which no message may go.
    Foreign,
    /// The person said that the number is theirs no more.
    Disowned,
    /// An institution has no mobile.
    Institution,
}

impl UnreachableReason {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The point at which a parent stands in a campaign.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
#[strum(serialize_all = "snake_case")]
pub enum ParentStanding {
    /// Had an account before the campaign opened.
    HadAccount,
    /// The account became active during the campaign.
    Activated,
    /// No SMS reaches them.
    Unreachable,
    /// Has begun nothing.
    NotBegun,
    /// Asked for a code and typed no right one.
    StoppedAtCode,
    StoppedAtChildren,
    /// Has an identifiant and no password.
    StoppedAtPassword,
}

impl ParentStanding {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A parent, counted once whatever the number of children.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedParent {
    pub person_id: PersonId,
    pub family_name: String,
    pub given_name: String,
    pub standing: ParentStanding,
    pub reason: Option<UnreachableReason>,
    /// True if the number is also that of another parent.
    pub shares_number: bool,
    /// The mark of the mail address that the roster has.
    pub mail_blind: Option<String>,
    /// True if the account was activated with a letter.
    pub by_letter: bool,
    /// True if each of the children here is kept out of the parent's account.
    pub all_withheld: bool,
    /// The pupils with their classes.
    pub children: Vec<(PupilId, String, Option<String>)>,
}

/// The numbers of a class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassFigures {
    pub parents: usize,
    pub with_account: usize,
    pub unreachable: usize,
}

/// The figures of a school.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CampaignFigures {
    pub parents: Vec<CountedParent>,
    pub pupils: usize,
    /// The pupils of whom a parent at least has an account.
    pub pupils_covered: usize,
}

/// Returns the reason for which no SMS reaches the person of a link.
fn unreachable_reason(link: &CountedLink) -> Option<UnreachableReason> {
    if link.institution {
        return Some(UnreachableReason::Institution);
    }
    if link.phone_state == PhoneState::Mobile.name() {
        return match (link.disowned, link.country_refused) {
            (true, _) => Some(UnreachableReason::Disowned),
            (false, true) => Some(UnreachableReason::Foreign),
            (false, false) => None,
        };
    }
    Some(match link.phone_why.as_deref() {
        _ if link.phone_state == PhoneState::Absent.name() => UnreachableReason::NoNumber,
        Some(why) if why == UnusableReason::Landline.name() => UnreachableReason::Landline,
        _ => UnreachableReason::Incomplete,
    })
}

/// Returns how far the person of a link is, in a campaign that opened at a time; without one nobody has begun.
fn standing(link: &CountedLink, opens_at: Option<Timestamp>, reason: Option<UnreachableReason>) -> ParentStanding {
    let since = opens_at.map_or(i64::MAX, |at| at.0);
    let step = link.step.filter(|_| link.step_at.is_some_and(|at| at >= since)).unwrap_or_default();
    if link.account_state.as_deref() == Some("active") {
        let is_new = step > CHILDREN || link.account_since.is_some_and(|at| at >= since);
        return if is_new { ParentStanding::Activated } else { ParentStanding::HadAccount };
    }
    match step {
        0 if reason.is_some() => ParentStanding::Unreachable,
        0 => ParentStanding::NotBegun,
        step if step < RIGHT_CODE => ParentStanding::StoppedAtCode,
        RIGHT_CODE => ParentStanding::StoppedAtChildren,
        _ => ParentStanding::StoppedAtPassword,
    }
}

impl CampaignFigures {
    /// Counts the links of a school, in the order of the persons, and its pupils.
    pub fn count(links: &[CountedLink], pupils: usize, campaign: Option<Campaign>) -> Self {
        let opens_at = campaign.map(|campaign| campaign.opens_at);
        let mut numbers: BTreeMap<&str, BTreeSet<&PersonId>> = BTreeMap::new();
        for link in links.iter().filter(|link| link.phone_state == PhoneState::Mobile.name()) {
            if let Some(blind) = &link.phone_blind {
                numbers.entry(blind).or_default().insert(&link.person_id);
            }
        }
        let is_shared = |blind: &str| numbers.get(blind).is_some_and(|of| of.len() > 1);
        let mut parents: BTreeMap<&PersonId, CountedParent> = BTreeMap::new();
        let mut covered: BTreeSet<&PupilId> = BTreeSet::new();
        for link in links {
            let parent = parents.entry(&link.person_id).or_insert_with(|| {
                let reason = unreachable_reason(link);
                CountedParent {
                    person_id: link.person_id.clone(),
                    family_name: link.family_name.clone(),
                    given_name: link.given_name.clone(),
                    standing: standing(link, opens_at, reason),
                    reason,
                    shares_number: link.shared_elsewhere || link.phone_blind.as_deref().is_some_and(is_shared),
                    mail_blind: link.mail_blind.clone(),
                    by_letter: link.by_letter,
                    all_withheld: true,
                    children: Vec::new(),
                }
            });
            parent.all_withheld &= link.withheld;
            parent.children.push((link.pupil_id.clone(), link.pupil_name.clone(), link.class.clone()));
            if parent.has_account() {
                covered.insert(&link.pupil_id);
            }
        }
        let pupils_covered = covered.len();
        CampaignFigures { parents: parents.into_values().collect(), pupils, pupils_covered }
    }

    /// Counts the parents of a standing.
    pub fn of(&self, standing: ParentStanding) -> usize {
        self.parents.iter().filter(|parent| parent.standing == standing).count()
    }

    pub fn with_account(&self) -> usize {
        self.parents.iter().filter(|parent| parent.has_account()).count()
    }

    /// Counts the parents whom no SMS reaches, by reason.
    pub fn unreachable_by_reason(&self) -> BTreeMap<UnreachableReason, usize> {
        let mut out = BTreeMap::new();
        for parent in self.parents.iter().filter(|parent| parent.standing == ParentStanding::Unreachable) {
            if let Some(reason) = parent.reason {
                *out.entry(reason).or_default() += 1;
            }
        }
        out
    }

    /// Counts the parents of each class, by its name.
    pub fn by_class(&self) -> BTreeMap<String, ClassFigures> {
        let mut out: BTreeMap<String, ClassFigures> = BTreeMap::new();
        for parent in &self.parents {
            let classes: BTreeSet<&str> = parent.children.iter().filter_map(|(_, _, class)| class.as_deref()).collect();
            for class in classes {
                let figures = out.entry(class.to_owned()).or_default();
                figures.parents += 1;
                figures.with_account += usize::from(parent.has_account());
                figures.unreachable += usize::from(parent.standing == ParentStanding::Unreachable);
            }
        }
        out
    }
}

impl CountedParent {
    pub fn has_account(&self) -> bool {
        matches!(self.standing, ParentStanding::HadAccount | ParentStanding::Activated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OPENS: i64 = 1_000;

    fn link(person: &str, pupil: &str, change: impl FnOnce(&mut CountedLink)) -> CountedLink {
        let mut link = CountedLink {
            person_id: PersonId::new(person),
            pupil_id: PupilId::new(pupil),
            pupil_name: "Zoé D.".to_owned(),
            class: Some("6 A".to_owned()),
            institution: false,
            family_name: person.to_uppercase(),
            given_name: "Anne".to_owned(),
            phone_state: "mobile".to_owned(),
            phone_why: None,
            phone_blind: Some(format!("of {person}")),
            mail_blind: None,
            disowned: false,
            account_state: None,
            account_since: None,
            step: None,
            step_at: None,
            country_refused: false,
            withheld: false,
            shared_elsewhere: false,
            by_letter: false,
        };
        change(&mut link);
        link
    }

    fn campaign() -> Option<Campaign> {
        Some(Campaign { opens_at: Timestamp(OPENS), closes_at: Timestamp(9_000) })
    }

    fn at(step: i64, at: i64) -> impl FnOnce(&mut CountedLink) {
        move |link| (link.step, link.step_at) = (Some(step), Some(at))
    }

    #[test]
    fn each_parent_stands_where_the_campaign_left_them_and_is_counted_once() {
        let with = |state: &'static str, since: i64| {
            move |link: &mut CountedLink| {
                (link.account_state, link.account_since) = (Some(state.to_owned()), Some(since));
            }
        };
        for (link, right) in [
            (link("a", "1", |_| {}), ParentStanding::NotBegun),
            (link("a", "1", at(1, OPENS)), ParentStanding::StoppedAtCode),
            (link("a", "1", at(2, OPENS)), ParentStanding::StoppedAtChildren),
            (link("a", "1", at(3, OPENS)), ParentStanding::StoppedAtPassword),
            (link("a", "1", at(1, OPENS - 1)), ParentStanding::NotBegun),
            (link("a", "1", with("active", OPENS - 1)), ParentStanding::HadAccount),
            (link("a", "1", with("active", OPENS)), ParentStanding::Activated),
            (link("a", "1", with("pending", OPENS)), ParentStanding::NotBegun),
            (link("a", "1", with("closed", 0)), ParentStanding::NotBegun),
        ] {
            let figures = CampaignFigures::count(std::slice::from_ref(&link), 1, campaign());
            assert_eq!(figures.parents[0].standing, right, "{link:?}");
            let without = CampaignFigures::count(&[link], 1, None);
            assert!([ParentStanding::NotBegun, ParentStanding::HadAccount].contains(&without.parents[0].standing));
        }
        // A letter of before gave the account, and the campaign its password.
        let printed = link("a", "1", |link| {
            with("active", OPENS - 5)(link);
            at(4, OPENS + 1)(link);
        });
        assert_eq!(CampaignFigures::count(&[printed], 1, campaign()).of(ParentStanding::Activated), 1);
        let two = [link("a", "1", with("active", 0)), link("a", "2", with("active", 0)), link("b", "2", |_| {})];
        let figures = CampaignFigures::count(&two, 3, campaign());
        assert_eq!((figures.parents.len(), figures.with_account(), figures.pupils_covered), (2, 1, 2));
        assert_eq!(figures.by_class()["6 A"], ClassFigures { parents: 2, with_account: 1, unreachable: 0 });
    }

    #[test]
    fn nobody_is_unreachable_without_a_reason_and_a_shared_number_is_seen() {
        let number = |state: &'static str, why: Option<&'static str>| {
            move |link: &mut CountedLink| {
                (link.phone_state, link.phone_why) = (state.to_owned(), why.map(str::to_owned));
            }
        };
        for (link, right) in [
            (link("a", "1", number("none", None)), UnreachableReason::NoNumber),
            (link("a", "1", number("unusable", Some("landline"))), UnreachableReason::Landline),
            (link("a", "1", number("unusable", Some("incomplete"))), UnreachableReason::Incomplete),
            (link("a", "1", number("unusable", None)), UnreachableReason::Incomplete),
            (link("a", "1", |link| link.country_refused = true), UnreachableReason::Foreign),
            (link("a", "1", |link| link.disowned = true), UnreachableReason::Disowned),
            (link("a", "1", |link| link.institution = true), UnreachableReason::Institution),
        ] {
            let figures = CampaignFigures::count(&[link], 1, campaign());
            assert_eq!(figures.unreachable_by_reason(), BTreeMap::from([(right, 1)]));
        }
        // Whoever got a code is reached, whatever the roster says now.
        let reached = link("a", "1", |link| {
            number("none", None)(link);
            at(1, OPENS)(link);
        });
        assert_eq!(CampaignFigures::count(&[reached], 1, campaign()).of(ParentStanding::Unreachable), 0);
        let same = |link: &mut CountedLink| link.phone_blind = Some("one".to_owned());
        let shared = [link("a", "1", same), link("a", "2", same), link("b", "1", same), link("c", "1", |_| {})];
        let figures = CampaignFigures::count(&shared, 2, campaign());
        assert_eq!(figures.parents.iter().map(|p| p.shares_number).collect::<Vec<_>>(), [true, true, false]);
        let alone = CampaignFigures::count(&shared[..2], 2, campaign());
        assert!(!alone.parents[0].shares_number, "two children of one parent share nothing");
    }
}
