//! Checks of the database and of what is stored in it. None counts rows whose number grows with the accounts.

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::ClientId;
use crate::config::Config;
use crate::crypto::MasterKey;
use crate::db::{Db, MIGRATION_COUNT, PoolerState};
use crate::http::pages::dates::paris_time;
use crate::jose::KeyState;
use crate::keys::rotation::KeyProblem;
use crate::{clients, keys, logouts, otp, outbox};

/// The age beyond which a waiting job counts as stuck: codes are expected within a minute.
const MAX_QUEUE_DELAY: Span = Span::minutes(2);
/// The earliest plausible time: no version of this program existed before 2024.
const EARLIEST_PLAUSIBLE_TIME: Timestamp = Timestamp(1_704_067_200_000);

/// Checks that the database has this program's schema.
pub async fn check_migrations(db: &Db) -> anyhow::Result<String> {
    let (schema, want) = (db.schema_status().await?, MIGRATION_COUNT());
    let have = want - schema.missing.len();
    anyhow::ensure!(schema.missing.is_empty(), "{have} of {want} are applied: run `preau migrate`");
    let newer = match schema.unknown.len() {
        0 => String::new(),
        n => format!("; {n} more of a newer version, which this one does not need"),
    };
    Ok(format!("{have} of {want}{newer}"))
}

/// Checks that a pooler follows prepared statements. Which version it is, only its own console says.
pub async fn check_pooler(db: &Db) -> anyhow::Result<String> {
    match db.check_pooler().await? {
        PoolerState::LosesStatements => anyhow::bail!(
            "it loses prepared statements: PgBouncer 1.21 or newer with max_prepared_statements above 0 is needed, and \
             this one is older (`pgbouncer --version`) or has 0"
        ),
        PoolerState::FollowsStatements => Ok("follows prepared statements".to_owned()),
        PoolerState::Unknown => {
            Ok("not tried: a second of its connections was not free (default_pool_size is 2 or more)".to_owned())
        }
        PoolerState::Absent => Ok("none".to_owned()),
    }
}

/// Checks that each algorithm has a key that signs, and that keys follow each other in time. `remedy` says what to do
/// about a problem.
pub async fn check_signing_keys(
    db: &Db,
    master_key: &MasterKey,
    (config, now): (&Config, Timestamp),
    remedy: fn(&KeyProblem) -> &'static str,
) -> anyhow::Result<String> {
    keys::ops::load(db, master_key).await?;
    let lives = keys::ops::lifecycles(db).await?;
    let ailments = keys::rotation::problems(&lives, now, keys::ops::rotation_policy(&config.keys));
    let ailments: Vec<String> =
        ailments.iter().map(|ailment: &KeyProblem| format!("{ailment}{}", remedy(ailment))).collect();
    anyhow::ensure!(ailments.is_empty(), "{}", ailments.join("; "));
    let active = |alg| lives.iter().find(|key| key.alg == alg && key.state == KeyState::Active);
    let ages = config.keys.algorithms.iter().copied().filter_map(active);
    let ages = ages.map(|key| format!("{} signs since {}", key.alg.name(), paris_time(key.since)));
    Ok(ages.collect::<Vec<_>>().join(", "))
}

/// Checks that messages leave.
pub async fn check_outbox(db: &Db, now: Timestamp) -> anyhow::Result<String> {
    let (waiting, oldest) = outbox::backlog(&mut db.read().await?).await?;
    if let Some(oldest) = oldest.map(Timestamp) {
        let since = paris_time(oldest);
        anyhow::ensure!(
            now.since(oldest) < MAX_QUEUE_DELAY,
            "{waiting} messages wait, the oldest since {since}: does `preau serve` run, does the gateway answer?"
        );
    }
    Ok(format!("{waiting} messages wait"))
}

/// Checks that SMS are sent, and says how much of the caps is used.
pub async fn check_sms(db: &Db, config: &Config, now: Timestamp) -> anyhow::Result<String> {
    if let Some(outage) = otp::ops::active_outages(db, now).await?.first() {
        let (reason, since) = (outage.reason.name(), paris_time(outage.began_at));
        let remedy = outage.remedy(&config.sms);
        anyhow::bail!("{reason}: {} (since {since}, {} times): {remedy}", outage.detail, outage.refusals);
    }
    let (used, cap) = (otp::ops::sent_today(&mut db.read().await?, now).await?, config.sms.daily_cap);
    let gateway = if config.sms.fallback.is_some() { ", by the primary gateway" } else { "" };
    let caps = otp::ops::used_caps(&mut db.read().await?, config, now).await?;
    let caps: String = caps.iter().map(|used| format!("; {used}")).collect();
    Ok(format!("{used} of the {cap} of the day (sms.daily_cap){gateway}{caps}"))
}

/// Lists undelivered back-channel logouts: for information only, as no operator here can repair a relying party.
pub async fn logout_summary(db: &Db) -> anyhow::Result<String> {
    let rows = logouts::store::count_undelivered(&mut db.read().await?).await?;
    let text: Vec<String> = rows.into_iter().map(|(client, state, n)| format!("{client}: {n} {state}")).collect();
    Ok(if text.is_empty() { "all of the last 30 days".to_owned() } else { text.join(", ") })
}

/// Lists clients sending neither PKCE nor nonce: for information only, as the requests are the relying party's choice.
pub async fn unprotected_codes_summary(db: &Db, now: Timestamp) -> anyhow::Result<String> {
    let bare = clients::ops::list_unprotected(&mut db.read().await?, now).await?;
    let text = match bare.is_empty() {
        true => "every client sends PKCE or nonce".to_owned(),
        false => format!(
            "neither PKCE nor nonce from {}: see `preau client show`",
            bare.iter().map(ClientId::as_str).collect::<Vec<_>>().join(", ")
        ),
    };
    Ok(text)
}

/// Checks the time of this machine against the database's and the other servers'.
pub async fn check_clock(db: &Db, now: Timestamp) -> anyhow::Result<String> {
    anyhow::ensure!(now >= EARLIEST_PLAUSIBLE_TIME, "it says {}: set it, tokens are signed with it", paris_time(now));
    if let Some(theirs) = db.server_time().await? {
        anyhow::ensure!(
            now.since(theirs).0.abs() < Span::minutes(1).0,
            "it says {}, the database's machine says {}: set them alike",
            paris_time(now),
            paris_time(theirs)
        );
    }
    // Audit events in the future do no harm, but the recorded time holds every server's clock there.
    if let Some(seen) = db.last_seen_time().await? {
        anyhow::ensure!(
            seen.since(now) < Span::minutes(1),
            "it says {}, but a server of this house was at {}: set it; or, if it is right now, run \
             `preau doctor --clock-is-right` and start the servers again",
            paris_time(now),
            paris_time(seen)
        );
    }
    Ok(format!("{} in Paris", paris_time(now)))
}
