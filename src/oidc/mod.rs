//! The OpenID provider's endpoints.
pub mod views;
