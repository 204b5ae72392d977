//! Simulated school years (docs/threats.md#property-p13): families, schools and services of a small town live through a
//! year with one server, one act at a time, and some acts are broken off by a crash.
//!
//! A seed is a whole history: who lives in the town, which act comes when, which message is lost, and behind which commit
//! the server ends. The outbox is worked off between acts, so nothing depends on threads. After each act and each crash
//! everything is checked (`invariants`), and everything that an answer acknowledged is looked for (`oracle`). A
//! history that fails prints its replay: the seed, the act, and all acts until then.
//!
//! Parents and pupils live there, some with records of two academies: accounts are joined and separated, pupils move with
//! their INE, and signing keys are followed by others.
//!
//! No part of a year: a power failure that loses commits which wait for no disk, and second factors, which
//! `account_model` has; and the master key, which a house keeps for life.

mod acts;
mod crash;
mod dice;
mod exports;
mod faults;
mod invariants;
mod oracle;
mod people;
mod post;
mod state;
mod who;
mod world;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::PoisonError;
use std::thread::available_parallelism;
use std::time::Instant;

use tokio::runtime::Builder;
use tokio::task::JoinSet;

use crate::account_model::number;
use crate::support::database;
use world::{Trace, World};

/// The number of times that something came to its end.
type Counts = BTreeMap<&'static str, usize>;

/// A bound for a year whose time would not pass.
const MAX_ACTS_OF_YEAR: usize = 500;

/// A crash is a copy of an SQLite file and its log: another database has none.
fn is_for_another_database() -> bool {
    database::postgres().is_some()
}

/// A history that can be told again.
#[derive(Clone, Copy, Debug)]
struct History {
    seed: u64,
    max_acts: usize,
    /// The number of acts after which there is an account of nobody.
    planted_after: Option<usize>,
}

impl History {
    fn of_seed(seed: u64) -> Self {
        Self { seed, max_acts: MAX_ACTS_OF_YEAR, planted_after: None }
    }

    async fn live(self, trace: Trace) -> Result<Counts, String> {
        let mut world = Box::pin(World::begin(self.seed, trace)).await;
        for n in 0..self.max_acts {
            if world.has_ended() {
                world.count("a year");
                break;
            }
            if self.planted_after == Some(n) {
                world.plant_account_of_nobody().await;
            }
            Box::pin(world.step()).await?;
        }
        world.counts.insert("a lost message", world.post.lost_count());
        Ok(world.counts)
    }

    /// Tells the history on a thread of its own: the draws of several at once do not mix, and neither do their tasks.
    fn tell_alone(self) -> Result<Counts, String> {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Box::pin(self.tell())).1
    }

    /// Lives through the history. Returns its acts, and what failed.
    async fn tell(self) -> (Vec<String>, Result<Counts, String>) {
        let trace = Trace::default();
        let lived = tokio::spawn(Box::pin(self.live(trace.clone()))).await;
        let acts = trace.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let why = match lived {
            Ok(Ok(counts)) => return (acts, Ok(counts)),
            Ok(Err(why)) => why,
            Err(panicked) => panicked.to_string(),
        };
        let (seed, n) = (self.seed, acts.len());
        let numbered: Vec<String> = acts.iter().zip(1..).map(|(act, n)| format!("{n} {act}")).collect();
        let replay = format!(
            "seed {seed}, act {n}: {why}\nagain: TEST_FIRST_SEED={seed} TEST_YEARS=1 cargo test --test it -- --ignored \
             --nocapture a_thousand_school_years\n{}",
            numbered.join("\n")
        );
        (acts, Err(replay))
    }
}

/// Lives through the years of some seeds, some at once. Panics with the replay of the first that fails.
async fn live_years(seeds: Range<u64>, at_once: usize) -> Counts {
    let (began, mut waiting) = (Instant::now(), seeds);
    let (mut running, mut done, mut counts) = (JoinSet::new(), 0, Counts::new());
    loop {
        while running.len() < at_once {
            let Some(seed) = waiting.next() else { break };
            running.spawn_blocking(move || History::of_seed(seed).tell_alone());
        }
        let Some(ended) = running.join_next().await else { return counts };
        match ended.unwrap() {
            Ok(of_one) => of_one.into_iter().for_each(|(what, n)| *counts.entry(what).or_default() += n),
            Err(replay) => panic!("{replay}"),
        }
        done += 1;
        if done % 20 == 0 {
            eprintln!("{done} years in {} s: {counts:?}", began.elapsed().as_secs());
        }
    }
}

/// Asserts that each of these came to its end, or the years test less than they say.
fn assert_reached(counts: &Counts, all: &[&str]) {
    let missing: Vec<&&str> = all.iter().filter(|what| counts.get(**what).is_none_or(|n| *n == 0)).collect();
    assert!(missing.is_empty(), "never: {missing:?} in {counts:?}");
}

const REACHED_IN_TEN_YEARS: [&str; 17] = [
    "a crash within an act",
    "a lost message",
    "a move to another academy",
    "a pupil's password by letter",
    "a pupil's sheet",
    "a pupil's sign-in at a service",
    "a refresh",
    "a regroupement",
    "a roster",
    "a rotation of keys",
    "a school year",
    "a sign-in",
    "a sign-in at a service",
    "a year",
    "an activation",
    "an act of the help desk",
    "an old export refused",
];
const REACHED_IN_MANY_YEARS: [&str; 14] = [
    "a closed account that stays closed",
    "a closing",
    "a crash after an act",
    "a letter",
    "a parent's code",
    "a password by letter",
    "a pupil's address",
    "a pupil's password by mail",
    "a recovery",
    "a regroupement that is final",
    "a revoked key",
    "a step of the clock",
    "an undo of a regroupement",
    "no code by mail below fifteen",
];

#[tokio::test]
async fn property_p13_ten_school_years_lose_nothing_that_was_acknowledged() {
    if is_for_another_database() {
        return;
    }
    let counts = live_years(0..10, 1).await;
    assert_reached(&counts, &REACHED_IN_TEN_YEARS);
}

#[tokio::test]
async fn a_seed_gives_the_same_year_again() {
    if is_for_another_database() {
        return;
    }
    let history = History { max_acts: 12, ..History::of_seed(20) };
    // A crash comes at the same share of an act's commits; some are of jobs, which may be fewer at once.
    let told = |acts: Vec<String>| -> Vec<String> {
        acts.iter().map(|act| act.split(", a crash").next().unwrap().to_owned()).collect()
    };
    let (first, second) = (Box::pin(history.tell()).await, Box::pin(history.tell()).await);
    assert_eq!((told(first.0), first.1.is_ok()), (told(second.0), true));
}

#[tokio::test]
async fn a_year_that_fails_prints_its_replay() {
    if is_for_another_database() {
        return;
    }
    let history = History { planted_after: Some(3), ..History::of_seed(21) };
    let (acts, failed) = Box::pin(history.tell()).await;
    let replay = failed.unwrap_err();
    assert!(replay.starts_with("seed 21, act 4: an account without a person: planted"), "{replay}");
    assert!(replay.contains("TEST_FIRST_SEED=21 TEST_YEARS=1 cargo test"), "{replay}");
    assert_eq!(acts.len(), 4);
    for (act, n) in acts.iter().zip(1..) {
        assert!(replay.contains(&format!("\n{n} {act}")), "{replay}");
    }
}

/// CONTRIBUTING.md has the command; `TEST_YEARS` are the years, `TEST_FIRST_SEED` goes on where another run ended.
#[tokio::test]
#[ignore = "a night, for a thousand"]
async fn property_p13_a_thousand_school_years() {
    if is_for_another_database() {
        return;
    }
    let (first, years) = (number("TEST_FIRST_SEED", 0), number("TEST_YEARS", 1_000));
    let at_once = available_parallelism().map_or(1, std::num::NonZero::get);
    let counts = live_years(first..first + years, at_once).await;
    eprintln!("{counts:?}");
    if years >= 100 {
        assert_reached(&counts, &REACHED_IN_TEN_YEARS);
        assert_reached(&counts, &REACHED_IN_MANY_YEARS);
    }
}
