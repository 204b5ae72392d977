//! The demo: an invented Occitanie, its rosters, and sample sites using the identity provider.
//!
//! All data is in a separate folder with a separate master key. The data is created by the use cases of a school and of
//! an operator, without shortcuts. A later start completes missing data.

mod account;
pub mod administrators;
mod console;
mod folder;
pub mod greeting;
pub mod letters;
pub mod notices;
pub mod rosters;
pub mod sample_sites;
pub mod setup;
mod start;

pub use folder::FolderError;
pub use greeting::{EXAMPLE_COMMANDS, Greeting};
pub use start::{Demo, DemoListeners, Ports};
