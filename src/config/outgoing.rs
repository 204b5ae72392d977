//! `[outgoing]`: HTTP requests to URLs chosen by clients (keys, logos, logout notifications), and the proxy in use.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::source::Network;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outgoing {
    /// True if private addresses may be called, and loopback hosts over plain http. For development: rejected unless
    /// the issuer is on a loopback host.
    pub allow_private: bool,
    /// Private networks that may be called, such as `10.0.0.0/8`: a school's services behind the same firewall. Every
    /// other private address stays refused (docs/threats.md#attack-f1 to #attack-f6).
    pub allow_networks: Vec<Network>,
    /// The proxy for requests to the internet, such as `http://proxy.example:3128`, also used for the SMS gateway.
    /// Requests to private networks bypass the proxy.
    pub proxy: Option<String>,
    /// A file with the proxy's URL, if the URL contains a password.
    pub proxy_file: Option<PathBuf>,
    /// A PEM file of a certificate authority trusted besides the public ones.
    pub ca: Option<PathBuf>,
}

impl Outgoing {
    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Invalid(text.to_owned()));
        if let Some(path) = &self.proxy_file {
            if self.proxy.is_some() {
                return rule("outgoing has proxy and proxy_file: keep one");
            }
            self.proxy = Some(super::read_secret(path)?);
        }
        if let Some(proxy) = &self.proxy {
            let url = url::Url::parse(proxy).ok().filter(|url| url.has_host());
            if !url.is_some_and(|url| ["http", "https"].contains(&url.scheme())) {
                return rule("outgoing.proxy is the url of a proxy, such as http://proxy.example:3128");
            }
        }
        if self.allow_networks.iter().any(|network| network.is_whole_internet()) {
            return rule("outgoing.allow_networks is the whole internet: name the networks of yours that are called");
        }
        if self.allow_private && !loopback {
            return Err(ConfigError::Invalid("outgoing.allow_private is for a loopback issuer only".into()));
        }
        Ok(())
    }
}
