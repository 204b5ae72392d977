//! Use cases of the activation, in the order of the pages.
//!
//! Each use case is one transaction and leaves its step by compare-and-set. A wrong input is a normal result and
//! commits (a try was counted); only internal errors roll back.

mod account;
mod children;
mod code;
mod link;
mod other_accounts;
mod reset_sms_budgets;
mod send_code;
mod start;

pub use account::{ChoosePasswordOutcome, choose_password, sign_in_again};
pub use children::{
    AnswerVerdict, ChildrenStepOutcome, SubmittedAnswer, begin_recovery, repeat_dates, school_names, submit_answers,
};
pub use code::{CodeOutcome, next_call, repeat_code, resend_code, verify_code};
pub use link::{LinkOutcome, finish_with_link};
pub use other_accounts::{AccountBySms, is_still_proven, list_other_accounts, list_proven_in_browser};
pub use reset_sms_budgets::reset_sms_budgets;
pub use send_code::{activation_of, send_code_if_known};
pub use start::{StartContext, StartOutcome, start};

use super::browser_binding::{self, BoundActivation};
use super::{ActivationStep, store};
use crate::app::Operation;
use crate::base::ids::is_id;
use crate::base::typed_ids::ActivationId;
use crate::credentials::browser_binding::BindingState;

/// The result of a lookup of the activation in a URL.
#[derive(Debug)]
pub enum ActivationLookup {
    Active(Box<BoundActivation>),
    /// The activation left the step by a proof, and this browser may have missed the response: the proof may be sent
    /// again.
    LeftByProof(ActivationStep, Box<BoundActivation>),
    /// The two hours are over.
    Expired,
    /// Unknown id, or an activation of another browser: not distinguished.
    Unknown,
}

/// Finds an activation that is bound to one of the browser's secrets.
pub async fn find<'a>(
    op: &Operation<'_>,
    id: Option<&str>,
    secrets: impl Iterator<Item = &'a str> + Clone,
) -> anyhow::Result<ActivationLookup> {
    let Operation { app, now, .. } = *op;
    let Some(id) = id.filter(|id| is_id(id, 22)).map(ActivationId::new) else { return Ok(ActivationLookup::Unknown) };
    let Some(activation) = store::find(&mut app.db.read().await?, &app.master_key, &id).await? else {
        return Ok(ActivationLookup::Unknown);
    };
    let too_old = activation.expires_at <= now;
    Ok(match browser_binding::binding_state(&app.master_key, &activation, secrets) {
        BindingState::NotBound => ActivationLookup::Unknown,
        _ if too_old => ActivationLookup::Expired,
        BindingState::Bound(secret) => ActivationLookup::Active(Box::new(BoundActivation { activation, secret })),
        BindingState::BoundUntilProof(step, secret) => {
            ActivationLookup::LeftByProof(step, Box::new(BoundActivation { activation, secret }))
        }
    })
}
