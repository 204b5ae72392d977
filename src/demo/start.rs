//! Starting the demo: doors first, so that a demo that runs already keeps its folder; then Préau; then its neighbours.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::account::{self, Account};
use super::folder::Folder;
use super::neighbours::{self, NeighbourClient, NeighboursConfig};
use super::setup;
use crate::app::AppState;
use crate::base::ids::id256;
use crate::base::secret::{Secret, base64url, from_base64url};
use crate::clients::ops::publish::Consent;
use crate::compose::{self, Listeners, Surroundings, bind};
use crate::config::{Config, HttpGateway};

/// Where the demo listens; 0 is any that is free.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub public: u16,
    pub neighbours: u16,
    pub operations: u16,
}

impl Ports {
    /// Those that everything written about the demo names.
    pub const USUAL: Self = Self { public: 8080, neighbours: 8090, operations: 9080 };
}

/// The taken ports.
pub struct Doors {
    own: Listeners,
    neighbours: std::net::TcpListener,
    ports: Ports,
}

impl Doors {
    pub fn open(ports: Ports) -> anyhow::Result<Self> {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let own = Listeners {
            public: bind("the demo's Préau", at(ports.public))?,
            operations: bind("its health checks", at(ports.operations))?,
            tls: None,
        };
        let neighbours = bind("the demo's neighbours", at(ports.neighbours))?;
        let ports = Ports {
            public: own.public.local_addr()?.port(),
            neighbours: neighbours.local_addr()?.port(),
            operations: own.operations.local_addr()?.port(),
        };
        Ok(Self { own, neighbours, ports })
    }
}

/// A demo that has everything and only has to run.
pub struct Demo {
    app: AppState,
    neighbours: NeighboursConfig,
    doors: Doors,
    pub account: Account,
}

/// Longest wait for the neighbours' last requests.
const GRACE: Duration = Duration::from_secs(5);

impl Demo {
    /// Adds to the folder `data` what is missing; with `fresh`, what is in it goes first.
    ///
    /// # Errors
    /// The deployment's files are not below the working directory; `data` is not a demo's; a file or the database
    /// fails.
    pub async fn prepare(
        doors: Doors,
        (data, fresh): (&Path, bool),
        deployment: &Path,
        around: Surroundings,
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(
            deployment.join("schools.toml").exists(),
            "{} is not here: start the demo in the folder of Préau's sources",
            deployment.display()
        );
        // After the doors: the folder of a demo that runs is not emptied.
        let folder = &Folder::open(data, fresh)?;
        let config = config(folder, deployment, doors.ports)?;
        folder.write_config(&in_toml(&config)?)?;
        let base = format!("http://localhost:{}", doors.ports.neighbours);
        let (clock, random) = (Arc::clone(&around.clock), Arc::clone(&around.rng));
        let now = clock.now();
        let key = folder.once("portal.key", || base64url(&random.bytes::<32>()))?;
        let cookie_key = from_base64url(key.expose()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let mut clients = Vec::new();
        for client_id in neighbours::clients() {
            let secret = folder.once(&format!("{client_id}.secret"), || id256(random.as_ref()))?;
            clients.push(NeighbourClient { client_id: client_id.to_owned(), secret });
        }
        let neighbours = NeighboursConfig {
            issuer: config.server.issuer.clone(),
            base: base.clone(),
            cookie_key: cookie_key.context("portal.key does not hold 32 bytes in base64url")?,
            clients,
            clock,
            random,
            extra_ca: None,
        };

        let opened = Box::pin(compose::open(&config, &around)).await?;
        let mut declared = compose::declared(&config)?;
        setup::relocate(&mut declared, &base);
        // Its own folder, and ports that may have changed: there is nobody else whose files would be overwritten.
        compose::declare(&around, &opened, (&declared, Consent::Accepted)).await?;
        let app = Box::pin(compose::assemble(config, around, opened)).await?;
        setup::rosters(&app, folder, now).await?;
        setup::campaigns(&app, now).await?;
        let account = account::ensure(&app, folder, now).await?;
        Ok(Self { app, neighbours, doors, account })
    }

    pub fn ports(&self) -> Ports {
        self.doors.ports
    }

    /// The secret of one of the neighbours' registrations.
    pub fn secret(&self, client_id: &str) -> Option<&Secret> {
        self.neighbours.clients.iter().find(|c| c.client_id == client_id).map(|c| &c.secret)
    }

    pub fn app(&self) -> &AppState {
        &self.app
    }

    /// Both servers, until `stop` says true.
    pub async fn run(self, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let listener = TcpListener::from_std(self.doors.neighbours)?;
        let (mut asked, mut late) = (stop.clone(), stop.clone());
        let next_door = neighbours::serve(self.neighbours, listener, async move {
            let _gone = asked.wait_for(|stop| *stop).await;
        });
        let patience = async move {
            drop(late.wait_for(|stop| *stop).await);
            tokio::time::sleep(GRACE).await;
        };
        let next_door = async move {
            tokio::select! {
                served = next_door => served.context("the neighbours"),
                () = patience => Ok(()),
            }
        };
        tokio::try_join!(compose::serve_until(self.app, self.doors.own, &stop), next_door)?;
        Ok(())
    }
}

/// The configuration that the demo stands for; no file and no environment changes it.
fn config(folder: &Folder, deployment: &Path, ports: Ports) -> anyhow::Result<Config> {
    let mut config = Config::default();
    config.server.issuer = format!("http://localhost:{}", ports.public);
    config.server.listen.set_port(ports.public);
    config.server.operations.set_port(ports.operations);
    config.database.url = folder.database_url();
    config.keys.directory = folder.keys();
    // Nobody balances its load.
    config.server.drain_seconds = 0;
    config.sms.gateway = "http".to_owned();
    config.sms.http = Some(HttpGateway {
        url: format!("http://localhost:{}/sms/messages", ports.neighbours),
        authorization: None,
        authorization_file: None,
        number_refused: vec![400, 422],
    });
    config.phones.fictitious = vec!["+3363998".to_owned()];
    // The neighbours are told of sign-outs on this very machine.
    config.outgoing.allow_private = true;
    config.deployment.directory =
        deployment.canonicalize().with_context(|| format!("deployment {}", deployment.display()))?;
    Ok(config)
}

/// The same configuration as a file: with it every other command works beside the demo (docs/threats.md#faults-e7).
fn in_toml(config: &Config) -> anyhow::Result<String> {
    // A JSON string is one of TOML.
    let text = |value: &dyn std::fmt::Display| serde_json::to_string(&value.to_string());
    let (server, keys, deployment) = (&config.server, &config.keys.directory, &config.deployment.directory);
    let gateway = config.sms.http.as_ref().map(|http| http.url.clone()).unwrap_or_default();
    Ok(format!(
        "# Written by `preau demo` at each start, for the other commands: preau --config THIS doctor\n\
         [server]\nissuer = {}\nlisten = {}\noperations = {}\ndrain_seconds = {}\n\
         [database]\nurl = {}\n[keys]\ndirectory = {}\n\
         [sms]\ngateway = \"http\"\n[sms.http]\nurl = {}\n\
         [phones]\nfictitious = {}\n[outgoing]\nallow_private = {}\n[deployment]\ndirectory = {}\n",
        text(&server.issuer)?,
        text(&server.listen)?,
        text(&server.operations)?,
        server.drain_seconds,
        text(&config.database.url)?,
        text(&keys.display())?,
        text(&gateway)?,
        serde_json::to_string(&config.phones.fictitious)?,
        config.outgoing.allow_private,
        text(&deployment.display())?,
    ))
}
