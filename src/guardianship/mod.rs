//! The proof that a person is the parent of a child: the child's birth date, with a budget of tries.
//!
//! Flows ask the questions and decide what a right or a wrong answer opens. Here are the parts that all of them share:
//! the tries, the comparison, the notices to the school, and hiding a child from claims (docs/threats.md#threat-s08).

pub mod ops;

use serde::{Deserialize, Serialize};

use crate::base::typed_ids::{AccountId, PersonId, PupilId};
use crate::base::uai::Uai;

/// A child that a person is asked about. A pupil may be linked to several records of one parent.
#[derive(Clone, Copy, Debug)]
pub struct Guardianship<'a> {
    pub person_ids: &'a [PersonId],
    pub pupil_id: &'a PupilId,
    pub uai: &'a Uai,
}

impl Guardianship<'_> {
    /// Returns the text of the budget's key: one budget for a parent and a child, whatever flow asks. A pupil who enters
    /// the own date has no person here, and a budget alone.
    pub fn budget_key(&self) -> String {
        let person = self.person_ids.iter().min().map(PersonId::as_str).unwrap_or_default();
        format!("birth/{person}/{}", self.pupil_id)
    }
}

/// The proof that a flow asks for: the account, if known, and the support code that its pages show.
#[derive(Clone, Copy, Debug)]
pub struct ProofContext<'a> {
    pub account: Option<&'a AccountId>,
    pub support_code: &'a str,
}

/// The result of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateComparison {
    Equal,
    Different {
        tries_left: usize,
    },
    /// The tries were used up before: nothing was compared.
    NoTriesLeft,
}

/// The answer about a child, once decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChildStatus {
    /// A right birth date.
    Right,
    /// No tries are left.
    SetAside,
    /// *Non*.
    Refused,
}

/// A child to confirm. A pupil may be linked to several of the matching persons, all records of the same parent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChildQuestion {
    pub pupil_id: PupilId,
    pub person_ids: Vec<PersonId>,
    pub given_name: String,
    /// The initial of the family name, shown before any proof.
    pub initial: String,
    pub school: String,
    pub uai: Uai,
    pub settled: Option<ChildStatus>,
    /// True if no answer is needed: a child hidden from the account, asked about in a recovery.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub optional: bool,
}

impl ChildQuestion {
    /// Returns the part that the proof by birth dates needs.
    pub fn guardianship(&self) -> Guardianship<'_> {
        Guardianship { person_ids: &self.person_ids, pupil_id: &self.pupil_id, uai: &self.uai }
    }

    /// Returns the name on the page: `Anaïs L.`
    pub fn display_name(&self) -> String {
        format!("{} {}.", self.given_name, self.initial)
    }
}

/// The overall result of the answers about the children.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildrenOutcome {
    /// At least one child is unanswered.
    Pending,
    /// Every child is answered and at least one birth date was correct.
    Confirmed,
    /// Every answer is *Non*.
    AllDenied,
    /// No birth date was correct, and no tries are left.
    NoneConfirmed,
}

/// Computes the result from the status of each child.
pub fn children_outcome(children: &[ChildQuestion]) -> ChildrenOutcome {
    let any = |what: ChildStatus| children.iter().any(|c| c.settled == Some(what));
    let open = |c: &&ChildQuestion| c.settled.is_none();
    if children.iter().filter(open).any(|c| !c.optional) {
        ChildrenOutcome::Pending
    } else if any(ChildStatus::Right) {
        ChildrenOutcome::Confirmed
    } else if children.iter().any(|c| open(&c)) {
        ChildrenOutcome::Pending
    } else if any(ChildStatus::SetAside) {
        ChildrenOutcome::NoneConfirmed
    } else {
        ChildrenOutcome::AllDenied
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn child(settled: Option<ChildStatus>) -> ChildQuestion {
        ChildQuestion {
            pupil_id: PupilId::new("p"),
            person_ids: vec![PersonId::new("a")],
            given_name: "Anaïs".into(),
            initial: "L".into(),
            school: "Clg".into(),
            uai: Uai::parse("0349999J").unwrap(),
            settled,
            optional: false,
        }
    }

    #[test]
    fn it_goes_on_when_all_are_settled_and_one_date_is_right() {
        use ChildStatus::{Refused, Right, SetAside};
        for (children, wanted) in [
            (vec![Some(Right), None], ChildrenOutcome::Pending),
            (vec![Some(Right), Some(Refused), Some(SetAside)], ChildrenOutcome::Confirmed),
            (vec![Some(Refused), Some(Refused)], ChildrenOutcome::AllDenied),
            (vec![Some(Refused), Some(SetAside)], ChildrenOutcome::NoneConfirmed),
            (vec![Some(SetAside)], ChildrenOutcome::NoneConfirmed),
        ] {
            let children: Vec<_> = children.into_iter().map(child).collect();
            assert_eq!(children_outcome(&children), wanted);
        }
    }
}
