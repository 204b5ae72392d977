//! Administration of clients: approval, suspension, resumption, and initial access tokens. Secrets are in [`super::secrets`].

use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Span;
use crate::base::ids::id256;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::ClientId;
use crate::clients::ClientOrigin;
use crate::clients::ClientState;
use crate::clients::store::registered::{self, ClientRecord};
use crate::clients::store::tokens::{self, InitialToken};
use crate::crypto::SealError;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::tenants;
use secrecy::SecretString;

#[derive(Debug, thiserror::Error)]
pub enum LifecycleError {
    #[error("there is no client {0}")]
    Unknown(String),
    #[error("client {0} is {1}")]
    State(String, &'static str),
    #[error("client {0} is declared in a file of the deployment: write its secret there, the file decides")]
    FileDecides(String),
    #[error("client {0} has no secret: it authenticates with {1}")]
    NoSecret(String, &'static str),
    #[error("client {0} signs with its secret: two at once cannot be taken")]
    NoOverlap(String),
    #[error("client {0} has two secrets already: close the former one, or leave no overlap")]
    TwoSecrets(String),
    #[error("client {0} has no former secret")]
    NoFormerSecret(String),
    #[error("client {0} was changed meanwhile: look again")]
    Changed(String),
    #[error("academy {0} is not declared")]
    UnknownAcademy(String),
    #[error("no token that counts has this id")]
    UnknownToken,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Approves this version only: the client's owner may replace the metadata at any time, even between the operator's
    /// review and the approval (docs/threats.md#attack-p6).
    Approve {
        version: i64,
    },
    Suspend,
    Resume,
}

/// The grounds of a decision: the reason that was given, and the version that was seen, if it must still be there.
#[derive(Clone, Copy, Debug, Default)]
pub struct DecisionGrounds<'a> {
    pub reason: Option<&'a str>,
    pub version: Option<i64>,
}

/// Applies a decision and returns the new state of the client.
pub async fn decide(ctx: StorageOperation<'_>, id: &str, decision: Decision) -> Result<ClientState, LifecycleError> {
    let mut tx = ctx.write(Durability::Durable).await?;
    let state = decide_in(&mut tx, id, decision, DecisionGrounds::default()).await?;
    tx.commit().await?;
    Ok(state)
}

/// Applies a decision in the transaction of its caller.
pub async fn decide_in(
    tx: &mut UnitOfWork<'_>,
    id: &str,
    decision: Decision,
    grounds: DecisionGrounds<'_>,
) -> Result<ClientState, LifecycleError> {
    let now = tx.now;
    let held = find(tx, id).await?;
    let seen = match decision {
        Decision::Approve { version } => Some(version),
        Decision::Suspend | Decision::Resume => grounds.version,
    };
    if seen.is_some_and(|version| version != held.version) {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    use ClientState::{Active, Gone, Pending, Suspended};
    let (state, unapproved, detail) = match (decision, held.client.state) {
        (Decision::Approve { .. }, Pending) => (Active, false, "approved"),
        // Approves changes made by the owner during the suspension; the suspension remains.
        (Decision::Approve { .. }, Suspended) if held.unapproved && held.origin != ClientOrigin::File => {
            (Suspended, false, "approved while suspended")
        }
        (Decision::Suspend, Active | Pending) => (Suspended, held.unapproved, "suspended"),
        // The client's file was deleted during the suspension (docs/decisions/0037-relying-parties-are-files.md).
        (Decision::Resume, Suspended) if held.unapproved && held.origin == ClientOrigin::File => {
            (Gone, true, "resumed, its file is gone")
        }
        // Resuming must not bypass the approval.
        (Decision::Resume, Suspended) if held.unapproved => (Pending, true, "resumed, not approved"),
        (Decision::Resume, Suspended) => (Active, false, "resumed"),
        (_, other) => return Err(LifecycleError::State(id.to_owned(), other.name())),
    };
    if !registered::set_state(tx, now, &held, state, unapproved).await? {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    let change = AuditDetails {
        client: Some(&held.client.id),
        academy: held.client.meta.owner_academy(),
        detail,
        reason: grounds.reason,
        before: Some(held.client.state.name()),
        after: Some(state.name()),
        ..AuditDetails::default()
    };
    audit::store::record(tx, AuditEvent::ClientChanged, change).await?;
    // A suspended owner must not register another client with the same initial access token
    // (docs/threats.md#attack-p4).
    if decision == Decision::Suspend && tokens::revoke_for_client(tx, now, id).await? > 0 {
        record(tx, Some(id), "its initial access token revoked").await?;
    }
    Ok(state)
}

/// The parameters of a new initial access token.
#[derive(Clone, Debug)]
pub struct InitialTokenRequest {
    pub academy: String,
    pub uses: i64,
    pub ttl: Span,
    pub auto_approves: bool,
    pub label: String,
}

/// Generates an initial access token. Returns the token for the future registrant, and the id that revokes the token.
pub async fn issue_initial_token(
    ctx: StorageOperation<'_>,
    wanted: InitialTokenRequest,
) -> Result<(SecretString, String), LifecycleError> {
    let mut tx = ctx.write(Durability::Durable).await?;
    if !tenants::store::has_academy(&mut tx, &wanted.academy).await? {
        return Err(LifecycleError::UnknownAcademy(wanted.academy));
    }
    let token = id256(ctx.rng);
    let row = InitialToken {
        id: sha256_base64url(&token),
        label: wanted.label,
        academy: wanted.academy,
        remaining: wanted.uses,
        expires_at: ctx.now.plus(wanted.ttl).0,
        approves: wanted.auto_approves,
        created_at: ctx.now.0,
        revoked_at: None,
    };
    tokens::insert(&mut tx, &row).await?;
    record(&mut tx, None, &format!("registration opened: {}", row.label)).await?;
    tx.commit().await?;
    Ok((SecretString::from(token), row.id))
}

pub async fn revoke_initial_token(ctx: StorageOperation<'_>, id: &str) -> Result<(), LifecycleError> {
    let mut tx = ctx.write(Durability::Durable).await?;
    if tokens::revoke(&mut tx, ctx.now, id).await? == 0 {
        return Err(LifecycleError::UnknownToken);
    }
    record(&mut tx, None, "registration closed").await?;
    tx.commit().await?;
    Ok(())
}

pub(super) async fn find(tx: &mut Tx, id: &str) -> Result<ClientRecord, LifecycleError> {
    registered::find(tx, id).await?.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))
}

pub(super) async fn record(tx: &mut UnitOfWork<'_>, client: Option<&str>, detail: &str) -> Result<(), LifecycleError> {
    let client = client.map(ClientId::new);
    let about = AuditDetails { client: client.as_ref(), detail, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::ClientChanged, about).await?;
    Ok(())
}
