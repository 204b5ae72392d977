//! The checks of what a form asks for that need nothing but the form, and how their results are said.
//!
//! *Bad* keeps a request from being sent; *look* is shown to whoever decides. What needs the database or a call is in
//! `ops/checks.rs`.

use serde::{Deserialize, Serialize};

use super::answers::ClientAnswers;
use super::metadata::{self, HostFlaw};
use super::{AuthMethod, is_client_id};
use crate::config::deployment::ServerIdentity;
use crate::protocol::algorithms::Alg;
use crate::protocol::redirect::{self, RedirectUriError};
use crate::protocol::scope::Scope;

/// The verdict of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    Ok,
    Look,
    Bad,
}

impl Verdict {
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Look => "look",
            Verdict::Bad => "bad",
        }
    }
}

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    /// The field of the form.
    pub field: String,
    pub verdict: Verdict,
    /// The finding, in a word: the end of a message's key.
    pub code: String,
    /// The value that it is about.
    pub value: String,
    /// A number or a text that belongs to the word.
    pub detail: String,
}

impl CheckResult {
    pub fn new(field: &str, verdict: Verdict, code: &str, value: &str, detail: &str) -> Self {
        CheckResult {
            field: field.to_owned(),
            verdict,
            code: code.to_owned(),
            value: value.to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// True if one of the results keeps the request from being sent.
pub fn has_bad(results: &[CheckResult]) -> bool {
    results.iter().any(|result| result.verdict == Verdict::Bad)
}

/// The names that no client may have beside the service's own: of what families know.
const RESERVED_NAMES: [&str; 6] =
    ["educonnect", "franceconnect", "preau", "education nationale", "administration", "compte"];
/// The State's own services, folded: no name has them in it.
const STATE_NAMES: [&str; 3] = ["educonnect", "franceconnect", "proconnect"];
/// The maximum length of a name, in characters.
const MAX_NAME_CHARS: usize = 60;
/// The programs that send the secret in the body unless told otherwise.
const SECRET_IN_BODY: [&str; 3] = ["openid-client", "keycloak", "autre"];
/// The programs that send no PKCE unless told so.
const NO_PKCE: [&str; 3] = ["spring", "ode", "oauth2-proxy"];

/// Checks the form, each field for itself.
pub fn check_form(answers: &ClientAnswers, server: &ServerIdentity) -> Vec<CheckResult> {
    let mut out = Vec::new();
    name(answers, server, &mut out);
    redirects(answers, server, &mut out);
    others(answers, server, &mut out);
    scopes(answers, &mut out);
    library(answers, &mut out);
    if !answers.client_id.is_empty() && !is_client_id(&answers.client_id) {
        out.push(CheckResult::new("client_id", Verdict::Bad, "client_id_form", &answers.client_id, ""));
    }
    let at = |text: &str| text.split_once('@').is_some_and(|(a, b)| !a.is_empty() && b.contains('.'));
    if !at(&answers.contact) || answers.contact.chars().any(char::is_whitespace) {
        out.push(CheckResult::new("contacts", Verdict::Bad, "contact_form", &answers.contact, ""));
    }
    if answers.academies.is_empty() && answers.ministries.is_empty() && answers.schools.is_empty() {
        out.push(CheckResult::new("perimeter", Verdict::Bad, "perimeter_empty", "", ""));
    }
    out
}

/// Applies the rules of metadata as a whole. What a check said of the same field already is not said twice.
pub fn check_whole(
    answers: &ClientAnswers,
    server: &ServerIdentity,
    algorithms: &[Alg],
    old: Option<&super::ClientMetadata>,
    found: &mut Vec<CheckResult>,
) {
    let judged = answers.metadata(&answers.client_id, None, old).and_then(|meta| {
        metadata::check_hosts(&meta, server)?;
        metadata::check_offered_algorithms(&meta, algorithms)
    });
    let Err(flaw) = judged else { return };
    if !has_bad(found) {
        found.push(CheckResult::new(flaw.field, Verdict::Bad, "other", flaw.field, &flaw.why));
    }
}

fn name(answers: &ClientAnswers, server: &ServerIdentity, out: &mut Vec<CheckResult>) {
    let name = answers.client_name.trim();
    let folded = crate::base::names::fold(name);
    let hidden = name.chars().any(|c| c.is_control() || crate::base::names::is_invisible(c));
    // A letter that folds to nothing is of another script: by it, a name looks like another and is not found the same.
    let foreign = name.chars().any(|c| c.is_alphabetic() && crate::base::names::fold(&c.to_string()).is_empty());
    let code = match () {
        () if foreign => "name_form",
        () if name.is_empty() || name.chars().count() > MAX_NAME_CHARS || hidden => "name_form",
        () if !folded.is_empty() && folded == crate::base::names::fold(&server.service) => "name_reserved",
        () if RESERVED_NAMES.iter().any(|reserved| folded == crate::base::names::fold(reserved)) => "name_reserved",
        () if STATE_NAMES.iter().any(|reserved| folded.contains(reserved)) => "name_reserved",
        () => return,
    };
    out.push(CheckResult::new("client_name", Verdict::Bad, code, name, ""));
}

/// Returns an example of an address for one with a star.
fn without_star(uri: &str) -> String {
    uri.replacen("*", "nord", 1).replace('*', "")
}

/// Returns the flaw of an address, as a code and a detail.
fn flaw(uri: &str, native: bool, is_redirect: bool, server: &ServerIdentity) -> Option<(String, String)> {
    let syntax = if is_redirect { redirect::validate(uri, native) } else { redirect::validate_other(uri, false) };
    match syntax {
        Err(RedirectUriError::Wildcard) => return Some(("uri_wildcard".to_owned(), without_star(uri))),
        Err(RedirectUriError::PlainHttp) if !server.loopback => {
            return Some(("uri_not_https".to_owned(), String::new()));
        }
        Err(why) => return Some((format!("uri_{}", why.name()), String::new())),
        Ok(()) => {}
    }
    match metadata::check_host(uri, native && is_redirect, server) {
        Err(HostFlaw::ThisMachine | HostFlaw::Address | HostFlaw::NoDomain) => {
            Some(("uri_development".to_owned(), String::new()))
        }
        Err(why) => Some((format!("uri_{}", why.name()), String::new())),
        Ok(()) => None,
    }
}

fn redirects(answers: &ClientAnswers, server: &ServerIdentity, out: &mut Vec<CheckResult>) {
    let field = "redirect_uris";
    if answers.redirect_uris.is_empty() {
        out.push(CheckResult::new(field, Verdict::Bad, "uri_missing", "", ""));
    }
    let native = answers.comes_back_to_application();
    for uri in &answers.redirect_uris {
        match flaw(uri, native, true, server) {
            Some((code, detail)) => out.push(CheckResult::new(field, Verdict::Bad, &code, uri, &detail)),
            None => out.push(CheckResult::new(field, Verdict::Ok, "uri_form", uri, "")),
        }
        let twin = format!("{uri}/");
        if answers.redirect_uris.contains(&twin) {
            out.push(CheckResult::new(field, Verdict::Look, "uri_twin", uri, ""));
        }
    }
    let pairwise = answers.subject == "pairwise" || answers.subject.is_empty();
    // What is wrong by itself is said once.
    let all_sound = !out.iter().any(|result| result.field == field && result.verdict == Verdict::Bad);
    if answers.redirect_uris.len() > 1
        && all_sound
        && answers.only_host().is_none()
        && answers.sector_identifier_uri.trim().is_empty()
        && pairwise
        && !native
    {
        out.push(CheckResult::new("sector_identifier_uri", Verdict::Look, "several_hosts", "", ""));
    }
}

fn others(answers: &ClientAnswers, server: &ServerIdentity, out: &mut Vec<CheckResult>) {
    let native = answers.comes_back_to_application();
    for uri in &answers.post_logout_redirect_uris {
        match flaw(uri, native, true, server) {
            Some((code, detail)) => {
                out.push(CheckResult::new("post_logout_redirect_uris", Verdict::Bad, &code, uri, &detail));
            }
            None => {
                let host = redirect::host(uri);
                let known = answers.redirect_uris.iter().any(|other| redirect::host(other) == host);
                let (verdict, code) = if known { (Verdict::Ok, "same_host") } else { (Verdict::Look, "other_host") };
                out.push(CheckResult::new("post_logout_redirect_uris", verdict, code, uri, ""));
            }
        }
    }
    for (field, uri) in [
        ("client_uri", &answers.client_uri),
        ("logo_uri", &answers.logo_uri),
        ("backchannel_logout_uri", &answers.backchannel_logout_uri),
        ("initiate_login_uri", &answers.initiate_login_uri),
        ("sector_identifier_uri", &answers.sector_identifier_uri),
        ("jwks_uri", &answers.jwks_uri),
    ] {
        if uri.is_empty() {
            continue;
        }
        if let Some((code, detail)) = flaw(uri, false, false, server) {
            out.push(CheckResult::new(field, Verdict::Bad, &code, uri, &detail));
        }
    }
    let needs_keys = answers.fapi || answers.method == AuthMethod::PrivateKeyJwt.name();
    if needs_keys && answers.jwks_uri.is_empty() {
        out.push(CheckResult::new("jwks_uri", Verdict::Bad, "keys_missing", "", ""));
    }
}

fn scopes(answers: &ClientAnswers, out: &mut Vec<CheckResult>) {
    for scope in &answers.scopes {
        let reason = answers.reasons.get(scope).map(|reason| reason.trim()).unwrap_or_default();
        if reason.is_empty() {
            out.push(CheckResult::new("scope", Verdict::Bad, "scope_reason", scope, ""));
        }
        if scope == Scope::Education.name() {
            out.push(CheckResult::new("scope", Verdict::Look, "scope_class", scope, ""));
        }
        if scope == Scope::Phone.name() && answers.profiles.iter().any(|profile| profile == "eleve") {
            out.push(CheckResult::new("scope", Verdict::Look, "scope_pupil_phone", scope, ""));
        }
    }
}

/// A word only where a strict method was chosen that the program does not send.
fn library(answers: &ClientAnswers, out: &mut Vec<CheckResult>) {
    let library = answers.library.as_str();
    if answers.method == AuthMethod::ClientSecretBasic.name() && SECRET_IN_BODY.contains(&library) {
        out.push(CheckResult::new("bibliotheque", Verdict::Look, "library_body", library, ""));
    }
    if answers.require_pkce && NO_PKCE.contains(&library) {
        out.push(CheckResult::new("bibliotheque", Verdict::Look, "library_pkce", library, ""));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::answers::tests::canteen;

    fn server() -> ServerIdentity {
        let issuer = "https://compte.example".to_owned();
        ServerIdentity { issuer, service: "Mon compte École".to_owned(), loopback: false }
    }

    fn found(answers: &ClientAnswers) -> Vec<(String, Verdict)> {
        let mut results = check_form(answers, &server());
        check_whole(answers, &server(), &Alg::ALL, None, &mut results);
        results.into_iter().map(|result| (result.code, result.verdict)).collect()
    }

    fn with(change: impl FnOnce(&mut ClientAnswers)) -> ClientAnswers {
        let mut answers = canteen();
        change(&mut answers);
        answers
    }

    #[test]
    fn threat_s10_threat_s11_each_check_has_a_bad_and_a_good_value() {
        assert!(found(&canteen()).iter().all(|(_, verdict)| *verdict != Verdict::Bad), "{:?}", found(&canteen()));
        for (uri, code) in [
            ("https://*.cantine.example/retour", "uri_wildcard"),
            ("http://cantine.example/retour", "uri_not_https"),
            ("https://cantine.example/retour#x", "uri_fragment"),
            ("https://moi@cantine.example/retour", "uri_userinfo"),
            ("https://cantine.example/a/../retour", "uri_unsafe_path"),
            ("https://cantine.example/retour?code=1", "uri_reserved_parameter"),
            ("https://cantine.example/ retour", "uri_forbidden_character"),
            ("cantine.example/retour", "uri_relative"),
            ("javascript:alert(1)", "uri_invalid_scheme"),
            ("https://192.0.2.1/retour", "uri_development"),
            ("https://localhost/retour", "uri_development"),
            ("https://cantine/retour", "uri_development"),
            ("https://compte.example/admin", "uri_own_page"),
            ("https://cantine.example:0/retour", "uri_port_zero"),
        ] {
            let asked = with(|a| a.redirect_uris = vec![uri.to_owned()]);
            assert!(found(&asked).contains(&(code.to_owned(), Verdict::Bad)), "{uri}: {:?}", found(&asked));
        }
        let long = format!("https://cantine.example/{}", "x".repeat(2_000));
        for (asked, code, verdict) in [
            (with(|a| a.redirect_uris = vec![long]), "uri_too_long", Verdict::Bad),
            (with(|a| a.redirect_uris.clear()), "uri_missing", Verdict::Bad),
            (with(|a| a.redirect_uris.push("https://cantine.example/retour/".into())), "uri_twin", Verdict::Look),
            (with(|a| a.redirect_uris.push("https://autre.example/retour".into())), "several_hosts", Verdict::Look),
            (with(|a| a.post_logout_redirect_uris.push("https://autre.example/".into())), "other_host", Verdict::Look),
            (
                with(|a| a.post_logout_redirect_uris.push("https://*.autre.example/".into())),
                "uri_wildcard",
                Verdict::Bad,
            ),
            (with(|a| a.backchannel_logout_uri = "https://10.0.0.1/fin".into()), "uri_development", Verdict::Bad),
            (with(|a| a.logo_uri = "data:image/svg+xml,x".into()), "uri_not_https", Verdict::Bad),
            (with(|a| a.method = "private_key_jwt".into()), "keys_missing", Verdict::Bad),
            (with(|a| a.fapi = true), "keys_missing", Verdict::Bad),
            (with(|a| drop(a.reasons.remove("education"))), "scope_reason", Verdict::Bad),
            (canteen(), "scope_class", Verdict::Look),
            (
                with(|a| {
                    a.scopes.push("phone".into());
                    a.reasons.insert("phone".into(), "Appeler".into());
                    a.profiles.push("eleve".into());
                }),
                "scope_pupil_phone",
                Verdict::Look,
            ),
            (with(|a| a.client_name = "Mon compte école".into()), "name_reserved", Verdict::Bad),
            (with(|a| a.client_name = "ÉduConnect".into()), "name_reserved", Verdict::Bad),
            (with(|a| a.client_name = "Cantine \u{202e}enil".into()), "name_form", Verdict::Bad),
            (with(|a| a.client_name = "x".repeat(61)), "name_form", Verdict::Bad),
            (with(|a| a.client_id = "<b>".into()), "client_id_form", Verdict::Bad),
            (with(|a| a.contact = "personne".into()), "contact_form", Verdict::Bad),
            (with(|a| a.schools.clear()), "perimeter_empty", Verdict::Bad),
            (with(|a| a.method = "client_secret_basic".into()), "library_body", Verdict::Look),
            (
                with(|a| {
                    a.require_pkce = true;
                    a.library = "spring".into();
                }),
                "library_pkce",
                Verdict::Look,
            ),
            (with(|a| a.subject = "roster".into()), "other", Verdict::Bad),
            (with(|a| a.scopes.push("admin".into())), "scope_reason", Verdict::Bad),
        ] {
            assert!(found(&asked).contains(&(code.to_owned(), verdict)), "{code}: {:?}", found(&asked));
        }
    }
}
