//! The signed-in end user of an authorization request, with the data relevant to the client.

use crate::accounts::Account;
use crate::app::{App, Operation};
use crate::clients::Client;
use crate::clients::ops::trial;
use crate::clients::trial::TrialStanding;
use crate::federation::{self, FederatedOrigin};
use crate::grants;
use crate::http::request_context::RequestContext;
use crate::oidc::tokens::claims;
use crate::protocol::acr::Acr;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::disclosure::Disclosure;
use crate::protocol::scope::Scope;
use crate::roster::{self, store::RosterChild};
use crate::sessions::{self, Session};
use crate::subjects;

/// The end user of the current session.
pub struct EndUser {
    pub session: Session,
    pub account: Account,
    pub children: Vec<RosterChild>,
    /// Set for an account that an upstream made.
    pub origin: Option<FederatedOrigin>,
    pub sub: String,
    /// False if the client knows people by a roster's key that the account has not.
    pub has_subject: bool,
    /// The standing of the person in the trial of the client.
    pub trial: TrialStanding,
    consent: Option<Disclosure>,
}

impl EndUser {
    pub fn acr(&self) -> Option<Acr> {
        self.session.acr()
    }

    pub fn is_in_perimeter_of(&self, client: &Client) -> bool {
        claims::is_in_perimeter(client, &self.account, &self.children, self.origin.as_ref())
    }

    /// True if no consent page is needed: the client is first-party, or the end user has consented to all requested
    /// scopes and claims. `prompt=consent` always requires the page (OIDCC 3.1.2.1). The page also tells each person of a
    /// trial that it is one, before the first answer.
    pub fn has_consented(&self, client: &Client, request: &AuthorizeRequest) -> bool {
        let asked = request.disclosure.without(Scope::OfflineAccess);
        let covered = || self.consent.as_ref().is_some_and(|c| c.covers(&asked));
        let told = self.trial != TrialStanding::Untold;
        told && !request.prompt.consent && (!client.meta.consent || covered())
    }
}

/// Returns the end user of this browser's session.
pub async fn load_end_user(app: &App, ctx: &RequestContext, client: &Client) -> anyhow::Result<Option<EndUser>> {
    let found = sessions::ops::current(&Operation::of_request(app, ctx), ctx.session.as_deref()).await?;
    let Some((session, account)) = found else { return Ok(None) };
    let mut tx = app.db.read().await?;
    let children = roster::store::pupils::list_pupils_of_account(&mut tx, &account.id, account.profile).await?;
    let origin = match account.is_federated {
        true => federation::store::find_origin(&mut tx, &app.upstreams(), &account.id).await?,
        false => None,
    };
    let subject = subjects::ops::find_subject_or_stand_in(&app.master_key, &mut tx, &client.meta, &account.id).await?;
    let consent = match client.meta.consent {
        true => grants::store::consents::find(&mut tx, &session.account_id, &client.id).await?,
        false => None,
    };
    let trial = trial::standing(&mut tx, ctx.now, client, &account.id).await?;
    let (sub, has_subject) = (subject.value, subject.is_real);
    Ok(Some(EndUser { session, account, children, origin, sub, has_subject, trial, consent }))
}
