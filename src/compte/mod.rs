//! The person's own account.
pub mod views;
