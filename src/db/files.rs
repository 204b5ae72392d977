//! The files of an SQLite database: readable only by their owner, because of the names of children.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Returns the file of a `sqlite:` URL, without its parameters; `None` for a database in memory.
pub fn sqlite_file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = path.strip_prefix("//").unwrap_or(path);
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    (!path.is_empty() && !path.starts_with(':')).then(|| PathBuf::from(path))
}

/// Creates the missing folder of a file, with mode 0700.
pub fn create_folder(file: &Path) -> io::Result<()> {
    let Some(folder) = file.parent().filter(|f| !f.as_os_str().is_empty()) else { return Ok(()) };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Creates missing files: the folder with mode 0700, the file with mode 0600. SQLite gives the write-ahead log the mode
/// of the file. Existing files keep their mode; [`exposed_files`] reports unsafe modes.
pub fn create(file: &Path) -> io::Result<()> {
    create_folder(file)?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(file) {
        Err(e) if e.kind() != ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// Returns the database files that users other than the owner can read or write, with their mode.
pub fn exposed_files(file: &Path) -> Vec<(PathBuf, u32)> {
    let beside = |suffix: &str| {
        let mut name = file.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let all = [file.to_owned(), beside("-wal"), beside("-shm")];
    all.into_iter().filter_map(|path| mode(&path).filter(|mode| mode & 0o077 != 0).map(|mode| (path, mode))).collect()
}

#[cfg(unix)]
fn mode(path: &Path) -> Option<u32> {
    let metadata = fs::metadata(path).ok()?;
    Some(std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777)
}

#[cfg(not(unix))]
fn mode(_: &Path) -> Option<u32> {
    None
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::db::{Db, Durability};

    #[tokio::test]
    async fn faults_a16_only_the_owner_reads_the_database() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("var/deep/preau.db");
        let url = format!("sqlite:{}", file.display());
        assert_eq!(sqlite_file(&url), Some(file.clone()));
        let db = Db::open(&url).await.unwrap();
        db.migrate().await.unwrap();
        db.write(Durability::Durable).await.unwrap().commit().await.unwrap();
        let modes = ["", "-wal", "-shm"].map(|end| mode(Path::new(&format!("{}{end}", file.display()))));
        assert_eq!(modes, [Some(0o600); 3]);
        assert_eq!(mode(file.parent().unwrap()), Some(0o700));
        assert_eq!(mode(&folder.path().join("var")), Some(0o700));
        assert_eq!(exposed_files(&file), []);

        fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        assert_eq!(exposed_files(&file), [(file.clone(), 0o644)]);
        db.close().await;
    }

    #[test]
    fn a_database_in_memory_or_elsewhere_has_no_file() {
        for url in ["sqlite::memory:", "sqlite://:memory:", "postgres://h/d", "sqlite:"] {
            assert_eq!(sqlite_file(url), None, "{url}");
        }
        assert_eq!(sqlite_file("sqlite://var/preau.db?mode=rwc"), Some(PathBuf::from("var/preau.db")));
    }
}
