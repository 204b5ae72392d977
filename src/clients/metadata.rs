//! What of a client's written metadata is taken: one set of rules for files and for registration (RFC 7591 2, OIDCR 2).
//!
//! Pure. Whatever is wrong is said with the field's name and in ASCII, because it may travel in an error description.

mod algorithms;
mod echo;
mod places;
mod profile;
mod scopes;
mod uris;

pub use algorithms::offered;
pub use echo::fields;
pub use places::admits;
pub use profile::{Demands, demands, signs_with};
pub use uris::own_sector;

use std::borrow::Cow;

use super::{AuthMethod, GrantType, Metadata, Perimeter, SubjectType};
use crate::base::names::is_invisible;
use crate::protocol::profile::Profile;
use crate::protocol::registration::Fields;
use crate::protocol::response::ResponseType;
use crate::protocol::tolerance::Tolerances;

/// Why a client is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct Flaw {
    pub field: &'static str,
    pub why: Cow<'static, str>,
}

impl Flaw {
    /// RFC 7591 3.2.2: redirect URIs have an error code of their own.
    pub fn is_redirect(&self) -> bool {
        self.field == "redirect_uris"
    }
}

fn flaw<T>(field: &'static str, why: impl Into<Cow<'static, str>>) -> Result<T, Flaw> {
    Err(Flaw { field, why: why.into() })
}

/// How long a secret is that a file gives. The others are drawn here, of 256 bits.
const SECRET: usize = 24;
/// RFC 7518 3.2: as long as the hash.
const SIGNING_SECRET: usize = 32;

/// What is known of a client besides its own words.
#[derive(Clone, Debug)]
pub enum Terms {
    /// Written by the operator.
    File {
        secret_len: Option<usize>,
        profile: Profile,
        sector: String,
        /// Absent: of public clients.
        require_pkce: Option<bool>,
        tolerances: Tolerances,
        consent: bool,
        offline_agreed: bool,
        audiences: Vec<String>,
        academy: Option<String>,
        perimeter: Perimeter,
    },
    /// Written by whoever holds a token of this academy.
    Registered {
        client_id: String,
        academy: String,
        /// It was given a sector of its own before, and writes back what it was told.
        has_own_sector: bool,
    },
}

/// Takes it whole, or says what is wrong.
///
/// # Errors
/// The first field that breaks a rule.
pub fn take(f: &Fields, terms: &Terms) -> Result<Metadata, Flaw> {
    let (profile, registered) = match terms {
        Terms::File { profile, .. } => (*profile, false),
        Terms::Registered { .. } => (Profile::Plain, true),
    };
    let f = &profile::imposed(profile, f)?;
    if let (Profile::Fapi2, Terms::File { tolerances, .. }) = (profile, terms)
        && let Some((key, _)) = tolerances.given().first()
    {
        return flaw(key, "profile fapi2 tolerates nothing: leave it out");
    }
    let native = match f.application_type.as_deref() {
        None | Some("web") => false,
        Some("native") => true,
        Some(_) => return flaw("application_type", "web or native"),
    };
    let auth_method = auth_method(f, terms)?;
    let (grant_types, response_types) = flow(f, auth_method)?;
    uris::vet(f, native, registered, &response_types)?;
    let keys = algorithms::keys(f)?;
    algorithms::authentication(f, auth_method, &keys, profile)?;
    let subject_type = subject_type(f, terms)?;
    let scopes = scopes::taken(f, registered, &grant_types)?;
    let default_max_age = match f.default_max_age {
        Some(n) if !(0..=315_360_000).contains(&n) => return flaw("default_max_age", "not a number of seconds"),
        other => other,
    };
    let redirect_uris = f.redirect_uris.clone().unwrap_or_default();
    let mut meta = Metadata {
        client_name: name(f, registered)?,
        client_uri: f.client_uri.clone(),
        logo_uri: f.logo_uri.clone(),
        policy_uri: f.policy_uri.clone(),
        tos_uri: f.tos_uri.clone(),
        contacts: short(f.contacts.as_deref(), "contacts")?,
        redirect_uris,
        post_logout_redirect_uris: f.post_logout_redirect_uris.clone().unwrap_or_default(),
        initiate_login_uri: f.initiate_login_uri.clone(),
        request_uris: f.request_uris.clone().unwrap_or_default(),
        auth_method,
        secret_either_way: f.token_endpoint_auth_method.is_none(),
        auth_signing_alg: algorithms::auth_signing_alg(f, auth_method)?,
        jwks: f.jwks.clone(),
        jwks_uri: f.jwks_uri.clone(),
        grant_types,
        response_types,
        native,
        scopes,
        subject_type,
        sector: String::new(),
        sector_identifier_uri: f.sector_identifier_uri.clone(),
        default_max_age,
        require_auth_time: f.require_auth_time.unwrap_or_default(),
        default_acr_values: short(f.default_acr_values.as_deref(), "default_acr_values")?,
        id_token: algorithms::id_token(f, &keys)?,
        userinfo: algorithms::userinfo(f, &keys)?,
        introspection: algorithms::introspection(f)?,
        profile,
        request_object_signing_alg: algorithms::request_object(f, &keys)?,
        require_signed_request_object: f.require_signed_request_object.unwrap_or_default(),
        require_par: f.require_pushed_authorization_requests.unwrap_or_default(),
        dpop_bound: f.dpop_bound_access_tokens.unwrap_or_default(),
        backchannel_logout_uri: f.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: f.backchannel_logout_session_required.unwrap_or_default(),
        frontchannel_logout_uri: f.frontchannel_logout_uri.clone(),
        frontchannel_logout_session_required: f.frontchannel_logout_session_required.unwrap_or_default(),
        require_pkce: auth_method == AuthMethod::None,
        tolerances: Tolerances::default(),
        consent: true,
        offline_agreed: false,
        audiences: Vec::new(),
        academy: None,
        perimeter: Perimeter::default(),
    };
    agree(&mut meta, f, terms)?;
    Ok(meta)
}

/// What the terms say, and what depends on them.
fn agree(meta: &mut Metadata, f: &Fields, terms: &Terms) -> Result<(), Flaw> {
    match terms {
        Terms::Registered { client_id, academy, has_own_sector } => {
            let by_name = f.subject_type.is_some() && !has_own_sector;
            meta.sector = uris::sector(meta, client_id, by_name)?;
            meta.academy = Some(academy.clone());
            meta.perimeter = Perimeter { academies: vec![academy.clone()], ..Perimeter::default() };
        }
        Terms::File {
            sector,
            require_pkce,
            tolerances,
            consent,
            offline_agreed,
            audiences,
            academy,
            perimeter,
            ..
        } => {
            if sector.trim().is_empty() {
                return flaw("sector", "it is empty");
            }
            if meta.profile == Profile::Fapi2 && *require_pkce == Some(false) {
                return flaw("require_pkce", "profile fapi2 has PKCE");
            }
            let public = meta.auth_method == AuthMethod::None;
            let require_pkce = require_pkce.unwrap_or(public);
            if public && !require_pkce {
                return flaw("require_pkce", "a public client needs PKCE");
            }
            meta.sector.clone_from(sector);
            meta.require_pkce = require_pkce;
            meta.tolerances = *tolerances;
            meta.consent = *consent;
            meta.offline_agreed = *offline_agreed;
            meta.audiences = short(Some(audiences), "audiences")?;
            meta.academy.clone_from(academy);
            meta.perimeter = perimeter.clone();
        }
    }
    Ok(())
}

/// As pages show it.
fn name(f: &Fields, registered: bool) -> Result<String, Flaw> {
    let first = f.redirect_uris.iter().flatten().next();
    let name = match (&f.client_name, registered) {
        (Some(name), _) => name.trim().to_owned(),
        (None, true) => first.and_then(|uri| crate::protocol::redirect::host(uri)).unwrap_or_else(|| "client".into()),
        (None, false) => return flaw("client_name", "it is missing"),
    };
    // Letters that turn the writing round would let a name say something else than it holds.
    let hidden = |c: char| c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}');
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(hidden) {
        return flaw("client_name", "1 to 100 characters, none of them invisible");
    }
    Ok(name)
}

/// A few short texts.
fn short(list: Option<&[String]>, field: &'static str) -> Result<Vec<String>, Flaw> {
    let list = list.unwrap_or_default();
    let bad = |text: &String| !(1..=500).contains(&text.len()) || text.chars().any(char::is_control);
    if list.len() > 10 || list.iter().any(bad) {
        return flaw(field, "at most 10 texts of 1 to 500 characters");
    }
    Ok(list.to_vec())
}

fn auth_method(f: &Fields, terms: &Terms) -> Result<AuthMethod, Flaw> {
    const FIELD: &str = "token_endpoint_auth_method";
    let method = match f.token_endpoint_auth_method.as_deref() {
        None => AuthMethod::ClientSecretBasic,
        Some(name) => match AuthMethod::ALL.into_iter().find(|m| m.name() == name) {
            Some(method) => method,
            None => return flaw(FIELD, "not one that is known here"),
        },
    };
    if let Terms::File { secret_len, .. } = terms {
        match (method.has_secret(), secret_len) {
            (false, Some(_)) => return flaw(FIELD, "a client of this method has no secret"),
            (true, None) => return flaw(FIELD, "client_secret or client_secret_file is missing"),
            (true, Some(n)) if *n < SECRET => return flaw(FIELD, "the secret has 24 characters at least"),
            (true, Some(n)) if method == AuthMethod::ClientSecretJwt && *n < SIGNING_SECRET => {
                return flaw(FIELD, "a secret that signs has 32 bytes at least");
            }
            _ => {}
        }
    }
    Ok(method)
}

/// Grants and response types need each other (OIDCR 2, RFC 7591 2.1).
fn flow(f: &Fields, method: AuthMethod) -> Result<(Vec<GrantType>, Vec<ResponseType>), Flaw> {
    let mut grants = Vec::new();
    match &f.grant_types {
        None => grants.push(GrantType::AuthorizationCode),
        Some(names) => {
            for name in names {
                let Some(grant) = GrantType::from_name(name) else {
                    return flaw("grant_types", "one that is not known here");
                };
                if !grants.contains(&grant) {
                    grants.push(grant);
                }
            }
        }
    }
    let has = |grant| grants.contains(&grant);
    if grants.is_empty() {
        return flaw("grant_types", "it is empty");
    }
    if method == AuthMethod::None && has(GrantType::ClientCredentials) {
        return flaw("grant_types", "client_credentials is for confidential clients");
    }
    if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
        return flaw("grant_types", "refresh_token needs authorization_code");
    }
    let mut types: Vec<ResponseType> = Vec::new();
    match &f.response_types {
        None if has(GrantType::AuthorizationCode) => types.push(ResponseType::CODE),
        None if has(GrantType::Implicit) => return flaw("response_types", "the implicit grant needs them named"),
        None => {}
        Some(names) => {
            for name in names {
                let Some(kind) = ResponseType::parse(name) else {
                    return flaw("response_types", "one that is not known here");
                };
                if !types.contains(&kind) {
                    types.push(kind);
                }
            }
        }
    }
    if types.iter().any(|kind| kind.code) != has(GrantType::AuthorizationCode) {
        return flaw("response_types", "code and the grant authorization_code need each other");
    }
    if types.iter().any(|kind| kind.is_front()) && !has(GrantType::Implicit) {
        return flaw("response_types", "id_token and token need the grant implicit");
    }
    Ok((grants, types))
}

fn subject_type(f: &Fields, terms: &Terms) -> Result<SubjectType, Flaw> {
    let Some(kind) = SubjectType::from_name(f.subject_type.as_deref().unwrap_or("pairwise")) else {
        return flaw("subject_type", "pairwise or public");
    };
    match (kind, terms) {
        (SubjectType::Roster, Terms::Registered { .. }) => flaw("subject_type", "pairwise or public"),
        (SubjectType::Roster, Terms::File { perimeter: p, .. })
            if p.academies.len() != 1 || !p.ministries.is_empty() || !p.schools.is_empty() =>
        {
            flaw("subject_type", "roster is for a perimeter of one academy and nothing else")
        }
        _ => Ok(kind),
    }
}

#[cfg(test)]
mod tests;
