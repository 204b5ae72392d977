//! Sign-ins with the password, and the closing of an account.

use axum::http::StatusCode;

use crate::support::Browser;
use crate::years::world::{Act, World};

impl World {
    /// Signs in and opens the account's page, sometimes after a wrong password.
    pub async fn sign_in(&mut self, h: usize) -> Result<Act, String> {
        let Some(browser) = Box::pin(self.open_account(h)).await? else {
            return Ok(Act::of("sign-in", Some(h), "must wait"));
        };
        let word = browser.page.status.as_u16().to_string();
        let is_signed_in = browser.page.status == StatusCode::OK && browser.url.path().starts_with("/compte");
        self.lives[h].browser = browser;
        if let Some(account) = self.find_account(h).await.filter(|_| is_signed_in) {
            self.acknowledge_session(&account).await?;
            self.count("a sign-in");
        }
        Ok(Act::of("sign-in", Some(h), word))
    }

    /// Opens the account's page in the person's browser. `None` while the sign-in is limited.
    async fn open_account(&mut self, h: usize) -> Result<Option<Browser>, String> {
        let known = self.lives[h].known.clone();
        let mut browser = self.lives[h].browser.clone_browser();
        browser.open("/connexion").await;
        if let Some(identifiant) = known.identifiant.filter(|_| browser.page.has_element("button#se-connecter")) {
            if self.dice.one_in(5) {
                browser.sign_in_with(&identifiant, "Faux-mot-de-passe-2").await;
                if browser.page.status.is_redirection() {
                    return Err(format!("a wrong password opened {identifiant}"));
                }
            }
            if !browser.page.has_element("button#se-connecter") {
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
        let Some(mut browser) = Box::pin(self.open_account(h)).await? else {
            return Ok(Act::of(NAME, Some(h), "must wait"));
        };
        browser.get("/compte/fermer").await;
        let Some(account) = self.find_account(h).await.filter(|_| browser.page.has_element("button#fermer")) else {
            return Ok(Act::of(NAME, Some(h), browser.url.path()));
        };
        self.oracle.may_close.insert(account);
        let password = self.lives[h].known.password;
        browser.submit("fermer", &[("mot_de_passe", password)]).await;
        let word = browser.page.status.as_u16().to_string();
        if browser.page.status == StatusCode::SEE_OTHER {
            self.acknowledge_journal().await;
            self.count("a closing");
        }
        self.lives[h].browser = browser;
        Ok(Act::of(NAME, Some(h), word))
    }
}
