//! What belongs to no other feature of the console: its home, and the table of the Admin API.

pub mod api;
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;
