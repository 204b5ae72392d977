//! Reading relying parties from the deployment's files into rows; proving who a client is.

pub mod logo;

use super::{AuthMethod, Client, GrantType, Metadata, Perimeter, Protection, SubjectType, is_client_id, store};
use crate::base::clock::Timestamp;
use crate::base::secret::{Secret, digest, same};
use crate::config::deployment::{ClientFile, Declared};
use crate::db::Tx;
use crate::protocol::redirect::{self, RedirectFlaw};
use crate::protocol::response::ResponseType;
use crate::protocol::scope::Scopes;

#[derive(Debug, thiserror::Error)]
pub enum ClientFileError {
    #[error("client {0}: {1}")]
    Rule(String, String),
    #[error("client {id}: redirect URI {uri}: {flaw}")]
    Redirect { id: String, uri: String, flaw: RedirectFlaw },
    #[error(transparent)]
    Db(#[from] crate::db::Error),
}

/// Writes every declared client; one whose file is gone is suspended.
///
/// # Errors
/// A file that breaks a rule: nothing of the transaction may then be kept.
pub async fn declare(tx: &mut Tx, now: Timestamp, declared: &Declared) -> Result<(), ClientFileError> {
    for (file, secret) in &declared.clients {
        let meta = metadata(file, secret.as_ref(), declared)?;
        let text =
            serde_json::to_string(&meta).map_err(|e| ClientFileError::Rule(file.client_id.clone(), e.to_string()))?;
        let secret = secret.as_ref().map(|s| digest(s.expose()));
        store::put_from_file(tx, now, &file.client_id, &text, secret.as_deref()).await?;
    }
    for id in store::ids_from_files(tx).await? {
        if !declared.clients.iter().any(|(f, _)| f.client_id == id) {
            store::set_gone(tx, now, &id).await?;
        }
    }
    Ok(())
}

fn metadata(file: &ClientFile, secret: Option<&Secret>, declared: &Declared) -> Result<Metadata, ClientFileError> {
    let rule = |why: String| ClientFileError::Rule(file.client_id.clone(), why);
    if !is_client_id(&file.client_id) {
        return Err(rule("client_id has 1 to 100 letters, digits, - _ . ~".into()));
    }
    let auth_method = AuthMethod::ALL.into_iter().find(|m| m.name() == file.token_endpoint_auth_method);
    let Some(auth_method) = auth_method else {
        return Err(rule(format!("token_endpoint_auth_method {} is not known", file.token_endpoint_auth_method)));
    };
    match (auth_method, secret) {
        (AuthMethod::ClientSecretJwt | AuthMethod::PrivateKeyJwt, _) => {
            return Err(rule("this version takes client_secret_basic, client_secret_post or none".into()));
        }
        (AuthMethod::None, Some(_)) => return Err(rule("a public client (none) has no secret".into())),
        (AuthMethod::None, None) if !file.require_pkce => return Err(rule("a public client needs PKCE".into())),
        (AuthMethod::None, None) => {}
        (_, None) => return Err(rule("client_secret or client_secret_file is missing".into())),
        (_, Some(s)) if s.expose().len() < 24 => return Err(rule("the secret has 24 characters at least".into())),
        (_, Some(_)) => {}
    }
    if file.grant_types != ["authorization_code"] || file.response_types != ["code"] {
        return Err(rule(
            "this version knows grant_types [\"authorization_code\"] and response_types [\"code\"]".into(),
        ));
    }
    let native = match file.application_type.as_str() {
        "web" => false,
        "native" => true,
        other => return Err(rule(format!("application_type {other} is not web or native"))),
    };
    if file.redirect_uris.is_empty() {
        return Err(rule("redirect_uris is empty".into()));
    }
    for uri in file.redirect_uris.iter().chain(&file.post_logout_redirect_uris) {
        let bad = |flaw| ClientFileError::Redirect { id: file.client_id.clone(), uri: uri.clone(), flaw };
        redirect::vet(uri, native).map_err(bad)?;
    }
    let logout = file.backchannel_logout_uri.iter().chain(&file.frontchannel_logout_uri);
    for uri in file.client_uri.iter().chain(&file.initiate_login_uri).chain(logout) {
        redirect::vet(uri, false).map_err(|flaw| rule(format!("{uri}: {flaw}")))?;
    }
    let Some(subject_type) = SubjectType::from_name(&file.subject_type) else {
        return Err(rule(format!("subject_type {} is not pairwise or public", file.subject_type)));
    };
    let Some(scopes) = Scopes::parse(&file.scope) else { return Err(rule("scope holds a forbidden character".into())) };
    if let Some(word) = file.scope.split_ascii_whitespace().find(|w| !scopes.text().split(' ').any(|s| s == *w)) {
        return Err(rule(format!("scope {word} is not known")));
    }
    if file.sector.trim().is_empty() {
        return Err(rule("sector is empty".into()));
    }
    let p = &file.perimeter;
    let missing = p.academies.iter().find(|a| !declared.academies.iter().any(|d| d.id == **a));
    let missing = missing.or_else(|| p.ministries.iter().find(|m| !declared.ministries.iter().any(|d| d.id == **m)));
    let missing = missing.or_else(|| p.schools.iter().find(|s| !declared.schools.iter().any(|d| d.uai == **s)));
    if let Some(name) = missing {
        return Err(rule(format!("perimeter: {name} is not declared")));
    }
    if let Some(name) = p.profiles.iter().find(|p| !["responsable", "eleve"].contains(&p.as_str())) {
        return Err(rule(format!("perimeter: profile {name} is not responsable or eleve")));
    }
    Ok(Metadata {
        client_name: file.client_name.clone(),
        client_uri: file.client_uri.clone(),
        logo_uri: None,
        policy_uri: None,
        tos_uri: None,
        contacts: Vec::new(),
        redirect_uris: file.redirect_uris.clone(),
        post_logout_redirect_uris: file.post_logout_redirect_uris.clone(),
        initiate_login_uri: file.initiate_login_uri.clone(),
        request_uris: Vec::new(),
        auth_method,
        auth_signing_alg: None,
        jwks: None,
        jwks_uri: None,
        grant_types: vec![GrantType::AuthorizationCode],
        response_types: vec![ResponseType::CODE],
        native,
        scopes,
        subject_type,
        sector: file.sector.clone(),
        sector_identifier_uri: None,
        default_max_age: file.default_max_age,
        require_auth_time: file.require_auth_time,
        default_acr_values: Vec::new(),
        id_token: Protection::default(),
        userinfo: Protection::default(),
        introspection: Protection::default(),
        request_object_signing_alg: None,
        require_signed_request_object: false,
        require_par: false,
        dpop_bound: false,
        backchannel_logout_uri: file.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: file.backchannel_logout_session_required,
        frontchannel_logout_uri: file.frontchannel_logout_uri.clone(),
        frontchannel_logout_session_required: file.frontchannel_logout_session_required,
        require_pkce: file.require_pkce,
        consent: false,
        offline_agreed: false,
        audiences: Vec::new(),
        academy: None,
        perimeter: Perimeter {
            academies: p.academies.clone(),
            ministries: p.ministries.clone(),
            schools: p.schools.clone(),
            profiles: p.profiles.clone(),
        },
    })
}

/// Whether a presented secret is the client's. An empty one never is (ABUSE C6).
pub async fn keys(
    _app: &crate::app::App,
    _now: Timestamp,
    client: &Client,
    _kid: Option<&str>,
) -> anyhow::Result<Option<crate::jose::KeySet>> {
    Ok(client.meta.jwks.as_ref().map(crate::jose::KeySet::parse).transpose()?)
}
pub fn signing_secret(_app: &crate::app::App, _client: &Client) -> anyhow::Result<Option<Secret>> {
    Ok(None)
}
pub fn secret_is_right(client: &Client, presented: &str, _now: Timestamp) -> bool {
    match &client.secret_digest {
        Some(stored) if !presented.is_empty() => same(stored, &digest(presented)),
        _ => false,
    }
}
