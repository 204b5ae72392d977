//! Whole sets drawn by a seed, of every format, with the oddities that real exports have: what holds after each import,
//! on both databases.
//!
//! A set is a truth (families, levels, classes) that a writer of a format turns into files in one of the many ways in
//! which programs do. Some records are spoiled on the way. Whatever the way: nobody becomes the legal representative of a
//! child whose truth does not say so; who is not spoiled, and whose child is not, comes through; each spoiled record has a
//! line; a dry run says what is done then; the same files again change nothing; of broken files nothing is taken; and the
//! whole files of the next day put everything right.

use std::collections::BTreeSet;

use chrono::NaiveDate;

use super::undone::dump;
use super::*;
use crate::base::names::roster_canonical_key;
use crate::roster::Level;
use crate::roster::formats::fields::parse_mail;

mod tables_written;
mod xml_written;

/// The sets of each format.
const SEEDS: u64 = 6;

/// Family names as they are written: apostrophes of two kinds, ligatures, double names, particles, one letter, long ones.
const FAMILIES: [&str; 14] = [
    "DURAND",
    "D'ARCY",
    "D\u{2019}ALENÇON",
    "LEBŒUF",
    "DE LA TOUR",
    "MARTIN-DUPONT",
    "MARTIN DUPONT",
    "N",
    "É",
    "GARCÍA",
    "O'NEIL & FILS",
    "LE  GOFF",
    "Müller",
    "VAN DER STRATEN PONTHOZ DE LA ROCHEFOUCAULD MONTBAZON ROHAN GUÉMÉNÉ",
];
const GIVEN: [&str; 10] =
    ["Zoé", "Chloé", "Anne-Sophie", "Jean Pierre", "Loïc", "Maëlys", "Ève", "Théo", "Noël", "Françoise"];
/// Numbers as secretaries type them; the last ones reach nobody.
const NUMBERS: [&str; 7] =
    ["06 39 98 {}", "+33 6 39 98 {}", "0033639 98{}", "06.39.98.{}", "(0)6-39-98-{}", "04 67 00 {}", ""];
/// Mail addresses as secretaries type them; the last ones are none.
const MAILS: [&str; 5] = ["p{}@exemple.invalid", " P.{}@EXEMPLE.invalid", "p{}+école@exemple.invalid", "voir p{}", ""];
const CLASSES: [&str; 3] = ["6 A", "6 B", "5 C"];

/// The current enrolments, the current links, and those of them whose pupil is enrolled.
const ENROLLED: &str = "SELECT COUNT(*) FROM enrolment WHERE ended_at IS NULL";
const LINKED: &str = "SELECT COUNT(*) FROM link l JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai \
                      WHERE l.ended_at IS NULL AND e.ended_at IS NULL";
const LINKS: &str = "SELECT COUNT(*) FROM link WHERE ended_at IS NULL";

/// The way in which a seed draws.
struct Draw(SeededRandom);

impl Draw {
    fn below(&self, bound: usize) -> usize {
        let rng: &dyn Random = &self.0;
        usize::try_from(rng.below(u32::try_from(bound).unwrap())).unwrap()
    }

    fn one<'a, T>(&self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }

    fn word<'a>(&self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    /// True in so many of a hundred cases.
    fn odds(&self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

#[derive(Clone, Debug)]
struct Parent {
    id: usize,
    family: String,
    given: String,
    mobile: String,
    mail: String,
}

#[derive(Clone, Debug)]
struct Child {
    id: usize,
    family: String,
    given: String,
    born: NaiveDate,
    ine: Option<String>,
    class: &'static str,
    /// Parents by id, with the level.
    links: Vec<(usize, Level)>,
}

/// A record that is spoiled in the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spoiled {
    /// A birth date that there is not, or that a spreadsheet keeps as a number.
    ChildWithoutDay(usize),
    /// Twice with one id, and different.
    ChildTwice(usize),
    /// Without a family name, or with a level that nobody knows.
    Parent(usize),
}

/// The truth of a school, and what is spoiled of it.
#[derive(Clone, Debug)]
struct Truth {
    parents: Vec<Parent>,
    children: Vec<Child>,
    spoiled: Vec<Spoiled>,
    /// The day of the export.
    day: NaiveDate,
}

type Pairs = BTreeSet<String>;

fn pair(parent: (&str, &str), child: (&str, &str)) -> String {
    [parent.0, parent.1, child.0, child.1].map(roster_canonical_key).join("|")
}

impl Truth {
    /// Draws a school: families of one to three children and one to three parents, twins, and two children of one name in
    /// two classes.
    fn draw(draw: &Draw, kind: Kind) -> Self {
        let (mut parents, mut children) = (Vec::new(), Vec::<Child>::new());
        for n in 0..9 {
            let family = format!("{} {}", draw.word(&FAMILIES), tables::word(n));
            let first = parents.len();
            for _ in 0..1 + draw.below(kind.most_parents()) {
                let id = parents.len();
                let own = if draw.odds(70) {
                    family.clone()
                } else {
                    format!("{} {}", draw.word(&FAMILIES), tables::word(n + 30))
                };
                let mobile = draw.word(&NUMBERS).replace("{}", &format!("{:02} {:02}", n, id));
                // No two parents of one name: a table without ids would take them for one.
                let given = format!("{} {}", draw.word(&GIVEN), tables::word(id));
                let mail = MAILS[id % MAILS.len()].replace("{}", &id.to_string());
                parents.push(Parent { id, family: own, given, mobile, mail });
            }
            let born = NaiveDate::from_ymd_opt(2013, 1, 1).unwrap() + chrono::Days::new(draw.below(700) as u64);
            for place in 0..1 + draw.below(3) {
                let id = children.len();
                let is_twin = draw.odds(30);
                let born = if is_twin { born } else { born + chrono::Days::new(800 * place as u64) };
                let level = || {
                    if kind.knows_levels() {
                        *draw.one(&[Level::Legal, Level::Legal, Level::InCharge, Level::Contact])
                    } else {
                        Level::Legal
                    }
                };
                let links = (first..parents.len()).map(|parent| (parent, level())).collect();
                let ine = draw.odds(60).then(|| format!("{:09}ZA", 990_000_000 + id));
                let given = format!("{} {}", draw.word(&GIVEN), tables::word(place));
                let class = draw.word(&CLASSES);
                children.push(Child { id, family: family.clone(), given, born, ine, class, links });
            }
        }
        let last = children.len() - 1;
        let (family, given) = (children[0].family.clone(), children[0].given.clone());
        let class = if children[0].class == "6 A" { "6 B" } else { "6 A" };
        let born = children[0].born + chrono::Days::new(1);
        children[last] = Child { family, given, class, born, ..children[last].clone() };
        Self { parents, children, spoiled: Vec::new(), day: NaiveDate::from_ymd_opt(2025, 9, 8).unwrap() }
    }

    /// Spoils some records, none of them of the first and the last child, who have one name.
    fn spoil(mut self, draw: &Draw, kind: Kind) -> Self {
        let first = 1 + draw.below(self.children.len() - 2);
        self.spoiled.push(Spoiled::ChildWithoutDay(first));
        if kind.has_ids() {
            let second = 1 + first % (self.children.len() - 2);
            self.spoiled.push(Spoiled::ChildTwice(second));
            // Of a child who is not: a record of nobody's parent is of no school.
            let child = *draw.one(&[0, self.children.len() - 1]);
            self.spoiled.push(Spoiled::Parent(self.children[child].links[0].0));
        }
        self
    }

    /// The school on the next day: numbers, classes and levels change, and somebody has left.
    fn next_day(&self, draw: &Draw, kind: Kind) -> Self {
        let mut next = self.clone();
        next.spoiled.clear();
        next.day = self.day + chrono::Days::new(1);
        for _ in 0..3 {
            let place = draw.below(next.parents.len());
            next.parents[place].mobile = format!("06 39 98 70 {:02}", draw.below(100));
            let place = draw.below(next.parents.len());
            next.parents[place].mail = format!("autre{place}@exemple.invalid");
            let place = draw.below(next.children.len());
            // The two of one name are told apart by their classes.
            if place != 0 && place != next.children.len() - 1 {
                next.children[place].class = draw.word(&CLASSES);
            }
            if kind.knows_levels() {
                let place = draw.below(next.children.len());
                next.children[place].links[0].1 = *draw.one(&[Level::Legal, Level::Contact]);
            }
        }
        let gone = 1 + draw.below(next.children.len() - 2);
        next.children.remove(gone);
        next
    }

    /// The addresses of those who have a child here, by given names.
    fn mails(&self) -> Vec<String> {
        let here =
            |parent: &&Parent| self.children.iter().any(|child| child.links.iter().any(|(id, _)| *id == parent.id));
        let mail = |parent: &Parent| Some(format!("{} {}", parent.given, parse_mail(Some(&parent.mail))?));
        let mut mails: Vec<String> = self.parents.iter().filter(here).filter_map(mail).collect();
        mails.sort();
        mails
    }

    fn is_spoiled(&self, child: &Child, parent: usize) -> bool {
        self.spoiled.iter().any(|spoiled| match spoiled {
            Spoiled::ChildWithoutDay(id) | Spoiled::ChildTwice(id) => *id == child.id,
            Spoiled::Parent(id) => *id == parent,
        })
    }

    /// The legal representatives with their children, by names: all, or those of whom nothing is spoiled.
    fn legal(&self, with_spoiled: bool) -> Pairs {
        let mut pairs = Pairs::new();
        for child in &self.children {
            for (parent, level) in &child.links {
                let Parent { family, given, .. } = &self.parents[*parent];
                if *level == Level::Legal && (with_spoiled || !self.is_spoiled(child, *parent)) {
                    pairs.insert(pair((family, given), (&child.family, &child.given)));
                }
            }
        }
        pairs
    }
}

/// A format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Siecle,
    Aaf,
    Onde,
    Csv,
}

impl Kind {
    fn format(self) -> RosterFormat {
        match self {
            Kind::Siecle => RosterFormat::Siecle,
            Kind::Aaf => RosterFormat::Aaf,
            Kind::Onde => RosterFormat::Onde,
            Kind::Csv => RosterFormat::Csv,
        }
    }

    fn has_ids(self) -> bool {
        self != Kind::Onde
    }

    fn knows_levels(self) -> bool {
        self != Kind::Onde
    }

    /// A row of the table has two.
    fn most_parents(self) -> usize {
        if self == Kind::Csv { 2 } else { 3 }
    }

    /// Writes the files of a school. With `broken`, one of them is not whole.
    fn files(self, ground: &Fixture, truth: &Truth, draw: &Draw, broken: bool) -> Vec<PathBuf> {
        let mut files = match self {
            Kind::Siecle => xml_written::siecle(truth, draw),
            Kind::Aaf => xml_written::aaf(truth, draw),
            Kind::Onde => tables_written::onde(truth, draw),
            Kind::Csv => tables_written::csv(truth, draw),
        };
        if broken {
            let (_, bytes) = &mut files[0];
            match self {
                Kind::Siecle | Kind::Aaf => bytes.truncate(bytes.len() / 2 + draw.below(bytes.len() / 3)),
                // Letters of one encoding in a text of another.
                Kind::Onde | Kind::Csv => {
                    *bytes = [b"\xef\xbb\xbf", &bytes[..], b"\nDUPR\xc9;;Zo\xe9;01/02/2017\n"].concat();
                }
            }
        }
        // A folder of their own: the names of deliveries are their order.
        let folder = ground.folder.path().join(SystemId::draw());
        std::fs::create_dir(&folder).unwrap();
        let write = |(name, bytes): (String, Vec<u8>)| {
            let path = folder.join(name);
            std::fs::write(&path, bytes).unwrap();
            path
        };
        files.into_iter().map(write).collect()
    }

    async fn import(self, ground: &Fixture, files: &[PathBuf], day: NaiveDate, dry_run: bool) -> ImportResult {
        let exported_at = day.and_hms_opt(16, 0, 0).unwrap().and_utc().timestamp_millis();
        let said = TableRequest {
            uai: Uai::parse(MONOD).unwrap(),
            exported_at: Some(Timestamp(exported_at)),
            all_legal: (self == Kind::Onde).then_some(true),
            mapping: (self == Kind::Csv).then(|| tables_written::MAPPING.to_owned()),
        };
        ground
            .import_as(files, |request| {
                (request.format, request.dry_run) = (self.format(), dry_run);
                request.removals = RemovalPolicy::Accepted;
                request.tables = self.format().is_tables().then_some(said);
            })
            .await
    }
}

impl Fixture {
    /// The current legal representatives with their enrolled children, by names, as claims have them.
    async fn legal_pairs(&self) -> Pairs {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT p.family_name, p.given_name, u.family_name, u.given_name FROM link l \
                   JOIN person p ON p.id = l.person_id JOIN pupil u ON u.id = l.pupil_id \
                   JOIN enrolment e ON e.pupil_id = l.pupil_id AND e.uai = l.uai \
                   WHERE l.level = 'legal' AND l.ended_at IS NULL AND e.ended_at IS NULL";
        let rows = tx.fetch_all::<(String, String, String, String)>(sql, args![]).await.unwrap();
        rows.iter().map(|(pf, pg, cf, cg)| pair((pf, pg), (cf, cg))).collect()
    }

    async fn number(&self, sql: &'static str) -> i64 {
        let mut tx = self.db.read().await.unwrap();
        tx.fetch_one::<(i64,)>(sql, args![]).await.unwrap().0
    }

    fn tick(&self) {
        self.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    }
}

/// Imports files after a dry run of them, and then again. Returns what the import told.
async fn import_thrice(ground: &Fixture, kind: Kind, files: &[PathBuf], truth: &Truth, seed: u64) -> ImportResult {
    let before = dump(ground).await;
    let dry = kind.import(ground, files, truth.day, true).await;
    assert_eq!(dump(ground).await, before, "{kind:?} {seed}: a dry run writes nothing");
    let told = kind.import(ground, files, truth.day, false).await;
    let (planned, taken) = (dry.imported(), told.imported());
    assert_eq!((planned.changes, planned.counts), (taken.changes, taken.counts), "{kind:?} {seed}: {}", told.text());
    let after = dump(ground).await;
    ground.tick();
    let again = kind.import(ground, files, truth.day, false).await;
    assert_eq!(again.imported().changes, Default::default(), "{kind:?} {seed}: {}", again.text());
    assert_eq!(dump(ground).await, after, "{kind:?} {seed}: the same files again change nothing");
    // Nothing half taken: who is counted is there, and every current link has both its people.
    assert_eq!(ground.number(ENROLLED).await, i64::try_from(taken.counts.pupils).unwrap(), "{kind:?} {seed}");
    assert_eq!(ground.number(LINKED).await, ground.number(LINKS).await, "{kind:?} {seed}: links without a pupil");
    told
}

async fn assert_sets_come_through(kind: Kind) {
    on_each(async |ground| {
        for seed in 0..SEEDS {
            ground.empty().await;
            let draw = Draw(SeededRandom::new(1_000 + seed));
            let truth = Truth::draw(&draw, kind).spoil(&draw, kind);
            let files = kind.files(&ground, &truth, &draw, false);
            let told = import_thrice(&ground, kind, &files, &truth, seed).await;
            let (found, all, whole) = (ground.legal_pairs().await, truth.legal(true), truth.legal(false));
            let more: Vec<_> = found.difference(&all).collect();
            assert!(more.is_empty(), "{kind:?} {seed}: legal without right: {more:#?}\n{}", told.text());
            let lost: Vec<_> = whole.difference(&found).collect();
            assert!(lost.is_empty(), "{kind:?} {seed}: lost: {lost:#?}\n{}", told.text());
            let lines: usize = told
                .findings
                .iter()
                .map(|finding| match finding {
                    ImportFinding::School(school) => school.errors.len(),
                    ImportFinding::Record(_) => 1,
                    _ => 0,
                })
                .sum();
            assert!(lines >= truth.spoiled.len(), "{kind:?} {seed}: {:?}\n{}", truth.spoiled, told.text());

            // Files that are not whole, of the next day: not even half.
            let next = truth.next_day(&draw, kind);
            ground.tick();
            let before = dump(&ground).await;
            let broken = kind.files(&ground, &next, &draw, true);
            let refused = kind.import(&ground, &broken, next.day, false).await;
            assert!(!refused.all, "{kind:?} {seed}: {}", refused.text());
            assert_eq!(dump(&ground).await, before, "{kind:?} {seed}: {}", refused.text());

            // The whole ones, in which nothing is spoiled: all is as the truth says, and no more.
            ground.tick();
            let files = kind.files(&ground, &next, &draw, false);
            let told = import_thrice(&ground, kind, &files, &next, seed).await;
            assert_eq!(ground.legal_pairs().await, next.legal(true), "{kind:?} {seed}: {}", told.text());
            let mails = ground.mails().await;
            let lost: Vec<String> = next.mails().into_iter().filter(|mail| !mails.contains(mail)).collect();
            assert!(lost.is_empty(), "{kind:?} {seed}: {lost:?} of {mails:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn domain_2_1_sets_of_siecle_come_through_with_every_oddity() {
    assert_sets_come_through(Kind::Siecle).await;
}

#[tokio::test]
async fn domain_2_3_deliveries_of_aaf_come_through_with_every_oddity() {
    assert_sets_come_through(Kind::Aaf).await;
}

#[tokio::test]
async fn domain_2_4_extractions_of_onde_come_through_with_every_oddity() {
    assert_sets_come_through(Kind::Onde).await;
}

#[tokio::test]
async fn domain_2_5_tables_come_through_with_every_oddity() {
    assert_sets_come_through(Kind::Csv).await;
}
