//! Writes a school's two exports in SIECLE's format: ISO-8859-15, one element a field, empty fields omitted.

use std::fmt::Write as _;

use chrono::NaiveDateTime;

use super::schools::{DemoRoster, DemoSchool};

/// Writes BEE_ELEVES.
pub fn pupils_xml(roster: &DemoRoster, school: &DemoSchool, rentree: i32, exported: NaiveDateTime) -> String {
    let mut out = write_opening("BEE_ELEVES", school, rentree, exported);
    out.push_str("    <ELEVES>\n");
    for (number, eleve) in (101..).zip(&roster.pupils) {
        let _ = writeln!(out, "      <ELEVE ELEVE_ID=\"{}\" ELENOET=\"{number}\">", eleve.id);
        let left = eleve.left_on.map(|day| day.format("%d/%m/%Y").to_string()).unwrap_or_default();
        write_fields(
            &mut out,
            8,
            &[
                ("ELENOET", &number.to_string()),
                ("NOM_DE_FAMILLE", &eleve.family),
                ("PRENOM", &eleve.given),
                ("DATE_NAISS", &eleve.born.format("%d/%m/%Y").to_string()),
                ("DOUBLEMENT", "0"),
                ("CODE_PAYS", "100"),
                ("DATE_ENTREE", &format!("01/09/{rentree}")),
                ("DATE_SORTIE", &left),
                ("CODE_STATUT", "ST"),
            ],
        );
        out.push_str("      </ELEVE>\n");
    }
    out.push_str("    </ELEVES>\n    <STRUCTURES>\n");
    for (number, eleve) in (101..).zip(&roster.pupils).filter(|(_, eleve)| eleve.left_on.is_none()) {
        let _ = writeln!(out, "      <STRUCTURES_ELEVE ELEVE_ID=\"{}\" ELENOET=\"{number}\">", eleve.id);
        out.push_str("        <STRUCTURE>\n");
        write_fields(&mut out, 10, &[("CODE_STRUCTURE", &eleve.class), ("TYPE_STRUCTURE", "D")]);
        out.push_str("        </STRUCTURE>\n      </STRUCTURES_ELEVE>\n");
    }
    out.push_str("    </STRUCTURES>\n    <ADRESSES/>\n  </DONNEES>\n</BEE_ELEVES>\n");
    out
}

/// Writes BEE_RESPONSABLES.
pub fn persons_xml(roster: &DemoRoster, school: &DemoSchool, rentree: i32, exported: NaiveDateTime) -> String {
    let mut out = write_opening("BEE_RESPONSABLES", school, rentree, exported);
    out.push_str("    <PERSONNES>\n");
    for personne in &roster.persons {
        // Two of three have told the school an address, where no mail arrives (RFC 2606).
        let mail =
            if personne.id.is_multiple_of(3) { String::new() } else { format!("p{}@exemple.invalid", personne.id) };
        let _ = writeln!(out, "      <PERSONNE PERSONNE_ID=\"{}\">", personne.id);
        write_fields(
            &mut out,
            8,
            &[
                ("LC_CIVILITE", personne.civility),
                ("NOM_DE_FAMILLE", &personne.family),
                ("NOM_USAGE", personne.usage.as_deref().unwrap_or_default()),
                ("PRENOM", &personne.given),
                ("TEL_PORTABLE", personne.mobile.as_deref().unwrap_or_default()),
                ("ACCEPTE_SMS", "1"),
                ("MEL", &mail),
                ("COMMUNICATION_ADRESSE", "1"),
            ],
        );
        out.push_str("      </PERSONNE>\n");
    }
    out.push_str("    </PERSONNES>\n    <RESPONSABLES>\n");
    for lien in &roster.links {
        out.push_str("      <RESPONSABLE_ELEVE>\n");
        let legal = lien.level == 1;
        write_fields(
            &mut out,
            8,
            &[
                ("ELEVE_ID", &lien.pupil_id.to_string()),
                ("PERSONNE_ID", &lien.person_id.to_string()),
                ("NIVEAU_RESPONSABILITE", &lien.level.to_string()),
                ("CODE_PARENTE", &lien.relation.to_string()),
                ("PAIE_FRAIS_SCOLAIRES", if legal { "1" } else { "0" }),
                ("PERCOIT_LES_AIDES", if legal { "true" } else { "false" }),
                ("HEBERGE_ELEVE", if legal { "true" } else { "false" }),
                ("A_CONTACTER_EN_PRIORITE", if legal { "true" } else { "false" }),
            ],
        );
        out.push_str("      </RESPONSABLE_ELEVE>\n");
    }
    out.push_str("    </RESPONSABLES>\n    <ADRESSES/>\n  </DONNEES>\n</BEE_RESPONSABLES>\n");
    out
}

/// Encodes the text in ISO-8859-15; other characters become character references.
pub fn encode_latin9(text: &str) -> Vec<u8> {
    encoding_rs::ISO_8859_15.encode(text).0.into_owned()
}

fn write_opening(root: &str, school: &DemoSchool, rentree: i32, exported: NaiveDateTime) -> String {
    let mut out =
        format!("<?xml version=\"1.0\" encoding=\"ISO-8859-15\"?>\n<{root} VERSION=\"3.1\">\n  <PARAMETRES>\n");
    write_fields(
        &mut out,
        4,
        &[
            ("UAJ", school.uai),
            ("ANNEE_SCOLAIRE", &rentree.to_string()),
            ("DATE_EXPORT", &exported.format("%d/%m/%Y").to_string()),
            ("HORODATAGE", &exported.format("%d/%m/%Y %H:%M:%S").to_string()),
        ],
    );
    out.push_str("  </PARAMETRES>\n  <DONNEES>\n");
    out
}

fn write_fields(out: &mut String, indent: usize, fields: &[(&str, &str)]) {
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        let value = quick_xml::escape::escape(*value);
        let _ = writeln!(out, "{:indent$}<{name}>{value}</{name}>", "");
    }
}
