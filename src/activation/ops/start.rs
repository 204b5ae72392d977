//! From what was typed to an activation and a job: the same for everybody, whoever the roster knows.

use super::find;
use crate::activation::views::Purpose;
use crate::activation::{Activation, LIFE, Step, Typed, store};
use crate::app::App;
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, support_code};
use crate::base::lang::Lang;
use crate::base::secret::digest;
use crate::base::source::Source;
use crate::db::{Durability, Tx};
use crate::devices;
use crate::interactions::Interaction;
use crate::limits::{self, Action, Refused, Verdict};
use crate::otp;
use crate::outbox::JobKind;
use crate::seal::Blind;

/// What comes of it.
#[derive(Debug)]
pub enum Started {
    /// The activation's id; it stands at the code.
    At { id: String },
    /// This identity has asked for too many codes today.
    TooMany { until: Timestamp },
    /// Too many activations from here met no right code.
    Limited(Refused),
}

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub struct Visitor<'a> {
    /// The navigation cookie.
    pub nav: &'a str,
    /// Secrets of who is known on this device.
    pub devices: &'a [String],
    pub source: Source,
}

/// Begins an activation, or joins the one of the same identity that this browser has open **at the code**: what a right
/// code opened is reached by a code only, or whoever sits down at the same computer would go on where somebody else
/// stopped (docs/threats.md#attack-s1). What comes from one place is counted before any row is written.
///
/// A browser in which this identity once typed a right code has budgets of its own, and none of the limits of its
/// source: whoever knows a parent's name and number can use up theirs, not these (docs/threats.md#threat-s06,
/// #attack-l5).
pub async fn start(
    app: &App,
    now: Timestamp,
    lang: Lang,
    visitor: Visitor<'_>,
    typed: Typed,
    waiting: Option<(String, Interaction)>,
) -> anyhow::Result<Started> {
    let browser = digest(visitor.nav);
    let identity = app.vault.blind(Blind::Budget, &typed.key());
    let device = devices::ops::proven(&mut app.db.read().await?, now, visitor.devices, &identity).await?;
    let (budget, counted) = match &device {
        Some(device) => (app.vault.blind(Blind::Budget, &format!("{}/device/{device}", typed.key())), None),
        None => match limits::ops::activation(app, now, visitor.source, &browser).await? {
            Ok(counted) => (identity, Some(counted)),
            Err(refused) => return Ok(Started::Limited(refused)),
        },
    };
    let (interaction, request) = match waiting {
        Some((i, request)) => (Some(i), Some(serde_json::to_string(&request)?)),
        None => (None, None),
    };
    let new = Activation {
        id: id128(app.rng.as_ref()),
        step: Step::Code,
        browser,
        typed,
        typed_budget: budget,
        challenge_id: id128(app.rng.as_ref()),
        support_code: support_code(app.rng.as_ref()),
        lang,
        interaction,
        request,
        persons: Vec::new(),
        children: Vec::new(),
        account_id: None,
        outcome: None,
        purpose: Purpose::Activation,
        counted,
        device_id: device,
        expires_at: now.plus(LIFE),
    };
    // Twice: a double click on two connections may write between our look and our insert.
    for _ in 0..2 {
        let mut tx = app.db.write(Durability::Relaxed).await?;
        if let Some(id) = store::open_one(&mut tx, now, &new.browser, &new.typed_budget).await? {
            if new.interaction.is_some() {
                store::join(&mut tx, &id, &new).await?;
            }
            tx.commit().await?;
            // It was no new one.
            limits::ops::forgive(app, now, new.counted.as_deref().unwrap_or_default()).await?;
            return Ok(Started::At { id });
        }
        otp::ops::forgive(&mut tx, &new.typed_budget, now).await?;
        let verdict = limits::store::spend(&mut tx, Action::SmsAsked, &new.typed_budget, now).await?;
        if let Verdict::Wait { until } = verdict {
            tx.rollback().await?;
            app.metrics.limited(Action::SmsAsked.name(), "budget");
            return Ok(Started::TooMany { until });
        }
        if written(&mut tx, app, now, &new).await? {
            tx.commit().await?;
            app.metrics.activation(new.step.name());
            app.outbox.ring(JobKind::FindAndSend);
            return Ok(Started::At { id: new.id });
        }
        tx.rollback().await?;
    }
    anyhow::bail!("an activation is open and is not there")
}

async fn written(tx: &mut Tx, app: &App, now: Timestamp, new: &Activation) -> anyhow::Result<bool> {
    store::close_left(tx, now, &new.browser, &new.typed_budget).await?;
    otp::store::insert(tx, now, &new.challenge_id, "activation", now.plus(otp::LIFE)).await?;
    if !store::insert(tx, &app.vault, now, new).await? {
        return Ok(false);
    }
    find::enqueue(tx, app, now, new, 1).await?;
    Ok(true)
}
