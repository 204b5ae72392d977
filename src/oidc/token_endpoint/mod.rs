//! The token endpoint: one file per grant type.

pub mod authorization_code;
mod client_credentials;
pub mod endpoint;
mod refresh_token;
pub mod token_request;
