//! The file `keys/master.key`: 32 random bytes in base64, written once, readable only by its owner.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::base::rng::Random;

#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    #[error("there is no master key at {0}")]
    Missing(PathBuf),
    #[error("{0} does not hold 32 bytes in base64")]
    Malformed(PathBuf),
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
}

fn master_key_path(directory: &Path) -> PathBuf {
    directory.join("master.key")
}

/// Reads the key.
pub fn read_master_key(directory: &Path) -> Result<[u8; 32], MasterKeyError> {
    let path = master_key_path(directory);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(MasterKeyError::Missing(path)),
        Err(e) => return Err(MasterKeyError::Io(path, e)),
    };
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MasterKeyError::Malformed(path.clone()))?);
    <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| MasterKeyError::Malformed(path))
}

/// Returns the mode of the key file if users other than those it is meant for can read or write the file.
pub fn master_key_exposed_mode(directory: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = fs::metadata(master_key_path(directory)).ok()?;
        let owned = metadata.uid() == rustix::process::geteuid().as_raw();
        exposes(metadata.mode(), owned).then_some(metadata.mode() & 0o777)
    }
    #[cfg(not(unix))]
    {
        let _ = directory;
        None
    }
}

/// True for a mode by which a file is readable or writable by others. A file of somebody else that this process reads is
/// given to it by its group (a Kubernetes secret with `fsGroup`: root's, 0440), so the group may read such a file.
#[cfg(unix)]
fn exposes(mode: u32, owned: bool) -> bool {
    let kept_out = if owned { 0o077 } else { 0o037 };
    mode & kept_out != 0
}

/// Writes a new key; never overwrites an existing file. The file has its name once it is whole: a full disk or a killed
/// process would leave an empty one otherwise, with which nothing starts.
pub fn write_new_master_key(directory: &Path, rng: &dyn Random) -> Result<[u8; 32], MasterKeyError> {
    let path = master_key_path(directory);
    let fail = |e| MasterKeyError::Io(path.clone(), e);
    fs::create_dir_all(directory).map_err(fail)?;
    let key = rng.bytes::<32>();
    let (unfinished, file) = create_unfinished(&path).map_err(fail)?;
    // Unlike a renaming, a link never takes the place of a file that was made meanwhile.
    let written = write_key(file, &key).and_then(|()| fs::hard_link(&unfinished, &path));
    // One that cannot be removed is as private as the key, and in nobody's way.
    let _left = fs::remove_file(&unfinished);
    written.map_err(fail)?;
    sync_folder(directory).map_err(fail)?;
    Ok(key)
}

/// Creates a file beside the key that only its owner may read. One that a killed process left, or that another one
/// writes, keeps its number.
fn create_unfinished(path: &Path) -> io::Result<(PathBuf, File)> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut number = 0_u32;
    loop {
        let unfinished = path.with_extension(format!("key.unfinished-{number}"));
        match options.open(&unfinished) {
            Err(e) if e.kind() == ErrorKind::AlreadyExists && number < u32::MAX => number += 1,
            opened => return Ok((unfinished, opened?)),
        }
    }
}

fn write_key(mut file: File, key: &[u8; 32]) -> io::Result<()> {
    writeln!(file, "{}", STANDARD.encode(key))?;
    file.sync_all()
}

/// Keeps the name of a new file over a loss of power.
fn sync_folder(directory: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        let directory = if directory.as_os_str().is_empty() { Path::new(".") } else { directory };
        File::open(directory)?.sync_all()
    }
    #[cfg(not(unix))]
    {
        let _ = directory;
        Ok(())
    }
}

/// Reads the key, or writes a new key if `may_create` is true because nothing is sealed yet.
pub fn load_or_create_master_key(
    directory: &Path,
    may_create: bool,
    rng: &dyn Random,
) -> Result<[u8; 32], MasterKeyError> {
    match read_master_key(directory) {
        Err(MasterKeyError::Missing(_)) if may_create => match write_new_master_key(directory, rng) {
            // If another process created the file first, the key of that file is used.
            Err(MasterKeyError::Io(_, e)) if e.kind() == ErrorKind::AlreadyExists => read_master_key(directory),
            other => other,
        },
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::base::rng::SeededRandom;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
        let mut names: Vec<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_new_key_is_private_and_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let directory = folder.path().join("keys");
        let key = write_new_master_key(&directory, &SeededRandom::new(1)).unwrap();
        assert_eq!(read_master_key(&directory).unwrap(), key);
        let mode = fs::metadata(master_key_path(&directory)).unwrap().permissions().mode();
        assert_eq!((mode & 0o777, names(&directory)), (0o600, vec!["master.key".to_owned()]));

        let refused = write_new_master_key(&directory, &SeededRandom::new(2)).unwrap_err();
        assert!(matches!(&refused, MasterKeyError::Io(_, e) if e.kind() == ErrorKind::AlreadyExists), "{refused}");
        assert_eq!(load_or_create_master_key(&directory, true, &SeededRandom::new(3)).unwrap(), key);
        assert_eq!((read_master_key(&directory).unwrap(), names(&directory)), (key, vec!["master.key".to_owned()]));
    }

    #[test]
    fn faults_f4_a_key_has_its_name_once_it_is_whole_and_what_a_killed_process_left_blocks_no_second_try() {
        let folder = tempfile::tempdir().unwrap();
        let path = master_key_path(folder.path());
        // Killed here, or no room for what follows.
        let (left, file) = create_unfinished(&path).unwrap();
        drop(file);
        assert_eq!(fs::metadata(&left).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(read_master_key(folder.path()), Err(MasterKeyError::Missing(_))));

        let key = load_or_create_master_key(folder.path(), true, &SeededRandom::new(1)).unwrap();
        assert_eq!(read_master_key(folder.path()).unwrap(), key);
        assert_eq!(names(folder.path()), ["master.key", "master.key.unfinished-0"]);
    }

    #[test]
    fn a_file_of_somebody_else_may_be_read_by_the_group_that_it_was_given_to() {
        for (mode, owned, exposed) in [
            (0o100_600, true, false),
            (0o100_400, true, false),
            (0o100_440, true, true),
            (0o100_640, true, true),
            (0o100_440, false, false),
            (0o100_640, false, false),
            (0o100_460, false, true),
            (0o100_444, false, true),
            (0o100_644, true, true),
        ] {
            assert_eq!(exposes(mode, owned), exposed, "{mode:o} {owned}");
        }
    }
}
