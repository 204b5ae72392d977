//! Back-channel logout (BCL 2.4, 2.5): builds the logout token and delivers it to the client.
//!
//! The job stores the recipient and the session; each attempt signs a new token, because a token expires after two
//! minutes. Failed deliveries are retried with the back-off of the outbox, and delay no other client.

use serde_json::{Value, json};

use crate::app::{App, Operation};
use crate::base::clock::Span;
use crate::base::ids::id128;
use crate::clients::{self, Client};
use crate::db::Durability;
use crate::jose::{self, Alg};
use crate::logouts::{self, DeliveryState, LogoutIntent};
use crate::outbox::{self, Job, JobOutcome};
use crate::subjects;

/// The TTL of a logout token: BCL 2.4 recommends two minutes at most.
pub const LOGOUT_TOKEN_TTL: Span = Span::minutes(2);
const LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// The result of a delivery attempt.
enum DeliveryResult {
    Delivered,
    Refused(String),
    Unreachable(String),
}

/// Delivers one logout token to one client; completes the job and records the delivery state in one transaction.
pub async fn deliver(app: &App, job: &Job) -> anyhow::Result<()> {
    let intent: LogoutIntent = serde_json::from_str(&job.body)?;
    let op = Operation::of_job(app, job.kind.name());
    if let Some(until) = app.logout_breaker.open_until(&intent.client_id, op.now) {
        outbox::requeue(&app.db, job, until).await?;
        return Ok(());
    }
    let client = clients::store::find(&mut app.db.read().await?, &intent.client_id).await?;
    let told = match client.filter(Client::is_usable) {
        Some(client) => send_logout_token(&op, &client, &intent).await?,
        None => DeliveryResult::Refused("the client is suspended or gone".to_owned()),
    };
    // Read again: the delivery may have taken seconds.
    let op = Operation::of_job(app, job.kind.name());
    let now = op.now;
    match &told {
        DeliveryResult::Unreachable(_) => app.logout_breaker.record_failure(&intent.client_id, now),
        DeliveryResult::Delivered | DeliveryResult::Refused(_) => app.logout_breaker.record_success(&intent.client_id),
    }
    let mut tx = op.write(Durability::Relaxed).await?;
    let (state, problem) = match told {
        DeliveryResult::Delivered => {
            outbox::finish_in(&mut tx, job, JobOutcome::Done).await?;
            (DeliveryState::Delivered, None)
        }
        DeliveryResult::Refused(why) => {
            outbox::finish_in(&mut tx, job, JobOutcome::Dead).await?;
            (DeliveryState::Refused, Some(why))
        }
        DeliveryResult::Unreachable(why) => {
            let again = outbox::finish_in(&mut tx, job, JobOutcome::Retry).await?;
            (if again { DeliveryState::Waiting } else { DeliveryState::GivenUp }, Some(why))
        }
    };
    logouts::store::record_attempt(&mut tx, now, &job.id, state, problem.as_deref()).await?;
    tx.commit().await?;
    if let Some(why) = problem {
        tracing::warn!(client = intent.client_id.as_str(), attempt = job.attempts, state = state.name(), %why, "sign-out not told");
    }
    Ok(())
}

async fn send_logout_token(
    op: &Operation<'_>,
    client: &Client,
    intent: &LogoutIntent,
) -> anyhow::Result<DeliveryResult> {
    let Operation { app, .. } = *op;
    let Some(uri) = &client.meta.backchannel_logout_uri else {
        return Ok(DeliveryResult::Refused("the client has no address for it any more".to_owned()));
    };
    let sub = match &intent.sub {
        Some(sub) => sub.clone(),
        None => {
            let mut tx = app.db.read().await?;
            subjects::ops::find_subject(&app.master_key, &mut tx, &client.meta, &intent.account_id).await?
        }
    };
    let claims = logout_token_claims(op, client, intent, &sub);
    // Clients registered for an algorithm that is no longer offered are notified all the same, with RS256.
    let offered = &app.config.keys.algorithms;
    let alg = client.meta.id_token.signed.filter(|alg| offered.contains(alg)).unwrap_or(Alg::RS256);
    // BCL 2.4: `typ` tells a logout token apart from an ID token (docs/threats.md#attack-j12); for clients that need
    // another `typ`, the `events` claim does.
    let typ = client.meta.tolerances.logout_token_typ.name();
    let ring = app.key_ring();
    let token = tokio::task::spawn_blocking(move || jose::sign(&ring, alg, typ, &claims)).await??;
    Ok(match app.outgoing.post_form(uri, &[("logout_token", &token)]).await {
        // BCL 2.8: 400 is a refusal of the client. 204 is the empty 200 of some frameworks.
        Ok(200 | 204) => DeliveryResult::Delivered,
        Ok(400) => DeliveryResult::Refused("answered 400".to_owned()),
        Ok(status) => DeliveryResult::Unreachable(format!("answered {status}")),
        Err(why) => DeliveryResult::Unreachable(why.to_string()),
    })
}

/// Builds the claims of BCL 2.4, without `nonce`, so that a logout token never passes for an ID token.
fn logout_token_claims(op: &Operation<'_>, client: &Client, intent: &LogoutIntent, sub: &str) -> Value {
    let Operation { app, now, .. } = *op;
    json!({
        "iss": app.issuer(),
        "aud": client.id,
        "iat": now.as_seconds(),
        "exp": now.plus(LOGOUT_TOKEN_TTL).as_seconds(),
        "jti": id128(app.rng.as_ref()),
        "events": { LOGOUT_EVENT: {} },
        "sub": sub,
        "sid": intent.sid,
    })
}
