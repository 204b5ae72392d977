//! The relying parties of the HTTP measurement, and people who are signed in.

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::accounts;
use crate::app::Operation;
use crate::base::secret::sha256_base64url;
use crate::clients::store::ClientColumns;
use crate::clients::{self, AuthMethod, Client, GrantType};
use crate::db::Durability;
use crate::demo::Demo;
use crate::protocol::params::encode;
use crate::sessions::ops::SessionOrigin;
use crate::sessions::{self, AuthenticationMethod};

/// The client whose registration is copied.
const MODEL: &str = "mon-ent-montpellier";
const SECRET: &str = "banc-de-mesure-qui-ne-sert-que-la";
const VERIFIER: &str = "0123456789012345678901234567890123456789012";
const SESSIONS: usize = 4;

/// A relying party of the measurement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party {
    /// Proves itself by a secret, and asks for tokens of its own too.
    Confidential,
    /// Has no secret, so that its refresh tokens are rotated.
    Rotating,
}

impl Party {
    fn client_id(self) -> &'static str {
        match self {
            Party::Confidential => "banc-de-mesure",
            Party::Rotating => "banc-de-mesure-public",
        }
    }
}

pub struct RelyingParties {
    cookies: Vec<String>,
    basic: String,
    redirect: String,
}

impl RelyingParties {
    /// Inserts the clients and the sessions of the demo's account.
    pub async fn insert(demo: &Demo) -> anyhow::Result<Self> {
        let app = demo.app();
        let mut read = app.db.read().await?;
        let model = clients::store::find(&mut read, MODEL).await?.context("the demo's client")?;
        let account = accounts::store::find_by_identifiant(&mut read, &demo.account.identifiant).await?;
        let account = account.context("the demo's account")?;
        drop(read);
        let redirect = model.meta.redirect_uris.first().context("a redirect URI")?.clone();
        let op = Operation::of_job(app, "bench");
        let mut tx = op.write(Durability::Relaxed).await?;
        for party in [Party::Confidential, Party::Rotating] {
            let columns = columns(&model, party)?;
            clients::store::upsert_from_file(&mut tx, op.now, party.client_id(), &columns).await?;
        }
        let mut cookies = Vec::new();
        for _ in 0..SESSIONS {
            let (method, origin) = (AuthenticationMethod::Password, SessionOrigin::default());
            let session = sessions::ops::begin(&op, &mut tx, &account.id, method, origin).await?;
            cookies.push(format!("preau_dev={}", session.cookie));
        }
        tx.commit().await?;
        let basic = STANDARD.encode(format!("{}:{SECRET}", Party::Confidential.client_id()));
        Ok(Self { cookies, basic, redirect })
    }

    pub fn cookie(&self, number: usize) -> anyhow::Result<&str> {
        Ok(self.cookies.get(number).context("a session a connection")?)
    }

    /// Returns the Basic credentials, of a client that has any.
    pub fn basic(&self, party: Party) -> Option<&str> {
        (party == Party::Confidential).then_some(self.basic.as_str())
    }

    /// Returns a whole authorization request.
    pub fn authorization(&self, party: Party, cookie: &str) -> String {
        let challenge = sha256_base64url(VERIFIER);
        let query = encode([
            ("response_type", "code"),
            ("client_id", party.client_id()),
            ("redirect_uri", self.redirect.as_str()),
            ("scope", "openid profile education"),
            ("state", "bench"),
            ("nonce", "bench"),
            ("code_challenge", challenge.as_str()),
            ("code_challenge_method", "S256"),
        ]);
        format!("GET /oauth2/authorize?{query} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie}\r\n\r\n")
    }

    /// Returns the form that exchanges a code.
    pub fn exchange(&self, party: Party, code: &str) -> String {
        let mut pairs = vec![
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect.as_str()),
            ("code_verifier", VERIFIER),
        ];
        if party == Party::Rotating {
            pairs.push(("client_id", party.client_id()));
        }
        encode(pairs)
    }

    /// Returns the form that exchanges a refresh token of the public client.
    pub fn refresh(&self, token: &str) -> String {
        let client_id = Party::Rotating.client_id();
        encode([("grant_type", "refresh_token"), ("refresh_token", token), ("client_id", client_id)])
    }
}

fn columns(model: &Client, party: Party) -> anyhow::Result<ClientColumns> {
    let mut meta = model.meta.clone();
    meta.backchannel_logout_uri = None;
    let secret_digest = match party {
        Party::Confidential => {
            meta.grant_types = vec![GrantType::AuthorizationCode, GrantType::ClientCredentials];
            Some(sha256_base64url(SECRET))
        }
        Party::Rotating => {
            meta.auth_method = AuthMethod::None;
            meta.grant_types = vec![GrantType::AuthorizationCode, GrantType::RefreshToken];
            None
        }
    };
    Ok(ClientColumns { metadata: serde_json::to_string(&meta)?, academy: None, secret_digest, secret_sealed: None })
}
