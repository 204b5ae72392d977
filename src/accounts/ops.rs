//! Giving an account its identifiant.

use super::identifier::draw;
use super::{Account, store};
use crate::base::clock::Timestamp;
use crate::base::ids::row_id;
use crate::base::names;
use crate::base::rng::Random;
use crate::db::Tx;

/// How often a draw may meet a number that another server took meanwhile.
const DRAWS: usize = 50;

/// Makes a pending account for somebody, with an identifiant that nobody ever had.
///
/// # Errors
/// The stem's eleven thousand numbers are used up, or the database fails.
pub async fn open_account(
    tx: &mut Tx,
    rng: &dyn Random,
    now: Timestamp,
    profile: &str,
    given: &str,
    family: &str,
    usage: Option<&str>,
) -> anyhow::Result<Account> {
    let stem = names::stem(given, family, usage);
    let id = row_id(now, rng);
    let shown = usage.unwrap_or(family);
    for _ in 0..DRAWS {
        let taken = store::suffixes(tx, &stem).await?;
        let Some(suffix) = draw(rng, &taken) else { anyhow::bail!("every number of the stem is used") };
        let new = store::New { id: &id, stem: &stem, suffix: &suffix, profile, given_name: given, family_name: shown };
        if store::insert(tx, now, &new).await? {
            let account = store::by_id(tx, &id).await?;
            return account.ok_or_else(|| anyhow::anyhow!("the account just written is not there"));
        }
    }
    anyhow::bail!("no free number was found for a stem in {DRAWS} draws")
}
