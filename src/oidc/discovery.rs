//! `/.well-known/openid-configuration` (OIDCD 3, RFC 8414 2): what is wired, and what is not.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::ACR;
use crate::app::AppState;
use crate::base::lang::Lang;
use crate::clients::AuthMethod;
use crate::protocol::scope::Scope;

/// Paths of the endpoints, used by the router and said here.
pub mod path {
    pub const DISCOVERY: &str = "/.well-known/openid-configuration";
    pub const AUTHORIZE: &str = "/oauth2/authorize";
    pub const TOKEN: &str = "/oauth2/token";
    pub const USERINFO: &str = "/oauth2/userinfo";
    pub const JWKS: &str = "/oauth2/jwks";
    pub const LOGOUT: &str = "/oauth2/logout";
}

pub async fn get(State(app): State<AppState>) -> Response {
    let cache = [(header::CACHE_CONTROL, "public, max-age=300"), (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*")];
    (cache, Json(document(app.issuer()))).into_response()
}

/// The document. The booleans that default to true when absent are said although they are false.
pub fn document(issuer: &str) -> Value {
    let at = |path: &str| format!("{issuer}{path}");
    let mut claims = vec!["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"];
    for scope in Scope::ALL {
        claims.extend(scope.claims().iter().filter(|c| **c != "sub"));
    }
    let methods = [AuthMethod::ClientSecretBasic, AuthMethod::ClientSecretPost, AuthMethod::None];
    json!({
        "issuer": issuer,
        "authorization_endpoint": at(path::AUTHORIZE),
        "token_endpoint": at(path::TOKEN),
        "userinfo_endpoint": at(path::USERINFO),
        "jwks_uri": at(path::JWKS),
        "end_session_endpoint": at(path::LOGOUT),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "frontchannel_logout_supported": true,
        "frontchannel_logout_session_supported": true,
        "scopes_supported": Scope::ALL.map(Scope::name),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["pairwise", "public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": methods.map(AuthMethod::name),
        "code_challenge_methods_supported": ["S256"],
        "acr_values_supported": [ACR],
        "claims_supported": claims,
        "claim_types_supported": ["normal"],
        "display_values_supported": ["page"],
        "prompt_values_supported": ["none", "login", "select_account"],
        "ui_locales_supported": Lang::ALL.map(Lang::tag),
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "authorization_response_iss_parameter_supported": true,
    })
}
