//! An undo puts everything back: the tables are as they were before the import, whatever it was.

use std::sync::atomic::Ordering::SeqCst;

use super::academy::{Annuaire, document, modify, person_of, pupil_of};
use super::undo::{ImportUndo, undo_last_run};
use super::*;
use crate::base::rng::Random;

/// Every table that an import writes, but the audit and the runs, with the columns that it may write.
const TABLES: [(&str, &str, &str); 11] = [
    (
        "person",
        "id academy person_key family_name usage_name given_name phone phone_blind phone_state exported_at account_id \
         phone_why phone_end mobile_in mail mail_blind landline landline_blind led_by changed_at phone_since phone_proven_at \
         phone_disowned_at former_phone phone_change_untold_at",
        "",
    ),
    (
        "pupil",
        "id academy pupil_key family_name usage_name given_name birth_date exported_at account_id ine_blind led_by \
         changed_at joined_at join_untold_at join_barred_at",
        "",
    ),
    ("enrolment", "pupil_id uai class source ended_at", ""),
    ("link", "person_id pupil_id uai level relation source ended_at", ""),
    ("link_withheld", "person_id pupil_id kind at", ""),
    ("person_roster_key", "academy format key person_id", ""),
    ("pupil_roster_key", "academy format key pupil_id", ""),
    ("roster_statement", "row_id format digest said_at", ""),
    // The revision goes on; a school whose first set was undone has a row that says nothing.
    (
        "roster_set",
        "uai school_year eleves_exported_at responsables_exported_at leading_format",
        "WHERE leading_format <> ''",
    ),
    ("roster_export", "uai format school_year pupils_exported_at persons_exported_at imported_at", ""),
    ("notice", "id uai person_id pupil_id kind support_code at settled_at", ""),
];

pub async fn dump(ground: &Fixture) -> Vec<String> {
    let mut tx = ground.db.read().await.unwrap();
    let mut rows = Vec::new();
    for (table, columns, condition) in TABLES {
        let columns: Vec<String> =
            columns.split_whitespace().map(|column| format!("COALESCE(CAST({column} AS TEXT), '-')")).collect();
        let sql = format!("SELECT '{table} ' || {} FROM {table} {condition}", columns.join(" || ' ' || "));
        rows.extend(tx.fetch_all::<(String,)>(sql.leak(), args![]).await.unwrap().into_iter().map(|(row,)| row));
    }
    rows.sort();
    rows
}

/// A world in which imports are drawn.
struct World<'a> {
    ground: &'a Fixture,
    rng: SeededRandom,
    day: chrono::NaiveDate,
}

impl World<'_> {
    fn draw(&self, below: u64) -> usize {
        let rng: &dyn Random = &self.rng;
        usize::try_from(rng.below(u32::try_from(below).unwrap())).unwrap()
    }

    fn number(&self) -> String {
        match self.draw(6) {
            0 => String::new(),
            1 => "04 67 00 00 01".to_owned(),
            n => format!("06 39 98 00 {:02}", n * 10 + self.draw(3)),
        }
    }

    fn school(&self, uai: &'static str) -> Roster {
        let mut roster = Roster::of(uai, 12).on(&self.day.format("%d/%m/%Y").to_string(), |_| {});
        for _ in 0..3 {
            let n = self.draw(12);
            roster.persons[n].1 = self.number();
        }
        let left = self.draw(12);
        roster.links[left].2 = ["1", "2", "3"][self.draw(3)].to_owned();
        if self.draw(2) == 0 {
            let gone = self.draw(12);
            roster.pupils.remove(gone);
            roster.links.remove(gone);
        }
        for n in 0..12 {
            if self.draw(3) == 0 {
                let ine = format!("99000000{n:02}{}", ["A", "Z"][self.draw(2)]);
                roster.more.insert(format!("{}", 900_000 + n), format!("<ID_NATIONAL>{ine}A</ID_NATIONAL>"));
            }
        }
        if self.draw(3) == 0 {
            let (pupil, person) = (format!("{}", 910_000 + self.draw(3)), format!("{}", 510_000 + self.draw(3)));
            roster.pupils.push((pupil.clone(), "14/02/2013".into(), None));
            roster.persons.push((person.clone(), self.number()));
            roster.links.push((pupil, person, "1".into()));
        }
        roster
    }

    fn academy(&self) -> Vec<PathBuf> {
        let day = self.day.format("%Y%m%d").to_string();
        let mut annuaire = Annuaire::of(MONOD, 12);
        annuaire.schools.push(("7002".into(), LYCEE.into(), String::new()));
        for _ in 0..3 {
            let n = self.draw(12);
            annuaire.persons[n] = person_of(n, ["Anne", "Jean"][self.draw(2)], &self.number());
            let m = self.draw(12);
            let structure = ["7001", "7002"][self.draw(2)];
            let second = format!("{}$20${}$1$1$1", 3_500_000 + self.draw(12), self.draw(2));
            annuaire.pupils[m] = pupil_of(m, structure, &[&format!("{}$10$1$1$1$1", 3_500_000 + m), &second]);
        }
        if self.draw(2) == 0 {
            annuaire.pupils.remove(self.draw(12));
        }
        if self.draw(2) == 0 {
            return annuaire.files(self.ground, &day);
        }
        let changes: String = (0..3)
            .map(|_| {
                modify("PersRelEleve", &format!("{}", 3_500_000 + self.draw(12)), &[("mobile", &[&self.number()])])
            })
            .collect();
        let moved =
            modify("Eleve", &format!("{}", 2_900_000 + self.draw(12)), &[("ENTPersonStructRattach", &["7002"])]);
        vec![
            self.ground.file(&format!("ENT_Delta_{day}_PersRelEleve_0000.xml"), document(&changes).as_bytes()),
            self.ground.file(&format!("ENT_Delta_{day}_Eleve_0000.xml"), document(&moved).as_bytes()),
        ]
    }

    /// Imports something, of any format and of one school or several.
    async fn import(&mut self) -> (&'static str, ImportResult) {
        self.day = self.day + chrono::Days::new(1 + self.draw(3) as u64);
        self.ground.clock.fetch_add(3_600_000, SeqCst);
        let (format, academy, files) = match self.draw(6) {
            0 => (RosterFormat::Siecle, "montpellier", self.school(MONOD).files(self.ground).to_vec()),
            1 => (RosterFormat::Siecle, "montpellier", self.school(LYCEE).files(self.ground).to_vec()),
            2 => {
                let files = [self.school(LYCEE).files(self.ground), self.school(MONOD).files(self.ground)];
                (RosterFormat::Siecle, "montpellier", files.concat())
            }
            3 => (RosterFormat::Siecle, "toulouse", self.school(TOULOUSE).files(self.ground).to_vec()),
            _ => (RosterFormat::Aaf, "montpellier", self.academy()),
        };
        let lead = self.draw(4) == 0;
        let told = self
            .ground
            .import_as(&files, |request| {
                (request.format, request.academy) = (format, academy.to_owned());
                (request.removals, request.takes_lead) = (RemovalPolicy::Accepted, lead);
            })
            .await;
        (academy, told)
    }

    /// Something that happens between imports: accounts, numbers given up or proven, children denied.
    async fn live(&self) {
        let mut tx = self.ground.db.write(Durability::Durable).await.unwrap();
        let now = self.ground.clock.fetch_add(60_000, SeqCst);
        let n = self.draw(1_000_000);
        let account = format!("a{n}");
        let sql = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                   created_at, updated_at) VALUES ($1, $1, $1, '07', 'active', $2, 'Zoé', 'DURAND', 1, 1)";
        let (profile, table) = [("responsable", "person"), ("eleve", "pupil")][self.draw(2)];
        tx.execute(sql, args![account.as_str(), profile]).await.unwrap();
        let rows = format!("SELECT id FROM {table} WHERE account_id IS NULL ORDER BY id LIMIT 30").leak();
        let rows = tx.fetch_all::<(String,)>(rows, args![]).await.unwrap();
        if !rows.is_empty() {
            let (row,) = &rows[self.draw(rows.len() as u64)];
            let sql = format!("UPDATE {table} SET account_id = $2 WHERE id = $1").leak();
            tx.execute(sql, args![row.as_str(), account.as_str()]).await.unwrap();
        }
        let persons = tx.fetch_all::<(String,)>("SELECT id FROM person ORDER BY id LIMIT 40", args![]).await.unwrap();
        if !persons.is_empty() {
            let (row,) = &persons[self.draw(persons.len() as u64)];
            let sql = [
                "UPDATE person SET phone_disowned_at = $2 WHERE id = $1",
                "UPDATE person SET phone_proven_at = $2 \
                       WHERE id = $1",
            ][self.draw(2)];
            tx.execute(sql, args![row.as_str(), now]).await.unwrap();
        }
        let links = "SELECT person_id, pupil_id, uai FROM link ORDER BY person_id, pupil_id, uai LIMIT 40";
        let links = tx.fetch_all::<(String, String, String)>(links, args![]).await.unwrap();
        if !links.is_empty() {
            let (person, pupil, uai) = &links[self.draw(links.len() as u64)];
            let sql = "INSERT INTO link_withheld (person_id, pupil_id, kind, at) VALUES ($1, $2, 'contested', $3) \
                       ON CONFLICT DO NOTHING";
            tx.execute(sql, args![person.as_str(), pupil.as_str(), now]).await.unwrap();
            let sql = "INSERT INTO notice (id, uai, person_id, pupil_id, kind, support_code, at) \
                       VALUES ($1, $2, $3, $4, 'contested', $1, $5)";
            let id = format!("n{n}");
            let args = args![id.as_str(), uai.as_str(), person.as_str(), pupil.as_str(), now];
            tx.execute(sql, args).await.unwrap();
        }
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn after_an_undo_the_tables_are_as_before_the_import() {
    let changed = std::sync::atomic::AtomicUsize::new(0);
    for seed in 0..3 {
        on_each(async |ground| {
            let day = chrono::NaiveDate::from_ymd_opt(2025, 9, 8).unwrap();
            let mut world = World { ground: &ground, rng: SeededRandom::new(seed), day };
            for step in 0..25 {
                world.live().await;
                let before = dump(&ground).await;
                let (academy, told) = world.import().await;
                let after = dump(&ground).await;
                if after == before {
                    continue;
                }
                changed.fetch_add(1, SeqCst);
                world.ground.clock.fetch_add(60_000, SeqCst);
                let ImportUndo::Done { schools, .. } = undo_last_run(ground.context(), academy, None).await.unwrap()
                else {
                    panic!("seed {seed}, step {step}: there is a run");
                };
                assert!(schools.iter().all(|(_, undone)| *undone), "seed {seed}, step {step}: {schools:?}");
                let undone = dump(&ground).await;
                let gone: Vec<_> = before.iter().filter(|row| !undone.contains(row)).collect();
                let more: Vec<_> = undone.iter().filter(|row| !before.contains(row)).collect();
                assert!(
                    gone.is_empty() && more.is_empty(),
                    "seed {seed}, step {step}:\n- {gone:#?}\n+ {more:#?}\n{}",
                    told.text()
                );
                // Every other import stays.
                if step % 2 == 0 {
                    world.import().await;
                }
            }
        })
        .await;
    }
    assert!(changed.load(SeqCst) > 30, "{changed:?}");
}
