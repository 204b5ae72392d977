//! The files of an upload: judged by their first bytes and bounds before anything reads them, and kept in memory alone.

use std::ffi::CStr;
use std::fs::File;
use std::io::{Cursor, Write as _};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;

use rustix::fs::{MemfdFlags, memfd_create};
use zip::ZipArchive;

/// The maximum number of files of an upload.
pub const MAX_FILES: usize = 4;
/// The maximum size of all that a ZIP holds.
const MAX_INFLATED_BYTES: u64 = 200 << 20;
/// The maximum number of entries of a ZIP.
const MAX_ZIP_ENTRIES: usize = 50;
/// The first bytes of an entry of the directory of a ZIP.
const ZIP_ENTRY: &[u8] = b"PK\x01\x02";
/// Beyond so many of them in a file, its directory is not read: compressed data has none by chance.
const MAX_ZIP_ENTRY_MARKS: usize = 200;
/// The maximum length of the name of a file that is shown.
const MAX_NAME_CHARS: usize = 100;

/// The reason for not taking a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum UploadFileFault {
    #[error("no files, or too many")]
    Number,
    #[error("an empty file")]
    Empty,
    #[error("no ZIP that can be opened")]
    BadZip,
    /// An entry of a ZIP has a folder in its name.
    #[error("a ZIP with folders")]
    ZipPaths,
    #[error("a ZIP that holds too much")]
    ZipTooLarge,
}

/// Returns the name of a file as it is shown: its last part, without what cannot be seen.
pub fn shown_name(given: &str) -> String {
    let last = given.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String = last.chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARS).collect();
    if name.is_empty() { "fichier".to_owned() } else { name }
}

/// Judges the contents of files, beside the runtime: a ZIP of 32 MB takes a moment.
pub async fn judge_all<T>(contents: Vec<T>) -> anyhow::Result<Result<(), UploadFileFault>>
where
    T: AsRef<[u8]> + Send + 'static,
{
    Ok(tokio::task::spawn_blocking(move || contents.iter().try_for_each(|content| judge(content.as_ref()))).await?)
}

/// Judges the content of a file. Sizes that a ZIP claims are not believed later either: whoever reads it counts.
pub fn judge(content: &[u8]) -> Result<(), UploadFileFault> {
    if content.is_empty() {
        return Err(UploadFileFault::Empty);
    }
    if !content.starts_with(b"PK") {
        return Ok(());
    }
    // Before the directory is read: 32 MB hold 700 000 empty entries. What its end says of their number can be untrue.
    if has_many_entries(content) {
        return Err(UploadFileFault::ZipTooLarge);
    }
    let mut archive = ZipArchive::new(Cursor::new(content)).map_err(|_| UploadFileFault::BadZip)?;
    if archive.len() > MAX_ZIP_ENTRIES {
        return Err(UploadFileFault::ZipTooLarge);
    }
    let mut inflated = 0_u64;
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).transpose().map_err(|_| UploadFileFault::BadZip)?;
        let name = name.unwrap_or_default().into_owned();
        let entry = archive.by_index_raw(index).map_err(|_| UploadFileFault::BadZip)?;
        // What a Mac adds is never read.
        if !name.starts_with("__MACOSX/") && name.contains(['/', '\\', ':', '\0']) {
            return Err(UploadFileFault::ZipPaths);
        }
        inflated = inflated.saturating_add(entry.size());
        if inflated > MAX_INFLATED_BYTES {
            return Err(UploadFileFault::ZipTooLarge);
        }
    }
    Ok(())
}

fn has_many_entries(content: &[u8]) -> bool {
    content.windows(ZIP_ENTRY.len()).filter(|bytes| *bytes == ZIP_ENTRY).nth(MAX_ZIP_ENTRY_MARKS).is_some()
}

/// A file in memory that has a path: an import reads files, and no disk has this one.
pub struct MemoryFile {
    file: File,
    pub name: String,
}

/// The name under which the system lists such files.
const MEMORY_NAME: &CStr = c"roster";

impl MemoryFile {
    pub fn new(name: String, content: &[u8]) -> std::io::Result<Self> {
        let mut file = File::from(memfd_create(MEMORY_NAME, MemfdFlags::CLOEXEC)?);
        file.write_all(content)?;
        Ok(MemoryFile { file, name })
    }

    /// Returns the path by which this process opens it, while it lives.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }
}

#[cfg(test)]
mod tests {
    use zip::write::SimpleFileOptions;

    use super::*;

    fn zipped(entries: &[(&str, usize)]) -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in entries {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&vec![b' '; *bytes]).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn attack_d1_a_zip_with_paths_or_too_much_inside_is_refused_before_it_is_read() {
        for (content, right) in [
            (b"<a/>".to_vec(), Ok(())),
            (Vec::new(), Err(UploadFileFault::Empty)),
            (b"PK\x03\x04 no zip".to_vec(), Err(UploadFileFault::BadZip)),
            (zipped(&[("Eleves.xml", 10)]), Ok(())),
            (zipped(&[("Eleves.xml", 10), ("__MACOSX/._Eleves.xml", 10)]), Ok(())),
            (zipped(&[("../Eleves.xml", 10)]), Err(UploadFileFault::ZipPaths)),
            (zipped(&[("/etc/passwd", 10)]), Err(UploadFileFault::ZipPaths)),
            (zipped(&[("a/Eleves.xml", 10)]), Err(UploadFileFault::ZipPaths)),
            (zipped(&[("..\\Eleves.xml", 10)]), Err(UploadFileFault::ZipPaths)),
            (zipped(&[("C:Eleves.xml", 10)]), Err(UploadFileFault::ZipPaths)),
            (zipped(&[("a.xml", 150 << 20), ("b.xml", 60 << 20)]), Err(UploadFileFault::ZipTooLarge)),
        ] {
            assert_eq!(judge(&content), right);
        }
    }

    #[test]
    fn attack_d1_a_zip_of_very_many_entries_is_refused_before_its_directory_is_read() {
        let names: Vec<String> = (0..300).map(|n| format!("{n}.xml")).collect();
        let entries: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 0)).collect();
        let mut content = zipped(&entries);
        assert!(has_many_entries(&content));
        assert_eq!(judge(&content), Err(UploadFileFault::ZipTooLarge));
        // Without its end it is no ZIP: refused all the same, so nothing looked for the end.
        content.truncate(content.len() - 22);
        assert_eq!(judge(&content), Err(UploadFileFault::ZipTooLarge));
        assert!(!has_many_entries(&zipped(&entries[..50])));
        assert_eq!(judge(&zipped(&entries[..51])), Err(UploadFileFault::ZipTooLarge));
    }

    #[test]
    fn a_name_is_a_text_to_show_and_a_file_in_memory_is_read_by_its_path() {
        for (given, right) in
            [("../../É.xml", "É.xml"), ("C:\\x\\a.zip", "a.zip"), ("", "fichier"), ("a\u{0}\nb", "ab"), ("..", "..")]
        {
            assert_eq!(shown_name(given), right);
        }
        let file = MemoryFile::new("x".to_owned(), b"content").unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"content");
        assert_eq!(std::fs::read(file.path()).unwrap(), b"content", "each opening begins at the first byte");
    }
}
