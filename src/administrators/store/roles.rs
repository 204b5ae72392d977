//! Rows of roles.

use super::super::roles::AdminRole;
use super::super::scope::AdminScope;
use super::super::territory::{Place, RoleGrant, Territory, TerritoryKind};
use super::scope::scope_args;
use crate::administrators::AdministratorState;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AdminRoleId, AdministratorId};
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, Value, args, parse_word};

#[derive(FromRow)]
struct Row {
    id: AdminRoleId,
    role: String,
    territory_kind: String,
    territory: String,
    class: String,
    pupils_only: bool,
    ends_at: Option<i64>,
    approved_at: Option<i64>,
    ended_at: Option<i64>,
}

/// Reads a row; `None` for a territory that is no more.
fn read(row: Row) -> Result<Option<RoleGrant>> {
    let kind = parse_word::<TerritoryKind>("admin_role", "territory_kind", &row.id, &row.territory_kind)?;
    let role = parse_word::<AdminRole>("admin_role", "role", &row.id, &row.role)?;
    Ok(Territory::from_columns(kind, &row.territory, &row.class).map(|territory| RoleGrant {
        id: row.id,
        role,
        territory,
        pupils_only: row.pupils_only,
        ends_at: row.ends_at.map(Timestamp),
        approved: row.approved_at.is_some(),
        ended: row.ended_at.is_some(),
        only: None,
        carrier: None,
    }))
}

/// Lists the roles of an administrator that have not ended, the oldest first.
pub async fn list(tx: &mut Tx, administrator_id: &AdministratorId) -> Result<Vec<RoleGrant>> {
    let sql = "SELECT id, role, territory_kind, territory, class, pupils_only, ends_at, approved_at, ended_at \
               FROM admin_role WHERE administrator_id = $1 AND ended_at IS NULL ORDER BY id LIMIT 100";
    let rows = tx.fetch_all::<Row>(sql, args![administrator_id]).await?;
    Ok(rows.into_iter().map(read).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Returns the roles that count now.
pub async fn list_current(tx: &mut Tx, administrator_id: &AdministratorId, now: Timestamp) -> Result<Vec<RoleGrant>> {
    let mut all = list(tx, administrator_id).await?;
    all.retain(|grant| grant.is_current(now));
    Ok(all)
}

/// Lists the roles of an administrator that are over, the latest first, each with the time of its end in milliseconds.
pub async fn list_ended(tx: &mut Tx, id: &AdministratorId, now: Timestamp) -> Result<Vec<(RoleGrant, i64)>> {
    let sql = "SELECT id, role, territory_kind, territory, class, pupils_only, ends_at, approved_at, ended_at \
               FROM admin_role WHERE administrator_id = $1 AND (ended_at IS NOT NULL OR ends_at <= $2) \
               ORDER BY COALESCE(ended_at, ends_at) DESC LIMIT 100";
    let rows = tx.fetch_all::<Row>(sql, args![id, now]).await?;
    let ended = |row: Row| {
        let at = row.ended_at.or(row.ends_at).unwrap_or_default();
        Ok(read(row)?.map(|grant| (grant, at)))
    };
    Ok(rows.into_iter().map(ended).collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Finds a role, with its administrator and giver.
pub async fn find(tx: &mut Tx, id: &AdminRoleId) -> Result<Option<(RoleGrant, AdministratorId, String)>> {
    let sql = "SELECT id, role, territory_kind, territory, class, pupils_only, ends_at, approved_at, ended_at \
               FROM admin_role WHERE id = $1";
    let Some(grant) = tx.fetch_optional::<Row>(sql, args![id]).await?.map(read).transpose()?.flatten() else {
        return Ok(None);
    };
    let sql = "SELECT administrator_id, given_by FROM admin_role WHERE id = $1";
    let (of, by) = tx.fetch_one::<(AdministratorId, String)>(sql, args![id]).await?;
    Ok(Some((grant, of, by)))
}

/// A role to give.
#[derive(Clone, Copy, Debug)]
pub struct NewRole<'a> {
    pub id: &'a AdminRoleId,
    pub administrator_id: &'a AdministratorId,
    pub role: AdminRole,
    pub territory: &'a Territory,
    pub pupils_only: bool,
    pub ends_at: Option<Timestamp>,
    /// The administrator or the operator who gives it.
    pub given_by: &'a str,
    /// True if it counts without another administrator's agreement.
    pub approved: bool,
}

/// Gives a role. Returns false if the administrator has it already.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewRole<'_>) -> Result<bool> {
    let now = tx.now;
    let (territory, class) = new.territory.columns();
    let (approved_by, approved_at) = if new.approved { (Some(new.given_by), Some(now)) } else { (None, None) };
    // One that is over by its date is in nobody's way.
    let over =
        "UPDATE admin_role SET ended_at = ends_at WHERE administrator_id = $1 AND ended_at IS NULL AND ends_at <= $2";
    tx.execute(over, args![new.administrator_id, now]).await?;
    let sql = "INSERT INTO admin_role (id, administrator_id, role, territory_kind, territory, class, pupils_only, \
               given_by, given_at, ends_at, approved_by, approved_at) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT DO NOTHING";
    let values = args![
        new.id,
        new.administrator_id,
        new.role.name(),
        new.territory.kind().name(),
        territory,
        class,
        new.pupils_only,
        new.given_by,
        now,
        new.ends_at,
        approved_by,
        approved_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Ends a role. Returns true for the call that did.
pub async fn end(tx: &mut UnitOfWork<'_>, id: &AdminRoleId, by: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE admin_role SET ended_at = $2, ended_by = $3 WHERE id = $1 AND ended_at IS NULL";
    Ok(tx.execute(sql, args![id, now, by]).await? == 1)
}

/// Agrees with a role. Returns true for the call that did.
pub async fn approve(tx: &mut UnitOfWork<'_>, id: &AdminRoleId, by: &str) -> Result<bool> {
    let now = tx.now;
    let sql = "UPDATE admin_role SET approved_at = $2, approved_by = $3 \
               WHERE id = $1 AND approved_at IS NULL AND ended_at IS NULL AND given_by <> $3";
    Ok(tx.execute(sql, args![id, now, by]).await? == 1)
}

/// A role on the page of the team.
#[derive(Clone, Debug, FromRow)]
pub struct TeamRow {
    pub id: AdminRoleId,
    pub administrator_id: AdministratorId,
    pub name: String,
    pub state: String,
    pub role: String,
    pub territory_kind: String,
    pub territory: String,
    pub class: String,
    pub pupils_only: bool,
    pub ends_at: Option<i64>,
    pub approved_at: Option<i64>,
    pub seen_at: Option<i64>,
    pub given_by: String,
    /// The name of the school or of the academy, if it is one.
    pub place: Option<String>,
    /// The name of the administrator who gave it, if one did.
    pub giver: Option<String>,
    pub has_totp: bool,
    pub passkeys: i64,
}

impl TeamRow {
    /// Returns true if somebody has taken the invitation.
    pub fn is_active(&self) -> bool {
        self.state == AdministratorState::Active.name()
    }
}

/// Lists the roles inside a scope that have not ended, by name, after a name and a role's id: at most `most`.
pub async fn list_team(
    tx: &mut Tx,
    scope: &AdminScope,
    (after_name, after_id): (&str, &str),
    most: i64,
) -> Result<Vec<TeamRow>> {
    let sql = "SELECT r.id, r.administrator_id, a.name, a.state, r.role, r.territory_kind, r.territory, r.class, \
               r.pupils_only, r.ends_at, r.approved_at, a.seen_at, r.given_by, \
               COALESCE(s.name, c.name) AS place, g.name AS giver, a.totp IS NOT NULL AS has_totp, \
               (SELECT COUNT(*) FROM passkey k WHERE k.holder_kind = 'administrator' AND k.holder_id = a.id) \
               AS passkeys FROM admin_role r JOIN administrator a ON a.id = r.administrator_id \
               LEFT JOIN school s ON s.uai = r.territory AND r.territory_kind IN ('school', 'class') \
               LEFT JOIN academy c ON c.id = r.territory AND r.territory_kind = 'academy' \
               LEFT JOIN administrator g ON g.id = r.given_by \
               WHERE r.ended_at IS NULL AND ($1 OR REPLACE($2, '\u{1f}' || s.ministry || '\u{1f}', '') <> $2 \
               OR REPLACE($3, '\u{1f}' || s.academy || '\u{1f}', '') <> $3 \
               OR REPLACE($3, '\u{1f}' || c.id || '\u{1f}', '') <> $3 \
               OR REPLACE($4, '\u{1f}' || s.uai || '\u{1f}', '') <> $4 \
               OR REPLACE($5, '\u{1f}' || s.uai || '/' || r.class || '\u{1f}', '') <> $5) \
               AND (a.name > $6 OR (a.name = $6 AND r.id > $7)) ORDER BY a.name, r.id LIMIT $8";
    let mut values = scope_args(scope);
    values.extend([Value::from(after_name), Value::from(after_id), Value::from(most)]);
    tx.fetch_all(sql, values).await
}

/// Lists every role that has not ended, for the command line.
pub async fn list_all(tx: &mut Tx) -> Result<Vec<TeamRow>> {
    list_team(tx, &AdminScope::everything(), ("", ""), 10_000).await
}

/// Returns the place of a territory; `None` if it is not there.
pub async fn find_place(tx: &mut Tx, territory: &Territory) -> Result<Option<Place>> {
    let place = Place::default();
    Ok(match territory {
        Territory::All => Some(place),
        Territory::Ministry(id) => {
            let sql = "SELECT ministry FROM school WHERE ministry = $1 LIMIT 1";
            let known = tx.fetch_optional::<(String,)>(sql, args![id]).await?;
            known.map(|(ministry,)| Place { ministry: Some(ministry), ..place })
        }
        Territory::Academy(id) => {
            let known = tx.fetch_optional::<(String,)>("SELECT id FROM academy WHERE id = $1", args![id]).await?;
            known.map(|(academy,)| Place { academy: Some(academy), ..place })
        }
        Territory::School(uai) => find_school_place(tx, uai, None).await?,
        Territory::Class(uai, class) => find_school_place(tx, uai, Some(class)).await?,
        // The perimeter is the client's: see the use case.
        Territory::Client(id) => Some(Place { client: Some(id.clone()), ..place }),
    })
}

/// Returns the place of a school, or of a class of it.
pub async fn find_school_place(tx: &mut Tx, uai: &Uai, class: Option<&str>) -> Result<Option<Place>> {
    let sql = "SELECT academy, ministry FROM school WHERE uai = $1";
    let found = tx.fetch_optional::<(String, String)>(sql, args![uai]).await?;
    Ok(found.map(|(academy, ministry)| Place {
        academy: Some(academy),
        ministry: Some(ministry),
        uai: Some(uai.clone()),
        class: class.map(str::to_owned),
        client: None,
    }))
}
