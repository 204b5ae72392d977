//! The samples, the oddities of schools' files, and files that are none.

use super::*;
use crate::roster::Level;
use crate::roster::formats::columns::assemble_roster;
use crate::roster::formats::{RecordErrorKind, SchoolRoster, SchoolRosterError};
use crate::roster::uai::Uai;

const ELEVES: &[u8] = include_bytes!("../../../../tests/samples/CSVExtraction_eleves.csv");
const RESPONSABLES: &[u8] = include_bytes!("../../../../tests/samples/CSVExtraction_responsables.csv");
/// 2025-09-08T16:42:00Z
const AT: Timestamp = Timestamp(1_757_349_720_000);

fn source() -> TableSource {
    let uai = Uai::parse("0349999J").unwrap();
    TableSource { uai, exported_at: None, unknown_level: Level::InCharge, pupils_alone: false }
}

fn read(files: &[(&str, &[u8])]) -> Result<SchoolRoster, SchoolRosterError> {
    let read = files.iter().map(|(name, bytes)| read_file(name, *bytes, AT, &source()).unwrap());
    assemble_roster(&source(), WORDS, read.collect())
}

fn of_texts(eleves: &str, responsables: &str) -> SchoolRoster {
    read(&[("e.csv", eleves.as_bytes()), ("r.csv", responsables.as_bytes())]).unwrap()
}

const PUPIL_HEADER: &str = "Nom élève;Nom d'usage élève;Prénom élève;Date naissance;INE;Libellé classe\n";
const PERSON_HEADER: &str = "Civilité Responsable;Nom usage responsable;Nom responsable;Prénom responsable;Courriel;\
    Téléphone domicile;Téléphone travail;Téléphone portable;Nom d'usage élève;Nom de famille élève;Prénom élève;\
    Classes élèves;Nom d'usage élève;Nom de famille élève;Prénom élève;Classes élèves\n";

fn pupils(rows: &str) -> String {
    format!("{PUPIL_HEADER}{rows}")
}

fn persons(rows: &str) -> String {
    format!("{PERSON_HEADER}{rows}")
}

fn errors(roster: &SchoolRoster) -> Vec<(u64, RecordErrorKind)> {
    roster.errors.iter().map(|error| (error.line, error.kind.clone())).collect()
}

fn links(roster: &SchoolRoster) -> Vec<(&str, &str)> {
    roster.links.iter().map(|link| (link.pupil.as_str(), link.person.as_str())).collect()
}

#[test]
fn the_samples_give_a_pupil_and_a_responsable_in_every_encoding() {
    let utf8 = |bytes: &[u8]| encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned();
    let (eleves, responsables) = (utf8(ELEVES), utf8(RESPONSABLES));
    let marked = |text: &str| format!("\u{feff}{text}").into_bytes();
    let tabs = |text: &str| text.replace(';', "\t").into_bytes();
    let utf16 = |text: &str| -> Vec<u8> {
        [0xff, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    for (eleves, responsables) in [
        (ELEVES.to_vec(), RESPONSABLES.to_vec()),
        (eleves.clone().into_bytes(), responsables.clone().into_bytes()),
        (marked(&eleves), marked(&responsables)),
        (tabs(&eleves), tabs(&responsables)),
        (utf16(&tabs_text(&eleves)), utf16(&tabs_text(&responsables))),
    ] {
        let roster = read(&[("r.csv", &responsables), ("e.csv", &eleves)]).unwrap();
        assert_eq!(errors(&roster), []);
        let [pupil] = &roster.pupils[..] else { panic!("{roster:?}") };
        assert_eq!((pupil.data.family.as_str(), pupil.data.given.as_str()), ("DUPONT-FICTIF", "Éléa"));
        assert_eq!(pupil.data.born.to_string(), "2017-04-03");
        assert!(pupil.ine.is_some());
        assert_eq!(pupil.class.as_deref(), Some("CE1 de Mme Fictive"));
        let [person] = &roster.persons[..] else { panic!("{roster:?}") };
        assert_eq!((person.family.as_str(), person.usage.as_deref()), ("DUPONT-FICTIF", Some("MARTIN-FICTIF")));
        assert_eq!(person.mobile.as_deref(), Some("06 39 98 00 03"));
        assert_eq!((person.mail.as_deref(), person.keeps_mail), (Some("lea@exemple.invalid"), false));
        assert_eq!((links(&roster), roster.links[0].data.level), (vec![("2", "2-0")], Level::InCharge));
        assert!(roster.levels_unknown && roster.identity.pupils_without_ids && roster.identity.persons_without_ids);
        assert_eq!((roster.year, roster.extent.changes()), (2025, None));
    }
}

fn tabs_text(text: &str) -> String {
    text.replace(';', "\t")
}

#[test]
fn old_releases_name_their_columns_otherwise() {
    let eleves = "Nom Elève;Prénom Elève;Date de naissance;Classe\nDURAND;Zoé;2017-04-03;CE1\n";
    let responsables = "Nom responsable;Prénom responsable;Téléphone portable;Nom d'usage enfant;\
        Nom de famille enfant;Prénom enfant;Classes enfants\nDURAND;Anne;0639980001;;DURAND;Zoé;CE1\n";
    let roster = of_texts(eleves, responsables);
    assert_eq!((errors(&roster), links(&roster)), (vec![], vec![("2", "2-0")]));
    assert!(roster.persons[0].keeps_mail);
}

#[test]
fn what_schools_write_is_taken_or_told_with_its_line() {
    let eleves = pupils(
        "DURAND;;Zoé;03/04/2017;990000001ZA;CE1\nDURAND;;Éa;42828;990000002ZA;CE1\n;;Léo;03/04/2017;;CE1\n\
         MARTIN;;Noé;03/04/17;;CE1\nMARTIN;;Ana;03/04/2017;;CE1;x;y;trop\nMARTIN;;Tom;03/04/2027;;CE1\n\
         =CMD|' /C calc'!A0;;Max;03/04/2017;;CE1\n=SOMME(A1);;Lou;03/04/2017;;=1+1\n",
    );
    let roster = of_texts(&eleves, &persons("MME;;DURAND;Anne;;;;=06;;DURAND;Zoé;CE1\n"));
    assert_eq!(
        errors(&roster),
        [
            (3, RecordErrorKind::SerialDate("the birth date")),
            (4, RecordErrorKind::Missing("the family name")),
            (5, RecordErrorKind::InvalidTableDate("the birth date")),
            (6, RecordErrorKind::TooManyValues { found: 9, expected: 6 }),
            (7, RecordErrorKind::BirthDateInFuture("the birth date")),
            (8, RecordErrorKind::InvalidCharacters("the family name")),
        ]
    );
    // A formula is text, and stays one.
    let lou = roster.pupils.iter().find(|pupil| pupil.data.given == "Lou").unwrap();
    assert_eq!((lou.data.family.as_str(), lou.class.as_deref()), ("=SOMME(A1)", Some("=1+1")));
    assert_eq!(roster.persons[0].mobile.as_deref(), Some("=06"));
    // Who could not be read may be any pupil: nobody goes.
    assert_eq!(roster.unreadable_pupils.unnamed, 6);
}

#[test]
fn a_child_is_found_by_names_and_class_and_homonyms_wait() {
    let eleves = pupils(
        "DURAND;MARTIN;Zoé;03/04/2017;;CE1 A\nDURAND;;Zoé;05/06/2018;;CP B\nPETIT;;Léo;03/04/2017;;CP B\n\
         PETIT;;Léo;04/04/2017;;CP B\n",
    );
    let roster = of_texts(
        &eleves,
        &persons(
            "M;;DURAND;Marc;;;;;;DURAND;ZOE;CE1 A;;DURAND;Zoé;CP B\nMME;;DURAND;Anne;;;;;;DURAND;Zoé;\n\
             MME;;PETIT;Ana;;;;;;PETIT;Léo;CP B\nM;;SEUL;Paul;;;;;;;;\nM;;FAUX;Paul;;;;;;NULLE;Part;\n\
             MME;;MARTIN;Lou;;;;;MARTIN;;Zoé;\n",
        ),
    );
    assert_eq!(
        errors(&roster),
        [
            (3, RecordErrorKind::AmbiguousChild),
            (4, RecordErrorKind::AmbiguousChild),
            (6, RecordErrorKind::UnknownChild),
        ]
    );
    assert_eq!(links(&roster), [("2", "2-0"), ("3", "2-0"), ("2", "7-0")]);
    assert_eq!(roster.warnings.len(), 1, "{:?}", roster.warnings);
    assert_eq!(roster.unreadable_persons.pupils.len(), 4, "what these pupils have stays");
}

#[test]
fn two_responsables_of_one_name_and_child_wait_and_two_of_other_children_do_not() {
    let eleves = pupils("DURAND;;Zoé;03/04/2017;;\nDURAND;;Léo;03/04/2017;;\n");
    let roster = of_texts(
        &eleves,
        &persons("M;;DURAND;Jean;;;;0639980001;;DURAND;Zoé;\nM;;Durand;JEAN;;;;0639980002;;DURAND;Zoé;\n"),
    );
    assert_eq!(errors(&roster), [(2, RecordErrorKind::HomonymousPerson), (3, RecordErrorKind::HomonymousPerson)]);
    assert!(roster.persons.is_empty() && roster.unreadable_persons.pupils.contains("2"));
    let roster = of_texts(&eleves, &persons("M;;DURAND;Jean;;;;;;DURAND;Zoé;\nM;;DURAND;Jean;;;;;;DURAND;Léo;\n"));
    assert_eq!((errors(&roster), links(&roster)), (vec![], vec![("2", "2-0"), ("3", "3-0")]));
}

#[test]
fn a_pupil_twice_is_one_and_two_of_one_name_are_told_apart_by_the_ine() {
    let twice = "DURAND;;Zoé;03/04/2017;990000001ZA;CM1\nDURAND;;Zoé;03/04/2017;;CE1\n";
    let roster = of_texts(&pupils(twice), &persons("M;;DURAND;Jean;;;;;;DURAND;Zoé;\n"));
    assert_eq!((errors(&roster), roster.pupils.len()), (vec![], 1));
    assert_eq!(roster.pupils[0].class.as_deref(), Some("CE1"));
    let two = "DURAND;;Zoé;03/04/2017;990000001ZA;\nDURAND;;Zoé;03/04/2017;990000002ZA;\nDURAND;;Zoé;03/04/2017;;\n";
    let roster = of_texts(&pupils(two), &persons(""));
    assert_eq!((errors(&roster), roster.pupils.len()), (vec![(4, RecordErrorKind::HomonymousPupil)], 2));
    let shared = "DURAND;;Zoé;03/04/2017;990000001ZA;\nPETIT;;Léo;03/04/2017;990000001ZA;\n";
    let roster = of_texts(&pupils(shared), &persons(""));
    assert!(roster.pupils.iter().all(|pupil| pupil.ine.is_none()) && roster.warnings.len() == 2);
}

#[test]
fn an_empty_column_is_read_and_a_missing_one_is_named() {
    let told = |text: &str| read_file("f.csv", text.as_bytes(), AT, &source()).unwrap_err().to_string();
    let text = told("Nom élève;Date naissance\nDURAND;03/04/2017\n");
    assert!(text.starts_with("f.csv: its first line lacks « Prénom élève »; export "), "{text}");
    assert!(told("Nom responsable;Prénom responsable;Téléphone portable\n").contains("Nom de famille élève"));
    assert!(told("a;b\n1;2\n").contains("lacks « Nom élève »"));
    assert!(told("").contains("is empty"));
    let roster = of_texts(&pupils("DURAND;;Zoé;03/04/2017;;\n"), &persons("M;;DURAND;Jean;;;;;;DURAND;Zoé;\n"));
    assert_eq!((errors(&roster), roster.persons[0].mobile.as_deref()), (vec![], None));
}

#[test]
fn both_files_are_needed_once_and_of_one_year() {
    let eleves = pupils("DURAND;;Zoé;03/04/2017;;\n");
    let responsables = persons("M;;DURAND;Jean;;;;;;DURAND;Zoé;\n");
    let (e, r) = (("e.csv", eleves.as_bytes()), ("r.csv", responsables.as_bytes()));
    let told = |files: &[(&str, &[u8])]| read(files).unwrap_err().to_string();
    assert_eq!(told(&[e]), "0349999J: the export of the responsables is missing beside e.csv");
    assert_eq!(told(&[r]), "0349999J: the export of the élèves is missing beside r.csv");
    assert_eq!(told(&[e, r, e]), "0349999J: e.csv and e.csv are the same export twice");
    let old = read_file("e.csv", eleves.as_bytes(), Timestamp(AT.0 - 86_400_000 * 60), &source()).unwrap();
    let new = read_file("r.csv", responsables.as_bytes(), AT, &source()).unwrap();
    let error = assemble_roster(&source(), WORDS, vec![old, new]).unwrap_err();
    assert!(matches!(error, SchoolRosterError::SchoolYearMismatch { .. }), "{error}");
}
