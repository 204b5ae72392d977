//! The signing keys: followed by others on their age or by the command, revoked, and the tokens that they signed.

use preau::jose::{Alg, ExpectedTyp, KeySet};
use preau::keys::ops::{self, KeysError};
use preau::keys::rotation::PUBLISH_LEAD;
use preau::oidc::ID_TOKEN_TYP;
use preau::protocol::tolerance::AccessTokenTyp;
use serde_json::Value;

use crate::years::state::State;
use crate::years::who::Who;
use crate::years::world::{Act, World};

impl World {
    /// Does what each server does every minute: the steps of a rotation that are due, and the keys read again.
    pub async fn tend_keys(&self) {
        ops::refresh_keys(&self.server.operation()).await.unwrap();
    }

    /// Follows the keys of one algorithm by others, as the command does, and signs by the former until the others may;
    /// sometimes revokes them instead. The next minutes of the history end the rotation.
    pub async fn rotate_keys(&mut self) -> Result<Act, String> {
        const NAME: &str = "keys";
        let alg = self.dice.pick(&[Alg::RS256, Alg::ES256]);
        // A year is sealed with one master key: `preau keys new-master` writes no other beside it.
        if ops::is_uninitialized(&self.server.app.db).await.unwrap() {
            return Err("a new master key would be written".to_owned());
        }
        if self.dice.one_in(5) {
            return Ok(Box::pin(self.revoke_key(alg)).await);
        }
        let published = ops::publish_next(self.server.operation().storage(), alg).await;
        let kid = match published {
            Ok(kid) => kid.as_str().to_owned(),
            Err(error) if matches!(error.downcast_ref::<KeysError>(), Some(KeysError::Upcoming(_))) => {
                return Ok(Act::of(NAME, None, format!("{}: another is upcoming", alg.name())));
            }
            Err(error) => return Err(format!("{error:#}")),
        };
        self.acknowledge_journal().await;
        let commits = self.commit_count();
        self.oracle.keep("published", (kid.clone(), alg.name().to_owned()), commits);
        self.let_pass(PUBLISH_LEAD).await;
        // The last moment in which the former key signs.
        let users = self.lives.iter().filter(|(_, life)| life.known.identifiant.is_some());
        let users: Vec<Who> = users.map(|(who, _)| *who).collect();
        let user = if users.is_empty() { None } else { Some(self.dice.pick(&users)) };
        let word = match user {
            Some(who) => Box::pin(self.use_service(who)).await?.word,
            None => "nobody is there".to_owned(),
        };
        Box::pin(self.tend_keys()).await;
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("key", (kid, "active".to_owned()), commits);
        self.count("a rotation of keys");
        Ok(Act::of(NAME, user, format!("{} is followed, {word}", alg.name())))
    }

    /// Revokes the key that signs: another one signs at once.
    async fn revoke_key(&mut self, alg: Alg) -> Act {
        let kid = self.server.app.key_ring().active(alg).unwrap().kid().to_owned();
        let new = ops::revoke(self.server.operation().storage(), &kid).await.unwrap().unwrap();
        Box::pin(self.tend_keys()).await;
        self.acknowledge_journal().await;
        let commits = self.commit_count();
        self.oracle.keep_for_this_act("key", (kid, "revoked".to_owned()), commits);
        self.oracle.keep("published", (new.as_str().to_owned(), alg.name().to_owned()), commits);
        self.count("a revoked key");
        Act::of("keys", None, format!("{} is revoked", alg.name()))
    }

    /// Compares the tokens that services were given with the keys that are published now: each verifies as long as it
    /// lives, unless its key was revoked, and none by a key that left.
    pub async fn check_tokens(&self, now: &State) -> Result<(), String> {
        if self.oracle.tokens().next().is_none() {
            return Ok(());
        }
        let jwks: Value = serde_json::from_str(&self.server.get("/oauth2/jwks").await.text()).unwrap();
        let published = KeySet::parse(&jwks).unwrap();
        let kinds = [ID_TOKEN_TYP, AccessTokenTyp::AtJwt.name()];
        for told in self.oracle.tokens() {
            let verifies = published.verify(&told.text, &Alg::ALL, ExpectedTyp::AbsentOr(&kinds)).is_ok();
            let state = now.get("key", &told.kid);
            let (lives, has_left) =
                (self.server.now() < told.ends, matches!(state, None | Some("retired" | "revoked")));
            if lives && !verifies && state != Some("revoked") {
                return Err(format!("a token that lives verifies by no published key: its key is {state:?}"));
            }
            if has_left && verifies {
                return Err(format!("a token verifies by a key that is {state:?}"));
            }
        }
        Ok(())
    }
}
