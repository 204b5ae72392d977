//! Why the person must act before a request can be answered: one pure table.
//!
//! Each line names its reason; `prompt=none` turns whichever applies first into its error code (OIDCC 3.1.2.6).

use crate::base::clock::{Span, Timestamp};
use crate::protocol::acr::Acr;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::ErrorCode;

/// What there is to decide from.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    pub request: &'a AuthorizeRequest,
    pub now: Timestamp,
    /// When the session's person last proved who they are; none: nobody is signed in.
    pub authenticated: Option<Timestamp>,
    /// `sub` of the session's person for this client.
    pub sub: Option<&'a str>,
    /// How sure the session is.
    pub level: Option<Acr>,
    /// Whether the client's perimeter has anything of the person.
    pub in_perimeter: bool,
    /// Whether the person agreed to what is asked, where it must be asked at all.
    pub agreed: bool,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NoSession,
    /// `prompt=create`, and no sign-in (an activation ends with one) is newer than the request.
    Create,
    /// `prompt=login` or `select_account`, and the sign-in is older than the request.
    Asked,
    /// `max_age` is exceeded.
    TooLongAgo,
    /// `id_token_hint` names somebody else.
    SomebodyElse,
    /// An essential `acr` is higher than the session's.
    Level,
    /// Nothing of the person is in the client's perimeter.
    OutOfPerimeter,
    /// The client is not of the house, or asked for it by `prompt=consent`.
    Consent,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    Answer,
    SignIn(Why),
    /// A page that explains it.
    Explain(Why),
    /// A page that asks the person what may be shared.
    Agree,
    Refuse(ErrorCode),
}

/// The table, in order.
pub fn next_step(s: &Situation<'_>) -> NextStep {
    let fresh = s.authenticated.is_some_and(|at| at >= s.request.received);
    let floor = s.request.acr.floor();
    let checks: [(bool, Why); 8] = [
        (s.request.prompt.create && !fresh, Why::Create),
        (s.authenticated.is_none(), Why::NoSession),
        ((s.request.prompt.login || s.request.prompt.select_account) && !fresh, Why::Asked),
        (s.authenticated.is_some_and(|at| exceeds(s, at)) && !fresh, Why::TooLongAgo),
        (s.request.expected_sub.is_some() && s.request.expected_sub.as_deref() != s.sub, Why::SomebodyElse),
        (floor.is_some_and(|floor| s.level < Some(floor)), Why::Level),
        (!s.in_perimeter, Why::OutOfPerimeter),
        (!s.agreed, Why::Consent),
    ];
    let Some((_, why)) = checks.into_iter().find(|(applies, _)| *applies) else { return NextStep::Answer };
    match (why, s.request.prompt.none) {
        (Why::OutOfPerimeter, true) => NextStep::Refuse(ErrorCode::InteractionRequired),
        (Why::OutOfPerimeter, false) => NextStep::Explain(why),
        (Why::Consent, true) => NextStep::Refuse(ErrorCode::ConsentRequired),
        (Why::Consent, false) => NextStep::Agree,
        (_, true) => NextStep::Refuse(ErrorCode::LoginRequired),
        // The person signed in since, and is still somebody else: asking once more would never end.
        (Why::SomebodyElse, false) if fresh => NextStep::Refuse(ErrorCode::LoginRequired),
        (Why::Level, false) if fresh => NextStep::Refuse(ErrorCode::UnmetAuthenticationRequirements),
        (_, false) => NextStep::SignIn(why),
    }
}

fn exceeds(s: &Situation<'_>, at: Timestamp) -> bool {
    s.request.max_age.is_some_and(|max| s.now.since(at) > Span::seconds(max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::acr::AcrWish;
    use crate::protocol::authorize::Prompt;
    use crate::protocol::claims_request::ClaimsRequest;
    use crate::protocol::response::{ResponseMode, ResponseType};
    use crate::protocol::scope::Scopes;

    fn request() -> AuthorizeRequest {
        AuthorizeRequest {
            client_id: "c".into(),
            redirect_uri: "https://c.example/cb".into(),
            response_type: ResponseType::CODE,
            response_mode: ResponseMode::Query,
            scopes: Scopes::parse("openid").unwrap(),
            state: None,
            nonce: None,
            code_challenge: None,
            prompt: Prompt::default(),
            max_age: None,
            login_hint: None,
            ui_locales: None,
            expected_sub: None,
            claims: ClaimsRequest::default(),
            acr: AcrWish::default(),
            dpop_jkt: None,
            resource: Vec::new(),
            pushed: None,
            received: Timestamp(100_000),
        }
    }

    fn situation(request: &AuthorizeRequest, authenticated: Option<i64>) -> Situation<'_> {
        Situation {
            request,
            now: Timestamp(110_000),
            authenticated: authenticated.map(Timestamp),
            sub: Some("me"),
            level: authenticated.map(|_| Acr::Eidas1),
            in_perimeter: true,
            agreed: true,
        }
    }

    fn decide(request: &AuthorizeRequest, authenticated: Option<i64>) -> NextStep {
        next_step(&situation(request, authenticated))
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
            ("nobody", &plain, None, NextStep::SignIn(Why::NoSession)),
            ("somebody", &plain, Some(1), NextStep::Answer),
            ("prompt=login, old", &login, Some(99_999), NextStep::SignIn(Why::Asked)),
            ("prompt=login, since", &login, Some(100_000), NextStep::Answer),
            ("select_account, old", &select, Some(1), NextStep::SignIn(Why::Asked)),
            ("create, nobody", &create, None, NextStep::SignIn(Why::Create)),
            ("create, old", &create, Some(1), NextStep::SignIn(Why::Create)),
            ("create, since", &create, Some(100_000), NextStep::Answer),
            ("none, nobody", &none, None, NextStep::Refuse(ErrorCode::LoginRequired)),
            ("none, somebody", &none, Some(1), NextStep::Answer),
            ("none, too long ago", &none_max, Some(1), NextStep::Refuse(ErrorCode::LoginRequired)),
            ("max_age=0, since", &max(0), Some(105_000), NextStep::Answer),
            ("max_age=0, old", &max(0), Some(99_000), NextStep::SignIn(Why::TooLongAgo)),
            ("max_age=10000", &max(10_000), Some(1), NextStep::Answer),
            ("hint of another, old", &other, Some(1), NextStep::SignIn(Why::SomebodyElse)),
            ("hint of another, since", &other, Some(105_000), NextStep::Refuse(ErrorCode::LoginRequired)),
        ] {
            assert_eq!(decide(request, at), expected, "{case}");
        }
    }

    #[test]
    fn nothing_in_the_perimeter_is_explained_or_told_by_code() {
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..request() };
        let outside = |request| next_step(&Situation { in_perimeter: false, ..situation(request, Some(1)) });
        let asked = request();
        assert_eq!(outside(&asked), NextStep::Explain(Why::OutOfPerimeter));
        assert_eq!(outside(&none), NextStep::Refuse(ErrorCode::InteractionRequired));
    }
    #[test]
    fn oidcc_3_1_2_4_consent_is_asked_or_told_by_code() {
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..request() };
        let asked = request();
        let not_agreed = |request| next_step(&Situation { agreed: false, ..situation(request, Some(1)) });
        assert_eq!(not_agreed(&asked), NextStep::Agree);
        assert_eq!(not_agreed(&none), NextStep::Refuse(ErrorCode::ConsentRequired));
    }

    #[test]
    fn attack_m1_a_level_is_stepped_up_to_or_refused_never_claimed() {
        let wish = AcrWish { levels: vec![Acr::Mfa], essential: true };
        let asked = AuthorizeRequest { acr: wish.clone(), ..request() };
        let none = AuthorizeRequest { prompt: Prompt::parse("none").unwrap(), ..asked.clone() };
        assert_eq!(decide(&asked, Some(1)), NextStep::SignIn(Why::Level));
        assert_eq!(decide(&asked, Some(105_000)), NextStep::Refuse(ErrorCode::UnmetAuthenticationRequirements));
        assert_eq!(decide(&none, Some(1)), NextStep::Refuse(ErrorCode::LoginRequired));
        let high = Situation { level: Some(Acr::Mfa), ..situation(&asked, Some(1)) };
        assert_eq!(next_step(&high), NextStep::Answer);
        let wished = AuthorizeRequest { acr: AcrWish { essential: false, ..wish }, ..request() };
        assert_eq!(decide(&wished, Some(1)), NextStep::Answer, "a wish is no demand");
    }
}
