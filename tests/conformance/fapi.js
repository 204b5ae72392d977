// What a client of FAPI 2.0 does: pushes its request, plain or signed, proves itself by an assertion and its key by DPoP.

import { createHash, randomBytes, randomUUID } from "node:crypto";
import { importJWK, SignJWT } from "jose";
import { checkFapiIdToken, checkPushed, checkSecret, checkTokens } from "./checks.js";
import { call, makeKey, parametersOf, read, setUp, text } from "./flow.js";

const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const now = () => Math.floor(Date.now() / 1000);
const without = (object) => Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
const hash = (value) => createHash("sha256").update(value).digest("base64url");

/** Signs; `alg` may be another than the key's, to be refused. */
export async function jws(key, claims, { alg = "PS256", header = {} } = {}) {
  const private_ = key.privateKey ?? await importJWK({ ...key, alg: undefined }, alg);
  return new SignJWT(without(claims)).setProtectedHeader(without({ alg, kid: key.kid, ...header })).sign(private_);
}

/** The client's key of the configuration. */
export const keyOf = (client) => client.privateKeys[0];

/** Discovery, keys, client and a fresh key for proofs. */
export async function begin(m) {
  m.responseType = "code";
  m.role = m.signed ? "fapi_signed" : "fapi";
  await setUp(m, { token_endpoint_auth_method: "private_key_jwt" });
  m.client2 = m.statics[`${m.role}2`];
  m.X(m.server.pushed_authorization_request_endpoint, "discovery: no pushed_authorization_request_endpoint");
  for (const key of m.keys.keys.filter(({ kty }) => kty === "RSA")) {
    m.F(Buffer.from(key.n, "base64url").length >= 256, `JWKS: ${key.kid} has less than 2048 bits`);
  }
  m.dpopKey = await makeKey("ES256");
  return m;
}

/** What proves the client. `more` bends the claims; undefined takes one away. */
export async function assertion(m, { client = m.client, more = {}, ...how } = {}) {
  const at = now();
  const claims = { iss: client.client_id, sub: client.client_id, aud: m.issuer, jti: randomUUID(), iat: at, exp: at + 60,
    ...more };
  return { client_assertion_type: ASSERTION, client_assertion: await jws(keyOf(client), claims, how) };
}

/** A proof of possession (RFC 9449 4.2). */
export async function proofFor(m, method, url, { token, key = m.dpopKey, more = {}, header = {}, alg = "ES256" } = {}) {
  const claims = { jti: randomUUID(), htm: method, htu: url, iat: now(), ath: token && hash(token), ...more };
  return jws(key, claims, { alg, header: { typ: "dpop+jwt", jwk: publicOf(key), kid: undefined, ...header } });
}

const publicOf = ({ publicJwk: { kty, crv, x, y, n, e } }) => without({ kty, crv, x, y, n, e });
export const thumbprint = ({ publicJwk: { crv, kty, x, y } }) => hash(JSON.stringify({ crv, kty, x, y }));

/** The request, with PKCE. `verifier` is kept beside what is sent. */
export function requestOf(m, more = {}, client = m.client) {
  const verifier = text(64);
  const sent = parametersOf(m, { state: text(20), nonce: text(20), code_challenge: hash(verifier),
    code_challenge_method: "S256", ...more }, client);
  return { sent: without(sent), verifier };
}

/** The request as an object that the client signed. */
export function objectOf(m, sent, { more = {}, client = m.client, ...how } = {}) {
  const at = now();
  const claims = { ...sent, iss: client.client_id, aud: m.issuer, iat: at, nbf: at, exp: at + 300, ...more };
  return jws(keyOf(client), claims, { header: { typ: "oauth-authz-req+jwt" }, ...how });
}

/**
 * Pushes, whatever becomes of it.
 * @param {object} how `object`: bends the request object; `proves`: bends the assertion; `proof`: a DPoP header;
 *   `beside`: form parameters besides; `unsigned`: no object although the plan has them; `method`
 */
export async function push(m, sent, { client = m.client, object, proves, proof, beside = {}, unsigned, method = "POST" } = {}) {
  const signed = m.signed && !unsigned;
  const request = signed
    ? { client_id: client.client_id, request: typeof object === "string" ? object : await objectOf(m, sent, { client, ...object }) }
    : sent;
  const body = { ...request, ...beside, ...await assertion(m, { client, ...proves }) };
  return call(m.server.pushed_authorization_request_endpoint, {
    method,
    headers: { "Content-Type": "application/x-www-form-urlencoded", ...(proof && { DPoP: proof }) },
    body: new URLSearchParams(without(body)).toString(),
  });
}

/** Where the browser goes with a pushed request; some of it stands there once more unless `bare`. */
export function addressOf(m, sent, uri, { client = m.client, bare, beside = {} } = {}) {
  const twice = bare ? {} : { response_type: sent.response_type, scope: sent.scope };
  const all = without({ ...twice, ...beside, client_id: client.client_id, request_uri: uri });
  return `${m.server.authorization_endpoint}?${new URLSearchParams(all)}`;
}

/** Pushes and checks; gives the reference. */
export async function pushed(m, sent, how) {
  const answer = await push(m, sent, how);
  checkPushed(m, answer);
  return answer.json.request_uri;
}

/** From the request to the code. */
export async function code(m, more = {}, { client = m.client, visit = {}, at = {}, ...how } = {}) {
  const { sent, verifier } = requestOf(m, more, client);
  const uri = await pushed(m, sent, { client, ...how });
  const arrival = await m.agent.visit(addressOf(m, sent, uri, { client, ...at }), visit);
  const params = read(m, { sent, arrival });
  return { sent, verifier, uri, params, code: params.get("code") ?? undefined };
}

/** As {@link code}, and it must have come. */
export async function granted(m, more, how) {
  const answered = await code(m, more, how);
  const { params, sent } = answered;
  m.X(!params.has("error"), `answer: error ${params.get("error")}: ${params.get("error_description")}`);
  m.F(params.get("state") === (sent.state ?? null), `answer: state is ${params.get("state")}`);
  m.F(params.get("iss") === m.issuer, `answer: iss is ${params.get("iss")}`);
  m.X(answered.code, "answer: no code");
  checkSecret(m, "code", answered.code);
  return answered;
}

/** A request to the token endpoint, whatever becomes of it. `proof: null` sends none, `proves: null` no assertion. */
export async function tokenCall(m, fields, { client = m.client, proves, proof } = {}) {
  const url = m.server.token_endpoint;
  const dpop = proof === null ? {} : { DPoP: proof ?? await proofFor(m, "POST", url) };
  const body = { ...fields, ...(proves === null ? {} : await assertion(m, { client, ...proves })) };
  return call(url, {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Accept: "application/json", ...dpop },
    body: new URLSearchParams(without(body)).toString(),
  });
}

export const exchangeOf = ({ code: value, verifier, sent }) =>
  ({ grant_type: "authorization_code", code: value, code_verifier: verifier, redirect_uri: sent.redirect_uri });

export const exchange = (m, answered, how) => tokenCall(m, exchangeOf(answered), how);

/** Everything that the suite says of tokens. */
export async function checkGiven(m, answer, { sent, client = m.client }) {
  checkTokens(m, answer, "DPoP");
  m.W(typeof answer.json.expires_in === "number", "token: no expires_in");
  checkSecret(m, "access_token", answer.json.access_token);
  m.X(typeof answer.json.id_token === "string", "token: no id_token");
  const claims = await checkFapiIdToken(m, answer.json.id_token, m.keys, { issuer: m.issuer, clientId: client.client_id,
    nonce: sent.nonce, accessToken: answer.json.access_token, signsOut: false });
  return { tokens: answer.json, claims };
}

/** The resource: userinfo. */
export async function resource(m, token, { proof, scheme = "DPoP", more = {} } = {}) {
  const url = m.server.userinfo_endpoint;
  const dpop = proof === null ? [] : [["DPoP", proof ?? await proofFor(m, "GET", url, { token, ...more })]].flat();
  const headers = new Headers({ Authorization: `${scheme} ${token}` });
  for (const [name, value] of proof === null ? [] : [dpop]) headers.append(name, value);
  return call(url, { headers });
}

/** A whole sign-in with a call of the resource. */
export async function whole(m, more, how = {}) {
  const answered = await granted(m, more, how);
  const given = await checkGiven(m, await exchange(m, answered, { client: how.client }), { ...answered, client: how.client });
  const told = await resource(m, given.tokens.access_token);
  m.F(told.status === 200, `userinfo: status ${told.status}`);
  m.F(told.headers.has("date"), "userinfo: no Date header");
  m.F(told.json?.sub === given.claims.sub, `userinfo: sub is ${told.json?.sub}`);
  return { ...answered, ...given, told: told.json };
}

export const random = () => randomBytes(16).toString("hex");
