//! What a client shows of itself on our pages: where people sign in, and where they are asked what may be shared.

use serde::Serialize;

use super::{Client, logo};

/// What a client shows of itself (OIDCR 2). Everything is https or one of our own addresses.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Shown {
    pub logo: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
}

impl Shown {
    pub fn of(client: &Client) -> Shown {
        // Registration takes no other; a row that holds one all the same does not become a link
        // (docs/threats.md#attack-x3).
        let https = |uri: &Option<String>| uri.clone().filter(|uri| uri.starts_with("https://"));
        Shown {
            logo: logo::href(client),
            policy_uri: https(&client.meta.policy_uri),
            tos_uri: https(&client.meta.tos_uri),
        }
    }
}
