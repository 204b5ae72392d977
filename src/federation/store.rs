//! Rows of links between an upstream's people and accounts.

use super::FederatedOrigin;
use crate::accounts::store::FEDERATION_ORIGIN;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::base::uai::Uai;
use crate::config::deployment::Upstreams;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};
use crate::tenants::{self, School};

/// A link, as the help desk and its person see it.
#[derive(Clone, Debug, FromRow)]
pub struct UpstreamLinkRow {
    pub issuer: String,
    pub sub: String,
    pub upstream: String,
    pub created_at: i64,
    pub used_at: i64,
}

impl UpstreamLinkRow {
    pub fn created(&self) -> Timestamp {
        Timestamp(self.created_at)
    }

    pub fn used(&self) -> Timestamp {
        Timestamp(self.used_at)
    }
}

/// A person at an upstream: nothing else leads to an account.
#[derive(Clone, Copy, Debug)]
pub struct UpstreamSubject<'a> {
    pub issuer: &'a str,
    pub sub: &'a str,
}

/// The part of the upstream's last answer that a link keeps.
#[derive(Clone, Copy, Debug)]
pub struct LinkedOrigin<'a> {
    pub upstream_id: &'a str,
    pub academy: Option<&'a str>,
    pub ministry: Option<&'a str>,
    pub schools: &'a [Uai],
    /// The schools of the answer that are not the upstream's own.
    pub dropped: &'a [Uai],
}

impl LinkedOrigin<'_> {
    fn schools_json(&self) -> String {
        serde_json::to_string(self.schools).unwrap_or_default()
    }

    fn dropped_json(&self) -> Option<String> {
        (!self.dropped.is_empty()).then(|| serde_json::to_string(self.dropped).unwrap_or_default())
    }
}

/// Returns the account to which an upstream's person is linked.
pub async fn find_account(tx: &mut Tx, subject: UpstreamSubject<'_>) -> Result<Option<AccountId>> {
    // An account that was joined to another one is opened by its links, as by its identifiant.
    let sql = "SELECT COALESCE(a.merged_into, a.id) FROM upstream_link l JOIN account a ON a.id = l.account_id \
               WHERE l.issuer = $1 AND l.sub = $2";
    let found = tx.fetch_optional::<(AccountId,)>(sql, args![subject.issuer, subject.sub]).await?;
    Ok(found.map(|(id,)| id))
}

/// Links an upstream's person to an account. Returns false if the person is linked already, whoever was first.
pub async fn insert(
    tx: &mut UnitOfWork<'_>,
    subject: UpstreamSubject<'_>,
    account_id: &AccountId,
    origin: LinkedOrigin<'_>,
) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO upstream_link (issuer, sub, account_id, upstream, academy, ministry, schools, created_at, \
               used_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT DO NOTHING";
    let (upstream, schools) = (origin.upstream_id, origin.schools_json());
    let values =
        args![subject.issuer, subject.sub, account_id, upstream, origin.academy, origin.ministry, schools, now];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Writes what the upstream said at this sign-in.
pub async fn update(tx: &mut UnitOfWork<'_>, subject: UpstreamSubject<'_>, origin: LinkedOrigin<'_>) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE upstream_link SET upstream = $3, academy = $4, ministry = $5, schools = $6, used_at = $7, \
               dropped = $8 WHERE issuer = $1 AND sub = $2";
    let (upstream, schools, dropped) = (origin.upstream_id, origin.schools_json(), origin.dropped_json());
    let values = args![subject.issuer, subject.sub, upstream, origin.academy, origin.ministry, schools, now, dropped];
    tx.execute(sql, values).await?;
    Ok(())
}

/// Lists the schools that were dropped from the upstream's answer before.
pub async fn list_dropped(tx: &mut Tx, subject: UpstreamSubject<'_>) -> Result<Vec<Uai>> {
    let sql = "SELECT dropped FROM upstream_link WHERE issuer = $1 AND sub = $2 AND dropped IS NOT NULL";
    let found = tx.fetch_optional::<(String,)>(sql, args![subject.issuer, subject.sub]).await?;
    Ok(found.and_then(|(text,)| serde_json::from_str(&text).ok()).unwrap_or_default())
}

/// Lists the links of an account, the oldest first.
pub async fn list_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Vec<UpstreamLinkRow>> {
    let sql = "SELECT issuer, sub, upstream, created_at, used_at FROM upstream_link WHERE account_id = $1 \
               ORDER BY created_at, issuer LIMIT 100";
    tx.fetch_all(sql, args![account_id]).await
}

/// Ends the links of an account to people of an issuer. Returns the number of ended links.
pub async fn delete(tx: &mut UnitOfWork<'_>, account_id: &AccountId, issuer: &str) -> Result<u64> {
    let sql = "DELETE FROM upstream_link WHERE account_id = $1 AND issuer = $2";
    tx.execute(sql, args![account_id, issuer]).await
}

/// Ends every link of an account that is closed, and of those that were joined to it: whoever signs in there later is not led to it.
pub async fn delete_of_account(tx: &mut UnitOfWork<'_>, account_id: &AccountId) -> Result<()> {
    let sql = "DELETE FROM upstream_link WHERE account_id = $1 \
               OR account_id IN (SELECT id FROM account WHERE merged_into = $1)";
    tx.execute(sql, args![account_id]).await?;
    Ok(())
}

/// Lists accounts that an upstream made and that still have refresh tokens, at most `most`.
pub async fn list_accounts_with_tokens(tx: &mut Tx, upstream: &str, most: i64) -> Result<Vec<AccountId>> {
    let sql = "SELECT DISTINCT f.account_id FROM refresh_family f JOIN upstream_link l ON l.account_id = f.account_id \
               JOIN account a ON a.id = l.account_id \
               WHERE f.ended_at IS NULL AND l.upstream = $1 AND a.origin = $2 LIMIT $3";
    let values = args![upstream, FEDERATION_ORIGIN, most];
    Ok(tx.fetch_all::<(AccountId,)>(sql, values).await?.into_iter().map(|(id,)| id).collect())
}

/// True for a school of an upstream's own academy and ministry, as far as its file names them.
pub fn is_of_realm(school: &School, academy: Option<&str>, ministry: Option<&str>) -> bool {
    academy.is_none_or(|academy| *academy == school.academy) && ministry.is_none_or(|own| *own == school.ministry)
}

#[derive(FromRow)]
struct OriginRow {
    issuer: String,
    upstream: String,
    academy: Option<String>,
    ministry: Option<String>,
    schools: String,
}

/// Returns what the upstream of an account that it made said last, with the schools that are declared here. Whose people
/// they are is what its file says now, if there is one.
pub async fn find_origin(
    tx: &mut Tx,
    upstreams: &Upstreams,
    account_id: &AccountId,
) -> Result<Option<FederatedOrigin>> {
    let sql = "SELECT issuer, upstream, academy, ministry, schools FROM upstream_link WHERE account_id = $1 \
               ORDER BY used_at DESC LIMIT 1";
    let Some(row) = tx.fetch_optional::<OriginRow>(sql, args![account_id]).await? else { return Ok(None) };
    let (academy, ministry) = match upstreams.find(&row.upstream).filter(|file| file.issuer == row.issuer) {
        Some(file) => (file.academy.clone(), file.ministry.clone()),
        None => (row.academy, row.ministry),
    };
    let uais: Vec<Uai> = serde_json::from_str(&row.schools).unwrap_or_default();
    let mut schools = Vec::with_capacity(uais.len());
    for uai in &uais {
        let found = tenants::store::find_school(tx, uai).await?;
        schools.extend(found.filter(|school| is_of_realm(school, academy.as_deref(), ministry.as_deref())));
    }
    Ok(Some(FederatedOrigin { upstream_id: row.upstream, academy, ministry, schools }))
}
