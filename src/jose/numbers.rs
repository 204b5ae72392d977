//! Validation of the numbers in a client's public key: only the owner must be able to use the key.
//!
//! If the key is a point of small order, anybody can sign with the key or read content encrypted to the key; a small
//! RSA modulus can be factored. The underlying libraries accept such keys (Ed25519, X25519) or leave the bounds to the
//! caller (RSA), so keys are validated here before a library sees them (docs/threats.md#attack-j8, #faults-a14).
//! OpenSSL checks that points of P-256 are on the curve.

/// The reason for rejecting a key, with a remedy, in ASCII for an error description.
pub type WeakKeyReason = &'static str;

/// A coordinate of Ed25519 or X25519: 255 bits, little-endian, below 2^255 - 19.
type Bytes = [u8; 32];

const fn little_endian(first: u8) -> Bytes {
    let mut bytes = [0; 32];
    bytes[0] = first;
    bytes
}

/// 2^255 - 20: minus one.
const MINUS_ONE: Bytes = {
    let mut bytes = [0xFF; 32];
    bytes[0] = 0xEC;
    bytes[31] = 0x7F;
    bytes
};

/// The `y` coordinates of the eight Ed25519 points with an order dividing eight; each with two signs of `x` unless `x`
/// is zero.
#[rustfmt::skip]
const ED25519_SMALL_ORDER_Y: [Bytes; 5] = [
    little_endian(0), little_endian(1), MINUS_ONE,
    [0x26, 0xE8, 0x95, 0x8F, 0xC2, 0xB2, 0x27, 0xB0, 0x45, 0xC3, 0xF4, 0x89, 0xF2, 0xEF, 0x98, 0xF0,
     0xD5, 0xDF, 0xAC, 0x05, 0xD3, 0xC6, 0x33, 0x39, 0xB1, 0x38, 0x02, 0x88, 0x6D, 0x53, 0xFC, 0x05],
    [0xC7, 0x17, 0x6A, 0x70, 0x3D, 0x4D, 0xD8, 0x4F, 0xBA, 0x3C, 0x0B, 0x76, 0x0D, 0x10, 0x67, 0x0F,
     0x2A, 0x20, 0x53, 0xFA, 0x2C, 0x39, 0xCC, 0xC6, 0x4E, 0xC7, 0xFD, 0x77, 0x92, 0xAC, 0x03, 0x7A],
];

/// The `u` coordinates of the points on Curve25519 and its twist with an order dividing eight.
#[rustfmt::skip]
const X25519_SMALL_ORDER_U: [Bytes; 5] = [
    little_endian(0), little_endian(1), MINUS_ONE,
    [0xE0, 0xEB, 0x7A, 0x7C, 0x3B, 0x41, 0xB8, 0xAE, 0x16, 0x56, 0xE3, 0xFA, 0xF1, 0x9F, 0xC4, 0x6A,
     0xDA, 0x09, 0x8D, 0xEB, 0x9C, 0x32, 0xB1, 0xFD, 0x86, 0x62, 0x05, 0x16, 0x5F, 0x49, 0xB8, 0x00],
    [0x5F, 0x9C, 0x95, 0xBC, 0xA3, 0x50, 0x8C, 0x24, 0xB1, 0xD0, 0xB1, 0x55, 0x9C, 0x83, 0xEF, 0x5B,
     0x04, 0x44, 0x5C, 0xC4, 0x58, 0x1C, 0x8E, 0x86, 0xD8, 0x22, 0x4E, 0xDD, 0xD0, 0x9F, 0x11, 0x57],
];

/// Validates an Ed25519 public key (RFC 8032 5.1.3): below 2^255 - 19, and not of small order for either sign of `x`.
pub fn check_ed25519(x: &[u8]) -> Result<(), WeakKeyReason> {
    let Ok(mut y) = Bytes::try_from(x) else { return Err("an Ed25519 key that is not of 32 bytes") };
    y[31] &= 0x7F;
    if !is_reduced(&y) || ED25519_SMALL_ORDER_Y.contains(&y) {
        return Err("an Ed25519 key with which anybody could sign: make a new one");
    }
    Ok(())
}

/// Validates an X25519 public key (RFC 7748 5 and 6.1), in canonical encoding only: below 2^255 - 19.
pub fn check_x25519(u: &[u8]) -> Result<(), WeakKeyReason> {
    let Ok(u) = Bytes::try_from(u) else { return Err("an X25519 key that is not of 32 bytes") };
    if !is_reduced(&u) || X25519_SMALL_ORDER_U.contains(&u) {
        return Err("an X25519 key to which anybody could read: make a new one");
    }
    Ok(())
}

fn is_reduced(number: &Bytes) -> bool {
    // Little-endian, so the last byte is the most significant.
    number.iter().rev().le(MINUS_ONE.iter().rev())
}

/// Validates a P-256 public key (RFC 7518 6.2.1): each coordinate in full length.
pub fn check_p256(x: &[u8], y: &[u8]) -> Result<(), WeakKeyReason> {
    if x.len() == 32 && y.len() == 32 { Ok(()) } else { Err("a P-256 key whose numbers are not of 32 bytes") }
}

const RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// FIPS 186-5 5.1 requires more than 16 bits; more than 64 bits would only cost time.
const RSA_EXPONENT_BITS: std::ops::RangeInclusive<usize> = 17..=64;

/// Validates an RSA public key: modulus and exponent are odd and within the bounds (RFC 7518 6.3.1: without leading
/// zeros).
pub fn check_rsa(n: &[u8], e: &[u8]) -> Result<(), WeakKeyReason> {
    let odd = |bytes: &[u8]| bytes.last().is_some_and(|byte| byte % 2 == 1);
    let bits = |bytes: &[u8]| match bytes.first() {
        Some(0) | None => 0,
        Some(first) => bytes.len() * 8 - first.leading_zeros() as usize,
    };
    if !RSA_MODULUS_BITS.contains(&bits(n)) {
        return Err("an RSA key of less than 2048 or more than 8192 bits: make one of 3072");
    }
    if !odd(n) {
        return Err("an RSA modulus that is even: no key at all");
    }
    if !RSA_EXPONENT_BITS.contains(&bits(e)) || !odd(e) {
        return Err("an RSA exponent that is even, below 65537 or above 64 bits: make a key with 65537");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(low: u8, middle: u8, high: u8) -> Bytes {
        let mut bytes = [middle; 32];
        (bytes[0], bytes[31]) = (low, high);
        bytes
    }

    /// Returns the eight points in every encoding: `y` plus the prime, and the sign of a zero.
    fn small_order_of_ed25519() -> Vec<Bytes> {
        let mut all: Vec<Bytes> = ED25519_SMALL_ORDER_Y.to_vec();
        all.extend([point(0xED, 0xFF, 0x7F), point(0xEE, 0xFF, 0x7F)]);
        let signed: Vec<Bytes> = all.iter().map(|y| point_with_sign(*y)).collect();
        all.extend(signed);
        all
    }

    fn point_with_sign(mut bytes: Bytes) -> Bytes {
        bytes[31] |= 0x80;
        bytes
    }

    #[test]
    fn faults_a14_points_of_small_order_are_no_keys() {
        let all = small_order_of_ed25519();
        assert_eq!(all.len(), 14);
        for bytes in all {
            assert!(check_ed25519(&bytes).is_err(), "{bytes:02x?}");
        }
        for bytes in X25519_SMALL_ORDER_U.into_iter().chain([point(0xED, 0xFF, 0x7F), point(0xEE, 0xFF, 0x7F)]) {
            assert!(check_x25519(&bytes).is_err(), "{bytes:02x?}");
            assert!(check_x25519(&point_with_sign(bytes)).is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn faults_a14_a_number_stands_for_itself_only() {
        for low in 0xED..=0xFF {
            assert!(
                check_ed25519(&point(low, 0xFF, 0x7F)).is_err() && check_x25519(&point(low, 0xFF, 0x7F)).is_err(),
                "{low}"
            );
        }
        assert!(check_ed25519(&point(0xEB, 0xFF, 0x7F)).is_ok() && check_x25519(&point(0xEB, 0xFF, 0x7F)).is_ok());
        assert!(check_ed25519(&[9; 31]).is_err() && check_x25519(&[9; 33]).is_err());
        // RFC 7748 6.1 and RFC 8032 7.1: Alice's public key, and the public key of the first test vector.
        let alice = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
        let first = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        let read = |hex: &str| -> Vec<u8> {
            (0..32).map(|n| u8::from_str_radix(&hex[2 * n..2 * n + 2], 16).unwrap()).collect()
        };
        assert!(check_x25519(&read(alice)).is_ok() && check_ed25519(&read(first)).is_ok());
    }

    #[test]
    fn rsa_numbers_are_judged_before_openssl_sees_them() {
        let (n, e) = ([vec![0x80], vec![1; 255]].concat(), [1, 0, 1]);
        assert!(check_rsa(&n, &e).is_ok());
        for (case, n, e) in [
            ("2041 bits", n[1..].to_vec(), e.to_vec()),
            ("a leading zero", [vec![0], n[1..].to_vec()].concat(), e.to_vec()),
            ("even", [n.clone(), vec![2]].concat(), e.to_vec()),
            ("too large", [n.clone(), vec![1; 1024]].concat(), e.to_vec()),
            ("none", Vec::new(), Vec::new()),
            ("the signature would be the message", n.clone(), vec![1]),
            ("cube roots", n.clone(), vec![3]),
            ("below 65537", n.clone(), vec![0xFF, 0xFF]),
            ("an even exponent", n.clone(), vec![1, 0, 2]),
            ("an exponent that takes seconds", n.clone(), vec![1; 9]),
        ] {
            assert!(check_rsa(&n, &e).is_err(), "{case}");
        }
    }
}
