//! The connection to Redis: at the one address of the configuration, or at the master that sentinels name.
//!
//! One task keeps it, opens it anew when it is lost, and ends with it. The `redis` crate's own manager of connections is
//! not used: its attempts to come back go on after the last user has gone, at the address of a master that was replaced
//! for as long as nobody answers there.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::io::tcp::TcpSettings;
use redis::{AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _};
use redis::{ProtocolVersion, PushInfo, PushKind, RedisResult};
use tokio::sync::{mpsc, watch};

use super::sentinels::{Address, Sentinels};
use crate::config::EphemeralStore;
use crate::ephemeral::EphemeralError;

pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// The delay between reconnection attempts, repeated forever: initial and maximum.
const RECONNECT_DELAY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// The connection is considered dead once sent data has not been acknowledged by the peer for this long.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(2);
/// The maximum number of operations queued for sending.
const MAX_QUEUED_COMMANDS: usize = 1_000;

/// The connection that serves now.
#[derive(Clone)]
pub(super) enum PresentConnection {
    /// Sentinels have named no master yet.
    Unnamed,
    /// It is being opened, or was lost.
    Absent,
    Open(MultiplexedConnection),
}

impl PresentConnection {
    fn opened(&self) -> Option<MultiplexedConnection> {
        match self {
            PresentConnection::Open(connection) => Some(connection.clone()),
            PresentConnection::Unnamed | PresentConnection::Absent => None,
        }
    }

    pub(super) fn is_unnamed(&self) -> bool {
        matches!(self, PresentConnection::Unnamed)
    }
}

/// Follows which connection serves.
pub(super) type ConnectionWatch = watch::Receiver<PresentConnection>;

/// Connects in the background: a server started while Redis is down logs the fact and waits for Redis.
///
/// # Errors
/// The URL is invalid.
pub(super) fn open(config: &EphemeralStore) -> Result<ConnectionWatch, EphemeralError> {
    let answer = Duration::from_millis(config.answer_ms);
    let base = base_info(config)?;
    if config.sentinels.is_empty() {
        let client = client_of(base)?;
        let (sender, receiver) = watch::channel(PresentConnection::Absent);
        let sender = Arc::new(sender);
        tokio::spawn(async move {
            tokio::select! {
                () = keep(client, answer, Arc::clone(&sender)) => {}
                () = sender.closed() => {}
            }
        });
        return Ok(receiver);
    }
    let (sender, receiver) = watch::channel(PresentConnection::Unnamed);
    let client = move |master: &Address| client_of(at(&base, master));
    tokio::spawn(Sentinels::new(config)?.follow(client, answer, Arc::new(sender)));
    Ok(receiver)
}

/// Returns the connection that serves, once there is one; `None` if nobody keeps one any more.
pub(super) async fn wait_until_open(present: &ConnectionWatch) -> Option<MultiplexedConnection> {
    let opened = present.borrow().opened();
    if opened.is_some() {
        return opened;
    }
    let mut present = present.clone();
    let found = present.wait_for(|present| matches!(present, PresentConnection::Open(_))).await.ok()?;
    found.opened()
}

/// Keeps a connection to one address: opens it, and opens it anew whenever it is lost, without end.
pub(super) async fn keep(client: Client, answer: Duration, present: Arc<watch::Sender<PresentConnection>>) {
    let (mut delay, mut told) = (RECONNECT_DELAY.0, String::new());
    loop {
        match connect(&client, answer).await {
            Ok((connection, mut pushes)) => {
                (delay, told) = (RECONNECT_DELAY.0, String::new());
                present.send_replace(PresentConnection::Open(connection));
                // Whatever else Redis pushes is not for us; the end of the pushes is that of the connection too.
                while pushes.recv().await.is_some_and(|push| push.kind != PushKind::Disconnection) {}
                present.send_replace(PresentConnection::Absent);
                tokio::time::sleep(delay).await;
            }
            // The operations that wait for the connection say that there is no answer, and not why.
            Err(error) => {
                let why = error.to_string();
                if why != told {
                    tracing::warn!(error = why, "no connection to Redis");
                    told = why;
                }
                tokio::time::sleep(delay).await;
                delay = (2 * delay).min(RECONNECT_DELAY.1);
            }
        }
    }
}

/// Opens a connection, and returns what tells of its end.
async fn connect(
    client: &Client,
    answer: Duration,
) -> RedisResult<(MultiplexedConnection, mpsc::UnboundedReceiver<PushInfo>)> {
    let (sender, pushes) = mpsc::unbounded_channel();
    let how = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(answer))
        .set_pipeline_buffer_size(MAX_QUEUED_COMMANDS)
        .set_push_sender(sender);
    Ok((client.get_multiplexed_async_connection_with_config(&how).await?, pushes))
}

fn client_of(info: ConnectionInfo) -> Result<Client, EphemeralError> {
    Client::open(info).map_err(|_| EphemeralError::Url)
}

/// Returns what the URL says, with the settings of every connection to it.
pub(super) fn base_info(config: &EphemeralStore) -> Result<ConnectionInfo, EphemeralError> {
    // The library's error may quote the URL, and the URL contains a password.
    let info = config.url.as_str().into_connection_info().map_err(|_| EphemeralError::Url)?;
    // RESP3: a connection lost while idle is told as a push, and opened anew.
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

pub(super) async fn ping(connection: &mut MultiplexedConnection) -> RedisResult<()> {
    redis::cmd("PING").exec_async(connection).await
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Instant;

    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    /// Listens where every connection is counted, and ended at once.
    async fn count_connections() -> (Address, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, count) = (listener.local_addr().unwrap().port(), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&count);
        tokio::spawn(async move {
            while listener.accept().await.is_ok() {
                counted.fetch_add(1, Ordering::SeqCst);
            }
        });
        (("127.0.0.1".to_owned(), port), count)
    }

    /// Starts a sentinel that names whom it is told; returns its address.
    async fn start_sentinel(master: watch::Receiver<Address>) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer_commands(stream, master.clone()));
            }
        });
        address
    }

    /// Answers commands, each an array of texts: `*2`, `$4`, the text, `$4`, the text.
    async fn answer_commands(stream: TcpStream, master: watch::Receiver<Address>) {
        let (reading, mut writing) = stream.into_split();
        let mut lines = BufReader::new(reading).lines();
        while let Ok(Some(size)) = lines.next_line().await {
            let mut words = Vec::new();
            for _ in 0..size.trim_start_matches('*').parse::<usize>().unwrap() {
                lines.next_line().await.unwrap();
                words.extend(lines.next_line().await.unwrap());
            }
            let answer = if words.first().is_some_and(|word| word == "SENTINEL") {
                let (host, port) = master.borrow().clone();
                let port = port.to_string();
                format!("*2\r\n${}\r\n{host}\r\n${}\r\n{port}\r\n", host.len(), port.len())
            } else {
                "+OK\r\n".to_owned()
            };
            writing.write_all(answer.as_bytes()).await.unwrap();
        }
    }

    async fn wait_for_count(count: &AtomicUsize, expected: usize) {
        let began = Instant::now();
        while count.load(Ordering::SeqCst) < expected {
            assert!(began.elapsed() < Duration::from_secs(20), "nobody connects");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Asserts that nobody connects for longer than the longest delay between two attempts.
    async fn assert_left_alone(count: &AtomicUsize, what: &str) {
        let known = count.load(Ordering::SeqCst);
        tokio::time::sleep(2 * RECONNECT_DELAY.1).await;
        assert_eq!(count.load(Ordering::SeqCst), known, "{what}");
    }

    #[tokio::test]
    async fn a_former_master_is_left_alone_and_the_present_one_when_nobody_needs_it() {
        let ((former, at_former), (next, at_next)) = (count_connections().await, count_connections().await);
        let (named, master) = watch::channel(former);
        let config = EphemeralStore {
            url: "redis://anything".to_owned(),
            sentinels: vec![start_sentinel(master).await],
            ..EphemeralStore::default()
        };
        let present = open(&config).unwrap();
        wait_for_count(&at_former, 3).await;
        named.send_replace(next);
        wait_for_count(&at_next, 3).await;
        assert_left_alone(&at_former, "the one that was replaced").await;
        drop(present);
        // Until the question to the sentinels that is under way is answered.
        tokio::time::sleep(2 * RECONNECT_DELAY.1).await;
        assert_left_alone(&at_next, "the one that nobody needs").await;
    }

    #[tokio::test]
    async fn the_one_address_of_the_configuration_is_left_alone_when_nobody_needs_it() {
        let ((host, port), count) = count_connections().await;
        let url = format!("redis://{host}:{port}");
        let present = open(&EphemeralStore { url, ..EphemeralStore::default() }).unwrap();
        wait_for_count(&count, 3).await;
        drop(present);
        // Until an attempt that is under way is over.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_left_alone(&count, "nobody needs it").await;
    }

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
