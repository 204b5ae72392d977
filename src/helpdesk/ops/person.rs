//! Reads one person, as a help desk may see them: never a whole number, a birth date, the other parent, or a code.

use std::collections::BTreeMap;

use super::portal::{Refusals, find_refusals};
use super::search::{ENDED_RECENTLY, child_words};
use crate::accounts::{self, Account, AccountState};
use crate::administrators::roles::AdminAct;
use crate::administrators::territory::{AdminScope, Place};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::db::Tx;
use crate::helpdesk::diagnosis::{
    AccountStanding, CampaignStanding, Cause, NearAttempt, PersonState, PhoneStanding, Repair, why,
};
use crate::helpdesk::store::near::{self, NEAR_RETENTION, NearRow};
use crate::helpdesk::store::person::{self as rows, ParentRow, PersonEvent, PupilNames, TieRow};
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::otp::ops::person_budget_key;
use crate::roster::matching::matching_candidates;
use crate::roster::sealed_rows::open_mobile;
use crate::roster::{self};
use crate::tenants::{self, CampaignStatus};

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
    pub phone_end: Option<String>,
    pub near: Vec<NearRow>,
    pub events: Vec<PersonEvent>,
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

    /// Returns the act of seeing the person; `None` for somebody whom no roster knows.
    pub fn seeing_act(&self) -> Option<AdminAct> {
        match self.profile() {
            Profile::Responsable => Some(AdminAct::SeeParents),
            Profile::Eleve => Some(AdminAct::SeePupils),
            Profile::Enseignant | Profile::Personnel | Profile::Invite => None,
        }
    }

    /// Leaves only what lies inside a scope: where a child is in another territory is not this administrator's to see.
    #[must_use]
    pub fn within(mut self, scope: &AdminScope, now: Timestamp) -> Self {
        self.ties.retain(|tie| scope.contains(&place_of(tie)));
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

async fn find_account(tx: &mut Tx, id: Option<&AccountId>) -> anyhow::Result<Option<Account>> {
    Ok(match id {
        Some(id) => accounts::store::find(tx, id).await?,
        None => None,
    })
}

fn standing(account: Option<&Account>) -> AccountStanding {
    match account.map(|account| account.state) {
        None => AccountStanding::None,
        Some(AccountState::Pending) => AccountStanding::Pending,
        Some(AccountState::Active) => AccountStanding::Active,
        Some(AccountState::Closed) => AccountStanding::Closed,
    }
}

/// Returns the end of a wait on a budget.
async fn wait(op: &Operation<'_>, tx: &mut Tx, (action, key): (RateLimit, &str)) -> anyhow::Result<Option<Timestamp>> {
    Ok(match limits::store::peek_at(tx, action, key, op.now).await? {
        RateLimitDecision::Limited { until } => Some(until),
        RateLimitDecision::Allowed { .. } => None,
    })
}

async fn password_wait(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: Option<&Account>,
) -> anyhow::Result<Option<Timestamp>> {
    let Some(account) = account else { return Ok(None) };
    let key = accounts::ops::password_limiter_key(op.app, &account.identifiant, None);
    wait(op, tx, (RateLimit::Password, &key)).await
}

async fn has_factors(tx: &mut Tx, account: Option<&Account>) -> anyhow::Result<bool> {
    Ok(match account {
        Some(account) => crate::credentials::store::find_factors(tx, &account.id).await?.is_required(),
        None => false,
    })
}

/// Returns the campaign of the schools of the current children, together: one open school suffices.
async fn campaign(
    op: &Operation<'_>,
    tx: &mut Tx,
    parent: &ParentRow,
    ties: &[TieRow],
) -> anyhow::Result<CampaignStanding> {
    let exception = tenants::store::exceptions::find_campaign_exception(tx, &parent.id).await?;
    if exception.is_some_and(|until| until > op.now) {
        return Ok(CampaignStanding::Open);
    }
    let mut found = CampaignStanding::NotPlanned;
    for tie in ties.iter().filter(|tie| tie.is_current && tie.level == "legal") {
        let known = tenants::store::find_campaign(tx, &tie.uai).await?;
        found = match (tenants::campaign_status(known, op.now), found) {
            (CampaignStatus::Open, _) => return Ok(CampaignStanding::Open),
            (CampaignStatus::Upcoming(at), _) => CampaignStanding::Upcoming(at),
            (_, upcoming @ CampaignStanding::Upcoming(_)) => upcoming,
            (CampaignStatus::Closed(at), _) => CampaignStanding::Closed(at),
            (CampaignStatus::NotPlanned, other) => other,
        };
    }
    Ok(found)
}

fn phone_standing(parent: &ParentRow) -> PhoneStanding {
    match (parent.phone_state.as_str(), parent.phone_why.as_deref()) {
        ("mobile", _) if parent.phone_disowned_at.is_some() => PhoneStanding::Disowned,
        ("mobile", _) => PhoneStanding::Mobile,
        ("none", _) => PhoneStanding::None,
        (_, Some("landline")) => PhoneStanding::Landline,
        (_, Some("incomplete")) => PhoneStanding::Incomplete,
        _ => PhoneStanding::Unusable,
    }
}

/// True if the same name and number belongs to a person with another account.
async fn has_two_accounts(tx: &mut Tx, parent: &ParentRow) -> anyhow::Result<bool> {
    let (Some(blind), Some(own)) = (&parent.phone_blind, &parent.account_id) else { return Ok(false) };
    let all = roster::store::list_by_phone(tx, blind).await?;
    let family = parent.usage_name.as_deref().unwrap_or(&parent.family_name);
    let same = matching_candidates(&all, family, &parent.given_name);
    Ok(same.iter().any(|other| other.account_id.as_ref().is_some_and(|id| id != own)))
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
        account: standing(account.as_ref()),
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
    let events = rows::list_events(tx, parent.account_id.as_ref(), Some(&parent.id), MAX_EVENTS).await?;
    let has_factors = has_factors(tx, account.as_ref()).await?;
    let (cause, repair) = why(&state, op.now);
    let subject = Subject::Parent(Box::new(parent));
    let phone_end = end;
    Ok(PersonFile { subject, ties, account, phone_end, near, events, has_factors, refusals, state, cause, repair })
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
        account: standing(account.as_ref()),
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
    let events = rows::list_events(tx, pupil.account_id.as_ref(), None, MAX_EVENTS).await?;
    let has_factors = has_factors(tx, account.as_ref()).await?;
    let (cause, repair) = why(&state, op.now);
    let (near, phone_end) = (Vec::new(), None);
    let subject = Subject::Pupil(pupil);
    Ok(PersonFile { subject, ties, account, phone_end, near, events, has_factors, refusals, state, cause, repair })
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
