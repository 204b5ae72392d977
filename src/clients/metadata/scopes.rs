//! Scopes that a client may ask for: what its file says, or what registered clients may have (RFC 7591 2).

use super::{Flaw, flaw};
use crate::clients::GrantType;
use crate::protocol::registration::Fields;
use crate::protocol::scope::{Scope, Scopes};

/// A file asks for what there is; a registration is given what registered clients may have (RFC 7591 2).
pub(super) fn taken(f: &Fields, registered: bool, grants: &[GrantType]) -> Result<Scopes, Flaw> {
    if !registered {
        let text = f.scope.as_deref().unwrap_or("openid");
        let Some(scopes) = Scopes::parse(text) else { return flaw("scope", "a forbidden character") };
        let known = Scope::ALL.map(Scope::name);
        if let Some(word) = text.split_ascii_whitespace().find(|word| !known.contains(word)) {
            return flaw("scope", format!("{word} is not known here; there are {}", known.join(", ")));
        }
        return Ok(scopes);
    }
    // Who the person is, with the values shown before anything is shared. Of children and schools only the house's own
    // clients learn (docs/threats.md#threat-s14).
    let all = Scopes::parse("openid profile phone offline_access").unwrap_or_default();
    let asked = match f.scope.as_deref() {
        None => all,
        Some(text) if text.len() > 1_000 => return flaw("scope", "too long"),
        Some(text) => match Scopes::parse(text) {
            Some(scopes) => scopes.within(&all),
            None => return flaw("scope", "a forbidden character"),
        },
    };
    let refreshes = grants.contains(&GrantType::RefreshToken);
    Ok(if refreshes { asked } else { asked.without(Scope::OfflineAccess) })
}
