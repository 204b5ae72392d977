//! The connection to Redis: at the one address of the configuration, or at the master that sentinels name.

use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, ProtocolVersion, RedisResult};
use tokio::sync::watch;

use super::sentinels::{Address, Sentinels};
use super::unavailable;
use crate::config::EphemeralStore;
use crate::ephemeral::EphemeralError;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The delay between reconnection attempts, repeated forever: initial and maximum.
const RECONNECT_DELAY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// The connection is considered dead once sent data has not been acknowledged by the peer for this long.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum number of operations queued for sending.
const MAX_QUEUED_COMMANDS: usize = 1_000;

/// The connection that serves now. None until sentinels have named a master.
pub(super) type PresentConnection = watch::Receiver<Option<ConnectionManager>>;

/// Connects in the background: a server started while Redis is down logs the fact and waits for Redis.
///
/// # Errors
/// The URL is invalid.
pub(super) fn open(config: &EphemeralStore) -> Result<PresentConnection, EphemeralError> {
    let answer = Duration::from_millis(config.answer_ms);
    let base = base_info(config)?;
    if config.sentinels.is_empty() {
        return Ok(watch::channel(Some(connect(base, answer)?)).1);
    }
    let (sender, receiver) = watch::channel(None);
    let connect = move |master: &Address| connect(at(&base, master), answer);
    tokio::spawn(Sentinels::new(config)?.follow(connect, sender));
    Ok(receiver)
}

/// Returns what the URL says, with the settings of every connection to it.
pub(super) fn base_info(config: &EphemeralStore) -> Result<ConnectionInfo, EphemeralError> {
    // The library's error may quote the URL, and the URL contains a password.
    let info = config.url.as_str().into_connection_info().map_err(|_| EphemeralError::Url)?;
    // RESP3: a connection lost while idle is noticed and re-established.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(TCP_USER_TIMEOUT);
    Ok(info.set_redis_settings(settings).set_tcp_settings(tcp))
}

/// Returns the same at another address, with TLS if it had it.
pub(super) fn at(base: &ConnectionInfo, (host, port): &Address) -> ConnectionInfo {
    let (host, port) = (host.clone(), *port);
    let address = match base.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure: *insecure, tls_params: tls_params.clone() }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    base.clone().set_addr(address)
}

fn connect(info: ConnectionInfo, answer: Duration) -> Result<ConnectionManager, EphemeralError> {
    let client = Client::open(info).map_err(|_| EphemeralError::Url)?;
    let how = ConnectionManagerConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(answer))
        .set_number_of_retries(usize::MAX)
        .set_min_delay(RECONNECT_DELAY.0)
        .set_max_delay(RECONNECT_DELAY.1)
        .set_pipeline_buffer_size(MAX_QUEUED_COMMANDS);
    let connection = ConnectionManager::new_lazy_with_config(client, how).map_err(unavailable)?;
    let mut first = connection.clone();
    // The connection is established by the first waiting caller, and requests do not wait long enough.
    tokio::spawn(async move { ping(&mut first).await });
    Ok(connection)
}

pub(super) async fn ping(connection: &mut ConnectionManager) -> RedisResult<()> {
    redis::cmd("PING").exec_async(connection).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_master_is_reached_as_the_url_says_at_the_address_that_sentinels_say() {
        let info = |url: &str| {
            let config = EphemeralStore { url: url.to_owned(), ..EphemeralStore::default() };
            at(&base_info(&config).unwrap(), &("10.0.0.32".to_owned(), 6380))
        };
        let plain = info("redis://preau:secret@anything/3");
        assert_eq!(plain.addr(), &ConnectionAddr::Tcp("10.0.0.32".into(), 6380));
        let settings = plain.redis_settings();
        assert_eq!((settings.username(), settings.password(), settings.db()), (Some("preau"), Some("secret"), 3));
        let tls = info("rediss://anything");
        assert!(
            matches!(tls.addr(), ConnectionAddr::TcpTls { host, port: 6380, insecure: false, .. } if host == "10.0.0.32")
        );
    }
}
