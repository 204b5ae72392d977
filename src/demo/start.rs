//! Starts the demo: first the listeners, to protect the folder of a running demo; then Préau; then the sample sites.

use std::collections::HashMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::net::TcpListener;
use tokio::sync::watch;

use super::account::{self, DemoAccount};
use super::administrators;
use super::console;
use super::folder::DemoFolder;
use super::letters::{self, DemoLetters};
use super::notices;
use super::sample_sites::{
    self, ACADEMIES, AcademyConfig, LetterFiles, SampleSitesClient, SampleSitesConfig, SiteListeners,
};
use super::setup;
use crate::app::AppState;
use crate::base::ids::id256;
use crate::base::rng::Random;
use crate::base::secret::{base64url, decode_base64url};
use crate::bootstrap::{self, Dependencies, Listeners, bind_listener};
use crate::clients::ops::publish::PublishMode;
use crate::config::{Config, HttpGatewayConfig, Mail, MailGatewayConfig, SmsGatewayConfig, SmsGatewayRole, SmtpConfig};
use crate::crypto;
use crate::jose::{self, Alg};
use secrecy::{ExposeSecret as _, SecretString};

/// The ports of the demo; 0 means any free port.
#[derive(Clone, Copy, Debug)]
pub struct Ports {
    pub provider: u16,
    pub sample_sites: u16,
    /// The mail server of the sample sites.
    pub mail: u16,
    pub operations: u16,
}

impl Ports {
    /// The ports named in all documentation of the demo.
    pub const DEFAULT: Self = Self { provider: 8080, sample_sites: 8090, mail: 8025, operations: 9080 };

    /// Any free ports.
    pub const FREE: Self = Self { provider: 0, sample_sites: 0, mail: 0, operations: 0 };
}

/// The bound listeners.
pub struct DemoListeners {
    provider: Listeners,
    sample_sites: std::net::TcpListener,
    mail: std::net::TcpListener,
    ports: Ports,
}

impl DemoListeners {
    pub fn bind(ports: Ports) -> anyhow::Result<Self> {
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let own = Listeners {
            public: bind_listener("the demo's Préau", at(ports.provider))?,
            operations: bind_listener("its health checks", at(ports.operations))?,
            tls: None,
        };
        let sample_sites = bind_listener("the demo's neighbours", at(ports.sample_sites))?;
        let mail = bind_listener("the demo's mail server", at(ports.mail))?;
        let ports = Ports {
            provider: own.public.local_addr()?.port(),
            sample_sites: sample_sites.local_addr()?.port(),
            mail: mail.local_addr()?.port(),
            operations: own.operations.local_addr()?.port(),
        };
        Ok(Self { provider: own, sample_sites, mail, ports })
    }
}

/// A prepared demo, ready to run.
pub struct Demo {
    app: AppState,
    sample_sites: SampleSitesConfig,
    listeners: DemoListeners,
    pub account: DemoAccount,
    pub letters: DemoLetters,
}

/// The maximum wait for the last requests of the sample sites.
const SHUTDOWN_GRACE: Duration = Duration::from_secs(5);

impl Demo {
    /// Completes the folder `data`; with `fresh`, deletes the folder's content first.
    ///
    /// # Errors
    /// The deployment's files are not below the working directory; `data` is not a demo's folder; a file or the
    /// database fails.
    pub async fn prepare(
        doors: DemoListeners,
        (data, fresh): (&Path, bool),
        deployment: &Path,
        around: Dependencies,
    ) -> anyhow::Result<Self> {
        anyhow::ensure!(
            deployment.join("schools.toml").exists(),
            "{} is not here: start the demo in the folder of Préau's sources",
            deployment.display()
        );
        // After binding the listeners: the folder of a running demo is never emptied.
        let folder = &DemoFolder::open(data, fresh)?;
        let mut config = demo_config(folder, deployment, doors.ports)?;
        if let Some(url) = &around.demo_database {
            config.database.url.clone_from(url);
            // Only an SQLite database gets its master key by itself.
            crypto::load_or_create_master_key(&config.keys.directory, true, around.rng.as_ref())?;
        }
        folder.write_config(&config_to_toml(&config)?)?;
        let base = format!("http://localhost:{}", doors.ports.sample_sites);
        let (clock, random) = (Arc::clone(&around.clock), Arc::clone(&around.rng));
        let now = clock.now();
        let key = folder.load_or_create("portal.key", || base64url(&random.bytes::<32>()))?;
        let cookie_key = decode_base64url(key.expose_secret()).and_then(|bytes| <[u8; 32]>::try_from(bytes).ok());
        let mut clients = Vec::new();
        for client_id in sample_sites::client_ids() {
            let secret = folder.load_or_create(&format!("{client_id}.secret"), || id256(random.as_ref()))?;
            clients.push(SampleSitesClient { client_id: client_id.to_owned(), secret });
        }
        let academies = academies(folder, random.as_ref())?;
        let sample_sites = SampleSitesConfig {
            issuer: config.server.issuer.clone(),
            base: base.clone(),
            cookie_key: cookie_key.context("portal.key does not hold 32 bytes in base64url")?,
            clients,
            letters: LetterFiles {
                pupils: folder.printed(letters::PUPILS_FILE),
                parent: folder.printed(letters::PARENT_FILE),
            },
            academies,
            clock,
            random,
            extra_ca: None,
        };

        let opened = Box::pin(bootstrap::open_storage(&config, &around)).await?;
        let mut declared = bootstrap::read_deployment(&config)?;
        setup::relocate_clients(&mut declared, &base);
        // Forced, as the demo owns its folder and its ports may have changed: nobody else's files are overwritten.
        bootstrap::publish_deployment(&around, &opened, &declared, PublishMode::Forced).await?;
        bootstrap::log_broken_upstreams(&declared);
        let app = Box::pin(bootstrap::assemble_app(config, around, opened)).await?;
        app.set_upstreams(declared.upstreams);
        setup::import_missing_rosters(&app, folder, now).await?;
        setup::set_campaigns(&app, now).await?;
        let account = account::ensure(&app, folder).await?;
        let letters = letters::ensure(&app, folder).await?;
        administrators::ensure(&app).await?;
        administrators::give_roster(&app, folder).await?;
        Box::pin(console::ensure(&app, folder)).await?;
        Ok(Self { app, sample_sites, listeners: doors, account, letters })
    }

    pub fn ports(&self) -> Ports {
        self.listeners.ports
    }

    /// Returns the secret of one of the sample sites' clients.
    pub fn secret(&self, client_id: &str) -> Option<&SecretString> {
        self.sample_sites.clients.iter().find(|c| c.client_id == client_id).map(|c| &c.secret)
    }

    pub fn app(&self) -> &AppState {
        &self.app
    }

    /// Runs both servers until `stop` is true.
    pub async fn run(self, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
        let listeners = SiteListeners {
            pages: TcpListener::from_std(self.listeners.sample_sites)?,
            mail: TcpListener::from_std(self.listeners.mail)?,
        };
        let (mut asked, mut late) = (stop.clone(), stop.clone());
        let next_door = sample_sites::serve(self.sample_sites, listeners, async move {
            let _gone = asked.wait_for(|stop| *stop).await;
        });
        let patience = async move {
            drop(late.wait_for(|stop| *stop).await);
            tokio::time::sleep(SHUTDOWN_GRACE).await;
        };
        let next_door = async move {
            tokio::select! {
                served = next_door => served.context("the neighbours"),
                () = patience => Ok(()),
            }
        };
        let notices = notices::run(self.app.clone(), stop.clone());
        tokio::try_join!(bootstrap::serve_until(self.app, self.listeners.provider, &stop), next_door, notices)?;
        Ok(())
    }
}

/// Returns the secrets and the key of the academies' providers, drawn once.
fn academies(folder: &DemoFolder, random: &dyn Random) -> anyhow::Result<AcademyConfig> {
    let mut secrets = HashMap::new();
    for academy in &ACADEMIES {
        let secret = folder.load_or_create(&format!("academie-{}.secret", academy.slug), || id256(random))?;
        secrets.insert(academy.slug.to_owned(), secret);
    }
    let key = match folder.load("academie.key")? {
        Some(key) => key,
        None => {
            let (jwk, _) = jose::generate(Alg::RS256)?;
            folder.keep("academie.key", &jwk)?;
            SecretString::from(jwk)
        }
    };
    let (_, kid) = jose::read_private_key(Alg::RS256, key.expose_secret().as_bytes())?;
    Ok(AcademyConfig { secrets, key: (key, kid) })
}

/// The sender of the demo's mails; nobody has this address.
const MAIL_SENDER: &str = "Mon compte École <ne-pas-repondre@compte.example>";

/// Makes the demo's configuration; no file and no environment variable changes the values.
fn demo_config(folder: &DemoFolder, deployment: &Path, ports: Ports) -> anyhow::Result<Config> {
    let mut config = Config::default();
    config.server.issuer = format!("http://localhost:{}", ports.provider);
    config.server.listen.set_port(ports.provider);
    config.server.operations.set_port(ports.operations);
    config.database.url = folder.database_url();
    config.keys.directory = folder.keys();
    // There is no load balancer.
    config.server.drain_seconds = 0;
    config.sms.gateway = SmsGatewayConfig::Http(HttpGatewayConfig::posting_json_to(format!(
        "http://localhost:{}/sms/messages",
        ports.sample_sites
    )));
    config.sms.voice = Some(SmsGatewayConfig::Http(HttpGatewayConfig::posting_json_to(format!(
        "http://localhost:{}/sms/calls",
        ports.sample_sites
    ))));
    config.mail = Mail {
        gateway: MailGatewayConfig::Smtp(SmtpConfig {
            url: format!("smtp://127.0.0.1:{}", ports.mail),
            user: None,
            password: None,
            password_file: None,
        }),
        from: MAIL_SENDER.to_owned(),
    };
    config.phones.fictitious = vec!["+3363998".to_owned()];
    config.administration.entry_without_proof = true;
    // The logout tokens go to the sample sites on this very machine.
    config.outgoing.allow_private = true;
    config.deployment.directory =
        deployment.canonicalize().with_context(|| format!("deployment {}", deployment.display()))?;
    Ok(config)
}

/// Writes the configuration as TOML, for the other commands during the demo (docs/threats.md#faults-e7).
fn config_to_toml(config: &Config) -> anyhow::Result<String> {
    // A JSON string is a valid TOML string.
    let text = |value: &dyn std::fmt::Display| serde_json::to_string(&value.to_string());
    let (server, keys, deployment) = (&config.server, &config.keys.directory, &config.deployment.directory);
    let url_of = |role| match config.sms.gateway_of(role) {
        Some(SmsGatewayConfig::Http(gateway)) => Ok(&gateway.url),
        _ => anyhow::bail!("the demo's messages and calls go by HTTP"),
    };
    let (messages, calls) = (url_of(SmsGatewayRole::Primary)?, url_of(SmsGatewayRole::Voice)?);
    let MailGatewayConfig::Smtp(smtp) = &config.mail.gateway else { anyhow::bail!("the demo's mails go by SMTP") };
    Ok(format!(
        "# Written by `preau demo` at each start, for the other commands: preau --config THIS doctor\n\
         [server]\nissuer = {}\nlisten = {}\noperations = {}\ndrain_seconds = {}\n\
         [database]\nurl = {}\n[keys]\ndirectory = {}\n\
         [sms]\ngateway = \"http\"\n[sms.http]\nurl = {}\n[sms.voice]\nurl = {}\n\
         [mail]\ngateway = \"smtp\"\nfrom = {}\n[mail.smtp]\nurl = {}\n\
         [phones]\nfictitious = {}\n[outgoing]\nallow_private = {}\n[deployment]\ndirectory = {}\n\
         [administration]\nentry_without_proof = {}\n",
        text(&server.issuer)?,
        text(&server.listen)?,
        text(&server.operations)?,
        server.drain_seconds,
        text(&config.database.url)?,
        text(&keys.display())?,
        text(messages)?,
        text(calls)?,
        text(&config.mail.from)?,
        text(&smtp.url)?,
        serde_json::to_string(&config.phones.fictitious)?,
        config.outgoing.allow_private,
        text(&deployment.display())?,
        config.administration.entry_without_proof,
    ))
}
