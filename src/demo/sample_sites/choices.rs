//! The leaflet's chooser: every choice, in the leaflet's order and words.
//!
//! One table for the page and the handler, so that no displayed choice lacks handling. Choices outside of the demo stay
//! on the page: a parent must find the leaflet's list as printed.

/// A line of « Vous souhaitez vous connecter à votre ENT en tant que : ».
#[derive(Debug, PartialEq, Eq)]
pub struct Choice {
    /// The value of the radio button and of the parameter `choix`.
    pub key: &'static str,
    /// The leaflet's words.
    pub fr: &'static str,
    pub en: &'static str,
    /// Below the heading « Élève ou parent ».
    pub family: bool,
    /// The client of this choice at the provider; `None` if the choice is not part of the demo.
    pub client: Option<&'static str>,
}

pub static CHOICES: [Choice; 8] = [
    Choice {
        key: "montpellier",
        fr: "de l'académie de Montpellier avec EduConnect (recommandé)",
        en: "of the academy of Montpellier with EduConnect (recommended)",
        family: true,
        client: Some("mon-ent-montpellier"),
    },
    Choice {
        key: "montpellier-deconseille",
        fr: "de l'académie de Montpellier (déconseillé)",
        en: "of the academy of Montpellier (not recommended)",
        family: true,
        client: None,
    },
    Choice {
        key: "toulouse",
        fr: "de l'académie de Toulouse",
        en: "of the academy of Toulouse",
        family: true,
        client: Some("mon-ent-toulouse"),
    },
    Choice {
        key: "agricole",
        fr: "de l'enseignement agricole",
        en: "of an agricultural school",
        family: true,
        client: Some("mon-ent-agricole"),
    },
    Choice {
        key: "mer",
        fr: "du lycée de la mer Paul Bousquet ou du CSES Jean Lagarde",
        en: "of the lycée de la mer Paul Bousquet or the CSES Jean Lagarde",
        family: true,
        client: Some("mon-ent-mer"),
    },
    Choice { key: "enseignant", fr: "Enseignant", en: "Teacher", family: false, client: None },
    Choice { key: "personnel", fr: "Personnel non enseignant", en: "Other staff", family: false, client: None },
    Choice {
        key: "invites",
        fr: "Autres comptes et invités",
        en: "Other accounts and guests",
        family: false,
        client: None,
    },
];

/// Returns the choice named by a request, if any.
pub fn find(key: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|choice| choice.key == key)
}

/// Returns the choice of a client, to be repeated by « Recommencer ».
pub fn find_by_client(client: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|choice| choice.client == Some(client))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choices_stand_in_the_leaflets_order_and_each_open_one_has_a_client_of_its_own() {
        let labels: Vec<_> = CHOICES.iter().map(|choice| choice.fr).collect();
        assert_eq!(
            labels,
            [
                "de l'académie de Montpellier avec EduConnect (recommandé)",
                "de l'académie de Montpellier (déconseillé)",
                "de l'académie de Toulouse",
                "de l'enseignement agricole",
                "du lycée de la mer Paul Bousquet ou du CSES Jean Lagarde",
                "Enseignant",
                "Personnel non enseignant",
                "Autres comptes et invités",
            ]
        );
        let clients: Vec<_> = CHOICES.iter().filter_map(|choice| choice.client).collect();
        assert_eq!(clients, ["mon-ent-montpellier", "mon-ent-toulouse", "mon-ent-agricole", "mon-ent-mer"]);
        for choice in &CHOICES {
            assert_eq!(find(choice.key), Some(choice), "two choices share the key {}", choice.key);
        }
        assert_eq!(find("administrateur"), None);
    }
}
