//! Use cases of the activation, in the order of its pages.
//!
//! Each is one transaction and leaves its step by compare-and-set. What is wrong is an answer and commits (a try was
//! counted); only our own faults roll back.

mod account;
mod children;
mod code;
mod find;
mod start;

pub use account::{Chosen, choose_password, once_more};
pub use children::{Answered, Given, Said, answer, known_schools, new_password};
pub use code::{CodeChecked, Resent, check_code, resend};
pub use find::find_and_send;
pub use start::{Started, start};

use super::{Activation, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::is_id;
use crate::base::secret::{digest, same};

/// What an activation's address leads to.
#[derive(Debug)]
pub enum Found {
    Here(Box<Activation>),
    /// Its two hours are over.
    TooOld,
    /// No such activation, or another browser's: said alike.
    Unknown,
}

/// The activation of this id, if this browser began it.
pub async fn find(app: &App, now: Timestamp, id: Option<&str>, nav: Option<&str>) -> anyhow::Result<Found> {
    let Some(id) = id.filter(|id| is_id(id, 22)) else { return Ok(Found::Unknown) };
    let Some(found) = store::find(&mut app.db.read().await?, &app.vault, id).await? else { return Ok(Found::Unknown) };
    if !nav.is_some_and(|nav| same(&digest(nav), &found.browser)) {
        return Ok(Found::Unknown);
    }
    if found.expires_at <= now {
        return Ok(Found::TooOld);
    }
    Ok(Found::Here(Box::new(found)))
}
