//! SQL queries of the table `activation`.

use super::{Activation, ActivationOutcome, ActivationPurpose, ActivationStep, ChildQuestion, SubmittedIdentity};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ActivationId, ChallengeId};
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args, parse_word};

#[derive(FromRow)]
struct ActivationRow {
    id: ActivationId,
    state: String,
    browser: String,
    typed: String,
    typed_budget: String,
    challenge_id: ChallengeId,
    support_code: String,
    lang: String,
    interaction: Option<String>,
    request: Option<String>,
    persons: String,
    children: String,
    account_id: Option<AccountId>,
    outcome: Option<String>,
    purpose: String,
    counted: Option<String>,
    device_id: Option<String>,
    upstream: Option<String>,
    expires_at: i64,
}

fn identity_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "activation", column: "typed", row }
}

fn upstream_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "activation", column: "upstream", row }
}

fn open_row(row: ActivationRow, master_key: &MasterKey) -> anyhow::Result<Activation> {
    let step = parse_word("activation", "state", &row.id, &row.state)?;
    let typed: SubmittedIdentity = serde_json::from_str(&master_key.open(identity_place(&row.id), &row.typed)?)?;
    let upstream =
        row.upstream.as_deref().map(|sealed| master_key.open(upstream_place(&row.id), sealed)).transpose()?;
    // A new password that an older release began within an activation: its place is the recovery now.
    let (step, purpose) = match row.purpose.parse() {
        Ok(purpose) => (step, purpose),
        Err(_) if step == ActivationStep::Done => (step, ActivationPurpose::Activation),
        Err(_) => (ActivationStep::ExistingAccount, ActivationPurpose::Activation),
    };
    Ok(Activation {
        step,
        purpose,
        identity: typed,
        lang: Lang::from_tag(&row.lang).unwrap_or_default(),
        person_ids: serde_json::from_str(&row.persons)?,
        children: serde_json::from_str(&row.children)?,
        outcome: row.outcome.as_deref().map(serde_json::from_str).transpose()?,
        expires_at: Timestamp(row.expires_at),
        id: row.id,
        browser_digest: row.browser,
        identity_budget: row.typed_budget,
        challenge_id: row.challenge_id,
        support_code: row.support_code,
        interaction_id: row.interaction,
        pending_request: row.request,
        account_id: row.account_id,
        source_counters: row.counted,
        device_id: row.device_id,
        upstream: upstream.as_deref().map(serde_json::from_str).transpose()?,
    })
}

/// Finds an activation. The identity of an expired one is erased after an hour; from then on none is found.
pub async fn find(tx: &mut Tx, master_key: &MasterKey, id: &ActivationId) -> anyhow::Result<Option<Activation>> {
    let sql = "SELECT id, state, browser, typed, typed_budget, challenge_id, support_code, lang, interaction, request, \
               persons, children, account_id, outcome, purpose, counted, device_id, upstream, expires_at \
               FROM activation WHERE id = $1 AND typed <> ''";
    let row = tx.fetch_optional::<ActivationRow>(sql, args![id]).await?;
    row.map(|r| open_row(r, master_key)).transpose()
}

/// Returns the activations that wait at the choice between the sign-in and a new password, of a browser with this digest.
pub async fn list_known(
    tx: &mut Tx,
    master_key: &MasterKey,
    browser: &str,
    now: Timestamp,
) -> anyhow::Result<Vec<Activation>> {
    let sql = "SELECT id, state, browser, typed, typed_budget, challenge_id, support_code, lang, interaction, request, \
               persons, children, account_id, outcome, purpose, counted, device_id, upstream, expires_at \
               FROM activation WHERE browser = $1 AND state = 'known' AND expires_at > $2 AND typed <> ''";
    let rows = tx.fetch_all::<ActivationRow>(sql, args![browser, now]).await?;
    rows.into_iter().map(|row| open_row(row, master_key)).collect()
}

/// Returns the open activation of the same identity and browser, at the code step.
pub async fn find_open(tx: &mut UnitOfWork<'_>, browser: &str, typed_budget: &str) -> Result<Option<ActivationId>> {
    let now = tx.now;
    let found = tx
        .fetch_optional::<(ActivationId,)>(
            "SELECT id FROM activation WHERE browser = $1 AND typed_budget = $2 AND open = $3 AND state = 'code' \
             AND expires_at > $4",
            args![browser, typed_budget, true, now],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// Sets the pending authorization request and the language of an open activation to those of the latest request.
pub async fn replace_request(tx: &mut Tx, id: &ActivationId, joining: &Activation) -> Result<()> {
    tx.execute(
        "UPDATE activation SET interaction = $2, request = $3, lang = $4 WHERE id = $1",
        args![id, joining.interaction_id.as_deref(), joining.pending_request.as_deref(), joining.lang.tag()],
    )
    .await?;
    Ok(())
}

/// Sets the upstream's person of an open activation to that of the latest form, which may have none.
pub async fn replace_upstream(
    tx: &mut Tx,
    master_key: &MasterKey,
    id: &ActivationId,
    joining: &Activation,
) -> anyhow::Result<()> {
    let sealed = seal_upstream(master_key, id, joining)?;
    tx.execute("UPDATE activation SET upstream = $2 WHERE id = $1 AND state = 'code'", args![id, sealed]).await?;
    Ok(())
}

fn seal_upstream(master_key: &MasterKey, id: &ActivationId, of: &Activation) -> anyhow::Result<Option<String>> {
    let Some(person) = &of.upstream else { return Ok(None) };
    Ok(Some(master_key.seal(upstream_place(id), &serde_json::to_string(person)?)?))
}

/// Takes the upstream's person out of an activation at the password step: a password is chosen instead.
pub async fn clear_upstream(tx: &mut Tx, id: &ActivationId) -> Result<()> {
    tx.execute("UPDATE activation SET upstream = NULL WHERE id = $1 AND state = 'password'", args![id]).await?;
    Ok(())
}

/// Closes an expired activation of the identity and browser, or one that an older release left open at a later step.
pub async fn close_stale(tx: &mut UnitOfWork<'_>, browser: &str, typed_budget: &str) -> Result<()> {
    let now = tx.now;
    tx.execute(
        "UPDATE activation SET open = $4 WHERE browser = $1 AND typed_budget = $2 \
         AND (expires_at <= $3 OR state <> 'code')",
        args![browser, typed_budget, now, false],
    )
    .await?;
    Ok(())
}

/// Inserts an activation; false if the identity has an open activation in the browser, by a unique index.
pub async fn insert(tx: &mut UnitOfWork<'_>, master_key: &MasterKey, new: &Activation) -> anyhow::Result<bool> {
    let now = tx.now;
    let typed = master_key.seal(identity_place(&new.id), &serde_json::to_string(&new.identity)?)?;
    let upstream = seal_upstream(master_key, &new.id, new)?;
    let rows = tx
        .execute(
            "INSERT INTO activation (id, state, open, browser, typed, typed_budget, challenge_id, support_code, lang, \
             interaction, request, persons, children, purpose, created_at, expires_at, counted, device_id, upstream) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '[]', '[]', $12, $13, $14, $15, $16, $17) \
             ON CONFLICT DO NOTHING",
            args![
                &new.id,
                new.step.name(),
                true,
                &new.browser_digest,
                typed,
                &new.identity_budget,
                &new.challenge_id,
                &new.support_code,
                new.lang.tag(),
                new.interaction_id.as_deref(),
                new.pending_request.as_deref(),
                new.purpose.name(),
                now,
                new.expires_at,
                new.source_counters.as_deref(),
                new.device_id.as_deref(),
                upstream
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Moves an activation to another step by compare-and-set; false if a concurrent request was first. The activation is
/// closed for reuse, and bound to the secret in `to`.
pub async fn advance(tx: &mut Tx, from: ActivationStep, to: &Activation) -> anyhow::Result<bool> {
    let outcome = to.outcome.as_ref().map(serde_json::to_string).transpose()?;
    let rows = tx
        .execute(
            "UPDATE activation SET state = $3, open = $4, persons = $5, children = $6, account_id = $7, outcome = $8, \
             purpose = $9, browser = $10 WHERE id = $1 AND state = $2",
            args![
                &to.id,
                from.name(),
                to.step.name(),
                false,
                serde_json::to_string(&to.person_ids)?,
                serde_json::to_string(&to.children)?,
                &to.account_id,
                outcome,
                to.purpose.name(),
                &to.browser_digest
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Stores the status of the children during the children step; false if another tab was first. Compare-and-set on the
/// previous value, so that two tabs do not overwrite each other's answers.
pub async fn update_children(
    tx: &mut Tx,
    id: &ActivationId,
    before: &[ChildQuestion],
    after: &[ChildQuestion],
) -> anyhow::Result<bool> {
    let rows = tx
        .execute(
            "UPDATE activation SET children = $3 WHERE id = $1 AND state = 'children' AND children = $2",
            args![id, serde_json::to_string(before)?, serde_json::to_string(after)?],
        )
        .await?;
    Ok(rows == 1)
}

/// Ends every other unfinished activation of the account, after a password was chosen.
pub async fn end_others(tx: &mut Tx, account_id: &AccountId, but: &ActivationId) -> anyhow::Result<()> {
    end_unfinished(tx, account_id, Some(but), &ActivationOutcome::Overtaken).await
}

/// Ends every unfinished activation of the account but one, with an outcome.
pub async fn end_unfinished(
    tx: &mut Tx,
    account_id: &AccountId,
    but: Option<&ActivationId>,
    outcome: &ActivationOutcome,
) -> anyhow::Result<()> {
    tx.execute(
        "UPDATE activation SET state = 'ended', open = $4, outcome = $3 \
         WHERE account_id = $1 AND id <> $2 AND state IN ('known', 'children', 'password')",
        args![account_id, but.map_or("", |id| id.as_str()), serde_json::to_string(outcome)?, false],
    )
    .await?;
    Ok(())
}

/// The non-personal data of an activation for the help desk: no typed values, no names.
#[derive(Clone, Debug, FromRow)]
pub struct ActivationTrace {
    pub id: ActivationId,
    pub state: String,
    pub outcome: Option<String>,
    pub created_at: i64,
    pub account_id: Option<AccountId>,
    /// True if the worker found a matching person and generated a code.
    pub found: bool,
    pub sends: i64,
    pub tries_left: i64,
}

pub async fn list_by_support_code(tx: &mut Tx, code: &str) -> Result<Vec<ActivationTrace>> {
    tx.fetch_all(
        "SELECT a.id, a.state, a.outcome, a.created_at, a.account_id, c.person_budget IS NOT NULL AS found, \
         c.sends, c.tries_left \
         FROM activation a JOIN challenge c ON c.id = a.challenge_id WHERE a.support_code = $1 \
         ORDER BY a.created_at DESC LIMIT 20",
        args![code],
    )
    .await
}

/// Returns the identity budgets of the activations that matched a person, by the budget key of the person, for a reset
/// of the rate limits.
pub async fn list_identity_budgets(tx: &mut Tx, person_budget: &str) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT a.typed_budget FROM activation a JOIN challenge c ON c.id = a.challenge_id \
               WHERE c.person_budget = $1 LIMIT 100";
    Ok(tx.fetch_all::<(String,)>(sql, args![person_budget]).await?.into_iter().map(|(budget,)| budget).collect())
}

/// The retention of support codes.
const ACTIVATION_RETENTION: Span = Span::days(30);

/// Erases the typed identity of expired activations, and deletes the rows after the retention period.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let wiped = "UPDATE activation SET typed = '', request = NULL, upstream = NULL, open = $2 WHERE id IN \
                 (SELECT id FROM activation WHERE expires_at < $1 AND typed <> '' LIMIT $3)";
    let forgotten = "DELETE FROM activation WHERE id IN (SELECT id FROM activation WHERE expires_at < $1 LIMIT $2)";
    let codes = "DELETE FROM challenge WHERE id IN (SELECT id FROM challenge WHERE expires_at < $1 AND NOT EXISTS \
                 (SELECT 1 FROM activation a WHERE a.challenge_id = challenge.id) LIMIT $2)";
    Ok(tx.execute(wiped, args![now.minus(Span::hours(1)), false, CLEANUP_BATCH_ROWS]).await?
        + tx.execute(forgotten, args![now.minus(ACTIVATION_RETENTION), CLEANUP_BATCH_ROWS]).await?
        + tx.execute(codes, args![now.minus(ACTIVATION_RETENTION), CLEANUP_BATCH_ROWS]).await?)
}
