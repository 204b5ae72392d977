//! The standing of one person: account, waits, campaign, number and letters, each read by itself.

use crate::accounts::{self, Account, AccountState};
use crate::app::Operation;
use crate::base::clock::Timestamp;
use crate::base::typed_ids::AccountId;
use crate::db::Tx;
use crate::helpdesk::diagnosis::{AccountStanding, CampaignStanding, PhoneStanding};
use crate::helpdesk::store::person::{ParentRow, TieRow};
use crate::letters::store::ServingLetter;
use crate::limits::{self, RateLimit, RateLimitDecision};
use crate::roster::matching::matching_candidates;
use crate::tenants::{self, CampaignStatus};
use crate::{credentials, letters, roster};

/// Finds the account of a row of the roster, if it has one.
pub(super) async fn find_account(tx: &mut Tx, id: Option<&AccountId>) -> anyhow::Result<Option<Account>> {
    Ok(match id {
        Some(id) => accounts::store::find(tx, id).await?,
        None => None,
    })
}

pub(super) fn account_standing(account: Option<&Account>) -> AccountStanding {
    match account.map(|account| account.state) {
        None => AccountStanding::None,
        Some(AccountState::Pending) => AccountStanding::Pending,
        Some(AccountState::Active) => AccountStanding::Active,
        Some(AccountState::Closed) => AccountStanding::Closed,
    }
}

/// Returns the end of a wait on a budget.
pub(super) async fn wait(
    op: &Operation<'_>,
    tx: &mut Tx,
    (action, key): (RateLimit, &str),
) -> anyhow::Result<Option<Timestamp>> {
    Ok(match limits::store::peek_at(tx, action, key, op.now).await? {
        RateLimitDecision::Limited { until } => Some(until),
        RateLimitDecision::Allowed { .. } => None,
    })
}

pub(super) async fn password_wait(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: Option<&Account>,
) -> anyhow::Result<Option<Timestamp>> {
    let Some(account) = account else { return Ok(None) };
    let key = accounts::ops::password_limiter_key(op.app, &account.identifiant, None);
    wait(op, tx, (RateLimit::Password, &key)).await
}

pub(super) async fn has_factors(tx: &mut Tx, account: Option<&Account>) -> anyhow::Result<bool> {
    Ok(match account {
        Some(account) => credentials::store::find_factors(tx, &account.id).await?.is_required(),
        None => false,
    })
}

/// Returns the campaign of the schools of the current children, together: one open school suffices.
pub(super) async fn campaign(
    op: &Operation<'_>,
    tx: &mut Tx,
    parent: &ParentRow,
    ties: &[TieRow],
) -> anyhow::Result<CampaignStanding> {
    let exception = tenants::store::exceptions::find_campaign_exception(tx, &parent.id).await?;
    if exception.is_some_and(|until| until > op.now) {
        return Ok(CampaignStanding::Open);
    }
    let mut found = CampaignStanding::NotPlanned;
    for tie in ties.iter().filter(|tie| tie.is_current && tie.level == "legal") {
        let known = tenants::store::find_campaign(tx, &tie.uai).await?;
        found = match (tenants::campaign_status(known, op.now), found) {
            (CampaignStatus::Open, _) => return Ok(CampaignStanding::Open),
            (CampaignStatus::Upcoming(at), _) => CampaignStanding::Upcoming(at),
            (_, upcoming @ CampaignStanding::Upcoming(_)) => upcoming,
            (CampaignStatus::Closed(at), _) => CampaignStanding::Closed(at),
            (CampaignStatus::NotPlanned, other) => other,
        };
    }
    Ok(found)
}

pub(super) fn phone_standing(parent: &ParentRow) -> PhoneStanding {
    match (parent.phone_state.as_str(), parent.phone_why.as_deref()) {
        ("mobile", _) if parent.phone_disowned_at.is_some() => PhoneStanding::Disowned,
        ("mobile", _) => PhoneStanding::Mobile,
        ("none", _) => PhoneStanding::None,
        (_, Some("landline")) => PhoneStanding::Landline,
        (_, Some("incomplete")) => PhoneStanding::Incomplete,
        _ => PhoneStanding::Unusable,
    }
}

/// True if the same name and number belongs to a person with another account.
pub(super) async fn has_two_accounts(tx: &mut Tx, parent: &ParentRow) -> anyhow::Result<bool> {
    let (Some(blind), Some(own)) = (&parent.phone_blind, &parent.account_id) else { return Ok(false) };
    let all = roster::store::list_by_phone(tx, blind).await?;
    let family = parent.usage_name.as_deref().unwrap_or(&parent.family_name);
    let same = matching_candidates(&all, family, &parent.given_name);
    Ok(same.iter().any(|other| other.account_id.as_ref().is_some_and(|id| id != own)))
}

/// Lists the letters of an account whose codes serve.
pub(super) async fn list_letters(
    op: &Operation<'_>,
    tx: &mut Tx,
    account: Option<&Account>,
) -> anyhow::Result<Vec<ServingLetter>> {
    let Some(account) = account else { return Ok(Vec::new()) };
    Ok(letters::store::list_serving(tx, op.now, &account.id).await?)
}
