//! The axum kit: pages, errors, cookies, headers. Knows no feature.

pub mod pages;
pub mod views;
