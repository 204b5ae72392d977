//! The permitted changes of an import, and the reasons for rejection.

use super::*;
use crate::base::phone::{PhoneState, UnusableReason};
use crate::base::typed_ids::AccountId;
use crate::roster::reconcile::ReconcileError;
use crate::roster::report::RosterChanges;
use crate::roster::store::{hide_child, link_to_account, list_children_of_account};
use crate::tenants::NoticeKind;

#[tokio::test]
async fn fault_rt14_the_same_files_again_change_nothing() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let before = ground.rows().await;
        let again = ground.imported(&roster).await;
        assert_eq!(again.changes, Default::default());
        assert_eq!(before, ground.rows().await);
    })
    .await;
}

/// No digest of a set answers for the rows: whoever changed them, they are compared.
#[tokio::test]
async fn the_same_files_again_mend_what_changed_meanwhile() {
    on_each(async |ground| {
        // The last of several batches of keys.
        let roster = Roster::of(MONOD, 301);
        ground.imported(&roster).await;
        let nothing = RosterChanges::default();
        for (sql, changes) in [
            (
                "UPDATE person SET given_name = 'Berthe' WHERE person_key = '500300'",
                RosterChanges { persons_changed: 1, ..nothing },
            ),
            (
                "UPDATE pupil SET family_name = 'PETIT' WHERE pupil_key = '900300'",
                RosterChanges { pupils_changed: 1, ..nothing },
            ),
            (
                "UPDATE enrolment SET class = '9 Z' WHERE pupil_id = (SELECT id FROM pupil WHERE pupil_key = '900300')",
                RosterChanges { enrolments_moved: 1, ..nothing },
            ),
            (
                "UPDATE enrolment SET ended_at = 1 WHERE pupil_id = (SELECT id FROM pupil WHERE pupil_key = '900300')",
                RosterChanges { enrolments_started: 1, ..nothing },
            ),
            (
                "UPDATE link SET ended_at = 1 WHERE person_id = (SELECT id FROM person WHERE person_key = '500300')",
                RosterChanges { links_started: 1, ..nothing },
            ),
            (
                "UPDATE link SET level = 'contact' WHERE person_id = (SELECT id FROM person WHERE person_key = '500300')",
                RosterChanges { links_changed: 1, ..nothing },
            ),
        ] {
            execute(&ground.db, sql.to_owned()).await;
            assert_eq!(ground.imported(&roster).await.changes, changes, "{sql}");
            assert_eq!(ground.imported(&roster).await.changes, nothing, "{sql}");
        }
    })
    .await;
}

#[tokio::test]
async fn property_p08_the_order_of_records_does_not_matter() {
    on_each(async |ground| {
        let mut roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let before = ground.rows().await;
        roster.pupils.reverse();
        roster.persons.reverse();
        roster.links.reverse();
        ground.imported(&roster).await;
        assert_eq!(before, ground.rows().await);
    })
    .await;
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_writes_nothing() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        let before = ground.rows().await;
        let told = ground.import_as(&roster.files(&ground), |request| request.dry_run = true).await;
        assert!(told.all);
        assert_eq!(told.imported().changes.pupils_new, 30);
        assert!(told.text().contains("would be taken"), "{}", told.text());
        assert_eq!(before, ground.rows().await);
    })
    .await;
}

#[tokio::test]
async fn property_p08_an_older_export_never_overwrites_a_newer_one() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        let newer = roster.on("09/09/2025", |roster| roster.persons[0].1 = "06 39 98 77 77".into());
        ground.imported(&newer).await;
        let before = ground.rows().await;
        let told = ground.import(&roster.files(&ground)).await;
        assert!(!told.all);
        assert!(matches!(told.rejected(), ImportRejection::Reconcile(ReconcileError::OlderExport { .. })));
        assert_eq!(before, ground.rows().await);
    })
    .await;
}

#[tokio::test]
async fn a_newer_export_of_the_same_school_moves_times_only() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 60);
        ground.imported(&roster).await;
        let before: Vec<_> = ground.rows().await.into_iter().filter(|row| row.starts_with("link")).collect();
        let changes = ground.imported(&roster.on("09/09/2025", |_| {})).await.changes;
        assert_eq!(changes, Default::default());
        let rows = ground.rows().await;
        assert_eq!(before, rows.iter().filter(|row| row.starts_with("link")).cloned().collect::<Vec<_>>());
        // Midnight of the 9th in Paris.
        let moved = |what: &str| rows.iter().filter(|r| r.starts_with(what) && r.contains(" 1757368800000")).count();
        assert_eq!((moved("person "), moved("pupil "), moved("set ")), (60, 60, 1));
    })
    .await;
}

#[tokio::test]
async fn fault_rt14_more_than_five_percent_gone_waits_for_the_operator() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 40);
        ground.imported(&roster).await;
        assert_eq!(ground.imported(&roster.without(2, "09/09/2025")).await.changes.enrolments_ended, 2);
        let before = ground.rows().await;
        let shrunk = roster.without(12, "10/09/2025");
        let told = ground.import(&shrunk.files(&ground)).await;
        assert!(!told.all);
        assert!(matches!(
            told.rejected(),
            ImportRejection::Reconcile(ReconcileError::TooManyRemovals { gone: 10, of: 38, .. })
        ));
        let line = "0349999J: refused: 10 of 38 current pupils would end, more than 5 %\n";
        assert!(told.text().contains(line), "{}", told.text());
        assert_eq!(before, ground.rows().await);
        let accept = |request: &mut ImportRequest| request.removals = RemovalPolicy::Accepted;
        let told = ground.import_as(&shrunk.files(&ground), accept).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(told.imported().changes.links_ended, 10);
        // The rows are ended but still present.
        assert_eq!(ground.count("link 0349999J").await, 40);
        assert_eq!(ground.count("pupil ").await, 40);
    })
    .await;
}

#[tokio::test]
async fn a_school_of_another_academy_or_of_none_is_refused() {
    on_each(async |ground| {
        let before = ground.rows().await;
        let told = ground.import(&Roster::of(TOULOUSE, 3).files(&ground)).await;
        let expected = ImportRejection::OtherAcademy { declared: "toulouse".into(), given: "montpellier".into() };
        assert_eq!((told.all, told.rejected()), (false, &expected));
        let told = ground.import(&Roster::of("0349997G", 3).files(&ground)).await;
        assert!(matches!(told.rejected(), ImportRejection::UndeclaredSchool { .. }));
        let (_, example) =
            told.rejected().to_string().split_once('\n').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        #[derive(serde::Deserialize)]
        struct Schools {
            school: Vec<crate::config::deployment::SchoolFile>,
        }
        let toml = config::Config::builder().add_source(config::File::from_str(&example, config::FileFormat::Toml));
        let schools: Schools = toml.build().unwrap().try_deserialize().unwrap();
        assert_eq!((schools.school[0].uai.as_str(), schools.school[0].academy.as_str()), ("0349997G", "montpellier"));
        assert_eq!(before, ground.rows().await);
    })
    .await;
}

fn monod() -> Uai {
    Uai::parse(MONOD).unwrap()
}

/// An account for persons of the roster.
fn account() -> AccountId {
    AccountId::new("account")
}

#[tokio::test]
async fn property_p10_a_pupil_absent_from_the_next_set_leaves_the_claims_at_once_and_comes_back() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 60);
        ground.imported(&roster).await;
        let parent = ground.person_id("500059").await;
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        assert!(link_to_account(&mut tx, &parent, &account()).await.unwrap());
        tx.commit().await.unwrap();
        let children = async || {
            let mut tx = ground.db.read().await.unwrap();
            list_children_of_account(&mut tx, &account()).await.unwrap().len()
        };
        assert_eq!(children().await, 1);
        ground.imported(&roster.without(1, "09/09/2025")).await;
        assert_eq!(children().await, 0);
        ground.imported(&roster.on("10/09/2025", |_| {})).await;
        assert_eq!(children().await, 1);
        // A second child of the same person appears at once; a past DATE_SORTIE ends the first enrolment.
        ground
            .imported(&roster.on("11/09/2025", |roster| {
                roster.links.push(("900000".into(), "500059".into(), "1".into()));
                roster.links.push(("900001".into(), "500059".into(), "2".into()));
            }))
            .await;
        assert_eq!(children().await, 2, "and a person in charge has no right");
        ground.imported(&roster.on("12/09/2025", |roster| roster.pupils[59].2 = Some("11/09/2025".into()))).await;
        assert_eq!(children().await, 0);
    })
    .await;
}

#[tokio::test]
async fn what_a_parent_contested_survives_imports() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let parent = ground.person_id("500003").await;
        let mut tx = ground.context().storage.write(Durability::Durable).await.unwrap();
        link_to_account(&mut tx, &parent, &account()).await.unwrap();
        let child = list_children_of_account(&mut tx, &account()).await.unwrap().remove(0);
        hide_child(&mut tx, &parent, &child.pupil_id, NoticeKind::Contested).await.unwrap();
        tx.commit().await.unwrap();
        ground.imported(&roster.on("09/09/2025", |roster| _ = roster.links.remove(3))).await;
        ground.imported(&roster.on("10/09/2025", |_| {})).await;
        let mut tx = ground.db.read().await.unwrap();
        assert_eq!(list_children_of_account(&mut tx, &account()).await.unwrap(), []);
        let kept = crate::roster::store::list_children_of_person(&mut tx, &parent).await.unwrap();
        assert!(kept[0].is_hidden);
    })
    .await;
}

#[tokio::test]
async fn faults_c7_what_a_parent_contested_is_settled_by_the_school_that_ends_the_link() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 30);
        ground.imported(&roster).await;
        let parent = ground.person_id("500003").await;
        let mut tx = ground.context().storage.write(Durability::Durable).await.unwrap();
        let child = crate::roster::store::list_children_of_person(&mut tx, &parent).await.unwrap().remove(0);
        hide_child(&mut tx, &parent, &child.pupil_id, NoticeKind::Contested).await.unwrap();
        for (at, code) in [(NOW, "K7P-4MX"), (NOW.plus(crate::base::clock::Span::hours(1)), "M2N-5QR")] {
            let kind = NoticeKind::Contested;
            let pupil_id = Some(&child.pupil_id);
            let notice = tenants::Notice { uai: &monod(), person_id: &parent, pupil_id, kind, support_code: code };
            tx.now = at;
            tenants::store::upsert_notice(&mut tx, &notice).await.unwrap();
        }
        tx.commit().await.unwrap();
        let open = async || {
            let mut tx = ground.db.read().await.unwrap();
            let rows = tenants::store::list_notices(&mut tx, &monod(), false).await.unwrap();
            rows.into_iter().map(|row| row.support_code).collect::<Vec<_>>()
        };
        ground.imported(&roster.on("09/09/2025", |_| {})).await;
        assert_eq!(open().await, ["M2N-5QR", "K7P-4MX"], "nothing was seen to");
        ground.imported(&roster.on("10/09/2025", |roster| _ = roster.links.remove(3))).await;
        assert_eq!(open().await, Vec::<String>::new());
        // The link is back and the child still hidden: one notice, with the newest code.
        ground.imported(&roster.on("11/09/2025", |_| {})).await;
        assert_eq!(open().await, ["M2N-5QR"]);
        // A link lowered to a contact leaves nothing to contest.
        ground.imported(&roster.on("12/09/2025", |roster| roster.links[3].2 = "3".into())).await;
        assert_eq!(open().await, Vec::<String>::new());
    })
    .await;
}

#[tokio::test]
async fn faults_c6_an_unreachable_parent_is_told_with_child_class_end_and_reason() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 2).on("08/09/2025", |roster| roster.persons[0].1 = "04 67 12 34 56".into());
        ground.imported(&roster).await;
        let read = async || {
            let mut tx = ground.db.read().await.unwrap();
            let rows = tenants::store::list_notices(&mut tx, &monod(), false).await.unwrap();
            let row = rows.into_iter().next();
            let children = tenants::store::list_noticed_children(&mut tx, &monod()).await.unwrap();
            (row.map(|row| (row.phone_state.unwrap(), row.phone_why, row.phone_end)), children.len())
        };
        let landline = Some((PhoneState::Unusable, Some(UnusableReason::Landline), Some("56".to_owned())));
        assert_eq!(read().await, (landline.clone(), 1));
        // A row older than the reason column: importing the same files again fills the column in.
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        tx.execute("UPDATE person SET phone_why = NULL, phone_end = NULL", args![]).await.unwrap();
        tx.commit().await.unwrap();
        ground.imported(&roster).await;
        assert_eq!(read().await, (landline, 1));
        // A mobile arrives: the notice is settled, and nothing of the old number is left.
        ground.imported(&roster.on("09/09/2025", |roster| roster.persons[0].1 = "06 39 98 00 00".into())).await;
        assert_eq!(read().await.0, None);
        let mut tx = ground.db.read().await.unwrap();
        let all = tenants::store::list_notices(&mut tx, &monod(), true).await.unwrap();
        assert!(all.len() == 1 && all[0].settled_at == Some(NOW.0) && all[0].phone_end.is_none(), "{all:?}");
    })
    .await;
}

#[tokio::test]
async fn a_new_mobile_changes_nothing_but_the_mobile() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 3);
        ground.imported(&roster).await;
        let parent = ground.person_id("500000").await;
        let mut tx = ground.db.write(Durability::Durable).await.unwrap();
        link_to_account(&mut tx, &parent, &account()).await.unwrap();
        tx.commit().await.unwrap();
        let moved = roster.on("09/09/2025", |roster| roster.persons[0].1 = "+33 6 39 98 77 77".into());
        let changes = ground.imported(&moved).await.changes;
        assert_eq!(changes, crate::roster::report::RosterChanges { persons_changed: 1, ..Default::default() });
        let mut tx = ground.db.read().await.unwrap();
        let blind = |number| ground.master_key.hmac(crate::crypto::HmacPurpose::Phone, number);
        let by = async |tx: &mut _, number| crate::roster::store::list_by_phone(tx, &blind(number)).await.unwrap();
        assert_eq!(by(&mut tx, "+33639980000").await, []);
        let found = by(&mut tx, "+33639987777").await;
        assert_eq!((found[0].id.as_str(), found[0].account_id.as_deref()), (parent.as_str(), Some("account")));
    })
    .await;
}

#[tokio::test]
async fn faults_c2_a_link_that_is_there_twice_is_kept_once_and_the_school_is_told_as_long_as_it_is_so() {
    on_each(async |ground| {
        let twice = |roster: &mut Roster| roster.links.push(("900000".into(), "500000".into(), "3".into()));
        let roster = Roster::of(MONOD, 4).on("08/09/2025", twice);
        let told = ground.import(&roster.files(&ground)).await;
        assert!(told.all, "{}", told.text());
        let line = "0349999J: for the school: RESPONSABLE_ELEVE 900000 500000: is there more than once, and differs; \
                    taken as legal representative\n";
        assert!(told.text().contains(line), "{}", told.text());
        assert_eq!(told.imported().counts.legal_links, 4);
        let notices = async |all| {
            let mut tx = ground.db.read().await.unwrap();
            let rows = tenants::store::list_notices(&mut tx, &monod(), all).await.unwrap();
            rows.into_iter().map(|row| (row.kind, row.pupil, row.settled_at.is_some())).collect::<Vec<_>>()
        };
        let of = |settled| vec![(NoticeKind::LinkRepeated, Some("Zoé".to_owned()), settled)];
        assert_eq!(notices(false).await, of(false));
        ground.imported(&Roster::of(MONOD, 4).on("09/09/2025", |_| {})).await;
        assert_eq!((notices(false).await, notices(true).await), (vec![], of(true)));
        // The duplicate is back: the same notice is open again.
        ground.imported(&Roster::of(MONOD, 4).on("10/09/2025", twice)).await;
        assert_eq!((notices(false).await, notices(true).await), (of(false), of(false)));
        ground.imported(&Roster::of(MONOD, 4).on("11/09/2025", twice)).await;
        assert_eq!(notices(true).await, of(false), "once a link");
    })
    .await;
}

#[tokio::test]
async fn the_school_is_told_of_parents_without_a_mobile_as_long_as_it_is_so() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 4).on("08/09/2025", |roster| {
            roster.persons[0].1 = String::new();
            roster.persons[1].1 = "04 67 12 34 56".into();
            roster.persons[2].1 = String::new();
            roster.links[2].2 = "3".into();
        });
        assert_eq!(ground.imported(&roster).await.unreachable, 2);
        let told = async || ground.count("notice 0349999J unreachable").await;
        assert_eq!(told().await, 2, "a contact has no right to an account");
        ground.imported(&roster.on("09/09/2025", |_| {})).await;
        assert_eq!(told().await, 2, "once a person");
        ground.imported(&roster.on("10/09/2025", |roster| roster.persons[0].1 = "0639980000".into())).await;
        assert_eq!(told().await, 1);
        let states = ground.rows().await;
        assert!(states.iter().any(|row| row.starts_with("person 500001 DURAND Anne unusable ")), "{states:?}");
    })
    .await;
}
