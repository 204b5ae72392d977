//! The flow of a test sign-in: request, sign-in, code, tokens and userinfo, by the parts that answer real ones.
//!
//! Real are the checks of the request, the table of the next step, the claims, the signatures and the encryption. Left
//! out is what a real one leaves behind: the code is matched with its request and never stored, the session is invented,
//! and instead of the client's secret stands that an administrator asked.

use serde_json::{Map, Value, json};

use super::outcome::{ShownEncryption, ShownToken, TestOutcome, TestSignIn, TestStep, TestStepKind};
use super::person::{ROSTER_KEY, TestPerson};
use super::shown::{cut, cut_signature, header_of, pretty};
use super::texts::{call, callback, error_text, request_steps, scheme};
use super::withheld::list_withheld;
use crate::app::Operation;
use crate::base::ids::{id128, id256};
use crate::base::secret::sha256_base64url;
use crate::base::typed_ids::ClientSessionId;
use crate::clients::{Client, GrantType};
use crate::grants::Grant;
use crate::http::paths;
use crate::keys;
use crate::oidc::authorization::granted::{
    GrantedAccess, GrantingSignIn, code_grant, front_channel_claims, front_channel_tokens, make_grant,
};
use crate::oidc::authorization::next_step::{AuthenticationContext, InteractionReason, NextStep, next_step};
use crate::oidc::authorization::pipeline::{Stage, check_request};
use crate::oidc::error::ProtocolError;
use crate::oidc::token_endpoint::authorization_code::verify_code_binding;
use crate::oidc::token_endpoint::token_request::TokenResponse;
use crate::oidc::tokens::claims::{self, ClaimsTarget, WantedClaims};
use crate::oidc::tokens::encryption::{protect_id_token, sign_userinfo};
use crate::oidc::tokens::issuer::{
    AccessTokenRequest, IdTokenRequest, IssuedTokens, SubjectGrant, TokenBinding, sign_tokens,
};
use crate::oidc::{ID_TOKEN_TYP, TOKEN_TTL};
use crate::protocol::acr::{Acr, Amr};
use crate::protocol::algorithms::Encryption;
use crate::protocol::authorize::AuthorizeRequest;
use crate::protocol::error::{ErrorCode, OAuthError};
use crate::protocol::params::{Params, encode};
use crate::protocol::response::ResponseType;
use crate::subjects;

/// The client under test. Its keys are downloaded only if it is registered and in use: for one that is merely asked for, or
/// suspended, nobody is called.
#[derive(Clone, Copy, Debug)]
pub struct TestedClient<'a> {
    pub client: &'a Client,
    pub is_registered: bool,
}

/// Runs a test sign-in of a fictitious person at a client.
pub async fn run(op: &Operation<'_>, tested: TestedClient<'_>, person: &TestPerson) -> anyhow::Result<TestSignIn> {
    let client = tested.client;
    let verifier = id256(op.app.rng.as_ref());
    let Some(pairs) = request_of(op, client, &verifier) else {
        return Ok(TestSignIn::ended(TestOutcome::NoRedirectUri, None, Vec::new()));
    };
    let params = Params::parse(&encode(pairs.iter().map(|(name, value)| (*name, value.as_str()))));
    let request = match check_request(op, Stage::TestSignIn { client }, &params).await {
        Ok((_, request)) => request,
        Err(refused) => match refused.into_protocol_error() {
            ProtocolError::Failed(error) => return Err(error.into()),
            ProtocolError::Denied(error) => {
                let answer = error_text(&error);
                let steps = request_steps(op, client, &pairs, &answer);
                return Ok(TestSignIn::ended(TestOutcome::Refused, Some(error), steps));
            }
        },
    };
    let sub = subjects::ops::invented_subject(&op.app.master_key, &client.meta, &person.account.id, ROSTER_KEY);
    match step_of(op, client, &request, person, &sub) {
        NextStep::Respond => {}
        NextStep::ExplainRefusal(InteractionReason::OutOfPerimeter) => {
            let steps = request_steps(op, client, &pairs, "");
            return Ok(TestSignIn::ended(TestOutcome::OutOfPerimeter, None, steps));
        }
        _ if !person.account.is_usable() => {
            let steps = request_steps(op, client, &pairs, "");
            return Ok(TestSignIn::ended(TestOutcome::Suspended, None, steps));
        }
        other => anyhow::bail!("a test sign-in ended at {other:?}"),
    }
    answer(op, tested, person, TestRequest { pairs: &pairs, request: &request, verifier: &verifier, sub: &sub }).await
}

/// Returns the parameters of a sound request with all that the client is registered for.
fn request_of(op: &Operation<'_>, client: &Client, verifier: &str) -> Option<Vec<(&'static str, String)>> {
    let meta = &client.meta;
    let rng = op.app.rng.as_ref();
    let kinds = &meta.response_types;
    let kind = kinds.iter().find(|kind| **kind == ResponseType::CODE).or(kinds.first())?;
    let mut pairs = vec![
        ("response_type", kind.name().to_owned()),
        ("client_id", client.id.to_string()),
        ("redirect_uri", meta.redirect_uris.first()?.clone()),
        ("scope", meta.scopes.to_scope_string()),
        ("state", id128(rng)),
        ("nonce", id128(rng)),
    ];
    if kind.code {
        pairs.push(("code_challenge", sha256_base64url(verifier)));
        pairs.push(("code_challenge_method", "S256".to_owned()));
    }
    Some(pairs)
}

/// Returns what the authorization endpoint would do next, once the person has signed in and agreed.
fn step_of(
    op: &Operation<'_>,
    client: &Client,
    request: &AuthorizeRequest,
    person: &TestPerson,
    sub: &str,
) -> NextStep {
    let (account, facts) = (&person.account, &person.facts);
    next_step(&AuthenticationContext {
        request,
        now: op.now,
        // A suspended account has no session.
        authenticated_at: account.is_usable().then_some(op.now),
        sub: Some(sub),
        acr: Some(Acr::from_amr(&[Amr::Pwd])),
        hinted_elsewhere: false,
        in_perimeter: claims::is_in_perimeter(client, account, &facts.children, facts.origin.as_ref()),
        has_subject: true,
        is_trial_full: false,
        consented: true,
    })
}

/// A checked request of a test.
#[derive(Clone, Copy)]
struct TestRequest<'a> {
    pairs: &'a [(&'static str, String)],
    request: &'a AuthorizeRequest,
    verifier: &'a str,
    sub: &'a str,
}

/// Makes the code, the tokens and userinfo.
async fn answer(
    op: &Operation<'_>,
    tested: TestedClient<'_>,
    person: &TestPerson,
    asked: TestRequest<'_>,
) -> anyhow::Result<TestSignIn> {
    let (client, rng) = (tested.client, op.app.rng.as_ref());
    let (request, kind) = (asked.request, asked.request.response_type);
    let sid = ClientSessionId::new(id128(rng));
    let by = GrantingSignIn {
        account_id: &person.account.id,
        at: op.now,
        amr: &[Amr::Pwd],
        acr: Some(Acr::from_amr(&[Amr::Pwd])),
        sid: &sid,
        generation: 0,
    };
    let grant = make_grant(op.app, client, request, GrantedAccess::of(client, request, true), by);
    let code = kind.code.then(|| id256(rng));
    let mut steps = request_steps(op, client, asked.pairs, &callback(op, request, code.as_deref()));
    let issued = match &code {
        Some(code) => match exchange(op, client, person, (asked, &grant, code))? {
            Ok((tokens, step)) => {
                steps.push(step);
                tokens
            }
            Err(error) => return Ok(TestSignIn::ended(TestOutcome::Refused, Some(error), steps)),
        },
        None => {
            let told = tell(client, person, &grant, front_channel_claims(kind));
            let (access, id) = front_channel_tokens(request, &grant, None, told);
            sign_tokens(op, client, SubjectGrant { sub: asked.sub, grant: &grant }, access, id)?
        }
    };
    let mut out = TestSignIn::ended(TestOutcome::Complete, None, steps);
    let mut said = Map::new();
    if let Some(token) = &issued.id_token {
        let (shown, claims) = verified(op, token).await?;
        said.extend(claims);
        out.id_token = Some(shown);
        out.id_token_encryption = encryption(op, tested, client.meta.id_token.encrypted, token).await?;
    }
    if issued.access_token.is_some() {
        let mut told = tell(client, person, &grant, ClaimsTarget::Userinfo);
        told.insert("sub".to_owned(), json!(asked.sub));
        said.extend(told.clone());
        if let Some(token) = sign_userinfo(op, client, &mut told).await? {
            let (shown, _) = verified(op, &token).await?;
            out.userinfo_token = Some(shown);
        }
        out.userinfo_encryption = encryption(op, tested, client.meta.userinfo.encrypted, "{}").await?;
        let shown = pretty(&Value::Object(told));
        let request = format!("GET {}{}\nAuthorization: {} …", op.app.issuer(), paths::USERINFO, scheme(client));
        out.steps.push(TestStep { kind: TestStepKind::Userinfo, request, answer: "200 OK".to_owned() });
        out.userinfo = Some(shown);
    }
    out.withheld = list_withheld(client, person, &grant, &said);
    Ok(out)
}

/// Returns the claims of a person, by the code that tells those of everybody.
fn tell(client: &Client, person: &TestPerson, grant: &Grant, place: ClaimsTarget) -> Map<String, Value> {
    let wanted = WantedClaims::of(client, &grant.disclosure, place);
    claims::tell(client, &person.account, &wanted, &person.facts)
}

/// Exchanges the code, as far as that reads and writes nothing.
fn exchange(
    op: &Operation<'_>,
    client: &Client,
    person: &TestPerson,
    (asked, grant, code): (TestRequest<'_>, &Grant, &str),
) -> anyhow::Result<Result<(IssuedTokens, TestStep), OAuthError>> {
    if !client.allows_grant(GrantType::AuthorizationCode) {
        return Ok(Err(OAuthError::new(ErrorCode::UnauthorizedClient, "not registered for this grant")));
    }
    let redirect_uri = asked.request.redirect_uri.as_str();
    let pairs = [
        ("grant_type", "authorization_code"),
        ("code", code),
        ("redirect_uri", redirect_uri),
        ("code_verifier", asked.verifier),
    ];
    let params = Params::parse(&encode(pairs));
    // The thumbprint stands for a key that the client would prove to have.
    let jkt = client.requirements().dpop.then(|| sha256_base64url(asked.verifier));
    let granted = code_grant(asked.request, grant);
    if let Err(why) = verify_code_binding(&granted, client, &params, jkt.as_deref()) {
        return Ok(Err(OAuthError::invalid_grant("the code does not fit this request").detail(why)));
    }
    let family = id128(op.app.rng.as_ref());
    let binding = match grant.offline {
        true => TokenBinding::Family { id: &family, generation: 0 },
        false => TokenBinding::Session { sid: &grant.sid, generation: grant.generation },
    };
    let access =
        AccessTokenRequest { binding, jkt: jkt.as_deref(), resource: &grant.resource, grant_id: grant.id.as_deref() };
    let told = tell(client, person, grant, ClaimsTarget::IdToken);
    let id = IdTokenRequest { nonce: granted.nonce.as_deref(), code: None, claims: told };
    let issued = sign_tokens(op, client, SubjectGrant { sub: asked.sub, grant }, Some(access), Some(id))?;
    let response = TokenResponse {
        access_token: issued.access_token.as_deref().map(cut).unwrap_or_default(),
        token_type: scheme(client),
        expires_in: TOKEN_TTL.as_seconds_ceil(),
        scope: grant.disclosure.scopes.to_scope_string(),
        id_token: issued.id_token.as_deref().map(cut),
        refresh_token: grant.family.as_ref().map(|_| "…".to_owned()),
    };
    let shown = pairs.map(|(name, value)| (name, if name == "code" { cut(value) } else { value.to_owned() }));
    let request = call("POST", &format!("{}{}", op.app.issuer(), paths::TOKEN), &shown);
    let answer = format!("200 OK\n{}", pretty(&serde_json::to_value(&response)?));
    Ok(Ok((issued, TestStep { kind: TestStepKind::Token, request, answer })))
}

/// Verifies a token with the published keys, and returns it as it is shown.
async fn verified(op: &Operation<'_>, token: &str) -> anyhow::Result<(ShownToken, Map<String, Value>)> {
    let found = keys::ops::verify(op, ID_TOKEN_TYP, token).await?;
    let is_verified = found.is_ok();
    let claims = found.unwrap_or_default();
    let shown = ShownToken {
        header: pretty(&header_of(token)),
        claims: pretty(&Value::Object(claims.clone())),
        compact: cut_signature(token),
        is_verified,
    };
    Ok((shown, claims))
}

/// Encrypts a text as the client registered for, and returns to which of its keys.
async fn encryption(
    op: &Operation<'_>,
    tested: TestedClient<'_>,
    how: Option<Encryption>,
    text: &str,
) -> anyhow::Result<Option<ShownEncryption>> {
    let Some(how) = how else { return Ok(None) };
    let mut shown = ShownEncryption { alg: how.alg.name(), enc: how.enc.name(), kid: None, has_key: false };
    let may_call = tested.is_registered && tested.client.is_usable();
    if !may_call && tested.client.meta.jwks.is_none() {
        return Ok(Some(shown));
    }
    // The way of ID tokens, whose encryption this one takes for the test.
    let mut client = tested.client.clone();
    client.meta.id_token.encrypted = Some(how);
    match protect_id_token(op, &client, text.to_owned()).await {
        Ok(token) => {
            shown.has_key = true;
            shown.kid = header_of(&token).get("kid").and_then(Value::as_str).map(str::to_owned);
        }
        Err(error) => tracing::info!(client = client.id.as_str(), %error, "a test sign-in found no key to encrypt to"),
    }
    Ok(Some(shown))
}
