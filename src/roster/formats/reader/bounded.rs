//! Readers that stop a hostile stream: one limits all bytes, the other those of a single XML token.
//!
//! The parser gathers a tag, a comment or a text in memory until the end of the token. Three gigabytes of blanks
//! between two tags would be gathered too, so [`TokenBoundedReader`] fails within a token of any kind.

use std::io::{self, BufRead, BufReader, Read};

/// The maximum bytes of one tag, text or comment: far above real exports, and little memory.
const MAX_TOKEN_BYTES: u64 = 64 << 10;

/// The limit that stopped a stream; recovered from an I/O error with [`exceeded_limit`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitExceeded {
    #[error("too many bytes")]
    Stream,
    #[error("too long a piece")]
    Token,
}

/// Returns the limit wrapped in an I/O error, if any.
pub fn exceeded_limit(error: &io::Error) -> Option<LimitExceeded> {
    error.get_ref()?.downcast_ref::<LimitExceeded>().copied()
}

/// Fails, rather than ends, after more than `remaining` bytes: an end would look like a truncated file.
pub struct BoundedReader<R> {
    inner: R,
    remaining: u64,
}

impl<R: Read> BoundedReader<R> {
    pub fn new(inner: R, limit: u64) -> Self {
        Self { inner, remaining: limit }
    }
}

impl<R: Read> Read for BoundedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        match self.remaining.checked_sub(count as u64) {
            Some(left) => self.remaining = left,
            None => return Err(io::Error::other(LimitExceeded::Stream)),
        }
        Ok(count)
    }
}

/// Feeds the parser, counts lines, and fails within a token longer than [`MAX_TOKEN_BYTES`].
pub struct TokenBoundedReader<R> {
    inner: BufReader<R>,
    token_bytes: u64,
    line: u64,
}

impl<R: Read> TokenBoundedReader<R> {
    pub fn new(inner: R) -> Self {
        Self { inner: BufReader::with_capacity(16 << 10, inner), token_bytes: 0, line: 1 }
    }

    /// Starts a new token.
    pub fn start_token(&mut self) {
        self.token_bytes = 0;
    }

    /// Returns the line, from 1, of the last byte given to the parser.
    pub fn line(&self) -> u64 {
        self.line
    }
}

impl<R: Read> Read for TokenBoundedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(buffer)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for TokenBoundedReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token_bytes > MAX_TOKEN_BYTES {
            return Err(io::Error::other(LimitExceeded::Token));
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        let lines = self.inner.buffer().iter().take(count).filter(|byte| **byte == b'\n').count();
        self.line = self.line.saturating_add(lines as u64);
        self.token_bytes = self.token_bytes.saturating_add(count as u64);
        self.inner.consume(count);
    }
}
