//! The sample sites around the identity provider, all on one port: the collège's site, the portal *mon ENT*, a service
//! (*bourses*), the phones receiving the codes, the mailboxes with their mail server, the printed letters, and the
//! academies' providers.
//!
//! With these sites the provider can be tried as a whole, in a browser, from the collège's page on. The sites know the
//! provider only through its discovery document: no code here may use the provider's modules, but for signing (`jose`). No form targets another
//! site (Chromium applies `form-action` to the whole chain of redirects of a submission): a POST redirects to a page of
//! the same site, and the page refreshes to the provider.

mod academy;
mod attempts;
mod back_channel;
mod bourses;
mod choices;
mod college;
mod cookie_sealer;
mod cookies;
mod inbox;
mod letters;
mod mail_server;
mod mailboxes;
mod pages;
mod phones;
mod portal;
mod relying_party;
mod service;
mod sessions;
mod sign_in;
mod sign_out;
mod site_request;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;
use url::Url;

use crate::base::clock::Clock;
use crate::base::rng::Random;
use crate::http::routing::{get, post};
use secrecy::SecretString;

use academy::Academies;
pub use academy::{ACADEMIES, AcademyConfig};
use back_channel::SeenLogoutTokens;
use cookie_sealer::CookieSealer;
use inbox::Inbox;
pub use letters::LetterFiles;
use mailboxes::ReceivedMail;
use pages::SitePages;
use phones::ReceivedSms;
use relying_party::{Provider, RelyingParty};
use service::SampleService;
use sessions::SiteSessions;

/// The maximum request body, in bytes.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// The configuration of the sample sites.
pub struct SampleSitesConfig {
    /// The provider's issuer, exactly as in its discovery document.
    pub issuer: String,
    /// The base URL of these pages, without a path: `http://localhost:8090`.
    pub base: String,
    /// Encrypts the state of a sign-in in the browser. Kept over a restart, so that a sign-in under way survives.
    pub cookie_key: [u8; 32],
    /// The clients of the portal's choices and of *bourses*; all use `client_secret_basic`.
    pub clients: Vec<SampleSitesClient>,
    pub letters: LetterFiles,
    pub academies: AcademyConfig,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// An additional certificate authority (PEM), for a provider under a test authority.
    pub extra_ca: Option<PathBuf>,
}

/// A client registered at the provider.
pub struct SampleSitesClient {
    pub client_id: String,
    pub secret: SecretString,
}

/// Lists the client ids needed by the sample sites.
pub fn client_ids() -> impl Iterator<Item = &'static str> {
    let first = |(n, client): &(usize, &str)| !choices::CHOICES.iter().take(*n).any(|other| other.client == *client);
    let choices = choices::CHOICES.iter().map(|choice| choice.client);
    choices.enumerate().filter(first).map(|(_, client)| client).chain([service::BOURSES_CLIENT])
}

/// The reason for which the sample sites cannot be built, never caused by a request.
#[derive(Debug, thiserror::Error)]
pub enum SampleSitesError {
    #[error("the neighbours' address {0} is not a URL of the form http://host:port")]
    Base(String),
    #[error("the templates of the demo cannot be read: {0}")]
    Templates(#[from] pages::TemplatesError),
    #[error("the client for the provider cannot be built: {0}")]
    Provider(#[from] relying_party::RelyingPartyError),
    #[error("the cookie key is not usable")]
    CookieKey,
    #[error("the academies' key is not usable: {0}")]
    AcademyKey(#[from] crate::jose::KeyError),
}

/// The state shared by all handlers.
struct SampleSites {
    /// The origin of these pages; the only allowed target of a sign-in.
    base: Url,
    issuer: String,
    sealer: CookieSealer,
    relying_parties: HashMap<String, RelyingParty>,
    sessions: SiteSessions,
    seen_logout_tokens: SeenLogoutTokens,
    phones: Inbox<ReceivedSms>,
    mailboxes: Inbox<ReceivedMail>,
    letters: LetterFiles,
    academies: Academies,
    pages: SitePages,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
}

type SharedSites = Arc<SampleSites>;

impl SampleSites {
    fn build(config: SampleSitesConfig) -> Result<Self, SampleSitesError> {
        let base = Url::parse(&config.base)
            .ok()
            .filter(|url| url.has_host() && matches!(url.scheme(), "http" | "https") && url.path() == "/")
            .ok_or_else(|| SampleSitesError::Base(config.base.clone()))?;
        let provider = Arc::new(Provider::new(&config.issuer, config.extra_ca.as_deref())?);
        let mut parties = HashMap::new();
        for client in config.clients {
            let service = SampleService::of_client(&client.client_id);
            let callback = service.url(&base, "/retour");
            let party = RelyingParty::new(Arc::clone(&provider), &client.client_id, &client.secret, &callback)?;
            parties.insert(client.client_id, party);
        }
        Ok(Self {
            base,
            issuer: config.issuer,
            sealer: CookieSealer::new(&config.cookie_key).ok_or(SampleSitesError::CookieKey)?,
            relying_parties: parties,
            sessions: SiteSessions::default(),
            seen_logout_tokens: SeenLogoutTokens::default(),
            phones: Inbox::default(),
            mailboxes: Inbox::default(),
            letters: config.letters,
            academies: Academies::new(config.academies)?,
            pages: SitePages::load()?,
            clock: config.clock,
            random: config.random,
        })
    }
}

/// The bound listeners of the sample sites.
pub struct SiteListeners {
    pub pages: TcpListener,
    pub mail: TcpListener,
}

/// Serves the sample sites until `shutdown` ends; requests under way are finished. The provider is contacted only at
/// the first sign-in, so that both servers may start in any order.
///
/// # Errors
/// [`SampleSitesError`] as [`std::io::ErrorKind::InvalidInput`], and the errors of the listener.
pub async fn serve(
    config: SampleSitesConfig,
    listeners: SiteListeners,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    let sites = SampleSites::build(config).map_err(|why| std::io::Error::new(std::io::ErrorKind::InvalidInput, why))?;
    let sites = Arc::new(sites);
    let pages = axum::serve(listeners.pages, routes(Arc::clone(&sites))).with_graceful_shutdown(shutdown);
    tokio::select! {
        served = pages => served,
        () = mail_server::serve(listeners.mail, sites) => Ok(()),
    }
}

fn routes(neighbours: SharedSites) -> Router {
    // Any site may start a sign-in (OIDCC 4 demands GET and POST), and the provider's server posts logout tokens: these
    // routes are exempt from the protection against cross-site forms.
    let from_anywhere = Router::new()
        .route("/ent/fin-de-session", post(back_channel::at_portal))
        .route("/bourses/fin-de-session", post(back_channel::at_bourses))
        .merge(academy::program_routes())
        .route("/ent/initier", get(sign_in::initiate_at_portal).merge(post(sign_in::initiate_by_post)))
        .route("/bourses/initier", get(sign_in::initiate_at_bourses).merge(post(sign_in::initiate_by_post)));
    let own = Router::new()
        .route("/", get(college::show))
        .route("/ent", get(portal::chooser))
        .route("/ent/choix", post(portal::choose))
        .route("/ent/vers", get(portal::redirecting))
        .route("/ent/connexion", get(sign_in::start_at_portal))
        .route("/ent/retour", get(sign_in::callback_at_portal))
        .route("/ent/echec", get(sign_in::failed_at_portal))
        .route("/ent/accueil", get(portal::home))
        .route("/ent/etablissement", get(portal::school))
        .route("/ent/deconnexion", post(sign_out::sign_out_of_portal))
        .route("/ent/deconnexion-partout", post(sign_out::sign_out_of_portal_and_provider))
        .route("/ent/sortie", get(sign_out::goodbye_from_portal))
        .route("/ent/sortie/suite", get(sign_out::end_session_from_portal))
        .route("/bourses", get(bourses::show))
        .route("/bourses/connexion", get(sign_in::start_at_bourses))
        .route("/bourses/retour", get(sign_in::callback_at_bourses))
        .route("/bourses/echec", get(sign_in::failed_at_bourses))
        .route("/bourses/deconnexion", post(sign_out::sign_out_of_bourses))
        .route("/bourses/sortie", get(sign_out::goodbye_from_bourses))
        .route("/bourses/sortie/suite", get(sign_out::end_session_from_bourses))
        .merge(academy::routes())
        .route("/sms", get(phones::show))
        .route("/sms/messages", post(phones::receive_message))
        .route("/sms/calls", post(phones::receive_call))
        .route("/sms/messages.json", get(phones::list))
        .route("/courrier", get(mailboxes::show))
        .route("/courrier/messages.json", get(mailboxes::list))
        .route("/lettres/eleves.pdf", get(letters::pupils))
        .route("/lettres/responsable.pdf", get(letters::parent))
        .route("/preau.css", get(pages::stylesheet))
        .fallback(college::not_found)
        .method_not_allowed_fallback(college::wrong_method)
        .layer(CsrfLayer::new());
    own.merge(from_anywhere)
        .layer(middleware::map_response(pages::add_security_headers))
        .layer(CatchPanicLayer::new())
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(neighbours)
}
