//! Readers that end a hostile file: one counts all bytes, one counts those of a single piece of XML.
//!
//! The parser gathers a tag, a comment or a text in memory until its end. Three gigabytes of blanks between two
//! tags would be gathered too, so [`Pieces`] stops the stream within a piece, whatever it is made of.

use std::io::{self, BufRead, BufReader, Read};

/// Bytes of one tag, text or comment at most: far more than any export has, little in memory.
const MAX_PIECE: u64 = 64 << 10;

/// Why a stream was stopped; found again with [`limit_of`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limit {
    #[error("too many bytes")]
    Whole,
    #[error("too long a piece")]
    Piece,
}

/// The limit that an I/O error stands for, if it is one of ours.
pub fn limit_of(error: &io::Error) -> Option<Limit> {
    error.get_ref()?.downcast_ref::<Limit>().copied()
}

/// Fails, rather than ends, once more than `left` bytes were read: an end would look like a cut file.
pub struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Bounded<R> {
    pub fn new(inner: R, limit: u64) -> Self {
        Self { inner, left: limit }
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.left.checked_sub(count as u64) {
            Some(left) => self.left = left,
            None => return Err(io::Error::other(Limit::Whole)),
        }
        Ok(count)
    }
}

/// Feeds the parser, counts lines, and fails within a piece that is too long.
pub struct Pieces<R> {
    inner: BufReader<R>,
    piece: u64,
    line: u64,
}

impl<R: Read> Pieces<R> {
    pub fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(16 << 10, inner), piece: 0, line: 1 }
    }

    /// A new piece begins.
    pub fn next_piece(&mut self) {
        self.piece = 0;
    }

    /// The line, from 1, of the last byte given to the parser.
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl<R: Read> Read for Pieces<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Pieces<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.piece > MAX_PIECE {
            return Err(io::Error::other(Limit::Piece));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let lines = self.inner.buffer().iter().take(count).filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(lines as u64);
        self.piece = self.piece.saturating_add(count as u64);
        self.inner.consume(count);
    }
}
