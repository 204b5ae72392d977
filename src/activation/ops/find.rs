//! The worker's part: looks whether the roster knows who was typed, and sends a code only then.
//!
//! Nothing of it shows to the browser, in no status, byte or time: that is why it is a job.

use serde::{Deserialize, Serialize};

use crate::activation::{Activation, Step, store};
use crate::app::App;
use crate::audit::{self, Fact};
use crate::base::clock::Timestamp;
use crate::db::{Durability, Tx};
use crate::limits::{self, Action, Verdict};
use crate::otp::ops::{About, Letter};
use crate::otp::outage::{Conversion, Reason, destination, told_of_cap};
use crate::otp::{self, store::outages};
use crate::outbox::{self, Done, Job, JobKind};
use crate::roster;
use crate::roster::matching::{Candidate, meant};
use crate::seal::Blind;
use crate::sms::Message;

/// The body of the job: which send of which activation.
#[derive(Debug, Serialize, Deserialize)]
struct Errand {
    activation: String,
    sends: i64,
}

pub async fn enqueue(
    tx: &mut Tx,
    app: &App,
    now: Timestamp,
    activation: &Activation,
    sends: i64,
) -> anyhow::Result<()> {
    let body = serde_json::to_string(&Errand { activation: activation.id.clone(), sends })?;
    // The narrowest name that it counts under: its source takes turns with the others.
    let source = activation.counted.as_deref().and_then(|counted| counted.split(' ').next());
    outbox::enqueue_from(tx, &app.vault, app.rng.as_ref(), now, JobKind::FindAndSend, &body, source).await?;
    Ok(())
}

/// The persons of the roster whom this activation means, exported last first.
pub async fn found(tx: &mut Tx, app: &App, activation: &Activation) -> anyhow::Result<Vec<Candidate>> {
    let blind = app.vault.blind(Blind::Phone, &activation.typed.phone);
    let candidates = roster::store::by_phone(tx, &blind).await?;
    Ok(meant(&candidates, &activation.typed.nom, &activation.typed.prenom))
}

/// The budget that a person's wrong codes count on, over all activations and purposes (docs/threats.md#threat-s02).
fn person_budget(app: &App, activation: &Activation, found: &[Candidate]) -> Option<String> {
    let first = found.iter().map(|c| c.id.as_str()).min()?;
    Some(budget_of_person(app, first, &apart(activation)))
}

/// Where this person typed a right code before, nobody elsewhere uses up what they may (docs/threats.md#attack-l5).
fn apart(activation: &Activation) -> String {
    activation.device_id.as_deref().map(|device| format!("/device/{device}")).unwrap_or_default()
}

pub(super) fn budget_of_person(app: &App, id: &str, apart: &str) -> String {
    app.vault.blind(Blind::Budget, &format!("person/{id}{apart}"))
}

/// The budget of the messages to one number.
pub(super) fn phone_budget(app: &App, phone: &str, apart: &str) -> String {
    app.vault.blind(Blind::Budget, &format!("sms/{phone}{apart}"))
}

pub async fn find_and_send(app: &App, now: Timestamp, job: &Job) -> anyhow::Result<Done> {
    let errand: Errand = serde_json::from_str(&job.body)?;
    let mut tx = app.db.read().await?;
    let Some(activation) = store::find(&mut tx, &app.vault, &errand.activation).await? else { return Ok(Done::Never) };
    if activation.step != Step::Code || activation.expires_at <= now {
        return Ok(Done::Yes);
    }
    let found = found(&mut tx, app, &activation).await?;
    let challenge = otp::store::find(&mut tx, &activation.challenge_id).await?;
    drop(tx);
    // Followed by a later send, or too late to be of use.
    let serves = challenge.filter(|c| c.sends == errand.sends && now < Timestamp(c.expires_at));
    let Some(asked) = serves.map(|c| Timestamp(c.sent_at)) else { return Ok(Done::Yes) };
    // Nobody: nothing of it is kept.
    let Some(person) = person_budget(app, &activation, &found) else { return Ok(Done::Forget) };

    let code = otp::ops::draw(app);
    let text = app.pages.text(
        activation.lang,
        "sms-code",
        &[("service", app.pages.service()), ("code", &code), ("host", app.config.server.host())],
    )?;
    let keyed = otp::ops::keyed(app, &activation.challenge_id, &code);
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let to = &activation.typed.phone;
    let (prefix, conversion, detail) = otp::ops::conversion_of(&mut tx, now, to).await?;
    if conversion == Conversion::Fine {
        outages::end(&mut tx, now, &prefix).await?;
    } else {
        otp::ops::cannot_leave(&mut tx, app, now, (&prefix, &detail), asked).await?;
    }
    if conversion == Conversion::Stop {
        tx.commit().await?;
        return Ok(Done::Later);
    }
    let phone = phone_budget(app, to, &apart(&activation));
    if matches!(limits::store::spend(&mut tx, Action::SmsToPhone, &phone, now).await?, Verdict::Wait { .. }) {
        tx.rollback().await?;
        app.metrics.limited(Action::SmsToPhone.name(), "budget");
        tracing::info!(activation = %activation.support_code, "no SMS: this number had its five of the day");
        return Ok(Done::Yes);
    }
    let day = crate::http::pages::when::date_key(now);
    let cap = app.config.sms.daily_cap;
    let Some(count) = limits::store::count_of_day(&mut tx, Action::SmsOfDay, &day, cap, now).await? else {
        tx.rollback().await?;
        app.metrics.limited(Action::SmsOfDay.name(), "cap");
        app.metrics.sms("capped");
        let mut tx = app.db.write(Durability::Relaxed).await?;
        let detail = format!("the {cap} messages of the day (sms.daily_cap) are used up");
        otp::ops::cannot_leave(&mut tx, app, now, (&Reason::Cap, &detail), asked).await?;
        tx.commit().await?;
        // As long as the code lives: it may be midnight before that.
        return Ok(Done::Later);
    };
    // A job that runs twice finds the code set, a later send finds its number moved on: neither sends again.
    if !otp::store::set_code(&mut tx, now, &activation.challenge_id, errand.sends, &keyed, &person).await? {
        tx.rollback().await?;
        return Ok(Done::Yes);
    }
    let account = found.iter().find_map(|candidate| candidate.account_id.as_deref());
    if let Some(account) = account {
        limits::store::failures::belongs(&mut tx, Action::Code, &person, account, now).await?;
    }
    if errand.sends == 1 {
        // Only now, because it concerns somebody: what strangers type is no fact.
        let about = audit::About { account, detail: &activation.support_code, ..audit::About::default() };
        audit::store::record(&mut tx, app.rng.as_ref(), now, Fact::ActivationStarted, about).await?;
    }
    let about = About {
        challenge: activation.challenge_id.clone(),
        sends: errand.sends,
        phone_budget: phone,
        counted_at: now,
        persons: found.into_iter().map(|person| person.id).collect(),
        support_code: activation.support_code.clone(),
    };
    let letter = Letter { message: Message { id: String::new(), to: to.clone(), text }, about: Some(about) };
    let body = serde_json::to_string(&letter)?;
    outages::count(&mut tx, now, &destination(to), 1, 0).await?;
    outages::end(&mut tx, now, &Reason::Cap).await?;
    outbox::enqueue(&mut tx, &app.vault, app.rng.as_ref(), now, JobKind::Sms, &body).await?;
    outbox::done_in(&mut tx, &job.id, now).await?;
    tx.commit().await?;
    app.metrics.sms("queued");
    app.outbox.ring(JobKind::Sms);
    if let Some(percent) = told_of_cap(count, cap) {
        tracing::error!(percent, cap, "SMS of the day (sms.daily_cap): raise it, or see who asks for so many");
    }
    Ok(Done::Yes)
}
