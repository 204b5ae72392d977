//! Tests of the SIECLE reader on the samples and on hostile or broken files.

use std::io::{Cursor, Write as _};

use super::*;
use crate::roster::Level;
use crate::roster::formats::{RecordErrorKind, RecordWarningKind, SchoolRosterError};

mod encodings;

pub const ELEVES: &[u8] = include_bytes!("../../../../tests/samples/ElevesAvecAdresses.xml");
pub const RESPONSABLES: &[u8] = include_bytes!("../../../../tests/samples/ResponsablesAvecAdresses.xml");
pub const RESPONSABLES_2017: &[u8] =
    include_bytes!("../../../../tests/samples/ResponsablesAvecAdresses_avant_2018.xml");
const ELEVES_ZIP: &[u8] = include_bytes!("../../../../tests/samples/ExportXML_ElevesAvecAdresses.zip");

fn one(bytes: &[u8]) -> Result<ExportFile, FileError> {
    read_exports("f.xml", Cursor::new(bytes)).map(|files| files.into_iter().next().unwrap())
}

fn fault(bytes: &[u8]) -> FileErrorKind {
    one(bytes).unwrap_err().kind
}

fn eleves(records: &str) -> Vec<u8> {
    document("UTF-8", "BEE_ELEVES", &format!("<ELEVES>{records}</ELEVES>")).into_bytes()
}

fn document(encoding: &str, root: &str, data: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<{root}><PARAMETRES><UAJ>0349999J</UAJ>\
         <ANNEE_SCOLAIRE>2025</ANNEE_SCOLAIRE><DATE_EXPORT>08/09/2025</DATE_EXPORT></PARAMETRES>\n\
         <DONNEES>{data}</DONNEES></{root}>"
    )
}

fn eleve(id: &str, given: &str, born: &str) -> String {
    format!("<ELEVE ELEVE_ID=\"{id}\"><NOM>DURAND</NOM><PRENOM>{given}</PRENOM><DATE_NAISS>{born}</DATE_NAISS></ELEVE>")
}

fn pupils(file: ExportFile) -> (Vec<PupilRecord>, UnreadablePupils, Vec<RecordError>) {
    match file.content {
        ExportContent::Pupils { pupils, unreadable } => (pupils, unreadable, file.errors),
        ExportContent::Persons { .. } => panic!("responsables"),
    }
}

fn persons(file: ExportFile) -> (Vec<PersonRecord>, Vec<LinkRecord>, UnreadablePersons, Vec<RecordError>) {
    match file.content {
        ExportContent::Persons { persons, links, unreadable } => (persons, links, unreadable, file.errors),
        ExportContent::Pupils { .. } => panic!("élèves"),
    }
}

#[test]
fn the_sample_pupils_are_read() {
    let file = one(ELEVES).unwrap();
    assert_eq!(file.header.uai.as_str(), "0349999J");
    assert_eq!(file.header.year, 2025);
    // 18:42:07 in Paris in summer is 16:42:07 UTC.
    assert_eq!(file.header.exported_at, Timestamp::from_seconds(1_757_349_727));
    let (pupils, unreadable, problems) = pupils(file);
    assert_eq!((unreadable, problems), (UnreadablePupils::default(), Vec::new()));
    assert_eq!(pupils.len(), 2);
    assert_eq!(pupils[0].data.family, "LEBŒUF-D'ARCY");
    assert_eq!(pupils[0].data.usage, None);
    assert_eq!(pupils[0].data.given, "Zoé");
    assert_eq!(pupils[0].data.born.to_string(), "2013-02-14");
    assert_eq!(pupils[0].class.as_deref(), Some("6 A"));
    assert_eq!(pupils[1].left_on, NaiveDate::from_ymd_opt(2025, 9, 5));
}

#[test]
fn both_generations_give_the_same_links() {
    let (new, links, ..) = persons(one(RESPONSABLES).unwrap());
    let (old, links_2017, ..) = persons(one(RESPONSABLES_2017).unwrap());
    assert_eq!((new.len(), links.len()), (3, 2));
    assert_eq!((&new, &links), (&old, &links_2017));
    assert_eq!(new[0].usage.as_deref(), Some("LEBŒUF"));
    assert_eq!(new[1].mobile.as_deref(), Some("0639980002"));
    assert_eq!(new[0].mail.as_deref(), Some("as@exemple.invalid"));
    assert!(links.iter().all(|link| link.data.level == Level::Legal));
    assert_eq!(links[0].data.relation.as_deref(), Some("10"));
}

#[test]
fn a_zip_is_known_by_its_bytes_and_read_like_its_document() {
    let file = read_exports("x.xml", Cursor::new(ELEVES_ZIP)).unwrap().remove(0);
    assert_eq!(file.name, "x.xml/ElevesAvecAdresses.xml");
    assert_eq!(pupils(file).0, pupils(one(ELEVES).unwrap()).0);
    let found = read_headers("x", Cursor::new(ELEVES_ZIP)).unwrap();
    assert!(matches!(&found[..], [DetectedExport::Roster(ExportKind::Pupils, _)]));
    assert!(matches!(fault(&ELEVES_ZIP[..200]), FileErrorKind::InvalidZip(_)));
}

#[test]
fn unreadable_records_are_told_and_the_rest_is_taken() {
    let records = [
        eleve("1", "Zoé", "14/02/2013"),
        eleve("2", "Zoé", "31/02/2013"),
        eleve("3", "Zoé", "2013-02-14"),
        eleve("4", "Zoé", "09/09/2025"),
        eleve("5", "", "14/02/2013"),
        eleve("6", "Zo|é", "14/02/2013"),
        eleve("7", "Zoé", "14/02/2013"),
        eleve("7", "Zoé", "14/02/2013"),
        eleve("", "Zoé", "14/02/2013"),
        eleve("8", &"é".repeat(101), "14/02/2013"),
        eleve("9", "Zo&#x65;&amp;&#32;?", "14/02/2013"),
        eleve("no id", "Zoé", "14/02/2013"),
    ];
    let (pupils, unreadable, problems) = pupils(one(&eleves(&records.join("\n"))).unwrap());
    let ids: Vec<&str> = pupils.iter().map(|pupil| pupil.id.as_str()).collect();
    assert_eq!(ids, ["1", "9"]);
    assert_eq!(pupils[1].data.given, "Zoe& ?");
    assert_eq!(unreadable.ids.iter().map(String::as_str).collect::<Vec<_>>(), ["2", "3", "4", "5", "6", "7", "8"]);
    assert_eq!(unreadable.unnamed, 2);
    let reasons: Vec<&RecordErrorKind> = problems.iter().map(|problem| &problem.kind).collect();
    assert_eq!(
        reasons,
        [
            &RecordErrorKind::InvalidDate("DATE_NAISS"),
            &RecordErrorKind::InvalidDate("DATE_NAISS"),
            &RecordErrorKind::BirthDateInFuture("DATE_NAISS"),
            &RecordErrorKind::Missing("PRENOM"),
            &RecordErrorKind::InvalidCharacters("PRENOM"),
            &RecordErrorKind::Duplicate,
            &RecordErrorKind::Duplicate,
            &RecordErrorKind::Missing("ELEVE_ID"),
            &RecordErrorKind::TooLong("PRENOM"),
            &RecordErrorKind::InvalidId("ELEVE_ID"),
        ]
    );
    assert_eq!(problems[0].to_string(), "f.xml: line 4: ELEVE 2: DATE_NAISS is no date of the form JJ/MM/AAAA");
}

#[test]
fn unknown_levels_and_links_that_differ_are_told() {
    let link = |pupil: &str, level: &str| {
        format!(
            "<RESPONSABLE_ELEVE><ELEVE_ID>{pupil}</ELEVE_ID><PERSONNE_ID>5</PERSONNE_ID>{level}</RESPONSABLE_ELEVE>"
        )
    };
    let level = |level: u8| format!("<NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE>");
    let records = [
        link("1", &level(1)),
        link("1", &level(1)),
        link("2", &level(2)),
        link("3", &level(4)),
        link("4", ""),
        link("5", &level(1)),
        link("5", &level(3)),
        link("", &level(1)),
        link("6", "<RESP_LEGAL>0</RESP_LEGAL><CODE_PARENTE>7</CODE_PARENTE>"),
    ];
    let text = document("UTF-8", "BEE_RESPONSABLES", &format!("<RESPONSABLES>{}</RESPONSABLES>", records.join("")));
    let (_, links, unreadable, problems) = persons(one(text.as_bytes()).unwrap());
    let found: Vec<(&str, Level)> = links.iter().map(|link| (link.pupil.as_str(), link.data.level)).collect();
    assert_eq!(found, [("1", Level::Legal), ("2", Level::InCharge), ("5", Level::Legal), ("6", Level::Contact)]);
    assert_eq!(links[3].data.relation.as_deref(), Some("70"));
    assert_eq!(unreadable.links.iter().map(|(pupil, _)| pupil.as_str()).collect::<Vec<_>>(), ["3", "4"]);
    assert_eq!((unreadable.unnamed_links, problems.len()), (1, 3));
}

#[test]
fn faults_c2_a_link_that_is_there_twice_is_legal_as_soon_as_one_is() {
    let of = |level: &str, relation: &str| {
        format!(
            "<RESPONSABLE_ELEVE><ELEVE_ID>1</ELEVE_ID><PERSONNE_ID>5</PERSONNE_ID>\
             <NIVEAU_RESPONSABILITE>{level}</NIVEAU_RESPONSABILITE><CODE_PARENTE>{relation}</CODE_PARENTE>\
             </RESPONSABLE_ELEVE>"
        )
    };
    let read = |records: &[String]| {
        let data = format!("<RESPONSABLES>{}</RESPONSABLES>", records.concat());
        let file = one(document("UTF-8", "BEE_RESPONSABLES", &data).as_bytes()).unwrap();
        let remarks: Vec<String> = file.warnings.iter().map(RecordWarning::to_string).collect();
        let (_, links, unreadable, problems) = persons(file);
        let links: Vec<_> =
            links.into_iter().map(|link| (link.data.level, link.data.relation, link.repeated)).collect();
        (links, unreadable.links.len(), problems.len(), remarks)
    };
    let said = |kept| vec![format!("RESPONSABLE_ELEVE 1 5: is there more than once, and differs; taken as {kept}")];
    let legal = |relation: &str| vec![(Level::Legal, Some(relation.to_owned()), true)];
    // Levels 1 and 3; 1 twice with different relations; three times; each in any order.
    for (records, kept, unread) in [
        (vec![of("1", "10"), of("3", "39")], legal("10"), 0),
        (vec![of("1", "50"), of("1", "10")], legal("10"), 0),
        (vec![of("3", "10"), of("2", "10"), of("1", "20")], legal("20"), 0),
        (vec![of("1", "10"), of("4", "10"), of("1", "20")], legal("10"), 1),
    ] {
        let mut turned = records.clone();
        turned.reverse();
        for records in [records, turned] {
            assert_eq!(read(&records), (kept.clone(), unread, unread, said("legal representative")), "{records:?}");
        }
    }
    let (links, ..) = read(&[of("3", "10"), of("2", "10")]);
    assert_eq!(links, [(Level::InCharge, Some("10".into()), true)]);
    // An unreadable record may have been legal, so the link is unchanged. The same record twice is simply one link.
    assert_eq!(read(&[of("3", "10"), of("4", "10")]), (vec![], 1, 1, vec![]));
    assert_eq!(read(&[of("1", "10"), of("1", "10")]), (vec![(Level::Legal, Some("10".into()), false)], 0, 0, vec![]));
}

#[test]
fn faults_c4_a_name_that_lost_a_letter_is_taken_with_a_line_for_the_school() {
    let (text, ..) = encoding_rs::ISO_8859_15.decode(RESPONSABLES);
    let text = text.replacen("LEBŒUF", "YILDIZO?LU", 1);
    let (bytes, _, lost) = encoding_rs::ISO_8859_15.encode(&text);
    let file = one(&bytes).unwrap();
    assert!(!lost && file.errors.is_empty());
    let line = "PERSONNE 500001: a name has « ? » for a letter that SIECLE could not write; at activation any letter \
                agrees with it";
    assert_eq!(file.warnings.iter().map(RecordWarning::to_string).collect::<Vec<_>>(), [line]);
    let pupil = one(&eleves(&eleve("1", "Ay?e", "01/01/2012"))).unwrap();
    assert_eq!(
        pupil.warnings,
        [RecordWarning { record: "ELEVE 1".into(), kind: RecordWarningKind::LostLetter { program: PROGRAM } }]
    );
}

#[test]
fn cut_and_malformed_files_are_refused_with_their_line() {
    for end in 40..ELEVES.len() - 2 {
        let error = one(&ELEVES[..end]).unwrap_err();
        assert!(matches!(error.kind, FileErrorKind::Truncated | FileErrorKind::NotWellFormed(_)), "{end}: {error}");
    }
    let text = String::from_utf8(eleves("")).unwrap();
    let broken = text.replace("</ELEVES>", "\n</ELEVE>");
    let error = one(broken.as_bytes()).unwrap_err();
    assert!(matches!(error.kind, FileErrorKind::NotWellFormed(_)), "{error}");
    assert_eq!(error.line, Some(4));
    for added in ["<x/>", "text", "<?xml version=\"1.0\"?>"] {
        assert!(matches!(fault(format!("{text}{added}").as_bytes()), FileErrorKind::NotWellFormed(_)), "{added}");
    }
    for inner in ["&unknown;", "<a b=1/>", "<a b='1' b='2'/>", "a & b", "&#0;"] {
        assert!(matches!(fault(&eleves(inner)), FileErrorKind::NotWellFormed(_)), "{inner}");
    }
    assert_eq!(fault(b""), FileErrorKind::Truncated);
    assert!(matches!(fault(b"PRENOM;NOM\nZoe;DURAND\n"), FileErrorKind::NotWellFormed(_)));
}

#[test]
fn what_the_file_says_of_itself_is_checked() {
    let text = String::from_utf8(eleves("")).unwrap();
    for (from, to, right) in [
        ("0349999J", "0349999K", "the letter of UAI 0349999K is wrong: for these digits it is J"),
        ("2025</ANNEE", "25</ANNEE", "ANNEE_SCOLAIRE in PARAMETRES has the unreadable value \"25\""),
        ("08/09/2025", "08/13/2025", "DATE_EXPORT in PARAMETRES has the unreadable value \"08/13/2025\""),
        ("<UAJ>0349999J</UAJ>", "", "UAJ is missing in PARAMETRES"),
    ] {
        assert_eq!(fault(text.replace(from, to).as_bytes()).to_string(), right);
    }
}

#[test]
fn hostile_files_are_refused_in_little_memory() {
    let text = String::from_utf8(eleves("")).unwrap();
    let with_type = text.replace("<BEE_ELEVES>", "<!DOCTYPE x [<!ENTITY a \"b\">]><BEE_ELEVES>");
    assert_eq!(fault(with_type.as_bytes()), FileErrorKind::Doctype);
    assert_eq!(fault(&eleves(&"<a>".repeat(30))), FileErrorKind::TooDeep);
    assert_eq!(fault(&eleves(&eleve("1", &"a".repeat(5000), "14/02/2013"))), FileErrorKind::TokenTooLong);
    assert_eq!(fault(&eleves(&eleve("1", &"&amp;".repeat(5000), "14/02/2013"))), FileErrorKind::TokenTooLong);
    assert_eq!(fault(&eleves(&" ".repeat(100_000))), FileErrorKind::TokenTooLong);
    assert_eq!(fault(&eleves(&format!("<!--{}-->", "<".repeat(100_000)))), FileErrorKind::TokenTooLong);
    assert_eq!(fault(&eleves(&format!("<a b='{}'/>", ">".repeat(100_000)))), FileErrorKind::TokenTooLong);
    let blanks = format!("{}\n", " ".repeat(999)).repeat(64 << 10);
    assert_eq!(fault(&zipped(&[("a.xml", blanks.as_bytes())])), FileErrorKind::TokenTooLong);
    let comments = format!("<!--{}-->", " ".repeat(900)).repeat(32 << 10);
    let bomb = [b"<BEE_ELEVES>", comments.as_bytes()].concat();
    assert_eq!(fault(&zipped(&[("a.xml", &bomb)])), FileErrorKind::TooLarge);
    assert_eq!(fault(&zipped(&[("a.txt", b"")])), FileErrorKind::NoXml);
    assert_eq!(
        fault(b"<IMPORT_ELEVES></IMPORT_ELEVES>"),
        FileErrorKind::UnknownRoot { root: "IMPORT_ELEVES".into(), known: ROOTS }
    );
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

#[test]
fn a_set_needs_both_files_of_one_year() {
    let files = |bytes: &[&[u8]]| bytes.iter().map(|bytes| one(bytes).unwrap()).collect::<Vec<_>>();
    let joined = |bytes: &[&[u8]]| assemble_rosters(files(bytes)).remove(0);
    assert_eq!(joined(&[RESPONSABLES, ELEVES]).unwrap().pupils.len(), 2);
    assert!(matches!(joined(&[ELEVES]), Err(SchoolRosterError::MissingExport { missing: "responsables", .. })));
    assert!(matches!(joined(&[ELEVES, ELEVES, RESPONSABLES]), Err(SchoolRosterError::DuplicateExport { .. })));
    assert!(matches!(joined(&[ELEVES, RESPONSABLES_2017]), Err(SchoolRosterError::SchoolYearMismatch { .. })));
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(
        place in 0..ELEVES.len(), bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..12), zip: bool,
    ) {
        let mut whole = if zip { ELEVES_ZIP.to_vec() } else { ELEVES.to_vec() };
        let place = place % whole.len();
        let end = (place + bytes.len()).min(whole.len());
        whole.splice(place..end, bytes);
        let _ = read_exports("f", Cursor::new(whole));
    }

    #[test]
    fn no_random_bytes_make_the_reader_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = read_exports("f", Cursor::new(bytes));
    }
}

#[test]
fn a_telephone_of_any_length_is_read() {
    let text = "06 39 98 00 01 (mère, pas avant 18 h, sinon la grand-mère)";
    let person = format!("<PERSONNE PERSONNE_ID=\"5\"><NOM>DURAND</NOM><TEL_PORTABLE>{text}</TEL_PORTABLE></PERSONNE>");
    let file =
        one(document("UTF-8", "BEE_RESPONSABLES", &format!("<PERSONNES>{person}</PERSONNES>")).as_bytes()).unwrap();
    let ExportContent::Persons { persons, .. } = file.content else { panic!("persons") };
    assert_eq!(persons[0].mobile.as_deref(), Some(text));
}
