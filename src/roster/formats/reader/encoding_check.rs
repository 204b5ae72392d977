//! Verifies the declared encoding of a stream during reading.
//!
//! Text in ISO-8859-15 is practically never valid UTF-8: a « ë » would have to follow an « Ã ». So a whole document
//! declaring a single-byte encoding, yet valid as UTF-8 beyond ASCII, was saved anew by a program that left the XML
//! declaration as before. Read as declared, « Noël » would become « NoÃ«l » and overwrite a good name. Only an
//! unfinished character is buffered.

use std::io::{self, Read};

use crate::roster::formats::FileErrorKind;

/// The encoding claimed by a document.
#[derive(Clone, Debug)]
pub enum EncodingClaim {
    /// No claim to verify.
    Nothing,
    Utf8 {
        said_by: &'static str,
    },
    /// A single-byte encoding, declared as `label` in the XML declaration.
    SingleByte {
        label: String,
    },
}

/// Passes a stream on and fails if the claim is false: at once if the bytes must be UTF-8, at the end of the stream if
/// the bytes must not be.
pub struct EncodingChecker<R> {
    inner: R,
    claim: EncodingClaim,
    seen: Utf8State,
}

impl<R: Read> EncodingChecker<R> {
    pub fn new(inner: R, claim: EncodingClaim) -> Self {
        Self { inner, claim, seen: Utf8State::default() }
    }
}

impl<R: Read> Read for EncodingChecker<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let ended = count == 0 && !buffer.is_empty();
        if !matches!(self.claim, EncodingClaim::Nothing) {
            self.seen.feed(buffer.get(..count).unwrap_or_default());
        }
        match &self.claim {
            EncodingClaim::Utf8 { said_by } if self.seen.broken => {
                Err(io::Error::other(FileErrorKind::InvalidUtf8 { said_by }))
            }
            EncodingClaim::SingleByte { label } if ended && self.seen.is_beyond_ascii() => {
                Err(io::Error::other(FileErrorKind::UnexpectedUtf8 { declared: label.clone() }))
            }
            _ => Ok(count),
        }
    }
}

/// The state of the UTF-8 check so far.
#[derive(Default)]
struct Utf8State {
    /// True if the bytes are not UTF-8.
    broken: bool,
    /// True if a character of several bytes occurred.
    multi_byte: bool,
    /// The first bytes of a character continued in the next chunk.
    unfinished: Vec<u8>,
}

impl Utf8State {
    fn feed(&mut self, mut bytes: &[u8]) {
        while !self.broken && !self.unfinished.is_empty() {
            let Some((next, rest)) = bytes.split_first() else { return };
            self.unfinished.push(*next);
            bytes = rest;
            match std::str::from_utf8(&self.unfinished) {
                Ok(_) => {
                    self.multi_byte = true;
                    self.unfinished.clear();
                }
                Err(error) => self.broken = error.error_len().is_some(),
            }
        }
        if self.broken {
            return;
        }
        let valid = match std::str::from_utf8(bytes) {
            Ok(text) => text.len(),
            Err(error) => {
                self.broken = error.error_len().is_some();
                self.unfinished = bytes.get(error.valid_up_to()..).unwrap_or_default().to_vec();
                error.valid_up_to()
            }
        };
        self.multi_byte |= !bytes.get(..valid).unwrap_or_default().is_ascii();
    }

    /// True if the stream is valid UTF-8 to its end and has a character beyond ASCII.
    fn is_beyond_ascii(&self) -> bool {
        !self.broken && self.multi_byte && self.unfinished.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_of_any_size_say_the_same() {
        for (bytes, right) in [
            ("Zoé LEBŒUF 😀".as_bytes(), (false, true)),
            (b"Zoe", (false, false)),
            (b"Zo\xe9 DURAND", (true, false)),
            (b"Zo\xc3\xa9 LEB\xbdUF", (true, false)),
            (b"\xed\xa0\x80", (true, false)),
            (b"cut \xc3", (false, false)),
        ] {
            for size in 1..=bytes.len() {
                let mut seen = Utf8State::default();
                bytes.chunks(size).for_each(|piece| seen.feed(piece));
                assert_eq!((seen.broken, seen.is_beyond_ascii()), right, "{bytes:x?} by {size}");
            }
        }
    }
}
