//! Rates in the store that several servers share: a hash a name, slot to count.
//!
//! Not sealed: a count tells nothing without the name, and the name is a digest of what the caller has keyed already.
//! Who writes in Redis can free a source, or hold one for an hour.

use redis::Script;

use super::Shared;
use crate::base::clock::Timestamp;
use crate::base::secret::digest;
use crate::ephemeral::rates::{Counted, KEPT, Limit, SLOTS, Tally, slot};
use crate::ephemeral::{Error, Kind};

/// KEYS: the names. ARGV: what to do (0 reads, 1 adds, -1 takes), the slot of now, how many slots count, a name's time
/// to live; then the most of each name. Gives whether one was full, and the slots of each name with their counts.
const TALLY: &str = r"
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

/// The script, loaded by Redis at its first use.
pub(super) fn script() -> Script {
    Script::new(TALLY)
}

impl Shared {
    pub(in crate::ephemeral) async fn tally(
        &self,
        tally: Tally,
        limits: &[Limit],
        now: Timestamp,
    ) -> Result<(bool, Vec<Counted>), Error> {
        let act = match tally {
            Tally::Read => 0,
            Tally::Add => 1,
            Tally::Take => -1,
        };
        let mut call = self.tally.prepare_invoke();
        for limit in limits {
            call.key(format!("{}:v1:rate:{}", self.prefix, digest(&limit.name)));
        }
        call.arg(act).arg(slot(now)).arg(SLOTS).arg(KEPT.0);
        for limit in limits {
            call.arg(limit.most);
        }
        let told: Vec<String> = self.ask(Kind::Code, async |mut c| call.invoke_async(&mut c).await).await?;
        let full = told.first().is_some_and(|full| full == "1");
        let counted = told.iter().skip(1).map(|text| Counted::from_slots(now, slots(text))).collect();
        Ok((full, counted))
    }
}

fn slots(text: &str) -> impl Iterator<Item = (i64, u32)> {
    text.split(' ').filter_map(|part| {
        let (at, count) = part.split_once(':')?;
        Some((at.parse().ok()?, count.parse().ok()?))
    })
}
