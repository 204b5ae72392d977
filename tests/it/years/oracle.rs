//! The facts that an answer acknowledged. They are looked for after each act, and after each crash.

use std::collections::{BTreeMap, BTreeSet};

use super::state::State;

/// A fact in the words of [`State`], and the number of commits that were written when the answer told it.
#[derive(Clone, Debug)]
struct Acknowledged {
    kind: &'static str,
    key: String,
    value: String,
    commits: usize,
    /// True if a later act may end it: it is looked for after this one only.
    is_fleeting: bool,
}

/// The memory of everything that was acknowledged.
#[derive(Clone, Default)]
pub struct Oracle {
    lasting: BTreeMap<(&'static str, String), String>,
    /// Those of the present act.
    new: Vec<Acknowledged>,
    /// The `sub` that each sector was told of an account.
    told: BTreeMap<String, String>,
    new_told: Vec<(String, String, usize)>,
    /// The accounts whose person asked for the closing, or had no child: no other closes.
    pub may_close: BTreeSet<String>,
}

impl Oracle {
    /// Keeps a fact until another value of it is acknowledged.
    pub fn keep(&mut self, kind: &'static str, (key, value): (String, String), commits: usize) {
        self.new.push(Acknowledged { kind, key, value, commits, is_fleeting: false });
    }

    /// Keeps a fact until the end of the act.
    pub fn keep_for_this_act(&mut self, kind: &'static str, (key, value): (String, String), commits: usize) {
        self.new.push(Acknowledged { kind, key, value, commits, is_fleeting: true });
    }

    /// Compares a `sub` with what the sector was told of the account before.
    pub fn tell_sub(&mut self, sector: &str, account: &str, sub: &str, commits: usize) -> Result<(), String> {
        let key = format!("{sector} {account}");
        let newer = self.new_told.iter().rev().find(|(known, ..)| *known == key).map(|(_, sub, _)| sub);
        match newer.or_else(|| self.told.get(&key)) {
            Some(before) if before != sub => Err(format!("a sub changed: {key} was {before} and is {sub}")),
            Some(_) => Ok(()),
            None => {
                self.new_told.push((key, sub.to_owned(), commits));
                Ok(())
            }
        }
    }

    /// True if a fact of this kind was acknowledged in the present act, by as many commits.
    pub fn acknowledged_now(&self, kind: &str, commits: usize) -> bool {
        self.new.iter().any(|fact| fact.kind == kind && fact.commits <= commits)
    }

    /// Forgets what was acknowledged in the present act after so many commits: the crash came first.
    pub fn forget_after(&mut self, commits: usize) {
        self.new.retain(|fact| fact.commits <= commits);
        self.new_told.retain(|(.., told)| *told <= commits);
    }

    /// Looks for every fact. After a crash, `unanswered` is what the act would have led to: it may hold without an answer,
    /// in place of what was acknowledged before the act.
    pub fn find_lost(&self, now: &State, unanswered: Option<&State>) -> Result<(), String> {
        let mut wanted: BTreeMap<(&str, &str), (&str, bool)> =
            self.lasting.iter().map(|((kind, key), value)| ((*kind, key.as_str()), (value.as_str(), false))).collect();
        for fact in &self.new {
            wanted.insert((fact.kind, fact.key.as_str()), (fact.value.as_str(), true));
        }
        for ((kind, key), (value, is_new)) in wanted {
            // A closed account has no password: whether it might close is another question.
            if kind == "password" && now.get("closed", key).is_some() {
                continue;
            }
            let found = now.get(kind, key);
            let is_unanswered = !is_new && found.is_some() && unanswered.is_some_and(|s| s.get(kind, key) == found);
            if found != Some(value) && !is_unanswered {
                let found = found.unwrap_or("nothing");
                return Err(format!("acknowledged, and lost: {kind} {key} was {value} and is {found}"));
            }
        }
        Ok(())
    }

    /// Ends an act: its lasting facts join the others as they are stored now. An account that closed has no password.
    pub fn settle(&mut self, now: &State) {
        for fact in std::mem::take(&mut self.new).into_iter().filter(|fact| !fact.is_fleeting) {
            self.lasting.insert((fact.kind, fact.key), fact.value);
        }
        self.lasting.retain(|(kind, key), _| *kind != "password" || now.get("closed", key).is_none());
        // What was done before a crash, and never answered.
        for ((kind, key), value) in &mut self.lasting {
            if let Some(found) = now.get(kind, key) {
                found.clone_into(value);
            }
        }
        self.told.extend(std::mem::take(&mut self.new_told).into_iter().map(|(key, sub, _)| (key, sub)));
    }
}
