//! Pending requests to sign in or to sign out, of value only to the end user who has to act next.
//!
//! Such a request travels in the URLs of Préau's pages as the parameter `i`, encrypted and bound to the browser. An
//! abandoned request therefore costs no memory and evicts nothing, a restart loses nothing, and any server of the
//! deployment can continue the request. A request too long for a URL is stored under a random id instead and counted
//! against the quota of its source network.

use super::{Ephemeral, EphemeralError, Namespace};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, is_id};
use crate::base::rng::Random;
use crate::base::secret::sha256_base64url;
use crate::crypto::{AssociatedData, MasterKey};

/// The maximum length of `i`, in bytes. Proxies accept 8 KiB of URL and about 4 KiB for all headers of a response, and
/// `i` appears in both.
pub const MAX_STATE_PARAMETER_BYTES: usize = 2 * 1024;

/// A pending request, with its owner and expiry.
#[derive(Clone, Copy, Debug)]
pub struct CarriedState<'a> {
    pub namespace: Namespace,
    /// The digest of the browser's navigation cookie; empty until a browser is bound.
    pub browser: &'a str,
    /// The owner charged if the request has to be stored.
    pub owner: &'a str,
    pub text: &'a str,
    pub expires: Timestamp,
}

impl Ephemeral {
    /// Returns the value of `i` for the URL.
    ///
    /// # Errors
    /// The text is larger than its namespace allows, the quota has no room for a request too long for a URL, or the
    /// store does not respond.
    pub async fn carry_state(
        &self,
        master_key: &MasterKey,
        rng: &dyn Random,
        now: Timestamp,
        what: &CarriedState<'_>,
    ) -> Result<String, EphemeralError> {
        let sealed = master_key
            .seal(associated_data(what.namespace, what.browser), &format!("{} {}", what.expires, what.text))?;
        if sealed.len() <= MAX_STATE_PARAMETER_BYTES {
            return Ok(sealed);
        }
        let i = id128(rng);
        self.put_for(what.owner, what.namespace, &state_key(&i, what.browser), what.text, what.expires, now).await?;
        Ok(i)
    }

    /// Returns the request behind `i` for a browser, or `None` if `i` is unknown, expired or bound to another browser.
    ///
    /// # Errors
    /// The request was stored and the store does not respond.
    pub async fn load_state(
        &self,
        master_key: &MasterKey,
        kind: Namespace,
        browser: &str,
        i: &str,
        now: Timestamp,
    ) -> Result<Option<String>, EphemeralError> {
        if is_id(i, 22) {
            return self.get(kind, &state_key(i, browser), now).await;
        }
        if i.len() > MAX_STATE_PARAMETER_BYTES {
            return Ok(None);
        }
        let Ok(text) = master_key.open(associated_data(kind, browser), i) else { return Ok(None) };
        let found = text.split_once(' ').and_then(|(end, text)| Some((end.parse().ok().map(Timestamp)?, text)));
        Ok(found.filter(|(end, _)| now < *end).map(|(_, text)| text.to_owned()))
    }

    /// Stores a request again under its existing `i`. Does nothing if the request is encrypted in the URL.
    ///
    /// # Errors
    /// The text is larger than its namespace allows, the quota has no room, or the store does not respond.
    pub async fn restore_state(&self, i: &str, now: Timestamp, what: &CarriedState<'_>) -> Result<(), EphemeralError> {
        if !is_id(i, 22) {
            return Ok(());
        }
        self.put_for(what.owner, what.namespace, &state_key(i, what.browser), what.text, what.expires, now).await
    }

    /// Deletes a stored request bound to no browser yet, once a browser has taken over the request. Does nothing if the
    /// request is encrypted in the URL, because its expiry is part of the ciphertext.
    ///
    /// # Errors
    /// The store does not respond.
    pub async fn discard_state(&self, kind: Namespace, browser: &str, i: &str) -> Result<(), EphemeralError> {
        if is_id(i, 22) { self.remove(kind, &state_key(i, browser)).await } else { Ok(()) }
    }
}

/// Includes the browser in the key, so that the `i` of another browser is unknown.
fn state_key(i: &str, browser: &str) -> String {
    sha256_base64url(&format!("{i}/{browser}"))
}

fn associated_data(kind: Namespace, browser: &str) -> AssociatedData<'_> {
    AssociatedData { table: "address", column: kind.name(), row: browser }
}
