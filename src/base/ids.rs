//! Random, opaque identifiers, never reused.

use super::clock::Timestamp;
use super::rng::Random;
use super::secret::base64url;

/// Returns 128 random bits as 22 base64url characters, for rows, interactions, `jti` and `sid`.
pub fn id128(rng: &dyn Random) -> String {
    base64url(&rng.bytes::<16>())
}

/// Returns 256 random bits as 43 base64url characters, for bearer secrets (session, code, client secret).
pub fn id256(rng: &dyn Random) -> String {
    base64url(&rng.bytes::<32>())
}

/// True if an external text has the form of an identifier of `len` characters. Other texts reach neither a store nor a
/// log.
pub fn is_id(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The bits of a row id after its time.
const ROW_ID_RANDOM_BITS: u32 = 80;

/// Returns a row id that sorts by time: 48 bits of milliseconds and 80 random bits, in hexadecimal because base64url
/// does not keep the order. Time-ordered ids keep inserts into growing tables local; the random part alone makes the id
/// unique.
pub fn row_id(now: Timestamp, rng: &dyn Random) -> String {
    row_id_of(now, random_part(&rng.bytes::<10>()))
}

/// Returns so many row ids of one time, in their order: a first one that is random but for a bit, and others that follow
/// it by random steps. Rows that are inserted in this order are neighbours in every index that begins with the id; of
/// ids that are random each, a thousand rows change a thousand pages of a large table.
pub fn row_ids(now: Timestamp, rng: &dyn Random, count: usize) -> Vec<String> {
    // Without the highest bit no sum of steps is too large.
    let first = random_part(&rng.bytes::<10>()) >> 1;
    let follow = |last: &u128| Some(last + 1 + random_part(&rng.bytes::<5>()));
    std::iter::successors(Some(first), follow).take(count).map(|random| row_id_of(now, random)).collect()
}

fn random_part(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |number, byte| (number << 8) | u128::from(*byte))
}

fn row_id_of(now: Timestamp, random: u128) -> String {
    let time = u128::from(u64::from_be_bytes(now.0.to_be_bytes())) & 0xffff_ffff_ffff;
    format!("{:032x}", (time << ROW_ID_RANDOM_BITS) | random)
}

/// Returns the lower bound of all row ids created at `at` or later.
pub fn row_id_lower_bound(at: Timestamp) -> String {
    at.0.to_be_bytes().iter().skip(2).map(|byte| format!("{byte:02x}")).collect()
}

/// The alphabet of support codes, without 0 O 1 I L, which are easily confused on the telephone.
const SUPPORT_CODE_ALPHABET: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// Returns a code such as `K7P-4MX` that a user reads out to the school or the help desk. The code grants no access.
pub fn support_code(rng: &dyn Random) -> String {
    let mut out = String::with_capacity(7);
    // One draw: each request has a code.
    let mut rest = rng.below(31_u32.pow(6));
    for place in 0..6 {
        if place == 3 {
            out.push('-');
        }
        let pick = usize::try_from(rest % 31).unwrap_or_default();
        rest /= 31;
        out.push(SUPPORT_CODE_ALPHABET.get(pick).copied().map_or('X', char::from));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    #[test]
    fn a_support_code_has_every_sign_at_every_place() {
        let rng = SeededRandom::new(7);
        let codes: Vec<String> = (0..3_000).map(|_| support_code(&rng)).collect();
        for place in [0, 1, 2, 4, 5, 6] {
            let mut signs: Vec<u8> = codes.iter().map(|code| code.as_bytes()[place]).collect();
            signs.sort_unstable();
            signs.dedup();
            assert_eq!(signs.len(), SUPPORT_CODE_ALPHABET.len(), "{place}");
        }
        assert!(codes.iter().all(|code| code.len() == 7 && code.as_bytes()[3] == b'-'));
    }

    #[test]
    fn row_ids_sort_by_their_time() {
        let rng = SeededRandom::new(7);
        let ids: Vec<String> = (0..2_000).map(|n| row_id(Timestamp(1_790_000_000_000 + 37 * n), &rng)).collect();
        assert!(ids.is_sorted(), "as text");
        let from = row_id_lower_bound(Timestamp(1_790_000_000_000 + 37 * 1_000));
        assert_eq!(ids.iter().filter(|id| **id < from).count(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 32 && is_id(id, 32)));
    }

    #[test]
    fn row_ids_of_one_time_are_neighbours_in_their_order() {
        let rng = SeededRandom::new(7);
        let now = Timestamp(1_790_000_000_000);
        let ids = row_ids(now, &rng, 2_000);
        assert!(ids.windows(2).all(|pair| pair[0] < pair[1]) && ids.len() == 2_000, "as text");
        assert!(ids.iter().all(|id| id.len() == 32 && is_id(id, 32) && *id >= row_id_lower_bound(now)));
        assert!(*ids.last().unwrap() < row_id_lower_bound(Timestamp(now.0 + 1)));
        let number = |id: &String| u128::from_str_radix(id, 16).unwrap();
        assert!(number(&ids[1_999]) - number(&ids[0]) < 1 << 51, "2 000 steps of 40 bits");
        let others = row_ids(now, &rng, 1);
        assert!(number(&others[0]).abs_diff(number(&ids[0])) > 1 << 52, "another batch is elsewhere");
        assert!(row_ids(now, &rng, 0).is_empty());
    }

    #[test]
    fn a_row_id_is_its_time_and_the_drawn_bytes() {
        let seeded: &dyn Random = &SeededRandom::new(9);
        let drawn: [u8; 10] = seeded.bytes();
        let digits: String = drawn.iter().map(|byte| format!("{byte:02x}")).collect();
        let now = Timestamp(1_790_000_000_000);
        assert_eq!(row_id(now, &SeededRandom::new(9)), format!("{}{digits}", row_id_lower_bound(now)));
    }
}
