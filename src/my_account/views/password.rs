//! The page of the change of a password.

use serde::Serialize;

use crate::accounts::password::PasswordRule;
use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem, GuessableReason, PasswordFieldError};
use crate::http::pages::Page;

/// `/compte/mot-de-passe`. Posts `actuel`, `mot_de_passe` and `confirmation` to the URL of the page.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ChangePasswordPage {
    pub identifiant: String,
    /// True after the change.
    pub changed: bool,
    /// True after « Non, ce n'était pas moi ».
    pub not_mine: bool,
    /// The error beside the current password.
    pub current: Option<CurrentPasswordError>,
    pub fault: Option<PasswordFieldError>,
    /// The rules that the rejected password does not meet; empty before the first attempt.
    pub lacking: Vec<PasswordRule>,
}

impl Page for ChangePasswordPage {
    const TEMPLATE: &'static str = "my_account/password.html";

    fn samples() -> Vec<Self> {
        let page = || ChangePasswordPage { identifiant: "f.leboeuf47".to_owned(), ..ChangePasswordPage::default() };
        let wrong = |kind| ChangePasswordPage { current: Some(CurrentPasswordError::sample(kind)), ..page() };
        let rejected = |fault, lacking| ChangePasswordPage { fault: Some(fault), lacking, ..page() };
        vec![
            page(),
            ChangePasswordPage { changed: true, ..page() },
            ChangePasswordPage { not_mine: true, ..page() },
            wrong(CurrentPasswordProblem::Empty),
            wrong(CurrentPasswordProblem::Wrong),
            wrong(CurrentPasswordProblem::Waiting),
            wrong(CurrentPasswordProblem::Busy),
            rejected(PasswordFieldError::Missing, vec![PasswordRule::Length, PasswordRule::Digit]),
            rejected(PasswordFieldError::Different, Vec::new()),
            rejected(PasswordFieldError::TooLong, Vec::new()),
            rejected(PasswordFieldError::Guessable { because: GuessableReason::Name }, Vec::new()),
        ]
    }
}
