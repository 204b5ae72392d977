//! The person's own page.

pub mod pages;
pub mod views;
