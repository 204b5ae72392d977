//! The trial of a client that was approved: its first days, with a hundred persons at most ([`super::ops::trial`]).

/// The standing of a person in the trial of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialStanding {
    /// The client is in use by all.
    NotOnTrial,
    /// One of the trial's persons.
    Entered,
    /// May become one, and was not told yet that it is a trial.
    Untold,
    /// The trial has its persons, and this is none of them.
    Full,
}
