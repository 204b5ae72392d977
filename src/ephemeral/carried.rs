//! What waits while a person acts, and is worth something to that person only: a request to sign in, or to sign out.
//!
//! It travels in the address of our pages as `i`, sealed and bound to the browser, so that a stranger who never comes
//! back costs nothing and evicts nobody, a restart loses nothing, and any server of the house goes on with it. What is
//! too long for an address is kept instead, under an id, at the expense of the network that it came from.

use super::{Ephemeral, Error, Kind};
use crate::base::clock::Timestamp;
use crate::base::ids::{id128, is_id};
use crate::base::rng::Random;
use crate::base::secret::digest;
use crate::seal::{Place, Vault};

/// The longest `i`. Proxies take 8 KiB of address, and some 4 KiB for all headers of an answer, where it stands too.
pub const LONGEST: usize = 2 * 1024;

/// What is carried, and for whom.
#[derive(Clone, Copy, Debug)]
pub struct Carried<'a> {
    pub kind: Kind,
    /// Digest of the browser's navigation cookie; empty while it is nobody's yet.
    pub browser: &'a str,
    /// Who pays where it must be kept.
    pub owner: &'a str,
    pub text: &'a str,
    pub expires: Timestamp,
}

impl Ephemeral {
    /// Gives the `i` of the address.
    ///
    /// # Errors
    /// It is larger than its kind allows; there is no room for one that must be kept, or the store does not answer.
    pub async fn carry(
        &self,
        vault: &Vault,
        rng: &dyn Random,
        now: Timestamp,
        what: &Carried<'_>,
    ) -> Result<String, Error> {
        let sealed = vault.seal(place(what.kind, what.browser), &format!("{} {}", what.expires, what.text))?;
        if sealed.len() <= LONGEST {
            return Ok(sealed);
        }
        let i = id128(rng);
        self.put_for(what.owner, what.kind, &key(&i, what.browser), what.text, what.expires, now).await?;
        Ok(i)
    }

    /// What this `i` carries for this browser.
    ///
    /// # Errors
    /// It was kept, and the store does not answer.
    pub async fn carried(
        &self,
        vault: &Vault,
        kind: Kind,
        browser: &str,
        i: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Error> {
        if is_id(i, 22) {
            return self.get(kind, &key(i, browser), now).await;
        }
        if i.len() > LONGEST {
            return Ok(None);
        }
        let Ok(text) = vault.open(place(kind, browser), i) else { return Ok(None) };
        let found = text.split_once(' ').and_then(|(end, text)| Some((end.parse().ok().map(Timestamp)?, text)));
        Ok(found.filter(|(end, _)| now < *end).map(|(_, text)| text.to_owned()))
    }

    /// Keeps once more what had to be kept, under the `i` that it has. What is sealed in an address needs it not.
    ///
    /// # Errors
    /// It is larger than its kind allows; there is no room; the store does not answer.
    pub async fn keep_again(&self, i: &str, now: Timestamp, what: &Carried<'_>) -> Result<(), Error> {
        if !is_id(i, 22) {
            return Ok(());
        }
        self.put_for(what.owner, what.kind, &key(i, what.browser), what.text, what.expires, now).await
    }

    /// Forgets what was kept for nobody yet, now that it is somebody's. What is sealed in an address ends by itself.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn let_go(&self, kind: Kind, browser: &str, i: &str) -> Result<(), Error> {
        if is_id(i, 22) { self.remove(kind, &key(i, browser)).await } else { Ok(()) }
    }
}

/// Another browser's `i` is unknown.
fn key(i: &str, browser: &str) -> String {
    digest(&format!("{i}/{browser}"))
}

fn place(kind: Kind, browser: &str) -> Place<'_> {
    Place { table: "address", column: kind.name(), row: browser }
}
