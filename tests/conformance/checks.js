// The conditions that every module of the suite checks. Each works on what came and on nothing else, so that
// selftest.js can show each of them something broken.

import { createHash } from "node:crypto";
import { compactVerify, decodeProtectedHeader, importJWK } from "jose";

const SECONDS = { leeway: 300, year: 366 * 86_400, absurd: 50 * 366 * 86_400 };
const PRIVATE = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
const MEMBERS = { RSA: ["n", "e"], EC: ["crv", "x", "y"], OKP: ["crv", "x"] };
/** What an ID token may say without being asked. */
const UNASKED = ["iss", "sub", "aud", "exp", "iat", "nbf", "jti", "auth_time", "nonce", "acr", "amr", "azp", "at_hash",
  "c_hash", "s_hash", "sid", "txn"];
const STRINGS = ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile",
  "picture", "website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number"];
/** RFC 6749 5.2, and the white space that the suite lets pass. */
const LEGAL_DESCRIPTION = /^[\x09\x0A\x0D\x20\x21\x23-\x5B\x5D-\x7E]*$/;
const LEGAL_ERROR = /^[\x20\x21\x23-\x5B\x5D-\x7E]+$/;

const is = (value, type) => typeof value === type;
const now = () => Math.floor(Date.now() / 1000);
const show = (value) => JSON.stringify(value) ?? "nothing";

/** Bits of Shannon's entropy that a text seems to have. */
export function entropy(text) {
  const counts = new Map();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits * text.length;
}

/** OIDCC 10.1, RFC 7517. */
export function checkKeys(t, jwks) {
  if (!t.W(Array.isArray(jwks?.keys) && jwks.keys.length > 0, "JWKS: not a key set")) return;
  for (const key of jwks.keys) {
    t.F(is(key.kid, "string") && key.kid !== "", "JWKS: a key has no kid");
    t.W(key.kty in MEMBERS, `JWKS: kty ${key.kty}`);
    for (const name of PRIVATE) t.F(!(name in key), `JWKS: ${key.kid} shows ${name}`);
    t.F(key.kty !== "oct", `JWKS: ${key.kid} is symmetric`);
    for (const name of MEMBERS[key.kty] ?? []) {
      const there = is(key[name], "string") && key[name] !== "";
      t.F(there, `JWKS: ${key.kid} has no ${name}`);
      if (there && name !== "crv") t.F(/^[\w-]+$/.test(key[name]), `JWKS: ${name} of ${key.kid} is not base64url`);
    }
  }
  const kids = jwks.keys.map(({ kid }) => kid);
  t.F(new Set(kids).size === kids.length, "JWKS: two keys have one kid");
}

function registeredQuery(url, redirectUri) {
  const wanted = [...new URL(redirectUri).searchParams];
  const rest = new URLSearchParams(url.searchParams);
  const kept = wanted.every(([name, value]) => rest.get(name) === value);
  for (const [name] of wanted) rest.delete(name);
  return { kept, rest };
}

/** What of the answer lies where it should. Gives its parameters. */
export function readAnswer(t, arrival, { responseType, mode, redirectUri }) {
  const { kept, rest } = registeredQuery(arrival.url, redirectUri);
  t.F(kept, "answer: the redirect URI's own query came back changed");
  const expected = new URL(redirectUri);
  t.F(arrival.url.origin + arrival.url.pathname === expected.origin + expected.pathname,
    `answer: sent to ${arrival.url.origin}${arrival.url.pathname}`);
  if (mode === "form_post") {
    t.X(arrival.via === "form", "answer: form_post was asked, but it came by redirect");
    t.F(arrival.method === "POST", `answer: the form's method is ${arrival.method}`);
    t.F(arrival.enctype === "application/x-www-form-urlencoded", `answer: the form's type is ${arrival.enctype}`);
    t.F([...rest].length === 0, `answer: form_post with a query ${rest}`);
    t.F(arrival.url.hash === "", "answer: form_post with a fragment");
    return arrival.fields;
  }
  t.X(arrival.via === "redirect", "answer: a form came where a redirect was asked");
  if (responseType === "code" || responseType === undefined) {
    t.F(arrival.url.hash === "", "answer: a fragment for response_type=code");
    return rest;
  }
  t.F(!rest.has("code") && !rest.has("error"), "answer: code or error in the query instead of the fragment");
  t.F([...rest].length === 0, `answer: a query beside the fragment: ${rest}`);
  return new URLSearchParams(arrival.url.hash.slice(1));
}

function checkIssuerAndState(t, params, sent, issuer) {
  if (params.has("iss")) t.F(params.get("iss") === issuer, `answer: iss is ${params.get("iss")}`);
  t.F(params.get("state") === (sent.state ?? null), `answer: state is ${params.get("state")}`);
  for (const name of new Set(params.keys())) {
    t.F(params.getAll(name).length === 1, `answer: ${name} is there ${params.getAll(name).length} times`);
  }
}

/** A success at the redirect URI. */
export function checkSuccess(t, params, sent, issuer) {
  t.X(!params.has("error"), `answer: error ${params.get("error")}: ${params.get("error_description")}`);
  checkIssuerAndState(t, params, sent, issuer);
  const types = (sent.response_type ?? "code").split(" ");
  const names = { code: "code", id_token: "id_token", token: "access_token" };
  for (const [type, name] of Object.entries(names)) {
    if (types.includes(type)) t.X(params.get(name), `answer: no ${name}`);
    else t.F(!params.has(name), `answer: ${name} for response_type ${types.join(" ")}`);
  }
  if (types.includes("token")) {
    t.F(/^bearer$/i.test(params.get("token_type") ?? ""), `answer: token_type is ${params.get("token_type")}`);
    checkExpiresIn(t, params.has("expires_in") ? Number(params.get("expires_in")) : undefined);
    checkSecret(t, "access_token of the front channel", params.get("access_token"));
  }
}

/** OAuth's error members, wherever they come. */
function checkErrorText(t, { error, error_description: description, error_uri: uri }) {
  t.F(is(error, "string") && LEGAL_ERROR.test(error), `error: ${show(error)}`);
  if (description !== undefined && description !== null) {
    t.F(LEGAL_DESCRIPTION.test(description), `error: error_description has forbidden characters: ${description}`);
    t.W(!/[\t\r\n]/.test(description), "error: error_description has line breaks or tabs");
  }
  if (uri !== undefined && uri !== null) t.F(URL.canParse(uri), `error: error_uri is ${uri}`);
}

/** An error at the redirect URI. */
export function checkRefusal(t, params, sent, issuer, allowed) {
  checkIssuerAndState(t, params, sent, issuer);
  t.X(params.has("error"), "refusal: no error");
  checkErrorText(t, Object.fromEntries(params));
  t.F(allowed.includes(params.get("error")), `refusal: error is ${params.get("error")}, not ${allowed.join(", ")}`);
  for (const name of ["code", "id_token", "access_token"]) {
    t.F(!params.has(name), `refusal: ${name} beside an error`);
  }
  const known = ["error", "error_description", "error_uri", "state", "session_state", "iss", "code", "id_token",
    "access_token"];
  for (const name of params.keys()) t.W(known.includes(name), `refusal: unknown parameter ${name}`);
}

/** A token or a code that nobody may guess. */
export function checkSecret(t, what, text) {
  t.F(is(text, "string") && text.length >= 16, `${what}: shorter than 128 bits`);
  t.F(is(text, "string") && entropy(text) > 96, `${what}: less than 96 bits of entropy`);
}

function checkExpiresIn(t, value) {
  if (value === undefined) return;
  t.F(is(value, "number") && value > 0 && value <= SECONDS.year, `expires_in is ${show(value)}`);
}

/** A success of the token endpoint (RFC 6749 5.1); `kind`: of tokens, DPoP where they are bound (RFC 9449 5). */
export function checkTokens(t, { status, type, headers, json }, kind = "Bearer") {
  t.X(status === 200, `token: ${status} ${show(json)}`);
  t.F(/^application\/json\b/.test(type), `token: type ${type}`);
  t.X(json && !("error" in json), `token: ${show(json)}`);
  t.F(is(json.access_token, "string") && json.access_token !== "", "token: no access_token");
  t.F(/^[\x20-\x7E]+$/.test(json.access_token ?? ""), "token: access_token is not printable ASCII");
  t.F(json.token_type?.toLowerCase?.() === kind.toLowerCase(), `token: token_type is ${json.token_type}`);
  checkExpiresIn(t, json.expires_in);
  t.F(/no-store/.test(headers.get("cache-control") ?? ""), "token: no Cache-Control: no-store");
}

/** An error of the token endpoint (RFC 6749 5.2). */
export function checkTokenRefusal(t, { status, type, json }, error) {
  const right = status === 400 || (status === 401 && error === "invalid_client");
  t.F(right, `token refusal: status ${status}`);
  t.F(/^application\/json\b/.test(type), `token refusal: type ${type}`);
  t.F(json?.error === error, `token refusal: ${show(json?.error)} instead of ${error}`);
  if (json) checkErrorText(t, json);
}

/** An error of an endpoint that clients call, as FAPI 2.0's modules take it: one of these codes. */
export function checkEndpointRefusal(t, where, { status, type, json }, errors) {
  const right = status === 400 || (status === 401 && json?.error === "invalid_client");
  t.F(right, `${where} refusal: status ${status}`);
  t.F(/^application\/json\b/.test(type), `${where} refusal: type ${type}`);
  t.F(errors.includes(json?.error), `${where} refusal: ${show(json?.error)} instead of ${errors.join(", ")}`);
  if (json) checkErrorText(t, json);
}

/** A pushed request that was taken (RFC 9126 2.2). */
export function checkPushed(t, { status, type, json }) {
  t.X(status === 201, `PAR: ${status} ${show(json)}`);
  t.F(/^application\/json\b/.test(type), `PAR: type ${type}`);
  t.X(is(json?.request_uri, "string") && json.request_uri !== "", `PAR: request_uri is ${show(json?.request_uri)}`);
  t.F(Number.isInteger(json.expires_in) && json.expires_in > 0 && json.expires_in < 600,
    `PAR: expires_in is ${show(json.expires_in)}`);
  checkSecret(t, "request_uri", json.request_uri.split(":").pop());
}

/** The only key of the set that fits, as the suite takes it. */
export function fittingKeys(jwks, header) {
  const kty = { R: "RSA", P: "RSA", E: header.alg === "EdDSA" ? "OKP" : "EC" }[header.alg?.[0]];
  return (jwks?.keys ?? []).filter((key) => key.kid === header.kid && key.kty === kty
    && (key.alg === undefined || key.alg === header.alg) && (key.use === undefined || key.use === "sig"));
}

/** Verifies a JWS by the provider's keys; gives header and claims. */
export async function checkSigned(t, what, token, jwks, alg) {
  let header;
  try {
    header = decodeProtectedHeader(token);
  } catch (error) {
    t.X(false, `${what}: not a JWS: ${error.message}`);
  }
  t.X(token.split(".").every((part) => /^[\w-]+$/.test(part)), `${what}: not unpadded base64url`);
  t.F(is(header.kid, "string"), `${what}: no kid in the header`);
  if (alg) t.F(header.alg === alg, `${what}: alg is ${header.alg}, not ${alg}`);
  const keys = fittingKeys(jwks, header);
  t.X(keys.length === 1, `${what}: ${keys.length} keys fit ${show(header)}`);
  try {
    const { payload } = await compactVerify(token, await importJWK(keys[0], header.alg));
    return { header, claims: JSON.parse(new TextDecoder().decode(payload)) };
  } catch (error) {
    t.X(false, `${what}: ${error.message}`);
  }
  return undefined;
}

/** The left half of the hash that goes with the signature (OIDCC 3.1.3.6). */
export function halfHash(alg, text) {
  const size = { 256: 256, 384: 384, 512: 512 }[alg.slice(2)] ?? 512;
  const digest = createHash(`sha${size}`).update(text).digest();
  return digest.subarray(0, digest.length / 2).toString("base64url");
}

/** Standard claims have right types (OIDCC 5.1). */
export function checkClaimTypes(t, what, claims) {
  for (const name of STRINGS) {
    if (!(name in claims)) continue;
    t.F(is(claims[name], "string") && claims[name].trim() !== "" && claims[name] !== "null",
      `${what}: ${name} is ${show(claims[name])}`);
  }
  for (const name of ["email_verified", "phone_number_verified"]) {
    if (name in claims) t.F(is(claims[name], "boolean"), `${what}: ${name} is ${show(claims[name])}`);
  }
  if ("birthdate" in claims) {
    t.F(/^(\d{4}|\d{4}-\d\d-\d\d)$/.test(claims.birthdate), `${what}: birthdate is ${show(claims.birthdate)}`);
  }
  if ("address" in claims) {
    const { address } = claims;
    t.F(address && is(address, "object") && !Array.isArray(address) && Object.keys(address).length > 0,
      `${what}: address is ${show(address)}`);
  }
  if ("updated_at" in claims) {
    t.F(Number.isFinite(claims.updated_at) && claims.updated_at > 631_152_000 && claims.updated_at <= now() + 60,
      `${what}: updated_at is ${show(claims.updated_at)}`);
  }
  const { _claim_names: names, _claim_sources: sources } = claims;
  if (names !== undefined || sources !== undefined) {
    const known = Object.values(names ?? {}).every((source) => source in (sources ?? {}));
    t.F(names && sources && known, `${what}: _claim_names and _claim_sources do not agree`);
  }
  for (const [name, value] of Object.entries(claims)) {
    t.F(value !== null && value !== "", `${what}: ${name} is ${show(value)}`);
  }
}

/**
 * Everything that the suite says of each ID token.
 * @param {object} expected `issuer`, `clientId`, `nonce`, `alg`, `accessToken`, `code`: what goes with it;
 *   `needs`: hashes that must be there; `acr`: an essential request
 */
export async function checkIdToken(t, token, jwks, expected) {
  const { header, claims } = await checkSigned(t, "ID token", token, jwks, expected.alg ?? "RS256");
  const at = now();
  t.F(claims.iss === expected.issuer, `ID token: iss is ${claims.iss}`);
  const audience = [claims.aud].flat();
  t.F(audience.includes(expected.clientId), `ID token: aud is ${show(claims.aud)}`);
  if ("azp" in claims) t.F(claims.azp === expected.clientId, `ID token: azp is ${claims.azp}`);
  t.F(is(claims.exp, "number") && claims.exp > at - SECONDS.leeway && claims.exp < at + SECONDS.absurd,
    `ID token: exp is ${show(claims.exp)}`);
  t.F(is(claims.iat, "number") && Math.abs(claims.iat - at) <= SECONDS.leeway, `ID token: iat is ${show(claims.iat)}`);
  t.F(claims.nonce === expected.nonce, `ID token: nonce is ${show(claims.nonce)}, not ${show(expected.nonce)}`);
  t.F(is(claims.sub, "string") && /^[\x20-\x7E]{1,255}$/.test(claims.sub), `ID token: sub is ${show(claims.sub)}`);
  if ("auth_time" in claims) {
    const fits = is(claims.auth_time, "number") && claims.auth_time <= at + SECONDS.leeway
      && claims.auth_time >= at - SECONDS.year;
    t.F(fits, `ID token: auth_time is ${show(claims.auth_time)}`);
  }
  if ("acr" in claims) t.F(is(claims.acr, "string") && claims.acr !== "", `ID token: acr is ${show(claims.acr)}`);
  if (expected.acr) t.F(expected.acr.includes(claims.acr), `ID token: acr is ${show(claims.acr)}`);
  checkHash(t, "at_hash", claims, header.alg, expected.accessToken, expected.needs);
  checkHash(t, "c_hash", claims, header.alg, expected.code, expected.needs);
  checkClaimTypes(t, "ID token", claims);
  return claims;
}

/** An ID token of FAPI 2.0: by PS256, ES256 or EdDSA; no `sid` for a client that has no address for a sign-out. */
export async function checkFapiIdToken(t, token, jwks, { signsOut, ...expected }) {
  const alg = decodeProtectedHeader(token).alg;
  t.F(["PS256", "ES256", "EdDSA"].includes(alg), `ID token: alg is ${alg}`);
  const claims = await checkIdToken(t, token, jwks, { ...expected, alg });
  if (!signsOut) t.W(!("sid" in claims), "ID token: sid, but the client has no address for a sign-out");
  return claims;
}

function checkHash(t, name, claims, alg, text, needs = []) {
  if (needs.includes(name)) t.F(name in claims, `ID token: no ${name}`);
  if (name in claims && text !== undefined) {
    t.F(claims[name] === halfHash(alg, text), `ID token: ${name} is wrong`);
  }
}

/** What nobody asked for does not belong in an ID token that comes with an access token (OIDCC 5.4). */
export function checkUnasked(t, claims) {
  for (const name of Object.keys(claims)) t.W(UNASKED.includes(name), `ID token: ${name} was not asked for`);
}

/** An answer of userinfo (OIDCC 5.3.2). */
export function checkUserinfo(t, { status, type, json }, sub) {
  t.X(status === 200, `userinfo: status ${status}`);
  t.F(/^application\/json\b/.test(type), `userinfo: type ${type}`);
  t.X(json && is(json, "object"), "userinfo: not JSON");
  t.F(is(json.sub, "string") && json.sub === sub, `userinfo: sub is ${show(json.sub)}`);
  t.F(!("nonce" in json), "userinfo: nonce");
  checkClaimTypes(t, "userinfo", json);
}

/** A logout token (BCL 2.4 to 2.6). */
export function checkLogoutToken(t, header, claims, { issuer, clientId, sub, sid }) {
  const EVENT = "http://schemas.openid.net/event/backchannel-logout";
  const at = now();
  t.F(/^(application\/)?logout\+jwt$/i.test(header.typ ?? ""), `logout token: typ is ${header.typ}`);
  t.F(claims.iss === issuer, `logout token: iss is ${claims.iss}`);
  t.F([claims.aud].flat().includes(clientId), `logout token: aud is ${show(claims.aud)}`);
  t.F(is(claims.iat, "number") && claims.iat <= at + SECONDS.leeway && claims.iat > at - 86_400,
    `logout token: iat is ${show(claims.iat)}`);
  t.F(is(claims.exp, "number") && claims.exp > at, `logout token: exp is ${show(claims.exp)}`);
  t.F(is(claims.jti, "string") && claims.jti !== "", "logout token: no jti");
  const { events } = claims;
  const exact = events && is(events, "object") && Object.keys(events).join() === EVENT
    && events[EVENT] && is(events[EVENT], "object") && Object.keys(events[EVENT]).length === 0;
  t.F(exact, `logout token: events is ${show(events)}`);
  t.F(!("nonce" in claims), "logout token: nonce");
  t.F("sub" in claims || "sid" in claims, "logout token: neither sub nor sid");
  if ("sub" in claims) t.F(claims.sub === sub, `logout token: sub is ${claims.sub}`);
  if (sid !== undefined) t.F(claims.sid === sid, `logout token: sid is ${show(claims.sid)}`);
}

/** The answer to a registration (OIDCR 3.2). */
export function checkRegistered(t, { status, type, headers, json }) {
  t.X(status === 201, `registration: ${status} ${show(json)}`);
  t.F(/^application\/json\b/.test(type), `registration: type ${type}`);
  t.F(/no-store/.test(headers.get("cache-control") ?? ""), "registration: no Cache-Control: no-store");
  t.X(is(json?.client_id, "string") && json.client_id !== "", "registration: no client_id");
  if ("client_secret" in json) {
    t.F(is(json.client_secret_expires_at, "number"), "registration: no client_secret_expires_at");
  }
  const both = ["registration_client_uri", "registration_access_token"].filter((name) => name in json);
  t.F(both.length !== 1, `registration: ${both[0]} alone`);
  if (json.registration_client_uri !== undefined) {
    t.F(/^https:/.test(json.registration_client_uri), `registration: ${json.registration_client_uri}`);
  }
}

/** A registration that is refused (OIDCR 3.3). */
export function checkRegistrationRefusal(t, { status, type, json }) {
  t.F(status === 400, `registration refusal: status ${status}`);
  t.F(/^application\/json\b/.test(type), `registration refusal: type ${type}`);
  t.F(is(json?.error, "string"), "registration refusal: no error");
  if (json) checkErrorText(t, json);
}
