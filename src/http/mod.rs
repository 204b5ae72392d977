//! HTTP infrastructure on axum: pages, errors, cookies, headers, forms. Independent of all features.
//!
//! A handler returns a page or an error value; errors are rendered and logged once, in `middleware.rs`.

pub mod certificate;
pub mod connections;
pub mod cookies;
pub mod csp;
pub mod error;
pub mod form;
pub mod large_body;
pub mod listener;
pub mod middleware;
pub mod multipart;
pub mod outgoing;
pub mod pages;
pub mod paths;
pub mod problem;
pub mod proxies;
pub mod qr;
pub mod request_context;
pub mod routing;
pub mod serve;
pub mod support;
pub mod views;
