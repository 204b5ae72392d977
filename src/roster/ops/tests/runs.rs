//! Runs: what a dry run says, what history keeps, what an undo puts back, and what an interruption leaves.

use super::academy::{Annuaire, document, modify};
use super::undo::{ImportUndo, undo_last_run};
use super::*;

/// The rows without what only says that something was imported.
async fn state(ground: &Fixture) -> Vec<String> {
    let texts = [
        "SELECT 'person ' || person_key || ' ' || family_name || ' ' || COALESCE(phone_blind, '') || ' ' || \
         COALESCE(led_by, '') FROM person",
        "SELECT 'pupil ' || pupil_key || ' ' || family_name FROM pupil",
        "SELECT 'enrolment ' || uai || ' ' || pupil_id || ' ' || COALESCE(class, '') || ' ' || source FROM enrolment \
         WHERE ended_at IS NULL",
        "SELECT 'link ' || uai || ' ' || person_id || ' ' || pupil_id || ' ' || level || ' ' || source FROM link \
         WHERE ended_at IS NULL",
    ];
    let mut tx = ground.db.read().await.unwrap();
    let mut rows = Vec::new();
    for sql in texts {
        rows.extend(tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(row,)| row));
    }
    rows.sort();
    rows
}

fn changed(roster: &Roster, day: &str) -> Roster {
    roster.on(day, |roster| {
        roster.persons[3].1 = "06 39 98 77 77".into();
        roster.links[4].2 = "2".into();
        roster.pupils[5].1 = "15/02/2013".into();
        roster.pupils.remove(6);
        roster.links.remove(6);
        roster.pupils.push(("900500".into(), "14/02/2013".into(), None));
        roster.persons.push(("500500".into(), "06 39 98 55 55".into()));
        roster.links.push(("900500".into(), "500500".into(), "1".into()));
    })
}

#[tokio::test]
async fn a_dry_run_says_what_is_added_changed_and_gone_and_why() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 40);
        ground.imported(&roster).await;
        let before = ground.rows().await;
        let next = changed(&roster, "09/09/2025");
        let told = ground.import_as(&next.files(&ground), |request| request.dry_run = true).await;
        for line in [
            "0349999J: + ELEVE 900500: is not known yet",
            "0349999J: + PERSONNE 500500: is not known yet",
            "0349999J: ~ ELEVE 900005: other birth date",
            "0349999J: ~ PERSONNE 500003: other mobile",
            "0349999J: + enrolment of ELEVE 900500: enters the school",
            "0349999J: - enrolment of ELEVE 900006: is absent from the set",
            "0349999J: + link of ELEVE 900500 and PERSONNE 500500: legal representative",
            "0349999J: ~ link of ELEVE 900004 and PERSONNE 500004: was legal representative, is person in charge",
            "0349999J: - link of ELEVE 900006 and PERSONNE 500006: the pupil is gone",
        ] {
            assert!(told.text().lines().any(|told| told == line), "{line}: {}", told.text());
        }
        assert_eq!(ground.rows().await, before);
        let mut tx = ground.db.read().await.unwrap();
        let runs = crate::roster::store::runs::list_runs(&mut tx, None).await.unwrap();
        assert_eq!(runs.len(), 1, "a dry run is no run");
        assert_eq!((runs[0].actor.as_str(), runs[0].sets, runs[0].complete), ("job test", 1, true));
    })
    .await;
}

#[tokio::test]
async fn the_last_run_is_undone_within_thirty_days() {
    on_each(async |ground| {
        assert_eq!(undo_last_run(ground.context(), "montpellier", None).await.unwrap(), ImportUndo::NoRun);
        let roster = Roster::of(MONOD, 40);
        ground.imported(&roster).await;
        let before = state(&ground).await;
        ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        ground.imported(&changed(&roster, "09/09/2025")).await;
        assert_ne!(state(&ground).await, before);
        let undone = |outcome: ImportUndo| match outcome {
            ImportUndo::Done { schools, .. } => schools.into_iter().map(|(_, undone)| undone).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        let outcome = undo_last_run(ground.context(), "montpellier", None).await.unwrap();
        assert_eq!(undone(outcome), [true]);
        assert_eq!(state(&ground).await, before, "the people whom the run brought too");
        // The same file is taken again, as if for the first time.
        ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        let again = ground.imported(&changed(&roster, "09/09/2025")).await;
        assert_eq!((again.changes.enrolments_started, again.changes.enrolments_ended), (1, 1));
        let outcome = undo_last_run(ground.context(), "montpellier", None).await.unwrap();
        assert_eq!(undone(outcome), [true]);
        assert_eq!(
            undo_last_run(ground.context(), "montpellier", None).await.unwrap(),
            ImportUndo::NoRun,
            "only the last"
        );
        assert_eq!(state(&ground).await.iter().filter(|row| row.starts_with("person ")).count(), 40);
        ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        ground.imported(&roster.on("10/09/2025", |_| {})).await;
        ground.clock.fetch_add(31 * 24 * 3_600_000, std::sync::atomic::Ordering::SeqCst);
        let outcome = undo_last_run(ground.context(), "montpellier", None).await.unwrap();
        assert!(matches!(outcome, ImportUndo::TooOld { .. }), "{outcome:?}");
    })
    .await;
}

#[tokio::test]
async fn the_last_import_of_a_school_is_undone_whatever_others_of_the_academy_imported_since() {
    on_each(async |ground| {
        let monod = Uai::parse(MONOD).unwrap();
        let roster = Roster::of(MONOD, 40);
        ground.imported(&roster).await;
        let before = state(&ground).await;
        let wait = || _ = ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        wait();
        ground.imported(&changed(&roster, "09/09/2025")).await;
        wait();
        let mut lycee = Roster::of(LYCEE, 3);
        for (number, (pupil, person, _)) in lycee.links.iter_mut().enumerate() {
            (*pupil, *person) = (format!("92000{number}"), format!("52000{number}"));
        }
        for number in 0..3 {
            (lycee.pupils[number].0, lycee.persons[number].0) = (format!("92000{number}"), format!("52000{number}"));
        }
        ground.imported(&lycee).await;
        let undo = async |uai| undo_last_run(ground.context(), "montpellier", uai).await.unwrap();
        let ImportUndo::Done { schools, .. } = undo(Some(&monod)).await else { panic!("there is a set") };
        assert_eq!(schools, [(monod.clone(), true)]);
        let after = state(&ground).await;
        assert!(before.iter().all(|row| after.contains(row)), "{before:#?} {after:#?}");
        assert_eq!(after.iter().filter(|row| row.contains(LYCEE)).count(), 6, "the other school's stays");
        assert_eq!(undo(Some(&monod)).await, ImportUndo::NoRun, "once");
        // And that one is still the academy's last.
        let ImportUndo::Done { schools, .. } = undo(None).await else { panic!("there is a run") };
        assert_eq!(schools, [(Uai::parse(LYCEE).unwrap(), true)]);
        assert_eq!(state(&ground).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_school_that_another_import_wrote_since_is_not_undone() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 40);
        ground.imported(&roster).await;
        ground.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
        let lycee = Roster::of(LYCEE, 3).files(&ground);
        let files = [&changed(&roster, "09/09/2025").files(&ground)[..], &lycee[..]].concat();
        assert!(ground.import(&files).await.all);
        // As an older release, which knows no runs, would write.
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        let sql = "UPDATE roster_set SET revision = revision + 1 WHERE uai = $1";
        tx.execute(sql, args![MONOD]).await.unwrap();
        tx.commit().await.unwrap();
        let before = state(&ground).await;
        let ImportUndo::Done { schools, .. } = undo_last_run(ground.context(), "montpellier", None).await.unwrap()
        else {
            panic!("there is a run");
        };
        let schools: Vec<(&str, bool)> = schools.iter().map(|(uai, undone)| (uai.as_str(), *undone)).collect();
        assert_eq!(schools, [(LYCEE, true), (MONOD, false)]);
        let of = |rows: &[String], uai: &str| rows.iter().filter(|row| row.contains(uai)).count();
        let after = state(&ground).await;
        assert_eq!((of(&after, MONOD), of(&after, LYCEE)), (of(&before, MONOD), 0));
    })
    .await;
}

/// A delta in which one pupil goes from each school to the other is interrupted between the schools, and given again.
#[tokio::test]
async fn a_delta_that_was_killed_between_two_schools_ends_as_if_it_was_not() {
    let annuaire = {
        let mut annuaire = Annuaire::of(MONOD, 60);
        annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
        for pupil in &mut annuaire.pupils[30..] {
            pupil.2 = pupil.2.replace("7001", "7002");
        }
        annuaire
    };
    let moved = [
        modify("Eleve", "2900001", &[("ENTPersonStructRattach", &["7002"])]),
        modify("Eleve", "2900031", &[("ENTPersonStructRattach", &["7001"])]),
    ];
    let content = document(&moved.concat());
    on_each(async |ground| {
        assert!(ground.complet(&annuaire, "20250908").await.all);
        let delta = ground.file("ENT_Delta_20250909_Eleve_0000.xml", content.as_bytes());
        for killed in [MONOD, LYCEE] {
            // The set of one school is not written: as if the process had ended before it.
            let block = "UPDATE school SET academy = 'toulouse' WHERE uai = $1";
            let mut tx = ground.db.write(Durability::Durable).await.unwrap();
            tx.execute(block, args![killed]).await.unwrap();
            tx.commit().await.unwrap();
            assert!(!ground.import_academy(std::slice::from_ref(&delta)).await.all);
            let mut tx = ground.db.write(Durability::Durable).await.unwrap();
            tx.execute("UPDATE school SET academy = 'montpellier' WHERE uai = $1", args![killed]).await.unwrap();
            tx.commit().await.unwrap();
            let told = ground.import_academy(std::slice::from_ref(&delta)).await;
            assert!(told.all, "{}", told.text());
            let current: Vec<String> =
                ground.links().await.into_iter().filter(|link| !link.ends_with("ended")).collect();
            assert_eq!(current.len(), 60);
            for line in ["2900001 3500001 legal 0349998H", "2900031 3500031 legal 0349999J"] {
                assert!(current.iter().any(|link| link == line), "{line}");
            }
        }
    })
    .await;
}
