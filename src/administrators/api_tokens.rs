//! Tokens of the Admin API: their scopes, their form, and what they leave of a role
//! (docs/decisions/0060-tokens-of-the-admin-api.md).
//!
//! A token is carried by one role of its maker and does less than that role: its scopes, inside its territory. It never
//! approves, gives roles or makes tokens. This module must not decide what an endpoint does.

use strum::IntoEnumIterator as _;

use super::roles::{AdminAct, Permission};
use super::territory::{RoleGrant, Territory};
use crate::base::clock::{Span, Timestamp};
use crate::base::rng::Random;
use crate::base::secret::sha256;
use crate::base::typed_ids::{AdminRoleId, AdministratorId, ApiTokenId};

/// The longest lifetime of a token.
pub const MAX_API_TOKEN_TTL: Span = Span::days(365);
/// The lifetimes that the form offers, in days.
pub const API_TOKEN_DAYS: [i64; 4] = [30, 90, 180, 365];
/// The maximum number of open tokens of an administrator.
pub const MAX_API_TOKENS: usize = 20;
/// The maximum length of a token's name, in characters.
pub const MAX_TOKEN_NAME_CHARS: usize = 60;
/// The minimum interval between two writes of a token's last use.
pub const API_TOKEN_TOUCH_INTERVAL: Span = Span::minutes(1);

/// The beginning of every token, by which programs find one that leaked.
pub const API_TOKEN_PREFIX: &str = "preau_at_";
/// The random signs of a token: some 238 bits.
const SECRET_CHARS: usize = 40;
/// The signs of the check sum.
const CHECK_CHARS: usize = 6;
const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A scope of a token.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::EnumString, strum::IntoStaticStr, strum::EnumIter,
)]
pub enum ApiScope {
    #[strum(serialize = "clients:read")]
    ClientsRead,
    #[strum(serialize = "clients:request")]
    ClientsRequest,
    #[strum(serialize = "clients:secret")]
    ClientsSecret,
    #[strum(serialize = "clients:suspend")]
    ClientsSuspend,
    #[strum(serialize = "schools:read")]
    SchoolsRead,
    #[strum(serialize = "campaigns:write")]
    CampaignsWrite,
    #[strum(serialize = "persons:read")]
    PersonsRead,
    #[strum(serialize = "persons:repair")]
    PersonsRepair,
    #[strum(serialize = "rosters:read")]
    RostersRead,
    #[strum(serialize = "rosters:write")]
    RostersWrite,
    #[strum(serialize = "audit:read")]
    AuditRead,
    #[strum(serialize = "figures:read")]
    FiguresRead,
    #[strum(serialize = "team:read")]
    TeamRead,
}

impl ApiScope {
    pub fn name(self) -> &'static str {
        self.into()
    }

    /// Returns the acts of the scope. None of them approves, gives a role, accepts removals, prints letters or takes
    /// people along.
    pub fn acts(self) -> &'static [AdminAct] {
        match self {
            ApiScope::ClientsRead => &[AdminAct::SeeServices],
            ApiScope::ClientsRequest => &[AdminAct::RequestClient, AdminAct::ChangeClient],
            ApiScope::ClientsSecret => &[AdminAct::DrawSecret],
            ApiScope::ClientsSuspend => &[AdminAct::SuspendClient],
            ApiScope::SchoolsRead => &[AdminAct::SeeSchool],
            ApiScope::CampaignsWrite => &[AdminAct::ChangeCampaign],
            ApiScope::PersonsRead => &[AdminAct::SeeParents, AdminAct::SeePupils],
            ApiScope::PersonsRepair => &[AdminAct::UnblockPerson, AdminAct::ReopenForOne],
            ApiScope::RostersRead | ApiScope::RostersWrite => &[AdminAct::UploadRoster],
            ApiScope::AuditRead => &[AdminAct::ReadJournal],
            ApiScope::FiguresRead => &[AdminAct::ReadFigures],
            ApiScope::TeamRead => &[AdminAct::SeeTeam],
        }
    }

    /// True if a role permits something of the scope.
    pub fn is_within(self, grant: &RoleGrant) -> bool {
        self.acts().iter().any(|act| grant.permission(*act) != Permission::No)
    }

    /// Returns the scopes that a role may put into a token.
    pub fn of_role(grant: &RoleGrant) -> Vec<ApiScope> {
        ApiScope::iter().filter(|scope| scope.is_within(grant)).collect()
    }
}

/// A token, without its text.
#[derive(Clone, Debug)]
pub struct ApiToken {
    pub id: ApiTokenId,
    pub administrator_id: AdministratorId,
    pub role_id: AdminRoleId,
    pub name: String,
    pub scopes: Vec<ApiScope>,
    pub territory: Territory,
    pub created_at: Timestamp,
    pub expires_at: Timestamp,
    pub last_used_at: Option<Timestamp>,
    pub revoked_at: Option<Timestamp>,
}

/// The state of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum ApiTokenState {
    Open,
    Revoked,
    Expired,
    /// The role that carried it has ended, or its territory lies outside that role's now.
    RoleEnded,
}

impl ApiTokenState {
    pub fn name(self) -> &'static str {
        self.into()
    }
}

impl ApiToken {
    /// True if the token was neither revoked nor came to its term; whether its role counts is [`ApiToken::narrow`]'s.
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// Returns what the token leaves of the role that carries it; `None` if that role counts no more. Whether its
    /// territory still lies inside the role's is the database's to say (`ops::api_tokens::narrow`).
    pub fn narrow(&self, roles: &[RoleGrant], now: Timestamp) -> Option<RoleGrant> {
        let carrier = roles.iter().find(|grant| grant.id == self.role_id && grant.is_current(now))?;
        let acts = self.scopes.iter().flat_map(|scope| scope.acts().iter().copied()).collect();
        let own = Some(carrier.territory.clone());
        Some(RoleGrant { territory: self.territory.clone(), only: Some(acts), carrier: own, ..carrier.clone() })
    }

    /// Returns the state; `roles` are those of its maker that have not ended.
    pub fn state(&self, roles: &[RoleGrant], now: Timestamp) -> ApiTokenState {
        match () {
            () if self.revoked_at.is_some() => ApiTokenState::Revoked,
            () if now >= self.expires_at => ApiTokenState::Expired,
            () if self.narrow(roles, now).is_none() => ApiTokenState::RoleEnded,
            () => ApiTokenState::Open,
        }
    }
}

/// Returns the check sum of a token's secret part.
fn check_sum(secret: &str) -> String {
    let digest = sha256(format!("{API_TOKEN_PREFIX}{secret}").as_bytes());
    let pick = |byte: &u8| BASE62.get(usize::from(*byte) % BASE62.len()).copied().map_or('0', char::from);
    digest.iter().take(CHECK_CHARS).map(pick).collect()
}

/// Draws the text of a token.
pub fn draw_token(rng: &dyn Random) -> String {
    let pick = |_: usize| BASE62.get(rng.below(62) as usize).copied().map_or('0', char::from);
    let secret: String = (0..SECRET_CHARS).map(pick).collect();
    format!("{API_TOKEN_PREFIX}{secret}{check}", check = check_sum(&secret))
}

/// True if a text has the form of a token, its check sum included. What has not is no token, and reaches no database.
pub fn is_token(text: &str) -> bool {
    let Some(rest) = text.strip_prefix(API_TOKEN_PREFIX) else { return false };
    let is_sign = rest.len() == SECRET_CHARS + CHECK_CHARS && rest.bytes().all(|b| b.is_ascii_alphanumeric());
    let Some((secret, check)) = rest.split_at_checked(SECRET_CHARS).filter(|_| is_sign) else { return false };
    check_sum(secret) == check
}

/// Returns a typed name in its normal form; `None` if it is empty or too long.
pub fn parse_token_name(typed: &str) -> Option<String> {
    let name = crate::base::names::normalize_name(typed);
    (!name.is_empty() && name.chars().count() <= MAX_TOKEN_NAME_CHARS).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::administrators::roles::AdminRole;
    use crate::administrators::territory::{Place, may};
    use crate::base::rng::SeededRandom;

    const NOW: Timestamp = Timestamp(1_000);

    fn token(scopes: &[ApiScope], territory: Territory) -> ApiToken {
        ApiToken {
            id: ApiTokenId::new("t"),
            administrator_id: AdministratorId::new("a"),
            role_id: AdminRoleId::new("r"),
            name: "Suivi".to_owned(),
            scopes: scopes.to_vec(),
            territory,
            created_at: Timestamp(0),
            expires_at: Timestamp(2_000),
            last_used_at: None,
            revoked_at: None,
        }
    }

    #[test]
    fn a_token_is_known_by_its_form_and_a_slip_in_it_is_found() {
        let rng = SeededRandom::new(3);
        for _ in 0..200 {
            let text = draw_token(&rng);
            assert!(is_token(&text) && text.len() == 9 + 46, "{text}");
            for place in [9, 20, 48, 49, 54] {
                let mut slipped = text.clone().into_bytes();
                slipped[place] = if slipped[place] == b'a' { b'b' } else { b'a' };
                let slipped = String::from_utf8(slipped).unwrap();
                assert!(slipped == text || !is_token(&slipped), "{slipped}");
            }
        }
        for text in ["", "preau_at_", "preau_at_x", &format!("preau_at_{}", "é".repeat(23)), &"a".repeat(55)] {
            assert!(!is_token(text), "{text}");
        }
    }

    #[test]
    fn attack_p1_no_scope_approves_gives_roles_or_takes_people_along() {
        use AdminAct as Act;
        let never = [
            Act::ApproveClient,
            Act::GiveRole,
            Act::AcceptRemovals,
            Act::SuspendAccount,
            Act::RemoveFactors,
            Act::PrintLetter,
            Act::PrintLetters,
            Act::Announce,
            Act::ExportPersons,
            Act::Configure,
        ];
        for scope in ApiScope::iter() {
            assert!(!scope.acts().is_empty() && scope.acts().iter().all(|act| !never.contains(act)), "{scope:?}");
        }
    }

    #[test]
    fn attack_p1_a_token_permits_its_scopes_of_its_role_inside_its_territory() {
        let place = Place { academy: Some("montpellier".into()), ..Place::default() };
        for role in AdminRole::iter() {
            let roles = [RoleGrant::sample(role, Territory::All)];
            for scope in ApiScope::iter() {
                let inside = token(&[scope], Territory::Academy("montpellier".into()));
                let outside = token(&[scope], Territory::Academy("toulouse".into()));
                let (inside, outside) = (inside.narrow(&roles, NOW).unwrap(), outside.narrow(&roles, NOW).unwrap());
                for act in AdminAct::iter() {
                    let right = scope.acts().contains(&act) && role.permission(act) != Permission::No;
                    let found = may(std::slice::from_ref(&inside), act, std::slice::from_ref(&place), NOW).is_some();
                    assert_eq!(found, right, "{role:?} {scope:?} {act:?}");
                    assert!(may(std::slice::from_ref(&outside), act, std::slice::from_ref(&place), NOW).is_none());
                }
            }
        }
    }

    #[test]
    fn attack_p1_a_token_ends_with_its_role_its_term_and_its_revocation() {
        let held = token(&[ApiScope::ClientsRead], Territory::All);
        let role = RoleGrant::sample(AdminRole::National, Territory::All);
        let other = RoleGrant { id: AdminRoleId::new("other"), ..role.clone() };
        let state = |token: &ApiToken, roles: &[RoleGrant], at| token.state(roles, at);
        assert_eq!(state(&held, std::slice::from_ref(&role), NOW), ApiTokenState::Open);
        assert_eq!(state(&held, std::slice::from_ref(&other), NOW), ApiTokenState::RoleEnded);
        assert_eq!(state(&held, &[RoleGrant { ended: true, ..role.clone() }], NOW), ApiTokenState::RoleEnded);
        assert_eq!(state(&held, &[RoleGrant { ends_at: Some(NOW), ..role.clone() }], NOW), ApiTokenState::RoleEnded);
        assert_eq!(state(&held, std::slice::from_ref(&role), Timestamp(2_000)), ApiTokenState::Expired);
        let narrowed = token(&[ApiScope::ClientsRead], Territory::Academy("toulouse".into()));
        let narrowed = narrowed.narrow(std::slice::from_ref(&role), NOW).unwrap();
        assert_eq!(narrowed.name(), role.name(), "a part of a role is no other authority");
        let revoked = ApiToken { revoked_at: Some(NOW), ..held };
        assert_eq!(state(&revoked, &[role], NOW), ApiTokenState::Revoked);
        assert!(!revoked.is_open(NOW));
    }
}
