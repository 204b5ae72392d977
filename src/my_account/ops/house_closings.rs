//! The closings that the house asks for, and that a sign-in undoes: accounts of parents whose last child left, of pupils
//! whom no school enrols, and of upstreams' people who were not there for a year. An account that nobody ever used closes
//! at once.
//!
//! A pass goes through the accounts once a day, on one server at a time, in steps of one short transaction each. What
//! came since a step read its list wins.

use super::closing::{self, CLOSING_DELAY};
use crate::accounts;
use crate::accounts::store::{absent, federated};
use crate::app::{App, Operation};
use crate::audit::{self, AuditDetails, AuditEvent};
use crate::base::clock::{Span, Timestamp};
use crate::base::lang::Lang;
use crate::base::typed_ids::AccountId;
use crate::db::{Durability, Tx, UnitOfWork};
use crate::notify::ops::NoticeRequest;
use crate::notify::{self, AccountNoticeKind};
use crate::otp;
use crate::outbox::JobKind;
use crate::passes::DailyPass;
use crate::passes::store::{self as passes, PassClaim};
use crate::roster::absence::{ABSENCE, is_between_schools};

/// The time without a sign-in after which an account of an upstream is unused: no roster says that its person left.
const UNUSED: Span = Span::days(365);
/// A step reads so many accounts, without the writer.
const STEP_ROWS: i64 = 5_000;
/// A step closes so many accounts of each kind at most: SQLite's other writers wait for it.
const MAX_OF_A_KIND: i64 = 25;
/// A pass asks for so many closings at most: in November those of a whole school year are due.
const MAX_ASKED_IN_A_PASS: u64 = 5_000;
/// A parent is told by SMS at once, a week before and the day before. What finds no room in its part of the caps for three
/// days is never sent: no more are asked for in a day than can be told.
const MESSAGES_OF_A_PARENT: u32 = 3;

/// The numbers of what a pass did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HouseClosings {
    /// Closings asked for: a sign-in within thirty days keeps the account.
    pub asked: u64,
    /// Accounts that nobody ever used, closed.
    pub closed: u64,
}

/// The reason why the house closes an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum ClosingReason {
    /// A parent without a current child for 92 days.
    Childless,
    /// A pupil whom no school enrolled for as long.
    Unenrolled,
    /// No password was ever chosen, and no school names its people for as long.
    NeverUsed,
    /// Made by an upstream, and unused for a year.
    Unused,
}

/// The times of a step.
#[derive(Clone, Copy, Debug)]
struct ClosingTimes {
    /// The time since which no school names the people of an account that is closed.
    absent: Timestamp,
    /// The time since which nobody signed in to an account that is closed.
    unused: Timestamp,
    /// The end of what is asked for now.
    closes: Timestamp,
}

impl ClosingReason {
    const ALL: [Self; 4] = [Self::Childless, Self::Unenrolled, Self::NeverUsed, Self::Unused];

    /// True if it depends on rosters, which say nothing of who left before the 31st of October.
    fn waits_for_schools(self) -> bool {
        self != Self::Unused
    }

    /// Lists the accounts between two ids that are to be closed for this reason.
    async fn list(self, tx: &mut Tx, range: (&str, &str), times: ClosingTimes) -> anyhow::Result<Vec<AccountId>> {
        let ClosingTimes { absent: left, unused, .. } = times;
        Ok(match self {
            Self::Childless => accounts::store::list_childless(tx, range, left, MAX_OF_A_KIND).await?,
            Self::Unenrolled => absent::list_unenrolled(tx, range, left, MAX_OF_A_KIND).await?,
            Self::NeverUsed => absent::list_never_used(tx, range, left, MAX_OF_A_KIND).await?,
            Self::Unused => federated::list_unused(tx, range, unused, MAX_OF_A_KIND).await?,
        })
    }
}

/// Withdraws the closings of parents who have a current child again, and of pupils whom a school enrolled again.
pub async fn withdraw_house_closings(op: &Operation<'_>) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Durable).await?;
    for id in accounts::store::withdraw_childless_closings(&mut tx).await? {
        record_withdrawn(&mut tx, &id, "a current child again").await?;
    }
    for id in absent::withdraw_unenrolled_closings(&mut tx).await? {
        record_withdrawn(&mut tx, &id, "enrolled again").await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn record_withdrawn(tx: &mut UnitOfWork<'_>, id: &AccountId, detail: &'static str) -> anyhow::Result<()> {
    let about = AuditDetails { account: Some(id), detail, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::ClosingWithdrawn, about).await?;
    Ok(())
}

/// Asks for the closings that the house asks for, and closes what nobody ever used, once a day and on one server at a
/// time, until `is_stopping`. What depends on rosters waits for the 31st of October. Returns the numbers.
pub async fn ask_house_closings(app: &App, is_stopping: &(dyn Fn() -> bool + Sync)) -> anyhow::Result<HouseClosings> {
    let mut done = HouseClosings::default();
    let (mut told, most_told) = (0, u64::from(otp::ops::messages_of_many(&app.config).div_ceil(MESSAGES_OF_A_PARENT)));
    let op = operation(app);
    let mut tx = op.write(Durability::Relaxed).await?;
    let claimed = passes::claim(&mut tx, DailyPass::Closings).await?;
    tx.commit().await?;
    let Some(mut claim) = claimed else { return Ok(done) };
    while !is_stopping() {
        let next = if done.asked < MAX_ASKED_IN_A_PASS && told < most_told {
            take_step(&operation(app), &claim, (&mut done, &mut told)).await?
        } else {
            // The rest is tomorrow's: what was asked for is not listed again.
            end_pass(&operation(app), &claim).await?;
            None
        };
        let Some(next) = next else {
            if done.asked > 0 {
                app.job_notifier.notify(JobKind::Mail);
            }
            return Ok(done);
        };
        claim = next;
    }
    let op = operation(app);
    let mut tx = op.write(Durability::Relaxed).await?;
    passes::release(&mut tx, &claim).await?;
    tx.commit().await?;
    Ok(done)
}

fn operation(app: &App) -> Operation<'_> {
    Operation::of_job(app, "closing")
}

/// Ends the pass until tomorrow.
async fn end_pass(op: &Operation<'_>, claim: &PassClaim) -> anyhow::Result<()> {
    let mut tx = op.write(Durability::Relaxed).await?;
    passes::finish(&mut tx, claim).await?;
    tx.commit().await?;
    Ok(())
}

/// Takes one step. Returns the claim for the next one; `None` at the end of the pass, or where another server has it.
async fn take_step(
    op: &Operation<'_>,
    claim: &PassClaim,
    (done, told): (&mut HouseClosings, &mut u64),
) -> anyhow::Result<Option<PassClaim>> {
    let now = op.now;
    let times = ClosingTimes { absent: now.minus(ABSENCE), unused: now.minus(UNUSED), closes: now.plus(CLOSING_DELAY) };
    let mut read = op.app.db.read().await?;
    let Some(last) = accounts::store::find_last_account(&mut read, &claim.position, STEP_ROWS).await? else {
        drop(read);
        end_pass(op, claim).await?;
        return Ok(None);
    };
    let range = (claim.position.as_str(), last.as_str());
    let schools_enrol = is_between_schools(now);
    let mut due: Vec<(AccountId, ClosingReason)> = Vec::new();
    let mut reached = last.clone();
    for reason in ClosingReason::ALL.into_iter().filter(|reason| !(schools_enrol && reason.waits_for_schools())) {
        let listed = reason.list(&mut read, range, times).await?;
        // As many as a step takes: there may be more before the end of the range.
        let is_full = i64::try_from(listed.len()).is_ok_and(|count| count >= MAX_OF_A_KIND);
        if let Some(id) = listed.last().filter(|_| is_full) {
            reached = reached.min(id.to_string());
        }
        due.extend(listed.into_iter().map(|id| (id, reason)));
    }
    drop(read);
    // Locked in one order, whatever the reason.
    due.sort();
    let durability = if due.is_empty() { Durability::Relaxed } else { Durability::Durable };
    let mut tx = op.write(durability).await?;
    let Some(next) = passes::advance(&mut tx, claim, reached).await? else {
        tx.rollback().await?;
        return Ok(None);
    };
    for (id, reason) in &due {
        close_for(op, &mut tx, (id, *reason), times, (&mut *done, &mut *told)).await?;
    }
    tx.commit().await?;
    Ok(Some(next))
}

/// Closes an account, or asks for it, unless what the reason says holds no more: somebody may have come back since the
/// list was read.
async fn close_for(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    (id, reason): (&AccountId, ClosingReason),
    times: ClosingTimes,
    (done, told): (&mut HouseClosings, &mut u64),
) -> anyhow::Result<()> {
    match reason {
        ClosingReason::Childless => {
            if accounts::store::ask_childless_closing(tx, id, (times.absent, times.closes)).await? {
                record_asked(tx, id, "no child for 92 days").await?;
                tell_asked(op, tx, id, notify::CHILDLESS).await?;
                done.asked += 1;
                *told += 1;
            }
        }
        ClosingReason::Unenrolled => {
            if absent::ask_unenrolled_closing(tx, id, (times.absent, times.closes)).await? {
                record_asked(tx, id, "not enrolled for 92 days").await?;
                tell_asked(op, tx, id, notify::UNENROLLED).await?;
                done.asked += 1;
            }
        }
        // A sign-in within the next thirty days keeps the account; nothing else reaches its person.
        ClosingReason::Unused => {
            if federated::ask_unused_closing(tx, id, (times.unused, times.closes)).await? {
                record_asked(tx, id, "not used for a year").await?;
                done.asked += 1;
            }
        }
        // Nobody can be told, and nobody can sign in to keep it.
        ClosingReason::NeverUsed => {
            if absent::close_never_used(tx, id, times.absent).await? {
                closing::end_all(op, tx, id).await?;
                done.closed += 1;
            }
        }
    }
    Ok(())
}

async fn record_asked(tx: &mut UnitOfWork<'_>, id: &AccountId, detail: &'static str) -> anyhow::Result<()> {
    let about = AuditDetails { account: Some(id), detail, ..AuditDetails::default() };
    audit::store::record(tx, AuditEvent::ClosingRequested, about).await?;
    Ok(())
}

async fn tell_asked(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    id: &AccountId,
    detail: &'static str,
) -> anyhow::Result<()> {
    let kind = AccountNoticeKind::Closing;
    let what = NoticeRequest { account_id: id, kind, detail, device_id: None, lang: Lang::default() };
    notify::ops::notify_person(tx, op.app.into(), what).await
}
