//! One history: a server, the people around it, and everything that is known of both.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use preau::app::Operation;
use preau::base::clock::{ManualClock, Span};
use preau::clients::GrantType;
use preau::jose::Alg;
use preau::protocol::scope::Scopes;
use preau::{audit, bootstrap};
use tempfile::TempDir;
use tokio::sync::watch;

use super::crash::{CrashPoint, WriteAheadLog};
use super::dice::Dice;
use super::exports::{SchoolExport, TakenRoster};
use super::oracle::Oracle;
use super::people::{SCHOOLS, Town};
use super::post::LossyGateway;
use super::state::State;
use super::who::{Life, Who};
use crate::support::TestServer;
use crate::support::server::{START_TIME, test_config};

pub const YEAR: Span = Span::days(365);
/// The time after which a server's hourly work is done before the next act.
const HOURS_BRING_WORK: Span = Span::hours(5);
/// The scopes that services ask for.
pub const SCOPES: &str = "openid profile phone education offline_access";

/// The lines of a replay: each act of a history.
pub type Trace = Arc<Mutex<Vec<String>>>;

/// An act that ended, in whatever way.
#[derive(Clone, Debug)]
pub struct Act {
    pub name: &'static str,
    pub word: String,
    pub who: Option<Who>,
    /// True if the person proved a code and the dates.
    pub is_proven: bool,
    /// The two accounts that the person proved to be one's own, or the two that were one.
    pub pair: Option<[String; 2]>,
}

impl Act {
    pub fn of(name: &'static str, who: Option<Who>, word: impl Into<String>) -> Self {
        Self { name, word: word.into(), who, is_proven: false, pair: None }
    }
}

pub struct World {
    pub server: TestServer,
    pub post: Arc<LossyGateway>,
    pub dice: Dice,
    pub town: Town,
    pub lives: BTreeMap<Who, Life>,
    /// The password that was chosen last for each account.
    pub chosen: BTreeMap<String, &'static str>,
    /// Identifiants and passwords of accounts that closed.
    pub closed: Vec<(String, &'static str)>,
    /// The last roster of each school that was taken.
    pub rosters: Vec<TakenRoster>,
    /// Every export that was delivered.
    pub exports: Vec<SchoolExport>,
    /// The schools whose roster was taken in the present act, with the commits until the answer.
    pub taken_now: Vec<(usize, usize)>,
    pub oracle: Oracle,
    /// The state after the last act.
    pub last_state: State,
    pub is_clock_back: bool,
    /// True in an act that a crash will break off.
    pub counts_commits: bool,
    school_year_began: bool,
    seed: u64,
    starts: u64,
    trace: Trace,
    /// The number of times that something came to its end.
    pub counts: BTreeMap<&'static str, usize>,
}

/// A database's bytes, its log, and the commits of the log that hold.
type DatabaseCopy<'a> = (&'a [u8], &'a WriteAheadLog, usize);

/// Starts a server in a folder of its own, on a new database or a copy.
async fn start(
    database: Option<DatabaseCopy<'_>>,
    (clock, post): (Arc<ManualClock>, &Arc<LossyGateway>),
    seed: u64,
) -> TestServer {
    let folder = TempDir::new().unwrap();
    let mut config = test_config(&folder).await;
    // Those that sign something here: each more is a slow generation of keys.
    config.keys.algorithms = vec![Alg::RS256, Alg::ES256];
    config.keys.rotate_after_days = 120;
    if let Some((bytes, log, commits)) = database {
        let file = sqlite_file(&config.database.url);
        fs::write(&file, bytes).unwrap();
        log.write_cut(&file, commits);
    }
    let server = TestServer::build_with_sms(config, clock, Arc::new(folder), seed, post.clone()).await;
    for client in ["ent", "ent-toulouse", "bourses"] {
        server
            .change_client(client, |meta| {
                meta.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
                meta.scopes = Scopes::parse(SCOPES).unwrap();
                meta.former_subs = true;
            })
            .await;
    }
    server
}

fn sqlite_file(url: &str) -> PathBuf {
    PathBuf::from(url.strip_prefix("sqlite:").unwrap())
}

impl World {
    /// Begins a history: the schools have given their rosters, and their campaigns are open.
    pub async fn begin(seed: u64, trace: Trace) -> Self {
        let dice = Dice::of_seed(seed);
        let town = Town::begin(&dice);
        let post = Arc::new(LossyGateway::of_seed(seed));
        let clock = Arc::new(ManualClock::at(START_TIME));
        let server = Box::pin(start(None, (clock, &post), seed_of_start(seed, 0))).await;
        for school in &SCHOOLS {
            server.set_campaign(school.uai, Span(0), Span::days(400)).await;
        }
        let mut world = World {
            lives: BTreeMap::new(),
            chosen: BTreeMap::new(),
            closed: Vec::new(),
            server,
            post,
            dice,
            town,
            rosters: vec![TakenRoster::default(); SCHOOLS.len()],
            exports: Vec::new(),
            taken_now: Vec::new(),
            oracle: Oracle::default(),
            last_state: State::default(),
            is_clock_back: false,
            counts_commits: false,
            school_year_began: false,
            seed,
            starts: 0,
            trace,
            counts: BTreeMap::new(),
        };
        world.meet_newcomers();
        for school in 0..SCHOOLS.len() {
            world.deliver(school).await;
        }
        // A mobile that the school has just written down serves no recovery.
        world.server.advance(Span::days(4));
        world.end_act(State::read(&world.server).await);
        world
    }

    pub fn database_file(&self) -> PathBuf {
        sqlite_file(&self.server.app.config.database.url)
    }

    /// Replaces the server by one on a copy of its database. Browsers keep their cookies, the store in memory is empty.
    pub async fn start_on_copy(&mut self, database: &[u8], log: &WriteAheadLog, commits: usize) {
        self.starts += 1;
        let (clock, seed) = (Arc::clone(&self.server.clock), seed_of_start(self.seed, self.starts));
        let server = Box::pin(start(Some((database, log, commits)), (clock, &self.post), seed)).await;
        let former = std::mem::replace(&mut self.server, server);
        former.app.db.close().await;
        for life in self.lives.values_mut() {
            life.browser = life.browser.at_server(&self.server);
        }
    }

    pub fn count(&mut self, what: &'static str) {
        *self.counts.entry(what).or_default() += 1;
    }

    /// True if the year is over.
    pub fn has_ended(&self) -> bool {
        self.server.now() >= START_TIME.plus(YEAR)
    }

    /// Writes down a school's families, and gives the export to the house. Returns whether it was taken.
    pub async fn deliver(&mut self, school: usize) -> bool {
        let export = SchoolExport::write(&self.town, school, self.server.now());
        let (taken, _) = export.deliver(&self.server).await;
        if taken {
            let links = self.town.links_at(school);
            self.rosters[school] = TakenRoster { exported_at: export.exported_at.clone(), links };
            self.taken_now.push((school, self.commit_count()));
            self.count("a roster");
        }
        self.exports.push(export);
        taken
    }

    /// Lets some time pass, often none to speak of.
    async fn pass_time(&self) -> Span {
        let (short, long) = (Span::minutes(7), HOURS_BRING_WORK);
        let span = self.dice.pick(&[short, short, short, long, long, Span::days(2), Span::days(9), Span::days(45)]);
        self.let_pass(span).await;
        Box::pin(self.tend_keys()).await;
        span
    }

    /// Advances the time, which a server writes down each minute.
    pub async fn let_pass(&self, span: Span) {
        self.server.advance(span);
        self.server.app.db.record_time(self.server.now()).await.unwrap();
    }

    /// Does what a server does each hour: it seals the journal, tells and closes what is due, and cleans.
    async fn do_hourly_work(&mut self) {
        self.learn_who_is_gone();
        let app = &self.server.app;
        while audit::ops::seal(Operation::of_job(app, "seal").storage()).await.unwrap() > 0 {}
        let (_running, stop) = watch::channel(false);
        Box::pin(bootstrap::delete_expired(app, &stop)).await.unwrap();
        self.server.drain_outbox().await;
    }

    /// Lives through one act, some broken off by a crash, and checks everything after it.
    pub async fn step(&mut self) -> Result<(), String> {
        let span = Box::pin(self.pass_time()).await;
        self.note(format!("after {} min", span.0 / 60_000));
        if span >= HOURS_BRING_WORK {
            // It is no act of anybody.
            self.do_hourly_work().await;
            let now = State::read(&self.server).await;
            self.check(&now, &Act::of("the hours", None, ""), None)?;
            self.end_act(now);
        }
        let before = match self.dice.one_in(6) {
            true => Some(self.prepare_crash()),
            false => None,
        };
        let act = match !self.school_year_began && self.is_after_holidays() {
            true => {
                self.school_year_began = true;
                Box::pin(self.begin_school_year()).await
            }
            false => Box::pin(self.act()).await?,
        };
        self.server.drain_outbox().await;
        self.amend(&act.word);
        let now = State::read(&self.server).await;
        self.check(&now, &act, None)?;
        self.check_tokens(&now).await?;
        match before {
            None => self.end_act(now),
            Some(before) => {
                let word = Box::pin(self.crash(before, &act, CrashPoint::AnyCommit)).await?;
                self.amend(&word);
            }
        }
        Ok(())
    }

    /// Checks the database as it is.
    pub async fn check_now(&self, act: &Act) -> Result<(), String> {
        self.check(&State::read(&self.server).await, act, None)
    }

    /// Remembers the state for the next act.
    pub fn end_act(&mut self, now: State) {
        self.oracle.settle(&now);
        self.oracle.learn_joins(&self.last_state, &now, self.server.now());
        self.taken_now.clear();
        self.counts_commits = false;
        self.learn_accounts(&now);
        self.last_state = now;
    }

    /// True from the first of September after the start.
    fn is_after_holidays(&self) -> bool {
        const FIRST_OF_SEPTEMBER: Span = Span::days(281);
        self.server.now() >= START_TIME.plus(FIRST_OF_SEPTEMBER)
    }

    fn note(&self, line: String) {
        self.trace.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// Adds words to the line of the present act.
    pub fn amend(&self, words: &str) {
        if let Some(line) = self.trace.lock().unwrap_or_else(PoisonError::into_inner).last_mut() {
            line.push_str(", ");
            line.push_str(words);
        }
    }
}

/// Returns the seed of a server's draws: none draws the ids of another again, nor those of the prepared rows.
fn seed_of_start(seed: u64, starts: u64) -> u64 {
    1_000 + seed * 1_000 + starts
}
