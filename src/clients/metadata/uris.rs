//! Validation of a client's URIs (docs/threats.md#attack-r1 to #attack-r8), and the sector computed from the URIs.

use super::{MetadataError, invalid};
use crate::clients::{ClientMetadata, SubjectType};
use crate::protocol::redirect;
use crate::protocol::registration::ClientMetadataFields;
use crate::protocol::response::ResponseType;

/// The maximum number of redirect URIs, and of each other list of URIs.
const MAX_URIS: usize = 20;

pub(super) fn validate(
    f: &ClientMetadataFields,
    native: bool,
    registered: bool,
    types: &[ResponseType],
) -> Result<(), MetadataError> {
    let redirects = f.redirect_uris.as_deref().unwrap_or_default();
    if redirects.len() > MAX_URIS {
        return invalid("redirect_uris", "20 at most");
    }
    // docs/threats.md#attack-r8: without a registered redirect URI, the first one requested would be accepted by a
    // careless default.
    if redirects.is_empty() && !types.is_empty() {
        return invalid("redirect_uris", "none is named: where people come back to");
    }
    for uri in redirects {
        redirect::validate(uri, native)
            .map_err(|why| MetadataError { field: "redirect_uris", why: why.description().into() })?;
        // OIDCR 2, application_type: front-channel responses to a web client require TLS.
        if registered && !native && types.iter().any(|t| t.uses_front_channel()) && !uri.starts_with("https:") {
            return invalid("redirect_uris", "the implicit grant of a web client needs https");
        }
    }
    let singles = [
        ("client_uri", &f.client_uri),
        ("logo_uri", &f.logo_uri),
        ("policy_uri", &f.policy_uri),
        ("tos_uri", &f.tos_uri),
        ("initiate_login_uri", &f.initiate_login_uri),
        ("jwks_uri", &f.jwks_uri),
        ("sector_identifier_uri", &f.sector_identifier_uri),
        ("backchannel_logout_uri", &f.backchannel_logout_uri),
        ("frontchannel_logout_uri", &f.frontchannel_logout_uri),
    ];
    for (field, uri) in singles {
        if let Some(uri) = uri {
            redirect::validate_other(uri, false)
                .map_err(|why| MetadataError { field, why: why.description().into() })?;
        }
    }
    // OIDCC 4: the scheme must be https.
    if registered && f.initiate_login_uri.as_ref().is_some_and(|uri| !uri.starts_with("https:")) {
        return invalid("initiate_login_uri", "https only");
    }
    let lists =
        [("post_logout_redirect_uris", &f.post_logout_redirect_uris, false), ("request_uris", &f.request_uris, true)];
    for (field, list, fragment) in lists {
        let list = list.as_deref().unwrap_or_default();
        if list.len() > MAX_URIS {
            return invalid(field, "20 at most");
        }
        // End users are redirected to the post-logout URI, so a native client may use a private-use scheme (RPIL 3.1).
        for uri in list {
            let sound = if fragment { redirect::validate_other(uri, true) } else { redirect::validate(uri, native) };
            sound.map_err(|why| MetadataError { field, why: why.description().into() })?;
        }
    }
    Ok(())
}

/// Returns the sector that contains only this client.
pub fn single_client_sector(client_id: &str) -> String {
    format!("client:{client_id}")
}

/// Returns the sector, the set of clients with the same pairwise `sub` (OIDCC 8.1): the host of
/// `sector_identifier_uri`, otherwise the host of all redirect URIs. The prefix `host:` keeps registrations out of the
/// sectors declared in files, unless a file names `host:…` on purpose. Loopback and private-use redirect URIs,
/// registrable by any application, make a sector of their own.
///
/// `by_name`: the client has requested pairwise subjects explicitly, so redirect URIs on several hosts require
/// `sector_identifier_uri`. Otherwise such a client gets a sector of its own, with the same privacy.
pub(super) fn sector(meta: &ClientMetadata, client_id: &str, by_name: bool) -> Result<String, MetadataError> {
    if let Some(uri) = &meta.sector_identifier_uri {
        let Some(host) = redirect::host(uri) else {
            // A sector document on a loopback host: tests and development.
            return Ok(single_client_sector(client_id));
        };
        return Ok(format!("host:{host}"));
    }
    let mut hosts: Vec<Option<String>> = meta.redirect_uris.iter().map(|uri| redirect::host(uri)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    if hosts.len() > 1 && meta.subject_type == SubjectType::Pairwise {
        return match by_name {
            true => invalid("sector_identifier_uri", "redirect URIs of several hosts need it"),
            false => Ok(single_client_sector(client_id)),
        };
    }
    Ok(match hosts.into_iter().flatten().next() {
        Some(host) => format!("host:{host}"),
        None => single_client_sector(client_id),
    })
}
