//! Use cases of the account page.

mod closing;
mod devices;
mod events;
mod notices;
mod password;
mod phone;

pub use closing::{CLOSING_DELAY, GiveUpRefusal, ask_closing, close_due};
pub use devices::{ForgottenDevices, forget_devices};
pub use events::{EVENT_WORDS, PersonalEvent, list_events};
pub use notices::{NoticeAnswered, answer_notice};
pub use password::{ChangePasswordOutcome, PasswordChangeRequest, change_password};
pub use phone::disown_phone;
