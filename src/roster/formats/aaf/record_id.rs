//! The id of a record in few bytes: an academy has a million.

/// An id. Nearly all are numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RecordId {
    /// A number that is written just so.
    Number(u64),
    Text(Box<str>),
}

impl RecordId {
    pub fn of(id: &str) -> Self {
        let is_plain = id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
        match id.parse().ok().filter(|_| is_plain) {
            Some(number) => Self::Number(number),
            None => Self::Text(id.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_same_if_their_texts_are() {
        let ids =
            ["0", "00", "7", "07", "+7", "3500001", "18446744073709551615", "18446744073709551616", "A7", "a7", ""];
        for left in ids {
            for right in ids {
                assert_eq!(RecordId::of(left) == RecordId::of(right), left == right, "{left:?} {right:?}");
            }
        }
        assert_eq!(RecordId::of("3500001"), RecordId::Number(3_500_001));
        assert_eq!(size_of::<RecordId>(), 16);
    }
}
