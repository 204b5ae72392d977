//! The page of the services.

use serde::Serialize;

use crate::base::typed_ids::ClientId;
use crate::http::pages::Page;

/// `/compte/services`. A form posts `client_id` to `/compte/services/retirer`.
#[derive(Debug, Serialize)]
pub struct ServicesPage {
    pub services: Vec<ServiceCard>,
}

/// A service, and what it learns.
#[derive(Clone, Debug, Serialize)]
pub struct ServiceCard {
    pub client_id: ClientId,
    pub name: String,
    /// The address that opens it, if it has one.
    pub href: Option<String>,
    /// The first and the last sign-in; empty for a consent that was never used.
    pub first: String,
    pub last: String,
    /// The day of the consent, for a service that asked for one.
    pub consented: Option<String>,
    pub told_name: Option<String>,
    pub profile: bool,
    pub email: bool,
    pub phone: bool,
    pub children: Vec<String>,
    pub schooling: Vec<String>,
    pub pupil_numbers: bool,
    pub lasting: bool,
}

impl Page for ServicesPage {
    const TEMPLATE: &'static str = "my_account/services.html";

    fn samples() -> Vec<Self> {
        let ent = ServiceCard {
            client_id: ClientId::new("mon-ent-montpellier"),
            name: "mon ENT Occitanie".to_owned(),
            href: Some("https://ent.example/initier".to_owned()),
            first: "le 3\u{a0}octobre à 19\u{a0}h".to_owned(),
            last: "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned(),
            consented: None,
            told_name: Some("Fatou Lebœuf".to_owned()),
            profile: true,
            email: false,
            phone: false,
            children: vec!["Anaïs (5e B, Clg Théodore Monod)".to_owned(), "Élie (2de 4, Lycée Jean Moulin)".to_owned()],
            schooling: Vec::new(),
            pupil_numbers: true,
            lasting: false,
        };
        let canteen = ServiceCard {
            client_id: ClientId::new("cantine"),
            name: "Cantine du Pays d'Oc".to_owned(),
            href: None,
            consented: Some("15\u{a0}octobre".to_owned()),
            email: true,
            phone: true,
            children: Vec::new(),
            pupil_numbers: false,
            lasting: true,
            ..ent.clone()
        };
        let unused = ServiceCard { first: String::new(), last: String::new(), told_name: None, ..canteen.clone() };
        let pupil = ServiceCard {
            told_name: Some("Anaïs Lebœuf".to_owned()),
            children: Vec::new(),
            schooling: vec!["Clg Théodore Monod (5e B)".to_owned()],
            ..ent.clone()
        };
        vec![
            ServicesPage { services: vec![ent, canteen] },
            ServicesPage { services: vec![pupil] },
            ServicesPage { services: vec![unused] },
            ServicesPage { services: Vec::new() },
        ]
    }
}
