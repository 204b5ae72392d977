//! Imports that are killed anywhere, and given again: the end is that of an import which was not.
//!
//! A killed import is a future that is dropped after some of its steps: whatever it awaited, a statement in the middle of
//! a transaction too, is cut there.

use std::future::Future;
use std::pin::pin;
use std::task::Poll;

use super::academy::Annuaire;
use super::*;

/// The deaths of each format in the usual run; `tests/run kills` has a hundred.
const USUAL_DEATHS: usize = 10;
const MANY_DEATHS: usize = 100;

/// Runs a future to its end, or drops it after so many steps. Returns the steps.
async fn run_for<T>(steps: usize, work: impl Future<Output = T>) -> usize {
    let mut work = pin!(work);
    let mut taken = 0;
    std::future::poll_fn(|context| {
        if taken >= steps {
            return Poll::Ready(taken);
        }
        taken += 1;
        work.as_mut().poll(context).map(|_| taken)
    })
    .await
}

/// A format, with files to import first, and then.
#[derive(Clone, Copy, Debug)]
enum Case {
    Siecle,
    Aaf,
    Onde,
    Csv,
}

impl Case {
    /// Writes the files of the first import, or of the second one, with its request.
    fn files(self, ground: &Fixture, second: bool) -> (Vec<PathBuf>, RosterFormat, Vec<TableRequest>) {
        let day = if second { "09/09/2025" } else { "08/09/2025" };
        match self {
            Case::Siecle => {
                let of = |uai| Roster::of(uai, 45).on(day, |roster| change(roster, second));
                let files = [MONOD, LYCEE].map(|uai| {
                    let mut roster = of(uai);
                    roster.renumber(if uai == LYCEE { 5_000 } else { 0 });
                    roster.files(ground)
                });
                (files.concat(), RosterFormat::Siecle, Vec::new())
            }
            Case::Aaf => {
                let mut annuaire = Annuaire::of(MONOD, 30);
                if second {
                    annuaire.pupils.remove(3);
                }
                let day = if second { "20250909" } else { "20250908" };
                (annuaire.files(ground, day), RosterFormat::Aaf, Vec::new())
            }
            Case::Onde => {
                let name = SystemId::draw();
                let (mut pupils, mut persons) = (String::from(tables::E), String::from(tables::R));
                for n in usize::from(second)..30 {
                    let class = if second && n == 7 { "CE2" } else { "CE1" };
                    write!(pupils, "\nN{};;Zoé;14/02/2017;;{class}", tables::word(n)).unwrap();
                    let mobile = if second { 39_980_100 } else { 39_980_000 } + n;
                    write!(persons, "\n;N{0};Anne;;06{mobile:08};;N{0};Zoé;;;;;", tables::word(n)).unwrap();
                }
                let files = vec![
                    ground.file(&format!("{name}-e.csv"), format!("{pupils}\n").as_bytes()),
                    ground.file(&format!("{name}-r.csv"), format!("{persons}\n").as_bytes()),
                ];
                (files, RosterFormat::Onde, vec![said(second, Some(second), None)])
            }
            Case::Csv => {
                let mut text = String::from("id;nom;prénom;né;rid;rnom;rprénom;mobile");
                for n in usize::from(second)..30 {
                    let mobile = if second { 39_980_100 } else { 39_980_000 } + n;
                    write!(text, "\n{n};DURAND;Zoé;14/02/2013;{n};DURAND;Anne;06{mobile:08}").unwrap();
                }
                let file = ground.file(&format!("{}.csv", SystemId::draw()), format!("{text}\n").as_bytes());
                let mapping = "[pupils]\nid = \"id\"\nfamily = \"nom\"\ngiven = \"prénom\"\nborn = \"né\"\n\
                               [[responsables]]\nid = \"rid\"\nfamily = \"rnom\"\ngiven = \"rprénom\"\nmobile = \"mobile\"\n";
                (vec![file], RosterFormat::Csv, vec![said(second, Some(true), Some(mapping.to_owned()))])
            }
        }
    }
}

fn said(second: bool, all_legal: Option<bool>, mapping: Option<String>) -> TableRequest {
    let at = tables::AT.0 + if second { 86_400_000 } else { 0 };
    TableRequest { uai: Uai::parse(MONOD).unwrap(), exported_at: Some(Timestamp(at)), all_legal, mapping }
}

fn change(roster: &mut Roster, second: bool) {
    if second {
        roster.persons[3].1 = "06 39 98 77 77".into();
        roster.links[4].2 = "2".into();
        roster.pupils.remove(6);
        roster.links.remove(6);
    }
}

impl Roster {
    fn renumber(&mut self, by: usize) {
        let add = |id: &mut String| *id = (id.parse::<usize>().unwrap() + by).to_string();
        self.pupils.iter_mut().for_each(|(id, ..)| add(id));
        self.persons.iter_mut().for_each(|(id, _)| add(id));
        self.links.iter_mut().for_each(|(pupil, person, _)| (add(pupil), add(person)).0);
    }
}

impl Fixture {
    async fn import_case(
        &self,
        (files, format, said): &(Vec<PathBuf>, RosterFormat, Vec<TableRequest>),
    ) -> ImportResult {
        self.import_as(files, |request| {
            request.format = *format;
            request.tables = said.first().cloned();
        })
        .await
    }

    /// Returns the rows that an import leaves, by keys: row ids and runs differ.
    async fn outcome(&self) -> Vec<String> {
        let mut rows = Vec::new();
        let mut tx = self.db.read().await.unwrap();
        for sql in [
            "SELECT 'person ' || person_key || ' ' || family_name || ' ' || COALESCE(phone_blind, '') || ' ' || \
             CAST(exported_at AS TEXT) || ' ' || COALESCE(led_by, '') FROM person",
            "SELECT 'pupil ' || pupil_key || ' ' || family_name || ' ' || COALESCE(ine_blind, '') || ' ' || \
             CAST(exported_at AS TEXT) || ' ' || COALESCE(led_by, '') FROM pupil",
            "SELECT 'enrolment ' || e.uai || ' ' || u.pupil_key || ' ' || COALESCE(e.class, '') || ' ' || e.source || ' ' || \
             COALESCE(CAST(e.ended_at AS TEXT), 'current') FROM enrolment e JOIN pupil u ON u.id = e.pupil_id",
            "SELECT 'link ' || l.uai || ' ' || u.pupil_key || ' ' || p.person_key || ' ' || l.level || ' ' || l.source || \
             ' ' || COALESCE(CAST(l.ended_at AS TEXT), 'current') FROM link l JOIN pupil u ON u.id = l.pupil_id \
             JOIN person p ON p.id = l.person_id",
            "SELECT 'set ' || uai || ' ' || CAST(revision AS TEXT) || ' ' || CAST(eleves_exported_at AS TEXT) FROM roster_set",
            "SELECT 'key ' || k.key || ' ' || p.person_key FROM person_roster_key k JOIN person p ON p.id = k.person_id",
            "SELECT 'key ' || k.key || ' ' || u.pupil_key FROM pupil_roster_key k JOIN pupil u ON u.id = k.pupil_id",
            "SELECT 'notice ' || n.uai || ' ' || n.kind || ' ' || p.person_key FROM notice n \
             JOIN person p ON p.id = n.person_id WHERE n.settled_at IS NULL",
            "SELECT 'source ' || uai || ' ' || format || ' ' || CASE WHEN all_legal THEN 'legal' ELSE '' END || \
             COALESCE(mapping, '') FROM roster_source",
        ] {
            rows.extend(tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(row,)| row));
        }
        rows.sort();
        rows
    }
}

/// Imports first files, kills the import of the second ones at random steps, gives them again, and compares.
async fn assert_same_after_deaths(case: Case, deaths: usize) {
    let rng: &dyn Random = &SeededRandom::new(7);
    on_each(async |ground| {
        let mut known = None::<(usize, Vec<String>)>;
        for death in 0..=deaths {
            ground.empty().await;
            let told = ground.import_case(&case.files(&ground, false)).await;
            assert!(told.all, "{case:?}: {}", told.text());
            let second = case.files(&ground, true);
            let Some((steps, right)) = &known else {
                let steps = run_for(usize::MAX, ground.import_case(&second)).await;
                known = Some((steps, ground.outcome().await));
                continue;
            };
            let at = 1 + rng.below(u32::try_from(*steps).unwrap()) as usize;
            run_for(at, ground.import_case(&second)).await;
            let told = ground.import_case(&second).await;
            assert!(told.all, "{case:?}, death {death} at {at} of {steps}: {}", told.text());
            assert_eq!(ground.outcome().await, *right, "{case:?}, death {death} at {at} of {steps}");
        }
    })
    .await;
}

impl Fixture {
    pub async fn empty(&self) {
        let mut tx = self.db.write(Durability::Relaxed).await.unwrap();
        for sql in [
            "DELETE FROM roster_delivery",
            "DELETE FROM roster_statement",
            "DELETE FROM notice",
            "DELETE FROM link",
            "DELETE FROM enrolment",
            "DELETE FROM person_roster_key",
            "DELETE FROM pupil_roster_key",
            "DELETE FROM person",
            "DELETE FROM pupil",
            "DELETE FROM roster_set",
            "DELETE FROM roster_export",
            "DELETE FROM roster_source",
            "DELETE FROM import_run_set",
            "DELETE FROM import_run",
            "UPDATE school SET first_degree = TRUE WHERE uai = '0349999J'",
        ] {
            tx.execute(sql, args![]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn what_a_school_says_of_its_tables_is_kept_with_its_set_wherever_the_import_is_killed() {
    on_each(async |ground| {
        ground.empty().await;
        let (files, format, _) = Case::Onde.files(&ground, false);
        ground.import_case(&(files.clone(), format, vec![said(false, Some(false), None)])).await;
        let said_now = (files, format, vec![said(true, Some(true), None)]);
        for steps in 1.. {
            let taken = run_for(steps, ground.import_case(&said_now)).await;
            let rows = ground.outcome().await;
            let is_legal = rows.iter().any(|row| row.starts_with("link ") && row.contains(" legal "));
            let is_kept = rows.iter().any(|row| row.starts_with("source ") && row.ends_with(" legal"));
            assert_eq!(is_legal, is_kept, "killed after {taken} steps");
            if taken < steps {
                assert!(is_kept);
                break;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_import_killed_anywhere_and_given_again_ends_the_same() {
    for case in [Case::Siecle, Case::Aaf, Case::Onde, Case::Csv] {
        assert_same_after_deaths(case, USUAL_DEATHS).await;
    }
}

/// The hundred deaths of each format, a test each: they run side by side, on databases of their own.
#[tokio::test]
#[ignore = "minutes: tests/run kills"]
async fn a_hundred_deaths_of_siecle() {
    assert_same_after_deaths(Case::Siecle, MANY_DEATHS).await;
}

#[tokio::test]
#[ignore = "minutes: tests/run kills"]
async fn a_hundred_deaths_of_aaf() {
    assert_same_after_deaths(Case::Aaf, MANY_DEATHS).await;
}

#[tokio::test]
#[ignore = "minutes: tests/run kills"]
async fn a_hundred_deaths_of_onde() {
    assert_same_after_deaths(Case::Onde, MANY_DEATHS).await;
}

#[tokio::test]
#[ignore = "minutes: tests/run kills"]
async fn a_hundred_deaths_of_csv() {
    assert_same_after_deaths(Case::Csv, MANY_DEATHS).await;
}
