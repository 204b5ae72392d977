//! The pages of a regroupement.

use serde::Serialize;

use super::RegroupRefusal;
use crate::base::lang::Lang;
use crate::credentials::views::{CurrentPasswordError, CurrentPasswordProblem, FactorFieldError};
use crate::http::pages::date_fields::{DateFieldError, DateFields};
use crate::http::pages::{Page, dates};
use crate::passkeys::PasskeyChallenge;

/// `/compte/regrouper`. Posts `actuel` where the sign-in is old, `identifiant` and `mot_de_passe` to the URL of the page;
/// `mot_de_passe` to `/compte/regrouper/defaire`.
#[derive(Clone, Debug, Default, Serialize)]
pub struct RegroupPage {
    /// True if the password of this account is asked again.
    pub asks_password: bool,
    /// The name of the upstream that stands for the password of an account without one.
    pub upstream: Option<String>,
    /// True if the person first comes back from there.
    pub asks_upstream: bool,
    pub identifiant: String,
    /// The identifiants of the person's other accounts that a code of an SMS proved in this browser.
    pub proven_identifiants: Vec<String>,
    pub own_error: Option<CurrentPasswordError>,
    pub other_error: Option<OtherAccountError>,
    pub refusal: Option<RegroupRefusalView>,
    /// The regroupement that may be undone.
    pub undo: Option<UndoCard>,
    pub undo_error: Option<CurrentPasswordError>,
    /// True after a regroupement.
    pub joined: bool,
    /// True after an undo.
    pub undone: bool,
    /// True if the choice waited too long.
    pub too_late: bool,
}

/// The account that an undo would separate.
#[derive(Clone, Debug, Serialize)]
pub struct UndoCard {
    pub identifiant: String,
    /// The last day, as `samedi 5 décembre`.
    pub day: String,
}

/// The error of the other account's proof.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum OtherAccountError {
    Empty,
    Wrong,
    Slip,
    CodeOver,
    Waiting {
        until: String,
    },
    /// Too many wrong passwords from this connection.
    FromHere {
        until: String,
    },
    Busy {
        seconds: i64,
    },
}

/// The reason why the accounts are not joined, with the support code for the school.
#[derive(Clone, Debug, Serialize)]
pub struct RegroupRefusalView {
    /// A word of the messages `regroup-refused-…`.
    pub kind: &'static str,
    pub code: String,
    /// The identifiant with which something is to be done first.
    pub identifiant: String,
    pub day: String,
    pub hour: String,
}

impl RegroupRefusalView {
    /// `identifiants` are those of this account and of the other one.
    pub fn new(why: RegroupRefusal, lang: Lang, support_code: &str, identifiants: (&str, &str)) -> Self {
        let until = match why {
            RegroupRefusal::Caution { until } => Some(until),
            _ => None,
        };
        RegroupRefusalView {
            kind: match why {
                RegroupRefusal::Same => "same",
                RegroupRefusal::Names => "names",
                RegroupRefusal::RosterKeys => "keys",
                RegroupRefusal::Suspended => "suspended",
                RegroupRefusal::MustChange { .. } => "must-change",
                RegroupRefusal::Caution { .. } => "caution",
                RegroupRefusal::Factor => "factor",
                RegroupRefusal::NothingToAsk => "nothing",
            },
            code: support_code.to_owned(),
            identifiant: match why {
                RegroupRefusal::MustChange { other: true } => identifiants.1.to_owned(),
                _ => identifiants.0.to_owned(),
            },
            day: until.map(|at| dates::weekday_and_day(lang, at)).unwrap_or_default(),
            hour: until.map(|at| dates::hour_rounded_up(lang, at)).unwrap_or_default(),
        }
    }
}

/// `/compte/regrouper/choix`. Posts `garder` (`a` or `b`) and, after a code, `date_naissance`.
#[derive(Clone, Debug, Serialize)]
pub struct RegroupChoicePage {
    pub id: String,
    pub current: AccountSide,
    pub other: AccountSide,
    /// False if only the other account has a second factor.
    pub may_keep_current: bool,
    /// False if only this account has a password, or a second factor.
    pub may_keep_other: bool,
    /// The number of children of both.
    pub children: i64,
    /// The last day of the undo.
    pub day: String,
    /// The given name of the child whose birth date is asked.
    pub asks_child: Option<String>,
    pub date: DateFields,
    pub date_error: Option<RegroupDateError>,
    /// True if nothing was chosen.
    pub missing: bool,
}

/// `/compte/regrouper/preuve`: the second factor of the other account. Posts `code`, or `etat` and `reponse`, to the URL
/// of the page.
#[derive(Clone, Debug, Serialize)]
pub struct RegroupFactorPage {
    pub identifiant: String,
    /// The challenge for a passkey; `None` if the other account has none.
    pub passkey: Option<PasskeyChallenge>,
    /// True if the other account has an application.
    pub totp: bool,
    pub backup_codes: bool,
    pub error: Option<FactorFieldError>,
}

/// One of the two accounts.
#[derive(Clone, Debug, Serialize)]
pub struct AccountSide {
    pub identifiant: String,
    /// Each with the school: `Anaïs (Clg Théodore Monod)`.
    pub children: Vec<String>,
    /// The day of the last use.
    pub seen: Option<String>,
}

/// The error beside the birth date.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RegroupDateError {
    Date { fault: DateFieldError },
    Wrong { left: i64 },
    NoMore { hour: String },
}

impl Page for RegroupPage {
    const TEMPLATE: &'static str = "regroup/regroup.html";

    fn samples() -> Vec<Self> {
        let typed = || RegroupPage { identifiant: "f.ndiaye08".to_owned(), ..RegroupPage::default() };
        let until = || "14\u{a0}h\u{a0}30".to_owned();
        let mut all = vec![RegroupPage::default(), RegroupPage { asks_password: true, ..RegroupPage::default() }];
        let upstream = Some("FranceConnect".to_owned());
        all.push(RegroupPage { upstream: upstream.clone(), asks_upstream: true, ..RegroupPage::default() });
        let proven_identifiants = vec!["f.ndiaye08".to_owned()];
        let proven_one = proven_identifiants.clone();
        let by_upstream = RegroupPage { upstream, asks_upstream: true, ..RegroupPage::default() };
        all.push(RegroupPage { proven_identifiants: proven_one, ..by_upstream });
        all.push(RegroupPage { proven_identifiants: proven_identifiants.clone(), ..RegroupPage::default() });
        all.push(RegroupPage { proven_identifiants, asks_password: true, ..RegroupPage::default() });
        for kind in [CurrentPasswordProblem::Empty, CurrentPasswordProblem::Wrong, CurrentPasswordProblem::Waiting] {
            let own_error = Some(CurrentPasswordError::sample(kind));
            all.push(RegroupPage { asks_password: true, own_error, ..typed() });
        }
        for error in [
            OtherAccountError::Empty,
            OtherAccountError::Wrong,
            OtherAccountError::Slip,
            OtherAccountError::CodeOver,
            OtherAccountError::Waiting { until: until() },
            OtherAccountError::FromHere { until: until() },
            OtherAccountError::Busy { seconds: 3 },
        ] {
            all.push(RegroupPage { other_error: Some(error), ..typed() });
        }
        for kind in ["same", "names", "keys", "suspended", "must-change", "caution", "factor", "nothing"] {
            let refusal = RegroupRefusalView {
                kind,
                code: "K7PM-4HXA".to_owned(),
                identifiant: "f.ndiaye08".to_owned(),
                day: "lundi 30\u{a0}novembre".to_owned(),
                hour: until(),
            };
            all.push(RegroupPage { refusal: Some(refusal), ..typed() });
        }
        let undo = || {
            let (identifiant, day) = ("f.ndiaye08".to_owned(), "samedi 5\u{a0}décembre".to_owned());
            Some(UndoCard { identifiant, day })
        };
        let wrong = Some(CurrentPasswordError::sample(CurrentPasswordProblem::Wrong));
        all.push(RegroupPage { undo: undo(), joined: true, ..RegroupPage::default() });
        all.push(RegroupPage { undo: undo(), undo_error: wrong, ..RegroupPage::default() });
        all.push(RegroupPage { undone: true, ..RegroupPage::default() });
        all.push(RegroupPage { too_late: true, ..RegroupPage::default() });
        all
    }
}

impl Page for RegroupFactorPage {
    const TEMPLATE: &'static str = "regroup/factor.html";

    fn samples() -> Vec<Self> {
        let page = |error| RegroupFactorPage {
            identifiant: "f.ndiaye08".to_owned(),
            passkey: None,
            totp: true,
            backup_codes: true,
            error,
        };
        let passkey =
            |error| RegroupFactorPage { passkey: Some(PasskeyChallenge::sample()), totp: false, ..page(error) };
        let mut all = vec![page(None), passkey(None), RegroupFactorPage { backup_codes: false, ..passkey(None) }];
        all.push(passkey(Some(FactorFieldError::passkey())));
        all.extend(FactorFieldError::samples().into_iter().map(|error| page(Some(error))));
        all
    }
}

impl Page for RegroupChoicePage {
    const TEMPLATE: &'static str = "regroup/choice.html";

    fn samples() -> Vec<Self> {
        let side = |identifiant: &str, children: &[&str], seen: Option<&str>| AccountSide {
            identifiant: identifiant.to_owned(),
            children: children.iter().map(|&child| child.to_owned()).collect(),
            seen: seen.map(str::to_owned),
        };
        let page = || RegroupChoicePage {
            id: "a".repeat(22),
            current: side("f.leboeuf47", &["Anaïs (Clg Théodore Monod)", "Élie (Lycée Jean Moulin)"], None),
            other: side("f.ndiaye08", &["Noé (Lycée agricole des Garrigues)"], Some("12\u{a0}juin")),
            may_keep_current: true,
            may_keep_other: true,
            children: 3,
            day: "samedi 5\u{a0}décembre".to_owned(),
            asks_child: None,
            date: DateFields::default(),
            date_error: None,
            missing: false,
        };
        let asks = || RegroupChoicePage { asks_child: Some("Noé".to_owned()), may_keep_other: false, ..page() };
        vec![
            page(),
            RegroupChoicePage { missing: true, ..page() },
            RegroupChoicePage { may_keep_current: false, ..page() },
            RegroupChoicePage { children: 1, other: side("f.ndiaye08", &[], None), ..page() },
            asks(),
            RegroupChoicePage { date_error: Some(RegroupDateError::Wrong { left: 3 }), ..asks() },
            RegroupChoicePage { date_error: Some(RegroupDateError::Date { fault: DateFieldError::Empty }), ..asks() },
            RegroupChoicePage {
                date_error: Some(RegroupDateError::NoMore { hour: "14\u{a0}h\u{a0}30".to_owned() }),
                ..asks()
            },
        ]
    }
}
