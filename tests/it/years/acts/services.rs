//! Sign-ins at services, and their refresh tokens: what is told of whom.

use axum::http::StatusCode;
use serde_json::Value;

use crate::support::relying_party::find_pair;
use crate::support::{Landing, TestRelyingParty};
use crate::years::world::{Act, HeldTokens, SCOPES, World};

fn sector_of(client: &str) -> &'static str {
    if client == "bourses" { "bourses" } else { "mon-ent" }
}

/// Returns the services whose perimeter has an academy.
fn services_of(academy: &str) -> [&'static str; 2] {
    if academy == "toulouse" { ["ent-toulouse", "bourses"] } else { ["ent", "bourses"] }
}

impl World {
    /// Signs in at a service, which then asks for what it may know.
    pub async fn use_service(&mut self, h: usize) -> Result<Act, String> {
        const NAME: &str = "service";
        let known = self.lives[h].known.clone();
        let Some(identifiant) = known.identifiant else { return Ok(Act::of(NAME, Some(h), "no identifiant")) };
        let client = self.dice.pick(&services_of(self.town.humans[h].academy));
        let mut rp = TestRelyingParty::new(&self.server, client);
        rp.scope = SCOPES;
        let attempt = rp.attempt_with(&[("prompt", "consent")]);
        let mut browser = self.lives[h].browser.clone_browser();
        let mut landing = browser.open(&attempt.url).await;
        if browser.page.has_element("button#se-connecter") {
            browser.sign_in_with(&identifiant, known.password).await;
            if browser.page.status == StatusCode::UNPROCESSABLE_ENTITY {
                return Err(format!("acknowledged, and lost: the password of {identifiant} does not open it"));
            }
            landing = browser.follow().await;
        }
        if matches!(landing, Landing::OwnPage) && browser.page.has_element("button#continuer") {
            browser.submit("continuer", &[]).await;
            landing = browser.follow().await;
        }
        let (word, status) = (browser.url.path().to_owned(), browser.page.status.as_u16());
        self.lives[h].browser = browser;
        let Landing::ExternalSite(landed) = landing else {
            return Ok(Act::of(NAME, Some(h), format!("{client}: {status} {word}")));
        };
        let answer = rp.query_response(&landed, &attempt);
        let Some(code) = find_pair(&answer, "code").map(str::to_owned) else {
            return Ok(Act::of(NAME, Some(h), format!("{client}: no code")));
        };
        let tokens = rp.exchange(&attempt, &code).await;
        if tokens.status != StatusCode::OK {
            return Err(format!("a code of {client} was not exchanged: {}", tokens.visible_text()));
        }
        let tokens = tokens.json();
        self.hear_claims(h, &rp, &tokens).await?;
        self.acknowledge_family(h).await;
        self.lives[h].known.tokens = Some(HeldTokens { client, answer: tokens });
        self.count("a sign-in at a service");
        Ok(Act::of(NAME, Some(h), client))
    }

    /// Uses the refresh token that a service holds.
    pub async fn refresh(&mut self, h: usize) -> Result<Act, String> {
        const NAME: &str = "refresh";
        let Some(held) = self.lives[h].known.tokens.clone() else { return Box::pin(self.use_service(h)).await };
        let Some(token) = held.answer["refresh_token"].as_str() else {
            return Ok(Act::of(NAME, Some(h), "no refresh token"));
        };
        let rp = TestRelyingParty::new(&self.server, held.client);
        let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
        if answer.status != StatusCode::OK {
            self.lives[h].known.tokens = None;
            return Ok(Act::of(NAME, Some(h), format!("{}: {}", held.client, answer.oauth_error())));
        }
        let renewed = answer.json();
        self.hear_claims(h, &rp, &renewed).await?;
        if renewed["refresh_token"].is_string() {
            self.lives[h].known.tokens = Some(HeldTokens { client: held.client, answer: renewed });
        }
        self.count("a refresh");
        Ok(Act::of(NAME, Some(h), held.client))
    }

    /// Asks for the claims, and compares them with the roster and with what was told before.
    async fn hear_claims(&mut self, h: usize, rp: &TestRelyingParty, tokens: &Value) -> Result<(), String> {
        let told = rp.userinfo(tokens["access_token"].as_str().unwrap()).await;
        if told.status != StatusCode::OK {
            return Err(format!("a new token tells nothing: {}", told.visible_text()));
        }
        let claims = told.json();
        self.check_claims(h, &claims)?;
        let record = self.town.humans[h].record();
        let Some(account) = self.find_account(h).await else {
            return Err(format!("a service signs in {record}, who has no account"));
        };
        let commits = self.commit_count();
        let sub = claims["sub"].as_str().unwrap_or_default();
        self.oracle.tell_sub(sector_of(rp.client_id), &account, sub, commits)?;
        let sql = "SELECT space || ' ' || account_id, value FROM subject WHERE account_id = $1";
        let args = vec![account.as_str().into()];
        let rows: Vec<(String, String)> = self.server.app.db.read().await.unwrap().fetch_all(sql, args).await.unwrap();
        if !rows.iter().any(|(_, value)| value == sub) {
            return Err(format!("a sub was told and is not written: {sub} of {record}"));
        }
        for row in rows {
            self.oracle.keep("subject", row, commits);
        }
        Ok(())
    }

    async fn acknowledge_family(&mut self, h: usize) {
        let Some(account) = self.find_account(h).await else { return };
        let sql = "SELECT id, client_id FROM refresh_family WHERE account_id = $1 AND ended_at IS NULL \
                   ORDER BY created_at DESC, id DESC LIMIT 1";
        let args = vec![account.as_str().into()];
        let family = self.server.app.db.read().await.unwrap().fetch_optional(sql, args).await.unwrap();
        let commits = self.commit_count();
        if let Some(family) = family {
            self.oracle.keep_for_this_act("family", family, commits);
        }
    }
}
