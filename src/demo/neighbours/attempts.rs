//! A sign-in under way: what must come back from the provider unchanged, kept in the browser.
//!
//! One sealed cookie an attempt, its name taken from the state: two tabs do not disturb each other. It lives
//! as long as an activation may take (2 h), and a returning browser uses it once.

use serde::{Deserialize, Serialize};

use super::sealed::Sealer;
use super::service::Service;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{digest, same};

/// How long somebody may take to come back: an activation at the provider lives as long.
pub const ATTEMPT_LIVES: Span = Span::hours(2);

/// How many attempts a browser keeps at a time, of some 500 bytes each: a request must stay below the 8 KiB
/// that servers take for headers.
pub const ATTEMPTS_KEPT: usize = 5;

/// What was sent out, and where the person goes afterwards.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub client: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    /// A whole URL of our own, checked before it was put here; none: the service's home.
    pub target: Option<String>,
    pub until: Timestamp,
}

/// Name of the cookie of the attempt with this state. A digest: the value from outside never becomes a name.
pub fn cookie_name(service: Service, state: &str) -> String {
    let hash = digest(state);
    format!("{}{}", name_prefix(service), hash.get(..16).unwrap_or_default())
}

fn name_prefix(service: Service) -> String {
    format!("{}_essai_", service.prefix())
}

impl Attempt {
    pub fn seal(&self, sealer: &Sealer, service: Service) -> Option<String> {
        let text = serde_json::to_vec(self).ok()?;
        sealer.seal(&cookie_name(service, &self.state), &text)
    }

    /// The attempt that `state` belongs to, if the browser has its cookie and it is not too old.
    pub fn open(sealer: &Sealer, service: Service, state: &str, sealed: &str, now: Timestamp) -> Option<Self> {
        let text = sealer.open(&cookie_name(service, state), sealed)?;
        let attempt: Self = serde_json::from_slice(&text).ok()?;
        (same(&attempt.state, state) && now < attempt.until).then_some(attempt)
    }
}

/// Names of the attempts that a browser must forget before another one is added: those that no longer open,
/// and the oldest of too many.
pub fn surplus<'c>(
    sealer: &Sealer,
    service: Service,
    cookies: impl Iterator<Item = (&'c str, &'c str)>,
    now: Timestamp,
) -> Vec<&'c str> {
    let prefix = name_prefix(service);
    let mut dead = Vec::new();
    let mut alive = Vec::new();
    for (name, value) in cookies.filter(|(name, _)| name.starts_with(&prefix)) {
        let until = sealer
            .open(name, value)
            .and_then(|text| serde_json::from_slice::<Attempt>(&text).ok())
            .map(|attempt| attempt.until)
            .filter(|until| now < *until);
        match until {
            Some(until) => alive.push((until, name)),
            None => dead.push(name),
        }
    }
    alive.sort_unstable();
    let excess = (alive.len() + 1).saturating_sub(ATTEMPTS_KEPT);
    dead.extend(alive.iter().take(excess).map(|(_, name)| *name));
    dead
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(state: &str, until: i64) -> Attempt {
        Attempt {
            client: "bourses".into(),
            state: state.into(),
            nonce: "n".into(),
            verifier: "v".into(),
            target: None,
            until: Timestamp(until),
        }
    }

    #[test]
    fn an_attempt_opens_for_its_own_state_and_service_until_its_time() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let sealed = attempt("one", 100).seal(&sealer, Service::Ent).unwrap();
        let open = |service, state, now| Attempt::open(&sealer, service, state, &sealed, Timestamp(now));
        assert_eq!(open(Service::Ent, "one", 99), Some(attempt("one", 100)));
        assert_eq!(open(Service::Ent, "one", 100), None);
        assert_eq!(open(Service::Ent, "two", 99), None);
        assert_eq!(open(Service::Bourses, "one", 99), None);
    }

    #[test]
    fn the_oldest_attempts_make_room_and_what_does_not_open_goes_first() {
        let sealer = Sealer::new(&[1; 32]).unwrap();
        let mut jar: Vec<(String, String)> = (1..=6)
            .map(|n| {
                let state = n.to_string();
                (cookie_name(Service::Ent, &state), attempt(&state, n).seal(&sealer, Service::Ent).unwrap())
            })
            .collect();
        jar.push(("ent_essai_broken".into(), "x".into()));
        jar.push(("ent_session".into(), "x".into()));
        let cookies = jar.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let gone = surplus(&sealer, Service::Ent, cookies, Timestamp(1));
        // 1 is over, 2 is the oldest of five that live, and the new one is the fifth.
        assert_eq!(gone.len(), 3);
        for name in [cookie_name(Service::Ent, "1"), cookie_name(Service::Ent, "2"), "ent_essai_broken".into()] {
            assert!(gone.contains(&name.as_str()), "{name}");
        }
    }
}
