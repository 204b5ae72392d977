//! The neighbours of an identity provider, all on one port: the collège's site, the portal *mon ENT*,
//! a service (*bourses*) and the phones that receive the codes.
//!
//! They exist so that the provider can be tried whole, in a browser, from the collège's page on. They
//! know it only through its discovery document: nothing here may reach into the provider's own rooms.
//! No form of theirs leads to another site (Chromium applies `form-action` to the whole chain of
//! redirects of a submission): a POST goes to a page of ours, and that page goes on by itself.

mod attempts;
mod back_channel;
mod bourses;
mod choices;
mod college;
mod cookies;
mod pages;
mod phones;
mod portal;
mod relying_party;
mod sealed;
mod service;
mod sessions;
mod sign_in;
mod sign_out;
#[cfg(test)]
mod tests;
mod visitor;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use axum::routing::{get, post};
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use url::Url;

use crate::base::clock::Clock;
use crate::base::rng::Random;
use crate::base::secret::Secret;

use back_channel::Taken;
use pages::Pages;
use phones::Phones;
use relying_party::{Provider, RelyingParty};
use sealed::Sealer;
use service::Service;
use sessions::Sessions;

/// The longest body that any of these pages takes, in bytes.
const BODY_LIMIT: usize = 64 * 1024;

/// What the demo tells its neighbours.
pub struct NeighboursConfig {
    /// The provider's issuer, letter for letter as in its discovery document.
    pub issuer: String,
    /// Where these pages are reached, without a path: `http://localhost:8090`.
    pub base: String,
    /// Seals what the browser keeps during a sign-in. Kept over a restart, so that a sign-in under way survives it.
    pub cookie_key: [u8; 32],
    /// The registrations of the portal's choices and of *bourses*; all use `client_secret_basic`.
    pub clients: Vec<NeighbourClient>,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// A certificate authority (PEM) trusted besides the machine's, for a provider under a test authority.
    pub extra_ca: Option<PathBuf>,
}

/// One registration at the provider.
pub struct NeighbourClient {
    pub client_id: String,
    pub secret: Secret,
}

/// The registrations that the neighbours need.
pub fn clients() -> impl Iterator<Item = &'static str> {
    choices::CHOICES.iter().filter_map(|choice| choice.client).chain([service::BOURSES_CLIENT])
}

/// Why the neighbours cannot be built. Nothing of it comes from a request.
#[derive(Debug, thiserror::Error)]
pub enum NeighboursError {
    #[error("the neighbours' address {0} is not a URL of the form http://host:port")]
    Base(String),
    #[error("the templates of the demo cannot be read: {0}")]
    Templates(#[from] pages::TemplatesError),
    #[error("the client for the provider cannot be built: {0}")]
    Provider(#[from] relying_party::RelyingPartyError),
    #[error("the cookie key is not usable")]
    CookieKey,
}

/// What every handler sees.
struct Neighbours {
    /// Origin of our own pages; the only place a sign-in may end at.
    base: Url,
    issuer: String,
    sealer: Sealer,
    parties: HashMap<String, RelyingParty>,
    sessions: Sessions,
    taken: Taken,
    phones: Phones,
    pages: Pages,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

type Shared = Arc<Neighbours>;

impl Neighbours {
    fn build(config: NeighboursConfig) -> Result<Self, NeighboursError> {
        let base = Url::parse(&config.base)
            .ok()
            .filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https") && url.path() == "/")
            .ok_or_else(|| NeighboursError::Base(config.base.clone()))?;
        let provider = Arc::new(Provider::new(&config.issuer, config.extra_ca.as_deref())?);
        let mut parties = HashMap::new();
        for client in config.clients {
            let service = Service::of_client(&client.client_id);
            let callback = service.url(&base, "/retour");
            let party = RelyingParty::new(Arc::clone(&provider), &client.client_id, &client.secret, &callback)?;
            parties.insert(client.client_id, party);
        }
        Ok(Self {
            base,
            issuer: config.issuer,
            sealer: Sealer::new(&config.cookie_key).ok_or(NeighboursError::CookieKey)?,
            parties,
            sessions: Sessions::default(),
            taken: Taken::default(),
            phones: Phones::default(),
            pages: Pages::load()?,
            clock: config.clock,
            random: config.random,
        })
    }
}

/// All pages of the neighbours.
///
/// # Errors
/// If the configuration cannot be used; the provider itself is asked only at the first sign-in, so that
/// both servers may start in any order.
pub fn router(config: NeighboursConfig) -> Result<Router, NeighboursError> {
    Ok(routes(Arc::new(Neighbours::build(config)?)))
}

/// Serves the neighbours on `listener` until `shutdown` ends; requests under way are finished.
///
/// # Errors
/// [`NeighboursError`] as [`std::io::ErrorKind::InvalidInput`], and those of the listener.
pub async fn serve(
    config: NeighboursConfig,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let router = router(config).map_err(|why| std::io::Error::new(std::io::ErrorKind::InvalidInput, why))?;
    axum::serve(listener, router).with_graceful_shutdown(shutdown).await
}

fn routes(neighbours: Shared) -> Router {
    // Any site may start a sign-in (OIDCC 4 wants GET and POST), and the provider's server tells of a session's end:
    // outside of the guard against foreign forms.
    let from_anywhere = Router::new()
        .route("/ent/fin-de-session", post(back_channel::at_portal))
        .route("/bourses/fin-de-session", post(back_channel::at_bourses))
        .route("/ent/initier", get(sign_in::initiate_at_portal).post(sign_in::initiate_by_post))
        .route("/bourses/initier", get(sign_in::initiate_at_bourses).post(sign_in::initiate_by_post));
    let own = Router::new()
        .route("/", get(college::show))
        .route("/ent", get(portal::chooser))
        .route("/ent/choix", post(portal::choose))
        .route("/ent/vers", get(portal::on_the_way))
        .route("/ent/hors-demo", get(portal::not_here))
        .route("/ent/connexion", get(sign_in::start_at_portal))
        .route("/ent/retour", get(sign_in::back_at_portal))
        .route("/ent/echec", get(sign_in::failed_at_portal))
        .route("/ent/accueil", get(portal::home))
        .route("/ent/etablissement", get(portal::school))
        .route("/ent/deconnexion", post(sign_out::leave_portal))
        .route("/ent/deconnexion-partout", post(sign_out::leave_portal_and_provider))
        .route("/ent/sortie", get(sign_out::goodbye_from_portal))
        .route("/ent/sortie/suite", get(sign_out::go_from_portal))
        .route("/bourses", get(bourses::show))
        .route("/bourses/connexion", get(sign_in::start_at_bourses))
        .route("/bourses/retour", get(sign_in::back_at_bourses))
        .route("/bourses/echec", get(sign_in::failed_at_bourses))
        .route("/bourses/deconnexion", post(sign_out::leave_bourses))
        .route("/bourses/sortie", get(sign_out::goodbye_from_bourses))
        .route("/bourses/sortie/suite", get(sign_out::go_from_bourses))
        .route("/sms", get(phones::show))
        .route("/sms/messages", post(phones::take))
        .route("/sms/messages.json", get(phones::list))
        .route("/preau.css", get(pages::stylesheet))
        .fallback(college::not_found)
        .method_not_allowed_fallback(college::wrong_method)
        .layer(CsrfLayer::new());
    own.merge(from_anywhere)
        .layer(middleware::map_response(pages::guard))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(neighbours)
}
