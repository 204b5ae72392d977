//! What the tests stand on: a server in process, a browser, relying parties, people.

pub mod answer;
pub mod browser;
pub mod database;
pub mod deployment;
pub mod holder;
pub mod html;
pub mod log;
pub mod people;
pub mod receiver;
pub mod redis;
pub mod relying_party;
pub mod server;
pub mod steps;

pub use answer::Answer;
pub use browser::{Browser, Landed};
pub use holder::Key;
pub use log::Log;
pub use people::{Family, Member};
pub use receiver::Receiver;
pub use relying_party::{Attempt, RelyingParty};
pub use server::Server;
