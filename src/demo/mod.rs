//! The demo: an invented Occitanie, its rosters, and the neighbours of an identity provider.
//!
//! Everything it keeps is in one folder of its own, with a master key of its own. What it puts there it puts by the
//! same use cases as a school and an operator; nothing of it is a short cut. A later start adds what is missing.

mod account;
mod folder;
mod greeting;
pub mod neighbours;
pub mod rosters;
mod setup;
mod start;
#[cfg(test)]
mod tests;

pub use folder::FolderError;
pub use greeting::{COMMANDS, greet};
pub use start::{Demo, Doors, Ports};
