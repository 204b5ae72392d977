//! Test support: a server in process, a browser, relying parties, people.

pub mod administrators;
pub mod authenticator;
pub mod browser;
pub mod client_key;
pub mod database;
pub mod deployment;
pub mod html;
pub mod log;
pub mod masked;
pub mod people;
pub mod receiver;
pub mod recording_gateway;
pub mod redis;
pub mod relying_party;
pub mod response;
pub mod server;
pub mod smsc;
pub mod steps;
pub mod upstream;

pub use administrators::TestAdministrator;
pub use authenticator::{SoftAuthenticator, WrongWords};
pub use browser::{Browser, Landing};
pub use client_key::ClientKey;
pub use log::CapturedLog;
pub use people::{PASSWORD, TestAccount, TestFamily};
pub use receiver::LogoutReceiver;
pub use recording_gateway::{RecordingGateway, RecordingMailGateway};
pub use relying_party::{AuthorizationAttempt, TestRelyingParty};
pub use response::TestResponse;
pub use server::{SlowClock, TestServer};
pub use upstream::{FakeUpstream, Lie};
