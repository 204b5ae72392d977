//! `[outgoing]`: what is called that others chose (keys, logos, sign-outs of relying parties), and by which way.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::ConfigError;
use crate::base::source::Network;

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub struct Outgoing {
    /// Whether addresses that are not public may be called, and this machine by plain http. For development: refused
    /// unless the issuer is loopback.
    pub allow_private: bool,
    /// Networks of one's own that may be called although they are not public, such as `10.0.0.0/8`: a school's services
    /// behind the same wall. Every other private address stays refused (docs/threats.md#attack-f1 to #attack-f6).
    pub allow_networks: Vec<Network>,
    /// The proxy through which the internet is called, `http://proxy.example:3128`; also by the SMS gateway. What leads
    /// into a private network is called without it.
    pub proxy: Option<String>,
    /// A file that holds the proxy's url, where it has a password.
    pub proxy_file: Option<PathBuf>,
    /// PEM file of an authority that is trusted besides the usual ones.
    pub ca: Option<PathBuf>,
}

impl Outgoing {
    pub(super) fn check(&mut self, loopback: bool) -> Result<(), ConfigError> {
        let rule = |text: &str| Err(ConfigError::Rule(text.to_owned()));
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
        if self.allow_networks.iter().any(|network| network.is_everything()) {
            return rule("outgoing.allow_networks is the whole internet: name the networks of yours that are called");
        }
        if self.allow_private && !loopback {
            return Err(ConfigError::Rule("outgoing.allow_private is for a loopback issuer only".into()));
        }
        Ok(())
    }
}
