//! The files that a backup or a restore has not finished: readable copies of everything, which must not stay.

use std::fs::{self, File};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Context as _;
use rustix::fs::{FlockOperation, flock};
use tokio::signal::unix::{SignalKind, signal};

use super::beside;
use crate::cli::private_file;

/// The ends of the names of unsealed copies, beside the database.
pub const COPYING: &str = ".copying";
pub const RESTORING: &str = ".restoring";

/// The files to remove if the command ends early.
#[derive(Clone, Default)]
pub struct Unfinished(Arc<Mutex<Vec<PathBuf>>>);

impl Unfinished {
    /// Adds a file, which may not be there yet.
    pub fn add(&self, path: PathBuf) -> Temporary {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(path.clone());
        Temporary { path, of: self.clone(), lock: None }
    }

    /// Creates a file for its owner only, and holds it. One that a killed command left is replaced.
    ///
    /// # Errors
    /// Fails if another command holds the file.
    pub fn add_new(&self, path: PathBuf) -> anyhow::Result<Temporary> {
        let file = match private_file(&path) {
            Err(_) if is_left(&path) => {
                fs::remove_file(&path).with_context(|| path.display().to_string())?;
                private_file(&path)?
            }
            made => made?,
        };
        let lock = file.into_inner().with_context(|| path.display().to_string())?;
        let held = flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok();
        let is_same = fs::metadata(&path).is_ok_and(|now| lock.metadata().is_ok_and(|ours| ours.ino() == now.ino()));
        anyhow::ensure!(held && is_same, "{} is held by another command", path.display());
        let mut added = self.add(path);
        added.lock = Some(lock);
        Ok(added)
    }

    fn take(&self, path: &Path) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = all.iter().position(|other| other == path);
        at.map(|at| all.swap_remove(at)).is_some()
    }

    fn remove_all(&self) {
        let all = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for path in all {
            // What is not there yet needs no removal.
            let _gone = fs::remove_file(path);
        }
    }
}

/// A file that is removed when this is dropped, unless kept.
pub struct Temporary {
    path: PathBuf,
    of: Unfinished,
    /// Held as long as the file is in use. SQLite's own locks are of another kind.
    lock: Option<File>,
}

impl Temporary {
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Leaves the file where it is.
    pub fn keep(self) {
        self.of.take(&self.path);
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if self.of.take(&self.path) {
            // It is gone, or `preau doctor` names it.
            let _gone = fs::remove_file(&self.path);
        }
        drop(self.lock.take());
    }
}

/// True if a file is there that nobody holds.
fn is_left(path: &Path) -> bool {
    File::open(path).is_ok_and(|file| flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok())
}

/// Lists the unsealed copies beside a database that a killed command left.
pub fn leftovers(database: &Path) -> Vec<PathBuf> {
    [COPYING, RESTORING].map(|end| beside(database, end)).into_iter().filter(|path| is_left(path)).collect()
}

/// Does the work of a command. At SIGINT or SIGTERM it removes what is unfinished, and ends the process: work on other
/// threads cannot be stopped otherwise.
pub async fn or_end_cleanly<T>(
    unfinished: &Unfinished,
    work: impl Future<Output = anyhow::Result<T>>,
) -> anyhow::Result<T> {
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        done = work => return done,
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    unfinished.remove_all();
    std::process::exit(130)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn faults_f10_an_unsealed_copy_that_was_left_is_named_and_replaced_but_not_one_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("preau.db");
        let copy = beside(&database, COPYING);
        fs::write(&copy, "everything").unwrap();
        assert_eq!(leftovers(&database), std::slice::from_ref(&copy));
        let unfinished = Unfinished::default();
        let ours = unfinished.add_new(copy.clone()).unwrap();
        assert_eq!(fs::read(ours.path()).unwrap(), b"", "what was left is gone");
        assert_eq!(leftovers(&database), Vec::<PathBuf>::new(), "in use");
        assert!(Unfinished::default().add_new(copy.clone()).is_err());
        assert!(copy.exists(), "of the other command");
        drop(ours);
        assert!(!copy.exists());

        let kept = unfinished.add_new(copy.clone()).unwrap();
        fs::File::options().append(true).open(kept.path()).unwrap().write_all(b"x").unwrap();
        kept.keep();
        unfinished.remove_all();
        assert!(copy.exists());
        let _ended = unfinished.add(copy.clone());
        unfinished.remove_all();
        assert!(!copy.exists(), "at a signal");
    }
}
