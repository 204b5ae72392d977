//! The pages of passkeys.

use serde::Serialize;

use super::CautionEnd;
use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem};
use crate::http::pages::Page;
use crate::passkeys::PasskeyChallenge;

/// A passkey of the account, in the list.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyLine {
    pub id: String,
    pub label: String,
    /// The day of its creation, as `4 octobre`.
    pub created: String,
    /// The last use; `None` if it was not used yet.
    pub used: Option<String>,
}

/// `/compte/cle`. Posts `mot_de_passe`, or `etat` and `reponse`, to the URL of the page; the created passkey goes to
/// `/compte/cle/ajouter`.
#[derive(Clone, Debug, Serialize)]
pub struct AddPasskeyPage {
    /// `?i=…&client_id=…`, or empty.
    pub query: String,
    pub step: PasskeyFormStep,
    /// True if the password alone opens the account until then.
    pub adds_proof: bool,
    /// The challenge of the steps `passkey` and `create`.
    pub challenge: Option<PasskeyChallenge>,
    pub current: Option<CurrentPasswordError>,
    pub caution: Option<CautionEnd>,
    /// True if the passkey that was sent was not accepted.
    pub refused: bool,
}

/// The form on the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyFormStep {
    Password,
    Passkey,
    Create,
    /// Nothing can be added now.
    None,
    /// The account has as many as it may.
    Full,
}

/// `/compte/cle/modifier?k=…`. Posts `nom` to the URL of the page, and `etat` and `reponse` to `/compte/cle/retirer`.
#[derive(Clone, Debug, Serialize)]
pub struct PasskeyPage {
    pub key: PasskeyLine,
    /// The challenge by which the removal is proven; `None` where there are no passkeys.
    pub challenge: Option<PasskeyChallenge>,
    pub error: Option<PasskeyPageError>,
    pub caution: Option<CautionEnd>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PasskeyPageError {
    /// The label is empty or too long.
    Label,
    /// No passkey proved the person.
    NotProven,
    /// It is the last way in.
    LastWayIn,
}

fn caution() -> Option<CautionEnd> {
    Some(CautionEnd { day: "lundi 30\u{a0}novembre".to_owned(), hour: "9\u{a0}h".to_owned() })
}

impl PasskeyLine {
    /// Examples, for the samples of pages.
    pub fn samples() -> Vec<PasskeyLine> {
        let line = |id: &str, label: &str, used: Option<&str>| PasskeyLine {
            id: id.repeat(32),
            label: label.to_owned(),
            created: "4\u{a0}octobre".to_owned(),
            used: used.map(str::to_owned),
        };
        vec![
            line("1", "Téléphone de Fatou", Some("hier à 21\u{a0}h\u{a0}14")),
            line("2", "Ordinateur <du> salon", None),
        ]
    }
}

impl Page for AddPasskeyPage {
    const TEMPLATE: &'static str = "my_account/add_passkey.html";

    fn samples() -> Vec<Self> {
        let page = |step, challenge| AddPasskeyPage {
            query: "?i=0123456789abcdefghijkl&client_id=mon-ent-montpellier".to_owned(),
            step,
            adds_proof: step == PasskeyFormStep::Password,
            challenge,
            current: None,
            caution: None,
            refused: false,
        };
        let (password, sample) = (page(PasskeyFormStep::Password, None), Some(PasskeyChallenge::sample()));
        let wrong = CurrentPasswordError::sample(CurrentPasswordProblem::Wrong);
        vec![
            AddPasskeyPage { query: String::new(), ..password.clone() },
            AddPasskeyPage { current: Some(wrong), ..password },
            page(PasskeyFormStep::Passkey, sample.clone()),
            AddPasskeyPage { refused: true, ..page(PasskeyFormStep::Passkey, sample.clone()) },
            page(PasskeyFormStep::Create, sample.clone()),
            AddPasskeyPage { refused: true, ..page(PasskeyFormStep::Create, sample) },
            AddPasskeyPage { caution: caution(), ..page(PasskeyFormStep::None, None) },
            page(PasskeyFormStep::Full, None),
        ]
    }
}

impl Page for PasskeyPage {
    const TEMPLATE: &'static str = "my_account/passkey.html";

    fn samples() -> Vec<Self> {
        let page =
            |error, challenge| PasskeyPage { key: PasskeyLine::samples().remove(0), challenge, error, caution: None };
        let sample = || Some(PasskeyChallenge::sample());
        vec![
            page(None, sample()),
            page(None, None),
            PasskeyPage { caution: caution(), ..page(None, sample()) },
            page(Some(PasskeyPageError::Label), sample()),
            page(Some(PasskeyPageError::NotProven), sample()),
            page(Some(PasskeyPageError::LastWayIn), None),
        ]
    }
}
