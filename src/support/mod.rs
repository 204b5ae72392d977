//! The pages behind support codes.
//!
//! The support code of an activation refers to the activation, and the code of a notice to the notice; the code of any
//! other page refers to a support event. The middleware buffers such a page in memory (`http/support.rs`), and the
//! worker writes the row: always for a page within an activation or a session, otherwise within a limit per source,
//! because an unauthenticated client can request error pages without end. The log has every page under its request id,
//! which begins with the code.

pub mod ops;
pub mod store;

use crate::base::clock::Span;
use crate::base::typed_ids::{AccountId, ActivationId};

/// The retention of a support event.
pub const EVENT_RETENTION: Span = Span::days(30);
/// The maximum number of rows; the oldest ones are deleted.
pub const MAX_EVENTS: i64 = 200_000;

/// A row of the table `support_event`.
#[derive(Clone, Debug, PartialEq, Eq, crate::db::FromRow)]
pub struct SupportEvent {
    pub code: String,
    pub at: i64,
    /// The template of the page.
    pub page: String,
    pub path: String,
    pub request_id: String,
    pub account_id: Option<AccountId>,
    pub activation_id: Option<ActivationId>,
    pub client_id: Option<String>,
}
