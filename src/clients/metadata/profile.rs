//! Requirements of a security profile for a client and for each of its requests: one pure table, used by every
//! endpoint.
//!
//! `fapi2` is the FAPI 2.0 Security Profile (5.3.2): client assertions with the issuer as only audience, DPoP-bound
//! tokens, pushed authorization requests, PKCE, and the code flow only. With `require_signed_request_object`, `fapi2`
//! is Message Signing too (5.3.1 of FAPI 2.0 Message Signing). Other clients keep the permissions of the older
//! specifications. Nothing here depends on a request.

use super::{AuthMethod, ClientMetadata, MetadataError, invalid};
use crate::base::clock::Span;
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::registration::ClientMetadataFields;

/// The algorithms of FAPI 2.0 5.4.1: PS256, ES256 or EdDSA. The first one is the default for ID tokens.
const FAPI2_ALGORITHMS: [Alg; 3] = [Alg::PS256, Alg::ES256, Alg::EdDSA];
/// The maximum time between `nbf` and `exp` of a request object, and the maximum age of `nbf` (FAPI 2.0 Message Signing
/// 5.3.1).
const MAX_REQUEST_OBJECT_TTL: Span = Span::minutes(60);

/// Returns the algorithms allowed for signatures by the client: client assertions, request objects and DPoP proofs.
pub fn allowed_algorithms(profile: SecurityProfile) -> &'static [Alg] {
    match profile {
        SecurityProfile::Plain => &Alg::ALL,
        SecurityProfile::Fapi2 => &FAPI2_ALGORITHMS,
    }
}

/// The requirements for a client's requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientRequirements {
    /// PKCE (RFC 7636).
    pub pkce: bool,
    /// Pushed authorization requests (RFC 9126).
    pub par: bool,
    /// Signed request objects (RFC 9101 10.5).
    pub signed_request: bool,
    /// DPoP-bound tokens (RFC 9449).
    pub dpop: bool,
    /// The algorithms of client assertions, request objects and DPoP proofs.
    pub allowed_algorithms: &'static [Alg],
    /// True if `aud` of a client assertion must be the issuer as a single string; otherwise the endpoint URL and a list
    /// of audiences are accepted too.
    pub issuer_only_audience: bool,
    /// The maximum time between `nbf` and `exp` of a request object; `aud`, `exp` and `nbf` are then required. `None`
    /// makes these claims optional.
    pub max_request_object_ttl: Option<Span>,
    /// True if refresh tokens are rotated: only for clients without another proof of possession.
    pub rotates_refresh_tokens: bool,
}

/// Returns the requirements for a client.
pub fn requirements(meta: &ClientMetadata) -> ClientRequirements {
    let public = meta.auth_method == AuthMethod::None;
    let own = ClientRequirements {
        pkce: meta.require_pkce || public,
        par: meta.require_par,
        signed_request: meta.require_signed_request_object,
        dpop: meta.dpop_bound,
        allowed_algorithms: allowed_algorithms(meta.profile),
        issuer_only_audience: false,
        max_request_object_ttl: None,
        rotates_refresh_tokens: public,
    };
    match meta.profile {
        SecurityProfile::Plain => own,
        SecurityProfile::Fapi2 => ClientRequirements {
            pkce: true,
            par: true,
            dpop: true,
            issuer_only_audience: true,
            max_request_object_ttl: Some(MAX_REQUEST_OBJECT_TTL),
            rotates_refresh_tokens: false,
            ..own
        },
    }
}

/// Applies the profile to the fields: missing values are set, contradicting values are rejected with the field's name.
pub(super) fn apply_profile(
    profile: SecurityProfile,
    f: &ClientMetadataFields,
) -> Result<ClientMetadataFields, MetadataError> {
    let mut f = f.clone();
    if profile == SecurityProfile::Plain {
        return Ok(f);
    }
    let algorithms = FAPI2_ALGORITHMS.map(Alg::name);
    require_one_of(&mut f.token_endpoint_auth_method, "token_endpoint_auth_method", &["private_key_jwt"])?;
    require_one_of(&mut f.id_token_signed_response_alg, "id_token_signed_response_alg", &algorithms)?;
    require_true(&mut f.dpop_bound_access_tokens, "dpop_bound_access_tokens")?;
    require_true(&mut f.require_pushed_authorization_requests, "require_pushed_authorization_requests")?;
    let code = vec!["code".to_owned()];
    if *f.response_types.get_or_insert_with(|| code.clone()) != code {
        return invalid("response_types", "profile fapi2 has code only");
    }
    if f.grant_types.iter().flatten().any(|grant| grant == "implicit") {
        return invalid("grant_types", "profile fapi2 has no implicit grant");
    }
    let signed = [
        ("token_endpoint_auth_signing_alg", &f.token_endpoint_auth_signing_alg),
        ("request_object_signing_alg", &f.request_object_signing_alg),
        ("userinfo_signed_response_alg", &f.userinfo_signed_response_alg),
        ("introspection_signed_response_alg", &f.introspection_signed_response_alg),
    ];
    for (field, alg) in signed {
        if alg.as_deref().is_some_and(|alg| !algorithms.contains(&alg)) {
            return invalid(field, "profile fapi2 has PS256, ES256 or EdDSA");
        }
    }
    Ok(f)
}

/// Sets a missing value to the first allowed one, and rejects other values.
fn require_one_of(
    said: &mut Option<String>,
    field: &'static str,
    allowed: &[&'static str],
) -> Result<(), MetadataError> {
    let Some(first) = allowed.first() else { return Ok(()) };
    if allowed.contains(&said.get_or_insert_with(|| (*first).to_owned()).as_str()) {
        return Ok(());
    }
    invalid(field, format!("profile fapi2 has {}", allowed.join(", ")))
}

fn require_true(said: &mut Option<bool>, field: &'static str) -> Result<(), MetadataError> {
    match said.get_or_insert(true) {
        true => Ok(()),
        false => invalid(field, "profile fapi2 has true"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn imposed_on(said: &Value) -> Result<ClientMetadataFields, MetadataError> {
        apply_profile(
            SecurityProfile::Fapi2,
            &ClientMetadataFields::read(said.clone().as_object_mut().unwrap()).unwrap(),
        )
    }

    #[test]
    fn faults_d3_what_is_left_out_is_set() {
        let f = imposed_on(&json!({})).unwrap();
        assert_eq!(f.token_endpoint_auth_method.as_deref(), Some("private_key_jwt"));
        assert_eq!(f.id_token_signed_response_alg.as_deref(), Some("PS256"));
        assert_eq!((f.dpop_bound_access_tokens, f.require_pushed_authorization_requests), (Some(true), Some(true)));
        assert_eq!(f.response_types, Some(vec!["code".to_owned()]));
        let mut said = json!({
            "id_token_signed_response_alg": "ES256", "response_types": ["code"], "userinfo_signed_response_alg": "EdDSA",
        });
        assert_eq!(imposed_on(&said).unwrap().id_token_signed_response_alg.as_deref(), Some("ES256"), "by choice");
        let plain = ClientMetadataFields::read(said.as_object_mut().unwrap()).unwrap();
        assert_eq!(apply_profile(SecurityProfile::Plain, &plain).unwrap(), plain);
    }

    #[test]
    fn faults_d3_what_contradicts_is_refused_with_its_name() {
        for (field, value) in [
            ("token_endpoint_auth_method", json!("client_secret_basic")),
            ("token_endpoint_auth_method", json!("none")),
            ("token_endpoint_auth_signing_alg", json!("RS256")),
            ("id_token_signed_response_alg", json!("RS256")),
            ("userinfo_signed_response_alg", json!("RS256")),
            ("introspection_signed_response_alg", json!("RS256")),
            ("request_object_signing_alg", json!("RS256")),
            ("dpop_bound_access_tokens", json!(false)),
            ("require_pushed_authorization_requests", json!(false)),
            ("response_types", json!(["code", "code id_token"])),
            ("response_types", json!([])),
            ("grant_types", json!(["authorization_code", "implicit"])),
        ] {
            let said = json!({ field: value });
            assert_eq!(imposed_on(&said).unwrap_err().field, field, "{said}");
        }
    }
}
