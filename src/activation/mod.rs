//! Activation: from the telephone that the school knows to an account.
//!
//! An activation is a row that lives two hours and belongs to one browser (`binding.rs`). Until its code
//! is right it looks the same for everybody: the worker, not the page, looks in the roster.

pub mod binding;
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::names::typed_key;
use views::{Purpose, Settled};

/// How long an activation may take.
pub const LIFE: Span = Span::hours(2);
/// Longest name that is taken, in characters.
pub const LONGEST_NAME: usize = 100;

/// Where an activation stands. Each step is left once, by compare-and-set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The SMS code is asked for.
    Code,
    /// The code was right and the person has an account: sign in, or a new password.
    Known,
    /// The children's birth dates.
    Children,
    /// The identifiant is told, a password is asked for.
    Password,
    /// Signed in.
    Done,
    /// It ended otherwise; the row's outcome says how.
    Ended,
}

impl Step {
    pub const ALL: [Step; 6] = [Step::Code, Step::Known, Step::Children, Step::Password, Step::Done, Step::Ended];

    pub fn name(self) -> &'static str {
        match self {
            Step::Code => "code",
            Step::Known => "known",
            Step::Children => "children",
            Step::Password => "password",
            Step::Done => "done",
            Step::Ended => "ended",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.name() == name)
    }

    /// The page of this step.
    pub fn path(self) -> &'static str {
        match self {
            Step::Code => "/activation/code",
            Step::Known | Step::Ended => "/activation/suite",
            Step::Children => "/activation/enfants",
            Step::Password => "/activation/mot-de-passe",
            Step::Done => "/activation/terminee",
        }
    }
}

/// What the person typed. Kept sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typed {
    pub nom: String,
    pub prenom: String,
    /// E.164.
    pub phone: String,
    /// As it was typed, for the form.
    pub telephone: String,
}

impl Typed {
    /// What budgets are keyed by, whether or not anybody is so called: spellings that agree count together.
    pub fn key(&self) -> String {
        format!("identity/{}/{}/{}", typed_key(&self.nom), typed_key(&self.prenom), self.phone)
    }

    /// The last four digits, as `56 78`.
    pub fn ending(&self) -> String {
        crate::base::phone::E164::from_stored(&self.phone).map(|n| n.last_four_spaced()).unwrap_or_default()
    }
}

/// A child that is asked about. One pupil may be linked to several found persons, who are one and the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedChild {
    pub pupil_id: String,
    pub person_ids: Vec<String>,
    pub given_name: String,
    /// First letter of the name, as the page shows it before anything is proven.
    pub initial: String,
    pub school: String,
    pub uai: String,
    pub settled: Option<Settled>,
}

impl AskedChild {
    /// `Anaïs L.`
    pub fn shown(&self) -> String {
        format!("{} {}.", self.given_name, self.initial)
    }
}

/// How an activation ended without a sign-in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    NotOpenYet {
        school: String,
        opens: Timestamp,
    },
    Closed {
        school: String,
        since: Option<Timestamp>,
    },
    Suspended {
        by: String,
        school: Option<String>,
    },
    NobodyToAttach,
    NoneRight,
    /// Another activation of the same account chose a password.
    Overtaken,
}

impl Outcome {
    /// For the operator's eyes.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::NotOpenYet { .. } => "not open yet",
            Outcome::Closed { .. } => "closed",
            Outcome::Suspended { .. } => "suspended",
            Outcome::NobodyToAttach => "nobody to attach",
            Outcome::NoneRight => "no birth date right",
            Outcome::Overtaken => "overtaken by another activation",
        }
    }
}

/// A row, opened.
#[derive(Clone, Debug)]
pub struct Activation {
    pub id: String,
    pub step: Step,
    /// Digest of the secret by which a browser holds it.
    pub browser: String,
    pub typed: Typed,
    pub typed_budget: String,
    pub challenge_id: String,
    pub support_code: String,
    pub lang: Lang,
    pub interaction: Option<String>,
    /// JSON of the waiting request, put back at the end.
    pub request: Option<String>,
    pub persons: Vec<String>,
    pub children: Vec<AskedChild>,
    pub account_id: Option<String>,
    pub outcome: Option<Outcome>,
    pub purpose: Purpose,
    /// Under which names it counts against its source, until its code is right.
    pub counted: Option<String>,
    /// The device on which this identity had typed a right code before.
    pub device_id: Option<String>,
    pub expires_at: Timestamp,
}

/// What the answers about the children come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settlement {
    /// Something is still to be answered.
    Open,
    /// Every child is settled and one date at least was right.
    Proven,
    /// No *Oui* at all.
    AllNo,
    /// Tries used up, no date right.
    NoneRight,
}

/// Decides from the settled children.
pub fn settlement(children: &[AskedChild]) -> Settlement {
    let any = |what: Settled| children.iter().any(|c| c.settled == Some(what));
    if children.iter().any(|c| c.settled.is_none()) {
        Settlement::Open
    } else if any(Settled::Right) {
        Settlement::Proven
    } else if any(Settled::SetAside) {
        Settlement::NoneRight
    } else {
        Settlement::AllNo
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(settled: Option<Settled>) -> AskedChild {
        AskedChild {
            pupil_id: "p".into(),
            person_ids: vec!["a".into()],
            given_name: "Anaïs".into(),
            initial: "L".into(),
            school: "Clg".into(),
            uai: "0349999J".into(),
            settled,
        }
    }

    #[test]
    fn it_goes_on_when_all_are_settled_and_one_date_is_right() {
        use Settled::{Refused, Right, SetAside};
        for (children, wanted) in [
            (vec![Some(Right), None], Settlement::Open),
            (vec![Some(Right), Some(Refused), Some(SetAside)], Settlement::Proven),
            (vec![Some(Refused), Some(Refused)], Settlement::AllNo),
            (vec![Some(Refused), Some(SetAside)], Settlement::NoneRight),
            (vec![Some(SetAside)], Settlement::NoneRight),
        ] {
            let children: Vec<_> = children.into_iter().map(child).collect();
            assert_eq!(settlement(&children), wanted);
        }
    }

    #[test]
    fn one_budget_for_all_spellings_of_a_name() {
        let typed = |nom: &str| Typed {
            nom: nom.into(),
            prenom: "Fatou".into(),
            phone: "+33612345678".into(),
            telephone: "06".into(),
        };
        assert_eq!(typed("LE BŒUF").key(), typed("leboeuf").key());
        assert_ne!(typed("Lebeuf").key(), typed("leboeuf").key());
    }
}
