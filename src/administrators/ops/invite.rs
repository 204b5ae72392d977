//! Gives and ends roles, and invites whoever has none yet.

pub use super::giver::RoleGiver;
use super::{OnDuty, find_place};
use crate::administrators::roles::AdminRole;
use crate::administrators::store::{self, invitations, roles};
use crate::administrators::territory::{RoleGrant, Territory};
use crate::administrators::{AdministratorState, INVITATION_TTL, parse_name};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::ids::{id256, row_id};
use crate::base::lang::Lang;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::{AdminRoleId, AdministratorId};
use crate::db::{Durability, UnitOfWork};
use crate::http::pages::PageRenderer;
use crate::http::paths;
use crate::mail;
use crate::notify;
use crate::passkeys;

/// The means of writing an invitation.
#[derive(Clone, Copy)]
pub struct InvitationContext<'a> {
    pub pages: &'a PageRenderer,
    pub issuer: &'a str,
    /// True if mails are sent.
    pub mails: bool,
    pub lang: Lang,
}

/// A role to give to somebody.
#[derive(Clone, Debug)]
pub struct RoleOrder {
    pub name: String,
    pub email: String,
    pub role: AdminRole,
    pub territory: Territory,
    pub pupils_only: bool,
    pub until: Option<Timestamp>,
}

/// The reason for which a role was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RoleRefusal {
    #[error("the name is empty or longer than 100 signs")]
    Name,
    #[error("this is no e-mail address")]
    Email,
    #[error("the role does not exist on such a territory")]
    Kind,
    #[error("there is no such academy, school or relying party")]
    UnknownTerritory,
    #[error("the role, or its end, is beyond what the giver has")]
    NotPermitted,
    #[error("the administrator has this role already")]
    Already,
    #[error("the end lies in the past")]
    Past,
}

/// A role that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenRole {
    pub administrator_id: AdministratorId,
    /// The link of the invitation; `None` for somebody who signs in already.
    pub link: Option<String>,
    pub mailed: bool,
    /// True if another administrator must agree first.
    pub waits_for_approval: bool,
}

/// Checks an order without writing anything, and returns it in its normal form.
pub fn check_order(order: &RoleOrder, now: Timestamp) -> Result<RoleOrder, RoleRefusal> {
    let name = parse_name(&order.name).ok_or(RoleRefusal::Name)?;
    let email = mail::parse_address(&order.email).ok_or(RoleRefusal::Email)?;
    if !order.role.territories().contains(&order.territory.kind()) {
        return Err(RoleRefusal::Kind);
    }
    if order.until.is_some_and(|until| until <= now) {
        return Err(RoleRefusal::Past);
    }
    let pupils_only = order.pupils_only && order.role == AdminRole::Delegate;
    Ok(RoleOrder { name, email, pupils_only, ..order.clone() })
}

/// Gives a role. Whoever has no proof yet is invited: seven days, one use, and a former invitation ends. The right of the
/// giver is read in the same transaction (docs/threats.md#attack-p1).
pub async fn give_role(
    op: StorageOperation<'_>,
    context: InvitationContext<'_>,
    giver: RoleGiver<'_>,
    order: &RoleOrder,
) -> anyhow::Result<Result<GivenRole, RoleRefusal>> {
    let order = match check_order(order, op.now) {
        Ok(order) => order,
        Err(why) => return Ok(Err(why)),
    };
    let mut tx = op.write(Durability::Durable).await?;
    let Some(place) = find_place(&mut tx, &order.territory).await? else {
        tx.rollback().await?;
        return Ok(Err(RoleRefusal::UnknownTerritory));
    };
    if !giver.may(&mut tx, (order.role, &order.territory), order.until).await? {
        tx.rollback().await?;
        return Ok(Err(RoleRefusal::NotPermitted));
    }
    let known = store::find_by_email(&mut tx, op.master_key, &order.email).await?;
    let id = match &known {
        Some(known) => known.id.clone(),
        None => {
            let id = AdministratorId::new(row_id(op.now, op.rng));
            anyhow::ensure!(
                store::insert(&mut tx, op.master_key, &id, (&order.name, &order.email)).await?,
                "the address became another administrator's meanwhile"
            );
            id
        }
    };
    let approved = !order.role.needs_approval() || matches!(giver, RoleGiver::Operator(_));
    let role_id = AdminRoleId::new(row_id(op.now, op.rng));
    let new = roles::NewRole {
        id: &role_id,
        administrator_id: &id,
        role: order.role,
        territory: &order.territory,
        pupils_only: order.pupils_only,
        ends_at: order.until,
        given_by: giver.id(),
        approved,
    };
    if !roles::insert(&mut tx, new).await? {
        tx.rollback().await?;
        return Ok(Err(RoleRefusal::Already));
    }
    let name = format!("{}@{}", order.role.name(), order.territory);
    let about = AuditDetails {
        detail: &id,
        after: Some(&name),
        uai: place.uai.as_ref(),
        academy: place.academy.as_deref(),
        ..AuditDetails::default()
    };
    audit::store::record(&mut tx, AuditEvent::AdministratorRoleGiven, about).await?;
    let is_active = known.is_some_and(|known| known.state == AdministratorState::Active);
    // The link opens every role of the invited person: whoever could not give each of them gets none, and the former
    // invitation stays.
    let mut invites = !is_active;
    for held in roles::list(&mut tx, &id).await?.iter().filter(|held| held.id != role_id) {
        invites = invites && giver.is_above(&mut tx, held).await?;
    }
    let link = if invites { Some(write_invitation(op, &mut tx, context, (&id, giver)).await?) } else { None };
    if context.mails {
        let key = if invites { "mail-admin-invitation" } else { "mail-admin-role" };
        send(op, &mut tx, context, (&order.email, key), link.as_deref()).await?;
    }
    tx.commit().await?;
    Ok(Ok(GivenRole { administrator_id: id, link, mailed: context.mails, waits_for_approval: !approved }))
}

/// Writes an invitation and returns its link.
async fn write_invitation(
    op: StorageOperation<'_>,
    tx: &mut UnitOfWork<'_>,
    context: InvitationContext<'_>,
    (id, giver): (&AdministratorId, RoleGiver<'_>),
) -> anyhow::Result<String> {
    let token = id256(op.rng);
    let row = row_id(op.now, op.rng);
    let expires_at = op.now.plus(INVITATION_TTL);
    invitations::replace(tx, (&row, &sha256_base64url(&token)), id, (giver.id(), expires_at)).await?;
    let about = AuditDetails { detail: id, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::AdministratorInvited, about).await?;
    // The address comes from the configuration (docs/decisions/0016-the-issuer-is-configuration.md).
    Ok(format!("{}{}/{token}", context.issuer, paths::ADMIN_INVITATION))
}

/// Enqueues a mail that holds nothing that the giver typed.
async fn send(
    op: StorageOperation<'_>,
    tx: &mut UnitOfWork<'_>,
    context: InvitationContext<'_>,
    (to, key): (&str, &str),
    link: Option<&str>,
) -> anyhow::Result<()> {
    let service = context.pages.service_name();
    let subject = context.pages.message(context.lang, &format!("{key}-subject"), &[("service", service)])?;
    let address = format!("{}{}", context.issuer, paths::ADMIN);
    let values = [("service", service), ("link", link.unwrap_or(&address))];
    let text = context.pages.message(context.lang, key, &values)?;
    notify::ops::enqueue_mail(tx, op.master_key, to, subject, text).await?;
    Ok(())
}

/// Takes every proof of an administrator and invites anew: for somebody who lost them. Sessions end. The giver must be
/// able to give each of the roles.
pub async fn renew_invitation(
    op: StorageOperation<'_>,
    context: InvitationContext<'_>,
    giver: RoleGiver<'_>,
    id: &AdministratorId,
) -> anyhow::Result<Result<GivenRole, RoleRefusal>> {
    let mut tx = op.write(Durability::Durable).await?;
    let found = store::find(&mut tx, op.master_key, id).await?;
    let held = roles::list(&mut tx, id).await?;
    store::lock(&mut tx, id).await?;
    let is_own = matches!(giver, RoleGiver::Administrator(on_duty) if on_duty.administrator.id == *id);
    let Some(found) = found.filter(|_| !held.is_empty() && !is_own) else {
        tx.rollback().await?;
        return Ok(Err(RoleRefusal::NotPermitted));
    };
    for grant in &held {
        if !giver.is_above(&mut tx, grant).await? {
            tx.rollback().await?;
            return Ok(Err(RoleRefusal::NotPermitted));
        }
    }
    store::sessions::end_all(&mut tx, id).await?;
    passkeys::store::delete_all(&mut tx, id).await?;
    // Whoever found the proofs may have made one.
    store::api_tokens::revoke_all(&mut tx, id, giver.id()).await?;
    store::clear_totp(&mut tx, id).await?;
    let link = write_invitation(op, &mut tx, context, (id, giver)).await?;
    if context.mails {
        send(op, &mut tx, context, (&found.email, "mail-admin-invitation"), Some(&link)).await?;
    }
    tx.commit().await?;
    Ok(Ok(GivenRole {
        administrator_id: id.clone(),
        link: Some(link),
        mailed: context.mails,
        waits_for_approval: false,
    }))
}

/// Ends a role. With the last one the sessions end and an open invitation serves no more. Returns the role that ended;
/// `None` if it is not the giver's to end, or not there.
pub async fn end_role(
    op: StorageOperation<'_>,
    giver: RoleGiver<'_>,
    role_id: &AdminRoleId,
) -> anyhow::Result<Option<RoleGrant>> {
    let mut tx = op.write(Durability::Durable).await?;
    let found = roles::find(&mut tx, role_id).await?;
    let Some((grant, of, _)) = found.filter(|(grant, ..)| !grant.ended) else {
        tx.rollback().await?;
        return Ok(None);
    };
    store::lock(&mut tx, &of).await?;
    if !giver.is_above(&mut tx, &grant).await? || !roles::end(&mut tx, role_id, giver.id()).await? {
        tx.rollback().await?;
        return Ok(None);
    }
    record_change(&mut tx, AuditEvent::AdministratorRoleEnded, &of, (Some(&grant), None)).await?;
    if roles::list(&mut tx, &of).await?.is_empty() {
        store::sessions::end_all(&mut tx, &of).await?;
        invitations::end_open(&mut tx, &of).await?;
    }
    tx.commit().await?;
    Ok(Some(grant))
}

/// Agrees with a role that another administrator gave: neither one's own nor one's own gift.
pub async fn approve_role(
    op: StorageOperation<'_>,
    on_duty: &OnDuty,
    role_id: &AdminRoleId,
) -> anyhow::Result<Option<RoleGrant>> {
    let mut tx = op.write(Durability::Durable).await?;
    let found = roles::find(&mut tx, role_id).await?;
    let own = &on_duty.administrator.id;
    let found = found.filter(|(grant, of, by)| !grant.ended && of != own && by.as_str() != own.as_str());
    let Some((grant, of, _)) = found else {
        tx.rollback().await?;
        return Ok(None);
    };
    let giver = RoleGiver::Administrator(on_duty);
    if !giver.may(&mut tx, (grant.role, &grant.territory), grant.ends_at).await?
        || !roles::approve(&mut tx, role_id, own).await?
    {
        tx.rollback().await?;
        return Ok(None);
    }
    record_change(&mut tx, AuditEvent::AdministratorRoleApproved, &of, (None, Some(&grant))).await?;
    tx.commit().await?;
    Ok(Some(grant))
}

async fn record_change(
    tx: &mut UnitOfWork<'_>,
    event: AuditEvent,
    of: &AdministratorId,
    (before, after): (Option<&RoleGrant>, Option<&RoleGrant>),
) -> anyhow::Result<()> {
    let place = match before.or(after) {
        Some(grant) => find_place(tx, &grant.territory).await?.unwrap_or_default(),
        None => Default::default(),
    };
    let (before, after) = (before.map(RoleGrant::name), after.map(RoleGrant::name));
    let about = AuditDetails {
        detail: of,
        before: before.as_deref(),
        after: after.as_deref(),
        uai: place.uai.as_ref(),
        academy: place.academy.as_deref(),
        ..AuditDetails::default()
    };
    Ok(audit::store::record(tx, event, about).await?)
}
