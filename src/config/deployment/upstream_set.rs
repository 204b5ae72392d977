//! The upstreams of a deployment together: which serve, and which serve no more.

use std::collections::{BTreeMap, BTreeSet};

use super::upstreams::{Upstream, UpstreamKind};

/// The upstreams of the deployment, by id.
#[derive(Clone, Debug, Default)]
pub struct Upstreams(BTreeMap<String, Upstream>);

impl Upstreams {
    /// Returns an upstream that serves: a disabled one is none, at every door (docs/threats.md#attack-a14).
    pub fn enabled(&self, id: &str) -> Option<&Upstream> {
        self.0.get(id).filter(|upstream| !upstream.disabled)
    }

    /// Returns an upstream, also a disabled one.
    pub fn find(&self, id: &str) -> Option<&Upstream> {
        self.0.get(id)
    }

    /// Returns the upstreams that serve, in the order of their ids.
    pub fn all_enabled(&self) -> impl Iterator<Item = &Upstream> {
        self.0.values().filter(|upstream| !upstream.disabled)
    }

    /// Returns the upstream of parents, if one serves.
    pub fn franceconnect(&self) -> Option<&Upstream> {
        self.all_enabled().find(|upstream| upstream.kind == UpstreamKind::Franceconnect)
    }

    /// Returns every upstream, also a disabled one.
    pub fn all(&self) -> impl Iterator<Item = &Upstream> {
        self.0.values()
    }

    /// Returns the ids of those that are disabled.
    pub fn disabled(&self) -> BTreeSet<String> {
        self.0.values().filter(|upstream| upstream.disabled).map(|upstream| upstream.id.clone()).collect()
    }

    /// Returns the ids of those that `newer` has no more.
    pub fn missing_in(&self, newer: &Self) -> BTreeSet<String> {
        self.0.keys().filter(|id| !newer.0.contains_key(*id)).cloned().collect()
    }

    /// Returns the same upstreams, of which only those named serve.
    #[must_use]
    pub fn only(&self, serving: &BTreeSet<String>) -> Self {
        let mut all = self.clone();
        for upstream in all.0.values_mut() {
            upstream.disabled |= !serving.contains(&upstream.id);
        }
        all
    }

    /// Replaces the beginning of the issuers' addresses, for a demo on another port.
    pub fn relocate(&mut self, declared: &str, actual: &str) {
        for upstream in self.0.values_mut() {
            if let Some(rest) = upstream.issuer.strip_prefix(declared) {
                upstream.issuer = format!("{actual}{rest}");
            }
        }
    }

    /// Adds an upstream.
    ///
    /// # Errors
    /// Another one has the same issuer: the people of both would be mixed up.
    pub(super) fn add(&mut self, upstream: Upstream) -> Result<(), String> {
        if let Some(other) = self.0.values().find(|other| other.issuer == upstream.issuer) {
            return Err(format!("issuer is that of upstreams/{}.toml too: keep one", other.id));
        }
        self.0.insert(upstream.id.clone(), upstream);
        Ok(())
    }

    /// Returns the ids of two upstreams of parents that both serve, if there are two: which one is meant, nobody knows.
    pub(super) fn find_second_franceconnect(&self) -> Option<(&str, &str)> {
        let mut serving = self.all_enabled().filter(|upstream| upstream.kind == UpstreamKind::Franceconnect);
        Some((&serving.next()?.id, &serving.next()?.id))
    }
}
