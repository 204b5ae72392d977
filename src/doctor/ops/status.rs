//! What is stored of the state of a deployment, without a judgement: for `preau status` and the operator's page.

use crate::audit;
use crate::base::clock::{Span, Timestamp};
use crate::config::{Config, Keys};
use crate::db::Db;
use crate::jose::KeyState;
use crate::keys::rotation::{RotationStep, next_step};
use crate::otp::outage::Outage;
use crate::outbox::{self, WaitingJobs};
use crate::{keys, otp, roster, tenants};

/// The time within which an import that has not ended counts as running.
const IMPORT_WINDOW: Span = Span::days(1);

/// A signing key that serves or will, and its next change.
#[derive(Clone, Debug)]
pub struct KeyStatus {
    pub alg: &'static str,
    pub kid: String,
    pub state: KeyState,
    /// The beginning of its state.
    pub since: Timestamp,
    pub next: Option<(RotationStep, Timestamp)>,
}

/// The last complete import of an academy in a format.
#[derive(Clone, Debug)]
pub struct LastImport {
    pub academy: String,
    pub format: String,
    pub at: Timestamp,
}

/// The state of a deployment.
#[derive(Clone, Debug)]
pub struct DeploymentStatus {
    pub migrations: usize,
    pub open_campaigns: i64,
    /// Imports that have not ended, and the schools that they wrote.
    pub running_imports: (i64, i64),
    pub last_imports: Vec<LastImport>,
    /// The messages that wait, and the creation of the oldest.
    pub backlog: (i64, Option<Timestamp>),
    pub queues: Vec<WaitingJobs>,
    /// The SMS of the day, and those that it may have.
    pub sms_of_day: (i64, i64),
    /// The other caps of which half or more is used, in words.
    pub used_caps: Vec<String>,
    pub outages: Vec<Outage>,
    /// The last backup by `preau backup`.
    pub backup: Option<Timestamp>,
    pub keys: Vec<KeyStatus>,
}

/// Reads the state of a deployment. Nothing is counted whose number grows with the accounts.
pub async fn read(db: &Db, config: &Config, now: Timestamp) -> anyhow::Result<DeploymentStatus> {
    let migrations = db.applied_migrations().await?;
    let mut tx = db.read().await?;
    let open_campaigns = tenants::store::figures::count_open_campaigns(&mut tx, now).await?;
    let running_imports = roster::store::runs::count_unfinished(&mut tx, now.minus(IMPORT_WINDOW)).await?;
    let last = roster::store::runs::list_last_complete(&mut tx, Timestamp(0)).await?;
    let (waiting, oldest) = outbox::backlog(&mut tx).await?;
    let queues = outbox::list_waiting(&mut tx).await?;
    let sent = otp::ops::sent_today(&mut tx, now).await?;
    let used_caps = otp::ops::used_caps(&mut tx, config, now).await?;
    let backup = audit::store::find_last_backup(&mut tx).await?;
    // A pool gives the next reader its connection.
    drop(tx);
    Ok(DeploymentStatus {
        migrations,
        open_campaigns,
        running_imports,
        last_imports: last
            .into_iter()
            .map(|(academy, format, at)| LastImport { academy, format, at: Timestamp(at) })
            .collect(),
        backlog: (waiting, oldest.map(Timestamp)),
        queues,
        sms_of_day: (sent, i64::from(config.sms.daily_cap)),
        used_caps,
        outages: otp::ops::active_outages(db, now).await?,
        backup,
        keys: read_keys(db, &config.keys).await?,
    })
}

async fn read_keys(db: &Db, config: &Keys) -> anyhow::Result<Vec<KeyStatus>> {
    let lives = keys::ops::lifecycles(db).await?;
    let policy = keys::ops::rotation_policy(config);
    let shown = lives.iter().filter(|key| !matches!(key.state, KeyState::Retired | KeyState::Revoked));
    let status = |key: &keys::rotation::KeyLifecycle| KeyStatus {
        alg: key.alg.name(),
        kid: key.kid.to_string(),
        state: key.state,
        since: key.since,
        next: next_step(key, &lives, policy),
    };
    Ok(shown.map(status).collect())
}
