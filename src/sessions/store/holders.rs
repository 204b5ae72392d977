//! What keeps a token alive, in one read: the client's row in a session or the refresh token family, with session,
//! account, and the recorded `sub`.

use crate::accounts::Account;
use crate::accounts::store::AccountRow;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{ClientId, ClientSessionId, RefreshFamilyId, SessionId};
use crate::db::{FromRow, Result, Tx, args};
use crate::grants::store::families::FamilyRow;
use crate::grants::{AccessTokenIds, RefreshTokenFamily};
use crate::sessions::SESSION_TTL;

/// The end of a session, without the rest of it.
#[derive(Clone, Copy, Debug)]
pub struct SessionLife {
    pub authenticated_at: Timestamp,
    pub ended: bool,
}

impl SessionLife {
    /// True as of [`crate::sessions::Session::is_alive`].
    pub fn is_alive(&self, now: Timestamp) -> bool {
        !self.ended && now.since(self.authenticated_at) < SESSION_TTL
    }
}

/// A client's row in a session, with the account.
#[derive(Clone, Debug)]
pub struct SessionHolder {
    pub session_id: SessionId,
    pub client_id: ClientId,
    pub generation: i64,
    pub session: SessionLife,
    pub account: Account,
    /// The `sub` that is written in the space that was asked for.
    pub recorded_sub: Option<String>,
}

/// A refresh token family, with the account, and with the client's row in the session that it is bound to.
#[derive(Clone, Debug)]
pub struct FamilyHolder {
    pub family: RefreshTokenFamily,
    /// `None` for an offline family, and if the session is deleted.
    pub session: Option<SessionLife>,
    /// The `sid` and the generation of the client's row in the session.
    pub client_session: Option<(ClientSessionId, i64)>,
    pub account: Account,
    /// The `sub` that is written in the space that was asked for.
    pub recorded_sub: Option<String>,
}

#[derive(FromRow)]
struct SessionHolderRow {
    held_session_id: SessionId,
    held_client_id: ClientId,
    held_generation: i64,
    session_began: i64,
    session_ended: Option<i64>,
    recorded_sub: Option<String>,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl TryFrom<SessionHolderRow> for SessionHolder {
    type Error = crate::db::DbError;
    fn try_from(r: SessionHolderRow) -> Result<SessionHolder> {
        Ok(SessionHolder {
            session_id: r.held_session_id,
            client_id: r.held_client_id,
            generation: r.held_generation,
            session: SessionLife { authenticated_at: Timestamp(r.session_began), ended: r.session_ended.is_some() },
            account: r.account.try_into()?,
            recorded_sub: r.recorded_sub,
        })
    }
}

#[derive(FromRow)]
struct FamilyHolderRow {
    held_sid: Option<ClientSessionId>,
    held_generation: Option<i64>,
    session_began: Option<i64>,
    session_ended: Option<i64>,
    recorded_sub: Option<String>,
    #[sqlx(flatten)]
    family: FamilyRow,
    #[sqlx(flatten)]
    account: AccountRow,
}

impl TryFrom<FamilyHolderRow> for FamilyHolder {
    type Error = crate::db::DbError;
    fn try_from(r: FamilyHolderRow) -> Result<FamilyHolder> {
        let ended = r.session_ended.is_some();
        let session = r.session_began.map(|at| SessionLife { authenticated_at: Timestamp(at), ended });
        Ok(FamilyHolder {
            family: r.family.try_into()?,
            session,
            client_session: r.held_sid.zip(r.held_generation),
            account: r.account.try_into()?,
            recorded_sub: r.recorded_sub,
        })
    }
}

macro_rules! session_holder {
    ($and:literal) => {
        concat!(
            "SELECT c.session_id AS held_session_id, c.client_id AS held_client_id, c.generation AS held_generation, \
             s.authenticated_at AS session_began, s.ended_at AS session_ended, b.value AS recorded_sub, \
             a.id, a.identifiant, a.state, a.profile, a.given_name, a.family_name, a.password, a.password_at, \
             a.suspended_by, a.caution_until, a.closes_at, a.must_change_at, a.updated_at, a.origin \
             FROM session_client c JOIN session s ON s.id = c.session_id JOIN account a ON a.id = s.account_id \
             LEFT JOIN subject b ON b.space = $2 AND b.account_id = a.id WHERE c.sid = $1",
            $and
        )
    };
}

macro_rules! family_holder {
    ($and:literal) => {
        concat!(
            "SELECT c.sid AS held_sid, c.generation AS held_generation, s.authenticated_at AS session_began, \
             s.ended_at AS session_ended, b.value AS recorded_sub, f.id AS family_id, f.session_id, f.details, f.jkt, \
             f.generation, f.turned_at, f.access_generation, f.expires_at, f.ended_at, \
             a.id, a.identifiant, a.state, a.profile, a.given_name, a.family_name, a.password, a.password_at, \
             a.suspended_by, a.caution_until, a.closes_at, a.must_change_at, a.updated_at, a.origin \
             FROM refresh_family f JOIN account a ON a.id = f.account_id LEFT JOIN session s ON s.id = f.session_id \
             LEFT JOIN session_client c ON c.session_id = f.session_id AND c.client_id = f.client_id \
             LEFT JOIN subject b ON b.space = $2 AND b.account_id = a.id WHERE f.id = $1",
            $and
        )
    };
}

/// Finds what a client holds in a session. `space` is the space of subjects to look into.
pub async fn find_session_holder(tx: &mut Tx, sid: &ClientSessionId, space: &str) -> Result<Option<SessionHolder>> {
    let row = tx.fetch_optional::<SessionHolderRow>(session_holder!(""), args![sid, space]).await?;
    row.map(SessionHolder::try_from).transpose()
}

/// Finds the holder like [`find_session_holder`], for an access token: `None` if the token or its grant was revoked.
pub async fn find_session_holder_for_token(
    tx: &mut Tx,
    (sid, space): (&ClientSessionId, &str),
    ids: AccessTokenIds<'_>,
) -> Result<Option<SessionHolder>> {
    let sql = session_holder!(" AND NOT EXISTS (SELECT 1 FROM revoked_token WHERE id IN ($3, $4))");
    let row = tx.fetch_optional::<SessionHolderRow>(sql, args![sid, space, ids.jti, ids.grant_id]).await?;
    row.map(SessionHolder::try_from).transpose()
}

/// Finds a family with what it depends on. `space` is the space of subjects to look into.
pub async fn find_family_holder(tx: &mut Tx, id: &RefreshFamilyId, space: &str) -> Result<Option<FamilyHolder>> {
    let row = tx.fetch_optional::<FamilyHolderRow>(family_holder!(""), args![id, space]).await?;
    row.map(FamilyHolder::try_from).transpose()
}

/// Finds a family like [`find_family_holder`], for an access token: `None` if the token or its grant was revoked.
pub async fn find_family_holder_for_token(
    tx: &mut Tx,
    (id, space): (&RefreshFamilyId, &str),
    ids: AccessTokenIds<'_>,
) -> Result<Option<FamilyHolder>> {
    let sql = family_holder!(" AND NOT EXISTS (SELECT 1 FROM revoked_token WHERE id IN ($3, $4))");
    let row = tx.fetch_optional::<FamilyHolderRow>(sql, args![id, space, ids.jti, ids.grant_id]).await?;
    row.map(FamilyHolder::try_from).transpose()
}
