//! Finds the encoding of a text that does not say it, and decodes it; mixed encodings are refused with their lines.
//!
//! A text is in UTF-8 if all of it is. Text in a single-byte encoding is practically never valid UTF-8, so a line in
//! UTF-8 beside one that is not tells of two programs, and of half the names written wrongly.

use encoding_rs::{Encoding, ISO_8859_15, UTF_16BE, UTF_16LE, WINDOWS_1252};

use super::csv_table::TableFault;

const UTF8_MARK: &[u8] = b"\xef\xbb\xbf";

/// Decodes a whole text. The mark takes precedence over everything else.
pub fn decode_text(bytes: &[u8]) -> Result<String, TableFault> {
    let text = match bytes {
        [0xff, 0xfe, rest @ ..] => decode_utf16(UTF_16LE, rest)?,
        [0xfe, 0xff, rest @ ..] => decode_utf16(UTF_16BE, rest)?,
        _ => match bytes.strip_prefix(UTF8_MARK) {
            Some(rest) => match std::str::from_utf8(rest) {
                Ok(text) => text.to_owned(),
                Err(error) => return Err(TableFault::InvalidUtf8 { line: line_at(rest, error.valid_up_to()) }),
            },
            None => decode_unmarked(bytes)?,
        },
    };
    match text.lines().position(is_encoded_twice) {
        Some(place) => Err(TableFault::EncodedTwice { line: place as u64 + 1 }),
        None => Ok(text),
    }
}

fn decode_utf16(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, TableFault> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(String::from)
        .ok_or(TableFault::InvalidUtf16)
}

fn decode_unmarked(bytes: &[u8]) -> Result<String, TableFault> {
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
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
    Ok(encoding.decode_without_bom_handling(bytes).0.into_owned())
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
            assert_eq!(decode_text(bytes).unwrap(), "Éléa LEBŒUF", "{bytes:x?}");
        }
        // A half stands in an address, not in a word.
        assert_eq!(decode_text(b"12 \xbd rue \xc9lis\xe9e").unwrap(), "12 ½ rue Élisée");
        assert_eq!(decode_text(b"").unwrap(), "");
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
