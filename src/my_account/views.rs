//! The account page of the end user.

mod children;
mod closing;
mod data;
mod factors;
mod federated;
mod passkeys;
mod password;
mod phone_proof;
mod security;
mod services;
mod upstream;

pub use children::{
    ChildCodePage, ChildDateError, ChildLetterError, FormerChildLine, MyChildCard, MyChildrenPage, OfferedCard,
};
pub use closing::{CautionEnd, CloseAccountPage, DisownPhonePage};
pub use data::OwnDataPage;
pub use factors::{AddApplicationPage, AddedFactor, ApplicationCodePage, BackupCodesPage, RemoveApplicationPage};
pub use federated::FederatedAccountPage;
pub use passkeys::{AddPasskeyPage, PasskeyFormStep, PasskeyLine, PasskeyPage, PasskeyPageError};
pub use password::ChangePasswordPage;
pub use phone_proof::{PhoneProofError, ProvePhonePage};
pub use security::{
    ApplicationLine, DeviceLine, EventLine, EventsPage, FactorChangeTold, FederatedLine, SecurityPage, UpstreamCard,
};
pub use services::{ServiceCard, ServicesPage};
pub use upstream::{UpstreamLinkPage, UpstreamLinkTold};

use serde::Serialize;

use crate::base::profile::Profile;
use crate::base::typed_ids::ClientId;
use crate::http::pages::Page;
use crate::services::ServiceLink;
use crate::tenants::SchoolContact;

/// `/compte`. The form posts to `/deconnexion`; with `changer=1` to sign in with another account. A banner posts
/// `evenement` and `moi` or `vu` to `/compte/evenement`; « Oui » to the question of the mobile posts to
/// `/compte/portable/toujours`, « Plus tard » to the offer of a passkey to `/compte/cle/plus-tard`.
#[derive(Debug, Serialize)]
pub struct AccountPage {
    /// The given name and family name.
    pub name: String,
    pub identifiant: String,
    pub profile: Profile,
    pub notices: Vec<NoticeBanner>,
    pub children: Vec<AccountChild>,
    /// The schools of the children, with their telephone numbers.
    pub schools: Vec<SchoolContact>,
    /// First-party services for the end user, as buttons.
    pub doors: Vec<ServiceLink>,
    /// The last four digits of the mobile number, as `56 78`.
    pub phone: Option<String>,
    /// True if the person said that the number is theirs no more.
    pub phone_disowned: bool,
    /// True if the person is asked whether the number is still theirs.
    pub phone_asked: bool,
    /// True if the person is offered a passkey.
    pub passkey_offered: bool,
    /// The confirmed address.
    pub email: Option<String>,
    /// True if mails are sent, so that an address may be confirmed.
    pub mail: bool,
}

/// Something that happened, until it is answered.
#[derive(Clone, Debug, Serialize)]
pub struct NoticeBanner {
    pub id: String,
    pub title: String,
    pub text: String,
    /// True for « C'était vous ? », false for « J'ai compris ».
    pub asks: bool,
    /// The time from which this browser may answer; `None`: now.
    pub later: Option<CautionEnd>,
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
            identifiant: "f.leboeuf47".to_owned(),
            profile,
            notices: Vec::new(),
            children,
            schools: schools
                .iter()
                .map(|&s| SchoolContact::new(s.to_owned(), Some("04 67 00 00 00".to_owned())))
                .collect(),
            doors: Vec::new(),
            phone: None,
            phone_disowned: false,
            phone_asked: false,
            passkey_offered: false,
            email: None,
            mail: true,
        };
        let banner = |title: &str, text: &str, asks| NoticeBanner {
            id: "0".repeat(32),
            title: title.to_owned(),
            text: text.to_owned(),
            asks,
            later: None,
        };
        let later = || Some(CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "9\u{a0}h".to_owned() });
        let new_device = banner(
            "Une connexion depuis un nouvel appareil",
            "C'était hier à 21\u{a0}h\u{a0}14, avec Firefox sur Windows. C'était vous\u{a0}?",
            true,
        );
        let parents_code = banner(
            "Un parent a demandé un code",
            "C'était le 3\u{a0}octobre à 18\u{a0}h, pour vous aider à choisir un nouveau mot de passe.",
            false,
        );
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
                notices: vec![NoticeBanner { later: later(), ..new_device.clone() }, new_device],
                phone: Some("56\u{a0}78".to_owned()),
                email: Some("fatou@example.org".to_owned()),
                ..page(
                    "Françoise Le Bœuf",
                    Profile::Responsable,
                    vec![child("Anaïs", "Clg Théodore Monod", Some("5e B")), child("Élie", "Lycée Jean Moulin", None)],
                    &["Clg Théodore Monod", "Lycée Jean Moulin"],
                )
            },
            AccountPage {
                notices: vec![NoticeBanner { later: later(), ..parents_code.clone() }, parents_code],
                ..page(
                    "Zoé Payet",
                    Profile::Eleve,
                    vec![child("Zoé", "Clg Théodore Monod", Some("5e B"))],
                    &["Clg Théodore Monod"],
                )
            },
            AccountPage {
                phone: Some("56\u{a0}78".to_owned()),
                phone_asked: true,
                passkey_offered: true,
                ..page("Karim Benali", Profile::Responsable, Vec::new(), &[])
            },
            AccountPage {
                phone: Some("56\u{a0}78".to_owned()),
                phone_disowned: true,
                mail: false,
                ..page("Marc Payet", Profile::Responsable, Vec::new(), &[])
            },
        ]
    }
}
