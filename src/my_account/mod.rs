//! The account page of the end user.

pub mod pages;
pub mod views;
