//! The steps of an activation, as a parent takes them with the leaflet in hand.

use preau::base::clock::Span;

use super::{Answer, Browser, Family, Server, people::PASSWORD};

impl Server {
    /// Opens the campaign of a school for 15 days.
    pub async fn open_campaign(&self, uai: &'static str) {
        self.campaign(uai, Span(0), Span::days(15)).await;
    }

    /// A campaign that opens and closes so long after now (before it, where negative).
    pub async fn campaign(&self, uai: &'static str, opens: Span, closes: Span) {
        self.sql("DELETE FROM campaign WHERE uai = $1", vec![uai.into()]).await;
        let args = vec![uai.into(), self.now().plus(opens).0.into(), self.now().plus(closes).0.into()];
        self.sql("INSERT INTO campaign (uai, opens_at, closes_at) VALUES ($1, $2, $3)", args).await;
    }

    /// A collège whose campaign is open, with these families.
    pub async fn college(families: &[Family]) -> Self {
        let server = Self::start().await;
        server.import("montpellier", super::deployment::MONOD, families).await;
        server.open_campaign(super::deployment::MONOD).await;
        server
    }

    /// Runs the worker, and reads the newest message: its code.
    pub async fn code(&self) -> String {
        self.work_off().await;
        let newest = self.messages().last().cloned().expect("no SMS");
        newest.text.rsplit_once('#').unwrap().1.to_owned()
    }

    /// Facts of the audit, in their order.
    pub async fn facts(&self) -> Vec<String> {
        self.texts("SELECT fact FROM audit ORDER BY at, id").await
    }
}

impl Browser {
    /// A browser on the empty form of the identity.
    pub async fn at_activation(server: &Server) -> Self {
        let mut browser = Self::new(server);
        browser.get("/activation").await;
        browser
    }

    pub async fn identify_as(&mut self, nom: &str, prenom: &str, telephone: &str) -> &Answer {
        self.submit("continuer", &[("nom", nom), ("prenom", prenom), ("telephone", telephone)]).await
    }

    /// Types the identity, and follows to the code.
    pub async fn identify(&mut self, family: &Family) {
        self.identify_as(family.nom, family.prenom, family.phone).await;
        self.follow().await;
        assert_eq!(self.at.path(), "/activation/code", "{}", self.page.shown());
    }

    /// The address bar's reload.
    pub async fn reload(&mut self) -> &Answer {
        let at = self.at.to_string();
        self.get(&at).await
    }

    /// Types a code, and follows.
    pub async fn type_code(&mut self, code: &str) -> &Answer {
        self.submit("continuer", &[("code", code)]).await;
        self.follow().await;
        &self.page
    }

    /// From the identity to whatever follows the right code.
    pub async fn prove_phone(&mut self, server: &Server, family: &Family) {
        self.identify(family).await;
        let code = server.code().await;
        self.type_code(&code).await;
    }

    /// Answers of the children, in the page's order: a date is a *Oui*, `non` a *Non*, an empty text nothing.
    pub async fn answer(&mut self, answers: &[&str]) -> &Answer {
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

    pub async fn choose_password(&mut self, password: &str) -> &Answer {
        self.submit("terminer", &[("mot_de_passe", password), ("confirmation", password)]).await;
        self.follow().await;
        &self.page
    }

    /// The identifiant that the page shows.
    pub fn identifiant(&self) -> String {
        super::html::text(&self.page.text(), "#identifiant").unwrap_or_else(|| panic!("{}", self.page.shown()))
    }

    /// A whole activation of a parent whose dates are all right; gives the identifiant.
    pub async fn activate(&mut self, server: &Server, family: &Family) -> String {
        self.prove_phone(server, family).await;
        let mut children = family.children.clone();
        children.sort_by_key(|(_, given, ..)| *given);
        let dates: Vec<&str> = children.iter().map(|(.., born, _)| *born).collect();
        self.answer(&dates).await;
        let identifiant = self.identifiant();
        self.choose_password(PASSWORD).await;
        assert_eq!(self.at.path(), "/activation/terminee", "{}", self.page.shown());
        identifiant
    }
}
