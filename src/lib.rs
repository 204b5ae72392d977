//! Préau: an OpenID Connect identity provider for French schools.
//!
//! Folders are features and floors; a file uses lower floors only (`tests/it/architecture.rs` holds
//! the table). `router.rs` is the page of every URL, `compose.rs` the place where everything is built.

pub mod activation;
pub mod base;
pub mod compte;
pub mod demo;
pub mod http;
pub mod login;
pub mod oidc;
pub mod roster;
