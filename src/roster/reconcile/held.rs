//! The rows of a school of which another format is the source.

use std::collections::BTreeSet;

use super::LinkKey;

/// The rows of which another format is the source. Empty where a school has one format.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HeldRows {
    /// Data that stays as it is.
    pub persons: BTreeSet<String>,
    pub pupils: BTreeSet<String>,
    /// Enrolments and links, current or ended, that stay as they are. They are not among the current ones of the state.
    pub enrolments: BTreeSet<String>,
    pub links: BTreeSet<LinkKey>,
    /// Data that becomes the leading format's with this import, changed or not.
    pub persons_to_lead: BTreeSet<String>,
    pub pupils_to_lead: BTreeSet<String>,
}
