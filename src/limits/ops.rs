//! The only module deciding on limits by source (docs/decisions/0027-limits-by-source.md).
//!
//! A use case asks before any costly operation: before a password is hashed, before a row is written. Three scopes are
//! counted (a source, its network, all sources together), so neither a thousand addresses of one provider nor a
//! thousand providers evade the limit. Only failures are counted: correct passwords, correct codes and known devices
//! are not attacks. The limit of a source grows with every account recently authenticated from the source; the accounts
//! are counted only once the base limit is reached. No decision depends on the existence of an account.

use super::store::sources;
use super::{LimitReason, RateLimit, RateLimited};
use crate::app::{App, Operation};
use crate::base::clock::Timestamp;
use crate::base::source::{Network, SourceAddress};
use crate::base::typed_ids::AccountId;
use crate::crypto::HmacPurpose;
use crate::db::UnitOfWork;
use crate::ephemeral::{self, Admission, CounterUpdate, HourlyLimit, InFlightPermit, WindowCount};

/// A scope of counting: a source, a network or all sources.
struct LimitScope {
    reason: LimitReason,
    limit: HourlyLimit,
    /// The maximum number of accounts raising the limit; 0 if accounts do not raise the limit.
    max_accounts: u32,
    /// The network of the counted accounts; `None` for all accounts.
    network: Option<String>,
}

fn limiter_key(app: &App, text: &str) -> String {
    app.master_key.hmac(HmacPurpose::LimiterKey, text)
}

fn network_key(app: &App, network: Network) -> String {
    limiter_key(app, &format!("network/{network}"))
}

/// Returns the maximum number of accounts raising the limit of a source.
fn max_earning_accounts(app: &App) -> u32 {
    let figures = &app.config.limits;
    figures.earned_most.checked_div(figures.earned_by_account).unwrap_or(0)
}

fn limit_scopes(app: &App, action: RateLimit, source: SourceAddress) -> Vec<LimitScope> {
    let figures = &app.config.limits;
    let plain = if action == RateLimit::Activation { figures.activations } else { figures.wrong_sign_ins };
    let shared = figures.shared_sources.iter().any(|network| network.contains(source));
    let first = if shared { plain.max(figures.shared) } else { plain };
    let name = |of: &str| limiter_key(app, &format!("rate/{}/{of}", action.name()));
    let all = LimitScope {
        reason: LimitReason::Everywhere,
        limit: HourlyLimit { key: name("all"), max: plain.saturating_mul(figures.in_all) },
        max_accounts: max_earning_accounts(app).saturating_mul(figures.in_all),
        network: None,
    };
    // Behind an undeclared proxy all requests seem to have the same source, so only the total count is meaningful.
    if app.config.server.has_undeclared_proxy() {
        return vec![all];
    }
    let around = |reason, network: Network, times: u32| LimitScope {
        reason,
        limit: HourlyLimit { key: name(&network.to_string()), max: first.saturating_mul(times) },
        max_accounts: max_earning_accounts(app).saturating_mul(times),
        network: Some(network_key(app, network)),
    };
    vec![
        around(LimitReason::Source, source.narrow_network(), 1),
        around(LimitReason::Network, source.wide_network(), figures.wider),
        all,
    ]
}

/// Reads the counters, or increments the counter of every scope unless a scope is full. If a base limit is reached, the
/// limit is raised according to the known accounts and the decision is repeated.
async fn check_scopes(
    op: &Operation<'_>,
    tally: CounterUpdate,
    widths: &mut [LimitScope],
) -> anyhow::Result<Result<Vec<WindowCount>, (LimitReason, Timestamp)>> {
    let Operation { app, now, .. } = *op;
    let limits = |widths: &[LimitScope]| widths.iter().map(|width| width.limit.clone()).collect::<Vec<_>>();
    let ask = async |limits: &[HourlyLimit]| match app.ephemeral.update_counters(tally, limits, now).await {
        // Persons are protected by the budgets in SQL, so an unavailable store blocks nobody. The store has logged the
        // failure.
        Err(error) if error.is_transient() => Ok((false, vec![WindowCount::default(); limits.len()])),
        other => other,
    };
    let (full, counted) = ask(&limits(widths)).await?;
    if !full {
        return Ok(Ok(counted));
    }
    for (width, counted) in widths.iter_mut().zip(&counted) {
        if counted.total() >= width.limit.max && width.max_accounts > 0 {
            let accounts = match &width.network {
                Some(network) => sources::count(&mut app.db.read().await?, network, width.max_accounts, now).await?,
                None => count_active_accounts(app, width.max_accounts, now).await?,
            };
            let earned = accounts.saturating_mul(app.config.limits.earned_by_account);
            width.limit.max = width.limit.max.saturating_add(earned);
        }
    }
    let (full, counted) = ask(&limits(widths)).await?;
    let over = widths.iter().zip(&counted).find(|(width, counted)| counted.total() >= width.limit.max);
    Ok(match over.filter(|_| full) {
        Some((width, counted)) => Err((width.reason, counted.available_at(width.limit.max))),
        None => Ok(counted),
    })
}

/// Counts the active accounts. The count is some seconds old at most: during a spray each sign-in would count thousands of
/// rows.
async fn count_active_accounts(app: &App, most: u32, now: Timestamp) -> anyhow::Result<u32> {
    if let Some(count) = app.active_accounts.get(now) {
        return Ok(count);
    }
    let count = sources::count_active_accounts(&mut app.db.read().await?, most).await?;
    app.active_accounts.set(count, now);
    Ok(count)
}

fn record_rate_limited(
    app: &App,
    source: SourceAddress,
    action: RateLimit,
    (reason, until): (LimitReason, Timestamp),
) -> RateLimited {
    app.metrics.record_limited(action.name(), reason.name());
    tracing::info!(action = action.name(), reason = reason.name(), %source, %until, "refused by a limit");
    RateLimited { reason, until }
}

/// A permit to verify a password. The holder counts among the verifications in flight for its source.
pub struct SignInPermit<'a> {
    _in_flight: Option<InFlightPermit<'a>>,
    failure_keys: Option<FailureKeys>,
}

/// The counter names of a wrong password.
struct FailureKeys {
    limits: Vec<HourlyLimit>,
    password: String,
    password_at_source: Option<String>,
    identifiant: String,
}

/// Decides on the verification of a password for an identifiant. A known device of the person is always allowed.
pub async fn check_sign_in<'a>(
    op: &Operation<'a>,
    source: SourceAddress,
    identifiant: &str,
    password: &str,
    known_device: bool,
) -> anyhow::Result<Result<SignInPermit<'a>, RateLimited>> {
    let Operation { app, now, .. } = *op;
    if known_device {
        return Ok(Ok(SignInPermit { _in_flight: None, failure_keys: None }));
    }
    let no = |why| Ok(Err(record_rate_limited(app, source, RateLimit::WrongSignIn, why)));
    let figures = &app.config.limits;
    let password = limiter_key(app, &format!("password/{password}"));
    let here = (!app.config.server.has_undeclared_proxy()).then(|| format!("{password}/{}", source.narrow_network()));
    if let Some(here) = &here
        && let Some(until) = app.spray_detector.blocked_until(here, figures.spray_of_source, now)
    {
        return no((LimitReason::Spray, until));
    }
    if let Some(until) = app.spray_detector.blocked_until(&password, figures.spray_in_all, now) {
        return no((LimitReason::SprayEverywhere, until));
    }
    let mut widths = limit_scopes(app, RateLimit::WrongSignIn, source);
    let name = widths.first().map(|width| width.limit.key.clone()).unwrap_or_default();
    let mut turn = None;
    let inside = loop {
        let stamp = app.sign_in_limiter.release_count();
        let counted = match check_scopes(op, CounterUpdate::Read, &mut widths).await? {
            Ok(counted) => counted,
            Err(why) => return no(why),
        };
        let first = widths.first().zip(counted.first());
        let free = first.map_or(u32::MAX, |(width, counted)| width.limit.max.saturating_sub(counted.total()));
        match app.sign_in_limiter.try_acquire(&name, free, stamp) {
            Admission::Admitted(inside) => break inside,
            Admission::Stale => {}
            Admission::Full if turn.is_none() => turn = Some(app.sign_in_limiter.lock_queue(&name).await),
            Admission::Full => app.sign_in_limiter.wait_for_release(&name, stamp).await,
        }
    };
    drop(turn);
    // Counted once per identifiant, hour and source: repeated typing errors of one person do not attack another
    // account.
    let once = limiter_key(app, &format!("rate/once/{name}/{identifiant}"));
    let mut limits = vec![HourlyLimit { key: once, max: 1 }];
    limits.extend(widths.into_iter().map(|width| HourlyLimit { max: u32::MAX, ..width.limit }));
    let wrong = FailureKeys { limits, password, password_at_source: here, identifiant: limiter_key(app, identifiant) };
    Ok(Ok(SignInPermit { _in_flight: Some(inside), failure_keys: Some(wrong) }))
}

impl SignInPermit<'_> {
    /// Counts a wrong password, for existing and unknown identifiants alike.
    pub async fn record_failure(self, op: &Operation<'_>) -> Result<(), ephemeral::EphemeralError> {
        let Operation { app, now, .. } = *op;
        let Some(wrong) = &self.failure_keys else { return Ok(()) };
        let figures = &app.config.limits;
        if let Some(here) = &wrong.password_at_source {
            app.spray_detector.record_failure(here, &wrong.identifiant, figures.spray_of_source, now);
        }
        app.spray_detector.record_failure(&wrong.password, &wrong.identifiant, figures.spray_in_all, now);
        match app.ephemeral.update_counters(CounterUpdate::Increment, &wrong.limits, now).await {
            Err(error) if !error.is_transient() => Err(error),
            _ => Ok(()),
        }
    }
}

/// Counts a wrong token of the Admin API, each one once an hour; refuses to answer more than that once too many came from
/// there. Accounts that signed in there do not raise the limit.
pub async fn count_wrong_token(
    op: &Operation<'_>,
    source: SourceAddress,
    digest: &str,
) -> anyhow::Result<Result<(), RateLimited>> {
    let Operation { app, now, .. } = *op;
    let mut widths = limit_scopes(app, RateLimit::ApiToken, source);
    for width in &mut widths {
        width.max_accounts = 0;
    }
    if let Err(why) = check_scopes(op, CounterUpdate::Read, &mut widths).await? {
        return Ok(Err(record_rate_limited(app, source, RateLimit::ApiToken, why)));
    }
    let name = widths.first().map(|width| width.limit.key.clone()).unwrap_or_default();
    let mut limits = vec![HourlyLimit { key: limiter_key(app, &format!("rate/once/{name}/{digest}")), max: 1 }];
    limits.extend(widths.into_iter().map(|width| HourlyLimit { max: u32::MAX, ..width.limit }));
    match app.ephemeral.update_counters(CounterUpdate::Increment, &limits, now).await {
        Err(error) if !error.is_transient() => Err(error.into()),
        _ => Ok(Ok(())),
    }
}

/// Counts a request with a token of the Admin API. Returns the time of the next one if the hour's are used up.
pub async fn count_api_request(op: &Operation<'_>, token_id: &str) -> anyhow::Result<Option<Timestamp>> {
    let Operation { app, now, .. } = *op;
    let max = u32::try_from(RateLimit::ApiRequest.policy().max_attempts).unwrap_or(u32::MAX);
    let limit = HourlyLimit { key: limiter_key(app, &format!("rate/api/{token_id}")), max };
    match app.ephemeral.update_counters(CounterUpdate::Increment, std::slice::from_ref(&limit), now).await {
        Ok((true, counted)) => {
            app.metrics.record_limited(RateLimit::ApiRequest.name(), "budget");
            Ok(Some(counted.first().map_or(now, |counted| counted.available_at(max))))
        }
        // An unavailable store blocks nobody.
        Err(error) if !error.is_transient() => Err(error.into()),
        _ => Ok(None),
    }
}

/// True for the first call within an hour under a name, for what is recorded once an hour; also where the store cannot
/// say.
pub async fn is_first_of_hour(op: &Operation<'_>, name: &str) -> anyhow::Result<bool> {
    let Operation { app, now, .. } = *op;
    let once = HourlyLimit { key: limiter_key(app, &format!("once/{name}")), max: 1 };
    match app.ephemeral.update_counters(CounterUpdate::Increment, std::slice::from_ref(&once), now).await {
        Ok((is_over, _)) => Ok(!is_over),
        Err(error) if !error.is_transient() => Err(error.into()),
        Err(_) => Ok(true),
    }
}

/// Counts one more activation of a source and a browser if allowed, before any row is written. Returns the counter
/// names, needed to release the activation once its code is correct.
pub async fn count_activation(
    op: &Operation<'_>,
    source: SourceAddress,
    browser: &str,
) -> anyhow::Result<Result<String, RateLimited>> {
    let app = op.app;
    let mut widths = limit_scopes(app, RateLimit::Activation, source);
    let most = app.config.limits.activations_of_browser;
    let name = limiter_key(app, &format!("rate/activation/browser/{browser}"));
    widths.push(LimitScope {
        reason: LimitReason::Browser,
        limit: HourlyLimit { key: name, max: most },
        max_accounts: 0,
        network: None,
    });
    Ok(match check_scopes(op, CounterUpdate::Increment, &mut widths).await? {
        Ok(_) => Ok(widths.into_iter().map(|width| width.limit.key).collect::<Vec<_>>().join(" ")),
        Err(why) => Err(record_rate_limited(app, source, RateLimit::Activation, why)),
    })
}

/// Counts one more sign-in that a source starts through an upstream, before the upstream is called for it. The accounts
/// that signed in from there raise the limit, as for passwords.
pub async fn count_upstream_start(
    op: &Operation<'_>,
    source: SourceAddress,
) -> anyhow::Result<Result<(), RateLimited>> {
    let mut widths = limit_scopes(op.app, RateLimit::UpstreamStart, source);
    Ok(match check_scopes(op, CounterUpdate::Increment, &mut widths).await? {
        Ok(_) => Ok(()),
        Err(why) => Err(record_rate_limited(op.app, source, RateLimit::UpstreamStart, why)),
    })
}

/// Releases an activation once its code was correct or the activation turned out not to be new.
pub async fn release_activation(op: &Operation<'_>, counted: &str) -> Result<(), ephemeral::EphemeralError> {
    let Operation { app, now, .. } = *op;
    let name = |name: &str| HourlyLimit { key: name.to_owned(), max: u32::MAX };
    let limits: Vec<HourlyLimit> = counted.split(' ').filter(|name| !name.is_empty()).map(name).collect();
    match app.ephemeral.update_counters(CounterUpdate::Decrement, &limits, now).await {
        Err(error) if !error.is_transient() => Err(error),
        _ => Ok(()),
    }
}

/// Records the successful authentication of an account, which raises the limits of its networks.
pub async fn record_account_seen(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    source: SourceAddress,
    account: &AccountId,
) -> anyhow::Result<()> {
    let app = op.app;
    if app.config.server.has_undeclared_proxy() {
        return Ok(());
    }
    for (network, times) in [(source.narrow_network(), 1), (source.wide_network(), app.config.limits.wider)] {
        let member = limiter_key(app, &format!("network/{network}/{account}"));
        sources::record(tx, &network_key(app, network), &member, max_earning_accounts(app).saturating_mul(times))
            .await?;
    }
    Ok(())
}
