//! Publishing the deployment's files: the planned changes, their limits, and the changes themselves
//! (docs/threats.md#faults-f2, #faults-f3).
//!
//! Only `migrate`, `serve` and its reload publish. A set of files has a digest, and each published set has a revision.
//! A server with a set that was already replaced by another one, and whose files are not newer, reports this and
//! changes nothing, so that two machines with different files do not overwrite each other in turn. A client with a
//! broken file keeps its published metadata.

use std::collections::{BTreeMap, BTreeSet};

use super::associated_data;
use super::files::{ClientFileError, validate_file};
use crate::app::StorageOperation;
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::ClientId;
use crate::clients::store;
use crate::clients::store::published::{self, Publication};
use crate::clients::{AuthMethod, ClientMetadata};
use crate::config::deployment::{BrokenFile, DeploymentFiles};
use crate::crypto::MasterKey;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::tenants;
use secrecy::ExposeSecret as _;

/// At most one in this many clients may be removed by one publication; more require [`PublishMode::Forced`].
const MAX_REMOVED_ONE_IN: usize = 5;
/// The number of attempts of a publication that conflicts with another server's.
const MAX_RETRIES: usize = 3;

/// The operator's choice for a publication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishMode {
    /// Rejects an outdated set, and a set that removes many clients.
    Guarded,
    /// Publishes the set without these checks.
    Forced,
}

/// The status of a set of files in relation to the published sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetStatus {
    /// Never published, or modified again since its replacement.
    New,
    /// The latest published set.
    Current,
    /// Published once, and replaced by another set since.
    Outdated { published: Timestamp, replaced: Timestamp },
}

/// The changes that a set of files would make.
#[derive(Debug)]
pub struct PublishPlan {
    pub digest: String,
    pub revision: i64,
    pub status: SetStatus,
    /// The clients to remove, because their file was deleted, among the `declared_count` clients with a file.
    pub removed: Vec<String>,
    pub declared_count: usize,
    /// The invalid files; their clients stay unchanged.
    pub broken: Vec<BrokenFile>,
    valid: Vec<ValidClient>,
}

#[derive(Debug)]
struct ValidClient {
    id: String,
    meta: ClientMetadata,
    index: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "these files were published {published} and replaced {replaced}: this machine's are older, and do not count"
    )]
    Outdated { published: String, replaced: String },
    #[error(
        "these files end {ended} of {of} relying parties ({names}): nothing was changed. Is the folder `clients` there, \
         and whole?"
    )]
    TooManyRemoved { ended: usize, of: usize, names: String },
    #[error("another server publishes at this moment: try again")]
    Conflict,
    #[error(transparent)]
    Tenant(#[from] tenants::ops::TenantError),
    #[error(transparent)]
    Seal(#[from] crate::crypto::SealError),
    #[error(transparent)]
    Db(#[from] crate::db::DbError),
}

impl PublishError {
    /// True if the previous publication remains valid, so that a server can serve with it.
    pub fn keeps_previous(&self) -> bool {
        matches!(self, PublishError::Outdated { .. } | PublishError::TooManyRemoved { .. } | PublishError::Conflict)
    }
}

/// The result of a publication.
#[derive(Debug)]
pub struct Published {
    pub revision: i64,
    /// Each changed client, with a description of the change.
    pub changes: Vec<(String, &'static str)>,
    pub broken: Vec<BrokenFile>,
}

/// Reads the published state and computes the changes of the files.
pub async fn plan(tx: &mut Tx, declared: &DeploymentFiles) -> crate::db::Result<PublishPlan> {
    let mut broken = declared.broken.clone();
    let mut sound = Vec::new();
    for (at, (file, secret)) in declared.clients.iter().enumerate() {
        match validate_file(file, secret.as_ref(), declared) {
            Ok(meta) => sound.push(ValidClient { id: file.client_id.clone(), meta, index: at }),
            Err(error) => broken.push(BrokenFile::new(file, reason(&error))),
        }
    }
    let rows = published::list_clients(tx).await?;
    let kept: BTreeSet<&str> = rows
        .iter()
        .filter(|row| {
            broken.iter().any(|b| row.file.as_deref() == Some(&*b.name) || b.client_id.as_deref() == Some(&*row.id))
        })
        .map(|row| row.id.as_str())
        .collect();
    let declares: BTreeSet<&str> = sound.iter().map(|s| s.id.as_str()).collect();
    let counted: Vec<_> = rows.iter().filter(|row| row.counts).collect();
    let ended = counted.iter().filter(|row| !declares.contains(&*row.id) && !kept.contains(&*row.id));
    let ended: Vec<String> = ended.map(|row| row.id.to_string()).collect();

    // A client with a broken file counts with its published digest.
    let mut parts: BTreeMap<&str, &str> = BTreeMap::new();
    for s in &sound {
        parts.insert(&s.id, declared.clients.get(s.index).map_or("", |(file, _)| file.digest.as_str()));
    }
    for row in rows.iter().filter(|row| kept.contains(&*row.id)) {
        parts.insert(&row.id, row.file_digest.as_deref().unwrap_or_default());
    }
    let whole: Vec<String> = parts.iter().map(|(id, digest)| format!("{id} {digest}\n")).collect();
    let whole = sha256_base64url(&format!("{}\n{}", declared.digest, whole.concat()));

    let last = published::latest(tx).await?;
    let standing = match &last {
        Some(last) if last.digest == whole => SetStatus::Current,
        Some(last) => match published::find_published_at(tx, &whole).await? {
            // The files were modified after the latest publication: an operator reverted a change.
            Some(_) if declared.changed_at > Some(last.changed_at) => SetStatus::New,
            Some(published) => SetStatus::Outdated { published, replaced: last.published_at },
            None => SetStatus::New,
        },
        None => SetStatus::New,
    };
    let of = counted.len();
    let revision = last.map_or(0, |last| last.revision);
    Ok(PublishPlan {
        digest: whole,
        revision,
        status: standing,
        removed: ended,
        declared_count: of,
        broken,
        valid: sound,
    })
}

fn reason(error: &ClientFileError) -> String {
    match error {
        ClientFileError::Invalid(_, why) => why.clone(),
        ClientFileError::Metadata(_, flaw, place) => format!("{flaw} ({place})"),
    }
}

impl PublishPlan {
    /// Returns the ids of the clients declared by the files.
    pub fn client_ids(&self) -> impl Iterator<Item = &str> {
        self.valid.iter().map(|s| s.id.as_str())
    }

    /// Verifies that the set may be published in guarded mode.
    ///
    /// # Errors
    /// The set is outdated, or removes too many clients.
    pub fn check(&self, moment: impl Fn(Timestamp) -> String) -> Result<(), PublishError> {
        if let SetStatus::Outdated { published, replaced } = self.status {
            return Err(PublishError::Outdated { published: moment(published), replaced: moment(replaced) });
        }
        if self.removed.len() * MAX_REMOVED_ONE_IN > self.declared_count {
            let names: Vec<&str> = self.removed.iter().take(10).map(String::as_str).collect();
            let more = if self.removed.len() > 10 { ", …" } else { "" };
            let names = format!("{}{more}", names.join(", "));
            return Err(PublishError::TooManyRemoved { ended: self.removed.len(), of: self.declared_count, names });
        }
        Ok(())
    }
}

/// Writes academies, schools and clients in one transaction; a client with a broken file is skipped.
pub async fn publish(
    ctx: StorageOperation<'_>,
    declared: &DeploymentFiles,
    consent: PublishMode,
) -> Result<Published, PublishError> {
    for _ in 0..MAX_RETRIES {
        let mut tx = ctx.write(Durability::Durable).await?;
        match in_transaction(&mut tx, ctx.master_key, declared, consent).await? {
            Some(published) => {
                tx.commit().await?;
                return Ok(published);
            }
            None => tx.rollback().await?,
        }
    }
    Err(PublishError::Conflict)
}

async fn in_transaction(
    tx: &mut UnitOfWork<'_>,
    master_key: &MasterKey,
    declared: &DeploymentFiles,
    consent: PublishMode,
) -> Result<Option<Published>, PublishError> {
    let now = tx.now;
    let plan = plan(tx, declared).await?;
    if consent == PublishMode::Guarded {
        plan.check(format_utc)?;
    }
    let revision = match plan.status {
        SetStatus::Current => plan.revision,
        SetStatus::New | SetStatus::Outdated { .. } => {
            let next = plan.revision + 1;
            // If another server publishes concurrently, only one of the two gets this revision.
            let set = Publication {
                revision: next,
                digest: plan.digest,
                changed_at: declared.changed_at.unwrap_or(now),
                published_at: now,
            };
            if !published::insert(tx, &set).await? {
                return Ok(None);
            }
            let detail = format!("revision {next}");
            audit::store::record(
                tx,
                AuditEvent::FilesPublished,
                AuditDetails { detail: &detail, ..AuditDetails::default() },
            )
            .await?;
            next
        }
    };
    tenants::ops::upsert_declared(tx, declared).await?;
    let mut changes = Vec::new();
    for sound in &plan.valid {
        let Some((file, secret)) = declared.clients.get(sound.index) else { continue };
        let text = serde_json::to_string(&sound.meta).unwrap_or_default();
        let sealed = match secret.as_ref().filter(|_| sound.meta.auth_method == AuthMethod::ClientSecretJwt) {
            Some(secret) => Some(master_key.seal(associated_data(&sound.id), secret.expose_secret())?),
            None => None,
        };
        let written = store::ClientColumns {
            metadata: text,
            academy: sound.meta.academy.clone(),
            secret_digest: secret.as_ref().map(|s| sha256_base64url(s.expose_secret())),
            secret_sealed: sealed,
        };
        let known = store::find(tx, &sound.id).await?.is_some();
        if store::upsert_from_file(tx, now, &sound.id, &written).await? {
            let how = if known { "changed by its file" } else { "declared by its file" };
            changes.push((sound.id.clone(), how));
        }
        published::set_file(tx, &sound.id, file).await?;
    }
    for id in &plan.removed {
        if store::mark_gone(tx, now, id).await? {
            changes.push((id.clone(), "ended: its file is gone"));
        }
    }
    for (id, detail) in &changes {
        let about = AuditDetails { client: Some(&ClientId::new(id)), detail, ..AuditDetails::default() };
        audit::store::record(tx, AuditEvent::ClientChanged, about).await?;
    }
    Ok(Some(Published { revision, changes, broken: plan.broken }))
}

fn format_utc(at: Timestamp) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}
