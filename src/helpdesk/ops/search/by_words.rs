//! Searches people by the words of their names, on a territory that is too large to be read whole.
//!
//! In each academy the word that the fewest people have leads. Where it is that of thousands, and the territory is some
//! schools of the academy, their people are gone through instead: a person of a small ministry is not missed behind the
//! namesakes of the others.

use super::{MAX_HITS, MAX_ROWS, Scopes, SearchResult, group_rows, hit};
use crate::administrators::scope::AdminScope;
use crate::app::Operation;
use crate::base::uai::Uai;
use crate::db::Tx;
use crate::helpdesk::store;
use crate::helpdesk::store::by_words::{self as rows, NameMatch, SearchBounds, WordBounds};
use crate::roster::search::{SearchWords, prefix_bounds};
use crate::roster::store::words::SubjectKind;

/// The bounds of a search by one word in each academy: a name of thousands is found in the same time as a rare one. One
/// more person is named than is shown, who tells that there are others.
const WORD_SEARCH_BOUNDS: SearchBounds = SearchBounds { words: 5_000, people: 1_000, shown: MAX_HITS as i64 + 1 };
/// The bounds of a search by several words: whoever typed first and last name has nothing to add, and of each word of the
/// index no more is asked than whether there is another.
const SEVERAL_WORDS_BOUNDS: SearchBounds = SearchBounds { words: 10_000, ..WORD_SEARCH_BOUNDS };
/// The number of typed words that are looked up.
const SEARCHED_WORDS: usize = 3;
/// The number of schools of a territory in one academy whose people are gone through, at most.
const MAX_SEARCHED_SCHOOLS: usize = 300;
/// The number of their current links, or enrolments: enough for the agricultural schools of a large academy.
const MAX_SEARCHED_TIES: i64 = 40_000;

/// The people found in some academies.
#[derive(Default)]
struct NamedPeople {
    people: Vec<NameMatch>,
    /// True if there may be others: the words are those of too many.
    has_missed: bool,
}

impl NamedPeople {
    /// Returns the ids of the first ones in the order of lists, and whether there are others.
    fn first(mut self, most: usize) -> (Vec<String>, bool) {
        self.people.sort();
        // Somebody whose schools are in two academies was found in both.
        self.people.dedup();
        let has_more = self.has_missed || self.people.len() > most;
        (self.people.into_iter().take(most).map(|one| one.id).collect(), has_more)
    }

    fn add(&mut self, more: NamedPeople) {
        self.people.extend(more.people);
        self.has_missed |= more.has_missed;
    }
}

/// Finds people by words: the parents first, then the pupils.
pub(super) async fn find(
    op: &Operation<'_>,
    tx: &mut Tx,
    scopes: &Scopes,
    words: &SearchWords,
) -> anyhow::Result<SearchResult> {
    let (mut parents, mut pupils) = (NamedPeople::default(), NamedPeople::default());
    for academy in store::list_academies(tx, &scopes.pupils).await? {
        if !scopes.parents.is_empty() {
            parents.add(find_in_academy(tx, &scopes.parents, (academy.as_str(), SubjectKind::Person), words).await?);
        }
        pupils.add(find_in_academy(tx, &scopes.pupils, (academy.as_str(), SubjectKind::Pupil), words).await?);
    }
    let (mut hits, mut has_more) = (Vec::new(), false);
    for (kind, scope, found) in
        [(SubjectKind::Person, &scopes.parents, parents), (SubjectKind::Pupil, &scopes.pupils, pupils)]
    {
        let (ids, has_others) = found.first(MAX_HITS.saturating_sub(hits.len()));
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let shown = rows::list_rows(tx, scope, kind, &ids, MAX_ROWS).await?;
        // A parent of many children takes many rows: whoever was cut off is one more, however few are left.
        has_more = has_more || has_others || i64::try_from(shown.len()).is_ok_and(|rows| rows >= MAX_ROWS);
        for group in group_rows(shown) {
            hits.push(hit(op, kind == SubjectKind::Pupil, &group, false)?);
        }
    }
    Ok(SearchResult { hits, has_more, needs_four_digits: false })
}

/// Finds the parents or the pupils of an academy.
async fn find_in_academy(
    tx: &mut Tx,
    scope: &AdminScope,
    (academy, kind): (&str, SubjectKind),
    words: &SearchWords,
) -> anyhow::Result<NamedPeople> {
    let most = if words.words().len() > 1 { SEVERAL_WORDS_BOUNDS } else { WORD_SEARCH_BOUNDS };
    // Which word the fewest have is the academy's: « Nicolas » is longer than « Roy », and thousands have it.
    let mut counted = Vec::new();
    for word in words.words().iter().take(SEARCHED_WORDS) {
        let bounds = prefix_bounds(word);
        counted.push((rows::count_words(tx, academy, kind, &bounds, most.words + 1).await?, bounds));
    }
    counted.sort_by_key(|(n, _)| *n);
    let is_too_common = counted.first().is_some_and(|(n, _)| *n > most.words);
    let mut bounds = counted.into_iter().map(|(_, bounds)| bounds);
    let mut next = || bounds.next().unwrap_or_default();
    let bounds = WordBounds { first: next(), second: next(), third: next() };
    if is_too_common && let Some(uais) = find_few_schools(tx, scope, (academy, kind)).await? {
        let people = rows::list_in_schools(tx, kind, &uais, &bounds, most.shown).await?;
        return Ok(NamedPeople { people, has_missed: false });
    }
    let people = rows::list_in_academy(tx, scope, (academy, kind), &bounds, most).await?;
    Ok(NamedPeople { people, has_missed: is_too_common })
}

/// Finds the schools of an academy that lie inside a scope, if they and their people are few enough to be gone through.
async fn find_few_schools(
    tx: &mut Tx,
    scope: &AdminScope,
    (academy, kind): (&str, SubjectKind),
) -> anyhow::Result<Option<Vec<Uai>>> {
    if scope.contains_academy(academy) || scope.has_classes() {
        return Ok(None);
    }
    let most = i64::try_from(MAX_SEARCHED_SCHOOLS)?.saturating_add(1);
    let uais = rows::list_schools_of_scope(tx, scope, academy, most).await?;
    let is_few = uais.len() <= MAX_SEARCHED_SCHOOLS
        && rows::count_ties(tx, kind, &uais, MAX_SEARCHED_TIES + 1).await? <= MAX_SEARCHED_TIES;
    Ok(is_few.then_some(uais))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_are_named_once_and_in_their_order() {
        let one = |family: &str, id: &str| NameMatch {
            family_name: family.to_owned(),
            given_name: "Anne".to_owned(),
            id: id.to_owned(),
        };
        let found = |people: &[NameMatch], has_missed| {
            let mut all = NamedPeople::default();
            for person in people {
                all.add(NamedPeople { people: vec![person.clone()], has_missed });
            }
            all
        };
        let people = [one("B", "2"), one("A", "3"), one("B", "2"), one("B", "1")];
        let ids = |all: &[&str]| all.iter().map(|id| (*id).to_owned()).collect::<Vec<String>>();
        assert_eq!(found(&people, false).first(3), (ids(&["3", "1", "2"]), false));
        assert_eq!(found(&people, false).first(2), (ids(&["3", "1"]), true));
        assert_eq!(found(&people, true).first(3), (ids(&["3", "1", "2"]), true));
        assert_eq!(found(&[], false).first(0), (Vec::new(), false));
    }
}
