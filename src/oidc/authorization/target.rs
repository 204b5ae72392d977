//! The target of an authorization response: a registered redirect URI and a response mode.

use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::params::Params;
use crate::protocol::response::{ResponseMode, ResponseType};

/// The target of an authorization response; the redirect URI is always a registered one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseTarget {
    pub redirect_uri: String,
    pub mode: ResponseMode,
    pub state: Option<String>,
}

impl ResponseTarget {
    pub fn for_request(request: &AuthorizeRequest) -> ResponseTarget {
        let AuthorizeRequest { redirect_uri, response_mode, state, .. } = request;
        ResponseTarget { redirect_uri: redirect_uri.clone(), mode: *response_mode, state: state.clone() }
    }

    /// Returns the target for the error of an invalid request: follows the requested response mode as far as possible.
    pub fn best_effort(redirect_uri: &str, params: &Params) -> ResponseTarget {
        let kind = params.get("response_type").and_then(ResponseType::parse).unwrap_or(ResponseType::CODE);
        let asked = params.get("response_mode").and_then(|mode| mode.parse::<ResponseMode>().ok());
        let mode = match asked {
            Some(ResponseMode::Query) if kind.uses_front_channel() => ResponseMode::Fragment,
            Some(mode) => mode,
            None => ResponseMode::default_for(kind),
        };
        ResponseTarget { redirect_uri: redirect_uri.to_owned(), mode, state: params.get_owned("state") }
    }
}
