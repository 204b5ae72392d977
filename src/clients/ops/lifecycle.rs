//! What an operator decides of a client: approved, suspended, resumed, given a new secret; and who may register.

use super::place;
use crate::audit::{self, About, Fact};
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::id256;
use crate::base::rng::Random;
use crate::base::secret::{Secret, digest};
use crate::clients::store::registered::{self, Held};
use crate::clients::store::tokens::{self, InitialToken};
use crate::clients::{AuthMethod, ClientState};
use crate::db::{Db, Durability, Tx};
use crate::seal::{SealError, Vault};
use crate::tenants;

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
    #[error("client {0} signs with its secret: two at once cannot be taken, so --overlap 0")]
    NoOverlap(String),
    #[error("client {0} was changed meanwhile: look again")]
    Changed(String),
    #[error("academy {0} is not declared")]
    Academy(String),
    #[error("no token that counts has this id")]
    Token,
    #[error(transparent)]
    Seal(#[from] SealError),
    #[error(transparent)]
    Db(#[from] crate::db::Error),
}

/// What every one of these needs.
#[derive(Clone, Copy)]
pub struct House<'a> {
    pub db: &'a Db,
    pub vault: &'a Vault,
    pub rng: &'a dyn Random,
    pub now: Timestamp,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// What stood there in this version: the client's owner may change it at any time, also between a look and an
    /// approval (docs/threats.md#attack-p6).
    Approve {
        version: i64,
    },
    Suspend,
    Resume,
}

/// Carries a decision out; gives the state that the client has now.
pub async fn decide(house: House<'_>, id: &str, decision: Decision) -> Result<ClientState, LifecycleError> {
    let mut tx = house.db.write(Durability::Durable).await?;
    let held = find(&mut tx, id).await?;
    if matches!(decision, Decision::Approve { version } if version != held.version) {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    use ClientState::{Active, Gone, Pending, Suspended};
    let (state, unapproved, detail) = match (decision, held.client.state) {
        (Decision::Approve { .. }, Pending) => (Active, false, "approved"),
        // What its owner changed meanwhile is approved; the suspension stays.
        (Decision::Approve { .. }, Suspended) if held.unapproved && !held.from_file => {
            (Suspended, false, "approved while suspended")
        }
        (Decision::Suspend, Active | Pending) => (Suspended, held.unapproved, "suspended"),
        // Its file went while it was suspended: the file decides (docs/decisions/0037-relying-parties-are-files.md).
        (Decision::Resume, Suspended) if held.unapproved && held.from_file => (Gone, true, "resumed, its file is gone"),
        // Not a way round the approval.
        (Decision::Resume, Suspended) if held.unapproved => (Pending, true, "resumed, not approved"),
        (Decision::Resume, Suspended) => (Active, false, "resumed"),
        (_, other) => return Err(LifecycleError::State(id.to_owned(), other.name())),
    };
    if !registered::set_state(&mut tx, house.now, &held, state, unapproved).await? {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    record(&mut tx, house, Some(id), detail).await?;
    // Whoever is suspended must not come back under another name by the same token (docs/threats.md#attack-p4).
    if decision == Decision::Suspend && tokens::revoke_of(&mut tx, house.now, id).await? > 0 {
        record(&mut tx, house, Some(id), "its initial access token revoked").await?;
    }
    tx.commit().await?;
    Ok(state)
}

/// Draws a new secret; the one before it is taken for `overlap` more.
pub async fn rotate_secret(house: House<'_>, id: &str, overlap: Span) -> Result<Secret, LifecycleError> {
    let secret = Secret::new(id256(house.rng));
    let mut tx = house.db.write(Durability::Durable).await?;
    let held = find(&mut tx, id).await?;
    let method = held.client.meta.auth_method;
    if held.from_file {
        return Err(LifecycleError::FileDecides(id.to_owned()));
    }
    if held.client.state == ClientState::Gone {
        return Err(LifecycleError::State(id.to_owned(), held.client.state.name()));
    }
    if !method.has_secret() {
        return Err(LifecycleError::NoSecret(id.to_owned(), method.name()));
    }
    let signs = method == AuthMethod::ClientSecretJwt;
    if signs && overlap > Span(0) {
        return Err(LifecycleError::NoOverlap(id.to_owned()));
    }
    let sealed = if signs { Some(house.vault.seal(place(id), secret.expose())?) } else { None };
    let until = (overlap > Span(0)).then(|| house.now.plus(overlap));
    let new = digest(secret.expose());
    if !registered::rotate(&mut tx, house.now, &held, &new, sealed.as_deref(), until).await? {
        return Err(LifecycleError::Changed(id.to_owned()));
    }
    record(&mut tx, house, Some(id), "secret rotated").await?;
    tx.commit().await?;
    Ok(secret)
}

/// What an initial access token allows.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub academy: String,
    pub uses: i64,
    pub life: Span,
    pub approves: bool,
    pub label: String,
}

/// Draws an initial access token: what to give to whoever will register, and the id to revoke it by.
pub async fn new_token(house: House<'_>, wanted: NewToken) -> Result<(Secret, String), LifecycleError> {
    let mut tx = house.db.write(Durability::Durable).await?;
    if !tenants::store::has_academy(&mut tx, &wanted.academy).await? {
        return Err(LifecycleError::Academy(wanted.academy));
    }
    let token = id256(house.rng);
    let row = InitialToken {
        id: digest(&token),
        label: wanted.label,
        academy: wanted.academy,
        remaining: wanted.uses,
        expires_at: house.now.plus(wanted.life).0,
        approves: wanted.approves,
        created_at: house.now.0,
        revoked_at: None,
    };
    tokens::insert(&mut tx, &row).await?;
    record(&mut tx, house, None, &format!("registration opened: {}", row.label)).await?;
    tx.commit().await?;
    Ok((Secret::new(token), row.id))
}

pub async fn revoke_token(house: House<'_>, id: &str) -> Result<(), LifecycleError> {
    let mut tx = house.db.write(Durability::Durable).await?;
    if tokens::revoke(&mut tx, house.now, id).await? == 0 {
        return Err(LifecycleError::Token);
    }
    record(&mut tx, house, None, "registration closed").await?;
    tx.commit().await?;
    Ok(())
}

async fn find(tx: &mut Tx, id: &str) -> Result<Held, LifecycleError> {
    registered::find(tx, id).await?.ok_or_else(|| LifecycleError::Unknown(id.to_owned()))
}

async fn record(tx: &mut Tx, house: House<'_>, client: Option<&str>, detail: &str) -> Result<(), LifecycleError> {
    let about = About { client, detail, ..About::default() };
    audit::store::record(tx, house.rng, house.now, Fact::ClientChanged, about).await?;
    Ok(())
}
