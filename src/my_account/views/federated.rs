//! The account page of somebody who signs in through an upstream.

use serde::Serialize;

use crate::base::profile::Profile;
use crate::http::pages::Page;

/// `/compte` of an account that an upstream made. The form posts to `/deconnexion`.
#[derive(Debug, Serialize)]
pub struct FederatedAccountPage {
    /// The given name and family name.
    pub name: String,
    pub profile: Profile,
    /// The name of the upstream.
    pub upstream: String,
    /// The names of the schools.
    pub schools: Vec<String>,
    /// True for a parent or a pupil, who may have an account that a school knows.
    pub family: bool,
}

impl Page for FederatedAccountPage {
    const TEMPLATE: &'static str = "my_account/federated.html";

    fn samples() -> Vec<Self> {
        let page = |profile: Profile, schools: &[&str]| FederatedAccountPage {
            name: "Claire Fontaine".to_owned(),
            profile,
            upstream: "Académie de Montpellier".to_owned(),
            schools: schools.iter().map(|&school| school.to_owned()).collect(),
            family: profile.is_family(),
        };
        vec![
            page(Profile::Enseignant, &["Clg Théodore Monod", "Lycée Jean Moulin"]),
            page(Profile::Personnel, &["Clg Théodore Monod"]),
            page(Profile::Invite, &[]),
            page(Profile::Responsable, &[]),
            page(Profile::Eleve, &["Clg Théodore Monod"]),
        ]
    }
}
