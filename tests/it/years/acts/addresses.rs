//! A pupil's own e-mail address, and the password that is chosen anew by it.

use super::has_button;
use super::proofs::Flow;
use crate::support::Browser;
use crate::years::who::Who;
use crate::years::world::{Act, World};

fn address_of(c: usize) -> String {
    format!("eleve{c}@example.org")
}

impl World {
    /// True if a pupil has a confirmed address.
    pub(super) async fn has_address(&self, c: usize) -> bool {
        let Some(account) = self.account_of(Who::Pupil(c)).await else { return false };
        let sql = "SELECT id FROM email WHERE account_id = $1 AND state = 'confirmed'";
        let mut tx = self.server.app.db.read().await.unwrap();
        tx.fetch_optional::<(String,)>(sql, vec![account.into()]).await.unwrap().is_some()
    }

    /// Returns the newest code that came to a pupil's address after the first `before` mails.
    fn mailed_code(&self, c: usize, before: usize) -> Option<String> {
        let address = address_of(c);
        let digits = |word: &&str| word.len() == 6 && word.bytes().all(|byte| byte.is_ascii_digit());
        let mails = self.server.mails();
        let mut own = mails.iter().skip(before).rev().filter(|mail| mail.to == address);
        // Notices have no code.
        own.find_map(|mail| mail.text.split([' ', '.']).find(digits).map(str::to_owned))
    }

    /// Confirms an address of a pupil who is signed in, by the code that came there.
    pub(super) async fn confirm_address(&mut self, c: usize) -> Result<Act, String> {
        const NAME: &str = "address";
        let who = Who::Pupil(c);
        let stopped = |word: &str| Ok(Act::of(NAME, Some(who), word));
        let Some(mut browser) = Box::pin(self.open_account(who)).await? else { return stopped("must wait") };
        browser.get("/compte/adresse").await;
        if !has_button(&browser, "envoyer") {
            return stopped(browser.url.path());
        }
        let (before, password) = (self.server.mails().len(), self.life(who).known.password);
        browser.submit("envoyer", &[("adresse", &address_of(c)), ("mot_de_passe", password)]).await;
        browser.follow().await;
        self.server.drain_outbox().await;
        let Some(code) = self.mailed_code(c, before).filter(|_| has_button(&browser, "confirmer")) else {
            return stopped("no code came");
        };
        browser.submit("confirmer", &[("code", &code)]).await;
        browser.follow().await;
        let is_confirmed = browser.page.has_element("#adresse-confirmee");
        self.life_mut(who).browser = browser;
        if !is_confirmed {
            return stopped("not confirmed");
        }
        let Some(account) = self.account_of(who).await else { return Err(format!("no account of {who:?}")) };
        let sql = "SELECT id, account_id FROM email WHERE account_id = $1 AND state = 'confirmed'";
        let args = vec![account.into()];
        let row = self.server.app.db.read().await.unwrap().fetch_optional(sql, args).await.unwrap();
        let Some(row) = row else { return Err(format!("acknowledged, and never there: the address of {who:?}")) };
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("email", row, commits);
        self.count("a pupil's address");
        stopped("confirmed")
    }

    /// Asks for a new password by mail. Below fifteen no code leaves.
    pub(super) async fn recover_by_mail(&mut self, c: usize, is_old_enough: bool) -> Result<Act, String> {
        const NAME: &str = "recovery by mail";
        let who = Who::Pupil(c);
        let stopped = |word: &str| Ok(Act::of(NAME, Some(who), word));
        let Some(identifiant) = self.life(who).known.identifiant.clone() else { return stopped("no identifiant") };
        let mut browser = Browser::new(&self.server);
        browser.forget(&identifiant).await;
        self.server.drain_outbox().await;
        if !has_button(&browser, "par-e-mail") {
            return stopped(browser.url.path());
        }
        let before = self.server.mails().len();
        browser.submit("par-e-mail", &[]).await;
        browser.follow().await;
        self.server.drain_outbox().await;
        let Some(code) = self.mailed_code(c, before) else {
            if !is_old_enough {
                self.count("no code by mail below fifteen");
            }
            return stopped("no code came");
        };
        if !is_old_enough {
            return Err(format!("a pupil below fifteen gets a code by mail: {}", self.town.given_name_of(who)));
        }
        if !browser.url.path().ends_with("/code") || !has_button(&browser, "continuer") {
            return stopped(browser.url.path());
        }
        browser.type_code(&code).await;
        self.prove_birth(c, Flow::Recovery, browser).await
    }
}
