//! The store that several servers share: a Redis, or whatever speaks its protocol.
//!
//! Names are `<prefix>:v1:<kind>:<digest of the key>`, values sealed by a key of their own that comes from the master
//! key, bound to kind, key and expiry. So a thief who **reads** Redis learns how many sign-ins there are and when; no
//! code, `i` or `request_uri` that he could present, no account and no login hint. One who **writes** there can
//! forget (a code, a claimed `jti` until its assertion expires) or bring back a spent code of the last minute, which
//! still wants its client and verifier; he can make up none, which without the seal would be a sign-in as anybody.
//! Sealing costs microseconds beside a round trip. Redis' own expiry only frees memory; the `now` of the caller decides.
//!
//! Each operation is one round trip on one multiplexed connection, which comes back by itself. What does not answer
//! in `ephemeral.answer_ms` is [`Error::Unavailable`]; nothing is tried twice here, because a `take` that nobody heard of may
//! have happened: the code is then spent. Redis must not evict (`maxmemory-policy noeviction`, looked at by `doctor`).

mod rates;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::io::tcp::TcpSettings;
use redis::{
    AsyncConnectionConfig, Client, IntoConnectionInfo as _, ProtocolVersion, RedisResult, Script, ScriptInvocation,
};

use super::{Error, Kind, Seen, TOMBSTONE, Taken, cost};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::digest;
use crate::config::EphemeralStore;
use crate::seal::{Place, Vault};

const CONNECT: Duration = Duration::from_secs(1);
/// Between attempts to connect again, for ever: at first, and at most.
const AGAIN: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));
/// What was sent and is not even acknowledged by the other machine: the connection is dead.
const UNACKNOWLEDGED: Duration = Duration::from_secs(2);
/// Operations that may wait to be sent.
const QUEUE: usize = 1_000;
/// Redis frees a record this much later than it expires: the servers' clocks and its own may differ.
const SLACK: Span = Span::minutes(1);
const LONGEST: Span = Span::days(366);

/// A record is `<end> <0|1> <expires> <sealed>`: the end is its expiry, or once it is taken its tombstone's.
/// KEYS: the name. ARGV: now, the tombstone's end, its time to live, and whether the value is kept in it.
const TAKE: &str = r"
local text = redis.call('GET', KEYS[1])
if not text then return false end
local stop, taken, rest = string.match(text, '^(%d+) ([01]) (.+)$')
if not stop or tonumber(ARGV[1]) >= tonumber(stop) then return false end
if taken == '0' then
  local kept = ARGV[4] == '1' and rest or '0 -'
  redis.call('SET', KEYS[1], ARGV[2] .. ' 1 ' .. kept, 'PX', ARGV[3])
end
return {taken, rest}
";
/// The quota's counts, as in [`super::quota`]: a hash an owner, a field a slice of time. KEYS 2 and 3: the owner's and
/// that of all. ARGV from 4: the slice of now, that of the end, the cost, each, all, floor, and their time to live.
const ADMIT: &str = r"
local function sum(key)
  local fields, bytes = redis.call('HGETALL', key), 0
  for n = 1, #fields, 2 do
    if tonumber(fields[n]) < tonumber(ARGV[4]) then redis.call('HDEL', key, fields[n])
    else bytes = bytes + tonumber(fields[n + 1]) end
  end
  return bytes
end
local cost = tonumber(ARGV[6])
local own = sum(KEYS[2]) + cost
if own > tonumber(ARGV[7]) then return -1 end
if own > tonumber(ARGV[9]) and sum(KEYS[3]) + cost > tonumber(ARGV[8]) then return -1 end
for n = 2, 3 do
  redis.call('HINCRBY', KEYS[n], ARGV[5], cost)
  redis.call('PEXPIRE', KEYS[n], ARGV[10])
end
";
/// KEYS 1: the name. ARGV: (nothing), the text, and its time to live.
const PUT: (&str, &str) = ("", "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1");
/// KEYS 1: the name. ARGV: now, the expiry, and its time to live.
const CLAIM: (&str, &str) = (
    r"
local stop = redis.call('GET', KEYS[1])
if stop and tonumber(ARGV[1]) < (tonumber(stop) or 0) then return 0 end
",
    "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1",
);

pub struct Shared {
    connection: ConnectionManager,
    vault: Vault,
    prefix: String,
    take: Script,
    put: Script,
    claim: Script,
    tally: Script,
    /// A hang is found out before a person notices (docs/threats.md#fault-rt07).
    answer: Duration,
    /// Whether the last operation failed: the log says it once.
    away: AtomicBool,
}

impl Shared {
    /// Connects in the background: a server that starts while the store is away says so and waits for it.
    ///
    /// # Errors
    /// A url that is none.
    pub(super) fn open(config: &EphemeralStore, vault: &Vault) -> Result<Self, Error> {
        let client = client(config)?;
        let answer = Duration::from_millis(config.answer_ms);
        let how = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(answer))
            .set_number_of_retries(usize::MAX)
            .set_min_delay(AGAIN.0)
            .set_max_delay(AGAIN.1)
            .set_pipeline_buffer_size(QUEUE);
        let connection = ConnectionManager::new_lazy_with_config(client, how).map_err(away)?;
        let mut first = connection.clone();
        // The connection is made by whoever waits for it, and requests do not wait long enough.
        tokio::spawn(async move { ping(&mut first).await });
        Ok(Self {
            connection,
            vault: Vault::new(*vault.derive("ephemeral")?)?,
            prefix: config.prefix.clone(),
            take: Script::new(TAKE),
            put: Script::new(&format!("{}{ADMIT}{}", PUT.0, PUT.1)),
            claim: Script::new(&format!("{}{ADMIT}{}", CLAIM.0, CLAIM.1)),
            tally: rates::script(),
            answer,
            away: AtomicBool::new(false),
        })
    }

    pub(super) async fn put(
        &self,
        owner: &str,
        kind: Kind,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sealed = self.vault.seal(place(kind, &row(key, expires)), value)?;
        let text = format!("{expires} 0 {expires} {sealed}");
        if kind.evicts() {
            // Redis' memory is the operator's to bound; a code is a person's and is never refused here.
            let mut set = redis::cmd("SET");
            set.arg(self.name(kind, key)).arg(text).arg("PX").arg(life(expires, now));
            return self.ask(kind, async |mut c| set.exec_async(&mut c).await).await;
        }
        let mut call = self.put.key(self.name(kind, key));
        call.arg("").arg(text).arg(life(expires, now));
        self.admit(&mut call, owner, kind, cost(key, value), (expires, now));
        match self.ask::<i64>(kind, async |mut c| call.invoke_async(&mut c).await).await? {
            1 => Ok(()),
            _ => Err(Error::Full(kind)),
        }
    }

    /// What [`ADMIT`] wants to know.
    fn admit(
        &self,
        call: &mut ScriptInvocation<'_>,
        owner: &str,
        kind: Kind,
        cost: usize,
        (expires, now): (Timestamp, Timestamp),
    ) {
        let quota = kind.quota();
        let counts = |whose: &str| format!("{}:v1:{}:{whose}", self.prefix, kind.name());
        call.key(counts(&format!("of:{}", digest(owner)))).key(counts("of-all"));
        call.arg(quota.slice(now)).arg(quota.slice(expires)).arg(cost);
        call.arg(quota.each).arg(quota.all).arg(quota.floor);
        call.arg(life(now.plus(Span(2 * quota.longest.0)), now));
    }

    pub(super) async fn look(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Option<Seen>, Error> {
        let mut get = redis::cmd("GET");
        get.arg(self.name(kind, key));
        let text: Option<String> = self.ask(kind, async |mut c| get.query_async(&mut c).await).await?;
        let Some((stop, (taken, rest))) =
            text.as_deref().and_then(|t| Some((end(t)?, t.split_once(' ')?.1.split_once(' ')?)))
        else {
            return Ok(None);
        };
        let taken = taken != "0";
        // Once it is taken only its tombstone's end counts.
        let open = || match taken && !kind.remembers() {
            true => Some(String::new()),
            false => self.opened(kind, key, rest, (!taken).then_some(now)),
        };
        let value = if now < stop { open() } else { None };
        Ok(value.map(|value| Seen { value, taken }))
    }

    pub(super) async fn take(&self, kind: Kind, key: &str, now: Timestamp) -> Result<Taken, Error> {
        let tomb = now.plus(TOMBSTONE);
        let mut call = self.take.key(self.name(kind, key));
        call.arg(now.0).arg(tomb.0).arg(life(tomb, now)).arg(i32::from(kind.remembers()));
        let found: Option<(String, String)> = self.ask(kind, async |mut c| call.invoke_async(&mut c).await).await?;
        let Some((taken, rest)) = found else { return Ok(Taken::Unknown) };
        Ok(if taken == "0" {
            self.opened(kind, key, &rest, Some(now)).map_or(Taken::Unknown, Taken::Now)
        } else if kind.remembers() {
            self.opened(kind, key, &rest, None).map_or(Taken::Unknown, Taken::Before)
        } else {
            Taken::Before(String::new())
        })
    }

    pub(super) async fn remove(&self, kind: Kind, key: &str) -> Result<(), Error> {
        let mut del = redis::cmd("DEL");
        del.arg(self.name(kind, key));
        self.ask(kind, async |mut c| del.exec_async(&mut c).await).await
    }

    pub(super) async fn claim(
        &self,
        owner: &str,
        kind: Kind,
        key: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let mut call = self.claim.key(self.name(kind, key));
        call.arg(now.0).arg(expires.0).arg(life(expires, now));
        self.admit(&mut call, owner, kind, super::CLAIM, (expires, now));
        match self.ask::<i64>(kind, async |mut c| call.invoke_async(&mut c).await).await? {
            1 => Ok(true),
            0 => Ok(false),
            _ => Err(Error::Full(kind)),
        }
    }

    pub(super) async fn ping(&self) -> Result<(), Error> {
        self.ask(Kind::Code, async |mut c| ping(&mut c).await).await
    }

    fn name(&self, kind: Kind, key: &str) -> String {
        format!("{}:v1:{}:{}", self.prefix, kind.name(), digest(key))
    }

    /// The value of `<expires> <sealed>`. What does not open is as unknown as what is not there.
    fn opened(&self, kind: Kind, key: &str, rest: &str, now: Option<Timestamp>) -> Option<String> {
        let (expires, sealed) = rest.split_once(' ')?;
        let expires = Timestamp(expires.parse().ok()?);
        match self.vault.open(place(kind, &row(key, expires)), sealed) {
            // The end beside it is not sealed: whoever put it off gains nothing.
            Ok(value) => now.is_none_or(|now| now < expires).then_some(value),
            Err(error) => {
                tracing::warn!(%error, "a record of the ephemeral store is not ours");
                None
            }
        }
    }

    async fn ask<T>(&self, kind: Kind, act: impl AsyncFnOnce(ConnectionManager) -> RedisResult<T>) -> Result<T, Error> {
        let done = match tokio::time::timeout(self.answer, act(self.connection.clone())).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(error)) if error.code() == Some("OOM") => Err(Error::Full(kind)),
            Ok(Err(error)) => Err(away(error)),
            Err(_) => Err(Error::Unavailable(format!("no answer within {:?}", self.answer))),
        };
        match (&done, self.away.swap(done.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::error!(%error, "the ephemeral store fails; requests that need it get a 503")
            }
            (Ok(_), true) => tracing::info!("the ephemeral store answers again"),
            _ => {}
        }
        done
    }
}

/// What `doctor` says of the store, connected to afresh so that the reason of a failure is told.
///
/// # Errors
/// It does not answer, or it is one that forgets what it must keep.
pub(super) async fn examine(config: &EphemeralStore) -> Result<String, Error> {
    let client = client(config)?;
    let how = AsyncConnectionConfig::new().set_connection_timeout(Some(CONNECT)).set_response_timeout(Some(CONNECT));
    let mut connection = client.get_multiplexed_async_connection_with_config(&how).await.map_err(away)?;
    let info: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(away)?;
    let told = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    if let Some(policy) = told("maxmemory_policy").filter(|policy| *policy != "noeviction") {
        return Err(Error::Forgets(policy.to_owned()));
    }
    if told("role").is_some_and(|role| role != "master") {
        return Err(Error::Unavailable("it is a read-only replica".to_owned()));
    }
    let version = told("redis_version").unwrap_or("of an unknown version");
    Ok(format!("Redis {version} at {}", client.get_connection_info().addr()))
}

fn client(config: &EphemeralStore) -> Result<Client, Error> {
    // The library's error may quote the url, which holds a password.
    let not_one = |_| Error::Url;
    let info = config.url.as_str().into_connection_info().map_err(not_one)?;
    // RESP3: a connection that breaks while nobody uses it is noticed and made again.
    let settings = info.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
    let tcp = TcpSettings::default().set_nodelay(true).set_user_timeout(UNACKNOWLEDGED);
    Client::open(info.set_redis_settings(settings).set_tcp_settings(tcp)).map_err(not_one)
}

async fn ping(connection: &mut ConnectionManager) -> RedisResult<()> {
    redis::cmd("PING").exec_async(connection).await
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn away(error: redis::RedisError) -> Error {
    Error::Unavailable(error.to_string())
}

fn place(kind: Kind, row: &str) -> Place<'_> {
    Place { table: "ephemeral", column: kind.name(), row }
}

fn row(key: &str, expires: Timestamp) -> String {
    format!("{expires}/{key}")
}

fn end(text: &str) -> Option<Timestamp> {
    text.split_once(' ')?.0.parse().ok().map(Timestamp)
}

/// Redis' own expiry, in milliseconds.
fn life(expires: Timestamp, now: Timestamp) -> i64 {
    expires.since(now).0.clamp(0, LONGEST.0).saturating_add(SLACK.0)
}
