//! The choice between the gateways, and what the failure of one means.
//!
//! The fallback carries what the primary gateway does not take: while the primary's circuit breaker is open, and a
//! message that it refused and that has waited. A message which one of them may have taken stays with it, so that nobody
//! gets two.

use super::SmsJob;
use super::deliver::record_undeliverable;
use crate::app::{App, Operation};
use crate::base::calling_hours;
use crate::base::clock::{Span, Timestamp};
use crate::config::SmsGatewayRole;
use crate::db::{Result, UnitOfWork};
use crate::otp::outage::OutageReason;
use crate::otp::store::outages;
use crate::outbox::Job;
use crate::sms::SmsGateway;

/// The gateway for an attempt.
pub(super) enum GatewayChoice<'a> {
    Send(SmsGatewayRole, &'a dyn SmsGateway),
    /// None is tried before this time.
    Wait(Timestamp),
}

/// True if no gateway is tried now.
pub fn are_gateways_resting(app: &App, now: Timestamp) -> bool {
    app.sms_gateways.iter().all(|(role, _)| app.sms_breaker.is_open(role.name(), now))
}

/// Chooses the gateway for a message that was asked for at `asked`; returns `None` if none is configured any more that
/// could take it.
pub(super) fn choose_gateway<'a>(
    op: &Operation<'a>,
    job: &Job,
    message: &SmsJob,
    asked: Timestamp,
) -> Option<GatewayChoice<'a>> {
    let Operation { app, now, .. } = *op;
    // A call that was asked for in time and did not leave until then is given up with its code.
    let by_day = message.by_day || message.about.as_ref().is_some_and(|about| about.voice);
    if let Some(next) = calling_hours::next_call(&message.to, now).filter(|_| by_day) {
        return Some(GatewayChoice::Wait(next.at.min(job.expires_at)));
    }
    let mut earliest: Option<Timestamp> = None;
    for role in roles_in_order(app, job, message, now.since(asked)) {
        let Some(gateway) = app.sms_gateways.get(role) else { continue };
        match app.sms_breaker.open_until(role.name(), now) {
            None => return Some(GatewayChoice::Send(role, gateway.as_ref())),
            Some(until) => earliest = Some(earliest.map_or(until, |other| other.min(until))),
        }
    }
    earliest.map(GatewayChoice::Wait)
}

fn roles_in_order(app: &App, job: &Job, message: &SmsJob, age: Span) -> Vec<SmsGatewayRole> {
    if message.about.as_ref().is_some_and(|about| about.voice) {
        return vec![SmsGatewayRole::Voice];
    }
    // A hand-over without a response before there was a fallback was the primary's.
    let bound = job.handed_to.as_deref().or((job.handovers > 0).then_some(SmsGatewayRole::Primary.name()));
    if let Some(bound) = bound {
        let is_fallback = bound == SmsGatewayRole::Fallback.name() && app.config.sms.fallback.is_some();
        return vec![if is_fallback { SmsGatewayRole::Fallback } else { SmsGatewayRole::Primary }];
    }
    let mut roles = vec![SmsGatewayRole::Primary, SmsGatewayRole::Fallback];
    let after = app.config.sms.fallback.as_ref().map_or(0, |fallback| fallback.after_seconds);
    // The claim of this attempt is counted already.
    if job.attempts > 1 && age >= Span::seconds(after.into()) {
        roles.reverse();
    }
    roles
}

/// Records that a gateway did not take a message. With two gateways, messages are late only if the other one is not
/// tried either.
pub(super) async fn record_gateway_failure(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    role: SmsGatewayRole,
    why: &str,
    asked: Timestamp,
) -> Result<()> {
    let Operation { app, now, .. } = *op;
    let (own, other) = match role {
        SmsGatewayRole::Voice => return record_undeliverable(op, tx, &OutageReason::Voice, why, asked).await,
        SmsGatewayRole::Primary => (OutageReason::Primary, SmsGatewayRole::Fallback),
        SmsGatewayRole::Fallback => (OutageReason::Fallback, SmsGatewayRole::Primary),
    };
    let is_alone = app.sms_gateways.get(SmsGatewayRole::Fallback).is_none();
    if !is_alone {
        record_undeliverable(op, tx, &own, why, asked).await?;
    }
    if is_alone || app.sms_breaker.is_open(other.name(), now) {
        record_undeliverable(op, tx, &OutageReason::Gateway, why, asked).await?;
    }
    Ok(())
}

/// Ends the outages that a taken message disproves. Returns true if messages were late until now.
pub(super) async fn end_gateway_outages(tx: &mut UnitOfWork<'_>, role: SmsGatewayRole) -> Result<bool> {
    let own = match role {
        SmsGatewayRole::Primary => OutageReason::Primary,
        SmsGatewayRole::Fallback => OutageReason::Fallback,
        SmsGatewayRole::Voice => return Ok(outages::end(tx, &OutageReason::Voice).await? > 0),
    };
    outages::end(tx, &own).await?;
    Ok(outages::end(tx, &OutageReason::Gateway).await? > 0)
}
