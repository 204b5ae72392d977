//! Everything is built here, once: from a configuration to an application with its background work.
//!
//! A command that needs less opens less: [`open`] gives database and vault, [`build`] the whole.

mod health;
mod work;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;

use anyhow::Context as _;
use axum_server::Handle;
use tokio::sync::watch;

use crate::app::{App, AppState, Parts};
use crate::base::clock::{Clock, SteadyClock, SystemClock};
use crate::base::rng::Random;
use crate::clients::ops::publish::{self as publishing, Consent, PublishError, Published};
use crate::config::deployment::{self, Declared, ServerIdentity};
use crate::config::{Config, Server, UNNAMED_PROXY};
use crate::db::{Access, Db, files};
use crate::ephemeral::Ephemeral;
use crate::http::certificate;
use crate::http::connections::{Connections, Most, raise_descriptors};
use crate::http::outgoing::Outgoing;
use crate::http::pages::Pages;
use crate::http::serve::{self, Patience, Tls};
use crate::seal::{self, MasterFileError, PasswordCost, Passwords, Vault};
use crate::sms::Gateway;
use crate::{keys, router, telemetry, tenants};

pub use health::{Health, health};
pub use work::{background, work_off};

/// What a test replaces.
pub struct Surroundings {
    pub clock: Arc<dyn Clock>,
    pub rng: Arc<dyn Random>,
    pub cost: PasswordCost,
    /// Instead of the configured gateway.
    pub sms: Option<Gateway>,
}

impl Surroundings {
    /// The machine's clock and randomness, full-priced passwords.
    pub fn real() -> Self {
        Self {
            clock: Arc::new(SteadyClock::real()),
            rng: Arc::new(crate::base::rng::SystemRandom),
            cost: PasswordCost::STANDARD,
            sms: None,
        }
    }
}

/// A database of this program's schema, and the key that it was sealed with.
pub struct Opened {
    pub db: Db,
    pub vault: Vault,
}

/// Opens the database, brings it up to date, and proves that the master key is its own. A missing master key
/// is made only for an SQLite file in which nothing is sealed yet (docs/decisions/0014-one-master-key.md).
pub async fn open(config: &Config, around: &Surroundings) -> anyhow::Result<Opened> {
    let place = || format!("database {}", config.database.place());
    let db = Db::open(&config.database.url).await.with_context(place)?;
    let newer = db.schema().await.with_context(place)?.newer;
    if !newer.is_empty() {
        tracing::warn!(?newer, "a newer version of this program has migrated the database: this one works on with it");
    }
    db.migrate().await.with_context(place).context("migrations")?;
    keep_time(&db, around).await?;
    let unsealed = keys::ops::nothing_sealed(&db).await.with_context(place)?;
    let may_create = db.is_sqlite() && unsealed;
    let master = seal::load_or_create(&config.keys.directory, may_create, around.rng.as_ref());
    let vault = Vault::new(master.map_err(|e| lost(e, unsealed))?)?;
    keys::ops::check_seal(&db, &vault, around.clock.now())
        .await
        .with_context(|| format!("keys in {}", config.keys.directory.display()))?;
    Ok(Opened { db, vault })
}

/// Time does not go back behind where another server of this house was.
pub async fn keep_time(db: &Db, around: &Surroundings) -> anyhow::Result<()> {
    if let Some(seen) = db.seen().await? {
        around.clock.not_before(seen);
    }
    Ok(())
}

/// A key that is missing beside a sealed database is restored: a new one opens nothing of it.
pub fn lost(error: MasterFileError, unsealed: bool) -> anyhow::Error {
    match error {
        MasterFileError::Missing(path) if !unsealed => anyhow::anyhow!(
            "{} is not there, and this database is sealed with it: restore it from its copy; a new key opens nothing of \
             what is sealed",
            path.display()
        ),
        error => error.into(),
    }
}

/// A database that is there and has this program's schema. Makes, migrates and publishes nothing: commands that only
/// read, and those that change one thing (docs/threats.md#faults-f2).
pub async fn existing(config: &Config, access: Access) -> anyhow::Result<Db> {
    if let Some(file) = files::file_of(&config.database.url) {
        anyhow::ensure!(file.exists(), "{} is not there: `preau migrate` makes it", file.display());
    }
    let place = || format!("database {}", config.database.place());
    let db = Db::open_to(&config.database.url, access).await.with_context(place)?;
    let lacking = db.schema().await.with_context(place)?.lacking;
    anyhow::ensure!(
        lacking.is_empty(),
        "the database is of an older version: {} migrations are not applied: run `preau migrate`",
        lacking.len()
    );
    Ok(db)
}

/// As [`existing`], for writing, with the key that it is sealed with.
pub async fn attached(config: &Config, around: &Surroundings) -> anyhow::Result<Opened> {
    let db = existing(config, Access::Write).await?;
    keep_time(&db, around).await?;
    let unsealed = keys::ops::nothing_sealed(&db).await?;
    let vault = Vault::new(seal::read(&config.keys.directory).map_err(|e| lost(e, unsealed))?)?;
    let place = || format!("keys in {}", config.keys.directory.display());
    keys::ops::opens_seal(&db, &vault).await.with_context(place)?;
    Ok(Opened { db, vault })
}

/// Reads what the deployment's directory declares.
pub fn declared(config: &Config) -> anyhow::Result<Declared> {
    let directory = &config.deployment.directory;
    let place = || format!("deployment {}", directory.display());
    let mut declared = deployment::read(directory, &config.keys.directory).with_context(place)?;
    tenants::ops::check(&declared).with_context(place)?;
    declared.identity = ServerIdentity::of(config);
    declared.algorithms.clone_from(&config.keys.algorithms);
    Ok(declared)
}

/// Publishes what is declared, and says in the log what came of it.
pub async fn declare(
    around: &Surroundings,
    opened: &Opened,
    (declared, consent): (&Declared, Consent),
) -> Result<Published, PublishError> {
    let (rng, now) = (around.rng.as_ref(), around.clock.now());
    let done = publishing::publish(&opened.db, &opened.vault, rng, now, (declared, consent)).await?;
    tell(&done);
    Ok(done)
}

fn tell(done: &Published) {
    for (client, how) in &done.changes {
        tracing::info!(revision = done.revision, client, how, "relying party published");
    }
    for file in &done.broken {
        tracing::error!(%file, "a relying party's file is broken: the client stays as it was published");
    }
}

/// Publishes what is declared now, for the application that runs.
///
/// # Errors
/// It may not be published: what was published before counts.
pub async fn publish(app: &AppState) -> anyhow::Result<()> {
    let declared = declared(&app.config)?;
    let (rng, now) = (app.rng.as_ref(), app.now());
    tell(&publishing::publish(&app.db, &app.vault, rng, now, (&declared, Consent::Guarded)).await?);
    Ok(())
}

/// The application, ready to serve. Files that may not be published stop nothing: what was published before counts.
pub async fn build(config: Config, around: Surroundings) -> anyhow::Result<AppState> {
    let opened = Box::pin(open(&config, &around)).await?;
    match declare(&around, &opened, (&declared(&config)?, Consent::Guarded)).await {
        Ok(_) => {}
        Err(error) if error.leaves_the_former() => tracing::error!(%error, "the deployment's files are not published"),
        Err(error) => return Err(error.into()),
    }
    Box::pin(assemble(config, around, opened)).await
}

/// The rest of [`build`]: from a database that knows its schools and relying parties.
pub async fn assemble(config: Config, around: Surroundings, opened: Opened) -> anyhow::Result<AppState> {
    let Opened { db, vault } = opened;
    let ring = keys::ops::ensure(&db, &vault, around.rng.as_ref(), around.clock.now(), &config.keys.algorithms).await?;
    let passwords = Passwords::new(&vault, around.cost, around.rng.as_ref())?;
    let pages = Pages::load(&config.deployment.name, &config.deployment.contact)?;
    let sms = match around.sms {
        Some(gateway) => gateway,
        None => Gateway::from_config(&config.sms, &config.outgoing)?,
    };
    let ephemeral = Ephemeral::open(&config.ephemeral, &vault)?;
    let outgoing = Outgoing::new(&config.outgoing)?;
    let app = App::new(Parts {
        config,
        clock: around.clock,
        rng: around.rng,
        db,
        ephemeral,
        vault,
        passwords,
        pages,
        sms,
        outgoing,
    });
    app.set_ring(ring);
    Ok(AppState(Arc::new(app)))
}

/// The two addresses, taken before anything else happens: two servers on one are found out at once, and so is a
/// certificate that cannot be read.
pub struct Listeners {
    pub public: TcpListener,
    pub operations: TcpListener,
    pub tls: Option<Tls>,
}

impl Listeners {
    pub async fn bind(server: &Server) -> anyhow::Result<Self> {
        let tls = match &server.tls {
            None => None,
            Some(tls) => {
                // One that has ended would be served to everybody, and refused by all.
                certificate::check(&tls.certificate, &tls.key, SystemClock.now()).context("server.tls")?;
                Some(Tls::read(&tls.certificate, &tls.key).await.context("server.tls")?)
            }
        };
        Ok(Self {
            tls,
            public: bind("server.listen", server.listen)?,
            operations: bind("server.operations", server.operations)?,
        })
    }
}

/// Listens; says of a taken port which key of the configuration names it.
pub fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    serve::bind(address).map_err(|e| match e.kind() {
        io::ErrorKind::AddrInUse => anyhow::anyhow!("another program listens on {address} already ({key})"),
        _ => anyhow::anyhow!("cannot listen on {address} ({key}): {e}"),
    })
}

/// Connections of the operations listener at once.
const OPERATIONS: usize = 64;

/// As many connections as the configuration says and there are descriptors for.
fn most_connections(server: &Server) -> Most {
    let asked = Most {
        all: server.max_connections,
        per_source: server.max_connections_per_source,
        proxies: server.trusted_proxies.clone(),
    };
    let descriptors = raise_descriptors();
    let most = asked.within(descriptors);
    if most.all < server.max_connections {
        tracing::warn!(descriptors, connections = most.all, "fewer connections than server.max_connections: ulimit -n");
    }
    most
}

/// Serves until `stop` says true; finishes what is under way, ends the background work, closes the database.
pub async fn serve_until(app: AppState, listeners: Listeners, stop: &watch::Receiver<bool>) -> anyhow::Result<()> {
    let handles = [Handle::new(), Handle::new()];
    let [public_handle, operations_handle] = handles.clone();
    let mut work = background(&app, stop);
    let mut asked = stop.clone();
    let stopper = tokio::spawn(async move {
        // A sender that is gone can no longer say stop: that is one too.
        let _gone = asked.wait_for(|stop| *stop).await;
        handles.iter().for_each(serve::stop);
    });
    if app.config.server.hides_sources() {
        tracing::warn!("{}", UNNAMED_PROXY);
    }
    let patience = Patience::default();
    let most = most_connections(&app.config.server);
    // The operator's machines have places of their own: a flood at the public door must not silence the alarm.
    let few = Most { all: OPERATIONS, per_source: OPERATIONS, proxies: Vec::new() };
    let public = (Connections::new(most, patience.stall, app.metrics.connections()), patience);
    let operations = (Connections::new(few, patience.stall, telemetry::Connections::default()), patience);
    let public = serve::serve(listeners.public, router::public(app.clone())?, listeners.tls, public, public_handle);
    let router = router::operations(app.clone());
    let operations = serve::serve(listeners.operations, router, None, operations, operations_handle);
    let served = tokio::try_join!(public, operations);
    stopper.abort();
    served.context("serving")?;
    while work.join_next().await.is_some() {}
    app.db.close().await;
    Ok(())
}
