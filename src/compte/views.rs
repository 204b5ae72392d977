//! The person's own page.

use serde::Serialize;

use crate::http::pages::Page;
use crate::services::Door;
use crate::tenants::Office;

/// `/compte`. Its form posts to `/deconnexion`; with `changer=1` the person wants to be somebody else.
#[derive(Debug, Serialize)]
pub struct ComptePage {
    /// Given name and family name.
    pub name: String,
    pub profile: Profile,
    pub children: Vec<Child>,
    /// The schools, and whom to call.
    pub schools: Vec<Office>,
    /// Services that are not of the house, and that the person agreed to.
    pub services: Vec<Service>,
    /// Services of the house that concern the person, as buttons.
    pub doors: Vec<Door>,
}

/// Its form posts `client_id` to `/compte/services/retirer`.
#[derive(Debug, Serialize)]
pub struct Service {
    pub client_id: String,
    pub name: String,
    /// As [`when::day`](crate::http::pages::when::day) says it.
    pub since: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    Responsable,
    Eleve,
}

#[derive(Debug, Serialize)]
pub struct Child {
    pub given_name: String,
    pub school: String,
    pub class: Option<String>,
}

impl Page for ComptePage {
    const TEMPLATE: &'static str = "compte/compte.html";

    fn samples() -> Vec<Self> {
        let child = |given_name: &str, school: &str, class: Option<&str>| Child {
            given_name: given_name.to_owned(),
            school: school.to_owned(),
            class: class.map(str::to_owned),
        };
        let page = |name: &str, profile, children, schools: &[&str]| ComptePage {
            name: name.to_owned(),
            profile,
            children,
            schools: schools.iter().map(|&s| Office::new(s.to_owned(), Some("04 67 00 00 00".to_owned()))).collect(),
            services: Vec::new(),
            doors: Vec::new(),
        };
        let cantine = Service {
            client_id: "cantine".to_owned(),
            name: "Cantine du Pays d'Oc".to_owned(),
            since: "3 octobre".to_owned(),
        };
        let door = |id: &str, place: &str, child: &str| Door {
            client_id: id.to_owned(),
            sector: "mon-ent".to_owned(),
            name: "mon ENT Occitanie".to_owned(),
            href: "https://ent.example/initier".to_owned(),
            places: vec![place.to_owned()],
            children: vec![child.to_owned()],
        };
        let doors = vec![
            door("mon-ent-montpellier", "Académie de Montpellier", "Anaïs"),
            door("mon-ent-toulouse", "Académie de Toulouse", "Élie"),
        ];
        vec![
            ComptePage {
                doors,
                ..page(
                    "Françoise Le Bœuf",
                    Profile::Responsable,
                    vec![child("Anaïs", "Clg Théodore Monod", Some("5e B")), child("Élie", "Lycée Jean Moulin", None)],
                    &["Clg Théodore Monod", "Lycée Jean Moulin"],
                )
            },
            ComptePage { services: vec![cantine], ..page("Marc Payet", Profile::Responsable, Vec::new(), &[]) },
            page("Zoé Payet", Profile::Eleve, Vec::new(), &["Clg Théodore Monod"]),
            page("Marc Payet", Profile::Responsable, Vec::new(), &[]),
        ]
    }
}
