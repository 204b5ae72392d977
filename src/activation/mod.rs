//! Activation: from the telephone that the school knows to an account.
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;
