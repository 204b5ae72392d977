//! Front-channel logout (FCL 2, 3): which pages of clients the page that says good-bye loads, and who stays open.

use crate::http::policy::framed_origin;
use crate::logouts::Party;
use crate::protocol::redirect::with_query;

/// More frames than that would make a page that never ends, and a header that a proxy refuses.
const MOST_FRAMES: usize = 30;

/// What the page does about the clients of the ended session.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parting {
    /// Addresses to load, with `iss` and `sid`: the conformance suite wants both, always.
    pub frames: Vec<String>,
    /// Their origins, for the page's policy.
    pub origins: Vec<String>,
    /// Names of the clients that are told by neither channel.
    pub still_open: Vec<String>,
}

impl Parting {
    /// `asking`: the client that sent the browser here has ended its own session.
    pub fn of(parties: &[Party], issuer: &str, asking: Option<&str>) -> Self {
        let mut out = Self::default();
        for party in parties {
            let uri = party.frontchannel_uri();
            let framed = uri.and_then(|uri| Some((uri, framed_origin(uri)?)));
            match framed.filter(|_| out.frames.len() < MOST_FRAMES) {
                Some((uri, origin)) => {
                    out.frames.push(with_query(uri, &[("iss", issuer), ("sid", &party.sid)]));
                    out.origins.push(origin);
                }
                None if party.backchannel_uri().is_some() || asking == Some(&party.client_id) => {}
                None => out.still_open.push(party.meta.client_name.clone()),
            }
        }
        // Two clients of one portal bear one name.
        let mut seen = std::collections::HashSet::new();
        out.still_open.retain(|name| seen.insert(name.clone()));
        out
    }
}
