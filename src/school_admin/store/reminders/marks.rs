//! Rows of the last reminder of a number, of a mailbox, and of a person.
//!
//! A row has the mark of any of them in `phone_blind`: marks of two purposes are never alike. A mailbox has one mark,
//! whichever persons of whichever schools have it: it gets one mail a week. An SMS takes no mark of a mailbox, which
//! may be somebody else's too; that of the person by it holds the other way back, also where two academies know the
//! person by two numbers.

use std::collections::BTreeSet;

use super::RemindedPersonRow;
use crate::base::clock::Timestamp;
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::{BATCH_SIZE, CLEANUP_BATCH_ROWS, Result, Tx, UnitOfWork, Value, args, batch_args, batch_placeholders};
use crate::school_admin::reminders::{BUDGET_WINDOW, REMINDER_INTERVAL};

/// Lists the parents of a school whose number or address a reminder reached within the week, by whichever school.
pub async fn list_reminded(tx: &mut Tx, uai: &Uai, now: Timestamp) -> Result<Vec<PersonId>> {
    let sql = "SELECT DISTINCT l.person_id FROM link l JOIN person p ON p.id = l.person_id \
               JOIN reminder r ON r.phone_blind IN (p.phone_blind, p.mail_blind) \
               WHERE l.uai = $1 AND l.level = 'legal' AND l.ended_at IS NULL AND r.at > $2";
    let rows = tx.fetch_all::<(PersonId,)>(sql, args![uai, now.minus(REMINDER_INTERVAL)]).await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

impl RemindedPersonRow {
    /// Returns the marks that a reminder takes: of where it goes; for a mail, of the own number; and of the person as
    /// the mailbox and the given name tell, since two academies may know one person.
    pub fn marks(&self) -> BTreeSet<String> {
        let named = |mailbox: &String| sha256_base64url(&format!("{mailbox}\n{}", self.given_name));
        let person = self.mail_blind.as_ref().map(named);
        [Some(self.blind.clone()), self.own_phone.clone(), person].into_iter().flatten().collect()
    }
}

/// Takes the marks of a reminder for the week. Returns false if one of them is taken: the transaction is to be rolled
/// back then. In one order everywhere: two orders that take the same pair wait for each other, and not each for the
/// other.
pub async fn take_week(
    tx: &mut UnitOfWork<'_>,
    marks: &BTreeSet<String>,
    (uai, batch, job): (&Uai, &str, &str),
) -> Result<bool> {
    let now = tx.now;
    for mark in marks {
        let sql = "INSERT INTO reminder (phone_blind, uai, batch_id, job_id, at) VALUES ($1, $2, $3, $4, $5) \
                   ON CONFLICT (phone_blind) DO UPDATE SET uai = excluded.uai, batch_id = excluded.batch_id, \
                   job_id = excluded.job_id, at = excluded.at WHERE reminder.at <= $6";
        let values = args![mark, uai, batch, job, now, now.minus(REMINDER_INTERVAL)];
        if tx.execute(sql, values).await? != 1 {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gives the marks back that were taken for messages of an order which did not leave.
pub async fn release(tx: &mut Tx, batch: &str, jobs: &[&str]) -> Result<()> {
    for some in jobs.chunks(BATCH_SIZE) {
        let sql = concat!("DELETE FROM reminder WHERE batch_id = $1 AND job_id IN (", batch_placeholders!(), ")");
        tx.execute(sql, batch_args(Value::from(batch), some.iter().copied())).await?;
    }
    Ok(())
}

/// Deletes marks that keep nobody from another reminder.
pub async fn delete_expired(tx: &mut UnitOfWork<'_>) -> Result<u64> {
    let sql = "DELETE FROM reminder WHERE phone_blind IN \
               (SELECT phone_blind FROM reminder WHERE at < $1 ORDER BY at LIMIT $2)";
    let values = args![tx.now.minus(BUDGET_WINDOW), CLEANUP_BATCH_ROWS];
    tx.execute(sql, values).await
}
