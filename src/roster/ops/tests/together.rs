//! Concurrent imports.

use super::sealed_plan::SealedPlan;
use super::stored_roster::{RosterReading, StoredRoster};
use super::*;
use crate::roster::formats::siecle;

/// Spawns an import as a task.
fn spawn_import(ground: &Arc<Fixture>, roster: &Roster) -> tokio::task::JoinHandle<ImportResult> {
    let (ground, files) = (Arc::clone(ground), roster.files(ground));
    tokio::spawn(async move { ground.import(&files).await })
}

fn read(roster: &Roster) -> SchoolRoster {
    let read = |text: String| siecle::read_exports("f", std::io::Cursor::new(text.into_bytes())).unwrap();
    let files = read(roster.eleves()).into_iter().chain(read(roster.responsables())).collect();
    siecle::assemble_rosters(files).remove(0).unwrap()
}

#[tokio::test]
async fn a_set_that_moved_since_it_was_compared_is_not_written() {
    on_each(async |ground| Box::pin(assert_stale_sets_are_not_written(&ground)).await).await;
}

async fn assert_stale_sets_are_not_written(ground: &Fixture) {
    let roster = Roster::of(MONOD, 5);
    for (day, later) in [("08/09/2025", "09/09/2025"), ("10/09/2025", "11/09/2025")] {
        let set = read(&roster.on(day, |roster| roster.persons[0].1 = "0639987777".into()));
        let mut tx = ground.db.read().await.unwrap();
        let (master_key, phone_parser) = (&ground.master_key, &ground.numbering);
        let request = &ImportRequest {
            format: RosterFormat::Siecle,
            academy: "montpellier".into(),
            files: Vec::new(),
            tables: None,
            removals: RemovalPolicy::Guarded,
            takes_lead: false,
            dry_run: false,
        };
        let reading = RosterReading { db: &ground.db, request, master_key, phone_parser, now: NOW, set: &set };
        let state = Box::pin(StoredRoster::read(&mut tx, reading)).await.unwrap();
        drop(tx);
        let plan = plan_changes(&state.current, &set, &ground.numbering, RemovalPolicy::Guarded).unwrap();
        let stale = SealedPlan::seal(ground.context(), state, plan, (RosterFormat::Siecle, &set));
        let stale = Box::new(stale.unwrap());
        ground.imported(&roster.on(later, |_| {})).await;
        let before = ground.rows().await;
        assert!(!Box::pin(stale.apply(ground.context(), "montpellier", &set.uai)).await.unwrap());
        assert_eq!(before, ground.rows().await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_imports_of_a_school_end_with_the_newer_set() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let older = roster.on("09/09/2025", |roster| roster.persons[0].1 = "0639987771".into());
        let newer = roster.on("10/09/2025", |roster| {
            roster.persons[0].1 = "0639987772".into();
            roster.links.pop();
        });
        let (first, second) = (spawn_import(&ground, &older), spawn_import(&ground, &newer));
        let (older, newer) = (first.await.unwrap(), second.await.unwrap());
        assert!(newer.all, "{}", newer.text());
        assert!(older.all || older.text().contains("exported before"), "{}", older.text());
        let mut tx = ground.db.read().await.unwrap();
        let blind = ground.master_key.hmac(crate::crypto::HmacPurpose::Phone, "+33639987772");
        assert_eq!(crate::roster::store::list_by_phone(&mut tx, &blind).await.unwrap().len(), 1);
        let rows = ground.rows().await;
        assert_eq!(rows.iter().filter(|r| r.starts_with("link") && r.ends_with("current")).count(), 29);
        // Every imported roster has one revision and one audit event; numbers that it replaced have another one.
        let taken = 2 + i32::from(older.all);
        assert!(rows.iter().any(|row| row.starts_with(&format!("set 0349999J {taken} "))), "{rows:?}");
        assert_eq!(
            rows.iter().filter(|row| row.starts_with("audit") && !row.contains("phones_replaced")).count(),
            taken as usize
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_files_imported_twice_at_once_are_one_set() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        let both = (spawn_import(&ground, &roster), spawn_import(&ground, &roster));
        assert!(both.0.await.unwrap().all && both.1.await.unwrap().all);
        assert_eq!((ground.count("person ").await, ground.count("audit ").await), (30, 1));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_schools_that_share_people_share_their_rows() {
    on_each(async |ground| {
        for (day, phone) in [("08/09/2025", "0639980000"), ("09/09/2025", "0639987777")] {
            let monod = Roster::of(MONOD, 30).on(day, |roster| roster.persons[0].1 = phone.into());
            let lycee = Roster { uai: LYCEE, ..monod.clone() };
            let both = (spawn_import(&ground, &monod), spawn_import(&ground, &lycee));
            let (first, second) = (both.0.await.unwrap(), both.1.await.unwrap());
            assert!(first.all && second.all, "{}{}", first.text(), second.text());
        }
        assert_eq!((ground.count("person ").await, ground.count("pupil ").await), (30, 30));
        assert_eq!(ground.count("enrolment ").await, 60);
        // Leaving one school ends nothing at the other school.
        let parent = ground.person_id("500029").await;
        ground.imported(&Roster::of(MONOD, 30).without(1, "10/09/2025")).await;
        let mut tx = ground.db.read().await.unwrap();
        let children = crate::roster::store::list_children_of_person(&mut tx, &parent).await.unwrap();
        assert_eq!(children.iter().map(|child| child.uai.as_str()).collect::<Vec<_>>(), [LYCEE]);
    })
    .await;
}

#[tokio::test]
async fn the_ids_of_two_academies_are_different_people() {
    on_each(async |ground| {
        ground.imported(&Roster::of(MONOD, 3)).await;
        let files = Roster::of(TOULOUSE, 3).files(&ground);
        let told = ground.import_as(&files, |request| request.academy = "toulouse".into()).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.count("person ").await, 6);
    })
    .await;
}
