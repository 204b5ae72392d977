//! The mail addresses of rosters: sealed, written when they change, and put back by an undo.

use std::sync::atomic::Ordering::SeqCst;

use super::academy::{Annuaire, attr, document, modify};
use super::tables::{E, LEO, ZOE};
use super::undo::{ImportUndo, undo_last_run};
use super::undone::dump;
use super::*;
use crate::roster::formats::parse_export_time;
use crate::roster::sealed_rows::open_mail;
use crate::roster::store::former::list_former_persons;
use crate::roster::store::undone::restore_person;

impl Fixture {
    /// The addresses with the given names of whoever has one, opened. None is stored in the clear, and each has its mark.
    pub async fn mails(&self) -> Vec<String> {
        let mut tx = self.db.read().await.unwrap();
        let sql = "SELECT id, given_name, COALESCE(mail, ''), COALESCE(mail_blind, '') FROM person";
        let rows = tx.fetch_all::<(PersonId, String, String, String)>(sql, args![]).await.unwrap();
        drop(tx);
        assert!(!dump(self).await.iter().any(|row| row.to_lowercase().contains("exemple")), "an address in the clear");
        let mut mails = Vec::new();
        for (id, given, sealed, blind) in rows {
            assert_eq!(sealed.is_empty(), blind.is_empty(), "{given}");
            if !sealed.is_empty() {
                mails.push(format!("{given} {}", open_mail(&self.master_key, &id, &sealed).unwrap()));
            }
        }
        mails.sort();
        mails
    }

    /// Imports a roster in which persons, by PERSONNE_ID, have an address.
    pub async fn import_with_mails(&self, roster: &Roster, mails: &[(&str, &str)]) -> ImportResult {
        let mut responsables = roster.responsables();
        for (id, mail) in mails {
            let opening = format!("<PERSONNE PERSONNE_ID=\"{id}\">");
            responsables = responsables.replace(&opening, &format!("{opening}<MEL>{mail}</MEL>"));
        }
        let name = SystemId::draw();
        self.import(&[
            self.file(&format!("{name}-e.xml"), roster.eleves().as_bytes()),
            self.file(&format!("{name}-r.xml"), responsables.as_bytes()),
        ])
        .await
    }

    fn pass_a_minute(&self) {
        self.clock.fetch_add(60_000, SeqCst);
    }
}

#[tokio::test]
async fn an_address_is_sealed_written_when_it_changes_and_put_back_by_an_undo() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 3);
        // A text that is no address refuses nobody.
        let mails = [("500000", " Anne.Durand@EXEMPLE.invalid "), ("500001", "pas d'adresse"), ("500002", "")];
        let told = ground.import_with_mails(&roster, &mails).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(told.imported().counts.linked_persons, 3, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne Anne.Durand@exemple.invalid"]);
        let before = dump(&ground).await;
        ground.pass_a_minute();
        let same = ground.import_with_mails(&roster, &mails).await;
        assert_eq!(same.imported().changes, Default::default(), "{}", same.text());
        assert_eq!(dump(&ground).await, before);

        // Another address, one that is new, and one that is gone.
        ground.pass_a_minute();
        let next = roster.on("09/09/2025", |_| {});
        let changed = [("500001", "b@exemple.invalid"), ("500002", "c@exemple.invalid")];
        let told = ground.import_with_mails(&next, &changed).await;
        assert_eq!(told.imported().changes.persons_changed, 3, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne b@exemple.invalid", "Anne c@exemple.invalid"]);
        ground.pass_a_minute();
        let outcome = undo_last_run(ground.context(), "montpellier", None).await.unwrap();
        assert!(matches!(&outcome, ImportUndo::Done { schools, .. } if schools.iter().all(|(_, undone)| *undone)));
        assert_eq!(ground.mails().await, ["Anne Anne.Durand@exemple.invalid"]);
        assert_eq!(dump(&ground).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_delta_that_says_nothing_of_an_address_leaves_it() {
    on_each(async |ground| {
        let mut annuaire = Annuaire::of(MONOD, 2);
        annuaire.persons[0].1.push_str(&attr("mail", "a@exemple.invalid"));
        // By the name that the first degree has for it; the address of a pupil is not kept.
        annuaire.persons[1].1.push_str(&attr("ENTPersonMail", "b@exemple.invalid"));
        annuaire.pupils[0].2.push_str(&attr("mail", "zoe@exemple.invalid"));
        let told = ground.complet(&annuaire, "20250908").await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne a@exemple.invalid", "Anne b@exemple.invalid"]);
        let delta = async |day: &str, change: (&str, &[&str])| {
            let text = document(&modify("PersRelEleve", "3500000", &[change]));
            let file = ground.file(&format!("ENT_Delta_{day}_PersRelEleve_0000.xml"), text.as_bytes());
            let told = ground.import_academy(&[file]).await;
            assert!(told.all, "{}", told.text());
        };
        delta("20250909", ("mobile", &["06 39 98 77 77"])).await;
        assert_eq!(ground.mails().await, ["Anne a@exemple.invalid", "Anne b@exemple.invalid"]);
        delta("20250910", ("mail", &["z@exemple.invalid"])).await;
        assert_eq!(ground.mails().await, ["Anne b@exemple.invalid", "Anne z@exemple.invalid"]);
        delta("20250911", ("mail", &[])).await;
        assert_eq!(ground.mails().await, ["Anne b@exemple.invalid"]);
    })
    .await;
}

#[tokio::test]
async fn rows_of_one_responsable_may_differ_in_the_address_and_a_file_without_the_column_keeps_it() {
    const MAPPING: &str = "[pupils]\nid = \"N\"\nfamily = \"Nom\"\ngiven = \"Prénom\"\nborn = \"Né le\"\n\
        [[responsables]]\nid = \"R\"\nfamily = \"Nom R\"\ngiven = \"Prénom R\"\nmobile = \"Portable\"\n";
    on_each(async |ground| {
        let import = async |day: &str, (mapping, header, rows): (&str, &str, &[&str])| {
            let text = format!("{header}\n{}\n", rows.join("\n"));
            let file = ground.file(&format!("{}.csv", SystemId::draw()), text.as_bytes());
            let said = TableRequest {
                uai: Uai::parse(MONOD).unwrap(),
                exported_at: parse_export_time(day),
                all_legal: None,
                mapping: Some(mapping.to_owned()),
            };
            ground
                .import_as(&[file], |request| {
                    (request.format, request.tables) = (RosterFormat::Csv, Some(said));
                })
                .await
        };
        let rows = [
            "1;DURAND;Zoé;14/02/2013;7;DURAND;Anne;0639980001;b@exemple.invalid",
            "2;DURAND;Léo;14/02/2015;7;DURAND;Anne;0639980001;a@exemple.invalid",
            "3;DURAND;Max;14/02/2016;7;DURAND;Anne;0639980001;",
        ];
        let (header, with_mail) =
            ("N;Nom;Prénom;Né le;R;Nom R;Prénom R;Portable", format!("{MAPPING}mail = \"Courriel\"\n"));
        let told = import("08/09/2025", (&with_mail, &format!("{header};Courriel"), &rows)).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(told.imported().counts.linked_persons, 1, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne a@exemple.invalid"]);
        let short: Vec<&str> = rows.iter().map(|row| row.rsplit_once(';').unwrap().0).collect();
        let told = import("09/09/2025", (MAPPING, header, &short)).await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne a@exemple.invalid"]);
    })
    .await;
}

#[tokio::test]
async fn an_export_without_addresses_erases_none() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 2);
        let mails = [("500000", "a@exemple.invalid"), ("500001", "b@exemple.invalid")];
        assert!(ground.import_with_mails(&roster, &mails).await.all);
        let both = ["Anne a@exemple.invalid", "Anne b@exemple.invalid"];
        assert_eq!(ground.mails().await, both);
        let told = ground.import_with_mails(&roster.on("09/09/2025", |_| {}), &[]).await;
        assert_eq!(told.imported().changes, Default::default(), "{}", told.text());
        assert_eq!(ground.mails().await, both);
        // The element of one says of all others that they have none; an empty one says so too.
        assert!(ground.import_with_mails(&roster.on("10/09/2025", |_| {}), &mails[..1]).await.all);
        assert_eq!(ground.mails().await, both[..1]);
        assert!(ground.import_with_mails(&roster.on("11/09/2025", |_| {}), &[("500001", "")]).await.all);
        assert!(ground.mails().await.is_empty());
    })
    .await;
    on_each(async |ground| {
        let mut annuaire = Annuaire::of(MONOD, 2);
        let without = annuaire.clone();
        annuaire.persons[0].1.push_str(&attr("mail", "a@exemple.invalid"));
        for (annuaire, day) in [(&annuaire, "20250908"), (&without, "20250909")] {
            assert!(ground.complet(annuaire, day).await.all);
            assert_eq!(ground.mails().await, ["Anne a@exemple.invalid"], "{day}");
        }
        annuaire.persons = without.persons.clone();
        annuaire.persons[1].1.push_str("<attr name=\"mail\"></attr>");
        assert!(ground.complet(&annuaire, "20250910").await.all);
        assert!(ground.mails().await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_undo_of_what_an_older_server_kept_leaves_the_addresses() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 1);
        assert!(ground.import_with_mails(&roster, &[("500000", "a@exemple.invalid")]).await.all);
        let id = ground.person_id("500000").await;
        let mut tx = ground.context().storage.write(Durability::Durable).await.unwrap();
        let rows = list_former_persons(&mut tx, "montpellier", &[&id]).await.unwrap();
        tx.execute("UPDATE person SET mail = NULL, mail_blind = NULL", args![]).await.unwrap();
        let mut older = serde_json::to_value(&rows[0]).unwrap();
        for name in ["knows_mail", "mail", "mail_blind"] {
            assert!(older.as_object_mut().unwrap().remove(name).is_some(), "{name}");
        }
        restore_person(&mut tx, &rows[0], rows[0].exported_at).await.unwrap();
        restore_person(&mut tx, &serde_json::from_value(older).unwrap(), rows[0].exported_at).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(ground.mails().await, ["Anne a@exemple.invalid"]);
    })
    .await;
}

#[tokio::test]
async fn another_address_alone_makes_nobody_be_looked_for_anew() {
    on_each(async |ground| {
        let roster = Roster::of(MONOD, 3);
        assert!(ground.import_with_mails(&roster, &[("500000", "a@exemple.invalid")]).await.all);
        execute(&ground.db, "UPDATE person SET indexed_at = 9".to_owned()).await;
        let next = roster.on("09/09/2025", |roster| roster.persons[1].1 = "06 39 98 77 77".into());
        assert!(ground.import_with_mails(&next, &[("500000", "b@exemple.invalid")]).await.all);
        let sql = "SELECT person_key FROM person WHERE indexed_at IS NULL";
        assert_eq!(ground.ids(sql).await, ["500001"]);
        assert_eq!(ground.mails().await, ["Anne b@exemple.invalid"]);
    })
    .await;
}

#[tokio::test]
async fn onde_has_a_column_of_addresses() {
    on_each(async |ground| {
        ground.first_degree().await;
        let responsables = "Nom responsable;Prénom responsable;Courriel;Téléphone portable;Nom de famille élève;\
                            Prénom élève\nDURAND;Anne;Anne@Exemple.invalid;06 39 98 00 01;DURAND;Zoé\n";
        let files = [
            ground.file("e.csv", format!("{E}\n{ZOE}\n{LEO}\n").as_bytes()),
            ground.file("r.csv", responsables.as_bytes()),
        ];
        let told = ground
            .import_as(&files, |request| {
                let uai = Uai::parse(MONOD).unwrap();
                let exported_at = Some(super::tables::AT);
                request.format = RosterFormat::Onde;
                request.tables = Some(TableRequest { uai, exported_at, all_legal: None, mapping: None });
            })
            .await;
        assert!(told.all, "{}", told.text());
        assert_eq!(ground.mails().await, ["Anne Anne@exemple.invalid"]);
    })
    .await;
}
