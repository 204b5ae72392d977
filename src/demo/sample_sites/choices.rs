//! The leaflet's chooser: every choice, in the leaflet's order and words.
//!
//! One table for the page and the handler, so that no displayed choice lacks handling.

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
    /// The client of this choice at the provider.
    pub client: &'static str,
    /// The identity provider through which the person should sign in there (`idp_hint`).
    pub hint: Option<&'static str>,
}

/// The client of everybody who works at a school.
const AGENTS_CLIENT: &str = "mon-ent-agents";

pub static CHOICES: [Choice; 8] = [
    Choice {
        key: "montpellier",
        fr: "de l'académie de Montpellier avec EduConnect (recommandé)",
        en: "of the academy of Montpellier with EduConnect (recommended)",
        family: true,
        client: "mon-ent-montpellier",
        hint: None,
    },
    Choice {
        key: "montpellier-deconseille",
        fr: "de l'académie de Montpellier (déconseillé)",
        en: "of the academy of Montpellier (not recommended)",
        family: true,
        client: "mon-ent-montpellier",
        hint: Some("academie-montpellier"),
    },
    Choice {
        key: "toulouse",
        fr: "de l'académie de Toulouse",
        en: "of the academy of Toulouse",
        family: true,
        client: "mon-ent-toulouse",
        hint: None,
    },
    Choice {
        key: "agricole",
        fr: "de l'enseignement agricole",
        en: "of an agricultural school",
        family: true,
        client: "mon-ent-agricole",
        hint: None,
    },
    Choice {
        key: "mer",
        fr: "du lycée de la mer Paul Bousquet ou du CSES Jean Lagarde",
        en: "of the lycée de la mer Paul Bousquet or the CSES Jean Lagarde",
        family: true,
        client: "mon-ent-mer",
        hint: None,
    },
    Choice {
        key: "enseignant",
        fr: "Enseignant",
        en: "Teacher",
        family: false,
        client: AGENTS_CLIENT,
        hint: Some("agents"),
    },
    Choice {
        key: "personnel",
        fr: "Personnel non enseignant",
        en: "Other staff",
        family: false,
        client: AGENTS_CLIENT,
        hint: Some("agents"),
    },
    Choice {
        key: "invites",
        fr: "Autres comptes et invités",
        en: "Other accounts and guests",
        family: false,
        client: AGENTS_CLIENT,
        hint: Some("agents"),
    },
];

/// Returns the choice named by a request, if any.
pub fn find(key: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|choice| choice.key == key)
}

/// Returns the first choice of a client, to be repeated by « Recommencer ».
pub fn find_by_client(client: &str) -> Option<&'static Choice> {
    CHOICES.iter().find(|choice| choice.client == client)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_choices_stand_in_the_leaflets_order_and_each_is_open() {
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
        let clients: Vec<_> = CHOICES.iter().map(|choice| choice.client).collect();
        let montpellier = "mon-ent-montpellier";
        let family = [montpellier, montpellier, "mon-ent-toulouse", "mon-ent-agricole", "mon-ent-mer"];
        assert_eq!(clients, [&family[..], &[AGENTS_CLIENT; 3]].concat());
        let ways: std::collections::BTreeSet<_> = CHOICES.iter().map(|choice| (choice.client, choice.hint)).collect();
        assert_eq!(ways.len(), 6, "a line of the family leads where another one does");
        for choice in &CHOICES {
            assert_eq!(find(choice.key), Some(choice), "two choices share the key {}", choice.key);
        }
        assert_eq!(find("administrateur"), None);
    }
}
