//! Handing a code to the gateway, and what becomes of it where the gateway does not take it.
//!
//! A refusal that concerns the deployment is tried again as long as the code lives, and is an outage; one that concerns
//! the number is final and the school's to mend. What never left is given back in the transaction that ends the job, so
//! once, whenever the process dies. Nothing here is logged that was typed.

use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::audit::{self, Fact};
use crate::base::clock::{Span, Timestamp};
use crate::base::rng::Random;
use crate::db::{Db, Durability, Result, Tx};
use crate::http::pages::when::date_key;
use crate::limits::{self, Action};
use crate::otp::outage::{Conversion, JUDGED_OVER, Outage, Reason, Window, conversion, destination};
use crate::otp::store::{self, outages};
use crate::outbox::{self, Done, Job, JobKind};
use crate::roster;
use crate::sms::{Message, SendError};
use crate::tenants::{self, Notice, NoticeKind};

/// The gateway's name among those who are left alone for a while.
pub const GATEWAY: &str = "sms";

/// The body of the job.
#[derive(Debug, Serialize, Deserialize)]
pub struct Letter {
    #[serde(flatten)]
    pub message: Message,
    /// Absent in jobs of a release that did not write it.
    #[serde(default)]
    pub about: Option<About>,
}

/// What the message was counted on, and whom it concerns.
#[derive(Debug, Serialize, Deserialize)]
pub struct About {
    pub challenge: String,
    pub sends: i64,
    /// The key of the phone's budget, and when it was counted there.
    pub phone_budget: String,
    pub counted_at: Timestamp,
    /// The persons of the roster, and the support code that the school may be told.
    pub persons: Vec<String>,
    pub support_code: String,
}

/// Takes back what was asked for while nobody got a message. Gives those times.
pub async fn forgive(tx: &mut Tx, typed_budget: &str, now: Timestamp) -> Result<Vec<Window>> {
    let windows = outages::windows(tx, now.minus(Span::days(1))).await?;
    if !windows.is_empty() {
        let free = |at| windows.iter().any(|window| window.holds(at));
        limits::store::forgive(tx, Action::SmsAsked, typed_budget, now, free).await?;
    }
    Ok(windows)
}

/// The outages that operators are told of, the oldest first.
pub async fn standing(db: &Db, now: Timestamp) -> Result<Vec<Outage>> {
    let mut all = outages::open(&mut db.read().await?).await?;
    all.retain(|outage| outage.stands(now));
    Ok(all)
}

/// How many of the day's messages are used.
pub async fn sent_of_day(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    limits::store::counted_of_day(tx, Action::SmsOfDay, &date_key(now)).await
}

/// What [`resume`] did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resumed {
    pub outages: u64,
    pub jobs: u64,
    pub budgets: u64,
}

/// The operator's act: no outage stands, what waits is tried now, and nobody's requests of the last day count.
pub async fn resume(db: &Db, rng: &dyn Random, now: Timestamp) -> Result<Resumed> {
    let mut tx = db.write(Durability::Durable).await?;
    let outages = outages::end_all(&mut tx, now).await?;
    outages::declare(&mut tx, rng, now, now.minus(Span::days(1))).await?;
    outages::forget_traffic(&mut tx).await?;
    let mut budgets = 0;
    for action in [Action::SmsAsked, Action::SmsToPhone] {
        budgets += limits::store::reset_all(&mut tx, action).await?;
    }
    store::forgive_sends(&mut tx, now, None).await?;
    let mut jobs = 0;
    for kind in [JobKind::FindAndSend, JobKind::Sms] {
        jobs += outbox::hasten(&mut tx, kind, now).await?;
    }
    let detail = format!("{outages} outages, {jobs} messages, {budgets} budgets");
    audit::store::record(
        &mut tx,
        rng,
        now,
        Fact::SmsResumed,
        audit::About { detail: &detail, ..audit::About::default() },
    )
    .await?;
    tx.commit().await?;
    Ok(Resumed { outages, jobs, budgets })
}

/// Whether codes may go to this number: too few of those to its like were entered (docs/threats.md#threat-s07).
pub async fn conversion_of(tx: &mut Tx, now: Timestamp, phone: &str) -> Result<(Reason, Conversion, String)> {
    let prefix = destination(phone);
    let (sent, entered) = outages::traffic(tx, now, &prefix).await?;
    let hours = JUDGED_OVER.0 / Span::hours(1).0;
    let detail = format!("{entered} of {sent} codes were entered in {hours} h");
    let verdict = conversion(&prefix, sent, entered);
    Ok((Reason::Prefix(prefix), verdict, detail))
}

/// A message that was asked for at `asked` cannot leave: the outage is kept, and told where that is due.
pub async fn cannot_leave(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    (reason, detail): (&Reason, &str),
    asked: Timestamp,
) -> Result<()> {
    let outage = outages::refused(tx, app.rng.as_ref(), now, (reason, detail), asked).await?;
    let apart = Span::minutes(i64::from(app.config.sms.alarm_minutes));
    if outage.stands(now) && outages::tell(tx, now, &outage, apart).await? {
        tracing::error!(
            reason = outage.reason.name(),
            detail,
            refusals = outage.refusals,
            remedy = outage.remedy(),
            minutes = now.since(outage.began).0 / 60_000,
            "SMS do not leave"
        );
    }
    Ok(())
}

/// Does the job, and settles it.
pub async fn deliver(app: &App, job: &Job) -> anyhow::Result<()> {
    let now = app.now();
    let Ok(letter) = serde_json::from_str::<Letter>(&job.body) else {
        return Ok(outbox::settle(&app.db, job, Done::Never, now).await?);
    };
    let about = letter.about.as_ref();
    let Some(asked) = wanted_since(app, now, job, about).await? else {
        let mut tx = app.db.write(Durability::Relaxed).await?;
        give_up(&mut tx, now, job, &letter).await?;
        return Ok(tx.commit().await?);
    };
    if let Some(until) = app.resting.rests_until(GATEWAY, now) {
        return Ok(outbox::put_back(&app.db, job, until).await?);
    }
    // The job's id makes a second delivery after a crash the same message.
    let message = Message { id: job.id.clone(), to: letter.message.to.clone(), text: letter.message.text.clone() };
    let sent = app.sms.send(&message).await;
    let now = app.now();
    match &sent {
        Err(SendError::Deployment { .. }) => app.resting.failed(GATEWAY, now),
        Ok(()) | Err(SendError::Number(_)) => app.resting.heard(GATEWAY),
    }
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let mut ended = 0;
    match sent {
        Ok(()) => {
            app.metrics.sms("sent");
            outbox::settle_in(&mut tx, job, Done::Yes, now).await?;
            ended = outages::end(&mut tx, now, &Reason::Gateway).await?;
        }
        Err(SendError::Deployment { why, unsure }) => {
            app.metrics.sms("failed");
            if unsure {
                outbox::unsure_in(&mut tx, &job.id).await?;
            }
            cannot_leave(&mut tx, app, now, (&Reason::Gateway, &why), asked).await?;
            outbox::settle_in(&mut tx, job, Done::Later, now).await?;
            tracing::debug!(job = %job.id, attempt = job.attempts, %why, "SMS not taken, tried again later");
        }
        Err(error @ SendError::Number(_)) => {
            app.metrics.sms("refused");
            if give_up(&mut tx, now, job, &letter).await? {
                tell_schools(&mut tx, app, now, about).await?;
            }
            tracing::warn!(job = %job.id, %error, "the school is told");
        }
    }
    tx.commit().await?;
    if ended > 0 {
        tracing::info!("SMS leave again");
    }
    Ok(())
}

/// When the code was asked for, if it still serves: neither expired, nor used, nor followed by a later one.
async fn wanted_since(
    app: &App,
    now: Timestamp,
    job: &Job,
    about: Option<&About>,
) -> anyhow::Result<Option<Timestamp>> {
    if job.overdue {
        return Ok(None);
    }
    let Some(about) = about else { return Ok(Some(now)) };
    let challenge = store::find(&mut app.db.read().await?, &about.challenge).await?;
    let serves = challenge.filter(|c| c.sends == about.sends && c.used_at.is_none() && now < Timestamp(c.expires_at));
    Ok(serves.map(|c| Timestamp(c.sent_at)))
}

/// Ends the job; gives back what it cost, unless it may have left after all. Whether this call ended it.
async fn give_up(tx: &mut Tx, now: Timestamp, job: &Job, letter: &Letter) -> Result<bool> {
    if !outbox::give_up_in(tx, &job.id, now).await? {
        return Ok(false);
    }
    if let Some(about) = letter.about.as_ref().filter(|_| !job.unsure) {
        let at = about.counted_at;
        limits::store::give_back(tx, Action::SmsToPhone, &about.phone_budget, at, now).await?;
        limits::store::uncount_of_day(tx, Action::SmsOfDay, &date_key(at)).await?;
        outages::count(tx, at, &destination(&letter.message.to), -1, 0).await?;
    }
    Ok(true)
}

/// The number of the roster is none that a message reaches: the schools that can mend it are told. The page is not: it
/// says the same to everybody.
async fn tell_schools(tx: &mut Tx, app: &App, now: Timestamp, about: Option<&About>) -> anyhow::Result<()> {
    let Some(about) = about else { return Ok(()) };
    for person_id in &about.persons {
        let mut told: Vec<String> = Vec::new();
        for child in roster::store::children_of_person(tx, person_id).await? {
            if told.contains(&child.uai) {
                continue;
            }
            let (uai, support_code) = (child.uai.as_str(), about.support_code.as_str());
            let notice = Notice { uai, person_id, pupil_id: None, kind: NoticeKind::Unreachable, support_code };
            tenants::store::notify(tx, app.rng.as_ref(), now, &notice).await?;
            told.push(child.uai);
        }
    }
    Ok(())
}
