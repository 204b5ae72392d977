//! One value for each state of the activation's pages.

use super::{
    Answer, ChildCard, ChildError, ChildNotice, ChildReason, ChildrenPage, CodeError, CodeNotice, CodePage, DateFault,
    DateFields, DonePage, Guessable, IdentityPage, IdentityRefusal, NameFault, PasswordFault, PasswordPage, PhoneFault,
    Purpose, Settled, SheetPage, SheetService,
};
use crate::accounts::password::Rule;
use crate::base::date::TypedDate;
use crate::http::qr::QrCode;
use crate::services::Door;
use crate::tenants::Office;

fn query() -> String {
    "?i=0123456789abcdefghijkl&a=lkjihgfedcba9876543210".to_owned()
}

fn code_k7p() -> String {
    "K7P-4MX".to_owned()
}

pub(super) fn identity() -> Vec<IdentityPage> {
    let typed = || IdentityPage {
        query: query(),
        nom: "Le Bœuf".to_owned(),
        prenom: "Françoise".to_owned(),
        telephone: "04 67 12 34 56".to_owned(),
        ..IdentityPage::default()
    };
    vec![
        IdentityPage::default(),
        IdentityPage {
            query: query(),
            nom_fault: Some(NameFault::Empty),
            prenom_fault: Some(NameFault::Empty),
            telephone_fault: Some(PhoneFault::Empty),
            ..IdentityPage::default()
        },
        IdentityPage { telephone_fault: Some(PhoneFault::Landline), ..typed() },
        IdentityPage { telephone_fault: Some(PhoneFault::Incomplete), telephone: "06 12".to_owned(), ..typed() },
        IdentityPage { nom_fault: Some(NameFault::TooLong), prenom_fault: Some(NameFault::TooLong), ..typed() },
        IdentityPage { refusal: Some(IdentityRefusal::NoCookies), ..typed() },
        IdentityPage { refusal: Some(IdentityRefusal::TooManyToday { hour: "14 h 30".to_owned() }), ..typed() },
        IdentityPage { refusal: Some(IdentityRefusal::ManyFromHere { hour: "14 h 30".to_owned() }), ..typed() },
        IdentityPage { refusal: Some(IdentityRefusal::Many { hour: "14 h 30".to_owned() }), ..typed() },
    ]
}

pub(super) fn code() -> Vec<CodePage> {
    let page = |error, notice| CodePage {
        query: query(),
        ending: "56 78".to_owned(),
        support_code: code_k7p(),
        delayed: false,
        error,
        notice,
    };
    let delayed = |notice| CodePage { delayed: true, ..page(None, notice) };
    vec![
        delayed(None),
        delayed(Some(CodeNotice::SentAgain)),
        page(None, None),
        page(Some(CodeError::Empty), None),
        page(Some(CodeError::NotSixDigits), None),
        page(Some(CodeError::Wrong { left: 2 }), None),
        page(Some(CodeError::Wrong { left: 1 }), None),
        page(Some(CodeError::UsedUp), None),
        page(Some(CodeError::TooManyToday { hour: "14 h 30".to_owned() }), None),
        page(Some(CodeError::Expired), None),
        page(None, Some(CodeNotice::ResendTooSoon { seconds: 42 })),
        page(None, Some(CodeNotice::SentAgain)),
        page(None, Some(CodeNotice::ResendLimit)),
    ]
}

fn anais() -> ChildCard {
    ChildCard {
        n: 1,
        name: "Anaïs L.".to_owned(),
        given_name: "Anaïs".to_owned(),
        school: "Clg Théodore Monod".to_owned(),
        answer: None,
        date: DateFields::default(),
        error: None,
        settled: None,
    }
}

fn elie() -> ChildCard {
    ChildCard {
        n: 2,
        name: "Élie L.".to_owned(),
        given_name: "Élie".to_owned(),
        school: "Lycée Jean Moulin".to_owned(),
        ..anais()
    }
}

pub(super) fn children() -> Vec<ChildrenPage> {
    let page = |purpose, children| ChildrenPage { query: query(), purpose, children };
    let oui = |card: ChildCard, date: &str, error| ChildCard {
        answer: Some(Answer::Oui),
        date: TypedDate::of_text(date).into(),
        error: Some(error),
        ..card
    };
    let settled = |card: ChildCard, how| ChildCard { settled: Some(how), ..card };
    vec![
        page(Purpose::Activation, vec![anais(), elie()]),
        page(Purpose::NewPassword, vec![anais()]),
        page(
            Purpose::Activation,
            vec![settled(anais(), Settled::Right), oui(elie(), "12/01/2010", ChildError::Wrong { left: 4 })],
        ),
        page(
            Purpose::Activation,
            vec![
                ChildCard { error: Some(ChildError::AnswerMissing), ..anais() },
                oui(elie(), "", ChildError::Date { fault: DateFault::Empty }),
            ],
        ),
        page(
            Purpose::Activation,
            vec![
                oui(anais(), "31/02/2013", ChildError::Date { fault: DateFault::NoSuchDay }),
                ChildCard {
                    error: Some(ChildError::NoMore { code: code_k7p() }),
                    settled: Some(Settled::SetAside),
                    ..elie()
                },
            ],
        ),
        page(
            Purpose::Activation,
            vec![
                oui(anais(), "12/01/2010", ChildError::Wrong { left: 1 }),
                settled(elie(), Settled::SetAside),
                ChildCard { n: 3, ..settled(elie(), Settled::Refused) },
                ChildCard { n: 4, answer: Some(Answer::Non), ..anais() },
            ],
        ),
        page(
            Purpose::Activation,
            [
                ("demain", DateFault::Words),
                ("14/02", DateFault::Incomplete),
                ("30/11/09", DateFault::ShortYear),
                ("14/02/1850", DateFault::LongAgo),
                ("14/02/2130", DateFault::ToCome),
            ]
            .into_iter()
            .zip(1..)
            .map(|((typed, fault), n)| ChildCard { n, ..oui(anais(), typed, ChildError::Date { fault }) })
            .collect(),
        ),
    ]
}

fn notices() -> Vec<ChildNotice> {
    let notice = |name: &str, given_name: &str, reason| ChildNotice {
        name: name.to_owned(),
        given_name: given_name.to_owned(),
        reason,
    };
    vec![
        notice("Élie L.", "Élie", ChildReason::SetAside { code: code_k7p() }),
        notice("Zoé L.", "Zoé", ChildReason::Contested),
    ]
}

pub(super) fn password() -> Vec<PasswordPage> {
    let page = |fault: Option<PasswordFault>| PasswordPage {
        query: query(),
        purpose: Purpose::Activation,
        identifiant: "f.leboeuf47".to_owned(),
        lacking: fault.is_some().then(Vec::new),
        fault,
        notices: Vec::new(),
    };
    let lacking = |rules| PasswordPage { lacking: Some(rules), ..page(Some(PasswordFault::Missing)) };
    let guessable = |because| page(Some(PasswordFault::Guessable { because }));
    vec![
        page(None),
        PasswordPage { purpose: Purpose::NewPassword, ..page(None) },
        PasswordPage { notices: notices(), ..page(None) },
        lacking(vec![Rule::Upper, Rule::Digit]),
        lacking(vec![Rule::Length, Rule::Lower, Rule::Upper, Rule::Digit, Rule::Sign]),
        page(Some(PasswordFault::Different)),
        guessable(Guessable::Name),
        guessable(Guessable::Identifiant),
        guessable(Guessable::School),
        guessable(Guessable::Common),
        page(Some(PasswordFault::TooLong)),
    ]
}

pub(super) fn sheet() -> SheetPage {
    SheetPage {
        query: query(),
        name: "Françoise Le Bœuf".to_owned(),
        identifiant: "f.leboeuf47".to_owned(),
        address: "https://compte.occitanie.example".to_owned(),
        service: Some(SheetService {
            name: "mon ENT Occitanie".to_owned(),
            address: "https://ent.occitanie.example/ent".to_owned(),
            qr: QrCode::of("https://ent.occitanie.example/ent"),
        }),
        schools: vec![
            Office::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned())),
            Office::new("Lycée Jean Moulin".to_owned(), None),
        ],
    }
}

pub(super) fn done() -> Vec<DonePage> {
    let page = |service: Option<&str>, purpose| DonePage {
        query: query(),
        purpose,
        identifiant: "f.leboeuf47".to_owned(),
        service: service.map(str::to_owned),
        continue_href: "/oauth2/authorize?i=0123456789abcdefghijkl".to_owned(),
        others: Vec::new(),
        notices: Vec::new(),
    };
    vec![
        page(Some("mon ENT Occitanie"), Purpose::Activation),
        page(None, Purpose::NewPassword),
        DonePage {
            others: vec![Door {
                client_id: "mon-ent-toulouse".to_owned(),
                sector: "mon-ent".to_owned(),
                name: "mon ENT Occitanie".to_owned(),
                href: "https://ent.example/initier?choix=toulouse".to_owned(),
                places: vec!["Académie de Toulouse".to_owned()],
                children: vec!["Gaspard".to_owned(), "Zoé".to_owned()],
            }],
            ..page(Some("mon ENT Occitanie"), Purpose::Activation)
        },
        DonePage { notices: notices(), ..page(Some("mon ENT Occitanie"), Purpose::Activation) },
    ]
}
