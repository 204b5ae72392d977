//! Sign-in through the providers of others: academies for those who work at schools, FranceConnect for parents.
//!
//! Préau is the relying party here. What an upstream says is believed only as far as its file goes: issuer, algorithms,
//! profiles and schools are the file's, never the answer's. An upstream's person is (issuer, sub) and nothing else: no
//! e-mail address and no name leads to an account (docs/decisions/0053-sign-in-through-others.md).

pub mod choice;
pub mod id_token;
pub mod mapping;
pub mod ops;
pub mod pages;
pub mod store;
pub mod views;

use serde::{Deserialize, Serialize};

use crate::base::clock::{Span, Timestamp};
use crate::base::profile::Profile;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AccountId, ClientId, SessionId};
use crate::base::uai::Uai;
use crate::clients::Perimeter;
use crate::protocol::acr::{Acr, Amr};
use crate::tenants::School;

/// The time that a person has at an upstream, to be back with its answer.
pub const UPSTREAM_ATTEMPT_TTL: Span = Span::minutes(15);

/// The longest time since an upstream asked the person, whatever the service demands. It is always told, because an
/// upstream must then say when it asked (OIDCC 2), and a later demand of another service is judged by that.
pub const UPSTREAM_MAX_AGE: Span = Span::hours(8);

/// A sign-in under way at an upstream: what its answer must match. It travels sealed in `state`, serves once, and in one
/// browser.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct UpstreamAttempt {
    /// The upstream that was asked: an answer at another one's redirect URI is a mix-up.
    pub upstream_id: String,
    /// The issuer that was asked: the file may have changed since.
    pub issuer: String,
    /// Random; the nonce and the verifier are made of it.
    pub secret: String,
    pub started: Timestamp,
    /// The pending authorization request, as `i` names it: it is sealed itself, and stands beside the attempt.
    #[serde(skip)]
    pub interaction: Option<String>,
    /// The digest of `interaction`.
    pub interaction_digest: Option<String>,
    pub client_id: Option<ClientId>,
    /// True if the upstream was told to ask the person again.
    pub fresh: bool,
    /// True if the upstream asks the person at each sign-in, told or not.
    pub asks_always: bool,
    /// The longest time since the upstream asked the person, in seconds.
    pub max_age: i64,
    /// The session of the person who asked for a link of the upstream to the account, with the password.
    #[serde(default)]
    pub link_session: Option<SessionId>,
    /// The page of the account for which the person proves to be there, as `vers` names it.
    #[serde(default)]
    pub errand: Option<String>,
    /// The account that is to be proven: an answer of another one's person signs nobody in.
    #[serde(default)]
    pub errand_account: Option<AccountId>,
}

impl UpstreamAttempt {
    /// Returns the `nonce` of the request (OIDCC 3.1.2.1).
    pub fn nonce(&self) -> String {
        sha256_base64url(&format!("nonce/{}", self.secret))
    }

    /// Returns the verifier of PKCE (RFC 7636 4.1).
    pub fn verifier(&self) -> String {
        sha256_base64url(&format!("verifier/{}", self.secret))
    }
}

/// The time in which a verified person of an upstream types the mobile that the school knows.
pub const PENDING_LINK_TTL: Span = Span::minutes(30);
/// The time between the password and the way to the upstream, for a link.
pub const LINK_PERMISSION_TTL: Span = Span::minutes(5);

/// A verified person of an upstream of parents, to be linked to an account: the proof is of this issuer, this `sub` and
/// one browser (docs/threats.md#attack-a5).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingLink {
    pub upstream_id: String,
    /// The name of the upstream, for pages.
    pub label: String,
    pub issuer: String,
    pub sub: String,
    pub given_name: String,
    /// The name of the birth certificate.
    pub family_name: String,
    /// The name a person chose to be called by.
    pub usage_name: Option<String>,
    #[serde(default)]
    pub acr: Option<String>,
    pub level: Option<Acr>,
}

impl PendingLink {
    /// Returns the first given name, by which a school knows the person.
    pub fn first_given_name(&self) -> &str {
        self.given_name.split_whitespace().next().unwrap_or_default()
    }

    /// Returns the names by which a school may know the person, the one in use first.
    pub fn family_names(&self) -> impl Iterator<Item = &str> {
        self.usage_name.as_deref().into_iter().chain([self.family_name.as_str()])
    }

    /// Returns the name for pages: the first given name, the birth name and the name in use.
    pub fn shown_name(&self) -> String {
        let usage = self.usage_name.as_ref().filter(|usage| **usage != self.family_name);
        let all = [Some(self.first_given_name()), Some(&self.family_name), usage.map(String::as_str)];
        all.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }
}

/// The person of a verified answer, within the bounds of the upstream's file.
#[derive(Clone, Debug)]
pub struct UpstreamIdentity {
    pub sub: String,
    pub given_name: String,
    pub family_name: String,
    pub usage_name: Option<String>,
    /// `None` for an upstream of parents.
    pub profile: Option<Profile>,
    /// The schools as the answer names them, each once.
    pub schools: Vec<Uai>,
    /// The answer's `acr`, and the level that the file gives to it.
    pub acr: Option<String>,
    pub level: Option<Acr>,
    /// The methods, if the file passes them on.
    pub amr: Vec<Amr>,
    /// The time at which the upstream authenticated the person, not after now.
    pub authenticated_at: Timestamp,
    /// For the sign-out there.
    pub id_token: String,
}

/// The reason for which nobody was signed in. The texts are for the log, never for a page.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamFailure {
    /// The upstream is not there, or disabled.
    #[error("it is not one that serves")]
    NotServing,
    /// The state is unknown, used, expired or another browser's.
    #[error("no sign-in of this browser waits for that")]
    UnknownState,
    #[error("the upstream signed nobody in: {0}")]
    Denied(String),
    #[error("the upstream does not answer as it should: {0}")]
    Unavailable(String),
    /// An answer that may be forged, of another provider or of another sign-in.
    #[error("the answer is not believed: {0}")]
    Untrusted(String),
    /// The person was authenticated too long ago for the service that asks.
    #[error("the upstream did not ask the person again")]
    NotFresh,
    /// No profile, or one that the file has not.
    #[error("the answer has no profile that the file knows")]
    UnknownProfile,
    /// No name, or one that cannot be.
    #[error("the answer has no usable name")]
    NoName,
    /// The account is suspended or closed.
    #[error("the account serves no more")]
    AccountClosed,
    /// The account asks for a second factor, which is shown after the password.
    #[error("the account has a second factor")]
    FactorNeeded,
    /// The person of the upstream is linked to another account.
    #[error("the upstream's person is linked to another account")]
    LinkedElsewhere,
    /// The names of the upstream's person are not those of the account.
    #[error("the names are not those of the account")]
    NamesDiffer,
    /// The session that asked for a link is over, or its password was typed too long ago.
    #[error("the session that asked for the link is over")]
    LinkExpired,
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

/// The realm and the schools that an upstream gave to an account that it made, for claims and perimeters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FederatedOrigin {
    pub upstream_id: String,
    pub academy: Option<String>,
    pub ministry: Option<String>,
    /// The declared schools.
    pub schools: Vec<School>,
}

impl FederatedOrigin {
    /// Returns the schools that are in a perimeter.
    pub fn schools_within(&self, perimeter: &Perimeter) -> Vec<&School> {
        self.schools.iter().filter(|s| perimeter.covers(&s.uai, &s.academy, &s.ministry)).collect()
    }

    /// True if the person is in a perimeter: by the upstream's academy or ministry, with schools or without, or by a
    /// school.
    pub fn is_within(&self, perimeter: &Perimeter) -> bool {
        perimeter.covers_realm(self.academy.as_deref(), self.ministry.as_deref())
            || !self.schools_within(perimeter).is_empty()
    }
}
