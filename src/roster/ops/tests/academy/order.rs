//! The order of deliveries: what was refused or interrupted holds back what comes after it, and nothing is lost.

use super::*;
use crate::base::clock::ManualClock;
use crate::roster::ops::undo::{ImportUndo, undo_last_run};
use crate::roster::store::runs::list_runs;

/// Thirty pupils of each school.
fn two_schools() -> Annuaire {
    let mut annuaire = Annuaire::of(MONOD, 60);
    annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
    for pupil in &mut annuaire.pupils[30..] {
        *pupil = pupil_of(pupil.0[4..].parse().unwrap(), "7002", &[&format!("35{}$10$1$1$1$1", &pupil.0[2..])]);
    }
    annuaire
}

fn mobiles(number: &str) -> (&'static str, String) {
    let change = |id| modify("PersRelEleve", id, &[("mobile", &[number])]);
    ("PersRelEleve", [change("3500001"), change("3500031")].concat())
}

#[tokio::test]
async fn a_delta_waits_in_a_school_for_the_one_that_was_refused_there() {
    on_each(async |ground| {
        assert!(ground.complet(&two_schools(), "20250908").await.all);
        let gone: String = (5..10).map(|n| delete("Eleve", &format!("{}", 2_900_000 + n))).collect();
        let first = [("Eleve", gone), mobiles("0639981111")];
        let told = ground.delta("20250909", &first).await;
        assert!(!told.all && told.text().contains("0349999J: refused: 5 of 30 current pupils"), "{}", told.text());
        let told = ground.delta("20250910", &[mobiles("0639982222")]).await;
        let line = "0349999J: refused: ENT_Delta_20250909 was not taken here: give that one first, or a complet";
        assert!(!told.all && told.text().contains(line), "{}", told.text());
        assert!(told.text().contains("0349998H: taken: "), "{}", told.text());
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639980001"));
        assert_eq!(ground.mobile_of("3500031").await.as_deref(), Some("+33639982222"));
        // A third waits for the second too.
        assert!(!ground.delta("20250911", &[mobiles("0639983333")]).await.all);
        let name = |day: &str, kind: &str| ground.folder.path().join(format!("ENT_Delta_{day}_{kind}_0000.xml"));
        let files = [name("20250909", "Eleve"), name("20250909", "PersRelEleve")];
        let accepted = |request: &mut ImportRequest| {
            (request.format, request.removals) = (RosterFormat::Aaf, RemovalPolicy::Accepted);
        };
        let told = ground.import_as(&files, accepted).await;
        assert!(told.all && told.text().contains("0349999J: taken: 25 current pupils"), "{}", told.text());
        let line = "0349998H: unchanged: this was taken before, and ENT_Delta_20250911 after it";
        assert!(told.text().contains(line), "{}", told.text());
        let told = ground.delta("20250911", &[mobiles("0639983333")]).await;
        assert!(told.text().contains("0349999J: refused: ENT_Delta_20250910 was not taken here"), "{}", told.text());
        let files = [name("20250910", "PersRelEleve"), name("20250911", "PersRelEleve")];
        let told = ground.import_academy(&files).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639983333"));
        assert_eq!(ground.mobile_of("3500031").await.as_deref(), Some("+33639983333"));
    })
    .await;
}

#[tokio::test]
async fn a_delta_that_cannot_be_read_holds_back_those_after_it_until_a_complet() {
    on_each(async |ground| {
        assert!(ground.complet(&two_schools(), "20250908").await.all);
        let whole = document(&mobiles("0639981111").1);
        let cut = ground.file("ENT_Delta_20250909_PersRelEleve_0000.xml", &whole.as_bytes()[..whole.len() / 2]);
        assert!(!ground.import_academy(&[cut]).await.all);
        let told = ground.delta("20250910", &[mobiles("0639982222")]).await;
        for uai in [MONOD, LYCEE] {
            assert!(told.text().contains(&format!("{uai}: refused: ENT_Delta_20250909 was not")), "{}", told.text());
        }
        // Read whole it says that it is of one school only.
        let change = modify("PersRelEleve", "3500031", &[("mobile", &["0639981111"])]);
        assert!(ground.delta("20250909", &[("PersRelEleve", change)]).await.all);
        assert!(ground.delta("20250910", &[mobiles("0639982222")]).await.all);
        assert_eq!(ground.mobile_of("3500001").await.as_deref(), Some("+33639982222"));
        assert!(!ground.import_academy(&[ground.file("ENT_Delta_20250911_Eleve_0000.xml", b"<x>")]).await.all);
        let complet = ground.complet(&two_schools(), "20250912").await;
        assert!(complet.all, "{}", complet.text());
        assert!(ground.delta("20250913", &[mobiles("0639983333")]).await.all);
        assert_eq!(ground.mobile_of("3500031").await.as_deref(), Some("+33639983333"));
        // The refused one is older than what was taken, and stands in nobody's way.
        assert!(!ground.delta("20250911", &[mobiles("0639984444")]).await.all);
        assert!(ground.delta("20250914", &[mobiles("0639985555")]).await.all);
    })
    .await;
}

#[tokio::test]
async fn a_refused_complet_holds_back_the_delta_of_the_next_day() {
    on_each(async |ground| {
        let annuaire = two_schools();
        assert!(ground.complet(&annuaire, "20250908").await.all);
        let mut fewer = annuaire.clone();
        fewer.pupils.drain(0..10);
        assert!(!ground.complet(&fewer, "20250915").await.all);
        let told = ground.delta("20250916", &[mobiles("0639982222")]).await;
        assert!(told.text().contains("0349999J: refused: ENT_Complet_20250915 was not taken here"), "{}", told.text());
        assert!(ground.complet(&annuaire, "20250917").await.all);
        assert!(ground.delta("20250918", &[mobiles("0639982222")]).await.all);
    })
    .await;
}

#[tokio::test]
async fn a_delta_comes_after_the_complet_of_its_day_and_both_given_again_change_nothing() {
    on_each(async |ground| {
        let mut files = vec![
            ground.file("ENT_Delta_20250908_PersRelEleve_0000.xml", document(&mobiles("0639981111").1).as_bytes()),
        ];
        files.extend(two_schools().files(&ground, "20250908"));
        let told = ground.import_academy(&files).await;
        assert!(told.all, "{}", told.text());
        for number in ["3500001", "3500031"] {
            assert_eq!(ground.mobile_of(number).await.as_deref(), Some("+33639981111"));
        }
        let before = ground.rows().await;
        for again in [&files[..], &files[1..], &files[..1]] {
            let told = ground.import_academy(again).await;
            assert!(told.all, "{}", told.text());
            assert_eq!(ground.rows().await, before);
        }
    })
    .await;
}

#[tokio::test]
async fn a_school_that_is_not_in_a_complet_is_told_and_left_alone() {
    on_each(async |ground| {
        let both = two_schools();
        assert!(ground.complet(&both, "20250908").await.all);
        let before = ground.enrolments().await;
        let mut without = both.clone();
        without.pupils.truncate(30);
        let line = "0349998H: for the academy: no pupil of this school is in ENT_Complet_20250909; its enrolments and \
                    links stay";
        for schools in [2, 1] {
            without.schools.truncate(schools);
            let told = ground.complet(&without, "20250909").await;
            assert!(told.all && told.text().lines().any(|told| told == line), "{}", told.text());
            assert_eq!(ground.enrolments().await, before);
        }
        let told = ground.complet(&both, "20250910").await;
        assert!(told.all && !told.text().contains("no pupil of this school"), "{}", told.text());
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_import_and_the_same_files_again_are_one_run() {
    on_each(async |ground| {
        let annuaire = two_schools();
        assert!(ground.complet(&annuaire, "20250908").await.all);
        ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        let delta =
            ground.file("ENT_Delta_20250909_PersRelEleve_0000.xml", document(&mobiles("0639981111").1).as_bytes());
        // The set of one school is not written, and the run has no end: as if the process had ended before it.
        let execute = async |sql: &'static str| {
            let mut tx = ground.db.write(Durability::Durable).await.unwrap();
            tx.execute(sql, args![]).await.unwrap();
            tx.commit().await.unwrap();
        };
        execute("UPDATE school SET academy = 'toulouse' WHERE uai = '0349999J'").await;
        assert!(!ground.import_academy(std::slice::from_ref(&delta)).await.all);
        execute("UPDATE school SET academy = 'montpellier' WHERE uai = '0349999J'").await;
        execute("UPDATE import_run SET finished_at = NULL WHERE started_at = (SELECT MAX(started_at) FROM import_run)")
            .await;
        ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        let told = ground.import_academy(std::slice::from_ref(&delta)).await;
        assert!(told.all && told.text().starts_with("an import of these files was interrupted"), "{}", told.text());
        let mut tx = ground.db.read().await.unwrap();
        let runs = list_runs(&mut tx, None).await.unwrap();
        drop(tx);
        assert_eq!(runs.iter().map(|run| run.sets).collect::<Vec<_>>(), [2, 2]);
        assert!(runs[0].resumed_at.is_some() && runs[0].complete);
        let ImportUndo::Done { schools, .. } = undo_last_run(ground.context(), "montpellier", None).await.unwrap()
        else {
            panic!("there is a run");
        };
        assert_eq!(schools.iter().filter(|(_, undone)| *undone).count(), 2);
        for (person, number) in [("3500001", "+33639980001"), ("3500031", "+33639980031")] {
            assert_eq!(ground.mobile_of(person).await.as_deref(), Some(number));
        }
    })
    .await;
}

#[tokio::test]
async fn the_end_of_a_run_is_not_its_beginning() {
    on_each(async |ground| {
        let clock = ManualClock::at(NOW);
        clock.advance(crate::base::clock::Span::minutes(7));
        let request = ImportRequest {
            format: RosterFormat::Aaf,
            academy: "montpellier".into(),
            files: two_schools().files(&ground, "20250908"),
            tables: None,
            removals: RemovalPolicy::Guarded,
            takes_lead: false,
            dry_run: false,
        };
        let context = ground.context().with_clock(&clock);
        assert!(Box::pin(import_files(context, &request, &mut |_| {})).await.unwrap());
        let mut tx = ground.db.read().await.unwrap();
        let run = list_runs(&mut tx, None).await.unwrap().remove(0);
        assert_eq!(run.finished_at.map(|end| end - run.started_at), Some(7 * 60_000));
    })
    .await;
}
