//! Builds the application and its background work from a configuration, in one place.
//!
//! A command in need of less opens less: [`open_storage`] gives database and master key, [`build_app`] everything.

mod cleanup;
mod clock_watch;
mod console_mails;
mod health;
mod helpdesk;
mod listeners;
mod migration;
mod restored;
mod sample;
mod traces;
mod uses;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::watch;

use crate::app::{App, AppParts, AppState, DatabaseOperation, Operation, StorageOperation};
use crate::base::actor::Actor;
use crate::base::clock::{Clock, SteadyClock};
use crate::base::rng::Random;
use crate::clients::ops::publish::{self, PublishError, PublishMode, Published};
use crate::config::deployment::{self, DeploymentFiles, ServerIdentity};
use crate::config::{Config, UNNAMED_PROXY};
use crate::crypto::{self, MasterKey, MasterKeyError, PasswordCost, PasswordHasher};
use crate::db::{AccessMode, Db, files};
use crate::ephemeral::Ephemeral;
use crate::http::connections::{ConnectionLimiter, ConnectionLimits};
use crate::http::outgoing::OutgoingClient;
use crate::http::pages::{PageRenderer, PageTemplates};
use crate::http::serve::{self, ConnectionTimeouts, ServerHandle};
use crate::mail::{self, MailGateway};
use crate::sms::SmsGateways;
use crate::{federation, keys, router, telemetry, tenants};

pub use cleanup::{delete_expired, tell_what_is_due};
pub use clock_watch::check_clock;
pub use console_mails::settle_and_mail;
pub use health::{HealthReport, check_health};
pub use listeners::{Listeners, bind_listener};
pub use restored::settle_restored;
pub use sample::sample_metrics;
pub use worker::{close_gateways, drain_outbox, spawn_queues, spawn_workers};

/// The dependencies replaced by tests.
pub struct Dependencies {
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Random>,
    pub password_cost: PasswordCost,
    /// The actor of what is done at start and by a command.
    pub actor: Actor,
    /// Replace the configured gateways of their roles.
    pub sms_gateways: SmsGateways,
    /// Replaces the configured gateway, where mails are sent.
    pub mail_gateway: Option<Arc<dyn MailGateway>>,
    /// Templates that are parsed already, for several servers in one process.
    pub templates: Option<Arc<PageTemplates>>,
    /// Replaces the demo's own database.
    pub demo_database: Option<String>,
}

impl Dependencies {
    /// Returns the dependencies of production: the machine's clock and randomness, and the standard password cost.
    pub fn production() -> Self {
        Self {
            clock: Arc::new(SteadyClock::system()),
            rng: Arc::new(crate::base::rng::SystemRandom),
            password_cost: PasswordCost::STANDARD,
            actor: Actor::Job("start"),
            sms_gateways: SmsGateways::default(),
            mail_gateway: None,
            templates: None,
            demo_database: None,
        }
    }

    /// Names the actor.
    #[must_use]
    pub fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// Returns an operation on a database, at the current time.
    pub fn operation<'a>(&'a self, db: &'a Db) -> DatabaseOperation<'a> {
        let (rng, now) = (self.rng.as_ref(), self.clock.now());
        DatabaseOperation { db, rng, now, actor: &self.actor, request_id: None, commits: None }
    }
}

/// A database with this program's schema, and its master key.
pub struct Storage {
    pub db: Db,
    pub master_key: MasterKey,
}

impl Storage {
    /// Returns an operation on the storage, at the current time.
    pub fn operation<'a>(&'a self, around: &'a Dependencies) -> StorageOperation<'a> {
        StorageOperation { database: around.operation(&self.db), master_key: &self.master_key }
    }
}

/// Opens the database, applies migrations, and verifies that the master key belongs to the database. A missing master
/// key is created only for an SQLite database without encrypted data (docs/decisions/0014-one-master-key.md).
pub async fn open_storage(config: &Config, around: &Dependencies) -> anyhow::Result<Storage> {
    let place = || format!("database {}", config.database.location());
    let db = Db::open_configured(&config.database, AccessMode::ReadWrite).await.with_context(place)?;
    let newer = db.schema_status().await.with_context(place)?.unknown;
    if !newer.is_empty() {
        tracing::warn!(?newer, "a newer version of this program has migrated the database: this one works on with it");
    }
    Box::pin(migration::migrate(&db, config)).await.with_context(place).context("migrations")?;
    sync_clock(&db, around).await?;
    let unsealed = keys::ops::is_uninitialized(&db).await.with_context(place)?;
    let may_create = db.is_sqlite() && unsealed;
    let master = crypto::load_or_create_master_key(&config.keys.directory, may_create, around.rng.as_ref());
    let master_key = MasterKey::new(master.map_err(|e| master_key_error(e, unsealed))?)?;
    keys::ops::verify_or_init_master_key(&db, &master_key, around.clock.now())
        .await
        .with_context(|| format!("keys in {}", config.keys.directory.display()))?;
    Ok(Storage { db, master_key })
}

/// Moves the clock forward to the latest time recorded by any server of this deployment.
pub async fn sync_clock(db: &Db, around: &Dependencies) -> anyhow::Result<()> {
    if let Some(seen) = db.last_seen_time().await? {
        around.clock.advance_to(seen);
    }
    Ok(())
}

/// Explains a missing master key of a database with encrypted data: the key must be restored from its copy, because a
/// new key decrypts nothing.
pub fn master_key_error(error: MasterKeyError, unsealed: bool) -> anyhow::Error {
    match error {
        MasterKeyError::Missing(path) if !unsealed => anyhow::anyhow!(
            "{} is not there, and this database is sealed with it: restore it from its copy; a new key opens nothing of \
             what is sealed",
            path.display()
        ),
        error => error.into(),
    }
}

/// The reason why a command cannot use the configured database.
#[derive(Debug, thiserror::Error)]
pub enum UnusableDatabase {
    #[error("{} is not there", .0.display())]
    Missing(PathBuf),
    #[error("the database is of an older version: {0} migrations are not applied")]
    Outdated(usize),
}

/// Opens an existing database with this program's schema, without creating, migrating or publishing anything: for
/// commands that only read or change one thing (docs/threats.md#faults-f2).
pub async fn open_existing_database(config: &Config, access: AccessMode) -> anyhow::Result<Db> {
    if let Some(file) = files::sqlite_file(&config.database.url) {
        anyhow::ensure!(file.exists(), UnusableDatabase::Missing(file));
    }
    let place = || format!("database {}", config.database.location());
    let db = Db::open_configured(&config.database, access).await.with_context(place)?;
    let lacking = db.schema_status().await.with_context(place)?.missing;
    anyhow::ensure!(lacking.is_empty(), UnusableDatabase::Outdated(lacking.len()));
    Ok(db)
}

/// Opens an existing database, as [`open_existing_database`] does, with its master key.
pub async fn open_existing_storage(config: &Config, by: &Dependencies, access: AccessMode) -> anyhow::Result<Storage> {
    let db = open_existing_database(config, access).await?;
    sync_clock(&db, by).await?;
    let unsealed = keys::ops::is_uninitialized(&db).await?;
    let master_key =
        MasterKey::new(crypto::read_master_key(&config.keys.directory).map_err(|e| master_key_error(e, unsealed))?)?;
    let place = || format!("keys in {}", config.keys.directory.display());
    keys::ops::verify_master_key(&db, &master_key).await.with_context(place)?;
    Ok(Storage { db, master_key })
}

/// Reads the files of the deployment's directory.
pub fn read_deployment(config: &Config) -> anyhow::Result<DeploymentFiles> {
    let directory = &config.deployment.directory;
    let place = || format!("deployment {}", directory.display());
    let mut declared = deployment::read(directory, &config.keys.directory).with_context(place)?;
    tenants::ops::check(&declared).with_context(place)?;
    declared.identity = ServerIdentity::of(config);
    declared.algorithms.clone_from(&config.keys.algorithms);
    Ok(declared)
}

/// Publishes the deployment's files and logs the result.
pub async fn publish_deployment(
    around: &Dependencies,
    opened: &Storage,
    declared: &DeploymentFiles,
    consent: PublishMode,
) -> Result<Published, PublishError> {
    let done = publish::publish(opened.operation(around), declared, consent).await?;
    log_published(&done);
    Ok(done)
}

/// Logs the invalid files of upstreams: nobody signs in through them.
pub fn log_broken_upstreams(declared: &DeploymentFiles) {
    for file in &declared.broken_upstreams {
        tracing::error!(%file, "an upstream's file is broken: nobody signs in through it");
    }
}

fn log_published(done: &Published) {
    for (client, how) in &done.changes {
        tracing::info!(revision = done.revision, client, how, "relying party published");
    }
    for file in &done.broken {
        tracing::error!(%file, "a relying party's file is broken: the client stays as it was published");
    }
}

/// Reads and publishes the deployment's files again for the running application.
///
/// # Errors
/// The files may not be published; the previous publication stays in force.
pub async fn republish_deployment(app: &AppState) -> anyhow::Result<()> {
    let op = Operation::of_job(app, "reload");
    // First of all, and whatever is wrong with the other files: an upstream that is disabled now must serve nobody.
    let declared = match read_deployment(&app.config) {
        Ok(declared) => declared,
        Err(error) => {
            let serving = deployment::serving_upstreams(Path::new(&app.config.deployment.directory));
            app.set_upstreams(app.upstreams().only(&serving));
            federation::ops::end_unserved(&op, &app.upstreams().disabled()).await?;
            return Err(error);
        }
    };
    log_broken_upstreams(&declared);
    let mut over = declared.upstreams.disabled();
    // A broken file may be that of an upstream that is only not read.
    if declared.broken_upstreams.is_empty() {
        over.extend(app.upstreams().missing_in(&declared.upstreams));
    }
    app.set_upstreams(declared.upstreams.clone());
    federation::ops::end_unserved(&op, &over).await?;
    log_published(&publish::publish(op.storage(), &declared, PublishMode::Guarded).await?);
    Ok(())
}

/// Builds the application, ready to serve. Files refused for publication stop nothing: the previous publication stays
/// in force, and `report` is told why.
pub async fn build_app(
    config: Config,
    around: Dependencies,
    report: impl FnOnce(&PublishError),
) -> anyhow::Result<AppState> {
    let opened = Box::pin(open_storage(&config, &around)).await?;
    let declared = read_deployment(&config)?;
    log_broken_upstreams(&declared);
    match publish_deployment(&around, &opened, &declared, PublishMode::Guarded).await {
        Ok(_) => {}
        Err(error) if error.keeps_previous() => report(&error),
        Err(error) => return Err(error.into()),
    }
    let app = Box::pin(assemble_app(config, around, opened)).await?;
    app.set_upstreams(declared.upstreams);
    federation::ops::end_unserved(&Operation::of_job(&app, "start"), &app.upstreams().disabled()).await?;
    Ok(app)
}

/// Completes [`build_app`] from a database with published schools and relying parties.
pub async fn assemble_app(config: Config, around: Dependencies, opened: Storage) -> anyhow::Result<AppState> {
    let ring = keys::ops::ensure_keys(opened.operation(&around), &config.keys.algorithms).await?;
    let Storage { db, master_key } = opened;
    let hashing = (around.password_cost, config.passwords.hashing);
    let passwords = PasswordHasher::new(&master_key, hashing, around.rng.as_ref())?;
    let pages = PageRenderer::load_with(around.templates, &config.deployment)?;
    let sms_gateways = SmsGateways::open(&config, &around.sms_gateways)?;
    let mail_gateway = match (mail::open_gateway(&config.mail)?, around.mail_gateway) {
        (Some(_), Some(gateway)) => Some(gateway),
        (configured, _) => configured,
    };
    let ephemeral = Ephemeral::open(&config.ephemeral, &master_key)?;
    let outgoing = OutgoingClient::new(&config.outgoing)?;
    let app = App::new(AppParts {
        config,
        clock: around.clock,
        rng: around.rng,
        db,
        ephemeral,
        master_key,
        password_hasher: passwords,
        pages,
        sms_gateways,
        mail_gateway,
        outgoing,
    });
    app.set_key_ring(ring);
    Ok(AppState(Arc::new(app)))
}

/// The maximum number of concurrent connections of the operations listener.
const MAX_OPERATIONS_CONNECTIONS: usize = 64;

/// Serves until `stop` is true, then finishes requests under way, ends the background work and closes the database.
pub async fn serve_until(app: AppState, listeners: Listeners, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let handles = [ServerHandle::default(), ServerHandle::default()];
    let [public_handle, operations_handle] = handles.clone();
    // Before any work: a server that starts with a wrong clock begins none.
    check_clock(&app).await;
    let mut work = spawn_workers(&app, stop);
    work.spawn(clock_watch::run(app.clone(), stop.clone()));
    let mut asked = stop.clone();
    let stopper = tokio::spawn(async move {
        // A dropped sender can no longer request the stop, so its absence counts as one.
        drop(asked.wait_for(|stop| *stop).await);
        let [public, operations] = &handles;
        tokio::join!(public.stop(), operations.stop());
    });
    if app.config.server.has_undeclared_proxy() {
        tracing::warn!("{}", UNNAMED_PROXY);
    }
    let patience = ConnectionTimeouts::default();
    let most = listeners::connection_limits(&app.config.server);
    // The operations listener has its own limits: a flood on the public listener must not silence monitoring.
    let few = ConnectionLimits {
        total: MAX_OPERATIONS_CONNECTIONS,
        per_source: MAX_OPERATIONS_CONNECTIONS,
        proxies: Vec::new(),
    };
    let public = (ConnectionLimiter::new(most, patience.write_stall, app.metrics.connections()), patience);
    let operations =
        (ConnectionLimiter::new(few, patience.write_stall, telemetry::ConnectionMetrics::default()), patience);
    let public = serve::serve(listeners.public, router::public(app.clone())?, listeners.tls, public, public_handle);
    let router = router::operations(app.clone());
    let operations = serve::serve(listeners.operations, router, None, operations, operations_handle);
    let served = tokio::try_join!(public, operations);
    stopper.abort();
    served.context("serving")?;
    while work.join_next().await.is_some() {}
    traces::export_last(&app).await;
    close_gateways(&app).await;
    app.db.close().await;
    Ok(())
}
