//! Front-channel logout (FCL 2, 3): the client pages that the logged-out page loads, and the clients that remain signed
//! in.

use crate::http::csp::frame_origin;
use crate::logouts::LogoutRecipient;
use crate::protocol::redirect::with_query;

/// The maximum number of frames: more would make a page that never finishes loading, and a CSP header that proxies
/// reject.
const MAX_FRAMES: usize = 30;

/// The front-channel logout of an ended session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FrontchannelLogout {
    /// The URLs to load in frames, always with `iss` and `sid`: the conformance suite requires both.
    pub frames: Vec<String>,
    /// The origins of the frames, for the Content-Security-Policy of the page.
    pub origins: Vec<String>,
    /// The names of the clients that neither logout channel notifies.
    pub still_open: Vec<String>,
}

impl FrontchannelLogout {
    /// Builds the frames for the clients of an ended session. `asking` is the client that requested the logout, and has
    /// already ended its own session.
    pub fn for_parties(parties: &[LogoutRecipient], issuer: &str, asking: Option<&str>) -> Self {
        let mut out = Self::default();
        for party in parties {
            let uri = party.frontchannel_uri();
            let framed = uri.and_then(|uri| Some((uri, frame_origin(uri)?)));
            match framed.filter(|_| out.frames.len() < MAX_FRAMES) {
                Some((uri, origin)) => {
                    out.frames.push(with_query(uri, &[("iss", issuer), ("sid", &party.sid)]));
                    out.origins.push(origin);
                }
                None if party.backchannel_uri().is_some() || asking == Some(&party.client_id) => {}
                None => out.still_open.push(party.meta.client_name.clone()),
            }
        }
        // Several clients of one portal may have the same name.
        let mut seen = std::collections::HashSet::new();
        out.still_open.retain(|name| seen.insert(name.clone()));
        out
    }
}
