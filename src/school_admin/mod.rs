//! Schools in the console: how far a campaign is, its acts, and letters in batches.
//!
//! [`figures`] counts the people of one school, purely. The page of a school counts at the moment of the request, by the
//! indexes of that school alone; lists of many schools read rows that the worker renews ([`ops::figures`]).

pub mod api;
pub mod figures;
pub mod ops;
pub mod orders;
pub mod pages;
pub mod reminders;
pub mod store;
pub mod views;
