//! The identifiants of the rows so far: a person with keys in two places has one account.

use std::collections::{BTreeMap, HashSet};
use std::hash::BuildHasher as _;

use crate::base::typed_ids::AccountId;

/// The identifiants of rows that were taken, with the account of each. Most are the account's own, so the database finds
/// it, and a digest says that a row had it: the identifiants of a million rows themselves would take the memory of a whole
/// import.
#[derive(Default)]
pub(super) struct KnownIdentifiants {
    own: HashSet<u64>,
    /// The identifiants in whose place the account has another one.
    others: BTreeMap<String, AccountId>,
}

impl KnownIdentifiants {
    /// Notes the identifiant of a row.
    pub fn add(&mut self, identifiant: String, account_id: AccountId, is_own: bool) {
        if is_own {
            let digest = self.own.hasher().hash_one(&identifiant);
            self.others.remove(&identifiant);
            self.own.insert(digest);
        } else {
            self.others.insert(identifiant, account_id);
        }
    }

    /// Returns the account of the rows with an identifiant. `given` are the identifiants that accounts have.
    pub fn find<'a>(&'a self, identifiant: &str, given: &'a BTreeMap<String, AccountId>) -> Option<&'a AccountId> {
        let is_own = || self.own.contains(&self.own.hasher().hash_one(identifiant));
        self.others.get(identifiant).or_else(|| given.get(identifiant).filter(|_| is_own()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_account_with_an_identifiant_is_found() {
        let mut known = KnownIdentifiants::default();
        let [one, two] = ["one", "two"].map(AccountId::new);
        let given = BTreeMap::from([("p.nom47".to_owned(), one.clone())]);
        assert_eq!(known.find("p.nom47", &given), None, "no row had it");
        known.add("p.nom47".to_owned(), one.clone(), true);
        assert_eq!(known.find("p.nom47", &given), Some(&one));
        assert_eq!(known.find("p.nom47", &BTreeMap::new()), None);
        known.add("p.nom47".to_owned(), two.clone(), false);
        assert_eq!(known.find("p.nom47", &given), Some(&two));
        known.add("p.nom47".to_owned(), one.clone(), true);
        assert_eq!(known.find("p.nom47", &given), Some(&one));
    }
}
