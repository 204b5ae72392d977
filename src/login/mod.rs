//! The sign-in page: one form for parents and pupils.

pub mod ops;
pub mod pages;
pub mod views;
