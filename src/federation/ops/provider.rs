//! The calls of an upstream's endpoints: bounded, without redirects, by the guarded client
//! (docs/threats.md#attack-d6, #attack-f1).

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value};
use url::Url;

use crate::app::Operation;
use crate::base::clock::Span;
use crate::base::ids::id128;
use crate::config::deployment::{Upstream, UpstreamAuthMethod};
use crate::federation::UpstreamFailure;
use crate::federation::ops::redirect_uri;
use crate::http::outgoing::{EndpointAnswer, EndpointCall, OutgoingError, UpstreamShare};
use crate::jose::{self, Alg, Claims, ExpectedTyp, JoseError, KeySet, VerifyError};
use crate::protocol::json;
use crate::protocol::provider_metadata::ProviderMetadata;
use crate::protocol::redirect::is_loopback;

/// The bounds of answers, in bytes.
const MAX_METADATA_BYTES: usize = 64 * 1024;
const MAX_KEYS_BYTES: usize = 64 * 1024;
const MAX_ANSWER_BYTES: usize = 64 * 1024;
/// The maximum length of an access token, in bytes: it goes into a header.
const MAX_ACCESS_TOKEN_BYTES: usize = 4 * 1024;

/// The maximum length of a `request_uri`, in bytes: it goes into an address.
const MAX_REQUEST_URI_BYTES: usize = 512;
/// The time in which the upstream takes a token by which Préau authenticates itself.
const ASSERTION_TTL: Span = Span::minutes(1);
/// The type of that token (RFC 7523 2.2).
const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

const JSON: &str = "application/json";
const JWT: &str = "application/jwt";

/// The tokens of a code.
pub struct UpstreamTokens {
    pub access_token: String,
    pub id_token: String,
}

/// An upstream, to be called in one operation.
pub struct UpstreamProvider<'a> {
    op: &'a Operation<'a>,
    upstream: &'a Upstream,
}

fn unavailable(what: &str, why: impl std::fmt::Display) -> UpstreamFailure {
    UpstreamFailure::Unavailable(format!("{what}: {why}"))
}

fn untrusted(what: &str, why: impl std::fmt::Display) -> UpstreamFailure {
    UpstreamFailure::Untrusted(format!("{what}: {why}"))
}

impl<'a> UpstreamProvider<'a> {
    pub fn new(op: &'a Operation<'a>, upstream: &'a Upstream) -> Self {
        Self { op, upstream }
    }

    async fn call(
        &self,
        share: UpstreamShare<'_>,
        call: EndpointCall<'_>,
        most: usize,
    ) -> anyhow::Result<EndpointAnswer> {
        let call = self.op.app.outgoing.call_upstream(share, call, most);
        let answer = tokio::time::timeout(self.upstream.timeout, call).await;
        Ok(answer.map_err(|_| anyhow::anyhow!("it took too long"))??)
    }

    async fn get(&self, address: &str, most: usize) -> anyhow::Result<Vec<u8>> {
        let call = EndpointCall { address, accept: JSON, authorization: None, form: None };
        let answer = self.call(UpstreamShare::Returns(&self.upstream.id), call, most).await?;
        anyhow::ensure!(answer.status == 200, "answered {}", answer.status);
        Ok(answer.body)
    }

    /// Fetches the discovery document of the issuer.
    pub async fn fetch_metadata(&self) -> anyhow::Result<ProviderMetadata> {
        let issuer = &self.upstream.issuer;
        let document = self.get(&ProviderMetadata::address(issuer), MAX_METADATA_BYTES).await?;
        let found = ProviderMetadata::parse(&document, issuer)?;
        anyhow::ensure!(self.is_for_browsers(&found.authorization_endpoint), "authorization_endpoint is no URL");
        Ok(found)
    }

    /// Returns the discovery document of the issuer, at most five minutes old.
    pub async fn metadata(&self) -> Result<Arc<ProviderMetadata>, UpstreamFailure> {
        let (app, issuer) = (self.op.app, &self.upstream.issuer);
        let fetch = async || self.fetch_metadata().await;
        let upstream = self.upstream.id.as_str();
        let log = |error: anyhow::Error| tracing::warn!(upstream, %error, "no discovery document");
        let found = app.upstream_metadata.get_or_fetch(issuer, self.op.now, false, fetch, log).await;
        found.ok_or_else(|| unavailable("discovery", "no document"))
    }

    /// True for an address to which a browser may be sent: https, or this machine's in a demo.
    pub fn is_for_browsers(&self, address: &str) -> bool {
        let here = |url: &Url| self.op.app.config.outgoing.allow_private && is_loopback(url);
        let plain = address.bytes().all(|b| (0x21..=0x7E).contains(&b)) && !address.contains('#');
        plain && Url::parse(address).is_ok_and(|url| url.has_host() && (url.scheme() == "https" || here(&url)))
    }

    /// Redeems a code (OIDCC 3.1.3.1), with the verifier of the attempt.
    pub async fn redeem_code(
        &self,
        metadata: &ProviderMetadata,
        code: &str,
        verifier: &str,
    ) -> Result<UpstreamTokens, UpstreamFailure> {
        let back = redirect_uri(self.op.app.issuer(), &self.upstream.id);
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", &back),
            ("code_verifier", verifier),
        ];
        let share = UpstreamShare::Returns(&self.upstream.id);
        let answer = self.post(share, &metadata.token_endpoint, &form).await;
        let answer = answer.map_err(|error| unavailable("token endpoint", error))?;
        match answer.status {
            200 => {}
            // RFC 6749 5.2: the code or the client is refused, and asking again changes nothing.
            400 | 401 => return Err(untrusted("token endpoint", format!("answered {}", answer.status))),
            other => return Err(unavailable("token endpoint", format!("answered {other}"))),
        }
        let body = json::object(&answer.body).ok_or_else(|| untrusted("token endpoint", "no JSON object"))?;
        let text = |name: &str| body.get(name).and_then(Value::as_str).map(str::to_owned);
        let bearer = text("token_type").is_some_and(|kind| kind.eq_ignore_ascii_case("bearer"));
        let access_token = text("access_token").filter(|token| bearer && is_header_safe(token));
        let access_token = access_token.ok_or_else(|| untrusted("token endpoint", "no bearer token"))?;
        let id_token = text("id_token").ok_or_else(|| untrusted("token endpoint", "no ID token"))?;
        Ok(UpstreamTokens { access_token, id_token })
    }

    /// Pushes an authorization request (RFC 9126 2). Returns the `request_uri` that stands for it; `None` if so many are
    /// pushed at this moment that this one is not, unless it `waits` for its turn.
    pub async fn push_request(
        &self,
        address: &str,
        request: &[(&str, &str)],
        waits: bool,
    ) -> Result<Option<String>, UpstreamFailure> {
        const WHAT: &str = "pushed request";
        let share = UpstreamShare::Starts { upstream_id: &self.upstream.id, waits };
        let answer = match self.post(share, address, request).await {
            Ok(answer) => answer,
            Err(error) if !waits && matches!(error.downcast_ref(), Some(OutgoingError::Busy)) => return Ok(None),
            Err(error) => return Err(unavailable(WHAT, error)),
        };
        match answer.status {
            201 => {}
            400 | 401 => return Err(untrusted(WHAT, format!("answered {}", answer.status))),
            other => return Err(unavailable(WHAT, format!("answered {other}"))),
        }
        let body = json::object(&answer.body).ok_or_else(|| untrusted(WHAT, "no JSON object"))?;
        let uri = body.get("request_uri").and_then(Value::as_str).filter(|uri| is_request_uri(uri));
        uri.map(|uri| Some(uri.to_owned())).ok_or_else(|| untrusted(WHAT, "no request_uri"))
    }

    /// Posts a form to an endpoint at which Préau authenticates itself by the method of the file (OIDCC 9). `share` is
    /// that of the calls of which this one is.
    async fn post(
        &self,
        share: UpstreamShare<'_>,
        address: &str,
        form: &[(&str, &str)],
    ) -> anyhow::Result<EndpointAnswer> {
        let upstream = self.upstream;
        let (client_id, secret) = (upstream.client_id.as_str(), upstream.client_secret.expose_secret());
        let (authorization, proof) = match upstream.token_endpoint_auth_method {
            UpstreamAuthMethod::ClientSecretBasic => (Some(basic(client_id, secret)), Vec::new()),
            UpstreamAuthMethod::ClientSecretPost => (None, vec![("client_secret", secret.to_owned())]),
            UpstreamAuthMethod::PrivateKeyJwt => {
                let assertion = self.assertion()?;
                (None, vec![("client_assertion_type", JWT_BEARER.to_owned()), ("client_assertion", assertion)])
            }
        };
        let mut fields = form.to_vec();
        if authorization.is_none() && !fields.iter().any(|(name, _)| *name == "client_id") {
            fields.push(("client_id", client_id));
        }
        fields.extend(proof.iter().map(|(name, value)| (*name, value.as_str())));
        let call = EndpointCall { address, accept: JSON, authorization: authorization.as_deref(), form: Some(&fields) };
        self.call(share, call, MAX_ANSWER_BYTES).await
    }

    /// Returns a token by which Préau proves to be this client (RFC 7523 3), signed with its active key of the algorithm,
    /// which stands in its JWKS. Its audience is the issuer, as one string (FAPI 2.0 5.3.3.1): another provider cannot
    /// pass it on.
    fn assertion(&self) -> Result<String, JoseError> {
        let Operation { app, now, .. } = *self.op;
        let (client_id, issued) = (&self.upstream.client_id, now.as_seconds());
        let claims = serde_json::json!({
            "iss": client_id, "sub": client_id, "aud": self.upstream.issuer, "jti": id128(app.rng.as_ref()),
            "iat": issued, "exp": issued + ASSERTION_TTL.as_seconds_ceil(),
        });
        jose::sign(&app.key_ring(), self.upstream.client_assertion_alg, "JWT", &claims)
    }

    /// Verifies the signature of an ID token by an algorithm of the file.
    pub async fn verify_id_token(
        &self,
        metadata: &ProviderMetadata,
        token: &str,
    ) -> Result<(Alg, Claims), UpstreamFailure> {
        self.verify(metadata, token, &self.upstream.id_token_algs).await.map_err(|e| e.about("ID token"))
    }

    /// Returns the claims of userinfo, which must be of the same person (OIDCC 5.3.2); none where there is no such
    /// endpoint.
    pub async fn userinfo(
        &self,
        metadata: &ProviderMetadata,
        access_token: &str,
        sub: &str,
    ) -> Result<Map<String, Value>, UpstreamFailure> {
        let Some(address) = &metadata.userinfo_endpoint else { return Ok(Map::new()) };
        let authorization = format!("Bearer {access_token}");
        let accept = if self.upstream.userinfo_alg.is_some() { JWT } else { JSON };
        let call = EndpointCall { address, accept, authorization: Some(&authorization), form: None };
        let answer = self.call(UpstreamShare::Returns(&self.upstream.id), call, MAX_ANSWER_BYTES).await;
        let answer = answer.map_err(|e| unavailable("userinfo", e))?;
        if answer.status != 200 {
            return Err(unavailable("userinfo", format!("answered {}", answer.status)));
        }
        let claims = match self.upstream.userinfo_alg {
            // The file says that it is signed: an unsigned answer is none.
            Some(alg) => {
                let token = String::from_utf8(answer.body).map_err(|_| untrusted("userinfo", "no token"))?;
                let verified = self.verify(metadata, token.trim(), &[alg]).await.map_err(|e| e.about("userinfo"))?;
                self.check_issuer_and_audience(&verified.1)?;
                verified.1
            }
            None => json::object(&answer.body).ok_or_else(|| untrusted("userinfo", "no JSON object"))?,
        };
        match claims.get("sub").and_then(Value::as_str) {
            Some(told) if told == sub => Ok(claims),
            _ => Err(untrusted("userinfo", "sub is another")),
        }
    }

    /// Checks whom a signed userinfo is from and for, where it says so (OIDCC 5.3.2).
    fn check_issuer_and_audience(&self, claims: &Claims) -> Result<(), UpstreamFailure> {
        let is_us = |value: &Value| value.as_str() == Some(&*self.upstream.client_id);
        let issuer = claims.get("iss").is_none_or(|iss| iss.as_str() == Some(&*self.upstream.issuer));
        let audience = claims.get("aud").is_none_or(|aud| match aud {
            Value::Array(all) => all.iter().any(is_us),
            one => is_us(one),
        });
        if issuer && audience { Ok(()) } else { Err(untrusted("userinfo", "iss or aud is another")) }
    }

    /// Verifies a signature with the upstream's keys. An unknown key has them fetched again, at a bounded rate
    /// (docs/threats.md#attack-j2), and so has a signature that none of them made: keys without a `kid` change unseen.
    async fn verify(
        &self,
        metadata: &ProviderMetadata,
        token: &str,
        allowed: &[Alg],
    ) -> Result<(Alg, Claims), SignatureFailure> {
        let keys = self.keys(metadata, false).await?;
        let verified = match keys.verify(token, allowed, ExpectedTyp::AbsentOr(&["JWT"])) {
            Err(VerifyError::UnknownKid | VerifyError::AmbiguousKey | VerifyError::Signature) => {
                self.keys(metadata, true).await?.verify(token, allowed, ExpectedTyp::AbsentOr(&["JWT"]))
            }
            verified => verified,
        };
        let (header, claims) = verified.map_err(SignatureFailure::Refused)?;
        let alg = header.alg().and_then(|alg| alg.parse().ok()).ok_or(SignatureFailure::Refused(VerifyError::Alg))?;
        Ok((alg, claims))
    }

    async fn keys(&self, metadata: &ProviderMetadata, unknown: bool) -> Result<Arc<KeySet>, SignatureFailure> {
        let fetch = async || {
            let document = self.get(&metadata.jwks_uri, MAX_KEYS_BYTES).await?;
            Ok::<_, anyhow::Error>(KeySet::parse(&serde_json::from_slice(&document)?)?)
        };
        let upstream = self.upstream.id.as_str();
        let log = |error: anyhow::Error| tracing::warn!(upstream, %error, "no keys");
        let place = format!("{} {}", self.upstream.issuer, metadata.jwks_uri);
        let found = self.op.app.upstream_keys.get_or_fetch(&place, self.op.now, unknown, fetch, log).await;
        found.ok_or(SignatureFailure::NoKeys)
    }
}

/// The reason for which a signature was not verified.
enum SignatureFailure {
    NoKeys,
    Refused(VerifyError),
}

impl SignatureFailure {
    fn about(self, what: &str) -> UpstreamFailure {
        match self {
            SignatureFailure::NoKeys => unavailable(what, "no keys"),
            SignatureFailure::Refused(why) => untrusted(what, why),
        }
    }
}

/// True for a token that a header can hold (RFC 6750 2.1).
fn is_header_safe(token: &str) -> bool {
    !token.is_empty() && token.len() <= MAX_ACCESS_TOKEN_BYTES && token.bytes().all(|b| b.is_ascii_graphic())
}

/// True for a `request_uri` that an address can carry (RFC 9126 2.2).
fn is_request_uri(uri: &str) -> bool {
    !uri.is_empty() && uri.len() <= MAX_REQUEST_URI_BYTES && uri.bytes().all(|b| b.is_ascii_graphic())
}

/// Returns the `Authorization` header of a client with a secret (RFC 6749 2.3.1).
fn basic(client_id: &str, secret: &str) -> String {
    let encode = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    format!("Basic {}", STANDARD.encode(format!("{}:{}", encode(client_id), encode(secret))))
}
