//! Where the answer to an authorization request travels: only ever a registered URI, the way that its response mode says.

use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::params::Params;
use crate::protocol::response::{ResponseMode, ResponseType};

/// Where an answer travels: only ever a registered URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Back {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub state: Option<String>,
}

impl Back {
    pub fn of(request: &AuthorizeRequest) -> Back {
        let AuthorizeRequest { redirect_uri, response_mode, state, .. } = request;
        Back { redirect_uri: redirect_uri.clone(), mode: *response_mode, state: state.clone() }
    }

    /// The way back of a request that is refused: as it asks, as far as that can be followed.
    pub fn guess(redirect_uri: &str, params: &Params) -> Back {
        let kind = params.get("response_type").and_then(ResponseType::parse).unwrap_or(ResponseType::CODE);
        let asked = params.get("response_mode").and_then(ResponseMode::from_name);
        let mode = match asked {
            Some(ResponseMode::Query) if kind.is_front() => ResponseMode::Fragment,
            Some(mode) => mode,
            None => ResponseMode::of(kind),
        };
        Back { redirect_uri: redirect_uri.to_owned(), mode, state: params.text("state") }
    }
}
