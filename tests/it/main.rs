//! The whole application in one process: real database, fake clock, seeded randomness, no sockets.
//!
//! Tests are named after the line of the project's lists that they hold: `s3_…`, `c1_…` for attacks that happened
//! elsewhere, a section for a rule of the protocol.

// `cfg(test)` tells the linter that these modules are tests as a whole.
#[cfg(test)]
mod activation;
#[cfg(test)]
mod activation_input;
#[cfg(test)]
mod activation_races;
#[cfg(test)]
mod activation_same;
#[cfg(test)]
mod architecture;
#[cfg(test)]
mod asking;
#[cfg(test)]
mod assertions;
#[cfg(test)]
mod authorize;
#[cfg(test)]
mod client_auth;
#[cfg(test)]
mod clients;
#[cfg(test)]
mod consent;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod discovery;
#[cfg(test)]
mod dpop;
#[cfg(test)]
mod ephemeral;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod interactions;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod leaflet;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logos;
#[cfg(test)]
mod logout;
#[cfg(test)]
mod logout_backchannel;
#[cfg(test)]
mod logout_crowd;
#[cfg(test)]
mod logout_frontchannel;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod published;
#[cfg(test)]
mod pushed;
#[cfg(test)]
mod redirects;
#[cfg(test)]
mod redis_faults;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod registration;
#[cfg(test)]
mod requests;
#[cfg(test)]
mod responses;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod support;
#[cfg(test)]
mod token;
#[cfg(test)]
mod two_servers;
#[cfg(test)]
mod userinfo;
