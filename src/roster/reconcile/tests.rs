//! Tests of the comparison: the samples, each rule, and invariants of any roster.

use std::io::Cursor;

use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::base::clock::Span;
use crate::roster::Level;
use crate::roster::formats::{LinkRecord, RosterExtent, siecle};
use crate::roster::uai::Uai;

const ELEVES: &[u8] = include_bytes!("../../../tests/samples/ElevesAvecAdresses.xml");
const RESPONSABLES: &[u8] = include_bytes!("../../../tests/samples/ResponsablesAvecAdresses.xml");
const RESPONSABLES_2017: &[u8] = include_bytes!("../../../tests/samples/ResponsablesAvecAdresses_avant_2018.xml");

fn numbering() -> PhoneParser {
    PhoneParser { fictitious_prefixes: vec!["+3363998".into()], calls_landlines: false }
}

fn planned(known: &CurrentState, set: &SchoolRoster) -> Result<ReconcilePlan, ReconcileError> {
    plan_changes(known, set, &numbering(), RemovalPolicy::Guarded)
}

/// Returns the stored state after writing a plan.
fn apply(known: &CurrentState, plan: &ReconcilePlan) -> CurrentState {
    let mut after = known.clone();
    after.last_export = Some(plan.export);
    let ExportVersion { pupils_at: eleves, persons_at: responsables, .. } = plan.export;
    for (id, data) in plan.pupils_new.iter().chain(&plan.pupils_changed) {
        after.pupils.insert(id.clone(), Dated { data: data.clone(), exported_at: eleves });
    }
    for (id, data) in plan.persons_new.iter().chain(&plan.persons_changed) {
        after.persons.insert(id.clone(), Dated { data: data.clone(), exported_at: responsables });
    }
    for id in &plan.pupils_unchanged {
        after.pupils.get_mut(id).unwrap().exported_at = eleves;
    }
    for id in &plan.persons_unchanged {
        after.persons.get_mut(id).unwrap().exported_at = responsables;
    }
    after.enrolments.extend(plan.enrolments_started.iter().chain(&plan.enrolments_moved).cloned());
    after.links.extend(plan.links_started.iter().chain(&plan.links_changed).cloned());
    after.enrolments.retain(|id, _| !plan.enrolments_ended.contains(id));
    after.links.retain(|key, _| !plan.links_ended.contains(key));
    after
}

fn day(day: i64) -> Timestamp {
    Timestamp(0).plus(Span::days(20_000 + day))
}

fn pupil(id: usize) -> PupilRecord {
    let data = PupilData {
        family: "DURAND".into(),
        usage: None,
        given: format!("Zoé{id}"),
        born: "2013-02-14".parse().unwrap(),
        ine_blind: None,
    };
    let id = format!("{id:03}");
    PupilRecord { id, eleve_id: None, data, ine: None, class: Some("6A".into()), left_on: None }
}

fn person(id: usize) -> PersonRecord {
    let mobile = Some(format!("06 39 98 {:02} {:02}", id / 100, id % 100));
    PersonRecord {
        id: format!("p{id:03}"),
        family: "DURAND".into(),
        usage: None,
        given: "Anne".into(),
        mobile,
        other_numbers: Vec::new(),
        keeps_phone: false,
        mail: None,
        keeps_mail: false,
    }
}

fn link(pupil: usize, person: usize, level: Level) -> LinkRecord {
    let data = LinkData { level, relation: Some("10".into()) };
    LinkRecord {
        pupil: format!("{pupil:03}"),
        person: format!("p{person:03}"),
        data,
        repeated: false,
        is_doubtful: false,
    }
}

/// A school of `size` pupils, each with a separate legal representative.
fn school(size: usize) -> SchoolRoster {
    SchoolRoster {
        uai: Uai::parse("0349999J").unwrap(),
        extent: RosterExtent::Complete,
        year: 2025,
        pupils_exported_at: day(0),
        persons_exported_at: day(0),
        exported_on: NaiveDate::from_ymd_opt(2025, 9, 8).unwrap(),
        pupils: (0..size).map(pupil).collect(),
        persons: (0..size).map(person).collect(),
        links: (0..size).map(|id| link(id, id, Level::Legal)).collect(),
        unreadable_pupils: Default::default(),
        unreadable_persons: Default::default(),
        errors: Vec::new(),
        warnings: Vec::new(),
        identity: Default::default(),
        places: BTreeMap::new(),
        levels_unknown: false,
        classes_unknown: false,
    }
}

fn taken(set: &SchoolRoster) -> CurrentState {
    let known = CurrentState::default();
    apply(&known, &planned(&known, set).unwrap())
}

/// The roster exported a day later.
fn later(set: &SchoolRoster, change: impl FnOnce(&mut SchoolRoster)) -> SchoolRoster {
    let mut set = set.clone();
    set.pupils_exported_at = day(1);
    set.persons_exported_at = day(1);
    change(&mut set);
    set
}

fn without(set: &SchoolRoster, count: usize) -> SchoolRoster {
    later(set, |set| {
        set.pupils.drain(..count);
        set.links.drain(..count);
    })
}

#[test]
fn the_samples_of_both_generations_give_the_same_school() {
    for responsables in [RESPONSABLES, RESPONSABLES_2017] {
        let mut files = siecle::read_exports("e", Cursor::new(ELEVES)).unwrap();
        files.extend(siecle::read_exports("r", Cursor::new(responsables)).unwrap());
        // The old sample is of 2017; the year is changed so that both agree.
        files.iter_mut().for_each(|file| file.header.year = 2025);
        let set = siecle::assemble_rosters(files).remove(0).unwrap();
        let plan = planned(&CurrentState::default(), &set).unwrap();
        let right = RosterCounts {
            pupils: 1,
            pupils_departed: 1,
            linked_persons: 2,
            persons_without_link: 1,
            legal_links: 2,
            dangling_links: 0,
        };
        assert_eq!(plan.counts, right);
        assert_eq!((plan.persons_new.len(), plan.pupils_new.len(), plan.links_started.len()), (3, 1, 2));
        assert_eq!(plan.enrolments_started, [("900001".to_owned(), Some("6 A".to_owned()))]);
        assert_eq!(plan.persons_new[1].1.phone.mobile().unwrap().as_str(), "+33639980002");
        let known = apply(&CurrentState::default(), &plan);
        assert!(planned(&known, &set).unwrap().is_empty());
    }
}

#[test]
fn five_percent_may_go_within_a_year_and_forty_at_a_new_one() {
    let set = school(100);
    let known = taken(&set);
    let five = planned(&known, &without(&set, 5)).unwrap();
    assert_eq!((five.enrolments_ended.len(), five.links_ended.len(), five.removals.ratio()), (5, 5, 0.05));
    assert!(five.persons_changed.is_empty() && five.pupils_changed.is_empty(), "nothing is deleted");
    let six = without(&set, 6);
    assert_eq!(
        planned(&known, &six),
        Err(ReconcileError::TooManyRemovals { what: "pupils", gone: 6, of: 100, percent: 5 })
    );
    assert!(plan_changes(&known, &six, &numbering(), RemovalPolicy::Accepted).is_ok());
    let next_year = |count| later(&without(&set, count), |set| set.year = 2026);
    assert!(planned(&known, &next_year(40)).is_ok());
    assert!(matches!(planned(&known, &next_year(41)), Err(ReconcileError::TooManyRemovals { percent: 40, .. })));
}

#[test]
fn legal_links_count_by_themselves_and_so_does_losing_the_right() {
    let set = school(100);
    let known = taken(&set);
    let fewer = later(&set, |set| set.links.truncate(94));
    assert!(matches!(
        planned(&known, &fewer),
        Err(ReconcileError::TooManyRemovals { what: "legal links", gone: 6, .. })
    ));
    let lower = later(&set, |set| set.links.iter_mut().take(6).for_each(|link| link.data.level = Level::Contact));
    assert!(matches!(
        planned(&known, &lower),
        Err(ReconcileError::TooManyRemovals { what: "legal links", gone: 6, .. })
    ));
    let five = later(&set, |set| set.links.iter_mut().take(5).for_each(|link| link.data.level = Level::Contact));
    assert_eq!(planned(&known, &five).unwrap().links_changed.len(), 5);
}

#[test]
fn one_family_may_leave_a_small_school_but_no_rule_loosens_from_twenty() {
    for (size, count, allowed) in
        [(1, 1, true), (19, 1, true), (19, 2, false), (20, 1, true), (20, 2, false), (39, 2, false)]
    {
        let set = school(size);
        assert_eq!(planned(&taken(&set), &without(&set, count)).is_ok(), allowed, "{count} of {size}");
    }
    let empty = later(&school(6), |set| {
        set.pupils.clear();
        set.links.clear();
    });
    assert!(planned(&taken(&school(6)), &empty).is_err());
}

#[test]
fn a_past_leaving_date_ends_and_the_last_day_does_not() {
    let set = school(40);
    let known = taken(&set);
    let leaving = |date| {
        let set = later(&set, |set| set.pupils[0].left_on = NaiveDate::from_ymd_opt(2025, 9, date));
        planned(&known, &set).unwrap()
    };
    assert_eq!(leaving(7).enrolments_ended, ["000"]);
    assert_eq!(leaving(7).links_ended, [("000".to_owned(), "p000".to_owned())]);
    assert_eq!(leaving(7).counts.pupils_departed, 1);
    assert!(leaving(8).is_empty());
    assert!(leaving(30).is_empty());
}

#[test]
fn an_older_export_or_an_earlier_year_is_refused() {
    let known = taken(&school(3));
    for (eleves, responsables) in [(-1, 0), (1, -1)] {
        let mut set = school(3);
        set.pupils_exported_at = day(eleves);
        set.persons_exported_at = day(responsables);
        assert_eq!(planned(&known, &set), Err(ReconcileError::OlderExport { known: day(0), given: day(-1) }));
    }
    let earlier = later(&school(3), |set| set.year = 2024);
    assert_eq!(planned(&known, &earlier), Err(ReconcileError::EarlierSchoolYear { known: 2025, given: 2024 }));
}

#[test]
fn what_another_school_said_later_is_not_overwritten() {
    let set = school(2);
    let mut known = taken(&set);
    known.persons.get_mut("p000").unwrap().data.given = "Anna".into();
    known.persons.get_mut("p000").unwrap().exported_at = day(5);
    assert!(planned(&known, &later(&set, |_| ())).unwrap().is_empty());
    known.persons.get_mut("p000").unwrap().exported_at = day(0);
    assert_eq!(planned(&known, &later(&set, |_| ())).unwrap().persons_changed.len(), 1);
}

#[test]
fn the_unreadable_counts_as_unchanged() {
    let set = school(40);
    let known = taken(&set);
    let unread = later(&set, |set| {
        set.pupils.retain(|pupil| pupil.id != "000");
        set.unreadable_pupils.ids.insert("000".into());
        set.persons.retain(|person| person.id != "p001");
        set.unreadable_persons.ids.insert("p001".into());
        set.links.retain(|link| link.pupil != "002");
        set.unreadable_persons.links.insert(("002".into(), "p002".into()));
    });
    assert!(planned(&known, &unread).unwrap().is_empty());
    let unnamed = later(&set, |set| {
        set.pupils.drain(..1);
        set.unreadable_pupils.unnamed = 1;
        set.links.drain(..2);
        set.unreadable_persons.unnamed_links = 1;
    });
    assert!(planned(&known, &unnamed).unwrap().is_empty(), "any of them may be the one without id");
    // Unknown and unreadable: nothing starts, and no link is dangling.
    let first = planned(&CurrentState::default(), &unread).unwrap();
    assert_eq!(first.counts.dangling_links, 0);
    assert_eq!((first.pupils_new.len(), first.persons_new.len(), first.links_started.len()), (39, 39, 37));
}

#[test]
fn numbers_that_take_no_sms_are_told_and_not_kept() {
    let set = later(&school(3), |set| {
        set.persons[0].mobile = Some("04 67 12 34 56".into());
        set.persons[1].mobile = Some("06 12".into());
        set.persons[2].mobile = None;
    });
    let plan = planned(&CurrentState::default(), &set).unwrap();
    let told = [("p000".to_owned(), UnusableReason::Landline), ("p001".to_owned(), UnusableReason::Incomplete)];
    assert_eq!(plan.unusable_numbers, told);
    assert!(plan.persons_new.iter().all(|(_, data)| data.phone.mobile().is_none()));
    assert_eq!(plan.unreachable, ["p000", "p001", "p002"].map(|id| (id.to_owned(), None)));
}

#[test]
fn faults_c6_a_mobile_in_another_column_is_hinted_at_and_never_used() {
    let set = later(&school(4), |set| {
        for (person, (mobile, column, number)) in set.persons.iter_mut().zip([
            (Some("04 67 12 34 56"), "TEL_PERSONNEL", "06 39 98 11 11"),
            (None, "TEL_PERSONNE", "06.39.98.22.22"),
            (None, "TEL_PROFESSIONNEL", "04 67 12 34 57"),
            (Some("06 39 98 00 03"), "TEL_PERSONNEL", "06 39 98 33 33"),
        ]) {
            person.mobile = mobile.map(str::to_owned);
            person.other_numbers = vec![(column, number.to_owned())];
        }
    });
    let plan = planned(&CurrentState::default(), &set).unwrap();
    let hint = |id: &str, column| (id.to_owned(), column);
    let told = [hint("p000", Some("TEL_PERSONNEL")), hint("p001", Some("TEL_PERSONNE")), hint("p002", None)];
    assert_eq!(plan.unreachable, told);
    let kept = |id: usize| &plan.persons_new[id].1;
    assert_eq!(
        kept(0).phone,
        Phone::Unusable(UnusablePhone {
            reason: Some(UnusableReason::Landline),
            last_digits: "56".into(),
            landline: None
        })
    );
    assert_eq!((&kept(1).phone, kept(1).mobile_column), (&Phone::Absent, Some("TEL_PERSONNE")));
    assert_eq!(kept(3).phone.mobile().unwrap().as_str(), "+33639980003");
    assert_eq!(kept(3).mobile_column, None, "who is reached needs no hint");
}

#[test]
fn only_people_who_are_legal_representatives_must_be_reachable() {
    let set = later(&school(4), |set| {
        set.persons.iter_mut().for_each(|person| person.mobile = None);
        set.persons[1].given = String::new();
        set.persons[2].mobile = Some("06 39 98 00 02".into());
        set.links[3] = link(3, 3, Level::Contact);
    });
    assert_eq!(planned(&CurrentState::default(), &set).unwrap().unreachable, [("p000".to_owned(), None)]);
}

#[test]
fn what_a_newer_export_repeats_is_confirmed_so_that_an_older_one_of_another_school_does_not_undo_it() {
    let set = school(2);
    let known = taken(&set);
    let plan = planned(&known, &later(&set, |_| {})).unwrap();
    assert!(plan.is_empty());
    assert_eq!((plan.pupils_unchanged.len(), plan.persons_unchanged.len()), (2, 2));
    let known = apply(&known, &plan);
    assert_eq!(known.persons["p000"].exported_at, day(1));
    let again = planned(&known, &later(&set, |_| {})).unwrap();
    assert_eq!((again.pupils_unchanged.len(), again.persons_unchanged.len()), (0, 0));
}

/// Generates a roster of a small world, so that two rosters overlap.
fn any_set() -> impl Strategy<Value = SchoolRoster> {
    let pupils = proptest::collection::btree_map(0usize..8, (0u32..3, proptest::option::of(1u32..20)), 0..8);
    let persons = proptest::collection::btree_map(0usize..8, 0u32..3, 0..8);
    let level = prop_oneof![Just(Level::Legal), Just(Level::InCharge), Just(Level::Contact)];
    let links = proptest::collection::btree_map((0usize..8, 0usize..8), level, 0..12);
    let ids = || proptest::collection::btree_set(0usize..8, 0..3);
    let unnamed = || prop_oneof![3 => Just(0usize), 1 => Just(1)];
    (pupils, persons, links, ids(), ids(), unnamed(), unnamed()).prop_map(
        |(pupils, persons, links, lost_pupils, lost_persons, unnamed, unnamed_links)| {
            let mut set = school(0);
            for (id, (class, left)) in pupils {
                let mut pupil = pupil(id);
                pupil.class = Some(format!("6{class}"));
                pupil.left_on = left.and_then(|day| NaiveDate::from_ymd_opt(2025, 9, day));
                set.pupils.push(pupil);
            }
            for (id, given) in persons {
                let mut person = person(id);
                person.given = format!("Anne{given}");
                set.persons.push(person);
            }
            set.links = links.into_iter().map(|((pupil, person), level)| link(pupil, person, level)).collect();
            set.unreadable_pupils.ids = lost_pupils.iter().map(|id| pupil(*id).id).collect();
            set.unreadable_persons.ids = lost_persons.iter().map(|id| person(*id).id).collect();
            set.pupils.retain(|pupil| !set.unreadable_pupils.ids.contains(&pupil.id));
            set.persons.retain(|person| !set.unreadable_persons.ids.contains(&person.id));
            set.unreadable_pupils.unnamed = unnamed;
            set.unreadable_persons.unnamed_links = unnamed_links;
            set
        },
    )
}

proptest! {
    #[test]
    fn the_same_set_twice_changes_nothing(before in any_set(), set in any_set()) {
        let known = taken(&before);
        let first = plan_changes(&known, &set, &numbering(), RemovalPolicy::Accepted).unwrap();
        let known = apply(&known, &first);
        prop_assert!(plan_changes(&known, &set, &numbering(), RemovalPolicy::Guarded).unwrap().is_empty());
        // All current rows are consistent with each other.
        for (pupil, person) in known.links.keys() {
            prop_assert!(known.enrolments.contains_key(pupil) && known.pupils.contains_key(pupil));
            prop_assert!(known.persons.contains_key(person));
        }
    }

    #[test]
    fn the_order_of_records_does_not_matter(before in any_set(), set in any_set(), seed in any::<u64>()) {
        let known = taken(&before);
        let mut mixed = set.clone();
        let turn = |len: usize| if len == 0 { 0 } else { seed as usize % len };
        let (pupils, persons, links) = (turn(set.pupils.len()), turn(set.persons.len()), turn(set.links.len()));
        mixed.pupils.rotate_left(pupils);
        mixed.persons.rotate_left(persons);
        mixed.links.rotate_left(links);
        mixed.links.reverse();
        let of = |set| plan_changes(&known, set, &numbering(), RemovalPolicy::Accepted).unwrap();
        prop_assert_eq!(of(&set), of(&mixed));
    }
}

#[test]
fn attack_a12_an_ine_of_two_enrolled_pupils_of_one_export_joins_neither() {
    let elsewhere = |id: usize| PupilElsewhere {
        pupil_id: crate::base::typed_ids::PupilId::new("there"),
        account_id: crate::base::typed_ids::AccountId::new("zoe"),
        family: "DURAND".into(),
        given: format!("Zoé{id}"),
        born: "2013-02-14".parse().unwrap(),
        is_older: true,
    };
    let mut set = school(3);
    for pupil in &mut set.pupils[..2] {
        pupil.data.ine_blind = Some("x".into());
    }
    let mut known = CurrentState::default();
    for id in 0..2 {
        known.elsewhere.insert(format!("{id:03}"), vec![elsewhere(id)]);
    }
    let plan = planned(&known, &set).unwrap();
    let doubtful = |id: &str| (id.to_owned(), IneConflict::Repeated);
    assert_eq!((plan.accounts_joined, plan.ine_conflicts), (vec![], vec![doubtful("000"), doubtful("001")]));
    // One of the two has left: the INE is the other's.
    set.pupils[1].left_on = NaiveDate::from_ymd_opt(2025, 9, 7);
    let plan = planned(&known, &set).unwrap();
    assert_eq!((plan.accounts_joined, plan.ine_conflicts), (vec![("000".to_owned(), elsewhere(0))], vec![]));
}
