//! The account page of the end user.

use serde::Serialize;

use crate::accounts::password::PasswordRule;
use crate::base::profile::Profile;
use crate::base::typed_ids::ClientId;
use crate::credentials::views::{GuessableReason, PasswordFieldError};
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
    /// True if mails are sent, so that an address may be confirmed.
    pub mail: bool,
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
            mail: true,
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

/// `/compte/mot-de-passe`. Posts `actuel`, `mot_de_passe` and `confirmation` to the URL of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangePasswordPage {
    pub identifiant: String,
    /// True after the change.
    pub changed: bool,
    /// The error beside the current password.
    pub current: Option<CurrentPasswordError>,
    pub fault: Option<PasswordFieldError>,
    /// The rules that the rejected password does not meet; empty before the first attempt.
    pub lacking: Vec<PasswordRule>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum CurrentPasswordError {
    Empty,
    Wrong,
    /// The attempts are used up; `until` as `14 h 30`.
    Waiting {
        until: String,
    },
    /// Too many hashes are queued.
    Busy {
        seconds: i64,
    },
}

impl Page for ChangePasswordPage {
    const TEMPLATE: &'static str = "my_account/password.html";

    fn samples() -> Vec<Self> {
        let page = || ChangePasswordPage { identifiant: "f.leboeuf47".to_owned(), ..ChangePasswordPage::default() };
        let wrong = |error| ChangePasswordPage { current: Some(error), ..page() };
        let rejected = |fault, lacking| ChangePasswordPage { fault: Some(fault), lacking, ..page() };
        vec![
            page(),
            ChangePasswordPage { changed: true, ..page() },
            wrong(CurrentPasswordError::Empty),
            wrong(CurrentPasswordError::Wrong),
            wrong(CurrentPasswordError::Waiting { until: "14 h 30".to_owned() }),
            wrong(CurrentPasswordError::Busy { seconds: 5 }),
            rejected(PasswordFieldError::Missing, vec![PasswordRule::Length, PasswordRule::Digit]),
            rejected(PasswordFieldError::Different, Vec::new()),
            rejected(PasswordFieldError::TooLong, Vec::new()),
            rejected(PasswordFieldError::Guessable { because: GuessableReason::Name }, Vec::new()),
        ]
    }
}
