//! The URIs of a client, all of them vetted (docs/threats.md#attack-r1 to #attack-r8), and the sector that they make.

use super::{Flaw, flaw};
use crate::clients::{Metadata, SubjectType};
use crate::protocol::redirect;
use crate::protocol::registration::Fields;
use crate::protocol::response::ResponseType;

/// Of redirect URIs and of request URIs.
const MOST: usize = 20;

pub(super) fn vet(f: &Fields, native: bool, registered: bool, types: &[ResponseType]) -> Result<(), Flaw> {
    let redirects = f.redirect_uris.as_deref().unwrap_or_default();
    if redirects.len() > MOST {
        return flaw("redirect_uris", "20 at most");
    }
    // docs/threats.md#attack-r8: without one the first that comes would be taken by somebody's default.
    if redirects.is_empty() && !types.is_empty() {
        return flaw("redirect_uris", "none is named: where people come back to");
    }
    for uri in redirects {
        redirect::vet(uri, native).map_err(|why| Flaw { field: "redirect_uris", why: why.words().into() })?;
        // OIDCR 2, application_type: what comes by the front channel goes over TLS to a web client.
        if registered && !native && types.iter().any(|t| t.is_front()) && !uri.starts_with("https:") {
            return flaw("redirect_uris", "the implicit grant of a web client needs https");
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
            redirect::vet_other(uri, false).map_err(|why| Flaw { field, why: why.words().into() })?;
        }
    }
    // OIDCC 4: the scheme must be https.
    if registered && f.initiate_login_uri.as_ref().is_some_and(|uri| !uri.starts_with("https:")) {
        return flaw("initiate_login_uri", "https only");
    }
    let lists =
        [("post_logout_redirect_uris", &f.post_logout_redirect_uris, false), ("request_uris", &f.request_uris, true)];
    for (field, list, fragment) in lists {
        let list = list.as_deref().unwrap_or_default();
        if list.len() > MOST {
            return flaw(field, "20 at most");
        }
        // People come back to it, so a native client may have a scheme of its own (RPIL 3.1).
        for uri in list {
            let sound = if fragment { redirect::vet_other(uri, true) } else { redirect::vet(uri, native) };
            sound.map_err(|why| Flaw { field, why: why.words().into() })?;
        }
    }
    Ok(())
}

/// The sector of one client alone.
pub fn own_sector(client_id: &str) -> String {
    format!("client:{client_id}")
}

/// Who sees one `sub` (OIDCC 8.1): the host of the sector's document, else of all redirect URIs. Named so that no
/// registration enters a sector of the files by chance (a file that names `host:…` means it); what anybody could
/// register is a sector of its own.
///
/// `by_name`: the client asked for pairwise subjects in so many words, and with several hosts must say which sector it
/// means. Who did not gets one of its own, as private.
pub(super) fn sector(meta: &Metadata, client_id: &str, by_name: bool) -> Result<String, Flaw> {
    if let Some(uri) = &meta.sector_identifier_uri {
        let Some(host) = redirect::host(uri) else {
            // The document of this machine: tests and development.
            return Ok(own_sector(client_id));
        };
        return Ok(format!("host:{host}"));
    }
    let mut hosts: Vec<Option<String>> = meta.redirect_uris.iter().map(|uri| redirect::host(uri)).collect();
    hosts.sort_unstable();
    hosts.dedup();
    if hosts.len() > 1 && meta.subject_type == SubjectType::Pairwise {
        return match by_name {
            true => flaw("sector_identifier_uri", "redirect URIs of several hosts need it"),
            false => Ok(own_sector(client_id)),
        };
    }
    Ok(match hosts.into_iter().flatten().next() {
        Some(host) => format!("host:{host}"),
        None => own_sector(client_id),
    })
}
