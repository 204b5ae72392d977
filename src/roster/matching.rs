//! Who of those with one mobile is meant by what was typed (docs/decisions/0024-who-is-meant-by-what-was-typed.md).
//!
//! Pure. Names agree folded; given names whole, by the first word, or but for a letter that the roster could not write,
//! and only whole where less finds different people: so two parents on one mobile are told apart.

use crate::base::names::{GivenMatch, family_agrees, given_agrees, roster_key};

/// A person of the roster whose mobile is the typed one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub id: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    pub given_name: String,
    pub account_id: Option<String>,
    pub exported_at: i64,
}

impl Candidate {
    fn agrees(&self, family: &str, given: &str) -> Option<GivenMatch> {
        family_agrees(family, &self.family_name, self.usage_name.as_deref())
            .then(|| given_agrees(given, &self.given_name))
            .flatten()
    }
}

/// The persons meant: first those that agree with what was typed, then once more those that agree with one
/// of them (the same parent in another academy, under the other name). Exported last comes first.
pub fn meant(candidates: &[Candidate], family: &str, given: &str) -> Vec<Candidate> {
    let first = agreeing(candidates, family, given);
    let mut found = first.clone();
    for f in &first {
        for name in [Some(f.family_name.as_str()), f.usage_name.as_deref()].into_iter().flatten() {
            for other in agreeing(candidates, name, &f.given_name) {
                if !found.iter().any(|c| c.id == other.id) {
                    found.push(other);
                }
            }
        }
    }
    found.sort_by(|a, b| b.exported_at.cmp(&a.exported_at).then_with(|| a.id.cmp(&b.id)));
    found
}

fn agreeing(candidates: &[Candidate], family: &str, given: &str) -> Vec<Candidate> {
    let mut all: Vec<(GivenMatch, &Candidate)> =
        candidates.iter().filter_map(|c| c.agrees(family, given).map(|m| (m, c))).collect();
    let mut names: Vec<String> = all.iter().map(|(_, c)| roster_key(&c.given_name)).collect();
    names.sort();
    names.dedup();
    if names.len() > 1 {
        all.retain(|(m, _)| matches!(m, GivenMatch::Whole));
    }
    all.into_iter().map(|(_, c)| c.clone()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn someone(id: &str, family: &str, usage: Option<&str>, given: &str) -> Candidate {
        Candidate {
            id: id.into(),
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
        assert_eq!(ids(&meant(&all, "Payet", "jean")), ["b"]);
        assert_eq!(ids(&meant(&all, "Payet", "Paul")), Vec::<&str>::new());
    }

    #[test]
    fn the_first_word_serves_unless_it_finds_two_people() {
        let one = [someone("a", "DARCY", None, "Anne Sophie")];
        assert_eq!(ids(&meant(&one, "D'Arcy", "Anne")), ["a"]);
        let two = [someone("a", "DARCY", None, "Anne Sophie"), someone("b", "DARCY", None, "Anne")];
        assert_eq!(ids(&meant(&two, "D'Arcy", "Anne")), ["b"]);
        assert_eq!(ids(&meant(&two, "D'Arcy", "Anne-Sophie")), ["a"]);
    }

    #[test]
    fn faults_c4_a_lost_letter_finds_the_parent_and_still_tells_two_apart() {
        let all = [
            someone("a", "YILDIZO?LU", None, "Ay?e"),
            someone("b", "YILDIZO?LU", None, "Mehmet"),
            someone("c", "YILDIZOGLU", None, "Ayte"),
        ];
        assert_eq!(ids(&meant(&all, "Yıldızoğlu", "Ayşe")), ["a"]);
        assert_eq!(ids(&meant(&all, "Yıldızoğlu", "Mehmet")), ["b"]);
        assert_eq!(ids(&meant(&all, "Yıldızoğlu", "Ayte")), ["c"], "a name that is there whole is the one");
        assert_eq!(ids(&meant(&all, "Yıldızoğlu", "Ali")), Vec::<&str>::new());
        // Two whose lost letters could be each other's: neither, rather than both.
        let both = [someone("a", "KAYA", None, "Ay?e"), someone("b", "KAYA", None, "A?te")];
        assert_eq!(ids(&meant(&both, "Kaya", "Ayte")), Vec::<&str>::new());
        assert_eq!(ids(&meant(&both, "Kaya", "Ayşe")), ["a"]);
        // One parent whom two schools' bases write alike has both children.
        let twice = [someone("a", "KO?", None, "Ay?e"), someone("b", "KO?", None, "Ay?e")];
        assert_eq!(ids(&meant(&twice, "Koš", "Ayşe")), ["a", "b"]);
    }

    #[test]
    fn the_same_parent_under_the_other_name_is_found_through_the_first() {
        let all = [
            someone("a", "N'DIAYE", Some("LEBŒUF"), "Fatou"),
            someone("b", "N'DIAYE", None, "Fatou"),
            someone("c", "N'DIAYE", None, "Awa"),
        ];
        assert_eq!(ids(&meant(&all, "Lebœuf", "Fatou")), ["a", "b"]);
    }
}
