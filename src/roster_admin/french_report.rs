//! French words for the lines of a roster's report.
//!
//! The report is that of `preau import`: its sentences are stable, kept as they are said, and a table exports them as they
//! are. A page in French replaces them by those of `templates/roster_admin/report.fr.txt`, with their values; a test holds
//! that each sentence has words there. A sentence without words stays in English, and is marked so.

use std::sync::LazyLock;

/// One sentence a line: `English => French`.
const TABLE: &str = include_str!("../../templates/roster_admin/report.fr.txt");
/// Parts of a message that are replaced one by one: file, line, record, sentence, remedy. The others of a hostile value are
/// not looked at.
const MAX_PARTS: usize = 5;

/// A sentence: the texts around its values.
struct Sentence {
    texts: Vec<&'static str>,
    /// True for a value that may hold what separates the parts of a message.
    is_free: Vec<bool>,
    french: &'static str,
}

static SENTENCES: LazyLock<Vec<Sentence>> = LazyLock::new(|| {
    let mut all: Vec<Sentence> =
        TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(Sentence::read).collect();
    // The one that says most is the one that is meant.
    all.sort_by_key(|one| std::cmp::Reverse(one.texts.iter().map(|text| text.len()).sum::<usize>()));
    all
});

impl Sentence {
    fn read(line: &'static str) -> Option<Self> {
        let (mut rest, french) = line.split_once(" => ")?;
        let (mut texts, mut is_free) = (Vec::new(), Vec::new());
        while let Some((text, after)) = rest.split_once('{') {
            let (name, after) = after.split_once('}')?;
            texts.push(text);
            is_free.push(name == "*");
            rest = after;
        }
        texts.push(rest);
        Some(Self { texts, is_free, french })
    }

    /// Returns the values of a message, if it is this sentence.
    fn values<'a>(&self, message: &'a str) -> Option<Vec<&'a str>> {
        let (first, others) = self.texts.split_first()?;
        let mut rest = message.strip_prefix(first)?;
        let mut values = Vec::new();
        for (n, text) in others.iter().enumerate() {
            let is_last = n + 1 == others.len();
            let (value, after) = match is_last {
                true => (rest.strip_suffix(text)?, ""),
                false => rest.split_once(text)?,
            };
            let is_free = self.is_free.get(n).copied().unwrap_or_default();
            if !is_free && (value.contains(": ") || value.contains("; ")) {
                return None;
            }
            values.push(value);
            rest = after;
        }
        (!others.is_empty() || rest.is_empty()).then_some(values)
    }
}

/// Returns the French words of a message; `None` if its sentence has none.
pub fn french(message: &str) -> Option<String> {
    parts(message, MAX_PARTS)
}

fn parts(message: &str, most: usize) -> Option<String> {
    if let Some(whole) = sentence(message, most) {
        return Some(whole);
    }
    let most = most.checked_sub(1)?;
    if let Some((head, tail)) = message.split_once(": ")
        && let Some(tail) = parts(tail, most)
    {
        // What stands before is a file, a line or a record.
        let head = sentence(head, most).unwrap_or_else(|| head.to_owned());
        return Some(format!("{head}\u{a0}: {tail}"));
    }
    let (head, tail) = message.split_once("; ")?;
    Some(format!("{}\u{a0}; {}", parts(head, most)?, parts(tail, most)?))
}

fn sentence(message: &str, most: usize) -> Option<String> {
    let (sentence, values) = SENTENCES.iter().find_map(|one| Some((one, one.values(message)?)))?;
    let mut out = sentence.french.replace(" :", "\u{a0}:").replace(" ;", "\u{a0};");
    for (from, to) in [("« ", "«\u{a0}"), (" »", "\u{a0}»"), (" %", "\u{a0}%")] {
        out = out.replace(from, to);
    }
    let mut filled = String::new();
    // Values are put in one by one, from the left: what looks like a place in one of them is none.
    while let Some((before, (number, after))) =
        out.split_once('{').and_then(|(b, rest)| Some((b, rest.split_once('}')?)))
    {
        filled.push_str(before);
        let given = number.parse::<usize>().ok().and_then(|number| values.get(number).copied());
        filled.push_str(&value(given.unwrap_or_default(), most));
        out = after.to_owned();
    }
    filled.push_str(&out);
    Some(filled)
}

/// Returns a value in French: a sentence or a word of its own, a list of words, or what it is.
fn value(given: &str, most: usize) -> String {
    let Some(most) = most.checked_sub(1) else { return given.to_owned() };
    if let Some(known) = parts(given, most) {
        return known;
    }
    let words: Option<Vec<String>> = given.split(", ").map(|word| sentence(word, 0)).collect();
    words.map_or_else(|| given.to_owned(), |words| words.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Sources whose errors are lines of a report on screen.
    const SOURCES: [&str; 7] = [
        include_str!("../roster/formats/faults.rs"),
        include_str!("../roster/formats/reader/csv_table.rs"),
        include_str!("../roster/formats/mod.rs"),
        include_str!("../roster/formats/csv/mapping.rs"),
        include_str!("../roster/reconcile.rs"),
        include_str!("../roster/same_pupil.rs"),
        include_str!("../base/uai.rs"),
    ];

    /// Lists the texts of `#[error(…)]`, with a value in each place.
    fn errors_of(source: &str) -> Vec<String> {
        let mut out = Vec::new();
        for part in source.split("#[error(").skip(1) {
            let Some(text) = part.trim_start().strip_prefix('"') else { continue };
            let mut sentence = String::new();
            let mut chars = text.chars().peekable();
            while let Some(c) = chars.next().filter(|c| *c != '"') {
                match c {
                    '\\' if chars.peek() == Some(&'\n') => while chars.next_if(|c| c.is_whitespace()).is_some() {},
                    '\\' => sentence.extend(chars.next()),
                    '{' => {
                        while chars.next().is_some_and(|c| c != '}') {}
                        sentence.push_str("X9");
                    }
                    other => sentence.push(other),
                }
            }
            out.push(sentence);
        }
        out
    }

    #[test]
    fn each_sentence_of_a_report_has_french_words() {
        let mut sentences: Vec<String> = SOURCES.into_iter().flat_map(errors_of).collect();
        assert!(sentences.len() > 60, "the sentences were not found: {}", sentences.len());
        sentences.extend(
            errors_of(include_str!("../roster/report.rs")).into_iter().filter(|text| !text.contains("[[school]]")),
        );
        for more in [
            "30 current pupils, 0 gone, 30 responsables, 0 persons without link, 30 legal links; nothing changed",
            "1 current pupils, 0 gone, 1 responsables, 0 persons without link, 1 legal links; pupils +1 ~0, persons +1 \
             ~0, enrolments +1 ~0 -0, links +1 ~0 -0",
            "unchanged: this was taken before, and X after it",
            "the files of a.xml: line 3: ELEVE 1: ID_NATIONAL is missing",
            "ELEVE 1: the same pupil as in another record; has that one's account",
            "PERSONNE 1: TEL_PORTABLE is not a mobile number",
            "PERSONNE 1: TEL_PORTABLE is not a complete number",
            "PERSONNE 1: TEL_PERSONNEL holds a mobile; a code is sent to TEL_PORTABLE only",
            "RESPONSABLE_ELEVE 1 2: names somebody no export has",
            "ELEVE 1: could be several who are known; left unchanged",
            "PERSONNE 1: names a child in a class in which no pupil of that name is; the link is not taken",
            "aaf leads here: this adds what is absent there (--lead takes the lead over); 3 records differ, and stay",
            "aaf leads here: this adds what is absent there (--lead takes the lead over)",
            "ELEVE 1: other names, birth date than aaf gives at another school, and no newer one by 48 hours; left \
             unchanged",
            "4 legal representatives have no mobile that takes a code",
            "the files do not say who is a legal representative: all responsables count as in charge, and none of them \
             can activate; if all of them are legal representatives: --all-legal",
            "an import of these files was interrupted: what it took is read again, and stays as it is",
            "no roster among the files; give both exports of each school, élèves and responsables",
            "a.pdf: is a PDF: give the ZIP or XML that SIECLE exported",
            "a.xlsx: is a ZIP, or a workbook of a spreadsheet (.xlsx, .ods): save it as CSV; export pupils and \
             responsables anew from ONDE's menu « Extractions »",
            "a.xml: line 1: has a blank line before its first line <?xml …, which XML does not allow: take it away, or \
             give the ZIP as SIECLE exported it",
            "the files are of another school",
            "2 persons and 1 pupils stay as later imports of 0349998H, 0319999A have them",
            "interrupted too often",
            "decided by nobody",
            "the role of whoever decided has ended",
            "the role of whoever agreed first has ended",
            "+ ELEVE 1: is not known yet",
            "~ ELEVE 1: other names, birth date, INE",
            "~ PERSONNE 1: other mobile",
            "~ PERSONNE 1: other mobile, mail address",
            "~ PERSONNE 1: another format led it",
            "+ enrolment of ELEVE 1: enters the class 6 A",
            "+ enrolment of ELEVE 1: enters the school",
            "~ enrolment of ELEVE 1: the class was none, is 6 A",
            "- enrolment of ELEVE 1: the last day is past",
            "- enrolment of ELEVE 1: is absent from the set",
            "+ link of ELEVE 1 and PERSONNE 2: legal representative",
            "~ link of ELEVE 1 and PERSONNE 2: was contact, is person in charge",
            "~ link of ELEVE 1 and PERSONNE 2: other relation",
            "- link of ELEVE 1 and PERSONNE 2: the pupil is gone",
        ] {
            sentences.push(more.to_owned());
        }
        let without: Vec<&String> = sentences.iter().filter(|text| french(text).is_none()).collect();
        assert!(without.is_empty(), "{without:#?}");
    }

    #[test]
    fn values_stay_and_words_among_them_are_french() {
        for (english, right) in [
            ("a.xml: line 12: ELEVE 1: DATE_NAISS is missing", "a.xml : ligne 12 : ELEVE 1 : DATE_NAISS manque"),
            ("~ ELEVE 1: other names, birth date", "~ ELEVE 1 : change : noms, date de naissance"),
            ("+ pupil of line 3 of f.csv: is not known yet", "+ élève de la ligne 3 de f.csv : n'est pas encore connu"),
            (
                "~ link of ELEVE 1 and PERSONNE 2: was contact, is person in charge",
                "~ lien de ELEVE 1 et PERSONNE 2 : était contact, est personne en charge",
            ),
            ("NIVEAU has the unknown value \"{0}: a; b\"", "NIVEAU a la valeur inconnue \"{0}: a; b\""),
            ("6 of 100 current pupils would end, more than 5 %", "6 élèves actuels sur 100 partiraient, plus de 5 %"),
        ] {
            assert_eq!(french(english).map(|text| text.replace('\u{a0}', " ")).as_deref(), Some(right));
        }
        assert_eq!(french("something that nobody ever said"), None);
        // What somebody wrote into a file costs no more than so many parts.
        let hostile = "a: b; ".repeat(2_000);
        assert_eq!(french(&hostile), None);
    }
}
