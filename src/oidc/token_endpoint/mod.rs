//! The token endpoint: one file per grant type.

mod authorization_code;
mod client_credentials;
pub mod endpoint;
mod refresh_token;
mod token_request;
