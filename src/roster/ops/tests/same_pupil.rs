//! The INE: one pupil of several academies keeps one account.

use std::sync::atomic::Ordering::SeqCst;

use super::undo::{ImportUndo, undo_last_run};
use super::*;
use crate::base::typed_ids::{AccountId, PupilId};
use crate::roster::report::RosterChanges;
use crate::roster::same_pupil::{IneConflict, MIN_ABSENCE};
use crate::roster::store::link_to_account;
use crate::roster::store::pupils::{link_pupil_to_account, list_enrolments_of_account};
use crate::roster::store::same_pupil::join_account;

const INE: &str = "990000001ZA";
const PUPIL: &str = "900000";

/// A change of the text of the file of pupils.
type Change<'a> = &'a dyn Fn(&mut String);

/// A school whose first pupil has an INE; the numbers of parents are of no interest here.
fn school(uai: &'static str, ine: &str) -> Roster {
    Roster::of(uai, 3).on("08/09/2025", |roster| roster.tell(PUPIL, ine))
}

impl Roster {
    pub(super) fn tell(&mut self, pupil: &str, ine: &str) {
        self.more.insert(pupil.to_owned(), format!("<ID_NATIONAL>{ine}</ID_NATIONAL>"));
    }
}

impl Fixture {
    /// Imports a roster of Toulouse and asserts that everything was imported.
    async fn toulouse(&self, roster: &Roster) -> (ImportSummary, String) {
        let told = self.import_as(&roster.files(self), |request| request.academy = "toulouse".into()).await;
        assert!(told.all, "{}", told.text());
        (told.imported(), told.text())
    }

    /// Gives an account to a pupil, as the first letter does.
    pub(super) async fn give(&self, academy: &'static str, key: &'static str, id: &'static str, profile: &'static str) {
        let mut tx = self.db.write(Durability::Durable).await.unwrap();
        let sql = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                   created_at, updated_at) VALUES ($1, $1, $1, '07', 'active', $2, 'Zoé', 'DURAND', 1, 1)";
        tx.execute(sql, args![id, profile]).await.unwrap();
        let table = if profile == "eleve" { "pupil" } else { "person" };
        let sql = format!("SELECT id FROM {table} WHERE academy = $1 AND {table}_key = $2").leak();
        let (row,) = tx.fetch_one::<(String,)>(sql, args![academy, key]).await.unwrap();
        let account = AccountId::new(id);
        assert!(if profile == "eleve" {
            link_pupil_to_account(&mut tx, &PupilId::new(row), &account).await.unwrap()
        } else {
            link_to_account(&mut tx, &PersonId::new(row), &account).await.unwrap()
        });
        tx.commit().await.unwrap();
    }

    pub(super) async fn account(&self, academy: &'static str, key: &str) -> Option<String> {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT account_id FROM pupil WHERE academy = $1 AND pupil_key = $2";
        tx.fetch_one::<(Option<String>,)>(sql, args![academy, key]).await.unwrap().0
    }

    /// Gives the pupil of Toulouse the account of Montpellier's, as a sheet there does.
    async fn join_by_sheet(&self, account: &str) {
        let ctx = self.context();
        let mut tx = ctx.storage.write(Durability::Durable).await.unwrap();
        let mut ids = Vec::new();
        for academy in ["toulouse", "montpellier"] {
            let sql = "SELECT id FROM pupil WHERE academy = $1 AND pupil_key = $2";
            ids.push(tx.fetch_one::<(PupilId,)>(sql, args![academy, PUPIL]).await.unwrap().0);
        }
        assert!(join_account(&mut tx, &ids[0], &ids[1], &AccountId::new(account)).await.unwrap());
        tx.commit().await.unwrap();
    }

    async fn blinds(&self) -> Vec<Option<String>> {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT ine_blind FROM pupil ORDER BY academy, pupil_key";
        tx.fetch_all::<(Option<String>,)>(sql, args![]).await.unwrap().into_iter().map(|(blind,)| blind).collect()
    }

    async fn schools(&self, account: &str) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let all = list_enrolments_of_account(&mut tx, &AccountId::new(account)).await.unwrap();
        all.into_iter().map(|pupil| pupil.uai.to_string()).collect()
    }
}

#[tokio::test]
async fn the_hmac_is_kept_and_nothing_else_and_a_row_without_it_counts_as_changed() {
    on_each(async |ground| {
        // Before: rows without.
        ground.imported(&Roster::of(MONOD, 3)).await;
        assert_eq!(ground.blinds().await, [None, None, None]);
        let roster = school(MONOD, " 990 000 001 za");
        let changed = RosterChanges { pupils_changed: 1, ..RosterChanges::default() };
        let told = ground.import(&roster.files(&ground)).await;
        assert_eq!(told.imported().changes, changed);
        let blind = ground.master_key.hmac(crate::crypto::HmacPurpose::Ine, INE);
        assert_eq!(ground.blinds().await, [Some(blind.clone()), None, None]);
        assert!(!format!("{told} {rows:?}", told = told.text(), rows = ground.rows().await).contains("000001ZA"));
        assert_eq!(ground.imported(&roster).await.changes, RosterChanges::default());
        // Whatever is no INE refuses nobody and takes nothing away.
        for (day, text) in [("09/09/2025", ""), ("10/09/2025", "NEANT"), ("11/09/2025", "99000000123")] {
            let changes = ground.imported(&roster.on(day, |roster| roster.tell(PUPIL, text))).await.changes;
            assert_eq!((changes, ground.blinds().await[0].clone()), (RosterChanges::default(), Some(blind.clone())));
        }
        // The school mends it.
        let mended = roster.on("12/09/2025", |roster| roster.tell(PUPIL, "9900000002Z"));
        assert_eq!(ground.imported(&mended).await.changes, changed);
        assert_ne!(ground.blinds().await[0], Some(blind));
    })
    .await;
}

#[tokio::test]
async fn a_pupil_of_another_academy_keeps_the_account_and_the_parents_keep_theirs_apart() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        ground.give("montpellier", "500000", "anne", "responsable").await;
        let there = school(TOULOUSE, INE);
        let before = ground.rows().await;
        let dry = |request: &mut ImportRequest| (request.academy, request.dry_run) = ("toulouse".into(), true);
        let told = ground.import_as(&there.files(&ground), dry).await;
        assert_eq!((told.imported().accounts_joined, ground.rows().await), (vec![PUPIL.to_owned()], before));
        let (taken, said) = ground.toulouse(&there).await;
        assert_eq!((taken.accounts_joined, taken.ine_conflicts), (vec![PUPIL.to_owned()], vec![]));
        let line = "0319999A: ELEVE 900000: the same pupil as in another record; has that one's account\n";
        assert!(said.contains(line), "{said}");
        assert_eq!(ground.account("toulouse", PUPIL).await.as_deref(), Some("zoe"));
        assert_eq!(ground.account("toulouse", "900001").await, None);
        assert_eq!(ground.count("audit pupil_recognised toulouse").await, 1);
        let anne = ground.rows().await.into_iter().filter(|row| row.starts_with("person ") && row.ends_with(" anne"));
        assert_eq!(anne.count(), 1, "a parent proves the new child");
        assert_eq!(ground.schools("zoe").await, [MONOD, TOULOUSE]);
        // The former school lets go of the pupil.
        let left = school(MONOD, INE).on("09/09/2025", |roster| roster.pupils[0].2 = Some("08/09/2025".into()));
        ground.imported(&left).await;
        assert_eq!(ground.schools("zoe").await, [TOULOUSE]);
        let (again, _) = ground.toulouse(&there.on("10/09/2025", |_| {})).await;
        assert_eq!((again.changes, again.accounts_joined), (RosterChanges::default(), vec![]), "once");
    })
    .await;
}

#[tokio::test]
async fn attack_a12_a_roster_with_the_ine_of_another_academys_pupil_takes_no_account_over() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        let crafted = |day: &str, change: Change<'_>| {
            school(TOULOUSE, INE).on(day, |roster| {
                let mut text = roster.eleves();
                change(&mut text);
                roster.raw = Some(text);
            })
        };
        let born = |text: &mut String| *text = text.replacen("14/02/2013", "15/02/2013", 1);
        let family = |text: &mut String| *text = text.replacen("DURAND", "PETIT", 1);
        let given = |text: &mut String| *text = text.replacen("Zoé", "Zoéline", 1);
        let lost = |text: &mut String| *text = text.replacen("Zoé", "Zo?", 1);
        let tries: [Change<'_>; 4] = [&born, &family, &given, &lost];
        for (day, change) in ["09/09/2025", "10/09/2025", "11/09/2025", "12/09/2025"].into_iter().zip(tries) {
            let (taken, said) = ground.toulouse(&crafted(day, change)).await;
            assert_eq!(taken.ine_conflicts, [(PUPIL.to_owned(), IneConflict::OtherIdentity)], "{day}");
            assert_eq!(ground.account("toulouse", PUPIL).await, None, "{day}");
            // The report has the record of that school, and nothing of the other one.
            for there in [INE, "zoe", "DURAND", "PETIT", "Zoé", "2013", MONOD, "montpellier"] {
                assert!(!said.contains(there), "{there}: {said}");
            }
        }
        assert_eq!(
            (ground.schools("zoe").await, ground.count("audit pupil_recognised").await),
            (vec![MONOD.into()], 0)
        );
        // The first letter there gives an account of its own; from then on both stay, whatever the roster says.
        ground.give("toulouse", PUPIL, "other", "eleve").await;
        let (taken, _) = ground.toulouse(&school(TOULOUSE, INE).on("13/09/2025", |_| {})).await;
        assert_eq!((taken.accounts_joined, taken.ine_conflicts), (vec![], vec![]));
        assert_eq!(ground.account("toulouse", PUPIL).await.as_deref(), Some("other"));
        assert_eq!(ground.account("montpellier", PUPIL).await.as_deref(), Some("zoe"));
    })
    .await;
}

#[tokio::test]
async fn attack_a12_an_account_made_elsewhere_beforehand_does_not_get_the_pupil_who_was_there_first() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        // Another academy knows everything of the pupil a minute later, and gives out an account.
        ground.clock.store(NOW.0 + 60_000, SeqCst);
        ground.toulouse(&school(TOULOUSE, INE)).await;
        ground.give("toulouse", PUPIL, "early", "eleve").await;
        for day in ["09/09/2025", "10/09/2025"] {
            let taken = ground.imported(&school(MONOD, INE).on(day, |_| {})).await;
            assert_eq!((taken.accounts_joined, taken.ine_conflicts), (vec![], vec![]));
            assert_eq!(ground.account("montpellier", PUPIL).await, None);
        }
    })
    .await;
}

#[tokio::test]
async fn a_pupil_who_comes_back_has_the_account_got_meanwhile() {
    on_each(async |ground| {
        let left = |day: &str| school(MONOD, INE).on(day, |roster| roster.pupils[0].2 = Some("08/09/2025".into()));
        ground.imported(&school(MONOD, INE)).await;
        ground.imported(&left("09/09/2025")).await;
        ground.toulouse(&school(TOULOUSE, INE)).await;
        ground.give("toulouse", PUPIL, "zoe", "eleve").await;
        ground.imported(&left("10/09/2025")).await;
        assert_eq!(ground.account("montpellier", PUPIL).await, None, "not enrolled");
        // A term later.
        ground.clock.store(NOW.plus(MIN_ABSENCE).0, SeqCst);
        let back = ground.imported(&school(MONOD, INE).on("11/09/2025", |_| {})).await;
        assert_eq!((back.accounts_joined, back.changes.enrolments_started), (vec![PUPIL.to_owned()], 1));
        assert_eq!(ground.account("montpellier", PUPIL).await.as_deref(), Some("zoe"));
        // And who had the account before leaving has it still.
        ground.imported(&left("12/09/2025")).await;
        ground.imported(&school(MONOD, INE).on("13/09/2025", |_| {})).await;
        assert_eq!(ground.schools("zoe").await, [MONOD, TOULOUSE]);
    })
    .await;
}

#[tokio::test]
async fn attack_a12_who_was_left_out_of_an_export_or_changes_school_has_not_come_from_elsewhere() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        ground.clock.store(NOW.0 + 60_000, SeqCst);
        ground.toulouse(&school(TOULOUSE, INE)).await;
        ground.give("toulouse", PUPIL, "early", "eleve").await;
        // The collège forgets the pupil in one export, and mends it in the next.
        let without = school(MONOD, INE).on("09/09/2025", |roster| {
            roster.pupils.remove(0);
            roster.links.remove(0);
        });
        ground.imported(&without).await;
        let again = ground.imported(&school(MONOD, INE).on("10/09/2025", |_| {})).await;
        assert_eq!((again.changes.enrolments_started, again.accounts_joined), (1, vec![]));
        // The pupil goes on to the lycée of the academy, after the collège's last export.
        ground.imported(&without.on("11/09/2025", |_| {})).await;
        ground.clock.store(NOW.plus(MIN_ABSENCE).0 - 1, SeqCst);
        let lycee = ground.imported(&school(LYCEE, INE).on("12/09/2025", |_| {})).await;
        assert_eq!((lycee.changes.enrolments_started, lycee.accounts_joined), (3, vec![]));
        assert_eq!(ground.account("montpellier", PUPIL).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_record_whose_ine_the_same_export_corrects_gives_its_account_to_nobody() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        // The number was another pupil's, who comes to the school now.
        let corrected = school(MONOD, "9900000002Z").on("09/09/2025", |roster| {
            (roster.pupils[2].0, roster.links[2].0) = ("910000".to_owned(), "910000".to_owned());
            roster.tell("910000", INE);
        });
        let taken = ground.imported(&corrected).await;
        assert_eq!((taken.accounts_joined, taken.ine_conflicts), (vec![], vec![]));
        assert_eq!(ground.account("montpellier", "910000").await, None);
        assert_eq!(ground.schools("zoe").await, [MONOD]);
    })
    .await;
}

/// An older file of another school says another INE of a pupil; the newer row, which has the account, keeps its own.
#[tokio::test]
async fn an_older_export_corrects_no_ine_of_a_newer_row() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE).on("20/09/2025", |_| {})).await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        // The same pupil has a record of another number in the lycée's file, beside an old one of the first number.
        let older = Roster::of(LYCEE, 1).on("09/09/2025", |roster| {
            roster.tell(PUPIL, "9900000002Z");
            roster.pupils.push(("910000".to_owned(), "14/02/2013".to_owned(), None));
            roster.persons.push(("510000".to_owned(), "06 39 98 55 55".to_owned()));
            roster.links.push(("910000".to_owned(), "510000".to_owned(), "1".to_owned()));
            roster.tell("910000", INE);
        });
        let taken = ground.imported(&older).await;
        assert_eq!((taken.accounts_joined, taken.ine_conflicts), (vec!["910000".to_owned()], vec![]));
        assert_eq!(ground.account("montpellier", "910000").await.as_deref(), Some("zoe"));
    })
    .await;
}

#[tokio::test]
async fn an_ine_twice_in_one_file_is_told_and_serves_neither_pupil() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        let twice = school(TOULOUSE, INE).on("09/09/2025", |roster| roster.tell("900001", INE));
        let (taken, said) = ground.toulouse(&twice).await;
        assert_eq!((taken.accounts_joined, taken.ine_conflicts), (vec![], vec![]));
        for pupil in [PUPIL, "900001"] {
            let line =
                format!("for the school: ELEVE {pupil}: has the INE of another pupil of the file; taken without\n");
            assert!(said.contains(&line) && !said.contains(INE), "{said}");
            assert_eq!(ground.account("toulouse", pupil).await, None);
        }
        assert_eq!(ground.blinds().await.iter().flatten().count(), 1);
    })
    .await;
}

/// A sheet goes by what a set says, before the set is undone.
#[tokio::test]
async fn an_undo_takes_a_pupil_out_of_the_account_that_a_sheet_knew_by_the_set() {
    for is_new in [true, false] {
        on_each(async |ground| {
            ground.imported(&school(MONOD, INE)).await;
            ground.clock.store(NOW.0 + 60_000, SeqCst);
            if !is_new {
                ground.toulouse(&Roster::of(TOULOUSE, 3)).await;
                ground.clock.store(NOW.0 + 90_000, SeqCst);
            }
            let (taken, _) = ground.toulouse(&school(TOULOUSE, INE).on("09/09/2025", |_| {})).await;
            assert_eq!(taken.accounts_joined, Vec::<String>::new(), "there is none yet");
            ground.give("montpellier", PUPIL, "zoe", "eleve").await;
            ground.clock.store(NOW.0 + 120_000, SeqCst);
            ground.join_by_sheet("zoe").await;
            assert_eq!(ground.account("toulouse", PUPIL).await.as_deref(), Some("zoe"));
            let outcome = undo_last_run(ground.context(), "toulouse", None).await.unwrap();
            assert!(matches!(outcome, ImportUndo::Done { .. }), "{outcome:?}");
            assert_eq!(ground.schools("zoe").await, [MONOD]);
            if is_new {
                assert_eq!(ground.count("pupil ").await, 3, "those of Montpellier");
            } else {
                assert_eq!((ground.count("pupil ").await, ground.account("toulouse", PUPIL).await), (6, None));
                assert_eq!(ground.blinds().await.iter().flatten().count(), 1, "Montpellier's");
            }
            // Whoever is imported again is known again.
            let (again, _) = ground.toulouse(&school(TOULOUSE, INE).on("10/09/2025", |_| {})).await;
            assert_eq!(again.accounts_joined, [PUPIL]);
        })
        .await;
    }
}

#[tokio::test]
async fn two_rows_of_one_academy_have_one_account_and_records_with_two_accounts_give_none() {
    on_each(async |ground| {
        ground.imported(&school(MONOD, INE)).await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        // The lycée made a new record, with another ELEVE_ID.
        let anew = |uai, key: &str| {
            let key = key.to_owned();
            Roster::of(uai, 1).on("09/09/2025", |roster| {
                (roster.pupils[0].0, roster.links[0].0) = (key.clone(), key.clone());
                roster.tell(&key, INE);
            })
        };
        assert_eq!(ground.imported(&anew(LYCEE, "910000")).await.accounts_joined, ["910000"]);
        assert_eq!(ground.account("montpellier", "910000").await.as_deref(), Some("zoe"));
        // Two records that were given accounts apart: both stay, and a third gets neither.
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        tx.execute("UPDATE pupil SET account_id = NULL WHERE pupil_key = '910000'", args![]).await.unwrap();
        tx.commit().await.unwrap();
        ground.give("montpellier", "910000", "second", "eleve").await;
        let (taken, _) = ground.toulouse(&anew(TOULOUSE, "920000")).await;
        assert_eq!(taken.ine_conflicts, [("920000".to_owned(), IneConflict::SeveralAccounts)]);
        assert_eq!(ground.account("toulouse", "920000").await, None);
        assert_eq!(ground.account("montpellier", PUPIL).await.as_deref(), Some("zoe"));
    })
    .await;
}

#[tokio::test]
async fn link_70_keeps_two_accounts_and_a_closed_one_is_joined_by_nobody() {
    on_each(async |ground| {
        // The pupil of age is the own responsable, and has the account of one beside the pupil's.
        ground.imported(&school(MONOD, INE)).await;
        ground.give("montpellier", "500000", "adult", "responsable").await;
        ground.give("montpellier", PUPIL, "zoe", "eleve").await;
        ground.toulouse(&school(TOULOUSE, INE)).await;
        assert_eq!(ground.account("toulouse", PUPIL).await.as_deref(), Some("zoe"));
        assert_eq!(ground.rows().await.iter().filter(|row| row.ends_with(" adult")).count(), 1);
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        tx.execute("UPDATE account SET state = 'closed' WHERE id = 'zoe'", args![]).await.unwrap();
        tx.execute("UPDATE pupil SET account_id = NULL WHERE academy = 'toulouse'", args![]).await.unwrap();
        tx.commit().await.unwrap();
        let (taken, _) = ground.toulouse(&school(TOULOUSE, INE).on("09/09/2025", |_| {})).await;
        assert_eq!((taken.accounts_joined, ground.account("toulouse", PUPIL).await), (vec![], None));
        // A responsable's account on a pupil's record is none to join.
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        tx.execute("UPDATE pupil SET account_id = 'adult' WHERE academy = 'montpellier'", args![]).await.unwrap();
        tx.commit().await.unwrap();
        ground.toulouse(&school(TOULOUSE, INE).on("10/09/2025", |_| {})).await;
        assert_eq!(ground.account("toulouse", PUPIL).await, None);
    })
    .await;
}
