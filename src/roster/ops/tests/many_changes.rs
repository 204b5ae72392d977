//! Changes of many rows at once: each row ends as if it were written alone, and an undo puts all of them back.

use std::slice;
use std::sync::atomic::Ordering::SeqCst;

use super::undo::{ImportUndo, undo_last_run};
use super::undone::dump;
use super::*;
use crate::base::typed_ids::PupilId;
use crate::db::UnitOfWork;
use crate::roster::Level;
use crate::roster::sealed_rows::{PersonRow, PupilRow};
use crate::roster::store::changed_rows::{end_enrolments, end_links, update_persons, update_pupils};
use crate::roster::store::rows::{self, NewLink};

/// More than two statements of a hundred rows, and some of ten and of one.
const ROWS: usize = 234;
/// The rows that are written together, and their twins that are written one by one.
const SIDES: [&str; 2] = ["together-", "alone-"];

/// Returns a text for one number in so many.
fn some(text: &str, n: usize, every: usize) -> Option<String> {
    n.is_multiple_of(every).then(|| text.to_owned())
}

/// Returns the n-th person of a side, as an export of that time has it: each column that may be absent is so for others.
fn person(side: &str, n: usize, (at, round): (i64, usize)) -> PersonRow {
    let m = n + round;
    PersonRow {
        id: PersonId::new(format!("{side}{n:03}")),
        person_key: format!("{side}{n}"),
        family_name: format!("DURAND {m}"),
        usage_name: some("PETIT", m, 2),
        given_name: format!("Anne {round}"),
        phone: some(&format!("sealed {m}"), m, 3),
        // Every fourth number stays the same.
        phone_blind: some(&format!("blind {}", if n.is_multiple_of(4) { n } else { m }), m, 3),
        phone_state: "mobile".to_owned(),
        phone_why: some("landline", m, 5),
        phone_end: some("56", m, 7),
        landline: some(&format!("spoken {m}"), m, 5),
        landline_blind: some(&format!("blind {n}"), m, 5),
        mobile_in: some("TEL_PERSONNEL", m, 11),
        mail: some(&format!("sealed address {m}"), m, 4),
        mail_blind: some(&format!("blind address {m}"), m, 4),
        // Some rows are newer than the export.
        exported_at: if round == 0 && n.is_multiple_of(13) { at + 1_000 } else { at },
        led_by: some("siecle", m, 2),
        changed_at: m.is_multiple_of(3).then_some(at),
    }
}

fn pupil(side: &str, n: usize, (at, round): (i64, usize)) -> PupilRow {
    let m = n + round;
    PupilRow {
        id: PupilId::new(format!("{side}{n:03}")),
        pupil_key: format!("{side}{n}"),
        family_name: format!("DURAND {m}"),
        usage_name: some("PETIT", m, 2),
        given_name: format!("Zoé {round}"),
        birth_date: format!("sealed {m}"),
        ine_blind: some(&format!("ine {m}"), m, 3),
        account_id: None,
        exported_at: if round == 0 && n.is_multiple_of(13) { at + 1_000 } else { at },
        led_by: some("siecle", m, 2),
        changed_at: m.is_multiple_of(3).then_some(at),
    }
}

/// Writes the people of a side, where they are, and what happened to them since.
async fn write_side(tx: &mut UnitOfWork<'_>, side: &str) {
    let (now, uai) = (tx.now, Uai::parse(MONOD).unwrap());
    let persons: Vec<PersonRow> = (0..ROWS).map(|n| person(side, n, (5_000, 0))).collect();
    let pupils: Vec<PupilRow> = (0..ROWS).map(|n| pupil(side, n, (5_000, 0))).collect();
    assert!(rows::insert_persons(tx, now, "montpellier", &persons.iter().collect::<Vec<_>>()).await.unwrap());
    assert!(rows::insert_pupils(tx, "montpellier", &pupils.iter().collect::<Vec<_>>()).await.unwrap());
    let enrolments: Vec<(&PupilId, Option<&str>)> = pupils.iter().map(|pupil| (&pupil.id, Some("6 A"))).collect();
    rows::upsert_enrolments(tx, &uai, "aaf", &enrolments).await.unwrap();
    let level = |n: usize| if n.is_multiple_of(2) { Level::Contact } else { Level::Legal };
    let links: Vec<NewLink<'_>> = persons
        .iter()
        .zip(&pupils)
        .enumerate()
        .map(|(n, (person, pupil))| NewLink {
            person_id: &person.id,
            pupil_id: &pupil.id,
            level: level(n),
            relation: None,
            source: "aaf",
        })
        .collect();
    rows::upsert_links(tx, &uai, &links).await.unwrap();
    for (n, person) in persons.iter().enumerate() {
        let account = ["active", "pending", "", "active"][n % 4];
        let at = |every: usize| n.is_multiple_of(every).then_some(700_i64);
        let sql = "UPDATE person SET account_id = NULLIF($2, ''), phone_proven_at = $3, phone_disowned_at = $4, \
                   phone_change_untold_at = $5, former_phone = $6, indexed_at = 9 WHERE id = $1";
        let former = some("sealed before", n, 8);
        tx.execute(sql, args![&person.id, account, at(2), at(5), at(7), former]).await.unwrap();
        if n % 10 == 0 {
            let sql = "UPDATE link SET ended_at = 800, end_untold_at = 800 WHERE person_id = $1";
            tx.execute(sql, args![&person.id]).await.unwrap();
            let sql = "UPDATE enrolment SET ended_at = 800 WHERE pupil_id = $1";
            tx.execute(sql, args![person.id.as_str()]).await.unwrap();
        }
    }
    tx.execute("UPDATE pupil SET indexed_at = 9", args![]).await.unwrap();
}

/// Returns the rows of a side, without its name.
async fn rows_of(ground: &Fixture, side: &str) -> Vec<String> {
    let mut rows = dump(ground).await;
    let mut tx = ground.db.read().await.unwrap();
    for sql in [
        "SELECT 'person ' || id || ' ' || COALESCE(CAST(indexed_at AS TEXT), '-') FROM person",
        "SELECT 'pupil ' || id || ' ' || COALESCE(CAST(indexed_at AS TEXT), '-') FROM pupil",
        "SELECT 'end of ' || person_id || ' ' || COALESCE(CAST(end_untold_at AS TEXT), '-') FROM link",
    ] {
        rows.extend(tx.fetch_all::<(String,)>(sql, args![]).await.unwrap().into_iter().map(|(row,)| row));
    }
    let own = rows.iter().filter(|row| row.contains(side));
    let mut rows: Vec<String> = own.map(|row| row.replace(side, "")).collect();
    rows.sort();
    rows
}

#[tokio::test]
async fn rows_that_are_changed_together_end_as_if_each_was_changed_alone() {
    on_each(async |ground| {
        let uai = Uai::parse(MONOD).unwrap();
        let mut tx = ground.context().storage.write(Durability::Durable).await.unwrap();
        for state in ["active", "pending"] {
            let sql = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                       created_at, updated_at) VALUES ($1, $1, $1, '07', $1, 'responsable', 'Anne', 'DURAND', 1, 1)";
            tx.execute(sql, args![state]).await.unwrap();
        }
        for side in SIDES {
            write_side(&mut tx, side).await;
        }
        tx.commit().await.unwrap();
        let before = rows_of(&ground, SIDES[0]).await;
        assert_eq!(before, rows_of(&ground, SIDES[1]).await);

        ground.clock.fetch_add(60_000, SeqCst);
        let mut tx = ground.context().storage.write(Durability::Durable).await.unwrap();
        let now = tx.now;
        for side in SIDES {
            let persons: Vec<PersonRow> = (0..ROWS).map(|n| person(side, n, (5_500, 1))).collect();
            let pupils: Vec<PupilRow> = (0..ROWS).map(|n| pupil(side, n, (5_500, 1))).collect();
            // A third of the school leaves.
            let left: Vec<(&PersonId, &PupilId)> =
                persons.iter().zip(&pupils).step_by(3).map(|(person, pupil)| (&person.id, &pupil.id)).collect();
            let leavers: Vec<&PupilId> = left.iter().map(|(_, pupil)| *pupil).collect();
            if side == SIDES[0] {
                update_persons(&mut tx, now, &persons).await.unwrap();
                update_pupils(&mut tx, &pupils).await.unwrap();
                end_links(&mut tx, &uai, &left, "siecle").await.unwrap();
                end_enrolments(&mut tx, &uai, &leavers, "siecle").await.unwrap();
                continue;
            }
            for row in &persons {
                update_persons(&mut tx, now, slice::from_ref(row)).await.unwrap();
            }
            for row in &pupils {
                update_pupils(&mut tx, slice::from_ref(row)).await.unwrap();
            }
            for link in &left {
                end_links(&mut tx, &uai, slice::from_ref(link), "siecle").await.unwrap();
            }
            for pupil in &leavers {
                end_enrolments(&mut tx, &uai, slice::from_ref(pupil), "siecle").await.unwrap();
            }
        }
        tx.commit().await.unwrap();
        let after = rows_of(&ground, SIDES[0]).await;
        assert_eq!(after, rows_of(&ground, SIDES[1]).await);
        let kept = |what: &str| after.iter().filter(|row| row.starts_with(what) && before.contains(row)).count();
        // Each row has two lines; those that are newer than the export have theirs still.
        assert_eq!((kept("person "), kept("pupil ")), (2 * 18, 2 * 18), "{after:#?}");
        let now = now.0;
        for row in [
            // Who has an active account and was a legal representative is told of the end, unless it was one before.
            format!("end of 003 {now}"),
            "end of 006 -".to_owned(),
            "end of 009 -".to_owned(),
            "end of 030 800".to_owned(),
            "person 003 -".to_owned(),
        ] {
            assert!(after.contains(&row), "{row}: {after:#?}");
        }
        for (person, end) in [
            // Another number of an active account: the one before is told, unless it was given up.
            ("003", format!(" {now} - - sealed 3 {now}")),
            ("015", format!(" {now} - - - {now}")),
            // The same number in the other column, and another number of nobody's account.
            ("024", format!(" {} 700 - sealed before -", NOW.0)),
            ("006", format!(" {now} - - - -")),
        ] {
            let row = after.iter().find(|row| row.starts_with(&format!("person {person} montpellier"))).unwrap();
            assert!(row.ends_with(&end), "{end}: {row}");
        }
    })
    .await;
}

#[tokio::test]
async fn of_two_changes_of_one_row_the_last_counts() {
    on_each(async |ground| {
        let mut tx = ground.context().storage.write(Durability::Durable).await.unwrap();
        write_side(&mut tx, SIDES[0]).await;
        let now = tx.now;
        let twice = [1, 2].map(|round| person(SIDES[0], 1, (5_500, round)));
        update_persons(&mut tx, now, &twice).await.unwrap();
        let sql = "SELECT given_name, family_name FROM person WHERE id = $1";
        let found = tx.fetch_one::<(String, String)>(sql, args![&twice[0].id]).await.unwrap();
        assert_eq!(found, ("Anne 2".to_owned(), "DURAND 3".to_owned()));
        tx.rollback().await.unwrap();
    })
    .await;
}

/// Returns the roster with the class of each pupil.
fn with_classes(roster: &Roster, class: &str) -> Roster {
    let mut structures = String::from("<STRUCTURES>\n");
    for (id, _, _) in &roster.pupils {
        writeln!(
            structures,
            "<STRUCTURES_ELEVE ELEVE_ID=\"{id}\"><STRUCTURE><CODE_STRUCTURE>{class}</CODE_STRUCTURE>\
             <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>"
        )
        .unwrap();
    }
    let whole = roster.eleves().replace("</DONNEES>", &format!("{structures}</STRUCTURES></DONNEES>"));
    Roster { raw: Some(whole), ..roster.clone() }
}

#[tokio::test]
async fn a_september_changes_everybody_and_is_undone() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, ROWS);
        ground.imported(&with_classes(&roster, "6A")).await;
        let before = dump(&ground).await;
        ground.clock.fetch_add(60_000, SeqCst);
        // Sixty pupils leave; every other parent has another number or none; every other birth date was wrong.
        let mut next = roster.without(60, "08/09/2026");
        next.year = 2026;
        for (n, (_, mobile)) in next.persons.iter_mut().enumerate().filter(|(n, _)| n.is_multiple_of(2)) {
            *mobile = if n.is_multiple_of(4) {
                String::new()
            } else {
                format!("06 39 98 {:02} {:02}", 50 + n / 100, n % 100)
            };
        }
        for (_, born, _) in next.pupils.iter_mut().step_by(2) {
            *born = "15/02/2013".to_owned();
        }
        let changes = ground.imported(&with_classes(&next, "5A")).await.changes;
        assert_eq!((changes.persons_changed, changes.pupils_changed), (117, 87), "{changes:?}");
        assert_eq!((changes.enrolments_moved, changes.enrolments_ended, changes.links_ended), (174, 60, 60));
        let mut tx = ground.db.read().await.unwrap();
        for (sql, right) in [
            ("SELECT COUNT(*) FROM enrolment WHERE class = '5A' AND ended_at IS NULL", 174),
            ("SELECT COUNT(*) FROM enrolment WHERE class = '6A' AND ended_at IS NOT NULL", 60),
            ("SELECT COUNT(*) FROM link WHERE ended_at IS NOT NULL", 60),
            ("SELECT COUNT(*) FROM person WHERE phone IS NULL AND phone_blind IS NULL", 59),
            ("SELECT COUNT(*) FROM person WHERE exported_at = changed_at", 117),
        ] {
            assert_eq!(tx.fetch_one::<(i64,)>(sql, args![]).await.unwrap().0, right, "{sql}");
        }
        drop(tx);
        ground.clock.fetch_add(60_000, SeqCst);
        let outcome = undo_last_run(ground.context(), "montpellier", None).await.unwrap();
        let ImportUndo::Done { schools, .. } = &outcome else { panic!("{outcome:?}") };
        assert!(schools.iter().all(|(_, undone)| *undone));
        assert_eq!(dump(&ground).await, before);
    })
    .await;
}
