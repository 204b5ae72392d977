//! Use cases of the account page.

mod child_code;
mod children;
mod closing;
mod devices;
mod events;
mod export;
mod notices;
mod password;
mod phone;

pub use child_code::{ChildCodeOutcome, ChildCodeRequest, is_proven, issue_child_code};
pub use children::{
    AddChildOutcome, ChildReset, OfferedChild, ParentContext, PupilAccount, add_child, find_reset, list_offered,
    remove_child, take_child_letter,
};
pub use closing::{CLOSING_DELAY, GiveUpRefusal, ask_closing, close_due};
pub use devices::{ForgottenDevices, forget_devices};
pub use events::{EVENT_WORDS, PersonalEvent, list_events};
pub use export::{ExportOutcome, export_data};
pub use notices::{NoticeAnswered, answer_notice};
pub use password::{ChangePasswordOutcome, PasswordChangeRequest, change_password};
pub use phone::disown_phone;
