//! Why the person must act before a request can be answered: one pure table.
//!
//! Each line names its reason; `prompt=none` turns whichever applies first into its error code (OIDCC 3.1.2.6).

use crate::base::clock::{Span, Timestamp};
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
    /// Whether the client's perimeter has anything of the person.
    pub in_perimeter: bool,
}

/// Why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    NoSession,
    /// `prompt=login` or `select_account`, and the sign-in is older than the request.
    Asked,
    /// `max_age` is exceeded.
    TooLongAgo,
    /// `id_token_hint` names somebody else.
    SomebodyElse,
    /// Nothing of the person is in the client's perimeter.
    OutOfPerimeter,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NextStep {
    Answer,
    SignIn(Why),
    /// A page that explains it.
    Explain(Why),
    Refuse(ErrorCode),
}

/// The table, in order.
pub fn next_step(s: &Situation<'_>) -> NextStep {
    let fresh = s.authenticated.is_some_and(|at| at >= s.request.received);
    let checks: [(bool, Why); 5] = [
        (s.authenticated.is_none(), Why::NoSession),
        ((s.request.prompt.login || s.request.prompt.select_account) && !fresh, Why::Asked),
        (s.authenticated.is_some_and(|at| exceeds(s, at)) && !fresh, Why::TooLongAgo),
        (s.request.expected_sub.is_some() && s.request.expected_sub.as_deref() != s.sub, Why::SomebodyElse),
        (!s.in_perimeter, Why::OutOfPerimeter),
    ];
    let Some((_, why)) = checks.into_iter().find(|(applies, _)| *applies) else { return NextStep::Answer };
    match (why, s.request.prompt.none) {
        (Why::OutOfPerimeter, true) => NextStep::Refuse(ErrorCode::InteractionRequired),
        (Why::OutOfPerimeter, false) => NextStep::Explain(why),
        (_, true) => NextStep::Refuse(ErrorCode::LoginRequired),
        // The person signed in since, and is still somebody else: asking once more would never end.
        (Why::SomebodyElse, false) if fresh => NextStep::Refuse(ErrorCode::LoginRequired),
        (_, false) => NextStep::SignIn(why),
    }
}

fn exceeds(s: &Situation<'_>, at: Timestamp) -> bool {
    s.request.max_age.is_some_and(|max| s.now.since(at) > Span::seconds(max))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::authorize::Prompt;
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
            received: Timestamp(100_000),
        }
    }

    fn decide(request: &AuthorizeRequest, authenticated: Option<i64>) -> NextStep {
        let authenticated = authenticated.map(Timestamp);
        next_step(&Situation { request, now: Timestamp(110_000), authenticated, sub: Some("me"), in_perimeter: true })
    }

    #[test]
    fn oidcc_3_1_2_3_the_table() {
        let plain = request();
        let login = AuthorizeRequest { prompt: Prompt::parse("login").unwrap(), ..request() };
        let select = AuthorizeRequest { prompt: Prompt::parse("select_account").unwrap(), ..request() };
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
        let outside = |request| {
            let authenticated = Some(Timestamp(1));
            next_step(&Situation { request, now: Timestamp(2), authenticated, sub: Some("me"), in_perimeter: false })
        };
        let asked = request();
        assert_eq!(outside(&asked), NextStep::Explain(Why::OutOfPerimeter));
        assert_eq!(outside(&none), NextStep::Refuse(ErrorCode::InteractionRequired));
    }
}
