//! A pending authorization request: what waits while a person signs in or activates.
//!
//! Pages carry `?i=…&client_id=…`: `i` is the request itself, sealed, good for two hours and for one browser by its
//! navigation cookie ([`crate::ephemeral::Carried`]). Two tabs are two interactions.

pub mod ops;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::protocol::authorize::AuthorizeRequest;

/// How long a request waits.
pub const LIFE: Span = Span::hours(2);
/// How long one may wait for its browser to come by our own GET, after a form of another site brought it.
pub const POSTED: Span = Span::minutes(2);
/// Up to this age it is answered; an older one goes back to the client's `initiate_login_uri`, because
/// relying parties have forgotten their state by then.
pub const FRESH: Span = Span::minutes(10);

/// What waits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interaction {
    pub request: AuthorizeRequest,
    /// Digest of the navigation cookie of the browser that brought it. Empty while nobody knows it: a form of
    /// another site comes without our cookies, and drawing another would orphan what the browser's other tabs do.
    pub browser: String,
    pub created: Timestamp,
    /// Where the client's name stands for pages.
    pub client_name: String,
    /// The account whose person agreed, on the page of this request, to what it asks.
    #[serde(default)]
    pub agreed: Option<String>,
}
