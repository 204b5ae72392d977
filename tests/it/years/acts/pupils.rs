//! Pupils: the sheet for the first password, sign-ins, and the ways to another password, which depend on the age.

use super::has_button;
use crate::support::html;
use crate::years::people::{NOBODYS_BIRTH_DATE, SCHOOLS};
use crate::years::who::Who;
use crate::years::world::{Act, World};

impl World {
    /// Lives through an act of a pupil, more often of one who has a sheet or an account.
    pub async fn act_as_pupil(&mut self) -> Result<Act, String> {
        let c = self.pick_pupil();
        let who = Who::Pupil(c);
        let known = &self.life(who).known;
        let (has_sheet, has_account) = (known.letter.is_some(), known.identifiant.is_some());
        let act = match self.dice.below(10) {
            _ if has_sheet => Box::pin(self.use_letter(who)).await,
            _ if !has_account => Box::pin(self.print_sheet(c)).await,
            0 => Box::pin(self.print_sheet(c)).await,
            1..=3 => Box::pin(self.forget_password(c)).await,
            4 | 5 => Box::pin(self.sign_in(who)).await,
            6 => Box::pin(self.refresh(who)).await,
            _ => Box::pin(self.use_service(who)).await,
        }?;
        Ok(Act { word: format!("{}: {}: {}", self.town.given_name_of(who), act.name, act.word), ..act })
    }

    fn pick_pupil(&self) -> usize {
        let all: Vec<usize> = (0..self.town.children.len()).collect();
        let is_busy = |c: &usize| {
            let known = &self.life(Who::Pupil(*c)).known;
            known.identifiant.is_some() || known.letter.is_some()
        };
        let busy: Vec<usize> = all.iter().copied().filter(is_busy).collect();
        if busy.is_empty() || self.dice.one_in(3) { self.dice.pick(&all) } else { self.dice.pick(&busy) }
    }

    /// Forgets the password: below fifteen a parent gives a code, from fifteen on the own address does.
    async fn forget_password(&mut self, c: usize) -> Result<Act, String> {
        let has_address = self.has_address(c).await;
        match self.town.children[c].is_fifteen(self.server.now()) {
            None => Box::pin(self.sign_in(Who::Pupil(c))).await,
            // Whoever may be asked for a code at an age at which there is none.
            Some(true) if self.dice.one_in(4) => Box::pin(self.ask_parent_for_code(c, true)).await,
            Some(false) if self.dice.one_in(4) && has_address => Box::pin(self.recover_by_mail(c, false)).await,
            Some(false) if self.dice.one_in(4) => Box::pin(self.confirm_address(c)).await,
            Some(false) => Box::pin(self.ask_parent_for_code(c, false)).await,
            Some(true) if has_address => Box::pin(self.recover_by_mail(c, true)).await,
            Some(true) => Box::pin(self.confirm_address(c)).await,
        }
    }

    /// Returns the parents whom the pupil's school names and who have an account, by their records there.
    fn parents_with_account(&self, c: usize, school: usize) -> Vec<usize> {
        let uai = SCHOOLS[school].uai;
        let key = self.town.children[c].key_in(SCHOOLS[school].academy);
        let has_account = |h: &usize| {
            let link = format!("{uai} {} {key}", self.town.humans[*h].record());
            self.rosters[school].links.contains(&link) && self.life(Who::Parent(*h)).known.identifiant.is_some()
        };
        (0..self.town.humans.len()).filter(has_account).collect()
    }

    /// Has a parent ask for a code for the pupil, with the pupil's birth date where the parent never gave it. From fifteen
    /// on no parent gets one.
    async fn ask_parent_for_code(&mut self, c: usize, is_too_old: bool) -> Result<Act, String> {
        const NAME: &str = "a parent's code";
        let who = Who::Pupil(c);
        let stopped = |word: &str| Ok(Act::of(NAME, Some(who), word));
        let Some(school) = self.schools_of(c).into_iter().next() else { return stopped("no school") };
        let parents = self.parents_with_account(c, school);
        if parents.is_empty() {
            return stopped("no parent with an account");
        }
        let parent = Who::Parent(self.dice.pick(&parents));
        let Some(mut browser) = Box::pin(self.open_account(parent)).await? else { return stopped("must wait") };
        let id = self.pupil_id(c, SCHOOLS[school].academy).await;
        browser.get(&format!("/compte/enfants/code?enfant={id}")).await;
        if !has_button(&browser, "obtenir") {
            return stopped(&format!("no code: {}", browser.page.status.as_u16()));
        }
        if is_too_old {
            return Err(format!("a parent gets a code for a pupil of fifteen: {}", self.town.given_name_of(who)));
        }
        let (password, born) = (self.life(parent).known.password, self.town.children[c].born.clone());
        if browser.page.has_element("#jour") && self.dice.one_in(4) {
            let wrong = [("mot_de_passe", password), ("date_naissance", NOBODYS_BIRTH_DATE)];
            browser.submit("obtenir", &wrong).await;
            if browser.page.has_element("#code") {
                return Err("a wrong birth date gives a parent a code".to_owned());
            }
        }
        if has_button(&browser, "obtenir") {
            browser.submit("obtenir", &[("mot_de_passe", password), ("date_naissance", &born)]).await;
        }
        let code = browser.page.is_html().then(|| html::text(&browser.page.text(), "#code")).flatten();
        let status = browser.page.status.as_u16();
        self.life_mut(parent).browser = browser;
        let known = self.life(who).known.identifiant.clone();
        let (Some(code), Some(identifiant), Some(account)) = (code, known, self.account_of(who).await) else {
            return stopped(&format!("no code: {status}"));
        };
        self.take_letter(who, &account, (identifiant, code)).await;
        self.count("a parent's code");
        stopped("given")
    }
}
