//! Who is here at an authorization request, and what is known of them for its client.

use super::claims;
use crate::accounts::Account;
use crate::app::AppState;
use crate::clients::Client;
use crate::grants::{self, Consent};
use crate::http::visit::Visit;
use crate::protocol::acr::Acr;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::scope::Scope;
use crate::roster::{self, store::Child};
use crate::sessions::{self, Session};

pub struct Person {
    pub session: Session,
    pub account: Account,
    pub children: Vec<Child>,
    pub sub: String,
    consent: Option<Consent>,
}

impl Person {
    pub fn level(&self) -> Acr {
        Acr::of(&self.session.amr)
    }

    pub fn concerns(&self, client: &Client) -> bool {
        claims::concerns(client, &self.account, &self.children)
    }

    /// Whether nothing must be asked: the client is of the house, or the person agreed to as much before. With
    /// `prompt=consent` it is always asked (OIDCC 3.1.2.1).
    pub fn agreed_before(&self, client: &Client, request: &AuthorizeRequest) -> bool {
        let asked = request.scopes.without(Scope::OfflineAccess);
        let covered = || self.consent.as_ref().is_some_and(|c| c.covers(&asked, &request.claims));
        !request.prompt.consent && (!client.meta.consent || covered())
    }
}

/// The person whose session this browser has.
pub async fn person(app: &AppState, visit: &Visit, client: &Client) -> anyhow::Result<Option<Person>> {
    let found = sessions::ops::current(app, visit.now, visit.session.as_deref()).await?;
    let Some((session, account)) = found else { return Ok(None) };
    let mut tx = app.db.read().await?;
    let children = roster::store::children_of_account(&mut tx, &account.id).await?;
    let sub = claims::subject(&app.vault, &mut tx, client, &account.id).await?;
    let consent = match client.meta.consent {
        true => grants::store::consents::find(&mut tx, &account.id, &client.id).await?,
        false => None,
    };
    Ok(Some(Person { session, account, children, sub, consent }))
}
