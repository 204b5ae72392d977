//! Scopes of a client: the scopes in the client's file, or the scopes allowed for registered clients (RFC 7591 2).

use super::{MetadataError, invalid};
use crate::clients::GrantType;
use crate::protocol::registration::ClientMetadataFields;
use crate::protocol::scope::{Scope, Scopes};

/// Returns the allowed scopes. Unknown scopes in a file are rejected; a registration is reduced to the scopes allowed
/// for registered clients (RFC 7591 2).
pub(super) fn allowed_scopes(
    f: &ClientMetadataFields,
    registered: bool,
    grants: &[GrantType],
) -> Result<Scopes, MetadataError> {
    if !registered {
        let text = f.scope.as_deref().unwrap_or("openid");
        let Some(scopes) = Scopes::parse(text) else { return invalid("scope", "a forbidden character") };
        let known = Scope::ALL.map(Scope::name);
        if let Some(word) = text.split_ascii_whitespace().find(|word| !known.contains(word)) {
            return invalid("scope", format!("{word} is not known here; there are {}", known.join(", ")));
        }
        return Ok(scopes);
    }
    // Only scopes on the end user's own identity, with the values shown on the consent page. Data on children and
    // schools is limited to the deployment's own clients (docs/threats.md#threat-s14).
    let all = Scopes::parse("openid profile email phone offline_access").unwrap_or_default();
    let asked = match f.scope.as_deref() {
        None => all,
        Some(text) if text.len() > 1_000 => return invalid("scope", "too long"),
        Some(text) => match Scopes::parse(text) {
            Some(scopes) => scopes.intersection(&all),
            None => return invalid("scope", "a forbidden character"),
        },
    };
    let refreshes = grants.contains(&GrantType::RefreshToken);
    Ok(if refreshes { asked } else { asked.without(Scope::OfflineAccess) })
}
