//! Follows the primary among several PostgreSQL servers: the first of them, in their order, that is no standby.
//!
//! Once a second a connection of its own asks the server in use. When that one has not answered three times, or has become
//! a standby, all are tried in turn; new connections go to the one found, and older ones are closed before their next use. That
//! two servers believe themselves primary at once is for their own cluster's fencing to prevent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _, PgPool};

use super::{DbError, Result};

/// The interval between two questions to the server in use.
const QUESTION_INTERVAL: Duration = Duration::from_secs(1);
/// The maximum time to connect to a server and to get its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);

/// The number of questions without an answer after which another server is looked for. A server that says that it is a
/// standby is left at once.
const MAX_SILENT_QUESTIONS: u32 = 3;

/// The time of the last change of the primary; connections opened before it go to the former one.
#[derive(Debug, Default)]
pub(super) struct LastChange(Mutex<Option<Instant>>);

impl LastChange {
    fn record(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// True for a connection of this age if it was opened before the last change.
    pub(super) fn outdates(&self, age: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| age > at.elapsed())
    }
}

/// Asks a server whether it is a standby.
pub(super) async fn is_standby(connection: &mut PgConnection) -> sqlx::Result<bool> {
    sqlx::query_scalar::<_, bool>("SELECT pg_is_in_recovery()").fetch_one(connection).await
}

/// The primary, with a connection to it.
pub(super) struct Primary {
    pub(super) host: String,
    pub(super) port: u16,
    connection: PgConnection,
}

/// The answer of the server in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum PresentAnswer {
    Primary,
    Standby,
    None,
}

impl Primary {
    /// Asks the server in use; by a new connection if this one is gone, because a connection is lost sooner than a
    /// server.
    async fn ask_again(&mut self, base: &PgConnectOptions) -> PresentAnswer {
        match tokio::time::timeout(ANSWER_TIMEOUT, is_standby(&mut self.connection)).await {
            Ok(Ok(false)) => return PresentAnswer::Primary,
            Ok(Ok(true)) => return PresentAnswer::Standby,
            Ok(Err(_)) | Err(_) => {}
        }
        let options = base.clone().host(&self.host).port(self.port);
        match tokio::time::timeout(ANSWER_TIMEOUT, ask(&options)).await {
            Ok(Ok((connection, false))) => {
                self.connection = connection;
                PresentAnswer::Primary
            }
            Ok(Ok((_, true))) => PresentAnswer::Standby,
            Ok(Err(_)) | Err(_) => PresentAnswer::None,
        }
    }
}

/// Connects to a server, and asks whether it is a standby.
async fn ask(options: &PgConnectOptions) -> sqlx::Result<(PgConnection, bool)> {
    let mut connection = options.connect().await?;
    let standby = is_standby(&mut connection).await?;
    Ok((connection, standby))
}

/// Returns the first address that is no standby.
///
/// # Errors
/// None is; the message has what each said.
pub(super) async fn find(base: &PgConnectOptions, addresses: &[(String, u16)]) -> Result<Primary> {
    let mut said = Vec::new();
    for (host, port) in addresses {
        let options = base.clone().host(host).port(*port);
        match tokio::time::timeout(ANSWER_TIMEOUT, ask(&options)).await {
            Ok(Ok((connection, false))) => return Ok(Primary { host: host.clone(), port: *port, connection }),
            Ok(Ok((connection, true))) => {
                // An error on closing the connection is irrelevant.
                let _gone = connection.close().await;
                said.push(format!("{host}:{port} is a standby"));
            }
            Ok(Err(error)) => said.push(format!("{host}:{port}: {error}")),
            Err(_) => said.push(format!("{host}:{port} does not answer")),
        }
    }
    Err(DbError::NoPrimary(said.join("; ")))
}

/// The task that follows the primary; ends when the last owner drops it.
pub struct PrimaryFollower(tokio::task::JoinHandle<()>);

impl Drop for PrimaryFollower {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The pools of one database, each with the options of its connections but their host.
pub(super) type FollowedPools = [(PgPool, PgConnectOptions); 2];

/// Follows the primary until the pools are closed.
pub(super) fn follow(
    (base, addresses): (PgConnectOptions, Vec<(String, u16)>),
    first: Primary,
    pools: FollowedPools,
    change: Arc<LastChange>,
) -> PrimaryFollower {
    PrimaryFollower(tokio::spawn(async move {
        let mut primary = first;
        let mut lost = false;
        let mut silent = 0_u32;
        while !pools.iter().any(|(pool, _)| pool.is_closed()) {
            tokio::time::sleep(QUESTION_INTERVAL).await;
            match primary.ask_again(&base).await {
                PresentAnswer::Primary => {
                    (silent, lost) = (0, false);
                    continue;
                }
                PresentAnswer::Standby => {}
                PresentAnswer::None => {
                    silent = silent.saturating_add(1);
                    if silent < MAX_SILENT_QUESTIONS {
                        continue;
                    }
                }
            }
            match find(&base, &addresses).await {
                // It answers again: the pools find that out by themselves.
                Ok(found) if (&found.host, found.port) == (&primary.host, primary.port) => {
                    (primary, lost, silent) = (found, false, 0);
                }
                Ok(found) => {
                    for (pool, options) in &pools {
                        pool.set_connect_options(options.clone().host(&found.host).port(found.port));
                    }
                    change.record();
                    let (host, port) = (&found.host, found.port);
                    tracing::warn!(host, port, "the connections to PostgreSQL are opened anew at this server");
                    (primary, lost, silent) = (found, false, 0);
                }
                Err(error) if !lost => {
                    tracing::error!(%error, "PostgreSQL has no primary; asked again each second");
                    lost = true;
                }
                Err(_) => {}
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_that_is_older_than_the_last_change_is_outdated() {
        let change = LastChange::default();
        assert!(!change.outdates(Duration::from_secs(3_600)));
        change.record();
        assert!(change.outdates(Duration::from_secs(1)));
        std::thread::sleep(Duration::from_millis(5));
        assert!(!change.outdates(Duration::ZERO));
    }

    #[tokio::test]
    async fn where_no_server_is_a_primary_each_is_named_with_what_it_said() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let base = PgConnectOptions::new_without_pgpass().username("preau").disable_statement_logging();
        let error = find(&base, &[("127.0.0.1".to_owned(), gone)]).await.err().unwrap().to_string();
        assert!(error.starts_with("no server of database.hosts is a primary: ") && error.contains(&gone.to_string()));
        let none = find(&base, &[]).await;
        assert!(matches!(none, Err(DbError::NoPrimary(_))));
    }
}
