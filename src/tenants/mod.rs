//! Academies and schools, the activation campaigns of schools, and notices to schools.

pub mod departments;
pub mod ops;
pub mod store;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{PersonId, PupilId};
use crate::base::uai::Uai;

/// A declared school. A UAI has seven digits and a check letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct School {
    pub uai: Uai,
    pub name: String,
    pub academy: String,
    pub ministry: String,
    #[serde(default)]
    pub telephone: Option<String>,
    /// True for a nursery or primary school.
    #[serde(default)]
    pub first_degree: bool,
}

/// The contact of a family: a school, and its telephone number if known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SchoolContact {
    pub name: String,
    /// The number as displayed.
    pub telephone: Option<String>,
    /// The number for a `tel:` link.
    pub tel: Option<String>,
}

impl SchoolContact {
    pub fn new(name: String, telephone: Option<String>) -> Self {
        let tel = telephone.as_deref().map(|text| text.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect());
        SchoolContact { name, telephone, tel }
    }
}

/// True if a text is a valid telephone number of a school: digits as dialled, with spaces and dots.
pub fn is_telephone(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_digit).count();
    let known = |c: char| c.is_ascii_digit() || matches!(c, ' ' | '\u{a0}' | '.' | '+');
    (4..=15).contains(&digits) && text.chars().all(known) && !text.chars().skip(1).any(|c| c == '+')
}

/// The period in which the parents of a school may activate accounts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Campaign {
    pub opens_at: Timestamp,
    pub closes_at: Timestamp,
}

/// The status of a campaign at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignStatus {
    Open,
    /// Opens at this time.
    Upcoming(Timestamp),
    /// Ended at this time.
    Closed(Timestamp),
    /// The school never opened a campaign.
    NotPlanned,
}

/// Returns the status of a school's campaign.
pub fn campaign_status(campaign: Option<Campaign>, now: Timestamp) -> CampaignStatus {
    match campaign {
        None => CampaignStatus::NotPlanned,
        Some(c) if now < c.opens_at => CampaignStatus::Upcoming(c.opens_at),
        Some(c) if now >= c.closes_at => CampaignStatus::Closed(c.closes_at),
        Some(_) => CampaignStatus::Open,
    }
}

/// The reason for a notice to a school.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum NoticeKind {
    /// The parent answered *Non* to the question about a child.
    Contested,
    /// The birth date was wrong too often.
    #[strum(serialize = "set_aside")]
    BirthDateFailed,
    /// A person asking for a new password entered no child's birth date correctly.
    RecoveryFailed,
    /// A new password was chosen by a code to a mobile number that the roster gives to another person too.
    SharedMobile,
    /// A parent asks for a new campaign.
    Reopening,
    /// The roster has no mobile number that can receive a code.
    Unreachable,
    /// The roster's mobile number is in a country to which no message may go.
    CountryRefused,
    /// The person says that the mobile number is theirs no more.
    PhoneDisowned,
    /// The roster contains a link several times, with contradictions.
    LinkRepeated,
}

impl NoticeKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The time without a link after which the notices that may tell of a stranger in an account settle themselves.
pub const LINKLESS_TERM: Span = Span::days(30);

/// The cause for which a notice settles itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum SettledReason {
    /// The roster has no current legal link of the person with the child, or with the school, any more.
    LinkEnded,
    /// The person has an active account.
    AccountActive,
    /// The child is in the person's account.
    ChildConfirmed,
    /// The activation is open again.
    CampaignReopened,
    /// The school wrote another number since.
    NumberReplaced,
}

impl SettledReason {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A notice that waits, with the state of its causes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeCauses {
    pub kind: NoticeKind,
    /// True if the roster has a current legal link of the person with the child or, without a child, with the school.
    pub has_link: bool,
    /// True if such a link ended within [`LINKLESS_TERM`], or the notice is younger than that.
    pub had_link_lately: bool,
    /// True if the person's account is active.
    pub is_active: bool,
    /// True if the child is kept out of the person's account.
    pub is_withheld: bool,
    /// True if the school's campaign is open, or the activation is open for the person.
    pub is_open: bool,
    /// True if the number of the roster is a mobile that was written after the notice.
    pub has_new_number: bool,
}

impl NoticeCauses {
    /// Returns the cause for which there is nothing to see to any more, the first that holds; `None` if the notice still
    /// waits. What only an import or an act can settle is left to it.
    pub fn settled(&self) -> Option<SettledReason> {
        use NoticeKind::{
            BirthDateFailed, Contested, CountryRefused, LinkRepeated, PhoneDisowned, RecoveryFailed, Reopening,
            SharedMobile, Unreachable,
        };
        // These tell of an account that somebody else may have reached: a link that is gone from one import to the next
        // does not hide them.
        let outlives_link = matches!(self.kind, RecoveryFailed | SharedMobile | PhoneDisowned | LinkRepeated);
        let still_waits = outlives_link && self.had_link_lately;
        if !self.has_link && !still_waits {
            return Some(SettledReason::LinkEnded);
        }
        match self.kind {
            Contested | BirthDateFailed if self.is_active && !self.is_withheld => Some(SettledReason::ChildConfirmed),
            Reopening if self.is_active => Some(SettledReason::AccountActive),
            Reopening if self.is_open => Some(SettledReason::CampaignReopened),
            Unreachable | CountryRefused if self.has_new_number => Some(SettledReason::NumberReplaced),
            Unreachable | CountryRefused if self.is_active => Some(SettledReason::AccountActive),
            PhoneDisowned | SharedMobile if self.has_new_number => Some(SettledReason::NumberReplaced),
            Contested | BirthDateFailed | Reopening | Unreachable | CountryRefused | PhoneDisowned | RecoveryFailed
            | SharedMobile | LinkRepeated => None,
        }
    }
}

/// A new notice to a school.
#[derive(Clone, Debug)]
pub struct Notice<'a> {
    pub uai: &'a Uai,
    pub person_id: &'a PersonId,
    pub pupil_id: Option<&'a PupilId>,
    pub kind: NoticeKind,
    pub support_code: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_c7_a_notice_settles_itself_when_its_cause_is_gone() {
        use NoticeKind::{Contested, LinkRepeated, PhoneDisowned, RecoveryFailed, Reopening, Unreachable};
        let waits = |kind| NoticeCauses {
            kind,
            has_link: true,
            had_link_lately: true,
            is_active: false,
            is_withheld: true,
            is_open: false,
            has_new_number: false,
        };
        let all = [Contested, Reopening, Unreachable, PhoneDisowned, RecoveryFailed, LinkRepeated];
        for kind in all {
            assert_eq!(waits(kind).settled(), None, "{kind:?}");
            let lately = NoticeCauses { has_link: false, ..waits(kind) };
            let at_once = matches!(kind, Contested | Reopening | Unreachable).then_some(SettledReason::LinkEnded);
            assert_eq!(lately.settled(), at_once, "{kind:?}");
            let gone = NoticeCauses { had_link_lately: false, ..lately };
            assert_eq!(gone.settled(), Some(SettledReason::LinkEnded), "{kind:?}");
        }
        let active = |kind| NoticeCauses { is_active: true, ..waits(kind) };
        for (causes, right) in [
            (active(Contested), None),
            (NoticeCauses { is_withheld: false, ..waits(Contested) }, None),
            (NoticeCauses { is_withheld: false, ..active(Contested) }, Some(SettledReason::ChildConfirmed)),
            (active(Reopening), Some(SettledReason::AccountActive)),
            (NoticeCauses { is_open: true, ..waits(Reopening) }, Some(SettledReason::CampaignReopened)),
            (active(Unreachable), Some(SettledReason::AccountActive)),
            (NoticeCauses { has_new_number: true, ..active(Unreachable) }, Some(SettledReason::NumberReplaced)),
            (active(PhoneDisowned), None),
            (active(RecoveryFailed), None),
        ] {
            assert_eq!(causes.settled(), right, "{causes:?}");
        }
    }
}
