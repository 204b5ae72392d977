//! A pupil who goes on to a school of another academy: the same INE, and the same account.

use crate::years::people::SCHOOLS;
use crate::years::who::Who;
use crate::years::world::{Act, World};

impl World {
    /// Sends a pupil with an account to a school of the other academy. Both schools give their rosters, in either order.
    pub async fn move_pupil(&mut self) -> Result<Act, String> {
        const NAME: &str = "a move";
        let movable: Vec<usize> = (0..self.town.children.len()).filter(|c| self.may_move(*c)).collect();
        if movable.is_empty() {
            return Box::pin(self.act_as_pupil()).await;
        }
        let c = self.dice.pick(&movable);
        let account = self.town.account_in(&self.last_state, Who::Pupil(c)).unwrap_or_default().to_owned();
        let dice = self.dice.clone();
        let [former, next] = self.town.move_elsewhere(c, &dice);
        self.meet_newcomers();
        let mut word = self.town.given_name_of(Who::Pupil(c)).to_owned();
        let order = if self.dice.one_in(2) { [former, next] } else { [next, former] };
        for school in order {
            let taken = self.deliver(school).await;
            word.push_str(if taken { ", taken" } else { ", refused" });
            if taken && school == next {
                self.recognise(c, next, &account).await?;
            }
        }
        Ok(Act::of(NAME, None, word))
    }

    /// True if a pupil's record of today has an account, and the other academy has none of the pupil without it: a record
    /// that was there before takes no later account (docs/threats.md#attack-a12).
    fn may_move(&self, c: usize) -> bool {
        let child = &self.town.children[c];
        let Some(school) = child.school.filter(|school| self.schools_of(c) == [*school]) else { return false };
        let here = child.record_in(SCHOOLS[school].academy);
        let Some(account) = self.last_state.get("pupil", &here).filter(|account| !account.is_empty()) else {
            return false;
        };
        child.records().iter().all(|record| self.last_state.get("pupil", record).is_none_or(|known| known == account))
    }

    /// Keeps that the import gave the new record the account of the former one.
    async fn recognise(&mut self, c: usize, school: usize, account: &str) -> Result<(), String> {
        let record = self.town.children[c].record_in(SCHOOLS[school].academy);
        let sql = "SELECT account_id FROM pupil WHERE academy || '/' || pupil_key = $1 AND account_id IS NOT NULL";
        let args = vec![record.as_str().into()];
        let mut tx = self.server.app.db.read().await.unwrap();
        let found: Option<(String,)> = tx.fetch_optional(sql, args).await.unwrap();
        drop(tx);
        if found.as_ref().map(|(id,)| id.as_str()) != Some(account) {
            return Err(format!("a pupil who moved has another account: {record} of {account} has {found:?}"));
        }
        let commits = self.commit_count();
        self.oracle.keep("pupil", (record, account.to_owned()), commits);
        self.count("a move to another academy");
        Ok(())
    }
}
