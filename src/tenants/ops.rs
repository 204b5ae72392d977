//! Declares schools from the deployment's files, opens and closes campaigns, and settles notices whose cause is gone.

use std::collections::BTreeSet;

use super::{Campaign, School, is_telephone, store};
use crate::app::DatabaseOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::base::uai::{Uai, UaiError};
use crate::config::deployment::{DeploymentFiles, SchoolFile};
use crate::db::{Durability, Tx};

#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error("schools.toml: {uai}: {why}")]
    InvalidUai { uai: String, why: String },
    #[error("schools.toml: {uai}: no {what} `{name}` in academies.toml")]
    UnknownReference { uai: String, what: &'static str, name: String },
    #[error("schools.toml: {uai}: telephone = \"{telephone}\": digits as they are dialled, such as \"04 67 00 00 00\"")]
    InvalidTelephone { uai: String, telephone: String },
    #[error("school {0} is not declared: add [[school]] uai = \"{0}\" to schools.toml")]
    UnknownSchool(String),
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
}

fn parse_uai(school: &SchoolFile) -> Result<Uai, TenantError> {
    let invalid = |why: UaiError| TenantError::InvalidUai { uai: school.uai.clone(), why: why.to_string() };
    Uai::parse(&school.uai).map_err(invalid)
}

/// Verifies the consistency of academies, ministries and schools; writes nothing.
pub fn check(declared: &DeploymentFiles) -> Result<(), TenantError> {
    let academies: BTreeSet<&str> = declared.academies.iter().map(|a| a.id.as_str()).collect();
    let ministries: BTreeSet<&str> = declared.ministries.iter().map(|m| m.id.as_str()).collect();
    for s in &declared.schools {
        parse_uai(s)?;
        let dangling =
            |what, name: &str| TenantError::UnknownReference { uai: s.uai.clone(), what, name: name.to_owned() };
        if !academies.contains(s.academy.as_str()) {
            return Err(dangling("academy", &s.academy));
        }
        if !ministries.contains(s.ministry.as_str()) {
            return Err(dangling("ministry", &s.ministry));
        }
        if let Some(telephone) = s.telephone.as_deref().filter(|text| !is_telephone(text)) {
            return Err(TenantError::InvalidTelephone { uai: s.uai.clone(), telephone: telephone.to_owned() });
        }
    }
    Ok(())
}

/// Writes the declared academies and schools. Schools removed from the files stay, because rosters and links refer to
/// their rows.
pub async fn upsert_declared(tx: &mut Tx, declared: &DeploymentFiles) -> Result<(), TenantError> {
    check(declared)?;
    for a in &declared.academies {
        store::upsert_academy(tx, &a.id, &a.code, &a.name).await?;
    }
    for s in &declared.schools {
        let school = School {
            uai: parse_uai(s)?,
            name: s.name.clone(),
            academy: s.academy.clone(),
            ministry: s.ministry.clone(),
            telephone: s.telephone.clone(),
            first_degree: s.first_degree,
        };
        store::upsert_school(tx, &school).await?;
    }
    Ok(())
}

/// The number of notices read by one query, and settled by one transaction at most.
const BATCH_NOTICES: i64 = 200;
/// The number of batches of a pass: the next one goes on behind it.
const PASS_BATCHES: usize = 25;

/// Settles the notices whose cause is gone, some thousands after an id. Returns the id after which the next pass goes on;
/// empty once all were looked at.
pub async fn settle_notices(ctx: DatabaseOperation<'_>, mut after: String) -> crate::db::Result<String> {
    for _ in 0..PASS_BATCHES {
        let batch = store::settled::list_waiting(&mut ctx.db.read().await?, ctx.now, &after, BATCH_NOTICES).await?;
        let Some((last, _)) = batch.last() else { return Ok(String::new()) };
        after.clone_from(last);
        let due: Vec<_> = batch.iter().filter_map(|(id, causes)| Some((id, causes.as_ref()?.settled()?))).collect();
        if due.is_empty() {
            continue;
        }
        let mut tx = ctx.write(Durability::Relaxed).await?;
        for (id, why) in due {
            store::settled::settle(&mut tx, id, why).await?;
        }
        tx.commit().await?;
    }
    Ok(after)
}

/// A change of a campaign by an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignChange {
    /// Opens the campaign now, for this number of days.
    Open { days: i64 },
    /// Ends the campaign now.
    Close,
}

pub async fn change_campaign(
    ctx: DatabaseOperation<'_>,
    uai: &Uai,
    change: CampaignChange,
) -> Result<Campaign, TenantError> {
    let now = ctx.now;
    let mut tx = ctx.write(Durability::Durable).await?;
    if store::find_school(&mut tx, uai).await?.is_none() {
        return Err(TenantError::UnknownSchool(uai.to_string()));
    }
    let (campaign, fact) = match change {
        CampaignChange::Open { days } => {
            (Campaign { opens_at: now, closes_at: now.plus(Span::days(days)) }, AuditEvent::CampaignOpened)
        }
        CampaignChange::Close => {
            let opens = store::find_campaign(&mut tx, uai).await?.map_or(now, |c| c.opens_at.min(now));
            (Campaign { opens_at: opens, closes_at: now }, AuditEvent::CampaignClosed)
        }
    };
    store::upsert_campaign(&mut tx, uai, campaign).await?;
    store::figures::mark_figures(&mut tx, uai).await?;
    audit::store::record(&mut tx, fact, AuditDetails { uai: Some(uai), detail: uai, ..AuditDetails::default() })
        .await?;
    tx.commit().await?;
    Ok(campaign)
}
