//! SQL queries of the table `recovery`.

use super::{Recovery, RecoveryChannel, RecoveryOutcome, RecoveryStep};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::{AccountId, ChallengeId, LetterId, RecoveryId};
use crate::crypto::{AssociatedData, MasterKey};
use crate::db::{CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, args, parse_word};
use crate::guardianship::ChildQuestion;

#[derive(FromRow)]
struct Row {
    id: RecoveryId,
    channel: String,
    state: String,
    browser: String,
    typed: String,
    typed_budget: String,
    challenge_id: Option<ChallengeId>,
    letter_id: Option<LetterId>,
    support_code: String,
    lang: String,
    interaction: Option<String>,
    request: Option<String>,
    account_id: Option<AccountId>,
    children: String,
    outcome: Option<String>,
    counted: Option<String>,
    device_id: Option<String>,
    factor_at: Option<i64>,
    created_at: i64,
    expires_at: i64,
}

fn typed_place(row: &str) -> AssociatedData<'_> {
    AssociatedData { table: "recovery", column: "typed", row }
}

fn open_row(row: Row, master_key: &MasterKey) -> anyhow::Result<Recovery> {
    Ok(Recovery {
        channel: parse_word("recovery", "channel", &row.id, &row.channel)?,
        step: parse_word("recovery", "state", &row.id, &row.state)?,
        identifiant: master_key.open(typed_place(&row.id), &row.typed)?,
        lang: Lang::from_tag(&row.lang).unwrap_or_default(),
        children: serde_json::from_str(&row.children)?,
        outcome: row.outcome.as_deref().map(serde_json::from_str).transpose()?,
        factor_at: row.factor_at.map(Timestamp),
        created_at: Timestamp(row.created_at),
        expires_at: Timestamp(row.expires_at),
        id: row.id,
        browser_digest: row.browser,
        typed_budget: row.typed_budget,
        challenge_id: row.challenge_id,
        letter_id: row.letter_id,
        support_code: row.support_code,
        interaction_id: row.interaction,
        pending_request: row.request,
        account_id: row.account_id,
        source_counters: row.counted,
        device_id: row.device_id,
    })
}

/// Finds a recovery. The identifiant of an expired one is erased after an hour; from then on none is found.
pub async fn find(tx: &mut Tx, master_key: &MasterKey, id: &RecoveryId) -> anyhow::Result<Option<Recovery>> {
    let sql = "SELECT id, channel, state, browser, typed, typed_budget, challenge_id, letter_id, support_code, lang, \
               interaction, request, account_id, children, outcome, counted, device_id, factor_at, created_at, \
               expires_at FROM recovery WHERE id = $1 AND typed <> ''";
    let row = tx.fetch_optional::<Row>(sql, args![id]).await?;
    row.map(|r| open_row(r, master_key)).transpose()
}

/// Returns the recovery of the same identifiant and browser that waits for a code.
pub async fn find_open(tx: &mut Tx, browser: &str, typed_budget: &str) -> Result<Option<RecoveryId>> {
    let sql = "SELECT id FROM recovery WHERE browser = $1 AND typed_budget = $2 AND state = 'code'";
    Ok(tx.fetch_optional::<(RecoveryId,)>(sql, args![browser, typed_budget]).await?.map(|(id,)| id))
}

/// Ends an expired recovery of the same identifiant and browser, so that another may begin.
pub async fn close_stale(tx: &mut UnitOfWork<'_>, browser: &str, typed_budget: &str) -> Result<()> {
    let now = tx.now;
    let sql = "UPDATE recovery SET state = 'ended' \
               WHERE browser = $1 AND typed_budget = $2 AND state = 'code' AND expires_at <= $3";
    tx.execute(sql, args![browser, typed_budget, now]).await?;
    Ok(())
}

/// Sets the pending authorization request and the language to those of the latest request.
pub async fn replace_request(tx: &mut Tx, id: &RecoveryId, joining: &Recovery) -> Result<()> {
    let sql = "UPDATE recovery SET interaction = $2, request = $3, lang = $4 WHERE id = $1";
    tx.execute(sql, args![id, &joining.interaction_id, &joining.pending_request, joining.lang.tag()]).await?;
    Ok(())
}

/// Moves a recovery that waits for its code to another channel, with a challenge of its own; false if a concurrent
/// request was first.
pub async fn switch_channel(
    tx: &mut Tx,
    recovery: &Recovery,
    to: RecoveryChannel,
    challenge_id: &ChallengeId,
) -> Result<bool> {
    let sql = "UPDATE recovery SET channel = $3, challenge_id = $4 WHERE id = $1 AND state = 'code' AND channel = $2";
    let values = args![&recovery.id, recovery.channel.name(), to.name(), challenge_id];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Inserts a recovery; false if the identifiant has one that waits for a code in this browser, by a unique index.
pub async fn insert(tx: &mut Tx, master_key: &MasterKey, new: &Recovery) -> anyhow::Result<bool> {
    let typed = master_key.seal(typed_place(&new.id), &new.identifiant)?;
    let outcome = new.outcome.as_ref().map(serde_json::to_string).transpose()?;
    let rows = tx
        .execute(
            "INSERT INTO recovery (id, channel, state, browser, typed, typed_budget, challenge_id, letter_id, \
         support_code, lang, interaction, request, account_id, children, counted, device_id, created_at, expires_at, \
         outcome) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) \
         ON CONFLICT DO NOTHING",
            args![
                &new.id,
                new.channel.name(),
                new.step.name(),
                &new.browser_digest,
                typed,
                &new.typed_budget,
                &new.challenge_id,
                &new.letter_id,
                &new.support_code,
                new.lang.tag(),
                &new.interaction_id,
                &new.pending_request,
                &new.account_id,
                serde_json::to_string(&new.children)?,
                &new.source_counters,
                &new.device_id,
                new.created_at,
                new.expires_at,
                outcome
            ],
        )
        .await?;
    Ok(rows == 1)
}

/// Moves a recovery to another step by compare-and-set; false if a concurrent request was first. The recovery is bound
/// to the secret in `to`.
pub async fn advance(tx: &mut Tx, from: RecoveryStep, to: &Recovery) -> anyhow::Result<bool> {
    let outcome = to.outcome.as_ref().map(serde_json::to_string).transpose()?;
    let sql = "UPDATE recovery SET state = $3, children = $4, account_id = $5, outcome = $6, browser = $7, factor_at = $8 \
               WHERE id = $1 AND state = $2";
    let values = args![
        &to.id,
        from.name(),
        to.step.name(),
        serde_json::to_string(&to.children)?,
        &to.account_id,
        outcome,
        &to.browser_digest,
        to.factor_at
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Stores the status of the children; false if another tab was first, by compare-and-set on the previous value.
pub async fn update_children(
    tx: &mut Tx,
    id: &RecoveryId,
    before: &[ChildQuestion],
    after: &[ChildQuestion],
) -> anyhow::Result<bool> {
    let sql = "UPDATE recovery SET children = $3 WHERE id = $1 AND state = 'dates' AND children = $2";
    Ok(tx.execute(sql, args![id, serde_json::to_string(before)?, serde_json::to_string(after)?]).await? == 1)
}

/// The steps after the code, in SQL: one list for whatever ends them.
macro_rules! unfinished {
    () => {
        "state IN ('dates', 'birth', 'factor', 'password')"
    };
}

/// Ends every other unfinished recovery of the account, after a password was chosen.
pub async fn end_others(tx: &mut Tx, account_id: &AccountId, except: Option<&RecoveryId>) -> anyhow::Result<()> {
    end_unfinished(tx, account_id, except, &RecoveryOutcome::Overtaken).await
}

/// Ends every unfinished recovery of the account but one, with an outcome.
pub async fn end_unfinished(
    tx: &mut Tx,
    account_id: &AccountId,
    except: Option<&RecoveryId>,
    outcome: &RecoveryOutcome,
) -> anyhow::Result<()> {
    let outcome = serde_json::to_string(outcome)?;
    let sql = concat!(
        "UPDATE recovery SET state = 'ended', outcome = $3 WHERE account_id = $1 AND id <> $2 AND ",
        unfinished!()
    );
    tx.execute(sql, args![account_id, except.map_or("", |id| id.as_str()), outcome]).await?;
    Ok(())
}

/// Ends the recoveries of an account that wait for a second factor, because its factors were removed.
pub async fn end_at_factor(tx: &mut Tx, account_id: &AccountId) -> anyhow::Result<()> {
    let outcome = serde_json::to_string(&RecoveryOutcome::Overtaken)?;
    let sql = "UPDATE recovery SET state = 'ended', outcome = $2 WHERE account_id = $1 AND state = 'factor'";
    tx.execute(sql, args![account_id, outcome]).await?;
    Ok(())
}

/// Ends the unfinished recoveries that began with a letter, with an outcome: another browser typed its code, or the school
/// took it back.
pub async fn end_of_letter(tx: &mut Tx, letter_id: &LetterId, outcome: &RecoveryOutcome) -> anyhow::Result<()> {
    let outcome = serde_json::to_string(outcome)?;
    let sql = concat!("UPDATE recovery SET state = 'ended', outcome = $2 WHERE letter_id = $1 AND ", unfinished!());
    tx.execute(sql, args![letter_id, outcome]).await?;
    Ok(())
}

/// Ends the unfinished recoveries that began with the letters of a batch that its school took back.
pub async fn end_of_batch(tx: &mut Tx, batch_id: &str, outcome: &RecoveryOutcome) -> anyhow::Result<()> {
    let outcome = serde_json::to_string(outcome)?;
    let sql = concat!(
        "UPDATE recovery SET state = 'ended', outcome = $2 WHERE letter_id IN \
         (SELECT id FROM letter WHERE batch_id = $1 AND state = 'withdrawn') AND ",
        unfinished!()
    );
    tx.execute(sql, args![batch_id, outcome]).await?;
    Ok(())
}

/// Ends what began by mail, because the address of the account changed: codes that were sent serve no more, as if they
/// were wrong, and recoveries with a right code end.
pub async fn end_by_mail(tx: &mut Tx, account_id: &AccountId) -> anyhow::Result<()> {
    let voided = "UPDATE challenge SET code = NULL WHERE sent_account = $1 AND used_at IS NULL AND id IN \
                  (SELECT challenge_id FROM recovery WHERE channel = 'mail' AND state = 'code')";
    tx.execute(voided, args![account_id]).await?;
    let outcome = serde_json::to_string(&RecoveryOutcome::UntrustedEmail)?;
    let ended = concat!(
        "UPDATE recovery SET state = 'ended', outcome = $2 WHERE account_id = $1 AND channel = 'mail' AND ",
        unfinished!()
    );
    tx.execute(ended, args![account_id, outcome]).await?;
    Ok(())
}

/// The non-personal data of a recovery for the help desk.
#[derive(Clone, Debug, FromRow)]
pub struct RecoveryTrace {
    pub created_at: i64,
    pub channel: String,
    pub state: String,
    /// An outcome as JSON.
    pub outcome: Option<String>,
}

/// Finds the last recovery of an account in which a right code was typed.
pub async fn find_last_of_account(tx: &mut Tx, account_id: &AccountId) -> Result<Option<RecoveryTrace>> {
    let sql = "SELECT created_at, channel, state, outcome FROM recovery WHERE account_id = $1 \
               ORDER BY created_at DESC, id DESC LIMIT 1";
    tx.fetch_optional(sql, args![account_id]).await
}

/// Lists the accounts of the recoveries with a support code.
pub async fn list_accounts_by_support_code(tx: &mut Tx, code: &str) -> Result<Vec<AccountId>> {
    let sql = "SELECT DISTINCT account_id FROM recovery WHERE support_code = $1 AND account_id IS NOT NULL LIMIT 20";
    Ok(tx.fetch_all::<(AccountId,)>(sql, args![code]).await?.into_iter().map(|(id,)| id).collect())
}

/// The retention of support codes.
const RECOVERY_RETENTION: Span = Span::days(30);

/// Erases the typed identifiant of expired recoveries, and deletes the rows after the retention period.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let wiped = "UPDATE recovery SET typed = '', request = NULL WHERE id IN \
                 (SELECT id FROM recovery WHERE expires_at < $1 AND typed <> '' LIMIT $2)";
    let forgotten = "DELETE FROM recovery WHERE id IN (SELECT id FROM recovery WHERE expires_at < $1 LIMIT $2)";
    Ok(tx.execute(wiped, args![now.minus(Span::hours(1)), CLEANUP_BATCH_ROWS]).await?
        + tx.execute(forgotten, args![now.minus(RECOVERY_RETENTION), CLEANUP_BATCH_ROWS]).await?)
}
