//! Back-channel logout (BCL 2.4, 2.5): the logout token, and its way to the client.
//!
//! The job keeps who is to be told of what; the token is signed anew at each attempt, because it lives two minutes.
//! A client that does not answer is asked again by the outbox's back-off, and delays nobody.

use serde_json::{Value, json};

use super::claims::subject;
use crate::app::App;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::id128;
use crate::clients::{self, Client};
use crate::db::Durability;
use crate::jose::{self, Alg};
use crate::logouts::{self, Intent, State};
use crate::outbox::{self, Done, Job};

/// BCL 2.4 recommends two minutes at most.
pub const LIFE: Span = Span::minutes(2);
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// What came of an attempt.
enum Told {
    Delivered,
    Refused(String),
    Unheard(String),
}

/// Tells one client of one ended session; settles the job and its account together.
pub async fn deliver(app: &App, job: &Job) -> anyhow::Result<()> {
    let intent: Intent = serde_json::from_str(&job.body)?;
    let now = app.now();
    if let Some(until) = app.deaf.rests_until(&intent.client_id, now) {
        outbox::put_back(&app.db, job, until).await?;
        return Ok(());
    }
    let client = clients::store::find(&mut app.db.read().await?, &intent.client_id).await?;
    let told = match client.filter(Client::is_usable) {
        Some(client) => tell(app, now, &client, &intent).await?,
        None => Told::Refused("the client is suspended or gone".to_owned()),
    };
    let now = app.now();
    match &told {
        Told::Unheard(_) => app.deaf.failed(&intent.client_id, now),
        Told::Delivered | Told::Refused(_) => app.deaf.heard(&intent.client_id),
    }
    let mut tx = app.db.write(Durability::Relaxed).await?;
    let (state, problem) = match told {
        Told::Delivered => {
            outbox::settle_in(&mut tx, job, Done::Yes, now).await?;
            (State::Delivered, None)
        }
        Told::Refused(why) => {
            outbox::settle_in(&mut tx, job, Done::Never, now).await?;
            (State::Refused, Some(why))
        }
        Told::Unheard(why) => {
            let again = outbox::settle_in(&mut tx, job, Done::Later, now).await?;
            (if again { State::Waiting } else { State::GivenUp }, Some(why))
        }
    };
    logouts::store::tried(&mut tx, now, &job.id, state, problem.as_deref()).await?;
    tx.commit().await?;
    if let Some(why) = problem {
        tracing::warn!(client = intent.client_id, attempt = job.attempts, state = state.name(), %why, "sign-out not told");
    }
    Ok(())
}

async fn tell(app: &App, now: Timestamp, client: &Client, intent: &Intent) -> anyhow::Result<Told> {
    let Some(uri) = &client.meta.backchannel_logout_uri else {
        return Ok(Told::Refused("the client has no address for it any more".to_owned()));
    };
    let sub = subject(&app.vault, &mut app.db.read().await?, client, &intent.account_id).await?;
    let claims = claims(app, now, client, intent, &sub);
    // A client of an algorithm that is not offered any more is told nevertheless.
    let offered = &app.config.keys.algorithms;
    let alg = client.meta.id_token.signed.filter(|alg| offered.contains(alg)).unwrap_or(Alg::RS256);
    // BCL 2.4: what keeps it apart from an ID token (docs/threats.md#attack-j12); where it does not, `events` does.
    let typ = client.meta.tolerances.logout_token_typ.name();
    let ring = app.ring();
    let token = tokio::task::spawn_blocking(move || jose::sign(&ring, alg, typ, &claims)).await??;
    Ok(match app.outgoing.post_form(uri, &[("logout_token", &token)]).await {
        // BCL 2.8: 204 is what some frameworks make of an empty 200; 400 says that the client will not.
        Ok(200 | 204) => Told::Delivered,
        Ok(400) => Told::Refused("answered 400".to_owned()),
        Ok(status) => Told::Unheard(format!("answered {status}")),
        Err(why) => Told::Unheard(why.to_string()),
    })
}

/// BCL 2.4, letter for letter: no `nonce`, so that it can never pass for an ID token.
fn claims(app: &App, now: Timestamp, client: &Client, intent: &Intent, sub: &str) -> Value {
    json!({
        "iss": app.issuer(),
        "aud": client.id,
        "iat": now.seconds(),
        "exp": now.plus(LIFE).seconds(),
        "jti": id128(app.rng.as_ref()),
        "events": { EVENT: {} },
        "sub": sub,
        "sid": intent.sid,
    })
}
