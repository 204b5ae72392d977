//! Identifiers: random, opaque, never reused.

use super::clock::Timestamp;
use super::rng::Random;
use super::secret::base64url;

/// 128 random bits as 22 characters: rows, interactions, `jti`, `sid`.
pub fn id128(rng: &dyn Random) -> String {
    base64url(&rng.bytes::<16>())
}

/// 256 random bits as 43 characters: whatever alone opens something (session, code, client secret).
pub fn id256(rng: &dyn Random) -> String {
    base64url(&rng.bytes::<32>())
}

/// Whether a text from outside can be an id of ours at all: nothing else reaches a store or a log.
pub fn is_id(text: &str, len: usize) -> bool {
    text.len() == len && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// A row id that sorts by time: 48 bits of milliseconds, 80 random bits, in hexadecimal (base64url does not keep the
/// order). Keeps the indexes of growing tables local; the random part alone makes it unique.
pub fn row_id(now: Timestamp, rng: &dyn Random) -> String {
    let random = rng.bytes::<10>();
    let stamp = now.0.to_be_bytes();
    stamp.iter().skip(2).chain(&random).map(|byte| format!("{byte:02x}")).collect()
}

/// What every row id of that time or later follows.
pub fn row_id_from(at: Timestamp) -> String {
    at.0.to_be_bytes().iter().skip(2).map(|byte| format!("{byte:02x}")).collect()
}

/// Letters of a support code: no 0 O 1 I L, which are misread on the telephone.
const SUPPORT: &[u8; 31] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// A code that a person reads out to the school or the help desk, as `K7P-4MX`. It opens nothing.
pub fn support_code(rng: &dyn Random) -> String {
    let mut out = String::with_capacity(7);
    for place in 0..6 {
        if place == 3 {
            out.push('-');
        }
        let pick = rng.below(31) as usize;
        out.push(SUPPORT.get(pick).copied().map_or('X', char::from));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::rng::SeededRandom;

    #[test]
    fn row_ids_sort_by_their_time() {
        let rng = SeededRandom::new(7);
        let ids: Vec<String> = (0..2_000).map(|n| row_id(Timestamp(1_790_000_000_000 + 37 * n), &rng)).collect();
        assert!(ids.is_sorted(), "as text");
        let from = row_id_from(Timestamp(1_790_000_000_000 + 37 * 1_000));
        assert_eq!(ids.iter().filter(|id| **id < from).count(), 1_000);
        assert!(ids.iter().all(|id| id.len() == 32 && is_id(id, 32)));
    }
}
