//! The steps of an activation, as taken by a parent with the leaflet.

use preau::base::clock::Span;

use super::{Browser, TestFamily, TestResponse, TestServer, people::PASSWORD};

impl TestServer {
    /// Opens the campaign of a school for 15 days.
    pub async fn open_campaign(&self, uai: &'static str) {
        self.set_campaign(uai, Span(0), Span::days(15)).await;
    }

    /// Sets a campaign opening and closing at offsets from now; negative offsets lie in the past.
    pub async fn set_campaign(&self, uai: &'static str, opens: Span, closes: Span) {
        self.execute_sql("DELETE FROM campaign WHERE uai = $1", vec![uai.into()]).await;
        let args = vec![uai.into(), self.now().plus(opens).0.into(), self.now().plus(closes).0.into()];
        self.execute_sql("INSERT INTO campaign (uai, opens_at, closes_at) VALUES ($1, $2, $3)", args).await;
    }

    /// Starts a server with these families at a collège with an open campaign.
    pub async fn start_with_open_campaign(families: &[TestFamily]) -> Self {
        let server = Self::start().await;
        server.import_families("montpellier", super::deployment::MONOD, families).await;
        server.open_campaign(super::deployment::MONOD).await;
        server
    }

    /// Runs the worker and reads the code of the newest message.
    pub async fn read_code(&self) -> String {
        self.drain_outbox().await;
        let messages = self.messages();
        // Notices have no code.
        let newest = messages.iter().rev().find_map(|message| message.text.rsplit_once('#')).expect("no code");
        newest.1.to_owned()
    }

    /// Lists the audit events, in order.
    pub async fn audit_facts(&self) -> Vec<String> {
        self.query_texts("SELECT fact FROM audit ORDER BY at, id").await
    }
}

impl Browser {
    /// Opens a browser on the empty identity form.
    pub async fn at_activation(server: &TestServer) -> Self {
        let mut browser = Self::new(server);
        browser.get("/activation").await;
        browser
    }

    pub async fn identify_as(&mut self, nom: &str, prenom: &str, telephone: &str) -> &TestResponse {
        self.submit("continuer", &[("nom", nom), ("prenom", prenom), ("telephone", telephone)]).await
    }

    /// Types the identity and follows to the code page.
    pub async fn identify(&mut self, family: &TestFamily) {
        self.identify_as(family.nom, family.prenom, family.phone).await;
        self.follow().await;
        assert_eq!(self.url.path(), "/activation/code", "{}", self.page.visible_text());
    }

    /// Reloads the current page.
    pub async fn reload(&mut self) -> &TestResponse {
        let at = self.url.to_string();
        self.get(&at).await
    }

    /// Types a code and follows.
    pub async fn type_code(&mut self, code: &str) -> &TestResponse {
        self.submit("continuer", &[("code", code)]).await;
        self.follow().await;
        &self.page
    }

    /// Goes from the identity to the page after the right code.
    pub async fn prove_phone(&mut self, server: &TestServer, family: &TestFamily) {
        self.identify(family).await;
        let code = server.read_code().await;
        self.type_code(&code).await;
    }

    /// Answers the questions about children, in page order: a date is a *Oui*, `non` a *Non*, an empty text no answer.
    pub async fn answer_children(&mut self, answers: &[&str]) -> &TestResponse {
        let mut typed: Vec<(String, &str)> = Vec::new();
        for (answer, n) in answers.iter().zip(1..) {
            match *answer {
                "" => {}
                "non" => typed.push((format!("representant_legal_{n}"), "non")),
                date => {
                    typed.push((format!("representant_legal_{n}"), "oui"));
                    typed.push((format!("date_naissance_{n}"), date));
                }
            }
        }
        let typed: Vec<(&str, &str)> = typed.iter().map(|(n, v)| (n.as_str(), *v)).collect();
        self.submit("confirmer", &typed).await;
        self.follow().await;
        &self.page
    }

    pub async fn choose_password(&mut self, password: &str) -> &TestResponse {
        self.submit("terminer", &[("mot_de_passe", password), ("confirmation", password)]).await;
        self.follow().await;
        &self.page
    }

    /// Returns the identifiant displayed on the page.
    pub fn shown_identifiant(&self) -> String {
        super::html::text(&self.page.text(), "#identifiant").unwrap_or_else(|| panic!("{}", self.page.visible_text()))
    }

    /// Completes an activation with correct birth dates; returns the identifiant.
    pub async fn activate(&mut self, server: &TestServer, family: &TestFamily) -> String {
        self.prove_phone(server, family).await;
        let mut children = family.children.clone();
        children.sort_by_key(|(_, given, ..)| *given);
        let dates: Vec<&str> = children.iter().map(|(.., born, _)| *born).collect();
        self.answer_children(&dates).await;
        let identifiant = self.shown_identifiant();
        self.choose_password(PASSWORD).await;
        assert_eq!(self.url.path(), "/activation/terminee", "{}", self.page.visible_text());
        identifiant
    }
}
