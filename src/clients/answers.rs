//! The answers of a form that asks for a client, or for a change of one, and the metadata that they make.
//!
//! They are judged by the rules of files (`metadata`): scope `education`, a perimeter of schools, subjects by the
//! roster's key and the FAPI profile can be asked for. Whoever approves decides.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::metadata::{self, MetadataError, RegistrationPolicy};
use super::{AuthMethod, ClientMetadata, Perimeter, SubjectType};
use crate::base::profile::Profile;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::redirect;
use crate::protocol::registration::ClientMetadataFields;
use crate::protocol::scope::Scope;
use crate::protocol::tolerance::Tolerances;

/// The length of a drawn secret, in characters.
const DRAWN_SECRET_LEN: usize = 43;

/// The answers, as typed. Nothing is checked yet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientAnswers {
    pub client_id: String,
    pub client_name: String,
    pub client_uri: String,
    pub logo_uri: String,
    pub contact: String,
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub backchannel_logout_uri: String,
    pub initiate_login_uri: String,
    pub sector_identifier_uri: String,
    /// `either`, or the name of an authentication method; empty: as it is.
    pub method: String,
    pub jwks_uri: String,
    /// The program that the service uses.
    pub library: String,
    pub require_pkce: bool,
    pub fapi: bool,
    /// The scopes beside `openid`, with the reason for each.
    pub scopes: Vec<String>,
    pub reasons: BTreeMap<String, String>,
    pub profiles: Vec<String>,
    pub academies: Vec<String>,
    pub ministries: Vec<String>,
    /// UAI.
    pub schools: Vec<String>,
    /// `pairwise`, `public` or `roster`.
    pub subject: String,
    /// A word to whoever reads the request.
    pub note: String,
}

/// The word for a secret that is taken in the header and in the body.
const EITHER: &str = "either";

/// Returns the word for the method of a client.
fn method_of(meta: &ClientMetadata) -> String {
    match meta.secret_either_way && meta.auth_method == AuthMethod::ClientSecretBasic {
        true => EITHER.to_owned(),
        false => meta.auth_method.name().to_owned(),
    }
}

/// Returns a typed text, unless it is empty.
fn said(text: &str) -> Option<String> {
    Some(text.trim().to_owned()).filter(|text| !text.is_empty())
}

fn said_list(list: &[String]) -> Option<Vec<String>> {
    (!list.is_empty()).then(|| list.to_vec())
}

impl ClientAnswers {
    /// True for a program on a device, or in a browser.
    fn is_native(&self) -> bool {
        self.method == AuthMethod::None.name() && self.redirect_uris.iter().any(|uri| !uri.starts_with("https:"))
    }

    /// True if an installed application comes back to the redirect URIs.
    pub fn comes_back_to_application(&self) -> bool {
        self.is_native()
    }

    pub fn perimeter(&self) -> Perimeter {
        let profiles = self.profiles.iter().filter_map(|name| name.parse::<Profile>().ok()).collect();
        Perimeter {
            academies: self.academies.clone(),
            ministries: self.ministries.clone(),
            schools: self.schools.clone(),
            profiles,
            // For files only: whom an academy's provider vouches for is in no roster.
            upstream_families: false,
        }
    }

    /// Returns the authentication method; `None` for a secret that is taken either way. One that the form does not offer
    /// stays: then nothing is chosen.
    fn effective_method(&self, old: Option<&ClientMetadata>) -> Option<String> {
        match (self.method.as_str(), old) {
            ("", Some(old)) => Some(method_of(old)).filter(|method| method != EITHER),
            ("" | EITHER, _) => None,
            (method, _) => Some(method.to_owned()),
        }
    }

    /// Returns the metadata fields: those of a client that is there already where the form does not ask for them.
    fn fields(&self, old: Option<&ClientMetadata>) -> ClientMetadataFields {
        let before = old.map(metadata::to_fields).unwrap_or_default();
        let scopes: Vec<&str> = std::iter::once("openid").chain(self.scopes.iter().map(String::as_str)).collect();
        let offline = self.scopes.iter().any(|scope| scope == Scope::OfflineAccess.name());
        let mut grants = before.grant_types.clone().unwrap_or_else(|| vec!["authorization_code".to_owned()]);
        if offline && !grants.iter().any(|grant| grant == "refresh_token") {
            grants.push("refresh_token".to_owned());
        }
        let method = self.effective_method(old);
        let same_method = old.is_some_and(|old| method.as_deref() == Some(old.auth_method.name()));
        // The form asks for one contact: the others stay.
        let others = before.contacts.iter().flatten().skip(1).cloned();
        let contacts: Vec<String> = said(&self.contact).into_iter().chain(others).collect();
        let fapi_alg = |alg: &Option<String>| alg.clone().filter(|alg| !(self.fapi && alg == "RS256"));
        ClientMetadataFields {
            client_name: Some(self.client_name.trim().to_owned()),
            client_uri: said(&self.client_uri),
            logo_uri: said(&self.logo_uri),
            contacts: said_list(&contacts),
            redirect_uris: said_list(&self.redirect_uris),
            post_logout_redirect_uris: said_list(&self.post_logout_redirect_uris),
            backchannel_logout_uri: said(&self.backchannel_logout_uri),
            initiate_login_uri: said(&self.initiate_login_uri),
            sector_identifier_uri: said(&self.sector_identifier_uri),
            token_endpoint_auth_signing_alg: fapi_alg(&before.token_endpoint_auth_signing_alg).filter(|_| same_method),
            token_endpoint_auth_method: method,
            jwks_uri: said(&self.jwks_uri),
            jwks: before.jwks.clone().filter(|_| self.jwks_uri.trim().is_empty()),
            grant_types: Some(grants),
            application_type: Some(if self.is_native() { "native" } else { "web" }.to_owned()),
            scope: Some(scopes.join(" ")),
            subject_type: said(&self.subject),
            id_token_signed_response_alg: fapi_alg(&before.id_token_signed_response_alg),
            require_pushed_authorization_requests: before.require_pushed_authorization_requests.filter(|_| !self.fapi),
            dpop_bound_access_tokens: before.dpop_bound_access_tokens.filter(|_| !self.fapi),
            ..before
        }
    }

    /// Returns the sector: that of the sector document, whose host says by it who shares a `sub`, else its own. The host of
    /// an address proves nothing: by it, whoever asks would get the `sub` of another service's people.
    fn sector(&self, client_id: &str, old: Option<&ClientMetadata>) -> String {
        if let Some(old) = old {
            return old.sector.clone();
        }
        let host = said(&self.sector_identifier_uri).and_then(|uri| redirect::host(&uri));
        host.map_or_else(|| metadata::single_client_sector(client_id), |host| format!("host:{host}"))
    }

    /// Returns the host of the redirect URIs, if there is one.
    pub fn only_host(&self) -> Option<String> {
        let mut hosts: Vec<String> = self.redirect_uris.iter().filter_map(|uri| redirect::host(uri)).collect();
        hosts.sort_unstable();
        hosts.dedup();
        match hosts.as_slice() {
            [one] => Some(one.clone()),
            _ => None,
        }
    }

    /// Makes the metadata, by the rules of files. `old`: the client is there already. `academy`: whose it becomes.
    ///
    /// # Errors
    /// The first flaw.
    pub fn metadata(
        &self,
        client_id: &str,
        academy: Option<&str>,
        old: Option<&ClientMetadata>,
    ) -> Result<ClientMetadata, MetadataError> {
        let fields = self.fields(old);
        let method = fields.token_endpoint_auth_method.as_deref();
        let has_secret = !self.fapi && !matches!(method, Some("private_key_jwt" | "none"));
        let public = method == Some(AuthMethod::None.name());
        let policy = RegistrationPolicy::File {
            secret_len: has_secret.then_some(DRAWN_SECRET_LEN),
            profile: if self.fapi { SecurityProfile::Fapi2 } else { SecurityProfile::Plain },
            sector: self.sector(client_id, old),
            require_pkce: Some(self.require_pkce || self.fapi || public),
            tolerances: old.map_or_else(Tolerances::default, |old| old.tolerances),
            consent: old.is_none_or(|old| old.consent),
            offline_agreed: old.is_some_and(|old| old.offline_agreed),
            former_subs: old.is_some_and(|old| old.former_subs),
            roster_key: old.and_then(|old| old.roster_key).filter(|_| self.subject == "roster"),
            audiences: old.map(|old| old.audiences.clone()).unwrap_or_default(),
            academy: old.and_then(|old| old.academy.clone()).or_else(|| academy.map(str::to_owned)),
            perimeter: Perimeter {
                upstream_families: old.is_some_and(|old| old.perimeter.upstream_families),
                ..self.perimeter()
            },
        };
        metadata::validate(&fields, &policy)
    }

    /// Returns the answers that a client has now, for a form that changes it.
    pub fn of(client_id: &str, meta: &ClientMetadata) -> Self {
        let text = |uri: &Option<String>| uri.clone().unwrap_or_default();
        ClientAnswers {
            client_id: client_id.to_owned(),
            client_name: meta.client_name.clone(),
            client_uri: text(&meta.client_uri),
            logo_uri: text(&meta.logo_uri),
            contact: meta.contacts.first().cloned().unwrap_or_default(),
            redirect_uris: meta.redirect_uris.clone(),
            post_logout_redirect_uris: meta.post_logout_redirect_uris.clone(),
            backchannel_logout_uri: text(&meta.backchannel_logout_uri),
            initiate_login_uri: text(&meta.initiate_login_uri),
            sector_identifier_uri: text(&meta.sector_identifier_uri),
            method: method_of(meta),
            jwks_uri: text(&meta.jwks_uri),
            library: String::new(),
            require_pkce: meta.require_pkce,
            fapi: meta.profile == SecurityProfile::Fapi2,
            scopes: Scope::ALL
                .into_iter()
                .filter(|scope| *scope != Scope::Openid && meta.scopes.contains(*scope))
                .map(|scope| scope.name().to_owned())
                .collect(),
            reasons: BTreeMap::new(),
            profiles: meta.perimeter.profiles.iter().map(|profile| profile.name().to_owned()).collect(),
            academies: meta.perimeter.academies.clone(),
            ministries: meta.perimeter.ministries.clone(),
            schools: meta.perimeter.schools.clone(),
            subject: match meta.subject_type {
                SubjectType::Pairwise => "pairwise",
                SubjectType::Public => "public",
                SubjectType::Roster => "roster",
            }
            .to_owned(),
            note: String::new(),
        }
    }
}

#[cfg(test)]
pub mod tests {
    use super::*;

    /// Answers of a canteen of two schools.
    pub fn canteen() -> ClientAnswers {
        let text = |text: &str| text.to_owned();
        ClientAnswers {
            client_id: text("cantine"),
            client_name: text("Cantine en ligne"),
            client_uri: text("https://cantine.example/"),
            contact: text("numerique@herault.example"),
            redirect_uris: vec![text("https://cantine.example/retour")],
            method: text("either"),
            library: text("openid-client"),
            scopes: vec![text("profile"), text("education")],
            reasons: [(text("profile"), text("Facture")), (text("education"), text("Repas"))].into(),
            profiles: vec![text("responsable")],
            schools: vec![text("0349999J")],
            subject: text("pairwise"),
            ..ClientAnswers::default()
        }
    }

    #[test]
    fn what_files_can_have_can_be_asked_for() {
        let asked = canteen();
        let meta = asked.metadata("cantine", Some("montpellier"), None).unwrap();
        assert!(meta.scopes.contains(Scope::Education) && meta.secret_either_way && meta.consent);
        assert_eq!((meta.sector.as_str(), meta.academy.as_deref()), ("client:cantine", Some("montpellier")));
        assert_eq!(meta.perimeter.schools, ["0349999J"]);
        let fapi = ClientAnswers {
            fapi: true,
            method: "private_key_jwt".to_owned(),
            jwks_uri: "https://cantine.example/jwks".to_owned(),
            ..asked.clone()
        };
        let meta = fapi.metadata("cantine", None, None).unwrap();
        assert!(meta.profile == SecurityProfile::Fapi2 && meta.dpop_bound && meta.require_par && meta.require_pkce);
        let roster = ClientAnswers {
            subject: "roster".to_owned(),
            academies: vec!["montpellier".to_owned()],
            schools: Vec::new(),
            ..asked.clone()
        };
        assert_eq!(roster.metadata("x", None, None).unwrap().subject_type, SubjectType::Roster);
        let wrong = ClientAnswers { subject: "roster".to_owned(), ..asked.clone() };
        assert_eq!(wrong.metadata("x", None, None).unwrap_err().field, "subject_type");
        let wrong = ClientAnswers { fapi: true, method: "client_secret_basic".to_owned(), ..asked };
        assert_eq!(wrong.metadata("x", None, None).unwrap_err().field, "token_endpoint_auth_method");
    }

    #[test]
    fn a_form_of_a_client_that_is_there_keeps_what_it_does_not_ask_for() {
        let mut old = canteen().metadata("cantine", Some("montpellier"), None).unwrap();
        old.policy_uri = Some("https://cantine.example/donnees".to_owned());
        old.sector = "mon-ent".to_owned();
        old.audiences = vec!["https://api.example".to_owned()];
        let same = ClientAnswers::of("cantine", &old).metadata("cantine", None, Some(&old)).unwrap();
        assert_eq!(same, old);
    }

    #[test]
    fn further_contacts_and_a_method_that_the_form_does_not_offer_stay() {
        let asked = ClientAnswers { method: "client_secret_jwt".to_owned(), ..canteen() };
        let mut old = asked.metadata("cantine", None, None).unwrap();
        old.contacts.push("secretariat@herault.example".to_owned());
        let of = ClientAnswers::of("cantine", &old);
        let same = ClientAnswers { method: String::new(), ..of.clone() }.metadata("cantine", None, Some(&old)).unwrap();
        assert_eq!(same, old);
        let other = ClientAnswers { contact: "dsi@herault.example".to_owned(), ..of.clone() };
        let other = other.metadata("cantine", None, Some(&old)).unwrap();
        assert_eq!(other.contacts, ["dsi@herault.example", "secretariat@herault.example"]);
        let chosen = ClientAnswers { method: "client_secret_post".to_owned(), ..of };
        assert_eq!(chosen.metadata("cantine", None, Some(&old)).unwrap().auth_method, AuthMethod::ClientSecretPost);
    }
}
