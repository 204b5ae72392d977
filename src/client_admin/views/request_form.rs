//! The form of a request: its context and samples.

use serde::Serialize;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;

/// One of the answers of a choice.
#[derive(Clone, Debug, Serialize)]
pub struct OfferedChoice {
    /// The end of the message's key.
    pub name: String,
    pub chosen: bool,
}

/// A scope with the reason for it.
#[derive(Clone, Debug, Serialize)]
pub struct ScopeChoice {
    pub name: String,
    pub chosen: bool,
    pub reason: String,
}

/// The result of a check.
#[derive(Clone, Debug, Serialize)]
pub struct CheckLine {
    pub field: String,
    pub verdict: &'static str,
    /// The end of the message's key.
    pub code: String,
    pub value: String,
    pub detail: String,
}

/// The contents of a form.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RequestForm {
    pub client_id: String,
    pub client_name: String,
    pub client_uri: String,
    pub logo_uri: String,
    pub contact: String,
    /// One address a line.
    pub redirect_uris: String,
    pub post_logout_redirect_uris: String,
    pub backchannel_logout_uri: String,
    pub initiate_login_uri: String,
    pub sector_identifier_uri: String,
    pub jwks_uri: String,
    pub methods: Vec<OfferedChoice>,
    /// The method of a client that has one which the form does not offer.
    pub other_method: String,
    pub libraries: Vec<OfferedChoice>,
    pub require_pkce: bool,
    pub fapi: bool,
    pub scopes: Vec<ScopeChoice>,
    pub profiles: Vec<OfferedChoice>,
    pub academies: String,
    pub ministries: String,
    pub schools: String,
    pub subjects: Vec<OfferedChoice>,
    pub note: String,
}

/// The reason for not saving or sending a form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestFormError {
    /// An answer is to be mended.
    Checks,
    Changed,
    /// Too many drafts wait.
    TooManyDrafts,
    /// The checks of this hour are used up.
    TooManyChecks,
}

/// `/admin/services/demander`.
#[derive(Clone, Debug, Serialize)]
pub struct RequestFormPage {
    pub frame: ConsoleFrame,
    /// The draft, and its version.
    pub draft: Option<String>,
    pub version: i64,
    /// The client that is changed.
    pub client: Option<String>,
    pub form: RequestForm,
    pub checks: Vec<CheckLine>,
    pub bad: usize,
    pub look: usize,
    pub right: usize,
    /// The time of the checks.
    pub checked: Option<String>,
    pub error: Option<RequestFormError>,
    /// The question of somebody who read the request.
    pub question: String,
}

/// The programs for which there are settings.
pub const LIBRARIES: [&str; 7] = ["openid-client", "oauth2-proxy", "spring", "apache", "keycloak", "ode", "autre"];
/// The ways in which a service proves what it is.
pub const METHODS: [&str; 5] = ["either", "client_secret_basic", "client_secret_post", "private_key_jwt", "none"];
pub const SUBJECTS: [&str; 3] = ["pairwise", "public", "roster"];

/// The words of the checks, for the samples.
const CHECK_CODES: [(&str, &str); 62] = [
    ("client_name", "name_form"),
    ("client_name", "name_reserved"),
    ("client_name", "name_twin"),
    ("client_id", "client_id_form"),
    ("client_id", "client_id_taken"),
    ("contacts", "contact_form"),
    ("redirect_uris", "uri_form"),
    ("redirect_uris", "uri_wildcard"),
    ("redirect_uris", "uri_not_https"),
    ("redirect_uris", "uri_too_long"),
    ("redirect_uris", "uri_forbidden_character"),
    ("redirect_uris", "uri_relative"),
    ("redirect_uris", "uri_ambiguous_host"),
    ("redirect_uris", "uri_missing_authority"),
    ("redirect_uris", "uri_fragment"),
    ("redirect_uris", "uri_userinfo"),
    ("redirect_uris", "uri_invalid_scheme"),
    ("redirect_uris", "uri_plain_http"),
    ("redirect_uris", "uri_private_use_scheme"),
    ("redirect_uris", "uri_private_use_authority"),
    ("redirect_uris", "uri_unsafe_path"),
    ("redirect_uris", "uri_reserved_parameter"),
    ("redirect_uris", "uri_development"),
    ("redirect_uris", "uri_own_page"),
    ("redirect_uris", "uri_port_zero"),
    ("redirect_uris", "uri_not_uri"),
    ("redirect_uris", "uri_missing"),
    ("redirect_uris", "uri_twin"),
    ("redirect_uris", "answers"),
    ("redirect_uris", "answers_error"),
    ("redirect_uris", "silent"),
    ("redirect_uris", "domain_proven"),
    ("redirect_uris", "domain_unproven"),
    ("sector_identifier_uri", "several_hosts"),
    ("sector_identifier_uri", "sector_names_all"),
    ("sector_identifier_uri", "sector_lacks"),
    ("post_logout_redirect_uris", "same_host"),
    ("post_logout_redirect_uris", "other_host"),
    ("backchannel_logout_uri", "logout_taken"),
    ("backchannel_logout_uri", "logout_lost"),
    ("initiate_login_uri", "initiate_leads"),
    ("initiate_login_uri", "initiate_elsewhere"),
    ("jwks_uri", "keys_missing"),
    ("jwks_uri", "keys_silent"),
    ("jwks_uri", "keys_none"),
    ("jwks_uri", "keys_weak"),
    ("jwks_uri", "keys_twice"),
    ("jwks_uri", "keys_found"),
    ("logo_uri", "logo_large"),
    ("logo_uri", "logo_silent"),
    ("logo_uri", "logo_drawn"),
    ("logo_uri", "logo_svg"),
    ("logo_uri", "logo_form"),
    ("scope", "scope_reason"),
    ("scope", "scope_class"),
    ("scope", "scope_pupil_phone"),
    ("bibliotheque", "library_body"),
    ("bibliotheque", "library_pkce"),
    ("perimeter", "perimeter_empty"),
    ("perimeter", "uai_letter"),
    ("subject_type", "other"),
    ("perimeter", "persons"),
];
const MORE_CODES: [&str; 6] =
    ["perimeter_outside", "academy_unknown", "uai_form", "uai_unknown", "uai_outside", "schools_counted"];

pub(super) fn sample_checks() -> Vec<CheckLine> {
    let line = |(field, code): (&str, &str), verdict| CheckLine {
        field: field.to_owned(),
        verdict,
        code: code.to_owned(),
        value: if code == "scope_reason" { "phone" } else { "https://cantine.example/<b>" }.to_owned(),
        detail: "503".to_owned(),
    };
    let more = MORE_CODES.map(|code| ("perimeter", code));
    CHECK_CODES
        .into_iter()
        .chain(more)
        .zip(["ok", "look", "bad"].into_iter().cycle())
        .map(|(c, v)| line(c, v))
        .collect()
}

impl RequestForm {
    fn sample() -> Self {
        let choice = |name: &&str, chosen: &str| OfferedChoice { name: (*name).to_owned(), chosen: *name == chosen };
        let scope = |name: &str, chosen| ScopeChoice {
            name: name.to_owned(),
            chosen,
            reason: if chosen { "Réserver les repas".to_owned() } else { String::new() },
        };
        RequestForm {
            client_id: "cantine".to_owned(),
            client_name: "<script>Cantine</script>".to_owned(),
            redirect_uris: "https://cantine.example/retour\nhttps://*.cantine.example/retour".to_owned(),
            methods: METHODS.iter().map(|name| choice(name, "either")).collect(),
            other_method: "client_secret_jwt".to_owned(),
            libraries: LIBRARIES.iter().map(|name| choice(name, "openid-client")).collect(),
            scopes: vec![
                scope("profile", true),
                scope("education", true),
                scope("email", false),
                scope("phone", false),
                scope("offline_access", false),
            ],
            profiles: ["responsable", "eleve", "enseignant", "personnel", "invite"]
                .iter()
                .map(|name| choice(name, "responsable"))
                .collect(),
            subjects: SUBJECTS.iter().map(|name| choice(name, "pairwise")).collect(),
            schools: "0349999J".to_owned(),
            ..RequestForm::default()
        }
    }
}

impl Page for RequestFormPage {
    const TEMPLATE: &'static str = "client_admin/request_form.html";
    fn samples() -> Vec<Self> {
        let page = RequestFormPage {
            frame: ConsoleFrame::sample().in_room("services"),
            draft: None,
            version: 0,
            client: None,
            form: RequestForm::sample(),
            checks: Vec::new(),
            bad: 0,
            look: 0,
            right: 0,
            checked: None,
            error: None,
            question: String::new(),
        };
        let checked = RequestFormPage {
            draft: Some("0".repeat(32)),
            version: 3,
            checks: sample_checks(),
            bad: 2,
            look: 3,
            right: 9,
            checked: Some("aujourd'hui à 14\u{a0}h\u{a0}31".to_owned()),
            ..page.clone()
        };
        vec![
            page.clone(),
            checked.clone(),
            RequestFormPage { error: Some(RequestFormError::Checks), ..checked.clone() },
            RequestFormPage { error: Some(RequestFormError::Changed), ..checked.clone() },
            RequestFormPage { error: Some(RequestFormError::TooManyDrafts), ..checked.clone() },
            RequestFormPage { error: Some(RequestFormError::TooManyChecks), ..checked.clone() },
            RequestFormPage {
                client: Some("cantine".to_owned()),
                question: "Pourquoi la classe".to_owned(),
                ..checked
            },
            RequestFormPage { form: RequestForm { fapi: true, require_pkce: true, ..page.form.clone() }, ..page },
        ]
    }
}
