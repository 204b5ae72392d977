//! Detects the encoding of an XML document from its byte-order mark or XML declaration, verifies the encoding, and
//! decodes.
//!
//! SIECLE writes ISO-8859-15, in which 0xBD is œ; read as ISO-8859-1 the byte would be ½, and LEBŒUF could never
//! activate. The mark takes precedence over the declaration (XML 1.0 appendix F.1). Without a mark the declaration is
//! believed only as far as the bytes agree ([`super::encoding_check`]): an editor saving the export anew leaves the
//! declaration as before. The parser reads UTF-8 only, so the stream is decoded first.

use std::io::{self, Cursor, Read};

use encoding_rs::{Encoding, ISO_8859_15, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::encoding_check::{EncodingChecker, EncodingClaim};
use crate::roster::formats::FileErrorKind;

/// The maximum bytes in which the XML declaration must end; a usual declaration has some 60 bytes.
const MAX_PROLOG_BYTES: u64 = 1024;

/// Decodes the document to UTF-8 without byte-order mark. Invalid UTF-16 becomes U+FFFD. A stream in UTF-8 against its
/// declaration, or not in UTF-8 against its declaration, fails with the [`FileErrorKind`] as the cause.
pub fn decode<R: Read>(mut input: R) -> Result<impl Read, DecodeError> {
    let mut head = Vec::new();
    input.by_ref().take(MAX_PROLOG_BYTES).read_to_end(&mut head)?;
    let DetectedEncoding { encoding, mark, claim } = detect_encoding(&head).map_err(DecodeError::Format)?;
    let mut head = Cursor::new(head);
    head.set_position(mark);
    let checked = EncodingChecker::new(head.chain(input), claim);
    Ok(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_sniffing(false).build(checked))
}

/// An I/O error, or an encoding not supported for exports.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Format(FileErrorKind),
}

/// The encoding of a document.
struct DetectedEncoding {
    encoding: &'static Encoding,
    /// The length of the byte-order mark in bytes.
    mark: u64,
    /// The encoding to verify against the bytes.
    claim: EncodingClaim,
}

fn detect_encoding(head: &[u8]) -> Result<DetectedEncoding, FileErrorKind> {
    let with_mark = |encoding, mark, claim| Ok(DetectedEncoding { encoding, mark, claim });
    match head {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            check_beginning(rest)?;
            with_mark(UTF_8, 3, EncodingClaim::Utf8 { said_by: "byte-order mark" })
        }
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(FileErrorKind::UnsupportedEncoding("UTF-32".into())),
        [0xff, 0xfe, ..] => with_mark(UTF_16LE, 2, EncodingClaim::Nothing),
        [0xfe, 0xff, ..] => with_mark(UTF_16BE, 2, EncodingClaim::Nothing),
        [b'<', 0, ..] | [0, b'<', ..] => {
            Err(FileErrorKind::UnsupportedEncoding("UTF-16 without byte-order mark".into()))
        }
        _ => check_beginning(head).and_then(|()| declared_encoding(head)),
    }
}

/// Rejects a web page saved in place of an export, and content before the XML declaration: both would otherwise be
/// reported as malformed XML.
fn check_beginning(head: &[u8]) -> Result<(), FileErrorKind> {
    let place = |part: &[u8]| head.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part));
    if place(b"<!doctype html").or(place(b"<html")).is_some() {
        return Err(FileErrorKind::WebPage);
    }
    let Some(before) = place(b"<?xml ").and_then(|end| head.get(..end)).filter(|before| !before.is_empty()) else {
        return Ok(());
    };
    let what = match before {
        [0xef, 0xbb, 0xbf, ..] => "a second byte-order mark",
        blank if blank.iter().all(u8::is_ascii_whitespace) && blank.contains(&b'\n') => "a blank line",
        blank if blank.iter().all(u8::is_ascii_whitespace) => "a blank",
        _ => "something",
    };
    Err(FileErrorKind::ContentBeforeDeclaration { what })
}

/// Returns the encoding of the XML declaration; the default is UTF-8 (XML 1.0 4.3.3).
fn declared_encoding(head: &[u8]) -> Result<DetectedEncoding, FileErrorKind> {
    let utf8 = DetectedEncoding { encoding: UTF_8, mark: 0, claim: EncodingClaim::Utf8 { said_by: "first line" } };
    let Some(rest) = head.strip_prefix(b"<?xml") else { return Ok(utf8) };
    let Some(end) = rest.windows(2).position(|pair| pair == b"?>") else {
        return Err(FileErrorKind::NotWellFormed("its first line does not end".into()));
    };
    let declaration = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(utf8) };
    let value = value.trim_start().strip_prefix('=').map(str::trim_start).unwrap_or_default();
    let label = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.split(quote).nth(1).unwrap_or_default(),
        _ => "",
    };
    // WHATWG: the label ISO-8859-1 means Windows-1252, the encoding actually used in such files.
    match Encoding::for_label(label.as_bytes()) {
        Some(known) if known == UTF_8 => Ok(utf8),
        Some(encoding) if encoding == ISO_8859_15 || encoding == WINDOWS_1252 => {
            Ok(DetectedEncoding { encoding, mark: 0, claim: EncodingClaim::SingleByte { label: label.to_owned() } })
        }
        _ => Err(FileErrorKind::UnsupportedEncoding(label.chars().take(40).collect())),
    }
}
