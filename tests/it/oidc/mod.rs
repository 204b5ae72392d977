//! The provider, one file an endpoint or a specification. A test's name cites the section, or the line of the project's
//! list of attacks.

mod approval;
mod assertions;
mod authorize;
mod client_auth;
mod client_credentials;
mod consent;
mod defaults;
mod discovery;
mod dpop;
mod encryption;
mod fapi;
mod interactions;
mod introspection;
mod keys;
mod library;
mod logout;
mod logout_backchannel;
mod logout_crowd;
mod logout_frontchannel;
mod objects;
mod programs;
mod published;
mod pushed;
mod redirects;
mod refresh;
pub mod registration;
mod requests;
mod responses;
mod revocation;
mod rotations;
mod subjects;
mod token;
mod tokens_elsewhere;
mod userinfo;
