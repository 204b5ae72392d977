//! Takes out of a roster the links whose child is named in another class than the only pupil of that name has.
//!
//! Such a row may mean that pupil, whose class one of the tables has late, or another child whose own row is not there. It
//! gives nobody a child: it counts only where the school has the link already (docs/decisions/0056-records-without-an-id.md).

use std::borrow::Cow;
use std::collections::BTreeSet;

use crate::roster::formats::{LinkRecord, SchoolRoster};
use crate::roster::reconcile::CurrentState;

/// Returns the roster without the doubtful links that the school has not, and the ids of their persons. The pupils keep
/// the links that they have.
pub fn settle_doubtful_links<'a>(
    current: &CurrentState,
    set: Cow<'a, SchoolRoster>,
) -> (Cow<'a, SchoolRoster>, Vec<String>) {
    let is_there = |key: &(String, String)| current.links.contains_key(key) || current.held.links.contains(key);
    let key_of = |pupil: &String, person: &String| (pupil.clone(), person.clone());
    let is_refused = |link: &LinkRecord| link.is_doubtful && !is_there(&key_of(&link.pupil, &link.person));
    if !set.links.iter().any(is_refused) {
        return (set, Vec::new());
    }
    let mut set = set.into_owned();
    let (refused, kept): (Vec<_>, Vec<_>) = std::mem::take(&mut set.links).into_iter().partition(is_refused);
    set.links = kept;
    let linked: BTreeSet<&str> = set.links.iter().map(|link| link.person.as_str()).collect();
    let persons: BTreeSet<String> = refused.iter().map(|link| link.person.clone()).collect();
    let alone: BTreeSet<String> = persons.iter().filter(|id| !linked.contains(id.as_str())).cloned().collect();
    set.persons.retain(|person| !alone.contains(&person.id));
    set.unreadable_persons.ids.extend(alone);
    set.unreadable_persons.pupils.extend(refused.into_iter().map(|link| link.pupil));
    (Cow::Owned(set), persons.into_iter().collect())
}
