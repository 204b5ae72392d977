//! Signing in with identifiant and password.
pub mod views;
