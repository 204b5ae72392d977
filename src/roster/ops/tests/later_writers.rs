//! An undo of one school's set beside sets of other schools that were written since, with people in common.

use super::academy::{Annuaire, pupil_of};
use super::undo::{ImportUndo, RowsLeft, undo_last_run};
use super::*;

impl Fixture {
    fn wait(&self) {
        self.clock.fetch_add(60_000, std::sync::atomic::Ordering::SeqCst);
    }

    async fn undo_school(&self, uai: &str) -> RowsLeft {
        let uai = Uai::parse(uai).unwrap();
        let undone = undo_last_run(self.context(), "montpellier", Some(&uai)).await.unwrap();
        let ImportUndo::Done { schools, left, .. } = undone else { panic!("there is a set") };
        assert_eq!(schools, [(uai, true)]);
        *left
    }

    /// The persons by SIECLE's key: the digest of the mobile and the time of the export.
    async fn phones(&self) -> BTreeMap<String, (String, i64)> {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT person_key, COALESCE(phone_blind, ''), exported_at FROM person";
        let rows = tx.fetch_all::<(String, String, i64)>(sql, args![]).await.unwrap();
        rows.into_iter().map(|(key, phone, at)| (key, (phone, at))).collect()
    }

    async fn keys(&self) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT p.person_key || ' ' || k.key AS line FROM person_roster_key k JOIN person p ON p.id = k.person_id \
                   UNION ALL SELECT u.pupil_key || ' ' || k.key AS line FROM pupil_roster_key k \
                   JOIN pupil u ON u.id = k.pupil_id";
        let mut rows: Vec<String> =
            tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(line,)| line).collect();
        rows.sort();
        rows
    }
}

#[tokio::test]
async fn people_of_two_schools_stay_as_the_later_import_of_the_other_has_them() {
    on_each(async |ground| {
        let monod = Roster::of(MONOD, 4);
        ground.imported(&monod).await;
        let before = ground.phones().await;
        ground.wait();
        let changed = monod.on("09/09/2025", |roster| {
            roster.persons[0].1 = "06 39 98 77 00".into();
            roster.persons[1].1 = "06 39 98 77 01".into();
            roster.persons[2].1 = "06 39 98 77 02".into();
        });
        ground.imported(&changed).await;
        let wrong = ground.phones().await;
        ground.wait();
        // The same day: the first parent with the same new number, the second with another one of two days later.
        let of_lycee = |persons: &[usize], day: &str| {
            Roster::of(LYCEE, 0).on(day, |roster| {
                for n in persons {
                    roster.pupils.push(changed.pupils[*n].clone());
                    roster.persons.push(changed.persons[*n].clone());
                    roster.links.push(changed.links[*n].clone());
                }
            })
        };
        ground.imported(&of_lycee(&[0], "09/09/2025")).await;
        ground.wait();
        ground
            .imported(&of_lycee(&[0, 1], "11/09/2025").on("11/09/2025", |roster| {
                roster.persons[1].1 = "06 39 98 88 01".into();
            }))
            .await;
        let later = ground.phones().await;
        let left = ground.undo_school(MONOD).await;
        let after = ground.phones().await;
        assert_eq!(after["500000"], later["500000"], "confirmed by the other school");
        assert_eq!(after["500001"], later["500001"], "written by the other school");
        assert_eq!(after["500002"], before["500002"], "nobody else's");
        assert_eq!(after["500003"], before["500003"]);
        assert_ne!(wrong["500002"], before["500002"], "the undone set had changed it");
        assert_eq!((left.persons.len(), left.pupils.len()), (2, 2));
        assert_eq!(left.by.iter().map(Uai::as_str).collect::<Vec<_>>(), [LYCEE]);
        // The school's own file is taken again, and both schools' next ones change nothing.
        ground.wait();
        ground.imported(&changed).await;
        assert_eq!(ground.phones().await["500002"], wrong["500002"]);
    })
    .await;
}

#[tokio::test]
async fn an_undo_that_nobody_wrote_after_leaves_nothing() {
    on_each(async |ground| {
        let monod = Roster::of(MONOD, 4);
        ground.imported(&Roster::of(LYCEE, 2)).await;
        ground.wait();
        ground.imported(&monod).await;
        let before = ground.phones().await;
        ground.wait();
        ground.imported(&monod.on("09/09/2025", |roster| roster.persons[0].1 = "06 39 98 77 00".into())).await;
        let left = ground.undo_school(MONOD).await;
        assert_eq!(left, RowsLeft::default(), "the other school wrote before");
        assert_eq!(ground.phones().await, before);
    })
    .await;
}

/// A delivery gives keys to rows that SIECLE made, and two schools of it share a parent: the undo of one of them leaves
/// the key by which the other knows the parent.
#[tokio::test]
async fn a_key_stays_by_which_another_school_of_the_delivery_knows_the_row() {
    on_each(async |ground| {
        // The lycée comes first in a delivery: its set writes the keys.
        ground.imported(&Roster::of(LYCEE, 3)).await;
        let keys_before = ground.keys().await;
        ground.wait();
        let mut annuaire = Annuaire::of(LYCEE, 3);
        annuaire.schools.push(("7002".into(), MONOD.into(), String::new()));
        annuaire.pupils.push(pupil_of(50, "7002", &["3500000$10$1$1$1$1"]));
        let told = ground.complet(&annuaire, "20250909").await;
        assert!(told.all, "{}", told.text());
        let keyed = ground.keys().await;
        assert!(
            keyed.contains(&"500000 3500000".to_owned()) && keyed.contains(&"500001 3500001".to_owned()),
            "{keyed:?}"
        );
        ground.undo_school(LYCEE).await;
        let after = ground.keys().await;
        assert!(after.contains(&"500000 3500000".to_owned()), "the other school's: {after:?}");
        assert!(!after.contains(&"500001 3500001".to_owned()), "the undone set's alone: {after:?}");
        assert!(keys_before.iter().all(|key| after.contains(key)));
        // The same delivery again makes nobody a second time.
        ground.wait();
        let count = ground.count("person ").await;
        let told = ground.complet(&annuaire, "20250910").await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.count("person ").await, count);
        assert!(ground.keys().await.contains(&"500001 3500001".to_owned()));
    })
    .await;
}

/// Two records of one academy were taken for one pupil: undone, the record has no account, though the other school's file
/// has it too.
#[tokio::test]
async fn a_pupil_leaves_the_account_that_the_undone_set_joined_whoever_has_the_row_since() {
    on_each(async |ground| {
        const INE: &str = "990000001ZA";
        let monod = Roster::of(MONOD, 3).on("08/09/2025", |roster| roster.tell("900000", INE));
        ground.imported(&monod).await;
        ground.give("montpellier", "900000", "zoe", "eleve").await;
        ground.wait();
        let lycee = Roster::of(LYCEE, 1).on("09/09/2025", |roster| {
            (roster.pupils[0].0, roster.links[0].0) = ("910000".into(), "910000".into());
            roster.tell("910000", INE);
        });
        assert_eq!(ground.imported(&lycee).await.accounts_joined, ["910000"]);
        assert_eq!(ground.account("montpellier", "910000").await.as_deref(), Some("zoe"));
        ground.wait();
        let both = monod.on("10/09/2025", |roster| {
            roster.pupils.push(lycee.pupils[0].clone());
            roster.links.push(lycee.links[0].clone());
        });
        ground.imported(&both).await;
        let left = ground.undo_school(LYCEE).await;
        assert!(left.by.iter().any(|uai| uai.as_str() == MONOD), "the row is the other school's: {left:?}");
        assert_eq!(ground.account("montpellier", "910000").await, None);
        assert_eq!(ground.account("montpellier", "900000").await.as_deref(), Some("zoe"));
    })
    .await;
}
