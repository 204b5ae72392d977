//! Requests for a relying party, or for a change of one: their states, what changes, and what is confirmed.

use serde::Serialize;

use crate::base::clock::{Span, Timestamp};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AdministratorId, ClientId};
use crate::clients::answers::ClientAnswers;
use crate::clients::checks::CheckResult;
use crate::clients::{ClientMetadata, metadata};

/// The time of a trial.
pub const TRIAL_TTL: Span = Span::hours(72);
/// The time after which a draft that nobody changed is deleted.
pub const DRAFT_TTL: Span = Span::days(90);
/// The maximum number of drafts of a person, and of those of their programs.
pub const MAX_DRAFTS: i64 = 20;
/// The age at which checks are made again before somebody agrees.
pub const CHECKS_TTL: Span = Span::days(1);
/// The requests of a person, and of an academy, within a day.
pub const MAX_REQUESTS_A_DAY: i64 = 5;
pub const MAX_ACADEMY_REQUESTS_A_DAY: i64 = 20;

/// The kind of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ClientRequestKind {
    New,
    Change,
}

impl ClientRequestKind {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The state of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr, strum::EnumIter)]
#[strum(serialize_all = "snake_case")]
pub enum RequestState {
    Draft,
    /// Waits for an approver.
    Requested,
    /// Waits for an answer of its author.
    Question,
    Refused,
    Approved,
    Withdrawn,
}

impl RequestState {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// True if its author may still change it.
    pub fn is_open(self) -> bool {
        matches!(self, RequestState::Draft | RequestState::Requested | RequestState::Question)
    }
}

/// A request.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    pub id: String,
    pub client_id: ClientId,
    pub kind: ClientRequestKind,
    pub state: RequestState,
    pub answers: ClientAnswers,
    pub checks: Vec<CheckResult>,
    pub checked_at: Option<Timestamp>,
    /// The version of the client that a change was made from; 0 for a new one.
    pub base_version: i64,
    pub version: i64,
    pub owner: Option<String>,
    pub author_id: AdministratorId,
    pub requested_at: Option<Timestamp>,
    pub decided_at: Option<Timestamp>,
    pub decided_by: Option<AdministratorId>,
    pub words: String,
}

impl ClientRequest {
    /// True if what was checked may be different by now.
    pub fn has_old_checks(&self, now: Timestamp) -> bool {
        self.checked_at.is_none_or(|at| now.since(at) > CHECKS_TTL)
    }

    /// Returns the digest of what a page shows of it: a form that confirms carries it.
    pub fn digest(&self) -> String {
        let form = serde_json::to_string(&self.answers).unwrap_or_default();
        let checks = serde_json::to_string(&self.checks).unwrap_or_default();
        sha256_base64url(&format!("{}\n{}\n{form}\n{checks}", self.version, self.base_version))
    }
}

/// An answer that a request changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffLine {
    pub field: String,
    /// The values that are only there today, in both, and only asked for.
    pub removed: Vec<String>,
    pub kept: Vec<String>,
    pub added: Vec<String>,
}

/// Returns the values of metadata by field, as they are compared and shown.
fn values(meta: &ClientMetadata) -> Vec<(String, Vec<String>)> {
    let mut out = Vec::new();
    if let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(metadata::to_fields(meta)) {
        for (name, value) in fields {
            let text = |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let all = match &value {
                serde_json::Value::Array(all) => all.iter().map(text).collect(),
                serde_json::Value::String(words) if name == "scope" => words.split(' ').map(str::to_owned).collect(),
                other => vec![text(other)],
            };
            // A secret that is taken either way is one method more.
            let mut all: Vec<String> = all;
            if name == "token_endpoint_auth_method" && meta.secret_either_way {
                all.push("client_secret_post".to_owned());
            }
            out.push((name, all));
        }
    }
    let p = &meta.perimeter;
    out.push(("profile".to_owned(), vec![meta.profile.name().to_owned()]));
    out.push(("require_pkce".to_owned(), vec![meta.require_pkce.to_string()]));
    out.push(("sector".to_owned(), vec![meta.sector.clone()]));
    out.push(("academies".to_owned(), p.academies.clone()));
    out.push(("ministries".to_owned(), p.ministries.clone()));
    out.push(("schools".to_owned(), p.schools.clone()));
    out.push(("profiles".to_owned(), p.profiles.iter().map(|p| p.name().to_owned()).collect()));
    out
}

/// Returns what a request changes; of a new client, everything that it has.
pub fn diff(old: Option<&ClientMetadata>, new: &ClientMetadata) -> Vec<DiffLine> {
    let before = old.map(values).unwrap_or_default();
    let after = values(new);
    let mut names: Vec<&String> = after.iter().map(|(name, _)| name).collect();
    names.extend(before.iter().map(|(name, _)| name).filter(|name| !after.iter().any(|(other, _)| other == *name)));
    let of = |all: &[(String, Vec<String>)], name: &str| {
        all.iter().find(|(other, _)| other == name).map(|(_, values)| values.clone()).unwrap_or_default()
    };
    let line = |name: &String| {
        let (before, after) = (of(&before, name), of(&after, name));
        let (kept, removed): (Vec<String>, Vec<String>) = before.iter().cloned().partition(|v| after.contains(v));
        let added = after.into_iter().filter(|value| !before.contains(value)).collect();
        DiffLine { field: name.clone(), removed, kept, added }
    };
    names.into_iter().map(line).filter(|line| !(line.removed.is_empty() && line.added.is_empty())).collect()
}

/// True if a change needs somebody else: anything but the contact, the logo, and less of something.
pub fn needs_approval(old: &ClientMetadata, new: &ClientMetadata) -> bool {
    let narrowed = |list: &[String], wider: &[String]| list.iter().all(|value| wider.contains(value));
    let less = |new: &crate::clients::Perimeter, old: &crate::clients::Perimeter| {
        // A profile less is less, but no profile at all means families.
        let profiles = new.profiles == old.profiles
            || (!new.profiles.is_empty() && new.profiles.iter().all(|p| old.includes_profile(*p)));
        let named = new.is_about_schools() || !old.is_about_schools();
        named
            && profiles
            && narrowed(&new.academies, &old.academies)
            && narrowed(&new.ministries, &old.ministries)
            && narrowed(&new.schools, &old.schools)
    };
    let scopes = crate::protocol::scope::Scope::ALL;
    let rest = |meta: &ClientMetadata| ClientMetadata {
        contacts: Vec::new(),
        logo_uri: None,
        redirect_uris: Vec::new(),
        post_logout_redirect_uris: Vec::new(),
        scopes: crate::protocol::scope::Scopes::default(),
        perimeter: crate::clients::Perimeter::default(),
        ..meta.clone()
    };
    rest(old) != rest(new)
        || !narrowed(&new.redirect_uris, &old.redirect_uris)
        || !narrowed(&new.post_logout_redirect_uris, &old.post_logout_redirect_uris)
        || scopes.into_iter().any(|scope| new.scopes.contains(scope) && !old.scopes.contains(scope))
        || !less(&new.perimeter, &old.perimeter)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::answers::tests::canteen;

    fn meta(change: impl FnOnce(&mut ClientAnswers)) -> ClientMetadata {
        let mut answers = canteen();
        answers.schools = vec!["0349999J".into(), "0349998H".into()];
        change(&mut answers);
        answers.metadata("cantine", Some("montpellier"), None).unwrap()
    }

    #[test]
    fn attack_p6_less_and_the_contact_go_at_once_and_anything_else_needs_somebody() {
        let old = meta(|_| {});
        for (new, needs) in [
            (meta(|_| {}), false),
            (meta(|a| a.contact = "x@y.example".into()), false),
            (meta(|a| a.logo_uri = "https://cantine.example/logo.png".into()), false),
            (meta(|a| drop(a.schools.pop())), false),
            (meta(|a| drop(a.scopes.pop())), false),
            (meta(|a| a.schools.push("0319999A".into())), true),
            (meta(|a| a.academies.push("montpellier".into())), true),
            (meta(|a| a.schools.clear()), true),
            (meta(|a| a.profiles.push("eleve".into())), true),
            (meta(|a| a.profiles.clear()), true),
            (meta(|a| a.scopes.push("phone".into())), true),
            (meta(|a| a.redirect_uris.push("https://cantine.example/2".into())), true),
            (meta(|a| a.backchannel_logout_uri = "https://cantine.example/fin".into()), true),
            (meta(|a| a.require_pkce = true), true),
            (meta(|a| a.method = "client_secret_post".into()), true),
            (meta(|a| a.client_name = "Cantine".into()), true),
        ] {
            assert_eq!(needs_approval(&old, &new), needs, "{:?}", diff(Some(&old), &new));
        }
    }

    #[test]
    fn a_difference_names_what_goes_what_stays_and_what_comes() {
        let old = meta(|_| {});
        let new = meta(|a| {
            a.redirect_uris.push("https://cantine.example/2".into());
            a.schools.remove(0);
        });
        let lines = diff(Some(&old), &new);
        assert_eq!(lines.iter().map(|line| line.field.as_str()).collect::<Vec<_>>(), ["redirect_uris", "schools"]);
        assert_eq!((lines[0].kept.len(), lines[0].added.len(), lines[0].removed.len()), (1, 1, 0));
        assert_eq!((&lines[1].removed, &lines[1].kept), (&vec!["0349999J".to_owned()], &vec!["0349998H".to_owned()]));
        assert!(diff(Some(&old), &old).is_empty() && diff(None, &old).len() > 10);
    }
}
