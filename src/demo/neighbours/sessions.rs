//! Who is signed in at the portal and at *bourses*: in memory, gone with the server, as in many small services.
//!
//! The browser holds a random id, the map its digest. A session knows its client, `sub` and `sid`, so that a
//! logout that comes from the provider (OIDC Back-Channel Logout) finds it.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::relying_party::SignedIn;
use super::service::Service;
use crate::base::clock::{Span, Timestamp};
use crate::base::ids::id256;
use crate::base::rng::Random;
use crate::base::secret::digest;

/// A session ends after a school day, whatever happens.
const SESSION_LIVES: Span = Span::hours(8);

/// Between the button and the way out to the provider; the page in between goes on by itself.
const DEPARTURE_LIVES: Span = Span::minutes(5);

/// A demo has no more; beyond it the oldest session ends, so that memory stays bounded.
const SESSIONS_KEPT: usize = 10_000;

/// One sign-in.
#[derive(Clone, Debug)]
pub struct Session {
    pub service: Service,
    /// The client that the person signed in with: the choice of the leaflet.
    pub client: String,
    pub who: SignedIn,
    until: Timestamp,
}

/// Sessions by the digest of their id, and those that are on their way out.
#[derive(Default)]
pub struct Sessions {
    live: Mutex<HashMap<String, Session>>,
    leaving: Mutex<HashMap<String, Session>>,
}

impl Sessions {
    /// A new session under a new id, which is returned; the browser's former one has ended before.
    pub fn open(&self, service: Service, client: &str, who: SignedIn, now: Timestamp, rng: &dyn Random) -> String {
        put(&self.live, service, client, who, now.plus(SESSION_LIVES), now, rng)
    }

    pub fn find(&self, service: Service, id: &str, now: Timestamp) -> Option<Session> {
        let live = lock(&self.live);
        live.get(&digest(id)).filter(|session| session.service == service && now < session.until).cloned()
    }

    /// Ends the session; what it was is returned once.
    pub fn end(&self, service: Service, id: &str, now: Timestamp) -> Option<Session> {
        take(&self.live, service, id, now)
    }

    /// Ends what the provider says is over: the session of this `sid`, or every one of the person. Gives how many.
    pub fn end_told(&self, service: Service, client: &str, sub: Option<&str>, sid: Option<&str>) -> usize {
        let over = |session: &Session| {
            let named = |told: Option<&str>, own: Option<&str>| told.is_none_or(|told| Some(told) == own);
            session.service == service
                && session.client == client
                && named(sub, Some(&session.who.sub))
                && named(sid, session.who.sid.as_deref())
        };
        let mut live = lock(&self.live);
        let before = live.len();
        live.retain(|_, session| !over(session));
        before - live.len()
    }

    /// Keeps what an ended session knew until the browser is on its way to the provider.
    pub fn depart(&self, session: Session, now: Timestamp, rng: &dyn Random) -> String {
        let Session { service, client, who, .. } = session;
        put(&self.leaving, service, &client, who, now.plus(DEPARTURE_LIVES), now, rng)
    }

    /// The departure with this id, once.
    pub fn departed(&self, service: Service, id: &str, now: Timestamp) -> Option<Session> {
        take(&self.leaving, service, id, now)
    }
}

fn lock(map: &Mutex<HashMap<String, Session>>) -> MutexGuard<'_, HashMap<String, Session>> {
    map.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(
    map: &Mutex<HashMap<String, Session>>,
    service: Service,
    client: &str,
    who: SignedIn,
    until: Timestamp,
    now: Timestamp,
    rng: &dyn Random,
) -> String {
    let id = id256(rng);
    let mut map = lock(map);
    if map.len() >= SESSIONS_KEPT {
        map.retain(|_, session| now < session.until);
    }
    if map.len() >= SESSIONS_KEPT
        && let Some(oldest) = map.iter().min_by_key(|(_, session)| session.until).map(|(id, _)| id.clone())
    {
        map.remove(&oldest);
    }
    map.insert(digest(&id), Session { service, client: client.to_owned(), who, until });
    id
}

fn take(map: &Mutex<HashMap<String, Session>>, service: Service, id: &str, now: Timestamp) -> Option<Session> {
    let mut map = lock(map);
    let key = digest(id);
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
        let sessions = Sessions::default();
        let rng = SeededRandom::new(1);
        let id = sessions.open(Service::Ent, "mon-ent-mer", SignedIn::default(), Timestamp(0), &rng);
        assert!(sessions.find(Service::Ent, &id, Timestamp(1)).is_some());
        assert!(sessions.find(Service::Bourses, &id, Timestamp(1)).is_none());
        assert!(sessions.find(Service::Ent, &id, Timestamp(0).plus(SESSION_LIVES)).is_none());
        assert!(sessions.end(Service::Bourses, &id, Timestamp(1)).is_none());
        let ended = sessions.end(Service::Ent, &id, Timestamp(1)).unwrap();
        assert!(sessions.find(Service::Ent, &id, Timestamp(1)).is_none());
        let departure = sessions.depart(ended, Timestamp(1), &rng);
        assert!(sessions.departed(Service::Ent, &departure, Timestamp(2)).is_some());
        assert!(sessions.departed(Service::Ent, &departure, Timestamp(2)).is_none());
    }
}
