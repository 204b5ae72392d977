//! Nobody learns by an activation whether somebody is in the roster; and what was typed is nowhere to be read.

use std::net::IpAddr;

use preau::base::clock::Span;
use preau::db::{Db, Durability};

use crate::support::deployment::MONOD;
use crate::support::masked::masked;
use crate::support::people::PASSWORD;
use crate::support::{Browser, CapturedLog, TestFamily, TestResponse, TestServer};

/// Everything that one visitor can do before the code is right, and what each answer was.
struct Visit {
    server: TestServer,
    typed: [&'static str; 3],
    seen: Vec<String>,
}

impl Visit {
    fn note(&mut self, answer: &TestResponse) {
        self.seen.push(masked(answer));
    }

    /// Six digits that are no code that was sent.
    fn wrong(&self) -> &'static str {
        let sent = self.server.messages();
        let free = ["000000", "000001"].into_iter().find(|code| !sent.iter().any(|m| m.text.contains(code)));
        free.unwrap()
    }

    async fn identify(&mut self) -> Browser {
        let mut browser = Browser::new(&self.server);
        self.note(&browser.get("/activation").await.clone());
        let [nom, prenom, phone] = self.typed;
        self.note(&browser.identify_as(nom, prenom, phone).await.clone());
        if browser.page.status.is_redirection() {
            browser.follow().await;
            self.note(&browser.page.clone());
        }
        self.server.drain_outbox().await;
        browser
    }

    async fn press(&mut self, browser: &mut Browser, button: &str, fields: &[(&str, &str)]) {
        self.note(&browser.submit(button, fields).await.clone());
        browser.follow().await;
        self.note(&browser.page.clone());
        self.server.drain_outbox().await;
    }

    async fn guess(&mut self, browser: &mut Browser) {
        let code = self.wrong();
        self.press(browser, "continuer", &[("code", code)]).await;
    }

    /// Wrong codes, every resend, other browsers, until every budget is used.
    async fn everything(mut self) -> Vec<String> {
        let mut browser = self.identify().await;
        self.press(&mut browser, "continuer", &[("code", "")]).await;
        for _ in 0..4 {
            self.guess(&mut browser).await;
        }
        for seconds in [60, 120, 120] {
            self.press(&mut browser, "renvoyer", &[]).await;
            self.server.advance(Span::seconds(seconds));
            self.press(&mut browser, "renvoyer", &[]).await;
            for _ in 0..4 {
                self.guess(&mut browser).await;
            }
        }
        for _ in 0..3 {
            let mut other = self.identify().await;
            if other.page.has_element("#renvoyer") {
                self.guess(&mut other).await;
                self.guess(&mut other).await;
            }
        }
        // Too old a code, too old an activation, an address that another browser has.
        self.server.advance(Span::minutes(31));
        browser.get(&browser.url.to_string().replace("/renvoyer", "")).await;
        self.note(&browser.page.clone());
        let mut other = Browser::new(&self.server);
        self.note(&other.get(browser.url.as_str()).await.clone());
        self.server.advance(Span::hours(2));
        self.note(&browser.reload().await.clone());
        // The next day all of it begins anew, with an expired code.
        self.server.advance(Span::hours(25));
        let mut browser = self.identify().await;
        self.server.advance(Span::minutes(31));
        self.guess(&mut browser).await;
        self.press(&mut browser, "renvoyer", &[]).await;
        self.guess(&mut browser).await;
        self.seen
    }
}

#[tokio::test]
async fn threat_s05_whoever_is_not_in_the_roster_sees_what_whoever_is_sees() {
    let known = ["Durand", "Anne", "06 39 98 00 01"];
    let cases: [(&str, [&str; 3]); 8] = [
        ("known", known),
        ("name of nobody", ["Durant", "Anne", "06 39 98 00 01"]),
        ("phone of nobody", ["Durand", "Anne", "06 12 34 00 01"]),
        ("an account", known),
        ("suspended", known),
        ("no legal link", known),
        ("campaign over", known),
        ("an empty roster", known),
    ];
    let mut pattern: Option<Vec<String>> = None;
    for (case, typed) in cases {
        let server = TestServer::start().await;
        if case != "an empty roster" {
            server.import_families("montpellier", MONOD, &[TestFamily::durand()]).await;
        }
        match case {
            "campaign over" => server.set_campaign(MONOD, Span::days(-20), Span::days(-5)).await,
            _ => server.open_campaign(MONOD).await,
        }
        if matches!(case, "an account" | "suspended") {
            let member = server.create_account_of("montpellier", &TestFamily::durand()).await;
            server.set_suspension(&member, (case == "suspended").then_some("school")).await;
        }
        if case == "no legal link" {
            server.execute_sql("UPDATE link SET level = 'contact'", vec![]).await;
        }
        let visit = Visit { server: server.clone(), typed, seen: Vec::new() };
        let seen = visit.everything().await;
        let found = !["name of nobody", "phone of nobody", "an empty roster"].contains(&case);
        assert_eq!(!server.messages().is_empty(), found, "{case}");
        let Some(pattern) = &pattern else {
            for words in [
                "Il reste 2 essais",
                "Ce code ne sert plus",
                "Trop d'essais aujourd'hui",
                "Un nouveau code part",
                "dans 60 secondes",
                "plus de 30 minutes",
                "plus d'envoyer|Nous ne pouvons pas envoyer d'autre code",
                "plus de deux heures",
            ] {
                let any = words
                    .split('|')
                    .any(|w| seen.iter().any(|page| page.replace("&#x27;", "'").replace("&#39;", "'").contains(w)));
                assert!(any, "the walk does not reach « {words} »");
            }
            pattern = Some(seen);
            continue;
        };
        assert_eq!(pattern.len(), seen.len(), "{case}");
        for (n, (wanted, got)) in pattern.iter().zip(&seen).enumerate() {
            let got = if case == "name of nobody" { got.replace("Durant", "Durand") } else { got.clone() };
            let got = got.replace("06 12 34 00 01", "06 39 98 00 01");
            assert!(wanted == &got, "{case}, answer {n}:\n{wanted}\n--- is not ---\n{got}");
        }
    }
}

#[tokio::test]
async fn threat_s07_no_message_outside_of_the_roster_and_five_a_day_to_a_number() {
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand(), TestFamily::petit()]).await;
    for n in 0..30 {
        let mut browser = Browser::at_activation(&server).await;
        // From everywhere: no source is at its limit.
        browser.address = IpAddr::from([203, 0, n, 113]);
        browser.identify_as("Durand", "Anne", &format!("06 39 98 55 {n:02}")).await;
        browser.get("/activation").await;
        browser.identify_as(&format!("Durand{}", char::from(b'a' + n % 26)), "Anne", "06 39 98 00 01").await;
    }
    // Another's number with one's own name.
    Browser::at_activation(&server).await.identify_as("Petit", "Paul", "06 39 98 00 01").await;
    server.drain_outbox().await;
    assert_eq!(server.messages(), []);

    // Identities that find her, from many browsers over a day: five.
    server
        .execute_sql(
            "UPDATE person SET usage_name = 'LEBŒUF', given_name = 'Anne Marie' WHERE given_name = 'Anne'",
            vec![],
        )
        .await;
    let spellings = [("Durand", "Anne"), ("Leboeuf", "Anne"), ("Durand", "Anne Marie"), ("Lebœuf", "Anne-Marie")];
    for hour in 0..23 {
        for (nom, prenom) in spellings {
            Browser::at_activation(&server).await.identify_as(nom, prenom, "+33639980001").await;
        }
        server.drain_outbox().await;
        assert!(server.messages().len() <= 5, "hour {hour}");
        server.advance(Span::hours(1));
    }
    assert_eq!(server.messages().len(), 5);
    assert!(server.messages().iter().all(|m| m.to == "+33639980001"));
    // Another number has its own.
    Browser::at_activation(&server).await.identify(&TestFamily::petit()).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 6);
    server.advance(Span::hours(1));
    let before = server.messages().len();
    Browser::at_activation(&server).await.identify_as("Durand", "Anne", "+33639980001").await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), before + 1, "a day later it may have more");
}

#[tokio::test]
async fn threat_s07_the_cap_of_the_day_holds_for_the_whole_deployment() {
    let families: Vec<TestFamily> = (0..6)
        .map(|n| TestFamily {
            key: 510_000 + n,
            phone: Box::leak(format!("06 39 98 02 {n:02}").into_boxed_str()),
            children: vec![(910_000 + n, "Zoé", "14/02/2013", "6 A")],
            ..TestFamily::durand()
        })
        .collect();
    let server = TestServer::start_with_config(|config| config.sms.daily_cap = 3).await;
    server.import_families("montpellier", MONOD, &families).await;
    server.open_campaign(MONOD).await;
    for (n, family) in families.iter().enumerate() {
        let server = if n == 4 { server.restart().await } else { server.clone() };
        let mut browser = Browser::at_activation(&server).await;
        browser.identify(family).await;
        server.drain_outbox().await;
        if n == 4 {
            assert_eq!(server.messages(), [], "a restart does not reset it");
        }
    }
    assert_eq!(server.messages().len(), 3);
    server.advance(Span::hours(24));
    Browser::at_activation(&server).await.identify(&families[5]).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 4);
}

/// Every row of every table, as text.
async fn dump(server: &TestServer) -> String {
    let Db::Sqlite { .. } = &server.app.db else {
        let tables =
            server.query_texts("SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()").await;
        let mut out = String::new();
        for table in tables {
            out += &server.query_texts(format!("SELECT t::text FROM {table} t").leak()).await.join("\n");
        }
        return out;
    };
    // The file itself: also what was deleted in it.
    let mut out = String::new();
    for name in ["preau.db", "preau.db-wal"] {
        out += &String::from_utf8_lossy(&std::fs::read(server.folder().join(name)).unwrap_or_default());
    }
    out
}

#[tokio::test]
async fn threat_s14_s17_nothing_typed_is_in_the_logs_or_readable_in_the_database() {
    let log = CapturedLog::capture("trace");
    let server = TestServer::start_with_open_campaign(&[TestFamily::durand()]).await;
    let mut stranger = Browser::at_activation(&server).await;
    stranger.identify_as("Canarinom", "Canariprenom", "06 12 98 76 54").await;
    stranger.follow().await;
    server.drain_outbox().await;
    stranger.type_code("739517").await;
    let mut browser = Browser::at_activation(&server).await;
    browser.prove_phone(&server, &TestFamily::durand()).await;
    browser.answer_children(&["19/08/1987"]).await;
    browser.answer_children(&["14/02/2013"]).await;
    let identifiant = browser.shown_identifiant();
    browser.submit("terminer", &[("mot_de_passe", "faux-Canari-1"), ("confirmation", "autre")]).await;
    browser.choose_password(PASSWORD).await;
    assert!(browser.has_session());
    // Nobody took this one yet: the outbox still holds what is to be sent.
    let mut waiting = Browser::at_activation(&server).await;
    waiting.identify(&TestFamily::durand()).await;

    let code = server.messages()[0].text.rsplit_once('#').unwrap().1.to_owned();
    let cookies: Vec<String> = browser.cookies.values().cloned().collect();
    let canaries = [
        "Canarinom",
        "canarinom",
        "Canariprenom",
        "612987654",
        "12 98 76 54",
        "639980001",
        "39 98 00 01",
        "739517",
        "1987-08-19",
        "19/08/1987",
        "2013-02-14",
        "14/02/2013",
        "faux-Canari-1",
        PASSWORD,
        "votre code est",
    ];
    let dump = dump(&server).await;
    assert!(dump.contains(&identifiant) && dump.contains("DURAND"), "the dump holds what is in the clear");
    let logged = log.text();
    assert!(logged.contains("POST"), "the log was written: {logged}");
    for canary in canaries.iter().copied().chain(cookies.iter().map(String::as_str)) {
        assert!(!dump.contains(canary), "{canary} is readable in the database");
        assert!(!logged.contains(canary), "{canary} is in the log");
    }
    // The code is six digits, which may stand in a larger number by chance: only as a word of its own.
    let word = |text: &str| text.split(|c: char| !c.is_ascii_alphanumeric()).any(|w| w == code);
    assert!(!word(&logged) && !word(&dump), "the code is readable");
    assert!(!logged.contains(&identifiant), "an identifiant is a credential");
    server.drain_outbox().await;
    assert_eq!(
        server.query_count("SELECT COUNT(*) FROM outbox WHERE body IS NOT NULL").await,
        0,
        "wiped once delivered"
    );
    // What was typed is gone an hour after the activation's end.
    assert_eq!(server.query_count("SELECT COUNT(*) FROM activation WHERE typed <> ''").await, 3);
    server.advance(Span(Span::hours(3).0 + 1));
    let op = server.operation();
    let mut tx = op.write(Durability::Relaxed).await.unwrap();
    preau::activation::store::delete_expired(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(server.query_count("SELECT COUNT(*) FROM activation WHERE typed <> ''").await, 0);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM activation").await, 3, "the support codes stay");
}
