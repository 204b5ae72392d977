//! The encoding that an XML document names in its first line.
//!
//! SIECLE writes ISO-8859-15, where 0xBD is œ; taken for ISO-8859-1 it would be ½, and LEBŒUF could never activate.
//! The parser reads UTF-8 only, so the first line is read here and the stream decoded before it.

use std::io::{self, Cursor, Read};

use encoding_rs::{Encoding, ISO_8859_15, UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

use super::Fault;

/// The declaration is some 60 bytes; one that does not end here is none.
const MAX_PROLOG: u64 = 1024;

/// The document as UTF-8, without byte-order mark. What cannot be decoded becomes U+FFFD.
pub fn decode<R: Read>(mut input: R) -> Result<impl Read, DecodeError> {
    let mut head = Vec::new();
    input.by_ref().take(MAX_PROLOG).read_to_end(&mut head)?;
    let bytes = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&head);
    let encoding = encoding(bytes).map_err(DecodeError::Fault)?;
    let start = head.len().saturating_sub(bytes.len()) as u64;
    let mut head = Cursor::new(head);
    head.set_position(start);
    let whole = head.chain(input);
    Ok(DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_sniffing(false).build(whole))
}

/// The stream failed, or its encoding is none that exports have.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Fault(Fault),
}

fn encoding(head: &[u8]) -> Result<&'static Encoding, Fault> {
    if head.starts_with(b"\xfe\xff") || head.starts_with(b"\xff\xfe") {
        return Err(Fault::Encoding("UTF-16".into()));
    }
    let Some(rest) = head.strip_prefix(b"<?xml") else { return Ok(UTF_8) };
    let Some(end) = rest.windows(2).position(|pair| pair == b"?>") else {
        return Err(Fault::NotWellFormed("its first line does not end".into()));
    };
    let declaration = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
    let Some((_, value)) = declaration.split_once("encoding") else { return Ok(UTF_8) };
    let value = value.trim_start().strip_prefix('=').map(str::trim_start).unwrap_or_default();
    let label = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value.split(quote).nth(1).unwrap_or_default(),
        _ => "",
    };
    // WHATWG: the label ISO-8859-1 means Windows-1252, which is what such files hold.
    match Encoding::for_label(label.as_bytes()) {
        Some(known) if known == UTF_8 || known == ISO_8859_15 || known == WINDOWS_1252 => Ok(known),
        _ => Err(Fault::Encoding(label.chars().take(40).collect())),
    }
}
