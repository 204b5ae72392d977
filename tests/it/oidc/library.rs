//! The `openidconnect` crate with its defaults, as a service in Rust would use it: discovery, sign-in, refresh,
//! userinfo, sign-out. Its calls go to the application without a socket.

use axum::body::Body;
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenVerifier, CoreProviderMetadata,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl,
    LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge, PostLogoutRedirectUrl,
    ProviderMetadataWithLogout, RedirectUrl, RefreshToken, Scope, TokenResponse as _,
};
use preau::base::clock::Span;
use preau::clients::GrantType;

use crate::support::{Browser, Landing, TestServer, deployment};

/// The crate's calls, answered by the application.
async fn call(server: TestServer, request: HttpRequest) -> Result<HttpResponse, std::io::Error> {
    let answer = server.call(request.map(Body::from)).await;
    let mut response = HttpResponse::new(answer.bytes);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers;
    Ok(response)
}

#[tokio::test]
async fn a_service_signs_in_refreshes_and_signs_out_with_it() {
    let server = TestServer::start().await;
    server.change_client("ent", |meta| meta.grant_types.push(GrantType::RefreshToken)).await;
    let member = server.create_durand().await;
    let http = |request: HttpRequest| call(server.clone(), request);

    let issuer = IssuerUrl::new(server.issuer().to_owned()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer.clone(), &http).await.unwrap();
    let methods = metadata.token_endpoint_auth_methods_supported().unwrap();
    assert!(methods.contains(&CoreClientAuthMethod::PrivateKeyJwt));
    let secret = ClientSecret::new(deployment::secret("ent"));
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new("ent".to_owned()), Some(secret))
        .set_redirect_uri(RedirectUrl::new(deployment::redirect_uri("ent")).unwrap());

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scopes(["profile", "phone"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();
    let mut browser = Browser::new(&server);
    browser.open(url.as_str().strip_prefix(server.issuer()).unwrap()).await;
    let landed = browser.sign_in(&member).await.expect_redirect_away();
    let get = |name: &str| landed.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned()).unwrap();
    assert_eq!(&get("state"), state.secret());

    let code = AuthorizationCode::new(get("code"));
    let exchange = client.exchange_code(code).unwrap().set_pkce_verifier(verifier);
    let given = exchange.request_async(&http).await.unwrap();
    let trust: CoreIdTokenVerifier<'_> = client.id_token_verifier().set_time_fn({
        let now = server.now().as_seconds();
        move || chrono::DateTime::from_timestamp(now, 0).unwrap()
    });
    let id_token = given.id_token().unwrap();
    let claims = id_token.claims(&trust, &nonce).unwrap();
    let hash = AccessTokenHash::from_token(
        given.access_token(),
        id_token.signing_alg().unwrap(),
        id_token.signing_key(&trust).unwrap(),
    );
    assert_eq!(claims.access_token_hash(), Some(&hash.unwrap()));

    let about: CoreUserInfoClaims = client
        .user_info(given.access_token().clone(), Some(claims.subject().clone()))
        .unwrap()
        .request_async(&http)
        .await
        .unwrap();
    assert_eq!(
        (about.phone_number().is_some(), about.phone_number_verified()),
        (true, Some(false)),
        "no code came from it: {about:?}"
    );

    server.advance(Span::minutes(6));
    let first = given.refresh_token().unwrap();
    let turned = client.exchange_refresh_token(first).unwrap().request_async(&http).await.unwrap();
    assert_ne!(turned.access_token().secret(), given.access_token().secret());
    // A client with a secret keeps the one that it has (RFC 9700 4.14.2).
    assert_eq!(turned.refresh_token().unwrap().secret(), first.secret());
    client.user_info(turned.access_token().clone(), None).unwrap();

    // Sign-out: the extended metadata is read again, as the crate has it.
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, &http).await.unwrap();
    let end = metadata.additional_metadata().end_session_endpoint.clone().unwrap();
    let back = PostLogoutRedirectUrl::new(deployment::goodbye_uri("ent")).unwrap();
    let url = LogoutRequest::from(end).set_id_token_hint(id_token).set_post_logout_redirect_uri(back).http_get_url();
    let landed = browser.open(url.as_str().strip_prefix(server.issuer()).unwrap()).await;
    assert!(matches!(landed, Landing::ExternalSite(to) if to.as_str() == deployment::goodbye_uri("ent")));
    let dead = RefreshToken::new(turned.refresh_token().unwrap().secret().clone());
    assert!(client.exchange_refresh_token(&dead).unwrap().request_async(&http).await.is_err());
}
