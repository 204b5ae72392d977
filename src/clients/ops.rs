//! What is done with relying parties: read from files, registered, approved, asked who they are.

mod files;
mod keys;
pub mod lifecycle;
pub mod logo;
pub mod publish;
pub mod registration;

pub use files::ClientFileError;
pub use keys::keys;

use super::{Client, store};
use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{Secret, digest, same};
use crate::db::{Durability, Tx};
use crate::seal::Place;

/// How often it is written that a client was used, or that nothing protected its code: for operators, not on the hot
/// path.
const USES_APART: Span = Span::days(1);
/// How long it is said of a client that nothing protects its codes, after the last one: a program that was mended
/// stops being named by itself.
const UNPROTECTED_FOR: Span = Span::days(30);

/// Where the secret of a client that signs is sealed.
fn place(client_id: &str) -> Place<'_> {
    Place { table: "client", column: "secret_sealed", row: client_id }
}

/// The secret that a client signs its assertions with; only `client_secret_jwt` has it.
pub fn signing_secret(app: &App, client: &Client) -> anyhow::Result<Option<Secret>> {
    let sealed = client.secret_sealed.as_deref();
    Ok(sealed.map(|sealed| app.vault.open(place(&client.id), sealed)).transpose()?.map(Secret::new))
}

/// Whether a presented secret is the client's, or the one before it that is still taken. An empty one never is
/// (docs/threats.md#attack-c6).
pub fn secret_is_right(client: &Client, presented: &str, now: Timestamp) -> bool {
    if presented.is_empty() {
        return false;
    }
    let presented = digest(presented);
    let current = client.secret_digest.as_ref().is_some_and(|stored| same(stored, &presented));
    let former = client.former_secret.as_ref().is_some_and(|(stored, until)| now < *until && same(stored, &presented));
    current || former
}

/// When the client, as far as is known and lately, last exchanged a code without PKCE and without `nonce`: whoever
/// injects a stolen code is then found out by nobody (RFC 9700 2.1.1).
pub fn unprotected_lately(client: &Client, now: Timestamp) -> Option<Timestamp> {
    client.unprotected_at.filter(|at| *at > now.minus(UNPROTECTED_FOR))
}

/// Those of whom [`unprotected_lately`] speaks.
pub async fn all_unprotected(tx: &mut Tx, now: Timestamp) -> crate::db::Result<Vec<String>> {
    store::unprotected(tx, now.minus(UNPROTECTED_FOR)).await
}

/// Remembers that the client was used, once a day. A database that is busy is no reason to refuse anybody.
pub async fn used(app: &App, now: Timestamp, client: &Client) {
    let due = now.minus(USES_APART);
    if client.last_used_at.is_some_and(|at| at > due) {
        return;
    }
    let write = async {
        let mut tx = app.db.write(Durability::Relaxed).await?;
        store::set_used(&mut tx, now, &client.id, due).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(client = client.id, %error, "its use was not written down");
    }
}

/// Remembers that neither PKCE nor `nonce` protected a code that the client, proven, exchanged; once a day.
pub async fn unprotected(app: &App, now: Timestamp, client: &Client) {
    let due = now.minus(USES_APART);
    if client.unprotected_at.is_some_and(|at| at > due) {
        return;
    }
    tracing::warn!(client = client.id, "sends neither PKCE nor nonce");
    let write = async {
        let mut tx = app.db.write(Durability::Relaxed).await?;
        store::set_unprotected(&mut tx, now, &client.id, due).await?;
        tx.commit().await
    };
    if let Err(error) = write.await {
        tracing::warn!(client = client.id, %error, "that was not written down");
    }
}
