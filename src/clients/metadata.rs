//! Validation of client metadata: the same rules for files and for dynamic registration (RFC 7591 2, OIDCR 2).
//!
//! Pure. Every error names the field and is ASCII, because the text may be sent as an `error_description`.

mod algorithms;
mod hosts;
mod profile;
mod response_fields;
mod scopes;
mod uris;

pub use algorithms::check_offered_algorithms;
pub use hosts::{HostFlaw, check_host, check_hosts};
pub use profile::{ClientRequirements, allowed_algorithms, requirements};
pub use response_fields::{NAMED_FIELDS, to_fields};
pub use uris::single_client_sector;

use std::borrow::Cow;

use super::{AuthMethod, ClientMetadata, GrantType, Perimeter, SubjectType};
use crate::base::names::is_invisible;
use crate::base::roster_key::RosterKey;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::registration::ClientMetadataFields;
use crate::protocol::response::ResponseType;
use crate::protocol::tolerance::Tolerances;

/// The reason for rejecting a client's metadata.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {why}")]
pub struct MetadataError {
    pub field: &'static str,
    pub why: Cow<'static, str>,
}

impl MetadataError {
    /// True if the error concerns `redirect_uris`, for which RFC 7591 3.2.2 defines a separate error code.
    pub fn is_redirect_uri_error(&self) -> bool {
        self.field == "redirect_uris"
    }
}

fn invalid<T>(field: &'static str, why: impl Into<Cow<'static, str>>) -> Result<T, MetadataError> {
    Err(MetadataError { field, why: why.into() })
}

/// The minimum length of a secret from a file, in bytes. Generated secrets have 256 bits.
const MIN_SECRET_BYTES: usize = 24;
/// The minimum length of a secret that signs: the length of the hash (RFC 7518 3.2).
const MIN_SIGNING_SECRET_BYTES: usize = 32;

/// The settings of a client that the client itself cannot choose.
#[derive(Clone, Debug)]
pub enum RegistrationPolicy {
    /// A client declared by the operator in a file.
    File {
        secret_len: Option<usize>,
        profile: SecurityProfile,
        sector: String,
        /// `None` requires PKCE of public clients only.
        require_pkce: Option<bool>,
        tolerances: Tolerances,
        consent: bool,
        offline_agreed: bool,
        former_subs: bool,
        roster_key: Option<RosterKey>,
        audiences: Vec<String>,
        academy: Option<String>,
        perimeter: Perimeter,
    },
    /// A client registered with an initial access token of this academy.
    Registered {
        client_id: String,
        academy: String,
        /// True if the registered client already has a sector of its own and resends the metadata received earlier.
        has_own_sector: bool,
    },
}

/// Validates the fields and builds the client's metadata.
///
/// # Errors
/// The first invalid field.
pub fn validate(f: &ClientMetadataFields, terms: &RegistrationPolicy) -> Result<ClientMetadata, MetadataError> {
    let (profile, registered) = match terms {
        RegistrationPolicy::File { profile, .. } => (*profile, false),
        RegistrationPolicy::Registered { .. } => (SecurityProfile::Plain, true),
    };
    let f = &profile::apply_profile(profile, f)?;
    if let (SecurityProfile::Fapi2, RegistrationPolicy::File { tolerances, .. }) = (profile, terms)
        && let Some((key, _)) = tolerances.non_default().first()
    {
        return invalid(key, "profile fapi2 tolerates nothing: leave it out");
    }
    let native = match f.application_type.as_deref() {
        None | Some("web") => false,
        Some("native") => true,
        Some(_) => return invalid("application_type", "web or native"),
    };
    let auth_method = auth_method(f, terms)?;
    let (grant_types, response_types) = grant_and_response_types(f, auth_method)?;
    uris::validate(f, native, registered, &response_types)?;
    let keys = algorithms::keys(f)?;
    algorithms::authentication(f, auth_method, &keys, profile)?;
    let subject_type = subject_type(f, terms)?;
    let scopes = scopes::allowed_scopes(f, registered, &grant_types)?;
    let default_max_age = match f.default_max_age {
        Some(n) if !(0..=315_360_000).contains(&n) => return invalid("default_max_age", "not a number of seconds"),
        other => other,
    };
    let redirect_uris = f.redirect_uris.clone().unwrap_or_default();
    let mut meta = ClientMetadata {
        client_name: client_name(f, registered)?,
        client_uri: f.client_uri.clone(),
        logo_uri: f.logo_uri.clone(),
        policy_uri: f.policy_uri.clone(),
        tos_uri: f.tos_uri.clone(),
        contacts: short_texts(f.contacts.as_deref(), "contacts")?,
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
        default_acr_values: short_texts(f.default_acr_values.as_deref(), "default_acr_values")?,
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
        former_subs: false,
        roster_key: None,
        audiences: Vec::new(),
        academy: None,
        perimeter: Perimeter::default(),
    };
    apply_policy(&mut meta, f, terms)?;
    Ok(meta)
}

/// Applies the policy, and sets the fields that depend on the policy.
fn apply_policy(
    meta: &mut ClientMetadata,
    f: &ClientMetadataFields,
    terms: &RegistrationPolicy,
) -> Result<(), MetadataError> {
    match terms {
        RegistrationPolicy::Registered { client_id, academy, has_own_sector } => {
            let by_name = f.subject_type.is_some() && !has_own_sector;
            meta.sector = uris::sector(meta, client_id, by_name)?;
            meta.academy = Some(academy.clone());
            meta.perimeter = Perimeter { academies: vec![academy.clone()], ..Perimeter::default() };
        }
        RegistrationPolicy::File {
            sector,
            require_pkce,
            tolerances,
            consent,
            offline_agreed,
            former_subs,
            roster_key,
            audiences,
            academy,
            perimeter,
            ..
        } => {
            if sector.trim().is_empty() {
                return invalid("sector", "it is empty");
            }
            if meta.profile == SecurityProfile::Fapi2 && *require_pkce == Some(false) {
                return invalid("require_pkce", "profile fapi2 has PKCE");
            }
            let public = meta.auth_method == AuthMethod::None;
            let require_pkce = require_pkce.unwrap_or(public);
            if public && !require_pkce {
                return invalid("require_pkce", "a public client needs PKCE");
            }
            meta.sector.clone_from(sector);
            meta.require_pkce = require_pkce;
            meta.tolerances = *tolerances;
            meta.consent = *consent;
            meta.offline_agreed = *offline_agreed;
            meta.former_subs = *former_subs;
            if roster_key.is_some() && meta.subject_type != SubjectType::Roster {
                return invalid("roster_key", "it is for subject_type roster");
            }
            meta.roster_key = *roster_key;
            meta.audiences = short_texts(Some(audiences), "audiences")?;
            meta.academy.clone_from(academy);
            meta.perimeter = perimeter.clone();
        }
    }
    Ok(())
}

/// Returns the client name shown on pages.
fn client_name(f: &ClientMetadataFields, registered: bool) -> Result<String, MetadataError> {
    let first = f.redirect_uris.iter().flatten().next();
    let name = match (&f.client_name, registered) {
        (Some(name), _) => name.trim().to_owned(),
        (None, true) => first.and_then(|uri| crate::protocol::redirect::host(uri)).unwrap_or_else(|| "client".into()),
        (None, false) => return invalid("client_name", "it is missing"),
    };
    // Bidirectional control characters would make the displayed name differ from the stored one.
    let hidden = |c: char| c.is_control() || is_invisible(c) || matches!(c, '\u{2028}' | '\u{2029}');
    if !(1..=100).contains(&name.chars().count()) || name.chars().any(hidden) {
        return invalid("client_name", "1 to 100 characters, none of them invisible");
    }
    Ok(name)
}

/// Validates a short list of short texts.
fn short_texts(list: Option<&[String]>, field: &'static str) -> Result<Vec<String>, MetadataError> {
    let list = list.unwrap_or_default();
    let bad = |text: &String| !(1..=500).contains(&text.chars().count()) || text.chars().any(char::is_control);
    if list.len() > 10 || list.iter().any(bad) {
        return invalid(field, "at most 10 texts of 1 to 500 characters");
    }
    Ok(list.to_vec())
}

fn auth_method(f: &ClientMetadataFields, terms: &RegistrationPolicy) -> Result<AuthMethod, MetadataError> {
    const FIELD: &str = "token_endpoint_auth_method";
    let method = match f.token_endpoint_auth_method.as_deref() {
        None => AuthMethod::ClientSecretBasic,
        Some(name) => match AuthMethod::ALL.into_iter().find(|m| m.name() == name) {
            Some(method) => method,
            None => return invalid(FIELD, "not one that is known here"),
        },
    };
    if let RegistrationPolicy::File { secret_len, .. } = terms {
        match (method.has_secret(), secret_len) {
            (false, Some(_)) => return invalid(FIELD, "a client of this method has no secret"),
            (true, None) => return invalid(FIELD, "client_secret or client_secret_file is missing"),
            (true, Some(n)) if *n < MIN_SECRET_BYTES => return invalid(FIELD, "the secret has 24 characters at least"),
            (true, Some(n)) if method == AuthMethod::ClientSecretJwt && *n < MIN_SIGNING_SECRET_BYTES => {
                return invalid(FIELD, "a secret that signs has 32 bytes at least");
            }
            _ => {}
        }
    }
    Ok(method)
}

/// Validates that grant types and response types match (OIDCR 2, RFC 7591 2.1).
fn grant_and_response_types(
    f: &ClientMetadataFields,
    method: AuthMethod,
) -> Result<(Vec<GrantType>, Vec<ResponseType>), MetadataError> {
    let mut grants = Vec::new();
    match &f.grant_types {
        None => grants.push(GrantType::AuthorizationCode),
        Some(names) => {
            for name in names {
                let Ok(grant) = name.parse::<GrantType>() else {
                    return invalid("grant_types", "one that is not known here");
                };
                if !grants.contains(&grant) {
                    grants.push(grant);
                }
            }
        }
    }
    let has = |grant| grants.contains(&grant);
    if grants.is_empty() {
        return invalid("grant_types", "it is empty");
    }
    if method == AuthMethod::None && has(GrantType::ClientCredentials) {
        return invalid("grant_types", "client_credentials is for confidential clients");
    }
    if has(GrantType::RefreshToken) && !has(GrantType::AuthorizationCode) {
        return invalid("grant_types", "refresh_token needs authorization_code");
    }
    let mut types: Vec<ResponseType> = Vec::new();
    match &f.response_types {
        None if has(GrantType::AuthorizationCode) => types.push(ResponseType::CODE),
        None if has(GrantType::Implicit) => return invalid("response_types", "the implicit grant needs them named"),
        None => {}
        Some(names) => {
            for name in names {
                let Some(kind) = ResponseType::parse(name) else {
                    return invalid("response_types", "one that is not known here");
                };
                if !types.contains(&kind) {
                    types.push(kind);
                }
            }
        }
    }
    if types.iter().any(|kind| kind.code) != has(GrantType::AuthorizationCode) {
        return invalid("response_types", "code and the grant authorization_code need each other");
    }
    if types.iter().any(|kind| kind.uses_front_channel()) && !has(GrantType::Implicit) {
        return invalid("response_types", "id_token and token need the grant implicit");
    }
    Ok((grants, types))
}

fn subject_type(f: &ClientMetadataFields, terms: &RegistrationPolicy) -> Result<SubjectType, MetadataError> {
    let Ok(kind) = f.subject_type.as_deref().unwrap_or("pairwise").parse::<SubjectType>() else {
        return invalid("subject_type", "pairwise or public");
    };
    match (kind, terms) {
        (SubjectType::Roster, RegistrationPolicy::Registered { .. }) => invalid("subject_type", "pairwise or public"),
        (SubjectType::Roster, RegistrationPolicy::File { perimeter: p, .. })
            if p.academies.len() != 1 || !p.ministries.is_empty() || !p.schools.is_empty() =>
        {
            invalid("subject_type", "roster is for a perimeter of one academy and nothing else")
        }
        _ => Ok(kind),
    }
}

#[cfg(test)]
mod sample;
#[cfg(test)]
pub use sample::sample;

#[cfg(test)]
mod tests;
