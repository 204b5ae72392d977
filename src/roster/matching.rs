//! Selects, among the persons with one mobile number, those matching a typed name
//! (docs/decisions/0024-who-is-meant-by-what-was-typed.md).
//!
//! Pure. Names are compared folded. A given name matches in full, by its first word, or except for a letter lost in the
//! roster; if these looser matches find different people, only full matches count, so two parents sharing a mobile are
//! told apart.

use crate::base::names::{GivenMatch, family_name_matches, match_given_name, roster_canonical_key};
use crate::base::typed_ids::{AccountId, PersonId};

/// A person of the roster with the typed mobile number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: PersonId,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<AccountId>,
    pub exported_at: i64,
}

impl Candidate {
    fn agrees(&self, family: &str, given: &str) -> Option<GivenMatch> {
        family_name_matches(family, &self.family_name, self.usage_name.as_deref())
            .then(|| match_given_name(given, &self.given_name))
            .flatten()
    }
}

/// Returns the matching persons: first those matching the typed names, then those matching one of the first (the same
/// parent in another academy, under the other name). The person exported last comes first.
pub fn matching_candidates(candidates: &[Candidate], family: &str, given: &str) -> Vec<Candidate> {
    let first = candidates_agreeing(candidates, family, given);
    let mut found = first.clone();
    for f in &first {
        for name in [Some(f.family_name.as_str()), f.usage_name.as_deref()].into_iter().flatten() {
            for other in candidates_agreeing(candidates, name, &f.given_name) {
                if !found.iter().any(|c| c.id == other.id) {
                    found.push(other);
                }
            }
        }
    }
    found.sort_by(|a, b| b.exported_at.cmp(&a.exported_at).then_with(|| a.id.cmp(&b.id)));
    found
}

fn candidates_agreeing(candidates: &[Candidate], family: &str, given: &str) -> Vec<Candidate> {
    let mut all: Vec<(GivenMatch, &Candidate)> =
        candidates.iter().filter_map(|c| c.agrees(family, given).map(|m| (m, c))).collect();
    let mut names: Vec<String> = all.iter().map(|(_, c)| roster_canonical_key(&c.given_name)).collect();
    names.sort();
    names.dedup();
    if names.len() > 1 {
        all.retain(|(m, _)| matches!(m, GivenMatch::Full));
    }
    all.into_iter().map(|(_, c)| c.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(id: &str, family: &str, usage: Option<&str>, given: &str) -> Candidate {
        Candidate {
            id: PersonId::new(id),
            family_name: family.into(),
            usage_name: usage.map(Into::into),
            given_name: given.into(),
            account_id: None,
            exported_at: 0,
        }
    }

    fn ids(found: &[Candidate]) -> Vec<&str> {
        found.iter().map(|c| c.id.as_str()).collect()
    }

    #[test]
    fn two_parents_on_one_mobile_are_told_apart() {
        let all = [someone("a", "PAYET", None, "Marie"), someone("b", "PAYET", None, "Jean")];
        assert_eq!(ids(&matching_candidates(&all, "Payet", "jean")), ["b"]);
        assert_eq!(ids(&matching_candidates(&all, "Payet", "Paul")), Vec::<&str>::new());
    }

    #[test]
    fn the_first_word_serves_unless_it_finds_two_people() {
        let one = [someone("a", "DARCY", None, "Anne Sophie")];
        assert_eq!(ids(&matching_candidates(&one, "D'Arcy", "Anne")), ["a"]);
        let two = [someone("a", "DARCY", None, "Anne Sophie"), someone("b", "DARCY", None, "Anne")];
        assert_eq!(ids(&matching_candidates(&two, "D'Arcy", "Anne")), ["b"]);
        assert_eq!(ids(&matching_candidates(&two, "D'Arcy", "Anne-Sophie")), ["a"]);
    }

    #[test]
    fn faults_c4_a_lost_letter_finds_the_parent_and_still_tells_two_apart() {
        let all = [
            someone("a", "YILDIZO?LU", None, "Ay?e"),
            someone("b", "YILDIZO?LU", None, "Mehmet"),
            someone("c", "YILDIZOGLU", None, "Ayte"),
        ];
        assert_eq!(ids(&matching_candidates(&all, "Yıldızoğlu", "Ayşe")), ["a"]);
        assert_eq!(ids(&matching_candidates(&all, "Yıldızoğlu", "Mehmet")), ["b"]);
        assert_eq!(
            ids(&matching_candidates(&all, "Yıldızoğlu", "Ayte")),
            ["c"],
            "a name that is there whole is the one"
        );
        assert_eq!(ids(&matching_candidates(&all, "Yıldızoğlu", "Ali")), Vec::<&str>::new());
        // Two names whose lost letters could each stand for the other's: no match rather than both.
        let both = [someone("a", "KAYA", None, "Ay?e"), someone("b", "KAYA", None, "A?te")];
        assert_eq!(ids(&matching_candidates(&both, "Kaya", "Ayte")), Vec::<&str>::new());
        assert_eq!(ids(&matching_candidates(&both, "Kaya", "Ayşe")), ["a"]);
        // A parent written alike in the databases of two schools has both children.
        let twice = [someone("a", "KO?", None, "Ay?e"), someone("b", "KO?", None, "Ay?e")];
        assert_eq!(ids(&matching_candidates(&twice, "Koš", "Ayşe")), ["a", "b"]);
    }

    #[test]
    fn the_same_parent_under_the_other_name_is_found_through_the_first() {
        let all = [
            someone("a", "N'DIAYE", Some("LEBŒUF"), "Fatou"),
            someone("b", "N'DIAYE", None, "Fatou"),
            someone("c", "N'DIAYE", None, "Awa"),
        ];
        assert_eq!(ids(&matching_candidates(&all, "Lebœuf", "Fatou")), ["a", "b"]);
    }
}
