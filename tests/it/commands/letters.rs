//! `preau letters`, on the roster of the demo's kind.

use std::os::unix::fs::PermissionsExt as _;

use super::TestInstallation;

const PUPILS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_ELEVES><PARAMETRES><UAJ>0349999J</UAJ>\
    <ANNEE_SCOLAIRE>2026</ANNEE_SCOLAIRE><DATE_EXPORT>20/11/2026</DATE_EXPORT></PARAMETRES><DONNEES><ELEVES>\
    <ELEVE ELEVE_ID=\"900001\"><NOM_DE_FAMILLE>DURAND</NOM_DE_FAMILLE><PRENOM>Zoé</PRENOM>\
    <DATE_NAISS>14/02/2013</DATE_NAISS></ELEVE></ELEVES><STRUCTURES><STRUCTURES_ELEVE ELEVE_ID=\"900001\"><STRUCTURE>\
    <CODE_STRUCTURE>6 A</CODE_STRUCTURE><TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE></STRUCTURES>\
    </DONNEES></BEE_ELEVES>";
const PERSONS: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BEE_RESPONSABLES><PARAMETRES><UAJ>0349999J</UAJ>\
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
