//! Tells pupils what an age changes in their account: from one on, parents get no codes for it; at eighteen, who sees
//! what. The links of the parents stay until a school ends them.

use crate::accounts;
use crate::accounts::store::ages::{self, UntoldPupil};
use crate::app::{App, Operation};
use crate::base::date::BirthDate;
use crate::base::lang::Lang;
use crate::db::Durability;
use crate::http::pages::dates;
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::outbox::JobKind;
use crate::passes::DailyPass;
use crate::passes::store::{self as passes, PassClaim};
use crate::roster::sealed_rows::open_birth_date;

const OF_AGE: i64 = 18;
/// A step reads so many accounts, without the writer.
const STEP_ROWS: i64 = 2_000;
/// A step tells so many pupils at most: SQLite's other writers wait for it.
const MAX_TOLD_AT_ONCE: usize = 100;
/// A pass tells so many pupils at most: the first one after an upgrade finds every pupil of these ages, and the mails of a
/// day leave within hours.
const MAX_TOLD_IN_A_PASS: u64 = 20_000;

/// Returns the age of which a pupil is to be told now, and as what. `codes_until` is the age until which parents get
/// codes; 0 where they get none.
fn due_notice(age: i64, told: i64, codes_until: i64) -> Option<(i64, AccountNoticeKind)> {
    if age >= OF_AGE && told < OF_AGE {
        return Some((OF_AGE, AccountNoticeKind::OfAge));
    }
    let reached = (1..OF_AGE).contains(&codes_until) && age >= codes_until && told < codes_until;
    reached.then_some((codes_until, AccountNoticeKind::ParentCodesEnded))
}

/// Tells the pupils who reached an age, once a day and on one server at a time, until `is_stopping`. Returns their number.
pub async fn tell_ages(app: &App, is_stopping: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<u64> {
    let op = operation(app);
    let mut tx = op.write(Durability::Relaxed).await?;
    let claimed = passes::claim(&mut tx, DailyPass::Ages).await?;
    tx.commit().await?;
    let Some(mut claim) = claimed else { return Ok(0) };
    let mut told = 0;
    while !is_stopping() {
        let (next, more) = if told < MAX_TOLD_IN_A_PASS {
            take_step(&operation(app), &claim).await?
        } else {
            // The rest is tomorrow's: who was told is not listed again.
            end_pass(&operation(app), &claim).await?;
            (None, 0)
        };
        told += more;
        let Some(next) = next else {
            if told > 0 {
                app.job_notifier.notify(JobKind::Mail);
            }
            return Ok(told);
        };
        claim = next;
    }
    let op = operation(app);
    let mut tx = op.write(Durability::Relaxed).await?;
    passes::release(&mut tx, &claim).await?;
    tx.commit().await?;
    Ok(told)
}

fn operation(app: &App) -> Operation<'_> {
    Operation::of_job(app, "ages")
}

/// Ends the pass until tomorrow.
async fn end_pass(op: &Operation<'_>, claim: &PassClaim) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Relaxed).await?;
    passes::finish(&mut tx, claim).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one step. Returns the claim for the next one, `None` at the end, and the number of pupils told.
async fn take_step(op: &Operation<'_>, claim: &PassClaim) -> anyhow::Result<(Option<PassClaim>, u64)> {
    let after = claim.position.as_str();
    let mut read = op.app.db.read().await?;
    let Some(last) = accounts::store::find_last_account(&mut read, after, STEP_ROWS).await? else {
        drop(read);
        end_pass(op, claim).await?;
        return Ok((None, 0));
    };
    let rows = ages::list_untold(&mut read, (after, last.as_str()), OF_AGE).await?;
    drop(read);
    let codes_until = i64::from(op.app.config.pupils.parent_reset_until);
    let today = dates::today(op.now);
    let mut due: Vec<_> = rows
        .iter()
        .filter_map(|row| Some((row, due_notice(age(op.app, row, today?)?, row.told_age, codes_until)?)))
        .collect();
    // As many as a step tells: there are more before the end of the range.
    let is_full = due.len() > MAX_TOLD_AT_ONCE;
    due.truncate(MAX_TOLD_AT_ONCE);
    let position = due.last().filter(|_| is_full).map_or(last, |(row, _)| row.account_id.to_string());
    let durability = if due.is_empty() { Durability::Relaxed } else { Durability::Durable };
    let mut tx = op.write(durability).await?;
    let Some(next) = passes::advance(&mut tx, claim, position).await? else {
        tx.rollback().await?;
        return Ok((None, 0));
    };
    let mut told = 0;
    for (row, (at, kind)) in due {
        // Of several records of one account, the first one that tells.
        if ages::mark_told(&mut tx, &row.account_id, row.told_age, at).await? {
            let (account_id, detail) = (&row.account_id, at.to_string());
            let what = NoticeRequest { account_id, kind, detail: &detail, device_id: None, lang: Lang::default() };
            notify::ops::notify_person(&mut tx, op.app.into(), what).await?;
            told += 1;
        }
    }
    tx.commit().await?;
    Ok((Some(next), told))
}

/// Returns the age of a pupil; a date that cannot be opened stops no other one.
fn age(app: &App, row: &UntoldPupil, today: BirthDate) -> Option<i64> {
    match open_birth_date(&app.master_key, &row.pupil_id, &row.birth_date) {
        Ok(born) => Some(i64::from(born.age_at(today))),
        Err(error) => {
            tracing::error!(pupil = %row.pupil_id, %error, "a birth date was not opened");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_age_is_told_once_and_the_last_one_alone_to_who_is_of_age() {
        let codes = Some((15, AccountNoticeKind::ParentCodesEnded));
        let of_age = Some((18, AccountNoticeKind::OfAge));
        for (age, told, until, expected) in [
            (14, 0, 15, None),
            (15, 0, 15, codes),
            (17, 0, 15, codes),
            (17, 15, 15, None),
            (18, 15, 15, of_age),
            (18, 0, 15, of_age),
            (30, 18, 15, None),
            (17, 0, 0, None),
            (18, 0, 0, of_age),
            (19, 0, 21, of_age),
            (16, 15, 16, Some((16, AccountNoticeKind::ParentCodesEnded))),
        ] {
            assert_eq!(due_notice(age, told, until), expected, "{age} {told} {until}");
        }
    }
}
