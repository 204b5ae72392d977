//! Every moment of a rotation, with several servers, differing clocks and failing reloads.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const START: Timestamp = Timestamp(1_795_510_800_000);

fn policy(rotate_after: Option<Span>) -> RotationPolicy<'static> {
    RotationPolicy { algorithms: &Alg::ALL, rotate_after }
}

fn key(kid: &str, state: KeyState) -> KeyLifecycle {
    KeyLifecycle { kid: KeyId::new(kid), alg: Alg::RS256, state, since: START }
}

#[test]
fn each_state_has_its_next_step_and_its_time() {
    let after = policy(Some(Span::days(90)));
    let at = |state, all: &[KeyLifecycle]| next_step(&key("k", state), all, after);
    assert_eq!(at(KeyState::Upcoming, &[]), Some((RotationStep::Activate, START.plus(PUBLISH_LEAD))));
    assert_eq!(at(KeyState::Active, &[]), Some((RotationStep::PublishNext, START.plus(Span::days(90)))));
    assert_eq!(at(KeyState::Active, &[key("n", KeyState::Upcoming)]), None, "its successor is there");
    assert_eq!(at(KeyState::Retiring, &[]), Some((RotationStep::Retire, START.plus(RETIRE_AFTER))));
    assert_eq!(at(KeyState::Retired, &[]), Some((RotationStep::Delete, START.plus(RETIRED_KEY_RETENTION))));
    assert_eq!(at(KeyState::Revoked, &[]), None);
    assert_eq!(next_step(&key("k", KeyState::Active), &[], policy(None)), None, "0 days: never");
    assert_eq!(
        next_step(&key("k", KeyState::Upcoming), &[], policy(None)),
        Some((RotationStep::Activate, START.plus(PUBLISH_LEAD)))
    );
}

#[test]
fn faults_d2_a_key_that_is_not_listed_signs_no_more_and_verifies_to_its_end() {
    let ec_only = RotationPolicy { algorithms: &[Alg::ES256], rotate_after: None };
    for state in [KeyState::Active, KeyState::Upcoming] {
        assert_eq!(next_step(&key("k", state), &[], ec_only), Some((RotationStep::StopSigning, START)), "{state:?}");
    }
    assert_eq!(
        next_step(&key("k", KeyState::Retiring), &[], ec_only),
        Some((RotationStep::Retire, START.plus(RETIRE_AFTER)))
    );
    let es256 = KeyLifecycle { alg: Alg::ES256, ..key("e", KeyState::Active) };
    assert!(problems(std::slice::from_ref(&es256), START, ec_only).is_empty(), "nobody misses what is not listed");
    let left = problems(&[es256, key("k", KeyState::Active)], START.plus(Span::minutes(6)), ec_only);
    assert_eq!(left[0], KeyProblem::StillSigns("RS256 k".to_owned()), "{left:?}");
}

#[test]
fn what_nobody_does_is_said() {
    let healthy: Vec<KeyLifecycle> =
        Alg::ALL.into_iter().map(|alg| KeyLifecycle { alg, ..key("k", KeyState::Active) }).collect();
    let later = |minutes| START.plus(Span::minutes(minutes));
    assert!(problems(&healthy, later(9), policy(Some(Span::days(90)))).is_empty());
    assert_eq!(problems(&healthy[1..], later(9), policy(None)), [KeyProblem::NoActiveKey("RS256")]);
    let stuck = [&healthy[..], &[key("new", KeyState::Upcoming)]].concat();
    assert!(problems(&stuck, later(9), policy(None)).is_empty(), "a server that does it within five minutes is well");
    assert_eq!(problems(&stuck, later(14), policy(None)), [KeyProblem::NotSigning("RS256 new".to_owned())]);
    let old = problems(&healthy, START.plus(Span::days(91)), policy(Some(Span::days(90))));
    assert_eq!(old.len(), 4);
    assert_eq!(old[0], KeyProblem::NotFollowed("RS256 k".to_owned()), "{old:?}");
    assert!(problems(&healthy, START.plus(Span::days(9000)), policy(None)).is_empty(), "0 days: never old");
}

/// Applies the due steps like the database, without compare-and-set: here the servers act one after the other.
fn apply(all: &mut Vec<KeyLifecycle>, now: Timestamp, rotate_after: Option<Span>, drawn: &mut usize) {
    let steps: Vec<(RotationStep, KeyId)> =
        due_steps(all, now, policy(rotate_after)).into_iter().map(|(step, key)| (step, key.kid.clone())).collect();
    for (step, kid) in steps {
        let mut set = |of: &dyn Fn(&KeyLifecycle) -> bool, state| {
            for key in all.iter_mut().filter(|key| of(key)) {
                (key.state, key.since) = (state, now);
            }
        };
        match step {
            RotationStep::PublishNext => {
                *drawn += 1;
                all.push(KeyLifecycle { since: now, ..key(&format!("k{drawn}"), KeyState::Upcoming) });
            }
            RotationStep::Activate => {
                set(&|key| key.state == KeyState::Active, KeyState::Retiring);
                set(&|key| key.kid == kid, KeyState::Active);
            }
            RotationStep::StopSigning => set(&|key| key.kid == kid, KeyState::Retiring),
            RotationStep::Retire => set(&|key| key.kid == kid, KeyState::Retired),
            RotationStep::Delete => all.retain(|key| key.kid != kid),
        }
    }
}

const STEP: i64 = 15;

/// A server: the second of the minute at which it reloads, the failing reloads (never two in a row), and its clock
/// skew.
#[derive(Clone, Debug)]
struct Machine {
    phase: i64,
    fails: Vec<bool>,
    skew: i64,
}

fn machine() -> impl Strategy<Value = Machine> {
    (0..60 / STEP, prop::collection::vec(any::<bool>(), 8), -30..=30i64).prop_map(|(phase, fails, skew)| Machine {
        phase: phase * STEP,
        fails,
        skew,
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// docs/threats.md#property-p12: a token signed at any moment by any server verifies until its expiry with any JWKS
    /// fetched from any server at most max-age earlier.
    #[test]
    fn property_p12_every_token_of_a_rotation_verifies_by_every_jwks(
        machines in prop::collection::vec(machine(), 2..4),
        rotate_minutes in 10..90i64,
    ) {
        let rotate_after = Some(Span::minutes(rotate_minutes));
        let mut all = vec![key("k0", KeyState::Active)];
        let mut drawn = 0;
        let mut rings: Vec<Vec<KeyLifecycle>> = vec![all.clone(); machines.len()];
        // For each moment and server: the signing key and the published keys.
        let mut history: Vec<Vec<(KeyId, HashSet<KeyId>)>> = Vec::new();
        for moment in 0..(4 * 3600 / STEP) {
            let now = moment * STEP;
            for (machine, ring) in machines.iter().zip(&mut rings) {
                let reading = usize::try_from((now - machine.phase).div_euclid(60).max(0)).unwrap();
                let fails = |n: usize| machine.fails[n % machine.fails.len()];
                let failed = fails(reading) && (reading == 0 || !fails(reading - 1));
                if now % 60 == machine.phase && !failed {
                    apply(&mut all, START.plus(Span::seconds(now + machine.skew)), rotate_after, &mut drawn);
                    ring.clone_from(&all);
                }
            }
            prop_assert_eq!(all.iter().filter(|key| key.state == KeyState::Active).count(), 1);
            prop_assert!(all.iter().filter(|key| key.state == KeyState::Upcoming).count() <= 1);
            history.push(rings.iter().map(|ring| {
                let signs = ring.iter().find(|key| key.state == KeyState::Active).unwrap().kid.clone();
                (signs, ring.iter().filter(|key| key.state.is_published()).map(|key| key.kid.clone()).collect())
            }).collect());
        }
        prop_assert!(drawn >= 1, "nothing was rotated");
        let steps = |span: Span| usize::try_from(span.0 / 1000 / STEP).unwrap();
        for (moment, servers) in history.iter().enumerate() {
            for (kid, _) in servers {
                let from = moment.saturating_sub(steps(JWKS_MAX_AGE));
                let until = (moment + steps(MAX_TOKEN_TTL)).min(history.len() - 1);
                for (fetched, others) in history.iter().enumerate().take(until + 1).skip(from) {
                    let missing = others.iter().position(|(_, published)| !published.contains(kid));
                    prop_assert_eq!(missing, None, "{} signed at {}, JWKS of {}", kid, moment, fetched);
                }
            }
        }
    }
}
