//! Rows of activations.

use super::views::Purpose;
use super::{Activation, AskedChild, Outcome, Step, Typed};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::db::{CLEANED_AT_ONCE, Error, FromRow, Result, Tx, args};
use crate::seal::{Place, Vault};

#[derive(FromRow)]
struct Row {
    id: String,
    state: String,
    browser: String,
    typed: String,
    typed_budget: String,
    challenge_id: String,
    support_code: String,
    lang: String,
    interaction: Option<String>,
    request: Option<String>,
    persons: String,
    children: String,
    account_id: Option<String>,
    outcome: Option<String>,
    purpose: String,
    counted: Option<String>,
    device_id: Option<String>,
    expires_at: i64,
}

fn place(row: &str) -> Place<'_> {
    Place { table: "activation", column: "typed", row }
}

fn opened(row: Row, vault: &Vault) -> anyhow::Result<Activation> {
    let step = Step::from_name(&row.state);
    let step = step.ok_or_else(|| Error::Inconsistent { table: "activation", column: "state", row: row.id.clone() })?;
    let typed: Typed = serde_json::from_str(&vault.open(place(&row.id), &row.typed)?)?;
    Ok(Activation {
        step,
        typed,
        lang: Lang::from_tag(&row.lang).unwrap_or_default(),
        persons: serde_json::from_str(&row.persons)?,
        children: serde_json::from_str(&row.children)?,
        outcome: row.outcome.as_deref().map(serde_json::from_str).transpose()?,
        purpose: if row.purpose == NEW_PASSWORD { Purpose::NewPassword } else { Purpose::Activation },
        expires_at: Timestamp(row.expires_at),
        id: row.id,
        browser: row.browser,
        typed_budget: row.typed_budget,
        challenge_id: row.challenge_id,
        support_code: row.support_code,
        interaction: row.interaction,
        request: row.request,
        account_id: row.account_id,
        counted: row.counted,
        device_id: row.device_id,
    })
}

const ACTIVATION: &str = "activation";
const NEW_PASSWORD: &str = "new_password";

/// One activation; of an expired one the typed identity is wiped after a while, and then it is no more.
pub async fn find(tx: &mut Tx, vault: &Vault, id: &str) -> anyhow::Result<Option<Activation>> {
    let sql = "SELECT id, state, browser, typed, typed_budget, challenge_id, support_code, lang, interaction, request, \
               persons, children, account_id, outcome, purpose, counted, device_id, expires_at \
               FROM activation WHERE id = $1 AND typed <> ''";
    let row = tx.optional::<Row>(sql, args![id]).await?;
    row.map(|r| opened(r, vault)).transpose()
}

/// The activation of this identity that this browser has open, at the code.
pub async fn open_one(tx: &mut Tx, now: Timestamp, browser: &str, typed_budget: &str) -> Result<Option<String>> {
    let found = tx
        .optional::<(String,)>(
            "SELECT id FROM activation WHERE browser = $1 AND typed_budget = $2 AND open = $3 AND state = 'code' \
             AND expires_at > $4",
            args![browser, typed_budget, true, now],
        )
        .await?;
    Ok(found.map(|(id,)| id))
}

/// The activation that is joined ends at the request that was made last.
pub async fn join(tx: &mut Tx, id: &str, joining: &Activation) -> Result<()> {
    tx.execute(
        "UPDATE activation SET interaction = $2, request = $3, lang = $4 WHERE id = $1",
        args![id, joining.interaction.as_deref(), joining.request.as_deref(), joining.lang.tag()],
    )
    .await?;
    Ok(())
}

/// Makes room: one that expired, or that an older release left open at a later step, is open no more.
pub async fn close_left(tx: &mut Tx, now: Timestamp, browser: &str, typed_budget: &str) -> Result<()> {
    tx.execute(
        "UPDATE activation SET open = $4 WHERE browser = $1 AND typed_budget = $2 \
         AND (expires_at <= $3 OR state <> 'code')",
        args![browser, typed_budget, now, false],
    )
    .await?;
    Ok(())
}

/// Whether it was written: one identity has one open activation in a browser, and that is the database's to say.
pub async fn insert(tx: &mut Tx, vault: &Vault, now: Timestamp, new: &Activation) -> anyhow::Result<bool> {
    let typed = vault.seal(place(&new.id), &serde_json::to_string(&new.typed)?)?;
    let rows = tx
        .execute(
            "INSERT INTO activation (id, state, open, browser, typed, typed_budget, challenge_id, support_code, lang, \
             interaction, request, persons, children, purpose, created_at, expires_at, counted, device_id) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '[]', '[]', $12, $13, $14, $15, $16) \
             ON CONFLICT DO NOTHING",
            args![
                &new.id,
                new.step.name(),
                true,
                &new.browser,
                typed,
                &new.typed_budget,
                &new.challenge_id,
                &new.support_code,
                new.lang.tag(),
                new.interaction.as_deref(),
                new.request.as_deref(),
                ACTIVATION,
                now,
                new.expires_at,
                new.counted.as_deref(),
                new.device_id.as_deref()
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Leaves a step, once: whoever comes second changes nothing. Nobody joins it any more, and it is held by the secret of
/// `to`.
pub async fn advance(tx: &mut Tx, from: Step, to: &Activation) -> anyhow::Result<bool> {
    let purpose = if to.purpose == Purpose::NewPassword { NEW_PASSWORD } else { ACTIVATION };
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
                serde_json::to_string(&to.persons)?,
                serde_json::to_string(&to.children)?,
                to.account_id.as_deref(),
                outcome,
                purpose,
                &to.browser
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// What was answered so far, as long as the step is the children's. Compare-and-set on what was read, so that two
/// tabs do not forget one another's answers.
pub async fn settle(tx: &mut Tx, id: &str, before: &[AskedChild], after: &[AskedChild]) -> anyhow::Result<bool> {
    let rows = tx
        .execute(
            "UPDATE activation SET children = $3 WHERE id = $1 AND state = 'children' AND children = $2",
            args![id, serde_json::to_string(before)?, serde_json::to_string(after)?],
        )
        .await?;
    Ok(rows == 1)
}

/// Every other open activation of the account ends: somebody has just chosen its password.
pub async fn end_others(tx: &mut Tx, account_id: &str, but: &str) -> anyhow::Result<()> {
    let outcome = serde_json::to_string(&Outcome::Overtaken)?;
    tx.execute(
        "UPDATE activation SET state = 'ended', open = $4, outcome = $3 \
         WHERE account_id = $1 AND id <> $2 AND state IN ('known', 'children', 'password')",
        args![account_id, but, outcome, false],
    )
    .await?;
    Ok(())
}

/// What the help desk may know of an activation: nothing typed, nobody's name.
#[derive(Clone, Debug, FromRow)]
pub struct Trace {
    pub id: String,
    pub state: String,
    pub outcome: Option<String>,
    pub created_at: i64,
    pub account_id: Option<String>,
    /// Whether the worker found somebody and a code was drawn.
    pub found: bool,
    pub sends: i64,
    pub tries_left: i64,
}

pub async fn by_support_code(tx: &mut Tx, code: &str) -> Result<Vec<Trace>> {
    tx.all(
        "SELECT a.id, a.state, a.outcome, a.created_at, a.account_id, c.person_budget IS NOT NULL AS found, \
         c.sends, c.tries_left \
         FROM activation a JOIN challenge c ON c.id = a.challenge_id WHERE a.support_code = $1 \
         ORDER BY a.created_at DESC LIMIT 20",
        args![code],
    )
    .await
}

/// What was typed in activations that found a person, by that person's budget: for whoever lifts what it was counted on.
pub async fn typed_budgets_of(tx: &mut Tx, person_budget: &str) -> Result<Vec<String>> {
    let sql = "SELECT DISTINCT a.typed_budget FROM activation a JOIN challenge c ON c.id = a.challenge_id \
               WHERE c.person_budget = $1 LIMIT 100";
    Ok(tx.all::<(String,)>(sql, args![person_budget]).await?.into_iter().map(|(budget,)| budget).collect())
}

/// How long a support code is remembered.
const KEPT: Span = Span::days(30);

/// Wipes what was typed once the two hours are over, and forgets the rest after thirty days.
pub async fn clean(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let wiped = "UPDATE activation SET typed = '', request = NULL, open = $2 WHERE id IN \
                 (SELECT id FROM activation WHERE expires_at < $1 AND typed <> '' LIMIT $3)";
    let forgotten = "DELETE FROM activation WHERE id IN (SELECT id FROM activation WHERE expires_at < $1 LIMIT $2)";
    let codes = "DELETE FROM challenge WHERE id IN (SELECT id FROM challenge WHERE expires_at < $1 AND NOT EXISTS \
                 (SELECT 1 FROM activation a WHERE a.challenge_id = challenge.id) LIMIT $2)";
    Ok(tx.execute(wiped, args![now.minus(Span::hours(1)), false, CLEANED_AT_ONCE]).await?
        + tx.execute(forgotten, args![now.minus(KEPT), CLEANED_AT_ONCE]).await?
        + tx.execute(codes, args![now.minus(KEPT), CLEANED_AT_ONCE]).await?)
}
