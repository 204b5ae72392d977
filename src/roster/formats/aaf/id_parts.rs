//! The parts of a complet by the ids of people, in eight bytes each: an academy has a million, and a map of them takes six
//! times as much, and half as much again whenever it grows.

use std::collections::BTreeSet;

/// The bits of a part's number, below those of the id.
const PART_BITS: u32 = 8;
/// The largest id that leaves room for a part.
const MAX_NUMBER: u64 = u64::MAX >> PART_BITS;

/// Pairs of an id and a part. They are sorted when they are looked up after some were added: all pupils are read before the
/// first person is, so that is once.
#[derive(Debug, Default)]
pub struct IdParts {
    /// Ids that are numbers, nearly all, each with its part in the lowest bits.
    numbers: Vec<u64>,
    others: Vec<(Box<str>, u8)>,
    is_unsorted: bool,
}

impl IdParts {
    pub fn push(&mut self, id: &str, part: u8) {
        match number_of(id) {
            Some(number) => self.numbers.push((number << PART_BITS) | u64::from(part)),
            None => self.others.push((id.into(), part)),
        }
        self.is_unsorted = true;
    }

    /// Returns the parts of an id, in their order; one as often as it was added.
    pub fn parts_of(&mut self, id: &str) -> Vec<u8> {
        self.sort();
        match number_of(id) {
            Some(number) => {
                let first = self.numbers.partition_point(|pair| id_of(*pair) < number);
                let pairs = self.numbers.iter().skip(first).take_while(|pair| id_of(**pair) == number);
                pairs.map(|pair| (*pair & 0xff) as u8).collect()
            }
            None => {
                let first = self.others.partition_point(|(other, _)| **other < *id);
                let pairs = self.others.iter().skip(first).take_while(|(other, _)| **other == *id);
                pairs.map(|(_, part)| *part).collect()
            }
        }
    }

    /// Returns the ids that were added more than once.
    pub fn into_repeated(mut self) -> BTreeSet<String> {
        self.sort();
        let numbers = self.numbers.windows(2).filter_map(|pair| match pair {
            [left, right] if id_of(*left) == id_of(*right) => Some(id_of(*left).to_string()),
            _ => None,
        });
        let others = self.others.windows(2).filter_map(|pair| match pair {
            [(left, _), (right, _)] if left == right => Some(left.to_string()),
            _ => None,
        });
        numbers.chain(others).collect()
    }

    fn sort(&mut self) {
        if std::mem::take(&mut self.is_unsorted) {
            self.numbers.sort_unstable();
            self.others.sort_unstable();
        }
    }
}

fn id_of(pair: u64) -> u64 {
    pair >> PART_BITS
}

/// Returns an id as a number, if it is written just so.
fn number_of(id: &str) -> Option<u64> {
    let is_plain = id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
    id.parse().ok().filter(|number| is_plain && *number <= MAX_NUMBER)
}

#[cfg(test)]
mod tests {
    use super::*;

    const IDS: [&str; 13] = [
        "0",
        "00",
        "7",
        "07",
        "+7",
        "3500001",
        "72057594037927935",
        "72057594037927936",
        "18446744073709551615",
        "18446744073709551616",
        "A7",
        "a7",
        "",
    ];

    #[test]
    fn ids_are_the_same_if_their_texts_are() {
        let mut parts = IdParts::default();
        for (part, id) in (1..).zip(IDS) {
            parts.push(id, part);
        }
        for (part, id) in (1..).zip(IDS) {
            assert_eq!(parts.parts_of(id), [part], "{id:?}");
        }
        assert_eq!(parts.parts_of("8"), Vec::<u8>::new());
        assert_eq!((number_of("3500001"), number_of("72057594037927936")), (Some(3_500_001), None));
        assert!(parts.into_repeated().is_empty());
    }

    #[test]
    fn every_part_of_an_id_is_found_whenever_it_was_added() {
        let mut parts = IdParts::default();
        for id in IDS {
            for part in [255, 0, 9] {
                parts.push(id, part);
            }
            assert_eq!(parts.parts_of(id), [0, 9, 255], "{id:?}");
        }
        for id in IDS {
            parts.push(id, 9);
            assert_eq!(parts.parts_of(id), [0, 9, 9, 255], "{id:?}");
        }
    }

    #[test]
    fn an_id_that_was_added_twice_is_repeated_and_comes_back_as_it_was_written() {
        let mut parts = IdParts::default();
        for id in IDS {
            parts.push(id, 1);
        }
        for id in ["3500001", "A7", "0", "18446744073709551616", "07"] {
            parts.push(id, 200);
        }
        parts.push("0", 200);
        let right = ["3500001", "A7", "0", "18446744073709551616", "07"].map(str::to_owned);
        assert_eq!(parts.into_repeated(), BTreeSet::from(right));
    }
}
