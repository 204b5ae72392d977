//! The store shared by several servers: Redis, or a server compatible with its protocol.
//!
//! Keys are `<prefix>:v1:<namespace>:<digest of the key>`. Values are encrypted with a separate key derived from the
//! master key, and bound to namespace, key and expiry. An attacker able to **read** Redis learns the number and time of
//! sign-ins, but no usable code, `i` or `request_uri`, no account and no login hint. An attacker able to **write** can
//! delete records (a code, a claimed `jti` before its assertion expires) or restore a spent code of the last minute,
//! still useless without its client and code verifier; forging a record is impossible, and without the encryption would
//! permit signing in as any user. The encryption costs microseconds compared with a network round trip. Redis' own
//! expiry only frees memory; the caller's `now` is authoritative.
//!
//! Each operation is one round trip on one multiplexed connection with automatic reconnection. An operation without a
//! response within `ephemeral.answer_ms` is [`EphemeralError::Unavailable`]. No operation is retried here, because a
//! `take` with a lost response may have been executed: the code is then spent. Redis must not evict (`maxmemory-policy
//! noeviction`, checked by `doctor`).

mod connection;
mod diagnosis;
mod marks;
mod rates;
mod sentinels;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{RedisResult, Script, ScriptInvocation};

use connection::ConnectionWatch;
pub(super) use diagnosis::diagnose;

use super::{EphemeralError, Namespace, StoredRecord, TOMBSTONE_TTL, TakeResult, record_cost};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::config::EphemeralStore;
use crate::crypto::{AssociatedData, MasterKey};

/// The delay between the expiry of a record and its deletion by Redis, because the clocks of the servers and of Redis
/// may differ.
const EXPIRY_SLACK: Span = Span::minutes(1);
const MAX_TTL: Span = Span::days(366);

/// Takes a record. A record is `<end> <0|1> <expires> <sealed>`: the end is the expiry of the record or, once taken, of
/// its tombstone. KEYS: the record key. ARGV: now, the end of the tombstone, its TTL in milliseconds, and 1 if the
/// tombstone keeps the value.
const TAKE_SCRIPT: &str = r"
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
/// Checks and updates the quota counts, as in [`super::quota`]: one hash per owner, one field per time slice. KEYS 2
/// and 3: the hash of the owner and the hash of all owners. ARGV from 4: the slice of now, the slice of the expiry, the
/// cost, the maximum per owner, the maximum for all, the guaranteed room, and the TTL of the hashes in milliseconds.
const ADMIT_SCRIPT: &str = r"
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
/// Writes a record. KEYS 1: the record key. ARGV: (unused), the text, and its TTL in milliseconds.
const PUT_SCRIPT: (&str, &str) = ("", "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1");
/// Claims a key. KEYS 1: the record key. ARGV: now, the expiry, and the TTL in milliseconds.
const CLAIM_SCRIPT: (&str, &str) = (
    r"
local stop = redis.call('GET', KEYS[1])
if stop and tonumber(ARGV[1]) < (tonumber(stop) or 0) then return 0 end
",
    "redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) return 1",
);

pub struct RedisStore {
    connection: ConnectionWatch,
    master_key: MasterKey,
    prefix: String,
    take: Script,
    put: Script,
    claim: Script,
    mark: Script,
    counters: Script,
    /// The response timeout, short enough to detect a hanging store before a user notices (docs/threats.md#fault-rt07).
    response_timeout: Duration,
    /// True if the last operation failed, so the log reports an outage only once.
    is_failing: AtomicBool,
}

impl RedisStore {
    /// Connects in the background: a server started while Redis is down logs the fact and waits for Redis.
    ///
    /// # Errors
    /// The URL is invalid.
    pub(super) fn open(config: &EphemeralStore, master_key: &MasterKey) -> Result<Self, EphemeralError> {
        Ok(Self {
            connection: connection::open(config)?,
            master_key: MasterKey::new(*master_key.derive_key("ephemeral")?)?,
            prefix: config.prefix.clone(),
            take: Script::new(TAKE_SCRIPT),
            put: Script::new(&format!("{}{ADMIT_SCRIPT}{}", PUT_SCRIPT.0, PUT_SCRIPT.1)),
            claim: Script::new(&format!("{}{ADMIT_SCRIPT}{}", CLAIM_SCRIPT.0, CLAIM_SCRIPT.1)),
            mark: marks::script(),
            counters: rates::script(),
            response_timeout: Duration::from_millis(config.answer_ms),
            is_failing: AtomicBool::new(false),
        })
    }

    pub(super) async fn put(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        value: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<(), EphemeralError> {
        let sealed = self.master_key.seal(associated_data(kind, &row_key(key, expires)), value)?;
        let text = format!("{expires} 0 {expires} {sealed}");
        if kind.evicts() {
            // Bounding the memory of Redis is the operator's task; a code belongs to a signed-in user and is never
            // refused here.
            let mut set = redis::cmd("SET");
            set.arg(self.name(kind, key)).arg(text).arg("PX").arg(ttl_ms(expires, now));
            return self.call(kind, async |mut c| set.exec_async(&mut c).await).await;
        }
        let mut call = self.put.key(self.name(kind, key));
        call.arg("").arg(text).arg(ttl_ms(expires, now));
        self.add_quota_arguments(&mut call, owner, kind, record_cost(key, value), (expires, now));
        match self.call::<i64>(kind, async |mut c| call.invoke_async(&mut c).await).await? {
            1 => Ok(()),
            _ => Err(EphemeralError::Full(kind)),
        }
    }

    /// Adds the arguments of [`ADMIT_SCRIPT`].
    fn add_quota_arguments(
        &self,
        call: &mut ScriptInvocation<'_>,
        owner: &str,
        kind: Namespace,
        cost: usize,
        (expires, now): (Timestamp, Timestamp),
    ) {
        let quota = kind.quota();
        let counts = |whose: &str| format!("{}:v1:{}:{whose}", self.prefix, kind.name());
        call.key(counts(&format!("of:{}", sha256_base64url(owner)))).key(counts("of-all"));
        call.arg(quota.slice(now)).arg(quota.slice(expires)).arg(cost);
        call.arg(quota.per_owner).arg(quota.total).arg(quota.guaranteed);
        call.arg(ttl_ms(now.plus(Span(2 * quota.max_ttl.0)), now));
    }

    pub(super) async fn peek(
        &self,
        kind: Namespace,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<StoredRecord>, EphemeralError> {
        let mut get = redis::cmd("GET");
        get.arg(self.name(kind, key));
        let text: Option<String> = self.call(kind, async |mut c| get.query_async(&mut c).await).await?;
        let Some((stop, (taken, rest))) =
            text.as_deref().and_then(|t| Some((parse_expiry(t)?, t.split_once(' ')?.1.split_once(' ')?)))
        else {
            return Ok(None);
        };
        let taken = taken != "0";
        // For a taken record only the end of the tombstone counts.
        let open = || match taken && !kind.keeps_taken_value() {
            true => Some(String::new()),
            false => self.open_value(kind, key, rest, (!taken).then_some(now)),
        };
        let value = if now < stop { open() } else { None };
        Ok(value.map(|value| StoredRecord { value, consumed: taken }))
    }

    pub(super) async fn take(&self, kind: Namespace, key: &str, now: Timestamp) -> Result<TakeResult, EphemeralError> {
        let tomb = now.plus(TOMBSTONE_TTL);
        let mut call = self.take.key(self.name(kind, key));
        call.arg(now.0).arg(tomb.0).arg(ttl_ms(tomb, now)).arg(i32::from(kind.keeps_taken_value()));
        let found: Option<(String, String)> = self.call(kind, async |mut c| call.invoke_async(&mut c).await).await?;
        let Some((taken, rest)) = found else { return Ok(TakeResult::NotFound) };
        Ok(if taken == "0" {
            self.open_value(kind, key, &rest, Some(now)).map_or(TakeResult::NotFound, TakeResult::Taken)
        } else if kind.keeps_taken_value() {
            self.open_value(kind, key, &rest, None).map_or(TakeResult::NotFound, TakeResult::AlreadyTaken)
        } else {
            TakeResult::AlreadyTaken(String::new())
        })
    }

    pub(super) async fn remove(&self, kind: Namespace, key: &str) -> Result<(), EphemeralError> {
        let mut del = redis::cmd("DEL");
        del.arg(self.name(kind, key));
        self.call(kind, async |mut c| del.exec_async(&mut c).await).await
    }

    pub(super) async fn claim_once(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        expires: Timestamp,
        now: Timestamp,
    ) -> Result<bool, EphemeralError> {
        let mut call = self.claim.key(self.name(kind, key));
        call.arg(now.0).arg(expires.0).arg(ttl_ms(expires, now));
        self.add_quota_arguments(&mut call, owner, kind, super::CLAIM_COST_BYTES, (expires, now));
        match self.call::<i64>(kind, async |mut c| call.invoke_async(&mut c).await).await? {
            1 => Ok(true),
            0 => Ok(false),
            _ => Err(EphemeralError::Full(kind)),
        }
    }

    pub(super) async fn ping(&self) -> Result<(), EphemeralError> {
        self.call(Namespace::Code, async |mut c| connection::ping(&mut c).await).await
    }

    fn name(&self, kind: Namespace, key: &str) -> String {
        format!("{}:v1:{}:{}", self.prefix, kind.name(), sha256_base64url(key))
    }

    /// Decrypts the value of `<expires> <sealed>`. A value failing decryption is treated as unknown.
    fn open_value(&self, kind: Namespace, key: &str, rest: &str, now: Option<Timestamp>) -> Option<String> {
        let (expires, sealed) = rest.split_once(' ')?;
        let expires = Timestamp(expires.parse().ok()?);
        match self.master_key.open(associated_data(kind, &row_key(key, expires)), sealed) {
            // The end beside the value is not encrypted: postponing the end gains an attacker nothing.
            Ok(value) => now.is_none_or(|now| now < expires).then_some(value),
            Err(error) => {
                tracing::warn!(%error, "a record of the ephemeral store is not ours");
                None
            }
        }
    }

    async fn call<T>(
        &self,
        kind: Namespace,
        act: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, EphemeralError> {
        let done = self.call_once(kind, act).await;
        match (&done, self.is_failing.swap(done.is_err(), Ordering::Relaxed)) {
            (Err(error), false) => {
                tracing::error!(%error, "the ephemeral store fails; requests that need it get a 503")
            }
            (Ok(_), true) => tracing::info!("the ephemeral store answers again"),
            _ => {}
        }
        done
    }

    async fn call_once<T>(
        &self,
        kind: Namespace,
        act: impl AsyncFnOnce(MultiplexedConnection) -> RedisResult<T>,
    ) -> Result<T, EphemeralError> {
        if self.connection.borrow().is_unnamed() {
            return Err(EphemeralError::Unavailable("the sentinels have named no master yet".to_owned()));
        }
        let acting = async { Some(act(connection::wait_until_open(&self.connection).await?).await) };
        match tokio::time::timeout(self.response_timeout, acting).await {
            Ok(Some(Ok(value))) => Ok(value),
            Ok(Some(Err(error))) if error.code() == Some("OOM") => Err(EphemeralError::Full(kind)),
            Ok(Some(Err(error))) => Err(unavailable(error)),
            Ok(None) | Err(_) => {
                Err(EphemeralError::Unavailable(format!("no answer within {:?}", self.response_timeout)))
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what map_err gives")]
fn unavailable(error: redis::RedisError) -> EphemeralError {
    EphemeralError::Unavailable(error.to_string())
}

fn associated_data(kind: Namespace, row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "ephemeral", column: kind.name(), row }
}

fn row_key(key: &str, expires: Timestamp) -> String {
    format!("{expires}/{key}")
}

fn parse_expiry(text: &str) -> Option<Timestamp> {
    text.split_once(' ')?.0.parse().ok().map(Timestamp)
}

/// Returns the TTL for Redis, in milliseconds.
fn ttl_ms(expires: Timestamp, now: Timestamp) -> i64 {
    expires.since(now).0.clamp(0, MAX_TTL.0).saturating_add(EXPIRY_SLACK.0)
}
