//! The configured gateways by their roles: the one table that everybody goes by who needs all of them.

use std::sync::Arc;

use anyhow::Context as _;

use super::{SmsGateway, open_gateway};
use crate::config::{Config, SmsGatewayRole};

/// Gateways, in the order of their roles.
#[derive(Clone, Default)]
pub struct SmsGateways(Vec<(SmsGatewayRole, Arc<dyn SmsGateway>)>);

impl SmsGateways {
    /// Adds a gateway, or replaces that of the role.
    #[must_use]
    pub fn with(mut self, role: SmsGatewayRole, gateway: Arc<dyn SmsGateway>) -> Self {
        self.0.retain(|(other, _)| *other != role);
        self.0.push((role, gateway));
        self
    }

    /// Creates the configured gateways; those of `given` replace them in tests.
    ///
    /// # Errors
    /// As those of [`open_gateway`].
    pub fn open(config: &Config, given: &Self) -> anyhow::Result<Self> {
        let mut opened = Self::default();
        for (role, gateway) in config.sms.gateways() {
            let gateway = match given.get(role) {
                Some(given) => Arc::clone(given),
                None => open_gateway(gateway, &config.outgoing).with_context(|| config.sms.section_of(role))?,
            };
            opened = opened.with(role, gateway);
        }
        Ok(opened)
    }

    /// Returns the gateway of a role, if there is one.
    pub fn get(&self, role: SmsGatewayRole) -> Option<&Arc<dyn SmsGateway>> {
        self.iter().find(|(other, _)| *other == role).map(|(_, gateway)| gateway)
    }

    pub fn iter(&self) -> impl Iterator<Item = (SmsGatewayRole, &Arc<dyn SmsGateway>)> {
        self.0.iter().map(|(role, gateway)| (*role, gateway))
    }
}
