//! The pure table of the reasons for an interaction with the end user before a request can be answered.
//!
//! Each line has a reason; with `prompt=none` the first reason that applies becomes an error code (OIDCC 3.1.2.6).

use crate::base::clock::{Span, Timestamp};
use crate::protocol::acr::Acr;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::ErrorCode;

/// The inputs of the decision.
#[derive(Clone, Copy, Debug)]
pub struct AuthenticationContext<'a> {
    pub request: &'a AuthorizeRequest,
    pub now: Timestamp,
    /// The time of the session's last authentication; `None` without a session.
    pub authenticated_at: Option<Timestamp>,
    /// The `sub` of the session's account for this client.
    pub sub: Option<&'a str>,
    /// The authentication level (`acr`) of the session.
    pub acr: Option<Acr>,
    /// True if the request hints at an upstream, and the session began otherwise.
    pub hinted_elsewhere: bool,
    /// True if the account is in the client's perimeter.
    pub in_perimeter: bool,
    /// False if the client knows people by a roster's key that the account has not.
    pub has_subject: bool,
    /// True if the client is on trial, and has its persons without this one.
    pub is_trial_full: bool,
    /// True if the end user has consented, or if no consent is needed.
    pub consented: bool,
}

/// The reason for an interaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InteractionReason {
    NoSession,
    /// `prompt=create`, and the last sign-in (an activation ends with a sign-in) is older than the request.
    PromptCreate,
    /// `prompt=login` or `select_account`, and the last sign-in is older than the request.
    PromptLogin,
    /// The session is older than `max_age`.
    MaxAgeExceeded,
    /// `id_token_hint` or the `claims` parameter names another subject.
    OtherSubject,
    /// An essential `acr` is higher than the session's level: the page of the second factor raises it, or lets the
    /// person tell the client that it cannot.
    AcrTooLow,
    /// The account is outside of the client's perimeter, and the hinted upstream may know another account of the person.
    NotOfHint,
    /// The account is outside of the client's perimeter.
    OutOfPerimeter,
    /// No roster gave the account the key by which the client knows people.
    NoRosterKey,
    /// The client is on trial, and a hundred other persons take part.
    TrialFull,
    /// The client is third-party, or sent `prompt=consent`; or it is on trial, and the person was not told so yet.
    Consent,
}

/// The next step of the authorization endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    Respond,
    SignIn(InteractionReason),
    /// A page that explains the reason.
    ExplainRefusal(InteractionReason),
    /// The consent page.
    AskConsent,
    Deny(ErrorCode),
}

/// Returns the step of the first reason that applies, in the order of the table.
pub fn next_step(s: &AuthenticationContext<'_>) -> NextStep {
    let fresh = s.authenticated_at.is_some_and(|at| at >= s.request.received);
    let floor = s.request.acr.minimum();
    let checks: [(bool, InteractionReason); 11] = [
        (s.request.prompt.create && !fresh, InteractionReason::PromptCreate),
        (s.authenticated_at.is_none(), InteractionReason::NoSession),
        ((s.request.prompt.login || s.request.prompt.select_account) && !fresh, InteractionReason::PromptLogin),
        (s.authenticated_at.is_some_and(|at| exceeds_max_age(s, at)) && !fresh, InteractionReason::MaxAgeExceeded),
        (
            s.request.expected_sub.is_some() && s.request.expected_sub.as_deref() != s.sub,
            InteractionReason::OtherSubject,
        ),
        (floor.is_some_and(|floor| s.acr < Some(floor)), InteractionReason::AcrTooLow),
        (!s.in_perimeter && s.hinted_elsewhere, InteractionReason::NotOfHint),
        (!s.in_perimeter, InteractionReason::OutOfPerimeter),
        (!s.has_subject, InteractionReason::NoRosterKey),
        (s.is_trial_full, InteractionReason::TrialFull),
        (!s.consented, InteractionReason::Consent),
    ];
    let Some((_, why)) = checks.into_iter().find(|(applies, _)| *applies) else { return NextStep::Respond };
    match (why, s.request.prompt.none) {
        (InteractionReason::NotOfHint, true) => NextStep::Deny(ErrorCode::InteractionRequired),
        (InteractionReason::OutOfPerimeter | InteractionReason::NoRosterKey | InteractionReason::TrialFull, none) => {
            explain(why, none)
        }
        (InteractionReason::Consent, true) => NextStep::Deny(ErrorCode::ConsentRequired),
        (InteractionReason::Consent, false) => NextStep::AskConsent,
        (_, true) => NextStep::Deny(ErrorCode::LoginRequired),
        // The end user signed in after the request and is still another subject: asking again would never end.
        (InteractionReason::OtherSubject, false) if fresh => NextStep::Deny(ErrorCode::LoginRequired),
        (_, false) => NextStep::SignIn(why),
    }
}

/// Returns the step for a person who cannot be answered for: a page that says why, or an error where no page may be shown
/// (OIDCC 3.1.2.6).
pub fn explain(why: InteractionReason, prompt_none: bool) -> NextStep {
    match prompt_none {
        true => NextStep::Deny(ErrorCode::InteractionRequired),
        false => NextStep::ExplainRefusal(why),
    }
}

fn exceeds_max_age(s: &AuthenticationContext<'_>, at: Timestamp) -> bool {
    s.request.max_age.is_some_and(|max| s.now.since(at) > Span::seconds(max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::typed_ids::ClientId;
    use crate::protocol::acr::AcrRequest;
    use crate::protocol::authorize::Prompt;
    use crate::protocol::disclosure::Disclosure;
    use crate::protocol::response::{ResponseMode, ResponseType};
    use crate::protocol::scope::Scopes;

    fn request() -> AuthorizeRequest {
        AuthorizeRequest {
            client_id: ClientId::new("c"),
            redirect_uri: "https://c.example/cb".into(),
            response_type: ResponseType::CODE,
            response_mode: ResponseMode::Query,
            disclosure: Disclosure { scopes: Scopes::parse("openid").unwrap(), ..Disclosure::default() },
            state: None,
            nonce: None,
            code_challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            login_hint: None,
            ui_locales: None,
            expected_sub: None,
            acr: AcrRequest::default(),
            dpop_jkt: None,
            resource: Vec::new(),
            pushed: None,
            idp_hint: None,
            received: Timestamp(100_000),
        }
    }

    fn context(request: &AuthorizeRequest, authenticated: Option<i64>) -> AuthenticationContext<'_> {
        AuthenticationContext {
            request,
            now: Timestamp(110_000),
            authenticated_at: authenticated.map(Timestamp),
            sub: Some("me"),
            acr: authenticated.map(|_| Acr::Eidas1),
            hinted_elsewhere: false,
            in_perimeter: true,
            has_subject: true,
            is_trial_full: false,
            consented: true,
        }
    }

    fn decide(request: &AuthorizeRequest, authenticated: Option<i64>) -> NextStep {
        next_step(&context(request, authenticated))
    }

    #[test]
    fn oidcc_3_1_2_3_the_table() {
        let plain = request();
        let login = AuthorizeRequest { prompt: Prompt::parse("login").unwrap(), ..request() };
        let select = AuthorizeRequest { prompt: Prompt::parse("select_account").unwrap(), ..request() };
        let create = AuthorizeRequest { prompt: Prompt::parse("create").unwrap(), ..request() };
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..request() };
        let max = |age| AuthorizeRequest { max_age: Some(age), ..request() };
        let none_max = AuthorizeRequest { max_age: Some(1), ..none.clone() };
        let other = AuthorizeRequest { expected_sub: Some("you".into()), ..request() };
        for (case, request, at, expected) in [
            ("nobody", &plain, None, NextStep::SignIn(InteractionReason::NoSession)),
            ("somebody", &plain, Some(1), NextStep::Respond),
            ("prompt=login, old", &login, Some(99_999), NextStep::SignIn(InteractionReason::PromptLogin)),
            ("prompt=login, since", &login, Some(100_000), NextStep::Respond),
            ("select_account, old", &select, Some(1), NextStep::SignIn(InteractionReason::PromptLogin)),
            ("create, nobody", &create, None, NextStep::SignIn(InteractionReason::PromptCreate)),
            ("create, old", &create, Some(1), NextStep::SignIn(InteractionReason::PromptCreate)),
            ("create, since", &create, Some(100_000), NextStep::Respond),
            ("none, nobody", &none, None, NextStep::Deny(ErrorCode::LoginRequired)),
            ("none, somebody", &none, Some(1), NextStep::Respond),
            ("none, too long ago", &none_max, Some(1), NextStep::Deny(ErrorCode::LoginRequired)),
            ("max_age=0, since", &max(0), Some(105_000), NextStep::Respond),
            ("max_age=0, old", &max(0), Some(99_000), NextStep::SignIn(InteractionReason::MaxAgeExceeded)),
            ("max_age=10000", &max(10_000), Some(1), NextStep::Respond),
            ("hint of another, old", &other, Some(1), NextStep::SignIn(InteractionReason::OtherSubject)),
            ("hint of another, since", &other, Some(105_000), NextStep::Deny(ErrorCode::LoginRequired)),
        ] {
            assert_eq!(decide(request, at), expected, "{case}");
        }
    }

    #[test]
    fn nothing_in_the_perimeter_is_explained_or_told_by_code() {
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..request() };
        let outside = |request| next_step(&AuthenticationContext { in_perimeter: false, ..context(request, Some(1)) });
        let asked = request();
        assert_eq!(outside(&asked), NextStep::ExplainRefusal(InteractionReason::OutOfPerimeter));
        assert_eq!(outside(&none), NextStep::Deny(ErrorCode::InteractionRequired));
        let keyless = |request| next_step(&AuthenticationContext { has_subject: false, ..context(request, Some(1)) });
        assert_eq!(keyless(&asked), NextStep::ExplainRefusal(InteractionReason::NoRosterKey));
        assert_eq!(keyless(&none), NextStep::Deny(ErrorCode::InteractionRequired));
        let full = |request| {
            let s = AuthenticationContext { is_trial_full: true, consented: false, ..context(request, Some(1)) };
            next_step(&s)
        };
        assert_eq!(full(&asked), NextStep::ExplainRefusal(InteractionReason::TrialFull), "and nothing is agreed to");
        assert_eq!(full(&none), NextStep::Deny(ErrorCode::InteractionRequired));
    }

    #[test]
    fn a_hint_leads_who_is_outside_to_another_sign_in_and_nobody_else() {
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..request() };
        let asked = request();
        let hinted = |request, in_perimeter| {
            let s = AuthenticationContext { hinted_elsewhere: true, in_perimeter, ..context(request, Some(1)) };
            next_step(&s)
        };
        assert_eq!(hinted(&asked, true), NextStep::Respond);
        assert_eq!(hinted(&asked, false), NextStep::SignIn(InteractionReason::NotOfHint));
        assert_eq!(hinted(&none, false), NextStep::Deny(ErrorCode::InteractionRequired));
    }

    #[test]
    fn oidcc_3_1_2_4_consent_is_asked_or_told_by_code() {
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..request() };
        let asked = request();
        let not_agreed = |request| next_step(&AuthenticationContext { consented: false, ..context(request, Some(1)) });
        assert_eq!(not_agreed(&asked), NextStep::AskConsent);
        assert_eq!(not_agreed(&none), NextStep::Deny(ErrorCode::ConsentRequired));
    }

    #[test]
    fn attack_m1_a_level_is_stepped_up_to_or_refused_never_claimed() {
        let wish = AcrRequest { levels: vec![Acr::Mfa], essential: true };
        let asked = AuthorizeRequest { acr: wish.clone(), ..request() };
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..asked.clone() };
        assert_eq!(decide(&asked, Some(1)), NextStep::SignIn(InteractionReason::AcrTooLow));
        assert_eq!(decide(&asked, Some(105_000)), NextStep::SignIn(InteractionReason::AcrTooLow), "however fresh");
        assert_eq!(decide(&none, Some(1)), NextStep::Deny(ErrorCode::LoginRequired));
        let high = AuthenticationContext { acr: Some(Acr::Mfa), ..context(&asked, Some(1)) };
        assert_eq!(next_step(&high), NextStep::Respond);
        let wished = AuthorizeRequest { acr: AcrRequest { essential: false, ..wish }, ..request() };
        assert_eq!(decide(&wished, Some(1)), NextStep::Respond, "a wish is no demand");
    }
}
