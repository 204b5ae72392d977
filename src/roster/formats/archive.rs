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

/// Calls `visit` with the name and the bytes of each XML document of `input`.
pub fn each_document<R, V>(name: &str, mut input: R, mut visit: V) -> Result<(), FileError>
where
    R: Read + Seek,
    V: FnMut(&str, &mut dyn Read) -> Result<(), FileError>,
{
    let refuse = |fault| FileError { file: name.to_owned(), line: None, fault };
    let zip = |error: zip::result::ZipError| refuse(Fault::Zip(error.to_string()));
    let mut magic = Vec::with_capacity(4);
    input.by_ref().take(4).read_to_end(&mut magic).map_err(|error| refuse(Fault::Read(error.to_string())))?;
    input.seek(SeekFrom::Start(0)).map_err(|error| refuse(Fault::Read(error.to_string())))?;
    if !matches!(magic.as_slice(), b"PK\x03\x04" | b"PK\x05\x06") {
        return visit(name, &mut Bounded::new(input, MAX_XML));
    }
    let mut archive = ZipArchive::new(input).map_err(zip)?;
    if archive.len() > MAX_ENTRIES {
        return Err(refuse(Fault::TooBig));
    }
    let mut found = false;
    for index in 0..archive.len() {
        // Raw first: the name is read before anything is decrypted or inflated.
        let (inner, encrypted) = {
            let entry = archive.by_index_raw(index).map_err(zip)?;
            (entry.name().map_err(zip)?.into_owned(), entry.encrypted())
        };
        let document = inner.to_ascii_lowercase().ends_with(".xml") && !inner.starts_with("__MACOSX/");
        if !document {
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
    if found { Ok(()) } else { Err(refuse(Fault::NoXml)) }
}
