//! Pages are composed and their places read back; files are validated as PDF/UA-1 by the library that writes them.

use proptest::prelude::*;

use super::page::{Ink, PAGE_HEIGHT, PAGE_WIDTH, PageItem, mm};
use super::text::TextBlock;
use super::*;
use crate::base::rng::SeededRandom;
use crate::http::pages::MessageSpan;

const SERVICE: &str = "Mon compte École";

fn renderer() -> PageRenderer {
    PageRenderer::load(SERVICE, "").unwrap()
}

fn head(lang: Lang) -> Letterhead<'static> {
    Letterhead {
        lang,
        service: SERVICE,
        school: "Clg Théodore Monod",
        academy: "Académie de Montpellier",
        issuer: "https://compte.exemple.fr",
        printed_on: "28\u{a0}novembre 2026",
    }
}

fn code() -> LetterCode {
    LetterCode::draw(&SeededRandom::new(11))
}

fn letter<'a>(name: &'a str, code: &'a LetterCode) -> PrintedLetter<'a> {
    PrintedLetter {
        purpose: LetterUse::First,
        reader: LetterReader::Pupil,
        name,
        class: Some("5e\u{a0}B"),
        identifiant: "a.leboeuf12",
        code,
        valid_until: "mercredi 16\u{a0}décembre",
        in_person: false,
    }
}

fn composed(head: &Letterhead<'_>, letter: &PrintedLetter<'_>) -> Vec<PageItem> {
    let pages = renderer();
    let words = Words { pages: &pages, lang: head.lang };
    letter::compose(&words, &mut TypeSetter::new().unwrap(), head, letter, 12).unwrap()
}

fn texts(items: &[PageItem]) -> impl Iterator<Item = (&PageItem, &TextBlock)> {
    items.iter().filter_map(|item| match &item.ink {
        Ink::Text(block) => Some((item, block.as_ref())),
        _ => None,
    })
}

fn unprintable(items: &[PageItem]) -> String {
    texts(items).flat_map(|(_, block)| block.unprintable.clone()).collect()
}

/// Asserts that everything is on the paper and no text touches another one.
fn assert_in_place(items: &[PageItem]) {
    for item in items {
        assert!(item.left >= mm(17.9) && item.left + item.width <= PAGE_WIDTH - mm(17.9), "{:?}", item.role);
        assert!(item.top >= mm(13.9) && item.bottom() <= PAGE_HEIGHT - mm(9.9), "{:?}: {}", item.role, item.bottom());
    }
    for (item, block) in texts(items) {
        for line in block.layout.lines() {
            let metrics = line.metrics();
            let right = metrics.offset + metrics.advance - metrics.hanging_advance;
            assert!(metrics.offset >= -0.1 && right <= item.width + 0.1, "{right} of {}: {}", item.width, block.text);
            assert!(metrics.baseline > 0.0 && metrics.baseline < item.height, "{}", block.text);
        }
    }
    let blocks: Vec<_> = texts(items).collect();
    for (n, (one, text)) in blocks.iter().enumerate() {
        for (other, text_of_other) in blocks.iter().skip(n + 1) {
            let beside = one.left + one.width <= other.left + 0.1 || other.left + other.width <= one.left + 0.1;
            let apart = one.bottom() <= other.top + 0.1 || other.bottom() <= one.top + 0.1;
            assert!(beside || apart, "{} over {}", text.text, text_of_other.text);
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn each_letter_and_the_leaflet_are_valid_in_both_languages() {
    let (pages, code) = (renderer(), code());
    for lang in Lang::ALL {
        let head = head(lang);
        let first = letter("Anaïs Lebœuf", &code);
        let letters: Vec<PrintedLetter<'_>> = [
            (LetterUse::First, LetterReader::Pupil),
            (LetterUse::First, LetterReader::Parent),
            (LetterUse::Reset, LetterReader::Pupil),
            (LetterUse::Reset, LetterReader::Parent),
            (LetterUse::Child, LetterReader::Parent),
            (LetterUse::Factor, LetterReader::Parent),
        ]
        .map(|(purpose, reader)| PrintedLetter { purpose, reader, ..first })
        .to_vec();
        let portal = LeafletPortal { school_site: "clg-monod.exemple.fr", choice: "de l'académie de Montpellier" };
        let unknown = LeafletPortal { school_site: "", choice: "" };
        for (file, count) in [
            (print_letters(&pages, &head, &letters).unwrap(), 6),
            (print_leaflet(&pages, &head, &portal).unwrap(), 1),
            (print_leaflet(&pages, &head, &unknown).unwrap(), 1),
        ] {
            assert!(file.bytes.starts_with(b"%PDF-1.7") && file.unprintable.is_empty());
            for mark in ["/StructTreeRoot", "/MarkInfo", "pdfuaid:part", &format!("/Lang({})", lang.tag())] {
                assert!(contains(&file.bytes, mark), "{mark}");
            }
            assert!(contains(&file.bytes, &format!("/Count {count}")), "{count} pages");
        }
    }
    let nothing = print_letters(&pages, &head(Lang::Fr), &[]);
    assert!(matches!(nothing, Err(LetterPdfError::NothingToPrint)));
}

#[test]
fn takeover_w4_a_letter_that_no_child_carries_says_so_to_the_school() {
    let code = code();
    let parent = PrintedLetter { reader: LetterReader::Parent, class: None, ..letter("Anne Durand", &code) };
    for (in_person, detail) in
        [(true, "parent ou responsable légal · en main propre ou par la poste"), (false, "parent ou responsable légal")]
    {
        let items = composed(&head(Lang::Fr), &PrintedLetter { in_person, ..parent });
        assert_in_place(&items);
        assert!(texts(&items).any(|(_, block)| block.text == detail), "{detail}");
    }
}

#[test]
fn a_letter_says_what_is_drawn() {
    let code = code();
    let items = composed(&head(Lang::Fr), &letter("Anaïs Lebœuf", &code));
    assert_in_place(&items);
    let read: Vec<&str> = texts(&items).map(|(_, block)| block.text.as_str()).collect();
    assert_eq!(read[..4], [SERVICE, "Clg Théodore Monod", "Pour Anaïs Lebœuf", "5e\u{a0}B"]);
    let code = code.to_printed_form();
    for text in [
        "a.leboeuf12",
        &code,
        "Ce code sert une fois,\njusqu'au mercredi 16\u{a0}décembre.",
        "Allez sur compte.exemple.fr/lettre",
        "Indiquez votre date de naissance.",
        "Mon compte École, Anaïs Lebœuf",
        "Imprimée le 28\u{a0}novembre 2026, Clg Théodore Monod · Académie de Montpellier · 5e\u{a0}B, feuille 12\nVos \
         données\u{a0}: compte.exemple.fr/donnees",
    ] {
        assert!(read.contains(&text), "{text}: {read:#?}");
    }
    assert_eq!(read.iter().filter(|text| **text == "a.leboeuf12").count(), 2, "in the frame, and to keep");
}

#[test]
fn the_leaflet_has_its_ten_steps_for_this_school_and_portal() {
    let (pages, mut setter) = (renderer(), TypeSetter::new().unwrap());
    for (lang, site, choice) in [
        (Lang::Fr, "(clg-monod.exemple.fr)", "puis de l'académie de Montpellier, et Valider"),
        (Lang::En, "(clg-monod.exemple.fr)", "then de l'académie de Montpellier, and Valider"),
    ] {
        let portal = LeafletPortal { school_site: "clg-monod.exemple.fr", choice: "de l'académie de Montpellier" };
        let items = leaflet::compose(&Words { pages: &pages, lang }, &mut setter, &head(lang), &portal).unwrap();
        assert_in_place(&items);
        let read = |role: page::Role| -> Vec<String> {
            texts(&items).filter(|(item, _)| item.role == role).map(|(_, block)| block.text.clone()).collect()
        };
        let (labels, steps) = (read(page::Role::ListLabel), read(page::Role::ListBody));
        assert_eq!(labels, (1..=10).map(|n| format!("{n}.")).collect::<Vec<_>>());
        assert!(steps.len() == 10 && steps[0].contains(site) && steps[1].contains(choice), "{steps:#?}");
        assert!(steps[7].contains(crate::accounts::password::SPECIAL_CHARACTERS), "the password's rule: {}", steps[7]);
        assert!(steps[9].contains("Clg Théodore Monod"));
    }
}

#[test]
fn the_longest_names_wrap_within_the_page() {
    let code = code();
    let (words, signs) = ("Wilhelmine-Ännchen ".repeat(10), "W".repeat(150));
    for name in [words.as_str(), signs.as_str()] {
        let head = Letterhead { service: &signs, school: name, academy: name, issuer: &signs, ..head(Lang::Fr) };
        for reader in [LetterReader::Pupil, LetterReader::Parent] {
            let identifiant = format!("w.{}99", "w".repeat(30));
            let letter =
                PrintedLetter { reader, class: Some(&signs), identifiant: &identifiant, ..letter(name, &code) };
            // An issuer of 150 signs has no place: its addresses are long on purpose, and still wrap.
            assert_in_place(&composed(&head, &letter));
        }
        let (pages, portal) = (renderer(), LeafletPortal { school_site: name, choice: name });
        let words = Words { pages: &pages, lang: Lang::Fr };
        let items = leaflet::compose(&words, &mut TypeSetter::new().unwrap(), &head, &portal).unwrap();
        assert_in_place(&items);
    }
    let longer = "é".repeat(5_000);
    let cut = printed(&longer);
    assert!(cut.chars().count() == MAX_PRINTED_CHARS && cut.ends_with('…'));
}

#[test]
fn a_long_identifiant_stays_in_one_line() {
    let (code, identifiant) = (code(), format!("w.{}99", "w".repeat(30)));
    let items = composed(&head(Lang::Fr), &PrintedLetter { identifiant: &identifiant, ..letter("A", &code) });
    for (_, block) in texts(&items).filter(|(_, block)| block.text == identifiant) {
        assert_eq!(block.layout.len(), 1);
    }
}

#[test]
fn names_of_many_scripts_have_their_signs() {
    let code = code();
    for name in [
        "Nguyễn Thị Hằng Ữ ộ",
        "E\u{301}lie A\u{308}nne",
        "N'Diaye Łukasz Đặng Øre Þór Ḩəsən Ŋgoma ʻOkina",
        "Αθηνά Παπαδοπούλου",
        "Иванов Ѓорѓи Їжак Ґ",
        "محمد بن عبد الله",
        "آرش گلشیری پژمان",
        "יוסף כהן",
        "Աննա Հակոբյան",
        "გიორგი ჯანაშია",
    ] {
        let items = composed(&head(Lang::Fr), &letter(name, &code));
        assert_eq!(unprintable(&items), "", "{name}");
        assert_in_place(&items);
    }
}

fn block(text: &str) -> std::rc::Rc<TextBlock> {
    let spans = [MessageSpan { text: text.to_owned(), bold: false }];
    TypeSetter::new().unwrap().set(&spans, text::TextStyle::plain(12.0), 400.0)
}

#[test]
fn arabic_is_joined_and_runs_from_right_to_left() {
    let together = block("محمد");
    let line = together.layout.get(0).unwrap();
    let run = line.runs().next().unwrap();
    assert!(run.is_rtl());
    let starts: Vec<usize> = run.visual_clusters().map(|cluster| cluster.text_range().start).collect();
    assert!(starts.windows(2).all(|pair| pair[0] > pair[1]), "the last letter is leftmost: {starts:?}");
    // The same letter has one glyph alone, another at the beginning, another in the middle.
    let glyphs = |text: &str| -> Vec<u32> {
        let block = block(text);
        let runs: Vec<_> = block.layout.lines().flat_map(|line| line.runs().collect::<Vec<_>>()).collect();
        runs.iter().flat_map(|run| run.clusters().flat_map(|c| c.glyphs()).collect::<Vec<_>>()).map(|g| g.id).collect()
    };
    let (alone, joined) = (glyphs("م"), glyphs("محمد"));
    assert_ne!(joined[0], alone[0]);
    assert_ne!(joined[0], joined[2]);
}

#[test]
fn a_sign_without_font_is_an_empty_box_and_is_told() {
    let (pages, code) = (renderer(), code());
    let first = letter("Anaïs", &code);
    let second = PrintedLetter { name: "李 Léa 😀\u{e000}\u{ffff}", ..first };
    let file = print_letters(&pages, &head(Lang::Fr), &[first, second]).unwrap();
    let told: Vec<char> = file.unprintable.iter().map(|sign| sign.sign).collect();
    assert!(told.windows(2).all(|pair| pair[0] < pair[1]), "each sign once a page: {told:?}");
    assert!(file.unprintable.iter().all(|sign| sign.sheet == 2));
    assert!(['李', '😀', '\u{e000}'].iter().all(|sign| told.contains(sign)), "{told:?}");
    let items = composed(&head(Lang::Fr), &second);
    assert!(texts(&items).any(|(_, block)| block.text.starts_with("Pour □ Léa □□")));
}

#[test]
fn a_mark_after_a_sign_without_font_is_a_box_too() {
    let (pages, code) = (renderer(), code());
    let first = letter("Anaïs", &code);
    for name in ["\u{5de}\u{5bc}\u{113ce}", "李\u{5bc}", "😀\u{301}\u{64b}"] {
        let file = print_letters(&pages, &head(Lang::Fr), &[PrintedLetter { name, ..first }]);
        assert!(file.is_ok_and(|file| !file.unprintable.is_empty()), "{name:?}");
    }
}

#[test]
fn every_letter_of_a_ligature_can_be_searched() {
    for text in ["Identifiant, office, coffin", "محمد الله لا"] {
        let block = block(text);
        let mut covered = vec![false; text.len()];
        for run in document::runs(&block) {
            for glyph in run.glyphs {
                covered[glyph.text_range].fill(true);
            }
        }
        assert!(covered.iter().all(|byte| *byte), "{text}: {covered:?}");
    }
}

#[test]
fn the_qr_code_carries_identifiant_and_code_in_the_fragment() {
    let code = code();
    let address = letter_address("https://compte.exemple.fr/", "a.leboeuf12", &code);
    assert_eq!(address, format!("https://compte.exemple.fr/lettre#i=a.leboeuf12&c={}", code.as_str()));
    assert!(letter_address("https://a", "a&c=b#", &code).starts_with("https://a/lettre#i=a%26c%3Db%23&c="));
    let items = composed(&head(Lang::Fr), &letter("Anaïs", &code));
    let codes = items.iter().filter(|item| matches!(&item.role, page::Role::Figure(alt) if alt.starts_with("Code QR")));
    assert_eq!(codes.map(|item| (item.width, item.height)).collect::<Vec<_>>(), [(mm(44.0), mm(44.0))]);
}

#[test]
fn stars_in_a_name_stay_stars() {
    let code = code();
    let items = composed(&head(Lang::Fr), &letter("Anaïs **L**", &code));
    assert!(texts(&items).any(|(_, block)| block.text == "Pour Anaïs **L**"));
}

#[test]
fn french_has_its_no_break_spaces() {
    let catalogue = include_str!("../../../templates/messages/fr.ftl");
    let ours = catalogue.lines().filter(|line| line.starts_with("printed-") || line.starts_with("leaflet-"));
    let mut count = 0;
    for line in ours {
        count += 1;
        for wrong in [" :", " ;", " ?", " !", " »", "« "] {
            assert!(!line.contains(wrong), "{line}");
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn fonts_are_small_and_have_their_licence_beside() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("templates/assets/fonts");
    let (mut size, mut licences) = (0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        size += entry.metadata().unwrap().len();
        let name = entry.file_name().into_string().unwrap();
        if name.ends_with(".txt") {
            licences.push(name);
        } else if name.ends_with(".ttf") {
            assert!(crate::http::pages::font(&name).is_some(), "{name} is embedded");
            assert!(crate::http::pages::asset(&name).is_none(), "{name} is not served");
            assert!(crate::http::pages::asset(&format!("fonts/{name}")).is_none(), "{name} is not served");
        }
    }
    licences.sort();
    assert_eq!(licences, ["DejaVu-LICENSE.txt", "Noto-OFL.txt"]);
    assert!(size < 1_000_000, "{size} bytes in the binary");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Any name, in any letters, gives a valid file with everything on the page.
    #[test]
    fn any_name_is_printed(name in "\\PC{0,120}", class in ".{0,12}", wild in ".{0,60}") {
        let (pages, code) = (renderer(), code());
        let letters = [letter(&name, &code), PrintedLetter { class: Some(&class), ..letter(&wild, &code) }];
        let file = print_letters(&pages, &head(Lang::Fr), &letters);
        prop_assert!(file.is_ok(), "{:?}", file.err());
        assert_in_place(&composed(&head(Lang::Fr), &letters[0]));
        assert_in_place(&composed(&head(Lang::Fr), &letters[1]));
    }
}
