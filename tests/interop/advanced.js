// What the certified libraries can beyond the plain flow: private_key_jwt, pushed and signed requests, DPoP with the
// server's nonces, refresh, introspection, revocation.

import * as oauth from "oauth4webapi";
import * as client from "openid-client";
import { assert, assertEqual, assertSays } from "../browser/report.js";
import { SIGNED, STRICT } from "./clients.js";
import { refused, request } from "./flow.js";
import { KEYS, signingKey } from "./keys.js";

/** Discovers the provider as a client that has a key. */
async function configureKeyed(issuer, registered) {
  const { client_id: id } = registered;
  const configuration = await client.discovery(new URL(issuer), id, undefined,
    client.PrivateKeyJwt(await signingKey(KEYS[id])), { execute: [client.enableNonRepudiationChecks] });
  const seen = { nonceAsked: 0 };
  configuration[client.customFetch] = async (...words) => {
    const answer = await fetch(...words);
    if (answer.headers.has("dpop-nonce") && [400, 401].includes(answer.status)) seen.nonceAsked += 1;
    return answer;
  };
  return { configuration, seen };
}

async function land(person, url, registered) {
  const landed = await person.answer(url, registered.redirect_uris[0]);
  assert(landed, `rests on ${person.browser.url}: ${person.browser.text()}`);
  return landed;
}

/** Fails unless the resource server's answer is 401. */
async function refusedUserInfo(promise) {
  const error = await promise.then(() => undefined, (caught) => caught);
  assert(error, "the access token is taken");
  assertEqual(error.status ?? error.cause?.status, 401, `status (${error.message})`);
}

export async function proofs(report, issuer, person) {
  const { configuration, seen } = await configureKeyed(issuer, STRICT);
  const DPoP = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair("ES256"));
  const name = "openid-client, private_key_jwt with PAR and DPoP";

  await report.check(`${name}: a request that was not pushed is refused`, async () => {
    const asked = await request(configuration, STRICT);
    const landed = await person.browser.open(asked.url, { stop: STRICT.redirect_uris[0] });
    if (landed) assertEqual(landed.searchParams.get("error"), "invalid_request", "error");
    else assertEqual(person.browser.status, 400, "status");
  });
  const tokens = await report.step(`${name}: pushed request, code, ID token, token bound to the key`, async () => {
    const asked = await request(configuration, STRICT);
    const url = await client.buildAuthorizationUrlWithPAR(configuration, asked.parameters, { DPoP });
    assertEqual([...url.searchParams.keys()].sort().join(), "client_id,request_uri", "parameters in the address");
    const landed = await land(person, url, STRICT);
    const given = await client.authorizationCodeGrant(configuration, landed, asked.checks, undefined, { DPoP });
    assertEqual(given.token_type.toLowerCase(), "dpop", "token_type");
    assert(given.refresh_token, "no refresh token");
    assert(seen.nonceAsked > 0, "no nonce of the server's was asked for");
    return given;
  });
  const { sub } = tokens.claims();
  await report.check(`${name}: userinfo wants the proof`, async () => {
    const info = await client.fetchUserInfo(configuration, tokens.access_token, sub, { DPoP });
    assertEqual(info.given_name, person.parent.prenom, "given_name");
    await refusedUserInfo(client.fetchUserInfo(configuration, tokens.access_token, sub));
    const other = client.getDPoPHandle(configuration, await client.randomDPoPKeyPair("ES256"));
    await refusedUserInfo(client.fetchUserInfo(configuration, tokens.access_token, sub, { DPoP: other }));
  });
  const later = await report.step(`${name}: refresh gives a token for the same person and key`, async () => {
    const given = await client.refreshTokenGrant(configuration, tokens.refresh_token, undefined, { DPoP });
    assertEqual(given.token_type.toLowerCase(), "dpop", "token_type");
    assert(given.access_token !== tokens.access_token, "the access token is the old one");
    if (given.id_token) {
      assertEqual(given.claims().sub, sub, "sub");
      assertEqual(given.claims().auth_time, tokens.claims().auth_time, "auth_time");
    }
    await client.fetchUserInfo(configuration, given.access_token, sub, { DPoP });
    return given;
  });
  await report.check(`${name}: refresh without a proof is refused`, async () => {
    const error = await client.refreshTokenGrant(configuration, later.refresh_token ?? tokens.refresh_token)
      .then(() => undefined, (caught) => caught);
    assert(error, "not refused");
    assertSays(error.error ?? "", /^invalid_(dpop_proof|request|grant)$/);
  });
  await introspectionAndRevocation(report, name, configuration, later, tokens, { DPoP });
}

async function introspectionAndRevocation(report, name, configuration, later, tokens, options) {
  const refresh = later.refresh_token ?? tokens.refresh_token;
  await report.check(`${name}: introspection says what the token is`, async () => {
    const said = await client.tokenIntrospection(configuration, later.access_token);
    assertEqual(said.active, true, "active");
    assertEqual(said.client_id, configuration.clientMetadata().client_id, "client_id");
    assertEqual(said.sub, tokens.claims().sub, "sub");
    assertEqual(Boolean(said.cnf?.jkt), Boolean(options.DPoP), "bound to a key");
    assertEqual((await client.tokenIntrospection(configuration, "nothing")).active, false, "active, of nothing");
  });
  await report.check(`${name}: revocation ends the refresh token and what came of it`, async () => {
    await client.tokenRevocation(configuration, refresh, { token_type_hint: "refresh_token" });
    await refused(client.refreshTokenGrant(configuration, refresh, undefined, options), "invalid_grant");
    const said = await client.tokenIntrospection(configuration, later.access_token);
    assertEqual(said.active, false, "active");
    await refusedUserInfo(client.fetchUserInfo(configuration, later.access_token, tokens.claims().sub, options));
  });
}

export async function signedRequests(report, issuer, person) {
  const { configuration } = await configureKeyed(issuer, SIGNED);
  const key = await signingKey(KEYS.signed);
  const name = "openid-client, private_key_jwt with request objects";
  await report.check(`${name}: a request that is not signed is refused`, async () => {
    const asked = await request(configuration, SIGNED);
    const landed = await person.browser.open(asked.url, { stop: SIGNED.redirect_uris[0] });
    if (landed) assertSays(landed.searchParams.get("error"), /^invalid_request/);
    else assertEqual(person.browser.status, 400, "status");
  });
  await report.check(`${name}: a request signed with another key is refused`, async () => {
    const asked = await request(configuration, SIGNED);
    const { privateKey } = await crypto.subtle.generateKey({
      name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]),
    }, false, ["sign"]);
    const url = await client.buildAuthorizationUrlWithJAR(configuration, asked.parameters,
      { key: privateKey, kid: key.kid });
    const landed = await person.browser.open(url, { stop: SIGNED.redirect_uris[0] });
    assert(!landed?.searchParams.has("code"), "a code");
    if (landed) assertEqual(landed.searchParams.get("error"), "invalid_request_object", "error");
    else assertEqual(person.browser.status, 400, "status");
  });
  const tokens = await report.step(`${name}: request object, code, ID token, userinfo`, async () => {
    const asked = await request(configuration, SIGNED);
    const url = await client.buildAuthorizationUrlWithJAR(configuration, asked.parameters, key);
    const landed = await land(person, url, SIGNED);
    const given = await client.authorizationCodeGrant(configuration, landed, asked.checks);
    assertEqual(given.token_type.toLowerCase(), "bearer", "token_type");
    await client.fetchUserInfo(configuration, given.access_token, given.claims().sub);
    return given;
  });
  await report.check(`${name}: the request object may be pushed`, async () => {
    const asked = await request(configuration, SIGNED);
    const { searchParams } = await client.buildAuthorizationUrlWithJAR(configuration, asked.parameters, key);
    const url = await client.buildAuthorizationUrlWithPAR(configuration, searchParams);
    const landed = await land(person, url, SIGNED);
    await client.authorizationCodeGrant(configuration, landed, asked.checks);
  });
  const later = await report.step(`${name}: refresh`, async () => {
    const given = await client.refreshTokenGrant(configuration, tokens.refresh_token);
    await client.fetchUserInfo(configuration, given.access_token, tokens.claims().sub);
    return given;
  });
  await introspectionAndRevocation(report, name, configuration, later, tokens, {});
}

/** oauth4webapi leaves the second attempt, with the nonce, to its caller. */
async function withNonce(send, read) {
  try {
    return await read(await send());
  } catch (error) {
    if (!oauth.isDPoPNonceError(error)) throw error;
    return read(await send());
  }
}

export async function strictestProofs(report, issuer, person) {
  const name = "oauth4webapi, private_key_jwt with PAR and DPoP";
  const us = { client_id: STRICT.client_id, require_auth_time: true };
  const server = new URL(issuer);
  const as = await oauth.processDiscoveryResponse(server, await oauth.discoveryRequest(server));
  const method = oauth.PrivateKeyJwt(await signingKey(KEYS.strict));
  const DPoP = oauth.DPoP(us, await oauth.generateKeyPair("ES256"));
  const redirect = STRICT.redirect_uris[0];

  const got = await report.step(`${name}: pushed request, code, ID token, userinfo`, async () => {
    const verifier = oauth.generateRandomCodeVerifier();
    const [state, nonce] = [oauth.generateRandomState(), oauth.generateRandomNonce()];
    const parameters = {
      redirect_uri: redirect, response_type: "code", scope: STRICT.scope, state, nonce,
      code_challenge: await oauth.calculatePKCECodeChallenge(verifier), code_challenge_method: "S256",
    };
    const pushed = await withNonce(
      () => oauth.pushedAuthorizationRequest(as, us, method, parameters, { DPoP }),
      (answer) => oauth.processPushedAuthorizationResponse(as, us, answer),
    );
    assert(pushed.expires_in > 0, "expires_in");
    const url = new URL(as.authorization_endpoint);
    url.searchParams.set("client_id", us.client_id);
    url.searchParams.set("request_uri", pushed.request_uri);
    const landed = oauth.validateAuthResponse(as, us, await land(person, url, STRICT), state);
    let response;
    const tokens = await withNonce(
      async () => {
        response = await oauth.authorizationCodeGrantRequest(as, us, method, landed, redirect, verifier, { DPoP });
        return response;
      },
      (answer) => oauth.processAuthorizationCodeResponse(as, us, answer, {
        expectedNonce: nonce, requireIdToken: true, maxAge: 300,
      }),
    );
    await oauth.validateApplicationLevelSignature(as, response);
    const { sub } = oauth.getValidatedIdTokenClaims(tokens);
    const info = await withNonce(
      () => oauth.userInfoRequest(as, us, tokens.access_token, { DPoP }),
      (answer) => oauth.processUserInfoResponse(as, us, sub, answer),
    );
    assertEqual(info.given_name, person.parent.prenom, "given_name");
    return { tokens, sub };
  });
  await report.check(`${name}: refresh, introspection, revocation`, async () => {
    const { tokens } = got;
    const later = await withNonce(
      () => oauth.refreshTokenGrantRequest(as, us, method, tokens.refresh_token, { DPoP }),
      (answer) => oauth.processRefreshTokenResponse(as, us, answer),
    );
    const about = async () => oauth.processIntrospectionResponse(as, us,
      await oauth.introspectionRequest(as, us, method, later.access_token));
    assertEqual((await about()).active, true, "active");
    const refresh = later.refresh_token ?? tokens.refresh_token;
    await oauth.processRevocationResponse(await oauth.revocationRequest(as, us, method, refresh));
    assertEqual((await about()).active, false, "active after its revocation");
  });
}
