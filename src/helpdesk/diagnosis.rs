//! Why somebody cannot get in, and the one act that repairs it. Pure: one list of causes, the first that holds.

use serde::Serialize;

use crate::base::clock::Timestamp;
use crate::base::profile::Profile;

/// The account of somebody, as far as it keeps them out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountStanding {
    /// No identifiant was given.
    None,
    /// The identifiant was given, no password chosen.
    Pending,
    Active,
    Closed,
}

/// The number that the school knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneStanding {
    /// Gets text messages.
    Mobile,
    None,
    Landline,
    Incomplete,
    /// Unusable, for a reason that was not kept.
    Unusable,
    /// The person said that it is theirs no more.
    Disowned,
}

/// An activation in the person's name with another number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NearAttempt {
    pub at: Timestamp,
    pub last2: String,
}

/// The campaign of the schools of somebody, together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignStanding {
    Open,
    Upcoming(Timestamp),
    Closed(Timestamp),
    NotPlanned,
}

/// A service that somebody tried, and that concerns none of their schools.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceElsewhere {
    pub service: String,
    /// The present schools of the person, or of the children.
    pub schools: Vec<String>,
    /// The service of the same portal that does concern one of them.
    pub door: Option<String>,
}

/// Everything that is known of somebody who may not get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonState {
    pub profile: Profile,
    /// True with a current legal link, or, of a pupil, a current enrolment.
    pub is_present: bool,
    pub account: AccountStanding,
    pub is_suspended: bool,
    pub must_change_password: bool,
    pub phone: PhoneStanding,
    pub near: Option<NearAttempt>,
    pub campaign: CampaignStanding,
    /// The end of a wait after too many wrong codes.
    pub codes_wait_until: Option<Timestamp>,
    /// The given names of children set aside, and of children whom the person denied.
    pub set_aside: Vec<String>,
    pub contested: Vec<String>,
    /// The end of a wait after too many wrong passwords.
    pub password_waits_until: Option<Timestamp>,
    pub elsewhere: Option<ServiceElsewhere>,
    /// The name of a service that knows people by a roster's key which this person does not have yet.
    pub unknown_to: Option<String>,
    pub has_two_accounts: bool,
}

/// The reason for which somebody does not get in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    NoChild,
    Suspended,
    Phone(PhoneStanding),
    OtherNumber(NearAttempt),
    CampaignClosed(Timestamp),
    CampaignNotOpen(Option<Timestamp>),
    CodesUsedUp(Timestamp),
    SetAside(Vec<String>),
    Contested(Vec<String>),
    Pending,
    PasswordWaits(Timestamp),
    MustChangePassword,
    /// The account works, but this service is for other schools.
    OutsidePerimeter(ServiceElsewhere),
    /// The account works, but this service takes the academy's list of the night.
    NotInPortal(String),
    TwoAccounts,
    /// A pupil without a first letter.
    NoLetter,
    /// Nothing was asked for yet.
    NotActivated,
    Closed,
    /// Nothing keeps the person out.
    Nothing,
}

/// The act that repairs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::EnumString, strum::IntoStaticStr)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Repair {
    /// The school's base has to be corrected: nothing is done here.
    Roster,
    Resume,
    Letter,
    Reopen,
    GiveTriesBack,
    LiftContest,
    /// The person begins again, with the same identifiant.
    StartAgain,
    /// The person joins both accounts, in the account.
    Join,
    None,
}

impl Repair {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl Cause {
    /// Returns the word of the cause, the end of its messages' keys.
    pub fn word(&self) -> &'static str {
        match self {
            Cause::NoChild => "no_child",
            Cause::Suspended => "suspended",
            Cause::Phone(PhoneStanding::None) => "phone_none",
            Cause::Phone(PhoneStanding::Landline) => "phone_landline",
            Cause::Phone(PhoneStanding::Incomplete) => "phone_incomplete",
            Cause::Phone(PhoneStanding::Disowned) => "phone_disowned",
            Cause::Phone(PhoneStanding::Mobile | PhoneStanding::Unusable) => "phone_unusable",
            Cause::OtherNumber(_) => "other_number",
            Cause::CampaignClosed(_) => "campaign_closed",
            Cause::CampaignNotOpen(Some(_)) => "campaign_upcoming",
            Cause::CampaignNotOpen(None) => "campaign_not_open",
            Cause::CodesUsedUp(_) => "codes_used_up",
            Cause::SetAside(_) => "set_aside",
            Cause::Contested(_) => "contested",
            Cause::Pending => "pending",
            Cause::PasswordWaits(_) => "password_waits",
            Cause::MustChangePassword => "must_change",
            Cause::OutsidePerimeter(ServiceElsewhere { door: Some(_), .. }) => "other_door",
            Cause::OutsidePerimeter(_) => "outside_perimeter",
            Cause::NotInPortal(_) => "not_in_portal",
            Cause::TwoAccounts => "two_accounts",
            Cause::NoLetter => "no_letter",
            Cause::NotActivated => "not_activated",
            Cause::Closed => "closed",
            Cause::Nothing => "nothing",
        }
    }
}

/// Returns why somebody does not get in, and what repairs it: the first cause that holds.
pub fn why(person: &PersonState, now: Timestamp) -> (Cause, Repair) {
    let waits = |until: Option<Timestamp>| until.filter(|until| *until > now);
    if !person.is_present {
        return (Cause::NoChild, Repair::Roster);
    }
    if person.is_suspended {
        return (Cause::Suspended, Repair::Resume);
    }
    if person.account == AccountStanding::Closed {
        return (Cause::Closed, Repair::None);
    }
    if person.profile == Profile::Eleve {
        return match (person.account, waits(person.password_waits_until)) {
            (AccountStanding::None | AccountStanding::Pending, _) => (Cause::NoLetter, Repair::Letter),
            (_, Some(until)) => (Cause::PasswordWaits(until), Repair::Letter),
            _ if person.must_change_password => (Cause::MustChangePassword, Repair::Letter),
            _ => service_refuses(person).unwrap_or((Cause::Nothing, Repair::None)),
        };
    }
    // Whoever has a password needs neither number nor campaign.
    if person.account != AccountStanding::Active {
        if person.phone != PhoneStanding::Mobile {
            return (Cause::Phone(person.phone), Repair::Letter);
        }
        if let Some(near) = &person.near {
            return (Cause::OtherNumber(near.clone()), Repair::Letter);
        }
    }
    if person.account == AccountStanding::None {
        match person.campaign {
            CampaignStanding::Open => {}
            CampaignStanding::Closed(at) => return (Cause::CampaignClosed(at), Repair::Reopen),
            CampaignStanding::Upcoming(at) => return (Cause::CampaignNotOpen(Some(at)), Repair::Reopen),
            CampaignStanding::NotPlanned => return (Cause::CampaignNotOpen(None), Repair::Reopen),
        }
    }
    if let Some(until) = waits(person.codes_wait_until) {
        return (Cause::CodesUsedUp(until), Repair::Letter);
    }
    if !person.set_aside.is_empty() {
        return (Cause::SetAside(person.set_aside.clone()), Repair::GiveTriesBack);
    }
    if !person.contested.is_empty() {
        return (Cause::Contested(person.contested.clone()), Repair::LiftContest);
    }
    match person.account {
        AccountStanding::Pending => return (Cause::Pending, Repair::StartAgain),
        AccountStanding::None => return (Cause::NotActivated, Repair::StartAgain),
        AccountStanding::Active | AccountStanding::Closed => {}
    }
    if let Some(until) = waits(person.password_waits_until) {
        return (Cause::PasswordWaits(until), Repair::Letter);
    }
    if person.must_change_password {
        let repair = if person.phone == PhoneStanding::Mobile { Repair::StartAgain } else { Repair::Letter };
        return (Cause::MustChangePassword, repair);
    }
    service_refuses(person).unwrap_or(match person.has_two_accounts {
        true => (Cause::TwoAccounts, Repair::Join),
        false => (Cause::Nothing, Repair::None),
    })
}

/// Returns the cause of who has an account that works, and is refused by a service: it is for other schools, or has to
/// wait for the night. There are words to say, and nothing to repair.
fn service_refuses(person: &PersonState) -> Option<(Cause, Repair)> {
    let elsewhere = person.elsewhere.clone().map(Cause::OutsidePerimeter);
    let cause = elsewhere.or_else(|| person.unknown_to.clone().map(Cause::NotInPortal))?;
    Some((cause, Repair::None))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_000);
    const LATER: Timestamp = Timestamp(2_000);

    fn parent() -> PersonState {
        PersonState {
            profile: Profile::Responsable,
            is_present: true,
            account: AccountStanding::Active,
            is_suspended: false,
            must_change_password: false,
            phone: PhoneStanding::Mobile,
            near: None,
            campaign: CampaignStanding::Open,
            codes_wait_until: None,
            set_aside: Vec::new(),
            contested: Vec::new(),
            password_waits_until: None,
            elsewhere: None,
            unknown_to: None,
            has_two_accounts: false,
        }
    }

    fn elsewhere(door: Option<&str>) -> ServiceElsewhere {
        let (service, schools) = ("Mon ENT Toulouse".to_owned(), vec!["Clg Monod".to_owned()]);
        ServiceElsewhere { service, schools, door: door.map(str::to_owned) }
    }

    /// Every cause that may hold at once for a parent without an account, from the last to the first.
    #[test]
    fn the_first_cause_that_holds_is_told() {
        let near = NearAttempt { at: NOW, last2: "88".to_owned() };
        let mut state = PersonState { account: AccountStanding::None, ..parent() };
        let mut told = vec![why(&state, NOW)];
        let changes: [fn(&mut PersonState); 8] = [
            |s| s.contested = vec!["Noé".to_owned()],
            |s| s.set_aside = vec!["Anaïs".to_owned()],
            |s| s.codes_wait_until = Some(LATER),
            |s| s.campaign = CampaignStanding::Closed(NOW),
            |s| s.near = Some(NearAttempt { at: NOW, last2: "88".to_owned() }),
            |s| s.phone = PhoneStanding::Landline,
            |s| s.is_suspended = true,
            |s| s.is_present = false,
        ];
        for change in changes {
            change(&mut state);
            told.push(why(&state, NOW));
        }
        assert_eq!(
            told,
            [
                (Cause::NotActivated, Repair::StartAgain),
                (Cause::Contested(vec!["Noé".to_owned()]), Repair::LiftContest),
                (Cause::SetAside(vec!["Anaïs".to_owned()]), Repair::GiveTriesBack),
                (Cause::CodesUsedUp(LATER), Repair::Letter),
                (Cause::CampaignClosed(NOW), Repair::Reopen),
                (Cause::OtherNumber(near), Repair::Letter),
                (Cause::Phone(PhoneStanding::Landline), Repair::Letter),
                (Cause::Suspended, Repair::Resume),
                (Cause::NoChild, Repair::Roster),
            ]
        );
    }

    #[test]
    fn an_active_account_needs_neither_number_nor_campaign() {
        let state = PersonState {
            phone: PhoneStanding::None,
            near: Some(NearAttempt { at: NOW, last2: "88".to_owned() }),
            campaign: CampaignStanding::NotPlanned,
            ..parent()
        };
        assert_eq!(why(&state, NOW), (Cause::Nothing, Repair::None));
        let waits = PersonState { password_waits_until: Some(LATER), ..state.clone() };
        assert_eq!(why(&waits, NOW), (Cause::PasswordWaits(LATER), Repair::Letter));
        assert_eq!(why(&waits, LATER).0, Cause::Nothing, "the wait is over");
        let forced = PersonState { must_change_password: true, ..state.clone() };
        assert_eq!(why(&forced, NOW), (Cause::MustChangePassword, Repair::Letter));
        let doubled = PersonState { has_two_accounts: true, ..state };
        assert_eq!(why(&doubled, NOW), (Cause::TwoAccounts, Repair::Join));
        let tomorrow = PersonState { unknown_to: Some("Mon ENT".to_owned()), ..doubled };
        assert_eq!(why(&tomorrow, NOW), (Cause::NotInPortal("Mon ENT".to_owned()), Repair::None));
        let refused = PersonState { elsewhere: Some(elsewhere(Some("Mon ENT"))), ..tomorrow.clone() };
        let (cause, repair) = why(&refused, NOW);
        assert_eq!((cause.word(), repair), ("other_door", Repair::None), "before the night");
        let refused = PersonState { elsewhere: Some(elsewhere(None)), must_change_password: false, ..tomorrow };
        assert_eq!(why(&refused, NOW).0.word(), "outside_perimeter");
        let forced = PersonState { must_change_password: true, ..refused };
        assert_eq!(why(&forced, NOW).0, Cause::MustChangePassword, "what keeps out of everything comes first");
        let pending = PersonState { account: AccountStanding::Pending, ..parent() };
        assert_eq!(why(&pending, NOW), (Cause::Pending, Repair::StartAgain));
        assert_eq!(why(&PersonState { account: AccountStanding::Closed, ..parent() }, NOW).0, Cause::Closed);
    }

    #[test]
    fn a_pupil_gets_in_by_a_letter() {
        let pupil = PersonState { profile: Profile::Eleve, phone: PhoneStanding::None, ..parent() };
        assert_eq!(why(&pupil, NOW), (Cause::Nothing, Repair::None));
        for account in [AccountStanding::None, AccountStanding::Pending] {
            assert_eq!(why(&PersonState { account, ..pupil.clone() }, NOW), (Cause::NoLetter, Repair::Letter));
        }
        let tomorrow = PersonState { unknown_to: Some("Mon ENT".to_owned()), ..pupil.clone() };
        assert_eq!(why(&tomorrow, NOW).0, Cause::NotInPortal("Mon ENT".to_owned()));
        let refused = PersonState { elsewhere: Some(elsewhere(None)), ..pupil.clone() };
        assert_eq!(why(&refused, NOW).0.word(), "outside_perimeter");
        let gone = PersonState { is_present: false, ..pupil };
        assert_eq!(why(&gone, NOW), (Cause::NoChild, Repair::Roster));
    }
}
