//! A school's export of its families at a moment, as its software writes it, and its import.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use chrono::{DateTime, Datelike as _};
use preau::base::clock::Timestamp;
use preau::roster::formats::RosterFormat;
use preau::roster::ops::{ImportContext, ImportRequest, import_files};
use preau::roster::reconcile::RemovalPolicy;

use super::people::{SCHOOLS, Town};
use crate::support::TestServer;

/// An export that was delivered.
#[derive(Clone)]
pub struct SchoolExport {
    pub school: usize,
    /// The time of the export; of two exports of a school the later is greater.
    pub exported_at: String,
    texts: [String; 2],
}

/// The last roster that a school gave and the house took.
#[derive(Clone, Default, PartialEq)]
pub struct TakenRoster {
    pub exported_at: String,
    pub links: BTreeSet<String>,
}

fn document(root: &str, school: usize, (year, stamp): (i32, &str), data: &str) -> String {
    let uai = SCHOOLS[school].uai;
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{root}><PARAMETRES><UAJ>{uai}</UAJ>\
         <ANNEE_SCOLAIRE>{year}</ANNEE_SCOLAIRE><HORODATAGE>{stamp}</HORODATAGE></PARAMETRES>\n\
         <DONNEES>{data}</DONNEES></{root}>"
    )
}

impl SchoolExport {
    /// Writes down what a school knows now.
    pub fn write(town: &Town, school: usize, now: Timestamp) -> Self {
        let at = DateTime::from_timestamp_millis(now.0).unwrap();
        let year = if at.month() >= 8 { at.year() } else { at.year() - 1 };
        let stamp = at.format("%d/%m/%Y %H:%M:%S").to_string();
        let (mut pupils, mut classes, mut persons, mut links) =
            (String::new(), String::new(), String::new(), String::new());
        let academy = SCHOOLS[school].academy;
        for child in town.children.iter().filter(|child| child.school == Some(school)) {
            let nom = town.humans.iter().find(|human| human.family == child.family).unwrap().nom;
            let (key, given, born, class) = (child.key_in(academy), child.given, &child.born, child.class);
            let ine = child.ine();
            write!(
                pupils,
                "<ELEVE ELEVE_ID=\"{key}\"><NOM_DE_FAMILLE>{nom}</NOM_DE_FAMILLE><PRENOM>{given}</PRENOM>\
                 <DATE_NAISS>{born}</DATE_NAISS><INE_RNIE>{ine}</INE_RNIE></ELEVE>"
            )
            .unwrap();
            write!(
                classes,
                "<STRUCTURES_ELEVE ELEVE_ID=\"{key}\"><STRUCTURE><CODE_STRUCTURE>{class}</CODE_STRUCTURE>\
                 <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>"
            )
            .unwrap();
        }
        let here = town.legal_at(school);
        for h in here.iter().map(|(h, _)| *h).collect::<BTreeSet<_>>() {
            let human = &town.humans[h];
            write!(
                persons,
                "<PERSONNE PERSONNE_ID=\"{}\"><NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE><PRENOM>{}</PRENOM>\
                 <TEL_PORTABLE>{}</TEL_PORTABLE></PERSONNE>",
                human.key, human.nom, human.prenom, human.phone
            )
            .unwrap();
        }
        for (h, c) in here {
            write!(
                links,
                "<RESPONSABLE_ELEVE><ELEVE_ID>{}</ELEVE_ID><PERSONNE_ID>{}</PERSONNE_ID>\
                 <NIVEAU_RESPONSABILITE>1</NIVEAU_RESPONSABILITE><CODE_PARENTE>10</CODE_PARENTE></RESPONSABLE_ELEVE>",
                town.children[c].key_in(academy),
                town.humans[h].key
            )
            .unwrap();
        }
        let pupils = format!("<ELEVES>{pupils}</ELEVES><STRUCTURES>{classes}</STRUCTURES>");
        let persons = format!("<PERSONNES>{persons}</PERSONNES><RESPONSABLES>{links}</RESPONSABLES>");
        let texts = [
            document("BEE_ELEVES", school, (year, &stamp), &pupils),
            document("BEE_RESPONSABLES", school, (year, &stamp), &persons),
        ];
        Self { school, exported_at: at.format("%Y%m%d%H%M%S").to_string(), texts }
    }

    /// Imports the export as the command does. Returns whether it was taken, and the report.
    pub async fn deliver(&self, server: &TestServer) -> (bool, String) {
        let school = &SCHOOLS[self.school];
        let files = ["eleves", "responsables"].into_iter().zip(&self.texts).map(|(kind, text)| {
            let path = server.folder().join(format!("{}-{kind}.xml", school.uai));
            std::fs::write(&path, text).unwrap();
            path
        });
        let request = ImportRequest {
            format: RosterFormat::Siecle,
            academy: school.academy.to_owned(),
            files: files.collect(),
            tables: None,
            removals: RemovalPolicy::Accepted,
            takes_lead: false,
            dry_run: false,
        };
        let op = server.operation();
        let ctx = ImportContext::new(op.storage(), &server.app.phone_parser);
        let mut said = String::new();
        let taken = import_files(ctx, &request, &mut |finding| writeln!(said, "{finding}").unwrap()).await.unwrap();
        (taken, said)
    }
}
