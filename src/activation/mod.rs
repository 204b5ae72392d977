//! Activation: from the telephone that the school knows to an account.
pub mod views;
