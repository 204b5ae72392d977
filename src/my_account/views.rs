//! The account page of the end user.

use serde::Serialize;

use crate::base::profile::Profile;
use crate::base::typed_ids::ClientId;
use crate::http::pages::Page;
use crate::services::ServiceLink;
use crate::tenants::SchoolContact;

/// `/compte`. The form posts to `/deconnexion`; with `changer=1` to sign in with another account.
#[derive(Debug, Serialize)]
pub struct AccountPage {
    /// The given name and family name.
    pub name: String,
    pub profile: Profile,
    pub children: Vec<AccountChild>,
    /// The schools of the children, with their telephone numbers.
    pub schools: Vec<SchoolContact>,
    /// Third-party services with the consent of the end user.
    pub services: Vec<ConsentedService>,
    /// First-party services for the end user, as buttons.
    pub doors: Vec<ServiceLink>,
}

/// A third-party service. The form posts `client_id` to `/compte/services/retirer`.
#[derive(Debug, Serialize)]
pub struct ConsentedService {
    pub client_id: ClientId,
    pub name: String,
    /// The date of the consent, in the format of [`dates::day`](crate::http::pages::dates::day).
    pub since: String,
}

#[derive(Debug, Serialize)]
pub struct AccountChild {
    pub given_name: String,
    pub school: String,
    pub class: Option<String>,
}

impl Page for AccountPage {
    const TEMPLATE: &'static str = "my_account/account.html";

    fn samples() -> Vec<Self> {
        let child = |given_name: &str, school: &str, class: Option<&str>| AccountChild {
            given_name: given_name.to_owned(),
            school: school.to_owned(),
            class: class.map(str::to_owned),
        };
        let page = |name: &str, profile, children, schools: &[&str]| AccountPage {
            name: name.to_owned(),
            profile,
            children,
            schools: schools
                .iter()
                .map(|&s| SchoolContact::new(s.to_owned(), Some("04 67 00 00 00".to_owned())))
                .collect(),
            services: Vec::new(),
            doors: Vec::new(),
        };
        let cantine = ConsentedService {
            client_id: ClientId::new("cantine"),
            name: "Cantine du Pays d'Oc".to_owned(),
            since: "3 octobre".to_owned(),
        };
        let door = |id: &str, place: &str, child: &str| ServiceLink {
            client_id: ClientId::new(id),
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
            AccountPage {
                doors,
                ..page(
                    "Françoise Le Bœuf",
                    Profile::Responsable,
                    vec![child("Anaïs", "Clg Théodore Monod", Some("5e B")), child("Élie", "Lycée Jean Moulin", None)],
                    &["Clg Théodore Monod", "Lycée Jean Moulin"],
                )
            },
            AccountPage { services: vec![cantine], ..page("Marc Payet", Profile::Responsable, Vec::new(), &[]) },
            page("Zoé Payet", Profile::Eleve, Vec::new(), &["Clg Théodore Monod"]),
            page("Marc Payet", Profile::Responsable, Vec::new(), &[]),
        ]
    }
}
