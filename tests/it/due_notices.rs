//! What a running server tells when it is due: numbers that a school replaced, closings that come near, and accounts
//! whose last child left.

use std::sync::atomic::{AtomicUsize, Ordering};

use preau::accounts::store;
use preau::app::Operation;
use preau::base::clock::{Span, Timestamp};
use preau::bootstrap::tell_what_is_due;
use preau::db::Durability;
use preau::my_account::ops::{self, HouseClosings};
use preau::passes::{self, CLAIM_TTL, DailyPass};

use crate::support::deployment::{LYCEE, MONOD};
use crate::support::people::PASSWORD;
use crate::support::{Browser, TestAccount, TestFamily, TestServer};

const FORMER: &str = "+33639980010";
/// Noon in Paris, on days of 2027.
const JULY_7: Timestamp = Timestamp(1_814_954_400_000);
const OCTOBER_30: Timestamp = Timestamp(1_824_890_400_000);
const OCTOBER_31: Timestamp = Timestamp(1_824_980_400_000);

fn family(phone: &'static str) -> TestFamily {
    let children = vec![(900_010, "Anaïs", "14/02/2013", "6 A")];
    TestFamily { key: 500_010, nom: "N'DIAYE", prenom: "Fatou", phone, children }
}

fn petit() -> TestFamily {
    TestFamily::petit()
}

async fn start() -> (TestServer, TestAccount) {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[family("06 39 98 00 10")]).await;
    let account = server.create_account_of("montpellier", &family("")).await;
    (server, account)
}

impl TestServer {
    /// Asks for closings as the daily work does, whenever its last pass was.
    async fn ask_closings(&self) -> HouseClosings {
        self.execute_sql("DELETE FROM daily_pass", Vec::new()).await;
        ops::ask_house_closings(&self.app, &|| false).await.unwrap()
    }

    /// Tells what is due, as the hourly and the daily work do. Returns the numbers of closings asked for, warnings and
    /// changes.
    async fn tell_due(&self) -> [u64; 3] {
        let op = Operation::of_job(&self.app, "closing");
        ops::withdraw_house_closings(&op).await.unwrap();
        let told = [
            self.ask_closings().await.asked,
            ops::warn_of_closings(&op).await.unwrap(),
            ops::tell_phone_changes(&op).await.unwrap(),
        ];
        self.drain_outbox().await;
        told
    }

    async fn replace_number(&self, phone: &'static str) {
        self.advance(Span::hours(1));
        self.import_families("montpellier", MONOD, &[family(phone)]).await;
    }

    fn go_to(&self, at: Timestamp) {
        self.advance(Span(at.0 - self.now().0));
    }
}

#[tokio::test]
async fn threat_s13_takeover_w7_a_replaced_number_is_told_to_the_former_one_and_on_the_account_page() {
    let (server, account) = start().await;
    server.confirm_email(&account, "fatou@example.org").await;
    server.replace_number("06 39 98 00 11").await;
    assert_eq!(server.tell_due().await, [0, 0, 1]);
    let told = server.messages();
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].to, FORMER, "the new one may be a stranger's");
    assert!(told[0].text.contains("a remplacé ce numéro par un autre"), "{}", told[0].text);
    assert!(!told[0].text.contains("00 11") && !told[0].text.contains("Fatou"), "{}", told[0].text);
    let mails = server.mails();
    let mail = mails.iter().find(|mail| mail.subject.contains("remplacé votre portable")).unwrap();
    assert!(mail.text.contains("Si c'est une erreur, appelez l'établissement."), "{}", mail.text);
    let browser = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(browser.page.visible_text().contains("L'établissement a remplacé votre portable"));
    assert_eq!(server.tell_due().await, [0, 0, 0], "once");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE former_phone IS NOT NULL").await, 0);
}

#[tokio::test]
async fn threat_s13_of_two_changes_at_once_the_first_number_is_told() {
    let (server, _) = start().await;
    server.replace_number("06 39 98 00 11").await;
    server.replace_number("06 39 98 00 12").await;
    assert_eq!(server.tell_due().await, [0, 0, 1]);
    assert_eq!(server.messages()[0].to, FORMER);
    // A mistake that the school mended before anybody was told.
    server.replace_number("06 39 98 00 13").await;
    server.replace_number("06 39 98 00 12").await;
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_number_that_was_given_up_gets_no_sms_and_whoever_has_no_account_is_told_nothing() {
    let (server, account) = start().await;
    server.execute_sql("UPDATE person SET phone_disowned_at = 5", Vec::new()).await;
    server.replace_number("06 39 98 00 11").await;
    assert_eq!(server.tell_due().await, [0, 0, 1]);
    assert_eq!(server.messages().len(), 0);
    let browser = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(browser.page.visible_text().contains("L'établissement a remplacé votre portable"), "but a banner");
    server.execute_sql("UPDATE person SET account_id = NULL", Vec::new()).await;
    server.replace_number("06 39 98 00 12").await;
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE phone_change_untold_at IS NOT NULL").await, 0);
}

#[tokio::test]
async fn a_closing_is_told_again_a_week_and_a_day_before_and_not_after_a_sign_in() {
    let (server, account) = start().await;
    server.confirm_email(&account, "fatou@example.org").await;
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    server.advance(Span::days(2));
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    let text = server.messages().last().unwrap().text.clone();
    assert!(text.contains("votre compte fermera le 24 décembre"), "{text}");
    server.advance(Span::days(20));
    assert_eq!(server.tell_due().await, [0, 0, 0], "eight days before");
    server.advance(Span::days(1));
    assert_eq!(server.tell_due().await, [0, 1, 0], "a week before");
    assert_eq!(server.tell_due().await, [0, 0, 0], "once");
    let mail = server.mails().last().unwrap().clone();
    assert!(mail.subject.contains("votre compte va bientôt fermer"), "{}", mail.subject);
    assert!(mail.text.contains("votre compte fermera le 24\u{a0}décembre. Connectez-vous"), "{}", mail.text);
    assert!(!mail.text.contains("17\u{a0}décembre"), "not the day of the mail: {}", mail.text);
    server.advance(Span::days(1));
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 2, "at nine the next morning");
    server.advance(Span::hours(5 * 24 - 1));
    assert_eq!(server.tell_due().await, [0, 1, 0], "the day before");
    // A sign-in keeps the account, and no SMS says that it closes.
    let kept = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(kept.page.visible_text().contains("Votre compte reste ouvert"), "{}", kept.page.visible_text());
    assert!(!kept.page.visible_text().contains("va bientôt fermer"), "{}", kept.page.visible_text());
    server.advance(Span::hours(24));
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    assert_eq!(server.messages().len(), 2);
    // Asked for again, it is told again.
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    server.advance(Span::days(23));
    assert_eq!(server.tell_due().await, [0, 1, 0]);
}

#[tokio::test]
async fn an_account_whose_last_child_left_closes_after_92_days_but_not_before_the_31st_of_october() {
    let (server, account) = start().await;
    server.confirm_email(&account, "fatou@example.org").await;
    server.go_to(JULY_7.minus(Span::days(22)));
    assert_eq!(server.tell_due().await, [0, 0, 0], "a current child");
    server.go_to(JULY_7);
    server.execute_sql("UPDATE link SET ended_at = $1", vec![JULY_7.0.into()]).await;
    server.go_to(OCTOBER_30);
    assert_eq!(server.tell_due().await, [0, 0, 0], "115 days, but schools are still enrolling");
    server.go_to(OCTOBER_31);
    assert_eq!(server.tell_due().await, [1, 0, 0]);
    let closes = server.query_count("SELECT closes_at FROM account").await;
    assert_eq!(closes, OCTOBER_31.plus(Span::days(30)).0);
    // Whoever signs in keeps it; the house does not ask again the next hour.
    let kept = Browser::signed_in_at(&server, &account, "/compte").await;
    let text = kept.page.visible_text();
    assert!(text.contains("Votre compte reste ouvert") && text.contains("aucun enfant"), "{text}");
    assert!(!text.contains("a été demandée"), "nobody asked: {text}");
    server.drain_outbox().await;
    let mail = server.mails().last().unwrap().clone();
    assert!(mail.subject.contains("votre compte va fermer"), "{}", mail.subject);
    assert!(mail.text.contains("30\u{a0}novembre, parce qu'aucun enfant"), "{}", mail.text);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 0);
    server.advance(Span::hours(1));
    assert_eq!(server.tell_due().await, [0, 0, 0]);
}

#[tokio::test]
async fn a_closing_of_the_house_ends_when_a_child_comes_back_and_one_of_the_person_does_not() {
    let (server, account) = start().await;
    server.go_to(JULY_7);
    server.execute_sql("UPDATE link SET ended_at = $1", vec![JULY_7.0.into()]).await;
    server.go_to(OCTOBER_31);
    let mut open = Browser::signed_in_at(&server, &account, "/compte").await;
    assert_eq!(server.tell_due().await, [1, 0, 0]);
    // A session goes on, and the page says what is true.
    open.get("/compte").await;
    assert!(
        open.page.visible_text().contains("Il fermera le 30 novembre, parce qu'aucun enfant"),
        "{}",
        open.page.visible_text()
    );
    server.execute_sql("UPDATE link SET ended_at = NULL", Vec::new()).await;
    // On the last day, before anything withdrew it: the account is not closed.
    server.go_to(OCTOBER_31.plus(Span::days(31)));
    assert_eq!(ops::close_due(&Operation::of_job(&server.app, "closing")).await.unwrap(), 0);
    assert_eq!(server.tell_due().await, [0, 0, 0], "nor warned of");
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 0);
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(browser.page.visible_text().contains("Votre compte reste ouvert"), "{}", browser.page.visible_text());
    browser.get("/compte/fermer").await;
    browser.submit("fermer", &[("mot_de_passe", PASSWORD)]).await;
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 1);
    server.advance(Span::days(31));
    assert_eq!(ops::close_due(&Operation::of_job(&server.app, "closing")).await.unwrap(), 1);
}

#[tokio::test]
async fn a_pupil_whom_no_school_enrols_is_told_that_the_account_closes_and_keeps_it_by_a_sign_in() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[family("06 39 98 00 10")]).await;
    let account = server.create_account_of_pupil("Anaïs").await;
    server.confirm_email(&account, "anais@example.org").await;
    server.go_to(JULY_7);
    server.execute_sql("UPDATE enrolment SET ended_at = $1", vec![JULY_7.0.into()]).await;
    server.go_to(OCTOBER_30);
    assert_eq!(server.tell_due().await, [0, 0, 0], "another school may enrol the pupil");
    server.go_to(OCTOBER_31);
    assert_eq!(server.tell_due().await, [1, 0, 0]);
    let mail = server.mails().last().unwrap().clone();
    assert!(mail.text.contains("30\u{a0}novembre, parce qu'aucun établissement"), "{}", mail.text);
    assert_eq!(server.messages().len(), 0, "a pupil has no mobile");
    let kept = Browser::signed_in_at(&server, &account, "/compte").await;
    let text = kept.page.visible_text();
    assert!(text.contains("Votre compte reste ouvert") && text.contains("aucun établissement"), "{text}");
    server.advance(Span::hours(1));
    assert_eq!(server.tell_due().await, [0, 0, 0], "the house does not ask again the next hour");
    server.advance(Span::days(92));
    assert_eq!(server.tell_due().await, [1, 0, 0], "but after as long again");
    // A school enrols the pupil on the last day: the account stays, whichever work comes first.
    server.execute_sql("UPDATE enrolment SET ended_at = NULL", Vec::new()).await;
    server.advance(Span::days(31));
    assert_eq!(ops::close_due(&Operation::of_job(&server.app, "closing")).await.unwrap(), 0);
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NOT NULL").await, 0);
    // Closed, its pupil may have another one.
    server.execute_sql("UPDATE account SET closes_at = 1", Vec::new()).await;
    assert_eq!(ops::close_due(&Operation::of_job(&server.app, "closing")).await.unwrap(), 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM pupil WHERE account_id IS NOT NULL").await, 0);
    let again = server.create_account_of_pupil("Anaïs").await;
    assert_ne!(again.identifiant, account.identifiant);
}

#[tokio::test]
async fn an_account_that_nobody_ever_used_closes_untold_once_its_people_are_gone() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[family("06 39 98 00 10"), petit()]).await;
    server.create_account_of_pupil("Anaïs").await;
    server.create_account_of("montpellier", &petit()).await;
    server.create_account_of("montpellier", &family("")).await;
    server.execute_sql("UPDATE account SET state = 'pending', password = NULL", Vec::new()).await;
    let close = async || server.ask_closings().await.closed;
    server.go_to(JULY_7);
    let gone = "UPDATE enrolment SET ended_at = $1 WHERE pupil_id IN (SELECT id FROM pupil WHERE given_name = 'Anaïs')";
    server.execute_sql(gone, vec![JULY_7.0.into()]).await;
    server.go_to(OCTOBER_30);
    assert_eq!(close().await, 0);
    server.go_to(OCTOBER_31);
    assert_eq!(close().await, 2, "the pupil's and the mother's");
    assert_eq!(server.query_texts("SELECT given_name FROM account WHERE state = 'pending'").await, ["Paul"]);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM person WHERE account_id IS NOT NULL").await, 1);
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account_notice").await, 0);
    assert_eq!(close().await, 0, "once");
}

/// Accounts that an upstream made and that nobody used since, so many.
async fn insert_unused(server: &TestServer, count: usize) {
    for n in 0..count {
        let id = format!("{n:032x}");
        let sql = "INSERT INTO account (id, identifiant, stem, suffix, state, profile, given_name, family_name, \
                   created_at, updated_at, origin) VALUES ($1, $1, '~', $1, 'active', 'personnel', '', '', 1, 1, \
                   'federation')";
        server.execute_sql(sql, vec![id.into()]).await;
    }
}

#[tokio::test]
async fn closings_are_asked_for_once_a_day_by_one_server_and_a_step_takes_no_more_than_some() {
    let (server, _) = start().await;
    let other = server.restart().await;
    server.go_to(OCTOBER_31);
    server.execute_sql("UPDATE link SET ended_at = 1", Vec::new()).await;
    insert_unused(&server, 60).await;
    // Cut after a step: of one kind as many as a step takes.
    let steps = AtomicUsize::new(0);
    let cut = ops::ask_house_closings(&server.app, &|| steps.fetch_add(1, Ordering::SeqCst) >= 1).await.unwrap();
    assert_eq!(cut, HouseClosings { asked: 26, closed: 0 }, "the childless one, and 25 of the others");
    // Another server goes on where it was cut.
    let rest = ops::ask_house_closings(&other.app, &|| false).await.unwrap();
    assert_eq!(rest, HouseClosings { asked: 35, closed: 0 });
    assert_eq!(server.query_count("SELECT COUNT(*) FROM account WHERE closes_at IS NULL").await, 0);
    server.execute_sql("UPDATE account SET closes_at = NULL", Vec::new()).await;
    for one in [&server, &other] {
        assert_eq!(ops::ask_house_closings(&one.app, &|| false).await.unwrap(), HouseClosings::default(), "once a day");
    }
    server.advance(Span::days(1));
    // A server that died at it: until its claim ends, it may be alive.
    let op = Operation::of_job(&server.app, "closing");
    let mut tx = op.write(Durability::Durable).await.unwrap();
    passes::store::claim(&mut tx, DailyPass::Closings).await.unwrap().unwrap();
    tx.commit().await.unwrap();
    assert_eq!(ops::ask_house_closings(&other.app, &|| false).await.unwrap(), HouseClosings::default());
    server.advance(CLAIM_TTL);
    assert_eq!(ops::ask_house_closings(&other.app, &|| false).await.unwrap().asked, 61);
}

/// Noon in Paris, on the fifteenth and on the eighteenth birthday of a child born on 14 February 2013.
const FIFTEEN: Timestamp = Timestamp(1_834_138_800_000);
const EIGHTEEN: Timestamp = Timestamp(1_928_833_200_000);

#[tokio::test]
async fn a_pupil_is_told_at_fifteen_that_parents_get_no_code_and_at_eighteen_who_sees_what() {
    let server = TestServer::start().await;
    server.import_families("montpellier", MONOD, &[family("06 39 98 00 10")]).await;
    let account = server.create_account_of_pupil("Anaïs").await;
    server.confirm_email(&account, "anais@example.org").await;
    let tell = async || {
        let told = ops::tell_ages(&server.app, &|| false).await.unwrap();
        server.drain_outbox().await;
        told
    };
    server.go_to(FIFTEEN.minus(Span::days(1)));
    assert_eq!(tell().await, 0);
    server.go_to(FIFTEEN);
    assert_eq!(tell().await, 1);
    let mail = server.mails().last().unwrap().clone();
    assert!(mail.subject.contains("vos parents ne reçoivent pas de code"), "{}", mail.subject);
    let banner = Browser::signed_in_at(&server, &account, "/compte").await.page.visible_text();
    assert!(banner.contains("Vous avez 15 ans ou plus : votre compte est à vous."), "{banner}");
    assert!(banner.contains("votre adresse e-mail sert si vous l'avez confirmée"), "{banner}");
    server.advance(Span::days(1));
    assert_eq!(tell().await, 0, "once");
    server.go_to(EIGHTEEN);
    assert_eq!(tell().await, 1);
    let banner = Browser::signed_in_at(&server, &account, "/compte").await.page.visible_text();
    assert!(banner.contains("Qui voit quoi de vous à dix-huit ans"), "{banner}");
    assert!(banner.contains("Ils ne voient ni votre mot de passe"), "{banner}");
    assert_eq!(
        server.query_count("SELECT COUNT(*) FROM link WHERE ended_at IS NULL").await,
        1,
        "the roster alone ends it"
    );
    server.advance(Span::days(1));
    assert_eq!(tell().await, 0);
}

#[tokio::test]
async fn where_parents_get_no_code_a_pupil_is_told_at_eighteen_alone_and_no_mail_is_promised_without_mails() {
    let server = TestServer::start_with_config(|config| config.pupils.parent_reset_until = 0).await;
    server.import_families("montpellier", MONOD, &[family("06 39 98 00 10")]).await;
    let account = server.create_account_of_pupil("Anaïs").await;
    server.go_to(FIFTEEN);
    assert_eq!(ops::tell_ages(&server.app, &|| false).await.unwrap(), 0);
    let server = server.restart_with_config(|config| config.pupils.parent_reset_until = 13).await;
    server.advance(Span::days(1));
    assert_eq!(ops::tell_ages(&server.app, &|| false).await.unwrap(), 1);
    let banner = Browser::signed_in_at(&server, &account, "/compte").await.page.visible_text();
    assert!(banner.contains("Vous avez 13 ans"), "{banner}");
    assert!(!banner.contains("adresse e-mail sert"), "of thirteen nobody recovers by mail: {banner}");
}

#[tokio::test]
async fn threat_s13_a_former_number_is_kept_for_active_accounts_and_72_hours_and_wakes_nobody() {
    let (server, _) = start().await;
    let kept = async || server.query_count("SELECT COUNT(*) FROM person WHERE former_phone IS NOT NULL").await;
    server.execute_sql("UPDATE account SET state = 'pending'", Vec::new()).await;
    server.replace_number("06 39 98 00 11").await;
    assert_eq!(kept().await, 0, "nobody is told");
    server.execute_sql("UPDATE account SET state = 'active'", Vec::new()).await;
    server.replace_number("06 39 98 00 12").await;
    assert_eq!(kept().await, 1);
    server.advance(Span::hours(72));
    assert_eq!(server.tell_due().await, [0, 0, 1], "on the account page");
    assert_eq!((kept().await, server.messages().len()), (0, 0), "the number may be a stranger's by now");
    // Two o'clock at night in Paris.
    server.go_to(OCTOBER_31.plus(Span::hours(13)));
    server.replace_number("06 39 98 00 13").await;
    assert_eq!(server.tell_due().await, [0, 0, 1]);
    assert_eq!(server.messages().len(), 0);
    server.advance(Span::hours(7));
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 1, "at nine");
    // Whoever has no account any more is told nothing: the number goes with the account.
    server.replace_number("06 39 98 00 14").await;
    assert_eq!(kept().await, 1);
    server.execute_sql("UPDATE account SET closes_at = $1", vec![server.now().0.into()]).await;
    assert_eq!(ops::close_due(&Operation::of_job(&server.app, "closing")).await.unwrap(), 1);
    assert_eq!(kept().await, 0, "cleared at the closing");
}

#[tokio::test]
async fn a_child_who_came_back_since_the_list_was_read_keeps_the_account_and_a_person_may_close_it_nevertheless() {
    let (server, account) = start().await;
    let (id, op) = (account.account_id, server.operation());
    let times = (op.now.minus(Span::days(92)), op.now.plus(Span::days(30)));
    let mut tx = op.write(Durability::Durable).await.unwrap();
    assert!(!store::ask_childless_closing(&mut tx, &id, times).await.unwrap(), "a current child");
    tx.execute("UPDATE link SET ended_at = $1", vec![1.into()]).await.unwrap();
    assert!(store::ask_childless_closing(&mut tx, &id, times).await.unwrap());
    tx.execute("UPDATE link SET ended_at = NULL", Vec::new()).await.unwrap();
    assert!(store::ask_closing(&mut tx, &id, times.1).await.unwrap(), "in place of the one of the house");
    assert!(store::withdraw_childless_closings(&mut tx).await.unwrap().is_empty());
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn a_number_that_cannot_be_opened_stops_no_other_one_and_its_person_is_told_without_it() {
    let server = TestServer::start().await;
    let families = |phone: &'static str, other: &'static str| [family(phone), TestFamily { phone: other, ..petit() }];
    server.import_families("montpellier", MONOD, &families("06 39 98 00 10", "06 39 98 00 02")).await;
    let account = server.create_account_of("montpellier", &family("")).await;
    server.create_account_of("montpellier", &petit()).await;
    server.advance(Span::hours(1));
    server.import_families("montpellier", MONOD, &families("06 39 98 00 11", "06 39 98 00 12")).await;
    let damage = "UPDATE person SET former_phone = 'x' WHERE account_id = $1";
    server.execute_sql(damage, vec![account.account_id.as_str().into()]).await;
    assert_eq!(server.tell_due().await, [0, 0, 2]);
    let told = server.messages();
    assert_eq!(told.iter().map(|sms| sms.to.as_str()).collect::<Vec<_>>(), ["+33639980002"]);
    let browser = Browser::signed_in_at(&server, &account, "/compte").await;
    assert!(browser.page.visible_text().contains("L'établissement a remplacé votre portable"));
    assert_eq!(server.tell_due().await, [0, 0, 0], "once");
}

#[tokio::test]
async fn what_is_told_to_many_leaves_half_of_the_messages_of_a_day_to_codes() {
    let server = TestServer::start_with_config(|config| config.sms.daily_cap = 4).await;
    let families = |numbers: [&'static str; 3]| {
        let [first, second, third] = numbers;
        [TestFamily { phone: first, ..TestFamily::durand() }, TestFamily { phone: second, ..petit() }, family(third)]
    };
    let before = families(["06 39 98 00 01", "06 39 98 00 02", "06 39 98 00 10"]);
    server.import_families("montpellier", MONOD, &before).await;
    for one in &before {
        server.create_account_of("montpellier", one).await;
    }
    server.advance(Span::hours(1));
    let after = families(["06 39 98 00 21", "06 39 98 00 22", "06 39 98 00 23"]);
    server.import_families("montpellier", MONOD, &after).await;
    assert_eq!(server.tell_due().await, [0, 0, 3]);
    assert_eq!(server.messages().len(), 2);
    server.advance(Span::hours(2));
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 2, "the third waits");
    server.advance(Span::days(1));
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 3, "until tomorrow");
}

#[tokio::test]
async fn a_failure_with_the_closings_does_not_silence_what_else_is_due() {
    let (server, _) = start().await;
    server.replace_number("06 39 98 00 11").await;
    server.execute_sql("ALTER TABLE account RENAME COLUMN closing_warned_days TO lost", Vec::new()).await;
    tell_what_is_due(&server.app).await;
    server.drain_outbox().await;
    assert_eq!(server.messages().len(), 1);
}

#[tokio::test]
async fn a_link_that_ended_lately_or_an_enrolment_that_goes_on_keeps_the_account() {
    let (server, _) = start().await;
    let january = Timestamp(OCTOBER_31.0 + Span::days(70).0);
    let days_ago = |days| january.minus(Span::days(days)).0;
    server.go_to(january);
    server.execute_sql("UPDATE link SET ended_at = $1", vec![days_ago(91).into()]).await;
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    // The pupil left the school, and the school ended no link.
    server.execute_sql("UPDATE link SET ended_at = NULL", Vec::new()).await;
    server.execute_sql("UPDATE enrolment SET ended_at = $1", vec![days_ago(91).into()]).await;
    assert_eq!(server.tell_due().await, [0, 0, 0]);
    server.execute_sql("UPDATE enrolment SET ended_at = $1", vec![days_ago(93).into()]).await;
    assert_eq!(server.tell_due().await, [1, 0, 0]);
}

#[tokio::test]
async fn a_link_that_the_school_ended_is_told_after_a_week_and_names_nobody() {
    let server = TestServer::start().await;
    let both = TestFamily::ndiaye();
    server.import_families("montpellier", MONOD, std::slice::from_ref(&both)).await;
    let account = server.create_account_of("montpellier", &both).await;
    server.confirm_email(&account, "fatou@example.org").await;
    let tell = async || {
        let told = ops::tell_ended_links(&Operation::of_job(&server.app, "ended_links")).await.unwrap();
        server.drain_outbox().await;
        told
    };
    // One child is given to somebody else, the other one goes to another school of the academy.
    let [gone, moved] = [both.children[0], both.children[1]];
    let somebody =
        TestFamily { key: 500_099, prenom: "Xaver", phone: "06 39 98 00 99", children: vec![gone], ..both.clone() };
    server.advance(Span::hours(1));
    server.import_families("montpellier", MONOD, &[somebody]).await;
    server.advance(Span::days(1));
    server.import_families("montpellier", LYCEE, &[TestFamily { children: vec![moved], ..both.clone() }]).await;
    let browser = Browser::signed_in_at(&server, &account, "/compte/enfants").await;
    let said = browser.page.visible_text();
    assert!(said.contains(&format!("n'indique plus de lien légal entre vous et {}", gone.1)), "at once: {said}");
    assert!(!said.contains("Xaver") && said.matches("lien légal entre vous").count() == 1, "{said}");
    assert_eq!(tell().await, 0, "another school's file may come");
    server.advance(Span::days(7));
    assert_eq!(tell().await, 1, "the child who changed schools is still the account's");
    assert_eq!(tell().await, 0, "once");
    let mail = server.mails().pop().unwrap();
    assert!(mail.subject.contains("un enfant n'est plus dans votre compte"), "{}", mail.subject);
    assert!(!mail.text.contains(gone.1), "no child's name in a mail: {}", mail.text);
    let mut browser = Browser::signed_in_at(&server, &account, "/compte").await;
    let said = browser.page.visible_text();
    assert!(said.contains("Un enfant n'est plus dans votre compte") && said.contains(gone.1), "{said}");
    // The school mends it: the child is back, and the page says nothing more of it.
    server.import_families("montpellier", MONOD, &[both]).await;
    browser.get("/compte/enfants").await;
    assert!(!browser.page.visible_text().contains("n'indique plus"), "{}", browser.page.visible_text());
}

#[tokio::test]
async fn threat_s13_whoever_was_never_shown_a_child_is_told_nothing_when_the_link_ends() {
    for (why, hidden) in [
        ("an educator of an institution", "UPDATE link SET relation = '51'"),
        (
            "somebody who said no",
            "INSERT INTO link_withheld (person_id, pupil_id, kind, at) SELECT person_id, pupil_id, 'contested', 1 FROM link",
        ),
    ] {
        let (server, account) = start().await;
        server.confirm_email(&account, "fatou@example.org").await;
        // The end is written as an import of the school writes it.
        server.advance(Span::hours(1));
        server.import_families("montpellier", MONOD, &[petit()]).await;
        server.execute_sql(hidden, Vec::new()).await;
        let told = async |server: &TestServer| {
            server.execute_sql("UPDATE link SET end_untold_at = ended_at WHERE ended_at IS NOT NULL", Vec::new()).await;
            let told = ops::tell_ended_links(&Operation::of_job(&server.app, "ended_links")).await.unwrap();
            server.drain_outbox().await;
            assert_eq!(
                server.query_count("SELECT COUNT(*) FROM link WHERE end_untold_at IS NOT NULL").await,
                0,
                "settled"
            );
            told
        };
        server.advance(Span::days(8));
        assert_eq!(told(&server).await, 0, "{why}");
        let mut browser = Browser::signed_in_at(&server, &account, "/compte/enfants").await;
        let said = browser.page.visible_text();
        assert!(!said.contains("Anaïs") && !said.contains("n'indique plus"), "{why}: {said}");
        // Shown once, by a right birth date, it is told.
        let shown = "INSERT INTO link_proof (account_id, pupil_id, means, at) \
                     SELECT p.account_id, l.pupil_id, 'date', 1 FROM link l JOIN person p ON p.id = l.person_id \
                     WHERE p.account_id IS NOT NULL ON CONFLICT DO NOTHING";
        server.execute_sql(shown, Vec::new()).await;
        server.execute_sql("DELETE FROM link_withheld", Vec::new()).await;
        browser.get("/compte/enfants").await;
        let said = browser.page.visible_text();
        assert!(said.contains("n'indique plus de lien légal entre vous et Anaïs"), "{why}: {said}");
        assert_eq!(told(&server).await, 1, "{why}");
    }
}

#[tokio::test]
async fn threat_s13_a_name_that_changed_after_the_end_is_not_told_to_the_former_parent() {
    let (server, account) = start().await;
    server.confirm_email(&account, "fatou@example.org").await;
    server.advance(Span::hours(1));
    server.import_families("montpellier", MONOD, &[petit()]).await;
    let changed = "UPDATE pupil SET given_name = 'Ana', changed_at = $1 WHERE given_name = 'Anaïs'";
    server.execute_sql(changed, vec![server.now().plus(Span::days(1)).0.into()]).await;
    server.advance(Span::days(8));
    assert_eq!(ops::tell_ended_links(&Operation::of_job(&server.app, "ended_links")).await.unwrap(), 1);
    for page in ["/compte/enfants", "/compte"] {
        let browser = Browser::signed_in_at(&server, &account, page).await;
        let said = browser.page.visible_text();
        assert!(!said.contains("Ana") && said.contains("Théodore Monod"), "{page}: {said}");
    }
}
