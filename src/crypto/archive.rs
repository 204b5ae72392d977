//! An encrypted file of any size: written and read as a stream, and refused if one byte of it is missing or altered.
//!
//! A first line says what the file is, a second one is a header that everybody may read. Then the content in chunks of
//! 64 KiB, each sealed by AES-256-GCM under a key of this file alone (HKDF of the secret, with a random salt and the
//! header). The nonce is the chunk's number and whether it is the last one, so that chunks cannot be exchanged, left out
//! or cut off (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015, as in age and Tink).

use std::io::{self, BufRead, ErrorKind, Read, Write};

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use zeroize::{Zeroize as _, Zeroizing};

use super::{Len, SealError};
use crate::base::secret::{base64url, decode_base64url};

/// The first line of each archive.
const MAGIC: &str = "preau-archive/1\n";
const CHUNK_BYTES: usize = 64 * 1024;
const TAG_BYTES: usize = 16;
/// The maximum length of a header: beyond it, the file is none of ours.
const MAX_HEADER_BYTES: usize = 4_096;

#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    #[error("this is no archive of preau")]
    NotAnArchive,
    #[error("the archive does not open: another key, or it was altered or cut")]
    Refused,
    #[error(transparent)]
    Library(#[from] SealError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The memory and the passes of a key by a passphrase: some 200 ms, paid once a file.
const PASSPHRASE_MEMORY_KIB: u32 = 65_536;
const PASSPHRASE_PASSES: u32 = 3;

/// Derives the secret of an archive from a passphrase, by argon2id.
///
/// # Errors
/// Fails for a salt that is too short.
pub fn passphrase_secret(passphrase: &str, salt: &[u8]) -> Result<Zeroizing<[u8; 32]>, SealError> {
    let fail = |_| SealError::Library("argon2");
    let mut out = Zeroizing::new([0u8; 32]);
    let params = Params::new(PASSPHRASE_MEMORY_KIB, PASSPHRASE_PASSES, 1, Some(32)).map_err(fail)?;
    let argon = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon.hash_password_into(passphrase.as_bytes(), salt, out.as_mut_slice()).map_err(fail)?;
    Ok(out)
}

/// Derives the key of one file.
fn file_key(secret: &[u8; 32], salt: &[u8], header: &str) -> Result<LessSafeKey, SealError> {
    let mut key = Zeroizing::new([0u8; 32]);
    Salt::new(HKDF_SHA256, salt)
        .extract(secret)
        .expand(&[b"preau/v1/archive/", header.as_bytes()], Len(32))
        .and_then(|okm| okm.fill(key.as_mut_slice()))
        .map_err(|_| SealError::Library("hkdf"))?;
    let key = UnboundKey::new(&AES_256_GCM, key.as_slice()).map_err(|_| SealError::Library("aead key"))?;
    Ok(LessSafeKey::new(key))
}

/// The numbers of the chunks of a file, as nonces. A number serves once under a file's key.
#[derive(Debug, Default)]
struct ChunkNumbers(u32);

impl ChunkNumbers {
    fn next(&mut self, last: bool) -> io::Result<Nonce> {
        let number = self.0;
        // 256 TiB.
        self.0 = number.checked_add(1).ok_or_else(|| io::Error::other("the archive is too large"))?;
        let mut nonce = [0u8; 12];
        let (_, end) = nonce.split_at_mut(7);
        for (to, from) in end.iter_mut().zip(number.to_be_bytes().into_iter().chain([u8::from(last)])) {
            *to = from;
        }
        Ok(Nonce::assume_unique_for_key(nonce))
    }
}

/// Encrypts what is written to it. [`ArchiveWriter::finish`] makes the file whole; without it no reader takes the file.
pub struct ArchiveWriter<W: Write> {
    out: W,
    key: LessSafeKey,
    numbers: ChunkNumbers,
    /// The bytes that are not written yet: at most one chunk, because the last one is sealed otherwise.
    waiting: Vec<u8>,
}

impl<W: Write> ArchiveWriter<W> {
    /// Begins an archive. The header is one line that is authenticated and not secret; the salt is random.
    ///
    /// # Errors
    /// Fails if nothing can be written, or for a header of several lines.
    pub fn begin(mut out: W, secret: &[u8; 32], salt: [u8; 32], header: &str) -> Result<Self, ArchiveError> {
        if header.contains('\n') || header.len() > MAX_HEADER_BYTES {
            return Err(ArchiveError::NotAnArchive);
        }
        let salt_text = base64url(&salt);
        out.write_all(format!("{MAGIC}{salt_text} {header}\n").as_bytes())?;
        let key = file_key(secret, &salt, header)?;
        Ok(Self { out, key, numbers: ChunkNumbers::default(), waiting: Vec::with_capacity(CHUNK_BYTES + TAG_BYTES) })
    }

    fn write_chunk(&mut self, last: bool) -> io::Result<()> {
        let nonce = self.numbers.next(last)?;
        self.key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut self.waiting)
            .map_err(|_| io::Error::other("the cryptographic library refused to seal"))?;
        self.out.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Writes the last chunk. Returns the underlying writer.
    ///
    /// # Errors
    /// Fails if it cannot be written.
    pub fn finish(mut self) -> io::Result<W> {
        self.write_chunk(true)?;
        self.out.flush()?;
        Ok(self.out)
    }
}

impl<W: Write> Write for ArchiveWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.waiting.len() == CHUNK_BYTES && !bytes.is_empty() {
            self.write_chunk(false)?;
        }
        let taken = bytes.len().min(CHUNK_BYTES - self.waiting.len());
        let (now, _) = bytes.split_at(taken);
        self.waiting.extend_from_slice(now);
        Ok(taken)
    }

    /// Flushes whole chunks only: what waits is sealed once its chunk is full, or by [`ArchiveWriter::finish`].
    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// The header of an archive, read before the secret is known.
#[derive(Debug)]
pub struct ArchiveHeader {
    salt: Vec<u8>,
    text: String,
}

impl ArchiveHeader {
    /// Reads the first two lines.
    ///
    /// # Errors
    /// Fails for another kind of file.
    pub fn read(from: &mut impl BufRead) -> Result<Self, ArchiveError> {
        let mut magic = [0u8; MAGIC.len()];
        from.read_exact(&mut magic).map_err(not_an_archive)?;
        if magic != MAGIC.as_bytes() {
            return Err(ArchiveError::NotAnArchive);
        }
        let mut line = Vec::new();
        let most = u64::try_from(MAX_HEADER_BYTES + 64).unwrap_or(u64::MAX);
        from.take(most).read_until(b'\n', &mut line)?;
        let line = String::from_utf8(line).map_err(|_| ArchiveError::NotAnArchive)?;
        let line = line.strip_suffix('\n').ok_or(ArchiveError::NotAnArchive)?;
        let (salt, text) = line.split_once(' ').ok_or(ArchiveError::NotAnArchive)?;
        let salt = decode_base64url(salt).filter(|salt| salt.len() == 32).ok_or(ArchiveError::NotAnArchive)?;
        Ok(Self { salt, text: text.to_owned() })
    }

    /// Returns the text, which nobody has authenticated until a chunk was read.
    pub fn text(&self) -> &str {
        &self.text
    }
}

fn not_an_archive(error: io::Error) -> ArchiveError {
    match error.kind() {
        ErrorKind::UnexpectedEof => ArchiveError::NotAnArchive,
        _ => error.into(),
    }
}

/// Decrypts what is read from it. Nothing of a chunk is given out before the chunk is found unaltered; the end of the
/// content is given out only if the file is whole.
pub struct ArchiveReader<R: Read> {
    from: R,
    key: LessSafeKey,
    numbers: ChunkNumbers,
    /// The chunk after the present one: a chunk is the last one if nothing follows.
    next: Vec<u8>,
    plain: Vec<u8>,
    given: usize,
    ended: bool,
}

impl<R: Read> ArchiveReader<R> {
    /// Begins to read the content after the header.
    ///
    /// # Errors
    /// Fails if nothing can be read.
    pub fn begin(mut from: R, secret: &[u8; 32], header: &ArchiveHeader) -> Result<Self, ArchiveError> {
        let key = file_key(secret, &header.salt, &header.text)?;
        let next = read_chunk(&mut from)?;
        Ok(Self { from, key, numbers: ChunkNumbers::default(), next, plain: Vec::new(), given: 0, ended: false })
    }

    fn open_next(&mut self) -> io::Result<()> {
        let refused = || io::Error::new(ErrorKind::InvalidData, ArchiveError::Refused);
        let mut sealed = std::mem::take(&mut self.next);
        self.next = read_chunk(&mut self.from)?;
        let last = self.next.is_empty();
        let nonce = self.numbers.next(last)?;
        let length = self.key.open_in_place(nonce, Aad::empty(), &mut sealed).map_err(|_| refused())?.len();
        sealed.truncate(length);
        self.plain.zeroize();
        self.plain = sealed;
        self.given = 0;
        self.ended = last;
        Ok(())
    }
}

/// Reads one sealed chunk; a shorter one only at the end of the file.
fn read_chunk(from: &mut impl Read) -> io::Result<Vec<u8>> {
    let most = u64::try_from(CHUNK_BYTES + TAG_BYTES).unwrap_or(u64::MAX);
    let mut chunk = Vec::with_capacity(CHUNK_BYTES + TAG_BYTES);
    from.take(most).read_to_end(&mut chunk)?;
    Ok(chunk)
}

impl<R: Read> Read for ArchiveReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while self.given == self.plain.len() {
            if self.ended {
                return Ok(0);
            }
            self.open_next()?;
        }
        let (_, rest) = self.plain.split_at(self.given);
        let count = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: [u8; 32] = [7; 32];

    fn archive(content: &[u8]) -> Vec<u8> {
        let mut writer = ArchiveWriter::begin(Vec::new(), &SECRET, [9; 32], "{\"a\":1}").unwrap();
        for part in content.chunks(10_007) {
            writer.write_all(part).unwrap();
        }
        writer.finish().unwrap()
    }

    fn open(file: &[u8], secret: &[u8; 32]) -> Result<Vec<u8>, ArchiveError> {
        let mut from = file;
        let header = ArchiveHeader::read(&mut from)?;
        let mut content = Vec::new();
        ArchiveReader::begin(from, secret, &header)?.read_to_end(&mut content)?;
        Ok(content)
    }

    fn content(length: usize) -> Vec<u8> {
        (0..length).map(|n| u8::try_from(n % 251).unwrap()).collect()
    }

    #[test]
    fn what_was_written_is_read_at_every_length_around_a_chunk() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 * CHUNK_BYTES + 5] {
            let content = content(length);
            let file = archive(&content);
            assert_eq!(open(&file, &SECRET).unwrap(), content, "{length}");
            let chunks = length.div_ceil(CHUNK_BYTES).max(1);
            let head = MAGIC.len() + 43 + 1 + 7 + 1;
            assert_eq!(file.len(), head + length + chunks * TAG_BYTES, "{length}");
        }
    }

    #[test]
    fn a_file_that_is_cut_altered_or_of_another_key_is_refused() {
        let content = content(2 * CHUNK_BYTES + 100);
        let file = archive(&content);
        let head = MAGIC.len() + 43 + 1 + 7 + 1;
        let chunk = CHUNK_BYTES + TAG_BYTES;
        // Also between two chunks, where each of those that are left is whole.
        for cut in [0, 3, MAGIC.len(), head, head + 1, head + chunk, head + 2 * chunk, file.len() - 1] {
            assert!(open(&file[..cut], &SECRET).is_err(), "{cut}");
        }
        for at in [0, MAGIC.len() + 2, head - 3, head, head + chunk + 5, file.len() - 1] {
            let mut altered = file.clone();
            altered[at] ^= 1;
            assert!(open(&altered, &SECRET).is_err(), "{at}");
        }
        let (first, second) = (&file[head..head + chunk], &file[head + chunk..head + 2 * chunk]);
        let exchanged = [&file[..head], second, first, &file[head + 2 * chunk..]].concat();
        assert!(open(&exchanged, &SECRET).is_err(), "chunks exchanged");
        assert!(open(&[&file[..], &file[head..]].concat(), &SECRET).is_err(), "something appended");
        assert!(open(&file, &[8; 32]).is_err(), "another key");
        assert!(!file.windows(64).any(|window| content.windows(64).take(1).any(|plain| plain == window)));
    }

    #[test]
    fn nothing_of_an_altered_chunk_is_given_out() {
        let mut file = archive(&content(2 * CHUNK_BYTES));
        let head = MAGIC.len() + 43 + 1 + 7 + 1;
        file[head + CHUNK_BYTES + TAG_BYTES + 9] ^= 1;
        let mut from = file.as_slice();
        let header = ArchiveHeader::read(&mut from).unwrap();
        assert_eq!(header.text(), "{\"a\":1}");
        let mut out = Vec::new();
        let read = ArchiveReader::begin(from, &SECRET, &header).unwrap().read_to_end(&mut out);
        assert!(read.is_err() && out.len() == CHUNK_BYTES);
    }

    #[test]
    fn another_kind_of_file_is_none() {
        for file in [&b""[..], b"SQLite format 3\0", b"preau-archive/1\n", b"preau-archive/1\nshort {}\nx"] {
            assert!(matches!(open(file, &SECRET), Err(ArchiveError::NotAnArchive)), "{file:?}");
        }
    }
}
