//! The e-mail address of an account, and mails over SMTP.

use axum::http::StatusCode;
use preau::base::clock::Span;
use preau::config::{MailGatewayConfig, SmtpConfig};
use preau::mail::{self, MailMessage, MailSendError};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestServer};

const ADDRESS: &str = "anne.durand@example.org";

async fn start() -> (TestServer, TestAccount, Browser) {
    let server = TestServer::start().await;
    let account = server.create_durand().await;
    let browser = signed_in(&server, &account).await;
    (server, account, browser)
}

async fn signed_in(server: &TestServer, account: &TestAccount) -> Browser {
    let mut browser = Browser::signed_in_at(server, account, "/compte").await;
    if browser.page.has_element("#adresse") {
        browser.click("#adresse").await;
    } else {
        browser.get("/compte/adresse").await;
    }
    browser
}

async fn code(server: &TestServer) -> String {
    server.drain_outbox().await;
    let digits = |word: &&str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
    // Notices, which have no code, may leave in the same moment, before it or after it.
    let code_of = |text: &str| text.split([' ', '.']).find(digits).map(str::to_owned);
    server.mails().iter().rev().find_map(|mail| code_of(&mail.text)).expect("no code")
}

impl Browser {
    async fn ask_for(&mut self, address: &str) {
        self.ask_with(address, PASSWORD).await;
    }

    async fn ask_with(&mut self, address: &str, password: &str) {
        self.submit("envoyer", &[("adresse", address), ("mot_de_passe", password)]).await;
        if self.page.status.is_redirection() {
            self.follow().await;
        }
    }

    async fn confirm(&mut self, code: &str) {
        self.submit("confirmer", &[("code", code)]).await;
        if self.page.status.is_redirection() {
            self.follow().await;
        }
    }
}

#[tokio::test]
async fn an_address_serves_once_its_code_is_typed_and_the_former_one_is_told() {
    let (server, _, mut browser) = start().await;
    browser.ask_for(&format!(" {ADDRESS} ")).await;
    assert!(browser.page.visible_text().contains(ADDRESS), "{}", browser.page.visible_text());
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["asked"]);
    let typed = code(&server).await;
    assert_eq!(server.mails()[0].to, ADDRESS);
    assert!(!server.mails()[0].text.contains("http"), "no link");
    browser.confirm(&typed).await;
    assert!(browser.page.has_element("#adresse-confirmee"), "{}", browser.page.visible_text());
    let stored = server.query_texts("SELECT address FROM email").await.remove(0);
    assert!(!stored.contains("durand"), "sealed");

    browser.ask_for("autre@example.org").await;
    let typed = code(&server).await;
    browser.confirm(&typed).await;
    server.drain_outbox().await;
    let told = |to: &str| server.mails().iter().any(|mail| mail.to == to && mail.subject.contains("a changé"));
    assert!(told(ADDRESS) && told("autre@example.org"), "both addresses are told");
    let states = server.query_texts("SELECT state FROM email ORDER BY state DESC").await;
    assert_eq!(states, ["replaced", "confirmed"]);
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    assert!(!browser.page.has_element("#adresse-confirmee"));
    assert!(browser.page.visible_text().contains("Votre adresse est retirée"), "{}", browser.page.visible_text());
    let mut facts = server.audit_facts().await;
    facts.retain(|fact| fact.starts_with("email"));
    facts.sort();
    assert_eq!(facts, ["email_confirmed", "email_confirmed", "email_removed"]);
}

#[tokio::test]
async fn a_replaced_password_is_told_to_the_confirmed_address() {
    let (server, account, mut browser) = start().await;
    browser.ask_for(ADDRESS).await;
    let typed = code(&server).await;
    browser.confirm(&typed).await;
    server.advance(Span::days(4));
    let mut forgetful = Browser::new(&server);
    forgetful.get("/mot-de-passe-oublie").await;
    forgetful.submit("continuer", &[("identifiant", &account.identifiant)]).await;
    forgetful.follow().await;
    let sms = server.read_code().await;
    forgetful.type_code(&sms).await;
    forgetful.submit("confirmer", &[("date_naissance_1", "14/02/2013")]).await;
    forgetful.follow().await;
    forgetful.submit("terminer", &[("mot_de_passe", "Autre-mot-99"), ("confirmation", "Autre-mot-99")]).await;
    server.drain_outbox().await;
    let told = server.mails().last().unwrap().clone();
    assert_eq!((told.to.as_str(), told.subject.contains("votre mot de passe a été changé")), (ADDRESS, true));
    let personal = [account.identifiant.as_str(), "Zoé", "Durand", "http"];
    assert!(personal.iter().all(|word| !told.text.contains(word)), "{}", told.text);

    // For two days no address is removed or asked for, and it is said when it will be possible.
    forgetful.get("/compte/adresse").await;
    forgetful.submit("retirer", &[("mot_de_passe", "Autre-mot-99")]).await;
    assert_eq!(forgetful.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(forgetful.page.visible_text().contains("Par prudence"), "{}", forgetful.page.visible_text());
    forgetful.ask_with("voleur@example.org", "Autre-mot-99").await;
    assert!(forgetful.page.visible_text().contains("Par prudence"), "{}", forgetful.page.visible_text());
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["confirmed"]);
    server.advance(Span::hours(48));
    let mut later = Browser::new(&server);
    later.get("/connexion").await;
    later.sign_in_with(&account.identifiant, "Autre-mot-99").await;
    later.get("/compte/adresse").await;
    later.submit("retirer", &[("mot_de_passe", "Autre-mot-99")]).await;
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["removed"]);
}

#[tokio::test]
async fn attack_a8_an_address_has_no_power_before_its_code_nor_in_another_session() {
    let (server, account, mut browser) = start().await;
    browser.ask_for(ADDRESS).await;
    let typed = code(&server).await;
    // Another session of the same account: whoever stole the code of the mail has no session that asked.
    let mut other = signed_in(&server, &account).await;
    assert!(!other.page.has_element("#confirmer"), "{}", other.page.visible_text());
    other.post("/compte/adresse/code", &[("code", &typed)]).await;
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["asked"]);
    // A day later it serves no more.
    server.advance(Span::hours(24));
    let mut late = signed_in(&server, &account).await;
    late.post("/compte/adresse/code", &[("code", &typed)]).await;
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["asked"]);
}

#[tokio::test]
async fn attack_a8_what_is_no_address_is_said_and_sends_nothing() {
    let (server, _, mut browser) = start().await;
    for typed in
        ["", "anne", "anne@localhost", "anne@example.org\r\nBcc: x@example.org", "a@example.org, b@example.org"]
    {
        browser.ask_for(typed).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{typed}");
    }
    server.drain_outbox().await;
    assert_eq!(server.mails().len(), 0);
}

/// A browser with a confirmed address, that another one replaced a day later.
async fn start_replaced() -> (TestServer, TestAccount, Browser) {
    let (server, account, mut browser) = start().await;
    browser.ask_for(ADDRESS).await;
    let typed = code(&server).await;
    browser.confirm(&typed).await;
    server.advance(Span::days(3));
    let mut thief = signed_in(&server, &account).await;
    thief.ask_for("voleur@example.org").await;
    let typed = code(&server).await;
    thief.confirm(&typed).await;
    let browser = signed_in(&server, &account).await;
    server.drain_outbox().await;
    (server, account, browser)
}

async fn take_back(browser: &mut Browser, password: &str) {
    browser.submit("reprendre-1", &[("mot_de_passe", password)]).await;
}

#[tokio::test]
async fn attack_a8_a_session_left_open_is_not_enough_to_touch_the_address() {
    let (server, _, mut browser) = start().await;
    for password in ["", "Faux-mot-12"] {
        browser.ask_with(ADDRESS, password).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY, "{password}");
        assert!(browser.page.has_element("#mot-de-passe[aria-invalid]"));
    }
    server.drain_outbox().await;
    assert_eq!(server.mails().len(), 0);
    browser.ask_for(ADDRESS).await;
    let typed = code(&server).await;
    browser.confirm(&typed).await;
    browser.submit("retirer", &[("mot_de_passe", "Faux-mot-12")]).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["confirmed"]);
}

#[tokio::test]
async fn attack_a8_a_replaced_address_is_taken_back_within_seven_days_and_both_are_told() {
    let (server, account, mut browser) = start_replaced().await;
    assert!(browser.page.visible_text().contains(ADDRESS), "{}", browser.page.visible_text());
    take_back(&mut browser, "Faux-mot-12").await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    let told = server.mails().len();
    take_back(&mut browser, PASSWORD).await;
    browser.follow().await;
    assert!(browser.page.visible_text().contains(&format!("confirmée est {ADDRESS}")));
    assert!(browser.page.visible_text().contains("L'ancienne adresse est reprise"));
    assert!(!browser.page.has_element("#reprendre-1"), "the thief's address does not come back");
    server.drain_outbox().await;
    let mails = server.mails();
    let told: Vec<_> = mails[told..].iter().map(|mail| mail.to.as_str()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.contains(&ADDRESS) && told.contains(&"voleur@example.org"), "{told:?}");
    assert!(server.audit_facts().await.iter().any(|fact| fact == "email_taken_back"));
    // It was confirmed three days ago, and recovers at once.
    let mut forgetful = Browser::new(&server);
    forgetful.forget(&account.identifiant).await;
    forgetful.submit("par-e-mail", &[]).await;
    server.drain_outbox().await;
    assert_eq!(server.mails().last().unwrap().to, ADDRESS);
    assert!(server.mails().last().unwrap().text.contains("choisir un nouveau mot de passe"));
}

#[tokio::test]
async fn attack_a8_whoever_takes_addresses_back_in_turn_does_not_use_up_the_owner_s_seven_days() {
    let (server, account, mut thief) = start_replaced().await;
    thief.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    thief.follow().await;
    let id = async |sql: &'static str| server.query_texts(sql).await.remove(0);
    let owners = id("SELECT id FROM email WHERE state = 'replaced'").await;
    let thiefs = id("SELECT id FROM email WHERE state = 'removed'").await;
    for id in [owners, thiefs] {
        server.advance(Span::minutes(1));
        thief.post("/compte/adresse/reprendre", &[("ancienne", &id), ("mot_de_passe", PASSWORD)]).await;
        assert_eq!(thief.page.status, StatusCode::SEE_OTHER);
    }
    assert_eq!(server.query_texts("SELECT state FROM email ORDER BY confirmed_at").await, ["replaced", "confirmed"]);
    server.drain_outbox().await;
    let undone = |mail: &&MailMessage| mail.to == ADDRESS && mail.text.contains("L'adresse d'avant a été reprise");
    assert_eq!(server.mails().iter().find(undone).map(|mail| mail.text.clone()), None, "it may be taken back");
    let mut owner = signed_in(&server, &account).await;
    take_back(&mut owner, PASSWORD).await;
    owner.follow().await;
    assert!(owner.page.visible_text().contains(&format!("confirmée est {ADDRESS}")));
    assert_eq!(server.query_texts("SELECT state FROM email ORDER BY state").await, ["confirmed", "undone"]);
}

#[tokio::test]
async fn attack_a8_many_addresses_of_a_thief_do_not_hide_the_owner_s() {
    let (server, account, _) = start_replaced().await;
    let mut thief = signed_in(&server, &account).await;
    for day in 0..6 {
        server.advance(Span::hours(24));
        thief = signed_in(&server, &account).await;
        thief.ask_for(&format!("voleur{day}@example.org")).await;
        let typed = code(&server).await;
        thief.confirm(&typed).await;
    }
    assert_eq!(server.query_count("SELECT COUNT(*) FROM email WHERE state = 'replaced'").await, 7);
    assert!(thief.page.visible_text().contains(&format!("Reprendre {ADDRESS}")), "{}", thief.page.visible_text());
}

#[tokio::test]
async fn attack_a8_an_address_is_not_confirmed_during_a_caution_and_one_asked_for_ends_when_it_was_not_me() {
    let (server, account, mut browser) = start().await;
    browser.ask_for(ADDRESS).await;
    let typed = code(&server).await;
    let until = server.now().plus(Span::hours(1)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    browser.confirm(&typed).await;
    assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(browser.page.visible_text().contains("Par prudence"), "{}", browser.page.visible_text());
    assert_eq!(server.query_texts("SELECT state FROM email").await, ["asked"]);
    server.execute_sql("UPDATE account SET caution_until = NULL", Vec::new()).await;
    server.advance(Span::minutes(1));
    signed_in(&server, &account).await;
    browser.get("/compte").await;
    let id = browser.page.values_of("evenement").remove(0);
    browser.post("/compte/evenement", &[("evenement", &id), ("moi", "non")]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM email WHERE ended_at IS NULL").await, 0);
    server.execute_sql("UPDATE account SET caution_until = NULL", Vec::new()).await;
    browser.post("/compte/adresse/code", &[("code", &typed)]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM email WHERE state = 'confirmed'").await, 0);
}

#[tokio::test]
async fn a_removed_address_is_taken_back_too_and_after_seven_days_none_is() {
    let (server, account, mut browser) = start_replaced().await;
    browser.submit("retirer", &[("mot_de_passe", PASSWORD)]).await;
    browser.follow().await;
    let mut other = Browser::new(&server);
    let petit = server.create_account("Paul", "PETIT").await;
    other.get("/connexion").await;
    other.sign_in_with(&petit.identifiant, PASSWORD).await;
    let id = server.query_texts("SELECT id FROM email WHERE state = 'replaced'").await.remove(0);
    other.get("/compte").await;
    other.post("/compte/adresse/reprendre", &[("ancienne", &id), ("mot_de_passe", PASSWORD)]).await;
    assert_eq!(
        server.query_count("SELECT COUNT(*) FROM email WHERE state = 'confirmed'").await,
        0,
        "another account's"
    );
    // During a caution nothing is taken back.
    let until = server.now().plus(Span::hours(1)).0;
    server.execute_sql("UPDATE account SET caution_until = $1", vec![until.into()]).await;
    take_back(&mut browser, PASSWORD).await;
    assert!(browser.page.visible_text().contains("Par prudence"), "{}", browser.page.visible_text());
    server.execute_sql("UPDATE account SET caution_until = NULL", Vec::new()).await;
    server.advance(Span::days(7));
    let mut late = signed_in(&server, &account).await;
    assert!(!late.page.has_element("#reprendre-1"));
    late.post("/compte/adresse/reprendre", &[("ancienne", &id), ("mot_de_passe", PASSWORD)]).await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM email WHERE state = 'confirmed'").await, 0);
    late.follow().await;
    assert!(late.page.visible_text().contains("Rien n'est repris"), "{}", late.page.visible_text());
}

#[tokio::test]
async fn wrong_codes_are_counted_and_five_mails_a_day_are_enough() {
    let (server, _, mut browser) = start().await;
    for _ in 0..5 {
        browser.ask_for(ADDRESS).await;
        assert_eq!(browser.page.status, StatusCode::OK);
    }
    browser.ask_for(ADDRESS).await;
    assert_eq!(browser.page.status, StatusCode::TOO_MANY_REQUESTS);
    let right = code(&server).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    browser.get("/compte/adresse").await;
    for _ in 0..3 {
        browser.confirm(wrong).await;
        assert_eq!(browser.page.status, StatusCode::UNPROCESSABLE_ENTITY);
    }
    browser.confirm(&right).await;
    assert!(!browser.page.has_element("#adresse-confirmee"), "three tries");
}

#[tokio::test]
async fn where_no_mail_is_sent_no_page_offers_an_address() {
    let server = TestServer::start_with_config(|config| config.mail.gateway = MailGatewayConfig::Absent).await;
    let account = server.create_durand().await;
    let browser = signed_in(&server, &account).await;
    assert_eq!(browser.page.status, StatusCode::NOT_FOUND);
}

/// A mail server for one dialogue: answers `reply` to RCPT, and gives what it was told.
async fn smtp_server(reply: &'static str) -> (u16, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let (read, mut write) = socket.into_split();
        let mut lines = BufReader::new(read).lines();
        write.write_all(b"220 mail.example\r\n").await.unwrap();
        let (mut told, mut in_data) = (String::new(), false);
        while let Ok(Some(line)) = lines.next_line().await {
            told.push_str(&line);
            told.push('\n');
            let verb = line.split([' ', ':']).next().unwrap_or_default().to_uppercase();
            let answer = match verb.as_str() {
                _ if in_data && line == "." => {
                    in_data = false;
                    "250 taken"
                }
                _ if in_data => continue,
                "EHLO" => "250 mail.example",
                "RCPT" => reply,
                "DATA" => {
                    in_data = true;
                    "354 go on"
                }
                "QUIT" => "221 bye",
                _ => "250 fine",
            };
            write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
        }
        told
    });
    (port, served)
}

async fn send_to(port: u16) -> Result<(), MailSendError> {
    let smtp = SmtpConfig { url: format!("smtp://127.0.0.1:{port}"), user: None, password: None, password_file: None };
    let config = preau::config::Mail {
        gateway: MailGatewayConfig::Smtp(smtp),
        from: "Mon compte École <ne-pas-repondre@id.example>".to_owned(),
    };
    let gateway = mail::open_gateway(&config).unwrap().unwrap();
    let message = MailMessage {
        id: "0190-mail".to_owned(),
        to: ADDRESS.to_owned(),
        subject: "Mon compte École : votre code".to_owned(),
        text: "Le code est 123456.\n.\nÀ bientôt.\n".to_owned(),
    };
    gateway.send(&message).await
}

#[tokio::test]
async fn a_mail_travels_over_smtp_with_an_id_of_its_own() {
    let (port, served) = smtp_server("250 fine").await;
    send_to(port).await.unwrap();
    let told = served.await.unwrap();
    assert!(told.contains("RCPT TO:<anne.durand@example.org>"), "{told}");
    assert!(told.contains("Message-ID: <0190-mail@id.example>"), "{told}");
    assert!(told.contains("Auto-Submitted: auto-generated"), "{told}");
    assert!(told.contains("From: =?utf-8?b?") && told.contains("<ne-pas-repondre@id.example>"), "{told}");
    assert!(!told.contains("\nBcc"), "{told}");
}

#[tokio::test]
async fn a_refused_address_is_given_up_and_a_server_that_is_away_is_asked_again() {
    let (port, served) = smtp_server("550 5.1.1 no such mailbox of anne.durand").await;
    assert!(matches!(send_to(port).await, Err(MailSendError::Rejected(why)) if !why.contains("durand")));
    drop(served);
    let (port, _served) = smtp_server("450 4.2.0 greylisted").await;
    assert!(matches!(send_to(port).await, Err(MailSendError::RecipientBusy(_))));
    let (port, _served) = smtp_server("554 5.7.1 relaying denied").await;
    assert!(matches!(send_to(port).await, Err(MailSendError::Refused(_))));
    let (port, _served) = smtp_server("451 later").await;
    assert!(matches!(send_to(port).await, Err(MailSendError::Unavailable(_))));
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert!(matches!(send_to(free).await, Err(MailSendError::Unreachable { uncertain: false, .. })));
}
