//! The targets of the fuzzer over their seeds, and over bytes by chance: they must hold with every change, and not only
//! when somebody fuzzes (`fuzz/run`).

use std::fs;
use std::path::Path;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

#[path = "../../fuzz/targets/mod.rs"]
mod targets;

/// The files that a target starts from.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = match target {
        "roster" | "delivery" | "table" => root.join("tests/samples"),
        other => root.join("fuzz/seeds").join(other),
    };
    let mut files: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn every_target_holds_for_its_seeds() {
    for (name, target) in targets::ALL {
        let seeds = seeds(name);
        assert!(seeds.len() > 1, "{name} has something to start from");
        seeds.iter().for_each(|seed| target(seed));
    }
}

/// A seed with some bytes changed, cut out or doubled; or bytes by chance.
fn mutated(seeds: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let changes = vec((any::<prop::sample::Index>(), any::<u8>(), 0u8..4), 0..8);
    let of_a_seed = (prop::sample::select(seeds), changes).prop_map(|(mut bytes, changes)| {
        for (at, byte, how) in changes {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                2 => drop(bytes.drain(at..(at + usize::from(byte)).min(bytes.len()))),
                _ => bytes.extend_from_within(at..(at + usize::from(byte)).min(bytes.len())),
            }
        }
        bytes
    });
    prop_oneof![9 => of_a_seed, 1 => vec(any::<u8>(), 0..300)]
}

#[test]
fn every_target_holds_for_bytes_by_chance() {
    for (name, target) in targets::ALL {
        let cases = Config { cases: 64, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(cases);
        runner
            .run(&mutated(seeds(name)), |bytes| {
                target(&bytes);
                Ok(())
            })
            .unwrap_or_else(|found| panic!("{name}: {found}"));
    }
}
