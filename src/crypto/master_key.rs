//! The file `keys/master.key`: 32 random bytes in base64, written once, readable only by its owner.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
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

/// Writes a new key; never overwrites an existing file (create-new).
pub fn write_new_master_key(directory: &Path, rng: &dyn Random) -> Result<[u8; 32], MasterKeyError> {
    let path = master_key_path(directory);
    let fail = |e| MasterKeyError::Io(path.clone(), e);
    fs::create_dir_all(directory).map_err(fail)?;
    let key = rng.bytes::<32>();
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&path).map_err(fail)?;
    writeln!(file, "{}", STANDARD.encode(key)).map_err(fail)?;
    file.sync_all().map_err(fail)?;
    Ok(key)
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

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
