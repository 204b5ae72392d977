//! People whom programs read by tokens: bounded by the hour, and written to the audit once the hour is over.
//!
//! A page shows a person to somebody who looks; a program may take a territory along by its searches, one after the other.

use crate::administrators::api_tokens::ApiToken;
use crate::administrators::store::{api_tokens, roles};
use crate::administrators::territory::{RoleGrant, Territory};
use crate::app::Operation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::actor::{ActingToken, Actor};
use crate::base::clock::{Span, Timestamp};
use crate::base::typed_ids::ApiTokenId;
use crate::db::Durability;
use crate::limits::{self, RateLimit};

/// The hours are those of the clock, so that every server counts in the same one.
fn hour_of(now: Timestamp) -> i64 {
    now.0.div_euclid(Span::hours(1).0)
}

/// Counts people whom a program is about to be shown. Returns the time from which it may read again if the hour's are used
/// up: then nothing is shown. The last answer of an hour may go beyond, by the persons of one search.
pub async fn count_read(op: &Operation<'_>, token: &ApiToken, persons: usize) -> anyhow::Result<Option<Timestamp>> {
    if persons == 0 {
        return Ok(None);
    }
    let hour = hour_of(op.now);
    let cap = u32::try_from(RateLimit::ApiPersons.policy().max_attempts).unwrap_or(u32::MAX);
    let key = format!("{hour}/{id}", id = token.id);
    let mut tx = op.write(Durability::Relaxed).await?;
    let of = (i64::try_from(persons)?, cap);
    if limits::store::count_some(&mut tx, RateLimit::ApiPersons, &key, of).await?.is_some() {
        tx.commit().await?;
        return Ok(None);
    }
    tx.rollback().await?;
    op.app.metrics.record_limited(RateLimit::ApiPersons.name(), "budget");
    Ok(Some(Timestamp(hour.saturating_add(1).saturating_mul(Span::hours(1).0))))
}

/// Records how many people each token read in the hours that are over, once.
pub async fn record_reads(op: &Operation<'_>) -> anyhow::Result<()> {
    let this = hour_of(op.now);
    let counted = limits::store::list_daily(&mut op.app.db.read().await?, RateLimit::ApiPersons, "").await?;
    for (key, _) in counted {
        let Some((hour, id)) = key.split_once('/') else { continue };
        if hour.parse::<i64>().is_ok_and(|hour| hour >= this) {
            continue;
        }
        let mut tx = op.write(Durability::Durable).await?;
        let Some(persons) = limits::store::take_daily(&mut tx, RateLimit::ApiPersons, &key).await? else {
            tx.rollback().await?;
            continue;
        };
        let token = api_tokens::find(&mut tx, &ApiTokenId::new(id)).await?;
        if let Some(token) = &token {
            let role = roles::find(&mut tx, &token.role_id).await?.map(|(grant, ..): (RoleGrant, _, _)| grant.name());
            let maker = token.administrator_id.clone();
            tx.actor = Actor::Token(ActingToken::new(&token.id, maker, role.unwrap_or_default()));
        }
        let (uai, academy) = match token.as_ref().map(|token| &token.territory) {
            Some(Territory::School(uai) | Territory::Class(uai, _)) => (Some(uai), None),
            Some(Territory::Academy(id)) => (None, Some(id.as_str())),
            _ => (None, None),
        };
        let detail = format!("api: {persons}");
        let about = AuditDetails { uai, academy, detail: &detail, ..AuditDetails::default() };
        audit::store::record(&mut tx, AuditEvent::PersonsExported, about).await?;
        tx.commit().await?;
    }
    Ok(())
}
