//! Use cases of the activation, in the order of its pages.
//!
//! Each is one transaction and leaves its step by compare-and-set. What is wrong is an answer and commits (a try was
//! counted); only our own faults roll back.

mod account;
mod children;
mod code;
mod find;
mod lift;
mod start;

pub use account::{Brought, Chosen, SignedIn, choose_password, once_more};
pub use children::{Answered, Given, Said, answer, known_schools, new_password, same_dates};
pub use code::{CodeChecked, Resent, check_code, resend, same_code};
pub use find::find_and_send;
pub use lift::lift_sms_budgets;
pub use start::{Started, Visitor, start};

use super::binding::{self, Held, Hold};
use super::{Step, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;

/// What an activation's address leads to.
#[derive(Debug)]
pub enum Found {
    Here(Box<Held>),
    /// It has left this step by a proof whose answer this browser may not have got: the proof may be sent again.
    Proven(Step, Box<Held>),
    /// Its two hours are over.
    TooOld,
    /// No such activation, or another browser's: said alike.
    Unknown,
}

/// The activation of this id, if one of these secrets of the browser holds it.
pub async fn find<'a>(
    app: &App,
    now: Timestamp,
    id: Option<&str>,
    secrets: impl Iterator<Item = &'a str> + Clone,
) -> anyhow::Result<Found> {
    let Some(id) = id.filter(|id| is_id(id, 22)) else { return Ok(Found::Unknown) };
    let Some(activation) = store::find(&mut app.db.read().await?, &app.vault, id).await? else {
        return Ok(Found::Unknown);
    };
    let too_old = activation.expires_at <= now;
    Ok(match binding::hold(&app.vault, &activation, secrets) {
        Hold::No => Found::Unknown,
        _ if too_old => Found::TooOld,
        Hold::Now(secret) => Found::Here(Box::new(Held { activation, secret })),
        Hold::UntilProof(step, secret) => Found::Proven(step, Box::new(Held { activation, secret })),
    })
}
