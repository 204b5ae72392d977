//! An export comes as XML or in the ZIP that the export screen gives: both become a stream of bytes.
//!
//! A ZIP is recognised by its first bytes, never by its name. What it claims about sizes is a claim: the stream is
//! cut off where it grows beyond what its compressed size can honestly hold.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::bounded::Bounded;
use super::{Fault, FileError};

/// Bytes of XML at most; the largest lycées stay under 20 MB.
const MAX_XML: u64 = 256 << 20;
/// Bytes that any entry may have, however well it compresses.
const FREE: u64 = 4 << 20;
/// How much deflate saves on real exports is 10 to 40 times; on blanks it is 1 000 times.
const MAX_RATIO: u64 = 200;
/// Entries of a ZIP; the screen's has one.
const MAX_ENTRIES: usize = 64;

/// Other files that get here, by their first bytes; those that hold an export are to be unpacked.
const OTHERS: [(&[u8], Fault); 8] = [
    (b"\x1f\x8b", Fault::Packed("a gzip archive (.gz, .tgz)")),
    (b"7z\xbc\xaf\x27\x1c", Fault::Packed("a 7-Zip archive (.7z)")),
    (b"Rar!\x1a\x07", Fault::Packed("a RAR archive (.rar)")),
    (b"BZh", Fault::Packed("a bzip2 archive (.bz2)")),
    (b"\xfd7zXZ\0", Fault::Packed("an xz archive (.xz)")),
    (b"\x28\xb5\x2f\xfd", Fault::Packed("a Zstandard archive (.zst)")),
    (b"%PDF-", Fault::Foreign("a PDF")),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", Fault::Foreign("a file of Excel or Word")),
];

/// Calls `visit` with the name and the bytes of each XML document of `input`.
pub fn each_document<R, V>(name: &str, mut input: R, mut visit: V) -> Result<(), FileError>
where
    R: Read + Seek,
    V: FnMut(&str, &mut dyn Read) -> Result<(), FileError>,
{
    let refuse = |fault| FileError { file: name.to_owned(), line: None, fault };
    let zip = |error: zip::result::ZipError| refuse(Fault::Zip(error.to_string()));
    let mut magic = Vec::with_capacity(8);
    input.by_ref().take(8).read_to_end(&mut magic).map_err(|error| refuse(Fault::Read(error.to_string())))?;
    input.seek(SeekFrom::Start(0)).map_err(|error| refuse(Fault::Read(error.to_string())))?;
    if let Some((_, fault)) = OTHERS.iter().find(|(bytes, _)| magic.starts_with(bytes)) {
        return Err(refuse(fault.clone()));
    }
    if !matches!(magic.as_slice(), [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..]) {
        return visit(name, &mut Bounded::new(input, MAX_XML));
    }
    let mut archive = ZipArchive::new(input).map_err(zip)?;
    if archive.len() > MAX_ENTRIES {
        return Err(refuse(Fault::TooBig));
    }
    let (mut found, mut zips) = (false, false);
    for index in 0..archive.len() {
        // Raw first: the name is read before anything is decrypted or inflated.
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
            return Err(refuse(Fault::Encrypted));
        }
        found = true;
        let entry = archive.by_index(index).map_err(zip)?;
        let limit = entry.compressed_size().saturating_mul(MAX_RATIO).clamp(FREE, MAX_XML);
        visit(&format!("{name}/{inner}"), &mut Bounded::new(entry, limit))?;
    }
    match (found, zips) {
        (true, _) => Ok(()),
        (false, true) => Err(refuse(Fault::ZipInZip)),
        (false, false) => Err(refuse(Fault::NoXml)),
    }
}
