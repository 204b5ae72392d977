//! The encoding of an XML document: what its byte-order mark says, else its first line, and whether that is true.
//!
//! SIECLE writes ISO-8859-15, where 0xBD is œ; taken for ISO-8859-1 it would be ½, and LEBŒUF could never activate.
//! The mark decides before the first line (XML 1.0 appendix F.1). Without one the first line is believed only as far
//! as the bytes bear it out ([`super::utf8`]): whoever opened the export in an editor and saved it left that line as
//! it was. The parser reads UTF-8 only, so the stream is decoded before it.

use std::io::{self, Cursor, Read};

use encoding_rs::{Encoding, ISO_8859_15, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::Fault;
use super::utf8::{Checked, Claim};

/// The declaration is some 60 bytes; one that does not end here is none.
const MAX_PROLOG: u64 = 1024;

/// The document as UTF-8, without byte-order mark. What UTF-16 cannot decode becomes U+FFFD; a stream that is UTF-8
/// and should not be, or the other way round, fails with the [`Fault`] as its cause.
pub fn decode<R: Read>(mut input: R) -> Result<impl Read, DecodeError> {
    let mut head = Vec::new();
    input.by_ref().take(MAX_PROLOG).read_to_end(&mut head)?;
    let Written { encoding, mark, claim } = written(&head).map_err(DecodeError::Fault)?;
    let mut head = Cursor::new(head);
    head.set_position(mark);
    let checked = Checked::new(head.chain(input), claim);
    Ok(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_sniffing(false).build(checked))
}

/// The stream failed, or its encoding is none that exports have.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Fault(Fault),
}

/// How a document is written.
struct Written {
    encoding: &'static Encoding,
    /// Bytes of its byte-order mark.
    mark: u64,
    /// What its bytes must bear out.
    claim: Claim,
}

fn written(head: &[u8]) -> Result<Written, Fault> {
    let with_mark = |encoding, mark, claim| Ok(Written { encoding, mark, claim });
    match head {
        [0xef, 0xbb, 0xbf, rest @ ..] => {
            begins_well(rest)?;
            with_mark(UTF_8, 3, Claim::Utf8 { said_by: "byte-order mark" })
        }
        [0xff, 0xfe, 0, 0, ..] | [0, 0, 0xfe, 0xff, ..] => Err(Fault::Encoding("UTF-32".into())),
        [0xff, 0xfe, ..] => with_mark(UTF_16LE, 2, Claim::Nothing),
        [0xfe, 0xff, ..] => with_mark(UTF_16BE, 2, Claim::Nothing),
        [b'<', 0, ..] | [0, b'<', ..] => Err(Fault::Encoding("UTF-16 without byte-order mark".into())),
        _ => begins_well(head).and_then(|()| declared(head)),
    }
}

/// What stands in an export's place, or before its first line, and would be called malformed XML otherwise.
fn begins_well(head: &[u8]) -> Result<(), Fault> {
    let place = |part: &[u8]| head.windows(part.len()).position(|window| window.eq_ignore_ascii_case(part));
    if place(b"<!doctype html").or(place(b"<html")).is_some() {
        return Err(Fault::WebPage);
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
    Err(Fault::BeforeDeclaration { what })
}

/// What the first line says; without one it is UTF-8 (XML 1.0 4.3.3).
fn declared(head: &[u8]) -> Result<Written, Fault> {
    let utf8 = Written { encoding: UTF_8, mark: 0, claim: Claim::Utf8 { said_by: "first line" } };
    let Some(rest) = head.strip_prefix(b"<?xml") else { return Ok(utf8) };
    let Some(end) = rest.windows(2).position(|pair| pair == b"?>") else {
        return Err(Fault::NotWellFormed("its first line does not end".into()));
    };
    let declaration = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(utf8) };
    let value = value.trim_start().strip_prefix('=').map(str::trim_start).unwrap_or_default();
    let label = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.split(quote).nth(1).unwrap_or_default(),
        _ => "",
    };
    // WHATWG: the label ISO-8859-1 means Windows-1252, which is what such files hold.
    match Encoding::for_label(label.as_bytes()) {
        Some(known) if known == UTF_8 => Ok(utf8),
        Some(encoding) if encoding == ISO_8859_15 || encoding == WINDOWS_1252 => {
            Ok(Written { encoding, mark: 0, claim: Claim::SingleByte { label: label.to_owned() } })
        }
        _ => Err(Fault::Encoding(label.chars().take(40).collect())),
    }
}
