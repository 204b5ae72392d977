//! The proof that a person is the parent of a child: the child's birth date, with a budget of tries.
//!
//! Flows ask the questions and decide what a right or a wrong answer opens. Here are the parts that all of them share:
//! the tries, the comparison, the notices to the school, and hiding a child from claims (docs/threats.md#threat-s08).

pub mod ops;

/// A child that a person is asked about. A pupil may be linked to several records of one parent.
#[derive(Clone, Copy, Debug)]
pub struct Guardianship<'a> {
    pub person_ids: &'a [String],
    pub pupil_id: &'a str,
    pub uai: &'a str,
}

impl Guardianship<'_> {
    /// Returns the text of the budget's key: one budget for a parent and a child, whatever flow asks.
    fn budget_key(&self) -> String {
        let person = self.person_ids.iter().min().map(String::as_str).unwrap_or_default();
        format!("birth/{person}/{}", self.pupil_id)
    }
}

/// The proof that a flow asks for: the account, if known, and the support code that its pages show.
#[derive(Clone, Copy, Debug)]
pub struct ProofContext<'a> {
    pub account: Option<&'a str>,
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
