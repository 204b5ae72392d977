//! Reads the demo's files with the production reader, and finds the cast in the rosters.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use super::*;
use crate::base::names::{family_name_matches, match_given_name};
use crate::base::phone::{PhoneError, PhoneParser};
use crate::roster::formats::{SchoolRoster, siecle};
use crate::roster::reconcile::{CurrentState, RemovalPolicy, plan_changes};
use crate::roster::uai::Uai;
use crate::roster::{Level, PersonData};

// 2026-11-24T09:00:00Z
const NOW: Timestamp = Timestamp(1_795_510_800_000);

fn numbering() -> PhoneParser {
    PhoneParser { fictitious_prefixes: vec!["+3363998".into()], calls_landlines: false }
}

fn sets() -> Vec<(&'static str, SchoolRoster)> {
    let mut files = BTreeMap::new();
    for file in files_of(NOW) {
        let read = siecle::read_exports(&file.name, Cursor::new(&file.bytes)).unwrap();
        files.entry(file.uai).or_insert((file.academy, Vec::new())).1.extend(read);
    }
    files.into_values().map(|(academy, files)| (academy, siecle::assemble_rosters(files).remove(0).unwrap())).collect()
}

fn files_of(now: Timestamp) -> Vec<RosterFile> {
    roster_files(now).unwrap()
}

#[test]
fn every_school_has_a_pair_of_files_that_the_reader_takes_whole() {
    assert_eq!(files_of(NOW).len(), 12);
    let sets = sets();
    assert_eq!(sets.len(), SCHOOLS.len());
    for (_, set) in &sets {
        assert_eq!(set.errors, [], "{}", set.uai);
        assert_eq!(set.year, 2026);
        let plan = plan_changes(&CurrentState::default(), set, &numbering(), RemovalPolicy::Guarded).unwrap();
        assert!((20..=42).contains(&plan.counts.pupils), "{} {:?}", set.uai, plan.counts);
        assert_eq!((plan.counts.pupils_departed, plan.counts.dangling_links), (1, 0));
        assert!(plan.enrolments_started.iter().all(|(_, class)| class.is_some()));
    }
    let first = sets.iter().find(|(_, set)| set.uai.as_str() == "0349999J").unwrap();
    let levels: BTreeSet<Level> = first.1.links.iter().map(|link| link.data.level).collect();
    assert_eq!(levels.len(), 3, "legal, in charge, contact");
}

#[test]
fn the_same_time_gives_the_same_files() {
    let bytes = |now| files_of(now).into_iter().map(|file| file.bytes).collect::<Vec<_>>();
    assert!(bytes(NOW) == bytes(NOW));
    let august = Timestamp(NOW.0 - 120 * 86_400_000);
    assert!(bytes(NOW) != bytes(august));
}

#[test]
fn uais_have_the_right_letter() {
    assert!(SCHOOLS.iter().all(|school| Uai::parse(school.uai).is_ok()));
}

/// Returns the persons matching a typed identity, with the children of their legal links.
fn found(
    member: &CastMember,
    sets: &[(&'static str, SchoolRoster)],
) -> Vec<(&'static str, String, PersonData, Vec<String>)> {
    let typed = numbering().parse_mobile(member.phone).ok();
    let mut found = Vec::new();
    for (academy, set) in sets {
        let plan = plan_changes(&CurrentState::default(), set, &numbering(), RemovalPolicy::Guarded).unwrap();
        for (id, data) in plan.persons_new {
            let same = typed.is_some() && data.phone.mobile() == typed.as_ref();
            let family = family_name_matches(member.typed_name(), &data.family, data.usage.as_deref());
            if same && family && match_given_name(member.given_name, &data.given).is_some() {
                let mine = |person: &str, level| person == id && level == Level::Legal;
                let links = plan.links_started.iter().filter(|((_, person), link)| mine(person, link.level));
                let named = |pupil: &str| set.pupils.iter().find(|other| other.id == pupil).unwrap();
                let children = links.map(|((pupil, _), _)| {
                    let pupil = named(pupil);
                    format!("{} {} {}", pupil.data.given, pupil.data.born.to_french_format(), set.uai)
                });
                found.push((*academy, id.clone(), data, children.collect()));
            }
        }
    }
    found
}

#[test]
fn each_of_the_cast_is_found_with_exactly_their_children() {
    let sets = sets();
    let cast = cast();
    assert_eq!(cast[0].label, "Fatou LEBŒUF");
    assert_eq!(cast.iter().map(|member| &member.label).collect::<BTreeSet<_>>().len(), cast.len());
    for member in &cast {
        let mut right: Vec<String> =
            member.children.iter().map(|child| format!("{} {} {}", child.given_name, child.born, child.uai)).collect();
        let found = found(member, &sets);
        if numbering().parse_mobile(member.phone) == Err(PhoneError::Landline) {
            assert!(found.is_empty());
            continue;
        }
        let mut children: Vec<String> = found.iter().flat_map(|(.., children)| children.clone()).collect();
        right.sort();
        children.sort();
        assert_eq!(children, right, "{}", member.label);
        assert!(!found.is_empty(), "{}", member.label);
    }
}

#[test]
fn a_person_has_one_id_in_an_academy_and_another_in_the_next() {
    let cast = cast();
    let member = cast.iter().find(|member| member.children.len() == 3).unwrap();
    let ids: BTreeSet<(&str, String)> =
        found(member, &sets()).into_iter().map(|(academy, id, ..)| (academy, id)).collect();
    let academies: Vec<&str> = ids.iter().map(|(academy, _)| *academy).collect();
    assert_eq!(academies, ["montpellier", "toulouse"]);
    assert_eq!(ids.iter().map(|(_, id)| id).collect::<BTreeSet<_>>().len(), 2);
}

#[test]
fn ids_are_unique_in_an_academy() {
    let mut pupils: BTreeMap<(&str, String), String> = BTreeMap::new();
    for (academy, set) in sets() {
        for pupil in set.pupils {
            let seen = pupils.insert((academy, pupil.id), pupil.data.given);
            assert_eq!(seen, None, "{}", set.uai);
        }
    }
}

#[test]
fn files_are_written_by_academy() {
    let folder = tempfile::tempdir().unwrap();
    let written = write_roster_files(folder.path(), NOW).unwrap();
    assert_eq!(written.len(), 12);
    assert!(written.iter().all(|(academy, path)| path.is_file() && path.starts_with(folder.path().join(academy))));
}
