//! The pages of tokens of the Admin API.

use serde::Serialize;

use super::{ConsoleFrame, RoleLine};
use crate::http::pages::Page;

/// A token of the administrator.
#[derive(Clone, Debug, Serialize)]
pub struct ApiTokenLine {
    pub id: String,
    pub name: String,
    /// The end of the message's key: `open`, `revoked`, `expired`, `role_ended`.
    pub state: &'static str,
    pub scopes: Vec<&'static str>,
    pub place: String,
    pub class: String,
    pub created: String,
    pub until: String,
    pub used: Option<String>,
}

/// `/admin/moi/jetons`.
#[derive(Clone, Debug, Serialize)]
pub struct ApiTokensPage {
    pub frame: ConsoleFrame,
    /// False for whoever has no role that may carry one.
    pub may_make: bool,
    pub tokens: Vec<ApiTokenLine>,
    /// A token that was made just now, shown once.
    pub text: Option<String>,
    /// The end of the message's key of what was done: `revoked`.
    pub told: Option<&'static str>,
}

impl ApiTokenLine {
    fn sample(name: &str, state: &'static str) -> Self {
        ApiTokenLine {
            id: "0".repeat(32),
            name: name.to_owned(),
            state,
            scopes: vec!["clients:read", "schools:read"],
            place: "académie de Montpellier".to_owned(),
            class: if state == "expired" { "6 A".to_owned() } else { String::new() },
            created: "24\u{a0}novembre".to_owned(),
            until: "22\u{a0}février 2027".to_owned(),
            used: (state == "open").then(|| "aujourd'hui à 8\u{a0}h\u{a0}02".to_owned()),
        }
    }
}

impl Page for ApiTokensPage {
    const TEMPLATE: &'static str = "administrators/api_tokens.html";
    fn samples() -> Vec<Self> {
        let line = ApiTokenLine::sample;
        let page = ApiTokensPage {
            frame: ConsoleFrame::sample(),
            may_make: true,
            tokens: vec![
                line("Suivi des campagnes", "open"),
                line("Essai", "revoked"),
                line("Ancien suivi", "expired"),
                line("Ancien rôle", "role_ended"),
            ],
            text: None,
            told: None,
        };
        vec![
            page.clone(),
            ApiTokensPage { may_make: false, tokens: Vec::new(), ..page.clone() },
            ApiTokensPage { text: Some(format!("preau_at_{}", "0".repeat(46))), ..page.clone() },
            ApiTokensPage { told: Some("revoked"), ..page },
        ]
    }
}

/// A role that may carry a token, with the scopes that it permits.
#[derive(Clone, Debug, Serialize)]
pub struct CarrierChoice {
    pub id: String,
    pub role: RoleLine,
    pub chosen: bool,
}

/// A scope that the form offers.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct ScopeOffer {
    pub name: &'static str,
    /// The end of the message's key, and of the field's name.
    pub key: &'static str,
    pub chosen: bool,
}

/// `/admin/moi/jetons/nouveau`.
#[derive(Clone, Debug, Serialize)]
pub struct NewApiTokenPage {
    pub frame: ConsoleFrame,
    /// The id that the form draws: posted twice, it makes one token.
    pub form_id: String,
    pub name: String,
    pub carriers: Vec<CarrierChoice>,
    pub scopes: Vec<ScopeOffer>,
    pub territory: String,
    pub class: String,
    pub days: Vec<i64>,
    pub chosen_days: i64,
    /// The end of the message's key of what is wrong.
    pub error: Option<&'static str>,
}

impl Page for NewApiTokenPage {
    const TEMPLATE: &'static str = "administrators/new_api_token.html";
    fn samples() -> Vec<Self> {
        let carrier = |n: usize, role: RoleLine| CarrierChoice { id: n.to_string().repeat(32), role, chosen: n == 0 };
        let page = NewApiTokenPage {
            frame: ConsoleFrame::sample(),
            form_id: "0".repeat(32),
            name: String::new(),
            carriers: RoleLine::samples().into_iter().enumerate().map(|(n, role)| carrier(n, role)).collect(),
            scopes: vec![
                ScopeOffer { name: "clients:read", key: "clients-read", chosen: true },
                ScopeOffer { name: "persons:repair", key: "persons-repair", chosen: false },
            ],
            territory: String::new(),
            class: String::new(),
            days: vec![30, 90, 180, 365],
            chosen_days: 90,
            error: None,
        };
        let refused = |error| NewApiTokenPage { error: Some(error), name: "Suivi".to_owned(), ..page.clone() };
        let errors = ["name", "role", "scopes", "territory", "days", "too_many", "shown"];
        let one = page.carriers.iter().take(1).cloned().collect();
        let mut all = vec![page.clone(), NewApiTokenPage { carriers: one, ..page.clone() }];
        all.extend(errors.into_iter().map(refused));
        all
    }
}
