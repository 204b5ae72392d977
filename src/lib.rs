//! Préau: an OpenID Connect identity provider for French schools.
//!
//! Folders are features, ordered in layers; a file uses lower layers only (`tests/it/architecture.rs` holds the table).
//! `router.rs` lists every URL, `bootstrap.rs` builds every part of the server.

pub mod accounts;
pub mod activation;
pub mod app;
pub mod audit;
pub mod base;
pub mod bootstrap;
pub mod cli;
pub mod clients;
pub mod config;
pub mod crypto;
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
pub mod my_account;
pub mod oidc;
pub mod otp;
pub mod outbox;
pub mod protocol;
pub mod roster;
pub mod router;
pub mod services;
pub mod sessions;
pub mod sms;
pub mod support;
pub mod telemetry;
pub mod tenants;
