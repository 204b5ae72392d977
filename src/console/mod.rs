//! The pages of the console that belong to no other feature: its home.

pub mod ops;
pub mod pages;
pub mod store;
pub mod views;
