//! Tokens: what they say, how they are issued, protected, bound to a key and found valid.

pub mod access_token_validation;
pub mod claims;
pub mod dpop_proof;
pub mod encryption;
pub mod issuer;
pub mod resource_indicators;
