//! Publishing the deployment's files: what they would change, what they may, and the change itself
//! (docs/threats.md#faults-f2, #faults-f3).
//!
//! Only `migrate`, `serve` and its reload publish. A set of files has a digest, and each set that was published a
//! revision: a server that starts with a set that another one has since replaced, and whose files are no newer, says so
//! and changes nothing, so that two machines with different files do not take turns. A broken file of a client changes nothing of that client.

use std::collections::{BTreeMap, BTreeSet};

use super::files::{ClientFileError, from_file};
use super::place;
use crate::audit::{self, About, Fact};
use crate::base::clock::Timestamp;
use crate::base::rng::Random;
use crate::base::secret::digest;
use crate::clients::store;
use crate::clients::store::published::{self, Last};
use crate::clients::{AuthMethod, Metadata};
use crate::config::deployment::{BrokenFile, Declared};
use crate::db::{Db, Durability, Tx};
use crate::seal::Vault;
use crate::tenants;

/// One in so many clients may end at once; more ask for [`Consent::Accepted`].
const ENDED_AT_ONCE: usize = 5;
/// How often a publication that another server's overtook is tried again.
const RETRIES: usize = 3;

/// What an operator says beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// Nothing: a set that is older, or ends many clients, is refused.
    Guarded,
    /// This set, whatever it is.
    Accepted,
}

/// How a set of files stands to what was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nobody has published it, or it was written anew since.
    New,
    /// The one that was published last.
    Current,
    /// It was published, and another one after it.
    Older { published: Timestamp, replaced: Timestamp },
}

/// What a set of files would do.
#[derive(Debug)]
pub struct Plan {
    pub digest: String,
    pub revision: i64,
    pub standing: Standing,
    /// Clients whose file is gone, among those of files that count.
    pub ended: Vec<String>,
    pub of: usize,
    /// Files that declare nothing: their clients stay as they are.
    pub broken: Vec<BrokenFile>,
    sound: Vec<Sound>,
}

#[derive(Debug)]
struct Sound {
    id: String,
    meta: Metadata,
    at: usize,
}

#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    #[error(
        "these files were published {published} and replaced {replaced}: this machine's are older, and do not count. \
         Bring the newer ones here, or publish these on purpose: `preau migrate --accept`"
    )]
    Older { published: String, replaced: String },
    #[error(
        "these files end {ended} of {of} relying parties ({names}): nothing was changed. Is the folder `clients` there, \
         and whole? If they are to end: `preau migrate --accept`"
    )]
    TooMany { ended: usize, of: usize, names: String },
    #[error("another server publishes at this moment: try again")]
    Overtaken,
    #[error(transparent)]
    Tenant(#[from] tenants::ops::TenantError),
    #[error(transparent)]
    Seal(#[from] crate::seal::SealError),
    #[error(transparent)]
    Db(#[from] crate::db::Error),
}

impl PublishError {
    /// Whether what was published before still counts, so that a server serves with it.
    pub fn leaves_the_former(&self) -> bool {
        matches!(self, PublishError::Older { .. } | PublishError::TooMany { .. } | PublishError::Overtaken)
    }
}

/// What was published.
#[derive(Debug)]
pub struct Published {
    pub revision: i64,
    /// Each client that changed, and how.
    pub changes: Vec<(String, &'static str)>,
    pub broken: Vec<BrokenFile>,
}

/// Reads what is there, and says what the files would do.
pub async fn plan(tx: &mut Tx, declared: &Declared) -> crate::db::Result<Plan> {
    let mut broken = declared.broken.clone();
    let mut sound = Vec::new();
    for (at, (file, secret)) in declared.clients.iter().enumerate() {
        match from_file(file, secret.as_ref(), declared) {
            Ok(meta) => sound.push(Sound { id: file.client_id.clone(), meta, at }),
            Err(error) => broken.push(BrokenFile::of(file, why(&error))),
        }
    }
    let rows = published::clients(tx).await?;
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
    let ended: Vec<String> = ended.map(|row| row.id.clone()).collect();

    // What counts of a client whose file is broken is what was published of it.
    let mut parts: BTreeMap<&str, &str> = BTreeMap::new();
    for s in &sound {
        parts.insert(&s.id, declared.clients.get(s.at).map_or("", |(file, _)| file.digest.as_str()));
    }
    for row in rows.iter().filter(|row| kept.contains(&*row.id)) {
        parts.insert(&row.id, row.file_digest.as_deref().unwrap_or_default());
    }
    let whole: Vec<String> = parts.iter().map(|(id, digest)| format!("{id} {digest}\n")).collect();
    let whole = digest(&format!("{}\n{}", declared.digest, whole.concat()));

    let last = published::last(tx).await?;
    let standing = match &last {
        Some(last) if last.digest == whole => Standing::Current,
        Some(last) => match published::when(tx, &whole).await? {
            // Brought back here since: an operator took a change back.
            Some(_) if declared.changed > Some(last.changed) => Standing::New,
            Some(published) => Standing::Older { published, replaced: last.at },
            None => Standing::New,
        },
        None => Standing::New,
    };
    let of = counted.len();
    let revision = last.map_or(0, |last| last.revision);
    Ok(Plan { digest: whole, revision, standing, ended, of, broken, sound })
}

fn why(error: &ClientFileError) -> String {
    match error {
        ClientFileError::Rule(_, why) => why.clone(),
        ClientFileError::Flaw(_, flaw, place) => format!("{flaw} ({place})"),
    }
}

impl Plan {
    /// The clients that the files declare.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.sound.iter().map(|s| s.id.as_str())
    }

    /// # Errors
    /// What an operator must have said beforehand.
    pub fn allowed(&self, moment: impl Fn(Timestamp) -> String) -> Result<(), PublishError> {
        if let Standing::Older { published, replaced } = self.standing {
            return Err(PublishError::Older { published: moment(published), replaced: moment(replaced) });
        }
        if self.ended.len() * ENDED_AT_ONCE > self.of {
            let names: Vec<&str> = self.ended.iter().take(10).map(String::as_str).collect();
            let more = if self.ended.len() > 10 { ", …" } else { "" };
            let names = format!("{}{more}", names.join(", "));
            return Err(PublishError::TooMany { ended: self.ended.len(), of: self.of, names });
        }
        Ok(())
    }
}

/// Writes academies, schools and relying parties, all or nothing; a client's broken file is passed over.
pub async fn publish(
    db: &Db,
    vault: &Vault,
    rng: &dyn Random,
    now: Timestamp,
    (declared, consent): (&Declared, Consent),
) -> Result<Published, PublishError> {
    for _ in 0..RETRIES {
        let mut tx = db.write(Durability::Durable).await?;
        match in_transaction(&mut tx, vault, rng, now, (declared, consent)).await? {
            Some(published) => {
                tx.commit().await?;
                return Ok(published);
            }
            None => tx.rollback().await?,
        }
    }
    Err(PublishError::Overtaken)
}

async fn in_transaction(
    tx: &mut Tx,
    vault: &Vault,
    rng: &dyn Random,
    now: Timestamp,
    (declared, consent): (&Declared, Consent),
) -> Result<Option<Published>, PublishError> {
    let plan = plan(tx, declared).await?;
    if consent == Consent::Guarded {
        plan.allowed(utc)?;
    }
    let revision = match plan.standing {
        Standing::Current => plan.revision,
        Standing::New | Standing::Older { .. } => {
            let next = plan.revision + 1;
            // Where another server publishes meanwhile, one of the two has this number.
            let set = Last { revision: next, digest: plan.digest, changed: declared.changed.unwrap_or(now), at: now };
            if !published::insert(tx, &set).await? {
                return Ok(None);
            }
            let detail = format!("revision {next}");
            audit::store::record(tx, rng, now, Fact::FilesPublished, About { detail: &detail, ..About::default() })
                .await?;
            next
        }
    };
    tenants::ops::declare(tx, declared).await?;
    let mut changes = Vec::new();
    for sound in &plan.sound {
        let Some((file, secret)) = declared.clients.get(sound.at) else { continue };
        let text = serde_json::to_string(&sound.meta).unwrap_or_default();
        let sealed = match secret.as_ref().filter(|_| sound.meta.auth_method == AuthMethod::ClientSecretJwt) {
            Some(secret) => Some(vault.seal(place(&sound.id), secret.expose())?),
            None => None,
        };
        let written = store::Written {
            metadata: text,
            academy: sound.meta.academy.clone(),
            secret_digest: secret.as_ref().map(|s| digest(s.expose())),
            secret_sealed: sealed,
        };
        let known = store::find(tx, &sound.id).await?.is_some();
        if store::put_from_file(tx, now, &sound.id, &written).await? {
            let how = if known { "changed by its file" } else { "declared by its file" };
            changes.push((sound.id.clone(), how));
        }
        published::set_file(tx, &sound.id, file).await?;
    }
    for id in &plan.ended {
        if store::set_gone(tx, now, id).await? {
            changes.push((id.clone(), "ended: its file is gone"));
        }
    }
    for (id, detail) in &changes {
        let about = About { client: Some(id), detail, ..About::default() };
        audit::store::record(tx, rng, now, Fact::ClientChanged, about).await?;
    }
    Ok(Some(Published { revision, changes, broken: plan.broken }))
}

fn utc(at: Timestamp) -> String {
    let time = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
    time.format("%Y-%m-%d %H:%M UTC").to_string()
}
