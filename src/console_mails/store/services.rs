//! What happened to relying parties and was not told yet: bounded queries by indexes.

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AdministratorId, ClientId};
use crate::console_mails::ConsoleMailKind;
use crate::db::{FromRow, Result, Tx, args};

/// The maximum number of rows of a kind that are told at once: the next pass has the rest.
const MAX_UNTOLD: i64 = 50;

/// A request about which something is to be told.
#[derive(Clone, Debug, FromRow)]
pub struct ToldRequestRow {
    pub id: String,
    pub client_id: ClientId,
    /// The subject, by which it is told once.
    pub subject: String,
    pub state: String,
    pub author_id: AdministratorId,
    pub words: String,
    pub requested_at: i64,
}

/// Lists the requests that wait for a decision since a time at the latest, and of which a kind of mail was not sent.
pub async fn list_waiting_requests(
    tx: &mut Tx,
    kind: ConsoleMailKind,
    before: Timestamp,
) -> Result<Vec<ToldRequestRow>> {
    let sql = "SELECT * FROM (SELECT r.id, r.client_id, r.id || '/' || CAST(r.requested_at AS TEXT) AS subject, \
               r.state, r.author_id, r.words, r.requested_at FROM client_request r WHERE r.state = 'requested' \
               AND r.state IN ('requested', 'question') AND r.requested_at <= $2) AS waiting \
               WHERE NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = $1 AND m.subject = waiting.subject) \
               ORDER BY id LIMIT $3";
    tx.fetch_all(sql, args![kind.name(), before, MAX_UNTOLD]).await
}

/// Lists the requests on which somebody decided since a time, and whose decision was not told.
pub async fn list_decided_requests(tx: &mut Tx, since: Timestamp) -> Result<Vec<ToldRequestRow>> {
    let sql = "SELECT * FROM (SELECT r.id, r.client_id, r.id || '/' || CAST(r.decided_at AS TEXT) AS subject, \
               r.state, r.author_id, r.words, COALESCE(r.requested_at, 0) AS requested_at, r.decided_at \
               FROM client_request r WHERE r.decided_at > $1 AND r.state IN ('approved', 'refused', 'question')) \
               AS decided WHERE NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = decided.state \
               AND m.subject = decided.subject) ORDER BY decided_at LIMIT $2";
    tx.fetch_all(sql, args![since, MAX_UNTOLD]).await
}

/// A relying party about which something is to be told.
#[derive(Clone, Debug, FromRow)]
pub struct ToldClientRow {
    pub client_id: ClientId,
    /// The subject, by which it is told once.
    pub subject: String,
}

/// Lists the relying parties whose trial ended between two times.
pub async fn list_ended_trials(tx: &mut Tx, (since, now): (Timestamp, Timestamp)) -> Result<Vec<ToldClientRow>> {
    let sql = "SELECT * FROM (SELECT c.client_id, c.client_id || '/' || CAST(c.probation_until AS TEXT) AS subject \
               FROM client c WHERE c.probation_until > $1 AND c.probation_until <= $2 AND c.state = 'active') AS ended \
               WHERE NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = 'trial_ended' \
               AND m.subject = ended.subject) ORDER BY client_id LIMIT $3";
    tx.fetch_all(sql, args![since, now, MAX_UNTOLD]).await
}

/// Lists the relying parties with a secret that was drawn before a time and that nothing replaces yet.
pub async fn list_old_secrets(tx: &mut Tx, before: Timestamp) -> Result<Vec<ToldClientRow>> {
    let sql = "SELECT * FROM (SELECT s.client_id, s.client_id || '/' || CAST(s.drawn_at AS TEXT) AS subject \
               FROM client_secret s JOIN client c ON c.client_id = s.client_id AND c.state = 'active' \
               WHERE s.closed_at IS NULL AND s.closes_at IS NULL AND s.drawn_at <= $1) AS held \
               WHERE NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = 'secret_old' \
               AND m.subject = held.subject) ORDER BY client_id LIMIT $2";
    tx.fetch_all(sql, args![before, MAX_UNTOLD]).await
}

/// Lists the relying parties with a secret that closes between two times.
pub async fn list_closing_secrets(
    tx: &mut Tx,
    kind: ConsoleMailKind,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<ToldClientRow>> {
    let sql = "SELECT * FROM (SELECT s.client_id, s.client_id || '/' || CAST(s.closes_at AS TEXT) AS subject \
               FROM client_secret s JOIN client c ON c.client_id = s.client_id AND c.state = 'active' \
               WHERE s.closed_at IS NULL AND s.closes_at > $2 AND s.closes_at <= $3) AS closing \
               WHERE NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = $1 AND m.subject = closing.subject) \
               ORDER BY client_id LIMIT $4";
    tx.fetch_all(sql, args![kind.name(), from, to, MAX_UNTOLD]).await
}

/// Lists the relying parties whose sign-outs have failed for a time, each since the last one that was taken: of those
/// that were tried since `since`, the first failed before `before`. `again`: not told since.
pub async fn list_failing(
    tx: &mut Tx,
    kind: ConsoleMailKind,
    (since, before, again): (Timestamp, Timestamp, Timestamp),
) -> Result<Vec<ToldClientRow>> {
    // The condition on the state is that of the small partial index of open deliveries.
    let sql = "SELECT d.client_id, d.client_id AS subject FROM logout_delivery d \
               JOIN client c ON c.client_id = d.client_id AND c.state = 'active' \
               WHERE d.state <> 'delivered' AND d.attempts > 0 AND d.created_at > $2 \
               AND NOT EXISTS (SELECT 1 FROM logout_delivery t WHERE t.client_id = d.client_id \
               AND t.state = 'delivered' AND t.created_at >= d.created_at) \
               AND NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = $1 AND m.subject = d.client_id \
               AND m.at > $4) GROUP BY d.client_id HAVING MIN(d.created_at) <= $3 ORDER BY d.client_id LIMIT $5";
    tx.fetch_all(sql, args![kind.name(), since, before, again, MAX_UNTOLD]).await
}

/// Lists the relying parties that were suspended since a time, and those that nobody has used, or else that were made,
/// since another one; each with the kind of what is to be told.
pub async fn list_suspended_and_unused(
    tx: &mut Tx,
    (suspended, unused): (Timestamp, Timestamp),
) -> Result<Vec<(String, ClientId, String)>> {
    let sql = "SELECT * FROM (SELECT CASE WHEN c.state = 'suspended' THEN 'suspended' ELSE 'unused' END AS kind, \
               c.client_id, c.client_id || '/' || CASE WHEN c.state = 'suspended' THEN CAST(c.version AS TEXT) \
               ELSE CAST(COALESCE(c.last_used_at, c.created_at) AS TEXT) END AS subject FROM client c \
               WHERE (c.state = 'suspended' AND c.updated_at > $1) OR (c.state = 'active' \
               AND COALESCE(c.last_used_at, c.created_at) > 0 AND COALESCE(c.last_used_at, c.created_at) <= $2)) AS swept \
               WHERE NOT EXISTS (SELECT 1 FROM console_mail_sent m WHERE m.kind = swept.kind \
               AND m.subject = swept.subject) ORDER BY client_id LIMIT $3";
    tx.fetch_all(sql, args![suspended, unused, MAX_UNTOLD]).await
}
