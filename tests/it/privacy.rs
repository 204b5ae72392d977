//! What two relying parties, a thief of the database and a reader of the log do not learn.

use std::collections::BTreeSet;

use preau::base::secret::sha256_base64url;
use serde_json::Value;

use crate::support::relying_party::{VerifiedTokens, decode_part};
use crate::support::{
    Browser, CapturedLog, TestAccount, TestFamily, TestRelyingParty, TestServer, database, deployment,
};

/// Every text and number in a JSON value.
fn leaves(value: &Value, out: &mut BTreeSet<String>) {
    match value {
        Value::Object(map) => map.values().for_each(|v| leaves(v, out)),
        Value::Array(all) => all.iter().for_each(|v| leaves(v, out)),
        Value::String(text) => drop(out.insert(text.clone())),
        _ => {}
    }
}

/// All that a relying party with the scope `openid` holds of a person.
async fn held(server: &TestServer, client: &'static str, member: &TestAccount) -> (VerifiedTokens, BTreeSet<String>) {
    let mut rp = TestRelyingParty::new(server, client);
    rp.scope = "openid";
    let tokens = rp.sign_in(&mut Browser::new(server), member).await;
    let mut all = BTreeSet::new();
    for value in
        [tokens.claims.clone(), decode_part(&tokens.access_token, 1), rp.userinfo(&tokens.access_token).await.json()]
    {
        leaves(&value, &mut all);
    }
    (tokens, all)
}

#[tokio::test]
async fn threat_s14_one_sub_a_sector_and_nothing_else_links_two() {
    let server = TestServer::start().await;
    server.import_families("montpellier", deployment::MONOD, &[TestFamily::durand(), TestFamily::petit()]).await;
    let anne = server.create_account_of("montpellier", &TestFamily::durand()).await;
    let paul = server.create_account_of("montpellier", &TestFamily::petit()).await;
    let (ent, at_ent) = held(&server, "ent", &anne).await;
    let (same_sector, _) = held(&server, "ent-post", &anne).await;
    let (bourses, at_bourses) = held(&server, "bourses", &anne).await;
    let (other, _) = held(&server, "ent", &paul).await;
    let (again, _) = held(&server, "ent", &anne).await;
    assert_eq!(ent.claims["sub"], same_sector.claims["sub"], "the portal's clients are one sector");
    assert_eq!(ent.claims["sub"], again.claims["sub"], "for ever");
    assert_ne!(ent.claims["sub"], bourses.claims["sub"]);
    assert_ne!(ent.claims["sub"], other.claims["sub"]);
    // Each drew its own nonce; these two drew alike.
    let known = [server.issuer(), "eidas1", "pwd", "openid", "nonce-0"].map(str::to_owned).into();
    let shared: BTreeSet<String> = at_ent.intersection(&at_bourses).cloned().collect();
    assert_eq!(shared, known, "only what is the same for everybody");
    for (tokens, member) in [(&ent, &anne), (&other, &paul)] {
        let sub = tokens.claims["sub"].as_str().unwrap();
        assert!(sub.len() >= 22 && !sub.contains(&*member.account_id), "{sub}");
    }
    // a13: the account's own id never goes out, and a new account is a new person.
    let (replaced, _) = held(&server, "strict", &server.create_account("Anne", "DURAND").await).await;
    let (former, _) = held(&server, "strict", &server.create_account("Anne", "DURAND").await).await;
    assert_ne!(replaced.claims["sub"], former.claims["sub"]);
}

/// Everything that must be found neither in the database nor in a log.
struct Canaries(Vec<(&'static str, String)>);

impl Canaries {
    fn find_in(&self, haystack: &str) -> Vec<&'static str> {
        self.0.iter().filter(|(_, secret)| haystack.contains(secret.as_str())).map(|(name, _)| *name).collect()
    }
}

/// A morning at the house: sign-ins right and wrong, tokens, replays, errors, sign-outs. Gives what was secret.
async fn morning(server: &TestServer, member: &TestAccount) -> Canaries {
    let rp = TestRelyingParty::new(server, "ent");
    let mut browser = Browser::new(server);
    let attempt = rp.attempt();
    browser.open(&attempt.url).await;
    browser.sign_in_with(&member.identifiant, "Faux-mot-2-de-passe").await;
    browser.sign_in_with("z.inconnue98", "Faux-mot-3-de-passe").await;
    browser.sign_in_with("Mot-tape-au-mauvais-endroit", "x").await;
    let landed = browser.sign_in(member).await.expect_redirect_away();
    let code = rp.code(&landed, &attempt);
    let tokens = rp.tokens(&attempt, &code).await;
    rp.userinfo(&tokens.access_token).await;
    rp.exchange(&attempt, &code).await;
    rp.userinfo(&tokens.access_token).await;
    rp.userinfo("jeton-inconnu-canari").await;
    let bad = rp.exchange(&attempt, "code-inconnu-canari").await;
    assert_eq!(bad.oauth_error(), "invalid_grant");
    server.post("/oauth2/token", &[], &[("client_id", "ent-post"), ("client_secret", "secret-faux-canari")]).await;
    // The address itself is told to the operator, who must see what a client sends; its query is not.
    server.get("/oauth2/authorize?client_id=ent&redirect_uri=https%3A%2F%2Frp.example%2F%3Fx%3Dadresse-canari").await;
    server.get("/nulle-part?mot_de_passe=requete-canari").await;
    let mut other = browser.clone_browser();
    other.open(&rp.logout_url(&[("id_token_hint", "indice-canari")])).await;
    let session = browser.cookie("").unwrap().to_owned();
    let nav = browser.cookie("nav").unwrap().to_owned();
    other.submit("confirmer", &[]).await;
    other.follow().await;
    // And one that stays signed in.
    let (_, unused) = rp.obtain_code(&mut browser, member).await;
    let jti = decode_part(&tokens.access_token, 1)["jti"].as_str().unwrap().to_owned();
    let master = std::fs::read_to_string(server.folder().join("keys/master.key")).unwrap();
    Canaries(vec![
        ("password", member.password.clone()),
        ("wrong password", "Faux-mot-2-de-passe".to_owned()),
        ("password of an unknown one", "Faux-mot-3-de-passe".to_owned()),
        ("typed into the wrong field", "Mot-tape-au-mauvais-endroit".to_owned()),
        ("the same, folded", "mot-tape-au-mauvais-endroit".to_owned()),
        ("identifiant nobody has", "z.inconnue98".to_owned()),
        ("session cookie", session),
        ("navigation cookie", nav),
        ("code", code),
        ("unused code", unused),
        ("access token", tokens.access_token.clone()),
        ("its signature", tokens.access_token.rsplit_once('.').unwrap().1.to_owned()),
        ("ID token", tokens.id_token.clone()),
        ("jti", jti),
        ("verifier", attempt.verifier.clone()),
        ("nonce", attempt.nonce.clone()),
        ("client secret", deployment::secret("ent")),
        ("master key", master.trim().to_owned()),
        ("mobile", "639980001".to_owned()),
        ("birth date", "2013-02-14".to_owned()),
        ("birth date as in the file", "14/02/2013".to_owned()),
        ("private key", "\"kty\":\"RSA\"".to_owned()),
        ("what was sent", "canari".to_owned()),
    ])
}

/// Every row of every table, as text; on SQLite also what the file still holds of deleted ones.
async fn dump(server: &TestServer) -> String {
    if database::postgres().is_none() {
        let mut bytes = std::fs::read(server.folder().join("preau.db")).unwrap();
        if let Ok(log) = std::fs::read(server.folder().join("preau.db-wal")) {
            bytes.extend(log);
        }
        return String::from_utf8_lossy(&bytes).into_owned();
    }
    let mut all = String::new();
    let tables = "SELECT table_name::text FROM information_schema.tables WHERE table_schema = current_schema()";
    for table in server.query_texts(tables).await {
        let rows = format!("SELECT row_to_json(t)::text FROM {table} t").leak();
        all.push_str(&server.query_texts(rows).await.join("\n"));
    }
    all
}

#[tokio::test]
async fn threat_s17_a_stolen_database_opens_nothing() {
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let canaries = morning(&server, &member).await;
    let dump = dump(&server).await;
    // The dump is one: what is kept in the clear is there.
    for there in [&member.identifiant, "DURAND", "Clg Théodore Monod", "argon2id"] {
        assert!(dump.contains(there), "{there}");
    }
    assert_eq!(canaries.find_in(&dump), Vec::<&str>::new());
    // The mobile's index is no plain hash of it.
    for number in ["+33639980001", "33639980001", "0639980001", "639980001"] {
        assert!(!dump.contains(&sha256_base64url(number)), "{number}");
    }
    // What is in the rows signs nobody in.
    for id in server
        .query_texts("SELECT id FROM session")
        .await
        .iter()
        .chain(&server.query_texts("SELECT sid FROM session_client").await)
    {
        let mut thief = Browser::new(&server);
        thief.cookies.insert("preau_dev".to_owned(), id.clone());
        thief.open("/compte").await;
        assert_eq!(thief.url.path(), "/connexion");
    }
}

#[tokio::test]
async fn threat_s14_attack_h5_x5_the_log_tells_what_happened_and_to_nobody_s_harm() {
    let lines = CapturedLog::capture("preau=trace,sqlx=debug,tower_http=debug,info");
    let server = TestServer::start().await;
    let member = server.create_durand().await;
    let mut canaries = morning(&server, &member).await;
    canaries.0.push(("identifiant", member.identifiant.clone()));
    canaries.0.push(("family name", "DURAND".to_owned()));
    canaries.0.push(("given name of a child", "Zoé".to_owned()));
    // A line of theirs never becomes a line of ours.
    for path in ["/x%0aFORGED", "/connexion?i=%0d%0aFORGED", "/oauth2/authorize?client_id=a%0aFORGED"] {
        server.get(path).await;
    }
    let log = lines.text();
    for there in ["request", "path=/connexion", "status=303", "token refused", "authorization refused by page"] {
        assert!(log.contains(there), "{there}: {log}");
    }
    assert!(!log.lines().any(|line| line.starts_with("FORGED")), "{log}");
    let found = canaries.find_in(&log);
    let where_ = log.lines().find(|line| !canaries.find_in(line).is_empty());
    assert_eq!(found, Vec::<&str>::new(), "{where_:?}");
}
