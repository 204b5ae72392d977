//! The claims of an upstream, as its file maps them: names, profile, schools, level.
//!
//! Pure. A value that cannot be is passed over; whether it was needed is decided here, too.

use serde_json::{Map, Value};

use super::id_token::CheckedIdToken;
use super::{UpstreamFailure, UpstreamIdentity};
use crate::base::profile::Profile;
use crate::base::uai::Uai;
use crate::config::deployment::{Upstream, UpstreamKind};
use crate::protocol::acr::Amr;

/// The maximum length of a name, in characters.
const MAX_NAME_CHARS: usize = 100;
/// The maximum length of an `acr` that is kept, in bytes.
const MAX_ACR_BYTES: usize = 200;
/// The maximum number of schools, and of values of a claim that are looked at.
const MAX_VALUES: usize = 50;

/// The verified claims of one answer: those of userinfo before those of the ID token.
#[derive(Clone, Copy, Debug)]
pub struct AnswerClaims<'a> {
    pub id_token: &'a Map<String, Value>,
    pub userinfo: &'a Map<String, Value>,
}

impl AnswerClaims<'_> {
    /// Returns the texts of a claim, which is a text or a list of texts.
    fn texts(&self, name: &str) -> Vec<&str> {
        match self.userinfo.get(name).or_else(|| self.id_token.get(name)) {
            Some(Value::String(one)) => vec![one.as_str()],
            Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).take(MAX_VALUES).collect(),
            _ => Vec::new(),
        }
    }

    /// Returns a name: the first text of the claim, without blanks around it. None that could not be shown.
    fn name(&self, claim: &str) -> Option<String> {
        let text = self.texts(claim).first()?.split_whitespace().collect::<Vec<_>>().join(" ");
        let fits = (1..=MAX_NAME_CHARS).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        fits.then_some(text)
    }
}

/// Returns the person of a checked answer.
///
/// # Errors
/// The names or the profile are missing, or none that the file knows.
pub fn identity(
    upstream: &Upstream,
    claims: AnswerClaims<'_>,
    checked: CheckedIdToken,
    id_token: &str,
) -> Result<UpstreamIdentity, UpstreamFailure> {
    let names = &upstream.claims;
    let given_name = claims.name(&names.given_name).ok_or(UpstreamFailure::NoName)?;
    let family_name = claims.name(&names.family_name).ok_or(UpstreamFailure::NoName)?;
    let profile = match upstream.kind {
        UpstreamKind::Academy => Some(profile(upstream, claims).ok_or(UpstreamFailure::UnknownProfile)?),
        UpstreamKind::Franceconnect => None,
    };
    let acr = claims.id_token.get("acr").and_then(Value::as_str).filter(|acr| acr.len() <= MAX_ACR_BYTES);
    let level = acr.and_then(|acr| upstream.level_of(acr));
    Ok(UpstreamIdentity {
        sub: checked.sub,
        given_name,
        family_name,
        usage_name: names.usage_name.as_deref().and_then(|claim| claims.name(claim)),
        profile,
        schools: schools(upstream, claims),
        acr: acr.map(str::to_owned),
        level,
        amr: if upstream.passes_amr { methods(claims.id_token) } else { Vec::new() },
        authenticated_at: checked.authenticated_at,
        id_token: id_token.to_owned(),
    })
}

/// Returns the profile of the first value that the file knows, claim by claim.
fn profile(upstream: &Upstream, claims: AnswerClaims<'_>) -> Option<Profile> {
    let known = |text: &str| {
        let text = text.trim();
        upstream.profile_values.iter().find(|mapped| mapped.value.to_lowercase() == text.to_lowercase())
    };
    let found = upstream.claims.profile.iter().find_map(|claim| claims.texts(claim).into_iter().find_map(known))?;
    upstream.profiles.contains(&found.profile).then_some(found.profile)
}

/// Returns the schools, each once. `FrEduRne` has more behind a `$` (`0349999J$UAJ$PU$…`); what is no UAI is passed
/// over.
fn schools(upstream: &Upstream, claims: AnswerClaims<'_>) -> Vec<Uai> {
    let mut found: Vec<Uai> = Vec::new();
    for text in upstream.claims.schools.iter().flat_map(|claim| claims.texts(claim)) {
        let number = text.split('$').next().unwrap_or_default();
        if let Ok(uai) = Uai::parse(number)
            && !found.contains(&uai)
            && found.len() < MAX_VALUES
        {
            found.push(uai);
        }
    }
    found
}

/// Returns the methods that Préau knows too (RFC 8176), in their order.
fn methods(id_token: &Map<String, Value>) -> Vec<Amr> {
    let told = id_token.get("amr").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let mut known: Vec<Amr> = told.filter_map(|word| word.parse().ok()).collect();
    known.sort_unstable();
    known.dedup();
    known
}
