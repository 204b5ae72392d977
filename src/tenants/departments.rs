//! The departments of each academy: the first three digits of a UAI are its school's department.

use crate::base::uai::Uai;

/// The ministry's codes of academies without leading zeros, each with its departments.
const DEPARTMENTS: [(&str, &[&str]); 36] = [
    ("1", &["075"]),
    ("2", &["004", "005", "013", "084"]),
    ("3", &["025", "039", "070", "090"]),
    ("4", &["024", "033", "040", "047", "064"]),
    ("5", &["014", "050", "061"]),
    ("6", &["003", "015", "043", "063"]),
    ("7", &["021", "058", "071", "089"]),
    ("8", &["007", "026", "038", "073", "074"]),
    ("9", &["059", "062"]),
    ("10", &["001", "042", "069"]),
    ("11", &["011", "030", "034", "048", "066"]),
    ("12", &["054", "055", "057", "088"]),
    ("13", &["016", "017", "079", "086"]),
    ("14", &["022", "029", "035", "056"]),
    ("15", &["067", "068"]),
    ("16", &["009", "012", "031", "032", "046", "065", "081", "082"]),
    ("17", &["044", "049", "053", "072", "085"]),
    ("18", &["018", "028", "036", "037", "041", "045"]),
    ("19", &["008", "010", "051", "052"]),
    ("20", &["002", "060", "080"]),
    ("21", &["027", "076"]),
    ("22", &["019", "023", "087"]),
    ("23", &["006", "083"]),
    ("24", &["077", "093", "094"]),
    ("25", &["078", "091", "092", "095"]),
    ("27", &["620", "720"]),
    ("28", &["974"]),
    ("31", &["972"]),
    ("32", &["971", "977", "978"]),
    ("33", &["973"]),
    ("40", &["983", "988"]),
    ("41", &["984", "987"]),
    ("42", &["986"]),
    ("43", &["976", "985"]),
    ("44", &["975"]),
    // Normandie: Caen and Rouen, since 2020.
    ("70", &["014", "027", "050", "061", "076"]),
];

/// Returns the department of a school as it stands in its UAI.
pub fn department_of(uai: &Uai) -> &str {
    uai.get(..3).unwrap_or_default()
}

/// True if the school's department is one of the academy with this code. Of a base that is no academy, none is.
pub fn is_of_academy(uai: &Uai, code: &str) -> bool {
    let code = code.trim_start_matches('0');
    let own = DEPARTMENTS.iter().filter(|(known, _)| *known == code);
    own.flat_map(|(_, departments)| departments.iter()).any(|department| *department == department_of(uai))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_department_is_of_one_academy_but_those_of_normandie() {
        let joined = |(code, _): &&(&str, &[&str])| !["5", "21"].contains(code);
        let departments: Vec<&str> =
            DEPARTMENTS.iter().filter(joined).flat_map(|(_, departments)| departments.iter().copied()).collect();
        assert_eq!(departments.iter().collect::<BTreeSet<_>>().len(), departments.len());
        // 94 of the mainland without Corsica, whose two have numbers of their own.
        assert_eq!(departments.iter().filter(|department| department.starts_with('0')).count(), 94);
    }

    #[test]
    fn the_first_digits_of_a_uai_say_the_academy() {
        let uai = |text| Uai::parse(text).unwrap();
        assert!(is_of_academy(&uai("0349999J"), "11") && is_of_academy(&uai("0349999J"), "011"));
        assert!(!is_of_academy(&uai("0319999A"), "11") && is_of_academy(&uai("0319999A"), "16"));
        assert!(!is_of_academy(&uai("0349996F"), "98"), "the agricultural base has schools everywhere");
    }
}
