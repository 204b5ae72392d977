//! Sample contexts, for each state of the recovery's pages.

use super::{
    BirthDateError, CodeFieldError, ForgottenPasswordError, ForgottenPasswordPage, IdentifiantFieldError,
    NewPasswordPage, RecoveryChildCard, RecoveryChildrenPage, RecoveryCodePage, ResendNotice,
};
use crate::accounts::password::PasswordRule;
use crate::base::date::TypedDate;
use crate::credentials::views::{GuessableReason, PasswordFieldError};
use crate::guardianship::ChildStatus;
use crate::http::pages::date_fields::{DateFieldError, DateFields};

fn query() -> String {
    "?i=0123456789abcdefghijkl&r=lkjihgfedcba9876543210".to_owned()
}

fn hour() -> String {
    "14 h 30".to_owned()
}

pub fn forgotten() -> Vec<ForgottenPasswordPage> {
    let page = |identifiant: &str, fault, refusal| ForgottenPasswordPage {
        query: query(),
        identifiant: identifiant.to_owned(),
        mails: true,
        parent_until: 15,
        mail_from: 15,
        fault,
        refusal,
    };
    let mut all = vec![
        page("", None, None),
        page("", Some(IdentifiantFieldError::Empty), None),
        page("fatou", Some(IdentifiantFieldError::Malformed), None),
    ];
    all.push(ForgottenPasswordPage { mails: false, parent_until: 0, ..page("", None, None) });
    for refusal in [
        ForgottenPasswordError::NoCookies,
        ForgottenPasswordError::TooManyToday { hour: hour() },
        ForgottenPasswordError::ManyFromHere { hour: hour() },
        ForgottenPasswordError::Many { hour: hour() },
    ] {
        all.push(page("f.leboeuf47", None, Some(refusal)));
    }
    all
}

pub fn code() -> Vec<RecoveryCodePage> {
    let page = |error, notice, delayed| RecoveryCodePage {
        query: query(),
        identifiant: "f.leboeuf47".to_owned(),
        support_code: "K7P-4MX".to_owned(),
        by_mail: false,
        mails: true,
        delayed,
        error,
        notice,
    };
    let mut all = vec![page(None, None, false), page(None, None, true)];
    all.extend(CodeFieldError::samples().into_iter().map(|error| page(Some(error), None, false)));
    all.extend(ResendNotice::SAMPLES.map(|notice| page(None, Some(notice), false)));
    all.push(page(None, Some(ResendNotice::SentAgain), true));
    all.push(RecoveryCodePage { mails: false, ..page(None, None, false) });
    all.push(RecoveryCodePage { by_mail: true, ..page(None, None, false) });
    for error in [CodeFieldError::NotSixDigits, CodeFieldError::Wrong { left: 2 }] {
        all.push(RecoveryCodePage { by_mail: true, ..page(Some(error), None, false) });
    }
    all.push(RecoveryCodePage { by_mail: true, ..page(None, Some(ResendNotice::SentAgain), false) });
    all
}

pub fn children() -> Vec<RecoveryChildrenPage> {
    let card = |n, given: &str, typed: &str, error, settled| RecoveryChildCard {
        n,
        name: format!("{given} L."),
        given_name: given.to_owned(),
        school: "Clg Théodore Monod".to_owned(),
        date: DateFields::from(TypedDate::from_text(typed)),
        error,
        settled,
        optional: false,
    };
    let right = || card(2, "Élie", "", None, Some(ChildStatus::Right));
    let page = |children| RecoveryChildrenPage { query: query(), children, by_letter: false };
    let mut all = vec![
        page(vec![card(1, "Anaïs", "", None, None), card(2, "Élie", "", None, None)]),
        page(vec![card(1, "Anaïs", "14/02/2012", Some(BirthDateError::Wrong { left: 3 }), None), right()]),
        page(vec![
            card(
                1,
                "Anaïs",
                "",
                Some(BirthDateError::NoMore { code: "K7P-4MX".to_owned() }),
                Some(ChildStatus::SetAside),
            ),
            card(2, "Élie", "", None, None),
        ]),
        page(vec![card(1, "Anaïs", "", None, Some(ChildStatus::SetAside)), card(2, "Élie", "", None, None)]),
    ];
    all.push(page(vec![
        card(1, "Anaïs", "", None, None),
        RecoveryChildCard { optional: true, ..card(2, "Élie", "", None, None) },
    ]));
    all.push(RecoveryChildrenPage { by_letter: true, ..page(vec![card(1, "Anaïs", "", None, None)]) });
    for fault in [
        DateFieldError::Empty,
        DateFieldError::Words,
        DateFieldError::Incomplete,
        DateFieldError::ShortYear,
        DateFieldError::NoSuchDay,
        DateFieldError::LongAgo,
        DateFieldError::ToCome,
    ] {
        all.push(page(vec![card(1, "Anaïs", "31/02/2013", Some(BirthDateError::Date { fault }), None)]));
    }
    all
}

pub fn password() -> Vec<NewPasswordPage> {
    let page = |fault, lacking| NewPasswordPage {
        query: query(),
        identifiant: "f.leboeuf47".to_owned(),
        fault,
        lacking,
        by_letter: false,
        first: false,
        ideas: Vec::new(),
    };
    let ideas = || ["Tigre-lune-velo527", "Sable-kiwi-robot814", "Neige-flute-ours361"].map(str::to_owned).to_vec();
    let guessable = |because| page(Some(PasswordFieldError::Guessable { because }), Vec::new());
    vec![
        page(None, Vec::new()),
        page(Some(PasswordFieldError::Missing), vec![PasswordRule::Upper, PasswordRule::Sign]),
        page(Some(PasswordFieldError::Different), Vec::new()),
        page(Some(PasswordFieldError::TooLong), Vec::new()),
        guessable(GuessableReason::Name),
        guessable(GuessableReason::Identifiant),
        guessable(GuessableReason::School),
        guessable(GuessableReason::Child),
        guessable(GuessableReason::Common),
        NewPasswordPage { by_letter: true, ..page(None, Vec::new()) },
        NewPasswordPage { by_letter: true, first: true, ideas: ideas(), ..page(None, Vec::new()) },
        NewPasswordPage { by_letter: true, ideas: ideas(), ..page(Some(PasswordFieldError::Different), Vec::new()) },
    ]
}
