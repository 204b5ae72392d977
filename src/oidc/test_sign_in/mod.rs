//! Test sign-ins: the whole flow within this server, by the code that answers real requests, for persons who are in no
//! database.
//!
//! Nothing is stored: no session, no code, no grant, no consent, no use of the client. What is signed on the way never
//! leaves whole.

pub mod outcome;
pub mod person;
pub mod run;
mod shown;
mod texts;
pub mod withheld;
