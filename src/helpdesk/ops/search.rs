//! Searches people inside a scope. What was typed is neither logged nor kept.

mod by_words;

use std::collections::BTreeMap;

use crate::accounts;
use crate::administrators::ops::OnDuty;
use crate::administrators::roles::AdminAct;
use crate::administrators::scope::AdminScope;
use crate::administrators::territory::Place;
use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::typed_ids::PersonId;
use crate::base::uai::Uai;
use crate::db::Tx;
use crate::helpdesk::search::{HelpdeskQuery, MAX_HITS};
use crate::helpdesk::store::{self, FoundRow};
use crate::roster::ops::words::phone_end_blind;
use crate::roster::sealed_rows::open_mobile;
use crate::roster::search::{SearchWords, words_of};

/// Whoever left a school within this time is still found there.
pub const ENDED_RECENTLY: Span = Span::days(366);
/// The number of rows that a search reads: a parent has one for each child.
const MAX_ROWS: i64 = 400;

/// Somebody found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonHit {
    pub id: String,
    pub family_name: String,
    pub given_name: String,
    pub is_pupil: bool,
    /// Of a parent: the children, as « Élie L., 4e B »; of a pupil, the class.
    pub children: Vec<String>,
    pub school: String,
    /// `none`, `pending`, `active`, `closed`, `suspended`, or `unreachable` of a parent who cannot get a code.
    pub standing: &'static str,
    pub phone_end: Option<String>,
    /// True for a name that is nearly the searched one.
    pub is_near: bool,
}

/// The result of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SearchResult {
    pub hits: Vec<PersonHit>,
    /// True if there are others, or may be: the words are those of too many people.
    pub has_more: bool,
    /// True if the digits are too few for so large a territory.
    pub needs_four_digits: bool,
}

/// So many schools are read whole: what others than their people are called changes nothing in what is found and told.
const MAX_WHOLE_SCHOOLS: usize = 5;

/// The scopes of a search: parents and pupils apart, because a delegate may see pupils only.
struct Scopes {
    parents: AdminScope,
    pupils: AdminScope,
}

/// Searches people on the administrator's territory.
pub async fn search(op: &Operation<'_>, on_duty: &OnDuty, query: &HelpdeskQuery) -> anyhow::Result<SearchResult> {
    let scopes = Scopes {
        parents: AdminScope::of(&on_duty.roles, AdminAct::SeeParents, op.now),
        pupils: AdminScope::of(&on_duty.roles, AdminAct::SeePupils, op.now),
    };
    let mut tx = op.app.db.read().await?;
    match query {
        HelpdeskQuery::Words(words) => find_by_words(op, &mut tx, &scopes, words).await,
        HelpdeskQuery::PhoneEnd(digits) => by_phone_end(op, &mut tx, &scopes, digits).await,
        HelpdeskQuery::Identifiant(identifiant) => by_identifiant(op, &mut tx, &scopes, identifiant).await,
        HelpdeskQuery::Code(_) | HelpdeskQuery::School(_) | HelpdeskQuery::WrongUai | HelpdeskQuery::TooShort => {
            Ok(SearchResult::default())
        }
    }
}

async fn find_by_words(
    op: &Operation<'_>,
    tx: &mut Tx,
    scopes: &Scopes,
    words: &SearchWords,
) -> anyhow::Result<SearchResult> {
    // A school is read whole, and compared here: always fresh, and names that are nearly so are found too.
    if let Some(uais) = scopes.pupils.only_schools(MAX_WHOLE_SCHOOLS) {
        let (mut parents, mut pupils) = (Vec::new(), Vec::new());
        for uai in &uais {
            let (of_parents, of_pupils) = read_school(op, tx, scopes, uai).await?;
            parents.extend(of_parents);
            pupils.extend(of_pupils);
        }
        let mut exact = Vec::new();
        let mut near = Vec::new();
        for (is_pupil, group) in
            group_rows(parents).into_iter().map(|g| (false, g)).chain(group_rows(pupils).into_iter().map(|g| (true, g)))
        {
            let known = group_words(&group);
            if words.matches(&known) {
                exact.push(hit(op, is_pupil, &group, false)?);
            } else if words.is_near(&known) {
                near.push(hit(op, is_pupil, &group, true)?);
            }
        }
        exact.extend(near);
        return Ok(cut(exact));
    }
    by_words::find(op, tx, scopes, words).await
}

async fn by_phone_end(op: &Operation<'_>, tx: &mut Tx, scopes: &Scopes, digits: &str) -> anyhow::Result<SearchResult> {
    if scopes.parents.is_empty() {
        return Ok(SearchResult::default());
    }
    let mut hits = Vec::new();
    if let Some(uai) = scopes.parents.only_school() {
        for group in group_rows(read_school(op, tx, scopes, &uai).await?.0) {
            if number_of(op, &group)?.is_some_and(|number| number.ends_with(digits))
                || group.first().and_then(|row| row.phone_end.as_deref()).is_some_and(|end| end.ends_with(digits))
            {
                hits.push(hit(op, false, &group, false)?);
            }
        }
        return Ok(cut(hits));
    }
    if digits.len() < 4 {
        return Ok(SearchResult { needs_four_digits: true, ..SearchResult::default() });
    }
    let blind = phone_end_blind(op.storage(), digits);
    let rows = store::list_parents_by_phone_end(tx, &scopes.parents, &blind, MAX_ROWS).await?;
    for group in group_rows(rows) {
        hits.push(hit(op, false, &group, false)?);
    }
    Ok(cut(hits))
}

/// Finds the person of an identifiant. Somebody outside the territory is not found.
async fn by_identifiant(
    op: &Operation<'_>,
    tx: &mut Tx,
    scopes: &Scopes,
    identifiant: &str,
) -> anyhow::Result<SearchResult> {
    let Some(account) = accounts::store::find_by_identifiant(tx, identifiant).await? else {
        return Ok(SearchResult::default());
    };
    let Some(id) = store::person::find_subject_of_account(tx, &account.id).await? else {
        return Ok(SearchResult::default());
    };
    let ended_after = op.now.minus(ENDED_RECENTLY);
    let links = store::person::list_links(tx, &PersonId::new(&id), ended_after).await?;
    let is_pupil = links.is_empty();
    let mut ties = match is_pupil {
        true => store::person::list_enrolments(tx, &crate::base::typed_ids::PupilId::new(&id), ended_after).await?,
        false => links,
    };
    let scope = if is_pupil { &scopes.pupils } else { &scopes.parents };
    // Where a child is in another territory is not this administrator's to see.
    ties.retain(|tie| scope.contains(&super::person::place_of(tie)));
    if ties.is_empty() {
        return Ok(SearchResult::default());
    }
    let standing = if account.suspended_by.is_some() { "suspended" } else { account.state.name() };
    let children = ties.iter().filter(|tie| tie.is_current).map(|tie| match is_pupil {
        true => tie.class.clone().unwrap_or_default(),
        false => child_words(&tie.given_name, &tie.family_name, tie.class.as_deref()),
    });
    let hit = PersonHit {
        id,
        children: children.filter(|words| !words.is_empty()).collect(),
        family_name: account.family_name,
        given_name: account.given_name,
        is_pupil,
        school: ties.first().map(|tie| tie.school.clone()).unwrap_or_default(),
        standing,
        phone_end: None,
        is_near: false,
    };
    Ok(cut(vec![hit]))
}

/// Reads the people of one school that the scopes see.
async fn read_school(
    op: &Operation<'_>,
    tx: &mut Tx,
    scopes: &Scopes,
    uai: &Uai,
) -> anyhow::Result<(Vec<FoundRow>, Vec<FoundRow>)> {
    let ended_after = op.now.minus(ENDED_RECENTLY);
    let sees = |scope: &AdminScope, row: &FoundRow| {
        let place = Place { uai: Some(uai.clone()), class: row.class.clone(), ..Place::default() };
        scope.contains(&place)
    };
    let mut parents = match scopes.parents.is_empty() {
        true => Vec::new(),
        false => store::list_parents_of_school(tx, uai, ended_after).await?,
    };
    parents.retain(|row| sees(&scopes.parents, row));
    let mut pupils = store::list_pupils_of_school(tx, uai, ended_after).await?;
    pupils.retain(|row| sees(&scopes.pupils, row));
    Ok((parents, pupils))
}

/// Puts the rows of one person together, in the order of the names.
fn group_rows(rows: Vec<FoundRow>) -> Vec<Vec<FoundRow>> {
    let mut groups: BTreeMap<(String, String, String), Vec<FoundRow>> = BTreeMap::new();
    for row in rows {
        let key = (row.family_name.clone(), row.given_name.clone(), row.id.clone());
        groups.entry(key).or_default().push(row);
    }
    groups.into_values().collect()
}

/// Returns the words of a person, and of the children.
fn group_words(group: &[FoundRow]) -> Vec<String> {
    let of_row = |row: &FoundRow| {
        let names = [
            Some(row.family_name.clone()),
            row.usage_name.clone(),
            Some(row.given_name.clone()),
            row.child_given.clone(),
            row.child_family.clone(),
            row.class.clone(),
        ];
        names.into_iter().flatten().collect::<Vec<String>>()
    };
    let names: Vec<String> = group.iter().flat_map(of_row).collect();
    words_of(names.iter().map(String::as_str))
}

fn number_of(op: &Operation<'_>, group: &[FoundRow]) -> anyhow::Result<Option<String>> {
    let Some((row, sealed)) = group.first().and_then(|row| Some((row, row.phone.as_ref()?))) else { return Ok(None) };
    let number = open_mobile(&op.app.master_key, &PersonId::new(&row.id), sealed)?;
    Ok(Some(number.as_str().to_owned()))
}

/// Returns a child as « Élie L., 4e B ».
pub fn child_words(given: &str, family: &str, class: Option<&str>) -> String {
    let initial: String = family.chars().next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    match class {
        Some(class) => format!("{given} {initial}., {class}"),
        None => format!("{given} {initial}."),
    }
}

fn hit(op: &Operation<'_>, is_pupil: bool, group: &[FoundRow], is_near: bool) -> anyhow::Result<PersonHit> {
    let first = group.first().ok_or_else(|| anyhow::anyhow!("a person without a row"))?;
    let end = match number_of(op, group)? {
        Some(number) => number.get(number.len().saturating_sub(2)..).map(str::to_owned),
        None => first.phone_end.clone(),
    };
    let children = group.iter().filter_map(|row| match (is_pupil, &row.child_given) {
        (true, _) => row.class.clone(),
        (false, Some(given)) => {
            Some(child_words(given, row.child_family.as_deref().unwrap_or_default(), row.class.as_deref()))
        }
        (false, None) => None,
    });
    let standing = match (first.suspended, first.account_state.as_deref()) {
        (true, _) => "suspended",
        (_, Some("active")) => "active",
        (_, Some("pending")) => "pending",
        (_, Some("closed")) => "closed",
        _ if first.phone_state.as_deref().is_some_and(|state| state != "mobile") => "unreachable",
        _ => "none",
    };
    let mut children: Vec<String> = children.collect();
    children.dedup();
    Ok(PersonHit {
        id: first.id.clone(),
        family_name: first.usage_name.clone().unwrap_or_else(|| first.family_name.clone()),
        given_name: first.given_name.clone(),
        is_pupil,
        children,
        school: first.school.clone(),
        standing,
        phone_end: end,
        is_near,
    })
}

fn cut(mut hits: Vec<PersonHit>) -> SearchResult {
    let has_more = hits.len() > MAX_HITS;
    hits.truncate(MAX_HITS);
    SearchResult { hits, has_more, needs_four_digits: false }
}
