//! Rows of orders of reminders as somebody looks at them, and the end of one before its time.

use crate::base::clock::Timestamp;
use crate::base::uai::Uai;
use crate::db::{FromRow, Result, Tx, UnitOfWork, args};
use crate::school_admin::reminders::ReminderChannel;

/// An order as pages and programs see it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct ReminderBatchRow {
    pub id: String,
    pub uai: Uai,
    pub academy: String,
    /// `sms` or `mail`.
    pub channel: String,
    /// The number of those whom it reaches at most.
    pub people: i64,
    /// The number of those who were looked at.
    pub position: i64,
    /// The number of messages that were written.
    pub sent: i64,
    /// `sending`, `mailing` or `done`.
    pub state: String,
    pub ordered_at: i64,
    pub ended_at: Option<i64>,
    pub cancelled_at: Option<i64>,
    /// The name of the administrator, if there still is one.
    pub ordered_by: Option<String>,
}

impl ReminderBatchRow {
    pub fn channel(&self) -> ReminderChannel {
        self.channel.parse().unwrap_or_default()
    }

    /// True if nobody is looked at any more.
    pub fn is_written(&self) -> bool {
        self.state == "done"
    }

    /// Returns the number of messages that are still to be written, at most.
    pub fn unwritten(&self) -> i64 {
        let done = match self.channel() {
            ReminderChannel::Sms => self.position,
            // Behind those who get one stand others who have the same mailbox: one of them gets it in their place.
            ReminderChannel::Mail => self.sent,
        };
        if self.is_written() { 0 } else { self.people.saturating_sub(done).max(0) }
    }
}

/// Finds an order.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<ReminderBatchRow>> {
    let sql = "SELECT b.id, b.uai, b.academy, b.channel, b.people, b.position, b.sent, b.state, b.ordered_at, \
               b.ended_at, b.cancelled_at, a.name AS ordered_by FROM reminder_batch b LEFT JOIN administrator a \
               ON a.id = b.ordered_by WHERE b.id = $1";
    tx.fetch_optional(sql, args![id]).await
}

/// Lists the orders of a school since a time, the last first.
pub async fn list(tx: &mut Tx, uai: &Uai, since: Timestamp, most: i64) -> Result<Vec<ReminderBatchRow>> {
    let sql = "SELECT b.id, b.uai, b.academy, b.channel, b.people, b.position, b.sent, b.state, b.ordered_at, \
               b.ended_at, b.cancelled_at, a.name AS ordered_by FROM reminder_batch b LEFT JOIN administrator a \
               ON a.id = b.ordered_by WHERE b.uai = $1 AND b.ordered_at >= $2 ORDER BY b.ordered_at DESC LIMIT $3";
    tx.fetch_all(sql, args![uai, since, most]).await
}

/// Keeps an order as it is until the commit: nobody writes a message of it meanwhile.
pub async fn lock(tx: &mut UnitOfWork<'_>, id: &str) -> Result<()> {
    tx.execute("UPDATE reminder_batch SET due_at = due_at WHERE id = $1", args![id]).await?;
    Ok(())
}

/// Cancels an order, once, and forgets whom it named; `taken_back` messages that were written did not leave. Returns
/// the number of those that did, for the call that cancelled it.
pub async fn cancel(tx: &mut UnitOfWork<'_>, id: &str, taken_back: i64) -> Result<Option<i64>> {
    let now = tx.now;
    let sql = "UPDATE reminder_batch SET state = 'done', persons = '', cancelled_at = $2, \
               ended_at = COALESCE(ended_at, $2), sent = sent - $3 WHERE id = $1 AND cancelled_at IS NULL \
               RETURNING sent";
    Ok(tx.fetch_optional::<(i64,)>(sql, args![id, now, taken_back]).await?.map(|(sent,)| sent))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_may_still_go_to_whoever_shares_a_mailbox_with_somebody_who_was_passed() {
        let sms = ReminderBatchRow {
            id: String::new(),
            uai: Uai::parse("0349999J").unwrap(),
            academy: String::new(),
            channel: "sms".to_owned(),
            people: 10,
            position: 10,
            sent: 7,
            state: "sending".to_owned(),
            ordered_at: 0,
            ended_at: None,
            cancelled_at: None,
            ordered_by: None,
        };
        let mails = ReminderBatchRow { channel: "mail".to_owned(), state: "mailing".to_owned(), ..sms.clone() };
        assert_eq!((sms.unwritten(), mails.unwritten()), (0, 3));
        let over = ReminderBatchRow { state: "done".to_owned(), ..mails };
        assert_eq!(over.unwritten(), 0);
    }
}
