//! Finds the encoding of a text that does not say it, and decodes it; mixed encodings are refused with their lines.
//!
//! A text is in UTF-8 if all of it is. Text in a single-byte encoding is practically never valid UTF-8, so a line in
//! UTF-8 beside one that is not tells of two programs, and of half the names written wrongly.

use encoding_rs::{Encoding, ISO_8859_15, MACINTOSH, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::csv_table::TableFault;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";
/// The letters of French names beyond ASCII.
const FRENCH_LETTERS: &str = "àâäæçéèêëîïñôöœùûüÿ";

/// A decoded text.
#[derive(Debug, PartialEq, Eq)]
pub struct DecodedText {
    pub text: String,
    /// The encoding, if it is a rare one that only the letters tell.
    pub assumed: Option<&'static str>,
}

/// Decodes a whole text. The mark takes precedence over everything else.
pub fn decode_text(bytes: &[u8]) -> Result<DecodedText, TableFault> {
    let sure = |text| DecodedText { text, assumed: None };
    let decoded = match bytes {
        [0xff, 0xfe, rest @ ..] => sure(decode_utf16(UTF_16LE, rest)?),
        [0xfe, 0xff, rest @ ..] => sure(decode_utf16(UTF_16BE, rest)?),
        _ => match bytes.strip_prefix(UTF8_MARK) {
            Some(rest) => match std::str::from_utf8(rest) {
                Ok(text) => sure(text.to_owned()),
                Err(error) => return Err(TableFault::InvalidUtf8 { line: line_at(rest, error.valid_up_to()) }),
            },
            None => decode_unmarked(bytes)?,
        },
    };
    match decoded.text.lines().position(is_encoded_twice) {
        Some(place) => Err(TableFault::EncodedTwice { line: place as u64 + 1 }),
        None => Ok(decoded),
    }
}

fn decode_utf16(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, TableFault> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(String::from)
        .ok_or(TableFault::InvalidUtf16)
}

fn decode_unmarked(bytes: &[u8]) -> Result<DecodedText, TableFault> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(DecodedText { text: text.to_owned(), assumed: None });
    }
    let (mut utf8, mut other) = (None, None);
    for (line, number) in bytes.split(|byte| *byte == b'\n').zip(1_u64..) {
        match std::str::from_utf8(line) {
            Ok(text) if text.is_ascii() => {}
            Ok(_) => _ = utf8.get_or_insert(number),
            Err(_) => _ = other.get_or_insert(number),
        }
    }
    if let (Some(utf8), Some(other)) = (utf8, other) {
        return Err(TableFault::MixedEncodings { utf8, other });
    }
    let encoding = if is_latin9(bytes) { ISO_8859_15 } else { WINDOWS_1252 };
    let text = encoding.decode_without_bom_handling(bytes).0.into_owned();
    let of_mac = MACINTOSH.decode_without_bom_handling(bytes).0.into_owned();
    if count_french(&of_mac) > count_french(&text) {
        return Ok(DecodedText { text: of_mac, assumed: Some("Mac OS Roman") });
    }
    Ok(DecodedText { text, assumed: None })
}

/// Returns how many letters are those of French words, less the other letters and signs inside of words. A letter of the
/// wrong case is another one: where « é » was « È », one of the two stands in the middle of capitals.
fn count_french(text: &str) -> i64 {
    let mut count = 0;
    let mut letters = text.chars().peekable();
    let mut before = ' ';
    while let Some(letter) = letters.next() {
        let after = letters.peek().copied().unwrap_or(' ');
        if !letter.is_ascii() {
            let is_french = letter.to_lowercase().any(|small| FRENCH_LETTERS.contains(small));
            let in_word = before.is_alphabetic() || after.is_alphabetic();
            let is_misplaced = match letter.is_uppercase() {
                true => before.is_lowercase(),
                false => before.is_uppercase() && after.is_uppercase(),
            };
            count += match is_french && !is_misplaced {
                true => 1,
                false if letter.is_alphabetic() || in_word && !"’ʼ\u{a0}–".contains(letter) => -1,
                false => 0,
            };
        }
        before = letter;
    }
    count
}

/// True if a text is in ISO-8859-15 and not in Windows-1252. They differ where one has Œ, œ and Ÿ (0xBC to 0xBE) and the
/// other ¼, ½ and ¾, which stand in no word; Windows-1252 has its own Œ among bytes that ISO-8859-15 leaves to controls.
fn is_latin9(bytes: &[u8]) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0xc0;
    let in_word = bytes.windows(2).any(|pair| match pair {
        [0xbc..=0xbe, next] => is_letter(*next),
        [before, 0xbc..=0xbe] => is_letter(*before),
        _ => false,
    });
    in_word && !bytes.iter().any(|byte| (0x80..0xa0).contains(byte))
}

/// True if a line was read in a single-byte encoding and written in UTF-8 once more: « Ã© » for « é ».
fn is_encoded_twice(line: &str) -> bool {
    if line.is_ascii() {
        return false;
    }
    let (bytes, _, lossy) = WINDOWS_1252.encode(line);
    !lossy && std::str::from_utf8(&bytes).is_ok_and(|text| !text.is_ascii())
}

fn line_at(bytes: &[u8], place: usize) -> u64 {
    bytes.iter().take(place).filter(|byte| **byte == b'\n').count() as u64 + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_of_schools_is_read() {
        for bytes in [
            "\u{feff}Éléa LEBŒUF".as_bytes(),
            "Éléa LEBŒUF".as_bytes(),
            b"\xc9l\xe9a LEB\x8cUF",
            b"\xc9l\xe9a LEB\xbcUF",
            b"\xff\xfe\xc9\0l\0\xe9\0a\0 \0L\0E\0B\0\x52\x01U\0F\0",
        ] {
            let read = decode_text(bytes).unwrap();
            assert_eq!((read.text.as_str(), read.assumed), ("Éléa LEBŒUF", None), "{bytes:x?}");
        }
        // A half stands in an address, not in a word.
        assert_eq!(decode_text(b"12 \xbd rue \xc9lis\xe9e").unwrap().text, "12 ½ rue Élisée");
        assert_eq!(decode_text(b"").unwrap().text, "");
    }

    #[test]
    fn what_excel_for_mac_wrote_is_known_by_its_letters() {
        let names = [
            "Nom élève;Prénom élève\nLEBŒUF;Éléa\nMICHÈLE;Anaïs\n",
            "Élie;Zoé",
            "FRANÇOIS;Gaël",
            "N’DIAYE;Zoë",
            "HÉLÈNE",
            "Noël",
            "DÜRR;Loïc",
        ];
        for text in names {
            let bytes = MACINTOSH.encode(text).0;
            let read = decode_text(&bytes).unwrap();
            assert_eq!((read.text.as_str(), read.assumed), (text, Some("Mac OS Roman")));
            let bytes = WINDOWS_1252.encode(text).0;
            assert_eq!(decode_text(&bytes).unwrap(), DecodedText { text: text.to_owned(), assumed: None });
        }
        for text in ["Žarko;Zoé", "12\u{a0}rue de l’Église – n°\u{a0}4;Zoé;3 €", "ÉLÉONORE;ŠKODA"] {
            let bytes = WINDOWS_1252.encode(text).0;
            assert_eq!(decode_text(&bytes).unwrap().text, text);
        }
    }

    #[test]
    fn mixed_encodings_are_refused_with_their_lines() {
        let mixed = TableFault::MixedEncodings { utf8: 1, other: 3 };
        assert_eq!(decode_text(b"Pr\xc3\xa9nom\nZoe\nZo\xe9"), Err(mixed));
        assert_eq!(decode_text(b"\xef\xbb\xbfa\nZo\xe9"), Err(TableFault::InvalidUtf8 { line: 2 }));
        assert_eq!(decode_text("Nom\nZoÃ©".as_bytes()), Err(TableFault::EncodedTwice { line: 2 }));
        assert_eq!(decode_text(b"\xff\xfe\x00\xd8"), Err(TableFault::InvalidUtf16));
    }
}
