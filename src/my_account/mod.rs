//! The account page of the end user.

pub mod ops;
pub mod pages;
pub mod views;
