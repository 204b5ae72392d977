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
mod clients;
#[cfg(test)]
mod clock;
#[cfg(test)]
mod connections;
#[cfg(test)]
mod devices;
#[cfg(test)]
mod ephemeral;
#[cfg(test)]
mod failures;
#[cfg(test)]
mod families;
#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod headers;
#[cfg(test)]
mod leaflet;
#[cfg(test)]
mod limits;
#[cfg(test)]
mod logos;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod migrations;
#[cfg(test)]
mod oidc;
#[cfg(test)]
mod outgoing;
#[cfg(test)]
mod privacy;
#[cfg(test)]
mod process;
#[cfg(test)]
mod readiness;
#[cfg(test)]
mod redis_faults;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sms_gateway;
#[cfg(test)]
mod sms_outages;
#[cfg(test)]
mod sources;
#[cfg(test)]
mod support;
#[cfg(test)]
mod two_servers;
