//! The branding of a client on Préau's sign-in and consent pages.

use serde::Serialize;

use super::{Client, logo};

/// The logo and links of a client (OIDCR 2). Every URL is https or a path of Préau.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ClientBranding {
    pub logo: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
}

impl ClientBranding {
    pub fn from_client(client: &Client) -> ClientBranding {
        // Registration accepts https only; a row with another scheme must not become a link either
        // (docs/threats.md#attack-x3).
        let https = |uri: &Option<String>| uri.clone().filter(|uri| uri.starts_with("https://"));
        ClientBranding {
            logo: logo::href(client),
            policy_uri: https(&client.meta.policy_uri),
            tos_uri: https(&client.meta.tos_uri),
        }
    }
}
