//! Makes, revokes and recognises tokens of the Admin API (docs/decisions/0060-tokens-of-the-admin-api.md).

use secrecy::SecretString;

use super::{AdminDoor, OnDuty, find_place};
use crate::administrators::api_tokens::{
    API_TOKEN_DAYS, API_TOKEN_TOUCH_INTERVAL, ApiScope, ApiToken, ApiTokenState, MAX_API_TOKENS, draw_token, is_token,
    parse_token_name,
};
use crate::administrators::store::api_tokens::{self as rows, NewApiToken};
use crate::administrators::territory::{RoleGrant, Territory};
use crate::administrators::{AdministratorState, store};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::{is_id, row_id};
use crate::base::secret::sha256_base64url;
use crate::base::source::SourceAddress;
use crate::base::typed_ids::{AdminRoleId, ApiTokenId};
use crate::db::{Durability, Tx};
use crate::limits::{self, RateLimited};

/// The number of tokens of a list.
const MAX_LISTED_TOKENS: i64 = 100;

/// A token to make.
#[derive(Clone, Debug)]
pub struct TokenOrder {
    pub name: String,
    /// The role that carries it.
    pub role_id: AdminRoleId,
    pub scopes: Vec<ApiScope>,
    /// A part of the role's territory; `None` for all of it.
    pub territory: Option<Territory>,
    pub days: i64,
    /// The id that the form drew: posted twice, it makes one.
    pub form_id: String,
}

/// The reason for which no token was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum TokenRefusal {
    Name,
    /// The role ended meanwhile, or is somebody else's.
    Role,
    /// None, or one that the role does not permit.
    Scopes,
    /// Outside the role's, or not there.
    Territory,
    Days,
    TooMany,
    /// This form made one already, and it was shown.
    Shown,
    /// Without a fresh proof in a browser nobody makes one.
    NotProven,
}

/// Makes a token for somebody who was proven lately. Its text is returned once and kept nowhere.
pub async fn make(
    op: &Operation<'_>,
    on_duty: &OnDuty,
    order: &TokenOrder,
) -> anyhow::Result<Result<SecretString, TokenRefusal>> {
    // A program never makes one: it has no session.
    let Some(session) = on_duty.session().filter(|session| session.is_freshly_proven(op.now)) else {
        return Ok(Err(TokenRefusal::NotProven));
    };
    let Some(name) = parse_token_name(&order.name) else { return Ok(Err(TokenRefusal::Name)) };
    if !API_TOKEN_DAYS.contains(&order.days) {
        return Ok(Err(TokenRefusal::Days));
    }
    if !is_id(&order.form_id, 32) {
        return Ok(Err(TokenRefusal::Shown));
    }
    let mut tx = op.write(Durability::Durable).await?;
    let roles = on_duty.current_roles(&mut tx).await?;
    let Some(carrier) = roles.iter().find(|grant| grant.id == order.role_id) else {
        tx.rollback().await?;
        return Ok(Err(TokenRefusal::Role));
    };
    if order.scopes.is_empty() || !order.scopes.iter().all(|scope| scope.is_within(carrier)) {
        tx.rollback().await?;
        return Ok(Err(TokenRefusal::Scopes));
    }
    let territory = order.territory.clone().unwrap_or_else(|| carrier.territory.clone());
    if !is_inside(&mut tx, &territory, &carrier.territory).await? {
        tx.rollback().await?;
        return Ok(Err(TokenRefusal::Territory));
    }
    let owner = &on_duty.administrator.id;
    let held = rows::list(&mut tx, owner, MAX_LISTED_TOKENS).await?;
    let open = held.iter().filter(|token| token.state(&roles, op.now) == ApiTokenState::Open).count();
    if open >= MAX_API_TOKENS {
        tx.rollback().await?;
        return Ok(Err(TokenRefusal::TooMany));
    }
    let term = op.now.plus(Span::days(order.days));
    let mut scopes = order.scopes.clone();
    scopes.sort_unstable();
    scopes.dedup();
    let token = ApiToken {
        id: ApiTokenId::new(row_id(op.now, op.app.rng.as_ref())),
        administrator_id: owner.clone(),
        role_id: carrier.id.clone(),
        name,
        scopes,
        territory,
        created_at: op.now,
        expires_at: carrier.ends_at.map_or(term, |end| end.min(term)),
        last_used_at: None,
        revoked_at: None,
    };
    let text = draw_token(op.app.rng.as_ref());
    let digest = sha256_base64url(&text);
    let proof = session.method.name();
    if !rows::insert(&mut tx, NewApiToken { token: &token, digest: &digest, form_id: &order.form_id, proof }).await? {
        tx.rollback().await?;
        return Ok(Err(TokenRefusal::Shown));
    }
    tx.actor = on_duty.actor(Some(carrier));
    let words: Vec<&str> = token.scopes.iter().map(|scope| scope.name()).collect();
    let after = format!("{} @ {}", words.join(" "), token.territory);
    let about = AuditDetails { detail: &token.id, after: Some(&after), ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::ApiTokenMade, about).await?;
    tx.commit().await?;
    Ok(Ok(SecretString::from(text)))
}

/// True if the territory of a token lies inside that of its role now: a school may have gone to another academy, a relying
/// party may have another perimeter.
async fn is_inside(tx: &mut Tx, territory: &Territory, role: &Territory) -> anyhow::Result<bool> {
    // The role's own is not looked up: of a relying party the place has no academy.
    Ok(territory == role || find_place(tx, territory).await?.is_some_and(|place| place.is_inside(role)))
}

/// Returns what a token leaves of the roles of its maker now; `None` if nothing.
pub(super) async fn narrow(
    tx: &mut Tx,
    token: &ApiToken,
    roles: &[RoleGrant],
    now: Timestamp,
) -> anyhow::Result<Option<RoleGrant>> {
    let Some(grant) = token.narrow(roles, now) else { return Ok(None) };
    Ok(is_inside(tx, &grant.territory, grant.own_territory()).await?.then_some(grant))
}

/// Lists the tokens of an administrator with their states, the newest first.
pub async fn list(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<Vec<(ApiToken, ApiTokenState)>> {
    let (owner, now) = (&on_duty.administrator.id, op.now);
    let mut tx = op.app.db.read().await?;
    let roles = store::roles::list_current(&mut tx, owner, now).await?;
    let tokens = rows::list(&mut tx, owner, MAX_LISTED_TOKENS).await?;
    let mut listed = Vec::new();
    for token in tokens {
        let mut state = token.state(&roles, now);
        // Looked up for the open ones only, which are few.
        if state == ApiTokenState::Open && narrow(&mut tx, &token, &roles, now).await?.is_none() {
            state = ApiTokenState::RoleEnded;
        }
        listed.push((token, state));
    }
    Ok(listed)
}

/// Revokes a token of one's own, at once on every server. Returns false if it was revoked before, or is not there.
pub async fn revoke(op: &Operation<'_>, on_duty: &OnDuty, id: &ApiTokenId) -> anyhow::Result<bool> {
    let owner = &on_duty.administrator.id;
    let mut tx = op.write(Durability::Durable).await?;
    if on_duty.session().is_none() || !rows::revoke(&mut tx, id, owner, owner).await? {
        tx.rollback().await?;
        return Ok(false);
    }
    let about = AuditDetails { detail: id, ..AuditDetails::default() };
    audit::store::record(&mut tx, AuditEvent::ApiTokenRevoked, about).await?;
    tx.commit().await?;
    Ok(true)
}

/// The outcome of presenting a token.
#[derive(Debug)]
pub enum TokenEntry {
    Right(Box<OnDuty>),
    /// Unknown, revoked, at its term, or of a role that has ended: not distinguished.
    Wrong,
    /// Too many wrong ones came from there.
    Limited(RateLimited),
}

/// Returns who stands behind a token, with its part of the role that carries it. A right one is never refused because
/// of wrong ones from the same source; each wrong one is counted once an hour.
pub async fn enter(op: &Operation<'_>, text: &str, source: SourceAddress) -> anyhow::Result<TokenEntry> {
    let digest = sha256_base64url(text);
    if is_token(text)
        && let Some(on_duty) = recognise(op, &digest).await?
    {
        touch(op, &on_duty).await?;
        return Ok(TokenEntry::Right(Box::new(on_duty)));
    }
    Ok(match limits::ops::count_wrong_token(op, source, &digest).await? {
        Ok(()) => TokenEntry::Wrong,
        Err(limited) => TokenEntry::Limited(limited),
    })
}

async fn recognise(op: &Operation<'_>, digest: &str) -> anyhow::Result<Option<OnDuty>> {
    let mut tx = op.app.db.read().await?;
    let Some(token) = rows::find_by_digest(&mut tx, digest).await?.filter(|token| token.is_open(op.now)) else {
        return Ok(None);
    };
    let administrator = store::find(&mut tx, &op.app.master_key, &token.administrator_id).await?;
    let Some(administrator) = administrator.filter(|a| a.state == AdministratorState::Active) else { return Ok(None) };
    let roles = store::roles::list_current(&mut tx, &administrator.id, op.now).await?;
    let Some(grant) = narrow(&mut tx, &token, &roles, op.now).await? else { return Ok(None) };
    Ok(Some(OnDuty { door: AdminDoor::Token(Box::new(token)), administrator, roles: vec![grant] }))
}

/// Records the use, at most once a minute.
async fn touch(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<()> {
    let AdminDoor::Token(token) = &on_duty.door else { return Ok(()) };
    if token.last_used_at.is_some_and(|at| op.now.since(at) < API_TOKEN_TOUCH_INTERVAL) {
        return Ok(());
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    rows::touch(&mut tx, &token.id).await?;
    Ok(tx.commit().await?)
}
