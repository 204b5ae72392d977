//! Clients that register themselves and look after their own registration (RFC 7591, RFC 7592).
//!
//! Never more than a pending client of the token's academy, unless that token approves. A registration never lifts a
//! suspension (docs/threats.md#attack-p4), and what a person would see or be led by needs approval again when it
//! changes (docs/threats.md#attack-p6). Nothing here sees HTTP.

use super::place;
use crate::app::App;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, id256, is_id};
use crate::base::secret::{Secret, digest, same};
use crate::clients::metadata::{self, Flaw, Terms};
use crate::clients::store::registered::Held;
use crate::clients::store::{Written, registered, tokens};
use crate::clients::{AuthMethod, ClientState, Metadata, Protection, is_client_id};
use crate::config::deployment::ServerIdentity;
use crate::db::Durability;
use crate::http::outgoing::Purpose;
use crate::protocol::registration::Fields;

/// RFC 7592 2.2: what a replacement may say of the client besides its metadata.
#[derive(Clone, Debug, Default)]
pub struct Claimed {
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
}

/// What is answered.
#[derive(Debug)]
pub struct Registered {
    pub client_id: String,
    pub meta: Metadata,
    pub issued_at: Timestamp,
    /// Only when it was drawn just now: it is not kept.
    pub secret: Option<Secret>,
    /// What the client is managed with.
    pub token: Secret,
}

#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Of no client, or not of this one: the same whether the client exists or not.
    #[error("the token opens nothing")]
    Token,
    #[error(transparent)]
    Flaw(#[from] Flaw),
    #[error("it was changed meanwhile")]
    Changed,
}

type Answer = anyhow::Result<Result<Registered, Refused>>;

const SECTOR_BYTES: usize = 64 * 1024;
/// How often a replacement is tried again when somebody else wrote first.
const TRIES: usize = 3;

pub async fn register(app: &App, now: Timestamp, token: &str, fields: &Fields) -> Answer {
    if !is_id(token, 43) {
        return Ok(Err(Refused::Token));
    }
    let initial = tokens::alive(&mut app.db.read().await?, now, &digest(token)).await?;
    let Some(initial) = initial else { return Ok(Err(Refused::Token)) };
    let client_id = id128(app.rng.as_ref());
    let (academy, has_own_sector) = (initial.academy.clone(), false);
    let terms = Terms::Registered { client_id: client_id.clone(), academy, has_own_sector };
    let meta = match taken(app, fields, &terms) {
        Ok(meta) => meta,
        Err(flaw) => return Ok(Err(flaw.into())),
    };
    if let Err(flaw) = sector(app, &initial.id, &meta).await {
        return Ok(Err(flaw.into()));
    }
    let secret = meta.auth_method.has_secret().then(|| Secret::new(id256(app.rng.as_ref())));
    let manages = id256(app.rng.as_ref());
    let written = written(app, &client_id, &meta, secret.as_ref())?;
    let mut tx = app.db.write(Durability::Durable).await?;
    if !tokens::spend(&mut tx, now, &initial.id).await? {
        return Ok(Err(Refused::Token));
    }
    registered::insert(&mut tx, now, &client_id, &written, &digest(&manages), &initial).await?;
    let detail = format!("registered with {}", initial.label);
    let about = About { client: Some(&client_id), detail: &detail, ..About::default() };
    audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::ClientChanged, about).await?;
    tx.commit().await?;
    Ok(Ok(Registered { client_id, meta, issued_at: now, secret, token: Secret::new(manages) }))
}

/// The client that this token manages.
async fn held(app: &App, client_id: &str, token: &str) -> anyhow::Result<Option<Held>> {
    if !is_client_id(client_id) || !is_id(token, 43) {
        return Ok(None);
    }
    let held = registered::find(&mut app.db.read().await?, client_id).await?;
    let presented = digest(token);
    let right = |held: &Held| {
        let stored = held.registration_digest.as_ref();
        !held.from_file && held.client.state != ClientState::Gone && stored.is_some_and(|d| same(d, &presented))
    };
    Ok(held.filter(right))
}

fn answer(held: Held, meta: Metadata, secret: Option<Secret>, token: &str) -> Registered {
    Registered { client_id: held.client.id, meta, issued_at: held.created_at, secret, token: Secret::new(token) }
}

pub async fn read(app: &App, client_id: &str, token: &str) -> Answer {
    let Some(held) = held(app, client_id, token).await? else { return Ok(Err(Refused::Token)) };
    let meta = held.client.meta.clone();
    Ok(Ok(answer(held, meta, None, token)))
}

/// RFC 7592 2.2: everything that is not said falls back to its default.
pub async fn replace(
    app: &App,
    now: Timestamp,
    (client_id, token): (&str, &str),
    claimed: &Claimed,
    fields: &Fields,
) -> Answer {
    for _ in 0..TRIES {
        let Some(mut held) = held(app, client_id, token).await? else { return Ok(Err(Refused::Token)) };
        if let Err(flaw) = is_it(&held, claimed, now) {
            return Ok(Err(flaw.into()));
        }
        let old = &held.client.meta;
        let academy = old.academy.clone().unwrap_or_default();
        let has_own_sector = old.sector == metadata::own_sector(client_id);
        let terms = Terms::Registered { client_id: client_id.to_owned(), academy, has_own_sector };
        let meta = match taken(app, fields, &terms) {
            Ok(meta) => meta,
            Err(flaw) => return Ok(Err(flaw.into())),
        };
        if let Err(flaw) = sector(app, client_id, &meta).await {
            return Ok(Err(flaw.into()));
        }
        let (mut written, mut secret) = (written(app, client_id, &meta, None)?, None);
        let signs = |meta: &Metadata| meta.auth_method == AuthMethod::ClientSecretJwt;
        if meta.auth_method.has_secret() && old.auth_method.has_secret() && signs(&meta) == signs(old) {
            written.secret_digest.clone_from(&held.client.secret_digest);
            written.secret_sealed.clone_from(&held.client.secret_sealed);
        } else if meta.auth_method.has_secret() {
            let drawn = Secret::new(id256(app.rng.as_ref()));
            written = self::written(app, client_id, &meta, Some(&drawn))?;
            secret = Some(drawn);
        }
        held.unapproved |= needs_approval(old, &meta) && !held.self_approves;
        let state = match held.client.state {
            ClientState::Active if held.unapproved => ClientState::Pending,
            same => same,
        };
        let mut tx = app.db.write(Durability::Durable).await?;
        if !registered::replace(&mut tx, now, &held, &written, state).await? {
            continue;
        }
        let about = About { client: Some(client_id), detail: "replaced by its owner", ..About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::ClientChanged, about).await?;
        tx.commit().await?;
        return Ok(Ok(answer(held, meta, secret, token)));
    }
    Ok(Err(Refused::Changed))
}

fn taken(app: &App, fields: &Fields, terms: &Terms) -> Result<Metadata, Flaw> {
    let meta = metadata::take(fields, terms)?;
    metadata::admits(&meta, &ServerIdentity::of(&app.config))?;
    metadata::offered(&meta, &app.config.keys.algorithms)?;
    Ok(meta)
}

/// Whether what a replacement says of the client is true.
fn is_it(held: &Held, claimed: &Claimed, now: Timestamp) -> Result<(), Flaw> {
    if claimed.client_id.as_ref().is_some_and(|id| *id != held.client.id) {
        return Err(Flaw { field: "client_id", why: "not this client's".into() });
    }
    match &claimed.client_secret {
        Some(secret) if !super::secret_is_right(&held.client, secret, now) => {
            Err(Flaw { field: "client_secret", why: "not this client's".into() })
        }
        _ => Ok(()),
    }
}

/// Whether more changed than what concerns the client's owner alone: its keys, how it sends its secret, how its tokens
/// are signed and encrypted, how often people prove themselves. A field that comes later needs approval until it is named here.
fn needs_approval(old: &Metadata, new: &Metadata) -> bool {
    let rest = |meta: &Metadata| Metadata {
        contacts: Vec::new(),
        secret_either_way: false,
        jwks: None,
        jwks_uri: None,
        auth_signing_alg: None,
        request_object_signing_alg: None,
        id_token: Protection::default(),
        userinfo: Protection::default(),
        introspection: Protection::default(),
        default_max_age: None,
        require_auth_time: false,
        default_acr_values: Vec::new(),
        ..meta.clone()
    };
    rest(old) != rest(new)
}

pub async fn remove(app: &App, now: Timestamp, client_id: &str, token: &str) -> anyhow::Result<bool> {
    let Some(held) = held(app, client_id, token).await? else { return Ok(false) };
    let mut tx = app.db.write(Durability::Durable).await?;
    if !registered::remove(&mut tx, now, &held.client.id, &digest(token)).await? {
        return Ok(false);
    }
    let about = About { client: Some(client_id), detail: "removed by its owner", ..About::default() };
    audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::ClientChanged, about).await?;
    tx.commit().await?;
    Ok(true)
}

fn written(app: &App, client_id: &str, meta: &Metadata, secret: Option<&Secret>) -> anyhow::Result<Written> {
    let signs = secret.filter(|_| meta.auth_method == AuthMethod::ClientSecretJwt);
    Ok(Written {
        metadata: serde_json::to_string(meta)?,
        academy: meta.academy.clone(),
        secret_digest: secret.map(|secret| digest(secret.expose())),
        secret_sealed: signs.map(|secret| app.vault.seal(place(client_id), secret.expose())).transpose()?,
    })
}

/// OIDCR 5: the sector's document names every redirect URI. Who registers has one fetched at a time.
async fn sector(app: &App, who: &str, meta: &Metadata) -> Result<(), Flaw> {
    let Some(uri) = &meta.sector_identifier_uri else { return Ok(()) };
    let flaw = |why: &'static str| Flaw { field: "sector_identifier_uri", why: why.into() };
    let _turn = app.documents.turn(who).await;
    let fetched =
        app.outgoing.get(Purpose::Registration, uri, "application/json", SECTOR_BYTES).await.map_err(|error| {
            tracing::info!(%error, "a sector's document was not read");
            flaw("it does not answer")
        })?;
    let listed: Vec<String> = serde_json::from_slice(&fetched.body).map_err(|_| flaw("not a JSON array of URIs"))?;
    if meta.redirect_uris.iter().any(|uri| !listed.contains(uri)) {
        return Err(flaw("a redirect URI is not in it"));
    }
    Ok(())
}
