//! Opens an export, plain XML or the ZIP of the export screen, as a stream of bytes.
//!
//! A ZIP is recognised by its first bytes, never by its name. Sizes claimed by the ZIP are not trusted: an entry fails
//! once longer than it claims, or than its compressed size can plausibly hold; what all claim together is bounded.

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
/// The maximum bytes of all XML in one ZIP: the ZIP of the export screen has one document, that of a whole academy some
/// hundred with about 1 GB.
const MAX_ZIP_XML_BYTES: u64 = 4 << 30;

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
pub fn for_each_document<R, V>(name: &str, input: R, visit: V) -> Result<(), FileError>
where
    R: Read + Seek,
    V: FnMut(&str, &mut dyn Read) -> Result<(), FileError>,
{
    read_documents(name, input, None, visit)
}

/// Calls `visit` with the bytes of one document, by the name that [`for_each_document`] gives it.
pub fn read_document<R, V>(name: &str, input: R, document: &str, visit: V) -> Result<(), FileError>
where
    R: Read + Seek,
    V: FnMut(&str, &mut dyn Read) -> Result<(), FileError>,
{
    read_documents(name, input, Some(document), visit)
}

fn read_documents<R, V>(name: &str, mut input: R, only: Option<&str>, mut visit: V) -> Result<(), FileError>
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
        return visit(name, &mut BoundedReader::new(input, MAX_XML_BYTES));
    }
    let mut archive = ZipArchive::new(input).map_err(zip)?;
    let ZipContent { documents, holds_zips } = list_zip(name, &mut archive, only)?;
    for (index, inner) in &documents {
        let entry = archive.by_index(*index).map_err(zip)?;
        let plausible = entry.compressed_size().saturating_mul(MAX_COMPRESSION_RATIO);
        let limit = plausible.clamp(MIN_ENTRY_LIMIT_BYTES, MAX_XML_BYTES).min(entry.size());
        visit(&format!("{name}/{inner}"), &mut BoundedReader::new(entry, limit))?;
    }
    match (documents.is_empty(), holds_zips) {
        (false, _) => Ok(()),
        (true, true) => Err(refuse(FileErrorKind::NestedZip)),
        (true, false) => Err(refuse(FileErrorKind::NoXml)),
    }
}

/// The XML documents of a ZIP by their places.
struct ZipContent {
    documents: Vec<(usize, String)>,
    holds_zips: bool,
}

/// Lists the XML documents of a ZIP, or `only` that one, before anything is decrypted or inflated.
fn list_zip<R>(name: &str, archive: &mut ZipArchive<R>, only: Option<&str>) -> Result<ZipContent, FileError>
where
    R: Read + Seek,
{
    let refuse = |fault| FileError { file: name.to_owned(), line: None, kind: fault, remedy: None };
    let zip = |error: zip::result::ZipError| refuse(FileErrorKind::InvalidZip(error.to_string()));
    let mut content = ZipContent { documents: Vec::new(), holds_zips: false };
    let mut bytes = 0_u64;
    for index in 0..archive.len() {
        let inner = archive.name_for_index(index).transpose().map_err(zip)?.unwrap_or_default().into_owned();
        let lower = inner.to_ascii_lowercase();
        content.holds_zips |= lower.ends_with(".zip");
        let is_wanted = only.is_none_or(|only| only == format!("{name}/{inner}"));
        if !lower.ends_with(".xml") || inner.starts_with("__MACOSX/") || !is_wanted {
            continue;
        }
        let entry = archive.by_index_raw(index).map_err(zip)?;
        if entry.encrypted() {
            return Err(refuse(FileErrorKind::Encrypted));
        }
        bytes = bytes.saturating_add(entry.size());
        if bytes > MAX_ZIP_XML_BYTES {
            return Err(refuse(FileErrorKind::TooLarge));
        }
        content.documents.push((index, inner));
    }
    Ok(content)
}
