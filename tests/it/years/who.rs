//! Those of the town who may have an account: what they know, and which account is theirs.

use preau::db;
use serde_json::Value;

use super::people::{SCHOOLS, Town};
use super::state::State;
use super::world::World;
use crate::support::{Browser, TestServer};

const FIRST_PASSWORD: &str = "Cheval-7-bleu";

/// Somebody who may have an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// A responsable, by the place of one record: of a person with two, each record has its own mobile, and until a
    /// regroupement its own account.
    Parent(usize),
    /// A pupil, by the place of the child.
    Pupil(usize),
}

/// Tokens that a service holds.
#[derive(Clone, Debug)]
pub struct HeldTokens {
    pub client: &'static str,
    pub answer: Value,
}

/// The knowledge of a person, and of the services on the person's behalf.
#[derive(Clone, Debug)]
pub struct Knowledge {
    /// `None` without an active account.
    pub identifiant: Option<String>,
    pub password: &'static str,
    /// Identifiant and code.
    pub letter: Option<(String, String)>,
    pub tokens: Option<HeldTokens>,
}

pub struct Life {
    pub browser: Browser,
    pub known: Knowledge,
}

impl Life {
    fn begin(server: &TestServer) -> Self {
        Self {
            browser: Browser::new(server),
            known: Knowledge { identifiant: None, password: FIRST_PASSWORD, letter: None, tokens: None },
        }
    }
}

impl Town {
    /// Returns the account of somebody in a state.
    pub fn account_in<'a>(&self, state: &'a State, who: Who) -> Option<&'a str> {
        match who {
            Who::Parent(h) => state.get("holder", &self.humans[h].record()),
            Who::Pupil(c) => {
                let records = self.children[c].records();
                records.iter().filter_map(|record| state.get("pupil", record)).find(|account| !account.is_empty())
            }
        }
    }

    pub fn given_name_of(&self, who: Who) -> &'static str {
        match who {
            Who::Parent(h) => self.humans[h].prenom,
            Who::Pupil(c) => self.children[c].given,
        }
    }
}

impl World {
    pub fn life(&self, who: Who) -> &Life {
        &self.lives[&who]
    }

    pub fn life_mut(&mut self, who: Who) -> &mut Life {
        self.lives.get_mut(&who).unwrap()
    }

    /// Gives a browser to everybody who is new in the town.
    pub fn meet_newcomers(&mut self) {
        let parents = (0..self.town.humans.len()).map(Who::Parent);
        let pupils = (0..self.town.children.len()).map(Who::Pupil);
        for who in parents.chain(pupils) {
            self.lives.entry(who).or_insert_with(|| Life::begin(&self.server));
        }
    }

    /// Returns the schools of a pupil by the last rosters that were taken: each child has a legal representative there.
    pub fn schools_of(&self, c: usize) -> Vec<usize> {
        let is_there = |school: &usize| {
            let key = format!(" {}", self.town.children[c].key_in(SCHOOLS[*school].academy));
            self.rosters[*school].links.iter().any(|link| link.ends_with(&key))
        };
        (0..SCHOOLS.len()).filter(is_there).collect()
    }

    /// True if a school names somebody.
    pub fn is_named(&self, who: Who) -> bool {
        match who {
            Who::Parent(h) => {
                let record = self.town.humans[h].record();
                self.rosters.iter().any(|one| one.links.iter().any(|link| link.contains(&record)))
            }
            Who::Pupil(c) => !self.schools_of(c).is_empty(),
        }
    }

    /// Returns the account of somebody, read now.
    pub async fn account_of(&self, who: Who) -> Option<String> {
        let (sql, args): (&'static str, Vec<db::Value>) = match who {
            Who::Parent(h) => {
                let human = &self.town.humans[h];
                let sql = "SELECT account_id FROM person \
                           WHERE academy = $1 AND person_key = $2 AND account_id IS NOT NULL";
                (sql, vec![human.academy.into(), human.key.to_string().into()])
            }
            Who::Pupil(c) => {
                let sql = "SELECT account_id FROM pupil \
                           WHERE academy || '/' || pupil_key IN ($1, $2) AND account_id IS NOT NULL ORDER BY id LIMIT 1";
                let [home, elsewhere] = self.town.children[c].records();
                (sql, vec![home.into(), elsewhere.into()])
            }
        };
        let mut tx = self.server.app.db.read().await.unwrap();
        tx.fetch_optional::<(String,)>(sql, args).await.unwrap().map(|(id,)| id)
    }

    /// Learns what everybody knows after an act: the identifiant of an active account, and of no other, and the password
    /// that was chosen for it.
    pub fn learn_accounts(&mut self, now: &State) {
        for (account, _) in now.of("closed").filter(|(account, _)| self.last_state.get("closed", account).is_none()) {
            if let (Some(identifiant), Some(password)) = (now.get("identifiant", account), self.chosen.get(account)) {
                self.closed.push((identifiant.to_owned(), *password));
            }
        }
        for (who, life) in &mut self.lives {
            let account = self.town.account_in(now, *who).filter(|account| now.get("password", account).is_some());
            life.known.identifiant = account.and_then(|id| now.get("identifiant", id)).map(str::to_owned);
            if let Some(password) = account.and_then(|id| self.chosen.get(id)) {
                life.known.password = *password;
            }
        }
    }

    /// Notes whose account may close: the house closes that of whoever no school names for months.
    pub fn learn_who_is_gone(&mut self) {
        let (named, gone): (Vec<Who>, Vec<Who>) = self.lives.keys().partition(|who| self.is_named(**who));
        let account = |who: Who| self.town.account_in(&self.last_state, who).map(str::to_owned);
        let kept: Vec<String> = named.into_iter().filter_map(account).collect();
        let gone = gone.into_iter().filter_map(account).filter(|id| !kept.contains(id));
        self.oracle.may_close.extend(gone.collect::<Vec<_>>());
    }
}
