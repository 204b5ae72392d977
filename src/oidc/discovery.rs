//! `/.well-known/openid-configuration` (OIDCD 3, RFC 8414 2): the supported features, and explicitly the unsupported
//! ones.

use axum::body::Bytes;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use strum::VariantArray;

use crate::app::App;
use crate::base::lang::Lang;
use crate::clients::metadata::allowed_algorithms;
use crate::clients::{AuthMethod, GrantType};
use crate::http::paths;
use crate::protocol::acr::Acr;
use crate::protocol::algorithms::{Alg, ContentEncryption, KeyManagement};
use crate::protocol::authorize::Prompt;
use crate::protocol::claim::Claim;
use crate::protocol::profile::SecurityProfile;
use crate::protocol::response::{ResponseMode, ResponseType};
use crate::protocol::scope::Scope;

/// Returns the response's body, which depends on the configuration alone.
pub fn body(app: &App) -> Bytes {
    document(app.issuer(), &app.config.keys.algorithms).to_string().into()
}

/// Answers with the [`body`] that was built at start.
pub fn respond(body: Bytes) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
    ];
    (headers, body).into_response()
}

/// Builds the document from the tables that the endpoints themselves use. Booleans with the default true are listed if
/// false.
pub fn document(issuer: &str, algorithms: &[Alg]) -> Value {
    let mut out = Map::new();
    for part in [endpoints(issuer), requests(), tokens(algorithms), client_authentication(), logout()] {
        if let Value::Object(part) = part {
            out.extend(part);
        }
    }
    Value::Object(out)
}

fn endpoints(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(paths::AUTHORIZE),
        "token_endpoint": at(paths::TOKEN),
        "userinfo_endpoint": at(paths::USERINFO),
        "jwks_uri": at(paths::JWKS),
        "registration_endpoint": at(paths::REGISTER),
        "end_session_endpoint": at(paths::LOGOUT),
        "pushed_authorization_request_endpoint": at(paths::PAR),
        "introspection_endpoint": at(paths::INTROSPECT),
        "revocation_endpoint": at(paths::REVOKE),
    })
}

fn requests() -> Value {
    json!({
        "response_types_supported": ResponseType::ALL.map(ResponseType::name),
        "response_modes_supported": ResponseMode::ALL.map(ResponseMode::name),
        "scopes_supported": Scope::ALL.map(Scope::name),
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": Acr::REACHABLE.map(Acr::name),
        "display_values_supported": ["page"],
        "prompt_values_supported": Prompt::VALUES,
        "ui_locales_supported": Lang::ALL.map(Lang::tag),
        "claims_parameter_supported": true,
        "request_parameter_supported": true,
        "request_uri_parameter_supported": true,
        "require_request_uri_registration": true,
        "request_object_signing_alg_values_supported": client_signing_algorithms(),
        "require_pushed_authorization_requests": false,
        "authorization_response_iss_parameter_supported": true,
    })
}

fn tokens(algorithms: &[Alg]) -> Value {
    let signing: Vec<&str> = algorithms.iter().copied().map(Alg::name).collect();
    let alg = KeyManagement::ALL.map(KeyManagement::name);
    let enc = ContentEncryption::ALL.map(ContentEncryption::name);
    let fixed = ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", "c_hash"];
    let known = Claim::VARIANTS.iter().filter(|claim| **claim != Claim::Sub).map(|claim| claim.name());
    // `former_subs` is not among them: no scope grants it and no request names it, a client's file alone asks for it.
    let claims: Vec<&str> = fixed.into_iter().chain(known).collect();
    json!({
        "grant_types_supported": GrantType::ALL.map(GrantType::name),
        "subject_types_supported": ["pairwise", "public"],
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "id_token_signing_alg_values_supported": signing,
        "id_token_encryption_alg_values_supported": alg,
        "id_token_encryption_enc_values_supported": enc,
        "userinfo_signing_alg_values_supported": signing,
        "userinfo_encryption_alg_values_supported": alg,
        "userinfo_encryption_enc_values_supported": enc,
        "introspection_signing_alg_values_supported": signing,
        "dpop_signing_alg_values_supported": client_signing_algorithms(),
    })
}

/// Returns the signing algorithms accepted from clients; a security profile may accept fewer.
fn client_signing_algorithms() -> Vec<&'static str> {
    allowed_algorithms(SecurityProfile::Plain).iter().copied().map(Alg::name).collect()
}

fn client_authentication() -> Value {
    let methods = AuthMethod::ALL.map(AuthMethod::name);
    // A public client may revoke a token, but may not introspect one.
    let proving = AuthMethod::ALL.into_iter().filter(|m| *m != AuthMethod::None).map(AuthMethod::name);
    let proving: Vec<&str> = proving.collect();
    let signing: Vec<&str> = client_signing_algorithms().into_iter().chain(["HS256"]).collect();
    json!({
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": signing,
        "introspection_endpoint_auth_methods_supported": proving,
        "introspection_endpoint_auth_signing_alg_values_supported": signing,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": signing,
    })
}

fn logout() -> Value {
    json!({
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
    })
}
