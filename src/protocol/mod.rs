//! The vocabulary of OAuth 2.0 and OpenID Connect: requests, errors, scopes. Pure, with the section of the
//! specification cited for each item.
//!
//! No HTTP framework, no database, no clock.

pub mod acr;
pub mod algorithms;
pub mod authorize;
pub mod claim;
pub mod claims_request;
pub mod disclosure;
pub mod error;
pub mod json;
pub mod params;
pub mod pkce;
pub mod profile;
pub mod provider_metadata;
pub mod redirect;
pub mod registration;
pub mod response;
pub mod scope;
pub mod tolerance;
