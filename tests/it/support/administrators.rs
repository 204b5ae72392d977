//! Administrators: invited by the operator, enrolled with a passkey of the software authenticator.

use preau::administrators::ops::invite::{InvitationContext, RoleGiver, RoleOrder, give_role};
use preau::administrators::roles::AdminRole;
use preau::administrators::territory::Territory;
use preau::base::lang::Lang;

use super::{Browser, SoftAuthenticator, TestServer, WrongWords};

/// An administrator in a browser.
pub struct TestAdministrator {
    pub browser: Browser,
    pub authenticator: SoftAuthenticator,
}

impl TestServer {
    /// Gives a role as the operator does. Returns the path of the invitation, if there is one.
    pub async fn invite_administrator(&self, role: AdminRole, territory: &str, email: &str) -> Option<String> {
        let context = InvitationContext { pages: &self.app.pages, issuer: self.issuer(), mails: true, lang: Lang::Fr };
        let order = RoleOrder {
            name: format!("Nom de {}", email.split('@').next().unwrap()),
            email: email.to_owned(),
            role,
            territory: Territory::parse(territory).unwrap(),
            pupils_only: false,
            until: None,
        };
        let given = give_role(self.operation().storage(), context, RoleGiver::Operator("test"), &order).await;
        let given = given.unwrap().unwrap();
        given.link.map(|link| link.strip_prefix(self.issuer()).unwrap().to_owned())
    }

    /// Invites an administrator who takes the invitation with a passkey.
    pub async fn create_administrator(&self, role: AdminRole, territory: &str, email: &str) -> TestAdministrator {
        let path = self.invite_administrator(role, territory, email).await.unwrap();
        let mut browser = Browser::new(self);
        let mut authenticator = SoftAuthenticator::new(self.issuer());
        browser.get(&path).await;
        browser.create_passkey(&mut authenticator, &WrongWords::default()).await;
        assert_eq!(browser.page.location(), "/admin", "{}", browser.page.visible_text());
        browser.follow().await;
        TestAdministrator { browser, authenticator }
    }
}

impl TestAdministrator {
    /// Adds a second passkey, as the roles of academies ask for.
    pub async fn add_second_passkey(&mut self) {
        self.browser.get("/admin/moi/cle").await;
        self.browser.create_passkey(&mut self.authenticator, &WrongWords::default()).await;
        assert_eq!(self.browser.page.location(), "/admin/moi", "{}", self.browser.page.visible_text());
    }

    /// Signs in with the newest passkey.
    pub async fn sign_in(&mut self) {
        self.browser.get("/admin/connexion").await;
        self.browser.use_passkey(&mut self.authenticator, &WrongWords::default()).await;
    }

    /// Opens a page, proving it again where that is asked.
    pub async fn open(&mut self, path: &str) {
        self.browser.get(path).await;
        if self.browser.page.status.is_redirection() && self.browser.page.location().starts_with("/admin/preuve") {
            self.browser.follow().await;
            self.browser.use_passkey(&mut self.authenticator, &WrongWords::default()).await;
            self.browser.follow().await;
        }
    }
}
