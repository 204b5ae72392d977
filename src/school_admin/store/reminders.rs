//! Rows of orders of reminders, and of whom they reach; [`orders`] are those that somebody looks at, [`marks`] the last
//! reminders of numbers and mailboxes.

pub mod marks;
pub mod orders;

use crate::base::clock::Timestamp;
use crate::base::typed_ids::{AdministratorId, PersonId};
use crate::base::uai::Uai;
use crate::db::{
    BATCH_SIZE, CLEANUP_BATCH_ROWS, FromRow, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders,
};
use crate::school_admin::reminders::{BUDGET_WINDOW, ReminderChannel};

/// An order to write.
#[derive(Clone, Copy, Debug)]
pub struct NewReminderBatch<'a> {
    /// That of its draft.
    pub id: &'a str,
    pub uai: &'a Uai,
    pub academy: &'a str,
    pub channel: ReminderChannel,
    pub subject: &'a str,
    pub text: &'a str,
    pub segments: i64,
    /// The number of those whom it reaches at most.
    pub people: i64,
    /// In the order in which the worker goes through them.
    pub persons: &'a [&'a str],
    pub ordered_by: &'a str,
    pub due_at: Timestamp,
    pub expires_at: Timestamp,
}

/// Inserts an order. Returns false if its draft was ordered already.
pub async fn insert(tx: &mut UnitOfWork<'_>, new: NewReminderBatch<'_>) -> Result<bool> {
    let now = tx.now;
    let sql = "INSERT INTO reminder_batch (id, uai, academy, text, segments, people, persons, position, sent, state, \
               ordered_by, ordered_at, due_at, expires_at, channel, subject) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, $12, $8, $9, $10, $11, $13, $14) ON CONFLICT DO NOTHING";
    let values = args![
        new.id,
        new.uai,
        new.academy,
        new.text,
        new.segments,
        new.people,
        new.persons.join("\n"),
        new.ordered_by,
        now,
        new.due_at,
        new.expires_at,
        new.channel.sending_state(),
        new.channel.name(),
        new.subject
    ];
    Ok(tx.execute(sql, values).await? == 1)
}

/// Keeps other orders of the school out until the commit: two would use one budget twice.
pub async fn lock_school(tx: &mut UnitOfWork<'_>, uai: &Uai) -> Result<()> {
    tx.execute("UPDATE school SET name = name WHERE uai = $1", args![uai]).await?;
    Ok(())
}

/// Sums the SMS, as they are billed, or the mails of a school within the time of its budget: those that left, and
/// those of orders that go on.
pub async fn sum_ordered(tx: &mut Tx, uai: &Uai, (channel, now): (ReminderChannel, Timestamp)) -> Result<i64> {
    let sql = "SELECT CAST(COALESCE(SUM(CASE WHEN channel = 'sms' THEN segments ELSE 1 END \
               * CASE WHEN state = 'done' THEN sent ELSE people END), 0) AS BIGINT) \
               FROM reminder_batch WHERE uai = $1 AND ordered_at > $2 AND channel = $3";
    Ok(tx.fetch_one::<(i64,)>(sql, args![uai, now.minus(BUDGET_WINDOW), channel.name()]).await?.0)
}

/// True if an order of a school by mail goes on.
pub async fn is_mailing(tx: &mut Tx, uai: &Uai) -> Result<bool> {
    let sql = "SELECT id FROM reminder_batch WHERE uai = $1 AND state = 'mailing' LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![uai]).await?.is_some())
}

/// An order that goes on.
#[derive(Clone, Debug, FromRow)]
pub struct SendingBatchRow {
    pub id: String,
    pub uai: Uai,
    pub academy: String,
    pub channel: String,
    pub subject: String,
    pub text: String,
    pub people: i64,
    pub persons: String,
    pub position: i64,
    pub ordered_by: AdministratorId,
    pub expires_at: i64,
}

impl SendingBatchRow {
    pub fn channel(&self) -> ReminderChannel {
        self.channel.parse().unwrap_or_default()
    }
}

/// Claims the order that has been due for longest until a time: other servers leave it alone meanwhile.
pub async fn claim(tx: &mut UnitOfWork<'_>, until: Timestamp) -> Result<Option<SendingBatchRow>> {
    let now = tx.now;
    let sql = "UPDATE reminder_batch SET due_at = $2 WHERE state <> 'done' AND due_at <= $1 AND id = (SELECT id FROM \
               (SELECT id, due_at FROM reminder_batch WHERE state = 'sending' AND due_at <= $1 UNION ALL \
               SELECT id, due_at FROM reminder_batch WHERE state = 'mailing' AND due_at <= $1) AS due \
               ORDER BY due_at, id LIMIT 1) \
               RETURNING id, uai, academy, channel, subject, text, people, persons, position, ordered_by, expires_at";
    tx.fetch_optional(sql, args![now, until]).await
}

/// Returns true if an order is due. A read, so that an idle server writes nothing.
pub async fn is_due(tx: &mut Tx, now: Timestamp) -> Result<bool> {
    let sql = "SELECT id FROM reminder_batch WHERE state = 'sending' AND due_at <= $1 UNION ALL \
               SELECT id FROM reminder_batch WHERE state = 'mailing' AND due_at <= $1 LIMIT 1";
    Ok(tx.fetch_optional::<(String,)>(sql, args![now]).await?.is_some())
}

/// Goes past one person of an order. Returns false if another server went past them.
pub async fn advance(tx: &mut Tx, id: &str, position: i64, sent: bool) -> Result<bool> {
    let sql = "UPDATE reminder_batch SET position = position + 1, sent = sent + $3 \
               WHERE id = $1 AND position = $2 AND state <> 'done'";
    Ok(tx.execute(sql, args![id, position, i64::from(sent)]).await? == 1)
}

/// Puts the next step of an order off.
pub async fn set_due(tx: &mut Tx, id: &str, due: Timestamp) -> Result<()> {
    tx.execute("UPDATE reminder_batch SET due_at = $2 WHERE id = $1 AND state <> 'done'", args![id, due]).await?;
    Ok(())
}

/// Ends an order and forgets whom it named. Returns the reminders that left, for the call that did.
pub async fn finish(tx: &mut UnitOfWork<'_>, id: &str) -> Result<Option<i64>> {
    let now = tx.now;
    let sql = "UPDATE reminder_batch SET state = 'done', persons = '', ended_at = $2 \
               WHERE id = $1 AND state <> 'done' RETURNING sent";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![id, now]).await?.map(|(sent,)| sent))
}

/// Ends every order, for a restored database: those reminders have left since.
pub async fn finish_all(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let now = tx.now;
    let sql = "UPDATE reminder_batch SET state = 'done', persons = '', ended_at = $1 WHERE state <> 'done'";
    tx.execute(sql, args![now]).await
}

/// A person who may be reminded, with the encrypted number or address.
#[derive(Clone, Debug, FromRow)]
pub struct RemindedPersonRow {
    pub id: PersonId,
    pub sealed: String,
    /// The mark of the number, or of the mailbox, to which the message goes.
    pub blind: String,
    /// The mark of the person's own number, for a mail.
    pub own_phone: Option<String>,
    pub mail_blind: Option<String>,
    pub given_name: String,
}

/// Lists those of up to [`BATCH_SIZE`] persons who may be reminded: a current legal link with the school and a
/// child who is not kept from them, a mobile that is theirs and nobody else's, and no working account. Two academies may
/// know one person, by one given name.
pub async fn list_remindable(tx: &mut Tx, uai: &Uai, ids: &[&str]) -> Result<Vec<RemindedPersonRow>> {
    debug_assert!(ids.len() <= BATCH_SIZE);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!(
        "SELECT p.id, p.phone AS sealed, p.phone_blind AS blind, CAST(NULL AS TEXT) AS own_phone, p.mail_blind, \
         p.given_name FROM person p LEFT JOIN account a ON a.id = p.account_id WHERE p.id IN (",
        batch_placeholders!(),
        ") AND p.phone IS NOT NULL AND p.phone_blind IS NOT NULL AND p.phone_state = 'mobile' AND p.phone_disowned_at IS NULL \
         AND (a.id IS NULL OR (a.state = 'pending' AND a.suspended_at IS NULL)) \
         AND EXISTS (SELECT 1 FROM link l WHERE l.person_id = p.id AND l.uai = $1 AND l.level = 'legal' \
         AND l.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM link_withheld w WHERE w.person_id = l.person_id \
         AND w.pupil_id = l.pupil_id)) \
         AND NOT EXISTS (SELECT 1 FROM person o JOIN link m ON m.person_id = o.id \
         WHERE o.phone_blind = p.phone_blind AND o.id <> p.id AND (m.uai = $1 OR o.given_name <> p.given_name) \
         AND m.level = 'legal' AND m.ended_at IS NULL) ORDER BY p.id"
    );
    tx.fetch_all(sql, batch_args(Value::from(uai), ids.iter().copied())).await
}

/// Lists those of up to [`BATCH_SIZE`] persons who may be reminded by mail: a current legal link with the school and a child
/// who is not kept from them, an address that is no institution's, and no working account.
pub async fn list_mailable(tx: &mut Tx, uai: &Uai, ids: &[&str]) -> Result<Vec<RemindedPersonRow>> {
    debug_assert!(ids.len() <= BATCH_SIZE);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let sql = concat!(
        "SELECT p.id, p.mail AS sealed, p.mail_blind AS blind, CASE WHEN NOT EXISTS (SELECT 1 FROM person o \
         JOIN link m ON m.person_id = o.id WHERE o.phone_blind = p.phone_blind AND o.id <> p.id \
         AND (m.uai = $1 OR o.given_name <> p.given_name) AND m.level = 'legal' AND m.ended_at IS NULL) \
         THEN p.phone_blind END AS own_phone, p.mail_blind, p.given_name FROM person p \
         LEFT JOIN account a ON a.id = p.account_id WHERE p.id IN (",
        batch_placeholders!(),
        ") AND p.mail IS NOT NULL AND p.mail_blind IS NOT NULL \
         AND (a.id IS NULL OR (a.state = 'pending' AND a.suspended_at IS NULL)) \
         AND EXISTS (SELECT 1 FROM link l WHERE l.person_id = p.id AND l.uai = $1 AND l.level = 'legal' \
         AND COALESCE(l.relation, '') <> '51' AND l.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM link_withheld w \
         WHERE w.person_id = l.person_id AND w.pupil_id = l.pupil_id)) ORDER BY p.id"
    );
    tx.fetch_all(sql, batch_args(Value::from(uai), ids.iter().copied())).await
}

/// Deletes orders whose term has come, and reminders that keep nobody from another one.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let batches = "DELETE FROM reminder_batch WHERE id IN \
                   (SELECT id FROM reminder_batch WHERE ordered_at < $1 AND state = 'done' ORDER BY ordered_at LIMIT $2)";
    let batch_term = tx.now.minus(super::progress::PROGRESS_RETENTION);
    let deleted = tx.execute(batches, args![batch_term, CLEANUP_BATCH_ROWS]).await?;
    Ok(deleted + marks::delete_expired(tx).await?)
}
