//! Random sequences of activation, recovery, letters, regroupement and closing, in three browsers at once, against what
//! must hold after every step (docs/threats.md#property-p01).
//!
//! A step opens a door or goes on with the page that a browser shows, rightly or wrongly. The same seed gives the same
//! sequence. A sequence begins with a copy of a database that was prepared once: making it anew took longer than the
//! walk.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::{AddAssign, Range};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::Instant;

use preau::app::Operation;
use preau::base::clock::{ManualClock, Span, Timestamp};
use preau::base::profile::Profile;
use preau::base::rng::{Random, SeededRandom};
use preau::base::uai::Uai;
use preau::config::Config;
use preau::credentials::totp::TotpSecret;
use preau::db::Durability;
use preau::letters::ops::recipients::{self, LetterScope};
use preau::letters::ops::{LetterOrder, draw, issue};
use preau::{my_account, regroup};
use tempfile::TempDir;
use tokio::sync::OnceCell;
use tokio::task::JoinSet;

use crate::support::deployment::{MONOD, TOULOUSE};
use crate::support::server::test_config;
use crate::support::{Browser, TestFamily, TestRelyingParty, TestServer, database};

const PASSWORDS: [&str; 2] = ["Cheval-7-bleu", "Tilleul+9-orage"];
const DATES: [(&str, &str); 2] = [("Zoé", "14/02/2013"), ("Noé", "02/03/2011")];
const BROWSERS: u32 = 3;

/// The world in which a sequence begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beginning {
    /// Two records of Anne, and no account.
    Nothing,
    /// An account for each record.
    TwoAccounts,
    /// The same, and an application that gives codes on the first one.
    OneFactor,
}

impl Beginning {
    const ALL: [Self; 3] = [Self::Nothing, Self::TwoAccounts, Self::OneFactor];

    fn of_seed(seed: u64) -> Self {
        Self::ALL[usize::try_from(seed % 3).unwrap()]
    }
}

/// A prepared database, with its time and the secret of the application.
struct PreparedWorld {
    file: Vec<u8>,
    at: Timestamp,
    secret: Option<String>,
}

/// A browser, and what was proven in its current flow.
struct Visitor {
    browser: Browser,
    sms_code: String,
    code_proven: bool,
    date_proven: bool,
    factor_proven: bool,
}

/// The number of times each flow came to its end.
#[derive(Clone, Copy, Debug, Default)]
struct FlowCounts {
    first_passwords: i64,
    new_passwords: i64,
    past_factors: i64,
    letters: i64,
    joined: i64,
    separated: i64,
    closed: i64,
}

impl AddAssign for FlowCounts {
    fn add_assign(&mut self, other: Self) {
        self.first_passwords += other.first_passwords;
        self.new_passwords += other.new_passwords;
        self.past_factors += other.past_factors;
        self.letters += other.letters;
        self.joined += other.joined;
        self.separated += other.separated;
        self.closed += other.closed;
    }
}

struct World {
    server: TestServer,
    visitors: Vec<Visitor>,
    /// The secret of the application of one of the accounts.
    secret: Option<TotpSecret>,
    /// Identifiant and code of the letters printed so far.
    letters: Vec<(String, String)>,
    told_subs: BTreeSet<String>,
    /// By account, like the next one.
    identifiants: BTreeMap<String, String>,
    passwords: BTreeMap<String, String>,
    subjects: BTreeMap<String, String>,
    past_factors: i64,
    trace: Vec<String>,
}

/// Anne's record in Toulouse, without a mobile.
fn toulouse() -> TestFamily {
    let children = vec![(910_001, "Noé", "02/03/2011", "3 C")];
    TestFamily { key: 510_001, phone: "05 61 00 00 10", children, ..TestFamily::durand() }
}

/// Starts a server with both records, four days later.
async fn prepare(beginning: Beginning) -> (TestServer, Option<TotpSecret>) {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
    server.import_families("toulouse", TOULOUSE, &[toulouse()]).await;
    server.set_campaign(MONOD, Span(0), Span::days(365)).await;
    server.advance(Span::days(4));
    if beginning == Beginning::Nothing {
        return (server, None);
    }
    let first = server.create_account_of("montpellier", &TestFamily::durand()).await;
    server.create_account_of("toulouse", &toulouse()).await;
    let secret = match beginning {
        Beginning::OneFactor => Some(server.enrol_application(&first).await),
        Beginning::Nothing | Beginning::TwoAccounts => None,
    };
    server.advance(Span::minutes(2));
    (server, secret)
}

fn database_file(config: &Config) -> PathBuf {
    PathBuf::from(config.database.url.strip_prefix("sqlite:").unwrap())
}

/// Starts a server of its own for a sequence, by a copy of the prepared file where the database is one.
async fn start(seed: u64) -> (TestServer, Option<TotpSecret>) {
    static PREPARED: [OnceCell<PreparedWorld>; 3] = [const { OnceCell::const_new() }; 3];
    let beginning = Beginning::of_seed(seed);
    if database::postgres().is_some() {
        return prepare(beginning).await;
    }
    let make = || async {
        let (server, secret) = prepare(beginning).await;
        let (at, path) = (server.now(), database_file(&server.app.config));
        server.app.db.close().await;
        PreparedWorld { file: fs::read(path).unwrap(), at, secret: secret.map(|s| s.to_base32().to_string()) }
    };
    let world = PREPARED[beginning as usize].get_or_init(make).await;
    let folder = TempDir::new().unwrap();
    let config = test_config(&folder).await;
    fs::write(database_file(&config), &world.file).unwrap();
    let (clock, folder) = (Arc::new(ManualClock::at(world.at)), Arc::new(folder));
    // Another seed than that of the prepared rows, or ids would be drawn again.
    let server = TestServer::build(config, clock, folder, seed + 2).await;
    (server, world.secret.as_deref().map(|text| TotpSecret::parse(text).unwrap()))
}

/// Everything that is checked after a step, in one statement: what there is, and what must never be.
const STATE: &str = "SELECT 'identifiant', id, identifiant FROM account \
     UNION ALL SELECT 'password', id, password FROM account WHERE password IS NOT NULL \
     UNION ALL SELECT 'factor', account_id, id FROM totp WHERE confirmed_at IS NOT NULL \
     UNION ALL SELECT 'subject', space || ' ' || account_id, value FROM subject \
     UNION ALL SELECT 'held', s.space || ' ' || s.value, s.account_id FROM subject s \
     JOIN account a ON a.id = s.account_id WHERE a.merged_into IS NULL \
     UNION ALL SELECT 'held', f.space || ' ' || f.value, f.account_id FROM former_subject f \
     JOIN account a ON a.id = f.account_id WHERE a.merged_into IS NULL \
     UNION ALL SELECT 'fault', 'an account without a person', a.id FROM account a WHERE a.state <> 'closed' \
     AND NOT EXISTS (SELECT 1 FROM person p WHERE p.account_id = a.id) \
     UNION ALL SELECT 'fault', 'a person of a closed account', p.id FROM person p \
     JOIN account a ON a.id = p.account_id WHERE a.state = 'closed' \
     UNION ALL SELECT 'fault', 'an alias of an alias', a.id FROM account a JOIN account k ON k.id = a.merged_into \
     WHERE k.merged_into IS NOT NULL \
     UNION ALL SELECT 'fault', 'an active account without a password', id FROM account \
     WHERE state = 'active' AND password IS NULL \
     UNION ALL SELECT 'fault', 'a session of an account that is not active', s.id FROM session s \
     JOIN account a ON a.id = s.account_id WHERE s.ended_at IS NULL AND a.state <> 'active'";

impl World {
    async fn new(seed: u64) -> Self {
        let (server, secret) = start(seed).await;
        let visitor = || Visitor {
            browser: Browser::new(&server),
            sms_code: String::new(),
            code_proven: false,
            date_proven: false,
            factor_proven: false,
        };
        let mut world = World {
            visitors: (0..BROWSERS).map(|_| visitor()).collect(),
            server,
            secret,
            letters: Vec::new(),
            told_subs: BTreeSet::new(),
            identifiants: BTreeMap::new(),
            passwords: BTreeMap::new(),
            subjects: BTreeMap::new(),
            past_factors: 0,
            trace: Vec::new(),
        };
        let state = world.state().await;
        world.passwords = pairs_of(&state, "password");
        world.identifiants = pairs_of(&state, "identifiant");
        world
    }

    async fn state(&self) -> Vec<(String, String, String)> {
        self.server.app.db.read().await.unwrap().fetch_all(STATE, Vec::new()).await.unwrap()
    }

    /// Prints a letter for one of the two records, as the command does.
    async fn print_letter(&mut self, rng: &dyn Random) {
        let (uai, pupil) = if rng.below(2) == 0 { (MONOD, "900001") } else { (TOULOUSE, "910001") };
        let (op, uai) = (self.server.operation(), Uai::parse(uai).unwrap());
        let mut tx = op.write(Durability::Durable).await.unwrap();
        let scope = LetterScope::Family(pupil.to_owned());
        let all = recipients::list(&mut tx, &uai, &scope, Profile::Responsable, true).await.unwrap();
        let Some(one) = all.into_iter().find(|one| one.left_out.is_none()) else { return };
        let account = recipients::account_for(&mut tx, &one).await.unwrap();
        let order = LetterOrder {
            account_id: &account.id,
            kind: one.kind(),
            uai: &uai,
            person_id: None,
            pupil_id: None,
            reason: "x",
        };
        let drawn = draw(&mut tx, order.kind, &uai).await.unwrap();
        issue(&mut tx, &self.server.app.master_key, order, &drawn).await.unwrap();
        tx.commit().await.unwrap();
        self.letters.push((account.identifiant, drawn.code.to_printed_form()));
    }

    /// Opens a door: what was proven before belongs to another flow.
    async fn open(&mut self, n: usize, rng: &dyn Random) -> &'static str {
        let doors =
            ["/activation", "/mot-de-passe-oublie", "/lettre", "/connexion", "/compte/regrouper", "/compte/fermer"];
        let visitor = &mut self.visitors[n];
        let door = match visitor.browser.has_session() && rng.below(2) == 0 {
            true => "/compte/regrouper",
            false => doors[rng.below(6) as usize],
        };
        (visitor.code_proven, visitor.date_proven, visitor.factor_proven) = (false, false, false);
        visitor.browser.get(door).await;
        if visitor.browser.next().is_some() {
            visitor.browser.follow().await;
        }
        door
    }

    /// Goes on with the page of a browser. Returns a word for the trace.
    async fn go_on(&mut self, n: usize, rng: &dyn Random) -> &'static str {
        let right = rng.below(8) > 0;
        let password = PASSWORDS[rng.below(2) as usize];
        let all: Vec<&String> = self.identifiants.values().collect();
        let someone = match all.len() {
            0 => "z.personne07".to_owned(),
            count => all[rng.below(u32::try_from(count).unwrap()) as usize].clone(),
        };
        let letter = match self.letters.len() {
            0 => (someone.clone(), "K7PM-4HXA-9RTC".to_owned()),
            count => self.letters[rng.below(u32::try_from(count).unwrap()) as usize].clone(),
        };
        let server = self.server.clone();
        let (factor, wrong_factor) = self.codes_of_application(right);
        let visitor = &mut self.visitors[n];
        let browser = &mut visitor.browser;
        let path = browser.url.path().to_owned();
        let has = |browser: &Browser, button: &str| browser.page.has_element(&format!("button#{button}"));
        let sent = server.messages().len();
        match path.as_str() {
            "/activation" if has(browser, "continuer") => {
                browser.identify_as("DURAND", "Anne", "06 39 98 00 01").await;
            }
            "/mot-de-passe-oublie" if has(browser, "continuer") => {
                browser.submit("continuer", &[("identifiant", &someone)]).await;
            }
            "/activation/code" | "/mot-de-passe-oublie/code" if has(browser, "continuer") => {
                let code = if right { visitor.sms_code.clone() } else { never_sent(&server) };
                browser.submit("continuer", &[("code", &code)]).await;
                browser.follow().await;
                let left = browser.url.path() != path;
                assert!(
                    right || !left || browser.url.path().ends_with("/suite"),
                    "a wrong code led to {}",
                    browser.url
                );
                visitor.code_proven |= left && right;
            }
            "/lettre" if has(browser, "continuer") => {
                let code = if right { letter.1.as_str() } else { "AAAA-AAAA-AAAA" };
                browser.submit("continuer", &[("identifiant", &letter.0), ("code", code)]).await;
                browser.follow().await;
                let left = browser.url.path() != path;
                assert!(right || !left, "a wrong code led to {}", browser.url);
                visitor.code_proven |= left && right;
            }
            "/activation/enfants" | "/mot-de-passe-oublie/enfants" if has(browser, "confirmer") => {
                let text = browser.page.visible_text();
                let mut dates: Vec<(usize, &str)> =
                    DATES.iter().filter_map(|(name, date)| Some((text.find(name)?, *date))).collect();
                dates.sort_unstable();
                let answers: Vec<&str> =
                    dates.iter().map(|(_, date)| if right { date } else { "01/01/2010" }).collect();
                if path.starts_with("/activation") {
                    browser.answer_children(&answers).await;
                } else {
                    browser.type_dates(&answers).await;
                }
                // To the factor where the account has one, else to the password.
                let left = ["/mot-de-passe", "/preuve"].iter().any(|end| browser.url.path().ends_with(end));
                assert!(right || !left, "wrong dates led to {}", browser.url);
                visitor.date_proven |= left && right;
            }
            "/activation/mot-de-passe" | "/mot-de-passe-oublie/mot-de-passe" if has(browser, "terminer") => {
                browser.submit("terminer", &[("mot_de_passe", password), ("confirmation", password)]).await;
            }
            "/connexion" if has(browser, "se-connecter") => {
                browser.sign_in_with(&someone, password).await;
            }
            "/mot-de-passe-oublie/preuve" if has(browser, "confirmer") => {
                browser.submit("confirmer", &[("code", if right { &factor } else { &wrong_factor })]).await;
                browser.follow().await;
                let left = browser.url.path().ends_with("/mot-de-passe");
                assert!(right || !left, "a wrong factor led to {}", browser.url);
                visitor.factor_proven |= left && right;
            }
            "/connexion/preuve" | "/compte/regrouper/preuve" if has(browser, "confirmer") => {
                browser.submit("confirmer", &[("code", if right { &factor } else { &wrong_factor })]).await;
            }
            "/compte/regrouper" if has(browser, "defaire") && rng.below(2) == 0 => {
                browser.submit("defaire", &[("mot_de_passe", password)]).await;
            }
            "/compte/regrouper" if has(browser, "continuer") => {
                let by_letter = rng.below(3) == 0;
                let (name, proof) = if by_letter { letter } else { (someone, PASSWORDS[rng.below(2) as usize].into()) };
                let typed = [("identifiant", &*name), ("mot_de_passe", &*proof), ("actuel", password)];
                let typed = if browser.page.has_element("#actuel") { &typed[..] } else { &typed[..2] };
                browser.submit("continuer", typed).await;
            }
            "/compte/regrouper/choix" if has(browser, "confirmer") => {
                let date = DATES[rng.below(2) as usize].1;
                let kept = if rng.below(2) == 0 { "a" } else { "b" };
                let mut typed = Vec::new();
                if browser.page.has_element("#garder-a") {
                    typed.push(("garder", kept));
                }
                if browser.page.has_element("#jour") {
                    typed.push(("date_naissance", date));
                }
                browser.submit("confirmer", &typed).await;
            }
            "/compte/fermer" if has(browser, "fermer") => {
                browser.submit("fermer", &[("mot_de_passe", password)]).await;
            }
            _ if has(browser, "nouveau-mot-de-passe") => {
                browser.submit("nouveau-mot-de-passe", &[]).await;
            }
            _ => return "nothing",
        }
        browser.follow().await;
        server.drain_outbox().await;
        if let Some(code) = server.messages().iter().skip(sent).filter_map(|m| m.text.rsplit_once('#')).next_back() {
            visitor.sms_code = code.1.to_owned();
        }
        if right { "right" } else { "wrong" }
    }

    /// A service asks who is signed in.
    async fn visit(&mut self, n: usize, rng: &dyn Random) {
        let client = ["ent", "bourses"][rng.below(2) as usize];
        let party = TestRelyingParty::new(&self.server, client);
        let attempt = party.attempt();
        let mut copy = self.visitors[n].browser.clone_browser();
        copy.open(&attempt.url).await;
    }

    async fn pass_time(&self, rng: &dyn Random) {
        let spans = [Span::minutes(6), Span::hours(3), Span::hours(30), Span::days(8), Span::days(31)];
        self.server.advance(spans[rng.below(5) as usize]);
        let op = Operation::of_job(&self.server.app, "test");
        my_account::ops::close_due(&op).await.unwrap();
        regroup::ops::finish_due(&op).await.unwrap();
        self.server.drain_outbox().await;
    }

    /// Returns the code that the application shows, and one that it does not show now. A code serves once: for the right
    /// one the person waits for the next.
    fn codes_of_application(&self, right: bool) -> (String, String) {
        let Some(secret) = &self.secret else { return ("000000".to_owned(), "000000".to_owned()) };
        if right {
            self.server.advance(Span::seconds(31));
        }
        let now = self.server.now();
        let near: Vec<String> = (-3..=3).map(|n| secret.code_at(now.plus(Span::seconds(30 * n)))).collect();
        let wrong = (0..8).map(|n| format!("{:06}", n * 111_111)).find(|code| !near.contains(code)).unwrap();
        (secret.code_at(now), wrong)
    }

    async fn check(&mut self, n: usize, may_regroup: bool) {
        let state = self.state().await;
        // Never two accounts for one person: each account that somebody may open has a record of the roster of its own,
        // and no record belongs to an account that nobody opens.
        let faults = pairs_of(&state, "fault");
        assert!(faults.is_empty(), "{faults:?}");
        // Never a password without a code, a date, and the factor of an account that has one.
        let passwords = pairs_of(&state, "password");
        let factors = pairs_of(&state, "factor");
        for (account, hash) in &passwords {
            if self.passwords.get(account) != Some(hash) {
                let visitor = &self.visitors[n];
                assert!(visitor.code_proven && visitor.date_proven, "a password without its proofs");
                if factors.contains_key(account) {
                    assert!(visitor.factor_proven, "a password without the factor");
                    self.past_factors += 1;
                }
            }
        }
        self.passwords = passwords;
        self.identifiants = pairs_of(&state, "identifiant");
        // A `sub` stays, but through a regroupement; and none that was ever told is lost or told of two accounts.
        let subjects = pairs_of(&state, "subject");
        if !may_regroup {
            for (place, value) in &self.subjects {
                assert_eq!(subjects.get(place), Some(value), "a sub changed");
            }
        }
        self.subjects = subjects;
        let mut held: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, sub, _) in state.iter().filter(|(kind, ..)| kind == "held") {
            *held.entry(sub).or_default() += 1;
        }
        self.told_subs.extend(held.keys().map(|sub| (*sub).to_owned()));
        for told in &self.told_subs {
            assert_eq!(held.get(told.as_str()), Some(&1), "{told}");
        }
    }

    /// Counts what came to its end.
    async fn counts(&self) -> FlowCounts {
        let sql = "SELECT (SELECT COUNT(*) FROM audit WHERE fact = 'password_chosen'), \
                   (SELECT COUNT(*) FROM audit WHERE fact = 'password_replaced'), \
                   (SELECT COUNT(*) FROM letter WHERE state = 'used'), \
                   (SELECT COUNT(*) FROM audit WHERE fact = 'accounts_joined') / 2, \
                   (SELECT COUNT(*) FROM audit WHERE fact = 'accounts_separated') / 2, \
                   (SELECT COUNT(*) FROM audit WHERE fact = 'account_closed')";
        let mut tx = self.server.app.db.read().await.unwrap();
        let (first_passwords, new_passwords, letters, joined, separated, closed) =
            tx.fetch_one(sql, Vec::new()).await.unwrap();
        let past_factors = self.past_factors;
        FlowCounts { first_passwords, new_passwords, past_factors, letters, joined, separated, closed }
    }
}

/// Returns the rows of one kind, by their key.
fn pairs_of(state: &[(String, String, String)], wanted: &str) -> BTreeMap<String, String> {
    let rows = state.iter().filter(|(kind, ..)| kind == wanted);
    rows.map(|(_, key, value)| (key.clone(), value.clone())).collect()
}

/// Returns a code that no message had.
fn never_sent(server: &TestServer) -> String {
    let sent = server.messages();
    let is_free = |code: &String| !sent.iter().any(|message| message.text.contains(code.as_str()));
    (0..).map(|n| format!("{n:06}")).find(is_free).unwrap()
}

/// Runs one sequence; panics at the first step after which something does not hold. Returns the steps.
async fn run(seed: u64, steps: usize) -> (Vec<String>, FlowCounts) {
    let rng: &dyn Random = &SeededRandom::new(seed);
    let mut world = World::new(seed).await;
    for step in 0..steps {
        let n = rng.below(BROWSERS) as usize;
        let mut may_regroup = false;
        let word = match rng.below(20) {
            0 => {
                world.print_letter(rng).await;
                "letter"
            }
            1 => {
                world.pass_time(rng).await;
                "time"
            }
            2 => {
                world.visit(n, rng).await;
                "visit"
            }
            3..=6 => world.open(n, rng).await,
            _ => {
                may_regroup = world.visitors[n].browser.url.path().starts_with("/compte/regrouper");
                world.go_on(n, rng).await
            }
        };
        let at = &world.visitors[n].browser;
        world.trace.push(format!("{step} {n} {word} {} {}", at.url.path(), at.page.status.as_u16()));
        world.check(n, may_regroup).await;
    }
    let counts = world.counts().await;
    (world.trace, counts)
}

/// Runs the sequences of some seeds, some at once, and says the seed of one that fails.
async fn run_all(seeds: Range<u64>, steps: usize, at_once: usize) -> FlowCounts {
    let (began, mut waiting) = (Instant::now(), seeds);
    let (mut running, mut done, mut counts) = (JoinSet::new(), 0, FlowCounts::default());
    loop {
        while running.len() < at_once {
            let Some(seed) = waiting.next() else { break };
            running.spawn(async move { (seed, tokio::spawn(run(seed, steps)).await) });
        }
        let Some(ended) = running.join_next().await else { return counts };
        match ended.unwrap() {
            (_, Ok((_, of_one))) => counts += of_one,
            (seed, Err(error)) => panic!("seed {seed}, {steps} steps: {error}"),
        }
        done += 1;
        if done % 500 == 0 {
            eprintln!("{done} sequences in {} s: {counts:?}", began.elapsed().as_secs());
        }
    }
}

#[tokio::test]
async fn property_p01_no_order_of_flows_makes_two_accounts_or_a_password_without_its_proofs() {
    let counts = run_all(0..24, 80, 1).await;
    assert!(counts.joined > 0 && counts.new_passwords > 0, "else this tests less than it says: {counts:?}");
}

#[tokio::test]
async fn a_seed_gives_the_same_sequence_again() {
    assert_eq!(run(5, 60).await.0, run(5, 60).await.0);
}

/// Returns a number that the run names, or its default.
#[expect(clippy::disallowed_methods, reason = "the test run says how long it may take; the program never reads it")]
pub(super) fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap())
}

/// Every flow comes to its end, or this tests less than it says. CONTRIBUTING.md has the command; `TEST_SEQUENCES` are
/// the sequences, `TEST_FIRST_SEED` goes on where another run ended.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "half an hour, optimised"]
async fn property_p01_a_hundred_thousand_sequences() {
    let first = number("TEST_FIRST_SEED", 0);
    let at_once = available_parallelism().map_or(1, std::num::NonZero::get);
    let all = run_all(first..first + number("TEST_SEQUENCES", 100_000), 60, at_once).await;
    let FlowCounts { first_passwords, new_passwords, past_factors, letters, joined, separated, closed } = all;
    eprintln!("{all:?}");
    for (count, flow) in [
        (first_passwords, "activation"),
        (new_passwords, "recovery"),
        (past_factors, "recovery past a factor"),
        (letters, "letter"),
        (joined, "regroupement"),
        (separated, "undo of a regroupement"),
        (closed, "closing"),
    ] {
        assert!(count > 0, "no {flow} came to its end");
    }
}
