//! Measures pages of the console over HTTP, as the administrator of an academy with many people waits for them: beside a
//! page that reads nothing, which is what this machine does at best.
//!
//! One reader, one request after the other: the times are those of somebody who waits, and no rate.

mod people;

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::http_client::Connection;
use super::served::measure_served;
use crate::administrators::ops::enter::{EntryOutcome, enter_without_proof};
use crate::administrators::store::find_by_email;
use crate::app::Operation;
use crate::demo::Demo;
use crate::http::paths;
use crate::protocol::params::encode;

pub use people::AcademySize;

use people::{COMMON_NAMES, GIVEN_NAMES, KnownParent};

/// The administrator of the academy in the demo.
const ADMINISTRATOR: &str = "n.kaci@ac-montpellier.example";
/// The requests for each page before those that are measured.
const UNMEASURED_REQUESTS: usize = 3;
/// The minimum number of requests that are measured of each page.
const MIN_REQUESTS: usize = 10;

/// A page that is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MeasuredPage {
    /// The help of the public pages: the same server, and no query.
    Help,
    RareName,
    CommonName,
    TwoCommonNames,
    Identifiant,
    PhoneEnd,
    Person,
    Home,
    Schools,
}

/// A request, and a part of its right answer.
struct PageRequest {
    path: String,
    expected: String,
}

impl MeasuredPage {
    const ALL: [MeasuredPage; 9] = [
        MeasuredPage::Help,
        MeasuredPage::RareName,
        MeasuredPage::CommonName,
        MeasuredPage::TwoCommonNames,
        MeasuredPage::Identifiant,
        MeasuredPage::PhoneEnd,
        MeasuredPage::Person,
        MeasuredPage::Home,
        MeasuredPage::Schools,
    ];

    fn name(self) -> &'static str {
        match self {
            MeasuredPage::Help => "a page that reads nothing",
            MeasuredPage::RareName => "search, first and last name",
            MeasuredPage::CommonName => "search, a common name",
            MeasuredPage::TwoCommonNames => "search, two common names",
            MeasuredPage::Identifiant => "search, an identifiant",
            MeasuredPage::PhoneEnd => "search, four digits",
            MeasuredPage::Person => "a person",
            MeasuredPage::Home => "home of the academy",
            MeasuredPage::Schools => "list of schools",
        }
    }

    /// Returns the goal of docs/decisions/0042-speed-and-size.md, in milliseconds.
    fn goal_ms(self) -> Option<f64> {
        match self {
            MeasuredPage::Help => None,
            MeasuredPage::Home | MeasuredPage::Schools => Some(300.0),
            _ => Some(100.0),
        }
    }

    /// Returns the request for one of the known parents, the `turn`-th of the measurement.
    fn request(self, of: &KnownParent, turn: usize) -> PageRequest {
        let common = COMMON_NAMES.get(turn % COMMON_NAMES.len()).copied().unwrap_or_default();
        let given = GIVEN_NAMES.get(turn % GIVEN_NAMES.len()).copied().unwrap_or_default();
        let search = |q: &str| format!("{}?{}", paths::ADMIN_PEOPLE, encode([("q", q)]));
        let person = format!("{}/{}", paths::ADMIN_PEOPLE, of.id);
        let (path, expected) = match self {
            MeasuredPage::Help => (paths::HELP.to_owned(), String::new()),
            MeasuredPage::RareName => (search(&format!("{} {}", of.given_name, of.family_name)), person),
            MeasuredPage::CommonName => (search(common), String::new()),
            MeasuredPage::TwoCommonNames => (search(&format!("{given} {common}")), String::new()),
            MeasuredPage::Identifiant => (search(&of.identifiant), person),
            // There are others whose number ends so, and the list is cut.
            MeasuredPage::PhoneEnd => (search(&of.phone_end), format!("{}/", paths::ADMIN_PEOPLE)),
            MeasuredPage::Person => (person, of.family_name.clone()),
            MeasuredPage::Home => (paths::ADMIN.to_owned(), String::new()),
            MeasuredPage::Schools => (paths::ADMIN_SCHOOLS.to_owned(), format!("{}/0", paths::ADMIN_SCHOOLS)),
        };
        PageRequest { path, expected }
    }
}

/// The times of one page in milliseconds, in their order.
struct PageTimes {
    page: MeasuredPage,
    sorted_ms: Vec<f64>,
}

impl PageTimes {
    /// Returns the time within which so many hundredths of the requests were answered.
    fn percentile(&self, hundredths: usize) -> f64 {
        let place = (self.sorted_ms.len() * hundredths).div_ceil(100).saturating_sub(1);
        self.sorted_ms.get(place).copied().unwrap_or_default()
    }

    fn is_within_goal(&self) -> bool {
        self.page.goal_ms().is_none_or(|goal| self.percentile(99) <= goal)
    }
}

/// The times of all pages, as a table.
pub struct ConsoleTimes {
    size: AcademySize,
    filled_in: Duration,
    pages: Vec<PageTimes>,
}

impl ConsoleTimes {
    /// True if each page is within its goal.
    pub fn is_within_goals(&self) -> bool {
        self.pages.iter().all(PageTimes::is_within_goal)
    }
}

impl fmt::Display for ConsoleTimes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let AcademySize { people, schools } = self.size;
        writeln!(f, "{people} people of {schools} schools, written in {:.0} s", self.filled_in.as_secs_f64())?;
        writeln!(f, "{:30}{:>9}{:>10}{:>10}{:>7}", "milliseconds", "requests", "p50", "p99", "goal")?;
        for times in &self.pages {
            let (count, half, most) = (times.sorted_ms.len(), times.percentile(50), times.percentile(99));
            let goal = times.page.goal_ms().map(|goal| format!("{goal:.0}")).unwrap_or_default();
            writeln!(f, "{:30}{count:>9}{half:>10.1}{most:>10.1}{goal:>7}", times.page.name())?;
        }
        write!(f, "one reader")
    }
}

/// Fills the demo's database, and measures each page for a time.
pub async fn measure(demo: &Demo, size: AcademySize, each: Duration) -> anyhow::Result<ConsoleTimes> {
    let app = demo.app();
    let began = Instant::now();
    let known = Box::pin(people::fill(app, size)).await?;
    let filled_in = began.elapsed();
    anyhow::ensure!(!known.is_empty(), "too few people: nobody has an account");
    let found = find_by_email(&mut app.db.read().await?, &app.master_key, ADMINISTRATOR).await?;
    let administrator = found.context("the demo's administrator of the academy")?;
    let op = Operation::of_job(app, "bench");
    let EntryOutcome::Done { cookie } = enter_without_proof(&op, &administrator.id).await? else {
        anyhow::bail!("the demo's console does not open");
    };
    let cookie = format!("preau_dev_admin={cookie}");
    let pages = measure_served(app, move |at| {
        let mut connection = Connection::open(at)?;
        let time = |page: &MeasuredPage| time_page(&mut connection, &cookie, (*page, &known), each);
        MeasuredPage::ALL.iter().map(time).collect::<anyhow::Result<Vec<PageTimes>>>()
    })
    .await?;
    Ok(ConsoleTimes { size, filled_in, pages })
}

fn time_page(
    connection: &mut Connection,
    cookie: &str,
    (page, known): (MeasuredPage, &[KnownParent]),
    each: Duration,
) -> anyhow::Result<PageTimes> {
    let mut began = Instant::now();
    let mut sorted_ms = Vec::new();
    for (turn, of) in known.iter().cycle().enumerate() {
        if turn == UNMEASURED_REQUESTS {
            began = Instant::now();
            sorted_ms.clear();
        }
        if turn > UNMEASURED_REQUESTS && began.elapsed() >= each && sorted_ms.len() >= MIN_REQUESTS {
            break;
        }
        let PageRequest { path, expected } = page.request(of, turn);
        let sent = Instant::now();
        let text = connection.page(&path, cookie)?;
        sorted_ms.push(sent.elapsed().as_secs_f64() * 1_000.0);
        anyhow::ensure!(text.contains(&expected), "{path} does not show {expected}");
    }
    sorted_ms.sort_by(f64::total_cmp);
    Ok(PageTimes { page, sorted_ms })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_goal_is_met_by_ninety_nine_of_a_hundred_requests() {
        let times = |page, slow: usize| {
            let quick = std::iter::repeat_n(20.0, 1_000 - slow);
            PageTimes { page, sorted_ms: quick.chain(std::iter::repeat_n(400.0, slow)).collect() }
        };
        let person = times(MeasuredPage::Person, 10);
        assert!((person.percentile(50) - 20.0).abs() < f64::EPSILON && person.is_within_goal());
        let slow = times(MeasuredPage::Person, 11);
        assert!((slow.percentile(99) - 400.0).abs() < f64::EPSILON && !slow.is_within_goal());
        assert!(times(MeasuredPage::Help, 1_000).is_within_goal(), "it is what the machine does");
        assert!(PageTimes { page: MeasuredPage::Home, sorted_ms: Vec::new() }.percentile(99).abs() < f64::EPSILON);
    }
}
