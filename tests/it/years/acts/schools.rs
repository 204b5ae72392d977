//! Rosters through the year, the help desk, and the machine's clock.

use axum::http::StatusCode;
use preau::administrators::roles::AdminRole;
use preau::base::clock::Span;

use crate::years::exports::SchoolExport;
use crate::years::people::SCHOOLS;
use crate::years::who::Who;
use crate::years::world::{Act, World};

impl World {
    /// Changes something in a family, and the schools concerned give their rosters.
    pub async fn change_families(&mut self) -> Act {
        let dice = self.dice.clone();
        let (what, mut schools) = self.town.change(&dice);
        self.meet_newcomers();
        schools.dedup();
        let mut word = what.to_owned();
        for school in schools {
            let taken = self.deliver(school).await;
            word.push_str(if taken { ", taken" } else { ", refused" });
        }
        Act::of("a roster", None, word)
    }

    /// Begins the school year: each school gives a roster of the new one.
    pub async fn begin_school_year(&mut self) -> Act {
        let dice = self.dice.clone();
        self.town.begin_school_year(&dice);
        for school in 0..SCHOOLS.len() {
            self.deliver(school).await;
        }
        self.count("a school year");
        Act::of("a new school year", None, "every roster")
    }

    /// Gives once more an export that is older than the last one. The house does not take it.
    pub async fn deliver_old_export(&mut self) -> Result<Act, String> {
        const NAME: &str = "an old export";
        let is_older = |one: &&SchoolExport| one.exported_at < self.rosters[one.school].exported_at;
        let older: Vec<&SchoolExport> = self.exports.iter().filter(is_older).collect();
        if older.is_empty() {
            return Ok(Act::of(NAME, None, "there is none"));
        }
        let export = self.dice.pick(&older).clone();
        let (taken, said) = export.deliver(&self.server).await;
        if taken {
            return Err(format!("an older export was taken: {} of {}: {said}", export.exported_at, export.school));
        }
        self.count("an old export refused");
        Ok(Act::of(NAME, None, export.exported_at))
    }

    /// Asks the school: a direction opens the person's page, repairs what is to be repaired, or shows the identifiant.
    pub async fn ask_help_desk(&mut self, h: usize) -> Result<Act, String> {
        const NAME: &str = "help desk";
        let human = self.town.humans[h].clone();
        let of_academy: Vec<&str> =
            SCHOOLS.iter().filter(|school| school.academy == human.academy).map(|school| school.uai).collect();
        let uai = self.dice.pick(&of_academy);
        let sql = "SELECT id FROM person WHERE academy = $1 AND person_key = $2";
        let args = vec![human.academy.into(), human.key.to_string().into()];
        let mut tx = self.server.app.db.read().await.unwrap();
        let found: Option<(String,)> = tx.fetch_optional(sql, args).await.unwrap();
        drop(tx);
        let Some((person,)) = found else { return Ok(Act::of(NAME, Some(Who::Parent(h)), "no record")) };
        self.count("a direction");
        let email = format!("direction{}@ecole.example", self.counts["a direction"]);
        let role = AdminRole::SchoolHead;
        let mut direction = Box::pin(self.server.create_administrator(role, &format!("school:{uai}"), &email)).await;
        let desk = &mut direction.browser;
        desk.get(&format!("/admin/personnes/{person}")).await;
        let button = ["faire", "montrer"].into_iter().find(|one| desk.page.has_element(&format!("button#{one}")));
        let Some(button) = button.filter(|_| desk.page.status == StatusCode::OK) else {
            return Ok(Act::of(NAME, Some(Who::Parent(h)), desk.page.status.as_u16().to_string()));
        };
        desk.submit(button, &[("preuve", "paper"), ("raison", "Vue au secrétariat")]).await;
        let status = desk.page.status;
        if status == StatusCode::OK || status == StatusCode::SEE_OTHER {
            self.acknowledge_journal().await;
            self.count("an act of the help desk");
        }
        Ok(Act::of(NAME, Some(Who::Parent(h)), format!("{button}: {}", status.as_u16())))
    }

    /// Sets the machine's clock back by an hour, or mends it.
    pub fn step_clock(&mut self) -> Act {
        let by = if self.is_clock_back { Span::hours(1) } else { Span::hours(-1) };
        self.is_clock_back = !self.is_clock_back;
        self.server.clock.step_wall_time(by);
        self.count("a step of the clock");
        Act::of("clock", None, if self.is_clock_back { "an hour back" } else { "mended" })
    }
}
