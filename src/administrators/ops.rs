//! Sessions of administrators; [`invite`] gives and ends roles, [`enrol`] takes an invitation, [`enter`] lets
//! administrators in, [`proof`] proves them again, [`api_tokens`] are for programs.

pub mod api_tokens;
pub mod enrol;
pub mod enter;
mod giver;
pub mod invite;
pub mod proof;

use super::roles::AdminAct;
use super::territory::{Place, RoleGrant, Territory, may, may_everywhere};
use super::{ADMIN_TOUCH_INTERVAL, AdminProof, AdminSession, Administrator, AdministratorState, DraftKeeper, store};
use crate::administrators::api_tokens::ApiToken;
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::{ActingAdministrator, ActingToken, Actor};
use crate::base::ids::{id256, is_id};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AdminSessionId, AdministratorId};
use crate::clients;
use crate::db::{Durability, Tx, UnitOfWork};

/// The way in which an administrator came.
#[derive(Clone, Debug)]
pub enum AdminDoor {
    Session(AdminSession),
    /// A program with a token that the administrator made.
    Token(Box<ApiToken>),
}

/// An administrator with a session, or a program with a token of theirs, and the roles that count now.
#[derive(Clone, Debug)]
pub struct OnDuty {
    pub door: AdminDoor,
    pub administrator: Administrator,
    pub roles: Vec<RoleGrant>,
}

impl OnDuty {
    /// Returns the actor of an act by a role; without one, of something refused.
    pub fn actor(&self, grant: Option<&RoleGrant>) -> Actor {
        let (id, role) = (self.administrator.id.clone(), grant.map(RoleGrant::name).unwrap_or_default());
        match &self.door {
            AdminDoor::Session(session) => {
                Actor::Administrator(ActingAdministrator { id, role, proof: session.method.name() })
            }
            AdminDoor::Token(token) => Actor::Token(ActingToken::new(&token.id, id, role)),
        }
    }

    /// Returns the session; `None` for a program.
    pub fn session(&self) -> Option<&AdminSession> {
        match &self.door {
            AdminDoor::Session(session) => Some(session),
            AdminDoor::Token(_) => None,
        }
    }

    /// Returns whoever keeps what is kept now.
    pub fn keeper(&self) -> DraftKeeper<'_> {
        let token = match &self.door {
            AdminDoor::Session(_) => None,
            AdminDoor::Token(token) => Some(&token.id),
        };
        DraftKeeper { author: &self.administrator.id, token }
    }

    /// Reads the roles again, in the transaction of an act: a role that ended meanwhile permits nothing, nor does a token
    /// that was revoked.
    pub async fn current_roles(&self, tx: &mut UnitOfWork<'_>) -> anyhow::Result<Vec<RoleGrant>> {
        let (id, now) = (&self.administrator.id, tx.now);
        store::lock(tx, id).await?;
        let roles = store::roles::list_current(tx, id, now).await?;
        roles_of(tx, self.keeper(), roles).await
    }

    /// Reads the roles again, and returns the one by which an act is permitted at one of the places.
    pub async fn permitted(
        &self,
        tx: &mut UnitOfWork<'_>,
        act: AdminAct,
        places: &[Place],
    ) -> anyhow::Result<Option<RoleGrant>> {
        let roles = self.current_roles(tx).await?;
        Ok(may(&roles, act, places, tx.now).cloned())
    }

    /// Reads the roles again like [`OnDuty::permitted`], for an act that concerns every one of the places.
    pub async fn permitted_everywhere(
        &self,
        tx: &mut UnitOfWork<'_>,
        act: AdminAct,
        places: &[Place],
    ) -> anyhow::Result<Option<RoleGrant>> {
        let roles = self.current_roles(tx).await?;
        Ok(may_everywhere(&roles, act, places, tx.now).cloned())
    }

    /// Returns the role by which an act is permitted anywhere.
    pub fn role_for(&self, act: AdminAct) -> Option<&RoleGrant> {
        self.roles.iter().find(|grant| grant.permission(act) != super::roles::Permission::No)
    }
}

pub(super) fn session_id(cookie: &str) -> AdminSessionId {
    AdminSessionId::new(sha256_base64url(cookie))
}

/// Begins a session. Returns the value of its cookie.
pub(super) async fn begin(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    id: &AdministratorId,
    method: AdminProof,
) -> anyhow::Result<String> {
    let cookie = id256(op.app.rng.as_ref());
    store::sessions::insert(tx, &session_id(&cookie), id, method).await?;
    store::touch(tx, op.now, id).await?;
    let acting = ActingAdministrator { id: id.clone(), role: String::new(), proof: method.name() };
    tx.actor = Actor::Administrator(acting);
    audit::store::record(tx, AuditEvent::AdministratorSignedIn, AuditDetails::default()).await?;
    Ok(cookie)
}

/// Returns who has the session of a cookie, with the roles of this moment; `None` without a living session or a role.
pub async fn current(op: &Operation<'_>, cookie: Option<&str>) -> anyhow::Result<Option<OnDuty>> {
    let Some(cookie) = cookie.filter(|cookie| is_id(cookie, 43)) else { return Ok(None) };
    let (app, now) = (op.app, op.now);
    let mut tx = app.db.read().await?;
    let session = store::sessions::find(&mut tx, &session_id(cookie)).await?;
    let Some(session) = session.filter(|session| session.is_alive(now)) else { return Ok(None) };
    let administrator = store::find(&mut tx, &app.master_key, &session.administrator_id).await?;
    let Some(administrator) = administrator.filter(|a| a.state == AdministratorState::Active) else { return Ok(None) };
    let roles = store::roles::list_current(&mut tx, &administrator.id, now).await?;
    Ok((!roles.is_empty()).then_some(OnDuty { door: AdminDoor::Session(session), administrator, roles }))
}

/// Renews the idle timeout, at most once a minute.
pub async fn touch(op: &Operation<'_>, session: &AdminSession) -> anyhow::Result<()> {
    if op.now.since(session.seen_at) < ADMIN_TOUCH_INTERVAL {
        return Ok(());
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    store::sessions::touch(&mut tx, op.now, &session.id).await?;
    store::touch(&mut tx, op.now, &session.administrator_id).await?;
    tx.commit().await?;
    Ok(())
}

/// Ends a session.
pub async fn sign_out(op: &Operation<'_>, on_duty: &OnDuty) -> anyhow::Result<()> {
    let Some(session) = on_duty.session() else { return Ok(()) };
    let mut tx = op.write(Durability::Durable).await?;
    if store::sessions::end(&mut tx, &session.id).await? {
        audit::store::record(&mut tx, AuditEvent::AdministratorSignedOut, AuditDetails::default()).await?;
    }
    tx.commit().await?;
    Ok(())
}

/// Returns what is left of the roles of a person: all of them, or what the token of a program leaves; of one that is
/// revoked or over, nothing.
async fn roles_of(
    tx: &mut UnitOfWork<'_>,
    by: DraftKeeper<'_>,
    roles: Vec<RoleGrant>,
) -> anyhow::Result<Vec<RoleGrant>> {
    let now = tx.now;
    let Some(token) = by.token else { return Ok(roles) };
    let held = store::api_tokens::find(tx, token).await?.filter(|held| held.is_open(now));
    Ok(match held {
        Some(held) => api_tokens::narrow(tx, &held, &roles, now).await?.into_iter().collect(),
        None => Vec::new(),
    })
}

/// Reads the roles of an administrator for work that goes on after they, or a program of theirs, left: a role that ended
/// meanwhile permits nothing, nor does a token that was revoked. Returns the role by which the act is permitted at one of
/// the places.
pub async fn permitted_later(
    tx: &mut UnitOfWork<'_>,
    by: DraftKeeper<'_>,
    act: AdminAct,
    places: &[Place],
) -> anyhow::Result<Option<RoleGrant>> {
    store::lock(tx, by.author).await?;
    let now = tx.now;
    let roles = store::roles::list_current(tx, by.author, now).await?;
    let roles = roles_of(tx, by, roles).await?;
    Ok(may(&roles, act, places, now).cloned())
}

/// Records that something was refused: outside the territory, or beyond the role.
pub async fn record_refusal(op: &Operation<'_>, on_duty: &OnDuty, act: AdminAct, place: &Place) -> anyhow::Result<()> {
    let op = op.clone().by(on_duty.actor(on_duty.roles.first()));
    let mut tx = op.write(Durability::Relaxed).await?;
    let about = AuditDetails {
        uai: place.uai.as_ref(),
        academy: place.academy.as_deref(),
        detail: act.name(),
        ..AuditDetails::default()
    };
    audit::store::record(&mut tx, AuditEvent::AdministratorRefused, about).await?;
    tx.commit().await?;
    Ok(())
}

/// Returns the place of a territory; `None` if there is no such academy, school or relying party. A relying party lies in
/// an academy if its perimeter is that academy and nothing else.
pub async fn find_place(tx: &mut Tx, territory: &Territory) -> anyhow::Result<Option<Place>> {
    let place = store::roles::find_place(tx, territory).await?;
    let Territory::Client(id) = territory else { return Ok(place) };
    let Some(client) = clients::store::find(tx, id).await? else { return Ok(None) };
    let perimeter = &client.meta.perimeter;
    let academy = match perimeter.academies.as_slice() {
        [one] if perimeter.ministries.is_empty() && perimeter.schools.is_empty() => Some(one.clone()),
        _ => None,
    };
    Ok(Some(Place { academy, client: Some(id.clone()), ..Place::default() }))
}
