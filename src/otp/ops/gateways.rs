//! The choice between the two gateways, and what the failure of one means.
//!
//! The second gateway carries what the first one does not take: while the first one's circuit breaker is open, and a
//! message that it refused and that has waited. A message which the first one may have taken stays with it, so that
//! nobody gets two: the gateway is written down before the message is handed over.

use super::deliver::record_undeliverable;
use crate::app::{App, Operation};
use crate::base::clock::{Span, Timestamp};
use crate::db::{Durability, Result, UnitOfWork};
use crate::otp::outage::OutageReason;
use crate::otp::store::outages;
use crate::outbox::{self, Job};
use crate::sms::{SmsCarrier, SmsGateway};

/// The first gateway's key in the circuit breaker.
pub const GATEWAY_BREAKER_KEY: &str = "sms";
/// The second gateway's key in the circuit breaker.
const FALLBACK_BREAKER_KEY: &str = "sms_fallback";
/// The key of the interface for calls in the circuit breaker.
const VOICE_BREAKER_KEY: &str = "sms_voice";

/// The gateway for an attempt.
pub(super) enum GatewayChoice<'a> {
    Send(SmsCarrier, &'a dyn SmsGateway),
    /// None is tried before this time.
    Wait(Timestamp),
}

pub(super) fn breaker_key(carrier: SmsCarrier) -> &'static str {
    match carrier {
        SmsCarrier::Primary => GATEWAY_BREAKER_KEY,
        SmsCarrier::Fallback => FALLBACK_BREAKER_KEY,
        SmsCarrier::Voice => VOICE_BREAKER_KEY,
    }
}

/// True if no gateway is tried now.
pub fn are_gateways_resting(app: &App, now: Timestamp) -> bool {
    app.sms_breaker.is_open(GATEWAY_BREAKER_KEY, now)
        && (app.sms_fallback.is_none() || app.sms_breaker.is_open(FALLBACK_BREAKER_KEY, now))
        && (app.sms_voice.is_none() || app.sms_breaker.is_open(VOICE_BREAKER_KEY, now))
}

/// Chooses the gateway for a call; returns `None` if calls are no longer configured.
pub(super) fn choose_voice_gateway(app: &App, now: Timestamp) -> Option<GatewayChoice<'_>> {
    let gateway = app.sms_voice.as_ref()?;
    Some(try_in_order(app, now, &[(SmsCarrier::Voice, gateway.as_ref())]))
}

/// Chooses the gateway for a message that was asked for `age` ago.
pub(super) fn choose_gateway<'a>(app: &'a App, job: &Job, age: Span, now: Timestamp) -> GatewayChoice<'a> {
    let primary = || (SmsCarrier::Primary, app.sms_gateway.as_ref());
    let Some(fallback) = &app.sms_fallback else { return try_in_order(app, now, &[primary()]) };
    let second = || (SmsCarrier::Fallback, fallback.gateway.as_ref());
    // An attempt without a response before there was a second gateway was the first one's.
    let bound = job.handed_to.as_deref().or(job.uncertain.then_some(SmsCarrier::Primary.name()));
    if let Some(bound) = bound {
        let is_second = bound == SmsCarrier::Fallback.name();
        return try_in_order(app, now, &[if is_second { second() } else { primary() }]);
    }
    // The claim of this attempt is counted already.
    if job.attempts > 1 && age >= fallback.after {
        return try_in_order(app, now, &[second(), primary()]);
    }
    try_in_order(app, now, &[primary(), second()])
}

fn try_in_order<'a>(app: &App, now: Timestamp, order: &[(SmsCarrier, &'a dyn SmsGateway)]) -> GatewayChoice<'a> {
    let mut earliest = None;
    for (carrier, gateway) in order {
        match app.sms_breaker.open_until(breaker_key(*carrier), now) {
            None => return GatewayChoice::Send(*carrier, *gateway),
            Some(until) => earliest = Some(earliest.map_or(until, |other: Timestamp| other.min(until))),
        }
    }
    GatewayChoice::Wait(earliest.unwrap_or(now))
}

/// True if the gateway is written down before a message is handed to it: if there are two, or if it could not know the
/// message again after a process died in between.
pub(super) fn is_reserved(app: &App, gateway: &dyn SmsGateway) -> bool {
    app.sms_fallback.is_some() || !gateway.is_idempotent()
}

/// Writes down the gateway before a message is handed to it, where that matters. Returns false if the job has ended.
pub(super) async fn reserve_gateway(
    op: &Operation<'_>,
    job: &Job,
    (carrier, gateway): (SmsCarrier, &dyn SmsGateway),
) -> Result<bool> {
    if !is_reserved(op.app, gateway) || job.handed_to.as_deref() == Some(carrier.name()) {
        return Ok(true);
    }
    let mut tx = op.write(Durability::Durable).await?;
    let waits = outbox::set_handed_to_in(&mut tx, &job.id, Some(carrier.name())).await?;
    tx.commit().await?;
    Ok(waits)
}

/// Records that a gateway did not take a message. With two gateways, messages are late only if the other one is not
/// tried either.
pub(super) async fn record_gateway_failure(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    carrier: SmsCarrier,
    why: &str,
    asked: Timestamp,
) -> Result<()> {
    let Operation { app, now, .. } = *op;
    if carrier == SmsCarrier::Voice {
        return record_undeliverable(op, tx, &OutageReason::Voice, why, asked).await;
    }
    if app.sms_fallback.is_none() {
        return record_undeliverable(op, tx, &OutageReason::Gateway, why, asked).await;
    }
    let (own, other) = match carrier {
        SmsCarrier::Fallback => (OutageReason::Fallback, SmsCarrier::Primary),
        SmsCarrier::Primary | SmsCarrier::Voice => (OutageReason::Primary, SmsCarrier::Fallback),
    };
    record_undeliverable(op, tx, &own, why, asked).await?;
    if app.sms_breaker.is_open(breaker_key(other), now) {
        record_undeliverable(op, tx, &OutageReason::Gateway, why, asked).await?;
    }
    Ok(())
}

/// Ends the outages that a taken message disproves. Returns true if messages were late until now.
pub(super) async fn end_gateway_outages(tx: &mut UnitOfWork<'_>, carrier: SmsCarrier) -> Result<bool> {
    let own = match carrier {
        SmsCarrier::Primary => OutageReason::Primary,
        SmsCarrier::Fallback => OutageReason::Fallback,
        SmsCarrier::Voice => return Ok(outages::end(tx, &OutageReason::Voice).await? > 0),
    };
    outages::end(tx, &own).await?;
    Ok(outages::end(tx, &OutageReason::Gateway).await? > 0)
}
