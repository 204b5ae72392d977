//! The exchanges of a test sign-in as text, one parameter a line.

use serde_json::json;

use super::outcome::{TestStep, TestStepKind};
use super::shown::{cut, pretty};
use crate::app::Operation;
use crate::clients::Client;
use crate::http::paths;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::OAuthError;

/// Returns the scheme of the client's access tokens.
pub fn scheme(client: &Client) -> &'static str {
    if client.requirements().dpop { "DPoP" } else { "Bearer" }
}

/// Writes a call: its address and one parameter a line.
pub fn call(method: &str, address: &str, pairs: &[(&str, String)]) -> String {
    let lines: String = pairs.iter().map(|(name, value)| format!("\n  {name} = {value}")).collect();
    format!("{method} {address}{lines}")
}

/// Writes an error.
pub fn error_text(error: &OAuthError) -> String {
    format!("error = {}\nerror_description = {}", error.code.name(), error.description)
}

/// Writes the request as the client sends it: by the browser, or pushed first where it must.
pub fn request_steps(
    op: &Operation<'_>,
    client: &Client,
    pairs: &[(&'static str, String)],
    answer: &str,
) -> Vec<TestStep> {
    let at = |path: &str| format!("{}{path}", op.app.issuer());
    let step = |kind, request, answer: &str| TestStep { kind, request, answer: answer.to_owned() };
    if !client.requirements().par {
        return vec![step(TestStepKind::Authorize, call("GET", &at(paths::AUTHORIZE), pairs), answer)];
    }
    let uri = "urn:ietf:params:oauth:request_uri:…";
    let pushed = pretty(&json!({ "request_uri": uri, "expires_in": 60 }));
    let short = [("client_id", client.id.to_string()), ("request_uri", uri.to_owned())];
    vec![
        step(TestStepKind::Pushed, call("POST", &at(paths::PAR), pairs), &format!("201 Created\n{pushed}")),
        step(TestStepKind::Authorize, call("GET", &at(paths::AUTHORIZE), &short), answer),
    ]
}

/// Writes the answer by the browser.
pub fn callback(op: &Operation<'_>, request: &AuthorizeRequest, code: Option<&str>) -> String {
    let mut pairs: Vec<(&str, String)> = Vec::new();
    pairs.extend(code.map(|code| ("code", cut(code))));
    if request.response_type.id_token {
        pairs.push(("id_token", "…".to_owned()));
    }
    if request.response_type.token {
        pairs.push(("access_token", "…".to_owned()));
    }
    pairs.extend(request.state.clone().map(|state| ("state", state)));
    pairs.push(("iss", op.app.issuer().to_owned()));
    let mode: &str = request.response_mode.into();
    call(mode, &request.redirect_uri, &pairs)
}
