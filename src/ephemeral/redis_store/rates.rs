//! Rate counters in the shared store: one hash per name, with a count per slot.
//!
//! Counts are not encrypted: a count reveals nothing without the name, and the name is a digest of a key already keyed
//! by the caller. An attacker able to write to Redis can unblock a source or block a source for an hour.

use redis::Script;

use super::RedisStore;
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::ephemeral::rate_counters::{COUNTER_TTL, CounterUpdate, HourlyLimit, SLOT_COUNT, WindowCount, slot_of};
use crate::ephemeral::{EphemeralError, Namespace};

/// Reads and updates the counters. KEYS: the names. ARGV: the operation (0 reads, 1 adds, -1 subtracts), the current
/// slot, the number of slots in the window, the TTL of a name in milliseconds; then the maximum of each name. Returns 1
/// if a name had reached its maximum, and the slots of each name with their counts.
const COUNTERS_SCRIPT: &str = r"
local act, now, slots = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local out, full = {'0'}, false
for i, key in ipairs(KEYS) do
  local all = redis.call('HGETALL', key)
  local sum, parts = 0, {}
  for f = 1, #all, 2 do
    local at, count = tonumber(all[f]), tonumber(all[f + 1])
    if at > now then
      redis.call('HDEL', key, all[f])
      redis.call('HINCRBY', key, now, count)
      at = now
    end
    if at <= now - slots then
      redis.call('HDEL', key, all[f])
    else
      sum = sum + count
      parts[#parts + 1] = at .. ':' .. count
    end
  end
  if sum >= tonumber(ARGV[4 + i]) then full = true end
  out[i + 1] = table.concat(parts, ' ')
end
if full then out[1] = '1' end
if act == 1 and not full then
  for _, key in ipairs(KEYS) do
    redis.call('HINCRBY', key, now, 1)
    redis.call('PEXPIRE', key, ARGV[4])
  end
elseif act == -1 then
  for _, key in ipairs(KEYS) do
    for at = now, now - slots + 1, -1 do
      if tonumber(redis.call('HGET', key, at) or '0') > 0 then
        redis.call('HINCRBY', key, at, -1)
        break
      end
    end
  end
end
return out
";

/// Returns the script, loaded into Redis at its first use.
pub(super) fn script() -> Script {
    Script::new(COUNTERS_SCRIPT)
}

impl RedisStore {
    pub(in crate::ephemeral) async fn update_counters(
        &self,
        tally: CounterUpdate,
        limits: &[HourlyLimit],
        now: Timestamp,
    ) -> Result<(bool, Vec<WindowCount>), EphemeralError> {
        let act = match tally {
            CounterUpdate::Read => 0,
            CounterUpdate::Increment => 1,
            CounterUpdate::Decrement => -1,
        };
        let mut call = self.counters.prepare_invoke();
        for limit in limits {
            call.key(format!("{}:v1:rate:{}", self.prefix, sha256_base64url(&limit.key)));
        }
        call.arg(act).arg(slot_of(now)).arg(SLOT_COUNT).arg(COUNTER_TTL.0);
        for limit in limits {
            call.arg(limit.max);
        }
        let told: Vec<String> = self.call(Namespace::Code, async |mut c| call.invoke_async(&mut c).await).await?;
        let full = told.first().is_some_and(|full| full == "1");
        let counted = told.iter().skip(1).map(|text| WindowCount::from_slots(now, parse_slots(text))).collect();
        Ok((full, counted))
    }
}

fn parse_slots(text: &str) -> impl Iterator<Item = (i64, u32)> {
    text.split(' ').filter_map(|part| {
        let (at, count) = part.split_once(':')?;
        Some((at.parse().ok()?, count.parse().ok()?))
    })
}
