//! Sign-ins with the password, and the closing of an account.

use axum::http::StatusCode;

use super::has_button;
use crate::support::Browser;
use crate::years::who::Who;
use crate::years::world::{Act, World};

impl World {
    /// Signs in and opens the account's page, sometimes after a wrong password.
    pub async fn sign_in(&mut self, who: Who) -> Result<Act, String> {
        let Some(mut browser) = Box::pin(self.open_account(who)).await? else {
            return Ok(Act::of("sign-in", Some(who), "must wait"));
        };
        let word = browser.page.status.as_u16().to_string();
        let is_signed_in = browser.page.status == StatusCode::OK && browser.url.path().starts_with("/compte");
        if is_signed_in && matches!(who, Who::Pupil(_)) {
            browser.get("/compte/enfants").await;
            if browser.page.status != StatusCode::NOT_FOUND {
                return Err(format!("a pupil has a page of children: {}", browser.page.visible_text()));
            }
        }
        self.life_mut(who).browser = browser;
        if let Some(account) = self.account_of(who).await.filter(|_| is_signed_in) {
            self.acknowledge_session(&account).await?;
            self.count("a sign-in");
        }
        Ok(Act::of("sign-in", Some(who), word))
    }

    /// Opens the account's page in the person's browser. `None` while the sign-in is limited.
    pub(super) async fn open_account(&mut self, who: Who) -> Result<Option<Browser>, String> {
        let known = self.life(who).known.clone();
        let mut browser = self.life(who).browser.clone_browser();
        browser.open("/connexion").await;
        if known.identifiant.is_some() && has_button(&browser, "se-connecter") {
            let identifiant = self.dice.pick(&self.identifiants_of(who));
            if self.dice.one_in(5) {
                browser.sign_in_with(&identifiant, "Faux-mot-de-passe-2").await;
                if browser.page.status.is_redirection() {
                    return Err(format!("a wrong password opened {identifiant}"));
                }
            }
            if !has_button(&browser, "se-connecter") {
                return Ok(None);
            }
            browser.sign_in_with(&identifiant, known.password).await;
            match browser.page.status {
                StatusCode::UNPROCESSABLE_ENTITY => {
                    return Err(format!("acknowledged, and lost: the password of {identifiant} does not open it"));
                }
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => return Ok(None),
                _ => _ = browser.follow().await,
            }
        }
        browser.open("/compte").await;
        Ok(Some(browser))
    }

    /// Returns the identifiants that open somebody's account: its own, and those of accounts that it absorbed.
    fn identifiants_of(&self, who: Who) -> Vec<String> {
        let account = self.town.account_in(&self.last_state, who).unwrap_or_default();
        let aliases = self.last_state.of("merged").filter(|(_, kept)| *kept == account).map(|(absorbed, _)| absorbed);
        let all = std::iter::once(account).chain(aliases);
        all.filter_map(|id| self.last_state.get("identifiant", id)).map(str::to_owned).collect()
    }

    /// Keeps a session that an answer began or used.
    pub(super) async fn acknowledge_session(&mut self, account: &str) -> Result<(), String> {
        let sql = "SELECT id, account_id FROM session WHERE account_id = $1 AND ended_at IS NULL \
                   ORDER BY authenticated_at DESC, id DESC LIMIT 1";
        let args = vec![account.into()];
        let found = self.server.app.db.read().await.unwrap().fetch_optional(sql, args).await.unwrap();
        let Some(session) = found else { return Err(format!("acknowledged, and never there: a session of {account}")) };
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("session", session, commits);
        Ok(())
    }

    /// Asks for the closing of the account. A later sign-in keeps it.
    pub async fn ask_closing(&mut self, h: usize) -> Result<Act, String> {
        const NAME: &str = "closing";
        let who = Who::Parent(h);
        let Some(mut browser) = Box::pin(self.open_account(who)).await? else {
            return Ok(Act::of(NAME, Some(who), "must wait"));
        };
        browser.get("/compte/fermer").await;
        let Some(account) = self.account_of(who).await.filter(|_| has_button(&browser, "fermer")) else {
            return Ok(Act::of(NAME, Some(who), browser.url.path()));
        };
        self.oracle.may_close.insert(account);
        let password = self.life(who).known.password;
        browser.submit("fermer", &[("mot_de_passe", password)]).await;
        let word = browser.page.status.as_u16().to_string();
        if browser.page.status == StatusCode::SEE_OTHER {
            self.acknowledge_journal().await;
            self.count("a closing");
        }
        self.life_mut(who).browser = browser;
        Ok(Act::of(NAME, Some(who), word))
    }

    /// Types the identifiant and the password of an account that closed: they open nothing.
    pub async fn sign_in_to_closed(&mut self) -> Result<Act, String> {
        const NAME: &str = "a closed account";
        if self.closed.is_empty() {
            return Ok(Act::of(NAME, None, "none closed"));
        }
        let (identifiant, password) = self.dice.pick(&self.closed);
        let mut browser = Browser::new(&self.server);
        browser.open("/connexion").await;
        browser.sign_in_with(&identifiant, password).await;
        if browser.page.status.is_redirection() || browser.has_session() {
            return Err(format!("a closed account signs in: {identifiant}"));
        }
        self.count("a closed account that stays closed");
        Ok(Act::of(NAME, None, browser.page.status.as_u16().to_string()))
    }
}
