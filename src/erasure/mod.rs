//! Erasure: people whom no school names any more, and what is left of accounts that were closed a year ago.
//!
//! It goes through the roster once a day, in steps of one short transaction each. What was begun elsewhere wins: a step
//! looks again at what it locked.

pub mod ops;
pub mod store;

use crate::base::clock::Span;

/// The time after which the rest of a closed account goes. What happened to it stays in the audit for the audit's term.
pub const CLOSED_RETENTION: Span = Span::days(365);

/// The numbers of what was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ErasedCounts {
    pub accounts: u64,
    pub persons: u64,
    pub pupils: u64,
}

impl ErasedCounts {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// The table that a pass goes through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ErasureStage {
    Persons,
    Pupils,
}

/// The place of a pass: the table, and the id after which the next step begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErasurePosition {
    pub stage: ErasureStage,
    pub after: String,
}

impl ErasurePosition {
    /// Reads a stored position. One that says nothing, such as that of a pass that begins, is the beginning.
    pub fn parse(text: &str) -> Self {
        let read = text.split_once('/').and_then(|(stage, after)| Some((stage.parse().ok()?, after.to_owned())));
        let (stage, after) = read.unwrap_or((ErasureStage::Persons, String::new()));
        Self { stage, after }
    }

    pub fn to_text(&self) -> String {
        let stage: &'static str = self.stage.into();
        format!("{stage}/{after}", after = self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_read_as_it_was_written_and_anything_else_is_the_beginning() {
        let place = ErasurePosition { stage: ErasureStage::Pupils, after: "0199/x".to_owned() };
        assert_eq!(ErasurePosition::parse(&place.to_text()), place);
        let beginning = ErasurePosition { stage: ErasureStage::Persons, after: String::new() };
        for text in ["", "nowhere/0199", "pupils"] {
            assert_eq!(ErasurePosition::parse(text), beginning, "{text}");
        }
    }
}
