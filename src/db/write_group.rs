//! Durable statements of several requests that are written as one, so that one commit serves all of them.
//!
//! SQLite has one writer, and waiting for the disk costs it more than what it writes. Whoever comes while it is taken
//! waits in line; the first who gets it writes for all that wait by then. PostgreSQL has several writers and joins their
//! commits by itself: there each writes alone, so that no two lock the same rows in another order.

use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use super::{Db, Result, Tx};

/// The maximum number of requests that are written as one.
pub const MAX_GROUP_SIZE: usize = 8;

/// A request that waits for its answer.
#[derive(Debug)]
struct WaitingWrite<A, R> {
    number: u64,
    argument: A,
    answer: oneshot::Sender<R>,
}

#[derive(Debug)]
struct WaitingLine<A, R> {
    last_number: u64,
    waiting: Vec<WaitingWrite<A, R>>,
}

/// The requests that wait for one kind of statement.
#[derive(Debug)]
pub struct WriteGroup<A, R>(Mutex<WaitingLine<A, R>>);

impl<A, R> Default for WriteGroup<A, R> {
    fn default() -> Self {
        Self(Mutex::new(WaitingLine { last_number: 0, waiting: Vec::new() }))
    }
}

/// The turn of a request.
pub enum WriteTurn<A, R> {
    /// Another request wrote for this one, and committed.
    Answered(R),
    /// This request writes for the group, and commits.
    Writes(Tx, GroupedWrites<A, R>),
}

/// The requests of one group: the one that writes, and those that wait.
pub struct GroupedWrites<A, R> {
    own: A,
    others: Vec<(A, oneshot::Sender<R>)>,
}

impl<A, R> GroupedWrites<A, R> {
    /// Returns the arguments, that of the request that writes first.
    pub fn arguments(&self) -> Vec<&A> {
        std::iter::once(&self.own).chain(self.others.iter().map(|(argument, _)| argument)).collect()
    }

    /// Hands out what was committed, in the order of the arguments; returns the first answer.
    pub fn answer(self, answers: Vec<R>) -> Option<R> {
        let mut answers = answers.into_iter();
        let own = answers.next();
        for ((_, waiting), answer) in self.others.into_iter().zip(answers) {
            // Whoever went away needs no answer.
            let _gone = waiting.send(answer);
        }
        own
    }
}

impl<A: Clone, R> WriteGroup<A, R> {
    /// Waits until another request has written for this one, or this one may write. One that was to be written by a
    /// request that failed or went away comes again: the statement must bear to be repeated.
    pub async fn join(&self, db: &Db, argument: A) -> Result<WriteTurn<A, R>> {
        if !db.is_sqlite() {
            return Ok(WriteTurn::Writes(db.write_one().await?, GroupedWrites { own: argument, others: Vec::new() }));
        }
        loop {
            let (number, mut answered) = self.wait_in_line(argument.clone());
            let writer = tokio::select! {
                biased;
                answer = &mut answered => match answer {
                    Ok(answer) => return Ok(WriteTurn::Answered(answer)),
                    Err(_) => continue,
                },
                writer = db.write_one() => writer,
            };
            let writer = match writer {
                Ok(writer) => writer,
                Err(error) if self.leave(number) => return Err(error),
                // Somebody took it, and may have committed it: only their answer says what holds now.
                Err(error) => return answered.await.map(WriteTurn::Answered).map_err(|_| error),
            };
            if let Some(group) = self.take(number) {
                return Ok(WriteTurn::Writes(writer, group));
            }
            // Somebody took it and is done.
            drop(writer);
            if let Ok(answer) = answered.await {
                return Ok(WriteTurn::Answered(answer));
            }
        }
    }

    fn wait_in_line(&self, argument: A) -> (u64, oneshot::Receiver<R>) {
        let (answer, answered) = oneshot::channel();
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.last_number += 1;
        let number = state.last_number;
        state.waiting.push(WaitingWrite { number, argument, answer });
        (number, answered)
    }

    /// Takes a request out of the line. Returns false if another one took it.
    fn leave(&self, number: u64) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = state.waiting.iter().position(|one| one.number == number);
        at.map(|at| state.waiting.remove(at)).is_some()
    }

    /// Takes the group of a request: itself, and those that have waited longest. `None` if another one took it.
    fn take(&self, number: u64) -> Option<GroupedWrites<A, R>> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.waiting.retain(|one| !one.answer.is_closed());
        let at = state.waiting.iter().position(|one| one.number == number)?;
        let own = state.waiting.remove(at).argument;
        let many = state.waiting.len().min(MAX_GROUP_SIZE - 1);
        let others = state.waiting.drain(..many).map(|one| (one.argument, one.answer)).collect();
        Some(GroupedWrites { own, others })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::db::{Durability, args};

    async fn open(folder: &tempfile::TempDir) -> Db {
        let db = Db::open(&format!("sqlite:{}", folder.path().join("x.db").display())).await.unwrap();
        let mut tx = db.write(Durability::Durable).await.unwrap();
        tx.execute("CREATE TABLE said (word TEXT)", Vec::new()).await.unwrap();
        tx.commit().await.unwrap();
        db
    }

    /// Writes a word, and answers each with the size of its group.
    async fn say(group: &WriteGroup<&'static str, usize>, db: &Db, word: &'static str) -> usize {
        match group.join(db, word).await.unwrap() {
            WriteTurn::Answered(size) => size,
            WriteTurn::Writes(mut tx, group) => {
                let words = group.arguments().into_iter().copied().collect::<Vec<_>>();
                tx.execute("INSERT INTO said (word) VALUES ($1)", args![words.join(" ")]).await.unwrap();
                tx.commit().await.unwrap();
                group.answer(vec![words.len(); words.len()]).unwrap()
            }
        }
    }

    #[tokio::test]
    async fn who_waits_for_the_writer_is_written_with_the_others_and_who_left_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (db, group) = (open(&folder).await, Arc::new(WriteGroup::default()));
        assert_eq!(say(&group, &db, "alone").await, 1);
        let taken = db.write(Durability::Durable).await.unwrap();
        let mut tasks = Vec::new();
        for word in ["one", "two", "gone", "three"] {
            let (db, group) = (db.clone(), Arc::clone(&group));
            tasks.push(tokio::spawn(async move { say(&group, &db, word).await }));
            tokio::task::yield_now().await;
        }
        tasks.remove(2).abort();
        tokio::task::yield_now().await;
        taken.commit().await.unwrap();
        for task in tasks {
            assert_eq!(task.await.unwrap(), 3);
        }
        let sql = "SELECT word FROM said ORDER BY rowid";
        let said = db.read().await.unwrap().fetch_all::<(String,)>(sql, Vec::new()).await.unwrap();
        assert_eq!(said.into_iter().map(|(word,)| word).collect::<Vec<_>>(), ["alone", "one two three"]);
        assert!(group.0.lock().unwrap().waiting.is_empty());
        db.close().await;
    }

    #[tokio::test]
    async fn who_was_to_be_written_by_one_that_failed_writes_itself() {
        let folder = tempfile::tempdir().unwrap();
        let (db, group) = (open(&folder).await, Arc::new(WriteGroup::default()));
        let taken = db.write(Durability::Durable).await.unwrap();
        let (shared, theirs) = ((db.clone(), Arc::clone(&group)), Arc::clone(&group));
        let fails = tokio::spawn(async move {
            let turn = shared.1.join(&shared.0, "fails").await.unwrap();
            let WriteTurn::Writes(_, group) = turn else { panic!("nobody else writes") };
            group.arguments().len()
        });
        tokio::task::yield_now().await;
        let other = db.clone();
        let waits = tokio::spawn(async move { say(&theirs, &other, "waits").await });
        tokio::task::yield_now().await;
        taken.commit().await.unwrap();
        assert_eq!(fails.await.unwrap(), 2, "it would have written both");
        assert_eq!(waits.await.unwrap(), 1);
        db.close().await;
    }
}
