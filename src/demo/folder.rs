//! The demo's folder: its marker file, the secrets generated once, and its emptying.
//!
//! `--fresh` deletes files: only a folder with the marker file is ever emptied, and the folder itself is never deleted.

use secrecy::SecretString;
use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

const MARKER_FILE: &str = "demo";
const MARKER_TEXT: &str = "This folder is preau demo's: --fresh empties it.\n";

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{0} holds something that is not a demo's: name another folder with --data")]
    Foreign(PathBuf),
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// A folder with the demo's marker file.
#[derive(Clone, Debug)]
pub struct DemoFolder(PathBuf);

impl DemoFolder {
    /// Creates the demo's folder if new or empty; with `fresh`, deletes the content of an existing demo folder.
    ///
    /// # Errors
    /// The folder has content but no marker file.
    pub fn open(path: &Path, fresh: bool) -> Result<Self, FolderError> {
        let fail = |e| FolderError::Io(path.to_owned(), e);
        fs::create_dir_all(path).map_err(fail)?;
        let mark = path.join(MARKER_FILE);
        let marked = fs::read_to_string(&mark).is_ok_and(|text| text == MARKER_TEXT);
        if !marked && fs::read_dir(path).map_err(fail)?.next().is_some() {
            return Err(FolderError::Foreign(path.to_owned()));
        }
        if marked && fresh {
            // The marker file stays, so that an interrupted run can be repeated.
            empty(path, &mark).map_err(fail)?;
        }
        fs::write(&mark, MARKER_TEXT).map_err(fail)?;
        // An absolute path, as the other commands may run in another directory.
        Ok(Self(fs::canonicalize(path).map_err(fail)?))
    }

    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.0.join("preau.db").display())
    }

    /// Returns the path of the demo's configuration, written for the other commands.
    pub fn config_file(&self) -> PathBuf {
        self.0.join("preau.toml")
    }

    /// Rewrites the configuration file, as the ports may differ from the last run.
    pub fn write_config(&self, text: &str) -> Result<(), FolderError> {
        let path = self.config_file();
        fs::write(&path, text).map_err(|e| FolderError::Io(path, e))
    }

    pub fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    pub fn rosters(&self) -> PathBuf {
        self.0.join("rosters")
    }

    /// Returns the text of a file in the keys folder; a missing file is generated, readable by the owner only.
    pub fn load_or_create(&self, name: &str, draw: impl FnOnce() -> String) -> Result<SecretString, FolderError> {
        if let Some(kept) = self.load(name)? {
            return Ok(kept);
        }
        let drawn = draw();
        self.keep(name, &drawn)?;
        Ok(SecretString::from(drawn))
    }

    /// Returns the text of a file in the keys folder; `None` if there is no such file, or an empty one.
    pub fn load(&self, name: &str) -> Result<Option<SecretString>, FolderError> {
        let path = self.keys().join(name);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Some(text.trim()).filter(|text| !text.is_empty()).map(SecretString::from)),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(FolderError::Io(path, e)),
        }
    }

    /// Writes a file in the keys folder, readable by the owner only.
    pub fn keep(&self, name: &str, text: &str) -> Result<(), FolderError> {
        let path = self.keys().join(name);
        let fail = |e| FolderError::Io(path.clone(), e);
        fs::create_dir_all(self.keys()).map_err(fail)?;
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(fail)?;
        writeln!(file, "{text}").and_then(|()| file.sync_all()).map_err(fail)
    }

    /// Returns the path of a file of printed letters.
    pub fn printed(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Deletes a file of printed letters and what an interrupted run left of it, as letters are printed into new files.
    pub fn discard_printed(&self, name: &str) -> Result<(), FolderError> {
        let path = self.printed(name);
        for path in [path.with_extension("pdf.part"), path] {
            match fs::remove_file(&path) {
                Err(e) if e.kind() != ErrorKind::NotFound => return Err(FolderError::Io(path, e)),
                _ => {}
            }
        }
        Ok(())
    }
}

/// Deletes the folder's content except the marker file; symbolic links are removed, never followed.
fn empty(path: &Path, mark: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.path() == mark {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}
