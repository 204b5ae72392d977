//! The people for whom letters are printed, and their accounts.

use std::collections::{BTreeSet, HashSet};

use crate::accounts::{self, Account, AccountState};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::profile::Profile;
use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;
use crate::db::{Tx, UnitOfWork};
use crate::letters::LetterKind;
use crate::roster::PhoneState;
use crate::roster::store as roster_store;
use crate::roster::store::pupils::{self, EnrolledPupil, LetterParent};

/// The part of a school for which letters are asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterScope {
    /// A class, blanks and case apart.
    Class(String),
    /// A class of exactly this name: of whoever has a role for it alone.
    ExactClass(String),
    /// The family of a pupil, by ELEVE_ID.
    Family(String),
    /// One person, by identifiant.
    Identifiant(String),
    /// One person of the roster.
    Person(LetterPerson),
    /// Some parents of the school.
    Parents(BTreeSet<PersonId>),
}

/// The person of the roster for whom a letter is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LetterPerson {
    Pupil(PupilId),
    Parent(PersonId),
}

/// Somebody for whom a letter may be printed.
#[derive(Clone, Debug)]
pub struct Recipient {
    pub person: LetterPerson,
    pub given_name: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    /// The class of a pupil.
    pub class: Option<String>,
    pub account: Option<Account>,
    /// True if the letter stands for the lost second factors of an active account.
    pub past_factor: bool,
    /// The child for whom one more person of the roster joins this account.
    pub joins: Option<PupilId>,
    /// Set if no letter is printed without a special request.
    pub left_out: Option<LeftOut>,
}

/// The reason for which somebody gets no letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeftOut {
    /// Has a password, and a mobile for another one.
    Active,
    Suspended,
    Closed,
    /// An institution is nobody's account: a letter is for one of its people.
    Institution,
    /// The agent's letters of the day for parents with an active account are used up.
    DailyLimit,
}

impl LeftOut {
    /// Returns the words for operators.
    pub fn label(self) -> &'static str {
        match self {
            LeftOut::Active => "has an active account (--also-active prints a letter for a new password)",
            LeftOut::Suspended => "the account is suspended",
            LeftOut::Closed => "the account is closed",
            LeftOut::Institution => "an institution: name the account of one of its people (--join p.nomXX)",
            LeftOut::DailyLimit => "20 letters a day for parents with an active account are printed: go on tomorrow",
        }
    }
}

impl Recipient {
    /// Returns the name as the school writes it.
    pub fn full_name(&self) -> String {
        format!("{} {}", self.given_name, self.usage_name.as_deref().unwrap_or(&self.family_name))
    }

    /// Returns the kind of the letter: for a first password, for another one, or for one more child.
    pub fn kind(&self) -> LetterKind {
        match &self.account {
            _ if self.joins.is_some() => LetterKind::Child,
            Some(account) if account.state == AccountState::Active && self.past_factor => LetterKind::Factor,
            Some(account) if account.state == AccountState::Active => LetterKind::Reset,
            _ => LetterKind::First,
        }
    }
}

/// Lists the people of one profile in a part of a school.
pub async fn list(
    tx: &mut Tx,
    uai: &Uai,
    scope: &LetterScope,
    profile: Profile,
    also_active: bool,
) -> anyhow::Result<Vec<Recipient>> {
    let only = match scope {
        LetterScope::Identifiant(text) => {
            let folded = accounts::identifier::normalize(text);
            match accounts::store::find_by_identifiant(tx, &folded).await? {
                Some(account) => Some(account.id),
                None => return Ok(Vec::new()),
            }
        }
        LetterScope::Class(_)
        | LetterScope::ExactClass(_)
        | LetterScope::Family(_)
        | LetterScope::Person(_)
        | LetterScope::Parents(_) => None,
    };
    let wanted = |pupil: &EnrolledPupil| match scope {
        LetterScope::Class(class) => pupil.class.as_deref().is_some_and(|known| folded(known) == folded(class)),
        LetterScope::ExactClass(class) => pupil.class.as_ref() == Some(class),
        LetterScope::Family(key) => pupil.pupil_key == *key,
        LetterScope::Person(LetterPerson::Pupil(id)) => pupil.pupil_id == *id,
        LetterScope::Identifiant(_) | LetterScope::Person(LetterPerson::Parent(_)) | LetterScope::Parents(_) => true,
    };
    let pupils: Vec<EnrolledPupil> = pupils::list_enrolled_pupils(tx, uai).await?.into_iter().filter(wanted).collect();
    let mut out = Vec::new();
    match profile {
        Profile::Eleve => {
            for pupil in pupils.into_iter().filter(|pupil| is_wanted(only.as_ref(), pupil.account_id.as_ref())) {
                out.push(pupil_recipient(tx, pupil, also_active).await?);
            }
        }
        Profile::Responsable => {
            let ids: HashSet<&PupilId> = pupils.iter().map(|pupil| &pupil.pupil_id).collect();
            let mut seen = HashSet::new();
            for parent in pupils::list_parents(tx, uai).await? {
                let is_named = match scope {
                    LetterScope::Person(LetterPerson::Parent(id)) => parent.person_id == *id,
                    LetterScope::Parents(ids) => ids.contains(&parent.person_id),
                    _ => true,
                };
                let asked =
                    is_named && ids.contains(&parent.pupil_id) && is_wanted(only.as_ref(), parent.account_id.as_ref());
                if asked && seen.insert(parent.person_id.clone()) {
                    out.push(parent_recipient(tx, parent, also_active).await?);
                }
            }
        }
        // No roster knows them.
        Profile::Enseignant | Profile::Personnel | Profile::Invite => {}
    }
    Ok(out)
}

/// A letter by which a person of the roster joins an account.
#[derive(Clone, Debug)]
pub struct LetterJoinRequest {
    /// The identifiant of the account.
    pub identifiant: String,
    /// ELEVE_ID of a child of the person.
    pub pupil_key: String,
    /// PERSONNE_ID of the person, where the child has several.
    pub person_key: Option<String>,
}

/// The reason why nobody can join an account.
#[derive(Clone, Debug, thiserror::Error)]
pub enum LetterJoinError {
    #[error("{0} is no active account of a parent")]
    NoAccount(String),
    #[error("no representative of this pupil is without an account of another person")]
    Nobody,
    #[error("this pupil has several representatives: say which with --person, one of {0}")]
    Several(String),
}

/// Finds the person who joins an account. The letter bears the name of the account: an institution has none, and the
/// school knows the parent by another one.
pub async fn find_joining(
    tx: &mut Tx,
    uai: &Uai,
    request: &LetterJoinRequest,
) -> anyhow::Result<Result<Recipient, LetterJoinError>> {
    let folded = accounts::identifier::normalize(&request.identifiant);
    let account = accounts::store::find_by_identifiant(tx, &folded).await?;
    let account = account.filter(|account| account.is_usable() && account.profile == Profile::Responsable);
    let Some(account) = account else { return Ok(Err(LetterJoinError::NoAccount(folded))) };
    let pupils = pupils::list_enrolled_pupils(tx, uai).await?;
    let pupil = pupils.iter().find(|pupil| pupil.pupil_key == request.pupil_key);
    let mut parents = pupils::list_parents(tx, uai).await?;
    parents.retain(|parent| {
        let is_theirs = pupil.is_some_and(|pupil| pupil.pupil_id == parent.pupil_id);
        let is_asked = request.person_key.as_ref().is_none_or(|key| *key == parent.person_key);
        let is_free =
            parent.account_id.is_none() || parent.is_institution() && parent.account_id.as_ref() == Some(&account.id);
        is_theirs && is_asked && is_free
    });
    Ok(match parents.as_slice() {
        [] => Err(LetterJoinError::Nobody),
        [parent] => Ok(Recipient {
            person: LetterPerson::Parent(parent.person_id.clone()),
            given_name: account.given_name.clone(),
            family_name: account.family_name.clone(),
            usage_name: None,
            class: None,
            account: Some(account),
            past_factor: false,
            joins: Some(parent.pupil_id.clone()),
            left_out: None,
        }),
        several => {
            let keys: Vec<&str> = several.iter().map(|parent| parent.person_key.as_str()).collect();
            Err(LetterJoinError::Several(keys.join(", ")))
        }
    })
}

fn is_wanted(only: Option<&AccountId>, has: Option<&AccountId>) -> bool {
    only.is_none() || only == has
}

fn folded(class: &str) -> String {
    class.split_whitespace().collect::<String>().to_uppercase()
}

async fn find_account(tx: &mut Tx, id: Option<&AccountId>) -> anyhow::Result<Option<Account>> {
    Ok(match id {
        Some(id) => accounts::store::find(tx, id).await?,
        None => None,
    })
}

/// Judges whether the person needs a letter. A person who has a password and no mobile cannot get another one without.
fn judge(account: Option<&Account>, usable_mobile: bool, also_active: bool) -> Option<LeftOut> {
    let account = account?;
    match account.state {
        AccountState::Closed => Some(LeftOut::Closed),
        _ if account.suspended_by.is_some() => Some(LeftOut::Suspended),
        AccountState::Active if usable_mobile && !also_active => Some(LeftOut::Active),
        AccountState::Active | AccountState::Pending => None,
    }
}

async fn pupil_recipient(tx: &mut Tx, pupil: EnrolledPupil, also_active: bool) -> anyhow::Result<Recipient> {
    let account = find_account(tx, pupil.account_id.as_ref()).await?;
    Ok(Recipient {
        // A pupil has no mobile in the roster: an active account is left alone unless asked for.
        left_out: judge(account.as_ref(), true, also_active),
        person: LetterPerson::Pupil(pupil.pupil_id),
        given_name: pupil.given_name,
        family_name: pupil.family_name,
        usage_name: pupil.usage_name,
        class: pupil.class,
        account,
        past_factor: false,
        joins: None,
    })
}

async fn parent_recipient(tx: &mut Tx, parent: LetterParent, also_active: bool) -> anyhow::Result<Recipient> {
    let account = find_account(tx, parent.account_id.as_ref()).await?;
    let mobile = PhoneState::Mobile.name();
    let usable = parent.phone_state == mobile && parent.phone_disowned_at.is_none();
    Ok(Recipient {
        left_out: match account {
            None if parent.is_institution() => Some(LeftOut::Institution),
            _ => judge(account.as_ref(), usable, also_active),
        },
        person: LetterPerson::Parent(parent.person_id),
        given_name: parent.given_name,
        family_name: parent.family_name,
        usage_name: parent.usage_name,
        class: None,
        account,
        past_factor: false,
        joins: None,
    })
}

/// Returns the account of a recipient, created with an identifiant at the first letter. A parent's has this person of
/// the roster alone: other records join it by a proof of their own.
pub async fn account_for(tx: &mut UnitOfWork<'_>, recipient: &Recipient) -> anyhow::Result<Account> {
    if let Some(account) = &recipient.account {
        return Ok(account.clone());
    }
    let profile = match &recipient.person {
        LetterPerson::Pupil(_) => Profile::Eleve,
        LetterPerson::Parent(_) => Profile::Responsable,
    };
    let (given, family) = (&recipient.given_name, &recipient.family_name);
    let account = accounts::ops::create_account(tx, profile, given, family, recipient.usage_name.as_deref()).await?;
    let linked = match &recipient.person {
        LetterPerson::Pupil(id) => pupils::link_pupil_to_account(tx, id, &account.id).await?,
        LetterPerson::Parent(id) => roster_store::link_to_account(tx, id, &account.id).await?,
    };
    anyhow::ensure!(linked, "somebody was given an account at the same moment: print the letters again");
    let about = AuditDetails { account: Some(&account.id), detail: "letter", ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::IdentifierAssigned, about).await?;
    Ok(account)
}
