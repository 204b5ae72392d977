//! The file of a batch of letters: new, readable by its owner only, and whole before any of its letters serves.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use super::batch::{self, LetterBatch, LetterBatchRequest, LetterPress};
use crate::app::DatabaseOperation;
use crate::db::Durability;
use crate::letters::pdf::PdfFile;

/// Prints the letters of a batch into the new file `out`; without anybody to print a letter for, no file is written.
pub async fn print_to_file(
    op: &DatabaseOperation<'_>,
    press: LetterPress<'_>,
    request: &LetterBatchRequest,
    out: &Path,
) -> anyhow::Result<(LetterBatch, Option<PdfFile>)> {
    let mut tx = op.write(Durability::Durable).await?;
    let batch = batch::prepare(&mut tx, press.notices.master_key, request).await?;
    tx.commit().await?;
    let pdf = batch::print(press, &batch)?;
    if let Some(pdf) = &pdf {
        // The letters serve only once their file is whole on the disk; a file whose letters do not serve is removed.
        let file = PendingFile::write(out, &pdf.bytes)?;
        let mut tx = op.write(Durability::Durable).await?;
        batch::issue_all(&mut tx, press, request, &batch).await??;
        tx.commit().await?;
        file.finish()?;
    }
    Ok((batch, pdf))
}

/// A new file, readable by its owner only, whose content appears at once. Dropped before its end, it leaves nothing.
pub struct PendingFile {
    name: PathBuf,
    /// The content, beside the empty file that keeps the name.
    content: PathBuf,
    finished: bool,
}

impl PendingFile {
    /// Keeps the name with an empty file, and writes the content beside it.
    pub fn write(name: &Path, bytes: &[u8]) -> anyhow::Result<Self> {
        let create = |path: &Path| -> io::Result<File> {
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
        };
        let content = name.with_extension("pdf.part");
        create(name).with_context(|| format!("{}", name.display()))?;
        let pending = Self { name: name.to_owned(), content, finished: false };
        let mut file = create(&pending.content).with_context(|| format!("{}", pending.content.display()))?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(pending)
    }

    /// Puts the content in its place.
    pub fn finish(mut self) -> anyhow::Result<()> {
        fs::rename(&self.content, &self.name).with_context(|| format!("{}", self.name.display()))?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for PendingFile {
    fn drop(&mut self) {
        if !self.finished {
            // Nothing is left to report to if the disk refuses this too; both files hold nothing that serves.
            let _gone = (fs::remove_file(&self.content), fs::remove_file(&self.name));
        }
    }
}
