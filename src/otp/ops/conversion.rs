//! The circuit breaker of destinations: whether codes to a prefix, or to an academy's people, are entered by anybody.
//!
//! Counters decide, not rows of messages: a judgement costs the same however many messages there were. What is stopped
//! is tried again as long as its code lives, and the page is that of everybody (docs/threats.md#threat-s07).

use super::deliver::record_undeliverable;
use super::send::CodeRequest;
use crate::app::Operation;
use crate::base::clock::{Span, Timestamp};
use crate::base::destinations::is_domestic;
use crate::db::{Result, Tx, UnitOfWork};
use crate::otp::conversion::{
    ACADEMY_CONVERSION_WINDOW, CONVERSION_WINDOW, academy_abroad, destination_prefix, destinations_of,
    is_poor_conversion,
};
use crate::otp::outage::OutageReason;
use crate::otp::store::{Challenge, academies, outages};

/// The counts by which a message is judged, and what they do if they are poor.
struct ConversionCheck {
    reason: OutageReason,
    counts: (i64, i64),
    window: Span,
    /// True if poor counts stop the message; otherwise they are an alarm.
    stops: bool,
}

/// Judges whether a code may be sent, and tells operators where it may not. The caller commits in either case.
pub(super) async fn permits_code(
    op: &Operation<'_>,
    tx: &mut UnitOfWork<'_>,
    request: &CodeRequest<'_>,
    academy: Option<&str>,
    asked: Timestamp,
) -> Result<bool> {
    let mut permitted = true;
    for check in checks_of(tx, request, academy).await? {
        let (sent, entered) = check.counts;
        if !is_poor_conversion(op.app.config.sms.min_conversion_percent, sent, entered) {
            outages::end(tx, &check.reason).await?;
            continue;
        }
        let hours = check.window.0 / Span::hours(1).0;
        let detail = format!("{entered} of {sent} codes were entered in {hours} h");
        record_undeliverable(op, tx, &check.reason, &detail, asked).await?;
        permitted &= !check.stops;
    }
    Ok(permitted)
}

async fn checks_of(
    tx: &mut UnitOfWork<'_>,
    request: &CodeRequest<'_>,
    academy: Option<&str>,
) -> Result<Vec<ConversionCheck>> {
    let home = is_domestic(request.to);
    let prefix = destination_prefix(request.to);
    let counts = outages::traffic(tx, &prefix).await?;
    let reason = OutageReason::Prefix(prefix);
    let mut checks = vec![ConversionCheck { reason, counts, window: CONVERSION_WINDOW, stops: !home }];
    let Some(academy) = academy else { return Ok(checks) };
    checks.push(if home {
        let counts = academies::traffic(tx, academy).await?;
        // A device on which the person verified a code before is no stranger's.
        let stops = request.device_id.is_none();
        let reason = OutageReason::Academy(academy.to_owned());
        ConversionCheck { reason, counts, window: ACADEMY_CONVERSION_WINDOW, stops }
    } else {
        let counts = outages::traffic(tx, &academy_abroad(academy)).await?;
        let reason = OutageReason::AcademyAbroad(academy.to_owned());
        ConversionCheck { reason, counts, window: CONVERSION_WINDOW, stops: true }
    });
    Ok(checks)
}

/// Counts a message that is about to be handed over: abroad it is paid for before anybody can enter its code.
pub(super) async fn count_asked(tx: &mut UnitOfWork<'_>, to: &str, academy: Option<&str>) -> Result<()> {
    for destination in destinations_of(to, academy) {
        outages::add_traffic(tx, &destination, 1, 0).await?;
    }
    Ok(())
}

/// Takes back a message, counted at `at`, that never left.
pub(super) async fn uncount_asked(tx: &mut Tx, at: Timestamp, to: &str, academy: Option<&str>) -> Result<()> {
    for destination in destinations_of(to, academy) {
        outages::subtract_sent(tx, at, &destination).await?;
    }
    Ok(())
}

/// Returns the academy at home for which a message is counted.
pub(super) fn counted_academy<'a>(to: &str, academy: Option<&'a str>) -> Option<&'a str> {
    academy.filter(|_| is_domestic(to))
}

/// Counts a message that a gateway took, for its academy at home: what waits for a gateway is nobody's unentered code.
pub(super) async fn count_taken(tx: &mut UnitOfWork<'_>, to: &str, academy: Option<&str>) -> Result<()> {
    if let Some(academy) = counted_academy(to, academy) {
        academies::add(tx, academy, 1, 0).await?;
    }
    Ok(())
}

/// Counts an entered code. At home it answers for each message of its challenge: only the last code of somebody who
/// asked three times can be entered.
pub(super) async fn count_entered(tx: &mut UnitOfWork<'_>, challenge: &Challenge) -> Result<()> {
    let Some(destination) = &challenge.destination else { return Ok(()) };
    let academy = challenge.academy.as_deref();
    for name in destinations_of(destination, academy) {
        outages::add_traffic(tx, &name, 0, 1).await?;
    }
    if let Some(academy) = academy.filter(|_| is_domestic(destination)) {
        academies::add(tx, academy, 0, (challenge.sends - challenge.unsent).max(1)).await?;
    }
    Ok(())
}

/// Forgets all counts, so that everything is judged anew.
pub(super) async fn forget_all(tx: &mut Tx) -> Result<()> {
    outages::delete_traffic(tx).await?;
    academies::delete_all(tx).await?;
    Ok(())
}
