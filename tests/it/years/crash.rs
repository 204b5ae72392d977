//! A crash at any commit of an act: SQLite's write-ahead log is cut behind that commit, and a server starts on the copy.
//!
//! The log has the commits of every act in their order, so nothing of the program needs to know of this. Commits that
//! wait for no disk stand in it like the others: what is lost with the power and not with the process is not told apart.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::exports::TakenRoster;
use super::people::SCHOOLS;
use super::state::State;
use super::who::{Knowledge, Who};
use super::world::{Act, World};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

/// The bytes of a write-ahead log (<https://sqlite.org/fileformat2.html#walformat>).
#[derive(Clone)]
pub struct WriteAheadLog(Vec<u8>);

/// Returns the log's file of a database.
pub fn log_of(database: &Path) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push("-wal");
    PathBuf::from(name)
}

impl WriteAheadLog {
    pub fn read(database: &Path) -> Self {
        Self(fs::read(log_of(database)).unwrap_or_default())
    }

    /// Returns what the frames of a log have in common until it begins anew after a checkpoint.
    fn salt(&self) -> Option<&[u8]> {
        self.0.get(16..24)
    }

    /// Returns the end of each commit.
    pub fn commits(&self) -> Vec<usize> {
        let (Some(salt), Some(size)) = (self.salt(), self.0.get(8..12)) else { return Vec::new() };
        let page = u32::from_be_bytes(size.try_into().unwrap()) as usize;
        let (mut at, mut ends) = (HEADER_BYTES, Vec::new());
        while let Some(head) = self.0.get(at..at + FRAME_HEADER_BYTES) {
            at += FRAME_HEADER_BYTES + page;
            // A frame of an earlier log, or one that is not whole.
            if head[8..16] != *salt || self.0.len() < at {
                break;
            }
            // The last frame of a commit has the size of the database.
            if head[4..8] != [0; 4] {
                ends.push(at);
            }
        }
        ends
    }

    /// Writes the log as it was after so many commits.
    pub fn write_cut(&self, database: &Path, commits: usize) {
        let end = match commits {
            0 => 0,
            n => self.commits().get(n - 1).copied().unwrap_or(self.0.len()),
        };
        fs::write(log_of(database), &self.0[..end]).unwrap();
    }
}

/// Everything as it was before an act.
pub struct BeforeAct {
    database: Vec<u8>,
    log: WriteAheadLog,
    rosters: Vec<TakenRoster>,
    people: KnownBefore,
}

/// The knowledge of everybody before an act.
struct KnownBefore {
    known: BTreeMap<Who, Knowledge>,
    chosen: BTreeMap<String, &'static str>,
}

/// The commits of an act that a crash leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CrashPoint {
    /// After one of them, by a draw.
    AnyCommit,
    /// After the last one; but a disk that said it had written them has none of them.
    LastCommitOfLyingDisk,
}

impl World {
    /// Returns the number of commits in the log, the stamp of what is acknowledged; 0 in an act without a crash.
    pub fn commit_count(&self) -> usize {
        if !self.counts_commits {
            return 0;
        }
        WriteAheadLog::read(&self.database_file()).commits().len()
    }

    /// Keeps everything as it is, for a crash in the next act.
    pub fn prepare_crash(&mut self) -> BeforeAct {
        self.counts_commits = true;
        let file = self.database_file();
        BeforeAct {
            database: fs::read(&file).unwrap(),
            log: WriteAheadLog::read(&file),
            rosters: self.rosters.clone(),
            people: KnownBefore {
                known: self.lives.iter().map(|(who, life)| (*who, life.known.clone())).collect(),
                chosen: self.chosen.clone(),
            },
        }
    }

    /// Breaks the act off at one of its commits, starts a server on what is left, and looks for everything that was
    /// acknowledged until then. Returns a word for the trace.
    pub async fn crash(&mut self, before: BeforeAct, act: &Act, at: CrashPoint) -> Result<String, String> {
        let unanswered = State::read(&self.server).await;
        let file = self.database_file();
        let log = WriteAheadLog::read(&file);
        let (first, last) = (before.log.commits().len(), log.commits().len());
        // The log began anew within the act: then the crash comes after it.
        let is_anew = before.log.salt().is_some_and(|salt| log.salt() != Some(salt));
        let (database, log, told, kept) = match at {
            CrashPoint::LastCommitOfLyingDisk => (before.database, before.log, usize::MAX, first),
            CrashPoint::AnyCommit if is_anew => (fs::read(&file).unwrap(), log, usize::MAX, last),
            CrashPoint::AnyCommit => {
                // One draw of a fixed size: the next ones do not depend on the number of commits.
                let drawn = first + self.dice.below(1_000) * (last - first + 1) / 1_000;
                (before.database, log, drawn, drawn)
            }
        };
        Box::pin(self.start_on_copy(&database, &log, kept)).await;
        self.count(if kept < last { "a crash within an act" } else { "a crash after an act" });

        self.oracle.forget_after(told);
        let now = State::read(&self.server).await;
        self.learn_rosters(&before.rosters, (&now, &unanswered), told);
        self.learn_knowledge(act, before.people, (&now, &unanswered), told);
        self.check(&now, act, Some(&unanswered))?;
        self.check_tokens(&now).await?;
        // Pending messages leave, and some a second time: nobody is harmed by that.
        self.server.drain_outbox().await;
        self.end_act(State::read(&self.server).await);
        Ok(format!("a crash at commit {} of {}", kept.saturating_sub(first), last.saturating_sub(first)))
    }

    /// Takes a roster as written whose answer did not come, if it was; one that was acknowledged has to be there.
    fn learn_rosters(&mut self, before: &[TakenRoster], (now, unanswered): (&State, &State), told: usize) {
        for (school, former) in before.iter().enumerate() {
            let uai = SCHOOLS[school].uai;
            let was_answered = self.taken_now.iter().any(|(taken, commits)| *taken == school && *commits <= told);
            if !was_answered && now.get("roster", uai) != unanswered.get("roster", uai) {
                self.rosters[school] = former.clone();
            }
        }
    }

    /// Tells people what their act led to: a password that was written before the crash is the one that they typed.
    fn learn_knowledge(&mut self, act: &Act, before: KnownBefore, (now, unanswered): (&State, &State), told: usize) {
        let KnownBefore { known, chosen } = before;
        let Some((who, before)) = act.who.and_then(|who| Some((who, known.get(&who)?))) else { return };
        let hash = |state: &State| {
            let account = self.town.account_in(state, who)?;
            state.get("password", account).map(str::to_owned)
        };
        let mut known = self.life(who).known.clone();
        if hash(now) != hash(unanswered) {
            known = before.clone();
            self.chosen = chosen;
        }
        if !self.oracle.acknowledged_now("family", told) {
            known.tokens = before.tokens.clone();
        }
        if !self.oracle.acknowledged_now("letter", told) {
            known.letter = before.letter.clone();
        }
        self.life_mut(who).known = known;
    }
}

#[cfg(test)]
mod tests {
    use preau::db::{Db, Durability};
    use tempfile::TempDir;

    use super::*;

    #[tokio::test]
    async fn a_log_that_is_cut_behind_a_commit_has_it_and_none_after_it() {
        let folder = TempDir::new().unwrap();
        let (file, copy) = (folder.path().join("a.db"), folder.path().join("b.db"));
        let url = |file: &Path| format!("sqlite:{}", file.display());
        let db = Db::open(&url(&file)).await.unwrap();
        db.migrate().await.unwrap();
        db.close().await;
        let db = Db::open(&url(&file)).await.unwrap();
        let first = WriteAheadLog::read(&file).commits().len();
        for id in ["a", "b", "c"] {
            let mut tx = db.write(Durability::Durable).await.unwrap();
            let sql = "INSERT INTO academy (id, code, name) VALUES ($1, $1, $1)";
            tx.execute(sql, vec![id.into()]).await.unwrap();
            tx.commit().await.unwrap();
        }
        let log = WriteAheadLog::read(&file);
        assert_eq!(log.commits().len(), first + 3);
        for commits in [0, 2, 3] {
            fs::copy(&file, &copy).unwrap();
            log.write_cut(&copy, first + commits);
            let left = Db::open(&url(&copy)).await.unwrap();
            let sql = "SELECT COUNT(*) FROM academy";
            let (count,): (i64,) = left.read().await.unwrap().fetch_one(sql, Vec::new()).await.unwrap();
            assert_eq!(count, i64::try_from(commits).unwrap());
            left.close().await;
        }
    }
}
