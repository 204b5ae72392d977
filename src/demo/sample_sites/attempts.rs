//! A sign-in under way: the values expected back from the provider, stored in the browser.
//!
//! One encrypted cookie for each attempt, named after the `state`: two tabs do not disturb each other. The cookie lives
//! as long as an activation may take (2 h), and a returning browser uses the cookie once.

use serde::{Deserialize, Serialize};

use super::cookie_sealer::CookieSealer;
use super::service::SampleService;
use crate::base::clock::{Span, Timestamp};
use crate::base::secret::{constant_time_eq, sha256_base64url};

/// The time allowed for coming back: an activation at the provider has the same lifetime.
pub const ATTEMPT_TTL: Span = Span::hours(2);

/// The maximum number of concurrent attempts of a browser, of some 500 bytes each: a request must stay below the 8 KiB
/// accepted by servers for headers.
pub const MAX_ATTEMPTS: usize = 5;

/// The values sent to the provider, and the target page after the sign-in.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationAttempt {
    pub client: String,
    pub state: String,
    pub nonce: String,
    pub verifier: String,
    /// A whole URL of this site, validated beforehand; `None` means the service's home.
    pub target: Option<String>,
    pub until: Timestamp,
}

/// Returns the cookie name for the attempt with this state. A digest, so that no foreign value becomes a name.
pub fn cookie_name(service: SampleService, state: &str) -> String {
    let hash = sha256_base64url(state);
    format!("{}{}", name_prefix(service), hash.get(..16).unwrap_or_default())
}

fn name_prefix(service: SampleService) -> String {
    format!("{}_essai_", service.prefix())
}

impl AuthorizationAttempt {
    pub fn seal(&self, sealer: &CookieSealer, service: SampleService) -> Option<String> {
        let text = serde_json::to_vec(self).ok()?;
        sealer.seal(&cookie_name(service, &self.state), &text)
    }

    /// Returns the attempt of `state`, if the browser has its cookie and the attempt is not too old.
    pub fn open(
        sealer: &CookieSealer,
        service: SampleService,
        state: &str,
        sealed: &str,
        now: Timestamp,
    ) -> Option<Self> {
        let text = sealer.open(&cookie_name(service, state), sealed)?;
        let attempt: Self = serde_json::from_slice(&text).ok()?;
        (constant_time_eq(&attempt.state, state) && now < attempt.until).then_some(attempt)
    }
}

/// Lists the attempt cookies to remove before another is added: unreadable or expired cookies, and the oldest of too
/// many.
pub fn cookies_to_remove<'c>(
    sealer: &CookieSealer,
    service: SampleService,
    cookies: impl Iterator<Item = (&'c str, &'c str)>,
    now: Timestamp,
) -> Vec<&'c str> {
    let prefix = name_prefix(service);
    let mut dead = Vec::new();
    let mut alive = Vec::new();
    for (name, value) in cookies.filter(|(name, _)| name.starts_with(&prefix)) {
        let until = sealer
            .open(name, value)
            .and_then(|text| serde_json::from_slice::<AuthorizationAttempt>(&text).ok())
            .map(|attempt| attempt.until)
            .filter(|until| now < *until);
        match until {
            Some(until) => alive.push((until, name)),
            None => dead.push(name),
        }
    }
    alive.sort_unstable();
    let excess = (alive.len() + 1).saturating_sub(MAX_ATTEMPTS);
    dead.extend(alive.iter().take(excess).map(|(_, name)| *name));
    dead
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(state: &str, until: i64) -> AuthorizationAttempt {
        AuthorizationAttempt {
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
        let sealer = CookieSealer::new(&[1; 32]).unwrap();
        let sealed = attempt("one", 100).seal(&sealer, SampleService::Ent).unwrap();
        let open = |service, state, now| AuthorizationAttempt::open(&sealer, service, state, &sealed, Timestamp(now));
        assert_eq!(open(SampleService::Ent, "one", 99), Some(attempt("one", 100)));
        assert_eq!(open(SampleService::Ent, "one", 100), None);
        assert_eq!(open(SampleService::Ent, "two", 99), None);
        assert_eq!(open(SampleService::Bourses, "one", 99), None);
    }

    #[test]
    fn the_oldest_attempts_make_room_and_what_does_not_open_goes_first() {
        let sealer = CookieSealer::new(&[1; 32]).unwrap();
        let mut jar: Vec<(String, String)> = (1..=6)
            .map(|n| {
                let state = n.to_string();
                (cookie_name(SampleService::Ent, &state), attempt(&state, n).seal(&sealer, SampleService::Ent).unwrap())
            })
            .collect();
        jar.push(("ent_essai_broken".into(), "x".into()));
        jar.push(("ent_session".into(), "x".into()));
        let cookies = jar.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let gone = cookies_to_remove(&sealer, SampleService::Ent, cookies, Timestamp(1));
        // 1 is expired, 2 is the oldest of five live attempts, and the new attempt is the fifth.
        assert_eq!(gone.len(), 3);
        for name in
            [cookie_name(SampleService::Ent, "1"), cookie_name(SampleService::Ent, "2"), "ent_essai_broken".into()]
        {
            assert!(gone.contains(&name.as_str()), "{name}");
        }
    }
}
