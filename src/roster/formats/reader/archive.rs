//! Opens an export, plain XML or the ZIP of the export screen, as a stream of bytes.
//!
//! A ZIP is recognised by its first bytes, never by its name. Sizes claimed by the ZIP are not trusted: an entry fails
//! once longer than its compressed size can plausibly hold.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::bounded::BoundedReader;
use crate::roster::formats::{FileError, FileErrorKind};

/// The maximum bytes of XML; the largest lycées stay under 20 MB.
const MAX_XML_BYTES: u64 = 256 << 20;
/// The bytes allowed to every entry, whatever its compression ratio.
const MIN_ENTRY_LIMIT_BYTES: u64 = 4 << 20;
/// The maximum compression ratio: deflate shrinks real exports 10 to 40 times, and blanks 1 000 times.
const MAX_COMPRESSION_RATIO: u64 = 200;
/// The maximum number of entries of a ZIP; the ZIP of the export screen has one.
const MAX_ZIP_ENTRIES: usize = 64;

/// Signatures of other file types given by mistake; archives possibly holding an export are to be unpacked.
const FOREIGN_SIGNATURES: [(&[u8], FileErrorKind); 8] = [
    (b"\x1f\x8b", FileErrorKind::UnsupportedArchive("a gzip archive (.gz, .tgz)")),
    (b"7z\xbc\xaf\x27\x1c", FileErrorKind::UnsupportedArchive("a 7-Zip archive (.7z)")),
    (b"Rar!\x1a\x07", FileErrorKind::UnsupportedArchive("a RAR archive (.rar)")),
    (b"BZh", FileErrorKind::UnsupportedArchive("a bzip2 archive (.bz2)")),
    (b"\xfd7zXZ\0", FileErrorKind::UnsupportedArchive("an xz archive (.xz)")),
    (b"\x28\xb5\x2f\xfd", FileErrorKind::UnsupportedArchive("a Zstandard archive (.zst)")),
    (b"%PDF-", FileErrorKind::UnsupportedType("a PDF")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", FileErrorKind::UnsupportedType("a file of Excel or Word")),
];

/// Calls `visit` with the name and the bytes of each XML document in `input`.
pub fn for_each_document<R, V>(name: &str, mut input: R, mut ctx: V) -> Result<(), FileError>
where
    R: Read + Seek,
    V: FnMut(&str, &mut dyn Read) -> Result<(), FileError>,
{
    let refuse = |fault| FileError { file: name.to_owned(), line: None, kind: fault, remedy: None };
    let zip = |error: zip::result::ZipError| refuse(FileErrorKind::InvalidZip(error.to_string()));
    let mut magic = Vec::with_capacity(8);
    input
        .by_ref()
        .take(8)
        .read_to_end(&mut magic)
        .map_err(|error| refuse(FileErrorKind::Unreadable(error.to_string())))?;
    input.seek(SeekFrom::Start(0)).map_err(|error| refuse(FileErrorKind::Unreadable(error.to_string())))?;
    if let Some((_, fault)) = FOREIGN_SIGNATURES.iter().find(|(bytes, _)| magic.starts_with(bytes)) {
        return Err(refuse(fault.clone()));
    }
    if !matches!(magic.as_slice(), [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..]) {
        return ctx(name, &mut BoundedReader::new(input, MAX_XML_BYTES));
    }
    let mut archive = ZipArchive::new(input).map_err(zip)?;
    if archive.len() > MAX_ZIP_ENTRIES {
        return Err(refuse(FileErrorKind::TooLarge));
    }
    let (mut found, mut zips) = (false, false);
    for index in 0..archive.len() {
        // The raw entry first: the name is read before anything is decrypted or inflated.
        let (inner, encrypted) = {
            let entry = archive.by_index_raw(index).map_err(zip)?;
            (entry.name().map_err(zip)?.into_owned(), entry.encrypted())
        };
        let lower = inner.to_ascii_lowercase();
        zips |= lower.ends_with(".zip");
        if !lower.ends_with(".xml") || inner.starts_with("__MACOSX/") {
            continue;
        }
        if encrypted {
            return Err(refuse(FileErrorKind::Encrypted));
        }
        found = true;
        let entry = archive.by_index(index).map_err(zip)?;
        let limit =
            entry.compressed_size().saturating_mul(MAX_COMPRESSION_RATIO).clamp(MIN_ENTRY_LIMIT_BYTES, MAX_XML_BYTES);
        ctx(&format!("{name}/{inner}"), &mut BoundedReader::new(entry, limit))?;
    }
    match (found, zips) {
        (true, _) => Ok(()),
        (false, true) => Err(refuse(FileErrorKind::NestedZip)),
        (false, false) => Err(refuse(FileErrorKind::NoXml)),
    }
}
