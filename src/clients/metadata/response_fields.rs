//! The metadata in a registration response: every registered value under its RFC 7591 name, defaults included (RFC 7591
//! 3.2.1).

use crate::clients::{AuthMethod, ClientMetadata, GrantType, SubjectType};
use crate::protocol::algorithms::Alg;
use crate::protocol::registration::ClientMetadataFields;
use crate::protocol::response::ResponseType;

/// The fields that the console names in words (`admin-field-…`); any other is told by its own name.
pub const NAMED_FIELDS: [&str; 22] = [
    "client_name",
    "client_uri",
    "logo_uri",
    "contacts",
    "redirect_uris",
    "post_logout_redirect_uris",
    "backchannel_logout_uri",
    "initiate_login_uri",
    "sector_identifier_uri",
    "token_endpoint_auth_method",
    "jwks_uri",
    "scope",
    "subject_type",
    "profile",
    "require_pkce",
    "sector",
    "academies",
    "ministries",
    "schools",
    "profiles",
    "application_type",
    "grant_types",
];

fn non_empty(all: &[String]) -> Option<Vec<String>> {
    (!all.is_empty()).then(|| all.to_vec())
}

fn owned(text: &'static str) -> Option<String> {
    Some(text.to_owned())
}

/// Converts metadata back to fields: the inverse of [`super::validate`], without the policy.
pub fn to_fields(m: &ClientMetadata) -> ClientMetadataFields {
    let alg = |alg: Option<Alg>| alg.map(|alg| alg.name().to_owned());
    let (id_token, userinfo) = (m.id_token.encrypted, m.userinfo.encrypted);
    ClientMetadataFields {
        client_name: Some(m.client_name.clone()),
        client_uri: m.client_uri.clone(),
        logo_uri: m.logo_uri.clone(),
        policy_uri: m.policy_uri.clone(),
        tos_uri: m.tos_uri.clone(),
        contacts: non_empty(&m.contacts),
        redirect_uris: non_empty(&m.redirect_uris),
        post_logout_redirect_uris: non_empty(&m.post_logout_redirect_uris),
        initiate_login_uri: m.initiate_login_uri.clone(),
        request_uris: non_empty(&m.request_uris),
        jwks: m.jwks.clone(),
        jwks_uri: m.jwks_uri.clone(),
        token_endpoint_auth_method: owned(m.auth_method.name()),
        token_endpoint_auth_signing_alg: match m.auth_method {
            AuthMethod::ClientSecretJwt => owned("HS256"),
            _ => alg(m.auth_signing_alg),
        },
        grant_types: Some(m.grant_types.iter().copied().map(GrantType::name).map(str::to_owned).collect()),
        response_types: Some(m.response_types.iter().copied().map(ResponseType::name).map(str::to_owned).collect()),
        application_type: owned(if m.native { "native" } else { "web" }),
        scope: Some(m.scopes.to_scope_string()),
        subject_type: owned(match m.subject_type {
            SubjectType::Pairwise => "pairwise",
            SubjectType::Public => "public",
            SubjectType::Roster => "roster",
        }),
        sector_identifier_uri: m.sector_identifier_uri.clone(),
        default_max_age: m.default_max_age,
        require_auth_time: Some(m.require_auth_time),
        default_acr_values: non_empty(&m.default_acr_values),
        id_token_signed_response_alg: alg(Some(m.id_token.signed.unwrap_or(Alg::RS256))),
        id_token_encrypted_response_alg: id_token.map(|e| e.alg.name().to_owned()),
        id_token_encrypted_response_enc: id_token.map(|e| e.enc.name().to_owned()),
        userinfo_signed_response_alg: alg(m.userinfo.signed),
        userinfo_encrypted_response_alg: userinfo.map(|e| e.alg.name().to_owned()),
        userinfo_encrypted_response_enc: userinfo.map(|e| e.enc.name().to_owned()),
        introspection_signed_response_alg: alg(m.introspection.signed),
        request_object_signing_alg: alg(m.request_object_signing_alg),
        require_signed_request_object: Some(m.require_signed_request_object),
        require_pushed_authorization_requests: Some(m.require_par),
        dpop_bound_access_tokens: Some(m.dpop_bound),
        backchannel_logout_uri: m.backchannel_logout_uri.clone(),
        backchannel_logout_session_required: Some(m.backchannel_logout_session_required),
        frontchannel_logout_uri: m.frontchannel_logout_uri.clone(),
        frontchannel_logout_session_required: Some(m.frontchannel_logout_session_required),
    }
}
