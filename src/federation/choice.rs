//! The upstreams that a person is offered, and the one that `idp_hint` names.

use crate::base::profile::Profile;
use crate::clients::Perimeter;
use crate::config::deployment::{AGENTS_HINT, Upstream, UpstreamKind, Upstreams};

/// The value of the sign-in page's `motif` that says that a request hints at an upstream that is not offered.
pub const HINT_REFUSED: &str = "fournisseur";

/// The target of an `idp_hint`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HintTarget<'a> {
    /// One upstream.
    Upstream(&'a str),
    /// The list of the academies, for somebody who works at a school.
    List,
    /// Nothing: an unknown or disabled upstream, or no academy for this client.
    Nothing,
}

/// Lists the academies whose staff a client may see; all of them without a client.
pub fn academies_for<'a>(all: &'a Upstreams, perimeter: Option<&Perimeter>) -> Vec<&'a Upstream> {
    let reaches = |upstream: &Upstream| {
        let Some(perimeter) = perimeter else { return true };
        let realm = perimeter.covers_realm(upstream.academy.as_deref(), upstream.ministry.as_deref());
        let about = realm || !perimeter.is_about_schools();
        about && upstream.profiles.iter().any(|profile| !profile.is_family() && perimeter.includes_profile(*profile))
    };
    all.all_enabled().filter(|upstream| upstream.kind == UpstreamKind::Academy && reaches(upstream)).collect()
}

/// Returns the upstream of parents, where the client may see parents.
pub fn parents_door<'a>(all: &'a Upstreams, perimeter: Option<&Perimeter>) -> Option<&'a Upstream> {
    all.franceconnect().filter(|_| perimeter.is_none_or(|p| p.includes_profile(Profile::Responsable)))
}

impl HintTarget<'_> {
    /// True if somebody who signed in through an upstream comes from where the hint leads.
    pub fn is_reached_by(self, all: &Upstreams, perimeter: &Perimeter, upstream_id: Option<&str>) -> bool {
        match self {
            HintTarget::Upstream(id) => upstream_id == Some(id),
            HintTarget::List => {
                academies_for(all, Some(perimeter)).iter().any(|upstream| upstream_id == Some(&upstream.id))
            }
            HintTarget::Nothing => true,
        }
    }
}

/// Returns the target of a hint. A hint is a wish and names an upstream of the configuration or nothing: it never is an
/// address (docs/threats.md#attack-r10).
pub fn resolve_hint<'a>(all: &'a Upstreams, hint: &str, perimeter: &Perimeter) -> HintTarget<'a> {
    if hint != AGENTS_HINT {
        return all.enabled(hint).map_or(HintTarget::Nothing, |upstream| HintTarget::Upstream(&upstream.id));
    }
    match academies_for(all, Some(perimeter)).as_slice() {
        [] => HintTarget::Nothing,
        [one] => HintTarget::Upstream(&one.id),
        _ => HintTarget::List,
    }
}
