//! The sessions of the portal and of *bourses*: in memory, lost with the server, as in many small services.
//!
//! The browser holds a random id, the map its digest. A session stores its client, `sub` and `sid`, to be found by a
//! logout token (OIDC Back-Channel Logout).

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::relying_party::VerifiedUser;
use super::service::SampleService;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::id256;
use crate::base::rng::Random;
use crate::base::secret::sha256_base64url;

/// The absolute lifetime of a session: a school day.
const SESSION_TTL: Span = Span::hours(8);

/// The lifetime of a logout under way, between the button and the redirect to the provider; the page in between
/// refreshes by itself.
const LOGOUT_TTL: Span = Span::minutes(5);

/// The maximum number of sessions, to bound memory; beyond, the oldest session ends.
const MAX_SESSIONS: usize = 10_000;

/// A signed-in session.
#[derive(Clone, Debug)]
pub struct SiteSession {
    pub service: SampleService,
    /// The client used for the sign-in: the user's choice on the leaflet.
    pub client: String,
    pub user: VerifiedUser,
    until: Timestamp,
}

/// Sessions by the digest of their id, and ended sessions of a logout under way.
#[derive(Default)]
pub struct SiteSessions {
    live: Mutex<HashMap<String, SiteSession>>,
    logging_out: Mutex<HashMap<String, SiteSession>>,
}

impl SiteSessions {
    /// Creates a session and returns its new id; the browser's previous session has already ended.
    pub fn create(
        &self,
        service: SampleService,
        client: &str,
        who: VerifiedUser,
        now: Timestamp,
        rng: &dyn Random,
    ) -> String {
        put(&self.live, service, client, who, now.plus(SESSION_TTL), now, rng)
    }

    pub fn find(&self, service: SampleService, id: &str, now: Timestamp) -> Option<SiteSession> {
        let live = lock(&self.live);
        live.get(&sha256_base64url(id)).filter(|session| session.service == service && now < session.until).cloned()
    }

    /// Ends the session and returns its data once.
    pub fn end(&self, service: SampleService, id: &str, now: Timestamp) -> Option<SiteSession> {
        take(&self.live, service, id, now)
    }

    /// Ends the session with this `sid`, or every session of this `sub`, at the provider's request. Returns the
    /// number of ended sessions.
    pub fn end_matching(&self, service: SampleService, client: &str, sub: Option<&str>, sid: Option<&str>) -> usize {
        let over = |session: &SiteSession| {
            let named = |told: Option<&str>, own: Option<&str>| told.is_none_or(|told| Some(told) == own);
            session.service == service
                && session.client == client
                && named(sub, Some(&session.user.sub))
                && named(sid, session.user.sid.as_deref())
        };
        let mut live = lock(&self.live);
        let before = live.len();
        live.retain(|_, session| !over(session));
        before - live.len()
    }

    /// Keeps the data of an ended session until the browser is redirected to the provider.
    pub fn start_logout(&self, session: SiteSession, now: Timestamp, rng: &dyn Random) -> String {
        let SiteSession { service, client, user: who, .. } = session;
        put(&self.logging_out, service, &client, who, now.plus(LOGOUT_TTL), now, rng)
    }

    /// Returns the logout under way with this id, once.
    pub fn take_logout(&self, service: SampleService, id: &str, now: Timestamp) -> Option<SiteSession> {
        take(&self.logging_out, service, id, now)
    }
}

fn lock(map: &Mutex<HashMap<String, SiteSession>>) -> MutexGuard<'_, HashMap<String, SiteSession>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(
    map: &Mutex<HashMap<String, SiteSession>>,
    service: SampleService,
    client: &str,
    who: VerifiedUser,
    until: Timestamp,
    now: Timestamp,
    rng: &dyn Random,
) -> String {
    let id = id256(rng);
    let mut map = lock(map);
    if map.len() >= MAX_SESSIONS {
        map.retain(|_, session| now < session.until);
    }
    if map.len() >= MAX_SESSIONS
        && let Some(oldest) = map.iter().min_by_key(|(_, session)| session.until).map(|(id, _)| id.clone())
    {
        map.remove(&oldest);
    }
    map.insert(sha256_base64url(&id), SiteSession { service, client: client.to_owned(), user: who, until });
    id
}

fn take(
    map: &Mutex<HashMap<String, SiteSession>>,
    service: SampleService,
    id: &str,
    now: Timestamp,
) -> Option<SiteSession> {
    let mut map = lock(map);
    let key = sha256_base64url(id);
    if map.get(&key)?.service != service {
        return None;
    }
    map.remove(&key).filter(|session| now < session.until)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    #[test]
    fn a_session_is_found_by_its_own_service_until_it_ends_and_a_departure_happens_once() {
        let sessions = SiteSessions::default();
        let rng = SeededRandom::new(1);
        let id = sessions.create(SampleService::Ent, "mon-ent-mer", VerifiedUser::default(), Timestamp(0), &rng);
        assert!(sessions.find(SampleService::Ent, &id, Timestamp(1)).is_some());
        assert!(sessions.find(SampleService::Bourses, &id, Timestamp(1)).is_none());
        assert!(sessions.find(SampleService::Ent, &id, Timestamp(0).plus(SESSION_TTL)).is_none());
        assert!(sessions.end(SampleService::Bourses, &id, Timestamp(1)).is_none());
        let ended = sessions.end(SampleService::Ent, &id, Timestamp(1)).unwrap();
        assert!(sessions.find(SampleService::Ent, &id, Timestamp(1)).is_none());
        let departure = sessions.start_logout(ended, Timestamp(1), &rng);
        assert!(sessions.take_logout(SampleService::Ent, &departure, Timestamp(2)).is_some());
        assert!(sessions.take_logout(SampleService::Ent, &departure, Timestamp(2)).is_none());
    }
}
