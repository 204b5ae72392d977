//! Marks in Redis, as [`crate::ephemeral::marks`] has them: one sorted set of all, and one of each owner, by their ends.

use redis::Script;

use super::{RedisStore, ttl_ms};
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::ephemeral::marks::MarkRoom;
use crate::ephemeral::{EphemeralError, Namespace};

/// Marks a key. KEYS: the sets of all marks, of the owner's, of the owners by their number of marks, and of the owners by
/// the end of their last one. ARGV: now, the end, the mark, the room of an owner, of all, and the TTL of the sets in
/// milliseconds. An owner with the most marks is named by a key that is not among KEYS: no cluster is supported
/// (docs/decisions/0064-sentinels-are-asked-by-majority.md).
const MARK_SCRIPT: &str = r"
local all, own, sizes, lasts = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local known = redis.call('ZSCORE', all, ARGV[3])
if known and tonumber(ARGV[1]) < tonumber(known) then return 0 end
redis.call('ZREMRANGEBYSCORE', all, '-inf', ARGV[1])
redis.call('ZREMRANGEBYSCORE', own, '-inf', ARGV[1])
for _, ended in ipairs(redis.call('ZRANGEBYSCORE', lasts, '-inf', ARGV[1], 'LIMIT', 0, 4)) do
  redis.call('ZREM', sizes, ended)
  redis.call('ZREM', lasts, ended)
end
local function forget_first_of(owner)
  redis.call('ZREMRANGEBYSCORE', owner, '-inf', ARGV[1])
  local first = redis.call('ZPOPMIN', owner)
  if first[1] then redis.call('ZREM', all, first[1]) end
  local left = redis.call('ZCARD', owner)
  if left > 0 then redis.call('ZADD', sizes, left, owner) else redis.call('ZREM', sizes, owner) end
end
if redis.call('ZCARD', own) >= tonumber(ARGV[4]) then forget_first_of(own) end
while redis.call('ZCARD', all) >= tonumber(ARGV[5]) do
  local largest = redis.call('ZREVRANGE', sizes, 0, 0)
  if not largest[1] then break end
  forget_first_of(largest[1])
end
redis.call('ZADD', all, ARGV[2], ARGV[3])
redis.call('ZADD', own, ARGV[2], ARGV[3])
redis.call('ZADD', sizes, redis.call('ZCARD', own), own)
local last = redis.call('ZREVRANGE', own, 0, 0, 'WITHSCORES')
redis.call('ZADD', lasts, last[2], own)
for n = 1, 4 do redis.call('PEXPIRE', KEYS[n], ARGV[6]) end
return 1
";

pub(super) fn script() -> Script {
    Script::new(MARK_SCRIPT)
}

impl RedisStore {
    pub(in crate::ephemeral) async fn mark_once(
        &self,
        owner: &str,
        kind: Namespace,
        key: &str,
        ends: Timestamp,
        now: Timestamp,
    ) -> Result<bool, EphemeralError> {
        let (quota, room) = (kind.quota(), MarkRoom::from(kind.quota()));
        let set = |whose: &str| format!("{}:v1:{}:marks:{whose}", self.prefix, kind.name());
        let mut call = self.mark.key(set("all"));
        call.key(set(&format!("of:{}", sha256_base64url(owner)))).key(set("sizes")).key(set("lasts"));
        call.arg(now.0).arg(ends.0).arg(sha256_base64url(key)).arg(room.per_owner).arg(room.total);
        call.arg(ttl_ms(now.plus(Span(2 * quota.max_ttl.0)), now));
        Ok(self.call::<i64>(kind, async |mut c| call.invoke_async(&mut c).await).await? == 1)
    }
}
