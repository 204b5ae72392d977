//! Sign-ins at services, and their refresh tokens: what is told of whom.

use axum::http::StatusCode;
use serde_json::Value;

use super::has_button;
use crate::support::relying_party::find_pair;
use crate::support::{Landing, TestRelyingParty};
use crate::years::people::SCHOOLS;
use crate::years::who::{HeldTokens, Who};
use crate::years::world::{Act, SCOPES, World};

/// Returns the space in which a service knows people.
fn space_of(client: &str) -> &'static str {
    if client == "bourses" { "pairwise/bourses" } else { "pairwise/mon-ent" }
}

/// Returns the services whose perimeter has an academy.
fn services_of(academy: &str) -> [&'static str; 2] {
    if academy == "toulouse" { ["ent-toulouse", "bourses"] } else { ["ent", "bourses"] }
}

impl World {
    /// Returns the academy whose services somebody uses: that of the record, or of the pupil's school.
    fn academy_of(&self, who: Who) -> &'static str {
        match who {
            Who::Parent(h) => self.town.humans[h].academy,
            Who::Pupil(c) => SCHOOLS[self.schools_of(c).into_iter().next().unwrap_or_default()].academy,
        }
    }

    /// Signs in at a service, which then asks for what it may know.
    pub async fn use_service(&mut self, who: Who) -> Result<Act, String> {
        const NAME: &str = "service";
        let known = self.life(who).known.clone();
        let Some(identifiant) = known.identifiant else { return Ok(Act::of(NAME, Some(who), "no identifiant")) };
        let client = self.dice.pick(&services_of(self.academy_of(who)));
        let mut rp = TestRelyingParty::new(&self.server, client);
        rp.scope = SCOPES;
        let attempt = rp.attempt_with(&[("prompt", "consent")]);
        let mut browser = self.life(who).browser.clone_browser();
        let mut landing = browser.open(&attempt.url).await;
        if has_button(&browser, "se-connecter") {
            browser.sign_in_with(&identifiant, known.password).await;
            if browser.page.status == StatusCode::UNPROCESSABLE_ENTITY {
                return Err(format!("acknowledged, and lost: the password of {identifiant} does not open it"));
            }
            landing = browser.follow().await;
        }
        if matches!(landing, Landing::OwnPage) && has_button(&browser, "continuer") {
            browser.submit("continuer", &[]).await;
            landing = browser.follow().await;
        }
        let (word, status) = (browser.url.path().to_owned(), browser.page.status.as_u16());
        self.life_mut(who).browser = browser;
        let Landing::ExternalSite(landed) = landing else {
            return Ok(Act::of(NAME, Some(who), format!("{client}: {status} {word}")));
        };
        let answer = rp.query_response(&landed, &attempt);
        let Some(code) = find_pair(&answer, "code").map(str::to_owned) else {
            return Ok(Act::of(NAME, Some(who), format!("{client}: no code")));
        };
        let tokens = rp.exchange(&attempt, &code).await;
        if tokens.status != StatusCode::OK {
            return Err(format!("a code of {client} was not exchanged: {}", tokens.visible_text()));
        }
        let tokens = tokens.json();
        self.hear_claims(who, &rp, &tokens).await?;
        self.acknowledge_family(who).await;
        self.life_mut(who).known.tokens = Some(HeldTokens { client, answer: tokens });
        self.count(match who {
            Who::Parent(_) => "a sign-in at a service",
            Who::Pupil(_) => "a pupil's sign-in at a service",
        });
        Ok(Act::of(NAME, Some(who), client))
    }

    /// Uses the refresh token that a service holds.
    pub async fn refresh(&mut self, who: Who) -> Result<Act, String> {
        const NAME: &str = "refresh";
        let Some(held) = self.life(who).known.tokens.clone() else { return Box::pin(self.use_service(who)).await };
        let Some(token) = held.answer["refresh_token"].as_str() else {
            return Ok(Act::of(NAME, Some(who), "no refresh token"));
        };
        let rp = TestRelyingParty::new(&self.server, held.client);
        let fields = [("grant_type", "refresh_token".to_owned()), ("refresh_token", token.to_owned())];
        let answer = rp.post_token(rp.authorization().as_deref(), &fields).await;
        if answer.status != StatusCode::OK {
            self.life_mut(who).known.tokens = None;
            return Ok(Act::of(NAME, Some(who), format!("{}: {}", held.client, answer.oauth_error())));
        }
        let renewed = answer.json();
        self.hear_claims(who, &rp, &renewed).await?;
        if renewed["refresh_token"].is_string() {
            self.life_mut(who).known.tokens = Some(HeldTokens { client: held.client, answer: renewed });
        }
        self.count("a refresh");
        Ok(Act::of(NAME, Some(who), held.client))
    }

    /// Asks for the claims, and compares them with the roster and with what was told before.
    async fn hear_claims(&mut self, who: Who, rp: &TestRelyingParty, tokens: &Value) -> Result<(), String> {
        let told = rp.userinfo(tokens["access_token"].as_str().unwrap()).await;
        if told.status != StatusCode::OK {
            return Err(format!("a new token tells nothing: {}", told.visible_text()));
        }
        let (claims, space) = (told.json(), space_of(rp.client_id));
        let Some(account) = self.account_of(who).await else {
            return Err(format!("a service signs in {who:?}, who has no account"));
        };
        self.check_claims((who, &account), space, &claims).await?;
        let commits = self.commit_count();
        for token in ["access_token", "id_token"].iter().filter_map(|name| tokens[*name].as_str()) {
            self.oracle.tell_token(token, commits);
        }
        let sub = claims["sub"].as_str().unwrap_or_default();
        self.oracle.tell_sub(&format!("{space} {account}"), sub, commits)?;
        let sql = "SELECT space || ' ' || account_id, value FROM subject WHERE account_id = $1";
        let args = vec![account.as_str().into()];
        let rows: Vec<(String, String)> = self.server.app.db.read().await.unwrap().fetch_all(sql, args).await.unwrap();
        if !rows.iter().any(|(_, value)| value == sub) {
            return Err(format!("a sub was told and is not written: {sub} of {who:?}"));
        }
        for (place, value) in rows {
            let owner = self.oracle.owner_of(&place);
            self.oracle.keep("subject", (owner, value), commits);
        }
        Ok(())
    }

    async fn acknowledge_family(&mut self, who: Who) {
        let Some(account) = self.account_of(who).await else { return };
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
