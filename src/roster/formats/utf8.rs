//! Whether a stream is in the encoding that it claims, found out while it is read.
//!
//! Text in ISO-8859-15 is practically never valid UTF-8: « ë » would have to stand between an « Ã » and nothing else.
//! So a whole document that says a single-byte encoding and is valid UTF-8 beyond ASCII was saved anew by a program
//! that left the first line as it was. Read as it says, « Noël » would become « NoÃ«l » and overwrite a good name.
//! Nothing is kept but an unfinished character.

use std::io::{self, Read};

use super::Fault;

/// What a document says of its bytes.
#[derive(Clone, Debug)]
pub enum Claim {
    /// Nothing that can be checked here.
    Nothing,
    Utf8 {
        said_by: &'static str,
    },
    /// One byte a character, as `label` in its first line says.
    SingleByte {
        label: String,
    },
}

/// Passes a stream on and fails where its claim is untrue: at once where it must be UTF-8, at its end where it must
/// not be.
pub struct Checked<R> {
    inner: R,
    claim: Claim,
    seen: Utf8,
}

impl<R: Read> Checked<R> {
    pub fn new(inner: R, claim: Claim) -> Self {
        Self { inner, claim, seen: Utf8::default() }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let ended = count == 0 && !buffer.is_empty();
        if !matches!(self.claim, Claim::Nothing) {
            self.seen.feed(buffer.get(..count).unwrap_or_default());
        }
        match &self.claim {
            Claim::Utf8 { said_by } if self.seen.broken => Err(io::Error::other(Fault::NotUtf8 { said_by })),
            Claim::SingleByte { label } if ended && self.seen.is_beyond_ascii() => {
                Err(io::Error::other(Fault::IsUtf8 { declared: label.clone() }))
            }
            _ => Ok(count),
        }
    }
}

/// What was seen of a stream so far.
#[derive(Default)]
struct Utf8 {
    /// It is no UTF-8.
    broken: bool,
    /// A character of more than one byte was there.
    multi_byte: bool,
    /// The first bytes of a character that goes on in the next piece.
    unfinished: Vec<u8>,
}

impl Utf8 {
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

    /// Valid to its end, with a character that ASCII does not have.
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
                let mut seen = Utf8::default();
                bytes.chunks(size).for_each(|piece| seen.feed(piece));
                assert_eq!((seen.broken, seen.is_beyond_ascii()), right, "{bytes:x?} by {size}");
            }
        }
    }
}
