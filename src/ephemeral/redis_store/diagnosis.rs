//! The report of `doctor` on Redis, over a new connection so that the cause of a failure is reported.

use redis::{AsyncConnectionConfig, Client};

use super::connection::{CONNECT_TIMEOUT, at, base_info};
use super::sentinels::Sentinels;
use super::unavailable;
use crate::config::EphemeralStore;
use crate::ephemeral::EphemeralError;

/// Reports on the Redis in use.
///
/// # Errors
/// Redis does not respond, evicts records, is a read-only replica or belongs to a Redis Cluster; or the sentinels name no
/// master.
pub(in crate::ephemeral) async fn diagnose(config: &EphemeralStore) -> Result<String, EphemeralError> {
    let base = base_info(config)?;
    let (info, named) = if config.sentinels.is_empty() {
        (base, String::new())
    } else {
        let answers = Sentinels::new(config)?.ask().await;
        let Some((master, votes)) = answers.elected() else {
            return Err(EphemeralError::Unavailable(answers.why_undecided()));
        };
        (at(&base, master), format!(", {}", answers.summary(master, votes)))
    };
    let client = Client::open(info).map_err(|_| EphemeralError::Url)?;
    let how = AsyncConnectionConfig::new()
        .set_connection_timeout(Some(CONNECT_TIMEOUT))
        .set_response_timeout(Some(CONNECT_TIMEOUT));
    let mut connection = client.get_multiplexed_async_connection_with_config(&how).await.map_err(unavailable)?;
    let info: String = redis::cmd("INFO").query_async(&mut connection).await.map_err(unavailable)?;
    let product = check(&info)?;
    Ok(format!("{product} at {}{named}", client.get_connection_info().addr()))
}

/// Returns the product and its version by what INFO says.
fn check(info: &str) -> Result<String, EphemeralError> {
    let told = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim);
    if told("redis_mode").is_some_and(|mode| mode == "cluster") || told("cluster_enabled").is_some_and(|on| on == "1") {
        return Err(EphemeralError::Cluster);
    }
    if let Some(policy) = told("maxmemory_policy").filter(|policy| *policy != "noeviction") {
        return Err(EphemeralError::EvictionPolicy(policy.to_owned()));
    }
    if told("role").is_some_and(|role| role != "master") {
        return Err(EphemeralError::Unavailable("it is a read-only replica".to_owned()));
    }
    // Valkey says besides to which version of Redis it is compatible.
    Ok(match told("valkey_version") {
        Some(version) => format!("Valkey {version}"),
        None => format!("Redis {}", told("redis_version").unwrap_or("of an unknown version")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_product_is_named_and_what_may_not_serve_is_refused() {
        let redis = "# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\nmaxmemory_policy:noeviction\r\nrole:master\r\n";
        assert_eq!(check(redis).unwrap(), "Redis 7.0.15");
        let valkey = format!("{redis}server_name:valkey\r\nvalkey_version:8.1.1\r\n");
        assert_eq!(check(&valkey).unwrap(), "Valkey 8.1.1");
        assert!(matches!(check(&redis.replace("standalone", "cluster")), Err(EphemeralError::Cluster)));
        assert!(matches!(check(&format!("{redis}cluster_enabled:1\r\n")), Err(EphemeralError::Cluster)));
        assert!(matches!(check(&redis.replace("noeviction", "allkeys-lru")), Err(EphemeralError::EvictionPolicy(_))));
        assert!(matches!(check(&redis.replace("role:master", "role:slave")), Err(EphemeralError::Unavailable(_))));
    }
}
