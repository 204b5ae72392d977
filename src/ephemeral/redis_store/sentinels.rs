//! Asks the sentinels of a Redis which one is the master, and has the connection follow it.
//!
//! Every sentinel is asked each half second, on a connection that is kept. The master is whom more than half of those of
//! the configuration name: one that was cut off and still names the former master is outvoted, and a former master that
//! comes back and says that it is one is not asked. While too few answer, the connection stays where it is: sentinels that
//! are away cost nothing as long as the master serves. The `redis` crate's own support of sentinels believes the first one
//! that answers, and gives connections that nobody renews (docs/decisions/0064-sentinels-are-asked-by-majority.md).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ConnectionInfo, RedisConnectionInfo};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::connection::{PresentConnection, at, base_info, keep};
use crate::config::EphemeralStore;
use crate::ephemeral::EphemeralError;

/// The interval between two questions to every sentinel.
const QUESTION_INTERVAL: Duration = Duration::from_millis(500);
/// The maximum time to connect to a sentinel and to get its answer.
const ANSWER_TIMEOUT: Duration = Duration::from_millis(500);

/// The address of a Redis or of a sentinel: host and port.
pub(super) type Address = (String, u16);

/// The answer of one sentinel: the master's address, or why there is none.
type Answer = Result<Address, String>;

/// A sentinel, with the connection that its last answer came by.
#[derive(Clone)]
struct Sentinel {
    client: Client,
    connection: Option<MultiplexedConnection>,
}

impl Sentinel {
    async fn ask(&mut self, master: &str) -> Answer {
        let answer = match tokio::time::timeout(ANSWER_TIMEOUT, self.ask_untimed(master)).await {
            Ok(Ok(Some(address))) => return Ok(address),
            // It answers, so the connection is good.
            Ok(Ok(None)) => return Err(format!("knows no master {master:?} (ephemeral.sentinel_master)")),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "does not answer".to_owned(),
        };
        self.connection = None;
        Err(answer)
    }

    async fn ask_untimed(&mut self, master: &str) -> redis::RedisResult<Option<Address>> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let how = AsyncConnectionConfig::new().set_connection_timeout(Some(ANSWER_TIMEOUT));
                none.insert(self.client.get_multiplexed_async_connection_with_config(&how).await?)
            }
        };
        redis::cmd("SENTINEL").arg("GET-MASTER-ADDR-BY-NAME").arg(master).query_async(connection).await
    }
}

/// The sentinels of the configuration, in its order.
pub(super) struct Sentinels {
    /// The name by which they know the master.
    master: String,
    members: Vec<(Address, Sentinel)>,
}

impl Sentinels {
    /// # Errors
    /// The URL is invalid.
    pub(super) fn new(config: &EphemeralStore) -> Result<Self, EphemeralError> {
        let base = base_info(config)?;
        let mut settings = RedisConnectionInfo::default();
        if let Some(password) = &config.sentinel_password {
            settings = settings.set_password(password);
        }
        let member = |address: Address| {
            let info: ConnectionInfo = at(&base, &address).set_redis_settings(settings.clone());
            let client = Client::open(info).map_err(|_| EphemeralError::Url)?;
            Ok((address, Sentinel { client, connection: None }))
        };
        let members = config.sentinel_addresses().into_iter().map(member).collect::<Result<_, EphemeralError>>()?;
        Ok(Self { master: config.sentinel_master.clone(), members })
    }

    /// Asks all of them at once.
    pub(super) async fn ask(&mut self) -> Answers {
        let mut asked = JoinSet::new();
        for (number, (_, sentinel)) in self.members.iter().enumerate() {
            let (mut sentinel, master) = (sentinel.clone(), self.master.clone());
            asked.spawn(async move {
                let answer = sentinel.ask(&master).await;
                (number, sentinel, answer)
            });
        }
        let mut answers: BTreeMap<usize, Answer> = BTreeMap::new();
        while let Some(told) = asked.join_next().await {
            let Ok((number, sentinel, answer)) = told else { continue };
            if let Some((_, member)) = self.members.get_mut(number) {
                *member = sentinel;
            }
            answers.insert(number, answer);
        }
        let silent = || Err("does not answer".to_owned());
        let of = |(number, (address, _)): (usize, &(Address, Sentinel))| {
            (address.clone(), answers.remove(&number).unwrap_or_else(silent))
        };
        Answers(self.members.iter().enumerate().map(of).collect())
    }

    /// Follows the master until nobody needs a connection any more.
    pub(super) async fn follow(
        mut self,
        client: impl Fn(&Address) -> Result<Client, EphemeralError>,
        answer: Duration,
        sender: Arc<watch::Sender<PresentConnection>>,
    ) {
        let mut present: Option<Address> = None;
        // At most one, which ends with this set.
        let mut keeper = JoinSet::new();
        let mut is_undecided = false;
        loop {
            let answers = self.ask().await;
            match answers.elected() {
                Some((master, votes)) => {
                    if std::mem::take(&mut is_undecided) {
                        tracing::info!("the sentinels of Redis agree again");
                    }
                    if present.as_ref() != Some(master) {
                        let (host, port) = master;
                        match client(master) {
                            Ok(client) => {
                                tracing::warn!(
                                    host,
                                    port,
                                    votes,
                                    "the connection to Redis is opened anew at this master"
                                );
                                // Waits for its end: it must not put the former connection back.
                                keeper.shutdown().await;
                                sender.send_replace(PresentConnection::Absent);
                                keeper.spawn(keep(client, answer, Arc::clone(&sender)));
                                present = Some(master.clone());
                            }
                            Err(error) => tracing::error!(%error, host, port, "no connection to this master"),
                        }
                    }
                }
                None if !is_undecided => {
                    let error = answers.why_undecided();
                    tracing::error!(
                        error,
                        "too few sentinels of Redis agree on a master; asked again each half second"
                    );
                    is_undecided = true;
                }
                None => {}
            }
            tokio::select! {
                () = sender.closed() => return,
                () = tokio::time::sleep(QUESTION_INTERVAL) => {}
            }
        }
    }
}

/// The answers of all sentinels, in the order of the configuration.
pub(super) struct Answers(Vec<(Address, Answer)>);

impl Answers {
    /// Returns the address that more than half of all sentinels name, and how many of them.
    pub(super) fn elected(&self) -> Option<(&Address, usize)> {
        let mut votes: BTreeMap<&Address, usize> = BTreeMap::new();
        for address in self.0.iter().filter_map(|(_, answer)| answer.as_ref().ok()) {
            *votes.entry(address).or_default() += 1;
        }
        votes.into_iter().find(|(_, votes)| 2 * votes > self.0.len())
    }

    /// Says who named the elected master, and of the others what they said.
    pub(super) fn summary(&self, master: &Address, votes: usize) -> String {
        let others: Vec<String> = self
            .0
            .iter()
            .filter(|(_, answer)| answer.as_ref() != Ok(master))
            .map(|(sentinel, answer)| said(sentinel, answer))
            .collect();
        let others = if others.is_empty() { String::new() } else { format!(" ({})", others.join("; ")) };
        format!("as {votes} of {} sentinels say{others}", self.0.len())
    }

    pub(super) fn why_undecided(&self) -> String {
        let all: Vec<String> = self.0.iter().map(|(sentinel, answer)| said(sentinel, answer)).collect();
        format!("more than half of the sentinels must name the same master: {}", all.join("; "))
    }
}

fn said((host, port): &Address, answer: &Answer) -> String {
    match answer {
        Ok((master, at)) => format!("{host}:{port} names {master}:{at}"),
        Err(why) => format!("{host}:{port}: {why}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u16) -> Address {
        (format!("10.0.0.{last}"), 6379)
    }

    fn answers(named: &[Option<u16>]) -> Answers {
        let sentinels = (1..).map(|number| (format!("s{number}"), 26379));
        let answer = |named: &Option<u16>| named.map(address).ok_or_else(|| "does not answer".to_owned());
        Answers(sentinels.zip(named.iter().map(answer)).collect())
    }

    #[test]
    fn the_master_is_whom_more_than_half_of_all_sentinels_name() {
        for (named, elected) in [
            (&[Some(31), Some(31), Some(31)][..], Some((31, 3))),
            (&[Some(31), None, Some(31)], Some((31, 2))),
            (&[Some(32), Some(31), Some(32)], Some((32, 2))),
            (&[Some(31), None, None], None),
            (&[Some(31), Some(32), None], None),
            (&[Some(31), Some(31), None, None], None),
            (&[Some(31)], Some((31, 1))),
            (&[None], None),
        ] {
            let elected = elected.map(|(last, votes)| (address(last), votes));
            assert_eq!(answers(named).elected().map(|(address, votes)| (address.clone(), votes)), elected, "{named:?}");
        }
    }

    #[test]
    fn who_said_what_stands_in_the_report() {
        let two = answers(&[Some(31), Some(32), Some(31)]);
        assert_eq!(two.summary(&address(31), 2), "as 2 of 3 sentinels say (s2:26379 names 10.0.0.32:6379)");
        assert_eq!(answers(&[Some(31)]).summary(&address(31), 1), "as 1 of 1 sentinels say");
        let none = answers(&[Some(31), None]).why_undecided();
        assert!(none.ends_with(": s1:26379 names 10.0.0.31:6379; s2:26379: does not answer"), "{none}");
    }

    #[tokio::test]
    async fn sentinels_that_are_not_there_name_nobody() {
        let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let config = EphemeralStore {
            url: "redis://anything".to_owned(),
            sentinels: vec![gone.to_string()],
            ..EphemeralStore::default()
        };
        let answers = Sentinels::new(&config).unwrap().ask().await;
        assert!(answers.elected().is_none());
        assert!(answers.why_undecided().contains(&gone.to_string()), "{}", answers.why_undecided());
    }
}
