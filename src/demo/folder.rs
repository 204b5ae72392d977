//! The demo's folder: what marks it, what is drawn in it once, how it is emptied.
//!
//! `--fresh` removes things: only a folder that bears the mark is ever emptied, and never the folder itself.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::base::secret::Secret;

const MARK: &str = "demo";
const MARK_TEXT: &str = "This folder is preau demo's: --fresh empties it.\n";

#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{0} holds something that is not a demo's: name another folder with --data")]
    Foreign(PathBuf),
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
}

/// A folder that bears the demo's mark.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Makes the folder the demo's if it is new or empty; with `fresh`, what is in a demo's folder goes.
    ///
    /// # Errors
    /// It holds something without the mark.
    pub fn open(path: &Path, fresh: bool) -> Result<Self, FolderError> {
        let fail = |e| FolderError::Io(path.to_owned(), e);
        fs::create_dir_all(path).map_err(fail)?;
        let mark = path.join(MARK);
        let marked = fs::read_to_string(&mark).is_ok_and(|text| text == MARK_TEXT);
        if !marked && fs::read_dir(path).map_err(fail)?.next().is_some() {
            return Err(FolderError::Foreign(path.to_owned()));
        }
        if marked && fresh {
            // The mark stays: who is interrupted here can begin again.
            empty(path, &mark).map_err(fail)?;
        }
        fs::write(&mark, MARK_TEXT).map_err(fail)?;
        // Whole: the commands beside the demo may be typed in another folder.
        Ok(Self(fs::canonicalize(path).map_err(fail)?))
    }

    pub fn database_url(&self) -> String {
        format!("sqlite:{}", self.0.join("preau.db").display())
    }

    /// Where the other commands read what the demo runs with.
    pub fn config_file(&self) -> PathBuf {
        self.0.join("preau.toml")
    }

    /// Writes that file anew: its ports may be others than last time.
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

    /// The text of a file of the keys' folder; drawn and written, for its owner's eyes, if it is not there.
    pub fn once(&self, name: &str, draw: impl FnOnce() -> String) -> Result<Secret, FolderError> {
        let path = self.keys().join(name);
        let fail = |e| FolderError::Io(path.clone(), e);
        match fs::read_to_string(&path) {
            Ok(text) if !text.trim().is_empty() => return Ok(Secret::new(text.trim())),
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::NotFound => {}
            Err(e) => return Err(fail(e)),
        }
        fs::create_dir_all(self.keys()).map_err(fail)?;
        let drawn = draw();
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&path).map_err(fail)?;
        writeln!(file, "{drawn}").and_then(|()| file.sync_all()).map_err(fail)?;
        Ok(Secret::new(drawn))
    }
}

/// Removes what is in the folder, but for the mark; links themselves, never what they lead to.
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
