//! The facts that an answer acknowledged. They are looked for after each act, and after each crash.

use std::collections::{BTreeMap, BTreeSet};

use preau::base::clock::Timestamp;

use super::state::State;
use crate::support::relying_party::decode_part;

/// The number of tokens that are remembered, the newest: those of some acts.
const MAX_TOKENS: usize = 12;

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

/// A token that a service was given.
#[derive(Clone, Debug)]
pub struct ToldToken {
    pub text: String,
    pub kid: String,
    pub ends: Timestamp,
    commits: usize,
}

/// The memory of everything that was acknowledged.
#[derive(Clone, Default)]
pub struct Oracle {
    lasting: BTreeMap<(&'static str, String), String>,
    /// Those of the present act.
    new: Vec<Acknowledged>,
    /// The `sub` that the clients of each space were told of an account.
    told: BTreeMap<String, String>,
    new_told: Vec<(String, String, usize)>,
    /// The places of each `sub` that an account has of one that it absorbed, with those where it belongs.
    lent: BTreeMap<String, String>,
    /// The times at which accounts were absorbed.
    joined_at: BTreeMap<String, Timestamp>,
    tokens: Vec<ToldToken>,
    new_tokens: Vec<ToldToken>,
    /// The accounts whose person asked for the closing, or whom no school names: no other closes.
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

    /// Compares a `sub` with what the clients of the space were told of the person before.
    pub fn tell_sub(&mut self, place: &str, sub: &str, commits: usize) -> Result<(), String> {
        let key = self.owner_of(place);
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

    /// Remembers a token that a service was given, with the key and the end that it names itself.
    pub fn tell_token(&mut self, text: &str, commits: usize) {
        let (header, claims) = (decode_part(text, 0), decode_part(text, 1));
        let kid = header["kid"].as_str().unwrap_or_default().to_owned();
        let ends = Timestamp::from_seconds(claims["exp"].as_i64().unwrap_or_default());
        self.new_tokens.push(ToldToken { text: text.to_owned(), kid, ends, commits });
    }

    pub fn tokens(&self) -> impl Iterator<Item = &ToldToken> {
        self.tokens.iter().chain(&self.new_tokens)
    }

    /// Returns the place where a `sub` belongs: that of the absorbed account from which it was taken over.
    pub fn owner_of(&self, place: &str) -> String {
        self.lent.get(place).cloned().unwrap_or_else(|| place.to_owned())
    }

    /// Returns when an account was absorbed, if it is.
    pub fn joined_at(&self, absorbed: &str) -> Option<Timestamp> {
        self.joined_at.get(absorbed).copied()
    }

    /// True if a fact of this kind was acknowledged in the present act, by as many commits.
    pub fn acknowledged_now(&self, kind: &str, commits: usize) -> bool {
        self.new.iter().any(|fact| fact.kind == kind && fact.commits <= commits)
    }

    /// Forgets what was acknowledged in the present act after so many commits: the crash came first.
    pub fn forget_after(&mut self, commits: usize) {
        self.new.retain(|fact| fact.commits <= commits);
        self.new_told.retain(|(.., told)| *told <= commits);
        self.new_tokens.retain(|token| token.commits <= commits);
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
            // That of an absorbed account waits for an undo, and goes at last.
            let is_absorbed = kind == "password" && now.get("merged", key).is_some_and(|kept| !kept.is_empty());
            if is_absorbed || ended_with_account(now, (kind, key), value) {
                continue;
            }
            let find = |state: &State| match kind {
                "subject" => state.subject_of(key).map(str::to_owned),
                _ => state.get(kind, key).map(str::to_owned),
            };
            let found = find(now);
            let is_unanswered = !is_new && found.is_some() && unanswered.is_some_and(|state| find(state) == found);
            if found.as_deref() != Some(value) && !is_unanswered {
                let found = found.as_deref().unwrap_or("nothing");
                return Err(format!("acknowledged, and lost: {kind} {key} was {value} and is {found}"));
            }
        }
        Ok(())
    }

    /// Ends an act: its lasting facts join the others as they are stored now.
    pub fn settle(&mut self, now: &State) {
        for fact in std::mem::take(&mut self.new).into_iter().filter(|fact| !fact.is_fleeting) {
            self.lasting.insert((fact.kind, fact.key), fact.value);
        }
        self.lasting.retain(|(kind, key), value| !ended_with_account(now, (*kind, key.as_str()), value));
        // What was done before a crash, and never answered.
        for ((kind, key), value) in &mut self.lasting {
            if let Some(found) = now.get(kind, key) {
                found.clone_into(value);
            }
        }
        self.told.extend(std::mem::take(&mut self.new_told).into_iter().map(|(key, sub, _)| (key, sub)));
        self.tokens.append(&mut self.new_tokens);
        let old = self.tokens.len().saturating_sub(MAX_TOKENS);
        self.tokens.drain(..old);
    }

    /// Learns which accounts were joined in an act, or separated. A `sub` that the absorbed account alone had is the kept
    /// one's until the undo.
    pub fn learn_joins(&mut self, before: &State, now: &State, at: Timestamp) {
        for (absorbed, kept) in now.of("merged") {
            if before.get("merged", absorbed).unwrap_or_default() == kept {
                continue;
            }
            let of_absorbed = format!(" {absorbed}");
            self.lent.retain(|_, owner| !owner.ends_with(&of_absorbed));
            self.joined_at.remove(absorbed);
            if kept.is_empty() {
                continue;
            }
            self.joined_at.insert(absorbed.to_owned(), at);
            for (place, _) in before.of("subject") {
                let Some((space, account)) = place.rsplit_once(' ') else { continue };
                let taken = format!("{space} {kept}");
                if account == absorbed && before.get("subject", &taken).is_none() {
                    self.lent.insert(taken, place.to_owned());
                }
            }
        }
    }
}

/// True if a fact ended because its account closed: whether that might be is another question.
fn ended_with_account(now: &State, (kind, key): (&str, &str), value: &str) -> bool {
    match kind {
        "password" => now.get("closed", key).is_some(),
        "pupil" => now.get("closed", value).is_some(),
        _ => false,
    }
}
