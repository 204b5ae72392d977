//! Checks that only a command makes, without the database: addresses, gateways, and the components built by `serve`.

use std::net::SocketAddr;

use anyhow::Context as _;

use crate::config::deployment::DeploymentFiles;
use crate::config::{Config, SmsGatewayConfig};
use crate::demo::rosters::SCHOOLS;
use crate::http::outgoing::OutgoingClient;
use crate::http::pages::PageRenderer;
use crate::http::serve;
use crate::sms::SmsGateways;
use crate::{mail, sms};

/// Checks that each address is free, or served by this program.
pub async fn check_listeners(config: &Config) -> anyhow::Result<String> {
    let server = &config.server;
    let mut said = Vec::new();
    let ours = is_our_server(server.operations).await;
    for (key, at) in [("server.listen", server.listen), ("server.operations", server.operations)] {
        match serve::bind(at) {
            Ok(_) => said.push(format!("{at} is free")),
            Err(e) if e.kind() == std::io::ErrorKind::AddrInUse && ours => {
                said.push(format!("{at} is served by preau"))
            }
            Err(e) if e.kind() == std::io::ErrorKind::AddrInUse => {
                anyhow::bail!("another program listens on {at} ({key}): stop it, or name another port")
            }
            Err(e) => anyhow::bail!("cannot listen on {at} ({key}): {e}"),
        }
    }
    anyhow::ensure!(
        server.listen != server.operations || server.listen.port() == 0,
        "server.listen and server.operations are both {}: name two",
        server.listen
    );
    Ok(said.join(", "))
}

/// True if a server of this program answers health checks at the address.
async fn is_our_server(operations: SocketAddr) -> bool {
    let Ok(client) = reqwest::Client::builder().no_proxy().timeout(std::time::Duration::from_secs(2)).build() else {
        return false;
    };
    let Ok(answer) = client.get(format!("http://{operations}/healthz")).send().await else { return false };
    answer.text().await.is_ok_and(|text| text == "ok\n")
}

/// Builds the components that `serve` builds from the configuration alone.
pub fn check_components(config: &Config) -> anyhow::Result<String> {
    OutgoingClient::new(&config.outgoing)?;
    PageRenderer::load(&config.deployment.name, &config.deployment.contact).context("pages")?;
    SmsGateways::open(config, &SmsGateways::default())?;
    Ok("pages, outgoing calls and the SMS gateways".to_owned())
}

/// Checks that a gateway answers a call that sends nothing and rings nobody, whatever the response.
pub async fn check_sms_gateway(config: &Config, gateway: &SmsGatewayConfig) -> anyhow::Result<String> {
    let gateway = sms::open_gateway(gateway, &config.outgoing)?;
    gateway.check_reachable().await.map_err(anyhow::Error::msg)
}

/// Checks that the mail server answers, if mails are sent; sends none.
pub async fn check_mail(config: &Config) -> anyhow::Result<String> {
    match mail::open_gateway(&config.mail)? {
        Some(gateway) => gateway.check_reachable().await.map_err(anyhow::Error::msg),
        None => Ok("none is sent: no [mail] section".to_owned()),
    }
}

/// Refuses the demo's deployment in production: the schools are invented, and the services run on the visitor's
/// machine.
pub fn check_not_demo(config: &Config, declared: &DeploymentFiles) -> anyhow::Result<String> {
    if config.server.is_loopback() {
        return Ok(format!("{} schools, on this machine", declared.schools.len()));
    }
    let invented = declared.schools.iter().find(|s| SCHOOLS.iter().any(|demo| demo.uai == s.uai));
    if let Some(school) = invented {
        anyhow::bail!(
            "{} is the demo's deployment ({} is an invented school), and {} is no demo: name yours in \
             deployment.directory",
            config.deployment.directory.display(),
            school.uai,
            config.server.issuer
        );
    }
    let local =
        |uri: &String| ["http://localhost", "http://127.0.0.1", "http://[::1]"].iter().any(|l| uri.starts_with(l));
    for (file, _) in &declared.clients {
        let native = file.fields.application_type.as_deref() == Some("native");
        if !native && file.fields.redirect_uris.iter().flatten().any(local) {
            anyhow::bail!("{}: it sends people of {} to this machine", file.name, config.server.issuer);
        }
    }
    Ok(format!("{} schools", declared.schools.len()))
}
