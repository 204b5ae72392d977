//! Reads one person, as a help desk may see them: never a whole number, a birth date, the other parent, or a code.

mod standing;

use std::collections::BTreeMap;

use super::find_suspension;
use super::portal::{Refusals, find_refusals};
use super::search::{ENDED_RECENTLY, child_words};
use crate::accounts::Account;
use crate::administrators::roles::{AdminAct, Permission};
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::{Place, RoleGrant};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::{PersonId, PupilId};
use crate::db::Tx;
use crate::helpdesk::AccountSuspension;
use crate::helpdesk::diagnosis::{CampaignStanding, Cause, NearAttempt, PersonState, PhoneStanding, Repair, why};
use crate::helpdesk::store::near::{self, NEAR_RETENTION, NearRow};
use crate::helpdesk::store::person::{self as rows, ParentRow, PersonEvent, PupilNames, TieRow};
use crate::letters::store::ServingLetter;
use crate::limits::RateLimit;
use crate::otp::ops::person_budget_key;
use crate::roster::sealed_rows::open_mobile;
use standing::{
    account_standing, campaign, find_account, has_factors, has_two_accounts, list_letters, password_wait,
    phone_standing, wait,
};

/// The number of events on a page.
const MAX_EVENTS: i64 = 20;

/// The person of the roster whose page it is.
#[derive(Clone, Debug)]
pub enum Subject {
    Parent(Box<ParentRow>),
    Pupil(PupilNames),
}

/// Somebody with everything that the page shows.
#[derive(Clone, Debug)]
pub struct PersonFile {
    pub subject: Subject,
    pub ties: Vec<TieRow>,
    pub account: Option<Account>,
    pub suspension: Option<AccountSuspension>,
    pub phone_end: Option<String>,
    pub near: Vec<NearRow>,
    pub events: Vec<PersonEvent>,
    /// The letters whose codes serve, the newest first.
    pub letters: Vec<ServingLetter>,
    pub has_factors: bool,
    pub refusals: Refusals,
    pub state: PersonState,
    pub cause: Cause,
    pub repair: Repair,
}

/// Returns the place of a link or an enrolment.
pub fn place_of(tie: &TieRow) -> Place {
    Place {
        academy: Some(tie.academy.clone()),
        ministry: Some(tie.ministry.clone()),
        uai: Some(tie.uai.clone()),
        class: tie.class.clone(),
        client: None,
    }
}

impl PersonFile {
    pub fn profile(&self) -> Profile {
        self.state.profile
    }

    /// Returns the places by which somebody may see the person.
    pub fn places(&self) -> Vec<Place> {
        self.ties.iter().map(place_of).collect()
    }

    /// Returns the places by which somebody may act for the person: those of now, contacts left out.
    pub fn current_places(&self) -> Vec<Place> {
        self.ties.iter().filter(|tie| tie.is_current && tie.level != "contact").map(place_of).collect()
    }

    /// Returns the places by which somebody may take the person's letters back: those of now at the schools that printed
    /// them.
    pub fn places_of_letters(&self) -> Vec<Place> {
        let mut places = self.current_places();
        places.retain(|place| self.letters.iter().any(|letter| Some(&letter.uai) == place.uai.as_ref()));
        places
    }

    /// Returns the act of seeing the person; `None` for somebody whom no roster knows.
    pub fn seeing_act(&self) -> Option<AdminAct> {
        match self.profile() {
            Profile::Responsable => Some(AdminAct::SeeParents),
            Profile::Eleve => Some(AdminAct::SeePupils),
            Profile::Enseignant | Profile::Personnel | Profile::Invite => None,
        }
    }

    /// True if a role shows the person: what it does not show it does not repair, whatever a token leaves of it.
    pub fn is_shown_by(&self, grant: &RoleGrant) -> bool {
        self.seeing_act().is_some_and(|act| grant.own_permission(act) != Permission::No)
    }

    /// Leaves only what lies inside a scope: where a child is in another territory is not this administrator's to see.
    #[must_use]
    pub fn within(mut self, scope: &AdminScope, now: Timestamp) -> Self {
        self.ties.retain(|tie| scope.contains(&place_of(tie)));
        self.letters.retain(|letter| self.ties.iter().any(|tie| tie.uai == letter.uai));
        self.state.set_aside = withheld(&self.ties, "set_aside");
        self.state.contested = withheld(&self.ties, "contested");
        self.state.elsewhere = self.refusals.elsewhere(&self.ties);
        self.state.unknown_to = self.refusals.unknown_to(&self.ties);
        (self.cause, self.repair) = why(&self.state, now);
        self
    }

    pub fn id(&self) -> &str {
        match &self.subject {
            Subject::Parent(parent) => &parent.id,
            Subject::Pupil(pupil) => &pupil.id,
        }
    }

    /// Returns the id in the table of parents.
    pub fn person_id(&self) -> Option<&PersonId> {
        match &self.subject {
            Subject::Parent(parent) => Some(&parent.id),
            Subject::Pupil(_) => None,
        }
    }

    /// Returns the name as the school writes it.
    pub fn name(&self) -> String {
        let (given, family) = match &self.subject {
            Subject::Parent(p) => (&p.given_name, p.usage_name.as_ref().unwrap_or(&p.family_name)),
            Subject::Pupil(p) => (&p.given_name, p.usage_name.as_ref().unwrap_or(&p.family_name)),
        };
        format!("{given} {family}")
    }
}

/// Finds somebody by the id of the roster's row; who may see them is the caller's to ask.
pub async fn find(op: &Operation<'_>, id: &str) -> anyhow::Result<Option<PersonFile>> {
    let mut tx = op.app.db.read().await?;
    let ended_after = op.now.minus(ENDED_RECENTLY);
    if let Some(parent) = rows::find_parent(&mut tx, &PersonId::new(id)).await? {
        let ties = rows::list_links(&mut tx, &parent.id, ended_after).await?;
        return parent_file(op, &mut tx, parent, ties).await.map(Some);
    }
    let Some(pupil) = rows::find_pupil(&mut tx, &PupilId::new(id)).await? else { return Ok(None) };
    let ties = rows::list_enrolments(&mut tx, &pupil.id, ended_after).await?;
    pupil_file(op, &mut tx, pupil, ties).await.map(Some)
}

/// Lists the given names of current children whom something holds back.
fn withheld(ties: &[TieRow], kind: &str) -> Vec<String> {
    let of = |tie: &&TieRow| tie.is_current && tie.withheld.as_deref() == Some(kind);
    let names: BTreeMap<&PupilId, &String> =
        ties.iter().filter(of).map(|tie| (&tie.pupil_id, &tie.given_name)).collect();
    names.into_values().cloned().collect()
}

async fn parent_file(
    op: &Operation<'_>,
    tx: &mut Tx,
    parent: ParentRow,
    ties: Vec<TieRow>,
) -> anyhow::Result<PersonFile> {
    let account = find_account(tx, parent.account_id.as_ref()).await?;
    let near = near::list(tx, &parent.id, op.now.minus(NEAR_RETENTION)).await?;
    // What was asked before the school wrote another number is over.
    let latest = near.iter().find(|row| row.at >= parent.phone_since);
    let end = match &parent.phone {
        Some(sealed) => {
            let number = open_mobile(&op.app.master_key, &parent.id, sealed)?;
            number.as_str().get(number.as_str().len().saturating_sub(2)..).map(str::to_owned)
        }
        None => parent.phone_end.clone(),
    };
    let codes = person_budget_key(op.app, &parent.id, "");
    let refusals = find_refusals(op, tx, account.as_ref(), &ties).await?;
    let state = PersonState {
        profile: Profile::Responsable,
        is_present: ties.iter().any(|tie| tie.is_current && tie.level == "legal"),
        account: account_standing(account.as_ref()),
        is_suspended: account.as_ref().is_some_and(|account| account.suspended_by.is_some()),
        must_change_password: account.as_ref().is_some_and(Account::must_change_password),
        phone: phone_standing(&parent),
        near: latest.map(|row| NearAttempt { at: Timestamp(row.at), last2: row.last2.clone() }),
        campaign: campaign(op, tx, &parent, &ties).await?,
        codes_wait_until: wait(op, tx, (RateLimit::SmsCode, &codes)).await?,
        set_aside: withheld(&ties, "set_aside"),
        contested: withheld(&ties, "contested"),
        password_waits_until: password_wait(op, tx, account.as_ref()).await?,
        elsewhere: refusals.elsewhere(&ties),
        unknown_to: refusals.unknown_to(&ties),
        has_two_accounts: has_two_accounts(tx, &parent).await?,
    };
    let subject = Subject::Parent(Box::new(parent));
    complete(op, tx, FoundPerson { subject, ties, account, phone_end: end, near, refusals, state }).await
}

async fn pupil_file(
    op: &Operation<'_>,
    tx: &mut Tx,
    pupil: PupilNames,
    ties: Vec<TieRow>,
) -> anyhow::Result<PersonFile> {
    let account = find_account(tx, pupil.account_id.as_ref()).await?;
    let refusals = find_refusals(op, tx, account.as_ref(), &ties).await?;
    let state = PersonState {
        profile: Profile::Eleve,
        is_present: ties.iter().any(|tie| tie.is_current),
        account: account_standing(account.as_ref()),
        is_suspended: account.as_ref().is_some_and(|account| account.suspended_by.is_some()),
        must_change_password: account.as_ref().is_some_and(Account::must_change_password),
        phone: PhoneStanding::None,
        near: None,
        campaign: CampaignStanding::Open,
        codes_wait_until: None,
        set_aside: Vec::new(),
        contested: Vec::new(),
        password_waits_until: password_wait(op, tx, account.as_ref()).await?,
        elsewhere: refusals.elsewhere(&ties),
        unknown_to: refusals.unknown_to(&ties),
        has_two_accounts: false,
    };
    let subject = Subject::Pupil(pupil);
    let (near, phone_end) = (Vec::new(), None);
    complete(op, tx, FoundPerson { subject, ties, account, phone_end, near, refusals, state }).await
}

/// A parent or a pupil with what was read of each in its own way.
struct FoundPerson {
    subject: Subject,
    ties: Vec<TieRow>,
    account: Option<Account>,
    phone_end: Option<String>,
    near: Vec<NearRow>,
    refusals: Refusals,
    state: PersonState,
}

/// Reads the rest, which is the same for parents and pupils, and finds the cause.
async fn complete(op: &Operation<'_>, tx: &mut Tx, found: FoundPerson) -> anyhow::Result<PersonFile> {
    let FoundPerson { subject, ties, account, phone_end, near, refusals, state } = found;
    let (account_id, person_id) = match &subject {
        Subject::Parent(parent) => (parent.account_id.as_ref(), Some(&parent.id)),
        Subject::Pupil(pupil) => (pupil.account_id.as_ref(), None),
    };
    let events = rows::list_events(tx, account_id, person_id, MAX_EVENTS).await?;
    let letters = list_letters(op, tx, account.as_ref()).await?;
    let has_factors = has_factors(tx, account.as_ref()).await?;
    let suspension = find_suspension(tx, account.as_ref()).await?;
    let (cause, repair) = why(&state, op.now);
    Ok(PersonFile {
        subject,
        ties,
        account,
        suspension,
        phone_end,
        near,
        events,
        letters,
        has_factors,
        refusals,
        state,
        cause,
        repair,
    })
}

/// Lists the current children of a parent in words, each once.
pub fn children_words(file: &PersonFile) -> Vec<(String, String, String)> {
    let mut seen: Vec<(String, String, String)> = Vec::new();
    for tie in file.ties.iter().filter(|tie| tie.is_current) {
        let line = (
            child_words(&tie.given_name, &tie.family_name, tie.class.as_deref()),
            tie.school.clone(),
            tie.level.clone(),
        );
        if !seen.contains(&line) {
            seen.push(line);
        }
    }
    seen
}
