//! Administrators of the console: who they are, what their roles permit on which territory, and their sessions.
//!
//! They are no accounts (docs/decisions/0055-administrators-are-not-accounts.md): they have their own rows, passkeys and
//! cookie, and signing in as a parent opens nothing here. This module must not decide what an act does.

pub mod api_tokens;
pub mod extract;
pub mod ops;
pub mod pages;
pub mod roles;
pub mod scope;
pub mod store;
pub mod territory;
pub mod views;

use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::{AdminSessionId, AdministratorId, ApiTokenId};

/// The idle timeout of a session.
pub const ADMIN_SESSION_IDLE_TTL: Span = Span::minutes(15);
/// The maximum lifetime of a session.
pub const ADMIN_SESSION_TTL: Span = Span::hours(8);
/// The minimum interval between two writes of `seen_at`.
pub const ADMIN_TOUCH_INTERVAL: Span = Span::minutes(1);
/// A proof is fresh for this long.
pub const ADMIN_PROOF_TTL: Span = Span::minutes(5);
/// The lifetime of an invitation.
pub const INVITATION_TTL: Span = Span::days(7);
/// The maximum length of a name, in characters.
pub const MAX_NAME_CHARS: usize = 100;

/// The person who keeps a draft or gives files, or the program that does so for them. Programs are counted apart, so that
/// none uses up what its maker may keep (docs/decisions/0060-tokens-of-the-admin-api.md).
#[derive(Clone, Copy, Debug)]
pub struct DraftKeeper<'a> {
    pub author: &'a AdministratorId,
    pub token: Option<&'a ApiTokenId>,
}

impl DraftKeeper<'_> {
    pub fn is_program(self) -> bool {
        self.token.is_some()
    }
}

/// The state of an administrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AdministratorState {
    /// Nobody has taken the invitation yet.
    Invited,
    Active,
}

impl AdministratorState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// A person who administers.
#[derive(Clone, Debug)]
pub struct Administrator {
    pub id: AdministratorId,
    pub name: String,
    pub email: String,
    pub state: AdministratorState,
    /// True if a password and an application serve.
    pub has_totp: bool,
    pub seen_at: Option<Timestamp>,
}

/// The proof with which a session began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum AdminProof {
    Passkey,
    /// A password and a code of an application.
    Totp,
    /// None, in a demo.
    Demo,
}

impl AdminProof {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// The session of an administrator.
#[derive(Clone, Debug)]
pub struct AdminSession {
    pub id: AdminSessionId,
    pub administrator_id: AdministratorId,
    pub method: AdminProof,
    pub authenticated_at: Timestamp,
    pub proven_at: Timestamp,
    pub seen_at: Timestamp,
    pub ended: bool,
}

impl AdminSession {
    /// True if the session has neither ended, nor idled, nor lasted too long.
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended
            && now.since(self.authenticated_at) < ADMIN_SESSION_TTL
            && now.since(self.seen_at) < ADMIN_SESSION_IDLE_TTL
    }

    /// True if the administrator was proven within the last minutes. A demo proves nothing, and asks for nothing.
    pub fn is_freshly_proven(&self, now: Timestamp) -> bool {
        self.method == AdminProof::Demo || now.since(self.proven_at) < ADMIN_PROOF_TTL
    }

    /// Returns the time at which the session ends without activity.
    pub fn ends_at(&self, now: Timestamp) -> Timestamp {
        now.plus(ADMIN_SESSION_IDLE_TTL).min(self.authenticated_at.plus(ADMIN_SESSION_TTL))
    }
}

/// Returns a typed name in its normal form; `None` if it is empty or too long.
pub fn parse_name(typed: &str) -> Option<String> {
    let name = crate::base::names::normalize_name(typed);
    (!name.is_empty() && name.chars().count() <= MAX_NAME_CHARS).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_ends_after_a_quarter_of_an_hour_without_activity_and_after_eight_hours() {
        let session = |authenticated_at, seen_at| AdminSession {
            id: AdminSessionId::new("s"),
            administrator_id: AdministratorId::new("a"),
            method: AdminProof::Passkey,
            authenticated_at: Timestamp(0).plus(authenticated_at),
            proven_at: Timestamp(0).plus(authenticated_at),
            seen_at: Timestamp(0).plus(seen_at),
            ended: false,
        };
        let at = |span: Span| Timestamp(0).plus(span);
        let idle = session(Span::minutes(0), Span::minutes(0));
        assert!(idle.is_alive(at(Span(Span::minutes(15).0 - 1))) && !idle.is_alive(at(Span::minutes(15))));
        let long = session(Span::minutes(0), Span::minutes(479));
        assert!(long.is_alive(at(Span(Span::hours(8).0 - 1))) && !long.is_alive(at(Span::hours(8))));
        assert!(!AdminSession { ended: true, ..session(Span::minutes(0), Span::minutes(0)) }.is_alive(Timestamp(0)));
        assert!(idle.is_freshly_proven(at(Span(Span::minutes(5).0 - 1))));
        assert!(!idle.is_freshly_proven(at(Span::minutes(5))));
        assert_eq!(long.ends_at(at(Span::minutes(479))), at(Span::hours(8)));
        assert_eq!(parse_name("  Anne\u{202e}  Vidal "), Some("Anne Vidal".to_owned()));
        assert_eq!(parse_name(" "), None);
    }
}
