//! Mappings that people write and that are guessed, and the tables read by them.

use super::guess::guess_mapping;
use super::mapping::MappingFault;
use super::*;
use crate::roster::Level;
use crate::roster::formats::columns::assemble_roster;
use crate::roster::formats::{RecordErrorKind, SchoolRoster};
use crate::roster::uai::Uai;

const FREGATA: &str = include_str!("../../../../config/examples/mappings/fregata.toml");
/// 2025-09-08T16:42:00Z
const AT: Timestamp = Timestamp(1_757_349_720_000);

fn read(mapping: &str, files: &[(&str, &str)]) -> SchoolRoster {
    let mapping = ColumnMapping::parse(mapping).unwrap();
    let source = TableSource {
        uai: Uai::parse("0349996F").unwrap(),
        exported_at: None,
        unknown_level: Level::InCharge,
        pupils_alone: mapping.responsables.is_empty(),
    };
    let read = files.iter().map(|(name, text)| read_file(name, text.as_bytes(), AT, (&source, &mapping)).unwrap());
    assemble_roster(&source, WORDS, read.collect()).unwrap()
}

fn links(roster: &SchoolRoster) -> Vec<String> {
    let level = |link: &crate::roster::formats::LinkRecord| link.data.level.name();
    roster.links.iter().map(|link| format!("{} {} {}", link.pupil, link.person, level(link))).collect()
}

const ONE_ROW: &str = r#"
[pupils]
id = "N° élève"
eleve_id = "ELEVE_ID"
family = "Nom"
given = "Prénom"
born = "Né(e) le"
class = "Classe"
[[responsables]]
id = "Id resp. 1"
family = "Nom resp. 1"
given = "Prénom resp. 1"
mobile = "Portable 1"
level = "Lien 1"
[[responsables]]
family = "Nom resp. 2"
id = "Id resp. 2"
given = "Prénom resp. 2"
mobile = "Portable 2"
level = "Lien 2"
[levels]
legal = ["Père", "Mère"]
contact = ["À contacter"]
"#;

#[test]
fn one_row_a_pupil_with_two_responsables_and_ids() {
    let header = "N° élève;ELEVE_ID;Nom;Prénom;Né(e) le;Classe;Id resp. 1;Nom resp. 1;Prénom resp. 1;Portable 1;Lien 1;\
                  Id resp. 2;Nom resp. 2;Prénom resp. 2;Portable 2;Lien 2\n";
    let rows = "1;900001;DURAND;Zoé;14/02/2013;6 A;71;DURAND;Anne;0639980001;Mère;72;PETIT;Luc;;A CONTACTER\n\
                2;;DURAND;Léo;14/02/2014;6 B;71;DURAND;Anne;0639980001;mere;;;;;\n\
                3;;DURAND;Max;14/02/2015;6 B;73;DURAND;Anne;0639980001;Voisine;;;;;\n\
                3;;DURAND;Maxime;14/02/2015;6 B;;;;;;;;;;\n";
    let roster = read(ONE_ROW, &[("f.csv", &format!("{header}{rows}"))]);
    assert_eq!(
        links(&roster),
        ["0349996F.1 0349996F.71 legal", "0349996F.2 0349996F.71 legal", "0349996F.1 0349996F.72 contact",]
    );
    assert_eq!(roster.pupils[0].eleve_id.as_deref(), Some("900001"));
    let lines: Vec<_> = roster.errors.iter().map(|error| (error.line, error.kind.clone())).collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(lines.contains(&(4, RecordErrorKind::UnknownLevel { field: "the level", value: "Voisine".into() })));
    assert!(lines.contains(&(5, RecordErrorKind::DifferingDuplicate)));
    assert!(!roster.levels_unknown && roster.identity.is_whole());
    assert_eq!(roster.places["0349996F.71"], "71");
}

const TWO_FILES: &str = r#"
[pupils]
family = "Nom"
given = "Prénom"
born = "Date de naissance"
ine = "INE"
[[responsables]]
family = "Nom"
given = "Prénom"
mobile = "Portable"
[[responsables.children]]
family = "Nom #2"
given = "Prénom #2"
"#;

#[test]
fn two_files_with_columns_of_one_name() {
    let pupils = "Nom,Prénom,Date de naissance,INE\nDURAND,Zoé,2013-02-14,990000001ZA\n";
    let persons = "Nom,Prénom,Portable,Nom,Prénom\nDURAND,Anne,0639980001,DURAND,Zoé\n";
    let mapping = TWO_FILES
        .replace("family = \"Nom\"\ngiven = \"Prénom\"\nmobile", "family = \"Nom #1\"\ngiven = \"Prénom #1\"\nmobile");
    let roster = read(&mapping, &[("p.csv", persons), ("e.csv", pupils)]);
    assert_eq!(links(&roster), ["2 2-0 in_charge"]);
    // A name that two columns have is not guessed.
    let mapping = ColumnMapping::parse(TWO_FILES).unwrap();
    let header: Vec<String> = persons.lines().next().unwrap().split(',').map(str::to_owned).collect();
    let error = mapping.find_columns(&header).unwrap_err().to_string();
    assert!(error.contains("more than once") || error.contains("lacks"), "{error}");
}

#[test]
fn the_mapping_of_fregata_reads_its_pupils() {
    let header = "Identifiant unique*;Premier prénom*;Deuxième prénom;Troisième prénom;Nom de famille*;Nom d'usage;\
                  Code sexe*;Date de naissance (jj/mm/aaaa)*;Code commune naissance**;Libellé commune naissance**;\
                  Code département naissance*;Code pays naissance*;Statut*;Code MEF*;Division*\n";
    let rows = "9900000001Z;Zoé;Anne;;DURAND-FICTIF;;F;14/02/2010;34172;;34;100;ST;MEF1;2GT1\n";
    let roster = read(FREGATA, &[("f.csv", &format!("{header}{rows}"))]);
    assert!(roster.errors.is_empty(), "{:?}", roster.errors);
    let pupil = &roster.pupils[0];
    assert_eq!((pupil.data.given.as_str(), pupil.class.as_deref(), pupil.ine.is_some()), ("Zoé", Some("2GT1"), true));
    assert!(roster.persons.is_empty());
}

#[test]
fn a_wrong_mapping_is_refused_with_a_word_why() {
    let fault = |text: &str| ColumnMapping::parse(text).unwrap_err();
    assert!(fault("").to_string().contains("pupils"), "{}", fault(""));
    assert!(matches!(fault("[pupils"), MappingFault::Unreadable(_)));
    assert!(fault(&TWO_FILES.replace("ine =", "inne =")).to_string().contains("inne"));
    assert_eq!(fault(&TWO_FILES.replace("ine =", "id = \"ine\"\nine =")), MappingFault::IdIsIne);
    let childless = TWO_FILES.replace("family = \"Nom #2\"\n", "");
    assert_eq!(fault(&childless), MappingFault::ChildWithoutColumns);
    let levels = TWO_FILES.replace("mobile =", "level = \"Lien\"\nmobile =");
    assert_eq!(fault(&levels), MappingFault::LevelsWithoutWords);
    let words = format!("{levels}[levels]\nlegal = [\"Père\"]\ncontact = [\"PERE\"]\n");
    assert_eq!(fault(&words), MappingFault::AmbiguousLevel("PERE".to_owned()));
    assert_eq!(fault(&" ".repeat(20_000)), MappingFault::TooLong);
}

#[test]
fn a_guessed_mapping_shows_examples_and_reads_what_it_was_guessed_from() {
    let one = "N° élève;Nom élève;Prénom élève;Date de naissance;INE;Division;Nom responsable 1;Prénom responsable 1;\
               Portable responsable 1;Nom responsable 2;Prénom responsable 2;Portable responsable 2\n\
               1;DURAND;Zoé;14/02/2013;990000001ZA;6A;DURAND;Anne;0639980001;PETIT;Luc;0639980002\n";
    let guess = |files: &[(&str, &str)]| {
        let opened = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes()));
        guess_mapping(&read_tables(opened).unwrap())
    };
    let text = guess(&[("f.csv", one)]);
    assert!(text.contains("born = \"Date de naissance\" # 14/02/2013\n"), "{text}");
    let roster = read(&text, &[("f.csv", one)]);
    assert!(roster.errors.is_empty(), "{text}\n{:?}", roster.errors);
    assert_eq!((roster.pupils.len(), roster.persons.len()), (1, 2), "{text}");
    let pupils = "Nom;Prénom;Date de naissance;Classe\nDURAND;Zoé;14/02/2013;6A\n";
    let persons = "Nom responsable;Prénom responsable;E-mail personnel;Téléphone portable;Nom enfant;Prénom enfant\n\
                   DURAND;Anne;a@exemple.invalid;0639980001;DURAND;Zoé\n";
    let text = guess(&[("e.csv", pupils), ("r.csv", persons)]);
    let roster = read(&text, &[("e.csv", pupils), ("r.csv", persons)]);
    assert_eq!(links(&roster), ["2 2-0 in_charge"], "{text}");
    assert_eq!(roster.persons[0].mail.as_deref(), Some("a@exemple.invalid"), "{text}");
    let text = guess(&[("f.csv", "a;b\n\"x\u{7}\";y\n")]);
    assert!(text.contains("# born = \"\" was not found") && !text.contains('\u{7}'), "{text}");
}
