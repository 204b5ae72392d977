//! Declaring schools from the deployment's files; opening and closing campaigns.

use std::collections::BTreeSet;

use super::{Campaign, School, is_telephone, store};
use crate::audit::{self, About, Fact};
use crate::base::clock::{Span, Timestamp};
use crate::base::rng::Random;
use crate::base::uai::Uai;
use crate::config::deployment::Declared;
use crate::db::{Db, Durability, Tx};

#[derive(Debug, thiserror::Error)]
pub enum TenantError {
    #[error("schools.toml: {uai}: {why}")]
    Uai { uai: String, why: String },
    #[error("schools.toml: {uai}: no {what} `{name}` in academies.toml")]
    Dangling { uai: String, what: &'static str, name: String },
    #[error("schools.toml: {uai}: telephone = \"{telephone}\": digits as they are dialled, such as \"04 67 00 00 00\"")]
    Telephone { uai: String, telephone: String },
    #[error("school {0} is not declared: add [[school]] uai = \"{0}\" to schools.toml")]
    UnknownSchool(String),
    #[error(transparent)]
    Db(#[from] crate::db::Error),
}

/// Whether the files hold together; writes nothing.
pub fn check(declared: &Declared) -> Result<(), TenantError> {
    let academies: BTreeSet<&str> = declared.academies.iter().map(|a| a.id.as_str()).collect();
    let ministries: BTreeSet<&str> = declared.ministries.iter().map(|m| m.id.as_str()).collect();
    for s in &declared.schools {
        Uai::parse(&s.uai).map_err(|why| TenantError::Uai { uai: s.uai.clone(), why: why.to_string() })?;
        let dangling = |what, name: &str| TenantError::Dangling { uai: s.uai.clone(), what, name: name.to_owned() };
        if !academies.contains(s.academy.as_str()) {
            return Err(dangling("academy", &s.academy));
        }
        if !ministries.contains(s.ministry.as_str()) {
            return Err(dangling("ministry", &s.ministry));
        }
        if let Some(telephone) = s.telephone.as_deref().filter(|text| !is_telephone(text)) {
            return Err(TenantError::Telephone { uai: s.uai.clone(), telephone: telephone.to_owned() });
        }
    }
    Ok(())
}

/// Writes what the files declare. Schools that left the files stay: rosters and links point at them.
pub async fn declare(tx: &mut Tx, declared: &Declared) -> Result<(), TenantError> {
    check(declared)?;
    for a in &declared.academies {
        store::put_academy(tx, &a.id, &a.code, &a.name).await?;
    }
    for s in &declared.schools {
        let school = School {
            uai: s.uai.clone(),
            name: s.name.clone(),
            academy: s.academy.clone(),
            ministry: s.ministry.clone(),
            telephone: s.telephone.clone(),
        };
        store::put_school(tx, &school).await?;
    }
    Ok(())
}

/// What an operator says of a campaign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CampaignChange {
    /// From now on for so many days.
    Open { days: i64 },
    /// Ends now.
    Close,
}

pub async fn change_campaign(
    db: &Db,
    rng: &dyn Random,
    now: Timestamp,
    uai: &str,
    change: CampaignChange,
) -> Result<Campaign, TenantError> {
    let mut tx = db.write(Durability::Durable).await?;
    if store::school(&mut tx, uai).await?.is_none() {
        return Err(TenantError::UnknownSchool(uai.to_owned()));
    }
    let (campaign, fact) = match change {
        CampaignChange::Open { days } => {
            (Campaign { opens: now, closes: now.plus(Span::days(days)) }, Fact::CampaignOpened)
        }
        CampaignChange::Close => {
            let opens = store::campaign(&mut tx, uai).await?.map_or(now, |c| c.opens.min(now));
            (Campaign { opens, closes: now }, Fact::CampaignClosed)
        }
    };
    store::put_campaign(&mut tx, uai, campaign).await?;
    audit::store::record(&mut tx, rng, now, fact, About { detail: uai, ..About::default() }).await?;
    tx.commit().await?;
    Ok(campaign)
}
