//! Use cases of the account page.

mod ages;
mod child_code;
mod children;
mod closing;
mod devices;
mod ended_links;
mod events;
mod export;
mod house_closings;
mod notices;
mod passkey_offer;
mod passkeys;
mod password;
mod phone;
mod phone_changes;
mod phone_proof;
mod phone_question;
mod pupil_joins;
mod services;
mod upstream;

pub use ages::tell_ages;
pub use child_code::{ChildCodeOutcome, ChildCodeRequest, is_proven, issue_child_code};
pub use children::{
    AddChildOutcome, ChildReset, OfferedChild, ParentContext, PupilAccount, add_child, find_reset, list_offered,
    remove_child, take_child_letter,
};
pub use closing::{CLOSING_DELAY, GiveUpRefusal, ask_closing, close_due, warn_of_closings};
pub use devices::{ForgottenDevices, forget_devices};
pub use ended_links::tell_ended_links;
pub use events::{EVENT_WORDS, PersonalEvent, list_events};
pub use export::{ExportOutcome, export_data};
pub use house_closings::{HouseClosings, ask_house_closings, withdraw_house_closings};
pub use notices::{NoticeAnswered, answer_notice};
pub use passkey_offer::{is_passkey_offered, postpone_passkey_offer};
pub use passkeys::{
    PasskeyProofRefusal, PasskeyRemovalOutcome, PasskeyStep, TypedProof, next_passkey_step, next_step_without_passkey,
    prove_for_passkey, prove_without_passkey, remove_passkey,
};
pub use password::{ChangePasswordOutcome, PasswordChangeRequest, change_password};
pub use phone::disown_phone;
pub use phone_changes::tell_phone_changes;
pub use phone_proof::{
    AskProofOutcome, ProvePhoneOutcome, ask_phone_proof, prove_phone, send_phone_proof, young_until,
};
pub use phone_question::{is_phone_asked, keep_phone};
pub use pupil_joins::tell_pupil_joins;
pub use services::withdraw_consent;
pub use upstream::{UpstreamChange, change_upstream_link};
