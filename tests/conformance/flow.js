// What the modules do: ask, answer, exchange, call. Every answer goes through checks.js on its way.

import { randomBytes, randomUUID } from "node:crypto";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { checkIdToken, checkKeys, checkRegistered, checkSuccess, checkTokens, checkUserinfo, readAnswer }
  from "./checks.js";

export const text = (length) => randomBytes(length).toString("base64url").slice(0, length);
export const pause = (milliseconds) => new Promise((done) => { setTimeout(done, milliseconds); });

/** One request; the answer read to its end. */
export async function call(url, options = {}) {
  const response = await fetch(url, { redirect: "manual", ...options });
  const body = await response.text();
  let json;
  try {
    json = JSON.parse(body);
  } catch {
    json = undefined;
  }
  const type = response.headers.get("content-type") ?? "";
  return { status: response.status, headers: response.headers, type, text: body, json };
}

const clean = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));

/** Discovery, keys and the client: the beginning of every module. */
export async function setUp(m, registration = {}) {
  const discovered = await call(`${m.issuer}/.well-known/openid-configuration`);
  m.X(discovered.status === 200 && discovered.json, `discovery: status ${discovered.status}`);
  m.server = discovered.json;
  m.X(m.server.issuer === m.issuer, `discovery: issuer is ${m.server.issuer}`);
  const needed = ["authorization_endpoint", "userinfo_endpoint", ...(m.has("code") ? ["token_endpoint"] : [])];
  for (const name of needed) m.X(URL.canParse(m.server[name]), `discovery: ${name} is ${m.server[name]}`);
  const keys = await call(m.server.jwks_uri);
  m.W(keys.status === 200, `JWKS: status ${keys.status}`);
  m.keys = keys.json;
  checkKeys(m, m.keys);
  const methods = m.server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  const method = registration.token_endpoint_auth_method ?? "client_secret_basic";
  m.F(methods.includes(method), `discovery: ${method} is not in token_endpoint_auth_methods_supported`);
  const supported = m.server.response_types_supported ?? [];
  m.X(!m.responseType || supported.includes(m.responseType), `discovery: no response_type ${m.responseType}`);
  if (m.mode === "form_post") {
    m.X(m.server.response_modes_supported?.includes("form_post"), "discovery: no response_mode form_post");
  }
  m.client = m.dynamic ? await register(m, registration) : m.statics[m.role ?? "client"];
  return m;
}

/** The suite registers keys with every client; making them takes too long to do it each time. */
let usualKey;

/** What a module registers, before its own point. */
export async function registrationOf(m, more = {}) {
  const name = `dyn-${randomUUID().slice(0, 8)}`;
  const types = m.responseType ?? "code";
  usualKey ??= makeKey();
  const grants = [m.has("code") && "authorization_code", types !== "code" && "implicit"].filter(Boolean);
  return clean({
    client_name: `Client ${name}`,
    redirect_uris: [`${m.party.origin}/${name}/retour`],
    post_logout_redirect_uris: [`${m.party.origin}/${name}/parti`],
    contacts: ["certification@example.org"],
    response_types: [types],
    grant_types: grants,
    token_endpoint_auth_method: "client_secret_basic",
    jwks: more.jwks_uri ? undefined : { keys: [(await usualKey).publicJwk] },
    ...more,
  });
}

/** Sends a registration, whatever becomes of it. */
export function tryRegister(m, registration) {
  m.X(m.server.registration_endpoint, "discovery: no registration_endpoint");
  return call(m.server.registration_endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${m.initialToken}` },
    body: JSON.stringify(registration),
  });
}

export async function register(m, more = {}) {
  const { privateKeys, ...words } = more;
  const registration = await registrationOf(m, words);
  const answer = await tryRegister(m, registration);
  checkRegistered(m, answer);
  const client = { ...registration, ...answer.json, privateKeys };
  m.registered.push(client);
  return client;
}

/** Every module ends so (B.1): W where the client is not deleted. */
export async function tidy(m) {
  for (const { registration_client_uri: url, registration_access_token: token } of m.registered) {
    if (!url) continue;
    const { status } = await call(url, { method: "DELETE", headers: { Authorization: `Bearer ${token}` } });
    m.W(status === 204, `registration: DELETE gives ${status}`);
  }
}

/** A key pair of the relying party's, as JWK. */
export async function makeKey(alg = "RS256") {
  const kid = randomUUID();
  const { publicKey, privateKey } = await generateKeyPair(alg);
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}

export function sign(key, claims, header = {}) {
  return new SignJWT(claims).setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}

/** The parameters of an authorization request. What is given as undefined is left out. */
export function parametersOf(m, more = {}, client = m.client) {
  return clean({
    client_id: client.client_id,
    redirect_uri: client.redirect_uris[0],
    scope: "openid",
    state: text(20),
    nonce: text(20),
    response_type: m.responseType,
    response_mode: m.mode === "form_post" ? "form_post" : undefined,
    ...more,
  });
}

export const addressOf = (m, sent) => `${m.server.authorization_endpoint}?${new URLSearchParams(sent)}`;

/** Asks, and lets the person do what they are asked. `arrival` is missing where a page stays. */
export async function ask(m, more = {}, { agent = m.agent, client = m.client, post, reversed } = {}) {
  const straight = parametersOf(m, more, client);
  const sent = reversed ? Object.fromEntries(Object.entries(straight).reverse()) : straight;
  const arrival = post
    ? await agent.visit(m.server.authorization_endpoint, {
      method: "POST", body: new URLSearchParams(sent).toString(), site: "cross-site", origin: m.party.origin,
    })
    : await agent.visit(addressOf(m, sent));
  return { sent, arrival };
}

const rests = (agent) => `no answer; the browser rests on ${agent.url} (${agent.status}): ${agent.text().slice(0, 160)}`;

/** Where the answer to what was sent lies. */
export function read(m, { sent, arrival }, agent = m.agent) {
  m.X(arrival, rests(agent));
  return readAnswer(m, arrival, {
    responseType: sent.response_type, mode: sent.response_mode, redirectUri: sent.redirect_uri,
  });
}

function basic({ client_id: id, client_secret: secret }) {
  const encode = (value) => new URLSearchParams([["", value]]).toString().slice(1);
  return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString("base64")}`;
}

/** What proves the client at the token endpoint. */
async function proof(m, client, { audience = m.server.token_endpoint, key = client.privateKeys?.[0] } = {}) {
  switch (client.token_endpoint_auth_method) {
    case "client_secret_post":
      return { body: { client_id: client.client_id, client_secret: client.client_secret }, headers: {} };
    case "private_key_jwt": {
      const at = Math.floor(Date.now() / 1000);
      const claims = { iss: client.client_id, sub: client.client_id, aud: audience, jti: randomUUID(), iat: at,
        exp: at + 60 };
      return {
        body: {
          client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
          client_assertion: await sign(key, claims),
        },
        headers: {},
      };
    }
    default:
      return { body: {}, headers: { Authorization: basic(client) } };
  }
}

/** A request to the token endpoint, whatever becomes of it. */
export async function tokenRequest(m, parameters, { client = m.client, ...how } = {}) {
  const { body, headers } = await proof(m, client, how);
  return call(m.server.token_endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json", ...headers },
    body: new URLSearchParams(clean({ ...parameters, ...body })).toString(),
  });
}

export function codeRequest(m, code, { client = m.client, verifier, ...how } = {}) {
  const parameters = { grant_type: "authorization_code", code, redirect_uri: client.redirect_uris[0],
    code_verifier: verifier };
  return tokenRequest(m, parameters, { client, ...how });
}

/**
 * From the request to the tokens, with every check of B.1.
 * @returns `sent`, `params`, `tokens` (of the token endpoint), `claims` (of the best ID token), `idToken`,
 *   `accessToken`, `code`
 */
export async function signIn(m, more = {}, { agent = m.agent, client = m.client, verifier, ...how } = {}) {
  const asked = await ask(m, more, { agent, client, ...how });
  const params = read(m, asked, agent);
  const { sent } = asked;
  checkSuccess(m, params, sent, m.issuer);
  const [code, frontToken] = [params.get("code") ?? undefined, params.get("access_token") ?? undefined];
  const expected = { issuer: m.issuer, clientId: client.client_id, nonce: sent.nonce,
    alg: client.id_token_signed_response_alg ?? "RS256" };
  let [front, back, tokens] = [];
  if (params.has("id_token")) {
    const needs = [m.has("token") && "at_hash", m.has("code") && "c_hash"].filter(Boolean);
    front = await checkIdToken(m, params.get("id_token"), m.keys, { ...expected, accessToken: frontToken, code, needs });
  }
  if (code) {
    const answer = await codeRequest(m, code, { client, verifier, ...how });
    checkTokens(m, answer);
    tokens = answer.json;
    m.X(typeof tokens.id_token === "string", "token: no id_token");
    back = await checkIdToken(m, tokens.id_token, m.keys, { ...expected, accessToken: tokens.access_token, code });
    if (front) {
      for (const name of ["iss", "sub"]) m.F(front[name] === back[name], `ID tokens: ${name} differs`);
    }
  }
  return {
    sent, params, tokens, code, front, back, claims: back ?? front,
    idToken: tokens?.id_token ?? params.get("id_token"), accessToken: tokens?.access_token ?? frontToken,
  };
}

/** Userinfo by one of its three ways. */
export async function userinfo(m, { accessToken, claims }, way = "get") {
  const bearer = { Authorization: `Bearer ${accessToken}` };
  const form = { "Content-Type": "application/x-www-form-urlencoded" };
  const options = {
    get: { headers: bearer },
    "post-header": { method: "POST", headers: bearer },
    "post-body": { method: "POST", headers: form, body: new URLSearchParams({ access_token: accessToken }).toString() },
  }[way];
  const answer = await call(m.server.userinfo_endpoint, options);
  if (way === "post-body" && !m.W(answer.status === 200, `userinfo: the body's token is refused (${answer.status})`)) {
    return undefined;
  }
  checkUserinfo(m, answer, claims.sub);
  return answer.json;
}

/** The claims that go with the scopes, wherever this response type has them. */
export function told(m, signed) {
  return signed.accessToken ? userinfo(m, signed) : signed.claims;
}
