//! Opens the pools of PostgreSQL: directly, through a pooler, or at the primary of several servers.
//!
//! Through a PgBouncer in transaction mode a connection belongs to us for one transaction only. So nothing is set for a
//! connection (a start-up option is refused, and `SET` would meet somebody else), no lock outlives a transaction, and
//! reads begin as `BEGIN READ ONLY` instead of by a setting. Prepared statements are the protocol's, which PgBouncer
//! follows from 1.21 on where `max_prepared_statements` is above 0.

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{ConnectOptions as _, Connection as _, Postgres};

use super::connect::{AccessMode, STATEMENT_CACHE_SIZE};
use super::connections::{Connections, ReuseRules};
use super::pooled_read::PooledRead;
use super::primary::{self, LastChange};
use super::tx::Writers;
use super::{Db, DbError, Result};
use crate::config::Database;

/// The maximum time to connect to PostgreSQL, and to wait for a connection of its pools.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The idleness after which a connection of PostgreSQL is tested before it is used.
const UNTESTED_IDLE: Duration = Duration::from_millis(500);

/// The maximum time of the statement that shows what a pooler does: one with a single connection would let it wait.
const POOLER_TIMEOUT: Duration = Duration::from_secs(2);

/// The treatment of prepared statements by a pooler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolerState {
    /// There is no pooler.
    Absent,
    /// A statement prepared on one of its connections is known on another one.
    FollowsStatements,
    /// It is not: a PgBouncer before 1.21, or without `max_prepared_statements`.
    LosesStatements,
    /// It has no second connection free for the trial.
    Unknown,
}

/// Opens the pools of a PostgreSQL.
pub(super) async fn open(database: &Database, access: AccessMode) -> Result<Db> {
    let base = PgConnectOptions::from_str(&database.url)?
        .application_name("preau")
        .statement_cache_capacity(STATEMENT_CACHE_SIZE)
        .disable_statement_logging();
    let base = match database.pooled {
        // The only start-up parameter of the driver that PgBouncer refuses; no column is a floating-point number.
        true => base.extra_float_digits(None),
        // Our longest statements take some hundredths of a second, and to compile one takes as long again: PostgreSQL
        // counts the subqueries of a search for all rows that it may look at.
        false => base.options([("jit", "off")]),
    };
    let addresses = database.addresses();
    let first = match addresses.is_empty() {
        true => {
            // The pool retries until its timeout and then reports only the timeout; the first connection reports the
            // cause.
            let first = tokio::time::timeout(CONNECT_TIMEOUT, base.connect()).await;
            let first = first.map_err(|_| DbError::Open(sqlx::Error::PoolTimedOut))?.map_err(DbError::Open)?;
            // An error on closing the connection is irrelevant.
            let _gone = first.close().await;
            None
        }
        false => Some(primary::find(&base, &addresses).await?),
    };
    // A write through the read pool fails on PostgreSQL as on SQLite; through a pooler, each read says so itself.
    let only_reads = match database.pooled {
        true => base.clone(),
        false => base.clone().options([("default_transaction_read_only", "on")]),
    };
    let writes = if access == AccessMode::ReadOnly { only_reads.clone() } else { base.clone() };
    let change = Arc::new(LastChange::default());
    let pool = || pool_options(database, &change);
    let here = |options: &PgConnectOptions| match &first {
        Some(primary) => options.clone().host(&primary.host).port(primary.port),
        None => options.clone(),
    };
    let write = pool().connect_with(here(&writes)).await.map_err(DbError::Open)?;
    let read = pool().connect_lazy_with(here(&only_reads));
    let follower = first.map(|first| {
        let pools = [(read.clone(), only_reads), (write.clone(), writes)];
        Arc::new(primary::follow((base, addresses), first, pools, Arc::clone(&change)))
    });
    let rules = ReuseRules { max_idle: Some(UNTESTED_IDLE), change: Some(change) };
    let (read, write) = (Connections::new(read, rules.clone()), Connections::new(write, rules));
    let pooled = database.pooled;
    let reads_only = pooled && access == AccessMode::ReadOnly;
    Ok(Db::Postgres { read, write, writers: Writers::default(), pooled, reads_only, follower })
}

/// Returns the options of a pool. A connection that has just served is not asked first whether it still does: that is a
/// round trip a statement. Among several servers, a standby's connection is refused.
fn pool_options(database: &Database, change: &Arc<LastChange>) -> PgPoolOptions {
    let options = PgPoolOptions::new().acquire_timeout(CONNECT_TIMEOUT).max_connections(database.max_connections);
    let change = Arc::clone(change);
    let options = options.test_before_acquire(false).before_acquire(move |connection, meta| {
        let outdated = change.outdates(meta.age);
        Box::pin(async move {
            match meta.idle_for < UNTESTED_IDLE {
                _ if outdated => Ok(false),
                true => Ok(true),
                false => connection.ping().await.map(|()| true),
            }
        })
    });
    if database.hosts.is_empty() {
        return options;
    }
    options.after_connect(|connection, _| {
        Box::pin(async move {
            match primary::is_standby(connection).await? {
                true => Err(sqlx::Error::Configuration("this server is a standby".into())),
                false => Ok(()),
            }
        })
    })
}

impl Db {
    /// Finds out whether a pooler follows prepared statements: one is used again while another connection holds what
    /// served it first. Needs two connections of the pooler.
    pub async fn check_pooler(&self) -> Result<PoolerState> {
        let Db::Postgres { read, pooled: true, .. } = self else { return Ok(PoolerState::Absent) };
        match tokio::time::timeout(POOLER_TIMEOUT, use_statement_elsewhere(read)).await {
            Err(_) => Ok(PoolerState::Unknown),
            Ok(Ok(())) => Ok(PoolerState::FollowsStatements),
            Ok(Err(error)) if is_unknown_statement(&error) => Ok(PoolerState::LosesStatements),
            Ok(Err(error)) => Err(error.into()),
        }
    }
}

async fn use_statement_elsewhere(read: &Connections<Postgres>) -> sqlx::Result<()> {
    const STATEMENT: &str = "SELECT CAST($1 AS BIGINT)";
    let mut client = read.borrow().await?;
    client.close_on_drop();
    sqlx::query(STATEMENT).bind(1_i64).execute(client.get()?).await?;
    // A pooler gives the connection that was used last.
    let _holder = PooledRead::begin(read).await?;
    sqlx::query(STATEMENT).bind(2_i64).execute(client.get()?).await?;
    Ok(())
}

/// True if a prepared statement does not exist (26000) or exists already (42P05).
fn is_unknown_statement(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    matches!(code.as_deref(), Some("26000" | "42P05"))
}
