//! The alphabets of SMS: the default alphabet of GSM (3GPP TS 23.038, 6.2.1) and UCS-2, and the parts of a text that is
//! longer than one message.
//!
//! A phone reads one of those two; an SMSC may read another one from us (ISO 8859-1) and translate it.

use crate::config::SmscAlphabet;

/// The default alphabet in the order of its values; the escape at 0x1B leads to the extension.
const GSM_ALPHABET: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\u{1b}ÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                            ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// The characters behind the escape, with their values.
const GSM_EXTENSION: [(char, u8); 10] = [
    ('\u{c}', 0x0A),
    ('^', 0x14),
    ('{', 0x28),
    ('}', 0x29),
    ('\\', 0x2F),
    ('[', 0x3C),
    ('~', 0x3D),
    (']', 0x3E),
    ('|', 0x40),
    ('€', 0x65),
];
const GSM_ESCAPE: u8 = 0x1B;
/// The places of one message and of a part of several, where each holds one value of the default alphabet.
const GSM_PLACES: (usize, usize) = (160, 153);
/// The same two lengths for UCS-2, in octets: 70 and 67 characters.
const UCS2_PLACES: (usize, usize) = (140, 134);

/// A character as it is sent, with the places that it takes in the message of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
struct EncodedCharacter {
    octets: Vec<u8>,
    places: usize,
}

/// A text in the octets of its alphabet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodedText {
    /// True if the alphabet is UCS-2, otherwise the SMSC's default.
    pub is_ucs2: bool,
    /// The characters, which a part never divides.
    characters: Vec<EncodedCharacter>,
}

impl EncodedText {
    /// Encodes a text: in the SMSC's default alphabet if that one and GSM's have every character, else in UCS-2, which
    /// takes twice the room. Spaces and apostrophes of typography are written plainly first, so that they do not decide
    /// it.
    pub fn of(text: &str, alphabet: SmscAlphabet) -> Self {
        let plain = |c: char| match c {
            '\u{a0}' | '\u{202f}' | '\u{2009}' => ' ',
            '’' => '\'',
            c => c,
        };
        let text: Vec<char> = text.chars().map(plain).collect();
        let default: Option<Vec<EncodedCharacter>> = text.iter().map(|c| default_character(*c, alphabet)).collect();
        match default {
            Some(characters) => Self { is_ucs2: false, characters },
            None => Self { is_ucs2: true, characters: text.into_iter().map(ucs2_character).collect() },
        }
    }

    /// Returns all octets.
    pub fn octets(&self) -> Vec<u8> {
        self.characters.iter().flat_map(|character| character.octets.iter().copied()).collect()
    }

    fn lengths(&self) -> (usize, usize) {
        if self.is_ucs2 { UCS2_PLACES } else { GSM_PLACES }
    }

    /// True if the text is one message.
    pub fn is_single(&self) -> bool {
        self.characters.iter().map(|character| character.places).sum::<usize>() <= self.lengths().0
    }

    /// Returns the octets of each part.
    pub fn parts(&self) -> Vec<Vec<u8>> {
        if self.is_single() {
            return vec![self.octets()];
        }
        let mut parts = Vec::new();
        let (mut part, mut places) = (Vec::new(), 0);
        for character in &self.characters {
            if places + character.places > self.lengths().1 {
                parts.push(std::mem::take(&mut part));
                places = 0;
            }
            part.extend_from_slice(&character.octets);
            places += character.places;
        }
        parts.push(part);
        parts
    }
}

/// Returns a character in the SMSC's default alphabet, if phones that read GSM's have it too.
fn default_character(c: char, alphabet: SmscAlphabet) -> Option<EncodedCharacter> {
    let of_phones = gsm_octets(c)?;
    let places = of_phones.len();
    let octets = match alphabet {
        SmscAlphabet::Gsm => of_phones,
        // The first 256 characters of Unicode are those of ISO 8859-1.
        SmscAlphabet::Latin1 => vec![u8::try_from(u32::from(c)).ok()?],
        SmscAlphabet::Ucs2 => return None,
    };
    Some(EncodedCharacter { octets, places })
}

fn gsm_octets(c: char) -> Option<Vec<u8>> {
    if let Some((_, value)) = GSM_EXTENSION.iter().find(|(character, _)| *character == c) {
        return Some(vec![GSM_ESCAPE, *value]);
    }
    let value = GSM_ALPHABET.chars().position(|character| character == c && c != '\u{1b}')?;
    Some(vec![u8::try_from(value).ok()?])
}

/// Writes a character in UTF-16, of which UCS-2 is the part without pairs: phones show both.
fn ucs2_character(c: char) -> EncodedCharacter {
    let octets: Vec<u8> = c.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let places = octets.len();
    EncodedCharacter { octets, places }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_alphabet_has_the_values_of_the_standard() {
        for (character, octets) in [
            ('@', vec![0x00]),
            ('é', vec![0x05]),
            ('Ç', vec![0x09]),
            ('\n', vec![0x0A]),
            ('_', vec![0x11]),
            ('É', vec![0x1F]),
            (' ', vec![0x20]),
            ('A', vec![0x41]),
            ('ü', vec![0x7E]),
            ('à', vec![0x7F]),
            ('€', vec![0x1B, 0x65]),
            ('[', vec![0x1B, 0x3C]),
        ] {
            assert_eq!(gsm_octets(character), Some(octets), "{character}");
        }
        for character in ['ç', 'ê', 'œ', '\u{1b}', '李'] {
            assert_eq!(gsm_octets(character), None, "{character}");
        }
        assert_eq!(GSM_ALPHABET.chars().count(), 128);
    }

    #[test]
    fn spaces_of_typography_do_not_make_a_message_twice_as_long() {
        let text = EncodedText::of("Mon compte\u{a0}: l’été", SmscAlphabet::Gsm);
        assert!(!text.is_ucs2);
        assert_eq!(text.octets(), b"Mon compte : l'\x05t\x05");
        let other = EncodedText::of("reçu", SmscAlphabet::Gsm);
        assert_eq!((other.is_ucs2, other.octets()), (true, b"\0r\0e\0\xe7\0u".to_vec()));
    }

    #[test]
    fn data_coding_0_is_what_the_smsc_reads_by_default() {
        for (text, alphabet, is_ucs2, octets) in [
            ("à l'été @_[", SmscAlphabet::Gsm, false, b"\x7f l'\x05t\x05 \0\x11\x1b\x3c".to_vec()),
            ("à l'été @_[", SmscAlphabet::Latin1, false, b"\xe0 l'\xe9t\xe9 @_[".to_vec()),
            ("été", SmscAlphabet::Ucs2, true, b"\0\xe9\0t\0\xe9".to_vec()),
            // Latin-1 has ç, and phones have not: the SMSC would write another letter. GSM has Δ and €, Latin-1 has not.
            ("ç", SmscAlphabet::Latin1, true, b"\0\xe7".to_vec()),
            ("Δ", SmscAlphabet::Gsm, false, b"\x10".to_vec()),
            ("Δ", SmscAlphabet::Latin1, true, b"\x03\x94".to_vec()),
            ("€", SmscAlphabet::Latin1, true, b"\x20\xac".to_vec()),
        ] {
            let encoded = EncodedText::of(text, alphabet);
            assert_eq!((encoded.is_ucs2, encoded.octets()), (is_ucs2, octets), "{text} {alphabet:?}");
        }
        // A bracket takes two places on the phone, also where it is one octet on the way there.
        assert!(EncodedText::of(&"[".repeat(80), SmscAlphabet::Latin1).is_single());
        assert_eq!(EncodedText::of(&"[".repeat(81), SmscAlphabet::Latin1).parts()[0].len(), 76);
    }

    #[test]
    fn parts_divide_no_character() {
        for (text, count) in [
            ("a".repeat(160), 1),
            ("a".repeat(161), 2),
            ("a".repeat(306), 2),
            ("€".repeat(80), 1),
            ("€".repeat(81), 2),
            ("ê".repeat(70), 1),
            ("ê".repeat(71), 2),
            ("😀".repeat(36), 2),
        ] {
            let encoded = EncodedText::of(&text, SmscAlphabet::Gsm);
            let parts = encoded.parts();
            assert_eq!(parts.len(), count, "{text}");
            assert_eq!(parts.concat(), encoded.octets());
            let most = if encoded.is_ucs2 { 140 } else { 160 };
            assert!(parts.iter().all(|part| part.len() <= most));
            if count > 1 && text.starts_with('€') {
                assert!(parts.iter().all(|part| part[0] == GSM_ESCAPE && part.len() % 2 == 0));
            }
        }
    }
}
