//! The page of a test sign-in: its context and samples.

use serde::Serialize;

use crate::administrators::views::ConsoleFrame;
use crate::http::pages::Page;

/// An exchange between the client and Préau.
#[derive(Clone, Debug, Serialize)]
pub struct TestStepView {
    /// The end of the message's key.
    pub kind: &'static str,
    pub request: String,
    pub answer: String,
}

/// A signed answer, without the end of its signature.
#[derive(Clone, Debug, Serialize)]
pub struct TestTokenView {
    pub header: String,
    pub claims: String,
    pub compact: String,
    pub is_verified: bool,
}

/// The encryption of an answer.
#[derive(Clone, Debug, Serialize)]
pub struct TestEncryptionView {
    pub alg: &'static str,
    pub enc: &'static str,
    pub kid: Option<String>,
    pub has_key: bool,
}

/// Something that is not told.
#[derive(Clone, Debug, Serialize)]
pub struct WithheldView {
    pub name: &'static str,
    /// The end of the message's key.
    pub reason: &'static str,
    pub value: String,
}

/// The result of a test.
#[derive(Clone, Debug, Serialize)]
pub struct TestResultView {
    pub given_name: String,
    /// The end of the message's key.
    pub outcome: &'static str,
    /// The error and its description, of a refused request.
    pub error: Option<(&'static str, String)>,
    pub steps: Vec<TestStepView>,
    pub id_token: Option<TestTokenView>,
    pub id_token_encryption: Option<TestEncryptionView>,
    pub userinfo: Option<String>,
    pub userinfo_token: Option<TestTokenView>,
    pub userinfo_encryption: Option<TestEncryptionView>,
    pub withheld: Vec<WithheldView>,
}

/// The ends of a test: the ends of messages' keys.
const OUTCOMES: [&str; 5] = ["complete", "no_redirect_uri", "refused", "suspended", "out_of_perimeter"];

/// The reasons why something is not told: the ends of messages' keys.
const REASONS: [&str; 10] = [
    "no_scope",
    "other_profile",
    "person_has_none",
    "not_of_aaf",
    "nothing_within",
    "outside",
    "no_refresh_grant",
    "no_sign_out_address",
    "credential",
    "proof",
];

fn sample_result() -> TestResultView {
    let step = |kind| TestStepView {
        kind,
        request: "GET https://compte.example/oauth2/authorize\n  state = \"><script>alert(1)</script>".to_owned(),
        answer: "query https://transport.example/retour\n  code = 8fUeK0b7…".to_owned(),
    };
    let withheld = |reason: &'static str| WithheldView {
        name: "phone_number",
        reason,
        value: if reason == "no_scope" { "phone" } else { "Noé, Clg Mermoz" }.to_owned(),
    };
    TestResultView {
        given_name: "Dominique".to_owned(),
        outcome: "complete",
        error: None,
        steps: ["pushed", "authorize", "token", "userinfo"].into_iter().map(step).collect(),
        id_token: Some(TestTokenView {
            header: "{\n  \"alg\": \"RS256\"\n}".to_owned(),
            claims: "{\n  \"sub\": \"Yq3mK0b7Tn4\"\n}".to_owned(),
            compact: "eyJhbGciOiJSUzI1NiJ9.e30.abcdefgh…".to_owned(),
            is_verified: true,
        }),
        id_token_encryption: None,
        userinfo: Some("{\n  \"sub\": \"Yq3mK0b7Tn4\"\n}".to_owned()),
        userinfo_token: None,
        userinfo_encryption: None,
        withheld: REASONS.into_iter().map(withheld).collect(),
    }
}

/// A fictitious person to choose.
#[derive(Clone, Debug, Serialize)]
pub struct TestPersonView {
    /// The end of the message's key.
    pub word: &'static str,
    /// The school that the words name.
    pub school: String,
    pub is_chosen: bool,
}

/// The differences from a real sign-in: the ends of messages' keys.
pub const TEST_NOTES: [&str; 8] =
    ["draft", "pending", "suspended", "gone", "trial", "consent", "signed_request", "dpop"];

/// `/admin/services/…/essai`.
#[derive(Clone, Debug, Serialize)]
pub struct TestSignInPage {
    pub frame: ConsoleFrame,
    pub client_id: String,
    pub name: String,
    /// The page of the client or of the request.
    pub back: String,
    pub is_request: bool,
    pub persons: Vec<TestPersonView>,
    /// Of [`TEST_NOTES`].
    pub notes: Vec<&'static str>,
    /// The address at which the client itself begins a sign-in.
    pub site: Option<String>,
    /// True if no such person is offered.
    pub is_unknown_person: bool,
    /// True if so many tests were made within the hour that this one was not.
    pub is_limited: bool,
    pub result: Option<TestResultView>,
}

impl Page for TestSignInPage {
    const TEMPLATE: &'static str = "client_admin/test_sign_in.html";
    fn samples() -> Vec<Self> {
        let words = ["parent", "siblings", "pupil", "teacher", "staff", "guest", "outside", "suspended"];
        let person = |word: &'static str| TestPersonView {
            word,
            school: "Clg Théodore Monod".to_owned(),
            is_chosen: word == "siblings",
        };
        let page = TestSignInPage {
            frame: ConsoleFrame::sample().in_room("services"),
            client_id: "transport-lio".to_owned(),
            name: "Transport scolaire".to_owned(),
            back: "/admin/services/transport-lio".to_owned(),
            is_request: false,
            persons: words.into_iter().map(person).collect(),
            notes: Vec::new(),
            site: Some("https://transport.example/connexion?iss=https%3A%2F%2Fcompte.example".to_owned()),
            is_unknown_person: false,
            is_limited: false,
            result: None,
        };
        let ended = |outcome: &'static str| TestSignInPage {
            result: Some(TestResultView { outcome, ..sample_result() }),
            ..page.clone()
        };
        let refused = TestResultView {
            outcome: "refused",
            error: Some(("unauthorized_client", "response_type is not registered".to_owned())),
            id_token: None,
            userinfo: None,
            withheld: Vec::new(),
            ..sample_result()
        };
        let token = sample_result().id_token;
        let encryption = |kid: Option<&str>, has_key| {
            Some(TestEncryptionView { alg: "ECDH-ES", enc: "A256GCM", kid: kid.map(str::to_owned), has_key })
        };
        let encrypted = TestResultView {
            id_token_encryption: encryption(Some("c-1"), true),
            userinfo_encryption: encryption(None, true),
            userinfo_token: token.clone(),
            ..sample_result()
        };
        let keyless = TestResultView {
            id_token: token.map(|token| TestTokenView { is_verified: false, ..token }),
            id_token_encryption: encryption(None, false),
            userinfo_encryption: encryption(None, false),
            ..sample_result()
        };
        let mut all: Vec<Self> = vec![
            TestSignInPage { is_unknown_person: true, site: None, ..page.clone() },
            TestSignInPage { is_limited: true, ..page.clone() },
            TestSignInPage { is_request: true, notes: TEST_NOTES.to_vec(), ..page.clone() },
        ];
        all.extend(OUTCOMES.into_iter().map(ended));
        for result in [refused, encrypted, keyless] {
            all.push(TestSignInPage { result: Some(result), ..page.clone() });
        }
        all.push(page);
        all
    }
}
