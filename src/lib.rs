//! Préau: an OpenID Connect identity provider for French schools.
//!
//! Folders are features and floors; a file uses lower floors only (`tests/it/architecture.rs` holds
//! the table). `router.rs` is the page of every URL, `compose.rs` the place where everything is built.

pub mod accounts;
pub mod activation;
pub mod app;
pub mod audit;
pub mod base;
pub mod cli;
pub mod clients;
pub mod compose;
pub mod compte;
pub mod config;
pub mod db;
pub mod demo;
pub mod devices;
pub mod ephemeral;
pub mod grants;
pub mod http;
pub mod interactions;
pub mod jose;
pub mod keys;
pub mod limits;
pub mod login;
pub mod logouts;
pub mod oidc;
pub mod otp;
pub mod outbox;
pub mod protocol;
pub mod roster;
pub mod router;
pub mod seal;
pub mod services;
pub mod sessions;
pub mod sms;
pub mod support;
pub mod telemetry;
pub mod tenants;
