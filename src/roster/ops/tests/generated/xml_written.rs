//! Writes a truth as SIECLE and as AAF do: encodings and how they are declared, entities, tags that are missing or empty,
//! both generations of links, archives, several parts a kind.

use std::fmt::Write as _;
use std::io::Write as _;

use super::{Child, Draw, Parent, Spoiled, Truth};
use crate::roster::Level;
use crate::roster::ops::tests::MONOD;

/// An encoding of a document.
#[derive(Clone, Copy, PartialEq, Eq)]
enum XmlEncoding {
    Latin9,
    Utf8,
    Utf8WithMark,
}

const ENCODINGS: [XmlEncoding; 3] = [XmlEncoding::Latin9, XmlEncoding::Utf8, XmlEncoding::Utf8WithMark];

impl XmlEncoding {
    fn document(self, body: &str) -> Vec<u8> {
        let (label, mark): (_, &[u8]) = match self {
            XmlEncoding::Latin9 => ("ISO-8859-15", b""),
            XmlEncoding::Utf8 => ("UTF-8", b""),
            XmlEncoding::Utf8WithMark => ("UTF-8", b"\xef\xbb\xbf"),
        };
        let text = format!("<?xml version=\"1.0\" encoding=\"{label}\"?>\n{body}");
        match self {
            XmlEncoding::Latin9 => encoding_rs::ISO_8859_15.encode(&text).0.into_owned(),
            _ => [mark, text.as_bytes()].concat(),
        }
    }

    /// Writes a text: what the encoding has not, and now and then any letter, as an entity.
    fn text(self, draw: &Draw, text: &str) -> String {
        let mut written = String::new();
        for letter in text.chars() {
            let has =
                self != XmlEncoding::Latin9 || !encoding_rs::ISO_8859_15.encode(letter.encode_utf8(&mut [0; 4])).2;
            match letter {
                '&' => written.push_str("&amp;"),
                '<' => written.push_str("&lt;"),
                '\'' if draw.odds(30) => written.push_str("&apos;"),
                _ if !has || (!letter.is_ascii() && draw.odds(15)) => {
                    let number = u32::from(letter);
                    match draw.odds(50) {
                        true => write!(written, "&#{number};").unwrap(),
                        false => write!(written, "&#x{number:X};").unwrap(),
                    }
                }
                _ => written.push(letter),
            }
        }
        written
    }
}

/// Writes a name; now and then as CDATA, which has no entities.
fn name(encoding: XmlEncoding, draw: &Draw, text: &str) -> String {
    let fits = encoding != XmlEncoding::Latin9 || !encoding_rs::ISO_8859_15.encode(text).2;
    if fits && draw.odds(5) { format!("<![CDATA[{text}]]>") } else { encoding.text(draw, text) }
}

/// Something that says nothing: an empty tag, one that no reader knows, a comment, or nothing.
fn noise(draw: &Draw) -> &'static str {
    draw.word(&["", "", "<MEL></MEL>", "<NOM_USAGE/>", "<CODE_PROFESSION>42</CODE_PROFESSION>", "<!-- & -->", "\n\t"])
}

fn siecle_document(truth: &Truth, root: &str, data: &str, time: &str) -> String {
    let day = truth.day.format("%d/%m/%Y");
    format!(
        "<{root} VERSION=\"3.1\">\n<PARAMETRES><UAJ>{MONOD}</UAJ><ANNEE_SCOLAIRE>2025</ANNEE_SCOLAIRE>\
         <DATE_EXPORT>{day}</DATE_EXPORT><HORODATAGE>{day} {time}</HORODATAGE></PARAMETRES>\n<DONNEES>\n{data}</DONNEES>\n\
         </{root}>\n"
    )
}

fn siecle_pupil(truth: &Truth, child: &Child, (encoding, draw): (XmlEncoding, &Draw), second: bool) -> String {
    let spoiled = truth.spoiled.contains(&Spoiled::ChildWithoutDay(child.id));
    let born = if second { child.born + chrono::Days::new(1) } else { child.born };
    let born = if spoiled { "31/02/2013".to_owned() } else { born.format("%d/%m/%Y").to_string() };
    let ine = child.ine.as_ref().map(|ine| format!("<ID_NATIONAL>{ine}</ID_NATIONAL>")).unwrap_or_default();
    format!(
        "<ELEVE ELEVE_ID=\"{}\">{}{ine}<NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE><PRENOM>{}</PRENOM><DATE_NAISS>{born}\
         </DATE_NAISS></ELEVE>\n",
        900_000 + child.id,
        noise(draw),
        name(encoding, draw, &child.family),
        name(encoding, draw, &child.given),
    )
}

/// Writes the files of SIECLE: two, each alone or in an archive, or both in one.
pub fn siecle(truth: &Truth, draw: &Draw) -> Vec<(String, Vec<u8>)> {
    let encoding = *draw.one(&ENCODINGS);
    let (mut pupils, mut structures) = (String::from("<ELEVES>\n"), String::from("<STRUCTURES>\n"));
    for child in &truth.children {
        pupils.push_str(&siecle_pupil(truth, child, (encoding, draw), false));
        if truth.spoiled.contains(&Spoiled::ChildTwice(child.id)) {
            pupils.push_str(&siecle_pupil(truth, child, (encoding, draw), true));
        }
        writeln!(
            structures,
            "<STRUCTURES_ELEVE ELEVE_ID=\"{}\"><STRUCTURE><CODE_STRUCTURE>{}</CODE_STRUCTURE>\
             <TYPE_STRUCTURE>D</TYPE_STRUCTURE></STRUCTURE></STRUCTURES_ELEVE>",
            900_000 + child.id,
            child.class
        )
        .unwrap();
    }
    let eleves = format!("{pupils}</ELEVES>\n{structures}</STRUCTURES>\n");
    let is_old = draw.odds(40);
    let (mut persons, mut links) = (String::from("<PERSONNES>\n"), String::from("<RESPONSABLES>\n"));
    for Parent { id, family, given, mobile, mail } in &truth.parents {
        let family = match truth.spoiled.contains(&Spoiled::Parent(*id)) {
            true => String::new(),
            false => format!("<NOM_DE_FAMILLE>{}</NOM_DE_FAMILLE>", name(encoding, draw, family)),
        };
        writeln!(
            persons,
            "<PERSONNE PERSONNE_ID=\"{}\">{family}{}<PRENOM>{}</PRENOM><TEL_PORTABLE>{mobile}</TEL_PORTABLE>\
             <MEL>{}</MEL></PERSONNE>",
            500_000 + id,
            noise(draw),
            name(encoding, draw, given),
            encoding.text(draw, mail)
        )
        .unwrap();
    }
    for child in &truth.children {
        for (parent, level) in &child.links {
            let level = match (is_old, level) {
                (true, Level::Legal) => {
                    format!("<RESP_LEGAL>{}</RESP_LEGAL><CODE_PARENTE>2</CODE_PARENTE>", 1 + draw.below(2))
                }
                (true, _) => "<RESP_LEGAL>0</RESP_LEGAL><PERS_PAIMENT>1</PERS_PAIMENT>".to_owned(),
                (false, Level::Legal) => {
                    "<NIVEAU_RESPONSABILITE>1</NIVEAU_RESPONSABILITE><PAIE_FRAIS_SCOLAIRES>1</PAIE_FRAIS_SCOLAIRES>"
                        .to_owned()
                }
                (false, Level::InCharge) => "<NIVEAU_RESPONSABILITE>2</NIVEAU_RESPONSABILITE>".to_owned(),
                (false, Level::Contact) => "<NIVEAU_RESPONSABILITE>3</NIVEAU_RESPONSABILITE>".to_owned(),
            };
            writeln!(
                links,
                "<RESPONSABLE_ELEVE><ELEVE_ID>{}</ELEVE_ID><PERSONNE_ID>{}</PERSONNE_ID>{level}</RESPONSABLE_ELEVE>",
                900_000 + child.id,
                500_000 + parent
            )
            .unwrap();
        }
    }
    let responsables = format!("{persons}</PERSONNES>\n{links}</RESPONSABLES>\n<ADRESSES/>\n");
    let eleves = encoding.document(&siecle_document(truth, "BEE_ELEVES", &eleves, "18:40:00"));
    let responsables = encoding.document(&siecle_document(truth, "BEE_RESPONSABLES", &responsables, "18:42:07"));
    let files = [("ElevesAvecAdresses.xml", eleves), ("ResponsablesAvecAdresses.xml", responsables)];
    match draw.below(3) {
        0 => files.map(|(name, bytes)| (name.to_owned(), bytes)).to_vec(),
        1 => files.map(|(name, bytes)| (format!("ExportXML_{name}.zip"), zip(&[(name, bytes)]))).to_vec(),
        _ => vec![("exports.zip".to_owned(), zip(&files))],
    }
}

fn zip(files: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        archive.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn attr(name: &str, values: &[String]) -> String {
    let values: String = values.iter().map(|value| format!("<value>{value}</value>")).collect();
    format!("<attr name=\"{name}\">{values}</attr>")
}

fn add(category: &str, kind: &str, id: &str, attributes: &[String]) -> String {
    format!(
        "<addRequest><operationalAttributes>{}</operationalAttributes><identifier><id>{id}</id></identifier>\
         <attributes>{}</attributes></addRequest>\n",
        attr(category, &[kind.to_owned()]),
        attributes.concat()
    )
}

/// Writes a complet: several parts a kind, with the heading that the academies' programs write.
pub fn aaf(truth: &Truth, draw: &Draw) -> Vec<(String, Vec<u8>)> {
    let encoding = *draw.one(&ENCODINGS);
    let one = |key: &str, value: &str| attr(key, &[name(encoding, draw, value)]);
    let school = add(
        "categorieStructure",
        "EtabEducNat",
        "7001",
        &[
            attr("ENTStructureUAI", &[MONOD.to_owned()]),
            one("ENTStructureNomCourant", "CLG$THÉODORE MONOD$MONTPELLIER"),
        ],
    );
    let pupil = |child: &Child, second: bool| {
        let spoiled = truth.spoiled.contains(&Spoiled::ChildWithoutDay(child.id));
        let born = if second { child.born + chrono::Days::new(1) } else { child.born };
        let born = if spoiled { "2013-02-14".to_owned() } else { born.format("%d/%m/%Y").to_string() };
        let link = |(parent, level): &(usize, Level)| {
            let level = match level {
                Level::Legal => "1",
                Level::InCharge => "2",
                Level::Contact => "0",
            };
            format!("{}$10$1${level}$1$0", 3_500_000 + parent)
        };
        let mut attributes = vec![
            one("ENTPersonNomPatro", &child.family),
            one("sn", &child.family),
            one("givenName", &child.given),
            attr("ENTPersonDateNaissance", &[born]),
            attr("ENTEleveStructRattachId", &[format!("{}", 900_000 + child.id)]),
            attr("ENTPersonStructRattach", &["7001".to_owned()]),
            attr("ENTEleveClasses", &[format!("7001${}", child.class)]),
            attr("ENTElevePersRelEleve", &child.links.iter().map(link).collect::<Vec<_>>()),
        ];
        attributes.extend(child.ine.as_ref().map(|ine| attr("ENTEleveINE", std::slice::from_ref(ine))));
        attributes.extend(draw.odds(30).then(|| "<attr name=\"mail\"><value/></attr>".to_owned()));
        add("categoriePersonne", "Eleve", &format!("{}", 2_900_000 + child.id), &attributes)
    };
    let mut pupils = Vec::new();
    for child in &truth.children {
        pupils.push(pupil(child, false));
        pupils.extend(truth.spoiled.contains(&Spoiled::ChildTwice(child.id)).then(|| pupil(child, true)));
    }
    let person = |Parent { id, family, given, mobile, mail }: &Parent| {
        let names = match truth.spoiled.contains(&Spoiled::Parent(*id)) {
            true => String::new(),
            false => format!("{}{}", one("ENTPersonNomPatro", family), one("sn", family)),
        };
        let mail = attr("mail", &[encoding.text(draw, mail)]);
        let attributes = [names, one("givenName", given), attr("mobile", std::slice::from_ref(mobile)), mail];
        add("categoriePersonne", "PersRelEleve", &format!("{}", 3_500_000 + id), &attributes)
    };
    let persons: Vec<String> = truth.parents.iter().map(person).collect();
    let document = |requests: &[String]| {
        encoding.document(&format!(
            "<!-- versionAF=\"AAF-VE2407\" degre=\"2D\" -->\n<!DOCTYPE ficAlimMENESR SYSTEM \"ficAlimMENESR.dtd\">\n\
             <ficAlimMENESR>\n{}</ficAlimMENESR>\n",
            requests.concat()
        ))
    };
    let mut files = Vec::new();
    for (kind, requests) in [("Eleve", pupils), ("PersRelEleve", persons), ("EtabEducNat", vec![school])] {
        // Several parts, as a whole academy has them.
        let size = if draw.odds(50) { requests.len().div_ceil(2) } else { requests.len() };
        for (part, requests) in requests.chunks(size.max(1)).enumerate() {
            let name = format!("ENT_Complet_{}_{kind}_{part:04}.xml", truth.day.format("%Y%m%d"));
            files.push((name, document(requests)));
        }
    }
    files
}
