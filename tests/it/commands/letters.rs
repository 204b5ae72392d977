//! `preau letters`, on the roster of the demo's kind.

use std::os::unix::fs::PermissionsExt as _;

use super::TestInstallation;
use preau::db::{Db, Durability};

pub(super) const PUPILS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_ELEVES><PARAMETRES><UAJ>0349999J</UAJ>\
    <ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><DATE_EXPORT>20/11/2026</DATE_EXPORT></PARAMETRES><DONNEES><ELEVES>\
    <ELEVE ELEVE_ID=\"900001\"><NOM_DE_FAMILLE>DURAND</NOM_DE_FAMILLE><PRENOM>Zoé</PRENOM>\
    <DATE_NAISS>14/02/2013</DATE_NAISS></ELEVE></ELEVES><STRUCTURES><STRUCTURES_ELEVE ELEVE_ID=\"900001\"><STRUCTURE>\
    <CODE_STRUCTURE>6 A</CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE></STRUCTURES>\
    </DONNEES></BEE_ELEVES>";
pub(super) const PERSONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_RESPONSABLES><PARAMETRES><UAJ>0349999J</UAJ>\
    <ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><DATE_EXPORT>20/11/2026</DATE_EXPORT></PARAMETRES><DONNEES><PERSONNES>\
    <PERSONNE PERSONNE_ID=\"500001\"><NOM_DE_FAMILLE>DURAND</NOM_DE_FAMILLE><PRENOM>Anne</PRENOM></PERSONNE></PERSONNES>\
    <RESPONSABLES><RESPONSABLE_ELEVE><ELEVE_ID>900001</ELEVE_ID><PERSONNE_ID>500001</PERSONNE_ID>\
    <NIVEAU_RESPONSABILITE>1</NIVEAU_RESPONSABILITE><CODE_PARENTE>10</CODE_PARENTE></RESPONSABLE_ELEVE></RESPONSABLES>\
    </DONNEES></BEE_RESPONSABLES>";

#[tokio::test]
async fn letters_are_printed_to_a_new_file_of_the_owner_and_say_no_code() {
    let house = TestInstallation::new();
    house.run("migrate").await;
    let folder = house.folder.path();
    std::fs::write(folder.join("eleves.xml"), PUPILS).unwrap();
    std::fs::write(folder.join("responsables.xml"), PERSONS).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let (done, text) = house
        .run(&format!("import --format siecle --academy montpellier {} {}", at("eleves.xml"), at("responsables.xml")))
        .await;
    assert!(done, "{text}");
    let order =
        |file: &str| format!("letters --uai 0349999j --class 6a --for eleves --reason rentrée --out {}", at(file));
    let (done, text) = house.run(&order("6a.pdf")).await;
    assert!(done && text.contains("1 letter for a first password and 0 for a new one"), "{text}");
    let file = folder.join("6a.pdf");
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(std::fs::read(&file).unwrap().starts_with(b"%PDF"));
    let (done, text) = house.run(&order("6a.pdf")).await;
    assert!(!done && text.contains("exists"), "a file is never replaced: {text}");
    let parents = format!("letters --uai 0349999J --family 900001 --for responsables --reason x --out {}", at("p.pdf"));
    assert!(house.run(&parents).await.0);
    let nobody = format!("letters --uai 0349999J --class 9Z --for eleves --reason x --out {}", at("n.pdf"));
    let (done, text) = house.run(&nobody).await;
    assert!(!done && text.contains("nobody to print a letter for"), "{text}");
    for lang in ["fr", "en"] {
        let leaflet = format!("letters --uai 0349999J --leaflet --lang {lang} --out {}", at(&format!("{lang}.pdf")));
        assert!(house.run(&leaflet).await.0);
    }
    let mut left: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains(".pdf"))
        .collect();
    left.sort();
    assert_eq!(left, ["6a.pdf", "en.pdf", "fr.pdf", "p.pdf"]);
}

#[tokio::test]
async fn a_batch_of_the_console_is_listed_and_taken_back_once() {
    let house = TestInstallation::new();
    house.run("migrate").await;
    let folder = house.folder.path();
    std::fs::write(folder.join("eleves.xml"), PUPILS).unwrap();
    std::fs::write(folder.join("responsables.xml"), PERSONS).unwrap();
    let at = |name: &str| folder.join(name).display().to_string();
    let files = format!("{} {}", at("eleves.xml"), at("responsables.xml"));
    assert!(house.run(&format!("import --format siecle --academy montpellier {files}")).await.0);
    let order = format!("letters --uai 0349999J --class 6A --for eleves --reason rentrée --out {}", at("6a.pdf"));
    assert!(house.run(&order).await.0);
    assert_eq!(house.run("letters batches").await, (true, String::new()), "what the command prints is of none");
    let id = "0123456789abcdef0123456789abcdef";
    let db = Db::open(&format!("sqlite:{}", at("preau.db"))).await.unwrap();
    let mut tx = db.write(Durability::Durable).await.unwrap();
    let batch = "INSERT INTO letter_batch (id, uai, class, part, profile, printed_by, printed_at, reason, letters) \
                 VALUES ($1, '0349999J', '6 A', 'class', 'eleve', 'x', 1790000000500, 'Rentrée', 1)";
    tx.execute(batch, vec![id.into()]).await.unwrap();
    assert_eq!(tx.execute("UPDATE letter SET batch_id = $1", vec![id.into()]).await.unwrap(), 1);
    tx.commit().await.unwrap();
    db.close().await;
    let (done, text) = house.run("letters batches --uai 0349999J").await;
    let line = format!("{id}  2026-09-21 16:13  0349999J  6 A  eleve  1 letter, 0 used, 1 open  -: Rentrée\n");
    assert_eq!((done, text), (true, line));
    assert_eq!(house.run("letters batches --uai 0349998H").await.1, "");
    let (done, text) = house.run(&format!("letters withdraw --batch {} --reason x", "0".repeat(32))).await;
    assert!(!done && text.starts_with("there is no batch"), "{text}");
    let order = format!("letters withdraw --batch {id} --reason perdues");
    let answer = format!("{id}: 1 letter withdrawn, 0 of 1 used\n");
    for _ in 0..2 {
        assert_eq!(house.run(&order).await, (true, answer.clone()));
    }
    let (_, text) = house.run(&format!("{order} --json")).await;
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["withdrawn"], &value["open"], &value["class"]), (&1.into(), &0.into(), &"6 A".into()));
    assert_eq!(house.run("letters batches --json").await.1, text, "the same members in the list");
    let (_, text) = house.run("audit export").await;
    assert_eq!(text.matches("letter_batch_withdrawn").count(), 1, "{text}");
}
