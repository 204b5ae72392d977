//! The axum kit: pages, errors, cookies, headers, forms. Knows no feature.
//!
//! A handler answers a page or an error value; errors are rendered and logged once, in `frame.rs`.

pub mod certificate;
pub mod connections;
pub mod cookies;
pub mod error;
pub mod form;
pub mod frame;
pub mod outgoing;
pub mod pages;
pub mod policy;
pub mod proxies;
pub mod qr;
pub mod serve;
pub mod support;
pub mod views;
pub mod visit;
