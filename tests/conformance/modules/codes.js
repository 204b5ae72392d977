// Codes used twice, redirect URIs, refresh.

import { checkIdToken, checkSecret, checkTokenRefusal, checkTokens } from "../checks.js";
import { ask, call, codeRequest, makeKey, pause, register, setUp, signIn, text, tokenRequest } from "../flow.js";

/** A page refuses, and nothing goes to the relying party. */
async function refusedOnPage(m, more) {
  const { sent, arrival } = await ask(m, more);
  m.F(!arrival, `sent to ${arrival?.url}`);
  m.page("refused", m.agent.refuses(more.redirect_uri), "not a page that refuses the request without leading there");
  return sent;
}

async function askRefreshToken(m, client) {
  const offline = m.server.scopes_supported?.includes("offline_access");
  const more = offline ? { scope: "openid offline_access", prompt: "consent" } : {};
  return signIn(m, more, { client });
}

const refresh = (m, refreshToken, how) =>
  tokenRequest(m, { grant_type: "refresh_token", refresh_token: refreshToken }, how);

const REFRESHING = (m) => [m.has("code") && "authorization_code", m.responseType !== "code" && "implicit",
  "refresh_token"].filter(Boolean);

function needsRefresh(m, { tokens }) {
  const announced = m.server.grant_types_supported?.includes("refresh_token");
  if (!tokens.refresh_token) {
    m.W(!announced, "grant_types_supported has refresh_token, but none is issued");
    m.S("no refresh token is issued");
  }
  m.W(announced, "a refresh token is issued, but grant_types_supported does not say so");
}

async function checkRefreshed(m, first, answer) {
  checkTokens(m, answer);
  const { json } = answer;
  checkSecret(m, "access_token", json.access_token);
  m.F(json.access_token !== first.tokens.access_token, "the same access token again");
  m.W(typeof json.expires_in === "number", "token: no expires_in");
  if (json.refresh_token !== undefined) checkSecret(m, "refresh_token", json.refresh_token);
  if (json.id_token === undefined) return;
  const before = first.back;
  const claims = await checkIdToken(m, json.id_token, m.keys, {
    issuer: m.issuer, clientId: m.client.client_id, accessToken: json.access_token, nonce: undefined,
  });
  for (const name of ["iss", "sub", "auth_time", "azp"]) m.F(claims[name] === before[name], `refresh: ${name} differs`);
  m.F(JSON.stringify(claims.aud) === JSON.stringify(before.aud), "refresh: aud differs");
  m.F(claims.iat >= before.iat, "refresh: iat is older");
}

export default {
  "oidcc-codereuse": async (m) => {
    await setUp(m);
    const { code } = await signIn(m);
    const answer = await codeRequest(m, code);
    if (m.W(answer.status !== 200, "the code was used twice")) checkTokenRefusal(m, answer, "invalid_grant");
  },
  "oidcc-codereuse-30seconds": async (m) => {
    await setUp(m);
    const signed = await signIn(m);
    // The suite waits 30 s, so that no grace hides the reuse; we have none.
    await pause(3000);
    checkTokenRefusal(m, await codeRequest(m, signed.code), "invalid_grant");
    const info = await call(m.server.userinfo_endpoint, {
      headers: { Authorization: `Bearer ${signed.tokens.access_token}` },
    });
    m.W(info.status >= 400 && info.status < 500, "the first access token still works");
  },
  "oidcc-ensure-registered-redirect-uri": async (m) => {
    await setUp(m);
    await refusedOnPage(m, { redirect_uri: `${m.client.redirect_uris[0]}/${text(10)}` });
  },
  "oidcc-ensure-redirect-uri-in-authorization-request": async (m) => {
    // Of two hosts, and no word on subjects or sectors.
    await setUp(m, { redirect_uris: [`${m.party.origin}/${text(8)}/retour`, "https://example.org/redirect"] });
    await refusedOnPage(m, { redirect_uri: undefined });
  },
  "oidcc-redirect-uri-query-OK": async (m) => {
    await setUp(m, { redirect_uris: [`${m.party.origin}/${text(8)}/retour?foo=bar`] });
    await signIn(m);
  },
  "oidcc-redirect-uri-query-mismatch": async (m) => {
    const uri = `${m.party.origin}/${text(8)}/retour`;
    await setUp(m, { redirect_uris: [`${uri}?foo=bar`] });
    await refusedOnPage(m, { redirect_uri: `${uri}?foo=other` });
  },
  "oidcc-redirect-uri-query-added": async (m) => {
    await setUp(m);
    await refusedOnPage(m, { redirect_uri: `${m.client.redirect_uris[0]}?foo=bar` });
  },
  "oidcc-refresh-token": async (m) => {
    await setUp(m, { grant_types: REFRESHING(m) });
    const client2 = m.dynamic ? await register(m, { grant_types: REFRESHING(m) }) : m.statics.client2;
    const first = await askRefreshToken(m, m.client);
    needsRefresh(m, first);
    checkSecret(m, "refresh_token", first.tokens.refresh_token);
    const refreshed = await refresh(m, first.tokens.refresh_token);
    await checkRefreshed(m, first, refreshed);
    const other = await askRefreshToken(m, client2);
    m.X(other.tokens.refresh_token, "client2 got no refresh token");
    checkTokenRefusal(m, await refresh(m, other.tokens.refresh_token), "invalid_grant");
  },
  "oidcc-refresh-token-rp-key-rotation": async (m) => {
    const [old, young] = [await makeKey(), await makeKey()];
    const path = `/${text(10)}/jwks`;
    const uri = m.party.serve(path, { keys: [old.publicJwk] });
    await setUp(m, { grant_types: REFRESHING(m), token_endpoint_auth_method: "private_key_jwt", jwks_uri: uri,
      privateKeys: [old] });
    const first = await askRefreshToken(m, m.client);
    needsRefresh(m, first);
    m.party.serve(path, { keys: [young.publicJwk] });
    // The suite waits 60 s; a provider that refetches on an unknown kid needs only its own brake to pass.
    await pause(Number(process.env.CONFORMANCE_KEYS_WAIT ?? 6000));
    await checkRefreshed(m, first, await refresh(m, first.tokens.refresh_token, { key: young }));
  },
};
