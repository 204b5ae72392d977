//! The vocabulary of OAuth 2.0 and OpenID Connect: pure, each item citing its section.
//!
//! No HTTP framework, no database, no clock. What a request may say, what an error is, what a scope gives.

pub mod acr;
pub mod algorithms;
pub mod authorize;
pub mod claims_request;
pub mod error;
pub mod json;
pub mod params;
pub mod pkce;
pub mod profile;
pub mod redirect;
pub mod registration;
pub mod response;
pub mod scope;
pub mod tolerance;
