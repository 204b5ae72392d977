//! Interactions: pending authorization requests, during sign-in or activation.
//!
//! The URLs of pages carry `?i=…&client_id=…`: `i` is the encrypted request, valid for two hours and bound to one
//! browser by its navigation cookie ([`crate::ephemeral::CarriedState`]). Two tabs have two interactions.

pub mod extract;
pub mod ops;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::protocol::authorize::AuthorizeRequest;

/// The TTL of an interaction.
pub const INTERACTION_TTL: Span = Span::hours(2);
/// The TTL of an interaction not bound to a browser yet, created by a cross-site form until the browser's own GET.
pub const UNBOUND_INTERACTION_TTL: Span = Span::minutes(2);
/// The maximum age at which a request is answered. An older request is redirected to the client's `initiate_login_uri`,
/// because relying parties have lost their state by then.
pub const MAX_ANSWERABLE_AGE: Span = Span::minutes(10);

/// A pending authorization request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    pub request: AuthorizeRequest,
    /// The digest of the browser's navigation cookie. Empty until bound: a cross-site form arrives without Préau's
    /// cookies, and a new cookie would orphan the interactions of the browser's other tabs.
    pub browser: String,
    pub created: Timestamp,
    /// The client's name for pages.
    pub client_name: String,
    /// The account of the end user who gave consent on the page of this request.
    #[serde(default)]
    pub agreed: Option<String>,
}
