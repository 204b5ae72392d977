//! Sample contexts, for each state of the activation's pages.

use super::{
    ActivationPurpose, CallDay, CallState, ChildAnswer, ChildCard, ChildError, ChildNotice, ChildNoticeReason,
    ChildStatus, ChildrenPage, CodeFieldError, CodePage, DonePage, IdentityFormError, IdentityPage, NameFieldError,
    PasswordFieldError, PasswordPage, PhoneFieldError, ResendNotice, SheetPage, SheetService, UpstreamNames,
};
use crate::accounts::password::PasswordRule;
use crate::announcements::ShownAnnouncement;
use crate::base::date::TypedDate;
use crate::base::typed_ids::ClientId;
use crate::credentials::views::GuessableReason;
use crate::http::pages::date_fields::{DateFieldError, DateFields};
use crate::http::qr::QrCode;
use crate::services::ServiceLink;
use crate::tenants::SchoolContact;

fn query() -> String {
    "?i=0123456789abcdefghijkl&a=lkjihgfedcba9876543210".to_owned()
}

fn support_code() -> String {
    "K7P-4MX".to_owned()
}

pub(super) fn identity() -> Vec<IdentityPage> {
    let typed = || IdentityPage {
        nom: "Le Bœuf".to_owned(),
        prenom: "Françoise".to_owned(),
        telephone: "04 67 12 34 56".to_owned(),
        ..IdentityPage::new(ActivationPurpose::Activation, query())
    };
    vec![
        IdentityPage::new(ActivationPurpose::Activation, String::new()),
        IdentityPage::new(ActivationPurpose::Identifiant, query()),
        IdentityPage {
            calls: true,
            announcements: ShownAnnouncement::samples(),
            ..IdentityPage::new(ActivationPurpose::Activation, query())
        },
        IdentityPage {
            upstream: Some(UpstreamNames {
                label: "FranceConnect".to_owned(),
                name: "Françoise Le Bœuf".to_owned(),
                service_query: String::new(),
            }),
            telephone_fault: Some(PhoneFieldError::Empty),
            ..IdentityPage::new(ActivationPurpose::Activation, query())
        },
        IdentityPage {
            nom_fault: Some(NameFieldError::Empty),
            prenom_fault: Some(NameFieldError::Empty),
            telephone_fault: Some(PhoneFieldError::Empty),
            ..IdentityPage::new(ActivationPurpose::Activation, query())
        },
        IdentityPage { telephone_fault: Some(PhoneFieldError::Landline), ..typed() },
        IdentityPage { telephone_fault: Some(PhoneFieldError::Incomplete), telephone: "06 12".to_owned(), ..typed() },
        IdentityPage {
            nom_fault: Some(NameFieldError::TooLong),
            prenom_fault: Some(NameFieldError::TooLong),
            ..typed()
        },
        IdentityPage { refusal: Some(IdentityFormError::NoCookies), ..typed() },
        IdentityPage { refusal: Some(IdentityFormError::TooManyToday { hour: "14 h 30".to_owned() }), ..typed() },
        IdentityPage { refusal: Some(IdentityFormError::ManyFromHere { hour: "14 h 30".to_owned() }), ..typed() },
        IdentityPage { refusal: Some(IdentityFormError::Many { hour: "14 h 30".to_owned() }), ..typed() },
    ]
}

pub(super) fn code() -> Vec<CodePage> {
    let page = |error, notice| CodePage {
        query: query(),
        ending: "56 78".to_owned(),
        support_code: support_code(),
        delayed: false,
        call: None,
        next_call: None,
        error,
        notice,
        announcements: ShownAnnouncement::samples(),
    };
    let delayed = |notice| CodePage { delayed: true, ..page(None, notice) };
    let called = |call, error, notice| CodePage { call: Some(call), ..page(error, notice) };
    let mut all = vec![delayed(None), delayed(Some(ResendNotice::SentAgain)), page(None, None)];
    all.extend(CodeFieldError::samples().into_iter().map(|error| page(Some(error), None)));
    all.extend(ResendNotice::SAMPLES.map(|notice| page(None, Some(notice))));
    all.extend([
        called(CallState::Offered, None, None),
        CodePage { delayed: true, ..called(CallState::Offered, None, None) },
        called(CallState::Offered, None, Some(ResendNotice::ResendLimit)),
        called(CallState::Asked, None, None),
        CodePage { delayed: true, ..called(CallState::Asked, None, None) },
        called(CallState::Asked, Some(CodeFieldError::NotSixDigits), None),
        called(CallState::Asked, Some(CodeFieldError::UsedUp), None),
        called(CallState::Asked, None, Some(ResendNotice::SentAgain)),
        CodePage { next_call: Some(CallDay::Tomorrow), ..called(CallState::Offered, None, None) },
        CodePage { next_call: Some(CallDay::Today), ..called(CallState::Offered, None, None) },
        CodePage { next_call: Some(CallDay::Tomorrow), ..called(CallState::Asked, None, None) },
        CodePage { next_call: Some(CallDay::Tomorrow), ..called(CallState::Asked, Some(CodeFieldError::UsedUp), None) },
    ]);
    all
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
    let page = |children| ChildrenPage { query: query(), children };
    let oui = |card: ChildCard, date: &str, error| ChildCard {
        answer: Some(ChildAnswer::Oui),
        date: TypedDate::from_text(date).into(),
        error: Some(error),
        ..card
    };
    let settled = |card: ChildCard, how| ChildCard { settled: Some(how), ..card };
    vec![
        page(vec![anais(), elie()]),
        page(vec![settled(anais(), ChildStatus::Right), oui(elie(), "12/01/2010", ChildError::Wrong { left: 4 })]),
        page(vec![
            ChildCard { error: Some(ChildError::AnswerMissing), ..anais() },
            oui(elie(), "", ChildError::Date { fault: DateFieldError::Empty }),
        ]),
        page(vec![
            oui(anais(), "31/02/2013", ChildError::Date { fault: DateFieldError::NoSuchDay }),
            ChildCard {
                error: Some(ChildError::NoMore { code: support_code() }),
                settled: Some(ChildStatus::SetAside),
                ..elie()
            },
        ]),
        page(vec![
            oui(anais(), "12/01/2010", ChildError::Wrong { left: 1 }),
            settled(elie(), ChildStatus::SetAside),
            ChildCard { n: 3, ..settled(elie(), ChildStatus::Refused) },
            ChildCard { n: 4, answer: Some(ChildAnswer::Non), ..anais() },
        ]),
        page(
            [
                ("demain", DateFieldError::Words),
                ("14/02", DateFieldError::Incomplete),
                ("30/11/09", DateFieldError::ShortYear),
                ("14/02/1850", DateFieldError::LongAgo),
                ("14/02/2130", DateFieldError::ToCome),
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
        notice("Élie L.", "Élie", ChildNoticeReason::SetAside { code: support_code() }),
        notice("Zoé L.", "Zoé", ChildNoticeReason::Contested),
    ]
}

pub(super) fn password() -> Vec<PasswordPage> {
    let page = |fault: Option<PasswordFieldError>| PasswordPage {
        query: query(),
        identifiant: "f.leboeuf47".to_owned(),
        upstream: None,
        lacking: fault.is_some().then(Vec::new),
        fault,
        notices: Vec::new(),
    };
    let lacking = |rules| PasswordPage { lacking: Some(rules), ..page(Some(PasswordFieldError::Missing)) };
    let guessable = |because| page(Some(PasswordFieldError::Guessable { because }));
    vec![
        page(None),
        PasswordPage { notices: notices(), ..page(None) },
        PasswordPage { upstream: Some("FranceConnect".to_owned()), ..page(None) },
        lacking(vec![PasswordRule::Upper, PasswordRule::Digit]),
        lacking(vec![
            PasswordRule::Length,
            PasswordRule::Lower,
            PasswordRule::Upper,
            PasswordRule::Digit,
            PasswordRule::Sign,
        ]),
        page(Some(PasswordFieldError::Different)),
        guessable(GuessableReason::Name),
        guessable(GuessableReason::Identifiant),
        guessable(GuessableReason::School),
        guessable(GuessableReason::Child),
        guessable(GuessableReason::Common),
        page(Some(PasswordFieldError::TooLong)),
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
            qr: QrCode::encode("https://ent.occitanie.example/ent"),
        }),
        schools: vec![
            SchoolContact::new("Clg Théodore Monod".to_owned(), Some("04 67 00 00 00".to_owned())),
            SchoolContact::new("Lycée Jean Moulin".to_owned(), None),
        ],
    }
}

pub(super) fn done() -> Vec<DonePage> {
    let page = |service: Option<&str>| DonePage {
        query: query(),
        identifiant: "f.leboeuf47".to_owned(),
        service: service.map(str::to_owned),
        continue_href: "/oauth2/authorize?i=0123456789abcdefghijkl".to_owned(),
        others: Vec::new(),
        notices: Vec::new(),
        passkey_href: None,
    };
    vec![
        page(Some("mon ENT Occitanie")),
        DonePage { passkey_href: Some("/compte/cle".to_owned()), ..page(None) },
        DonePage {
            others: vec![ServiceLink {
                client_id: ClientId::new("mon-ent-toulouse"),
                sector: "mon-ent".to_owned(),
                name: "mon ENT Occitanie".to_owned(),
                href: "https://ent.example/initier?choix=toulouse".to_owned(),
                places: vec!["Académie de Toulouse".to_owned()],
                children: vec!["Gaspard".to_owned(), "Zoé".to_owned()],
            }],
            ..page(Some("mon ENT Occitanie"))
        },
        DonePage { notices: notices(), ..page(Some("mon ENT Occitanie")) },
    ]
}
