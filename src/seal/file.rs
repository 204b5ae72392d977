//! `keys/master.key`: 32 random bytes in base64, made once, readable by its owner only.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::base::rng::Random;

#[derive(Debug, thiserror::Error)]
pub enum MasterFileError {
    #[error(
        "there is no master key at {0}: if this deployment is new, `preau keys new-master` writes one; else restore its copy"
    )]
    Missing(PathBuf),
    #[error("{0} does not hold 32 bytes in base64")]
    Malformed(PathBuf),
    #[error("{0}: {1}")]
    Io(PathBuf, std::io::Error),
}

fn path(directory: &Path) -> PathBuf {
    directory.join("master.key")
}

/// Reads the key.
pub fn read(directory: &Path) -> Result<[u8; 32], MasterFileError> {
    let path = path(directory);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(e) if e.kind() == ErrorKind::NotFound => return Err(MasterFileError::Missing(path)),
        Err(e) => return Err(MasterFileError::Io(path, e)),
    };
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).map_err(|_| MasterFileError::Malformed(path.clone()))?);
    <[u8; 32]>::try_from(bytes.as_slice()).map_err(|_| MasterFileError::Malformed(path))
}

/// The mode of the key's file, where others than its owner may read or write it.
pub fn open_to_others(directory: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path(directory)).ok()?.permissions());
        (mode & 0o077 != 0).then_some(mode & 0o777)
    }
    #[cfg(not(unix))]
    {
        let _ = directory;
        None
    }
}

/// Writes a new key; never over another one (create-new).
pub fn write_new(directory: &Path, rng: &dyn Random) -> Result<[u8; 32], MasterFileError> {
    let path = path(directory);
    let fail = |e| MasterFileError::Io(path.clone(), e);
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

/// Reads the key, or writes one where `may_create` says that nothing is sealed yet.
pub fn load_or_create(directory: &Path, may_create: bool, rng: &dyn Random) -> Result<[u8; 32], MasterFileError> {
    match read(directory) {
        Err(MasterFileError::Missing(_)) if may_create => match write_new(directory, rng) {
            // Another process was quicker: its key counts.
            Err(MasterFileError::Io(_, e)) if e.kind() == ErrorKind::AlreadyExists => read(directory),
            other => other,
        },
        other => other,
    }
}
