//! The one place that decides whether too much comes from somewhere (docs/decisions/0027-limits-by-source.md).
//!
//! A use case asks before it does anything that costs: before a password is hashed, before a row is written. Three
//! widths are counted (a source, the network behind it, all together), so that neither a thousand addresses of one
//! provider nor a thousand providers get past. Only what fails is counted: right passwords, right codes and known
//! devices are nobody's attack. A source earns more with every account that was right there lately, which is looked up
//! only once the plain figure is reached. Nothing here depends on whether an account exists.

use super::store::sources;
use super::{Action, Reason, Refused};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::source::{Network, Source};
use crate::db::Tx;
use crate::ephemeral::{self, Counted, Entry, Inside, Limit, Tally};
use crate::seal::Blind;

/// One of the widths at which something is counted.
struct Width {
    reason: Reason,
    limit: Limit,
    /// How many accounts can add to it, at most; 0 where none does.
    accounts: u32,
    /// The network whose accounts they are; `None`: all of them.
    network: Option<String>,
}

fn keyed(app: &App, text: &str) -> String {
    app.vault.blind(Blind::Budget, text)
}

fn network_key(app: &App, network: Network) -> String {
    keyed(app, &format!("network/{network}"))
}

/// How many accounts of a source can add to what it may have.
fn earners(app: &App) -> u32 {
    let figures = &app.config.limits;
    figures.earned_most.checked_div(figures.earned_by_account).unwrap_or(0)
}

fn widths(app: &App, action: Action, source: Source) -> Vec<Width> {
    let figures = &app.config.limits;
    let plain = if action == Action::Activation { figures.activations } else { figures.wrong_sign_ins };
    let shared = figures.shared_sources.iter().any(|network| network.contains(source));
    let first = if shared { plain.max(figures.shared) } else { plain };
    let name = |of: &str| keyed(app, &format!("rate/{}/{of}", action.name()));
    let all = Width {
        reason: Reason::Everywhere,
        limit: Limit { name: name("all"), most: plain.saturating_mul(figures.in_all) },
        accounts: earners(app).saturating_mul(figures.in_all),
        network: None,
    };
    // Everybody seems to come from a proxy that nobody named: then only what all do together says anything.
    if app.config.server.hides_sources() {
        return vec![all];
    }
    let around = |reason, network: Network, times: u32| Width {
        reason,
        limit: Limit { name: name(&network.to_string()), most: first.saturating_mul(times) },
        accounts: earners(app).saturating_mul(times),
        network: Some(network_key(app, network)),
    };
    vec![around(Reason::Source, source.narrow(), 1), around(Reason::Network, source.wide(), figures.wider), all]
}

/// Reads, or adds one under every width, unless one of them is full. Where the plain figure is reached, what it has
/// earned is looked up and it is judged again.
async fn within(
    app: &App,
    now: Timestamp,
    tally: Tally,
    widths: &mut [Width],
) -> anyhow::Result<Result<Vec<Counted>, (Reason, Timestamp)>> {
    let limits = |widths: &[Width]| widths.iter().map(|width| width.limit.clone()).collect::<Vec<_>>();
    let ask = async |limits: &[Limit]| match app.ephemeral.tally(tally, limits, now).await {
        // What protects a person is elsewhere; a store that is away shuts nobody out. It has said so itself.
        Err(error) if error.is_passing() => Ok((false, vec![Counted::default(); limits.len()])),
        other => other,
    };
    let (full, counted) = ask(&limits(widths)).await?;
    if !full {
        return Ok(Ok(counted));
    }
    for (width, counted) in widths.iter_mut().zip(&counted) {
        if counted.total() >= width.limit.most && width.accounts > 0 {
            let mut tx = app.db.read().await?;
            let accounts = match &width.network {
                Some(network) => sources::count(&mut tx, network, width.accounts, now).await?,
                None => sources::active(&mut tx, width.accounts).await?,
            };
            let earned = accounts.saturating_mul(app.config.limits.earned_by_account);
            width.limit.most = width.limit.most.saturating_add(earned);
        }
    }
    let (full, counted) = ask(&limits(widths)).await?;
    let over = widths.iter().zip(&counted).find(|(width, counted)| counted.total() >= width.limit.most);
    Ok(match over.filter(|_| full) {
        Some((width, counted)) => Err((width.reason, counted.until(width.limit.most))),
        None => Ok(counted),
    })
}

fn refused(app: &App, source: Source, action: Action, (reason, until): (Reason, Timestamp)) -> Refused {
    app.metrics.limited(action.name(), reason.name());
    tracing::info!(action = action.name(), reason = reason.name(), %source, %until, "refused by a limit");
    Refused { reason, until }
}

/// A password that may be judged. Whoever holds it has a place among those of its source that are judged right now.
pub struct Judging<'a> {
    _inside: Option<Inside<'a>>,
    wrong: Option<Wrong>,
}

/// Under which names it counts if it is wrong.
struct Wrong {
    limits: Vec<Limit>,
    password: String,
    password_here: Option<String>,
    identifiant: String,
}

/// Whether a password may be judged for an identifiant. For a device that the person is known on, always.
pub async fn sign_in<'a>(
    app: &'a App,
    now: Timestamp,
    source: Source,
    (identifiant, password): (&str, &str),
    known_device: bool,
) -> anyhow::Result<Result<Judging<'a>, Refused>> {
    if known_device {
        return Ok(Ok(Judging { _inside: None, wrong: None }));
    }
    let no = |why| Ok(Err(refused(app, source, Action::WrongSignIn, why)));
    let figures = &app.config.limits;
    let password = keyed(app, &format!("password/{password}"));
    let here = (!app.config.server.hides_sources()).then(|| format!("{password}/{}", source.narrow()));
    if let Some(here) = &here
        && let Some(until) = app.sprays.until(here, figures.spray_of_source, now)
    {
        return no((Reason::Spray, until));
    }
    if let Some(until) = app.sprays.until(&password, figures.spray_in_all, now) {
        return no((Reason::SprayEverywhere, until));
    }
    let mut widths = widths(app, Action::WrongSignIn, source);
    let name = widths.first().map(|width| width.limit.name.clone()).unwrap_or_default();
    let mut turn = None;
    let inside = loop {
        let stamp = app.gate.stamp();
        let counted = match within(app, now, Tally::Read, &mut widths).await? {
            Ok(counted) => counted,
            Err(why) => return no(why),
        };
        let first = widths.first().zip(counted.first());
        let free = first.map_or(u32::MAX, |(width, counted)| width.limit.most.saturating_sub(counted.total()));
        match app.gate.enter(&name, free, stamp) {
            Entry::Inside(inside) => break inside,
            Entry::Stale => {}
            Entry::Full if turn.is_none() => turn = Some(app.gate.turn(&name).await),
            Entry::Full => app.gate.left(&name, stamp).await,
        }
    };
    drop(turn);
    // Once an identifiant, an hour and a source: the same person mistyping again is no other account attacked.
    let once = keyed(app, &format!("rate/once/{name}/{identifiant}"));
    let mut limits = vec![Limit { name: once, most: 1 }];
    limits.extend(widths.into_iter().map(|width| Limit { most: u32::MAX, ..width.limit }));
    let wrong = Wrong { limits, password, password_here: here, identifiant: keyed(app, identifiant) };
    Ok(Ok(Judging { _inside: Some(inside), wrong: Some(wrong) }))
}

impl Judging<'_> {
    /// It was wrong: it counts, whether or not anybody is so called.
    pub async fn wrong(self, app: &App, now: Timestamp) -> Result<(), ephemeral::Error> {
        let Some(wrong) = &self.wrong else { return Ok(()) };
        let figures = &app.config.limits;
        if let Some(here) = &wrong.password_here {
            app.sprays.wrong(here, &wrong.identifiant, figures.spray_of_source, now);
        }
        app.sprays.wrong(&wrong.password, &wrong.identifiant, figures.spray_in_all, now);
        match app.ephemeral.tally(Tally::Add, &wrong.limits, now).await {
            Err(error) if !error.is_passing() => Err(error),
            _ => Ok(()),
        }
    }
}

/// Counts one more activation of a source and a browser, if it may begin: before any row is written. Gives the names
/// under which it counts until its code is right.
pub async fn activation(
    app: &App,
    now: Timestamp,
    source: Source,
    browser: &str,
) -> anyhow::Result<Result<String, Refused>> {
    let mut widths = widths(app, Action::Activation, source);
    let most = app.config.limits.activations_of_browser;
    let name = keyed(app, &format!("rate/activation/browser/{browser}"));
    widths.push(Width { reason: Reason::Browser, limit: Limit { name, most }, accounts: 0, network: None });
    Ok(match within(app, now, Tally::Add, &mut widths).await? {
        Ok(_) => Ok(widths.into_iter().map(|width| width.limit.name).collect::<Vec<_>>().join(" ")),
        Err(why) => Err(refused(app, source, Action::Activation, why)),
    })
}

/// It met a right code, or was no new one: it counts no more.
pub async fn forgive(app: &App, now: Timestamp, counted: &str) -> Result<(), ephemeral::Error> {
    let name = |name: &str| Limit { name: name.to_owned(), most: u32::MAX };
    let limits: Vec<Limit> = counted.split(' ').filter(|name| !name.is_empty()).map(name).collect();
    match app.ephemeral.tally(Tally::Take, &limits, now).await {
        Err(error) if !error.is_passing() => Err(error),
        _ => Ok(()),
    }
}

/// An account was right here: its networks may have more.
pub async fn seen(tx: &mut Tx, app: &App, now: Timestamp, source: Source, account: &str) -> anyhow::Result<()> {
    if app.config.server.hides_sources() {
        return Ok(());
    }
    for (network, times) in [(source.narrow(), 1), (source.wide(), app.config.limits.wider)] {
        let member = keyed(app, &format!("network/{network}/{account}"));
        sources::seen(tx, &network_key(app, network), &member, earners(app).saturating_mul(times), now).await?;
    }
    Ok(())
}
