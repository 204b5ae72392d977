//! The page of the services.

use serde::Serialize;

use crate::base::typed_ids::ClientId;
use crate::http::pages::Page;
use crate::services::DisclosedData;

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
    pub disclosed: DisclosedData,
}

impl Page for ServicesPage {
    const TEMPLATE: &'static str = "my_account/services.html";

    fn samples() -> Vec<Self> {
        let disclosed = DisclosedData {
            name: Some("Fatou Lebœuf".to_owned()),
            profile: true,
            children: vec!["Anaïs (5e B, Clg Théodore Monod)".to_owned(), "Élie (2de 4, Lycée Jean Moulin)".to_owned()],
            pupil_numbers: true,
            ..DisclosedData::default()
        };
        let ent = ServiceCard {
            client_id: ClientId::new("mon-ent-montpellier"),
            name: "mon ENT Occitanie".to_owned(),
            href: Some("https://ent.example/initier".to_owned()),
            first: "le 3\u{a0}octobre à 19\u{a0}h".to_owned(),
            last: "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned(),
            consented: None,
            disclosed,
        };
        let canteen = ServiceCard {
            client_id: ClientId::new("cantine"),
            name: "Cantine du Pays d'Oc".to_owned(),
            href: None,
            consented: Some("15\u{a0}octobre".to_owned()),
            disclosed: DisclosedData {
                name: ent.disclosed.name.clone(),
                email: true,
                phone: true,
                lasting: true,
                ..DisclosedData::default()
            },
            ..ent.clone()
        };
        let unused = ServiceCard {
            first: String::new(),
            last: String::new(),
            disclosed: DisclosedData::default(),
            ..canteen.clone()
        };
        let disclosed = DisclosedData {
            name: Some("Anaïs Lebœuf".to_owned()),
            profile: true,
            schooling: vec!["Clg Théodore Monod (5e B)".to_owned()],
            ..DisclosedData::default()
        };
        let pupil = ServiceCard { disclosed, ..ent.clone() };
        vec![
            ServicesPage { services: vec![ent, canteen] },
            ServicesPage { services: vec![pupil] },
            ServicesPage { services: vec![unused] },
            ServicesPage { services: Vec::new() },
        ]
    }
}
