//! What a profile demands of a client and of each of its requests: one table, pure, that every endpoint asks.
//!
//! `fapi2` is the FAPI 2.0 Security Profile (5.3.2): signed assertions for the issuer alone, tokens bound to a key by
//! DPoP, pushed requests, PKCE, codes only. With `require_signed_request_object` it is Message Signing too (5.3.1 there).
//! Other clients keep what the older specifications allow. Nothing here depends on a request.

use super::{AuthMethod, Flaw, Metadata, flaw};
use crate::base::clock::Span;
use crate::protocol::algorithms::Alg;
use crate::protocol::profile::Profile;
use crate::protocol::registration::Fields;

/// FAPI 2.0 5.4.1: PS256, ES256 or EdDSA. The first is the default of what is signed for the client.
const FAPI2: [Alg; 3] = [Alg::PS256, Alg::ES256, Alg::EdDSA];
/// FAPI 2.0 Message Signing 5.3.1: `exp` at most so long after `nbf`, `nbf` at most so long ago.
const OBJECT_LIFE: Span = Span::minutes(60);

/// What a client may sign with: assertions, request objects and proofs.
pub fn signs_with(profile: Profile) -> &'static [Alg] {
    match profile {
        Profile::Plain => &Alg::ALL,
        Profile::Fapi2 => &FAPI2,
    }
}

/// What is demanded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demands {
    /// RFC 7636.
    pub pkce: bool,
    /// RFC 9126.
    pub pushed: bool,
    /// RFC 9101 10.5.
    pub signed_request: bool,
    /// RFC 9449: no token without a key.
    pub dpop: bool,
    /// What the client may sign with: assertions, request objects and proofs.
    pub signs_with: &'static [Alg],
    /// `aud` of an assertion is our issuer, as one string; else also the endpoint, and among others.
    pub issuer_alone: bool,
    /// `aud`, `exp` and `nbf` of a request object must be there, and these apart at most; else they may be absent.
    pub object_life: Option<Span>,
    /// A refresh token is spent by its use. Only where nothing else proves who uses it.
    pub rotates: bool,
}

/// What is demanded of this client.
pub fn demands(meta: &Metadata) -> Demands {
    let public = meta.auth_method == AuthMethod::None;
    let own = Demands {
        pkce: meta.require_pkce || public,
        pushed: meta.require_par,
        signed_request: meta.require_signed_request_object,
        dpop: meta.dpop_bound,
        signs_with: signs_with(meta.profile),
        issuer_alone: false,
        object_life: None,
        rotates: public,
    };
    match meta.profile {
        Profile::Plain => own,
        Profile::Fapi2 => Demands {
            pkce: true,
            pushed: true,
            dpop: true,
            issuer_alone: true,
            object_life: Some(OBJECT_LIFE),
            rotates: false,
            ..own
        },
    }
}

/// The fields as the profile has them: what is left out is set, what contradicts is refused with its name.
pub(super) fn imposed(profile: Profile, f: &Fields) -> Result<Fields, Flaw> {
    let mut f = f.clone();
    if profile == Profile::Plain {
        return Ok(f);
    }
    let algorithms = FAPI2.map(Alg::name);
    one_of(&mut f.token_endpoint_auth_method, "token_endpoint_auth_method", &["private_key_jwt"])?;
    one_of(&mut f.id_token_signed_response_alg, "id_token_signed_response_alg", &algorithms)?;
    yes(&mut f.dpop_bound_access_tokens, "dpop_bound_access_tokens")?;
    yes(&mut f.require_pushed_authorization_requests, "require_pushed_authorization_requests")?;
    let code = vec!["code".to_owned()];
    if *f.response_types.get_or_insert_with(|| code.clone()) != code {
        return flaw("response_types", "profile fapi2 has code only");
    }
    if f.grant_types.iter().flatten().any(|grant| grant == "implicit") {
        return flaw("grant_types", "profile fapi2 has no implicit grant");
    }
    let signed = [
        ("token_endpoint_auth_signing_alg", &f.token_endpoint_auth_signing_alg),
        ("request_object_signing_alg", &f.request_object_signing_alg),
        ("userinfo_signed_response_alg", &f.userinfo_signed_response_alg),
        ("introspection_signed_response_alg", &f.introspection_signed_response_alg),
    ];
    for (field, alg) in signed {
        if alg.as_deref().is_some_and(|alg| !algorithms.contains(&alg)) {
            return flaw(field, "profile fapi2 has PS256, ES256 or EdDSA");
        }
    }
    Ok(f)
}

/// Sets the first where nothing is said.
fn one_of(said: &mut Option<String>, field: &'static str, allowed: &[&'static str]) -> Result<(), Flaw> {
    let Some(first) = allowed.first() else { return Ok(()) };
    if allowed.contains(&said.get_or_insert_with(|| (*first).to_owned()).as_str()) {
        return Ok(());
    }
    flaw(field, format!("profile fapi2 has {}", allowed.join(", ")))
}

fn yes(said: &mut Option<bool>, field: &'static str) -> Result<(), Flaw> {
    match said.get_or_insert(true) {
        true => Ok(()),
        false => flaw(field, "profile fapi2 has true"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn imposed_on(said: &Value) -> Result<Fields, Flaw> {
        imposed(Profile::Fapi2, &Fields::read(said.clone().as_object_mut().unwrap()).unwrap())
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
        let plain = Fields::read(said.as_object_mut().unwrap()).unwrap();
        assert_eq!(imposed(Profile::Plain, &plain).unwrap(), plain);
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
