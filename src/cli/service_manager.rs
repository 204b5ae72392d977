//! Tells the service manager how far the server is (sd_notify(3)): ready, stopping, and alive for its watchdog.
//!
//! A message is one datagram to the socket that `NOTIFY_SOCKET` names; without it nothing is sent. A message that is not
//! taken stops nothing: it is logged. Whether the server can serve is for `/readyz` to say, not for the watchdog, which
//! only sees that the process still runs its tasks.

use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::time::Duration;

use tokio::task::JoinHandle;

/// The way to the service manager, if there is one.
#[derive(Clone, Debug, Default)]
pub struct ServiceManager {
    address: Option<SocketAddr>,
    /// The time within which the manager wants a sign of life.
    watchdog: Option<Duration>,
}

impl ServiceManager {
    /// Returns the manager that started this process.
    #[expect(clippy::disallowed_methods, reason = "systemd speaks to its services by the environment")]
    pub fn of_environment() -> Self {
        let socket = std::env::var_os("NOTIFY_SOCKET");
        let [interval, process] = ["WATCHDOG_USEC", "WATCHDOG_PID"].map(|name| std::env::var(name).ok());
        let own = std::process::id().to_string();
        // A watchdog for another process, such as a parent that passed its environment on, is not ours.
        let interval = interval.filter(|_| process.is_none_or(|process| process == own));
        match socket.as_deref().map(address).transpose() {
            Ok(address) => Self { address: address.flatten(), watchdog: interval.as_deref().and_then(parse_interval) },
            Err(error) => {
                tracing::warn!(%error, "NOTIFY_SOCKET is no address of a socket: the service manager learns nothing");
                Self::default()
            }
        }
    }

    /// Tells that requests are answered.
    pub fn ready(&self) {
        self.send("READY=1\nSTATUS=Serving");
    }

    /// Tells that the stop has begun, while requests are still answered.
    pub fn stopping(&self) {
        self.send("STOPPING=1\nSTATUS=Finishing what is under way");
    }

    /// Gives a sign of life twice in each interval, if the manager wants one, until the task is aborted.
    pub fn spawn_watchdog(&self) -> Option<JoinHandle<()>> {
        let interval = self.watchdog.filter(|_| self.address.is_some())? / 2;
        let manager = self.clone();
        Some(tokio::spawn(async move {
            loop {
                manager.send("WATCHDOG=1");
                tokio::time::sleep(interval).await;
            }
        }))
    }

    fn send(&self, message: &'static str) {
        let Some(address) = &self.address else { return };
        if let Err(error) = send_datagram(address, message.as_bytes()) {
            tracing::warn!(%error, message, "the service manager did not take a message");
        }
    }
}

/// Sends without waiting: a manager whose queue is full must not hold a task.
fn send_datagram(address: &SocketAddr, message: &[u8]) -> io::Result<()> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.send_to_addr(message, address).map(|_| ())
}

/// Parses the address of a socket: a path, or with an @ at its beginning a name of Linux's abstract sockets. `None` if it
/// is empty.
fn address(text: &OsStr) -> io::Result<Option<SocketAddr>> {
    match text.as_bytes() {
        [] => Ok(None),
        #[cfg(target_os = "linux")]
        [b'@', name @ ..] => <SocketAddr as std::os::linux::net::SocketAddrExt>::from_abstract_name(name).map(Some),
        [b'/', ..] => SocketAddr::from_pathname(text).map(Some),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "it begins neither with / nor with @")),
    }
}

/// Parses `WATCHDOG_USEC`; an interval that is none, or none that can be kept, is left out.
fn parse_interval(text: &str) -> Option<Duration> {
    text.parse().ok().map(Duration::from_micros).filter(|interval| *interval >= Duration::from_millis(10))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manager(address: SocketAddr, watchdog: Option<Duration>) -> ServiceManager {
        ServiceManager { address: Some(address), watchdog }
    }

    fn receive(socket: &UnixDatagram) -> String {
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut buffer = [0; 200];
        let read = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..read].to_vec()).unwrap()
    }

    #[tokio::test]
    async fn the_manager_hears_at_its_socket_that_the_server_is_ready_alive_and_stopping() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        let manager = manager(address(path.as_os_str()).unwrap().unwrap(), parse_interval("20000"));
        manager.ready();
        assert!(receive(&socket).starts_with("READY=1\n"));
        let watchdog = manager.spawn_watchdog().unwrap();
        let (socket, heard) = tokio::task::spawn_blocking(move || {
            let heard = [receive(&socket), receive(&socket)];
            (socket, heard)
        })
        .await
        .unwrap();
        assert_eq!(heard, ["WATCHDOG=1", "WATCHDOG=1"]);
        watchdog.abort();
        assert!(watchdog.await.unwrap_err().is_cancelled());
        manager.stopping();
        // A last sign of life may have been under way.
        let last = std::iter::repeat_with(|| receive(&socket)).find(|message| message != "WATCHDOG=1").unwrap();
        assert!(last.starts_with("STOPPING=1\n"), "{last}");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_abstract_socket_hears_too() {
        let name = format!("@preau-test-{}", std::process::id());
        let there = address(OsStr::new(&name)).unwrap().unwrap();
        let socket = UnixDatagram::bind_addr(&there).unwrap();
        manager(there, None).ready();
        assert!(receive(&socket).starts_with("READY=1"));
    }

    #[test]
    fn without_a_manager_nothing_is_sent_and_one_that_is_gone_stops_nothing() {
        let none = ServiceManager::default();
        none.ready();
        assert!(none.spawn_watchdog().is_none());
        let folder = tempfile::tempdir().unwrap();
        let gone = address(folder.path().join("gone").as_os_str()).unwrap().unwrap();
        assert!(send_datagram(&gone, b"READY=1").is_err());
        manager(gone, None).ready();
        assert!(address(OsStr::new("")).unwrap().is_none());
        assert!(address(OsStr::new("vsock:2:1")).is_err());
        for nothing in ["", "soon", "0", "-1"] {
            assert_eq!(parse_interval(nothing), None, "{nothing}");
        }
    }
}
